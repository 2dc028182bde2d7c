/*
 * A USB serial console is the slave side of a pty, the getty is on its
 * master. We keep the slave open too, so that a client that goes away is no
 * hang-up: a CDC-ACM console keeps its login the same way, and the next
 * client may find a shell that somebody else left. An adapter keeps nothing
 * for who is not there; inotify tells who is.
 */
#include "rackmux/sim/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/sshd.h"

#include "pty_speed.h"
#include "sshd_in.h"

#define QUEUE_MAX 32768
#define LINE_QUEUE_MAX (1024 * 1024)
#define FLOOD_MS 50

struct pty {
	struct loop *loop;
	struct machine *machine;
	proc_main *main;
	struct proc *proc; /* NULL: typed */
	pty_typed_fn *typed;
	void *arg;
	int opened; /* by so many, if there is no proc */
	int notify;
	struct io *noted;
	struct io *io;
	int master, slave;
	char path[64];
	char *link;
	struct buf out;
	bool full, noise, silent;
	double garbage;
	unsigned flood_kbps;
	struct timer *flood;
};

static void
pty_flush(struct pty *p)
{
	ssize_t n;

	while (p->out.len > 0) {
		n = write(p->master, p->out.data, p->out.len);
		if (n <= 0)
			break;
		buf_drop(&p->out, (size_t)n);
	}
	io_want(p->io, IO_READ | (p->out.len > 0 ? IO_WRITE : 0));
	if (p->full && p->out.len < QUEUE_MAX / 2) {
		p->full = false;
		if (p->proc != NULL)
			proc_writable(p->proc);
	}
}

static size_t
pty_write(void *arg, const char *text, size_t len, bool err)
{
	struct pty *p = arg;
	size_t max = p->typed != NULL ? LINE_QUEUE_MAX : QUEUE_MAX;
	size_t room = p->out.len < max ? max - p->out.len : 0, i;
	unsigned char dice;

	(void)err;
	if (p->silent)
		return len;
	if (len > room) {
		p->full = true;
		len = room;
	}
	if (len == 0)
		return 0;
	hash_random(&dice, 1);
	if (!p->noise && p->garbage > dice / 256.0) {
		outq_garble(&p->out, text, len);
	} else if (!p->noise) {
		buf_add(&p->out, text, len);
	} else {
		for (i = 0; i < len; i += 3) {
			char c = (char)((unsigned char)text[i] * 7 | 0x80);

			buf_add(&p->out, &c, 1);
		}
	}
	io_want(p->io, IO_READ | IO_WRITE);
	return len;
}

static void
pty_ended(void *arg, int status)
{
	(void)arg;
	(void)status;
}

/* Who opens it, and who closes it. */
static void
on_note(void *arg, int events)
{
	struct pty *p = arg;
	_Alignas(struct inotify_event) char text[1024];
	struct inotify_event *e;
	ssize_t n = read(p->notify, text, sizeof(text)), at;

	(void)events;
	for (at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
		e = (struct inotify_event *)(void *)(text + at);
		if (e->mask & IN_OPEN)
			p->opened++;
		else if (p->opened > 0)
			p->opened--;
	}
	if (p->opened == 0) {
		buf_clear(&p->out);
		(void)tcflush(p->slave, TCIFLUSH);
	}
}

static void
on_io(void *arg, int events)
{
	struct pty *p = arg;
	char text[1024];
	ssize_t n;

	if (events & IO_READ) {
		n = read(p->master, text, sizeof(text));
		if (p->typed != NULL)
			on_note(p, 0);
		if (n > 0 && p->noise) /* it echoes what it makes of it */
			(void)pty_write(p, text, (size_t)n, false);
		else if (n > 0 && p->typed != NULL)
			p->typed(p->arg, text, (size_t)n);
		else if (n > 0 && !p->silent)
			proc_input(p->proc, text, (size_t)n);
	}
	pty_flush(p);
}

static int
watch_users(struct pty *p)
{
	p->opened = 0;
	p->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (p->notify < 0 ||
	    inotify_add_watch(p->notify, p->path, IN_OPEN | IN_CLOSE) < 0)
		return -errno;
	p->noted = io_new(p->loop, p->notify, on_note, p);
	io_want(p->noted, IO_READ);
	return 0;
}

static int
pty_open(struct pty *p)
{
	static const struct proc_io io = {
		.write = pty_write,
		.ended = pty_ended,
	};
	struct termios t;

	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (p->master < 0)
		return -errno;
	if (grantpt(p->master) != 0 || unlockpt(p->master) != 0 ||
	    ptsname_r(p->master, p->path, sizeof(p->path)) != 0)
		return -errno;
	p->slave = open(p->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->slave < 0 || tcgetattr(p->slave, &t) != 0)
		return -errno;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	(void)tcsetattr(p->slave, TCSANOW, &t);
	p->io = io_new(p->loop, p->master, on_io, p);
	io_want(p->io, IO_READ);
	if (p->typed != NULL)
		return watch_users(p);
	p->proc = proc_new(p->machine, true, &io, p, p->main, NULL);
	return 0;
}

static void
on_flood(void *arg)
{
	struct pty *p = arg;
	size_t want = (size_t)p->flood_kbps * 1024 * FLOOD_MS / 1000, n;

	for (n = 0; n < want && p->io != NULL && p->out.len < QUEUE_MAX / 2;
	     n += strlen(outq_noise))
		buf_puts(&p->out, outq_noise);
	if (p->io != NULL)
		io_want(p->io, IO_READ | IO_WRITE);
	if (p->flood_kbps > 0)
		timer_start(p->flood, FLOOD_MS);
}

static int
make_link(const struct pty *p)
{
	char *dir, *slash;
	int rc = 0;

	if (p->link == NULL)
		return 0;
	dir = mem_strdup(p->link);
	if ((slash = strrchr(dir, '/')) != NULL) {
		*slash = '\0';
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			rc = -errno;
	}
	free(dir);
	(void)unlink(p->link);
	if (rc == 0 && symlink(p->path, p->link) != 0)
		rc = -errno;
	return rc;
}

static void
pty_close(struct pty *p)
{
	struct proc *proc = p->proc;

	p->proc = NULL;
	proc_free(proc);
	if (p->link != NULL)
		(void)unlink(p->link);
	io_free(p->io);
	io_free(p->noted);
	p->io = p->noted = NULL;
	if (p->notify >= 0)
		close(p->notify);
	p->notify = -1;
	if (p->master >= 0)
		close(p->master);
	if (p->slave >= 0)
		close(p->slave);
	p->master = p->slave = -1;
	p->full = false;
	buf_clear(&p->out);
}

static struct pty *
pty_make(struct loop *loop, const char *link)
{
	struct pty *p = mem_alloc(sizeof(*p));

	p->loop = loop;
	p->link = mem_strdup(link);
	p->flood = timer_new(loop, on_flood, p);
	p->master = p->slave = p->notify = -1;
	buf_init(&p->out, 0);
	return p;
}

static struct pty *
pty_begin(struct pty *p, char *err, size_t size)
{
	int rc;

	if ((rc = pty_plug(p, true)) != 0) {
		str_format(err, size, "cannot make a serial console: %s",
		    strerror(-rc));
		pty_free(p);
		return NULL;
	}
	return p;
}

struct pty *
pty_new(struct loop *loop, struct machine *m, proc_main *main_fn,
    const char *link, char *err, size_t size)
{
	struct pty *p = pty_make(loop, link);

	p->machine = m;
	p->main = main_fn != NULL ? main_fn : proc_main_login;
	return pty_begin(p, err, size);
}

struct pty *
pty_new_line(struct loop *loop, pty_typed_fn *typed, void *arg,
    const char *link, char *err, size_t size)
{
	struct pty *p = pty_make(loop, link);

	p->typed = typed;
	p->arg = arg;
	return pty_begin(p, err, size);
}

void
pty_print(struct pty *p, const char *text, size_t len)
{
	if (p->io != NULL && p->opened > 0)
		(void)pty_write(p, text, len, false);
}

void
pty_hold(struct pty *p, bool on)
{
	if (p->slave < 0)
		return;
	(void)flock(p->slave, on ? LOCK_EX | LOCK_NB : LOCK_UN);
	(void)ioctl(p->slave, on ? TIOCEXCL : TIOCNXCL);
}

size_t
pty_backlog(const struct pty *p)
{
	return p->out.len;
}

void
pty_free(struct pty *p)
{
	if (p == NULL)
		return;
	pty_close(p);
	timer_free(p->flood);
	buf_release(&p->out);
	free(p->link);
	free(p);
}

const char *
pty_path(const struct pty *p)
{
	return p->path;
}

const char *
pty_link(const struct pty *p)
{
	return p->link;
}

bool
pty_plugged(const struct pty *p)
{
	return p->io != NULL;
}

unsigned
pty_speed(const struct pty *p)
{
	return p->slave >= 0 ? tty_speed(p->slave) : 0;
}

int
pty_plug(struct pty *p, bool in)
{
	int rc;

	if (in == pty_plugged(p))
		return 0;
	if (!in) {
		pty_close(p);
		return 0;
	}
	rc = pty_open(p);
	if (rc == 0)
		rc = make_link(p);
	if (rc != 0)
		pty_close(p);
	return rc;
}

void
pty_trouble(struct pty *p, const struct endpoint_trouble *t)
{
	p->garbage = t->garbage;
	p->flood_kbps = t->flood_kbps;
	if (t->flood_kbps > 0)
		timer_start(p->flood, FLOOD_MS);
	else
		timer_stop(p->flood);
}

void
pty_noise(struct pty *p, bool on)
{
	p->noise = on;
}

void
pty_silence(struct pty *p, bool on)
{
	p->silent = on;
}

/*
 * Serial lines; the only file with libserialport (0.1.1). It is asked for the
 * list and to open the ports that it accepts; it refuses ptys and symlinks,
 * leaves the descriptor open to children, takes no lock and sets CRTSCTS in
 * the wrong word, so serial_line.c follows in any case. DTR and RTS are left
 * as they are unless the link says otherwise: they reset boards. (The kernel
 * raises both each time a port is opened, whoever has it open already; without
 * HUPCL they then stay, so that neither closing nor opening again moves them.)
 */
#include "rackmux/link/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "rackmux/base/fd.h"
#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/line.h"
#include "rackmux/link/ports.h"
#include "serial_line.h"

#define BREAK_MS 250
#define LOCK_FILES "/var/lock/LCK.."

struct serial {
	struct transport base;
	struct loop *loop;
	struct url url; /* its own: it may outlive its link */
	struct transport_sink sink;
	void *arg;
	struct task *kick;
	struct timer *break_end;
	struct sp_port *port; /* NULL: opened by ourselves */
	struct line *line;
	struct work *search; /* for who holds the port */
	unsigned long long received, sent;
	int fd;
	bool dead;
	bool exclusive;
	bool insist; /* it looked held, but nobody has it */
	char why[80]; /* what the line cannot do */
};

/* Who holds the port is read from /proc on a worker: with many processes it
 * takes longer than a turn may. */
struct holder {
	struct serial *serial;
	char path[256], name[32];
	pid_t pid;
};

static void
serial_close(struct serial *s)
{
	if (s->line) {
		s->received = line_received(s->line);
		s->sent = line_sent(s->line);
		line_free(s->line);
		s->line = NULL;
	}
	if (s->fd >= 0 && timer_active(s->break_end))
		ioctl(s->fd, TIOCCBRK);
	if (s->exclusive)
		ioctl(s->fd, TIOCNXCL);
	s->exclusive = false;
	timer_stop(s->break_end);
	if (s->fd >= 0)
		serial_line_leave(s->fd, &s->url);
	if (s->port) {
		sp_close(s->port); /* closes fd */
		sp_free_port(s->port);
	} else if (s->fd >= 0) {
		close(s->fd);
	}
	s->port = NULL;
	s->fd = -1;
}

static void
serial_down(struct serial *s, enum link_why why, const char *text, bool retry)
{
	if (s->dead)
		return;
	s->dead = true;
	s->sink.on_down(s->arg, why, text, retry);
}

/* --- opening ------------------------------------------------------------ */

/* True when libserialport opened it; the speed is set then, whatever it is.
 * A second open of a busy port is not tried: *err is final. */
static bool
open_by_library(struct serial *s, const char *real, int *err)
{
	*err = 0;
	if (sp_get_port_by_name(real, &s->port) != SP_OK) {
		s->port = NULL;
		return false;
	}
	if (sp_open(s->port, SP_MODE_READ_WRITE) == SP_OK &&
	    sp_set_baudrate(s->port, (int)s->url.baud) == SP_OK &&
	    sp_get_port_handle(s->port, &s->fd) == SP_OK)
		return true;
	*err = -sp_last_error_code();
	sp_close(s->port);
	sp_free_port(s->port);
	s->port = NULL;
	s->fd = -1;
	if (*err != -EBUSY && *err != -EACCES && *err != -ENOENT &&
	    *err != -ENXIO && *err != -ENODEV)
		*err = 0; /* ours may get on better with it */
	return false;
}

static int
lock_line(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

/* What root is not stopped by: another's TIOCEXCL, and the lock files of
 * minicom, cu and the like. Both may be left over from a program that died, so
 * somebody must be found who has the port. */
static bool
looks_held(int fd, const char *real)
{
	const char *name = strrchr(real, '/');
	char lock[PATH_MAX];
	int excl = 0;

	if (ioctl(fd, TIOCGEXCL, &excl) == 0 && excl)
		return true;
	return name &&
	    str_format(lock, sizeof(lock), LOCK_FILES "%s", name + 1) &&
	    access(lock, F_OK) == 0;
}

/* libserialport sets the line before anybody can ask whose it is; so ask
 * first, by a descriptor that stays until its own is open: the last close may
 * move DTR. */
static int
open_first(const char *real, bool insist)
{
	int fd = open(real, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = isatty(fd) ? lock_line(fd) : -ENOTTY;
	if (err == 0 && !insist && looks_held(fd, real))
		err = -EBUSY;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static int
open_both(struct serial *s, const char *real)
{
	int first = open_first(real, s->insist), err;

	if (first < 0)
		return first;
	flock(first, LOCK_UN);
	if (!open_by_library(s, real, &err) && err == 0) {
		s->fd = first;
		return lock_line(s->fd);
	}
	if (err == 0)
		err = lock_line(s->fd);
	close(first);
	return err;
}

static int
open_port(struct serial *s, const char *real)
{
	int err = open_both(s, real);

	if (err == 0)
		err = fd_cloexec(s->fd);
	/* TIOCEXCL does not stop root, and flock() only those who ask. */
	if (err == 0)
		s->exclusive = ioctl(s->fd, TIOCEXCL) == 0;
	if (err == 0 && !s->exclusive && errno != ENOTTY)
		err = -errno;
	if (err == 0)
		err = serial_line_set(s->fd, &s->url, s->why, sizeof(s->why));
	if (err == 0 && tcflush(s->fd, TCIFLUSH) < 0)
		err = -errno;
	if (err != 0)
		serial_close(s);
	return err;
}

/* --- who is it, then ---------------------------------------------------- */

static void
search_run(void *arg)
{
	struct holder *h = arg;

	h->pid = ports_holder(h->path, NULL, h->name, sizeof(h->name));
}

static void
search_done(void *arg)
{
	struct holder *h = arg;
	struct serial *s = h->serial;
	char text[320];

	s->search = NULL;
	if (h->pid == 0 && !s->insist) {
		free(h);
		s->insist = true;
		task_post(s->kick);
		return;
	}
	if (h->pid > 0)
		str_format(text, sizeof(text),
		    "%s is in use by %s (process %ld)", h->path,
		    *h->name ? h->name : "another program", (long)h->pid);
	else
		str_format(text, sizeof(text),
		    "%s is in use by another program", h->path);
	free(h);
	serial_down(s, LINK_WHY_BUSY, text, true);
}

static void
search_holder(struct serial *s)
{
	struct holder *h = mem_alloc(sizeof(*h));

	h->serial = s;
	str_copy(h->path, sizeof(h->path), s->url.host);
	s->search = work_start(s->loop, search_run, search_done, free, h);
}

/* --- the life of it ----------------------------------------------------- */

static void
serial_gone(void *arg, int err)
{
	struct serial *s = arg;
	char text[320];

	if (err == 0)
		str_format(text, sizeof(text), "unplugged: %s", s->url.host);
	else
		str_format(text, sizeof(text), "%s failed: %s", s->url.host,
		    strerror(-err));
	line_end(s->line, -1, text);
	/* At once: while we hold it, the device comes back as another. */
	serial_close(s);
	serial_down(s, LINK_WHY_GONE, text, true);
}

static void
break_over(void *arg)
{
	struct serial *s = arg;

	if (s->fd >= 0)
		ioctl(s->fd, TIOCCBRK);
}

static int
serial_break(void *arg)
{
	struct serial *s = arg;

	/* tcsendbreak() blocks for a quarter of a second. */
	if (ioctl(s->fd, TIOCSBRK) < 0)
		return errno == ENOTTY || errno == EINVAL ? -ENOTSUP : -errno;
	timer_start(s->break_end, BREAK_MS);
	return 0;
}

static const struct line_hooks serial_hooks = {
	.gone = serial_gone,
	.send_break = serial_break,
};

static void
failed(struct serial *s, int err)
{
	const char *path = s->url.host;
	char text[400];

	switch (err) {
	case -EBUSY:
		search_holder(s);
		return;
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		str_format(
		    text, sizeof(text), "not there (unplugged?): %s", path);
		serial_down(s, LINK_WHY_GONE, text, true);
		return;
	case -EACCES:
	case -EPERM:
		str_format(text, sizeof(text),
		    "no permission to open %s: its "
		    "group is usually dialout",
		    path);
		break;
	case -ENOTTY:
		str_format(text, sizeof(text), "%s is no serial port", path);
		break;
	case -EINVAL:
		str_format(text, sizeof(text), "%s %s", path,
		    *s->why ? s->why : "cannot be set as it should be");
		break;
	default:
		str_format(text, sizeof(text), "cannot open %s: %s", path,
		    strerror(-err));
		break;
	}
	serial_down(s, LINK_WHY_LOCAL, text, err != -ENOTTY && err != -EINVAL);
}

static void
serial_kick(void *arg)
{
	struct serial *s = arg;
	char real[PATH_MAX];
	int err;

	err = realpath(s->url.host, real) ? open_port(s, real) : -errno;
	if (err != 0) {
		failed(s, err);
		return;
	}
	s->line = line_new(s->loop, s->fd, true, &serial_hooks, s);
	s->sink.on_up(s->arg);
}

static struct transport *
serial_start(struct loop *loop, struct link_pool *pool,
    const struct link_config *config, const struct url *url,
    const struct transport_sink *sink, void *arg)
{
	struct serial *s = mem_alloc(sizeof(*s));

	(void)pool;
	(void)config;
	s->base.ops = &serial_transport;
	s->loop = loop;
	s->url = *url;
	s->sink = *sink;
	s->arg = arg;
	s->fd = -1;
	s->break_end = timer_new(loop, break_over, s);
	s->kick = task_new(loop, serial_kick, s);
	task_post(s->kick);
	return &s->base;
}

static struct stream *
serial_open(struct transport *t, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	struct serial *s = (struct serial *)t;

	*err = -ENOTSUP;
	if (request->kind == STREAM_EXEC || request->kind == STREAM_TCP ||
	    (request->kind == STREAM_PTY && request->cmd))
		return NULL;
	*err = -EPIPE;
	return s->line ? line_open(s->line, sink, arg, err) : NULL;
}

static unsigned long long
serial_received(const struct transport *t)
{
	const struct serial *s = (const struct serial *)t;

	return s->line ? line_received(s->line) : s->received;
}

static unsigned long long
serial_sent(const struct transport *t)
{
	const struct serial *s = (const struct serial *)t;

	return s->line ? line_sent(s->line) : s->sent;
}

static void
serial_free(struct transport *t)
{
	struct serial *s = (struct serial *)t;

	if (!s)
		return;
	if (s->search)
		work_abandon(s->search);
	serial_close(s);
	timer_free(s->break_end);
	task_free(s->kick);
	free(s);
}

const struct transport_ops serial_transport = {
	.scheme = "serial",
	.can =
	    LINK_CAN_RUN | LINK_CAN_STREAM | LINK_CAN_DIALOGUE | LINK_CAN_BREAK,
	.login = true,
	.start = serial_start,
	.open = serial_open,
	.received = serial_received,
	.sent = serial_sent,
	.free = serial_free,
};

/* --- the list ----------------------------------------------------------- */

static void
add_text(char *out, size_t size, const char *text)
{
	if (text)
		text_clean(out, size, text, strlen(text));
}

static void
describe(struct port_info *p, struct sp_port *port)
{
	int vid, pid;

	add_text(p->path, sizeof(p->path), sp_get_port_name(port));
	add_text(p->description, sizeof(p->description),
	    sp_get_port_description(port));
	p->guess = "";
	if (sp_get_port_transport(port) != SP_TRANSPORT_USB)
		return;
	add_text(p->serial, sizeof(p->serial), sp_get_port_usb_serial(port));
	if (sp_get_port_usb_vid_pid(port, &vid, &pid) == SP_OK) {
		p->vid = (unsigned)vid;
		p->pid = (unsigned)pid;
	}
}

size_t
serial_ports(struct port_info **out)
{
	struct sp_port **list = NULL;
	size_t i, n = 0;

	*out = NULL;
	if (sp_list_ports(&list) != SP_OK)
		return 0;
	while (list[n])
		n++;
	*out = mem_array(n ? n : 1, sizeof(**out));
	for (i = 0; i < n; i++)
		describe(&(*out)[i], list[i]);
	sp_free_port_list(list);
	return n;
}

bool
serial_port(const char *real, struct port_info *out)
{
	struct sp_port *port;

	if (sp_get_port_by_name(real, &port) != SP_OK)
		return false;
	describe(out, port);
	sp_free_port(port);
	return true;
}

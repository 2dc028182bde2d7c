#include "rackmux/console/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "logfile_in.h"

/*
 * Encoded text is gathered and written in one write, as much of it as the file
 * has room for. A line is never longer than half a file, so one that does not
 * fit goes wholly to the next; only one that was begun in the file already is
 * split. A write that the disk took half of is taken back, so that a file ends
 * with a whole escape whatever comes after it.
 */

#define SIZE_MIN 4096
#define LINE_MAX_LEN 4096
#define WAIT_MAX (256 * 1024) /* held while the disk refuses */
#define LOOK_MS 5000 /* is the file still there? */
#define STAMP_LEN 32 /* more than a time, "\x..", a split mark */

struct logfile {
	struct loop *loop;
	char *path;
	unsigned long long size, at; /* at: length of the file */
	unsigned files;
	int fd;
	dev_t dev;
	ino_t ino;
	uint64_t looked;
	bool torn; /* the file's last line has no end */
	bool mine; /* and what is held goes on with it */
	bool goes_on; /* what is held begins within a line */
	int64_t torn_wall; /* when that line began */
	int64_t wall;
	struct logline line;
	struct timer *timer;
	logfile_trouble_fn *trouble;
	void *arg;
	bool bad;
	unsigned long long dropped;
};

static void
on_timer(void *arg)
{
	logfile_flush(arg);
}

struct logfile *
logfile_new(struct loop *loop, const struct logfile_config *c,
    logfile_trouble_fn *trouble, void *arg)
{
	struct logfile *l = mem_alloc(sizeof *l);

	l->loop = loop;
	l->path = mem_strdup(c->path);
	l->size = c->size < SIZE_MIN ? SIZE_MIN : c->size;
	l->files = c->files < 1 ? 1 : c->files;
	l->fd = -1;
	l->trouble = trouble;
	l->arg = arg;
	l->timer = timer_new(loop, on_timer, l);
	/* An escape, and a time on either side of it, fit in any file. */
	logline_init(&l->line,
	    (l->size / 2 < LINE_MAX_LEN ? (size_t)l->size / 2 : LINE_MAX_LEN) -
		2 * STAMP_LEN);
	return l;
}

/* --- trouble ------------------------------------------------------------ */

static void
complain(struct logfile *l, const char *what, int err)
{
	char *why;

	if (l->bad)
		return;
	l->bad = true;
	if (l->trouble == NULL)
		return;
	why = mem_printf("%s cannot be %s: %s.", l->path, what, strerror(err));
	l->trouble(l->arg, why);
	free(why);
}

static void
recover(struct logfile *l)
{
	if (!l->bad)
		return;
	l->bad = false;
	if (l->trouble != NULL)
		l->trouble(l->arg, NULL);
}

/* --- the file ----------------------------------------------------------- */

static void
make_parents(const char *path)
{
	char *p = mem_strdup(path);

	for (char *s = p + 1; *s != '\0'; s++)
		if (*s == '/') {
			*s = '\0';
			(void)mkdir(p, 0700);
			*s = '/';
		}
	free(p);
}

static int
open_path(const char *path)
{
	return open(path,
	    O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0600);
}

static void
close_file(struct logfile *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
}

static bool
open_file(struct logfile *l)
{
	struct stat st;
	char last;

	l->fd = open_path(l->path);
	if (l->fd < 0 && errno == ENOENT) {
		make_parents(l->path);
		l->fd = open_path(l->path);
	}
	if (l->fd < 0 || fstat(l->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		complain(l, "opened",
		    l->fd < 0                 ? errno
			: S_ISDIR(st.st_mode) ? EISDIR
					      : EINVAL);
		close_file(l);
		return false;
	}
	if ((st.st_mode & 077) != 0)
		(void)fchmod(l->fd, 0600);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->at = (unsigned long long)st.st_size;
	l->looked = loop_now(l->loop);
	l->mine = false;
	l->torn = st.st_size > 0 &&
	    pread(l->fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
	return true;
}

/* All or nothing. */
static bool
write_all(struct logfile *l, const char *s, size_t len)
{
	size_t done = 0;
	ssize_t n = 0;
	struct stat st;
	int err;

	while (done < len) {
		n = write(l->fd, s + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == len) {
		l->at += len;
		l->torn = len > 0 ? s[len - 1] != '\n' : l->torn;
		return true;
	}
	err = n < 0 ? errno : ENOSPC;
	if (done > 0 && fstat(l->fd, &st) == 0 &&
	    (unsigned long long)st.st_size == l->at + done &&
	    ftruncate(l->fd, (off_t)l->at) < 0)
		l->at += done;
	complain(l, "written", err);
	return false;
}

/* End a line in the file that goes on in another one, or is not ours. */
static bool
mend(struct logfile *l)
{
	if (l->torn && !write_all(l, LOGLINE_SPLIT, strlen(LOGLINE_SPLIT)))
		return false;
	l->mine = false;
	return true;
}

/* What goes on in another file needs a time there. */
static void
begin_again(struct logfile *l)
{
	struct buf b;

	buf_init(&b, 0);
	logline_time(&l->line, l->torn_wall, &b);
	buf_add(&b, l->line.out.data, l->line.out.len);
	buf_release(&l->line.out);
	l->line.out = b;
	l->goes_on = false;
}

static char *
numbered(const struct logfile *l, unsigned i)
{
	return i == 0 ? mem_strdup(l->path) : mem_printf("%s.%u", l->path, i);
}

static bool
rotate(struct logfile *l)
{
	int err = 0;

	for (unsigned i = l->files - 1; i > 0; i--) {
		char *from = numbered(l, i - 1), *to = numbered(l, i);

		if (rename(from, to) < 0 && errno != ENOENT)
			err = errno;
		free(from);
		free(to);
		if (err != 0)
			break;
	}
	if (l->files == 1 && unlink(l->path) < 0 && errno != ENOENT)
		err = errno;
	if (err != 0) {
		complain(l, "rotated", err);
		return false;
	}
	close_file(l);
	return open_file(l);
}

/* Somebody took it away, or put another one there. */
static bool
look_after(struct logfile *l)
{
	uint64_t now = loop_now(l->loop);
	struct stat st;

	if (l->fd < 0 || now - l->looked < LOOK_MS)
		return l->fd >= 0 || open_file(l);
	l->looked = now;
	if (lstat(l->path, &st) == 0 && st.st_ino == l->ino &&
	    st.st_dev == l->dev) {
		l->at = (unsigned long long)st.st_size;
		return true;
	}
	close_file(l);
	return open_file(l);
}

/* --- writing ------------------------------------------------------------ */

/* How much of what is held may go into this file: whole lines, and what has no
 * end yet if all fits. */
static size_t
fitting(const struct logfile *l)
{
	const struct buf *o = &l->line.out;
	unsigned long long room = l->size > l->at + 2 ? l->size - l->at - 2 : 0;
	const char *nl;

	if (o->len <= room)
		return o->len;
	nl = room > 0 ? memrchr(o->data, '\n', (size_t)room) : NULL;
	return nl != NULL ? (size_t)(nl + 1 - o->data) : 0;
}

static bool
write_some(struct logfile *l)
{
	struct buf *o = &l->line.out;
	size_t n;

	if (!l->mine && !mend(l))
		return false;
	if (l->goes_on && !l->mine)
		begin_again(l);
	n = fitting(l);
	if (n == 0 && l->at > 0)
		return mend(l) && rotate(l);
	n = n > 0 ? n : o->len;
	if (!write_all(l, o->data, n))
		return false;
	buf_drop(o, n);
	l->mine = l->goes_on = l->torn;
	l->torn_wall = l->line.wall;
	return true;
}

static bool
write_held(struct logfile *l)
{
	if (!look_after(l))
		return false;
	while (l->line.out.len > 0)
		if (!write_some(l))
			return false;
	return true;
}

void
logfile_flush(struct logfile *l)
{
	char text[120];

	timer_stop(l->timer);
	if (l->line.out.len > 0 && !write_held(l)) {
		timer_start(l->timer, LOGFILE_HELD_MS);
		return;
	}
	recover(l);
	if (l->dropped == 0)
		return;
	str_format(text, sizeof text,
	    "gap of %llu bytes: the disk took no more", l->dropped);
	l->dropped = 0;
	logline_note(&l->line, l->wall, text);
	if (!write_held(l))
		timer_start(l->timer, LOGFILE_HELD_MS);
}

static void
added(struct logfile *l)
{
	if (l->line.out.len >= LOGFILE_HELD && !l->bad)
		logfile_flush(l);
	else if (l->line.out.len > 0 && !timer_active(l->timer))
		timer_start(l->timer, LOGFILE_HELD_MS);
}

void
logfile_add(struct logfile *l, const char *s, size_t len, int64_t wall)
{
	l->wall = wall;
	while (len > 0) {
		size_t n = len < LOGFILE_HELD ? len : LOGFILE_HELD;

		if (l->dropped > 0 || l->line.out.len > WAIT_MAX) {
			l->dropped += len;
			return;
		}
		logline_add(&l->line, s, n, wall);
		s += n;
		len -= n;
		added(l);
	}
}

void
logfile_note(struct logfile *l, int64_t wall, const char *text)
{
	l->wall = wall;
	if (l->line.out.len > 2 * WAIT_MAX)
		return;
	logline_note(&l->line, wall, text);
	added(l);
}

bool
logfile_good(const struct logfile *l)
{
	return !l->bad;
}

void
logfile_free(struct logfile *l)
{
	if (l == NULL)
		return;
	l->trouble = NULL;
	logline_close(&l->line);
	logfile_flush(l);
	close_file(l);
	timer_free(l->timer);
	logline_release(&l->line);
	free(l->path);
	free(l);
}

/*
 * Callbacks may free the stream or the line while we are in the middle of
 * them, so the line counts how deep it is (busy) and frees itself on the way
 * out, and a stream is recognised by its number, not by its address.
 */
#include "rackmux/link/line.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"

#define LINE_CHUNK 16384
#define LINE_ROUNDS 8 /* chunks in one turn, to be fair to others */

struct lstream {
	struct stream base;
	struct line *line; /* NULL: closed */
};

struct line {
	const struct line_hooks *hooks;
	void *arg;
	int fd;
	struct io *io; /* NULL once it hung up */
	struct task *task;
	struct lstream *stream;
	unsigned number; /* of the stream */
	struct buf held, out;
	unsigned long long received, sent;
	int busy, gone_err;
	bool discard, freed, gone, told;
	bool open_due, drain_due, resume_due;
};

static void
line_want(struct line *l)
{
	int events = 0;

	if (!l->io)
		return;
	if (l->stream ? l->held.len == 0 : l->discard)
		events |= IO_READ;
	if (l->out.len > 0)
		events |= IO_WRITE;
	io_want(l->io, events);
}

static void
line_gone(struct line *l, int err)
{
	if (l->gone)
		return;
	l->gone = true;
	l->gone_err = err;
	io_free(l->io);
	l->io = NULL;
}

static void
line_enter(struct line *l)
{
	l->busy++;
}

/* Tell what is due, then go: the line may be freed here. */
static void
line_leave(struct line *l)
{
	if (l->busy == 1 && l->gone && !l->told && !l->freed &&
	    (l->held.len == 0 || !l->stream)) {
		l->told = true;
		l->hooks->gone(l->arg, l->gone_err);
	}
	if (--l->busy > 0)
		return;
	if (!l->freed) {
		line_want(l);
		return;
	}
	buf_release(&l->held);
	buf_release(&l->out);
	free(l);
}

static void
line_deliver(struct line *l, const char *data, size_t len)
{
	struct lstream *s = l->stream;
	unsigned number = l->number;
	size_t taken;

	if (!s || len == 0)
		return;
	if (l->held.len > 0) {
		buf_add(&l->held, data, len);
		return;
	}
	taken = s->base.sink.on_data(s->base.arg, data, len, false);
	if (l->freed || l->number != number || !l->stream)
		return;
	if (taken < len)
		buf_add(&l->held, data + taken, len - taken);
}

/* False when there is nothing more for now. */
static bool
line_read(struct line *l)
{
	char data[LINE_CHUNK];
	ssize_t n;

	do
		n = read(l->fd, data, sizeof(data));
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		l->received += (unsigned long long)n;
		line_deliver(l, data, (size_t)n);
		return !l->freed;
	}
	if (n == 0)
		line_gone(l, 0);
	else if (errno != EAGAIN && errno != EWOULDBLOCK)
		line_gone(l, errno == EIO ? 0 : -errno);
	return false;
}

static ssize_t
write_quietly(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n < 0 && errno == ENOTSOCK ? write(fd, data, len) : n;
}

static void
line_flush(struct line *l)
{
	ssize_t n;

	while (l->out.len > 0 && !l->gone) {
		n = write_quietly(l->fd, l->out.data, l->out.len);
		if (n > 0) {
			l->sent += (unsigned long long)n;
			buf_drop(&l->out, (size_t)n);
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else {
			/* The reading side tells of the end. */
			if (n < 0 && errno != EAGAIN && errno != EPIPE)
				line_gone(l, errno == EIO ? 0 : -errno);
			else if (n < 0 && errno == EPIPE)
				buf_clear(&l->out);
			return;
		}
	}
	l->drain_due = true;
}

static void
line_io(void *arg, int events)
{
	struct line *l = arg;
	int i;

	line_enter(l);
	if (events & IO_WRITE)
		line_flush(l);
	if (events & (IO_READ | IO_HUP)) {
		for (i = 0; i < LINE_ROUNDS || (events & IO_HUP); i++)
			if (!line_read(l) ||
			    (l->held.len > 0 && !(events & IO_HUP)))
				break;
	}
	if (!l->freed && (events & IO_HUP))
		line_gone(l, 0);
	if (!l->freed && l->drain_due)
		task_post(l->task);
	line_leave(l);
}

static void
line_offer_held(struct line *l)
{
	struct buf again = l->held;
	unsigned number = l->number;

	if (again.len == 0)
		return;
	buf_init(&l->held, 0);
	line_deliver(l, again.data, again.len);
	if (!l->freed && l->number != number)
		buf_clear(&l->held);
	buf_release(&again);
}

static void
line_task(void *arg)
{
	struct line *l = arg;
	struct lstream *s = l->stream;
	unsigned number = l->number;

	line_enter(l);
	if (s && l->open_due) {
		l->open_due = false;
		if (s->base.sink.on_open)
			s->base.sink.on_open(s->base.arg);
	}
	if (!l->freed && l->stream && l->number == number && l->drain_due) {
		l->drain_due = false;
		if (l->out.len == 0 && s->base.sink.on_drain)
			s->base.sink.on_drain(s->base.arg);
	}
	if (!l->freed && l->stream && l->number == number && l->resume_due) {
		l->resume_due = false;
		line_offer_held(l);
	}
	line_leave(l);
}

struct line *
line_new(struct loop *loop, int fd, bool discard,
    const struct line_hooks *hooks, void *arg)
{
	struct line *l = mem_alloc(sizeof(*l));

	l->fd = fd;
	l->discard = discard;
	l->hooks = hooks;
	l->arg = arg;
	buf_init(&l->held, 0);
	buf_init(&l->out, 0);
	l->io = io_new(loop, fd, line_io, l);
	l->task = task_new(loop, line_task, l);
	line_want(l);
	return l;
}

void
line_free(struct line *l)
{
	if (!l)
		return;
	if (l->stream)
		l->stream->line = NULL;
	l->stream = NULL;
	io_free(l->io);
	l->io = NULL;
	task_free(l->task);
	l->task = NULL;
	l->freed = true;
	line_enter(l);
	line_leave(l);
}

void
line_err(struct line *l, const char *data, size_t len)
{
	line_enter(l);
	if (l->stream)
		l->stream->base.sink.on_data(
		    l->stream->base.arg, data, len, true);
	line_leave(l);
}

void
line_drain(struct line *l)
{
	line_enter(l);
	while (!l->gone && !l->freed && line_read(l))
		;
	/* Who drains knows of the end already. */
	l->told = true;
	line_leave(l);
}

void
line_end(struct line *l, int status, const char *why)
{
	struct lstream *s = l->stream;
	unsigned number = l->number;

	if (!s)
		return;
	line_enter(l);
	line_offer_held(l);
	if (l->stream != s || l->number != number) {
		line_leave(l);
		return;
	}
	s->line = NULL;
	l->stream = NULL;
	buf_clear(&l->held);
	s->base.sink.on_close(s->base.arg, status, why);
	line_leave(l);
}

unsigned long long
line_received(const struct line *l)
{
	return l->received;
}

unsigned long long
line_sent(const struct line *l)
{
	return l->sent;
}

static int
lstream_write(struct stream *base, const char *data, size_t len)
{
	struct line *l = ((struct lstream *)base)->line;
	bool idle;

	if (!l || l->gone)
		return -EPIPE;
	if (len > STREAM_QUEUE_MAX || l->out.len > STREAM_QUEUE_MAX - len)
		return -ENOBUFS;
	idle = l->out.len == 0;
	buf_add(&l->out, data, len);
	if (idle)
		line_flush(l);
	if (l->drain_due || l->gone)
		task_post(l->task);
	line_want(l);
	return 0;
}

static void
lstream_resume(struct stream *base)
{
	struct line *l = ((struct lstream *)base)->line;

	if (!l || l->held.len == 0)
		return;
	l->resume_due = true;
	task_post(l->task);
}

static void
lstream_eof(struct stream *base)
{
	struct line *l = ((struct lstream *)base)->line;

	if (l && l->hooks->eof)
		l->hooks->eof(l->arg);
}

static int
lstream_resize(struct stream *base, int rows, int cols)
{
	struct line *l = ((struct lstream *)base)->line;

	if (!l)
		return -EPIPE;
	return l->hooks->resize ? l->hooks->resize(l->arg, rows, cols)
				: -ENOTSUP;
}

static int
lstream_break(struct stream *base)
{
	struct line *l = ((struct lstream *)base)->line;

	if (!l)
		return -EPIPE;
	return l->hooks->send_break ? l->hooks->send_break(l->arg) : -ENOTSUP;
}

static void
lstream_free(struct stream *base)
{
	struct lstream *s = (struct lstream *)base;
	struct line *l = s->line;

	free(s);
	if (!l)
		return;
	line_enter(l);
	l->stream = NULL;
	buf_clear(&l->held);
	if (l->hooks->freed)
		l->hooks->freed(l->arg);
	line_leave(l);
}

static const struct stream_ops lstream_ops = {
	.write = lstream_write,
	.resume = lstream_resume,
	.eof = lstream_eof,
	.resize = lstream_resize,
	.send_break = lstream_break,
	.free = lstream_free,
};

struct stream *
line_open(struct line *l, const struct stream_sink *sink, void *arg, int *err)
{
	struct lstream *s;

	if (l->stream || l->gone) {
		*err = l->gone ? -EPIPE : -EBUSY;
		return NULL;
	}
	s = mem_alloc(sizeof(*s));
	s->base.ops = &lstream_ops;
	s->base.sink = *sink;
	s->base.arg = arg;
	s->line = l;
	l->stream = s;
	l->number++;
	l->open_due = true;
	l->resume_due = false;
	task_post(l->task);
	line_want(l);
	return &s->base;
}

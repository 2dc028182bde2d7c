/*
 * SSH channels as streams.
 *
 * libssh calls us while it handles packets of any channel, so there we only
 * copy into a bounded buffer; the sinks are called afterwards. A sink that
 * takes less than it is offered fills that buffer, then libssh's, and then
 * the peer's window closes, while other channels go on. What one channel's
 * sink does may free any other, so the list is walked anew after each change.
 */
#include "ssh_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define HOLD_MAX (64 * 1024)

enum phase { OPENING, PTY, STARTING, OPEN, CLOSED };

struct ssh_stream {
	struct stream s;
	struct ssh_stream *next;
	struct ssh_streams *all; /* NULL: the session is over */
	struct chan *chan;
	enum stream_kind kind;
	enum phase phase;
	char *cmd, *host;
	unsigned port;
	int rows, cols;
	struct buf in, err, out;
	bool behind, behind_err; /* libssh holds more */
	bool held; /* the sink wants no more for now */
	bool want_eof, sent_eof, want_drain, want_resize, want_break;
	bool asked_pty; /* with the size that it had then */
	size_t break_after; /* bytes of out that were there before it */
	bool freed;
	unsigned busy; /* steps that are in it */
	unsigned round;
};

static void
wake(struct ssh_stream *st)
{
	if (st->all != NULL)
		st->all->wake(st->all->arg);
}

/* Inside libssh: copy only. */
static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct ssh_stream *st = arg;
	struct buf *b = err ? &st->err : &st->in;
	size_t room = HOLD_MAX - b->len;
	size_t n = len < room ? len : room;

	buf_add(b, data, n);
	if (n < len && err)
		st->behind_err = true;
	else if (n < len)
		st->behind = true;
	return n;
}

/* --- the stream's operations -------------------------------------------- */

static void
unlink_stream(struct ssh_stream *st)
{
	struct ssh_stream **p;

	if (st->all == NULL)
		return;
	for (p = &st->all->first; *p != NULL; p = &(*p)->next)
		if (*p == st) {
			*p = st->next;
			break;
		}
	st->all->changed = true;
	wake(st);
	st->all = NULL;
}

static void
destroy(struct ssh_stream *st)
{
	buf_release(&st->in);
	buf_release(&st->err);
	buf_release(&st->out);
	free(st->cmd);
	free(st->host);
	free(st);
}

static void
st_free(struct stream *s)
{
	struct ssh_stream *st = (struct ssh_stream *)s;

	chan_free(st->chan);
	st->chan = NULL;
	unlink_stream(st);
	st->freed = true;
	if (st->busy == 0)
		destroy(st);
}

static int
st_write(struct stream *s, const char *data, size_t len)
{
	struct ssh_stream *st = (struct ssh_stream *)s;

	if (st->phase == CLOSED || st->want_eof)
		return -EPIPE;
	if (len > STREAM_QUEUE_MAX - st->out.len)
		return -ENOBUFS;
	buf_add(&st->out, data, len);
	st->want_drain = true;
	wake(st);
	return 0;
}

static void
st_resume(struct stream *s)
{
	struct ssh_stream *st = (struct ssh_stream *)s;

	st->held = false;
	wake(st);
}

static void
st_eof(struct stream *s)
{
	struct ssh_stream *st = (struct ssh_stream *)s;

	st->want_eof = true;
	wake(st);
}

static int
st_resize(struct stream *s, int rows, int cols)
{
	struct ssh_stream *st = (struct ssh_stream *)s;

	if (st->kind != STREAM_PTY)
		return -ENOTSUP;
	if (st->phase == CLOSED)
		return -EPIPE;
	if (rows != st->rows || cols != st->cols)
		st->want_resize = true;
	st->rows = rows;
	st->cols = cols;
	wake(st);
	return 0;
}

static int
st_break(struct stream *s)
{
	struct ssh_stream *st = (struct ssh_stream *)s;

	if (st->kind != STREAM_PTY)
		return -ENOTSUP;
	if (st->phase == CLOSED)
		return -EPIPE;
	st->want_break = true;
	st->break_after = st->out.len;
	wake(st);
	return 0;
}

static const struct stream_ops ops = {
	.write = st_write,
	.resume = st_resume,
	.eof = st_eof,
	.resize = st_resize,
	.send_break = st_break,
	.free = st_free,
};

/* --- opening ------------------------------------------------------------ */

static unsigned
counted(const struct ssh_streams *all)
{
	unsigned n = 0;

	for (const struct ssh_stream *st = all->first; st; st = st->next)
		n += st->kind != STREAM_TCP && st->phase != CLOSED;
	return n;
}

static int
request_error(const struct ssh_streams *all, const struct stream_request *r)
{
	if (r->kind == STREAM_RAW)
		return -ENOTSUP;
	if (all->sess == NULL)
		return -ENOTCONN;
	if (r->kind == STREAM_EXEC && r->cmd == NULL)
		return -EINVAL;
	if (r->kind == STREAM_TCP &&
	    (r->host == NULL || r->port == 0 || r->port > 65535))
		return -EINVAL;
	if (r->kind != STREAM_TCP && counted(all) >= SSH_CHANNELS)
		return -EBUSY;
	return 0;
}

struct stream *
ssh_stream_open(struct ssh_streams *all, const struct stream_request *r,
    const struct stream_sink *sink, void *arg, int *err)
{
	struct ssh_stream *st, **last;

	*err = request_error(all, r);
	if (*err != 0)
		return NULL;
	st = mem_alloc(sizeof *st);
	st->chan = chan_new(all->sess, on_data, st);
	if (st->chan == NULL) {
		free(st);
		*err = -ENOMEM;
		return NULL;
	}
	st->s.ops = &ops;
	st->s.sink = *sink;
	st->s.arg = arg;
	st->all = all;
	st->kind = r->kind;
	/* exec: the login shell may be one that is no POSIX shell. */
	st->cmd = mem_strdup(r->kind == STREAM_SHELL ? "exec sh" : r->cmd);
	st->host = mem_strdup(r->host);
	st->port = r->port;
	st->rows = r->rows > 0 ? r->rows : 24;
	st->cols = r->cols > 0 ? r->cols : 80;
	buf_init(&st->in, 0);
	buf_init(&st->err, 0);
	buf_init(&st->out, 0);
	for (last = &all->first; *last != NULL; last = &(*last)->next)
		;
	*last = st;
	all->changed = true;
	wake(st);
	return &st->s;
}

/* --- moving ------------------------------------------------------------- */

static void
close_stream(struct ssh_stream *st, int status, const char *why)
{
	char *text;

	if (st->phase == CLOSED)
		return;
	st->phase = CLOSED;
	buf_clear(&st->out);
	text = mem_strdup(why);
	if (st->s.sink.on_close != NULL)
		st->s.sink.on_close(st->s.arg, status, text);
	free(text);
}

/* The next request of a channel that is being opened. */
static enum ssh_rc
advance(struct ssh_stream *st)
{
	switch (st->phase) {
	case OPENING:
		return st->kind == STREAM_TCP
		    ? chan_open_tcp(st->chan, st->host, st->port)
		    : chan_open(st->chan);
	case PTY:
		if (!st->asked_pty)
			st->want_resize = false;
		st->asked_pty = true;
		return chan_pty(st->chan, st->rows, st->cols);
	default:
		return st->cmd != NULL ? chan_exec(st->chan, st->cmd)
				       : chan_shell(st->chan);
	}
}

static const char *
refusal(enum phase phase)
{
	return phase == OPENING ? "the far side refused another channel"
	    : phase == PTY      ? "the far side gives no terminal"
				: "the far side does not run this";
}

static void
open_stream(struct ssh_stream *st)
{
	while (st->phase < OPEN) {
		enum ssh_rc rc = advance(st);

		if (rc == RC_AGAIN)
			return;
		if (rc != RC_OK) {
			char why[400];

			str_format(why, sizeof why, "%s: %s",
			    refusal(st->phase), sess_error(st->all->sess));
			close_stream(st, -1, why);
			return;
		}
		if (st->phase == OPENING && st->kind == STREAM_TCP)
			st->phase = OPEN;
		else if (st->phase == OPENING && st->kind != STREAM_PTY)
			st->phase = STARTING;
		else
			st->phase++;
	}
	if (st->s.sink.on_open != NULL)
		st->s.sink.on_open(st->s.arg);
}

static void
refill(struct ssh_stream *st)
{
	char data[16384];
	long n;

	while (st->chan != NULL && st->behind &&
	    st->in.len + sizeof data <= HOLD_MAX) {
		n = chan_read(st->chan, data, sizeof data, false);
		st->behind = n > 0;
		buf_add(&st->in, data, (size_t)n);
	}
	while (st->chan != NULL && st->behind_err &&
	    st->err.len + sizeof data <= HOLD_MAX) {
		n = chan_read(st->chan, data, sizeof data, true);
		st->behind_err = n > 0;
		buf_add(&st->err, data, (size_t)n);
	}
}

/* Reading makes libssh handle packets, which may add to the buffer that is
 * being offered; so it is taken out of the stream while the sink looks. */
static void
offer(struct ssh_stream *st)
{
	struct buf now = st->in;
	size_t n = now.len;

	buf_init(&st->in, 0);
	n = st->s.sink.on_data(st->s.arg, now.data, now.len, false);
	if (!st->freed && n < now.len) {
		st->held = true;
		buf_drop(&now, n);
		buf_add(&now, buf_str(&st->in), st->in.len);
		buf_release(&st->in);
		st->in = now;
		return;
	}
	buf_release(&now);
}

static void
deliver(struct ssh_stream *st)
{
	if (st->err.len > 0) {
		struct buf now = st->err;

		buf_init(&st->err, 0);
		st->s.sink.on_data(st->s.arg, now.data, now.len, true);
		buf_release(&now);
	}
	if (!st->freed && !st->held && st->in.len > 0)
		offer(st);
	if (!st->freed && (st->behind || st->behind_err)) {
		refill(st);
		if (!st->held || st->err.len > 0)
			wake(st);
	}
}

/* How much may be sent before the break's turn has come; 0: it has. */
static size_t
sendable(const struct ssh_stream *st)
{
	return st->want_break ? st->break_after : st->out.len;
}

/* What was asked for keeps its order: a size that was set before a line was
 * typed is there before it, and a break falls between two bytes. */
static void
flush(struct ssh_stream *st)
{
	if (st->want_resize)
		chan_resize(st->chan, st->rows, st->cols);
	st->want_resize = false;
	while (st->out.len > 0 || st->want_break) {
		size_t most = sendable(st);
		long n;

		if (most == 0) {
			chan_break(st->chan);
			st->want_break = false;
			continue;
		}
		n = chan_write(st->chan, st->out.data, most);
		if (n < 0) {
			close_stream(st, -1, "the channel takes no more");
			return;
		}
		if (n == 0)
			return;
		buf_drop(&st->out, (size_t)n);
		if (st->want_break)
			st->break_after -= (size_t)n;
	}
	if (st->want_eof && !st->sent_eof)
		st->sent_eof = chan_eof(st->chan) != RC_AGAIN;
	if (st->want_drain) {
		st->want_drain = false;
		if (st->s.sink.on_drain != NULL)
			st->s.sink.on_drain(st->s.arg);
	}
}

static void
check_end(struct ssh_stream *st)
{
	char why[80] = "it ended";
	bool over = chan_closed(st->chan) ||
	    (st->kind == STREAM_TCP && chan_at_eof(st->chan));

	if (!over || st->in.len > 0 || st->err.len > 0)
		return;
	/* A last look, for what libssh still holds. */
	st->behind = st->behind_err = true;
	refill(st);
	if (st->in.len > 0 || st->err.len > 0) {
		wake(st);
		return;
	}
	if (chan_signal(st->chan)[0] != '\0')
		str_format(why, sizeof why, "it was ended by SIG%s",
		    chan_signal(st->chan));
	close_stream(st, chan_status(st->chan), why);
}

static void
step(struct ssh_stream *st)
{
	st->busy++;
	if (st->phase < OPEN)
		open_stream(st);
	if (!st->freed && st->phase != CLOSED)
		deliver(st);
	if (!st->freed && st->phase == OPEN)
		flush(st);
	if (!st->freed && st->phase == OPEN)
		check_end(st);
	if (--st->busy == 0 && st->freed)
		destroy(st);
}

void
ssh_streams_step(struct ssh_streams *all)
{
	unsigned round = ++all->round;
	struct ssh_stream *st = all->first;

	while (st != NULL && all->sess != NULL) {
		if (st->round == round || st->phase == CLOSED) {
			st = st->next;
			continue;
		}
		st->round = round;
		all->changed = false;
		step(st);
		st = all->changed ? all->first : st->next;
	}
}

void
ssh_streams_end(struct ssh_streams *all, const char *why)
{
	struct ssh_stream *st;

	all->sess = NULL;
	all->changed = true;
	while ((st = all->first) != NULL) {
		all->first = st->next;
		st->all = NULL;
		st->next = NULL;
		chan_free(st->chan);
		st->chan = NULL;
		st->busy++;
		st->held = false; /* the last offer */
		if (st->phase != CLOSED)
			deliver(st);
		if (!st->freed)
			close_stream(st, -1, why);
		if (--st->busy == 0 && st->freed)
			destroy(st);
	}
}

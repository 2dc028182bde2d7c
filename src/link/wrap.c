/*
 * Bytes go through a protocol in pieces, and the next piece only when its
 * owner took all of the one before; so no more than a piece is ever held here
 * and the back-pressure reaches the stream below. What a peer makes us answer
 * (pongs, refusals, alerts) is bounded too: who asks without reading is cut
 * off.
 */
#include "wrap_in.h"

#include <errno.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define PIECE 16384
#define OUT_MAX (4 * STREAM_QUEUE_MAX)

static void
wrap_destroy(struct wrap *w)
{
	stream_free(w->below);
	task_free(w->task);
	timer_free(w->timer);
	buf_release(&w->plain);
	buf_release(&w->early);
	buf_release(&w->out);
	w->ops->free(w);
}

static void
wrap_enter(struct wrap *w)
{
	w->busy++;
}

/* It may be gone afterwards. */
static void
wrap_leave(struct wrap *w)
{
	if (--w->busy == 0 && w->orphan && !w->linger)
		wrap_destroy(w);
}

/* --- down ---------------------------------------------------------------- */

static void
flush_out(struct wrap *w)
{
	size_t n;
	int err;

	while (w->out.len > 0) {
		n = w->out.len < PIECE ? w->out.len : PIECE;
		err = stream_write(w->below, w->out.data, n);
		if (err == -ENOBUFS)
			return;
		if (err != 0) {
			/* The stream below tells of its end. */
			buf_clear(&w->out);
			return;
		}
		buf_drop(&w->out, n);
	}
	if (w->eof && w->opened && !w->ops->bye && !w->eof_sent) {
		w->eof_sent = true;
		stream_eof(w->below);
	}
}

static void
flush_early(struct wrap *w)
{
	struct buf early = w->early;

	if (!w->opened || w->over)
		return;
	buf_init(&w->early, 0);
	if (early.len > 0)
		w->ops->encode(w, early.data, early.len);
	buf_release(&early);
}

void
wrap_send(struct wrap *w, const char *data, size_t len)
{
	if (len > OUT_MAX || w->out.len > OUT_MAX - len)
		wrap_end(w, -1, "the far side asks, but does not read");
	else
		buf_add(&w->out, data, len);
}

/* --- up ------------------------------------------------------------------ */

void
wrap_give(struct wrap *w, const char *data, size_t len)
{
	if (!w->orphan && !w->over)
		buf_add(&w->plain, data, len);
}

void
wrap_opened(struct wrap *w)
{
	if (w->opened || w->over)
		return;
	w->opened = true;
	w->open_due = true;
	if (w->late)
		timer_stop(w->timer);
	w->late = false;
	flush_early(w);
	if (w->eof && w->ops->bye)
		w->ops->bye(w);
}

void
wrap_timer(struct wrap *w, uint64_t ms)
{
	w->late = false;
	timer_start(w->timer, ms);
}

void
wrap_end(struct wrap *w, int status, const char *why)
{
	if (w->over)
		return;
	w->over = true;
	w->status = status;
	str_copy(w->why, sizeof(w->why), why);
	timer_stop(w->timer);
	if (w->task)
		task_post(w->task);
}

static void
deliver(struct wrap *w)
{
	struct buf now = w->plain;
	size_t n;

	if (now.len == 0 || w->held)
		return;
	buf_init(&w->plain, 0);
	n = w->base.sink.on_data(w->base.arg, now.data, now.len, false);
	if (w->orphan || n >= now.len) {
		buf_release(&now);
		return;
	}
	buf_drop(&now, n);
	w->plain = now;
	w->held = true;
}

/* Tell what is due, in its order. */
static void
settle(struct wrap *w)
{
	flush_out(w);
	if (!w->orphan && w->open_due) {
		w->open_due = false;
		if (w->base.sink.on_open)
			w->base.sink.on_open(w->base.arg);
	}
	if (!w->orphan)
		deliver(w);
	if (w->orphan || !w->over || w->told || w->plain.len > 0)
		return;
	w->told = true;
	w->base.sink.on_close(w->base.arg, w->status, w->why);
}

/* --- what the stream below tells ------------------------------------------ */

static size_t
below_data(void *arg, const char *data, size_t len, bool err)
{
	struct wrap *w = arg;
	size_t done = 0, n;

	if (w->orphan || w->over)
		return len;
	wrap_enter(w);
	if (err) {
		w->base.sink.on_data(w->base.arg, data, len, true);
		wrap_leave(w);
		return len;
	}
	while (done < len && w->plain.len == 0 && !w->over && !w->orphan) {
		n = len - done < PIECE ? len - done : PIECE;
		w->ops->decode(w, data + done, n);
		done += n;
		settle(w);
	}
	if (w->over || w->orphan)
		done = len;
	w->below_held = done < len;
	wrap_leave(w);
	return done;
}

static void
below_close(void *arg, int status, const char *why)
{
	struct wrap *w = arg;
	char text[WRAP_WHY];

	wrap_enter(w);
	w->linger = false;
	str_copy(text, sizeof(text), why);
	if (!w->opened && w->ops->cut)
		str_format(text, sizeof(text), "%s (%s)", w->ops->cut, why);
	wrap_end(w, status, text);
	buf_clear(&w->out);
	settle(w);
	wrap_leave(w);
}

static void
below_drain(void *arg)
{
	struct wrap *w = arg;

	wrap_enter(w);
	flush_out(w);
	if (w->out.len > 0 || !w->opened) {
		;
	} else if (w->orphan) {
		w->linger = false;
	} else if (w->drain_due && !w->over) {
		w->drain_due = false;
		if (w->base.sink.on_drain)
			w->base.sink.on_drain(w->base.arg);
	}
	wrap_leave(w);
}

static void
below_open(void *arg)
{
	struct wrap *w = arg;

	if (w->orphan || w->over)
		return;
	wrap_enter(w);
	w->ops->begin(w);
	settle(w);
	wrap_leave(w);
}

static const struct stream_sink below_sink = {
	.on_data = below_data,
	.on_close = below_close,
	.on_drain = below_drain,
	.on_open = below_open,
};

static void
on_timer(void *arg)
{
	struct wrap *w = arg;

	wrap_enter(w);
	if (w->orphan)
		w->linger = false;
	else if (w->late)
		wrap_end(w, -1, w->ops->late);
	else if (w->ops->tick)
		w->ops->tick(w);
	settle(w);
	wrap_leave(w);
}

static void
on_task(void *arg)
{
	struct wrap *w = arg;

	wrap_enter(w);
	settle(w);
	if (w->below_held && w->plain.len == 0 && !w->orphan && !w->over) {
		w->below_held = false;
		stream_resume(w->below);
	}
	wrap_leave(w);
}

/* --- what the owner does -------------------------------------------------- */

static int
wrap_write(struct stream *s, const char *data, size_t len)
{
	struct wrap *w = (struct wrap *)s;
	size_t queued = w->early.len + w->out.len;

	if (w->over || w->eof)
		return -EPIPE;
	if (len > STREAM_QUEUE_MAX || queued > STREAM_QUEUE_MAX - len)
		return -ENOBUFS;
	w->drain_due = true;
	if (!w->opened) {
		buf_add(&w->early, data, len);
		return 0;
	}
	w->ops->encode(w, data, len);
	flush_out(w);
	return 0;
}

static void
wrap_resume(struct stream *s)
{
	struct wrap *w = (struct wrap *)s;

	w->held = false;
	if (w->plain.len > 0 || w->below_held)
		task_post(w->task);
}

static void
wrap_eof(struct stream *s)
{
	struct wrap *w = (struct wrap *)s;

	if (w->eof || w->over)
		return;
	w->eof = true;
	if (w->opened && w->ops->bye)
		w->ops->bye(w);
	if (w->opened)
		flush_out(w);
}

static int
wrap_resize(struct stream *s, int rows, int cols)
{
	struct wrap *w = (struct wrap *)s;
	int err;

	if (w->over)
		return -EPIPE;
	err = w->ops->resize ? w->ops->resize(w, rows, cols) : -ENOTSUP;
	flush_out(w);
	return err;
}

static int
wrap_break(struct stream *s)
{
	struct wrap *w = (struct wrap *)s;
	int err;

	if (w->over)
		return -EPIPE;
	err = w->ops->send_break ? w->ops->send_break(w) : -ENOTSUP;
	flush_out(w);
	return err;
}

static void
wrap_free(struct stream *s)
{
	struct wrap *w = (struct wrap *)s;

	wrap_enter(w);
	w->orphan = true;
	timer_stop(w->timer);
	task_cancel(w->task);
	if (w->opened && !w->over && !w->eof && w->ops->bye) {
		w->ops->bye(w);
		flush_out(w);
		w->linger = !w->over;
		timer_start(w->timer, WRAP_LINGER_MS);
	}
	/* Deaf, but not blocked: the stream below may have to read before it
	 * can write. */
	if (w->linger && w->below_held) {
		w->below_held = false;
		stream_resume(w->below);
	}
	wrap_leave(w);
}

static const struct stream_ops wrap_stream_ops = {
	.write = wrap_write,
	.resume = wrap_resume,
	.eof = wrap_eof,
	.resize = wrap_resize,
	.send_break = wrap_break,
	.free = wrap_free,
};

struct stream *
wrap_start(struct wrap *w, const struct wrap_ops *ops, struct loop *loop,
    const struct wrap_below *below, unsigned open_ms,
    const struct stream_sink *sink, void *arg, int *err)
{
	w->base.ops = &wrap_stream_ops;
	w->base.sink = *sink;
	w->base.arg = arg;
	w->ops = ops;
	w->loop = loop;
	buf_init(&w->plain, 0);
	buf_init(&w->early, 0);
	buf_init(&w->out, 0);
	w->below = below->open(below->with, &below_sink, w, err);
	if (!w->below) {
		wrap_destroy(w);
		return NULL;
	}
	w->task = task_new(loop, on_task, w);
	w->timer = timer_new(loop, on_timer, w);
	w->late = true;
	timer_start(w->timer, open_ms > 0 ? open_ms : WRAP_OPEN_MS);
	return &w->base;
}

struct stream *
wrap_link_open(
    const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	const struct wrap_link *far = with;

	return link_open(far->link, far->request, sink, arg, err);
}

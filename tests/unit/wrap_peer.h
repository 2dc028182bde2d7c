/*
 * wrap_peer - what the tests of telnet, TLS and WebSocket share: a stream
 * below that holds what it was given, and an owner above that writes down
 * what it is told.
 */
#ifndef RM_TESTS_WRAP_PEER_H
#define RM_TESTS_WRAP_PEER_H

#include <errno.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/wrap.h"
#include "test.h"

/* The stream below. */
struct under {
	struct stream s;
	struct buf sent;	/* by us, not looked at yet */
	struct buf waiting;	/* for us, not taken yet */
	size_t room;		/* how much it queues; 0: no limit */
	bool in_use, closed, resumed, refuses;
	unsigned eofs, breaks, frees;
	int rows, cols;
};

/* The owner above. */
struct above {
	struct stream *s;
	struct buf got, err;
	size_t limit;		/* takes no more than this in all; 0: all */
	bool free_in_data, free_in_open;
	unsigned opens, closes, drains, offers;
	char why[400];
};

RM_UNUSED static int
under_write(struct stream *s, const char *data, size_t len)
{
	struct under *u = (struct under *)s;

	CHECK(u->in_use);
	if (u->closed)
		return -EPIPE;
	if (u->room > 0 && u->sent.len + len > u->room)
		return -ENOBUFS;
	buf_add(&u->sent, data, len);
	return 0;
}

RM_UNUSED static void
under_resume(struct stream *s)
{
	((struct under *)s)->resumed = true;
}

RM_UNUSED static void
under_eof(struct stream *s)
{
	((struct under *)s)->eofs++;
}

RM_UNUSED static int
under_resize(struct stream *s, int rows, int cols)
{
	struct under *u = (struct under *)s;

	u->rows = rows;
	u->cols = cols;
	return 0;
}

RM_UNUSED static int
under_break(struct stream *s)
{
	((struct under *)s)->breaks++;
	return 0;
}

RM_UNUSED static void
under_free(struct stream *s)
{
	struct under *u = (struct under *)s;

	CHECK(u->in_use);
	u->in_use = false;
	u->frees++;
}

static const struct stream_ops under_ops = {
	.write = under_write,
	.resume = under_resume,
	.eof = under_eof,
	.resize = under_resize,
	.send_break = under_break,
	.free = under_free,
};

/* An opener: with is the struct under, which is written to. */
RM_UNUSED static struct stream *
under_open(
    const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	struct under *const *u = with;

	if ((*u)->refuses) {
		*err = -ENOTSUP;
		return NULL;
	}
	(*u)->s.ops = &under_ops;
	(*u)->s.sink = *sink;
	(*u)->s.arg = arg;
	(*u)->in_use = true;
	return &(*u)->s;
}

RM_UNUSED static void
under_is_open(struct under *u)
{
	u->s.sink.on_open(u->s.arg);
}

/* Offer what waits; what is not taken waits on. */
RM_UNUSED static void
under_offer(struct under *u)
{
	struct buf now = u->waiting;
	size_t n;

	buf_init(&u->waiting, 0);
	u->resumed = false;
	if (u->in_use && now.len > 0) {
		n = u->s.sink.on_data(u->s.arg, now.data, now.len, false);
		CHECK(n <= now.len);
		buf_drop(&now, n);
		buf_add(&u->waiting, buf_str(&now), now.len);
	}
	buf_release(&now);
}

RM_UNUSED static void
under_say(struct under *u, const void *data, size_t len)
{
	buf_add(&u->waiting, data, len);
	under_offer(u);
}

RM_UNUSED static void
under_says(struct under *u, const char *text)
{
	under_say(u, text, strlen(text));
}

/* Everything that was queued has left. */
RM_UNUSED static void
under_drained(struct under *u)
{
	if (u->in_use && u->s.sink.on_drain)
		u->s.sink.on_drain(u->s.arg);
}

RM_UNUSED static void
under_close(struct under *u, const char *why)
{
	u->closed = true;
	if (u->in_use)
		u->s.sink.on_close(u->s.arg, -1, why);
}

RM_UNUSED static void
under_release(struct under *u)
{
	buf_release(&u->sent);
	buf_release(&u->waiting);
}

RM_UNUSED static size_t
above_data(void *arg, const char *data, size_t len, bool err)
{
	struct above *a = arg;
	size_t n = len;

	CHECK(a->s && a->closes == 0);
	a->offers++;
	if (a->limit > 0 && n > a->limit - a->got.len)
		n = a->limit - a->got.len;
	buf_add(err ? &a->err : &a->got, data, n);
	if (a->free_in_data) {
		stream_free(a->s);
		a->s = NULL;
	}
	return n;
}

RM_UNUSED static void
above_close(void *arg, int status, const char *why)
{
	struct above *a = arg;

	(void)status;
	CHECK(a->s);
	CHECK(*why);
	a->closes++;
	str_copy(a->why, sizeof(a->why), why);
}

RM_UNUSED static void
above_drain(void *arg)
{
	struct above *a = arg;

	CHECK(a->s);
	a->drains++;
}

RM_UNUSED static void
above_open(void *arg)
{
	struct above *a = arg;

	CHECK(a->s);
	a->opens++;
	if (a->free_in_open) {
		stream_free(a->s);
		a->s = NULL;
	}
}

RM_UNUSED static const struct stream_sink above_sink = {
	.on_data = above_data,
	.on_close = above_close,
	.on_drain = above_drain,
	.on_open = above_open,
};

RM_UNUSED static void
above_release(struct above *a)
{
	stream_free(a->s);
	a->s = NULL;
	buf_release(&a->got);
	buf_release(&a->err);
}

#endif

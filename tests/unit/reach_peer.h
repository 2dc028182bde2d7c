/*
 * reach_peer - a link that is played by the test, and what a reach told.
 */
#ifndef RM_TESTS_REACH_PEER_H
#define RM_TESTS_REACH_PEER_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/console/reach_in.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "test.h"

struct peer;

struct fstream {
	struct stream base;
	struct peer *p;
	struct buf typed;
	bool freed, eof, resumed;
	unsigned breaks;
	struct stream_request req;
	char cmd[8192];
};

struct peer {
	struct loop *loop;
	unsigned can;
	enum link_state state;
	int err; /* of the next open */
	struct fstream *s[4];
	size_t n;
	struct {
		char cmd[8192];
		link_done_fn *fn;
		void *arg;
	} q[8]; /* asked and not answered yet */
	size_t asked;
	unsigned cancels;
	/* What the sink heard. */
	struct reach *r;
	struct buf got;
	size_t room; /* that it takes at once */
	unsigned opens, closes, losts;
	enum reach_end end;
	char why[300];
	bool free_on_data;
};

static int
f_write(struct stream *s, const char *data, size_t len)
{
	buf_add(&((struct fstream *)s)->typed, data, len);
	return 0;
}

static void
f_resume(struct stream *s)
{
	((struct fstream *)s)->resumed = true;
}

static void
f_eof(struct stream *s)
{
	((struct fstream *)s)->eof = true;
}

static int
f_resize(struct stream *s, int rows, int cols)
{
	((struct fstream *)s)->req.rows = rows;
	((struct fstream *)s)->req.cols = cols;
	return 0;
}

static int
f_break(struct stream *s)
{
	((struct fstream *)s)->breaks++;
	return 0;
}

static void
f_free(struct stream *s)
{
	((struct fstream *)s)->freed = true;
}

static const struct stream_ops f_ops = { f_write, f_resume, f_eof, f_resize,
	f_break, f_free };

static unsigned
p_can(void *arg)
{
	return ((struct peer *)arg)->can;
}

static enum link_state
p_state(void *arg)
{
	return ((struct peer *)arg)->state;
}

static struct stream *
p_open(void *arg, const struct stream_request *req,
    const struct stream_sink *sink, void *stream_arg, int *err)
{
	struct peer *p = arg;
	struct fstream *s;

	*err = p->err;
	if (p->err != 0)
		return NULL;
	CHECK(p->n < ARRAY_LEN(p->s));
	s = p->s[p->n++] = mem_alloc(sizeof *s);
	s->base.ops = &f_ops;
	s->base.sink = *sink;
	s->base.arg = stream_arg;
	s->req = *req;
	str_copy(s->cmd, sizeof s->cmd, req->cmd != NULL ? req->cmd : "-");
	buf_init(&s->typed, 0);
	return &s->base;
}

static unsigned
p_ask(void *arg, const char *cmd, unsigned timeout_ms, link_done_fn *fn,
    void *done_arg)
{
	struct peer *p = arg;

	CHECK(timeout_ms > 0 && p->asked < ARRAY_LEN(p->q));
	str_copy(p->q[p->asked].cmd, sizeof p->q[0].cmd, cmd);
	p->q[p->asked].fn = fn;
	p->q[p->asked].arg = done_arg;
	return (unsigned)++p->asked;
}

static void
p_cancel(void *arg, unsigned ticket)
{
	(void)ticket;
	((struct peer *)arg)->cancels++;
}

static const struct reach_via p_via = { p_can, p_state, p_open, p_ask, p_ask,
	p_cancel };

/* Answer the oldest question. */
RM_UNUSED static void
p_answer(struct peer *p, enum link_outcome o, int status, const char *out)
{
	struct link_result res = { .outcome = o,
		.status = status,
		.out = out,
		.len = strlen(out),
		.why = out };
	link_done_fn *fn = p->q[0].fn;
	void *arg = p->q[0].arg;

	CHECK(p->asked > 0);
	memmove(p->q, p->q + 1, --p->asked * sizeof p->q[0]);
	fn(arg, &res);
}

static void
k_open(void *arg)
{
	((struct peer *)arg)->opens++;
}

static size_t
k_data(void *arg, const char *data, size_t len)
{
	struct peer *p = arg;
	size_t n = len < p->room ? len : p->room;

	CHECK(p->opens == 1 && p->closes == 0);
	buf_add(&p->got, data, n);
	p->room -= n;
	if (p->free_on_data) {
		reach_free(p->r);
		p->r = NULL;
	}
	return n;
}

static void
k_lost(void *arg, unsigned long long n)
{
	(void)n;
	((struct peer *)arg)->losts++;
}

static void
k_close(void *arg, enum reach_end end, const char *why)
{
	struct peer *p = arg;

	p->closes++;
	p->end = end;
	str_copy(p->why, sizeof p->why, why);
	CHECK(why[0] >= '/' && why[strlen(why) - 1] == '.');
	reach_free(p->r);
	p->r = NULL;
}

static const struct reach_sink k_sink = { k_open, k_data, k_lost, k_close };

static void
turn(struct peer *p)
{
	for (int i = 0; i < 4; i++)
		loop_turn(p->loop, 0);
}

RM_UNUSED static struct peer *
peer(const struct way *w)
{
	struct peer *p = mem_alloc(sizeof *p);

	p->loop = loop_new();
	loop_freeze(p->loop);
	p->can =
	    LINK_CAN_RUN | LINK_CAN_EXEC | LINK_CAN_STREAM | LINK_CAN_CONNECT;
	p->state = LINK_UP;
	p->room = 1000000;
	buf_init(&p->got, 0);
	p->r = reach_open_via(p->loop, &p_via, p, w, 24, 80, &k_sink, p);
	CHECK_INT(p->n + p->asked, 0); /* not from within the call */
	return p;
}

RM_UNUSED static void
peer_free(struct peer *p)
{
	reach_free(p->r);
	while (p->asked > 0)
		p_answer(p, LINK_CANCELLED, -1, "");
	loop_advance(p->loop, 5000);
	turn(p);
	for (size_t i = 0; i < p->n; i++) {
		CHECK(p->s[i]->freed);
		buf_release(&p->s[i]->typed);
		free(p->s[i]);
	}
	buf_release(&p->got);
	loop_free(p->loop);
	free(p);
}

RM_UNUSED static size_t
say(struct peer *p, const char *text)
{
	struct fstream *s = p->s[0];

	return s->base.sink.on_data(s->base.arg, text, strlen(text), false);
}

RM_UNUSED static void
ends(struct peer *p, int status, const char *why)
{
	struct fstream *s = p->s[0];

	s->base.sink.on_close(s->base.arg, status, why);
	turn(p);
}

#endif

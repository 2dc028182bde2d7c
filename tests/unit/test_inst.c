#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/inst.h"

/*
 * The scheduler on a frozen clock, with a link and a driver made here: these
 * functions stand in front of the library's.
 */

struct link {
	struct {
		unsigned ticket;
		link_done_fn *fn;
		void *arg;
		char cmd[32];
	} run[8];
	size_t runs;
	unsigned tickets, lost, cancelled;
	enum link_why why;
	char text[80];
};

void
link_define(struct link *l, const char *name, const char *body)
{
	(void)l;
	(void)name;
	(void)body;
}

unsigned
link_run(struct link *l, const char *cmd, unsigned timeout_ms, link_done_fn *fn,
    void *arg)
{
	CHECK(l->runs < ARRAY_LEN(l->run));
	CHECK(timeout_ms > 0);
	str_copy(l->run[l->runs].cmd, sizeof l->run[0].cmd, cmd);
	l->run[l->runs].ticket = ++l->tickets;
	l->run[l->runs].fn = fn;
	l->run[l->runs++].arg = arg;
	return l->tickets;
}

unsigned
link_exec(struct link *l, const char *cmd, const char *input, size_t len,
    unsigned timeout_ms, link_done_fn *fn, void *arg)
{
	CHECK(input == NULL && len == 0);
	return link_run(l, cmd, timeout_ms, fn, arg);
}

struct stream *
link_open(struct link *l, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	(void)l;
	(void)request;
	(void)sink;
	(void)arg;
	*err = -ENOTSUP;
	return NULL;
}

const char *
link_url(const struct link *l)
{
	(void)l;
	return "ssh://board";
}

void
link_cancel(struct link *l, unsigned ticket)
{
	CHECK(ticket > 0 && ticket <= l->tickets);
	l->cancelled++;
}

void
link_lost(struct link *l, enum link_why why, const char *text)
{
	l->lost++;
	l->why = why;
	str_copy(l->text, sizeof l->text, text);
}

static void
link_answer_one(struct link *l, enum link_outcome o)
{
	struct link_result r = { .outcome = o, .out = "", .why = "so" };
	link_done_fn *fn = l->run[0].fn;
	void *arg = l->run[0].arg;

	CHECK(l->runs > 0);
	memmove(l->run, l->run + 1, --l->runs * sizeof l->run[0]);
	fn(arg, &r);
}

/* --- the smallest driver -------------------------------------------------- */

static struct {
	unsigned polls, resets, closes;
	const char *cannot;
} saw;

static struct drv *
t_open(void)
{
	return mem_alloc(sizeof(struct drv));
}

static void
t_done(void *arg, const struct link_result *r)
{
	struct drv *d = arg;

	if (r->outcome == LINK_DONE)
		drv_fresh(d);
	else
		drv_stale(d, r);
}

static void
t_poll(struct drv *d)
{
	saw.polls++;
	d->link.run(d->link.arg, "poll", 1000, t_done, d);
}

static void
t_close(struct drv *d)
{
	saw.closes++;
	free(d);
}

static const char *
t_can(struct drv *d, int slot, enum act act)
{
	(void)d;
	(void)slot;
	return act == ACT_FLASH ? "No." : NULL;
}

static int
t_match(const char *facts)
{
	(void)facts;
	return 0;
}

static unsigned last_ticket;

static void
t_acted(void *arg, const struct link_result *r)
{
	struct drv *d = arg;

	d->sink.acted(d->sink_arg, last_ticket,
	    r->outcome == LINK_DONE ? ACT_OK : ACT_UNCERTAIN, "acted");
}

static void
t_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	(void)slot;
	(void)act;
	last_ticket = ticket;
	d->link.run(d->link.arg, "act", 1000, t_acted, d);
}

static void
t_reset(struct drv *d)
{
	(void)d;
	saw.resets++;
}

static const struct driver t_driver = { .type = "t",
	.title = "T",
	.open = t_open,
	.poll = t_poll,
	.close = t_close,
	.can = t_can,
	.match = t_match,
	.act = t_act,
	.reset = t_reset };

/* --- its sink --------------------------------------------------------------- */

struct bench {
	struct loop *loop;
	struct link link;
	struct inst *inst;
	unsigned fresh, stale, acted;
	enum link_why why;
	char text[80];
	enum act_outcome outcome;
	unsigned ticket;
	bool free_in_fresh;
};

static void
b_fresh(void *arg)
{
	struct bench *b = arg;

	b->fresh++;
	if (b->free_in_fresh) {
		inst_free(b->inst);
		b->inst = NULL;
	}
}

static void
b_stale(void *arg, enum link_why why, const char *text)
{
	struct bench *b = arg;

	b->stale++;
	b->why = why;
	str_copy(b->text, sizeof b->text, text);
}

static void
b_acted(void *arg, unsigned ticket, enum act_outcome o, const char *text)
{
	struct bench *b = arg;

	b->acted++;
	b->ticket = ticket;
	b->outcome = o;
	str_copy(b->text, sizeof b->text, text);
}

static void
b_set(void *arg, int slot, const struct reading *r)
{
	(void)arg;
	(void)slot;
	(void)r;
}

static const struct driver_sink b_sink = {
	.set = b_set, .fresh = b_fresh, .stale = b_stale, .acted = b_acted
};

static struct bench *
bench_new(void)
{
	static const struct driver_config config = { .poll_ms = 2000 };
	struct bench *b = mem_alloc(sizeof *b);

	memset(&saw, 0, sizeof saw);
	b->loop = loop_new();
	loop_freeze(b->loop);
	b->inst = inst_new(b->loop, &t_driver, &config, &b->link, &b_sink, b);
	return b;
}

static void
bench_free(struct bench *b)
{
	inst_free(b->inst);
	while (b->link.runs > 0)
		link_answer_one(&b->link, LINK_CANCELLED);
	CHECK_INT(saw.closes, 1);
	loop_free(b->loop);
	free(b);
}

static void
up(struct bench *b)
{
	inst_link_state(b->inst, LINK_UP, LINK_WHY_NONE, "");
}

TEST(inst_polls_at_once_and_then_each_period)
{
	struct bench *b = bench_new();

	loop_advance(b->loop, 10000);
	CHECK_INT(saw.polls, 0);
	up(b);
	CHECK_INT(saw.polls, 1);
	link_answer_one(&b->link, LINK_DONE);
	CHECK_INT(b->fresh, 1);
	/* Within one period comes the next, and then exactly one a period. */
	loop_advance(b->loop, 2000);
	CHECK_INT(saw.polls, 2);
	for (int i = 0; i < 10; i++) {
		link_answer_one(&b->link, LINK_DONE);
		loop_advance(b->loop, 2000);
		CHECK_INT(saw.polls, 3 + i);
	}
	CHECK_INT(b->fresh, 11);
	CHECK_INT(b->stale, 0);
	CHECK_INT(saw.resets, 0);
	bench_free(b);
}

/* Boards that come up together do not answer in step. */
TEST(inst_spreads_its_polls)
{
	static const struct driver_config config = { .poll_ms = 2000 };
	struct loop *loop = loop_new();
	struct link link[16];
	struct inst *inst[16];
	struct bench b = { .fresh = 0 };
	unsigned most = 0;

	memset(link, 0, sizeof link);
	memset(&saw, 0, sizeof saw);
	loop_freeze(loop);
	for (int i = 0; i < 16; i++) {
		inst[i] =
		    inst_new(loop, &t_driver, &config, &link[i], &b_sink, &b);
		inst_link_state(inst[i], LINK_UP, LINK_WHY_NONE, "");
		link_answer_one(&link[i], LINK_DONE);
	}
	saw.polls = 0;
	for (int step = 0; step < 20; step++) {
		unsigned before = saw.polls;

		loop_advance(loop, 100);
		if (saw.polls - before > most)
			most = saw.polls - before;
	}
	CHECK_INT(saw.polls, 16);
	CHECK(most <= 3);
	for (int i = 0; i < 16; i++) {
		inst_free(inst[i]);
		while (link[i].runs > 0)
			link_answer_one(&link[i], LINK_CANCELLED);
	}
	loop_free(loop);
}

/* A round without an answer for two periods: the peer is lost, once. */
TEST(inst_declares_a_silent_peer_lost)
{
	struct bench *b = bench_new();

	up(b);
	loop_advance(b->loop, 3999);
	CHECK_INT(b->stale, 0);
	CHECK_INT(saw.polls, 1); /* not a second one while one is under way */
	loop_advance(b->loop, 1);
	CHECK_INT(b->stale, 1);
	CHECK_INT(b->why, LINK_WHY_SILENT);
	CHECK_STR(b->text, "no answer for 4 s");
	CHECK_INT(b->link.lost, 1);
	CHECK_INT(b->link.why, LINK_WHY_SILENT);
	CHECK_STR(b->link.text, "no answer for 4 s");
	/* The link tells its new state, and answers what was open. */
	inst_link_state(b->inst, LINK_LOST, LINK_WHY_SILENT, "no answer");
	link_answer_one(&b->link, LINK_DIED);
	CHECK_INT(b->stale, 1);
	CHECK_INT(b->fresh, 0);
	loop_advance(b->loop, 60000);
	CHECK_INT(saw.polls, 1);
	CHECK_INT(b->link.lost, 1);
	/* And up again: what was learnt is forgotten, a round at once. */
	up(b);
	CHECK_INT(saw.resets, 1);
	CHECK_INT(saw.polls, 2);
	link_answer_one(&b->link, LINK_DONE);
	CHECK_INT(b->fresh, 1);
	bench_free(b);
}

/* The link goes down under a round: one stale, with the link's reason. */
TEST(inst_link_lost_under_a_round)
{
	struct bench *b = bench_new();

	up(b);
	inst_link_state(b->inst, LINK_LOST, LINK_WHY_RESET, "reset by peer");
	CHECK_INT(b->stale, 1);
	CHECK_INT(b->why, LINK_WHY_RESET);
	CHECK_STR(b->text, "reset by peer");
	link_answer_one(&b->link, LINK_DIED);
	CHECK_INT(b->stale, 1);
	loop_advance(b->loop, 60000);
	CHECK_INT(b->stale, 1);
	CHECK_INT(b->link.lost, 0);
	CHECK_INT(saw.polls, 1);
	/* Other states on the way up are no news. */
	inst_link_state(b->inst, LINK_CONNECTING, LINK_WHY_RESET, "");
	inst_link_state(b->inst, LINK_AUTH, LINK_WHY_RESET, "");
	CHECK_INT(b->stale, 1);
	up(b);
	CHECK_INT(saw.polls, 2);
	bench_free(b);
}

/* Answers come late, when the link is already up again: the round that is
 * under way in the driver is not doubled. */
TEST(inst_late_answer_after_reconnect)
{
	struct bench *b = bench_new();

	up(b);
	inst_link_state(b->inst, LINK_LOST, LINK_WHY_RESET, "");
	up(b);
	CHECK_INT(saw.polls, 1);
	link_answer_one(&b->link, LINK_DIED);
	CHECK_INT(b->stale, 1); /* of the loss; the late one is nobody's */
	loop_advance(b->loop, 0);
	CHECK_INT(saw.polls, 2);
	link_answer_one(&b->link, LINK_DONE);
	CHECK_INT(b->fresh, 1);
	bench_free(b);
}

TEST(inst_poll_now)
{
	struct bench *b = bench_new();

	inst_poll_now(b->inst); /* the link is down */
	CHECK_INT(saw.polls, 0);
	up(b);
	inst_poll_now(b->inst); /* one is under way: one more after it */
	inst_poll_now(b->inst);
	CHECK_INT(saw.polls, 1);
	link_answer_one(&b->link, LINK_DONE);
	loop_advance(b->loop, 0);
	CHECK_INT(saw.polls, 2);
	link_answer_one(&b->link, LINK_DONE);
	loop_advance(b->loop, 0);
	CHECK_INT(saw.polls, 2);
	bench_free(b);
}

TEST(inst_freed_in_its_own_callback)
{
	struct bench *b = bench_new();

	up(b);
	b->free_in_fresh = true;
	link_answer_one(&b->link, LINK_DONE);
	CHECK(b->inst == NULL);
	bench_free(b);
}

/* What is under way outlives the instance, and is answered to nobody. */
TEST(inst_freed_with_a_round_under_way)
{
	struct bench *b = bench_new();

	up(b);
	inst_act(b->inst, 1, ACT_POWER_ON);
	CHECK_INT(b->link.runs, 2);
	inst_free(b->inst);
	b->inst = NULL;
	CHECK_INT(b->link.cancelled, 2);
	loop_advance(b->loop, 60000);
	link_answer_one(&b->link, LINK_CANCELLED);
	link_answer_one(&b->link, LINK_CANCELLED);
	CHECK_INT(b->fresh + b->stale + b->acted, 0);
	bench_free(b);
}

static void
turn(struct bench *b, unsigned acted)
{
	for (int i = 0; i < 100 && b->acted < acted; i++)
		loop_turn(b->loop, 10);
}

/* Each action gets one answer, never from within the call. */
TEST(inst_acts)
{
	struct bench *b = bench_new();
	unsigned t1, t2, t3;

	t1 = inst_act(b->inst, 1, ACT_FLASH);
	t2 = inst_act(b->inst, 1, ACT_POWER_ON);
	CHECK(t1 != 0 && t2 != 0 && t1 != t2);
	CHECK_INT(b->acted, 0);
	turn(b, 1);
	CHECK_INT(b->ticket, t1);
	CHECK_INT(b->outcome, ACT_FAILED);
	CHECK_STR(b->text, "No.");
	turn(b, 2);
	CHECK_INT(b->acted, 2);
	CHECK_INT(b->ticket, t2);
	CHECK_STR(b->text, "The link is down: nothing was sent.");
	up(b);
	link_answer_one(&b->link, LINK_DONE);
	t3 = inst_act(b->inst, 1, ACT_POWER_ON);
	CHECK_INT(b->acted, 2);
	CHECK_STR(b->link.run[0].cmd, "act");
	link_answer_one(&b->link, LINK_DONE);
	CHECK_INT(b->acted, 3);
	CHECK_INT(b->ticket, t3);
	CHECK_INT(b->outcome, ACT_OK);
	CHECK_INT(saw.polls, 2); /* what it did is looked at, at once */
	CHECK_STR(inst_can(b->inst, 1, ACT_FLASH), "No.");
	CHECK(inst_can(b->inst, 1, ACT_POWER_ON) == NULL);
	/* Refusals that nobody came to hear. */
	inst_act(b->inst, 1, ACT_FLASH);
	bench_free(b);
}

#include "rackmux/model/intake.h"

#include <stdlib.h>

#include "rackmux/base/mem.h"
#include "rackmux/model/feed.h"

/*
 * Between a driver that knows slots and a model that knows nodes. It holds
 * the board (or feed) by pointer: whoever removes that frees its intakes
 * first.
 */
struct pending {
	struct pending *next;
	unsigned ticket;
	int slot;
	enum act act;
	intake_acted_fn *fn;
	void *arg;
};

struct intake {
	struct model *model;
	struct board *board; /* or NULL, and a feed */
	struct feed *feed;
	struct link *link;
	struct origin *origin;
	struct inst *inst;
	struct pending *pending;
};

static void
on_set(void *arg, int slot, const struct reading *r)
{
	struct intake *in = arg;

	if (in->feed != NULL)
		feed_set(in->feed, slot, r);
	else
		origin_set(in->board, in->origin, slot, r);
}

static void
on_fresh(void *arg)
{
	struct intake *in = arg;

	in->origin->rtt_us = link_rtt_us(in->link);
	if (in->feed != NULL)
		feed_fresh(in->feed);
	else
		origin_fresh(in->board, in->origin);
}

static void
on_stale(void *arg, enum link_why why, const char *text)
{
	struct intake *in = arg;

	(void)why;
	if (in->feed != NULL)
		feed_stale(in->feed, text);
	else
		origin_stale(in->board, in->origin, text);
}

static struct pending *
take(struct intake *in, unsigned ticket)
{
	for (struct pending **at = &in->pending; *at != NULL;
	     at = &(*at)->next) {
		struct pending *p = *at;

		if (p->ticket != ticket)
			continue;
		*at = p->next;
		return p;
	}
	return NULL;
}

static void
tell_acted(const struct intake *in, const struct pending *p,
    enum act_outcome outcome, const char *text)
{
	static const enum event_kind kinds[] = { [ACT_OK] = EVENT_GOOD,
		[ACT_FAILED] = EVENT_BAD,
		[ACT_UNCERTAIN] = EVENT_WARN };
	struct board *b = in->board;

	if (b != NULL)
		model_event(in->model, kinds[outcome], b,
		    p->slot > 0 && p->slot <= b->slots ? b->nodes[p->slot - 1]
						       : NULL,
		    "%s: %s", act_name(p->act), text);
	for (size_t i = 0; b == NULL && i < in->feed->n_fed; i++)
		if (in->feed->fed[i]->feed_port == p->slot)
			model_event(in->model, kinds[outcome], NULL,
			    in->feed->fed[i], "%s by %s: %s", act_name(p->act),
			    in->feed->name, text);
}

static void
finish(struct intake *in, struct pending *p, enum act_outcome outcome,
    const char *text)
{
	tell_acted(in, p, outcome, text);
	if (p->fn != NULL)
		p->fn(p->arg, outcome, text);
	free(p);
}

static void
on_acted(void *arg, unsigned ticket, enum act_outcome outcome, const char *text)
{
	struct intake *in = arg;
	struct pending *p = take(in, ticket);

	if (p != NULL)
		finish(in, p, outcome, text);
}

void
intake_act(
    struct intake *in, int slot, enum act act, intake_acted_fn *fn, void *arg)
{
	struct pending *p = mem_alloc(sizeof *p);

	p->slot = slot;
	p->act = act;
	p->fn = fn;
	p->arg = arg;
	p->ticket = inst_act(in->inst, slot, act);
	p->next = in->pending;
	in->pending = p;
}

static void
ask_can(struct intake *in, int slot)
{
	for (int a = 0; a < ACT_MAX; a++) {
		const char *why = inst_can(in->inst, slot, (enum act)a);

		if (in->feed != NULL)
			feed_cannot(in->feed, slot, (enum act)a, why);
		else
			origin_cannot(
			    in->board, in->origin, slot, (enum act)a, why);
	}
}

/* A node may hang on a port of which the feed has not spoken yet. */
static int
last_slot(const struct intake *in)
{
	int n;

	if (in->feed == NULL)
		return in->board->slots;
	n = in->feed->ports;
	for (size_t i = 0; i < in->feed->n_fed; i++)
		if (in->feed->fed[i]->feed_port > n)
			n = in->feed->fed[i]->feed_port;
	return n;
}

static void
on_can_changed(void *arg)
{
	struct intake *in = arg;

	if (in->inst == NULL)
		return;
	if (in->origin->slot > 0) {
		ask_can(in, in->origin->slot);
		return;
	}
	for (int s = 0, n = last_slot(in); s <= n; s++)
		ask_can(in, s);
}

static void
on_slots(void *arg, int n)
{
	struct intake *in = arg;

	if (in->feed != NULL)
		feed_set_ports(in->feed, n);
	else
		board_set_slots(in->board, n);
	on_can_changed(in);
}

static const struct driver_sink intake_sink = {
	.set = on_set,
	.fresh = on_fresh,
	.stale = on_stale,
	.acted = on_acted,
	.slots = on_slots,
	.can_changed = on_can_changed,
};

static struct intake *
begin(struct intake *in, const struct driver *driver,
    const struct driver_config *config)
{
	if (in->origin == NULL) {
		free(in);
		return NULL;
	}
	in->inst = inst_new(
	    in->model->loop, driver, config, in->link, &intake_sink, in);
	on_can_changed(in);
	return in;
}

struct intake *
intake_new(struct board *b, const struct driver *driver,
    const struct driver_config *config, struct link *link, const char *url)
{
	struct intake *in = mem_alloc(sizeof *in);

	in->model = b->model;
	in->board = b;
	in->link = link;
	in->origin = board_add_origin(b, config->slot, driver, url);
	return begin(in, driver, config);
}

struct intake *
intake_new_feed(struct feed *f, const struct driver *driver,
    const struct driver_config *config, struct link *link, const char *url)
{
	struct intake *in = mem_alloc(sizeof *in);

	in->model = f->model;
	in->feed = f;
	in->link = link;
	in->origin = feed_add_origin(f, driver, url);
	return begin(in, driver, config);
}

void
intake_free(struct intake *in)
{
	struct pending *p;

	if (in == NULL)
		return;
	inst_free(in->inst);
	while ((p = in->pending) != NULL) {
		in->pending = p->next;
		finish(in, p, ACT_UNCERTAIN,
		    "its connection was closed before an answer came");
	}
	if (in->feed != NULL)
		feed_remove_origin(in->feed);
	else
		board_remove_origin(in->board, in->origin);
	free(in);
}

void
intake_link_state(struct intake *in, enum link_state state, enum link_why why,
    const char *text)
{
	uint64_t retry = link_retry_ms(in->link);

	in->origin->retry_at =
	    retry > 0 ? loop_now(in->model->loop) + retry : 0;
	if (in->feed != NULL)
		feed_set_link(in->feed, state, why, text);
	else
		origin_set_link(in->board, in->origin, state, why, text);
	inst_link_state(in->inst, state, why, text);
}

void
intake_ask_can(struct intake *in)
{
	on_can_changed(in);
}

struct inst *
intake_inst(struct intake *in)
{
	return in->inst;
}

struct origin *
intake_origin(struct intake *in)
{
	return in->origin;
}

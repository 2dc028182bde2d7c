#include "rackmux/model/intake.h"

#include <stdlib.h>

#include "rackmux/base/mem.h"

/*
 * Between a driver that knows slots and a model that knows nodes. It holds
 * the board by pointer: whoever removes the board frees its intakes first.
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
	struct board *board;
	struct link *link;
	struct origin *origin;
	struct inst *inst;
	struct pending *pending;
};

static void
on_set(void *arg, int slot, const struct reading *r)
{
	struct intake *in = arg;

	origin_set(in->board, in->origin, slot, r);
}

static void
on_fresh(void *arg)
{
	struct intake *in = arg;

	in->origin->rtt_us = link_rtt_us(in->link);
	origin_fresh(in->board, in->origin);
}

static void
on_stale(void *arg, enum link_why why, const char *text)
{
	struct intake *in = arg;

	(void)why;
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
finish(struct intake *in, struct pending *p, enum act_outcome outcome,
    const char *text)
{
	static const enum event_kind kinds[] = { [ACT_OK] = EVENT_GOOD,
		[ACT_FAILED] = EVENT_BAD,
		[ACT_UNCERTAIN] = EVENT_WARN };
	struct board *b = in->board;

	model_event(b->model, kinds[outcome], b,
	    p->slot > 0 && p->slot <= b->slots ? b->nodes[p->slot - 1] : NULL,
	    "%s: %s", act_name(p->act), text);
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
	for (int a = 0; a < ACT_MAX; a++)
		origin_cannot(in->board, in->origin, slot, (enum act)a,
		    inst_can(in->inst, slot, (enum act)a));
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
	for (int s = 0; s <= in->board->slots; s++)
		ask_can(in, s);
}

static void
on_slots(void *arg, int n)
{
	struct intake *in = arg;

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

struct intake *
intake_new(struct board *b, const struct driver *driver,
    const struct driver_config *config, struct link *link, const char *url)
{
	struct intake *in = mem_alloc(sizeof *in);

	in->board = b;
	in->link = link;
	in->origin = board_add_origin(b, config->slot, driver, url);
	if (in->origin == NULL) {
		free(in);
		return NULL;
	}
	in->inst =
	    inst_new(b->model->loop, driver, config, link, &intake_sink, in);
	on_can_changed(in);
	return in;
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
		    "its board was taken out of the configuration meanwhile");
	}
	board_remove_origin(in->board, in->origin);
	free(in);
}

void
intake_link_state(struct intake *in, enum link_state state, enum link_why why,
    const char *text)
{
	uint64_t retry = link_retry_ms(in->link);
	struct loop *loop = in->board->model->loop;

	in->origin->retry_at = retry > 0 ? loop_now(loop) + retry : 0;
	origin_set_link(in->board, in->origin, state, why, text);
	inst_link_state(in->inst, state, why, text);
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

#include "rackmux/driver/inst.h"

#include <stdio.h>
#include <stdlib.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/recipe.h"

/*
 * Two facts shape this. A link answers everything exactly once, also after
 * its user has gone, so what a driver runs is carried in a request of its own
 * that outlives the instance. And a driver's round can end late, after the
 * watch has already declared the peer lost; so whether a round is open (the
 * sink waits for its end) and whether the driver is busy (it must not be
 * polled) are two things.
 */

struct request {
	struct inst *inst; /* NULL: the instance is gone */
	struct request *prev, *next;
	unsigned ticket;
	link_done_fn *fn;
	void *arg;
};

struct refusal {
	struct refusal *next;
	unsigned ticket;
	char why[200];
};

struct inst {
	struct loop *loop;
	struct link *link;
	struct drv *drv;
	struct driver_sink sink;
	void *sink_arg;
	unsigned poll_ms;
	uint64_t phase; /* of our polls within the period */
	struct timer *poll_timer, *watch_timer;
	struct task *refuse_task;
	struct request *requests;
	struct refusal *refusals;
	unsigned tickets;
	bool up, was_up;
	bool open; /* a round whose end the sink waits for */
	bool busy; /* the driver has not ended its round */
	bool again; /* poll once more as soon as it has */
};

/* --- the link, as the driver sees it ------------------------------------- */

static void
forget(struct request *rq)
{
	if (rq->prev != NULL)
		rq->prev->next = rq->next;
	else
		rq->inst->requests = rq->next;
	if (rq->next != NULL)
		rq->next->prev = rq->prev;
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct request *rq = arg;

	if (rq->inst != NULL) {
		forget(rq);
		rq->fn(rq->arg, r); /* may free the instance */
	}
	free(rq);
}

static void
dl_define(void *arg, const char *name, const char *body)
{
	struct inst *in = arg;

	link_define(in->link, name, body);
}

static struct request *
remember(struct inst *in, link_done_fn *fn, void *done_arg)
{
	struct request *rq = mem_alloc(sizeof *rq);

	rq->inst = in;
	rq->fn = fn;
	rq->arg = done_arg;
	rq->next = in->requests;
	if (rq->next != NULL)
		rq->next->prev = rq;
	in->requests = rq;
	return rq;
}

static void
dl_run(void *arg, const char *cmd, unsigned timeout_ms, link_done_fn *fn,
    void *done_arg)
{
	struct inst *in = arg;
	struct request *rq = remember(in, fn, done_arg);

	rq->ticket = link_run(in->link, cmd, timeout_ms, on_answer, rq);
}

static void
dl_exec(void *arg, const char *cmd, unsigned timeout_ms, link_done_fn *fn,
    void *done_arg)
{
	struct inst *in = arg;
	struct request *rq = remember(in, fn, done_arg);

	rq->ticket =
	    link_exec(in->link, cmd, NULL, 0, timeout_ms, on_answer, rq);
}

static struct stream *
dl_open(void *arg, const struct stream_request *request,
    const struct stream_sink *sink, void *stream_arg, int *err)
{
	struct inst *in = arg;

	return link_open(in->link, request, sink, stream_arg, err);
}

static const char *
dl_url(void *arg)
{
	struct inst *in = arg;

	return link_url(in->link);
}

static struct loop *
dl_loop(void *arg)
{
	struct inst *in = arg;

	return in->loop;
}

static uint64_t
dl_now(void *arg)
{
	struct inst *in = arg;

	return loop_now(in->loop);
}

static int64_t
dl_wall(void *arg)
{
	struct inst *in = arg;

	return loop_wall(in->loop);
}

/* --- rounds -------------------------------------------------------------- */

static void
schedule(struct inst *in)
{
	uint64_t now = loop_now(in->loop), at;

	at = now - now % in->poll_ms + in->phase;
	if (at <= now)
		at += in->poll_ms;
	timer_start(in->poll_timer, at - now);
}

static void
begin(struct inst *in)
{
	if (!in->up)
		return;
	if (in->busy) {
		in->again = true;
		return;
	}
	in->open = in->busy = true;
	in->again = false;
	timer_start(in->watch_timer, 2 * (uint64_t)in->poll_ms);
	in->drv->driver->poll(in->drv);
}

static void
on_poll(void *arg)
{
	struct inst *in = arg;

	schedule(in);
	if (!in->busy)
		begin(in);
}

/* The round is over; true when somebody still waits for its end. */
static bool
end_round(struct inst *in)
{
	bool was = in->open;

	in->open = in->busy = false;
	timer_stop(in->watch_timer);
	if (in->again && in->up)
		timer_start(in->poll_timer, 0);
	in->again = false;
	return was;
}

static void
on_silence(void *arg)
{
	struct inst *in = arg;
	struct link *l = in->link;
	char text[64];

	str_format(
	    text, sizeof text, "no answer for %g s", 2 * in->poll_ms / 1000.0);
	in->open = false;
	in->sink.stale(in->sink_arg, LINK_WHY_SILENT, text);
	link_lost(l, LINK_WHY_SILENT, text);
}

/* --- the driver's sink --------------------------------------------------- */

static void
ds_set(void *arg, int slot, const struct reading *r)
{
	struct inst *in = arg;

	if (slot < 0 || slot > DRIVER_SLOTS_MAX)
		return;
	in->sink.set(in->sink_arg, slot, r);
}

static void
ds_fresh(void *arg)
{
	struct inst *in = arg;

	if (end_round(in))
		in->sink.fresh(in->sink_arg);
}

static void
ds_stale(void *arg, enum link_why why, const char *text)
{
	struct inst *in = arg;

	if (end_round(in))
		in->sink.stale(in->sink_arg, why, text);
}

static void
ds_acted(void *arg, unsigned ticket, enum act_outcome o, const char *text)
{
	struct inst *in = arg;

	inst_poll_now(in);
	in->sink.acted(in->sink_arg, ticket, o, text);
}

static void
ds_slots(void *arg, int n)
{
	struct inst *in = arg;

	in->sink.slots(in->sink_arg, n);
}

static void
ds_can_changed(void *arg)
{
	struct inst *in = arg;

	in->sink.can_changed(in->sink_arg);
}

static const struct driver_sink inst_sink = {
	.set = ds_set,
	.fresh = ds_fresh,
	.stale = ds_stale,
	.acted = ds_acted,
	.slots = ds_slots,
	.can_changed = ds_can_changed,
};

/* --- actions ------------------------------------------------------------- */

static void
on_refuse(void *arg)
{
	struct inst *in = arg;
	struct refusal *f = in->refusals;

	if (f == NULL)
		return;
	in->refusals = f->next;
	if (in->refusals != NULL)
		task_post(in->refuse_task);
	in->sink.acted(in->sink_arg, f->ticket, ACT_FAILED, f->why);
	free(f);
}

static void
refuse(struct inst *in, unsigned ticket, const char *why)
{
	struct refusal *f = mem_alloc(sizeof *f), **at = &in->refusals;

	f->ticket = ticket;
	str_copy(f->why, sizeof f->why, why);
	while (*at != NULL)
		at = &(*at)->next;
	*at = f;
	task_post(in->refuse_task);
}

const char *
inst_can(struct inst *in, int slot, enum act act)
{
	return in->drv->driver->can(in->drv, slot, act);
}

bool
inst_console(struct inst *in, int slot, struct way *w)
{
	return in->drv->driver->console != NULL &&
	    inst_can(in, slot, ACT_CONSOLE) == NULL &&
	    in->drv->driver->console(in->drv, slot, w);
}

unsigned
inst_act(struct inst *in, int slot, enum act act)
{
	unsigned ticket = ++in->tickets;
	const char *why = inst_can(in, slot, act);

	if (ticket == 0)
		ticket = ++in->tickets;
	if (why != NULL)
		refuse(in, ticket, why);
	else if (in->drv->driver->act == NULL)
		refuse(in, ticket, "This board takes no actions.");
	else if (!in->up)
		refuse(in, ticket, "The link is down: nothing was sent.");
	else
		in->drv->driver->act(in->drv, ticket, slot, act);
	return ticket;
}

/* A configuration may be read anew while the instance goes on. */
static void
copy_settings(struct driver_config *c)
{
	struct setting *v = mem_array(c->n_settings + 1, sizeof *v);

	for (size_t i = 0; i < c->n_settings; i++)
		v[i] = (struct setting){ mem_strdup(c->settings[i].key),
			mem_strdup(c->settings[i].text) };
	c->settings = v;
}

static void
free_settings(const struct driver_config *c)
{
	for (size_t i = 0; i < c->n_settings; i++) {
		free((void *)(uintptr_t)c->settings[i].key);
		free((void *)(uintptr_t)c->settings[i].text);
	}
	free((void *)(uintptr_t)c->settings);
}

/* --- life ---------------------------------------------------------------- */

/* Instances made one after the other get phases far apart: multiples of the
 * golden ratio never bunch. */
static uint64_t
next_phase(unsigned poll_ms)
{
	static unsigned made;

	return (uint64_t)(made++ * 2654435769u) * poll_ms >> 32;
}

struct inst *
inst_new(struct loop *loop, const struct driver *driver,
    const struct driver_config *config, struct link *l,
    const struct driver_sink *sink, void *sink_arg)
{
	struct inst *in = mem_alloc(sizeof *in);

	in->loop = loop;
	in->link = l;
	in->sink = *sink;
	in->sink_arg = sink_arg;
	in->poll_ms = config->poll_ms > 0 ? config->poll_ms : 2000;
	in->phase = next_phase(in->poll_ms);
	in->poll_timer = timer_new(loop, on_poll, in);
	in->watch_timer = timer_new(loop, on_silence, in);
	in->refuse_task = task_new(loop, on_refuse, in);
	in->drv = driver->open();
	in->drv->driver = driver;
	in->drv->config = *config;
	copy_settings(&in->drv->config);
	recipe_ref(config->recipe);
	in->drv->sink = inst_sink;
	in->drv->sink_arg = in;
	in->drv->link = (struct driver_link){ .arg = in,
		.define = dl_define,
		.run = dl_run,
		.exec = dl_exec,
		.open = dl_open,
		.url = dl_url,
		.loop = dl_loop,
		.now = dl_now,
		.wall = dl_wall };
	return in;
}

void
inst_free(struct inst *in)
{
	struct driver_config config;
	struct request *rq;

	if (in == NULL)
		return;
	timer_free(in->poll_timer);
	timer_free(in->watch_timer);
	task_free(in->refuse_task);
	for (rq = in->requests; rq != NULL; rq = rq->next)
		rq->inst = NULL;
	for (rq = in->requests; rq != NULL;) {
		struct request *next = rq->next;

		link_cancel(in->link, rq->ticket);
		rq = next;
	}
	while (in->refusals != NULL) {
		struct refusal *f = in->refusals;

		in->refusals = f->next;
		free(f);
	}
	config = in->drv->config;
	in->drv->driver->close(in->drv);
	free_settings(&config);
	recipe_unref(config.recipe);
	free(in);
}

void
inst_link_state(
    struct inst *in, enum link_state state, enum link_why why, const char *text)
{
	bool up = state == LINK_UP;

	if (up == in->up)
		return;
	in->up = up;
	if (up) {
		if (in->was_up && in->drv->driver->reset != NULL)
			in->drv->driver->reset(in->drv);
		in->was_up = true;
		schedule(in);
		begin(in);
		return;
	}
	timer_stop(in->poll_timer);
	timer_stop(in->watch_timer);
	in->again = false;
	if (in->open) {
		in->open = false;
		in->sink.stale(in->sink_arg, why,
		    text != NULL && *text != '\0' ? text : "the link is down");
	}
}

void
inst_poll_now(struct inst *in)
{
	begin(in);
}

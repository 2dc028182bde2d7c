/*
 * The set of all consoles: what they share is one task, which moves on what
 * is due and tells what is new, and two timers, one each second for what
 * waits for silence and one for streams that rest (console_flow.c).
 */
#include "console_in.h"

#include <stdlib.h>
#include <string.h>

#define TICK_MS 1000

void
consoles_reap(struct consoles *s)
{
	union {
		const char *in;
		char *out;
	} dir = { s->config.log_dir };

	timer_free(s->tick);
	timer_free(s->rest);
	task_free(s->task);
	free(dir.out);
	free(s->all);
	free(s);
}

/* Each in the order in which it became due; what becomes due meanwhile comes
 * in the next turn. */
static void
step_due(struct consoles *s)
{
	struct console *c, *last = TAILQ_LAST(&s->due, console_list);
	bool end = last == NULL;

	while (!end && !s->freed && (c = TAILQ_FIRST(&s->due))) {
		end = c == last;
		TAILQ_REMOVE(&s->due, c, due_next);
		c->due = false;
		console_step(c);
	}
}

static void
on_task(void *arg)
{
	struct consoles *s = arg;

	s->busy++;
	consoles_flow_turn(s);
	step_due(s);
	consoles_tell(s);
	if (!s->freed && !TAILQ_EMPTY(&s->due))
		task_post(s->task);
	if (--s->busy == 0 && s->freed)
		consoles_reap(s);
}

/* A prompt has no newline: it is one when nothing follows. */
static void
on_tick(void *arg)
{
	struct consoles *s = arg;
	uint64_t now = loop_now(s->loop);
	struct console *c;
	size_t i;

	for (i = 0; i < s->n; i++) {
		c = s->all[i];
		if (c->open || c->join)
			cwatch_tick(c->watch, now);
		if (c->record)
			console_record_check(c);
	}
	timer_start(s->tick, TICK_MS);
}

struct consoles *
consoles_new(struct loop *loop, const struct consoles_config *config,
    const struct consoles_sink *sink, void *arg)
{
	struct consoles *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->config = *config;
	s->config.log_dir = mem_strdup(config->log_dir);
	if (sink)
		s->sink = *sink;
	s->arg = arg;
	TAILQ_INIT(&s->due);
	TAILQ_INIT(&s->held);
	TAILQ_INIT(&s->resting);
	TAILQ_INIT(&s->news);
	s->task = task_new(loop, on_task, s);
	s->tick = timer_new(loop, on_tick, s);
	s->rest = timer_new(loop, consoles_flow_rest, s);
	timer_start(s->tick, TICK_MS);
	return s;
}

void
consoles_free(struct consoles *s)
{
	if (!s || s->freed)
		return;
	while (s->n > 0)
		console_free(s->all[s->n - 1]);
	s->freed = true;
	timer_stop(s->tick);
	timer_stop(s->rest);
	task_cancel(s->task);
	if (s->busy == 0)
		consoles_reap(s);
}

void
consoles_set_alerts(struct consoles *s, const struct alerts *alerts)
{
	size_t i;

	s->config.alerts = alerts;
	for (i = 0; i < s->n; i++)
		cwatch_alerts(s->all[i]->watch, alerts);
}

void
consoles_set_bus(struct consoles *s, struct bus *bus)
{
	size_t i;

	if (bus == s->bus)
		return;
	for (i = 0; i < s->n; i++) {
		if (s->all[i]->join)
			console_gap_begin(s->all[i], "the line changed hands");
		console_unjoin(s->all[i]);
		console_unclaim(s->all[i]);
		console_due(s->all[i]);
	}
	s->bus = bus;
}

size_t
consoles_count(const struct consoles *s)
{
	return s->n;
}

struct console *
consoles_at(const struct consoles *s, size_t i)
{
	return i < s->n ? s->all[i] : NULL;
}

struct console *
consoles_find(const struct consoles *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->all[i]->name, name) == 0)
			return s->all[i];
	return NULL;
}

unsigned
consoles_generation(const struct consoles *s)
{
	return s->generation;
}

void
consoles_no_link(struct consoles *s, const struct link *link)
{
	struct console *c;
	size_t i;

	for (i = 0; i < s->n; i++) {
		c = s->all[i];
		if (c->link != link)
			continue;
		if (c->reach) {
			console_gap_begin(c, "its link was taken away");
			console_close_way(c);
		}
		c->link = NULL;
		c->link_state = LINK_DOWN;
		console_due(c);
	}
}

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "reach_in.h"

/*
 * What all parts of reach use. Whoever is told anything may free the reach, so
 * it counts how deep it is in calls, and goes on the way out.
 */

void
reach_enter(struct reach *r)
{
	r->busy++;
}

static void
destroy(struct reach *r)
{
	buf_release(&r->head);
	buf_release(&r->hold);
	buf_release(&r->pend);
	free(r);
}

bool
reach_leave(struct reach *r)
{
	bool alive = !r->freed;

	if (--r->busy == 0 && r->freed)
		destroy(r);
	return alive;
}

static void
on_question(void *arg, const struct link_result *res)
{
	struct reach_question *q = arg;
	struct reach *r = q->r;

	if (r != NULL) {
		reach_enter(r);
		q->done(r, res);
		reach_leave(r);
	}
	free(q);
}

struct reach_question *
reach_ask_link(struct reach *r, const char *cmd, unsigned timeout_ms,
    void (*done)(struct reach *, const struct link_result *))
{
	struct reach_question *q = mem_alloc(sizeof *q);
	bool exec = (r->via.can(r->via_arg) & LINK_CAN_EXEC) != 0;

	q->r = r;
	q->done = done;
	q->ticket = (exec ? r->via.exec : r->via.run)(
	    r->via_arg, cmd, timeout_ms, on_question, q);
	return q;
}

void
reach_unask(struct reach *r, struct reach_question *q)
{
	if (q == NULL)
		return;
	q->r = NULL;
	r->via.cancel(r->via_arg, q->ticket);
}

bool
reach_is_open(struct reach *r)
{
	r->phase = REACH_OPEN;
	r->bol = true;
	timer_stop(r->timer);
	reach_enter(r);
	if (r->sink.on_open != NULL)
		r->sink.on_open(r->arg);
	return reach_leave(r);
}

bool
reach_flush(struct reach *r)
{
	struct buf now;
	size_t n;

	if (r->pend.len == 0 || r->phase != REACH_OPEN)
		return true;
	now = r->pend;
	buf_init(&r->pend, 0);
	reach_enter(r);
	n = r->sink.on_data(r->arg, now.data, now.len);
	if (!r->freed && n < now.len) {
		buf_drop(&now, n);
		buf_add(&now, buf_str(&r->pend), r->pend.len);
		buf_release(&r->pend);
		r->pend = now;
	} else
		buf_release(&now);
	return reach_leave(r);
}

/* A sentence of what the far side, or errno, said. */
static void
sentence(char *out, size_t size, const char *text)
{
	char clean[280];
	size_t len;

	text_clean(clean, sizeof clean, text, strlen(text));
	len = strlen(clean);
	while (len > 0 && (clean[len - 1] == '.' || clean[len - 1] == ' '))
		clean[--len] = '\0';
	str_format(out, size, "%s.", len > 0 ? clean : "It ended");
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
}

void
reach_end(struct reach *r, enum reach_end end, const char *why)
{
	if (r->ended)
		return;
	r->ended = true;
	r->end = end;
	sentence(r->why, sizeof r->why, why != NULL ? why : "");
	timer_stop(r->timer);
	task_post(r->soon);
}

/*
 * Who looks at a console. A viewer that goes while the list of them is walked
 * is only marked, and freed by console_leave().
 */
#include "console_in.h"

#include <stdlib.h>

struct console_viewer *
console_look(
    struct console *c, const struct console_viewer_sink *sink, void *arg)
{
	struct console_viewer *v = mem_alloc(sizeof(*v));

	v->console = c;
	if (sink)
		v->sink = *sink;
	v->arg = arg;
	TAILQ_INSERT_TAIL(&c->viewers, v, next);
	console_flow_go(c);
	console_due(c);
	return v;
}

void
console_unlook(struct console_viewer *v)
{
	struct console *c;

	if (!v)
		return;
	c = v->console;
	console_hold(v, false);
	if (c->focus == v)
		c->focus = NULL;
	console_due(c);
	console_enter(c);
	v->gone = true;
	console_leave(c);
}

void
console_resize(struct console *c, int rows, int cols)
{
	if (rows == c->rows && cols == c->cols)
		return;
	c->rows = rows;
	c->cols = cols;
	/* The screen of one that is joined is as large as its owner's. */
	if (c->join)
		return;
	if (c->vt)
		vt_resize(c->vt, rows, cols);
	if (c->reach) /* also while it opens */
		reach_resize(c->reach, rows, cols);
	if (c->claim && c->mine)
		bus_publish_size(c->claim, rows, cols);
	if (c->record)
		record_resize(c->record, rows, cols, loop_now(c->set->loop));
	console_changed(c);
}

void
console_focus(struct console *c, struct console_viewer *v)
{
	/* What was asked before somebody was there is not answered. */
	if (c->focus != v && c->vt)
		vt_reply_drop(c->vt);
	c->focus = v;
}

struct vt *
console_vt(const struct console *c)
{
	union {
		const struct console *in;
		struct console *out;
	} u = { c };

	return console_vt_make(u.out);
}

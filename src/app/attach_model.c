#include <string.h>

#include "attach.h"

/*
 * What a console tells goes into the model, and what the model knows of the
 * node's power to the console.
 */

static double
since(const struct attached *a, uint64_t then)
{
	return (double)(loop_now(a->session->loop) - then) / 1000;
}

void
attached_tell(struct attached *a, struct node *n)
{
	enum console_state st = console_state(a->console);
	const struct cwatch *w = console_watch(a->console);
	bool hears = st == CONSOLE_OPEN || st == CONSOLE_JOINED;
	enum stage stage;

	/* Of a console that was never opened there is nothing to say. */
	if (!hears && !a->hears)
		return;
	a->hears = true;
	node_hears(n, hears,
	    console_why(a->console)[0] != '\0' ? console_why(a->console)
					       : "Its console is not open.");
	if (w == NULL)
		return;
	stage = cwatch_stage(w);
	node_heard(n, stage != STAGE_UNKNOWN ? stage_name(stage) : NULL,
	    since(a, cwatch_stage_since(w)),
	    cwatch_heard(w) > 0 ? since(a, cwatch_heard(w)) : -1,
	    cwatch_last(w));
}

void
attached_power(struct attached *a, const struct node *n)
{
	enum node_state st = node_state(n);
	int power = st == NODE_ON ? 1 : st == NODE_OFF ? 0 : -1;

	if (power < 0 || (a->powered && power == a->power))
		return;
	a->power = power;
	a->powered = true;
	console_power(a->console, power == 1);
}

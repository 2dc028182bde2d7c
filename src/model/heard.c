#include <math.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/model/model.h"

#include "origin.h"

/*
 * What a node's console tells of it. It has an origin of its own, so that it
 * goes stale when the console cannot be read, and only then.
 */

static struct origin *
origin_of(struct node *n)
{
	if (n->heard == NULL)
		n->heard =
		    origin_new(n->board->model->loop, n->slot, NULL, "console");
	return n->heard;
}

void
node_hears(struct node *n, bool up, const char *why)
{
	struct origin *o = origin_of(n);
	enum link_state want = up ? LINK_UP : LINK_LOST;

	if (o->link == want)
		return;
	origin_take_link(n->board->model->loop, o, want,
	    up ? LINK_WHY_NONE : LINK_WHY_GONE, why);
	model_changed(n->board->model);
}

static void
set(struct node *n, enum name_id id, const char *text, double number)
{
	const struct reading r = { .id = id,
		.source = SOURCE_DERIVED,
		.known = text != NULL || !isnan(number),
		.text = text,
		.number = number,
		.why = "Its console has not told yet." };

	origin_set(n->board, n->heard, n->slot, &r);
}

void
node_heard(struct node *n, const char *stage, double stage_s, double silence_s,
    const char *last)
{
	(void)origin_of(n);
	if (stage != NULL) {
		set(n, NAME_CONSOLE_STAGE, stage, 0);
		set(n, NAME_CONSOLE_STAGE_TIME, NULL, floor(stage_s));
	}
	if (silence_s >= 0)
		set(n, NAME_CONSOLE_SILENCE, NULL, floor(silence_s));
	if (last[0] != '\0')
		set(n, NAME_CONSOLE_LAST, last, 0);
}

void
node_alarm(struct node *n, bool bad, const char *name, const char *line)
{
	char text[192];

	if (name == NULL) {
		n->alarm[0] = '\0';
	} else {
		str_format(text, sizeof text, "%s: %s", name, line);
		text_clean(n->alarm, sizeof n->alarm, text, strlen(text));
		n->alarm_bad = bad;
		n->alarm_at = loop_now(n->board->model->loop);
	}
	model_changed(n->board->model);
}

bool
node_booting(const struct node *n)
{
	static const char *const stages[] = { "rom", "loader", "kernel",
		"init" };
	const struct value *v = node_value(n, NAME_CONSOLE_STAGE, NULL);

	if (node_state(n) == NODE_OFF)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(stages); i++)
		if (value_is(v, stages[i]))
			return true;
	return false;
}

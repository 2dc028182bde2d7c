#include "told.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Events compare what was told last with what is so now, never two readings:
 * a state that comes and goes between two rounds is no news, and a state
 * reported twice is told once. The first state of a node is told only when it
 * is bad, so that a start of the program is not a page of "is on".
 */

static void RM_PRINTF(4, 0) add_event(struct model *m, enum event_kind kind,
    const char *where, const char *fmt, va_list ap)
{
	struct event *e;
	char text[256];

	if (m->events == NULL)
		m->events = mem_array(EVENTS_MAX, sizeof *m->events);
	if (m->n_events < EVENTS_MAX) {
		e = &m->events[m->n_events++];
	} else {
		e = &m->events[m->first_event];
		m->first_event = (m->first_event + 1) % EVENTS_MAX;
	}
	memset(e, 0, sizeof *e);
	e->wall = loop_wall(m->loop);
	e->kind = kind;
	str_copy(e->where, sizeof e->where, where);
	vsnprintf(text, sizeof text, fmt, ap);
	text_clean(e->text, sizeof e->text, text, strlen(text));
	m->events_total++;
	model_changed(m);
}

void
model_event(struct model *m, enum event_kind kind, const struct board *b,
    const struct node *n, const char *fmt, ...)
{
	char path[96] = "";
	va_list ap;

	if (n != NULL)
		node_path(n, path, sizeof path);
	else if (b != NULL)
		str_copy(path, sizeof path, b->name);
	va_start(ap, fmt);
	add_event(m, kind, path, fmt, ap);
	va_end(ap);
}

void
model_event_of(struct model *m, enum event_kind kind, const char *where,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_event(m, kind, where, fmt, ap);
	va_end(ap);
}

const struct event *
model_event_at(const struct model *m, size_t i)
{
	if (i >= m->n_events)
		return NULL;
	return &m->events[(m->first_event + m->n_events - 1 - i) % EVENTS_MAX];
}

static bool
off_by_feed(const struct node *n)
{
	return n->feed != NULL &&
	    value_is(node_value(n, NAME_FEED_STATE, NULL), "off");
}

static void
tell_state(struct node *n, enum node_state now)
{
	struct model *m = n->board->model;
	char why[192];

	switch (now) {
	case NODE_LOST:
		n->lost_at = loop_now(m->loop);
		if (!node_trouble(n, why, sizeof why))
			str_copy(why, sizeof why, "no answer");
		model_event(m, EVENT_BAD, n->board, n, "lost: %s", why);
		break;
	case NODE_OFF:
		if (n->told)
			model_event(m, EVENT_WARN, n->board, n, "is off%s%s",
			    off_by_feed(n) ? ": its feed is off: " : "",
			    off_by_feed(n) ? n->feed_ref : "");
		break;
	case NODE_ON:
		if (n->lost_at != 0)
			model_event(m, EVENT_GOOD, n->board, n,
			    "answers again after %llu s",
			    (unsigned long long)(loop_now(m->loop) -
				n->lost_at) /
				1000);
		else if (n->told && n->told_state == NODE_OFF)
			model_event(m, EVENT_GOOD, n->board, n, "is on");
		n->lost_at = 0;
		break;
	case NODE_STALE:
	case NODE_UNKNOWN:
		break;
	}
}

static void
tell_heat(struct node *n, enum heat heat)
{
	char text[32];

	value_format(node_value(n, NAME_TEMP_SOC, NULL), text, sizeof text);
	if (heat == HEAT_CRITICAL)
		model_event(n->board->model, EVENT_BAD, n->board, n,
		    "critically hot: %s", text);
	else if (heat == HEAT_HOT && n->told_heat < HEAT_HOT)
		model_event(
		    n->board->model, EVENT_WARN, n->board, n, "hot: %s", text);
	else if (heat < HEAT_HOT && n->told_heat >= HEAT_HOT)
		model_event(n->board->model, EVENT_GOOD, n->board, n,
		    "cooled down: %s", text);
}

/* Perhaps a person pressed the button at the rack: that is worth a line. */
static void
tell_locate(struct node *n)
{
	const struct value *v = node_value(n, NAME_LOCATE_STATE, NULL);
	bool lit = value_is(v, "on");

	if (value_state(v) != VALUE_KNOWN)
		return;
	if (n->told_locate && lit != n->told_lit)
		model_event(n->board->model, EVENT_INFO, n->board, n,
		    "locate LED %s", lit ? "lit" : "dark");
	n->told_locate = true;
	n->told_lit = lit;
}

void
told_node(struct node *n)
{
	enum node_state state = node_state(n);
	enum heat heat = node_heat(n);

	if (state == NODE_ON && n->interrupted[0] != '\0') {
		n->interrupted[0] = '\0';
		n->interrupted_over = true;
	}
	tell_locate(n);
	if (state != n->told_state)
		tell_state(n, state);
	if (heat != n->told_heat && heat != HEAT_NONE)
		tell_heat(n, heat);
	/* A flicker into stale and back is not worth two lines. */
	if (state != NODE_STALE && state != NODE_UNKNOWN) {
		n->told_state = state;
		n->told = true;
	}
	if (heat != HEAT_NONE)
		n->told_heat = heat;
}

static void
tell_nodes(struct board *b, const struct origin *o)
{
	if (o->slot > 0) {
		if (o->slot <= b->slots)
			told_node(b->nodes[o->slot - 1]);
		return;
	}
	for (int i = 0; i < b->slots; i++)
		told_node(b->nodes[i]);
}

void
told_origin_link(struct model *m, const char *where, const struct origin *o,
    enum link_state old, enum link_why old_why)
{
	if (o->link == old)
		return;
	if (o->link == LINK_UP)
		model_event_of(m, EVENT_GOOD, where, "connected");
	else if (o->link == LINK_LOST && old == LINK_UP)
		model_event_of(m, EVENT_BAD, where, "lost: %s", o->why_text);
	else if (o->link == LINK_DOWN && o->why != LINK_WHY_NONE)
		model_event_of(
		    m, EVENT_BAD, where, "not connected: %s", o->why_text);
	else if (o->link == LINK_LOST && o->why != old_why)
		model_event_of(
		    m, EVENT_BAD, where, "not reached: %s", o->why_text);
}

void
told_link(struct board *b, struct origin *o, enum link_state old,
    enum link_why old_why)
{
	if (o->slot == 0)
		told_origin_link(b->model, b->name, o, old, old_why);
	/* Coming up says nothing yet about the nodes: the first round does. */
	if (o->link == LINK_LOST || o->link == LINK_DOWN)
		tell_nodes(b, o);
}

void
told_values(struct board *b, struct origin *o)
{
	tell_nodes(b, o);
}

#include "rackmux/model/model.h"

#include <stdio.h>
#include <string.h>

#include "origin.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"

/*
 * What the values mean. A judgement names its evidence, and where evidence
 * leaves several causes it names all that are left: an operator who is sent
 * to the wrong cable once does not believe the screen again.
 */

/* Down for a reason that says nothing against the machine at the far end: it
 * answered and refused us, or the fault is on our side. */
static bool
is_ours(enum link_why why)
{
	return why == LINK_WHY_NONE || why == LINK_WHY_AUTH ||
	    why == LINK_WHY_HOSTKEY || why == LINK_WHY_ASKING ||
	    why == LINK_WHY_LOCAL;
}

/* While it is tried again, what went wrong the last time still stands. */
static bool
is_lost(const struct origin *o)
{
	return o != NULL && o->link != LINK_UP && !is_ours(o->why);
}

enum node_state
node_state(const struct node *n)
{
	const struct value *power = node_value(n, NAME_POWER_STATE, NULL);
	bool in_lost = is_lost(n->inband);
	bool board_lost = is_lost(n->board->origin);

	switch (value_state(power)) {
	case VALUE_KNOWN:
		if (value_is(power, "off"))
			return NODE_OFF;
		return in_lost ? NODE_LOST : NODE_ON;
	case VALUE_STALE:
		return in_lost || board_lost ? NODE_LOST : NODE_STALE;
	case VALUE_UNKNOWN:
		break;
	}
	return in_lost || (board_lost && n->inband == NULL) ? NODE_LOST
							    : NODE_UNKNOWN;
}

enum heat
node_heat(const struct node *n)
{
	const struct thresholds *t = &n->board->model->thresholds;
	const struct value *v = node_value(n, NAME_TEMP_SOC, NULL);
	double c;

	if (value_state(v) != VALUE_KNOWN || !value_number(v, &c))
		return HEAT_NONE;
	return c >= t->temp_critical ? HEAT_CRITICAL
	    : c >= t->temp_hot       ? HEAT_HOT
	    : c >= t->temp_warm      ? HEAT_WARM
				     : HEAT_COOL;
}

static bool
known_is(const struct node *n, enum name_id id, const char *word)
{
	return value_is(node_value(n, id, NULL), word);
}

bool
node_throttled(const struct node *n)
{
	const struct value *v = node_value(n, NAME_HEALTH_THROTTLE, NULL);

	return value_state(v) == VALUE_KNOWN && !value_is(v, "none");
}

/* A reading of this very origin's kind: what the switch says of a node, not
 * what the node said of itself before it fell silent. */
static bool
board_says(const struct node *n, enum name_id id, const char *word)
{
	const struct values *vs = &n->values;

	for (size_t i = 0; i < vs->n; i++)
		if (vs->v[i].id == id && vs->v[i].origin->slot == 0 &&
		    vs->v[i].source == SOURCE_BOARD &&
		    value_is(&vs->v[i], word))
			return true;
	return false;
}

static bool
feed_says(const struct node *n, enum name_id id, const char *word)
{
	return n->feed != NULL &&
	    value_is(feed_port_value(n->feed, n->feed_port, id), word);
}

/* No answer: what its feed knows of that. */
static bool
explain_by_feed(const struct node *n, char *out, size_t size)
{
	const char *ref = n->feed_ref;

	if (feed_says(n, NAME_FEED_STATE, "off"))
		str_format(
		    out, size, "no answer: its feed port %s is off", ref);
	else if (feed_says(n, NAME_FEED_DETECTION, "searching"))
		str_format(out, size,
		    "no answer, and %s finds nothing to feed: cable or PoE "
		    "adapter",
		    ref);
	else if (feed_says(n, NAME_FEED_DETECTION, "fault"))
		str_format(out, size,
		    "no answer, and %s reports a fault: it delivers no power",
		    ref);
	else if (feed_says(n, NAME_FEED_DETECTION, "delivering"))
		str_format(out, size,
		    "no answer, but %s delivers power: the node hangs or is "
		    "dead, or its network or firewall",
		    ref);
	else if (feed_says(n, NAME_FEED_STATE, "on"))
		str_format(out, size,
		    "no answer, %s is on: cable, or the node is dead", ref);
	else
		return false;
	return true;
}

/* The node's own link is lost: say why, as far as board and wire can tell. */
static void
explain_lost(const struct node *n, char *out, size_t size)
{
	bool rail = board_says(n, NAME_POWER_STATE, "on");
	bool up = board_says(n, NAME_LINK_STATE, "up");
	bool down = board_says(n, NAME_LINK_STATE, "down");
	const char *text = n->inband->why_text;

	switch (n->inband->why) {
	case LINK_WHY_REFUSED:
		str_copy(out, size,
		    "SSH refused: the node is up, its sshd "
		    "is not running");
		return;
	case LINK_WHY_RESET:
		str_format(out, size,
		    "connection reset: the node or its "
		    "sshd restarted%s",
		    up ? " (switch link up)" : "");
		return;
	case LINK_WHY_BANNER:
		str_copy(out, size,
		    "accepts TCP but says nothing: the node "
		    "hangs or is overloaded");
		return;
	case LINK_WHY_TIMEOUT:
	case LINK_WHY_SILENT:
	case LINK_WHY_UNREACHABLE:
		break;
	default:
		str_copy(out, size, text[0] != '\0' ? text : "not reached");
		return;
	}
	if (!rail && !up && !down && explain_by_feed(n, out, size))
		return;
	if (feed_says(n, NAME_FEED_STATE, "off")) {
		(void)explain_by_feed(n, out, size);
		return;
	}
	if (down && rail)
		str_copy(out, size,
		    "no answer, switch link down, rail on: "
		    "cable, or the node is dead");
	else if (down)
		str_copy(out, size,
		    "no answer, switch link down: power or "
		    "cable");
	else if (up)
		str_copy(out, size,
		    "no answer, but its switch link is up: "
		    "the node hangs, or its network or firewall");
	else if (rail)
		str_copy(out, size,
		    "no answer, rail on: cable, or the node "
		    "is dead");
	else
		str_copy(out, size, "no answer: power or cable");
}

static bool
inband_trouble(const struct node *n, char *out, size_t size)
{
	const struct origin *in = n->inband;

	if (in == NULL || in->why == LINK_WHY_NONE || in->link == LINK_UP)
		return false;
	switch (in->why) {
	case LINK_WHY_AUTH:
	case LINK_WHY_HOSTKEY:
	case LINK_WHY_ASKING:
	case LINK_WHY_LOCAL:
	case LINK_WHY_NAME:
		str_copy(out, size, in->why_text);
		return true;
	default:
		explain_lost(n, out, size);
		return true;
	}
}

/* Its feed is off, and yet whole rounds of its own link went well since: it
 * lives on another supply, or hangs on another port than is written. */
static bool
answers_unfed(const struct node *n, char *out, size_t size)
{
	const struct value *off;
	uint64_t grace = 2 * (uint64_t)n->board->model->poll_ms;

	if (n->inband == NULL || n->inband->link != LINK_UP ||
	    n->inband->stale || !feed_says(n, NAME_FEED_STATE, "off"))
		return false;
	off = feed_port_value(n->feed, n->feed_port, NAME_FEED_STATE);
	if (n->inband->fresh_at <= off->changed + grace)
		return false;
	str_format(out, size,
	    "%s is off, yet the node answers: another supply, or another port "
	    "than the configuration says",
	    n->feed_ref);
	return true;
}

static bool
power_trouble(const struct node *n, char *out, size_t size)
{
	const struct value *told = node_value(n, NAME_POWER_COMMANDED, NULL);

	if (value_is(told, "on") && board_says(n, NAME_POWER_STATE, "off")) {
		str_copy(out, size, "board says on, but the rail is off");
		return true;
	}
	if (value_is(told, "off") && board_says(n, NAME_POWER_STATE, "on")) {
		str_copy(out, size, "board says off, but the rail is on");
		return true;
	}
	return answers_unfed(n, out, size);
}

static bool
heat_trouble(const struct node *n, char *out, size_t size)
{
	const struct thresholds *t = &n->board->model->thresholds;
	const struct value *bits = node_value(n, NAME_HEALTH_THROTTLE, NULL);
	enum heat heat = node_heat(n);
	bool slow = node_throttled(n);
	char temp[32];

	if (heat >= HEAT_HOT) {
		value_format(
		    node_value(n, NAME_TEMP_SOC, NULL), temp, sizeof temp);
		str_format(out, size, "%s %s (%.0f)%s%s", temp,
		    heat == HEAT_CRITICAL ? "critical" : "hot",
		    heat == HEAT_CRITICAL ? t->temp_critical : t->temp_hot,
		    slow ? ", throttled: " : "", slow ? bits->text : "");
	} else if (slow)
		str_format(out, size, "throttled: %s", bits->text);
	else if (known_is(n, NAME_HEALTH_UNDERVOLTAGE, "yes"))
		str_copy(out, size, "under-voltage");
	else
		return false;
	return true;
}

/* Its board's agent on the node is not well; the driver's note says what to
 * do about it. */
static bool
agent_trouble(const struct node *n, char *out, size_t size)
{
	const struct value *v = node_value(n, NAME_AGENT_STATE, NULL);

	if (value_state(v) != VALUE_KNOWN || value_is(v, "up") ||
	    value_is(v, "absent"))
		return false;
	if (value_note(v) != NULL)
		str_copy(out, size, value_note(v));
	else
		str_format(out, size, "its agent is %s", v->text);
	return true;
}

static bool
alarm_is_old(const struct node *n)
{
	return loop_now(n->board->model->loop) - n->alarm_at > NODE_ALARM_MS;
}

bool
node_trouble(const struct node *n, char *out, size_t size)
{
	const struct origin *board = n->board->origin;
	bool off = known_is(n, NAME_POWER_STATE, "off");

	if (power_trouble(n, out, size))
		return true;
	if (n->interrupted[0] != '\0' &&
	    (off || known_is(n, NAME_FEED_STATE, "off"))) {
		str_copy(out, size, n->interrupted);
		return true;
	}
	if (off)
		return false;
	/* A kernel that has panicked does not answer either. */
	if (n->alarm[0] != '\0' && n->alarm_bad && !alarm_is_old(n)) {
		str_copy(out, size, n->alarm);
		return true;
	}
	if (inband_trouble(n, out, size))
		return true;
	if (n->inband == NULL &&
	    origin_link_trouble(n->board->origin, "the board", out, size))
		return true;
	if (heat_trouble(n, out, size))
		return true;
	if (n->alarm[0] != '\0' && !alarm_is_old(n)) {
		str_copy(out, size, n->alarm);
		return true;
	}
	if (agent_trouble(n, out, size))
		return true;
	if (known_is(n, NAME_POWER_STATE, "on") &&
	    known_is(n, NAME_LINK_STATE, "down") &&
	    (n->configured || n->inband != NULL)) {
		str_copy(out, size, "power on, but no network link");
		return true;
	}
	if (n->inband != NULL && n->inband->stale) {
		str_copy(out, size, n->inband->stale_why);
		return true;
	}
	if (board != NULL && board->stale) {
		str_copy(out, size, board->stale_why);
		return true;
	}
	return false;
}

bool
board_trouble(const struct board *b, char *out, size_t size)
{
	if (origin_link_trouble(b->origin, "the board", out, size))
		return true;
	if (b->origin != NULL && b->origin->stale) {
		str_copy(out, size, b->origin->stale_why);
		return true;
	}
	return false;
}

/* In the order in which they are asked. */
struct askable {
	struct origin *origin;
	int slot;
};

static int
askables(const struct node *n, struct askable out[3])
{
	int k = 0;

	if (n->board->origin != NULL)
		out[k++] = (struct askable){ n->board->origin, n->slot };
	if (n->feed != NULL && n->feed->origin != NULL)
		out[k++] = (struct askable){ n->feed->origin, n->feed_port };
	if (n->inband != NULL)
		out[k++] = (struct askable){ n->inband, n->slot };
	return k;
}

struct origin *
node_route(const struct node *n, enum act act)
{
	struct askable a[3];
	int k = askables(n, a);

	for (int i = 0; i < k; i++)
		if (a[i].slot <= a[i].origin->cannot_slots &&
		    a[i].origin->cannot[a[i].slot][act] == NULL)
			return a[i].origin;
	return NULL;
}

static bool
is_feeding(enum act act)
{
	return act == ACT_POWER_ON || act == ACT_POWER_OFF ||
	    act == ACT_POWER_CYCLE;
}

const char *
node_cannot(const struct node *n, enum act act)
{
	const char *why = NULL;
	struct askable a[3];
	int k = askables(n, a);

	if (act == ACT_CONSOLE && n->has_console)
		return NULL;
	if (act == ACT_CONSOLE && n->no_console[0] != '\0')
		return n->no_console;
	if (node_route(n, act) != NULL)
		return NULL;
	for (int i = 0; i < k; i++) {
		bool feed = n->feed != NULL && a[i].origin == n->feed->origin;

		if (a[i].slot > a[i].origin->cannot_slots)
			continue;
		/* A feed's reason is worth hearing only of what feeds do. */
		if (why == NULL || (feed && is_feeding(act)))
			if (!feed || is_feeding(act) || k == 1)
				why = a[i].origin->cannot[a[i].slot][act];
	}
	return why != NULL ? why
			   : "Not connected yet, so what it can do is not "
			     "known.";
}

const char *
board_cannot(const struct board *b, enum act act)
{
	if (b->origin == NULL || b->origin->cannot_slots < 0)
		return "It has no controller that is connected.";
	return b->origin->cannot[0][act];
}

const char *
act_unbuilt(enum act act)
{
	if (act == ACT_FLASH)
		return "This release does not flash yet: use the board's own "
		       "tool.";
	return NULL;
}

/* What a node adds to the sum. Where several hang on one port, the port is
 * counted once, with the first of them, whatever their boards measure. */
static bool
watts_of(const struct node *n, double *watts)
{
	const struct value *w = node_value(n, NAME_POWER_WATTS, NULL);
	const struct value *port;
	const struct node *first = NULL;
	const struct feed *f = n->feed;
	int sharing = 0;

	for (size_t i = 0; f != NULL && i < f->n_fed; i++)
		if (f->fed[i]->feed_port == n->feed_port && sharing++ == 0)
			first = f->fed[i];
	if (sharing > 1) {
		port = feed_port_value(f, n->feed_port, NAME_POWER_WATTS);
		if (value_state(port) == VALUE_KNOWN)
			return n == first && value_number(port, watts);
	}
	/* What is uncalibrated would spoil the sum. */
	return value_state(w) == VALUE_KNOWN && value_note(w) == NULL &&
	    value_number(w, watts);
}

/* A slot in which nothing is known to be, and nothing could tell. */
static bool
is_empty(const struct node *n)
{
	return n->inband == NULL && n->board->origin == NULL && !n->configured;
}

/* A board that measures itself is the better sum of its nodes. */
static bool
board_watts(const struct board *b, double *watts)
{
	const struct value *w = board_value(b, NAME_BOARD_WATTS, NULL);

	return value_state(w) == VALUE_KNOWN && value_note(w) == NULL &&
	    value_number(w, watts);
}

static void
count_node(const struct node *n, bool whole, struct totals *t)
{
	double watts;

	t->nodes++;
	switch (node_state(n)) {
	case NODE_ON:
		t->on++;
		break;
	case NODE_OFF:
		t->off++;
		break;
	case NODE_LOST:
		t->lost++;
		break;
	case NODE_STALE:
		t->stale++;
		break;
	case NODE_UNKNOWN:
		t->unknown++;
		break;
	}
	if (node_heat(n) >= HEAT_HOT)
		t->hot++;
	if (node_throttled(n))
		t->throttled++;
	if (whole)
		t->watts_nodes += node_state(n) == NODE_ON;
	else if (watts_of(n, &watts)) {
		t->watts_nodes++;
		t->watts += watts;
	}
}

void
model_totals(const struct model *m, struct totals *t)
{
	memset(t, 0, sizeof *t);
	for (size_t i = 0; i < m->n_boards; i++) {
		const struct board *b = m->boards[i];
		double watts = 0;
		bool whole = board_watts(b, &watts);

		t->boards++;
		t->watts += watts;
		if (b->origin == NULL || b->origin->link == LINK_UP)
			t->boards_up++;
		for (int k = 0; k < b->slots; k++)
			if (!is_empty(b->nodes[k]))
				count_node(b->nodes[k], whole, t);
	}
}

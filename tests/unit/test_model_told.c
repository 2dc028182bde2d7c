/* What becomes a line in the list of events, and what is said of a value. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/model/model.h"

static const struct driver blade = { .type = "compute-blade",
	.title = "Compute Blade" };

struct rig {
	struct loop *loop;
	struct model *m;
	struct node *n;
	struct origin *o;
};

static struct rig
rig_new(void)
{
	struct rig r = { .loop = loop_new() };
	struct board *b;

	loop_freeze(r.loop);
	loop_advance(r.loop, 1000);
	r.m = model_new(r.loop);
	b = model_add_board(r.m, "blades", &blade, 3, 1, 2);
	r.o = board_add_origin(b, 1, &blade, "ssh://b1");
	r.n = b->nodes[0];
	origin_set_link(b, r.o, LINK_UP, LINK_WHY_NONE, "");
	return r;
}

static void
rig_free(struct rig *r)
{
	model_free(r->m);
	loop_free(r->loop);
}

static void
say(struct rig *r, enum name_id id, const char *text, const char *note)
{
	struct reading rd = { .id = id,
		.source = SOURCE_BOARD,
		.known = true,
		.text = text,
		.why = note };

	origin_set(r->n->board, r->o, 1, &rd);
	origin_fresh(r->n->board, r->o);
}

TEST(a_pressed_button_is_noticed)
{
	struct rig r = rig_new();
	unsigned long long before;

	say(&r, NAME_LOCATE_STATE, "off", NULL);
	before = r.m->events_total;
	say(&r, NAME_LOCATE_STATE, "on", NULL);
	CHECK_INT(r.m->events_total, before + 1);
	CHECK_STR(model_event_at(r.m, 0)->text, "locate LED lit");
	CHECK_STR(model_event_at(r.m, 0)->where, "blades/1");
	say(&r, NAME_LOCATE_STATE, "on", NULL);
	CHECK_INT(r.m->events_total, before + 1);
	say(&r, NAME_LOCATE_STATE, "off", NULL);
	CHECK_STR(model_event_at(r.m, 0)->text, "locate LED dark");
	rig_free(&r);
}

TEST(what_is_found_lit_at_the_start_is_no_news)
{
	struct rig r = rig_new();
	unsigned long long before = r.m->events_total;

	say(&r, NAME_LOCATE_STATE, "on", NULL);
	CHECK_INT(r.m->events_total, before);
	rig_free(&r);
}

TEST(a_note_stands_beside_a_known_value)
{
	struct rig r = rig_new();
	const struct value *v;

	say(&r, NAME_POWER_SOURCE, "poe+", "Reported by the agent.");
	v = node_value(r.n, NAME_POWER_SOURCE, NULL);
	CHECK_INT(value_state(v), VALUE_KNOWN);
	CHECK(value_why(v) == NULL);
	CHECK_STR(value_note(v), "Reported by the agent.");
	say(&r, NAME_POWER_SOURCE, "poe+", NULL);
	CHECK(value_note(v) == NULL);
	rig_free(&r);
}

TEST(an_agent_that_is_not_well_is_trouble_with_its_remedy)
{
	struct rig r = rig_new();
	char text[200];

	say(&r, NAME_POWER_STATE, "on", NULL);
	say(&r, NAME_AGENT_STATE, "up", NULL);
	CHECK(!node_trouble(r.n, text, sizeof text));
	say(&r, NAME_AGENT_STATE, "down", "The agent is down: start it.");
	CHECK(node_trouble(r.n, text, sizeof text));
	CHECK_STR(text, "The agent is down: start it.");
	say(&r, NAME_AGENT_STATE, "hung", NULL);
	CHECK(node_trouble(r.n, text, sizeof text));
	CHECK_STR(text, "its agent is hung");
	say(&r, NAME_AGENT_STATE, "absent", "No agent is installed.");
	CHECK(!node_trouble(r.n, text, sizeof text));
	rig_free(&r);
}

TEST(a_period_is_counted_between_two_good_rounds_only)
{
	struct rig r = rig_new();
	struct board *b = r.n->board;

	origin_fresh(b, r.o);
	CHECK_INT(r.o->periods, 0);
	loop_advance(r.loop, 2000);
	origin_fresh(b, r.o);
	CHECK_INT(r.o->periods, 1);
	CHECK_INT(r.o->period_max, 2000);
	origin_stale(b, r.o, "torn");
	loop_advance(r.loop, 9000);
	origin_fresh(b, r.o);
	origin_set_link(b, r.o, LINK_LOST, LINK_WHY_SILENT, "no answer");
	loop_advance(r.loop, 9000);
	origin_set_link(b, r.o, LINK_UP, LINK_WHY_NONE, "");
	origin_fresh(b, r.o);
	CHECK_INT(r.o->periods, 1);
	CHECK_INT(r.o->period_max, 2000);
	rig_free(&r);
}

/* A chassis of ten slots with one blade has one node, not ten. */
TEST(an_empty_slot_is_not_counted)
{
	struct rig r = rig_new();
	struct totals t;

	say(&r, NAME_POWER_STATE, "on", NULL);
	model_totals(r.m, &t);
	CHECK_INT(t.nodes, 1);
	CHECK_INT(t.on, 1);
	CHECK_INT(t.unknown, 0);
	rig_free(&r);
}

/* What may be wrong by a factor of six is no part of a sum. */
TEST(uncalibrated_watts_are_not_added_up)
{
	struct rig r = rig_new();
	struct reading w = { .id = NAME_POWER_WATTS,
		.source = SOURCE_BOARD,
		.known = true,
		.number = 3.5,
		.why = "Uncalibrated: set current_scale." };
	struct totals t;

	say(&r, NAME_POWER_STATE, "on", NULL);
	origin_set(r.n->board, r.o, 1, &w);
	model_totals(r.m, &t);
	CHECK_INT(t.watts_nodes, 0);
	w.why = NULL;
	origin_set(r.n->board, r.o, 1, &w);
	model_totals(r.m, &t);
	CHECK_INT(t.watts_nodes, 1);
	CHECK(t.watts > 3.4 && t.watts < 3.6);
	w.id = NAME_BOARD_WATTS;
	w.number = 20;
	origin_set(r.n->board, r.o, 0, &w);
	model_totals(r.m, &t);
	CHECK_INT(t.watts_nodes, 1);
	CHECK(t.watts > 19.9 && t.watts < 20.1);
	rig_free(&r);
}

/* The model: which reading counts, when it is stale, what it means. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/model/feed.h"
#include "rackmux/model/model.h"
#include "rackmux/model/selector.h"

static const struct driver tp = { .type = "turing-pi", .title = "Turing Pi" };
static const struct driver lx = { .type = "linux", .title = "Linux" };

struct rig {
	struct loop *loop;
	struct model *m;
	struct board *b;
	struct origin *board, *node;
};

/* One board of four slots, connected; slot 1 has a link of its own. */
static struct rig
rig_new(void)
{
	struct rig r = { .loop = loop_new() };

	loop_freeze(r.loop);
	loop_advance(r.loop, 1000);
	r.m = model_new(r.loop);
	r.b = model_add_board(r.m, "tp2-a", &tp, 3, 1, 4);
	r.board = board_add_origin(r.b, 0, &tp, "ssh://bmc");
	r.node = board_add_origin(r.b, 1, &lx, "ssh://n1");
	r.b->nodes[0]->configured = true;
	return r;
}

static void
up(struct rig *r)
{
	origin_set_link(r->b, r->board, LINK_UP, LINK_WHY_NONE, "");
	origin_set_link(r->b, r->node, LINK_UP, LINK_WHY_NONE, "");
}

static void
rig_free(struct rig *r)
{
	model_free(r->m);
	loop_free(r->loop);
}

static void
say_text(struct rig *r, struct origin *o, enum name_id id, enum source src,
    const char *text)
{
	struct reading rd = { .id = id,
		.source = src,
		.known = text != NULL,
		.text = text,
		.why = text ? NULL : "cannot" };

	origin_set(r->b, o, 1, &rd);
}

static void
say_number(struct rig *r, struct origin *o, enum name_id id, double v)
{
	struct reading rd = { .id = id,
		.known = true,
		.number = v,
		.source = o->slot > 0 ? SOURCE_NODE : SOURCE_BOARD };

	origin_set(r->b, o, 1, &rd);
}

static void
lose_node(struct rig *r, enum link_why why)
{
	origin_set_link(r->b, r->node, LINK_LOST, why, "no answer for 4 s");
}

static const char *
trouble(struct rig *r)
{
	static char text[200];

	return node_trouble(r->b->nodes[0], text, sizeof text) ? text : "";
}

TEST(unknown_is_not_zero)
{
	struct rig r = rig_new();
	const struct value *v;
	char s[32];
	double d = 7;

	up(&r);
	CHECK(node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL) == NULL);
	say_number(&r, r.node, NAME_TEMP_SOC, NAN);
	v = node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL);
	CHECK(v != NULL && value_state(v) == VALUE_UNKNOWN);
	CHECK(!value_number(v, &d) && d > 6);
	CHECK_STR(value_format(v, s, sizeof s), "-");
	CHECK(value_why(v) != NULL);
	rig_free(&r);
}

TEST(node_is_preferred_for_temperature_board_for_power)
{
	struct rig r = rig_new();
	double d;

	up(&r);
	say_number(&r, r.board, NAME_TEMP_SOC, 40);
	say_number(&r, r.node, NAME_TEMP_SOC, 50);
	CHECK(
	    value_number(node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL), &d) &&
	    d > 49);
	say_text(&r, r.node, NAME_POWER_STATE, SOURCE_NODE, "on");
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "off");
	CHECK_INT(node_state(r.b->nodes[0]), NODE_OFF);
	rig_free(&r);
}

TEST(a_stale_reading_gives_way_to_a_live_one)
{
	struct rig r = rig_new();
	double d;

	up(&r);
	say_number(&r, r.board, NAME_TEMP_SOC, 40);
	say_number(&r, r.node, NAME_TEMP_SOC, 50);
	origin_stale(r.b, r.node, "torn answer");
	CHECK(
	    value_number(node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL), &d) &&
	    d < 41);
	origin_stale(r.b, r.board, "torn too");
	CHECK_INT(value_state(node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL)),
	    VALUE_STALE);
	CHECK_STR(value_why(node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL)),
	    "torn answer");
	rig_free(&r);
}

TEST(age_counts_from_the_last_confirmation)
{
	struct rig r = rig_new();
	const struct value *v;

	up(&r);
	say_number(&r, r.node, NAME_TEMP_SOC, 50);
	loop_advance(r.loop, 1500);
	v = node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL);
	CHECK_INT(value_age_ms(r.m, v), 1500);
	say_number(&r, r.node, NAME_TEMP_SOC, 50);
	v = node_value(r.b->nodes[0], NAME_TEMP_SOC, NULL);
	CHECK_INT(value_age_ms(r.m, v), 0);
	rig_free(&r);
}

TEST(hostile_text_is_cleaned_and_bounded)
{
	struct rig r = rig_new();
	char huge[5000];
	const struct value *v;

	up(&r);
	memset(huge, 'x', sizeof huge);
	huge[sizeof huge - 1] = '\0';
	memcpy(huge, "a\033]0;pwn\a", 9);
	say_text(&r, r.node, NAME_NODE_HOSTNAME, SOURCE_NODE, huge);
	v = node_value(r.b->nodes[0], NAME_NODE_HOSTNAME, NULL);
	CHECK(v != NULL && strlen(v->text) < 300);
	for (const char *p = v->text; *p != '\0'; p++)
		CHECK((unsigned char)*p >= 0x20);
	rig_free(&r);
}

TEST(an_instance_that_is_no_name_is_refused)
{
	struct rig r = rig_new();
	struct reading rd = { .id = NAME_LINK_IF_STATE,
		.instance = "e\033[2J",
		.source = SOURCE_NODE,
		.known = true,
		.text = "up" };
	size_t n;
	const struct value **all;

	up(&r);
	origin_set(r.b, r.node, 1, &rd);
	all = node_values(r.b->nodes[0], &n);
	CHECK_INT(n, 0);
	free(all);
	rig_free(&r);
}

TEST(readings_are_bounded_in_number)
{
	struct rig r = rig_new();
	struct reading rd = { .id = NAME_TEMP_ZONE,
		.source = SOURCE_NODE,
		.known = true,
		.number = 1 };
	char inst[16];
	size_t n;
	const struct value **all;

	up(&r);
	for (int i = 0; i < 5000; i++) {
		snprintf(inst, sizeof inst, "z%d", i);
		rd.instance = inst;
		origin_set(r.b, r.node, 1, &rd);
	}
	all = node_values(r.b->nodes[0], &n);
	CHECK(n > 100 && n <= 512);
	free(all);
	rig_free(&r);
}

TEST(an_instance_of_one_node_cannot_speak_for_another)
{
	struct rig r = rig_new();
	struct reading rd = { .id = NAME_POWER_STATE,
		.source = SOURCE_NODE,
		.known = true,
		.text = "on" };

	up(&r);
	origin_set(r.b, r.node, 3, &rd);
	CHECK(node_value(r.b->nodes[2], NAME_POWER_STATE, NULL) == NULL);
	CHECK_INT(node_state(r.b->nodes[0]), NODE_ON);
	rig_free(&r);
}

TEST(rail_off_is_off_and_no_trouble)
{
	struct rig r = rig_new();

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "off");
	lose_node(&r, LINK_WHY_SILENT);
	CHECK_INT(node_state(r.b->nodes[0]), NODE_OFF);
	CHECK_STR(trouble(&r), "");
	rig_free(&r);
}

TEST(dead_sshd_is_told_from_a_dead_node)
{
	struct rig r = rig_new();

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	lose_node(&r, LINK_WHY_REFUSED);
	CHECK_INT(node_state(r.b->nodes[0]), NODE_LOST);
	CHECK(strstr(trouble(&r), "sshd is not running") != NULL);
	rig_free(&r);
}

TEST(cable_is_named_when_the_rail_is_on_and_the_switch_link_down)
{
	struct rig r = rig_new();

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	say_text(&r, r.board, NAME_LINK_STATE, SOURCE_BOARD, "down");
	lose_node(&r, LINK_WHY_SILENT);
	CHECK(strstr(trouble(&r), "switch link down, rail on") != NULL);
	rig_free(&r);
}

TEST(a_hung_node_with_its_link_up_is_no_cable)
{
	struct rig r = rig_new();

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	say_text(&r, r.board, NAME_LINK_STATE, SOURCE_BOARD, "up");
	lose_node(&r, LINK_WHY_TIMEOUT);
	CHECK(strstr(trouble(&r), "switch link is up") != NULL);
	CHECK(strstr(trouble(&r), "cable") == NULL);
	rig_free(&r);
}

TEST(without_evidence_no_guess)
{
	struct rig r = rig_new();

	up(&r);
	/* What the node said of itself before is no evidence now. */
	say_text(&r, r.node, NAME_LINK_STATE, SOURCE_NODE, "up");
	say_text(&r, r.node, NAME_POWER_STATE, SOURCE_NODE, "on");
	lose_node(&r, LINK_WHY_SILENT);
	CHECK_INT(node_state(r.b->nodes[0]), NODE_LOST);
	CHECK_STR(trouble(&r), "no answer: power or cable");
	rig_free(&r);
}

TEST(a_lost_node_stays_lost_while_it_is_tried_again)
{
	struct rig r = rig_new();

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	lose_node(&r, LINK_WHY_SILENT);
	origin_set_link(r.b, r.node, LINK_CONNECTING, LINK_WHY_NONE, "");
	CHECK_INT(node_state(r.b->nodes[0]), NODE_LOST);
	CHECK(trouble(&r)[0] != '\0');
	rig_free(&r);
}

TEST(intent_and_rail_that_disagree_are_said)
{
	struct rig r = rig_new();

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "off");
	say_text(&r, r.board, NAME_POWER_COMMANDED, SOURCE_COMMANDED, "on");
	CHECK_STR(trouble(&r), "board says on, but the rail is off");
	rig_free(&r);
}

TEST(a_lost_board_makes_its_nodes_lost_but_not_those_that_answer)
{
	struct rig r = rig_new();
	struct reading rd = { .id = NAME_POWER_STATE,
		.source = SOURCE_BOARD,
		.known = true,
		.text = "on" };

	up(&r);
	origin_set(r.b, r.board, 1, &rd);
	origin_set(r.b, r.board, 2, &rd);
	say_text(&r, r.node, NAME_POWER_STATE, SOURCE_NODE, "on");
	origin_set_link(r.b, r.board, LINK_LOST, LINK_WHY_SILENT, "gone");
	CHECK_INT(node_state(r.b->nodes[0]), NODE_ON);
	CHECK_INT(node_state(r.b->nodes[1]), NODE_LOST);
	rig_free(&r);
}

TEST(a_board_whose_key_is_unknown_does_not_make_its_nodes_lost)
{
	struct rig r = rig_new();

	origin_set_link(
	    r.b, r.board, LINK_DOWN, LINK_WHY_ASKING, "unknown host key");
	CHECK_INT(node_state(r.b->nodes[1]), NODE_UNKNOWN);
	origin_set_link(r.b, r.board, LINK_LOST, LINK_WHY_TIMEOUT, "gone");
	CHECK_INT(node_state(r.b->nodes[1]), NODE_LOST);
	rig_free(&r);
}

TEST(heat_and_totals)
{
	struct rig r = rig_new();
	struct totals t;

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	say_number(&r, r.node, NAME_TEMP_SOC, 82);
	say_text(&r, r.node, NAME_HEALTH_THROTTLE, SOURCE_NODE, "freq-capped");
	CHECK_INT(node_heat(r.b->nodes[0]), HEAT_CRITICAL);
	CHECK_STR(trouble(&r), "82.0 °C critical (80), throttled: freq-capped");
	model_totals(r.m, &t);
	CHECK_INT(t.nodes, 4);
	CHECK_INT(t.on, 1);
	CHECK_INT(t.hot, 1);
	CHECK_INT(t.throttled, 1);
	CHECK_INT(t.watts_nodes, 0);
	rig_free(&r);
}

TEST(events_tell_each_change_once)
{
	struct rig r = rig_new();
	unsigned long long before;

	up(&r);
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	origin_fresh(r.b, r.board);
	before = r.m->events_total;
	lose_node(&r, LINK_WHY_SILENT);
	CHECK_INT(r.m->events_total, before + 1);
	CHECK_STR(model_event_at(r.m, 0)->where, "tp2-a/1");
	origin_set_link(r.b, r.node, LINK_CONNECTING, LINK_WHY_NONE, "");
	lose_node(&r, LINK_WHY_SILENT);
	origin_fresh(r.b, r.board);
	CHECK_INT(r.m->events_total, before + 1);
	loop_advance(r.loop, 12000);
	origin_set_link(r.b, r.node, LINK_UP, LINK_WHY_NONE, "");
	origin_fresh(r.b, r.node);
	CHECK_STR(model_event_at(r.m, 0)->text, "answers again after 12 s");
	rig_free(&r);
}

TEST(events_are_bounded)
{
	struct rig r = rig_new();

	for (int i = 0; i < 3 * EVENTS_MAX; i++)
		model_event(r.m, EVENT_INFO, NULL, NULL, "event %d", i);
	CHECK_INT(r.m->n_events, EVENTS_MAX);
	CHECK_STR(model_event_at(r.m, 0)->text, "event 2999");
	CHECK_STR(model_event_at(r.m, EVENTS_MAX - 1)->text, "event 2000");
	CHECK(model_event_at(r.m, EVENTS_MAX) == NULL);
	rig_free(&r);
}

TEST(boards_stand_in_rack_order)
{
	struct rig r = rig_new();

	model_add_board(r.m, "top", &tp, 9, 1, 1);
	model_add_board(r.m, "loose", &tp, 0, 1, 1);
	model_add_board(r.m, "low", &tp, 1, 1, 1);
	CHECK_STR(r.m->boards[0]->name, "top");
	CHECK_STR(r.m->boards[1]->name, "tp2-a");
	CHECK_STR(r.m->boards[2]->name, "low");
	CHECK_STR(r.m->boards[3]->name, "loose");
	CHECK(model_find_node(r.m, "tp2-a/4") == r.b->nodes[3]);
	CHECK(model_find_node(r.m, "tp2-a/5") == NULL);
	CHECK(model_find_node(r.m, "tp2-a/x") == NULL);
	model_remove_board(r.m, r.b);
	CHECK(model_find_board(r.m, "tp2-a") == NULL);
	rig_free(&r);
}

TEST(configured_nodes_survive_a_board_that_says_it_has_fewer_slots)
{
	struct rig r = rig_new();

	r.b->nodes[2]->configured = true;
	board_set_slots(r.b, 1);
	CHECK_INT(r.b->slots, 3);
	board_set_slots(r.b, 100000);
	CHECK_INT(r.b->slots, DRIVER_SLOTS_MAX);
	rig_free(&r);
}

TEST(what_a_slot_cannot_do_has_a_sentence)
{
	struct rig r = rig_new();

	CHECK(node_cannot(r.b->nodes[1], ACT_FLASH) != NULL);
	origin_cannot(r.b, r.board, 2, ACT_FLASH, NULL);
	CHECK(node_cannot(r.b->nodes[1], ACT_FLASH) == NULL);
	origin_cannot(r.b, r.board, 2, ACT_LOCATE_ON, "No LED.");
	CHECK_STR(node_cannot(r.b->nodes[1], ACT_LOCATE_ON), "No LED.");
	rig_free(&r);
}

TEST(history_keeps_holes)
{
	struct history *h = history_new();
	float out[HISTORY_RAW];
	struct history_minute m[HISTORY_MINUTES];

	history_add(h, 0, 10);
	history_add(h, 2000, 20);
	history_add(h, 8000, 50);
	history_recent(h, 8000, out, 5);
	CHECK(out[0] > 9 && out[1] > 19 && isnan(out[2]) && isnan(out[3]) &&
	    out[4] > 49);
	history_recent(h, 8000 + 2000 * HISTORY_RAW, out, HISTORY_RAW);
	for (int i = 0; i < HISTORY_RAW; i++)
		CHECK(isnan(out[i]));
	history_hour(h, 8000, m, HISTORY_MINUTES);
	CHECK(isnan(m[0].mean) && m[59].min < 11 && m[59].max > 49 &&
	    m[59].mean > 26 && m[59].mean < 27);
	history_free(h);
}

/* --- power feeds --- */

static const struct driver sw = { .type = "unifi", .title = "UniFi switch" };

static struct feed *
feed_new(struct rig *r)
{
	struct feed *f = model_add_feed(r->m, "poe", &sw, 0);

	feed_add_origin(f, &sw, "ssh://sw");
	feed_set_link(f, LINK_UP, LINK_WHY_NONE, "");
	return f;
}

static void
port_text(struct feed *f, int port, enum name_id id, const char *text)
{
	const struct reading rd = { .id = id,
		.source = SOURCE_FEED,
		.known = text != NULL,
		.text = text,
		.why = text ? NULL : "searching" };

	feed_set(f, port, &rd);
}

static void
port_watts(struct feed *f, int port, double watts)
{
	const struct reading rd = { .id = NAME_POWER_WATTS,
		.source = SOURCE_FEED,
		.known = true,
		.number = watts };

	feed_set(f, port, &rd);
}

static void
port_is(struct feed *f, int port, const char *state, const char *detection)
{
	port_text(f, port, NAME_FEED_STATE, state);
	port_text(f, port, NAME_FEED_DETECTION, detection);
	port_text(f, port, NAME_POWER_STATE,
	    strcmp(state, "off") == 0                  ? "off"
		: strcmp(detection, "delivering") == 0 ? "on"
						       : NULL);
	feed_fresh(f);
}

TEST(a_feed_speaks_for_its_nodes)
{
	struct rig r = rig_new();
	struct node *n = r.b->nodes[2], *other = r.b->nodes[3];
	struct feed *f = feed_new(&r);
	const struct value *v;

	up(&r);
	node_set_feed(n, f, 5);
	CHECK_STR(n->feed_ref, "poe/5");
	port_is(f, 5, "on", "delivering");
	port_watts(f, 5, 4.5);
	CHECK_INT(node_state(n), NODE_ON);
	CHECK_INT(node_state(other), NODE_UNKNOWN);
	v = node_value(n, NAME_FEED_PORT, NULL);
	CHECK(v != NULL && v->source == SOURCE_FEED);
	CHECK_STR(v->text, "poe/5");
	/* A node that comes later knows what the port said. */
	node_set_feed(other, f, 5);
	CHECK_INT(node_state(other), NODE_ON);
	CHECK(value_note(node_value(other, NAME_POWER_WATTS, NULL)) != NULL);
	/* They go stale together, and come back. */
	feed_set_link(f, LINK_LOST, LINK_WHY_SILENT, "no answer");
	CHECK_INT(node_state(n), NODE_STALE);
	CHECK_INT(node_state(other), NODE_STALE);
	feed_set_link(f, LINK_UP, LINK_WHY_NONE, "");
	CHECK_INT(node_state(n), NODE_ON);
	/* Moved, unplugged, and gone. */
	port_is(f, 6, "off", "disabled");
	node_set_feed(other, f, 6);
	CHECK_INT(node_state(other), NODE_OFF);
	node_set_feed(other, NULL, 0);
	CHECK(node_value(other, NAME_FEED_STATE, NULL) == NULL);
	CHECK_INT(f->n_fed, 1);
	model_remove_feed(r.m, f);
	CHECK(n->feed == NULL && n->feed_ref[0] == '\0');
	CHECK(node_value(n, NAME_FEED_STATE, NULL) == NULL);
	CHECK_INT(node_state(n), NODE_UNKNOWN);
	rig_free(&r);
}

TEST(board_before_feed_before_node)
{
	struct rig r = rig_new();
	struct feed *f = feed_new(&r);

	up(&r);
	node_set_feed(r.b->nodes[0], f, 1);
	say_text(&r, r.node, NAME_POWER_STATE, SOURCE_NODE, "on");
	port_is(f, 1, "off", "disabled");
	CHECK_INT(node_state(r.b->nodes[0]), NODE_OFF);
	/* A port that searches does not say that the node is off. */
	port_is(f, 1, "on", "searching");
	CHECK_INT(node_state(r.b->nodes[0]), NODE_ON);
	port_is(f, 1, "off", "disabled");
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	CHECK_INT(node_state(r.b->nodes[0]), NODE_ON);
	rig_free(&r);
}

TEST(what_a_feed_knows_of_a_lost_node)
{
	struct rig r = rig_new();
	struct node *n = r.b->nodes[0];
	struct feed *f = feed_new(&r);

	up(&r);
	node_set_feed(n, f, 1);
	say_text(&r, r.node, NAME_POWER_STATE, SOURCE_NODE, "on");
	lose_node(&r, LINK_WHY_SILENT);
	port_is(f, 1, "on", "delivering");
	CHECK_INT(node_state(n), NODE_LOST);
	CHECK_STR(trouble(&r),
	    "no answer, but poe/1 delivers power: the node hangs or is dead, "
	    "or its network or firewall");
	port_is(f, 1, "on", "searching");
	CHECK_STR(trouble(&r),
	    "no answer, and poe/1 finds nothing to feed: cable or PoE "
	    "adapter");
	port_is(f, 1, "on", "fault");
	CHECK(strstr(trouble(&r), "poe/1 reports a fault") != NULL);
	port_is(f, 1, "off", "disabled");
	CHECK_INT(node_state(n), NODE_OFF);
	CHECK_STR(trouble(&r), "");
	/* The board says that it is on. */
	say_text(&r, r.board, NAME_POWER_STATE, SOURCE_BOARD, "on");
	CHECK_INT(node_state(n), NODE_LOST);
	CHECK_STR(trouble(&r), "no answer: its feed port poe/1 is off");
	/* What a lost feed said is no evidence. */
	feed_set_link(f, LINK_LOST, LINK_WHY_SILENT, "gone");
	CHECK(strstr(trouble(&r), "poe/1") == NULL);
	rig_free(&r);
}

/* The port is off and the node answers all the same: the wrong port? */
TEST(a_node_that_answers_without_its_feed)
{
	struct rig r = rig_new();
	struct feed *f = feed_new(&r);

	up(&r);
	node_set_feed(r.b->nodes[0], f, 1);
	port_is(f, 1, "off", "disabled");
	loop_advance(r.loop, 1000);
	origin_fresh(r.b, r.node);
	CHECK_STR(trouble(&r), "");
	loop_advance(r.loop, 5000);
	origin_fresh(r.b, r.node);
	CHECK_STR(trouble(&r),
	    "poe/1 is off, yet the node answers: another supply, or another "
	    "port than the configuration says");
	rig_free(&r);
}

TEST(watts_of_a_feed_count_once)
{
	struct rig r = rig_new();
	struct feed *f = feed_new(&r);
	struct totals t;
	char text[160];
	double w;
	int ports;

	up(&r);
	CHECK(!model_feed_totals(f, &w, &ports));
	port_watts(f, 1, 5);
	port_watts(f, 2, 12);
	port_watts(f, 7, 30);
	node_set_feed(r.b->nodes[0], f, 1);
	node_set_feed(r.b->nodes[1], f, 2);
	CHECK(value_note(node_value(r.b->nodes[1], NAME_POWER_WATTS, NULL)) ==
	    NULL);
	node_set_feed(r.b->nodes[2], f, 2);
	CHECK(value_note(node_value(r.b->nodes[1], NAME_POWER_WATTS, NULL)) !=
	    NULL);
	/* The first one's board measures it too. */
	say_number(&r, r.board, NAME_POWER_WATTS, 4);
	model_totals(r.m, &t);
	CHECK(t.watts > 15.9 && t.watts < 16.1);
	CHECK_INT(t.watts_nodes, 2);
	/* All ports count towards the budget, also those of strangers. */
	CHECK(model_feed_totals(f, &w, &ports));
	CHECK(w > 46.9 && w < 47.1);
	CHECK_INT(ports, 3);
	CHECK(!feed_trouble(f, text, sizeof text));
	f->budget_w = 45;
	feed_fresh(f);
	CHECK(feed_trouble(f, text, sizeof text));
	CHECK_STR(text, "draws 47.0 W, more than its budget of 45.0 W");
	CHECK_STR(model_event_at(r.m, 0)->text, text);
	CHECK_STR(model_event_at(r.m, 0)->where, "poe");
	feed_fresh(f);
	port_watts(f, 7, 1);
	feed_fresh(f);
	CHECK_STR(model_event_at(r.m, 0)->text, "is within its budget again");
	feed_stale(f, "torn");
	CHECK(feed_trouble(f, text, sizeof text));
	CHECK_STR(text, "torn");
	rig_free(&r);
}

TEST(who_does_an_action)
{
	struct rig r = rig_new();
	struct node *n = r.b->nodes[0];
	struct feed *f = feed_new(&r);

	up(&r);
	node_set_feed(n, f, 3);
	for (int a = 0; a < ACT_MAX; a++) {
		origin_cannot(r.b, r.board, 1, (enum act)a, "Board cannot.");
		origin_cannot(r.b, r.node, 1, (enum act)a, "Node cannot.");
		feed_cannot(f, 3, (enum act)a, "Feed cannot.");
	}
	CHECK(node_route(n, ACT_POWER_ON) == NULL);
	CHECK_STR(node_cannot(n, ACT_POWER_ON), "Feed cannot.");
	CHECK_STR(node_cannot(n, ACT_LOCATE_ON), "Board cannot.");
	origin_cannot(r.b, r.node, 1, ACT_POWER_ON, NULL);
	CHECK(node_route(n, ACT_POWER_ON) == r.node);
	feed_cannot(f, 3, ACT_POWER_ON, NULL);
	CHECK(node_route(n, ACT_POWER_ON) == f->origin);
	CHECK(node_cannot(n, ACT_POWER_ON) == NULL);
	origin_cannot(r.b, r.board, 1, ACT_POWER_ON, NULL);
	CHECK(node_route(n, ACT_POWER_ON) == r.board);
	rig_free(&r);
}

TEST(a_selector_may_name_a_feed)
{
	static const struct {
		const char *text;
		bool meant;
	} cases[] = { { "poe", true }, { "p*", true }, { "type=unifi", true },
		{ "tp2-a", false }, { "state=on", false }, { "!poe", false },
		{ "tp2-a,poe", true }, { "poe+state=on", false } };
	struct rig r = rig_new();
	struct feed *f = feed_new(&r);
	char err[64];

	CHECK(selector_feed(NULL, f));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct selector *s =
		    selector_parse(cases[i].text, err, sizeof err);

		CHECK(s != NULL);
		if (selector_feed(s, f) != cases[i].meant)
			test_fail(__FILE__, __LINE__, "%s", cases[i].text);
		selector_free(s);
	}
	rig_free(&r);
}

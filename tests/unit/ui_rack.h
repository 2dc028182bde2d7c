/*
 * ui_rack - a rack made by hand for the tests of the screen: two Turing Pis
 * and fifteen Pis on a frozen clock, the same at every run.
 */
#ifndef RM_TESTS_UI_RACK_H
#define RM_TESTS_UI_RACK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/model.h"

static const struct driver fix_turing = { .type = "turing-pi",
	.title = "Turing Pi 2",
	.slots = 4,
	.whole_board = true };
static const struct driver fix_linux = { .type = "linux", .title = "Linux" };

static inline void
fix_number(struct origin *o, struct board *b, int slot, enum name_id id,
    enum source src, double v)
{
	struct reading r = { .id = id,
		.source = src,
		.known = true,
		.number = v };

	origin_set(b, o, slot, &r);
}

static inline void
fix_word(struct origin *o, struct board *b, int slot, enum name_id id,
    enum source src, const char *text)
{
	struct reading r = { .id = id,
		.source = src,
		.known = true,
		.text = text };

	origin_set(b, o, slot, &r);
}

static inline void
fix_unknown(struct origin *o, struct board *b, int slot, enum name_id id,
    enum source src, const char *why)
{
	struct reading r = { .id = id, .source = src, .why = why };

	origin_set(b, o, slot, &r);
}

/* Temperatures that wander, each node its own way, always the same. */
static inline double
fix_temp(int seed, int step)
{
	return 46 + seed * 7 % 13 +
	    3 * sin((step + seed * 11) / (5.0 + seed % 4)) +
	    (step * 7 + seed * 3) % 5 * 0.2;
}

static inline void
fix_node(struct board *b, int slot, const char *name, const char *host)
{
	char url[64];

	str_copy(b->nodes[slot - 1]->name, sizeof b->nodes[slot - 1]->name,
	    name);
	b->nodes[slot - 1]->configured = true;
	str_format(url, sizeof url, "ssh://pi@%s", host);
	board_add_origin(b, slot, &fix_linux, url);
}

static inline struct board *
fix_add_turing(struct model *m, const char *name, int unit,
    const char *const *names)
{
	struct board *b = model_add_board(m, name, &fix_turing, unit, 1, 4);
	char url[64];

	str_format(url, sizeof url, "ssh://root@%s.local", name);
	board_add_origin(b, 0, &fix_turing, url);
	for (int i = 1; i <= 4; i++)
		if (names[i - 1] != NULL)
			fix_node(b, i, names[i - 1], names[i - 1]);
	return b;
}

static inline void
fix_poll_board(struct board *b, bool fourth_on)
{
	struct origin *o = b->origin;

	if (o->link != LINK_UP)
		return;
	fix_number(o, b, 0, NAME_BOARD_FAN_LEVEL, SOURCE_BOARD, 3);
	fix_number(o, b, 0, NAME_BOARD_FAN_MAX, SOURCE_BOARD, 6);
	fix_word(o, b, 0, NAME_BOARD_FIRMWARE, SOURCE_BOARD, "2.1.0");
	fix_word(o, b, 0, NAME_BOARD_MODEL, SOURCE_BOARD, "Turing Pi 2.5");
	fix_number(o, b, 0, NAME_BOARD_UPTIME, SOURCE_BOARD, 4101234);
	fix_number(o, b, 0, NAME_BOARD_LOAD, SOURCE_BOARD, 0.31);
	fix_unknown(o, b, 0, NAME_BOARD_WATTS, SOURCE_BOARD,
	    "This board has no power meter.");
	for (int i = 1; i <= b->slots; i++) {
		bool on = i < 4 || fourth_on;

		fix_word(o, b, i, NAME_POWER_STATE, SOURCE_BOARD,
		    on ? "on" : "off");
		fix_word(o, b, i, NAME_POWER_COMMANDED, SOURCE_BOARD,
		    on ? "on" : "off");
		fix_unknown(o, b, i, NAME_POWER_WATTS, SOURCE_BOARD,
		    "This board does not measure its nodes' power.");
		fix_word(o, b, i, NAME_LINK_STATE, SOURCE_BOARD,
		    on ? "up" : "down");
		if (on)
			fix_number(o, b, i, NAME_LINK_SPEED, SOURCE_BOARD,
			    1000);
	}
	origin_fresh(b, o);
}

static inline void
fix_poll_node(struct board *b, int slot, int seed, int step, bool pi5)
{
	struct origin *o = b->nodes[slot - 1]->inband;

	if (o == NULL || o->link != LINK_UP)
		return;
	fix_word(o, b, slot, NAME_POWER_STATE, SOURCE_NODE, "on");
	if (b->origin == NULL) {
		fix_word(o, b, slot, NAME_LINK_STATE, SOURCE_NODE, "up");
		fix_number(o, b, slot, NAME_LINK_SPEED, SOURCE_NODE,
		    seed % 5 == 3 ? 100 : 1000);
	}
	fix_number(o, b, slot, NAME_TEMP_SOC, SOURCE_NODE,
	    fix_temp(seed, step));
	fix_number(o, b, slot, NAME_LOAD_1M, SOURCE_NODE,
	    0.1 + seed % 7 * 0.21);
	fix_number(o, b, slot, NAME_UPTIME, SOURCE_NODE,
	    86400.0 * (seed * 5 % 40) + 7200 + step * 2);
	fix_number(o, b, slot, NAME_MEM_USED, SOURCE_NODE, 20 + seed * 9 % 60);
	fix_number(o, b, slot, NAME_CPU_COUNT, SOURCE_NODE, 4);
	fix_word(o, b, slot, NAME_HEALTH_THROTTLE, SOURCE_NODE, "none");
	fix_word(o, b, slot, NAME_NODE_MODEL, SOURCE_NODE,
	    pi5 ? "Raspberry Pi 5 Model B Rev 1.0"
		: "Raspberry Pi Compute Module 4 Rev 1.1");
	fix_word(o, b, slot, NAME_NODE_KERNEL, SOURCE_NODE,
	    "6.6.51+rpt-rpi-v8");
	if (pi5) {
		fix_number(o, b, slot, NAME_FAN_RPM, SOURCE_NODE,
		    2100 + seed * 37 % 900);
		fix_number(o, b, slot, NAME_POWER_WATTS, SOURCE_NODE,
		    3.2 + seed % 6 * 0.4);
		fix_number(o, b, slot, NAME_VOLTS_SUPPLY, SOURCE_NODE, 5.09);
	} else
		fix_unknown(o, b, slot, NAME_FAN_RPM, SOURCE_NODE,
		    "No fan driver is loaded on the node.");
	origin_fresh(b, o);
}

static inline void
fix_poll(struct model *m, int step)
{
	for (size_t i = 0; i < m->n_boards; i++) {
		struct board *b = m->boards[i];

		if (b->origin != NULL)
			fix_poll_board(b, i != 1);
		for (int s = 1; s <= b->slots; s++)
			fix_poll_node(b, s, (int)i * 4 + s, step,
			    b->origin == NULL && s > 8);
	}
}

static inline void
fix_up(struct model *m)
{
	for (size_t i = 0; i < m->n_boards; i++) {
		struct board *b = m->boards[i];

		if (b->origin != NULL) {
			origin_set_link(b, b->origin, LINK_UP, LINK_WHY_NONE,
			    "");
			b->origin->rtt_us = 4200;
		}
		for (int s = 0; s < b->slots; s++) {
			struct origin *o = b->nodes[s]->inband;

			if (o == NULL)
				continue;
			origin_set_link(b, o, LINK_UP, LINK_WHY_NONE, "");
			o->rtt_us = 2100;
		}
	}
}

/* Event times do not follow the wall clock of the day of the test. */
static inline void
fix_clock(struct model *m)
{
	for (size_t i = 0; i < m->n_events; i++)
		m->events[i].wall = 1795208652000 - (int64_t)(m->n_events - i) *
			61000;
}

/* Freezes the loop at a whole hour of its clock. */
static inline struct model *
fix_model(struct loop *l)
{
	struct model *m;

	loop_freeze(l);
	loop_advance(l, 7200000 - loop_now(l) % 3600000);
	m = model_new(l);
	str_copy(m->rack, sizeof m->rack, "homelab");
	m->power_budget_w = 180;
	return m;
}

static inline struct model *
fix_rack(struct loop *l)
{
	static const char *const a[] = { "web-a", "web-b", "db-a", "spare" };
	static const char *const b[] = { "cache", "queue", "build", NULL };
	struct model *m = fix_model(l);
	struct board *pis;

	fix_add_turing(m, "tp2-a", 12, a);
	fix_add_turing(m, "tp2-b", 11, b);
	pis = model_add_board(m, "pis", &fix_linux, 7, 1, 15);
	for (int i = 1; i <= 15; i++) {
		char name[16];

		str_format(name, sizeof name, "pi%02d", i);
		fix_node(pis, i, name, name);
	}
	fix_up(m);
	for (int step = 0; step < 75; step++) {
		loop_advance(l, 2000);
		fix_poll(m, step);
	}
	fix_clock(m);
	return m;
}

/* The same rack on a bad day. */
static inline struct model *
fix_troubled(struct loop *l)
{
	struct model *m = fix_rack(l);
	struct board *tp = m->boards[0], *pis = m->boards[2];
	struct origin *o;

	o = tp->nodes[2]->inband;
	fix_number(o, tp, 3, NAME_TEMP_SOC, SOURCE_NODE, 82.3);
	fix_word(o, tp, 3, NAME_HEALTH_THROTTLE, SOURCE_NODE,
	    "frequency capped, throttled");
	fix_number(o, tp, 3, NAME_LOAD_1M, SOURCE_NODE, 7.81);
	origin_fresh(tp, o);
	o = pis->nodes[5]->inband;
	origin_set_link(pis, o, LINK_LOST, LINK_WHY_SILENT,
	    "no answer for 4 s");
	o = pis->nodes[7]->inband;
	origin_set_link(pis, o, LINK_LOST, LINK_WHY_REFUSED,
	    "connection refused");
	o = pis->nodes[10]->inband;
	origin_stale(pis, o, "the probe took longer than 2 s");
	o = pis->nodes[12]->inband;
	fix_number(o, pis, 13, NAME_TEMP_SOC, SOURCE_NODE, 71.0);
	fix_word(o, pis, 13, NAME_LOCATE_STATE, SOURCE_NODE, "on");
	origin_fresh(pis, o);
	o = m->boards[1]->origin;
	origin_set_link(m->boards[1], o, LINK_LOST, LINK_WHY_TIMEOUT,
	    "no answer");
	loop_advance(l, 12000);
	o->retry_at = loop_now(l) + 8000;
	pis->nodes[5]->inband->retry_at = loop_now(l) + 3000;
	fix_clock(m);
	return m;
}

/* n Turing Pis of four nodes each, all well. */
static inline struct model *
fix_big(struct loop *l, int n)
{
	struct model *m = fix_model(l);

	for (int i = 0; i < n; i++) {
		char name[16], nodes[4][32];
		const char *names[4];

		str_format(name, sizeof name, "tp%03d", i + 1);
		for (int k = 0; k < 4; k++) {
			str_format(nodes[k], sizeof nodes[k], "n%d", i * 4 + k +
				1);
			names[k] = nodes[k];
		}
		fix_add_turing(m, name, n - i, names);
	}
	fix_up(m);
	for (int step = 0; step < 75; step++) {
		loop_advance(l, 2000);
		fix_poll(m, step);
	}
	fix_clock(m);
	return m;
}

#endif

/*
 * The demonstration: a rack worth looking at, in which something happens
 * about every half minute. All of it is made with the same faults that a
 * test uses, and the same seed gives the same story.
 */
#include "rackmux/sim/demo.h"

#include <stdlib.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

static const char rack_text[] =
    "rack: { name = \"homelab\"; units = 12; power_budget_w = 180.0; };\n"
    "boards = (\n"
    "  { name = \"tp2-a\"; type = \"turing-pi\"; unit = 12;\n"
    "    firmware = \"2.1.0\"; board = \"2.5\";\n"
    "    nodes = ({ slot = 1; name = \"web-a\"; model = \"rk1\";\n"
    "        talk = 4; capture = true; },\n"
    "      { slot = 2; name = \"web-b\"; model = \"rk1\"; },\n"
    "      { slot = 3; name = \"db-a\"; model = \"cm4\";\n"
    "        talk = 7; capture = true; },\n"
    "      { slot = 4; name = \"spare\"; model = \"cm4\"; }); },\n"
    "  { name = \"tp2-b\"; type = \"turing-pi\"; unit = 11;\n"
    "    firmware = \"2.0.5\"; board = \"2.4\";\n"
    "    nodes = ({ slot = 1; name = \"ci-1\"; model = \"cm4\"; talk = 5; },\n"
    "      { slot = 2; name = \"ci-2\"; model = \"cm4\"; },\n"
    "      { slot = 3; name = \"cache\"; model = \"cm4\";\n"
    "        inband = false; },\n"
    "      { slot = 4; model = \"none\"; on = false; }); },\n"
    "  { name = \"tp2-c\"; type = \"turing-pi\"; unit = 10;\n"
    "    firmware = \"2.1.0\"; board = \"2.4\"; fan = true;\n"
    "    ssh = false; serial = true;\n"
    "    nodes = ({ slot = 1; name = \"lab-1\"; model = \"rk1\"; },\n"
    "      { slot = 2; name = \"lab-2\"; model = \"cm4\"; on = false; }); "
    "},\n"
    "  { name = \"cb\"; type = \"compute-blade\"; unit = 9; slots = 10;\n"
    "    config_fixed = true;\n"
    "    nodes = ({ slot = 1; name = \"b01\"; model = \"cm5\";\n"
    "        feed = \"poe/1\"; },\n"
    "      { slot = 2; name = \"b02\"; model = \"cm5\";\n"
    "        feed = \"poe/2\"; },\n"
    "      { slot = 3; name = \"b03\";\n"
    "        feed = \"poe/3\"; },\n"
    "      { slot = 4; name = \"b04\";\n"
    "        feed = \"poe/4\"; },\n"
    "      { slot = 5; name = \"b05\";\n"
    "        feed = \"poe/5\"; },\n"
    "      { slot = 6; name = \"b06\"; config_fixed = false;\n"
    "        feed = \"poe/6\"; },\n"
    "      { slot = 7; name = \"b07\"; agent = \"0.9.1\";\n"
    "        feed = \"poe/7\"; },\n"
    "      { slot = 8; name = \"b08\"; agent = \"0.6.6\";\n"
    "        feed = \"poe/8\"; },\n"
    "      { slot = 9; name = \"b09\"; model = \"cm5\";\n"
    "        feed = \"poe/9\"; },\n"
    "      { slot = 10; name = \"b10\";\n"
    "        feed = \"poe/10\"; }); },\n"
    "  { name = \"mini\"; type = \"mini-cm4\"; unit = 8;\n"
    "    nodes = ({ slot = 1; name = \"m1\"; },\n"
    "      { slot = 2; name = \"m2\"; }, { slot = 3; name = \"m3\"; },\n"
    "      { slot = 4; name = \"m4\"; on = false; }); },\n"
    "  { name = \"pis\"; type = \"linux\"; unit = 7; slots = 15;\n"
    "    nodes = ({ slot = 1; name = \"pi01\"; model = \"pi4\";\n"
    "        console = \"usb\"; talk = 3; capture = true;\n"
    "        feed = \"mt/1\"; },\n"
    "      { slot = 2; name = \"pi02\"; model = \"pi4\";\n"
    "        console = \"usb\"; talk = 8;\n"
    "        feed = \"mt/2\"; },\n"
    "      { slot = 3; name = \"pi03\"; model = \"pi5\";\n"
    "        console = \"telnet\"; talk = 5;\n"
    "        feed = \"mt/3\"; },\n"
    "      { slot = 4; name = \"pi04\"; model = \"pi4\";\n"
    "        console = \"tcp\"; talk = 6;\n"
    "        feed = \"mt/4\"; },\n"
    "      { slot = 5; name = \"pi05\"; model = \"pi5\";\n"
    "        feed = \"mt/5\"; },\n"
    "      { slot = 6; name = \"pi06\"; model = \"pi4\";\n"
    "        feed = \"mt/6\"; },\n"
    "      { slot = 7; name = \"pi07\"; model = \"ubuntu\";\n"
    "        feed = \"mt/7\"; },\n"
    "      { slot = 8; name = \"pi08\"; model = \"pi4\";\n"
    "        feed = \"mt/8\"; },\n"
    "      { slot = 9; name = \"pi09\"; model = \"pi4\"; },\n"
    "      { slot = 10; name = \"pi10\"; model = \"pi5\"; },\n"
    "      { slot = 11; name = \"pi11\"; model = \"pi4\"; },\n"
    "      { slot = 12; name = \"pi12\"; model = \"ubuntu\"; },\n"
    "      { slot = 13; name = \"pi13\"; model = \"pi4\"; },\n"
    "      { slot = 14; name = \"pi14\"; model = \"pi5\"; },\n"
    "      { slot = 15; name = \"pi15\"; model = \"pi4\"; }); },\n"
    "  { name = \"box\"; type = \"cluster-box\"; unit = 6;\n"
    "    nodes = ({ slot = 1; name = \"k1\"; talk = 5; },\n"
    "      { slot = 2; name = \"k2\"; },\n"
    "      { slot = 3; name = \"k3\"; on = false; }); },\n"
    "  { name = \"hat\"; type = \"clusterhat\"; unit = 5;\n"
    "    nodes = ({ slot = 1; name = \"z1\"; talk = 9; },\n"
    "      { slot = 2; name = \"z2\"; },\n"
    "      { slot = 3; name = \"z3\"; on = false; }); },\n"
    "  { name = \"poe\"; type = \"unifi\"; slots = 16; budget_w = 150; },\n"
    "  { name = \"mt\"; type = \"routeros\"; slots = 8; }\n"
    ");\n";

/* What happens, and when again. */
static const struct event {
	const char *target; /* NULL: any one of the Pis */
	enum fault_kind kind; /* FAULT_COUNT: a reboot, FAULT_REPLUG: fan */
	double arg, first, every, lasts;
} events[] = {
	{ "db-a", FAULT_HOT, 86, 8, 150, 55 },
	{ "b03", FAULT_BUTTON, 0, 20, 45, 0 },
	{ "pi12", FAULT_CABLE, 0, 30, 240, 60 },
	{ "web-b", FAULT_COUNT, 0, 45, 210, 0 },
	{ "tp2-a", FAULT_REPLUG, 0, 60, 90, 0 },
	{ NULL, FAULT_BROWNOUT, 4.62, 75, 200, 20 },
	{ NULL, FAULT_COUNT, 0, 100, 170, 0 },
	{ "b04", FAULT_AGENTHUNG, 0, 115, 240, 35 },
	{ NULL, FAULT_POWER, 0, 130, 260, 40 },
	{ "cache", FAULT_PANIC, 0, 160, 300, 45 },
	{ "b10", FAULT_STALESOCKET, 0, 175, 300, 40 },
	{ NULL, FAULT_DROP, 0, 190, 280, 25 },
};

struct demo {
	struct rack *rack;
	struct happening {
		struct demo *demo;
		const struct event *event;
		struct timer *timer;
		char target[32];
		bool on;
	} all[ARRAY_LEN(events)];
};

const char *
demo_rack(void)
{
	return rack_text;
}

void
demo_many(struct rack *r, int n)
{
	static const char *const models[] = { "pi4", "pi5", "ubuntu", "pi4" };
	char name[32];
	int i;

	for (i = 0; i < n; i++) {
		struct sim_board *b;

		str_format(name, sizeof(name), "b%03d", i + 1);
		b = rack_add(r, name, personality_find("linux"), 1);
		str_format(
		    b->nodes[0].name, sizeof(b->nodes[0].name), "n%03d", i + 1);
		b->nodes[0].model = node_model_find(models[i % 4]);
		b->nodes[0].inband = true;
		b->nodes[0].intent = true;
	}
}

static void
choose(struct happening *h)
{
	if (h->event->target != NULL)
		str_copy(h->target, sizeof(h->target), h->event->target);
	else
		str_format(h->target, sizeof(h->target), "pis/%d",
		    1 + (int)(rack_random(h->demo->rack) % 15));
}

static void
on_event(void *arg)
{
	struct happening *h = arg;
	const struct event *e = h->event;
	struct rack *r = h->demo->rack;
	struct sim_node *n;
	struct sim_board *b;

	if (h->on) {
		h->on = false;
		(void)fault_apply(r, h->target, e->kind, false, 0);
		timer_start(h->timer, (uint64_t)((e->every - e->lasts) * 1000));
		return;
	}
	choose(h);
	if (e->kind == FAULT_COUNT) {
		if ((n = rack_node(r, h->target)) != NULL)
			node_stop(n, true);
	} else if (e->kind == FAULT_REPLUG) {
		if ((b = rack_board(r, h->target)) != NULL)
			b->tp.fan = 2 + (int)(rack_random(r) % 4);
	} else {
		h->on = true;
		(void)fault_apply(r, h->target, e->kind, true, e->arg);
		timer_start(h->timer, (uint64_t)(e->lasts * 1000));
		return;
	}
	timer_start(h->timer, (uint64_t)(e->every * 1000));
}

struct demo *
demo_new(struct rack *r)
{
	struct demo *d = mem_alloc(sizeof(*d));
	size_t i;

	d->rack = r;
	for (i = 0; i < ARRAY_LEN(events); i++) {
		struct happening *h = &d->all[i];

		h->demo = d;
		h->event = &events[i];
		h->timer = timer_new(r->loop, on_event, h);
		timer_start(h->timer, (uint64_t)(h->event->first * 1000));
	}
	return d;
}

void
demo_free(struct demo *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < ARRAY_LEN(events); i++)
		timer_free(d->all[i].timer);
	free(d);
}

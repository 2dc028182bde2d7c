/* The same console in two processes: the second reads along, takes it over
 * knowingly, and gets it when the first has gone. */
#include "console_fix.h"

#include "rackmux/console/bus.h"

struct pair {
	struct cfix a, b;
	struct bus *bus_a, *bus_b;
};

#define BOTH(p, cond) \
	do { \
		time_t end_ = time(NULL) + 20; \
		while (!(cond) && time(NULL) < end_) { \
			loop_turn((p)->a.loop, 2); \
			loop_turn((p)->b.loop, 2); \
			loop_advance((p)->a.loop, 5); \
			loop_advance((p)->b.loop, 5); \
		} \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "never: %s (%s; %s)", \
			    #cond, console_why((p)->a.console), \
			    console_why((p)->b.console)); \
	} while (0)

/* Process a has the console open; b looks at it too. */
static void
pair_new(struct pair *p)
{
	char dir[300];

	memset(p, 0, sizeof *p);
	cfix_new(&p->a, NULL);
	cfix_new(&p->b, far_echo());
	str_format(dir, sizeof dir, "%s/bus", test_dir());
	p->bus_a = bus_new(p->a.loop, dir, "dashboard");
	p->bus_b = bus_new(p->b.loop, dir, "console tp2-a/1");
	consoles_set_bus(p->a.set, p->bus_a);
	consoles_set_bus(p->b.set, p->bus_b);
	cfix_console(&p->a, "tp2-a/1", true);
	cfix_route(&p->a, p->a.console, p->a.link);
	link_start(p->a.link);
	cfix_console(&p->b, "tp2-a/1", false);
	BOTH(p, IS_STATE(&p->a, OPEN));
	far_say(&p->a, "before it joined\r\n");
	BOTH(p, console_bytes(p->a.console) == 18);
	p->b.viewer = console_look(p->b.console, &cfix_viewer, &p->b);
	cfix_route(&p->b, p->b.console, p->b.link);
	link_start(p->b.link);
	BOTH(p, IS_STATE(&p->b, JOINED));
}

static void
pair_free(struct pair *p)
{
	consoles_set_bus(p->a.set, NULL);
	consoles_set_bus(p->b.set, NULL);
	bus_free(p->bus_b);
	bus_free(p->bus_a);
	cfix_free(&p->b);
	cfix_free(&p->a);
}

TEST(the_second_reads_along)
{
	struct pair p;

	pair_new(&p);
	BOTH(&p, on_screen(p.b.console, "before it joined") == 1);
	CHECK(strstr(console_why(p.b.console), "dashboard"));
	CHECK(strstr(console_typist(p.b.console), ", pid "));
	CHECK_STR(console_typist(p.a.console), "");
	CHECK_INT(console_type(p.b.console, "x", 1), -EROFS);
	CHECK(strlen(console_why_not(p.b.console, -EROFS)) > 10);
	/* Its own link is not even asked for, and it writes no log. */
	CHECK(!p.b.wanted);
	CHECK(console_logging(p.a.console));
	CHECK(!console_logging(p.b.console));
	far_say(&p.a, "and after\r\n");
	BOTH(&p, on_screen(p.b.console, "and after") == 1);
	CHECK_STR(buf_str(&p.b.got), "and after\r\n");
	console_resize(p.a.console, 30, 100);
	BOTH(&p, vt_cols(console_vt(p.b.console)) == 100);
	console_resize(p.b.console, 10, 20);
	CHECK_INT(vt_cols(console_vt(p.b.console)), 100);
	pair_free(&p);
}

TEST(gaps_are_told_to_those_who_read_along)
{
	struct pair p;

	pair_new(&p);
	BOTH(&p, on_screen(p.b.console, "before it joined") == 1);
	link_stop(p.a.link);
	BOTH(&p, IS_STATE(&p.a, WAITING));
	loop_advance(p.a.loop, 3000);
	far_new(&p.a);
	link_start(p.a.link);
	BOTH(&p, IS_STATE(&p.a, OPEN));
	BOTH(&p, on_screen(p.b.console, "-- gap of 3.") == 1);
	CHECK(strstr(buf_str(&p.b.notes), ": the link was lost\n"));
	pair_free(&p);
}

TEST(taking_over_is_knowingly)
{
	struct pair p;

	pair_new(&p);
	console_take_over(p.b.console);
	BOTH(&p, IS_STATE(&p.b, OPEN));
	BOTH(&p, IS_STATE(&p.a, JOINED));
	CHECK(p.b.wanted);
	BOTH(&p, !p.a.wanted);
	BOTH(&p, console_bytes(p.b.console) >= 1);
	CHECK_INT(console_type(p.a.console, "x", 1), -EROFS);
	CHECK_INT(console_type(p.b.console, "typed", 5), 0);
	/* Its far end says what was typed. */
	BOTH(&p, on_screen(p.b.console, "typed") == 1);
	BOTH(&p, on_screen(p.a.console, "typed") == 1);
	CHECK(!console_logging(p.a.console));
	/* And it comes back when the other lets go. */
	far_new(&p.a);
	console_unlook(p.b.viewer);
	BOTH(&p, IS_STATE(&p.b, IDLE));
	BOTH(&p, IS_STATE(&p.a, OPEN));
	CHECK(console_logging(p.a.console));
	pair_free(&p);
}

/* Without sharing everything works, alone. */
TEST(the_bus_may_go)
{
	struct pair p;

	pair_new(&p);
	consoles_set_bus(p.b.set, NULL);
	BOTH(&p, IS_STATE(&p.b, OPEN));
	consoles_set_bus(p.a.set, NULL);
	BOTH(&p, IS_STATE(&p.a, OPEN));
	far_say(&p.a, "alone");
	BOTH(&p, on_screen(p.a.console, "alone") == 1);
	pair_free(&p);
}

#include <math.h>
#include <string.h>

#include "../lib/test.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/spark.h"

static char out[64];

TEST(seconds_never_take_more_than_four_columns)
{
	CHECK_STR(human_seconds(42, out, sizeof out), "42s");
	CHECK_STR(human_seconds(99.9, out, sizeof out), "99s");
	CHECK_STR(human_seconds(100, out, sizeof out), "1m");
	CHECK_STR(human_seconds(7200, out, sizeof out), "2h");
	CHECK_STR(human_seconds(86400 * 12.0, out, sizeof out), "12d");
	CHECK_STR(human_seconds(-5, out, sizeof out), "0s");
	CHECK_STR(human_seconds(NAN, out, sizeof out), "0s");
	for (double s = 1; s < 1e12; s *= 1.07)
		CHECK(strlen(human_seconds(s, out, sizeof out)) <= 4);
}

TEST(speeds)
{
	CHECK_STR(human_speed(10, out, sizeof out), "10M");
	CHECK_STR(human_speed(1000, out, sizeof out), "1G");
	CHECK_STR(human_speed(2500, out, sizeof out), "2.5G");
	CHECK_STR(human_speed(10000, out, sizeof out), "10G");
	for (double s = 1; s < 1e9; s *= 1.3)
		CHECK(strlen(human_speed(s, out, sizeof out)) <= 4);
}

TEST(loads)
{
	CHECK_STR(human_load(0.424, out, sizeof out), "0.42");
	CHECK_STR(human_load(9.999, out, sizeof out), "10.0");
	CHECK_STR(human_load(128.4, out, sizeof out), "128");
	for (double s = 0.001; s < 1e9; s *= 1.3)
		CHECK(strlen(human_load(s, out, sizeof out)) <= 4);
}

TEST(round_trips)
{
	CHECK_STR(human_rtt(4200, out, sizeof out), "4 ms");
	CHECK_STR(human_rtt(320, out, sizeof out), "0.3 ms");
	CHECK_STR(human_rtt(1200000, out, sizeof out), "1.2 s");
}

TEST(a_scale_does_not_move_with_each_sample)
{
	float a[] = { 48, 49, 51 }, b[] = { 48.4f, 49, 52 };
	struct scale x = scale_of(a, 3, 5, 20), y = scale_of(b, 3, 5, 20);

	CHECK(fabs(x.lo - 45) < 0.001 && fabs(x.hi - 65) < 0.001);
	CHECK(fabs(x.lo - y.lo) < 0.001 && fabs(x.hi - y.hi) < 0.001);
	a[0] = NAN;
	a[1] = NAN;
	a[2] = NAN;
	x = scale_of(a, 3, 5, 20);
	CHECK(x.hi > x.lo);
}

TEST(sparks_rise_and_leave_gaps)
{
	float v[] = { 0, 5, 10, NAN, 30, 30, 0, 30 };
	struct canvas c;
	const struct style st = { ROLE_TEXT, 0 };

	canvas_init(&c);
	canvas_resize(&c, 6, 1);
	spark_draw(&c, rect_of(0, 0, 6, 1), st, v, 8, (struct scale){ 0, 30 });
	CHECK(c.cells[0].cp == ' ' && c.cells[1].cp == ' ');
	CHECK(c.cells[2].cp == (0x2800 | 0x40 | 0xa0));
	CHECK(c.cells[3].cp == (0x2800 | 0x44));
	CHECK(c.cells[4].cp == (0x2800 | 0x47 | 0xb8));
	CHECK(c.cells[5].cp == (0x2800 | 0x40 | 0xb8));
	canvas_release(&c);
}

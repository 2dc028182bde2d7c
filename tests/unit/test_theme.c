#include "rackmux/ui/theme.h"

#include <string.h>

#include "../lib/test.h"
#include "rackmux/ui/canvas.h"

TEST(every_role_has_its_own_letter_and_name)
{
	for (int a = 0; a < ROLE_COUNT; a++) {
		CHECK_INT(theme_role_find(theme_role_name((enum role)a)), a);
		for (int b = a + 1; b < ROLE_COUNT; b++)
			CHECK(theme_role_letter((enum role)a) !=
			    theme_role_letter((enum role)b));
	}
	CHECK_INT(theme_role_find("nonsense"), ROLE_COUNT);
}

TEST(colours_are_read)
{
	int32_t c;

	CHECK(theme_colour("#ff8000", &c) && c == (COLOUR_RGB | 0xff8000));
	CHECK(theme_colour("#FF80aA", &c) && c == (COLOUR_RGB | 0xff80aa));
	CHECK(theme_colour("red", &c) && c == 1);
	CHECK(theme_colour("bright-red", &c) && c == 9);
	CHECK(theme_colour("default", &c) && c == COLOUR_DEFAULT);
	CHECK(theme_colour("208", &c) && c == 208);
	CHECK(theme_colour("grey", &c) && c == 8);
	CHECK(!theme_colour("256", &c));
	CHECK(!theme_colour("-1", &c));
	CHECK(!theme_colour("#ff80", &c));
	CHECK(!theme_colour("#ff80zz", &c));
	CHECK(!theme_colour("", &c));
	CHECK(!theme_colour("bright-", &c));
	CHECK(!theme_colour("reddish", &c));
}

TEST(builtin_themes_are_there)
{
	CHECK(theme_builtin("default") != NULL);
	CHECK(theme_builtin("high-contrast") != NULL);
	CHECK(theme_builtin("mono") != NULL);
	CHECK(theme_builtin("nonsense") == NULL);
}

/* Whatever the terminal can do, what is drawn can be seen. */
TEST(no_look_is_invisible_and_none_exceeds_the_depth)
{
	static const char *const names[] = { "default", "high-contrast",
		"mono" };
	static const int limits[] = { 0, 8, 16, 256, 0 };
	static const uint8_t grounds[] = { 0, STYLE_ON_SELECTED, STYLE_ON_BAR,
		STYLE_ON_POPUP };

	for (int t = 0; t < 3; t++)
		for (int d = DEPTH_MONO; d <= DEPTH_RGB; d++)
			for (int r = 0; r < ROLE_COUNT; r++)
				for (int g = 0; g < 4; g++) {
					struct look l =
					    theme_look(theme_builtin(names[t]),
						(enum role)r, grounds[g],
						(enum colour_depth)d);

					CHECK(l.fg == COLOUR_DEFAULT ||
					    l.fg != l.bg);
					CHECK((l.flags & 0xe0) == 0);
					if (d == DEPTH_RGB)
						continue;
					CHECK(l.fg < limits[d]);
					CHECK(l.bg < limits[d]);
				}
}

TEST(selection_keeps_the_colour_of_what_it_covers)
{
	const struct theme *t = theme_builtin("default");
	struct look hot =
	    theme_look(t, ROLE_CRITICAL, STYLE_ON_SELECTED, DEPTH_RGB);

	CHECK_INT(hot.fg, t->roles[ROLE_CRITICAL].fg);
	CHECK_INT(hot.bg, t->roles[ROLE_SELECTED].bg);
	hot = theme_look(t, ROLE_TEXT, STYLE_ON_SELECTED, DEPTH_RGB);
	CHECK_INT(hot.fg, t->roles[ROLE_SELECTED].fg);
	hot = theme_look(t, ROLE_TEXT, STYLE_ON_SELECTED, DEPTH_MONO);
	CHECK(hot.flags & STYLE_REVERSE);
}

TEST(states_differ_without_colour)
{
	const struct theme *t = theme_builtin("default");
	struct look a = theme_look(t, ROLE_CRITICAL, 0, DEPTH_MONO);
	struct look b = theme_look(t, ROLE_COOL, 0, DEPTH_MONO);

	CHECK(a.flags != b.flags);
	CHECK_INT(a.fg, COLOUR_DEFAULT);
}

TEST(nearest_colours)
{
	CHECK_INT(colour_nearest(COLOUR_RGB | 0xff0000, DEPTH_256), 196);
	CHECK_INT(colour_nearest(COLOUR_RGB | 0xff0000, DEPTH_16), 9);
	CHECK_INT(colour_nearest(COLOUR_RGB | 0x808080, DEPTH_256), 244);
	CHECK_INT(colour_nearest(12, DEPTH_8), 4);
	CHECK_INT(colour_nearest(12, DEPTH_16), 12);
	CHECK_INT(colour_nearest(196, DEPTH_256), 196);
	CHECK_INT(colour_nearest(196, DEPTH_16), 9);
	CHECK_INT(colour_nearest(196, DEPTH_MONO), COLOUR_DEFAULT);
}

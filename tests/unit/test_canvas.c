#include "rackmux/ui/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/test.h"

static const struct style plain = { ROLE_TEXT, 0 };

/* Row y as text, up to the first cell that was never drawn is all of it. */
static const char *
row(const struct canvas *c, int y)
{
	static char line[512];
	char *dump = canvas_dump(c), *at = strchr(dump, '\n') + 1;

	while (y-- > 0)
		at = strchr(at, '\n') + 1;
	*strchr(at, '\n') = '\0';
	memcpy(line, at, strlen(at) + 1);
	free(dump);
	return line;
}

static struct canvas
canvas_of(int w, int h)
{
	struct canvas c;

	canvas_init(&c);
	canvas_resize(&c, w, h);
	return c;
}

TEST(text_is_clipped_on_every_side)
{
	struct canvas c = canvas_of(5, 2);

	canvas_text(&c, 3, 0, 10, plain, "abc");
	CHECK_STR(row(&c, 0), "   ab");
	canvas_text(&c, -1, 1, 10, plain, "xyz");
	CHECK_STR(row(&c, 1), "yz");
	canvas_text(&c, 0, -1, 10, plain, "no");
	canvas_text(&c, 0, 2, 10, plain, "no");
	canvas_fill(&c, rect_of(-3, -3, 100, 100), plain, '#');
	CHECK_STR(row(&c, 1), "#####");
	canvas_release(&c);
}

TEST(text_stops_at_cols)
{
	struct canvas c = canvas_of(10, 1);

	CHECK_INT(canvas_text(&c, 0, 0, 3, plain, "abcdef"), 3);
	CHECK_STR(row(&c, 0), "abc");
	canvas_right(&c, 0, 0, 8, plain, "12");
	CHECK_STR(row(&c, 0), "abc   12");
	canvas_release(&c);
}

TEST(no_control_byte_reaches_a_cell)
{
	struct canvas c = canvas_of(20, 1);

	canvas_text(&c, 0, 0, 20, plain, "a\033[2J\rb\nc\342\200\256d");
	for (int x = 0; x < 20; x++) {
		uint32_t cp = c.cells[x].cp;

		CHECK(cp >= 0x20 && cp != 0x7f && cp != 0x202e);
	}
	canvas_put(&c, 0, 0, plain, 7);
	CHECK(c.cells[0].cp == 0xfffd);
	canvas_release(&c);
}

TEST(half_a_wide_character_is_never_left)
{
	struct canvas c = canvas_of(6, 1);

	canvas_text(&c, 0, 0, 6, plain, "\346\274\242\346\274\242");
	CHECK(c.cells[1].cp == 0 && c.cells[3].cp == 0);
	canvas_put(&c, 1, 0, plain, 'x');
	CHECK(c.cells[0].cp == ' ' && c.cells[1].cp == 'x');
	canvas_put(&c, 2, 0, plain, 'y');
	CHECK(c.cells[3].cp == ' ');
	CHECK_INT(canvas_text(&c, 0, 0, 1, plain, "\346\274\242"), 0);
	canvas_put(&c, 5, 0, plain, 0x6f22);
	CHECK(c.cells[5].cp == ' ');
	canvas_release(&c);
}

TEST(marks_stay_with_their_base)
{
	struct canvas c = canvas_of(4, 1);

	CHECK_INT(canvas_text(&c, 0, 0, 4, plain, "e\314\201x"), 2);
	CHECK(c.cells[0].marks[0] == 0x301);
	CHECK(c.cells[1].cp == 'x');
	canvas_release(&c);
}

TEST(ascii_stand_ins_are_ascii)
{
	struct canvas c = canvas_of(40, 3);

	c.ascii = true;
	canvas_frame(&c, rect_of(0, 0, 5, 3), plain);
	canvas_text(&c, 5, 1, 30, plain,
	    "\342\227\217\342\227\213 48.2 \302\260C 7\302\260 \342\243\277 "
	    "\346\274\242");
	for (int i = 0; i < 40 * 3; i++)
		CHECK(c.cells[i].cp >= 0x20 && c.cells[i].cp < 0x7f);
	CHECK_STR(row(&c, 1), "|   |*o 48.2 C 7C # ?");
	CHECK_STR(row(&c, 0), "+---+");
	canvas_release(&c);
}

TEST(a_canvas_of_no_cells_may_be_cleared)
{
	struct canvas c;

	canvas_init(&c);
	canvas_resize(&c, 0, 0);
	CHECK(c.cells != NULL);
	canvas_text(&c, 0, 0, 4, plain, "x");
	canvas_release(&c);
}

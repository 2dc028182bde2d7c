#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/vt.h"
#include "test.h"

/* What is squeezed is the same when it is looked at; and it is small. */

#define LINES 3000

/* Plain, coloured, wide and long lines in turn; noise is what no squeezing
 * makes smaller. */
static void
feed_lines(struct vt *vt, int n, bool noise)
{
	char line[400];
	unsigned x = 12345;

	for (int i = 0; i < n; i++) {
		size_t len;

		if (noise) {
			for (len = 0; len < 70; len++) {
				x = x * 1103515245u + 12345u;
				line[len] = (char)('!' + (x >> 16) % 94);
			}
			line[len] = '\0';
		} else if (i % 50 == 7) {
			str_format(line, sizeof line, "%d:%0200d", i, i);
		} else if (i % 5 == 1) {
			str_format(line, sizeof line,
			    "\033[3%dm%d \xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81"
			    "\033[48;2;1;2;%dm end\033[m",
			    i % 8, i, i % 256);
		} else {
			str_format(line, sizeof line,
			    "[%6d.%03d] usb 1-1.%d: a new device, number %d",
			    i / 3, i % 1000, i % 4, i);
		}
		vt_feed(vt, line, strlen(line));
		vt_feed(vt, "\r\n", 2);
	}
}

static struct vt *
filled(size_t keep, bool noise)
{
	struct vt *vt = vt_new(24, 80, LINES);

	vt_keep_plain(keep);
	feed_lines(vt, LINES + 500, noise);
	return vt;
}

static void
check_cell(const struct vt_cell *a, const struct vt_cell *b)
{
	CHECK_INT(b->cp, a->cp);
	CHECK_INT(b->width, a->width);
	CHECK(memcmp(a->marks, b->marks, sizeof a->marks) == 0);
	CHECK_INT(b->style.fg, a->style.fg);
	CHECK_INT(b->style.bg, a->style.bg);
	CHECK_INT(b->style.attrs, a->style.attrs);
}

static void
check_same(const struct vt *a, const struct vt *b, unsigned step)
{
	static struct vt_cell x[VT_COLS_MAX], y[VT_COLS_MAX];
	unsigned lines = vt_lines(a);

	CHECK_INT(vt_lines(b), lines);
	CHECK_INT(vt_first(b), vt_first(a));
	for (unsigned k = 0; k < lines; k++) {
		/* In an order that the cache does not like. */
		unsigned i = k * step % lines;
		bool wx, wy;
		int n = vt_line(a, i, x, VT_COLS_MAX, &wx);

		CHECK_INT(vt_line(b, i, y, VT_COLS_MAX, &wy), n);
		CHECK_INT(wx, wy);
		for (int c = 0; c < n; c++)
			check_cell(&x[c], &y[c]);
	}
}

/* At any size, also where the screen takes lines back. */
static void
check_resized(struct vt *a, struct vt *b, size_t keep)
{
	static const int size[][2] = { { 24, 120 }, { 300, 120 }, { 24, 30 },
		{ 400, 30 }, { 5, 80 }, { 6, 81 }, { 24, 80 } };

	for (unsigned i = 0; i < ARRAY_LEN(size); i++) {
		vt_keep_plain(SIZE_MAX / 2);
		vt_resize(a, size[i][0], size[i][1]);
		vt_keep_plain(keep);
		vt_resize(b, size[i][0], size[i][1]);
		check_same(a, b, 1);
		feed_lines(a, 3, false);
		feed_lines(b, 3, false);
	}
	check_same(a, b, 1);
}

TEST(squeezed_lines_are_what_they_were)
{
	struct vt *plain = filled(SIZE_MAX / 2, false);
	struct vt *small = filled(0, false);

	CHECK(vt_memory(small) < vt_memory(plain) / 3);
	check_same(plain, small, 1);
	check_same(plain, small, 1009);
	check_resized(plain, small, 0);
	vt_free(plain);
	vt_free(small);
}

TEST(some_may_be_squeezed_and_some_not)
{
	struct vt *plain = filled(SIZE_MAX / 2, false);
	size_t whole = vt_memory(plain);
	struct vt *some = filled(whole + 30000, false);

	CHECK(vt_memory(some) < whole * 2 / 3);
	CHECK(vt_memory(some) > whole * 2 / 5);
	check_same(plain, some, 1009);
	check_resized(plain, some, whole + 30000);
	vt_free(plain);
	vt_free(some);
}

TEST(noise_stays_as_it_is)
{
	struct vt *plain = filled(SIZE_MAX / 2, true);
	struct vt *noise = filled(0, true);

	CHECK(vt_memory(noise) < vt_memory(plain) + 20000);
	CHECK(vt_memory(noise) > vt_memory(plain) - 20000);
	check_same(plain, noise, 1);
	check_resized(plain, noise, 0);
	vt_free(plain);
	vt_free(noise);
}

/* However blocks go, they are no longer counted. */
TEST(what_went_makes_room_for_plain_lines)
{
	size_t keep = 200000, first, last = 0;
	struct vt *vt = filled(keep, false);

	first = vt_memory(vt);
	vt_free(vt);
	for (int i = 0; i < 24; i++) {
		vt = filled(keep, false);
		last = vt_memory(vt);
		vt_resize(vt, 200, 40);
		vt_resize(vt, 24, 80);
		feed_lines(vt, 1000, i % 2 == 0);
		if (i % 3 == 0)
			vt_clear_scrollback(vt);
		feed_lines(vt, 200, false);
		vt_free(vt);
	}
	CHECK_INT(last, first);
	CHECK(first > 150000);
}

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/console/vt.h"
#include "test.h"

/* What the documents of DEC and xterm say is tests/conformance; here is what
 * is our own: counts, scrollback, resizing, and that nothing breaks it. */

static struct vt *
fed(int rows, int cols, unsigned lines, const char *s)
{
	struct vt *vt = vt_new(rows, cols, lines);

	vt_feed(vt, s, strlen(s));
	return vt;
}

static void
more(struct vt *vt, const char *s)
{
	vt_feed(vt, s, strlen(s));
}

/* All lines, each ended by '|' or, when it wraps, by '\'. */
static const char *
shown(const struct vt *vt)
{
	static char out[4096];
	size_t n = 0;

	for (unsigned i = 0; i < vt_lines(vt); i++) {
		struct vt_cell cells[VT_COLS_MAX];
		bool wrapped;

		vt_line(vt, i, cells, VT_COLS_MAX, &wrapped);
		n += vt_text(vt, i, out + n, sizeof out - n);
		out[n++] = wrapped ? '\\' : '|';
	}
	out[n] = '\0';
	return out;
}

static void
check_cursor(const struct vt *vt, int row, int col)
{
	int y, x;

	vt_cursor(vt, &y, &x);
	CHECK_INT(y, row);
	CHECK_INT(x, col);
}

TEST(lines_scroll_into_the_scrollback)
{
	struct vt *vt = fed(2, 10, 3, "1\r\n2\r\n3\r\n4");

	CHECK_STR(shown(vt), "1|2|3|4|");
	CHECK_INT(vt_first(vt), 0);
	more(vt, "\r\n5\r\n6");
	CHECK_STR(shown(vt), "2|3|4|5|6|");
	CHECK_INT(vt_first(vt), 1);
	vt_clear_scrollback(vt);
	CHECK_STR(shown(vt), "5|6|");
	CHECK_INT(vt_first(vt), 4);
	vt_free(vt);
}

TEST(resizing_joins_and_splits_what_wrapped)
{
	struct vt *vt = fed(3, 10, 100, "0123456789abcde\r\nxy\r\n$ ");

	CHECK_STR(shown(vt), "0123456789\\abcde|xy|$|");
	vt_resize(vt, 3, 5);
	CHECK_STR(shown(vt), "01234\\56789\\abcde|xy|$|");
	check_cursor(vt, 2, 2);
	vt_resize(vt, 3, 20);
	CHECK_STR(shown(vt), "0123456789abcde|xy|$|");
	check_cursor(vt, 2, 2);
	vt_resize(vt, 3, 10);
	CHECK_STR(shown(vt), "0123456789\\abcde|xy|$|");
	vt_free(vt);
}

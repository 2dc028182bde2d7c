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

TEST(ten_thousand_lines_of_a_log_are_small)
{
	struct vt *vt = vt_new(24, 80, 10000);
	char line[82];

	for (int i = 0; i < 10100; i++) {
		for (int k = 0; k < 79; k++)
			line[k] = (char)('!' + (i * 7 + k * 3) % 90);
		line[79] = '\r';
		line[80] = '\n';
		vt_feed(vt, line, 81);
	}
	CHECK_INT(vt_lines(vt), 10024);
	CHECK(vt_memory(vt) < 950000);
	vt_free(vt);
}

TEST(a_row_changes_alone)
{
	struct vt *vt = fed(4, 20, 0, "a\r\nb\r\nc");
	unsigned long long was[4], all = vt_changes(vt);

	for (int i = 0; i < 4; i++)
		was[i] = vt_row_changes(vt, i);
	more(vt, "\033[2;5Hx");
	CHECK(vt_changes(vt) != all);
	for (int i = 0; i < 4; i++)
		CHECK((vt_row_changes(vt, i) != was[i]) == (i == 1));
	all = vt_changes(vt);
	more(vt, "\033[0m\033[?2004h\007");
	CHECK(vt_changes(vt) == all);
	more(vt, "\033[H");
	CHECK(vt_changes(vt) != all);
	vt_free(vt);
}

TEST(answers_are_bounded)
{
	struct vt *vt = fed(4, 20, 0, "\033[3;4H\033[6n\033[5n");
	struct buf b;
	int n = 0;

	buf_init(&b, 0);
	for (int i = 0; i < 1000; i++)
		more(vt, "\033[c");
	CHECK(vt_reply(vt, &b));
	CHECK_STR(buf_str(&b), "\033[3;4R");
	CHECK(vt_reply(vt, &b));
	CHECK_STR(buf_str(&b), "\033[3;4R\033[0n");
	while (vt_reply(vt, &b))
		n++;
	CHECK(n > 0 && n < 100);
	vt_free(vt);
	buf_release(&b);
}

TEST(text_is_cut_between_characters)
{
	struct vt *vt = fed(2, 20, 5, "\xe6\xbc\xa2\xe5\xad\x97 x  \r\n\n\n");
	char out[6];

	CHECK_INT(vt_text(vt, 0, out, sizeof out), 8);
	CHECK_STR(out, "\xe6\xbc\xa2");
	CHECK_INT(vt_text(vt, 0, NULL, 0), 8);
	vt_free(vt);
}

/* The state and a copy made of its snapshot. */
static void
check_copy(const char *s)
{
	struct vt *vt = fed(4, 10, 20, s), *copy = vt_new(4, 10, 20);
	struct buf b;
	int row, col;

	buf_init(&b, 0);
	vt_snapshot(vt, 20, &b);
	vt_feed(copy, buf_str(&b), b.len);
	for (int round = 0; round < 2; round++) {
		char text[4096];

		str_copy(text, sizeof text, shown(vt));
		CHECK_STR(shown(copy), text);
		vt_cursor(vt, &row, &col);
		check_cursor(copy, row, col);
		CHECK_STR(vt_title(copy), vt_title(vt));
		CHECK(vt_modes(copy)->alt == vt_modes(vt)->alt);
		CHECK(vt_modes(copy)->mouse == vt_modes(vt)->mouse);
		/* What comes next falls on the same ground. */
		more(vt, "m#q\tz\033[?1049l\0338y");
		more(copy, "m#q\tz\033[?1049l\0338y");
	}
	buf_release(&b);
	vt_free(vt);
	vt_free(copy);
}

TEST(a_snapshot_brings_another_to_the_same_state)
{
	check_copy("1\r\n2\r\n3\r\n4\r\n5\r\n\033[1;31m6");
	check_copy("0123456789abcdefghijklmnopqrstuvwxyz");
	check_copy("0123456789");
	check_copy("a\0337b\033[?1049hc\r\nd\033[2;3r\033[?6h\033)0\016");
	check_copy("\033[3g\033[1;4H\033H\r\033[4h\033[?1003h\033]2;t\007");
	check_copy("\033[?7l\033(0ab\033[38;2;1;2");
	check_copy("a\xe6\xbc");
	check_copy("\033[44m\033[2J\xe6\xbc\xa2"
		   "e\xcc\x81\033[3;3H\033[K");
}

TEST(nothing_is_more_than_linear)
{
	static char in[1 << 20];
	struct vt *vt = vt_new(60, 200, 100);

	/* Each fills a megabyte; the harness ends what takes too long. */
	for (size_t i = 0; i + 1 < sizeof in; i += 2)
		memcpy(in + i, "\xcc\x81", 2);
	more(vt, "e");
	vt_feed(vt, in, sizeof in);
	memset(in, '1', sizeof in);
	more(vt, "\033[");
	vt_feed(vt, in, sizeof in);
	memset(in, ';', sizeof in);
	vt_feed(vt, in, sizeof in);
	more(vt, "m\033]2;");
	memset(in, 'x', sizeof in);
	vt_feed(vt, in, sizeof in);
	more(vt, "\007");
	CHECK(strlen(vt_title(vt)) < VT_TITLE_MAX);
	CHECK(vt_memory(vt) < 300000);
	vt_free(vt);
}

TEST(huge_lines_do_not_fill_the_memory)
{
	struct vt *vt = vt_new(24, 1000, 1000);
	char sgr[40];

	for (int i = 0; i < 400000; i++) {
		str_format(sgr, sizeof sgr, "\033[38;2;%d;%d;%dm\xe6\xbc\xa2",
		    i & 255, i >> 8 & 255, i >> 4 & 255);
		more(vt, sgr);
	}
	CHECK(vt_memory(vt) < 2000000);
	vt_free(vt);
}

TEST(noise_that_looks_like_a_string_hides_no_boot)
{
	struct vt *vt = vt_new(10, 40, 100);
	char text[200];
	unsigned n;

	vt_feed(vt, "\033Pnoise", 8);
	for (int i = 0; i < 6; i++)
		vt_feed(vt, "a line\r\n", 8);
	vt_feed(vt, "Linux version 6.1", 17);
	n = vt_lines(vt);
	for (unsigned i = 0; i < n; i++) {
		vt_text(vt, i, text, sizeof text);
		if (strcmp(text, "Linux version 6.1") == 0)
			break;
		CHECK(i + 1 < n);
	}
	vt_free(vt);
}

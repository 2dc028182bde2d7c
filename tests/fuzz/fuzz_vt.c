/* Whatever a node sends, in whatever pieces and at whatever sizes: the cursor
 * is inside, every cell whole, and the lines that are told can be read. 0xff
 * ends a piece; its first byte says what happens after it. The scrollback is
 * squeezed block by block, and what is fed often fills some of them. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/text.h"
#include "rackmux/console/vt.h"

static struct vt_cell cells[VT_COLS_MAX];

static void
check_marks(const struct vt_cell *c)
{
	for (int i = 0; i < VT_MARKS && c->marks[i] != 0; i++) {
		CHECK(c->cp != 0 && text_cp_ok(c->marks[i]));
		CHECK(text_cp_width(c->marks[i]) == 0);
	}
}

static void
check_line(const struct vt *vt, unsigned line)
{
	char text[8192];
	bool wrapped;
	int n = vt_line(vt, line, cells, VT_COLS_MAX, &wrapped);

	CHECK(n >= 0 && n <= vt_cols(vt));
	for (int i = 0; i < n; i++) {
		const struct vt_cell *c = &cells[i];

		check_marks(c);
		if (c->cp == 0) {
			CHECK(c->width == 0 && i > 0);
			CHECK(cells[i - 1].width == 2);
			continue;
		}
		CHECK(c->cp == TEXT_BAD || text_cp_ok(c->cp));
		CHECK(c->width == text_cp_width(c->cp));
		CHECK(c->width == 1 || (i + 1 < n && cells[i + 1].cp == 0));
	}
	vt_text(vt, line, text, sizeof text);
	fuzz_check_clean(text);
}

/* Of many lines above the screen some, so that it stays fast. */
static void
check(const struct vt *vt, unsigned some)
{
	unsigned back = vt_lines(vt) - (unsigned)vt_rows(vt);
	unsigned step = back > some ? back / some : 1;
	int row, col;

	vt_cursor(vt, &row, &col);
	CHECK(row >= 0 && row < vt_rows(vt));
	CHECK(col >= 0 && col < vt_cols(vt));
	for (unsigned i = 0; i < vt_lines(vt); i += i < back ? step : 1)
		check_line(vt, i);
	fuzz_check_clean(vt_title(vt));
}

/* One that joins sees the same. */
static void
check_snapshot(const struct vt *vt)
{
	struct vt *other = vt_new(vt_rows(vt), vt_cols(vt), 64);
	struct buf b;
	unsigned top = vt_lines(vt) - (unsigned)vt_rows(vt);
	int row, col, row2, col2;

	buf_init(&b, 0);
	vt_snapshot(vt, 10, &b);
	vt_feed(other, buf_str(&b), b.len);
	check(other, 8);
	vt_cursor(vt, &row, &col);
	vt_cursor(other, &row2, &col2);
	CHECK(row == row2 && col == col2);
	CHECK(vt_modes(vt)->alt == vt_modes(other)->alt);
	for (unsigned i = 0; i < (unsigned)vt_rows(vt); i++) {
		char a[4096], c[4096];

		vt_text(vt, top + i, a, sizeof a);
		vt_text(other, vt_lines(other) - (unsigned)vt_rows(vt) + i, c,
		    sizeof c);
		CHECK_STR(c, a);
	}
	buf_release(&b);
	vt_free(other);
}

/* Enough lines for a block or two. */
static void
feed_often(struct vt *vt, const char *part, size_t n)
{
	for (int i = 0; i < 160 && n > 1 && n < 80; i++) {
		vt_feed(vt, part + 1, n - 1);
		vt_feed(vt, "\r\n", 2);
	}
}

/* Pieces are short, so that much happens: a size is 2 to 33. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *part;
	struct vt *vt;
	struct buf reply;
	size_t n;

	if (len < 2)
		return 0;
	vt_keep_plain((data[1] & 64) != 0 ? 1000 : 0);
	vt = vt_new(2 + data[0] % 32, 2 + data[1] % 32, (data[0] >> 5) * 40u);
	data += 2;
	len -= 2;
	buf_init(&reply, 0);
	while ((part = fuzz_part(&data, &len, &n)) != NULL) {
		char what = n > 0 ? *part : 0;

		if (n > 1)
			vt_feed(vt, part + 1, n - 1);
		if ((what & 3) == 3)
			feed_often(vt, part, n);
		check(vt, 8);
		if ((what & 3) == 1)
			vt_resize(
			    vt, 2 + (what >> 2 & 15), 2 + (what >> 3 & 31));
		else if ((what & 3) == 2)
			check_snapshot(vt);
		while (vt_reply(vt, &reply))
			buf_clear(&reply);
		check(vt, 8);
	}
	check(vt, vt_lines(vt));
	buf_release(&reply);
	vt_free(vt);
	return 0;
}

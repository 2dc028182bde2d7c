#include "vt_in.h"

#include <string.h>

#include "rackmux/base/text.h"

/*
 * What is printed. A run of ASCII is written cell by cell with nothing asked
 * between; everything else goes one by one. After the last column the cursor
 * stays there, and the next character wraps first (the VT100's pending wrap).
 */

static void
wrap(struct vt *vt)
{
	struct row *r = vt_row(vt, vt->row);

	vt->pending = false;
	vt->col = 0;
	r->wrapped = vt_index(vt);
}

static void
advance(struct vt *vt, struct row *r, int n)
{
	vt->col += n;
	if (vt->col < vt->cols)
		return;
	vt->col = vt->cols - 1;
	vt->pending = vt->autowrap;
	r->wrapped = false;
}

/* The edges of what is overwritten from the cursor on, and room for it. */
static struct row *
prepare(struct vt *vt, int n)
{
	struct row *r = vt_row(vt, vt->row);
	int end = vt->col + n;

	if (vt->insert)
		row_insert(vt, r, vt->col, n, vt_bce(vt));
	row_split(r, vt->col);
	row_split(r, end);
	row_reach(vt, r, vt->col);
	row_room(vt, r, end);
	if (r->len < end)
		r->len = (uint16_t)end;
	row_touch(vt, r);
	return r;
}

static void
put_run(struct vt *vt, const char *s, int n)
{
	uint64_t style = (uint64_t)vt_pen(vt) << 32, *out;
	struct row *r = prepare(vt, n);

	out = r->cells + vt->col;
	for (int i = 0; i < n; i++)
		out[i] = style | (unsigned char)s[i];
	advance(vt, r, n);
}

void
vt_print_run(struct vt *vt, const char *s, size_t len)
{
	if (vt->graphics[vt->gl]) {
		for (size_t i = 0; i < len; i++)
			vt_print_cp(vt, (unsigned char)s[i]);
		return;
	}
	vt->last = (unsigned char)s[len - 1];
	while (len > 0) {
		size_t n;

		if (vt->pending)
			wrap(vt);
		n = (size_t)(vt->cols - vt->col);
		if (n > len)
			n = len;
		/* Without wrapping all the rest lands in the last column. */
		if (vt->autowrap || n == len) {
			put_run(vt, s, (int)n);
		} else {
			if (n > 1)
				put_run(vt, s, (int)n - 1);
			n = len;
			put_run(vt, s + n - 1, 1);
		}
		s += n;
		len -= n;
	}
}

static void
put(struct vt *vt, uint32_t cp, int width)
{
	uint16_t style = vt_pen(vt);
	struct row *r;

	if (vt->pending)
		wrap(vt);
	if (width == 2 && vt->col == vt->cols - 1) {
		if (!vt->autowrap)
			return;
		wrap(vt);
	}
	r = prepare(vt, width);
	r->cells[vt->col] = cell_make(cp, style);
	if (width == 2) {
		r->cells[vt->col] |= CELL_WIDE;
		r->cells[vt->col + 1] = cell_make(CELL_RIGHT, style);
	}
	advance(vt, r, width);
}

/* On what stands left of the cursor; on nothing it gets a stand-in, as
 * text_clean() does it. */
static void
mark(struct vt *vt, uint32_t cp)
{
	struct row *r = vt_row(vt, vt->row);
	int col = vt->pending ? vt->col : vt->col - 1;

	if (col < 0) {
		put(vt, TEXT_BAD, 1);
		return;
	}
	row_mark(vt, r, col, cp);
	row_touch(vt, r);
}

/* The DEC special graphics, from '_' (a blank) on. */
static uint32_t
graphic(uint32_t cp)
{
	static const uint16_t set[] = { 0x20, 0x25c6, 0x2592, 0x2409, 0x240c,
		0x240d, 0x240a, 0xb0, 0xb1, 0x2424, 0x240b, 0x2518, 0x2510,
		0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd,
		0x251c, 0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x3c0,
		0x2260, 0xa3, 0xb7 };

	return cp >= 0x5f && cp <= 0x7e ? set[cp - 0x5f] : cp;
}

void
vt_print_cp(struct vt *vt, uint32_t cp)
{
	int width;

	if (vt->graphics[vt->gl] == SET_GRAPHICS)
		cp = graphic(cp);
	else if (vt->graphics[vt->gl] == SET_UK && cp == '#')
		cp = 0xa3;
	width = cp_width(cp);
	if (width == 0) {
		mark(vt, cp);
		return;
	}
	if (width == 3) {
		cp = TEXT_BAD;
		width = 1;
	}
	vt->last = cp;
	put(vt, cp, width);
}

void
vt_repeat(struct vt *vt, int n)
{
	int width = cp_width(vt->last);

	if (vt->last == 0)
		return;
	n = n > vt->rows * vt->cols ? vt->rows * vt->cols : n;
	for (int i = 0; i < n; i++)
		put(vt, vt->last, width);
}

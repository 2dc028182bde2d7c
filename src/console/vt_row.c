#include "vt_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

/*
 * A row of cells. Whoever changes a part of one splits its two edges first:
 * then no half of a wide character is left alone, whatever is done between.
 * Marks are in a list of the row's own, which cells name by place, so that
 * moving cells does not move them; it is swept when it grows beyond use.
 */

struct row *
row_new(void)
{
	return mem_alloc(sizeof(struct row));
}

void
row_release(struct row *r)
{
	free(r->cells);
	free(r->marks);
	memset(r, 0, sizeof *r);
}

void
row_free(struct row *r)
{
	if (r == NULL)
		return;
	row_release(r);
	free(r);
}

size_t
row_memory(const struct row *r)
{
	return sizeof *r + r->cap * sizeof *r->cells +
	    r->cap_marks * sizeof *r->marks;
}

void
row_clear(struct vt *vt, struct row *r, uint16_t style)
{
	r->len = 0;
	r->n_marks = 0;
	r->wrapped = false;
	r->tail = style;
	vt->stamp++;
	r->stamp = style == 0 ? 0 : vt->stamp;
}

void
row_room(const struct vt *vt, struct row *r, int len)
{
	int cap = r->cap;

	if (len <= cap)
		return;
	cap = cap * 2 > len ? cap * 2 : len;
	cap = (cap + 15) & ~15;
	if (cap > vt->cols && len <= vt->cols)
		cap = vt->cols;
	r->cells = mem_grow(r->cells, (size_t)cap, sizeof *r->cells);
	r->cap = (uint16_t)cap;
}

static void
fill(struct row *r, int from, int to, uint16_t style)
{
	uint64_t blank = cell_make(' ', style);

	for (int i = from; i < to; i++)
		r->cells[i] = blank;
}

void
row_reach(const struct vt *vt, struct row *r, int col)
{
	if (col <= r->len)
		return;
	row_room(vt, r, col);
	fill(r, r->len, col, r->tail);
	r->len = (uint16_t)col;
}

void
row_split(struct row *r, int col)
{
	if (col <= 0 || col >= r->len || (r->cells[col] & CELL_RIGHT) == 0)
		return;
	for (int i = col - 1; i <= col; i++)
		r->cells[i] = cell_make(' ', cell_style(r->cells[i]));
}

void
row_erase(struct vt *vt, struct row *r, int from, int to, uint16_t style)
{
	if (from >= to)
		return;
	row_split(r, from);
	row_split(r, to);
	if (to >= vt->cols) {
		r->wrapped = false;
		if (r->tail != style)
			row_reach(vt, r, from);
		if (r->len > from)
			r->len = (uint16_t)from;
		r->tail = style;
	} else if (to >= r->len && r->tail == style) {
		if (r->len > from)
			r->len = (uint16_t)from;
	} else {
		row_reach(vt, r, to);
		fill(r, from, to, style);
	}
	row_touch(vt, r);
}

void
row_insert(struct vt *vt, struct row *r, int col, int n, uint16_t style)
{
	int end;

	n = n > vt->cols - col ? vt->cols - col : n;
	r->wrapped = false;
	row_touch(vt, r);
	if (col >= r->len && style == r->tail)
		return;
	row_split(r, col);
	row_split(r, vt->cols - n);
	row_reach(vt, r, col);
	end = r->len + n > vt->cols ? vt->cols : r->len + n;
	row_room(vt, r, end);
	if (end > col + n)
		memmove(r->cells + col + n, r->cells + col,
		    (size_t)(end - col - n) * sizeof *r->cells);
	fill(r, col, col + n, style);
	r->len = (uint16_t)end;
}

void
row_delete(struct vt *vt, struct row *r, int col, int n, uint16_t style)
{
	n = n > vt->cols - col ? vt->cols - col : n;
	r->wrapped = false;
	row_touch(vt, r);
	row_split(r, col);
	row_split(r, col + n);
	if (style != r->tail)
		row_reach(vt, r, vt->cols);
	if (col >= r->len)
		return;
	if (col + n < r->len)
		memmove(r->cells + col, r->cells + col + n,
		    (size_t)(r->len - col - n) * sizeof *r->cells);
	r->len = (uint16_t)(r->len - n > col ? r->len - n : col);
	/* What comes in from the right is new. */
	if (style != r->tail) {
		fill(r, r->len, vt->cols, style);
		r->len = (uint16_t)vt->cols;
	}
}

void
row_cut(struct vt *vt, struct row *r, int cols)
{
	if (r->len <= cols)
		return;
	row_split(r, cols);
	r->len = (uint16_t)cols;
	r->wrapped = false;
	row_touch(vt, r);
}

/* Keeps the marks that a cell names. */
static void
sweep_marks(struct row *r)
{
	uint32_t(*kept)[VT_MARKS] = mem_array(r->len + 1u, sizeof *kept);
	unsigned n = 0;

	for (int i = 0; i < r->len; i++) {
		unsigned m = cell_marks(r->cells[i]);

		if (m == 0)
			continue;
		memcpy(kept[n++], r->marks[m - 1], sizeof *kept);
		r->cells[i] =
		    (r->cells[i] & 0xffffffffffffu) | (uint64_t)n << 48;
	}
	free(r->marks);
	r->marks = kept;
	r->n_marks = (uint16_t)n;
	r->cap_marks = (uint16_t)(r->len + 1u);
}

/* A free place in the list of marks; 1 for the first. */
static uint16_t
marks_add(const struct vt *vt, struct row *r)
{
	if (r->n_marks == r->cap_marks && r->n_marks > 2 * vt->cols)
		sweep_marks(r);
	if (r->n_marks == r->cap_marks) {
		r->cap_marks = (uint16_t)(r->cap_marks * 2 + 4);
		r->marks = mem_grow(r->marks, r->cap_marks, sizeof *r->marks);
	}
	memset(r->marks[r->n_marks], 0, sizeof *r->marks);
	return ++r->n_marks;
}

void
row_mark(const struct vt *vt, struct row *r, int col, uint32_t cp)
{
	uint64_t *c;
	uint16_t m;

	row_reach(vt, r, col + 1);
	c = &r->cells[col];
	if ((*c & CELL_RIGHT) != 0)
		c--;
	m = cell_marks(*c);
	if (m == 0) {
		m = marks_add(vt, r);
		*c |= (uint64_t)m << 48;
	}
	for (int i = 0; i < VT_MARKS; i++) {
		if (r->marks[m - 1][i] == 0) {
			r->marks[m - 1][i] = cp;
			return;
		}
	}
}

void
row_cell(const struct vt *vt, const struct row *r, int col, struct vt_cell *out)
{
	uint64_t c = r->cells[col];
	unsigned m = cell_marks(c);

	out->cp = (uint32_t)c & CELL_CP;
	out->width = (c & CELL_WIDE) != 0 ? 2 : (c & CELL_RIGHT) == 0;
	out->style = vt->styles.s[cell_style(c)];
	if (m != 0)
		memcpy(out->marks, r->marks[m - 1], sizeof out->marks);
	else
		memset(out->marks, 0, sizeof out->marks);
}

#include "vt_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

/*
 * The cursor and whole rows. Scrolling moves pointers to rows, never cells;
 * what leaves the main screen at its top goes to the scrollback.
 */

struct row *
vt_row(const struct vt *vt, int row)
{
	return vt->on->rows[row];
}

struct row **
rows_new(int n)
{
	struct row **rows = mem_array((size_t)n, sizeof(struct row *));

	for (int i = 0; i < n; i++)
		rows[i] = row_new();
	return rows;
}

void
rows_free(struct row **rows, int n)
{
	for (int i = 0; rows != NULL && i < n; i++)
		row_free(rows[i]);
	free(rows);
}

static int
clamp(int v, int min, int max)
{
	return v < min ? min : v > max ? max : v;
}

void
vt_goto(struct vt *vt, int row, int col)
{
	vt->row = clamp(row, 0, vt->rows - 1);
	vt->col = clamp(col, 0, vt->cols - 1);
	vt->pending = false;
}

void
vt_goto_origin(struct vt *vt, int row, int col)
{
	if (vt->origin)
		row = clamp(row + vt->top, vt->top, vt->bottom);
	vt_goto(vt, row, col);
}

/* A margin stops the cursor only from the inside. */
void
vt_up(struct vt *vt, int n)
{
	int stop = vt->row >= vt->top ? vt->top : 0;

	vt_goto(vt, vt->row - n < stop ? stop : vt->row - n, vt->col);
}

void
vt_down(struct vt *vt, int n)
{
	int stop = vt->row <= vt->bottom ? vt->bottom : vt->rows - 1;

	vt_goto(vt, vt->row + n > stop ? stop : vt->row + n, vt->col);
}

/* Rows that followed each other do no longer. */
static void
break_edges(struct vt *vt, int top, int bottom)
{
	struct row **rows = vt->on->rows;

	if (top > 0)
		rows[top - 1]->wrapped = false;
	if (bottom < vt->rows - 1)
		rows[bottom]->wrapped = false;
}

void
vt_scroll_up(struct vt *vt, int top, int bottom, int n, bool keep)
{
	struct row **rows = vt->on->rows;
	uint16_t style = vt_bce(vt);

	n = clamp(n, 0, bottom - top + 1);
	break_edges(vt, top, bottom);
	keep = keep && top == 0 && vt->on == &vt->main;
	for (int i = 0; i < n; i++) {
		struct row *r = rows[top];

		if (keep)
			scroll_push(vt, r);
		memmove(rows + top, rows + top + 1,
		    (size_t)(bottom - top) * sizeof *rows);
		rows[bottom] = r;
		row_clear(vt, r, style);
	}
}

void
vt_scroll_down(struct vt *vt, int top, int bottom, int n)
{
	struct row **rows = vt->on->rows;
	uint16_t style = vt_bce(vt);

	n = clamp(n, 0, bottom - top + 1);
	break_edges(vt, top, bottom);
	for (int i = 0; i < n; i++) {
		struct row *r = rows[bottom];

		memmove(rows + top + 1, rows + top,
		    (size_t)(bottom - top) * sizeof *rows);
		rows[top] = r;
		row_clear(vt, r, style);
	}
	rows[bottom]->wrapped = false;
}

bool
vt_index(struct vt *vt)
{
	vt->pending = false;
	if (vt->row == vt->bottom)
		vt_scroll_up(vt, vt->top, vt->bottom, 1, true);
	else if (vt->row < vt->rows - 1)
		vt->row++;
	else
		return false;
	return true;
}

void
vt_reverse_index(struct vt *vt)
{
	vt->pending = false;
	if (vt->row == vt->top)
		vt_scroll_down(vt, vt->top, vt->bottom, 1);
	else if (vt->row > 0)
		vt->row--;
}

void
vt_erase_rows(struct vt *vt, int from, int to, uint16_t style)
{
	if (from < to && from > 0)
		vt_row(vt, from - 1)->wrapped = false;
	for (int i = from; i < to; i++)
		row_clear(vt, vt_row(vt, i), style);
}

void
vt_save(struct vt *vt)
{
	vt->on->saved = (struct saved){ .row = vt->row,
		.col = vt->col,
		.pending = vt->pending,
		.origin = vt->origin,
		.graphics = { vt->graphics[0], vt->graphics[1] },
		.gl = vt->gl,
		.pen = vt->pen };
}

void
vt_restore(struct vt *vt)
{
	const struct saved *s = &vt->on->saved;

	vt->origin = s->origin;
	vt->graphics[0] = s->graphics[0];
	vt->graphics[1] = s->graphics[1];
	vt->gl = s->gl;
	vt->pen = s->pen;
	vt->pen_old = true;
	/* With the origin in the margins the cursor is between them. */
	vt_goto_origin(vt, s->origin ? s->row - vt->top : s->row, s->col);
	vt->pending = s->pending && vt->autowrap && vt->col == vt->cols - 1;
}

static void
touch_all(struct vt *vt)
{
	vt->stamp++;
}

void
vt_alt(struct vt *vt, bool on, bool clear)
{
	if (on == (vt->on == &vt->alt))
		return;
	if (on) {
		if (vt->alt.rows == NULL)
			vt->alt.rows = rows_new(vt->rows);
		vt->on = &vt->alt;
	} else {
		vt->on = &vt->main;
	}
	if (clear && on) {
		vt_erase_rows(vt, 0, vt->rows, vt_bce(vt));
	} else if (clear) {
		rows_free(vt->alt.rows, vt->rows);
		vt->alt.rows = NULL;
	}
	vt->modes.alt = on;
	touch_all(vt);
}

void
vt_align(struct vt *vt)
{
	uint64_t e = cell_make('E', 0);

	vt->top = 0;
	vt->bottom = vt->rows - 1;
	vt->origin = false;
	vt_goto(vt, 0, 0);
	for (int y = 0; y < vt->rows; y++) {
		struct row *r = vt_row(vt, y);

		row_clear(vt, r, 0);
		row_reach(vt, r, vt->cols);
		for (int x = 0; x < vt->cols; x++)
			r->cells[x] = e;
		row_touch(vt, r);
	}
}

void
vt_soft_reset(struct vt *vt)
{
	vt->top = 0;
	vt->bottom = vt->rows - 1;
	vt->origin = vt->insert = false;
	vt->autowrap = true;
	vt->pending = false;
	vt->graphics[0] = vt->graphics[1] = false;
	vt->gl = 0;
	vt->pen = vt->styles.s[0];
	vt->pen_old = true;
	vt->modes.cursor_hidden = false;
	vt->modes.app_cursor = vt->modes.app_keypad = false;
	vt->on->saved = (struct saved){ .pen = vt->styles.s[0] };
	vt->stamp++;
}

void
tabs_default(struct vt *vt, int from)
{
	for (int i = from; i < VT_COLS_MAX; i++) {
		uint8_t bit = (uint8_t)(1u << (i & 7));

		if ((i & 7) == 0)
			vt->tabs[i / 8] |= bit;
		else
			vt->tabs[i / 8] &= (uint8_t)~bit;
	}
}

static bool
tab_at(const struct vt *vt, int col)
{
	return (vt->tabs[col / 8] >> (col & 7) & 1) != 0;
}

int
tab_next(const struct vt *vt, int col)
{
	while (++col < vt->cols)
		if (tab_at(vt, col))
			return col;
	return vt->cols - 1;
}

int
tab_prev(const struct vt *vt, int col)
{
	while (--col > 0)
		if (tab_at(vt, col))
			return col;
	return 0;
}

#include "vt_in.h"

#include <stdlib.h>

#include "rackmux/base/mem.h"

/*
 * Another size. The rows of the main screen go to the scrollback, which is
 * broken anew when the width changed, and the screen takes its rows back from
 * there: a screen that was full stays full, one that had blank rows below
 * keeps its top. On the alternate screen the cursor that is waiting is the
 * one that follows.
 */

enum { AT_CURSOR, AT_SAVED, AT_TOP, AT_N };

/* How many rows are in use, from the top to the cursor or to what is shown. */
static int
used_rows(const struct vt *vt, int rows, int cursor)
{
	int n = rows;

	while (n > cursor + 1 && vt->main.rows[n - 1]->len == 0 &&
	    vt->main.rows[n - 1]->tail == 0)
		n--;
	return n;
}

static void
push_rows(struct vt *vt, int used)
{
	for (int i = 0; i < used; i++)
		scroll_push(vt, vt->main.rows[i]);
}

static unsigned
new_top(const struct vt *vt, const struct reflow_point *at, bool full)
{
	unsigned end = vt->scroll.lines, rows = (unsigned)vt->rows, top;

	top = at[AT_TOP].line;
	if (full || end - top > rows)
		top = end > rows ? end - rows : 0;
	/* The cursor stays on the screen, whatever is below it. */
	if (top > at[AT_CURSOR].line)
		top = at[AT_CURSOR].line;
	return top;
}

static void
pull_rows(struct vt *vt, unsigned top)
{
	struct scroll *s = &vt->scroll;
	unsigned n = s->lines - top;

	n = n > (unsigned)vt->rows ? (unsigned)vt->rows : n;
	for (unsigned i = 0; i < n; i++)
		row_unpack(vt, vt->main.rows[i], scroll_line(s, top + i));
	if (n > 0)
		vt->main.rows[n - 1]->wrapped = false;
	scroll_truncate(s, top);
}

static struct reflow_point
point(unsigned base, int row, int col, int used)
{
	return (struct reflow_point){
		base + (unsigned)(row < used ? row : used - 1), col
	};
}

static void
put_cursor(struct vt *vt, const struct reflow_point *p, unsigned top, int *row,
    int *col, bool *pending)
{
	int y = p->line < top ? 0 : (int)(p->line - top), x = p->col;

	*row = y < vt->rows ? y : vt->rows - 1;
	/* Right behind a full row the next character wraps. */
	*pending = x == vt->cols || (*pending && x > vt->cols);
	*col = x < vt->cols ? x : vt->cols - 1;
}

static void
resize_main(struct vt *vt, int old_rows, int old_cols)
{
	struct saved *saved = &vt->main.saved;
	bool alt = vt->on == &vt->alt, full, *pending;
	int *row = alt ? &saved->row : &vt->row;
	int *col = alt ? &saved->col : &vt->col;
	unsigned base = vt->scroll.lines, max = vt->scroll.max, top;
	struct reflow_point at[AT_N];
	int used = used_rows(vt, old_rows, *row);

	pending = alt ? &saved->pending : &vt->pending;
	full = used == old_rows;
	at[AT_CURSOR] = point(base, *row, *col + *pending, used);
	at[AT_SAVED] = point(base, saved->row, saved->col, used);
	at[AT_TOP] = point(base, 0, 0, used);
	vt->scroll.max = UINT32_MAX / 2;
	push_rows(vt, used);
	rows_free(vt->main.rows, old_rows);
	vt->main.rows = rows_new(vt->rows);
	if (vt->cols != old_cols)
		vt_reflow(vt, at, AT_N);
	top = new_top(vt, at, full);
	pull_rows(vt, top);
	vt->scroll.max = max;
	scroll_trim(&vt->scroll);
	put_cursor(vt, &at[AT_CURSOR], top, row, col, pending);
	if (!alt) {
		/* It may wait below all that is in use. */
		if (saved->row >= used) {
			at[AT_SAVED].line += (unsigned)(saved->row - used) + 1;
			at[AT_SAVED].col = saved->col;
		}
		put_cursor(vt, &at[AT_SAVED], top, &saved->row, &saved->col,
		    &saved->pending);
	}
}

static void
resize_alt(struct vt *vt, int old_rows)
{
	struct row **rows = mem_array((size_t)vt->rows, sizeof(struct row *));

	for (int i = 0; i < vt->rows; i++) {
		rows[i] = i < old_rows ? vt->alt.rows[i] : row_new();
		row_cut(vt, rows[i], vt->cols);
		rows[i]->wrapped = false;
	}
	for (int i = vt->rows; i < old_rows; i++)
		row_free(vt->alt.rows[i]);
	free(vt->alt.rows);
	vt->alt.rows = rows;
}

/* What DECRC brings back is inside the new size too. */
static void
clamp_saved(const struct vt *vt, struct saved *s)
{
	if (s->row >= vt->rows)
		s->row = vt->rows - 1;
	if (s->col >= vt->cols)
		s->col = vt->cols - 1;
	s->pending = s->pending && s->col == vt->cols - 1;
}

static int
within(int v, int min, int max)
{
	return v < min ? min : v > max ? max : v;
}

void
vt_resize(struct vt *vt, int rows, int cols)
{
	int old_rows = vt->rows, old_cols = vt->cols;
	bool pending = vt->pending;

	rows = within(rows, VT_ROWS_MIN, VT_ROWS_MAX);
	cols = within(cols, VT_COLS_MIN, VT_COLS_MAX);
	if (rows == old_rows && cols == old_cols)
		return;
	vt->rows = rows;
	vt->cols = cols;
	/* Beyond the old width are the usual tab stops. */
	if (cols > old_cols)
		tabs_default(vt, old_cols);
	if (vt->alt.rows != NULL)
		resize_alt(vt, old_rows);
	resize_main(vt, old_rows, old_cols);
	clamp_saved(vt, &vt->main.saved);
	clamp_saved(vt, &vt->alt.saved);
	pending = vt->on == &vt->main ? vt->pending : pending;
	vt->top = 0;
	vt->bottom = rows - 1;
	vt_goto(vt, vt->row, vt->col);
	vt->pending = pending && vt->col == cols - 1;
	vt->stamp++;
}

#include "rackmux/console/vt.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "vt_in.h"

/*
 * The terminal as its owner sees it.
 */

static int
within(int v, int min, int max)
{
	return v < min ? min : v > max ? max : v;
}

struct vt *
vt_new(int rows, int cols, unsigned lines)
{
	struct vt *vt = mem_alloc(sizeof *vt);

	vt->rows = within(rows, VT_ROWS_MIN, VT_ROWS_MAX);
	vt->cols = within(cols, VT_COLS_MIN, VT_COLS_MAX);
	vt->scroll.max = lines;
	styles_init(&vt->styles);
	vt->main.rows = rows_new(vt->rows);
	vt->on = &vt->main;
	vt_reset(vt);
	return vt;
}

void
vt_free(struct vt *vt)
{
	if (vt == NULL)
		return;
	rows_free(vt->main.rows, vt->rows);
	rows_free(vt->alt.rows, vt->rows);
	row_release(&vt->scratch);
	scroll_release(&vt->scroll);
	free(vt->styles.s);
	free(vt->styles.next);
	free(vt->styles.head);
	free(vt);
}

void
vt_reset(struct vt *vt)
{
	vt_alt(vt, false, true);
	rows_free(vt->alt.rows, vt->rows);
	vt->alt.rows = NULL;
	vt_soft_reset(vt);
	vt->alt.saved = vt->main.saved;
	vt->modes = (struct vt_modes){ 0 };
	vt->title[0] = '\0';
	vt->last = 0;
	memset(vt->tabs, 0, sizeof vt->tabs);
	tabs_default(vt, 0);
	vt->state = ST_GROUND;
	vt->n_part = 0;
	vt_goto(vt, 0, 0);
	vt_erase_rows(vt, 0, vt->rows, 0);
}

void
vt_clear_scrollback(struct vt *vt)
{
	struct scroll *s = &vt->scroll;
	unsigned long long first = s->first + s->lines;
	unsigned max = s->max;

	scroll_release(s);
	*s = (struct scroll){ .first = first, .max = max };
	vt->stamp++;
}

int
vt_rows(const struct vt *vt)
{
	return vt->rows;
}

int
vt_cols(const struct vt *vt)
{
	return vt->cols;
}

void
vt_cursor(const struct vt *vt, int *row, int *col)
{
	*row = vt->row;
	*col = vt->col;
}

const struct vt_modes *
vt_modes(const struct vt *vt)
{
	return &vt->modes;
}

const char *
vt_title(const struct vt *vt)
{
	return vt->title;
}

unsigned long long
vt_changes(const struct vt *vt)
{
	return vt->stamp;
}

unsigned long long
vt_row_changes(const struct vt *vt, int row)
{
	if (row < 0 || row >= vt->rows)
		return 0;
	return vt_row(vt, row)->stamp * 2 + vt->modes.reverse;
}

unsigned
vt_bells(const struct vt *vt)
{
	return vt->bells;
}

static size_t
screen_memory(const struct vt *vt, const struct screen *s)
{
	size_t n = 0;

	for (int i = 0; s->rows != NULL && i < vt->rows; i++)
		n += row_memory(s->rows[i]) + sizeof *s->rows;
	return n;
}

size_t
vt_memory(const struct vt *vt)
{
	return sizeof *vt + screen_memory(vt, &vt->main) +
	    screen_memory(vt, &vt->alt) + scroll_memory(&vt->scroll) +
	    row_memory(&vt->scratch) - sizeof vt->scratch +
	    vt->styles.cap *
	    (sizeof *vt->styles.s + sizeof *vt->styles.next +
		sizeof *vt->styles.head);
}

bool
vt_reply(struct vt *vt, struct buf *out)
{
	if (vt->n_replies == 0)
		return false;
	buf_puts(out, vt->replies[0]);
	memmove(vt->replies[0], vt->replies[1],
	    --vt->n_replies * sizeof vt->replies[0]);
	return true;
}

void
vt_reply_drop(struct vt *vt)
{
	vt->n_replies = 0;
}

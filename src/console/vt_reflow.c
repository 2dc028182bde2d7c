#include <stdlib.h>
#include <string.h>

#include "vt_in.h"

/*
 * Lines broken anew at another width. All lines, those of the screen too, are
 * in the scrollback meanwhile; a line that wrapped is one with the next. What
 * needs no change moves as it is: whole blocks when no line in them wraps or
 * is too wide, else packed lines. So a console's log costs next to nothing.
 */

struct reflow {
	struct vt *vt;
	struct scroll old;
	struct row *out; /* the row being filled */
	struct reflow_point *points;
	unsigned n_points;
	bool inside; /* the next line goes on with this row */
	struct reflow_point *now;
};

void
row_append(struct vt *vt, struct row *r, const struct vt_cell *c)
{
	uint16_t style = r->len > 0 ? cell_style(r->cells[r->len - 1]) : 0;
	int col = r->len;

	if (!style_same(&vt->styles.s[style], &c->style))
		style = style_id(vt, &c->style);
	row_room(vt, r, col + c->width);
	r->cells[r->len++] = cell_make(c->cp, style);
	if (c->width == 2) {
		r->cells[col] |= CELL_WIDE;
		r->cells[r->len++] = cell_make(CELL_RIGHT, style);
	}
	for (int i = 0; i < VT_MARKS && c->marks[i] != 0; i++)
		row_mark(vt, r, col, c->marks[i]);
}

void
row_unpack(struct vt *vt, struct row *r, const unsigned char *p)
{
	struct packed l;
	struct vt_cell c;

	row_clear(vt, r, 0);
	pack_open(&l, p);
	while (pack_next(&l, &c)) {
		if (r->len + c.width > vt->cols)
			break;
		row_append(vt, r, &c);
	}
	r->tail = style_id(vt, &l.style);
	r->wrapped = l.wrapped;
	if (r->len > 0 || r->tail != 0)
		row_touch(vt, r);
}

static void
emit(struct reflow *f, bool wrapped)
{
	f->out->wrapped = wrapped;
	scroll_push(f->vt, f->out);
	row_clear(f->vt, f->out, 0);
}

/* Points of the old line that are at a column now take their new place. */
static void
place(struct reflow *f, unsigned line, int from, int to)
{
	for (unsigned i = 0; i < f->n_points; i++) {
		struct reflow_point *p = &f->points[i];

		if (p->line == line && p->col >= from && p->col < to) {
			f->now[i].line = f->vt->scroll.lines;
			f->now[i].col = f->out->len + p->col - from;
		}
	}
}

/* A line, cell by cell, behind what the row has already. */
static void
flow(struct reflow *f, unsigned line, const unsigned char *p)
{
	struct packed l;
	struct vt_cell c;
	int col = 0;

	pack_open(&l, p);
	while (pack_next(&l, &c)) {
		if (f->out->len + c.width > f->vt->cols)
			emit(f, true);
		place(f, line, col, col + c.width);
		row_append(f->vt, f->out, &c);
		col += c.width;
	}
	f->inside = l.wrapped;
	place(f, line, col, 2 * VT_COLS_MAX);
	if (l.wrapped)
		return;
	f->out->tail = style_id(f->vt, &l.style);
	emit(f, false);
}

static bool
fits(const struct reflow *f, const unsigned char *p, unsigned *width)
{
	struct packed l;

	pack_open(&l, p);
	/* No character has more columns than bytes. */
	*width = (unsigned)(l.text_end - l.text);
	return !l.wrapped && *width <= (unsigned)f->vt->cols;
}

static void
copy(struct reflow *f, unsigned line, const unsigned char *p,
    const unsigned char *end, unsigned width)
{
	struct scroll *s = &f->vt->scroll;
	struct block *b = scroll_open(s);
	size_t before = b->len, n = (size_t)(end - p);

	place(f, line, 0, 2 * VT_COLS_MAX);
	block_room(b, n);
	memcpy(b->data + b->len, p, n);
	b->len += n;
	scroll_added(s, b, before, width, false);
}

/* Nothing in the block changes. */
static bool
movable(const struct reflow *f, const struct block *b)
{
	return !f->inside && f->out->len == 0 && !b->wraps &&
	    b->start >= f->old.first && b->widest <= (unsigned)f->vt->cols;
}

static void
move_block(struct reflow *f, struct block *b, unsigned line)
{
	struct scroll *s = &f->vt->scroll;

	for (unsigned i = 0; i < f->n_points; i++) {
		const struct reflow_point *p = &f->points[i];

		if (p->line >= line && p->line < line + b->lines) {
			f->now[i].line = s->lines + (p->line - line);
			f->now[i].col = p->col;
		}
	}
	scroll_adopt(s, b);
}

static void
flow_block(struct reflow *f, struct block *b, unsigned line)
{
	const unsigned char *p = block_data(b);
	unsigned long long number = b->start;

	for (unsigned i = 0; i < b->lines; i++, number++) {
		const unsigned char *next = pack_skip(p);
		unsigned width;

		if (number >= f->old.first) {
			if (!f->inside && fits(f, p, &width))
				copy(f, line++, p, next, width);
			else
				flow(f, line++, p);
		}
		p = next;
	}
	block_drop(b);
}

void
vt_reflow(struct vt *vt, struct reflow_point *points, unsigned n)
{
	struct reflow_point now[4] = { { 0, 0 } };
	struct reflow f = { .vt = vt,
		.old = vt->scroll,
		.out = &vt->scratch,
		.points = points,
		.n_points = n,
		.now = now };

	vt->scroll = (struct scroll){ .first = f.old.first, .max = f.old.max };
	row_clear(vt, f.out, 0);
	for (unsigned i = 0; i < f.old.n; i++) {
		struct block *b = &f.old.blocks[i];
		unsigned line = b->start < f.old.first
		    ? 0
		    : (unsigned)(b->start - f.old.first);

		if (movable(&f, b))
			move_block(&f, b, line);
		else
			flow_block(&f, b, line);
	}
	if (f.inside)
		emit(&f, false);
	free(f.old.blocks);
	row_release(f.out);
	memcpy(points, now, n * sizeof *points);
}

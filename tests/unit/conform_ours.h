/*
 * conform_ours - what our terminal shows, as the conformance cases compare it.
 */
#ifndef RM_TESTS_CONFORM_OURS_H
#define RM_TESTS_CONFORM_OURS_H

#include <stdio.h>
#include <string.h>

#include "../lib/conform.h"
#include "../lib/test.h"
#include "rackmux/base/text.h"
#include "rackmux/console/vt.h"

static inline unsigned
mode_bits(const struct vt_modes *m)
{
	static const unsigned mouse[] = { [VT_MOUSE_X10] = CF_X10,
		[VT_MOUSE_CLICKS] = CF_CLICKS,
		[VT_MOUSE_DRAGS] = CF_DRAGS,
		[VT_MOUSE_ALL] = CF_MOTION };

	return (m->alt ? CF_ALT : 0u) | (m->app_cursor ? CF_APP_CURSOR : 0u) |
	    (m->app_keypad ? CF_APP_KEYPAD : 0u) | (m->paste ? CF_PASTE : 0u) |
	    (m->focus ? CF_FOCUS : 0u) | (m->newline ? CF_NEWLINE : 0u) |
	    (m->cursor_hidden ? CF_NO_CURSOR : 0u) |
	    (m->reverse ? CF_REVERSED : 0u) | mouse[m->mouse] |
	    (m->mouse_sgr ? CF_SGR : 0u);
}

static inline unsigned
attr_bits(uint8_t attrs)
{
	static const struct {
		unsigned ours, theirs;
	} map[] = { { VT_BOLD, CF_BOLD }, { VT_DIM, CF_DIM },
		{ VT_ITALIC, CF_ITALIC }, { VT_UNDERLINE, CF_UNDERLINE },
		{ VT_BLINK, CF_BLINK }, { VT_REVERSE, CF_REVERSE },
		{ VT_HIDDEN, CF_HIDDEN }, { VT_STRIKE, CF_STRIKE } };
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
		if (attrs & map[i].ours)
			bits |= map[i].theirs;
	return bits;
}

static inline void
take_cell(const struct vt_cell *c, struct cf_cell *to)
{
	size_t n = 0;

	to->fg = c->style.fg;
	to->bg = c->style.bg;
	to->attrs = attr_bits(c->style.attrs);
	if (c->cp != 0)
		n = text_encode(c->cp, to->text);
	for (int i = 0; i < VT_MARKS && c->marks[i] != 0; i++)
		n += text_encode(c->marks[i], to->text + n);
	to->text[n] = '\0';
}

/* What was never written is blank; every cell is whole. */
static inline void
take_row(const struct vt *vt, unsigned line, struct cf_screen *out, int row)
{
	struct vt_cell cells[CF_COLS];
	int n = vt_line(vt, line, cells, CF_COLS, NULL);

	CHECK(n >= 0 && n <= out->cols);
	for (int i = 0; i < out->cols; i++) {
		struct cf_cell *to = &out->cell[row][i];

		if (i < n) {
			take_cell(&cells[i], to);
			continue;
		}
		snprintf(to->text, sizeof to->text, " ");
		to->fg = to->bg = CF_DEFAULT;
		to->attrs = 0;
	}
	for (int i = 0; i < n; i++) {
		if (cells[i].cp == 0)
			CHECK(i > 0 && cells[i - 1].width == 2);
		else if (cells[i].width == 2)
			CHECK(i + 1 < n && cells[i + 1].cp == 0);
	}
}

static inline void
take_screen(struct vt *vt, struct cf_screen *out)
{
	unsigned back;

	memset(out, 0, sizeof *out);
	out->rows = vt_rows(vt);
	out->cols = vt_cols(vt);
	vt_cursor(vt, &out->row, &out->col);
	CHECK(out->row >= 0 && out->row < out->rows);
	CHECK(out->col >= 0 && out->col < out->cols);
	out->modes = mode_bits(vt_modes(vt));
	out->modes_known = out->attrs_known = ~0u;
	out->bells = (int)vt_bells(vt);
	str_copy(out->title, sizeof out->title, vt_title(vt));
	back = vt_lines(vt) - (unsigned)out->rows;
	for (unsigned i = 0; i < back && out->n_back < CF_BACK; i++)
		vt_text(vt, i, out->back[out->n_back++], CF_LINE);
	for (int row = 0; row < out->rows; row++)
		take_row(vt, back + (unsigned)row, out, row);
}

#endif

#include <string.h>

#include "rackmux/base/text.h"
#include "vt_in.h"

/*
 * The state as bytes. A line that wrapped is written without its end, so that
 * it wraps again where it is read. The main screen comes first, also under an
 * alternate one, with its cursor and pen as they wait there; then modes and
 * margins, each by its own sequence; last the cursor, and what was begun and
 * not ended yet.
 */

struct writer {
	const struct vt *vt;
	struct buf *out;
	struct vt_style pen;
	bool joined; /* the next cell wraps into its row */
	bool stained; /* and that row came with a background */
};

static const struct vt_style plain = { VT_DEFAULT, VT_DEFAULT, 0 };

static void
put_colour(struct buf *out, int32_t c, int base)
{
	if (c >= VT_RGB)
		buf_printf(out, ";%d;2;%d;%d;%d", base + 8, c >> 16 & 255,
		    c >> 8 & 255, c & 255);
	else if (c >= 0)
		buf_printf(out, ";%d;5;%d", base + 8, c);
}

static void
pen(struct writer *w, const struct vt_style *s)
{
	static const char codes[] = "12345789";

	if (style_same(&w->pen, s))
		return;
	w->pen = *s;
	buf_puts(w->out, "\033[0");
	for (int i = 0; i < 8; i++)
		if ((s->attrs >> i & 1) != 0)
			buf_printf(w->out, ";%c", codes[i]);
	put_colour(w->out, s->fg, 30);
	put_colour(w->out, s->bg, 40);
	buf_puts(w->out, "m");
}

static void
put_cp(struct buf *out, uint32_t cp)
{
	char s[4];

	buf_add(out, s, text_encode(cp, s));
}

static void
put_cell(struct writer *w, const struct vt_cell *c)
{
	if (w->joined)
		w->stained = c->style.bg != VT_DEFAULT;
	w->joined = false;
	pen(w, &c->style);
	put_cp(w->out, c->cp);
	for (int i = 0; i < VT_MARKS && c->marks[i] != 0; i++)
		put_cp(w->out, c->marks[i]);
}

/* What lies beyond the text: erased in its colour. */
static void
put_rest(struct writer *w, const struct vt_style *s, int len)
{
	bool stained = w->stained;

	w->stained = false;
	if ((s->bg == VT_DEFAULT && !stained) || len >= w->vt->cols)
		return;
	pen(w, s);
	buf_puts(w->out, "\033[K");
}

static int
put_packed(struct writer *w, const unsigned char *p, bool *wrapped)
{
	struct packed l;
	struct vt_cell c;
	int n = 0;

	pack_open(&l, p);
	while (pack_next(&l, &c) && n + c.width <= w->vt->cols) {
		put_cell(w, &c);
		n += c.width;
	}
	*wrapped = l.wrapped;
	put_rest(w, &l.style, n);
	return n;
}

static void
put_row(struct writer *w, const struct row *r)
{
	for (int i = 0; i < r->len; i++) {
		struct vt_cell c;

		row_cell(w->vt, r, i, &c);
		if (c.cp != 0)
			put_cell(w, &c);
	}
	put_rest(w, &w->vt->styles.s[r->tail], r->len);
}

static void
end_line(struct writer *w, bool wraps)
{
	w->joined = wraps;
	if (wraps)
		return;
	pen(w, &plain);
	buf_puts(w->out, "\r\n");
}

/* Does the row wrap by itself when the next one is written? */
static bool
wraps(const struct vt *vt, const struct row *r, const struct row *next)
{
	if (!r->wrapped || next->len == 0)
		return false;
	return r->len == vt->cols ||
	    (r->len == vt->cols - 1 && (next->cells[0] & CELL_WIDE) != 0);
}

/* Is there text in the line, which may be the screen's first? */
static bool
written(const struct writer *w, unsigned line)
{
	const struct scroll *s = &w->vt->scroll;
	struct packed l;
	struct vt_cell c;

	if (line == s->lines)
		return w->vt->main.rows[0]->len > 0;
	pack_open(&l, scroll_line(s, line));
	return pack_next(&l, &c);
}

static void
put_scrollback(struct writer *w, unsigned n)
{
	const struct scroll *s = &w->vt->scroll;

	n = n > s->lines ? s->lines : n;
	for (unsigned i = s->lines - n; i < s->lines; i++) {
		bool wrapped;
		int len = put_packed(w, scroll_line(s, i), &wrapped);

		/* None is joined that may not be full, nor to a blank. */
		end_line(w, wrapped && len == w->vt->cols && written(w, i + 1));
	}
}

static void
put_main(struct writer *w)
{
	struct row **rows = w->vt->main.rows;

	for (int i = 0; i < w->vt->rows; i++) {
		put_row(w, rows[i]);
		if (i + 1 < w->vt->rows)
			end_line(w, wraps(w->vt, rows[i], rows[i + 1]));
	}
	pen(w, &plain);
}

static void
go(struct writer *w, int row, int col)
{
	buf_printf(w->out, "\033[%d;%dH", row + 1, col + 1);
}

/* A pending wrap comes from writing the last cell again. */
static void
go_pending(struct writer *w, const struct row *r, int row, int col)
{
	struct vt_cell c;

	if (r->len < w->vt->cols) {
		go(w, row, col);
		return;
	}
	row_cell(w->vt, r, col, &c);
	if (c.cp == 0)
		row_cell(w->vt, r, --col, &c);
	go(w, row, col);
	put_cell(w, &c);
}

static void
put_charsets(struct writer *w, const uint8_t sets[2], unsigned gl)
{
	static const char names[] = { 'B', '0', 'A' };

	buf_printf(w->out, "\033(%c\033)%c%c", names[sets[0]], names[sets[1]],
	    gl != 0 ? 0x0e : 0x0f);
}

/* What DECSC keeps, as it was kept on this screen. */
static void
put_saved(struct writer *w, const struct screen *s, const char *by)
{
	const struct saved *v = &s->saved;

	/* There are no margins yet, so that rows count from the top. */
	buf_puts(w->out, v->origin ? "\033[?6h" : "");
	if (v->pending)
		go_pending(w, s->rows[v->row], v->row, v->col);
	else
		go(w, v->row, v->col);
	pen(w, &v->pen);
	put_charsets(w, v->graphics, v->gl);
	buf_puts(w->out, by);
	buf_puts(w->out, v->origin ? "\033[?6l" : "");
	put_charsets(w, (const uint8_t[2]){ 0, 0 }, 0);
	pen(w, &plain);
}

static void
put_alt(struct writer *w)
{
	const struct vt *vt = w->vt;

	for (int i = 0; i < vt->rows; i++) {
		const struct row *r = vt->alt.rows[i];

		if (r->len == 0 && r->tail == 0)
			continue;
		go(w, i, 0);
		put_row(w, r);
	}
	pen(w, &plain);
}

static void
put_tabs(struct writer *w)
{
	const struct vt *vt = w->vt;
	struct vt usual;

	tabs_default(&usual, 0);
	if (memcmp(usual.tabs, vt->tabs, sizeof vt->tabs) == 0)
		return;
	buf_puts(w->out, "\033[3g");
	for (int i = 0; i < vt->cols; i++) {
		if ((vt->tabs[i / 8] >> (i & 7) & 1) == 0)
			continue;
		go(w, 0, i);
		buf_puts(w->out, "\033H");
	}
}

static void
put_modes(struct writer *w)
{
	const struct vt_modes *m = &w->vt->modes;
	const struct {
		bool on;
		const char *set;
	} t[] = {
		{ m->app_cursor, "\033[?1h" },
		{ m->app_keypad, "\033=" },
		{ m->paste, "\033[?2004h" },
		{ m->focus, "\033[?1004h" },
		{ m->newline, "\033[20h" },
		{ m->cursor_hidden, "\033[?25l" },
		{ m->reverse, "\033[?5h" },
		{ m->mouse == VT_MOUSE_X10, "\033[?9h" },
		{ m->mouse == VT_MOUSE_CLICKS, "\033[?1000h" },
		{ m->mouse == VT_MOUSE_DRAGS, "\033[?1002h" },
		{ m->mouse == VT_MOUSE_ALL, "\033[?1003h" },
		{ m->mouse_sgr, "\033[?1006h" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (t[i].on)
			buf_puts(w->out, t[i].set);
	if (w->vt->title[0] != '\0')
		buf_printf(w->out, "\033]2;%s\033\\", w->vt->title);
}

/* Margins and the cursor, which each of the modes here would move. */
static void
put_cursor(struct writer *w)
{
	const struct vt *vt = w->vt;
	int row = vt->row;

	if (vt->top > 0 || vt->bottom < vt->rows - 1)
		buf_printf(w->out, "\033[%d;%dr", vt->top + 1, vt->bottom + 1);
	if (vt->origin) {
		buf_puts(w->out, "\033[?6h");
		row -= vt->top;
	}
	if (vt->pending)
		go_pending(w, vt_row(vt, vt->row), row, vt->col);
	else
		go(w, row, vt->col);
	pen(w, &vt->pen);
}

/* A sequence or character of which only the start has come. */
static void
put_begun(struct writer *w)
{
	const struct vt *vt = w->vt;
	struct buf *out = w->out;
	const struct csi *s = &vt->csi;

	buf_add(out, vt->part, vt->n_part);
	switch (vt->state) {
	case ST_GROUND:
		return;
	case ST_OSC:
		buf_puts(out, "\033]");
		buf_add(out, vt->osc,
		    vt->n_osc < sizeof vt->osc ? vt->n_osc : sizeof vt->osc);
		return;
	case ST_STRING:
		buf_printf(out, "\033%c", vt->kind);
		return;
	case ST_ESCAPE:
	case ST_ESC_INTER:
		buf_puts(out, "\033");
		break;
	case ST_CSI_IGNORE:
		buf_puts(out, "\033[1?");
		return;
	default:
		buf_puts(out, "\033[");
	}
	if (s->prefix != 0)
		buf_add(out, &s->prefix, 1);
	for (unsigned i = 0; i < s->n; i++) {
		if (i > 0)
			buf_puts(out, (s->sub >> i & 1) != 0 ? ":" : ";");
		buf_printf(out, "%u", s->par[i]);
	}
	if (s->full)
		buf_puts(out, ";");
	if (s->inter != 0)
		buf_add(out, &s->inter, 1);
}

void
vt_snapshot(const struct vt *vt, unsigned lines, struct buf *out)
{
	struct writer w = { .vt = vt, .out = out, .pen = plain };

	buf_puts(out, "\033c\033[3J");
	put_scrollback(&w, lines);
	put_main(&w);
	put_tabs(&w);
	if (vt->modes.alt) {
		/* Not by 1049, which clears in the colour that was kept. */
		put_saved(&w, &vt->main, "\0337");
		buf_puts(out, "\033[?47h\033[2J");
		put_alt(&w);
	}
	put_saved(&w, vt->on, "\0337");
	put_modes(&w);
	put_cursor(&w);
	/* Last what would have changed how the rest was read. */
	put_charsets(&w, vt->graphics, vt->gl);
	if (vt->insert)
		buf_puts(out, "\033[4h");
	if (!vt->autowrap)
		buf_puts(out, "\033[?7l");
	put_begun(&w);
}

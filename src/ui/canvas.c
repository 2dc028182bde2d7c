#include "rackmux/ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Half a wide character is never left behind: whoever overwrites one half
 * blanks the other, as a terminal does. The ASCII stand-ins are applied here,
 * in the one place through which every cell goes, so that no view can forget
 * them.
 */

struct rect
rect_of(int x, int y, int w, int h)
{
	return (struct rect){ x, y, w, h };
}

bool
rect_has(struct rect r, int x, int y)
{
	return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}

void
canvas_init(struct canvas *c)
{
	memset(c, 0, sizeof *c);
	c->cursor_x = c->cursor_y = -1;
}

void
canvas_release(struct canvas *c)
{
	free(c->cells);
	free(c->touched);
	canvas_init(c);
}

void
canvas_resize(struct canvas *c, int w, int h)
{
	w = w < 0 ? 0 : w;
	h = h < 0 ? 0 : h;
	if (c->cells == NULL || w != c->w || h != c->h) {
		free(c->cells);
		free(c->touched);
		c->cells =
		    mem_array((size_t)w * (size_t)h + 1, sizeof *c->cells);
		c->touched = mem_array((size_t)h + 1, sizeof *c->touched);
		c->w = w;
		c->h = h;
	}
	canvas_clear(c);
}

void
canvas_clear(struct canvas *c)
{
	size_t n = (size_t)c->w * (size_t)c->h;

	c->cleared++;
	memset(c->cells, 0, n * sizeof *c->cells);
	for (size_t i = 0; i < n; i++)
		c->cells[i].cp = ' ';
	for (int y = 0; y < c->h; y++)
		c->touched[y] = true;
	c->cursor_x = c->cursor_y = -1;
}

void
canvas_settled(struct canvas *c)
{
	memset(c->touched, 0, (size_t)c->h * sizeof *c->touched);
}

static struct cell *
cell_at(const struct canvas *c, int x, int y)
{
	if (x < 0 || y < 0 || x >= c->w || y >= c->h)
		return NULL;
	return &c->cells[(size_t)y * (size_t)c->w + (size_t)x];
}

static uint32_t
ascii_braille(uint32_t cp)
{
	static const char dots[] = " ..:-=+*#";
	unsigned n = 0;

	for (uint32_t bits = cp & 0xff; bits != 0; bits >>= 1)
		n += bits & 1;
	return (uint32_t)dots[n];
}

static uint32_t
ascii_of(uint32_t cp)
{
	static const struct {
		uint32_t from;
		char to;
	} table[] = {
		{ 0x25cf, '*' },
		{ 0x25cb, 'o' },
		{ 0x25d0, '%' },
		{ 0x25cc, '?' },
		{ 0x2715, 'x' },
		{ 0x25c9, '@' },
		{ 0x25cd, '~' },
		{ 0x00b0, 'C' },
		{ 0x00b7, '-' },
		{ 0x2013, '-' },
		{ 0x2014, '-' },
		{ 0x2026, '~' },
		{ 0x21c5, '=' },
		{ 0x2191, '^' },
		{ 0x2193, 'v' },
		{ 0x2190, '<' },
		{ 0x2192, '>' },
		{ 0x258c, '!' },
		{ 0x2022, '*' },
		{ 0x00d7, 'x' },
		{ 0x2504, '.' },
		{ 0x2502, '|' },
		{ 0x2500, '-' },
		{ 0x2503, '|' },
		{ 0x21b5, '<' },
		{ 0x2713, '+' },
		{ 0x25b2, '^' },
		{ 0x25bc, 'v' },
	};

	if (cp < 0x7f)
		return cp;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].from == cp)
			return (uint32_t)table[i].to;
	if (cp >= 0x2800 && cp <= 0x28ff)
		return ascii_braille(cp);
	if (cp >= 0x2500 && cp <= 0x257f)
		return '+';
	if (cp >= 0x2581 && cp <= 0x2588)
		return (uint32_t)("_..:-=##"[cp - 0x2581]);
	return '?';
}

/* Blank the other half of a wide character of which one half goes. */
static void
unpair(struct canvas *c, int x, int y)
{
	struct cell *here = cell_at(c, x, y), *next = cell_at(c, x + 1, y);

	if (here->cp == 0 && x > 0) {
		here[-1].cp = ' ';
		memset(here[-1].marks, 0, sizeof here->marks);
	}
	if (next != NULL && next->cp == 0)
		next->cp = ' ';
}

/* One base character; returns the columns it took. */
static int
put(struct canvas *c, int x, int y, struct style st, uint32_t cp)
{
	struct cell *cell = cell_at(c, x, y);
	int width;

	if (cell != NULL)
		c->touched[y] = true;
	if (!text_cp_ok(cp) || cp < 0x20)
		cp = TEXT_BAD;
	if (c->ascii)
		cp = ascii_of(cp);
	width = text_cp_width(cp);
	if (width < 1 || cell == NULL)
		return width;
	if (width == 2 && cell_at(c, x + 1, y) == NULL) {
		cp = ' ';
		width = 1;
	}
	unpair(c, x, y);
	*cell = (struct cell){ .cp = cp, .style = st };
	if (width == 2) {
		unpair(c, x + 1, y);
		cell[0].cp = cp;
		cell[1] = (struct cell){ .cp = 0, .style = st };
	}
	return width;
}

void
canvas_put(struct canvas *c, int x, int y, struct style st, uint32_t cp)
{
	put(c, x, y, st, cp);
}

void
canvas_paint(struct canvas *c, int x, int y, const struct cell *from)
{
	struct cell *cell = cell_at(c, x, y);
	int width;

	if (cell == NULL || from->cp == 0)
		return;
	width = put(c, x, y, from->style, from->cp);
	cell->fg = from->fg;
	cell->bg = from->bg;
	if (!c->ascii)
		memcpy(cell->marks, from->marks, sizeof cell->marks);
	if (width == 2 && cell_at(c, x + 1, y) != NULL) {
		cell[1].fg = from->fg;
		cell[1].bg = from->bg;
	}
}

void
canvas_restyle(struct canvas *c, int x, int y, int cols, struct style st)
{
	for (; cols > 0; cols--, x++) {
		struct cell *cell = cell_at(c, x, y);

		if (cell == NULL)
			continue;
		cell->style = st;
		cell->fg = cell->bg = 0;
		c->touched[y] = true;
	}
}

static void
add_mark(struct canvas *c, int x, int y, uint32_t cp)
{
	struct cell *cell = cell_at(c, x, y);

	if (cell != NULL && cell->cp == 0)
		cell = cell_at(c, x - 1, y);
	if (cell == NULL || c->ascii || !text_cp_ok(cp))
		return;
	for (size_t i = 0; i < CELL_MARKS; i++) {
		if (cell->marks[i] == 0) {
			cell->marks[i] = cp;
			return;
		}
	}
}

int
canvas_text(
    struct canvas *c, int x, int y, int cols, struct style st, const char *s)
{
	size_t left = strlen(s);
	int used = 0;

	while (left > 0) {
		uint32_t cp;
		size_t n = text_decode(s, left, &cp, NULL);
		int width;

		s += n;
		left -= n;
		if (c->ascii && cp == 0xb0 && *s == 'C')
			continue;
		width = cp < 0x20 ? 1 : text_cp_width(cp);
		if (width == 0 && text_cp_ok(cp)) {
			if (used > 0)
				add_mark(c, x + used - 1, y, cp);
			continue;
		}
		if (c->ascii)
			width = 1;
		if (used + width > cols)
			break;
		put(c, x + used, y, st, cp);
		used += width;
	}
	return used;
}

int
canvas_printf(struct canvas *c, int x, int y, int cols, struct style st,
    const char *fmt, ...)
{
	va_list ap;
	char *s;
	int used;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	used = canvas_text(c, x, y, cols, st, s);
	free(s);
	return used;
}

int
canvas_right(
    struct canvas *c, int x, int y, int cols, struct style st, const char *s)
{
	int width = text_width(s);

	if (width >= cols)
		return canvas_text(c, x, y, cols, st, s);
	return canvas_text(c, x + cols - width, y, width, st, s);
}

/* The part of r that lies on the canvas. */
static struct rect
clip(const struct canvas *c, struct rect r)
{
	if (r.x < 0) {
		r.w += r.x;
		r.x = 0;
	}
	if (r.y < 0) {
		r.h += r.y;
		r.y = 0;
	}
	r.w = r.w > c->w - r.x ? c->w - r.x : r.w;
	r.h = r.h > c->h - r.y ? c->h - r.y : r.h;
	return r;
}

void
canvas_fill(struct canvas *c, struct rect r, struct style st, uint32_t cp)
{
	r = clip(c, r);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			put(c, x, y, st, cp);
}

void
canvas_frame(struct canvas *c, struct rect r, struct style st)
{
	int right = r.x + r.w - 1, bottom = r.y + r.h - 1;

	if (r.w < 2 || r.h < 2)
		return;
	canvas_fill(c, rect_of(r.x, r.y, r.w, 1), st, 0x2500);
	canvas_fill(c, rect_of(r.x, bottom, r.w, 1), st, 0x2500);
	canvas_fill(c, rect_of(r.x, r.y, 1, r.h), st, 0x2502);
	canvas_fill(c, rect_of(right, r.y, 1, r.h), st, 0x2502);
	canvas_put(c, r.x, r.y, st, 0x256d);
	canvas_put(c, right, r.y, st, 0x256e);
	canvas_put(c, r.x, bottom, st, 0x2570);
	canvas_put(c, right, bottom, st, 0x256f);
}

static void
trim_line(struct buf *b, size_t from)
{
	while (b->len > from && b->data[b->len - 1] == ' ')
		b->len--;
	buf_puts(b, "\n");
}

static void
dump_text(const struct canvas *c, struct buf *b)
{
	char utf8[8];

	for (int y = 0; y < c->h; y++) {
		size_t from = b->len;

		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = cell_at(c, x, y);

			if (cell->cp == 0)
				continue;
			buf_add(b, utf8, text_encode(cell->cp, utf8));
			for (size_t i = 0; i < CELL_MARKS; i++)
				if (cell->marks[i] != 0)
					buf_add(b, utf8,
					    text_encode(cell->marks[i], utf8));
		}
		trim_line(b, from);
	}
}

static char
flag_letter(uint8_t flags)
{
	return flags & STYLE_ON_SELECTED ? 'S'
	    : flags & STYLE_ON_POPUP     ? 'p'
	    : flags & STYLE_ON_BAR       ? '='
	    : flags & STYLE_REVERSE      ? 'r'
	    : flags & STYLE_BLINK        ? 'k'
	    : flags & STYLE_BOLD         ? 'b'
	    : flags != 0                 ? '+'
					 : ' ';
}

static void
dump_styles(const struct canvas *c, struct buf *b, bool flags)
{
	for (int y = 0; y < c->h; y++) {
		size_t from = b->len;

		for (int x = 0; x < c->w; x++) {
			const struct cell *cell = cell_at(c, x, y);
			char letter = flags ? flag_letter(cell->style.flags)
			    : cell->style.role == ROLE_PAINTED
			    ? '~'
			    : theme_role_letter((enum role)cell->style.role);

			if (!flags && cell->cp == ' ' &&
			    cell->style.role == ROLE_TEXT)
				letter = ' ';
			buf_add(b, &letter, 1);
		}
		trim_line(b, from);
	}
}

char *
canvas_dump(const struct canvas *c)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "--- text %dx%d cursor %d,%d\n", c->w, c->h, c->cursor_x,
	    c->cursor_y);
	dump_text(c, &b);
	buf_puts(&b, "--- roles\n");
	dump_styles(c, &b, false);
	buf_puts(&b, "--- flags\n");
	dump_styles(c, &b, true);
	return b.data;
}

#include <string.h>

#include "rackmux/base/text.h"
#include "vt_in.h"

/*
 * Lines for whoever draws or searches, from the scrollback or the screen.
 */

unsigned
vt_lines(const struct vt *vt)
{
	return vt->scroll.lines + (unsigned)vt->rows;
}

unsigned long long
vt_first(const struct vt *vt)
{
	return vt->scroll.first;
}

static void
right_half(struct vt_cell *out, const struct vt_style *s)
{
	memset(out, 0, sizeof *out);
	out->style = *s;
}

static void
blank(struct vt_cell *out, const struct vt_style *s)
{
	right_half(out, s);
	out->cp = ' ';
	out->width = 1;
}

/* What lies beyond the text is there when it can be seen. */
static int
fill_rest(struct vt_cell *out, int n, int cols, const struct vt_style *s)
{
	if (s->bg == VT_DEFAULT && s->attrs == 0)
		return n;
	while (n < cols)
		blank(&out[n++], s);
	return n;
}

static int
packed_line(
    const unsigned char *p, struct vt_cell *out, int cols, bool *wrapped)
{
	struct packed l;
	int n = 0;

	pack_open(&l, p);
	if (wrapped != NULL)
		*wrapped = l.wrapped;
	while (n < cols && pack_next(&l, &out[n])) {
		if (out[n].width == 2 && n + 1 == cols)
			blank(&out[n], &l.style);
		else if (out[n].width == 2)
			right_half(&out[++n], &l.style);
		n++;
	}
	return n < cols ? fill_rest(out, n, cols, &l.style) : n;
}

static int
screen_line(
    const struct vt *vt, const struct row *r, struct vt_cell *out, int cols)
{
	int n;

	cols = cols > vt->cols ? vt->cols : cols;
	for (n = 0; n < r->len && n < cols; n++)
		row_cell(vt, r, n, &out[n]);
	if (n > 0 && out[n - 1].width == 2)
		blank(&out[n - 1], &out[n - 1].style);
	return fill_rest(out, n, cols, &vt->styles.s[r->tail]);
}

int
vt_line(const struct vt *vt, unsigned line, struct vt_cell *out, int cols,
    bool *wrapped)
{
	const struct row *r;

	if (wrapped != NULL)
		*wrapped = false;
	if (line >= vt_lines(vt) || cols <= 0)
		return 0;
	if (line < vt->scroll.lines) {
		return packed_line(scroll_line(&vt->scroll, line), out,
		    cols > vt->cols ? vt->cols : cols, wrapped);
	}
	r = vt_row(vt, (int)(line - vt->scroll.lines));
	if (wrapped != NULL)
		*wrapped = r->wrapped;
	return screen_line(vt, r, out, cols);
}

/* A string of a given room, as snprintf keeps it. */
struct out {
	char *s;
	size_t size, len; /* len: of all, also what did not fit */
	size_t kept;
};

static void
out_add(struct out *o, const char *s, size_t n)
{
	if (o->kept == o->len && o->size > 0 && o->len + n < o->size) {
		memcpy(o->s + o->kept, s, n);
		o->kept += n;
	}
	o->len += n;
}

static void
out_cp(struct out *o, uint32_t cp)
{
	char s[4];

	out_add(o, s, text_encode(cp, s));
}

static void
row_text(const struct row *r, struct out *o)
{
	int len = r->len;

	while (len > 0 && (uint32_t)r->cells[len - 1] == ' ' &&
	    cell_marks(r->cells[len - 1]) == 0)
		len--;
	for (int i = 0; i < len; i++) {
		uint64_t c = r->cells[i];
		unsigned m = cell_marks(c);

		if ((c & CELL_RIGHT) != 0)
			continue;
		out_cp(o, (uint32_t)c & CELL_CP);
		for (int k = 0; m != 0 && k < VT_MARKS; k++)
			if (r->marks[m - 1][k] != 0)
				out_cp(o, r->marks[m - 1][k]);
	}
}

/* Cut between two characters when it is too long. */
static void
packed_text(const unsigned char *p, struct out *o)
{
	struct packed l;
	size_t len, n;

	pack_open(&l, p);
	len = (size_t)(l.text_end - l.text);
	while (len > 0 && l.text[len - 1] == ' ')
		len--;
	n = len;
	if (o->size > 0 && n >= o->size) {
		n = o->size - 1;
		while (n > 0 && (l.text[n] & 0xc0) == 0x80)
			n--;
	}
	out_add(o, (const char *)l.text, n);
	o->len = len;
}

size_t
vt_text(const struct vt *vt, unsigned line, char *out, size_t size)
{
	struct out o = { out, size, 0, 0 };

	if (line < vt->scroll.lines)
		packed_text(scroll_line(&vt->scroll, line), &o);
	else if (line < vt_lines(vt))
		row_text(vt_row(vt, (int)(line - vt->scroll.lines)), &o);
	if (size > 0)
		out[o.kept] = '\0';
	return o.len;
}

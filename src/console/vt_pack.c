#include "vt_in.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A line of the scrollback:
 *
 *	varint	bytes of text << 2 | has styles << 1 | wrapped
 *	text	UTF-8, marks after their base
 *	varint	bytes of the styles that follow		(when it has any)
 *	runs	varint columns, style; columns 0: all that is beyond
 *
 * so that a plain line costs its text and one or two bytes. Styles are
 * written out, since their numbers are given anew as they go out of use.
 */

enum { COLOUR_NONE, COLOUR_INDEX, COLOUR_FULL };

static unsigned char *
put_varint(unsigned char *p, size_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (unsigned char)(v | 0x80);
	*p++ = (unsigned char)v;
	return p;
}

static const unsigned char *
get_varint(const unsigned char *p, size_t *v)
{
	unsigned shift = 0;

	*v = 0;
	do {
		*v |= (size_t)(*p & 0x7f) << shift;
		shift += 7;
	} while ((*p++ & 0x80) != 0);
	return p;
}

static unsigned
colour_kind(int32_t c)
{
	return c < 0 ? COLOUR_NONE : c < VT_RGB ? COLOUR_INDEX : COLOUR_FULL;
}

static unsigned char *
put_colour(unsigned char *p, int32_t c)
{
	switch (colour_kind(c)) {
	case COLOUR_FULL:
		*p++ = (unsigned char)(c >> 16);
		*p++ = (unsigned char)(c >> 8);
		/* FALLTHROUGH */
	case COLOUR_INDEX:
		*p++ = (unsigned char)c;
	}
	return p;
}

static const unsigned char *
get_colour(const unsigned char *p, unsigned kind, int32_t *c)
{
	*c = VT_DEFAULT;
	if (kind == COLOUR_INDEX) {
		*c = *p++;
	} else if (kind == COLOUR_FULL) {
		*c = VT_RGB | p[0] << 16 | p[1] << 8 | p[2];
		p += 3;
	}
	return p;
}

static unsigned char *
put_run(unsigned char *p, unsigned columns, const struct vt_style *s)
{
	p = put_varint(p, columns);
	*p++ = (unsigned char)(colour_kind(s->fg) | colour_kind(s->bg) << 2 |
	    (s->attrs != 0 ? 16u : 0));
	p = put_colour(p, s->fg);
	p = put_colour(p, s->bg);
	if (s->attrs != 0)
		*p++ = s->attrs;
	return p;
}

static const unsigned char *
get_run(const unsigned char *p, unsigned *columns, struct vt_style *s)
{
	size_t n;
	unsigned what;

	p = get_varint(p, &n);
	*columns = (unsigned)n;
	what = *p++;
	p = get_colour(p, what & 3, &s->fg);
	p = get_colour(p, what >> 2 & 3, &s->bg);
	s->attrs = (what & 16) != 0 ? *p++ : 0;
	return p;
}

/* The text alone. *styled: a cell or the rest has a style. */
static unsigned char *
put_text(const struct row *r, unsigned char *p, bool *styled)
{
	*styled = r->tail != 0;
	for (int i = 0; i < r->len; i++) {
		uint64_t c = r->cells[i];
		unsigned m;

		if ((c & ~(uint64_t)0x7f) == 0) {
			*p++ = (unsigned char)c;
			continue;
		}
		*styled |= cell_style(c) != 0;
		if ((c & CELL_RIGHT) != 0)
			continue;
		p += text_encode((uint32_t)c & CELL_CP, (char *)p);
		m = cell_marks(c);
		for (int k = 0; m != 0 && k < VT_MARKS; k++)
			if (r->marks[m - 1][k] != 0)
				p += text_encode(r->marks[m - 1][k], (char *)p);
	}
	return p;
}

static unsigned char *
put_styles(const struct vt *vt, const struct row *r, unsigned char *p)
{
	int start = 0;

	for (int i = 1; i <= r->len; i++) {
		uint16_t s = cell_style(r->cells[start]);

		if (i < r->len && cell_style(r->cells[i]) == s)
			continue;
		p = put_run(p, (unsigned)(i - start), &vt->styles.s[s]);
		start = i;
	}
	if (r->tail != 0)
		p = put_run(p, 0, &vt->styles.s[r->tail]);
	return p;
}

static size_t
varint_len(size_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

/* Puts the length of what was written at p + gap where it belongs. */
static unsigned char *
close_gap(unsigned char *p, unsigned char *end, size_t gap, size_t head)
{
	size_t len = (size_t)(end - p) - gap, need = varint_len(head);

	if (need != gap)
		memmove(p + need, p + gap, len);
	put_varint(p, head);
	return p + need + len;
}

void
pack_row(const struct vt *vt, const struct row *r, struct block *b)
{
	unsigned char *p, *end;
	bool styled;

	/* A cell is at most 4 bytes of text, 11 of a run; a mark is 4. */
	block_room(b, 32 + r->len * 15u + r->n_marks * 4u * VT_MARKS);
	p = b->data + b->len;
	end = put_text(r, p + 2, &styled);
	end = close_gap(p, end, 2,
	    (size_t)(end - p - 2) << 2 | (size_t)styled << 1 |
		(size_t)r->wrapped);
	if (styled) {
		p = end;
		end = put_styles(vt, r, p + 2);
		end = close_gap(p, end, 2, (size_t)(end - p - 2));
	}
	b->len = (size_t)(end - b->data);
}

const unsigned char *
pack_open(struct packed *l, const unsigned char *p)
{
	size_t head, runs = 0;

	p = get_varint(p, &head);
	l->wrapped = (head & 1) != 0;
	l->text = p;
	l->text_end = p = p + (head >> 2);
	if ((head & 2) != 0)
		p = get_varint(p, &runs);
	l->run = p;
	l->run_end = p + runs;
	l->left = 0;
	l->style = (struct vt_style){ VT_DEFAULT, VT_DEFAULT, 0 };
	return l->run_end;
}

const unsigned char *
pack_skip(const unsigned char *p)
{
	struct packed l;

	return pack_open(&l, p);
}

static void
next_style(struct packed *l)
{
	if (l->run < l->run_end)
		l->run = get_run(l->run, &l->left, &l->style);
	else
		l->style = (struct vt_style){ VT_DEFAULT, VT_DEFAULT, 0 };
}

static const unsigned char *
next_cp(struct packed *l, uint32_t *cp)
{
	if (*l->text < 0x80) {
		*cp = *l->text;
		return l->text + 1;
	}
	return l->text +
	    text_decode((const char *)l->text, (size_t)(l->text_end - l->text),
		cp, NULL);
}

bool
pack_next(struct packed *l, struct vt_cell *c)
{
	const unsigned char *after;

	if (l->left == 0)
		next_style(l);
	if (l->text == l->text_end)
		return false;
	l->text = next_cp(l, &c->cp);
	c->width = (uint8_t)(c->cp < 0x300 || cp_width(c->cp) != 2 ? 1 : 2);
	c->style = l->style;
	l->left -= l->left < c->width ? l->left : c->width;
	memset(c->marks, 0, sizeof c->marks);
	for (int i = 0; l->text < l->text_end && *l->text >= 0x80; i++) {
		uint32_t cp;

		after = next_cp(l, &cp);
		if (cp_width(cp) != 0 || i == VT_MARKS)
			break;
		c->marks[i] = cp;
		l->text = after;
	}
	return true;
}

#include "vt_in.h"

/*
 * SGR. A colour of 256 or of 16 million is written in three ways that are
 * all met: 38;2;r;g;b (parameters), 38:2::r:g:b (ISO 8613-6, with a place for
 * the colour space) and 38:2:r:g:b (the same without it).
 */

/* How many sub-parameters follow parameter i. */
static unsigned
subs(const struct csi *s, unsigned i)
{
	unsigned n = 0;

	while (i + n + 1 < s->n && (s->sub >> (i + n + 1) & 1) != 0)
		n++;
	return n;
}

static void
set_rgb(int32_t *c, const uint16_t *p)
{
	if (p[0] < 256 && p[1] < 256 && p[2] < 256)
		*c = VT_RGB | p[0] << 16 | p[1] << 8 | p[2];
}

static void
set_index(int32_t *c, unsigned v)
{
	if (v < 256)
		*c = (int32_t)v;
}

/* The n values that say a colour, the first its kind. */
static void
colour(int32_t *c, const uint16_t *p, unsigned n, bool space)
{
	if (n >= 2 && p[0] == 5)
		set_index(c, p[1]);
	else if (p[0] == 2 && space && n >= 5)
		set_rgb(c, p + 2);
	else if (p[0] == 2 && n >= 4)
		set_rgb(c, p + 1);
}

/* Parameter i is 38, 48 or 58. How many more belong to it. */
static unsigned
extended(struct csi *s, unsigned i, int32_t *c)
{
	unsigned n = subs(s, i), rest = s->n - i - 1u;

	if (n > 0) {
		colour(c, &s->par[i + 1], n, true);
		return n;
	}
	if (rest == 0)
		return 0;
	n = s->par[i + 1] == 5 ? 2 : s->par[i + 1] == 2 ? 4 : 1;
	if (n > rest)
		return rest;
	colour(c, &s->par[i + 1], n, false);
	return n;
}

static void
attribute(struct vt_style *pen, int v)
{
	static const uint8_t on[] = { 0, VT_BOLD, VT_DIM, VT_ITALIC,
		VT_UNDERLINE, VT_BLINK, VT_BLINK, VT_REVERSE, VT_HIDDEN,
		VT_STRIKE };
	static const uint8_t off[] = { VT_UNDERLINE /* 21: doubly */,
		VT_BOLD | VT_DIM, VT_ITALIC, VT_UNDERLINE, VT_BLINK, 0,
		VT_REVERSE, VT_HIDDEN, VT_STRIKE };

	if (v >= 1 && v <= 9)
		pen->attrs |= on[v];
	else if (v == 21)
		pen->attrs |= off[0];
	else if (v >= 22 && v <= 29)
		pen->attrs &= (uint8_t)~off[v - 21];
}

static void
one(struct vt *vt, int v)
{
	struct vt_style *pen = &vt->pen;

	if (v == 0)
		*pen = vt->styles.s[0];
	else if (v < 30)
		attribute(pen, v);
	else if (v < 38)
		pen->fg = v - 30;
	else if (v == 39)
		pen->fg = VT_DEFAULT;
	else if (v >= 40 && v < 48)
		pen->bg = v - 40;
	else if (v == 49)
		pen->bg = VT_DEFAULT;
	else if (v >= 90 && v < 98)
		pen->fg = v - 90 + 8;
	else if (v >= 100 && v < 108)
		pen->bg = v - 100 + 8;
}

static unsigned
parameter(struct vt *vt, unsigned i)
{
	struct csi *s = &vt->csi;
	int32_t other;
	unsigned n;

	switch (s->par[i]) {
	case 38:
		return extended(s, i, &vt->pen.fg);
	case 48:
		return extended(s, i, &vt->pen.bg);
	case 58:
		return extended(s, i, &other);
	}
	n = subs(s, i);
	/* 4:0 to 4:5 are kinds of underline. */
	if (n > 0 && s->par[i] == 4 && s->par[i + 1] == 0)
		one(vt, 24);
	else if (n == 0 || s->par[i] == 4)
		one(vt, s->par[i]);
	return n;
}

void
vt_sgr(struct vt *vt)
{
	vt->pen_old = true;
	if (vt->csi.n == 0)
		one(vt, 0);
	for (unsigned i = 0; i < vt->csi.n; i++)
		i += parameter(vt, i);
}

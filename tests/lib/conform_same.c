/*
 * What a terminal shows, held against what a case asks for.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conform.h"

struct report {
	char *out;
	size_t size, len;
	bool same;
};

static void differs(struct report *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
differs(struct report *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	r->same = false;
	if (r->len + 1 >= r->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(r->out + r->len, r->size - r->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		r->len += (size_t)n;
}

static void
trim(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && s[n - 1] == ' ')
		s[--n] = '\0';
}

static void
row_text(const struct cf_screen *s, int row, char *out, size_t size)
{
	size_t n = 0;

	for (int i = 0; i < s->cols; i++) {
		const char *t = s->cell[row][i].text;
		size_t len = strlen(t);

		if (n + len + 1 < size) {
			memcpy(out + n, t, len);
			n += len;
		}
	}
	out[n] = '\0';
	trim(out);
}

static void
compare_rows(
    const struct cf_case *c, const struct cf_screen *got, struct report *r)
{
	for (int i = 0; i < got->rows; i++) {
		char is[CF_COLS * CF_TEXT], want[CF_COLS * CF_TEXT];

		row_text(got, i, is, sizeof is);
		snprintf(
		    want, sizeof want, "%s", i < c->n_rows ? c->row[i] : "");
		trim(want);
		if (strcmp(is, want) != 0)
			differs(
			    r, "row %d is |%s|, not |%s|\n", i + 1, is, want);
	}
	if (c->n_rows > got->rows)
		differs(r, "%d rows\n", got->rows);
}

static void
compare_styles(
    const struct cf_case *c, const struct cf_screen *got, struct report *r)
{
	for (int i = 0; i < c->n_styles; i++) {
		const struct cf_style *t = &c->style[i];

		for (int col = t->from; col <= t->to; col++) {
			const struct cf_cell *cell =
			    &got->cell[t->row - 1][col - 1];
			unsigned known = got->attrs_known;

			if (cell->bg == CF_ANY)
				continue;
			if ((t->fg == CF_ANY || cell->fg == t->fg) &&
			    cell->bg == t->bg &&
			    (cell->attrs & known) == (t->attrs & known))
				continue;
			differs(r,
			    "style of %d,%d is fg=%x bg=%x attrs=%x, not "
			    "fg=%x bg=%x attrs=%x\n",
			    t->row, col, (unsigned)cell->fg, (unsigned)cell->bg,
			    cell->attrs, (unsigned)t->fg, (unsigned)t->bg,
			    t->attrs);
		}
	}
}

static void
compare_back(
    const struct cf_case *c, const struct cf_screen *got, struct report *r)
{
	if (c->n_back < 0)
		return;
	if (got->n_back != c->n_back)
		differs(r, "%d lines of scrollback, not %d\n", got->n_back,
		    c->n_back);
	for (int i = 0; i < c->n_back && i < got->n_back; i++)
		if (strcmp(got->back[i], c->back[i]) != 0)
			differs(r, "scrollback %d is |%s|, not |%s|\n", i + 1,
			    got->back[i], c->back[i]);
}

/* Controls in caret notation, so that what is printed is plain. */
static const char *
plain(const char *s, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 3 < size; i++) {
		unsigned char ch = (unsigned char)s[i];

		if (ch < 0x20) {
			out[n++] = '^';
			ch = (unsigned char)(ch + '@');
		}
		out[n++] = (char)ch;
	}
	out[n] = '\0';
	return out;
}

bool
cf_same(const struct cf_case *c, const struct cf_screen *got, char *why,
    size_t size)
{
	struct report r = { why, size, 0, true };
	size_t want = c->reply != NULL ? c->reply_len : 0;
	char a[CF_LINE], b[CF_LINE];

	why[0] = '\0';
	if (!c->any_screen)
		compare_rows(c, got, &r);
	if (c->cur_row > 0 &&
	    (got->row + 1 != c->cur_row || got->col + 1 != c->cur_col))
		differs(&r, "cursor at %d %d, not %d %d\n", got->row + 1,
		    got->col + 1, c->cur_row, c->cur_col);
	compare_styles(c, got, &r);
	compare_back(c, got, &r);
	if (got->reply_len != want ||
	    (want > 0 && memcmp(got->reply, c->reply, want) != 0))
		differs(&r, "reply is \"%s\", not \"%s\"\n",
		    plain(got->reply, got->reply_len, a, sizeof a),
		    plain(c->reply, want, b, sizeof b));
	if (c->has_modes &&
	    (got->modes & got->modes_known) != (c->modes & got->modes_known))
		differs(&r, "modes are %x, not %x\n",
		    got->modes & got->modes_known, c->modes & got->modes_known);
	if (c->title != NULL && strcmp(c->title, got->title) != 0)
		differs(
		    &r, "title is \"%s\", not \"%s\"\n", got->title, c->title);
	if (c->bells >= 0 && got->bells >= 0 && c->bells != got->bells)
		differs(&r, "%d bells, not %d\n", got->bells, c->bells);
	return r.same;
}

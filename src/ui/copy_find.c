#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#include "copy_in.h"

/*
 * Searching what was printed, line by line, whatever the case of letters. A
 * match does not go over the end of a line.
 */

enum { LINE_MAX_BYTES = VT_COLS_MAX * 4 + 1 };

/* The byte at which a column begins; a mark has none of its own. */
static const char *
at_column(const char *s, int col)
{
	while (*s != '\0' && col > 0) {
		uint32_t cp;

		s += text_decode(s, strlen(s), &cp, NULL);
		col -= text_cp_width(cp);
	}
	return s;
}

static int
columns(const char *s, const char *end)
{
	int cols = 0;

	while (s < end) {
		uint32_t cp;

		s += text_decode(s, (size_t)(end - s), &cp, NULL);
		cols += text_cp_width(cp) > 0 ? text_cp_width(cp) : 0;
	}
	return cols;
}

int
copy_match(
    const struct vt *vt, unsigned line, const char *query, int col, int *cols)
{
	char text[LINE_MAX_BYTES];
	const char *from, *hit;

	if (query[0] == '\0' || line >= vt_lines(vt))
		return -1;
	(void)vt_text(vt, line, text, sizeof text);
	from = at_column(text, col);
	hit = strcasestr(from, query);
	if (hit == NULL)
		return -1;
	if (cols != NULL)
		*cols = columns(hit, hit + strlen(query));
	return columns(text, hit);
}

/* The last match of a line before a column. */
static int
last_before(const struct vt *vt, unsigned line, const char *query, int before)
{
	int best = -1, col = 0, cols;

	while ((col = copy_match(vt, line, query, col, &cols)) >= 0 &&
	    col < before) {
		best = col;
		col += cols > 0 ? cols : 1;
	}
	return best;
}

bool
copy_find(const struct vt *vt, const char *query, bool down, struct spot *at)
{
	unsigned long long first = vt_first(vt);
	unsigned n = vt_lines(vt);
	unsigned line = at->line > first ? (unsigned)(at->line - first) : 0;
	int col = down ? copy_match(vt, line, query, at->col + 1, NULL)
		       : last_before(vt, line, query, at->col);

	while (col < 0) {
		if (down ? ++line >= n : line-- == 0)
			return false;
		col = down ? copy_match(vt, line, query, 0, NULL)
			   : last_before(vt, line, query, VT_COLS_MAX);
	}
	at->line = first + line;
	at->col = col;
	return true;
}

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#include "copy_in.h"

/*
 * The selection as text. A line that the terminal wrapped is one line again,
 * and spaces at the ends of lines, which nobody printed, are left out.
 */

static bool
after(struct spot a, struct spot b)
{
	return a.line > b.line || (a.line == b.line && a.col > b.col);
}

void
copy_span(const struct copy *cp, struct spot *from, struct spot *to)
{
	bool turned = after(cp->mark, cp->at);

	*from = turned ? cp->at : cp->mark;
	*to = turned ? cp->mark : cp->at;
	if (cp->whole_lines) {
		from->col = 0;
		to->col = VT_COLS_MAX;
	}
}

static void
add_line(const struct vt *vt, unsigned line, int from, int to, struct buf *out)
{
	struct vt_cell cells[VT_COLS_MAX];
	bool wrapped = false;
	int n = vt_line(vt, line, cells, VT_COLS_MAX, &wrapped);
	size_t start = out->len;
	char utf8[8];

	for (int i = from; i < n && i <= to; i++) {
		if (cells[i].cp == 0)
			continue;
		buf_add(out, utf8, text_encode(cells[i].cp, utf8));
		for (int k = 0; k < VT_MARKS && cells[i].marks[k] != 0; k++)
			buf_add(
			    out, utf8, text_encode(cells[i].marks[k], utf8));
	}
	if (to < n - 1 || wrapped)
		return;
	while (out->len > start && out->data[out->len - 1] == ' ')
		out->len--;
	if (to >= n)
		buf_puts(out, "\n");
}

char *
copy_text(const struct vt *vt, const struct copy *cp, size_t *len)
{
	unsigned long long first = vt_first(vt);
	struct spot from, to;
	struct buf out;
	char *text;

	copy_span(cp, &from, &to);
	buf_init(&out, 0);
	for (unsigned long long i = from.line;
	     i <= to.line && out.len < COPY_TAKE_MAX; i++) {
		if (i < first || i - first >= vt_lines(vt))
			continue;
		add_line(vt, (unsigned)(i - first),
		    i == from.line ? from.col : 0,
		    i == to.line ? to.col : VT_COLS_MAX, &out);
	}
	/* Of the last line its end is not part of a selection within it. */
	if (!cp->whole_lines && out.len > 0 && out.data[out.len - 1] == '\n')
		out.len--;
	*len = out.len;
	text = mem_strndup(out.len > 0 ? out.data : "", out.len);
	buf_release(&out);
	return text;
}

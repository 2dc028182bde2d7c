#include "rackmux/ui/copy.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/screen.h"

#include "copy_in.h"

/*
 * Copy mode: a cursor of its own that goes through what was printed, keys as
 * in less and vi. The pane stands still meanwhile; what comes is read on.
 */

static unsigned
index_of(const struct pane *p, unsigned long long line)
{
	const struct vt *vt = console_vt(p->console);
	unsigned long long first = vt_first(vt);
	unsigned n = vt_lines(vt);

	if (line < first)
		return 0;
	return line - first < n ? (unsigned)(line - first) : n - 1;
}

/* Bring the cursor into what there is and the pane to the cursor. */
static void
settle(struct pane *p)
{
	struct copy *cp = p->copy;
	unsigned at = index_of(p, cp->at.line), top = pane_line(p, 0);
	int rows = p->in.h > 1 ? p->in.h - 1 : 1;

	cp->at.line = vt_first(console_vt(p->console)) + at;
	if (cp->at.col >= p->in.w)
		cp->at.col = p->in.w - 1;
	/* Also of a pane that has no room at all, behind a zoomed one. */
	if (cp->at.col < 0)
		cp->at.col = 0;
	if (at < top)
		pane_scroll(p, (int)(top - at));
	else if (at >= top + (unsigned)rows)
		pane_scroll(p, -(int)(at - top - (unsigned)rows + 1));
	p->whole = p->dirty = true;
}

void
copy_begin(struct panes *ps, struct pane *p, bool search)
{
	const struct vt *vt;
	int row, col;

	(void)ps;
	if (p->console == NULL || p->in.h < 2)
		return;
	vt = console_vt(p->console);
	if (p->copy == NULL) {
		p->copy = mem_alloc(sizeof *p->copy);
		vt_cursor(vt, &row, &col);
		p->copy->at.line = p->back
		    ? vt_first(vt) + pane_line(p, p->in.h - 2)
		    : vt_first(vt) + vt_lines(vt) - (unsigned)vt_rows(vt) +
			(unsigned)row;
		p->copy->at.col = p->back ? 0 : col;
	}
	/* It stays where it is, whatever is printed. */
	if (!p->back) {
		p->back = true;
		p->top = vt_first(vt) + pane_back_lines(p);
	}
	p->copy->asking = search;
	p->copy->len = 0;
	p->copy->query[0] = '\0';
	settle(p);
}

void
copy_end(struct pane *p)
{
	if (p->copy == NULL)
		return;
	free(p->copy);
	p->copy = NULL;
	p->back = false;
	p->whole = p->dirty = true;
}

const char *
copy_taken(const struct panes *ps)
{
	return ps->taken != NULL ? ps->taken : "";
}

/* clip: also to the operator's own terminal. */
static void
take(struct panes *ps, struct pane *p, bool clip)
{
	const struct screen_host *host = ps->screen->host;
	bool clipped = false;
	char line[128];
	size_t len;
	char *text;

	if (!p->copy->selecting) {
		p->copy->note = "nothing is selected: v begins";
		return;
	}
	text = copy_text(console_vt(p->console), p->copy, &len);
	free(ps->taken);
	ps->taken = text;
	if (clip && host != NULL && host->on_clip != NULL)
		clipped = host->on_clip(ps->screen->arg, text, len);
	str_format(line, sizeof line, "%zu bytes taken%s", len,
	    clipped    ? ", also by the terminal's clipboard"
		: clip ? "; too many for the terminal's clipboard"
		       : "");
	screen_message(
	    ps->screen, clip && !clipped ? EVENT_WARN : EVENT_GOOD, line);
	copy_end(p);
}

/* --- searching ----------------------------------------------------------- */

static void
find_next(struct pane *p, bool down)
{
	struct copy *cp = p->copy;

	cp->note = NULL;
	if (cp->query[0] == '\0')
		return;
	if (!copy_find(console_vt(p->console), cp->query, down, &cp->at))
		cp->note = down ? "not found below" : "not found above";
}

static void
query_key(struct pane *p, struct key k)
{
	struct copy *cp = p->copy;
	char utf8[8];
	size_t n;

	if (k.code == SYM_ESCAPE) {
		cp->asking = false;
		cp->query[0] = '\0';
	} else if (k.code == SYM_ENTER) {
		cp->asking = false;
		find_next(p, cp->down);
	} else if (k.code == SYM_BACKSPACE) {
		while (cp->len > 0 &&
		    ((unsigned char)cp->query[cp->len - 1] & 0xc0) == 0x80)
			cp->len--;
		cp->len -= cp->len > 0;
		cp->query[cp->len] = '\0';
	} else if (k.mods == 0 && k.code >= ' ' && k.code < SYM_FIRST) {
		n = text_encode(k.code, utf8);
		if (cp->len + n >= sizeof cp->query)
			return;
		memcpy(cp->query + cp->len, utf8, n);
		cp->len += n;
		cp->query[cp->len] = '\0';
	}
}

/* --- moving -------------------------------------------------------------- */

static void
lines(struct pane *p, long by)
{
	struct spot *at = &p->copy->at;

	if (by < 0 && at->line < (unsigned long long)-by)
		at->line = 0;
	else
		at->line += (unsigned long long)by;
}

static bool
blank_at(const struct vt_cell *c, int n, int i)
{
	return i >= n || c[i].cp == ' ';
}

static void
word(struct pane *p, int dir)
{
	struct vt_cell c[VT_COLS_MAX];
	const struct vt *vt = console_vt(p->console);
	int n =
	    vt_line(vt, index_of(p, p->copy->at.line), c, VT_COLS_MAX, NULL);
	int i = p->copy->at.col;

	if (dir > 0) {
		while (i < n && !blank_at(c, n, i))
			i++;
		while (i < n && blank_at(c, n, i))
			i++;
	} else {
		while (i > 0 && blank_at(c, n, i - 1))
			i--;
		while (i > 0 && !blank_at(c, n, i - 1))
			i--;
	}
	p->copy->at.col = i;
}

static void
line_end(struct pane *p)
{
	struct vt_cell c[VT_COLS_MAX];
	int n = vt_line(console_vt(p->console), index_of(p, p->copy->at.line),
	    c, VT_COLS_MAX, NULL);

	p->copy->at.col = n > 0 ? n - 1 : 0;
}

static bool
move(struct pane *p, struct key k)
{
	struct copy *cp = p->copy;
	int page = p->in.h > 3 ? p->in.h - 2 : 1;
	bool ctrl = k.mods == MOD_CTRL;

	if (k.code == SYM_UP || (k.code == 'k' && !ctrl))
		lines(p, -1);
	else if (k.code == SYM_DOWN || (k.code == 'j' && !ctrl))
		lines(p, 1);
	else if (k.code == SYM_LEFT || (k.code == 'h' && !ctrl))
		cp->at.col--;
	else if (k.code == SYM_RIGHT || (k.code == 'l' && !ctrl))
		cp->at.col++;
	else if (k.code == SYM_PAGE_UP || (k.code == 'b' && ctrl))
		lines(p, -page);
	else if (k.code == SYM_PAGE_DOWN || (k.code == 'f' && ctrl))
		lines(p, page);
	else if (k.code == 'u' && ctrl)
		lines(p, -page / 2);
	else if (k.code == 'd' && ctrl)
		lines(p, page / 2);
	else if (k.code == 'g')
		cp->at = (struct spot){ 0, 0 };
	else if (k.code == 'G')
		cp->at = (struct spot){ UINT64_MAX, 0 };
	else if (k.code == '0' || k.code == SYM_HOME)
		cp->at.col = 0;
	else if (k.code == '$' || k.code == SYM_END)
		line_end(p);
	else if (k.code == 'w' || k.code == 'b')
		word(p, k.code == 'w' ? 1 : -1);
	else
		return false;
	return true;
}

static void
begin_selection(struct copy *cp, bool whole_lines)
{
	cp->selecting = !cp->selecting || cp->whole_lines != whole_lines;
	cp->whole_lines = whole_lines;
	cp->mark = cp->at;
}

static void
ask(struct copy *cp, bool down)
{
	cp->asking = true;
	cp->down = down;
	cp->len = 0;
	cp->query[0] = '\0';
}

void
copy_key(struct panes *ps, struct pane *p, struct key k)
{
	struct copy *cp = p->copy;
	bool ctrl = k.mods == MOD_CTRL;

	cp->note = NULL;
	if (cp->asking)
		query_key(p, k);
	else if (move(p, k))
		;
	else if (k.code == SYM_ESCAPE && cp->selecting)
		cp->selecting = false;
	else if (k.code == 'q' || k.code == SYM_ESCAPE ||
	    (k.code == 'c' && ctrl)) {
		copy_end(p);
		return;
	} else if (k.code == 'v' || k.code == ' ')
		begin_selection(cp, false);
	else if (k.code == 'V')
		begin_selection(cp, true);
	else if (k.code == 'y' || k.code == SYM_ENTER || k.code == 'Y') {
		take(ps, p, k.code == 'Y');
		if (p->copy == NULL)
			return;
	} else if (k.code == '/' || k.code == '?')
		ask(cp, k.code == '?');
	else if (k.code == 'n' || k.code == 'N')
		find_next(p, cp->down != (k.code == 'N'));
	settle(p);
}

/* --- the mouse ----------------------------------------------------------- */

static struct spot
spot_at(const struct pane *p, int x, int y)
{
	int row = y - p->in.y, col = x - p->in.x;

	row = row < 0 ? 0 : row >= p->in.h ? p->in.h - 1 : row;
	col = col < 0 ? 0 : col >= p->in.w ? p->in.w - 1 : col;
	return (struct spot){
		vt_first(console_vt(p->console)) + pane_line(p, row), col
	};
}

/* From where the button was pressed. */
static bool
drag_begins(struct panes *ps, struct pane *p, const struct mouse *m)
{
	struct spot from, to;

	if (!rect_has(p->in, ps->press_x, ps->press_y))
		return false;
	/* Before the pane gives its last row away, and moves. */
	from = spot_at(p, ps->press_x, ps->press_y);
	to = spot_at(p, m->x, m->y);
	copy_begin(ps, p, false);
	p->copy->mark = from;
	p->copy->at = to;
	p->copy->selecting = p->copy->by_mouse = true;
	settle(p);
	return true;
}

/* A selection with the mouse is taken when the button is released, as
 * terminals do. */
bool
copy_mouse(struct panes *ps, struct pane *p, const struct mouse *m)
{
	struct copy *cp;

	if (p->console == NULL || p->in.h < 2)
		return false;
	if (m->what == MOUSE_DRAG && m->button == 1 && p->copy == NULL)
		return drag_begins(ps, p, m);
	cp = p->copy;
	if (cp == NULL)
		return false;
	if (m->what == MOUSE_PRESS && m->button == 1) {
		cp->at = cp->mark = spot_at(p, m->x, m->y);
		cp->selecting = false;
		cp->by_mouse = true;
	} else if (m->what == MOUSE_DRAG && cp->by_mouse) {
		cp->at = spot_at(p, m->x, m->y);
		cp->selecting = true;
	} else if (m->what == MOUSE_RELEASE && cp->by_mouse) {
		cp->by_mouse = false;
		if (cp->selecting)
			take(ps, p, false);
		return true;
	} else if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN)
		lines(p, m->what == MOUSE_WHEEL_UP ? -3 : 3);
	else
		return false;
	settle(p);
	return true;
}

/* --- drawing ------------------------------------------------------------- */

static void
draw_matches(const struct pane *p, struct canvas *c, int row)
{
	const struct vt *vt = console_vt(p->console);
	int col = 0, cols = 0;

	while ((col = copy_match(
		    vt, pane_line(p, row), p->copy->query, col, &cols)) >= 0) {
		if (col >= p->in.w)
			return;
		canvas_restyle(c, p->in.x + col, p->in.y + row,
		    col + cols > p->in.w ? p->in.w - col : cols,
		    (struct style){ ROLE_MATCH, 0 });
		col += cols > 0 ? cols : 1;
	}
}

static void
draw_selection(const struct pane *p, struct canvas *c, int row)
{
	unsigned long long line =
	    vt_first(console_vt(p->console)) + pane_line(p, row);
	struct spot from, to;
	int a, b;

	copy_span(p->copy, &from, &to);
	if (line < from.line || line > to.line)
		return;
	a = line == from.line ? from.col : 0;
	b = line == to.line ? to.col : p->in.w - 1;
	b = b >= p->in.w ? p->in.w - 1 : b;
	canvas_restyle(c, p->in.x + a, p->in.y + row, b - a + 1,
	    (struct style){ ROLE_PICKED, 0 });
}

static void
draw_line(const struct pane *p, struct canvas *c)
{
	const struct copy *cp = p->copy;
	struct rect row = rect_of(p->in.x, p->in.y + p->in.h - 1, p->in.w, 1);
	struct pen pen = pen_at(c, row, STYLE_ON_BAR);

	canvas_fill(c, row, (struct style){ ROLE_BAR, STYLE_ON_BAR }, ' ');
	pen_gap(&pen, 1);
	if (cp->asking) {
		pen_text(&pen, ROLE_BAR,
		    cp->down ? "search below: " : "search above: ");
		pen_text(&pen, ROLE_BAR, cp->query);
		c->cursor_x = pen.x < row.x + row.w ? pen.x : pen.x - 1;
		c->cursor_y = row.y;
		return;
	}
	pen_text(&pen, ROLE_BAR, cp->selecting ? "select " : "copy ");
	pen_printf(&pen, ROLE_BAR_DIM, " line %u of %u ",
	    index_of(p, cp->at.line) + 1, vt_lines(console_vt(p->console)));
	if (cp->note != NULL) {
		pen_text(&pen, ROLE_WARN, cp->note);
		return;
	}
	if (cp->query[0] != '\0')
		pen_printf(&pen, ROLE_BAR_DIM, " /%s ", cp->query);
	pen_text(&pen, ROLE_KEY, cp->selecting ? " y" : " v");
	pen_text(&pen, ROLE_BAR_DIM, cp->selecting ? " take" : " select");
	pen_text(&pen, ROLE_KEY, cp->selecting ? "  Y" : "  /");
	pen_text(&pen, ROLE_BAR_DIM,
	    cp->selecting ? " to the clipboard too" : " search  ");
	if (!cp->selecting) {
		pen_text(&pen, ROLE_KEY, "n");
		pen_text(&pen, ROLE_BAR_DIM, " next");
	}
	pen_text(&pen, ROLE_KEY, "  q");
	pen_text(&pen, ROLE_BAR_DIM, " leave");
}

static void
place_cursor(const struct pane *p, struct canvas *c)
{
	const struct copy *cp = p->copy;
	int row = (int)(index_of(p, cp->at.line) - pane_line(p, 0));
	int last = p->in.h > 1 ? p->in.h - 2 : 0;

	/* The pane may have become smaller since. */
	row = row < 0 ? 0 : row > last ? last : row;
	c->cursor_x =
	    p->in.x + (cp->at.col < p->in.w ? cp->at.col : p->in.w - 1);
	c->cursor_y = p->in.y + row;
}

void
copy_draw(struct panes *ps, struct pane *p, struct canvas *c)
{
	const struct copy *cp = p->copy;

	if (cp == NULL)
		return;
	for (int row = 0; row + 1 < p->in.h; row++) {
		draw_matches(p, c, row);
		if (cp->selecting)
			draw_selection(p, c, row);
	}
	if (ps->focus == p->id)
		place_cursor(p, c);
	draw_line(p, c);
}

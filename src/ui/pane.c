#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/ui/copy.h"
#include "rackmux/ui/panes.h"
#include "rackmux/ui/screen.h"

/*
 * One pane: which console it shows, and from which line on. While it is
 * scrolled back it stays at its line whatever is printed meanwhile; lines that
 * the scrollback has dropped take it along.
 */

struct pane *
pane_new(struct panes *ps, const char *name, int id)
{
	struct pane *p = mem_alloc(sizeof *p);

	p->id = id;
	str_copy(p->name, sizeof p->name, name);
	p->whole = p->dirty = true;
	pane_attach(ps, p);
	return p;
}

void
pane_free(struct pane *p)
{
	if (p == NULL)
		return;
	copy_end(p);
	console_unlook(p->viewer);
	free(p);
}

void
pane_attach(struct panes *ps, struct pane *p)
{
	struct console *c =
	    ps->set != NULL ? consoles_find(ps->set, p->name) : NULL;

	/* A viewer goes with its console. */
	copy_end(p);
	p->console = c;
	p->serial = c != NULL ? console_serial(c) : 0;
	p->viewer = c != NULL ? console_look(c, NULL, NULL) : NULL;
	p->back = false;
	p->whole = p->dirty = true;
	if (c != NULL && p->in.h > 0)
		console_resize(c, p->in.h, p->in.w);
	if (c != NULL && p->id == ps->focus)
		console_focus(c, ps->screen->read_only ? NULL : p->viewer);
}

void
pane_place(struct panes *ps, struct pane *p, struct rect r)
{
	struct rect in = r;

	(void)ps;
	if (r.w > 0 && r.h > 0) {
		in.y++;
		in.h--;
	}
	if (in.w < VT_COLS_MIN || in.h < 1)
		in = rect_of(0, 0, 0, 0);
	in.w = in.w > VT_COLS_MAX ? VT_COLS_MAX : in.w;
	in.h = in.h > VT_ROWS_MAX ? VT_ROWS_MAX : in.h;
	if (memcmp(&r, &p->r, sizeof r) != 0)
		p->whole = p->dirty = true;
	if ((in.w != p->in.w || in.h != p->in.h) && in.h > 0 &&
	    p->console != NULL)
		console_resize(p->console, in.h, in.w);
	p->r = r;
	p->in = in;
}

unsigned
pane_back_lines(const struct pane *p)
{
	const struct vt *vt = console_vt(p->console);
	/* Copy mode has the last row for itself. */
	unsigned lines = vt_lines(vt),
		 rows = (unsigned)p->in.h - (p->copy != NULL && p->in.h > 1);

	return lines > rows ? lines - rows : 0;
}

/* A screen that is higher than the pane, as one may be that is shared, is
 * shown from its top, and as far down as the cursor is. */
static unsigned
live_line(const struct pane *p)
{
	const struct vt *vt = console_vt(p->console);
	int row, col, rows = vt_rows(vt);

	if (rows <= p->in.h)
		return pane_back_lines(p);
	vt_cursor(vt, &row, &col);
	return vt_lines(vt) - (unsigned)rows +
	    (row >= p->in.h ? (unsigned)(row - p->in.h + 1) : 0);
}

/* The line at the top of the pane, as vt_line() counts. */
static unsigned
top_line(const struct pane *p)
{
	const struct vt *vt = console_vt(p->console);
	unsigned most = pane_back_lines(p);
	unsigned long long first = vt_first(vt);

	if (!p->back)
		return live_line(p);
	if (p->top < first)
		return 0;
	return p->top - first < most ? (unsigned)(p->top - first) : most;
}

unsigned
pane_line(const struct pane *p, int row)
{
	return top_line(p) + (unsigned)row;
}

void
pane_scroll(struct pane *p, int by)
{
	unsigned at, most;

	if (p->console == NULL || p->in.h < 1)
		return;
	at = top_line(p);
	most = pane_back_lines(p);
	if (by > 0)
		at = (unsigned)by < at ? at - (unsigned)by : 0;
	else
		at += (unsigned)-by;
	at = at < most ? at : most;
	/* In copy mode it stands still also at the end. */
	p->back = at < most || p->copy != NULL;
	p->top = vt_first(console_vt(p->console)) + at;
	p->whole = p->dirty = true;
}

void
pane_live(struct pane *p)
{
	if (!p->back)
		return;
	p->back = false;
	p->whole = p->dirty = true;
}

static void
complain(struct panes *ps, const struct pane *p, int err)
{
	char text[256];

	str_format(text, sizeof text, "%s: %s", console_title(p->console),
	    console_why_not(p->console, err));
	screen_message(ps->screen, EVENT_WARN, text);
}

void
pane_send(struct panes *ps, struct pane *p, const char *bytes, size_t len)
{
	int err;

	if (ps->screen->read_only)
		return;
	err = console_type(p->console, bytes, len);
	if (err != 0)
		complain(ps, p, err);
}

void
pane_type(struct panes *ps, struct pane *p, const char *bytes, size_t len)
{
	if (p->console == NULL || len == 0)
		return;
	if (ps->screen->read_only) {
		screen_message(ps->screen, EVENT_WARN,
		    "Nothing is typed at a node: rackmux was started "
		    "read-only.");
		return;
	}
	pane_live(p);
	ps->typed_at = loop_now(ps->screen->model->loop);
	if (ps->chorus == NULL ||
	    chorus_state(ps->chorus, p->console) == CHORUS_OUT)
		pane_send(ps, p, bytes, len);
	else if (!chorus_room(ps->chorus, len))
		screen_message(ps->screen, EVENT_WARN,
		    "That is too much to type at many at once: nothing of it "
		    "was typed.");
	else if (chorus_type(ps->chorus, bytes, len) == 0)
		screen_message(ps->screen, EVENT_WARN,
		    "All are paused, and nothing was typed: y after the "
		    "prefix goes on.");
}

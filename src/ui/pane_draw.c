#include <limits.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/ui/copy.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/panes.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/screen.h"

/*
 * A pane onto the canvas. Rows that did not change since they were drawn are
 * not looked at again: most often a frame is one new character.
 */

enum { BELL_MS = 1500, WORDS_MAX = 10 };

/* --- the title ---------------------------------------------------------- */

struct word {
	enum role role;
	char text[96];
};

struct saying {
	struct word v[WORDS_MAX];
	size_t n;
};

static void
say(struct saying *s, enum role role, const char *text)
{
	struct word *w = &s->v[s->n++];

	w->role = role;
	text_clean(w->text, sizeof w->text, text, strlen(text));
}

static void
say_many(struct saying *s, const struct panes *ps, const struct pane *p)
{
	switch (ps->chorus != NULL ? chorus_state(ps->chorus, p->console)
				   : CHORUS_OUT) {
	case CHORUS_OUT:
		break;
	case CHORUS_SINGS:
		say(s, ROLE_MANY, " TYPED AT ");
		break;
	case CHORUS_DIFFERS:
		say(s, ROLE_BAD, "PAUSED: differs");
		break;
	case CHORUS_SILENT:
		say(s, ROLE_BAD, "PAUSED: no echo");
		break;
	default:
		say(s, ROLE_BAD, "PAUSED: gone");
	}
}

static void
say_back(struct saying *s, const struct pane *p)
{
	unsigned all = pane_back_lines(p), at = pane_line(p, 0);
	char text[40];

	if (!p->back || all <= at)
		return;
	str_format(text, sizeof text, "%u lines back", all - at);
	say(s, ROLE_WARN, text);
}

static void
say_state(struct saying *s, const struct console *c)
{
	enum console_state st = console_state(c);
	char text[96];

	if (st != CONSOLE_OPEN)
		say(s,
		    st == CONSOLE_JOINED || st == CONSOLE_OPENING ? ROLE_WARN
								  : ROLE_BAD,
		    console_state_name(st));
	if (console_typist(c)[0] == '\0')
		return;
	str_format(text, sizeof text, "%s types", console_typist(c));
	say(s, ROLE_WARN, text);
}

static void
say_stage(struct saying *s, const struct cwatch *watch)
{
	enum stage stage = watch != NULL ? cwatch_stage(watch) : STAGE_UNKNOWN;
	bool bad = stage == STAGE_PANIC || stage == STAGE_RESCUE ||
	    stage == STAGE_MASKROM;

	if (stage != STAGE_UNKNOWN)
		say(s, bad ? ROLE_BAD : ROLE_BRIGHT, stage_name(stage));
}

static void
say_silence(struct saying *s, const struct cwatch *watch, uint64_t now)
{
	uint64_t heard = watch != NULL ? cwatch_heard(watch) : 0;
	char text[40], age[16];

	if (heard == 0 || now - heard < 60000)
		return;
	str_format(text, sizeof text, "silent %s",
	    human_seconds((double)(now - heard) / 1000, age, sizeof age));
	say(s, ROLE_DIM, text);
}

/* What is to be said of a console, the most important first. */
static void
say_all(struct saying *s, const struct panes *ps, const struct pane *p)
{
	const struct console *c = p->console;
	const struct cwatch *watch = console_watch(c);

	s->n = 0;
	say_many(s, ps, p);
	say_back(s, p);
	say_state(s, c);
	say_stage(s, watch);
	if (console_recording(c))
		say(s, ROLE_BAD, "\342\227\217 rec");
	if (console_logging(c))
		say(s, ROLE_DIM, "log");
	say_silence(s, watch, loop_now(ps->screen->model->loop));
	if (console_state(c) != CONSOLE_OPEN && console_why(c)[0] != '\0')
		say(s, ROLE_DIM, console_why(c));
}

static bool
is_sung(const struct panes *ps, const struct pane *p)
{
	return ps->chorus != NULL && p->console != NULL &&
	    chorus_state(ps->chorus, p->console) == CHORUS_SINGS;
}

void
pane_title(struct panes *ps, struct pane *p, struct canvas *c)
{
	bool focus = ps->focus == p->id;
	struct rect row = rect_of(p->r.x, p->r.y, p->r.w, 1);
	enum role line = is_sung(ps, p) ? ROLE_MANY
	    : focus                     ? ROLE_FRAME_FOCUS
					: ROLE_FRAME;
	struct pen pen = pen_at(c, row, 0);
	struct saying said;
	int used;

	canvas_fill(c, row, (struct style){ (uint8_t)line, 0 }, 0x2500);
	pen_gap(&pen, 1);
	if (p->bell_until > loop_now(ps->screen->model->loop))
		pen_text(&pen, line == ROLE_MANY ? line : ROLE_WARN, " bell");
	pen_text(&pen, line, " ");
	pen_fit(&pen,
	    line == ROLE_MANY ? line
		: focus       ? ROLE_BRIGHT
			      : ROLE_TEXT,
	    p->r.w / 2,
	    p->console != NULL ? console_title(p->console) : p->name);
	pen_text(&pen, line, " ");
	used = pen.x - p->r.x;
	if (p->console == NULL) {
		pen_text(&pen, ROLE_WARN, "no console ");
		return;
	}
	say_all(&said, ps, p);
	for (size_t i = 0, x = 1; i < said.n; i++) {
		const struct word *w = &said.v[i];
		int width = text_width(w->text) + 2;

		if (used + (int)x + width + 1 > p->r.w)
			break;
		x += (size_t)width;
		pen = pen_at(
		    c, rect_of(p->r.x + p->r.w - (int)x, p->r.y, width, 1), 0);
		pen_text(&pen, line, " ");
		pen_text(&pen, line == ROLE_MANY ? line : w->role, w->text);
		pen_text(&pen, line, " ");
	}
}

/* --- the terminal ------------------------------------------------------- */

static uint8_t
paint_flags(const struct vt_style *st, bool reverse)
{
	uint8_t a = st->attrs, f = 0;

	f |= a & VT_BOLD ? PAINT_BOLD : 0;
	f |= a & VT_DIM ? PAINT_DIM : 0;
	f |= a & VT_ITALIC ? PAINT_ITALIC : 0;
	f |= a & VT_UNDERLINE ? PAINT_UNDERLINE : 0;
	f |= a & VT_BLINK ? PAINT_BLINK : 0;
	if (((a & VT_REVERSE) != 0) != reverse)
		f |= PAINT_REVERSE;
	return f;
}

static void
paint(const struct pane *p, struct canvas *c, int row, int col,
    const struct vt_cell *v, bool reverse)
{
	struct cell cell = { .cp = v->style.attrs & VT_HIDDEN ? ' ' : v->cp,
		.style = { ROLE_PAINTED, paint_flags(&v->style, reverse) },
		.fg = v->style.fg,
		.bg = v->style.bg };

	for (int i = 0; i < CELL_MARKS && i < VT_MARKS; i++)
		cell.marks[i] = v->marks[i];
	canvas_paint(c, p->in.x + col, p->in.y + row, &cell);
}

static void
draw_row(struct pane *p, struct canvas *c, int row)
{
	struct vt_cell cells[VT_COLS_MAX];
	const struct vt *vt = console_vt(p->console);
	unsigned line = pane_line(p, row);
	bool reverse = vt_modes(vt)->reverse;
	int n = 0;

	if (line < vt_lines(vt))
		n = vt_line(vt, line, cells, p->in.w, NULL);
	for (int col = 0; col < n; col++)
		if (cells[col].cp != 0)
			paint(p, c, row, col, &cells[col], reverse);
	canvas_fill(c, rect_of(p->in.x + n, p->in.y + row, p->in.w - n, 1),
	    (struct style){ ROLE_TEXT, reverse ? STYLE_REVERSE : 0 }, ' ');
}

/* Rows of the screen have numbers of their changes; what is scrolled back, or
 * of another size, is drawn whole, and says nothing of the rows. */
static void
draw_rows(struct pane *p, struct canvas *c)
{
	const struct vt *vt = console_vt(p->console);
	bool live = !p->back && p->copy == NULL && vt_rows(vt) == p->in.h;

	for (int row = 0; row < p->in.h; row++) {
		unsigned long long change =
		    live ? vt_row_changes(vt, row) : ULLONG_MAX;

		if (live && !p->whole && p->drawn[row] == change)
			continue;
		p->drawn[row] = change;
		draw_row(p, c, row);
	}
}

static void
place_cursor(struct panes *ps, const struct pane *p, struct canvas *c)
{
	const struct vt *vt = console_vt(p->console);
	int row, col;

	if (ps->focus != p->id || p->in.h < 1 || p->copy != NULL)
		return;
	c->cursor_x = c->cursor_y = -1;
	if (p->back || vt_modes(vt)->cursor_hidden)
		return;
	vt_cursor(vt, &row, &col);
	row += (int)(vt_lines(vt) - pane_line(p, 0)) - vt_rows(vt);
	if (row < 0 || row >= p->in.h || col >= p->in.w)
		return;
	c->cursor_x = p->in.x + col;
	c->cursor_y = p->in.y + row;
}

/* Why there is nothing to see. */
static const char *
why_nothing(const struct panes *ps, const struct pane *p)
{
	const struct node *n;

	enum console_state st;

	if (p->console != NULL) {
		st = console_state(p->console);
		return st == CONSOLE_OPEN || st == CONSOLE_JOINED ||
			console_bytes(p->console) > 0
		    ? ""
		    : console_why(p->console);
	}
	n = model_find_node(ps->screen->model, p->name);
	if (n == NULL)
		return "This node is not in the configuration any more.";
	return node_cannot(n, ACT_CONSOLE) != NULL
	    ? node_cannot(n, ACT_CONSOLE)
	    : "What leads to its console is not known yet.";
}

static void
draw_why(const struct pane *p, struct canvas *c, const char *why)
{
	struct style st = { ROLE_DIM, 0 };
	char row[512];
	int y = p->in.y;
	size_t n;

	while (y < p->in.y + p->in.h &&
	    (n = pen_wrap(why, p->in.w, row, sizeof row)) > 0) {
		canvas_fill(c, rect_of(p->in.x, y, p->in.w, 1), st, ' ');
		canvas_text(c, p->in.x, y++, p->in.w, st, row);
		why += n;
	}
}

static void
see_bell(struct panes *ps, struct pane *p)
{
	unsigned bells = vt_bells(console_vt(p->console));

	if (bells != p->bells && p->drawn_at != 0)
		p->bell_until = loop_now(ps->screen->model->loop) + BELL_MS;
	p->bells = bells;
}

void
pane_draw(struct panes *ps, struct pane *p, struct canvas *c)
{
	const char *why;

	if (p->r.w < 1 || p->r.h < 1)
		return;
	if (p->console != NULL && console_vt(p->console) != NULL)
		see_bell(ps, p);
	pane_title(ps, p, c);
	p->dirty = false;
	p->drawn_at = loop_now(ps->screen->model->loop);
	/* A title is all there is room for. */
	if (p->in.h < 1)
		return;
	why = why_nothing(ps, p);
	/* What it says there instead is none of the terminal's rows. */
	if (p->said_why || why[0] != '\0')
		p->whole = true;
	p->said_why = why[0] != '\0';
	if (p->whole)
		canvas_fill(c, p->in, (struct style){ ROLE_TEXT, 0 }, ' ');
	if (p->console != NULL && console_vt(p->console) != NULL) {
		draw_rows(p, c);
		copy_draw(ps, p, c);
		place_cursor(ps, p, c);
	}
	draw_why(p, c, why);
	p->whole = false;
}

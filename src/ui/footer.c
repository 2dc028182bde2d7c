#include "rackmux/ui/screen.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/tile.h"

/*
 * The bottom line: what is selected, the evidence, and the keys that apply
 * to it now. Evidence comes first: keys give way to it.
 */

struct hint {
	enum action action;
	const char *word;
};

static const struct hint rack_hints[] = {
	{ ACTION_HELP, "help" },
	{ ACTION_CONSOLE, "console" },
	{ ACTION_ACT, "act" },
	{ ACTION_DETAILS, "details" },
	{ ACTION_EVENTS, "events" },
	{ ACTION_MARK, "mark" },
	{ ACTION_QUIT, "quit" },
}, list_hints[] = {
	{ ACTION_BACK, "back" },
	{ ACTION_HELP, "help" },
	{ ACTION_NEXT_BOARD, "next board" },
	{ ACTION_REFRESH, "refresh" },
};

/* After the prefix; where one console is all there is. */
static const struct hint lead_hints[] = {
	{ ACTION_PANE_HELP, "help" },
	{ ACTION_PANE_RACK, "rack" },
	{ ACTION_PANE_ZOOM, "zoom" },
	{ ACTION_PANE_CLOSE, "close" },
	{ ACTION_COPY, "copy" },
	{ ACTION_SEARCH, "search" },
	{ ACTION_PANE_BELOW, "below" },
	{ ACTION_PANE_BESIDE, "beside" },
	{ ACTION_MANY, "many" },
	{ ACTION_BREAK, "break" },
	{ ACTION_RECORD, "record" },
	{ ACTION_PANE_SHAPE, "arrange" },
	{ ACTION_LAYOUT_SAVE, "keep layout" },
	{ ACTION_LAYOUT_OPEN, "open layout" },
}, solo_hints[] = {
	{ ACTION_PANE_RACK, "leave" },
	{ ACTION_PANE_HELP, "help" },
	{ ACTION_COPY, "copy" },
	{ ACTION_SEARCH, "search" },
	{ ACTION_BREAK, "break" },
	{ ACTION_RECORD, "record" },
	{ ACTION_TAKE_OVER, "take over" },
	{ ACTION_CLEAR, "forget" },
};

static const char *
short_key(enum action a)
{
	const char *key = action_key(a);

	return strcmp(key, "Enter") == 0 ? "enter"
	    : strcmp(key, "Space") == 0  ? "space"
	    : strcmp(key, "Esc") == 0    ? "esc"
	    : strcmp(key, "Tab") == 0    ? "tab"
					 : key;
}

static int
hint_width(const struct hint *h)
{
	return text_width(short_key(h->action)) + 1 + text_width(h->word) + 2;
}

static void
pen_hint(struct pen *p, const struct hint *h)
{
	pen_text(p, ROLE_KEY, short_key(h->action));
	pen_gap(p, 1);
	pen_text(p, ROLE_BAR_DIM, h->word);
}

/* As many hints as fit into half the line; returns the columns used. */
static int
draw_hints(struct screen *s, struct canvas *c, struct rect r)
{
	bool rack = s->views[s->depth - 1] == VIEW_RACK;
	const struct hint *h = rack ? rack_hints : list_hints;
	size_t n = rack ? ARRAY_LEN(rack_hints) : ARRAY_LEN(list_hints);
	int used = 1, room = r.w >= 100 ? r.w / 2 : r.w * 2 / 5;
	size_t fit = 0;
	struct pen p;

	for (; fit < n; fit++) {
		int w = hint_width(&h[fit]);

		if (used + w > room)
			break;
		used += w;
	}
	p = pen_at(c, rect_of(r.x + r.w - used, r.y, used, 1), STYLE_ON_BAR);
	for (size_t i = fit; i-- > 0;) {
		pen_gap(&p, 2);
		pen_hint(&p, &h[i]);
	}
	return fit > 0 ? used : 0;
}

static void
pen_value(
    struct pen *p, const struct node *n, enum name_id id, const char *word)
{
	const struct value *v = node_value(n, id, NULL);
	char text[64];

	if (value_state(v) == VALUE_UNKNOWN)
		return;
	value_format(v, text, sizeof text);
	if (pen_room(p) < text_width(text) + text_width(word) + 3)
		return;
	pen_gap(p, 2);
	if (word[0] != '\0') {
		pen_text(p, ROLE_BAR_DIM, word);
		pen_gap(p, 1);
	}
	pen_text(p, tile_value_role(v, ROLE_BAR), text);
}

static void
draw_node(struct pen *p, const struct node *n)
{
	char text[192], path[96];
	struct led led = tile_led(n);

	tile_name(n, text, sizeof text);
	node_path(n, path, sizeof path);
	pen_glyph(p, led.role, led.glyph);
	pen_gap(p, 1);
	pen_text(p, ROLE_BAR, text[0] != '\0' ? text : path);
	pen_gap(p, 1);
	if (text[0] != '\0' && pen_room(p) > 60) {
		pen_text(p, ROLE_BAR_DIM, path);
		pen_gap(p, 1);
	}
	if (node_trouble(n, text, sizeof text)) {
		pen_gap(p, 1);
		pen_text(p, tile_trouble_role(n), text);
		return;
	}
	pen_gap(p, 1);
	pen_text(p, ROLE_BAR_DIM, node_state_name(node_state(n)));
	pen_value(p, n, NAME_TEMP_SOC, "");
	pen_value(p, n, NAME_UPTIME, "up");
	pen_value(p, n, NAME_LOAD_1M, "load");
	pen_value(p, n, NAME_MEM_USED, "mem");
	pen_value(p, n, NAME_LINK_SPEED, "link");
}

static int
marked(const struct model *m)
{
	int n = 0;

	for (size_t i = 0; i < m->n_boards; i++)
		for (int k = 0; k < m->boards[i]->slots; k++)
			n += m->boards[i]->nodes[k]->marked;
	return n;
}

static enum role
message_role(enum event_kind k)
{
	return k == EVENT_BAD ? ROLE_BAD
	    : k == EVENT_WARN ? ROLE_WARN
	    : k == EVENT_GOOD ? ROLE_GOOD
			      : ROLE_BAR;
}

static enum role
state_role(enum console_state st)
{
	return st == CONSOLE_OPEN                           ? ROLE_BAR_DIM
	    : st == CONSOLE_JOINED || st == CONSOLE_OPENING ? ROLE_WARN
							    : ROLE_BAD;
}

/* The console that has the focus: what it is, and which key leads on. */
static void
draw_console(struct screen *s, struct pen *p, struct console *c)
{
	enum console_state st = console_state(c);
	const struct way *way = console_way(c);
	char prefix[24], text[64];

	key_label(s->panes.prefix, prefix, sizeof prefix);
	pen_text(p, ROLE_KEY, prefix);
	if (s->panes.solo) {
		pen_gap(p, 1);
		pen_text(p, ROLE_KEY, short_key(ACTION_PANE_RACK));
		pen_text(p, ROLE_BAR_DIM, " leaves  ");
		pen_text(p, ROLE_KEY, prefix);
	}
	pen_text(p, ROLE_BAR_DIM, " commands   ");
	pen_text(p, ROLE_BAR, console_title(c));
	pen_gap(p, 2);
	pen_text(p, state_role(st), console_state_name(st));
	pen_gap(p, 2);
	if (st != CONSOLE_OPEN && console_why(c)[0] != '\0') {
		pen_text(p, state_role(st), console_why(c));
		return;
	}
	if (way != NULL && way->baud > 0) {
		str_format(text, sizeof text, "%u baud", way->baud);
		pen_text(p, ROLE_BAR_DIM, text);
		pen_gap(p, 2);
	}
	if (way != NULL)
		pen_text(p, ROLE_BAR_DIM, way->limits);
}

/* The prefix was typed: what may follow. */
static void
draw_lead(struct screen *s, struct pen *p)
{
	const struct hint *h = s->panes.solo ? solo_hints : lead_hints;
	size_t n =
	    s->panes.solo ? ARRAY_LEN(solo_hints) : ARRAY_LEN(lead_hints);
	char prefix[24];

	pen_text(
	    p, ROLE_KEY, key_label(s->panes.prefix, prefix, sizeof prefix));
	pen_gap(p, 1);
	for (size_t i = 0; i < n && pen_room(p) >= hint_width(&h[i]); i++) {
		pen_gap(p, 2);
		pen_hint(p, &h[i]);
	}
}

/* What is typed goes to more than one: nothing matters more. */
static bool
draw_many(struct screen *s, struct pen *p, struct console *c)
{
	size_t paused, n = panes_many(&s->panes, &paused);
	char prefix[24];

	if (n == 0 || chorus_state(s->panes.chorus, c) == CHORUS_OUT)
		return false;
	key_label(s->panes.prefix, prefix, sizeof prefix);
	canvas_fill(p->c, rect_of(p->x - 1, p->y, p->end - p->x + 1, 1),
	    (struct style){ ROLE_MANY, 0 }, ' ');
	p->flags = 0;
	pen_printf(p, ROLE_MANY, "TYPED AT %zu CONSOLES", n - paused);
	if (paused > 0)
		pen_printf(p, ROLE_MANY, "  %zu paused: %s %s goes on", paused,
		    prefix, short_key(ACTION_MANY_CONFIRM));
	pen_printf(p, ROLE_MANY, "  %s %s this one or not  %s %s ends", prefix,
	    short_key(ACTION_MANY), prefix, short_key(ACTION_MANY_ALL));
	return true;
}

static bool
draw_pane_line(struct screen *s, struct pen *p)
{
	const struct pane *pane = panes_focused(&s->panes);

	if (s->panes.leading) {
		draw_lead(s, p);
		return true;
	}
	if (pane == NULL || pane->console == NULL)
		return false;
	if (draw_many(s, p, pane->console))
		return true;
	draw_console(s, p, pane->console);
	return true;
}

void
footer_draw(struct screen *s, struct canvas *c, struct rect r)
{
	struct style bar = { ROLE_BAR, STYLE_ON_BAR };
	const struct node *n = screen_node(s);
	struct pen p;
	int hints, marks = marked(s->model);
	char text[200];

	canvas_fill(c, r, bar, ' ');
	hints = panes_focused(&s->panes) != NULL || s->panes.leading
	    ? 0
	    : draw_hints(s, c, r);
	p = pen_at(c, rect_of(r.x + 1, r.y, r.w - 1 - hints, 1), STYLE_ON_BAR);
	if (loop_now(s->model->loop) < s->message_until) {
		pen_text(&p, message_role(s->message_kind), s->message);
		return;
	}
	if (draw_pane_line(s, &p))
		return;
	if (marks > 0) {
		pen_printf(&p, ROLE_MARK, "%d marked", marks);
		pen_gap(&p, 2);
	}
	if (n != NULL)
		draw_node(&p, n);
	else if (s->board != NULL) {
		pen_text(&p, ROLE_BAR, s->board->name);
		pen_gap(&p, 2);
		if (board_trouble(s->board, text, sizeof text))
			pen_text(&p, ROLE_BAD, text);
	}
}

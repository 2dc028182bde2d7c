#include "rackmux/ui/screen.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#include "screen_in.h"

/*
 * What is shown; what keys do to it is screen_do.c's. The model may lose boards at any
 * time, so the selection is looked up again before each use; a pointer to a
 * board that is gone is never followed.
 */

enum { MIN_W = 20, MIN_H = 5, MESSAGE_MS = 6000 };

static const struct view *const views[VIEW_COUNT] = {
	[VIEW_RACK] = &view_rack,
	[VIEW_NODE] = &view_node,
	[VIEW_BOARD] = &view_board,
	[VIEW_EVENTS] = &view_events,
};

void
screen_init(struct screen *s, struct model *m)
{
	memset(s, 0, sizeof *s);
	s->model = m;
	s->depth = 1;
	s->slot = -1;
	s->follow = true;
	layout_init(&s->layout);
	panes_init(&s->panes, s);
}

void
screen_release(struct screen *s)
{
	while (s->asks != NULL) {
		struct ask *a = s->asks;

		s->asks = a->next;
		prompt_free(a);
	}
	card_release(s);
	pick_release(&s->pick);
	panes_release(&s->panes);
	layout_release(&s->layout);
}

/* The selection, made valid against the model as it is now. */
void
screen_settle(struct screen *s)
{
	struct model *m = s->model;
	size_t i = screen_board_index(s);

	/* What the card is about is gone: nothing else takes its place. */
	if (i >= m->n_boards || s->slot >= s->board->slots)
		s->card.open = false;
	if (m->n_boards == 0) {
		s->board = NULL;
		s->slot = -1;
		return;
	}
	if (i >= m->n_boards) {
		s->board = m->boards[0];
		s->slot = 0;
		s->follow = true;
	}
	if (s->slot >= s->board->slots)
		s->slot = s->board->slots - 1;
	if (s->slot < 0 && s->board->slots > 0)
		s->slot = 0;
}

size_t
screen_board_index(const struct screen *s)
{
	size_t i = 0;

	while (i < s->model->n_boards && s->model->boards[i] != s->board)
		i++;
	return i;
}

struct node *
screen_node(const struct screen *s)
{
	if (s->board == NULL || screen_board_index(s) >= s->model->n_boards ||
	    s->slot < 0 || s->slot >= s->board->slots)
		return NULL;
	return s->board->nodes[s->slot];
}

void
screen_select(struct screen *s, struct board *b, int slot)
{
	s->board = b;
	s->slot = slot;
	s->follow = true;
	screen_settle(s);
}

enum view_id
screen_top(const struct screen *s)
{
	return s->views[s->depth - 1];
}

void
screen_open(struct screen *s, enum view_id view)
{
	if (screen_top(s) == view)
		return;
	/* A view is on the stack once: opening it again goes back to it. */
	for (int i = 0; i < s->depth; i++) {
		if (s->views[i] == view) {
			s->depth = i + 1;
			return;
		}
	}
	s->views[s->depth++] = view;
	s->list_scroll[view] = 0;
}

/* --- drawing ------------------------------------------------------------ */

static void
draw_too_small(struct canvas *c)
{
	static const char text[] = "too small";

	canvas_text(c, 0, 0, c->w, (struct style){ ROLE_WARN, 0 }, text);
	if (c->h > 1)
		canvas_printf(c, 0, 1, c->w, (struct style){ ROLE_DIM, 0 },
		    "%dx%d", c->w, c->h);
	if (c->h > 2)
		canvas_text(
		    c, 0, 2, c->w, (struct style){ ROLE_DIM, 0 }, "need 20x5");
}

static void
blank(struct canvas *c, struct rect r)
{
	canvas_fill(c, r, (struct style){ ROLE_TEXT, 0 }, ' ');
}

static void
draw_rack(struct screen *s, struct canvas *c)
{
	blank(c, s->body);
	views[screen_top(s)]->draw(s, c, s->body);
	if (s->past_end) {
		/* Only a list that was drawn knows how long it is. */
		s->past_end = false;
		blank(c, s->body);
		views[screen_top(s)]->draw(s, c, s->body);
	}
}

bool
screen_covered(const struct screen *s)
{
	return s->help || s->card.open || s->pick.open || s->asks != NULL;
}

static void
draw_over(struct screen *s, struct canvas *c)
{
	struct rect all = rect_of(0, 0, c->w, c->h);

	if (!screen_covered(s))
		return;
	c->cursor_x = c->cursor_y = -1;
	if (s->help)
		help_draw(s, c, all);
	if (s->card.open)
		card_draw(s, c, all);
	if (s->pick.open)
		pick_draw(&s->pick, c, all);
	if (s->asks != NULL)
		prompt_draw(s, c, all);
}

/* What was drawn last is not there any more. */
static bool
is_gone(const struct screen *s, const struct canvas *c)
{
	return s->drawn != c->cells || s->drawn_cleared != c->cleared;
}

/* Panes keep their own time also when all else is drawn: what they show stays
 * on the canvas, unless something stood over it or they have moved. */
void
screen_draw(struct screen *s, struct canvas *c)
{
	bool anew = screen_covered(s) || s->was_covered || is_gone(s, c);

	screen_settle(s);
	if (c->w < MIN_W || c->h < MIN_H) {
		canvas_clear(c);
		draw_too_small(c);
		s->drawn = NULL;
		return;
	}
	panes_place(&s->panes, rect_of(0, 1, c->w, c->h - 2));
	anew = anew || panes_moved(&s->panes);
	if (anew)
		canvas_clear(c);
	s->body = s->panes.rack;
	if (s->body.w > 0)
		draw_rack(s, c);
	if (anew)
		panes_draw(&s->panes, c);
	else {
		(void)panes_draw_due(&s->panes, c, loop_now(s->model->loop));
		panes_titles(&s->panes, c);
	}
	header_draw(s, c, rect_of(0, 0, c->w, 1));
	footer_draw(s, c, rect_of(0, c->h - 1, c->w, 1));
	draw_over(s, c);
	if (!screen_covered(s) && panes_focused(&s->panes) == NULL)
		c->cursor_x = c->cursor_y = -1;
	s->was_covered = screen_covered(s);
	s->drawn = c->cells;
	s->drawn_cleared = c->cleared;
}

bool
screen_all_due(const struct screen *s, const struct canvas *c)
{
	return s->panes.moved || is_gone(s, c) ||
	    screen_covered(s) != s->was_covered;
}

/* Under a window they wait for whatever draws all of it. */
uint64_t
screen_panes_due(const struct screen *s, uint64_t now)
{
	return screen_covered(s) || s->drawn == NULL
	    ? UINT64_MAX
	    : panes_due(&s->panes, now);
}

bool
screen_draw_panes(struct screen *s, struct canvas *c, uint64_t now)
{
	if (screen_covered(s) || screen_all_due(s, c))
		return false;
	return panes_draw_due(&s->panes, c, now);
}

/* --- consoles ----------------------------------------------------------- */

bool
screen_console_name(
    struct screen *s, const struct node *n, char *out, size_t size)
{
	const char *why = screen_cannot(s, n, ACT_CONSOLE);
	char path[96], text[320];

	node_path(n, path, sizeof path);
	str_copy(out, size, path);
	if (s->panes.set != NULL && consoles_find(s->panes.set, out) != NULL)
		return true;
	str_format(text, sizeof text, "%s: %s", path,
	    why != NULL ? why : "No console of it is known.");
	screen_message(s, EVENT_WARN, text);
	return false;
}

static size_t
marked_consoles(struct screen *s, char names[][PANE_NAME_MAX], size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s->model->n_boards; i++)
		for (int k = 0; k < s->model->boards[i]->slots; k++) {
			struct node *node = s->model->boards[i]->nodes[k];

			if (node->marked && n < max &&
			    screen_console_name(
				s, node, names[n], sizeof names[n]))
				n++;
		}
	return n;
}

void
screen_console(struct screen *s)
{
	char names[TREE_LEAVES_MAX][PANE_NAME_MAX];
	const char *list[TREE_LEAVES_MAX];
	struct node *node = screen_node(s);
	size_t n = marked_consoles(s, names, TREE_LEAVES_MAX - 1);

	for (size_t i = 0; i < n; i++)
		list[i] = names[i];
	if (n > 0)
		panes_open_many(&s->panes, list, n);
	else if (node != NULL && !node->marked &&
	    screen_console_name(s, node, names[0], sizeof names[0]))
		(void)panes_open(&s->panes, names[0]);
}

/* --- questions and messages --------------------------------------------- */

void
screen_ask(struct screen *s, const char *name, const struct link_ask *q)
{
	struct ask *a = mem_alloc(sizeof *a), **end = &s->asks;

	a->id = q->id;
	a->kind = q->kind;
	a->echo = q->echo || q->kind == ASK_HOSTKEY;
	a->name = mem_strdup(name != NULL ? name : "");
	a->title = a->name[0] != '\0' && q->title != NULL
	    ? mem_printf("%s: %s", a->name, q->title)
	    : mem_strdup(q->title != NULL ? q->title : a->name);
	a->text = mem_strdup(q->text != NULL ? q->text : "");
	while (*end != NULL)
		end = &(*end)->next;
	*end = a;
}

void
screen_ask_over(struct screen *s, unsigned id)
{
	for (struct ask **at = &s->asks; *at != NULL; at = &(*at)->next) {
		struct ask *a = *at;

		if (a->id != id)
			continue;
		*at = a->next;
		prompt_free(a);
		return;
	}
}

void
screen_message(struct screen *s, enum event_kind kind, const char *text)
{
	s->message_kind = kind;
	text_clean(s->message, sizeof s->message, text, strlen(text));
	s->message_until = loop_now(s->model->loop) + MESSAGE_MS;
}

#include "rackmux/ui/screen.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What is shown and what a key does to it. The model may lose boards at any
 * time, so the selection is looked up again before each use; a pointer to a
 * board that is gone is never followed.
 */

enum { MIN_W = 20, MIN_H = 5, DOUBLE_CLICK_MS = 400, MESSAGE_MS = 6000 };

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
static void
settle(struct screen *s)
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
	settle(s);
}

static enum view_id
top(const struct screen *s)
{
	return s->views[s->depth - 1];
}

void
screen_open(struct screen *s, enum view_id view)
{
	if (top(s) == view)
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
	views[top(s)]->draw(s, c, s->body);
	if (s->past_end) {
		/* Only a list that was drawn knows how long it is. */
		s->past_end = false;
		blank(c, s->body);
		views[top(s)]->draw(s, c, s->body);
	}
}

static bool
covered(const struct screen *s)
{
	return s->help || s->card.open || s->pick.open || s->asks != NULL;
}

static void
draw_over(struct screen *s, struct canvas *c)
{
	struct rect all = rect_of(0, 0, c->w, c->h);

	if (!covered(s))
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
	bool anew = covered(s) || s->was_covered || is_gone(s, c);

	settle(s);
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
	if (!covered(s) && panes_focused(&s->panes) == NULL)
		c->cursor_x = c->cursor_y = -1;
	s->was_covered = covered(s);
	s->drawn = c->cells;
	s->drawn_cleared = c->cleared;
}

bool
screen_all_due(const struct screen *s, const struct canvas *c)
{
	return s->panes.moved || is_gone(s, c) || covered(s) != s->was_covered;
}

/* Under a window they wait for whatever draws all of it. */
uint64_t
screen_panes_due(const struct screen *s, uint64_t now)
{
	return covered(s) || s->drawn == NULL ? UINT64_MAX
					      : panes_due(&s->panes, now);
}

bool
screen_draw_panes(struct screen *s, struct canvas *c, uint64_t now)
{
	if (covered(s) || screen_all_due(s, c))
		return false;
	return panes_draw_due(&s->panes, c, now);
}

/* --- doing -------------------------------------------------------------- */

static void
tell(struct screen *s, enum action a)
{
	if (s->host != NULL && s->host->on_action != NULL)
		s->host->on_action(s->arg, a, s->board, screen_node(s));
}

static void
move(struct screen *s, int dx, int dy)
{
	size_t board = screen_board_index(s);
	int slot = s->slot;

	if (s->board == NULL || s->layout.n != s->model->n_boards)
		return;
	if (layout_move(&s->layout, dx, dy, &board, &slot))
		screen_select(s, s->model->boards[board], slot);
	else if (dy != 0)
		s->scroll += dy;
}

static void
step_board(struct screen *s, int by)
{
	size_t n = s->model->n_boards, i = screen_board_index(s);

	if (n == 0)
		return;
	i = by > 0 ? (i + 1) % n : (i + n - 1) % n;
	screen_select(s, s->model->boards[i], 0);
}

static void
end_of_rack(struct screen *s, bool last)
{
	struct model *m = s->model;
	struct board *b;

	if (m->n_boards == 0)
		return;
	b = m->boards[last ? m->n_boards - 1 : 0];
	screen_select(s, b, last ? b->slots - 1 : 0);
}

static void
page(struct screen *s, int dir)
{
	size_t board;
	int slot, y, want;

	if (s->board == NULL || s->layout.n != s->model->n_boards)
		return;
	board = screen_board_index(s);
	slot = s->slot;
	y = layout_tile(&s->layout, board, slot).y;
	want = y + dir * s->body.h;
	while (dir > 0 ? y < want : y > want) {
		if (!layout_move(&s->layout, 0, dir, &board, &slot))
			break;
		y = layout_tile(&s->layout, board, slot).y;
	}
	screen_select(s, s->model->boards[board], slot);
}

static void
unmark_all(struct screen *s)
{
	for (size_t i = 0; i < s->model->n_boards; i++)
		for (int k = 0; k < s->model->boards[i]->slots; k++)
			s->model->boards[i]->nodes[k]->marked = false;
}

static void
do_back(struct screen *s)
{
	if (s->help)
		s->help = false;
	else if (s->depth > 1) {
		s->depth--;
		s->follow = true;
	} else
		unmark_all(s);
}

/* In a list the arrows scroll. */
static bool
do_scroll(struct screen *s, enum action a)
{
	int *at = s->help ? &s->help_scroll : &s->list_scroll[top(s)];
	int by_page = s->help || s->list_page < 2 ? 8 : s->list_page - 1;

	if (!s->help && top(s) == VIEW_RACK)
		return false;
	switch (a) {
	case ACTION_UP:
		--*at;
		break;
	case ACTION_DOWN:
		++*at;
		break;
	case ACTION_PAGE_UP:
		*at -= by_page;
		break;
	case ACTION_PAGE_DOWN:
		*at += by_page;
		break;
	case ACTION_FIRST:
		*at = 0;
		break;
	case ACTION_LAST:
		*at = 1 << 20;
		break;
	case ACTION_LEFT:
	case ACTION_RIGHT:
		return s->help || top(s) != VIEW_NODE;
	default:
		return false;
	}
	return true;
}

static void
do_mark(struct screen *s)
{
	struct node *n = screen_node(s);

	if (n == NULL)
		return;
	n->marked = !n->marked;
	move(s, 1, 0);
}

/* On a node's details left and right go to its neighbours. */
static void
step_slot(struct screen *s, int by)
{
	if (s->board != NULL && s->board->slots > 0)
		screen_select(s, s->board,
		    (s->slot + by + s->board->slots) % s->board->slots);
}

static void
do_move(struct screen *s, enum action a)
{
	bool rack = top(s) == VIEW_RACK;
	int dx = a == ACTION_LEFT ? -1 : a == ACTION_RIGHT ? 1 : 0;
	int dy = a == ACTION_UP ? -1 : a == ACTION_DOWN ? 1 : 0;

	if (rack)
		move(s, dx, dy);
	else
		step_slot(s, dx);
}

void
screen_do(struct screen *s, enum action a)
{
	settle(s);
	if (do_scroll(s, a))
		return;
	switch (a) {
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_LEFT:
	case ACTION_RIGHT:
		do_move(s, a);
		break;
	case ACTION_NEXT_BOARD:
	case ACTION_PREV_BOARD:
		step_board(s, a == ACTION_NEXT_BOARD ? 1 : -1);
		break;
	case ACTION_FIRST:
	case ACTION_LAST:
		end_of_rack(s, a == ACTION_LAST);
		break;
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
		page(s, a == ACTION_PAGE_DOWN ? 1 : -1);
		break;
	case ACTION_MARK:
		if (top(s) == VIEW_RACK)
			do_mark(s);
		break;
	case ACTION_DETAILS:
		screen_open(s, screen_node(s) != NULL ? VIEW_NODE : VIEW_BOARD);
		break;
	case ACTION_BOARD:
		screen_open(s, VIEW_BOARD);
		break;
	case ACTION_EVENTS:
		screen_open(s, VIEW_EVENTS);
		break;
	case ACTION_HELP:
		s->help = !s->help;
		s->help_scroll = 0;
		break;
	case ACTION_BACK:
		do_back(s);
		break;
	case ACTION_QUIT:
		if (s->help || s->depth > 1)
			do_back(s);
		else
			tell(s, a);
		break;
	case ACTION_ACT:
		card_open(s);
		break;
	case ACTION_REFRESH:
	case ACTION_REDRAW:
	case ACTION_SUSPEND:
		tell(s, a);
		break;
	case ACTION_CONSOLE:
		screen_console(s);
		break;
	case ACTION_PANE_HELP:
		s->help = !s->help;
		s->help_scroll = 0;
		break;
	default:
		if (a == ACTION_PANE_RACK && s->panes.solo)
			tell(s, ACTION_QUIT);
		else
			panes_do(&s->panes, a);
		break;
	}
}

bool
screen_types(const struct screen *s, struct key k)
{
	const struct pane *p = panes_focused(&s->panes);

	return !covered(s) && !s->panes.leading && p != NULL && !p->back &&
	    p->copy == NULL && !key_same(k, s->panes.prefix);
}

void
screen_key(struct screen *s, struct key k)
{
	enum action a;

	if (s->asks != NULL) {
		prompt_key(s, k);
		return;
	}
	if (s->pick.open) {
		pick_key(&s->pick, k);
		return;
	}
	if (!s->help && !s->card.open && panes_key(&s->panes, k))
		return;
	/* Ctrl-C leaves from anywhere, as people expect of it. */
	if (k.code == 'c' && k.mods == MOD_CTRL) {
		tell(s, ACTION_QUIT);
		return;
	}
	if (s->card.open) {
		card_key(s, k);
		return;
	}
	a = action_of_key(k);
	if (a < ACTION_COUNT)
		screen_do(s, a);
	else if (s->help)
		s->help = false;
}

static void
wheel(struct screen *s, int by)
{
	if (s->help)
		s->help_scroll += by;
	else if (top(s) == VIEW_RACK)
		s->scroll += by;
	else
		s->list_scroll[top(s)] += by;
}

static void
click(struct screen *s, int x, int y)
{
	uint64_t now = loop_now(s->model->loop);
	size_t board;
	int slot;
	struct node *n;

	if (top(s) != VIEW_RACK || s->layout.n != s->model->n_boards ||
	    !rect_has(s->body, x, y) ||
	    !layout_at(&s->layout, x - s->body.x, y - s->body.y + s->scroll,
		&board, &slot))
		return;
	screen_select(s, s->model->boards[board],
	    slot >= 0                                 ? slot
		: s->model->boards[board] == s->board ? s->slot
						      : 0);
	s->follow = false;
	n = slot >= 0 ? screen_node(s) : NULL;
	if (n != NULL && n == s->clicked && now - s->click_at < DOUBLE_CLICK_MS)
		screen_open(s, VIEW_NODE);
	s->clicked = n;
	s->click_at = now;
}

void
screen_mouse(struct screen *s, const struct mouse *m)
{
	if (s->asks != NULL)
		return;
	settle(s);
	if (s->pick.open) {
		pick_mouse(&s->pick, m);
		return;
	}
	if (s->card.open) {
		card_mouse(s, m);
		return;
	}
	if (!s->help && panes_mouse(&s->panes, m))
		return;
	if (m->what == MOUSE_WHEEL_UP)
		wheel(s, -3);
	else if (m->what == MOUSE_WHEEL_DOWN)
		wheel(s, 3);
	else if (m->what == MOUSE_PRESS && s->help)
		s->help = false;
	else if (m->what == MOUSE_PRESS && m->button == 1)
		click(s, m->x, m->y);
	else if (m->what == MOUSE_PRESS && m->button == 3)
		do_back(s);
}

void
screen_paste(struct screen *s, const char *text, size_t len)
{
	if (s->asks != NULL)
		prompt_paste(s, text, len);
	else if (s->pick.open)
		pick_paste(&s->pick, text, len);
	else if (!s->help && !s->card.open)
		(void)panes_paste(&s->panes, text, len);
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

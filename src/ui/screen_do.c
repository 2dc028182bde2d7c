#include "rackmux/ui/screen.h"

#include "screen_in.h"

/*
 * What a key, the mouse or pasted text does: a window over all takes it first,
 * then the pane that has the focus, then the rack and its views.
 */

enum { DOUBLE_CLICK_MS = 400 };

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
	int *at = s->help ? &s->help_scroll : &s->list_scroll[screen_top(s)];
	int by_page = s->help || s->list_page < 2 ? 8 : s->list_page - 1;

	if (!s->help && screen_top(s) == VIEW_RACK)
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
		return s->help || screen_top(s) != VIEW_NODE;
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
	bool rack = screen_top(s) == VIEW_RACK;
	int dx = a == ACTION_LEFT ? -1 : a == ACTION_RIGHT ? 1 : 0;
	int dy = a == ACTION_UP ? -1 : a == ACTION_DOWN ? 1 : 0;

	if (rack)
		move(s, dx, dy);
	else
		step_slot(s, dx);
}

static void
toggle_help(struct screen *s)
{
	s->help = !s->help;
	s->help_scroll = 0;
}

/* Where in the rack; false: it is something else. */
static bool
do_go(struct screen *s, enum action a)
{
	switch (a) {
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_LEFT:
	case ACTION_RIGHT:
		do_move(s, a);
		return true;
	case ACTION_NEXT_BOARD:
	case ACTION_PREV_BOARD:
		step_board(s, a == ACTION_NEXT_BOARD ? 1 : -1);
		return true;
	case ACTION_FIRST:
	case ACTION_LAST:
		end_of_rack(s, a == ACTION_LAST);
		return true;
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
		page(s, a == ACTION_PAGE_DOWN ? 1 : -1);
		return true;
	default:
		return false;
	}
}

void
screen_do(struct screen *s, enum action a)
{
	screen_settle(s);
	if (do_scroll(s, a) || do_go(s, a))
		return;
	switch (a) {
	case ACTION_MARK:
		if (screen_top(s) == VIEW_RACK)
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
	case ACTION_PANE_HELP:
		toggle_help(s);
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

	return !screen_covered(s) && !s->panes.leading && p != NULL &&
	    !p->back && p->copy == NULL && !key_same(k, s->panes.prefix);
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
	else if (screen_top(s) == VIEW_RACK)
		s->scroll += by;
	else
		s->list_scroll[screen_top(s)] += by;
}

static void
click(struct screen *s, int x, int y)
{
	uint64_t now = loop_now(s->model->loop);
	size_t board;
	int slot;
	struct node *n;

	if (screen_top(s) != VIEW_RACK || s->layout.n != s->model->n_boards ||
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
	screen_settle(s);
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

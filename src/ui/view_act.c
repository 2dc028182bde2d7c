#include "rackmux/ui/screen.h"

#include <stdlib.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/tile.h"

/*
 * What can be done to the marked nodes, or to the selected one. What a board
 * cannot do stays in the list, dim, with the sentence that says why and what
 * to configure instead: an operator who looks for it finds the reason. What
 * cuts a running system off asks once more, and says to whom it happens.
 */

enum { LABEL_W = 14, SENTENCE_ROWS = 3, CARD_W = 84, NAMES_MAX = 8 };

static const struct {
	const char *label;
	const char *sure; /* asked before it is done, or NULL */
} acts[ACT_MAX] = {
	[ACT_POWER_ON] = { "power on", NULL },
	[ACT_POWER_OFF] = { "power off",
	    "The power is cut at once: what runs there is lost." },
	[ACT_POWER_CYCLE] = { "power cycle",
	    "The power is cut and comes back: what runs there is lost." },
	[ACT_POWER_RESET] = { "reset", "What runs there is interrupted." },
	[ACT_POWER_SOFT] = { "soft off", "The system there is asked to end." },
	[ACT_LOCATE_ON] = { "locate on", NULL },
	[ACT_LOCATE_OFF] = { "locate off", NULL },
	[ACT_CONSOLE] = { "console", NULL },
	[ACT_FLASH] = { "flash", NULL },
	[ACT_USB_BOOT] = { "USB boot",
	    "The power is cut; then it boots from USB." },
};

static bool
any_marked(const struct screen *s)
{
	for (size_t i = 0; i < s->model->n_boards; i++)
		for (int k = 0; k < s->model->boards[i]->slots; k++)
			if (s->model->boards[i]->nodes[k]->marked)
				return true;
	return false;
}

static struct node *
find_node(const struct model *m, const struct card_node *c)
{
	for (size_t i = 0; i < m->n_boards; i++)
		if (m->boards[i]->serial == c->board)
			return c->slot <= m->boards[i]->slots
			    ? m->boards[i]->nodes[c->slot - 1]
			    : NULL;
	return NULL;
}

/* The nodes stay those for which it was opened: where one of them is gone,
 * nothing is done to the others, nor to what took its place. */
static bool
still_there(struct screen *s)
{
	bool there = s->card.n > 0;

	for (size_t i = 0; there && i < s->card.n; i++) {
		struct card_node *c = &s->card.v[i];

		c->node = find_node(s->model, c);
		there = c->node != NULL && (!s->card.marks || c->node->marked);
	}
	if (!there && s->card.open) {
		s->card.open = s->card.sure = false;
		screen_message(s, EVENT_WARN,
		    "nothing was done: what was chosen is not there any more");
	}
	return there;
}

const char *
screen_cannot(const struct screen *s, const struct node *n, enum act act)
{
	const char *why = node_cannot(n, act);

	if (why == NULL)
		why = act_unbuilt(act);
	if (why == NULL && s->read_only)
		why = "This dashboard is read-only: start it without "
		      "--read-only and read_only to change boards.";
	return why;
}

/* How many of the nodes can do it; *why is the first reason. */
static size_t
count(const struct screen *s, enum act act, const char **why)
{
	size_t can = 0;

	*why = NULL;
	for (size_t i = 0; i < s->card.n; i++) {
		const char *no = screen_cannot(s, s->card.v[i].node, act);

		can += no == NULL;
		if (no != NULL && *why == NULL)
			*why = no;
	}
	return can;
}

static void
draw_row(const struct screen *s, struct canvas *c, struct rect row, int a)
{
	bool here = a == s->card.at;
	uint8_t flags = here ? STYLE_ON_SELECTED : STYLE_ON_POPUP;
	const char *why;
	size_t all = s->card.n, can = count(s, (enum act)a, &why);
	struct pen p = pen_at(c, row, flags);

	if (here)
		canvas_fill(
		    c, row, (struct style){ ROLE_SELECTED, flags }, ' ');
	pen_gap(&p, 1);
	pen_field(&p, can > 0 ? ROLE_BRIGHT : ROLE_DIM, LABEL_W, acts[a].label);
	if (can == all && all > 0)
		pen_text(&p, ROLE_GOOD, all > 1 ? "all can" : "can");
	else if (can > 0)
		pen_printf(&p, ROLE_WARN, "%zu of %zu can", can, all);
	else if (why != NULL)
		pen_fit(&p, ROLE_DIM, pen_room(&p), why);
}

static void
draw_text(struct canvas *c, struct rect r, enum role role, const char *text)
{
	char row[512];
	size_t n;

	for (int y = 0;
	     y < r.h && (n = pen_wrap(text, r.w, row, sizeof row)) > 0; y++) {
		canvas_text(c, r.x, r.y + y, r.w,
		    (struct style){ (uint8_t)role, STYLE_ON_POPUP }, row);
		text += n;
	}
}

static void
draw_keys(struct canvas *c, struct rect row, const char *key, const char *does)
{
	struct pen p = pen_at(c, row, STYLE_ON_POPUP);

	pen_text(&p, ROLE_KEY, key);
	pen_gap(&p, 1);
	pen_text(&p, ROLE_DIM, does);
	pen_gap(&p, 3);
	pen_text(&p, ROLE_KEY, "esc");
	pen_text(&p, ROLE_DIM, " closes");
}

static void
name_of(const struct node *n, char *out, size_t size)
{
	char path[96];

	node_path(n, path, sizeof path);
	if (n->name[0] != '\0')
		str_format(out, size, "%s (%s)", n->name, path);
	else
		str_copy(out, size, path);
}

/* Who else loses power with the first of them that shares its port. */
static bool
also_hit(const struct screen *s, enum act act, char *out, size_t size)
{
	char others[160];

	if (act != ACT_POWER_OFF && act != ACT_POWER_CYCLE)
		return false;
	for (size_t i = 0; i < s->card.n; i++) {
		const struct node *n = s->card.v[i].node;

		if (!s->card.v[i].meant || n->feed == NULL ||
		    node_route(n, act) != n->feed->origin ||
		    feed_others(n, others, sizeof others) == 0)
			continue;
		str_format(out, size, "Its port also feeds %s.", others);
		return true;
	}
	return false;
}

/* Whom it would hit, and what it does. */
static void
draw_sure(struct screen *s, struct canvas *c, struct rect r)
{
	enum act act = (enum act)s->card.at;
	struct rect in;
	char title[64], text[240];
	int can = 0, y = 0, rows;
	bool also = also_hit(s, act, text, sizeof text);

	for (size_t i = 0; i < s->card.n; i++)
		can += s->card.v[i].meant;
	rows = can < NAMES_MAX ? can : NAMES_MAX + 1;
	str_format(title, sizeof title, "%s: %d node%s", acts[act].label, can,
	    can == 1 ? "" : "s");
	in = popup_draw(
	    c, r, CARD_W < r.w ? CARD_W : r.w, rows + 6 + also, title);
	for (size_t i = 0; i < s->card.n && y < rows; i++) {
		if (!s->card.v[i].meant)
			continue;
		name_of(s->card.v[i].node, text, sizeof text);
		if (y == NAMES_MAX)
			str_format(text, sizeof text, "and %d more", can - y);
		draw_text(
		    c, rect_of(in.x, in.y + y, in.w, 1), ROLE_BRIGHT, text);
		y++;
	}
	draw_text(c, rect_of(in.x, in.y + rows + 1, in.w, 1), ROLE_WARN,
	    acts[act].sure);
	if (also && also_hit(s, act, text, sizeof text))
		draw_text(
		    c, rect_of(in.x, in.y + rows + 2, in.w, 1), ROLE_BAD, text);
	draw_keys(c, rect_of(in.x, in.y + in.h - 1, in.w, 1), "y", "does it");
}

void
card_draw(struct screen *s, struct canvas *c, struct rect r)
{
	char title[160];
	struct rect in;
	const char *why;

	if (!still_there(s))
		return;
	if (s->card.sure) {
		draw_sure(s, c, r);
		return;
	}
	(void)count(s, (enum act)s->card.at, &why);
	if (s->card.n > 1)
		str_format(title, sizeof title, "%zu nodes", s->card.n);
	else
		name_of(s->card.v[0].node, title, sizeof title);
	in = popup_draw(c, r, CARD_W < r.w ? CARD_W : r.w,
	    ACT_MAX + SENTENCE_ROWS + 4, title);
	s->card.rows =
	    rect_of(in.x, in.y, in.w, ACT_MAX < in.h ? ACT_MAX : in.h);
	for (int a = 0; a < s->card.rows.h; a++)
		draw_row(s, c, rect_of(in.x, in.y + a, in.w, 1), a);
	if (why != NULL && in.h > ACT_MAX + 1)
		draw_text(c,
		    rect_of(in.x + 1, in.y + ACT_MAX + 1, in.w - 1,
			in.h - ACT_MAX - 2),
		    ROLE_DIM, why);
	draw_keys(
	    c, rect_of(in.x, in.y + in.h - 1, in.w, 1), "enter", "does it");
}

static void
do_it(struct screen *s)
{
	enum act act = (enum act)s->card.at;

	s->card.open = s->card.sure = false;
	/* A console is looked at, and not ordered. */
	if (act == ACT_CONSOLE) {
		screen_console(s);
		return;
	}
	if (s->host == NULL || s->host->on_act == NULL)
		return;
	for (size_t i = 0; i < s->card.n; i++)
		if (s->card.v[i].meant)
			s->host->on_act(s->arg, s->card.v[i].node, act);
}

/* Those that can it now are meant, also if others could it a moment later. */
static void
choose(struct screen *s)
{
	enum act act = (enum act)s->card.at;
	const char *why;

	for (size_t i = 0; i < s->card.n; i++)
		s->card.v[i].meant =
		    screen_cannot(s, s->card.v[i].node, act) == NULL;
	if (count(s, act, &why) == 0) {
		if (why != NULL)
			screen_message(s, EVENT_WARN, why);
		return;
	}
	if (acts[s->card.at].sure != NULL)
		s->card.sure = true;
	else
		do_it(s);
}

static void
add(struct card *c, const struct node *n)
{
	c->v = mem_grow(c->v, c->n + 1, sizeof *c->v);
	c->v[c->n++] =
	    (struct card_node){ .board = n->board->serial, .slot = n->slot };
}

void
card_release(struct screen *s)
{
	free(s->card.v);
	s->card = (struct card){ .open = false };
}

void
card_open(struct screen *s)
{
	const struct node *here = screen_node(s);

	card_release(s);
	s->card.marks = any_marked(s);
	if (!s->card.marks && here != NULL)
		add(&s->card, here);
	for (size_t i = 0; s->card.marks && i < s->model->n_boards; i++)
		for (int k = 0; k < s->model->boards[i]->slots; k++)
			if (s->model->boards[i]->nodes[k]->marked)
				add(&s->card, s->model->boards[i]->nodes[k]);
	s->card.open = still_there(s);
}

/* The second question takes its own key, so that a double Enter, or a key
 * held down, cuts nobody's power. */
void
card_key(struct screen *s, struct key k)
{
	bool plain = k.mods == 0;

	if (!still_there(s))
		return;
	if (k.code == SYM_ESCAPE || (plain && k.code == 'q')) {
		s->card.open = s->card.sure = false;
	} else if (s->card.sure) {
		if (plain && k.code == 'y')
			do_it(s);
		else
			s->card.sure = false;
	} else if (k.code == SYM_UP || (plain && k.code == 'k')) {
		s->card.at = (s->card.at + ACT_MAX - 1) % ACT_MAX;
	} else if (k.code == SYM_DOWN || (plain && k.code == 'j')) {
		s->card.at = (s->card.at + 1) % ACT_MAX;
	} else if (k.code == SYM_ENTER) {
		choose(s);
	}
}

void
card_mouse(struct screen *s, const struct mouse *m)
{
	if (m->what != MOUSE_PRESS || !still_there(s))
		return;
	if (m->button != 1 || s->card.sure ||
	    !rect_has(s->card.rows, m->x, m->y)) {
		s->card.open = s->card.sure = false;
	} else if (m->y - s->card.rows.y == s->card.at) {
		choose(s);
	} else {
		s->card.at = m->y - s->card.rows.y;
	}
}

#include "rackmux/ui/panes.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/ui/copy.h"
#include "rackmux/ui/screen.h"

/*
 * Which panes there are, and which has the focus. What each shows is pane.c's,
 * where it is tree.c's.
 */

void
panes_init(struct panes *ps, struct screen *s)
{
	memset(ps, 0, sizeof *ps);
	ps->screen = s;
	ps->tree = tree_new(PANE_RACK);
	ps->before = -1;
	(void)key_parse("C-]", &ps->prefix);
}

void
panes_release(struct panes *ps)
{
	panes_look_again(ps);
	chorus_free(ps->chorus);
	free(ps->taken);
	for (size_t i = 0; i < ps->n; i++)
		pane_free(ps->v[i]);
	free(ps->v);
	tree_free(ps->tree);
	memset(ps, 0, sizeof *ps);
}

void
panes_look_again(struct panes *ps)
{
	if (ps->set == NULL || ps->generation == consoles_generation(ps->set))
		return;
	ps->generation = consoles_generation(ps->set);
	if (ps->chorus != NULL)
		chorus_drop_gone(ps->chorus, ps->set);
	for (size_t i = 0; i < ps->n; i++) {
		struct pane *p = ps->v[i];
		const struct console *c = consoles_find(ps->set, p->name);

		if (p->serial != (c != NULL ? console_serial(c) : 0)) {
			p->viewer = NULL;
			pane_attach(ps, p);
		}
	}
}

void
panes_set(struct panes *ps, struct consoles *set)
{
	/* It types at consoles of the set before. */
	chorus_free(ps->chorus);
	ps->chorus = NULL;
	ps->set = set;
	ps->generation = set != NULL ? consoles_generation(set) : 0;
	for (size_t i = 0; i < ps->n; i++)
		pane_attach(ps, ps->v[i]);
}

struct pane *
panes_at_id(const struct panes *ps, int id)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i]->id == id)
			return ps->v[i];
	return NULL;
}

struct pane *
panes_find(const struct panes *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (strcmp(ps->v[i]->name, name) == 0)
			return ps->v[i];
	return NULL;
}

struct pane *
panes_focused(const struct panes *ps)
{
	return panes_at_id(ps, ps->focus);
}

void
panes_focus(struct panes *ps, int id)
{
	struct pane *p;

	if (!tree_has(ps->tree, id))
		return;
	if (id != ps->focus) {
		ps->before = ps->focus;
		ps->focus = id;
	}
	for (size_t i = 0; i < ps->n; i++)
		ps->v[i]->dirty = true;
	p = panes_focused(ps);
	if (p != NULL && p->console != NULL) {
		console_focus(
		    p->console, ps->screen->read_only ? NULL : p->viewer);
		if (p->in.h > 0)
			console_resize(p->console, p->in.h, p->in.w);
	}
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i] != p && ps->v[i]->console != NULL)
			console_focus(ps->v[i]->console, NULL);
}

void
panes_terminal_focus(struct panes *ps, bool in)
{
	struct pane *p;

	panes_look_again(ps);
	p = panes_focused(ps);
	if (p != NULL && p->console != NULL &&
	    console_state(p->console) == CONSOLE_OPEN &&
	    vt_modes(console_vt(p->console))->focus)
		console_report(p->console, in ? "\033[I" : "\033[O", 3);
}

static struct pane *
add(struct panes *ps, const char *name)
{
	struct pane *p = pane_new(ps, name, ++ps->last_id);

	ps->v = mem_grow(ps->v, ps->n + 1, sizeof(*ps->v));
	ps->v[ps->n++] = p;
	return p;
}

static void
drop(struct panes *ps, struct pane *p)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i] == p) {
			ps->v[i] = ps->v[--ps->n];
			break;
		}
	if (ps->chorus != NULL && p->console != NULL)
		chorus_remove(ps->chorus, p->console);
	pane_free(p);
}

static void
too_many(struct panes *ps)
{
	screen_message(ps->screen, EVENT_WARN,
	    "There are too many panes: close some first.");
}

void
panes_split(struct panes *ps, enum tree_dir dir, const char *name)
{
	struct pane *p = panes_find(ps, name);

	panes_look_again(ps);
	ps->zoomed = false;
	ps->layout[0] = '\0';
	if (p == NULL) {
		p = add(ps, name);
		if (!tree_split(ps->tree, ps->focus, dir, p->id, false)) {
			drop(ps, p);
			too_many(ps);
			return;
		}
	}
	panes_place(ps, ps->area);
	panes_focus(ps, p->id);
}

/* A rack that needs less than it has got gives the rest to consoles. */
static void
fit_rack(struct panes *ps)
{
	int want = ps->screen->layout.total_h;

	panes_place(ps, ps->area);
	if (ps->screen->depth == 1 && want > 0 && want < ps->rack.h)
		(void)tree_resize(
		    ps->tree, ps->area, PANE_RACK, 0, want - ps->rack.h);
}

/* Below everything that is there already, with a share like the others'. */
bool
panes_open(struct panes *ps, const char *name)
{
	struct pane *p = panes_find(ps, name);
	int leaves[TREE_LEAVES_MAX];
	size_t n;

	panes_look_again(ps);
	if (p != NULL) {
		if (ps->zoomed && ps->focus != p->id)
			ps->zoomed = false;
		panes_focus(ps, p->id);
		return true;
	}
	ps->zoomed = false;
	ps->layout[0] = '\0';
	n = tree_leaves(ps->tree, leaves, TREE_LEAVES_MAX);
	p = add(ps, name);
	if (!tree_split(ps->tree, leaves[n - 1], TREE_BELOW, p->id, false)) {
		drop(ps, p);
		too_many(ps);
		return false;
	}
	if (n > 1)
		tree_arrange(ps->tree, ps->shape, PANE_RACK);
	fit_rack(ps);
	panes_place(ps, ps->area);
	panes_focus(ps, p->id);
	return true;
}

/* The rack keeps its place above (a third of it at least), the consoles share
 * the rest as a grid. */
void
panes_open_many(struct panes *ps, const char *const *names, size_t n)
{
	struct pane *last = NULL;
	int leaves[TREE_LEAVES_MAX];
	size_t have;

	panes_look_again(ps);
	ps->zoomed = false;
	ps->layout[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		struct pane *p = panes_find(ps, names[i]);

		if (p == NULL) {
			have = tree_leaves(ps->tree, leaves, TREE_LEAVES_MAX);
			p = add(ps, names[i]);
			if (!tree_split(ps->tree, leaves[have - 1], TREE_BELOW,
				p->id, false)) {
				drop(ps, p);
				too_many(ps);
				break;
			}
		}
		if (last == NULL)
			last = p;
	}
	tree_arrange(ps->tree, SHAPE_GRID_MAIN, PANE_RACK);
	ps->shape = SHAPE_GRID_MAIN;
	fit_rack(ps);
	panes_place(ps, ps->area);
	if (last != NULL)
		panes_focus(ps, last->id);
}

void
panes_close(struct panes *ps, int id)
{
	struct pane *p = panes_at_id(ps, id);
	int leaves[TREE_LEAVES_MAX], next = PANE_RACK;

	panes_look_again(ps);
	if (p == NULL)
		return;
	if (!tree_close(ps->tree, id))
		return;
	if (tree_has(ps->tree, ps->before) && ps->before != id)
		next = ps->before;
	else if (tree_leaves(ps->tree, leaves, TREE_LEAVES_MAX) > 0)
		next = leaves[0];
	drop(ps, p);
	ps->zoomed = false;
	ps->layout[0] = '\0';
	if (ps->focus == id) {
		ps->focus = next;
		ps->before = -1;
	}
	panes_place(ps, ps->area);
	panes_focus(ps, ps->focus);
}

void
panes_solo(struct panes *ps, const char *name)
{
	struct pane *p = add(ps, name);

	tree_free(ps->tree);
	ps->tree = tree_new(p->id);
	ps->solo = true;
	ps->focus = p->id;
	panes_focus(ps, p->id);
}

/* --- where and when ----------------------------------------------------- */

static void
place_one(struct panes *ps, int leaf, struct rect r)
{
	struct pane *p = panes_at_id(ps, leaf);

	if (leaf == PANE_RACK)
		ps->rack = r;
	else if (p != NULL) {
		ps->moved = ps->moved || memcmp(&r, &p->r, sizeof r) != 0;
		pane_place(ps, p, r);
	}
}

void
panes_place(struct panes *ps, struct rect area)
{
	struct tree_place at[TREE_LEAVES_MAX];
	struct rect none = { 0, 0, 0, 0 }, rack = ps->rack;
	size_t n;

	panes_look_again(ps);
	ps->area = area;
	if (area.w < 1)
		return;
	ps->rack = none;
	n = tree_layout(ps->tree, area, at, TREE_LEAVES_MAX, NULL, 0, NULL);
	for (size_t i = 0; i < n; i++) {
		if (ps->zoomed)
			at[i].r = at[i].leaf == ps->focus ? area : none;
		place_one(ps, at[i].leaf, at[i].r);
	}
	if (memcmp(&rack, &ps->rack, sizeof rack) != 0)
		ps->moved = true;
}

bool
panes_moved(struct panes *ps)
{
	bool moved = ps->moved;

	ps->moved = false;
	return moved;
}

static void
draw_rules(struct panes *ps, struct canvas *c)
{
	struct tree_place at[TREE_LEAVES_MAX];
	struct tree_rule rules[TREE_LEAVES_MAX];
	size_t n = 0;

	if (ps->zoomed)
		return;
	(void)tree_layout(ps->tree, ps->area, at, TREE_LEAVES_MAX, rules,
	    TREE_LEAVES_MAX, &n);
	for (size_t i = 0; i < n; i++)
		canvas_fill(
		    c, rules[i].r, (struct style){ ROLE_FRAME, 0 }, 0x2502);
}

void
panes_draw(struct panes *ps, struct canvas *c)
{
	draw_rules(ps, c);
	for (size_t i = 0; i < ps->n; i++) {
		ps->v[i]->whole = true;
		pane_draw(ps, ps->v[i], c);
	}
}

size_t
panes_many(const struct panes *ps, size_t *paused)
{
	size_t n = ps->chorus != NULL ? chorus_count(ps->chorus) : 0;

	*paused = 0;
	for (size_t i = 0; i < n; i++)
		*paused += chorus_state(ps->chorus, chorus_at(ps->chorus, i)) !=
		    CHORUS_SINGS;
	return n;
}

/*
 * How long a pane rests after a frame. What the operator types at answers at
 * once; else 20 frames a second for the focused one and 10 for the others,
 * and fewer where a frame is dear: side by side, where curses cannot scroll,
 * each costs the whole pane, and nobody reads that at full speed.
 */
enum {
	FOCUS_MS = 50,
	OTHER_MS = 100,
	REST_MAX_MS = 1000,
	TYPING_MS = 250,
	FOCUS_RATE = 40000,
	OTHER_RATE = 4000
};

static bool
typing_at(const struct panes *ps, const struct pane *p, uint64_t now)
{
	return p->id == ps->focus && ps->typed_at != 0 &&
	    now < ps->typed_at + TYPING_MS;
}

static uint64_t
due_at(const struct panes *ps, const struct pane *p, uint64_t now)
{
	if (p->drawn_at == 0 || typing_at(ps, p, now))
		return now;
	return p->drawn_at + p->rest_ms;
}

uint64_t
panes_due(const struct panes *ps, uint64_t now)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < ps->n; i++) {
		const struct pane *p = ps->v[i];
		uint64_t at;

		if (!p->dirty || p->r.w < 1)
			continue;
		at = due_at(ps, p, now);
		first = at < first ? at : first;
	}
	return first;
}

void
panes_titles(struct panes *ps, struct canvas *c)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i]->r.w > 0 && ps->v[i]->r.h > 0)
			pane_title(ps, ps->v[i], c);
}

bool
panes_draw_due(struct panes *ps, struct canvas *c, uint64_t now)
{
	bool any = false;

	panes_look_again(ps);
	for (size_t i = 0; i < ps->n; i++) {
		struct pane *p = ps->v[i];

		if (!p->dirty || p->r.w < 1 || due_at(ps, p, now) > now)
			continue;
		pane_draw(ps, p, c);
		any = true;
	}
	return any;
}

void
panes_cost(struct panes *ps, size_t bytes)
{
	uint64_t now = loop_now(ps->screen->model->loop);
	size_t drawn = 0;

	for (size_t i = 0; i < ps->n; i++)
		drawn += ps->v[i]->drawn_at == now;
	for (size_t i = 0; i < ps->n; i++) {
		struct pane *p = ps->v[i];
		bool focus = p->id == ps->focus;
		size_t rate = focus ? FOCUS_RATE : OTHER_RATE, ms;

		if (p->drawn_at != now)
			continue;
		ms = bytes / drawn * 1000 / rate;
		if (ms < (focus ? FOCUS_MS : OTHER_MS))
			ms = focus ? FOCUS_MS : OTHER_MS;
		p->rest_ms = ms > REST_MAX_MS ? REST_MAX_MS : (unsigned)ms;
	}
}

bool
panes_changed(struct panes *ps, const struct console *c)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i]->console == c) {
			ps->v[i]->dirty = true;
			return ps->v[i]->r.w > 0;
		}
	return false;
}

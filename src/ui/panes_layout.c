#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/console/console.h"
#include "rackmux/ui/panes.h"
#include "rackmux/ui/screen.h"

/*
 * Layouts by name, and the questions that go with them: which console, which
 * name. A node's name is what a layout says of a pane; one that is not in the
 * configuration any more is left out.
 */

static const char *
name_of(void *arg, int leaf)
{
	const struct pane *p = panes_at_id(arg, leaf);

	return p != NULL ? p->name : "rack";
}

void
panes_save(const struct panes *ps, struct buf *out)
{
	struct panes copy = *ps;

	tree_save(ps->tree, out, name_of, &copy);
}

/* Panes that a layout wants and that are not there yet are made on the way,
 * those of no use afterwards go. */
struct loading {
	struct panes *ps;
	struct pane *v[TREE_LEAVES_MAX];
	size_t n;
};

static int
leaf_of(void *arg, const char *name)
{
	struct loading *l = arg;
	struct pane *p;

	if (strcmp(name, "rack") == 0)
		return PANE_RACK;
	/* What leads to it may not be known yet; the node must be. */
	if (model_find_node(l->ps->screen->model, name) == NULL ||
	    l->n == ARRAY_LEN(l->v))
		return -1;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i]->name, name) == 0)
			return l->v[i]->id;
	p = pane_new(l->ps, name, ++l->ps->last_id);
	l->v[l->n++] = p;
	return p->id;
}

bool
panes_load(struct panes *ps, const char *text)
{
	struct loading l = { .ps = ps };
	struct tree *t;

	panes_look_again(ps);
	t = tree_load(text, leaf_of, &l);
	if (t == NULL || !tree_has(t, PANE_RACK)) {
		tree_free(t);
		for (size_t i = 0; i < l.n; i++)
			pane_free(l.v[i]);
		return false;
	}
	chorus_free(ps->chorus);
	ps->chorus = NULL;
	for (size_t i = 0; i < ps->n; i++)
		pane_free(ps->v[i]);
	ps->v = mem_grow(ps->v, l.n + 1, sizeof(*ps->v));
	memcpy(ps->v, l.v, l.n * sizeof(*ps->v));
	ps->n = l.n;
	tree_free(ps->tree);
	ps->tree = t;
	ps->zoomed = false;
	ps->before = -1;
	ps->focus = PANE_RACK;
	panes_place(ps, ps->area);
	return true;
}

void
panes_open_layout(struct panes *ps, const char *name)
{
	const struct screen_host *host = ps->screen->host;
	const char *text = NULL;
	char line[160];

	if (host != NULL && host->load_layout != NULL)
		text = host->load_layout(ps->screen->arg, name);
	if (text != NULL && panes_load(ps, text)) {
		str_copy(ps->layout, sizeof ps->layout, name);
		return;
	}
	str_format(line, sizeof line, "The layout \"%.60s\" %s.", name,
	    text == NULL ? "is not kept" : "cannot be read");
	screen_message(ps->screen, EVENT_WARN, line);
}

/* --- questions ---------------------------------------------------------- */

static void
on_save_name(void *arg, const char *name)
{
	struct panes *ps = arg;
	const struct screen_host *host = ps->screen->host;
	char line[320], err[256] = "there is nowhere to keep it";
	struct buf text;
	bool good = false;

	if (name == NULL)
		return;
	buf_init(&text, 0);
	panes_save(ps, &text);
	if (host != NULL && host->save_layout != NULL)
		good = host->save_layout(
		    ps->screen->arg, name, buf_str(&text), err, sizeof err);
	buf_release(&text);
	if (good) {
		str_copy(ps->layout, sizeof ps->layout, name);
		str_format(line, sizeof line,
		    "Layout \"%.40s\" is kept, and comes back at the next "
		    "start.",
		    name);
	} else
		str_format(line, sizeof line,
		    "Layout \"%.40s\" is not kept: %s", name, err);
	screen_message(ps->screen, good ? EVENT_GOOD : EVENT_BAD, line);
}

static void
add_layouts(struct panes *ps, struct pick *pick)
{
	const struct screen_host *host = ps->screen->host;
	const char *name;

	if (host == NULL || host->layout_name == NULL)
		return;
	for (size_t i = 0;
	     (name = host->layout_name(ps->screen->arg, i)) != NULL; i++)
		pick_add(pick, name,
		    strcmp(name, ps->layout) == 0 ? "open now" : NULL, name);
}

void
panes_ask_save(struct panes *ps)
{
	struct pick *pick = &ps->screen->pick;

	pick_open(pick, "Keep this layout as", on_save_name, ps);
	pick->free_text = pick->text_first = true;
	add_layouts(ps, pick);
}

static void
on_load_name(void *arg, const char *name)
{
	if (name != NULL)
		panes_open_layout(arg, name);
}

void
panes_ask_load(struct panes *ps)
{
	struct pick *pick = &ps->screen->pick;

	pick_open(pick, "Open which layout?", on_load_name, ps);
	add_layouts(ps, pick);
	if (pick->n > 0)
		return;
	pick_release(pick);
	screen_message(ps->screen, EVENT_INFO,
	    "No layout is kept yet: w after the prefix keeps one.");
}

static void
on_split(void *arg, const char *name)
{
	struct panes *ps = arg;

	if (name != NULL)
		panes_split(ps, ps->asked, name);
}

void
panes_ask_split(struct panes *ps, enum tree_dir dir)
{
	struct pick *pick = &ps->screen->pick;
	size_t n = ps->set != NULL ? consoles_count(ps->set) : 0;

	ps->asked = dir;
	pick_open(pick, "The console of which node?", on_split, ps);
	for (size_t i = 0; i < n; i++) {
		struct console *c = consoles_at(ps->set, i);

		if (console_way(c) != NULL &&
		    panes_find(ps, console_name(c)) == NULL)
			pick_add(pick, console_title(c),
			    console_state_name(console_state(c)),
			    console_name(c));
	}
	if (pick->n > 0)
		return;
	pick_release(pick);
	screen_message(ps->screen, EVENT_INFO,
	    "There is no other console: c on a node says why.");
}

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/ui/copy.h"
#include "rackmux/ui/panes.h"
#include "rackmux/ui/screen.h"

/*
 * What follows the prefix: panes opened, moved and closed, and what is done
 * to the console of one.
 */

static void
go(struct panes *ps, int dx, int dy)
{
	int next = tree_next(ps->tree, ps->area, ps->focus, dx, dy);

	if (next < 0)
		return;
	ps->zoomed = false;
	panes_focus(ps, next);
}

/* The leaf that is by steps away in reading order. */
static int
step(const struct panes *ps, int by)
{
	int leaves[TREE_LEAVES_MAX];
	int n = (int)tree_leaves(ps->tree, leaves, TREE_LEAVES_MAX);

	for (int i = 0; i < n; i++)
		if (leaves[i] == ps->focus)
			return leaves[(i + by + n) % n];
	return ps->focus;
}

static void
swap(struct panes *ps, int by)
{
	tree_swap(ps->tree, ps->focus, step(ps, by));
	ps->layout[0] = '\0';
}

static void
resize(struct panes *ps, int dx, int dy)
{
	ps->layout[0] = '\0';
	(void)tree_resize(ps->tree, ps->area, ps->focus, dx, dy);
}

static void
next_shape(struct panes *ps)
{
	ps->shape = (enum tree_shape)((ps->shape + 1) % SHAPE_COUNT);
	ps->layout[0] = '\0';
	tree_arrange(ps->tree, ps->shape,
	    tree_has(ps->tree, PANE_RACK) ? PANE_RACK : ps->focus);
}

/* --- what is done to the console ---------------------------------------- */

static void
say(struct panes *ps, enum event_kind kind, const struct pane *p,
    const char *text)
{
	char line[320];

	str_format(
	    line, sizeof line, "%s: %s", console_title(p->console), text);
	screen_message(ps->screen, kind, line);
}

static void
do_break(struct panes *ps, struct pane *p)
{
	int err = ps->screen->read_only ? -EROFS : console_break(p->console);

	if (err == 0)
		say(ps, EVENT_GOOD, p, "break sent");
	else if (ps->screen->read_only)
		say(ps, EVENT_WARN, p, "rackmux was started read-only");
	else
		say(ps, EVENT_WARN, p, console_why_not(p->console, err));
}

static void
do_record(struct panes *ps, struct pane *p)
{
	bool on = !console_recording(p->console);
	char err[256];

	if (!console_record(p->console, on, err, sizeof err))
		say(ps, EVENT_BAD, p, err);
	else
		say(ps, EVENT_GOOD, p,
		    on ? "recording" : "the recording is closed");
}

static void
on_state(void *arg, struct console *c, enum chorus_state st, const char *why)
{
	struct panes *ps = arg;
	char line[320];

	(void)panes_changed(ps, c);
	if (st == CHORUS_SINGS || st == CHORUS_OUT)
		return;
	str_format(line, sizeof line, "%s: %s", console_title(c), why);
	screen_message(ps->screen, EVENT_WARN, line);
}

static const struct chorus_sink chorus_sink = { on_state };

static struct chorus *
chorus_of(struct panes *ps)
{
	if (ps->chorus == NULL)
		ps->chorus =
		    chorus_new(ps->screen->model->loop, &chorus_sink, ps);
	return ps->chorus;
}

static void
toggle_many(struct panes *ps, struct pane *p)
{
	struct chorus *ch = chorus_of(ps);

	if (chorus_state(ch, p->console) == CHORUS_OUT)
		chorus_add(ch, p->console);
	else
		chorus_remove(ch, p->console);
}

/* All that are on the screen, or none. */
static void
toggle_all(struct panes *ps)
{
	struct chorus *ch = chorus_of(ps);

	if (chorus_count(ch) > 0) {
		chorus_free(ch);
		ps->chorus = NULL;
		return;
	}
	for (size_t i = 0; i < ps->n; i++)
		if (ps->v[i]->console != NULL && ps->v[i]->r.w > 0)
			chorus_add(ch, ps->v[i]->console);
}

static void
on_console(struct panes *ps, struct pane *p, enum action a)
{
	const char *taken;

	switch (a) {
	case ACTION_COPY:
	case ACTION_SEARCH:
		copy_begin(ps, p, a == ACTION_SEARCH);
		break;
	case ACTION_PASTE:
		taken = copy_taken(ps);
		(void)panes_paste(ps, taken, strlen(taken));
		break;
	case ACTION_MANY:
		toggle_many(ps, p);
		break;
	case ACTION_MANY_ALL:
		toggle_all(ps);
		break;
	case ACTION_MANY_CONFIRM:
		if (ps->chorus != NULL)
			chorus_confirm(ps->chorus, NULL);
		break;
	case ACTION_BREAK:
		do_break(ps, p);
		break;
	case ACTION_RECORD:
		do_record(ps, p);
		break;
	case ACTION_TAKE_OVER:
		if (ps->screen->read_only)
			say(ps, EVENT_WARN, p, "rackmux was started read-only");
		else
			console_take_over(p->console);
		break;
	case ACTION_CLEAR:
		vt_clear_scrollback(console_vt(p->console));
		break;
	default:
		break;
	}
}

static bool
move(struct panes *ps, enum action a)
{
	switch (a) {
	case ACTION_PANE_LEFT:
		go(ps, -1, 0);
		break;
	case ACTION_PANE_RIGHT:
		go(ps, 1, 0);
		break;
	case ACTION_PANE_UP:
		go(ps, 0, -1);
		break;
	case ACTION_PANE_DOWN:
		go(ps, 0, 1);
		break;
	case ACTION_PANE_NEXT:
		/* Zoomed, the next one is what is shown then. */
		panes_focus(ps, step(ps, 1));
		break;
	case ACTION_PANE_NARROWER:
		resize(ps, -2, 0);
		break;
	case ACTION_PANE_WIDER:
		resize(ps, 2, 0);
		break;
	case ACTION_PANE_LOWER:
		resize(ps, 0, -1);
		break;
	case ACTION_PANE_TALLER:
		resize(ps, 0, 1);
		break;
	case ACTION_PANE_EQUAL:
		tree_equalise(ps->tree);
		break;
	case ACTION_PANE_FORWARD:
		swap(ps, 1);
		break;
	case ACTION_PANE_BACKWARD:
		swap(ps, -1);
		break;
	case ACTION_PANE_SHAPE:
		next_shape(ps);
		break;
	case ACTION_PANE_ZOOM:
		ps->zoomed = !ps->zoomed && ps->n > 0 && !ps->solo;
		break;
	default:
		return false;
	}
	panes_place(ps, ps->area);
	return true;
}

/* What makes no sense where one console is all there is. */
static bool
is_of_many(enum action a)
{
	return a == ACTION_PANE_BELOW || a == ACTION_PANE_BESIDE ||
	    a == ACTION_LAYOUT_SAVE || a == ACTION_LAYOUT_OPEN ||
	    a == ACTION_PANE_CLOSE || a == ACTION_PANE_ZOOM ||
	    a == ACTION_MANY || a == ACTION_MANY_ALL;
}

void
panes_do(struct panes *ps, enum action a)
{
	struct pane *p;

	panes_look_again(ps);
	p = panes_focused(ps);
	if (ps->solo && is_of_many(a)) {
		screen_message(ps->screen, EVENT_INFO,
		    "rackmux console shows one console; rackmux alone shows "
		    "many.");
		return;
	}
	if (move(ps, a))
		return;
	if (a == ACTION_PANE_BELOW || a == ACTION_PANE_BESIDE)
		panes_ask_split(
		    ps, a == ACTION_PANE_BELOW ? TREE_BELOW : TREE_BESIDE);
	else if (a == ACTION_LAYOUT_SAVE)
		panes_ask_save(ps);
	else if (a == ACTION_LAYOUT_OPEN)
		panes_ask_load(ps);
	else if (a == ACTION_PANE_RACK && !ps->solo)
		panes_focus(ps, PANE_RACK);
	else if (a == ACTION_PANE_CLOSE && p != NULL && !ps->solo)
		panes_close(ps, p->id);
	else if (p != NULL && p->console != NULL)
		on_console(ps, p, a);
}

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/console/chorus.h"
#include "rackmux/console/vtkeys.h"
#include "rackmux/ui/copy.h"
#include "rackmux/ui/panes.h"
#include "rackmux/ui/screen.h"

/*
 * Keys and the mouse in panes: all keys go to the node but the prefix, which
 * leads one command. Resizing goes on without the prefix until another key.
 */

static const struct {
	uint32_t from, to;
} syms[] = {
	{ SYM_UP, VT_KEY_UP },
	{ SYM_DOWN, VT_KEY_DOWN },
	{ SYM_LEFT, VT_KEY_LEFT },
	{ SYM_RIGHT, VT_KEY_RIGHT },
	{ SYM_HOME, VT_KEY_HOME },
	{ SYM_END, VT_KEY_END },
	{ SYM_PAGE_UP, VT_KEY_PAGE_UP },
	{ SYM_PAGE_DOWN, VT_KEY_PAGE_DOWN },
	{ SYM_INSERT, VT_KEY_INSERT },
	{ SYM_DELETE, VT_KEY_DELETE },
	{ SYM_BACKSPACE, VT_KEY_BACKSPACE },
	{ SYM_TAB, VT_KEY_TAB },
	{ SYM_ENTER, VT_KEY_ENTER },
	{ SYM_ESCAPE, VT_KEY_ESCAPE },
};

static uint32_t
vt_code(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(syms); i++)
		if (syms[i].from == code)
			return syms[i].to;
	if (code >= SYM_F0 && code <= SYM_LAST)
		return VT_KEY_F0 + (code - SYM_F0);
	return code;
}

static unsigned
vt_mods(unsigned mods)
{
	return (mods & MOD_SHIFT ? VT_MOD_SHIFT : 0u) |
	    (mods & MOD_ALT ? VT_MOD_ALT : 0u) |
	    (mods & MOD_CTRL ? VT_MOD_CTRL : 0u);
}

static void
type_out(struct panes *ps, struct pane *p, struct buf *out)
{
	if (out->len > 0)
		pane_type(ps, p, out->data, out->len);
	buf_release(out);
}

static void
type_key(struct panes *ps, struct pane *p, struct key k)
{
	struct buf out;

	if (p->console == NULL)
		return;
	buf_init(&out, 0);
	vt_key_bytes(vt_modes(console_vt(p->console)), vt_code(k.code),
	    vt_mods(k.mods), &out);
	type_out(ps, p, &out);
}

static bool
repeats(enum action a)
{
	return a == ACTION_PANE_NARROWER || a == ACTION_PANE_WIDER ||
	    a == ACTION_PANE_LOWER || a == ACTION_PANE_TALLER;
}

bool
panes_key(struct panes *ps, struct key k)
{
	struct pane *p;

	panes_look_again(ps);
	p = panes_focused(ps);
	if (ps->leading) {
		enum action a = action_of_pane_key(k);

		ps->leading = repeats(a);
		if (key_same(k, ps->prefix) && p != NULL)
			type_key(ps, p, k);
		else if (a < ACTION_COUNT)
			screen_do(ps->screen, a);
		return true;
	}
	if (p != NULL && p->copy != NULL) {
		copy_key(ps, p, k);
		return true;
	}
	if (key_same(k, ps->prefix)) {
		ps->leading = true;
		return true;
	}
	if (p == NULL)
		return false;
	type_key(ps, p, k);
	return true;
}

bool
panes_paste(struct panes *ps, const char *text, size_t len)
{
	struct pane *p;
	struct buf out;

	panes_look_again(ps);
	p = panes_focused(ps);
	if (p == NULL)
		return false;
	if (p->console == NULL || p->copy != NULL)
		return true;
	buf_init(&out, 0);
	vt_paste_bytes(vt_modes(console_vt(p->console)), text, len, &out);
	type_out(ps, p, &out);
	return true;
}

/* --- the mouse ---------------------------------------------------------- */

static struct pane *
pane_under(const struct panes *ps, int x, int y)
{
	for (size_t i = 0; i < ps->n; i++)
		if (rect_has(ps->v[i]->r, x, y))
			return ps->v[i];
	return NULL;
}

/* What the node's program gets of it; false: it asked for no mouse. */
static bool
mouse_to_node(struct panes *ps, struct pane *p, const struct mouse *m)
{
	static const enum vt_mouse_what whats[] = {
		[MOUSE_PRESS] = VT_PRESS,
		[MOUSE_DRAG] = VT_DRAG,
		[MOUSE_RELEASE] = VT_RELEASE,
		[MOUSE_WHEEL_UP] = VT_WHEEL_UP,
		[MOUSE_WHEEL_DOWN] = VT_WHEEL_DOWN,
	};
	const struct vt_modes *modes;
	struct buf out;

	if (p->console == NULL || p->back || p->copy != NULL ||
	    (m->mods & MOD_SHIFT) || !rect_has(p->in, m->x, m->y) ||
	    console_state(p->console) != CONSOLE_OPEN)
		return false;
	modes = vt_modes(console_vt(p->console));
	if (modes->mouse == VT_MOUSE_OFF)
		return false;
	buf_init(&out, 0);
	vt_mouse_bytes(modes, whats[m->what], m->button, m->y - p->in.y,
	    m->x - p->in.x, vt_mods(m->mods), &out);
	if (out.len > 0)
		pane_send(ps, p, out.data, out.len);
	buf_release(&out);
	return true;
}

/* A pager that took the whole screen has nothing above it to look back at: the
 * wheel is its arrow keys then, as in xterm with alternateScroll. */
static bool
wheel_to_node(struct panes *ps, struct pane *p, const struct mouse *m)
{
	const struct vt_modes *modes;
	struct buf out;

	if ((m->what != MOUSE_WHEEL_UP && m->what != MOUSE_WHEEL_DOWN) ||
	    p->console == NULL || p->back || p->copy != NULL ||
	    (m->mods & MOD_SHIFT) || ps->screen->read_only)
		return false;
	modes = vt_modes(console_vt(p->console));
	if (!modes->alt || console_state(p->console) != CONSOLE_OPEN)
		return false;
	buf_init(&out, 0);
	for (int i = 0; i < 3; i++)
		vt_key_bytes(modes,
		    m->what == MOUSE_WHEEL_UP ? VT_KEY_UP : VT_KEY_DOWN, 0,
		    &out);
	pane_send(ps, p, out.data, out.len);
	buf_release(&out);
	return true;
}

static bool
drag(struct panes *ps, const struct mouse *m)
{
	if (m->what == MOUSE_PRESS && m->button == 1 && !ps->zoomed)
		ps->dragging = tree_edge(ps->tree, ps->area, m->x, m->y,
		    &ps->drag_leaf, &ps->drag_dir);
	if (!ps->dragging)
		return false;
	if (m->what == MOUSE_RELEASE)
		ps->dragging = false;
	if (m->what != MOUSE_DRAG)
		return m->what == MOUSE_RELEASE;
	tree_drag(ps->tree, ps->area, ps->drag_leaf, ps->drag_dir, m->x, m->y);
	ps->layout[0] = '\0';
	panes_place(ps, ps->area);
	return true;
}

bool
panes_mouse(struct panes *ps, const struct mouse *m)
{
	struct pane *p;

	panes_look_again(ps);
	p = pane_under(ps, m->x, m->y);
	if (drag(ps, m))
		return true;
	if (m->what == MOUSE_PRESS) {
		ps->press_x = m->x;
		ps->press_y = m->y;
		if (p != NULL)
			panes_focus(ps, p->id);
		else if (rect_has(ps->rack, m->x, m->y))
			panes_focus(ps, PANE_RACK);
	}
	if (p == NULL && (m->what == MOUSE_DRAG || m->what == MOUSE_RELEASE))
		p = panes_focused(ps);
	if (p == NULL)
		return !rect_has(ps->rack, m->x, m->y) && ps->n > 0;
	if (ps->focus == p->id && mouse_to_node(ps, p, m))
		return true;
	if (copy_mouse(ps, p, m))
		return true;
	if (ps->focus == p->id && wheel_to_node(ps, p, m))
		return true;
	if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN)
		pane_scroll(p, m->what == MOUSE_WHEEL_UP ? 3 : -3);
	return true;
}

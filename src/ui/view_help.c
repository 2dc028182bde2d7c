#include "rackmux/ui/screen.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/tile.h"

/*
 * The help comes from the action table, so it cannot lag behind the keys;
 * and it explains the signs, since they carry what colour only underlines.
 */

static const struct {
	uint32_t glyph;
	enum role role;
	const char *meaning;
} legend[] = {
	{ 0x25cf, ROLE_ON, "on" },
	{ 0x25cb, ROLE_OFF, "off" },
	{ 0x2715, ROLE_LOST, "lost: it does not answer" },
	{ 0x25cd, ROLE_STALE, "stale: the last word is old" },
	{ 0x25cc, ROLE_UNKNOWN, "unknown" },
	{ 0x25c9, ROLE_LOCATE, "locate LED lit" },
	{ 0x25b2, ROLE_HOT, "too hot (in the heat map)" },
	{ 0x2013, ROLE_UNKNOWN, "a value not told" },
	{ 0xb7, ROLE_DIM, "a sensor that is not there" },
};

struct rect
popup_draw(struct canvas *c, struct rect in, int w, int h, const char *title)
{
	struct style ground = { ROLE_POPUP, STYLE_ON_POPUP };
	struct rect r;
	struct pen p;

	w = w > in.w ? in.w : w;
	h = h > in.h ? in.h : h;
	r = rect_of(in.x + (in.w - w) / 2, in.y + (in.h - h) / 2, w, h);
	canvas_fill(c, r, ground, ' ');
	canvas_frame(c, r, (struct style){ ROLE_POPUP_FRAME, STYLE_ON_POPUP });
	p = pen_at(c, rect_of(r.x + 2, r.y, r.w - 4, 1), STYLE_ON_POPUP);
	pen_text(&p, ROLE_POPUP, " ");
	pen_fit(&p, ROLE_BRIGHT, pen_room(&p) - 1, title);
	pen_text(&p, ROLE_POPUP, " ");
	return rect_of(
	    r.x + 2, r.y + 1, r.w > 4 ? r.w - 4 : 0, r.h > 2 ? r.h - 2 : 0);
}

static void
draw_keys(struct pen *p, enum action a)
{
	char keys[64], *rest = keys, *word;
	int end = p->x + 12;

	str_copy(keys, sizeof keys, action_table[a].keys);
	while ((word = str_word(&rest)) != NULL) {
		pen_fit(p, ROLE_KEY, end - p->x, word);
		pen_gap(p, 1);
	}
	p->x = end;
}

static void
draw_row(struct canvas *c, struct rect row, int i)
{
	struct pen p = pen_at(c, row, STYLE_ON_POPUP);

	if (i < ACTION_COUNT) {
		draw_keys(&p, (enum action)i);
		pen_text(&p, ROLE_POPUP, action_table[i].help);
		return;
	}
	i -= ACTION_COUNT + 1;
	if (i < 0 || i >= (int)ARRAY_LEN(legend))
		return;
	pen_glyph(&p, legend[i].role, legend[i].glyph);
	pen_gap(&p, 11);
	pen_text(&p, ROLE_POPUP, legend[i].meaning);
}

void
help_draw(struct screen *s, struct canvas *c, struct rect r)
{
	int rows = ACTION_COUNT + 1 + (int)ARRAY_LEN(legend);
	bool two = r.w >= 108 && r.h >= ACTION_COUNT + 3;
	struct rect in;
	int most;

	in = popup_draw(c, r, two ? 106 : 56, (two ? ACTION_COUNT : rows) + 2,
	    "rackmux " RM_VERSION);
	if (two) {
		struct rect right = rect_of(in.x + 58, in.y, in.w - 58, 1);

		s->help_scroll = 0;
		for (int i = 0; i < ACTION_COUNT; i++)
			draw_row(c, rect_of(in.x, in.y + i, 56, 1), i);
		for (int i = 0; i < (int)ARRAY_LEN(legend); i++)
			draw_row(c, rect_of(right.x, in.y + i, right.w, 1),
			    ACTION_COUNT + 1 + i);
		return;
	}
	most = rows > in.h ? rows - in.h : 0;
	s->help_scroll = s->help_scroll > most ? most
	    : s->help_scroll < 0               ? 0
					       : s->help_scroll;
	for (int i = 0; i < in.h; i++)
		draw_row(
		    c, rect_of(in.x, in.y + i, in.w, 1), i + s->help_scroll);
	if (s->help_scroll < most)
		canvas_put(c, in.x + in.w, in.y + in.h - 1,
		    (struct style){ ROLE_KEY, STYLE_ON_POPUP }, 0x25bc);
	if (s->help_scroll > 0)
		canvas_put(c, in.x + in.w, in.y,
		    (struct style){ ROLE_KEY, STYLE_ON_POPUP }, 0x25b2);
}

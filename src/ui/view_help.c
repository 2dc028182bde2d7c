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
	{ 0x25d0, ROLE_BOOTING, "booting, as its console tells" },
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

/* Rows of the help: the keys of the rack, the signs, then what follows the
 * prefix. On a wide screen the last part stands beside the others. */
enum { RACK_KEYS = ACTION_PANE_RACK, PANE_KEYS = ACTION_COUNT - RACK_KEYS };
enum {
	ROW_LEGEND = RACK_KEYS + 1,
	ROW_PREFIX = ROW_LEGEND + (int)ARRAY_LEN(legend) + 1,
	ROW_PANES = ROW_PREFIX + 1,
	ROWS = ROW_PANES + PANE_KEYS,
	LEFT = ROW_PREFIX - 1,
	RIGHT = ROWS - ROW_PREFIX,
	TALL = LEFT > RIGHT ? LEFT : RIGHT
};

static void
draw_legend(struct pen *p, int i)
{
	if (i < 0 || i >= (int)ARRAY_LEN(legend))
		return;
	pen_glyph(p, legend[i].role, legend[i].glyph);
	pen_gap(p, 11);
	pen_text(p, ROLE_POPUP, legend[i].meaning);
}

static void
draw_row(const struct screen *s, struct canvas *c, struct rect row, int i)
{
	struct pen p = pen_at(c, row, STYLE_ON_POPUP);
	int action = i < RACK_KEYS ? i : i - ROW_PANES + RACK_KEYS;
	char prefix[24];

	if (i == ROW_PREFIX) {
		pen_text(&p, ROLE_KEY,
		    key_label(s->panes.prefix, prefix, sizeof prefix));
		pen_text(&p, ROLE_BRIGHT, " and then:");
	} else if (i < RACK_KEYS || (i >= ROW_PANES && i < ROWS)) {
		draw_keys(&p, (enum action)action);
		pen_text(&p, ROLE_POPUP, action_table[action].help);
	} else
		draw_legend(&p, i - ROW_LEGEND);
}

static void
draw_arrows(const struct screen *s, struct canvas *c, struct rect in, int most)
{
	struct style st = { ROLE_KEY, STYLE_ON_POPUP };

	if (s->help_scroll < most)
		canvas_put(c, in.x + in.w, in.y + in.h - 1, st, 0x25bc);
	if (s->help_scroll > 0)
		canvas_put(c, in.x + in.w, in.y, st, 0x25b2);
}

void
help_draw(struct screen *s, struct canvas *c, struct rect r)
{
	bool two = r.w >= 116 && r.h >= TALL + 2;
	struct rect in = popup_draw(c, r, two ? 116 : 60,
	    (two ? TALL : ROWS) + 2, "rackmux " RM_VERSION);
	int most = ROWS > in.h ? ROWS - in.h : 0;

	if (two) {
		s->help_scroll = 0;
		for (int i = 0; i < LEFT; i++)
			draw_row(s, c, rect_of(in.x, in.y + i, 55, 1), i);
		for (int i = 0; i < RIGHT; i++)
			draw_row(s, c,
			    rect_of(in.x + 56, in.y + i, in.w - 56, 1),
			    ROW_PREFIX + i);
		return;
	}
	s->help_scroll = s->help_scroll > most ? most
	    : s->help_scroll < 0               ? 0
					       : s->help_scroll;
	for (int i = 0; i < in.h; i++)
		draw_row(
		    s, c, rect_of(in.x, in.y + i, in.w, 1), i + s->help_scroll);
	draw_arrows(s, c, in, most);
}

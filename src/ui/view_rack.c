#include "rackmux/ui/screen.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/tile.h"

/*
 * The rack. Drawn shifted by the scroll offset; what reaches over the body
 * is overdrawn by header and footer, which come after.
 */

#define SEP " \302\267 "

static int
name_width(const struct board *b)
{
	return text_width(b->name) + (b->unit > 0 ? 4 : 0);
}

void
rack_layout(struct screen *s, int w, int h)
{
	struct model *m = s->model;
	struct layout_in *in = mem_array(m->n_boards + 1, sizeof *in);

	for (size_t i = 0; i < m->n_boards; i++)
		in[i] = (struct layout_in){ m->boards[i]->unit,
			m->boards[i]->height, m->boards[i]->slots,
			name_width(m->boards[i]) };
	layout_make(&s->layout, w, h, in, m->n_boards);
	free(in);
}

/* "ssh" of "ssh://root@host", "serial" of "serial:/dev/...". */
static void
pen_scheme(struct pen *p, enum role role, const char *url)
{
	pen_printf(p, role, "%.*s", (int)strcspn(url, ":"), url);
}

static void
title_link(struct pen *p, const struct origin *o)
{
	char text[32];

	switch (o->link) {
	case LINK_UP:
		pen_text(p, ROLE_DIM, SEP);
		pen_scheme(p, ROLE_DIM, o->url);
		if (o->rtt_us > 0) {
			human_rtt(o->rtt_us, text, sizeof text);
			pen_printf(p, ROLE_DIM, " %s", text);
		}
		return;
	case LINK_HOSTKEY:
		pen_text(p, ROLE_DIM, SEP);
		pen_text(p, ROLE_WARN, "host key?");
		return;
	default:
		pen_text(p, ROLE_DIM, SEP);
		pen_scheme(p, ROLE_DIM, o->url);
		pen_printf(p, ROLE_DIM, " %s", link_state_name(o->link));
	}
}

static void
title_fan(struct pen *p, const struct board *b)
{
	const struct value *fan = board_value(b, NAME_BOARD_FAN_LEVEL, NULL);
	const struct value *max = board_value(b, NAME_BOARD_FAN_MAX, NULL);
	bool stale = value_state(fan) == VALUE_STALE;
	double level, most;

	if (!value_number(fan, &level))
		return;
	pen_text(p, ROLE_DIM, SEP);
	if (value_number(max, &most))
		pen_printf(p, stale ? ROLE_STALE : ROLE_DIM, "fan %.0f/%.0f",
		    level, most);
	else
		pen_printf(p, stale ? ROLE_STALE : ROLE_DIM, "fan %.0f", level);
}

static void
title_on(struct pen *p, const struct board *b)
{
	int on = 0, known = 0;

	for (int i = 0; i < b->slots; i++) {
		if (node_state(b->nodes[i]) == NODE_ON)
			on++;
		if (b->nodes[i]->configured)
			known++;
	}
	pen_text(p, ROLE_DIM, SEP);
	pen_printf(p, ROLE_DIM, "%d/%d on", on, known > on ? known : on);
}

static void
title_trouble(struct pen *p, const struct board *b, const char *trouble)
{
	uint64_t now = loop_now(b->model->loop);
	const struct origin *o = b->origin;
	char left[16];

	pen_text(p, ROLE_DIM, SEP);
	if (o != NULL && o->retry_at > now && pen_room(p) >= 36) {
		human_seconds((double)((o->retry_at - now + 999) / 1000), left,
		    sizeof left);
		pen_fit(p, ROLE_BAD, pen_room(p) - 15, trouble);
		pen_printf(p, ROLE_DIM, ", retry in %s", left);
	} else
		pen_text(p, ROLE_BAD, trouble);
}

/* What it is, as long as what is wrong with it has room. */
static void
title_kind(struct pen *p, const struct board *b, bool trouble)
{
	const char *kind = b->title[0] != '\0' ? b->title : b->type;
	int room = pen_room(p) - text_width(kind) - 6;

	if (room < (trouble ? 30 : 0))
		return;
	pen_text(p, ROLE_DIM, SEP);
	pen_text(p, ROLE_DIM, kind);
}

static void
draw_title(struct canvas *c, const struct board *b,
    const struct layout_board *lb, struct rect r)
{
	struct pen p = pen_at(c, rect_of(r.x + 2, r.y, r.w - 4, 1), 0);
	const struct origin *o = b->origin;
	char text[200];
	bool trouble;

	if (r.w < 8)
		return;
	p.end--;
	pen_gap(&p, 1);
	if (lb->shared && b->unit > 0)
		pen_printf(&p, ROLE_UNIT, "U%d ", b->unit + b->height - 1);
	pen_text(&p, ROLE_BRIGHT, b->name);
	trouble = board_trouble(b, text, sizeof text);
	title_kind(&p, b, trouble);
	if (o == NULL)
		title_on(&p, b);
	if (o != NULL &&
	    (o->link == LINK_UP || o->why == LINK_WHY_NONE ||
		o->link == LINK_HOSTKEY)) {
		title_fan(&p, b);
		title_link(&p, o);
	}
	if (trouble)
		title_trouble(&p, b, text);
	canvas_put(c, r.x + 2, r.y, (struct style){ ROLE_TEXT, 0 }, ' ');
	p.end++;
	pen_text(&p, ROLE_TEXT, " ");
}

/* Rules between tiles, joined to the frame. */
static void
draw_rules(
    struct canvas *c, const struct layout *l, size_t i, int dy, struct style st)
{
	const struct layout_board *b = &l->b[i];
	int bottom = b->r.y + b->r.h - 1 + dy;

	for (int row = 1; b->ruled && row < b->rows; row++) {
		int y = b->inner.y + row * (b->tile_h + 1) - 1 + dy;

		canvas_fill(
		    c, rect_of(b->inner.x, y, b->inner.w, 1), st, 0x2500);
		canvas_put(c, b->r.x, y, st, 0x251c);
		canvas_put(c, b->r.x + b->r.w - 1, y, st, 0x2524);
	}
	for (int col = 1; col < b->cols && b->density <= DENSITY_NARROW;
	     col++) {
		int x = layout_tile(l, i, col).x - 1;

		for (int row = 0; row < b->rows; row++) {
			int step = b->tile_h + (b->ruled ? 1 : 0);
			int y = b->inner.y + row * step + dy;

			canvas_fill(c, rect_of(x, y, 1, b->tile_h), st, 0x2502);
			if (b->ruled && row > 0)
				canvas_put(c, x, y - 1, st, 0x253c);
		}
		canvas_put(c, x, bottom, st, 0x2534);
	}
}

static void
draw_units(struct canvas *c, const struct layout_board *b, int w, int dy)
{
	char text[16];

	if (b->unit <= 0 || b->shared || w == 0)
		return;
	for (int k = 0; k < b->height && k < b->r.h; k++) {
		str_format(
		    text, sizeof text, "U%d", b->unit + b->height - 1 - k);
		canvas_right(c, 0, b->r.y + dy + k, w - 1,
		    (struct style){ ROLE_UNIT, 0 }, text);
	}
}

/* What stands in columns stands in the same ones in every tile of a board. */
static int
narrowest(const struct layout_board *lb)
{
	if (lb->density >= DENSITY_HEAT)
		return lb->tile_w;
	return (lb->inner.w + 1) / lb->cols - 1;
}

static void
draw_board(struct screen *s, struct canvas *c, size_t i, int dy)
{
	const struct layout_board *lb = &s->layout.b[i];
	struct board *b = s->model->boards[i];
	bool focus = b == s->board;
	struct style st = { focus ? ROLE_FRAME_FOCUS : ROLE_FRAME, 0 };
	struct rect r = lb->r;

	r.y += dy;
	if (lb->density == DENSITY_FLOW) {
		char name[80], text[200];

		bool bad = board_trouble(b, text, sizeof text);

		text_fit(name, sizeof name, b->name, lb->inner.x - r.x - 1,
		    c->ascii);
		canvas_text(c, r.x, r.y, lb->inner.x - r.x,
		    (struct style){ bad ? ROLE_LOST
			    : focus     ? ROLE_BRIGHT
					: ROLE_DIM,
			0 },
		    name);
	} else {
		canvas_frame(c, r, st);
		draw_rules(c, &s->layout, i, dy, st);
		draw_title(c, b, lb, r);
		draw_units(c, lb, s->layout.label_w, dy);
	}
	for (int k = 0; k < lb->slots && k < b->slots; k++) {
		struct rect t = layout_tile(&s->layout, i, k);

		t.y += dy;
		tile_draw(c, b->nodes[k], t, lb->density, narrowest(lb),
		    focus && k == s->slot);
	}
}

static void
draw_scrollbar(struct screen *s, struct canvas *c, struct rect r)
{
	int total = s->layout.total_h;
	int len = r.h * r.h / total, at;

	len = len < 1 ? 1 : len;
	at = (r.h - len) * s->scroll / (total - r.h);
	canvas_fill(c, rect_of(r.x + r.w - 1, r.y + at, 1, len),
	    (struct style){ ROLE_FRAME_FOCUS, 0 }, 0x2590);
}

static void
draw_tail(struct screen *s, struct canvas *c, struct rect r)
{
	struct pen p;

	if (r.h < 4 || s->model->n_events == 0)
		return;
	r.h = r.h > 12 ? 12 : r.h;
	canvas_fill(c, rect_of(r.x, r.y, r.w, 1),
	    (struct style){ ROLE_FRAME, 0 }, 0x2500);
	p = pen_at(c, rect_of(r.x + 2, r.y, r.w, 1), 0);
	pen_text(&p, ROLE_DIM, " events ");
	events_draw(s, c, rect_of(r.x + 1, r.y + 1, r.w - 1, r.h - 1), 0);
}

static void
draw_none(struct canvas *c, struct rect r)
{
	static const char *const lines[] = { "There is no board in this rack.",
		"", "rackmux user@host      a board at the other end of SSH",
		"rackmux -c FILE        a rack from a configuration",
		"rackmux demo           a simulated rack" };
	int n = (int)ARRAY_LEN(lines), w = text_width(lines[2]);

	for (int i = 0; i < n && r.h >= n; i++)
		canvas_text(c, r.x + (r.w > w ? (r.w - w) / 2 : 0),
		    r.y + (r.h - n) / 2 + i, r.w,
		    (struct style){ i == 0 ? ROLE_BRIGHT : ROLE_DIM, 0 },
		    lines[i]);
}

static void
rack_draw(struct screen *s, struct canvas *c, struct rect r)
{
	int most, left;

	if (s->model->n_boards == 0) {
		draw_none(c, r);
		return;
	}
	rack_layout(s, r.w, r.h);
	if (s->layout.n == 0)
		return;
	most = s->layout.total_h > r.h ? s->layout.total_h - r.h : 0;
	if (s->follow && s->board != NULL)
		s->scroll = layout_scroll(
		    &s->layout, s->scroll, screen_board_index(s), s->slot);
	s->follow = false;
	s->scroll = s->scroll > most ? most : s->scroll < 0 ? 0 : s->scroll;
	for (size_t i = 0; i < s->layout.n; i++) {
		const struct rect *b = &s->layout.b[i].r;

		if (b->y + b->h > s->scroll && b->y < s->scroll + r.h)
			draw_board(s, c, i, r.y - s->scroll);
	}
	left = r.h - s->layout.total_h;
	if (left > 4)
		draw_tail(s, c,
		    rect_of(r.x + s->layout.label_w,
			r.y + s->layout.total_h + 1, r.w - s->layout.label_w,
			left - 1));
	if (most > 0)
		draw_scrollbar(s, c, r);
}

const struct view view_rack = { "rack", rack_draw };

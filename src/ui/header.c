#include "rackmux/ui/screen.h"

#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/spark.h"

/*
 * The top line: how much is on, and what is not well. A count of nothing is
 * not shown, so that a healthy rack has a quiet header.
 */

static void
count(struct pen *p, enum role role, int n, const char *word)
{
	char text[48];

	if (n == 0)
		return;
	str_format(text, sizeof text, "%d %s", n, word);
	if (pen_room(p) < text_width(text) + 2)
		return;
	pen_gap(p, 2);
	pen_text(p, role, text);
}

/* "74 W of 180 W", a bar, and of how many nodes that is the sum. */
static void
draw_watts(struct pen *p, const struct model *m, const struct totals *t)
{
	struct style full = pen_style(p, ROLE_GRAPH);
	struct style empty = pen_style(p, ROLE_FRAME);
	bool known = t->watts_nodes > 0;
	double part;
	char text[64];

	if (known)
		str_format(text, sizeof text, "%.0f W", t->watts);
	else
		str_copy(text, sizeof text, "\342\200\223 W");
	if (pen_room(p) < text_width(text))
		return;
	pen_text(p, known ? ROLE_BAR : ROLE_BAR_DIM, text);
	if (m->power_budget_w > 0) {
		str_format(text, sizeof text, " of %.0f W", m->power_budget_w);
		if (pen_room(p) < text_width(text) + 11)
			return;
		pen_text(p, ROLE_BAR_DIM, text);
		part = known ? t->watts / m->power_budget_w : 0;
		if (part > 0.9)
			full = pen_style(p, part > 1 ? ROLE_BAD : ROLE_WARN);
		gauge_draw(p->c, p->x + 1, p->y, 10, full, empty, part);
		pen_gap(p, 11);
	}
	if (!known || t->watts_nodes >= t->on)
		return;
	str_format(
	    text, sizeof text, " measured on %d of %d", t->watts_nodes, t->on);
	if (pen_room(p) >= text_width(text))
		pen_text(p, ROLE_BAR_DIM, text);
}

static int
troubled_feeds(const struct model *m)
{
	char text[256];
	int n = 0;

	for (size_t i = 0; i < m->n_feeds; i++)
		n += feed_trouble(m->feeds[i], text, sizeof text);
	return n;
}

/* How many are open, before the clock, where there is room for it. */
static void
draw_consoles(struct screen *s, struct pen *p)
{
	const struct consoles *set = s->panes.set;
	size_t n = set != NULL ? consoles_count(set) : 0;
	int open = 0, w;
	char text[32];

	for (size_t i = 0; i < n; i++) {
		enum console_state st = console_state(consoles_at(set, i));

		open += st == CONSOLE_OPEN || st == CONSOLE_JOINED;
	}
	if (open == 0)
		return;
	str_format(text, sizeof text, "consoles %d", open);
	w = text_width(text);
	if (pen_room(p) < w + 4)
		return;
	canvas_text(
	    p->c, p->end - w, p->y, w, pen_style(p, ROLE_BAR_DIM), text);
}

void
header_draw(struct screen *s, struct canvas *c, struct rect r)
{
	struct model *m = s->model;
	struct style bar = { ROLE_BAR, STYLE_ON_BAR };
	struct pen p = pen_at(c, r, STYLE_ON_BAR);
	struct totals t;
	char clock[16];

	model_totals(m, &t);
	canvas_fill(c, r, bar, ' ');
	if (r.w >= 60) {
		human_clock(loop_wall(m->loop), clock, sizeof clock);
		canvas_right(c, r.x, r.y, r.w - 1,
		    (struct style){ ROLE_BAR_DIM, STYLE_ON_BAR }, clock);
		p.end -= 10;
	}
	pen_gap(&p, 1);
	if (r.w >= 60)
		pen_text(&p, ROLE_TITLE, "rackmux  ");
	pen_fit(&p, ROLE_BAR, r.w / 3, m->rack);
	if (m->rack[0] != '\0')
		pen_gap(&p, 1);
	if (t.nodes > 0) {
		pen_gap(&p, 1);
		pen_printf(&p, t.on > 0 ? ROLE_BAR : ROLE_BAR_DIM, "%d/%d on",
		    t.on, t.nodes);
	}
	count(&p, ROLE_LOST, t.lost, "lost");
	count(&p, ROLE_CRITICAL, t.hot, "hot");
	count(&p, ROLE_WARN, t.throttled, "throttled");
	count(&p, ROLE_BAR_DIM, t.stale, "stale");
	count(&p, ROLE_BAR_DIM, t.unknown, "unknown");
	if (t.boards_up < t.boards && t.boards_up > 0)
		count(&p, ROLE_WARN, t.boards - t.boards_up,
		    t.boards - t.boards_up == 1 ? "board down" : "boards down");
	count(&p, ROLE_WARN, troubled_feeds(m), "feed trouble");
	if (s->read_only && pen_room(&p) >= 11) {
		pen_gap(&p, 2);
		pen_text(&p, ROLE_BAR_DIM, "read only");
	}
	if (t.nodes > 0 && r.w >= 60) {
		pen_gap(&p, 2);
		draw_watts(&p, m, &t);
	}
	if (r.w >= 60)
		draw_consoles(s, &p);
}

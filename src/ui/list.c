#include "rackmux/ui/list.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/tile.h"

/*
 * Every value in the same columns: name, value, age, where it came from and,
 * when it is not to be trusted, why. The columns do not depend on what is in
 * them, so nothing moves as numbers change.
 */

enum { WHY_MIN_W = 40, LABEL_W = 24 };

struct columns {
	int value, value_w, age, source, why;
};

/* Names get more room where there is more. */
static struct columns
columns_of(const struct list *l)
{
	int name = l->r.w >= 110 ? 32 : l->r.w >= 72 ? 26 : l->r.w / 2;
	int value = l->r.w >= 72 ? 14 : l->r.w >= 50 ? 12 : 10;

	return (struct columns){ .value = name,
		.value_w = value,
		.age = name + value + 1,
		.source = name + value + 7,
		.why = name + value + 18 };
}

void
list_begin(struct list *l, struct screen *s, struct canvas *c, struct rect r)
{
	enum view_id view = s->views[s->depth - 1];

	*l = (struct list){ .c = c, .r = r };
	if (s->list_scroll[view] < 0)
		s->list_scroll[view] = 0;
	l->scroll = s->list_scroll[view];
}

void
list_end(struct list *l, struct screen *s)
{
	enum view_id view = s->views[s->depth - 1];
	int most = l->rows > l->r.h ? l->rows - l->r.h : 0;

	s->list_page = l->r.h > 1 ? l->r.h : 1;
	if (s->list_scroll[view] > most) {
		s->list_scroll[view] = most;
		s->past_end = true;
	}
	if (most > 0) {
		int len = l->r.h * l->r.h / l->rows;
		int at = (l->r.h - (len < 1 ? 1 : len)) * s->list_scroll[view] /
		    most;

		canvas_fill(l->c,
		    rect_of(
			l->r.x + l->r.w - 1, l->r.y + at, 1, len < 1 ? 1 : len),
		    (struct style){ ROLE_FRAME_FOCUS, 0 }, 0x2590);
	}
}

bool
list_row(struct list *l, struct pen *p)
{
	int y = l->rows++ - l->scroll;
	bool seen = y >= 0 && y < l->r.h;

	*p = pen_at(
	    l->c, rect_of(l->r.x, l->r.y + y, seen ? l->r.w - 2 : 0, 1), 0);
	return seen;
}

void
list_gap(struct list *l)
{
	l->rows++;
}

void
list_head(struct list *l, const char *title)
{
	struct pen p;

	if (l->rows > 0)
		list_gap(l);
	if (!list_row(l, &p))
		return;
	pen_text(&p, ROLE_DIM, title);
	pen_gap(&p, 1);
	canvas_fill(l->c, rect_of(p.x, p.y, pen_room(&p), 1),
	    (struct style){ ROLE_FRAME, 0 }, 0x2500);
}

/* Wrapped rows that begin in column x. */
static void
wrapped(struct list *l, enum role role, int x, const char *text)
{
	int w = l->r.w - 3 - x > 8 ? l->r.w - 3 - x : 8;
	char row[512];
	struct pen p;
	size_t n;

	while ((n = pen_wrap(text, w, row, sizeof row)) > 0) {
		if (list_row(l, &p)) {
			pen_gap(&p, x);
			pen_text(&p, role, row);
		}
		text += n;
	}
}

void
list_text(struct list *l, enum role role, const char *text)
{
	wrapped(l, role, 0, text);
}

void
list_pair(struct list *l, const char *label, enum role role, const char *text)
{
	struct pen p;
	int x = l->r.x;

	if (!list_row(l, &p))
		return;
	pen_fit(&p, ROLE_DIM, (l->r.w >= 50 ? LABEL_W : 14) - 1, label);
	p.x = x + (l->r.w >= 50 ? LABEL_W : 14);
	pen_text(&p, role, text);
}

/* Age and source behind a text that is longer than its column. */
static void
pen_aside(struct pen *p, const struct model *m, const struct value *v)
{
	char age[16];

	human_seconds((double)(value_age_ms(m, v) / 1000), age, sizeof age);
	if (pen_room(p) >= 14) {
		pen_gap(p, 2);
		pen_printf(p, ROLE_DIM, "%s  %s", age, source_name(v->source));
	}
}

/* Why it is not known, or a note on it: behind the value, and below what
 * does not fit. */
static void
draw_why(struct list *l, struct pen *p, const struct columns *c,
    const struct value *v)
{
	bool known = value_state(v) == VALUE_KNOWN;
	const char *why = known ? value_note(v) : value_why(v);
	char text[512], row[512];
	size_t n = 0;

	if (why == NULL)
		return;
	str_format(text, sizeof text, "%s%s",
	    v->known && !known ? "stale: " : "", why);
	if (v->known && !known) {
		/* All of a link go stale together; "links" tells it whole. */
		p->x = l->r.x + c->why;
		pen_text(p, ROLE_DIM, text);
		return;
	}
	if (l->r.w - c->why < WHY_MIN_W) {
		wrapped(l, ROLE_DIM, 4, text);
		return;
	}
	n = pen_wrap(text, l->r.w - 3 - c->why, row, sizeof row);
	p->x = l->r.x + c->why;
	pen_text(p, ROLE_DIM, row);
	wrapped(l, ROLE_DIM, c->why, text + n);
}

/* One value on a line of its own. */
static void
draw_value(struct list *l, const struct model *m, const struct value *v)
{
	struct columns c = columns_of(l);
	bool words = name_table[v->id].type != NAME_NUMBER;
	char name[96], text[256], age[16];
	int x = l->r.x;
	struct pen p;

	list_row(l, &p);
	name_full(v->id, v->instance, name, sizeof name);
	value_format(v, text, sizeof text);
	if (value_state(v) == VALUE_UNKNOWN)
		str_copy(text, sizeof text, "\342\200\223");
	pen_fit(&p, ROLE_TEXT, c.value - 1, name);
	p.x = x + c.value;
	if (words && text_width(text) > c.value_w) {
		pen_text(&p, tile_value_role(v, ROLE_BRIGHT), text);
		pen_aside(&p, m, v);
	} else {
		pen_right(&p, tile_value_role(v, ROLE_BRIGHT), c.value_w, text);
		p.x = x + c.age;
		if (v->known)
			pen_right(&p, ROLE_DIM, 4,
			    human_seconds((double)(value_age_ms(m, v) / 1000),
				age, sizeof age));
		p.x = x + c.source;
		pen_text(&p, ROLE_DIM, source_name(v->source));
	}
	draw_why(l, &p, &c, v);
}

/* Names that belong together; each group is one stretch of names.def. */
static const char *
group_of(enum name_id id)
{
	static const struct {
		const char *prefix, *title;
	} groups[] = {
		{ "power.", "power" },
		{ "temp.", "temperature and fan" },
		{ "fan.", "temperature and fan" },
		{ "link.", "network" },
		{ "feed.", "power" },
		{ "pcie.", "network" },
		{ "locate.", "health" },
		{ "stealth.", "health" },
		{ "button.", "health" },
		{ "agent.", "health" },
		{ "health.", "health" },
		{ "volts.", "health" },
		{ "clock.", "health" },
		{ "usb.", "usb and console" },
		{ "console.", "usb and console" },
		{ "board.", "board" },
	};

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (str_starts(name_table[id].name, groups[i].prefix))
			return groups[i].title;
	return "system";
}

void
list_values(struct list *l, const struct model *m, const struct value *const *v,
    size_t n)
{
	const char *last = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *group = group_of(v[i]->id);

		if (last == NULL || strcmp(group, last) != 0)
			list_head(l, group);
		last = group;
		draw_value(l, m, v[i]);
	}
}

void
list_origin(struct list *l, const struct model *m, const char *label,
    const struct origin *o)
{
	uint64_t now = loop_now(m->loop);
	char text[512], rtt[32] = "", left[16], retry[48] = "";
	enum role role = o->link == LINK_UP ? ROLE_GOOD
	    : o->why == LINK_WHY_NONE       ? ROLE_TEXT
					    : ROLE_BAD;

	list_pair(l, label, ROLE_TEXT, o->url);
	if (o->link == LINK_UP && o->rtt_us > 0)
		str_format(rtt, sizeof rtt, ", %s",
		    human_rtt(o->rtt_us, left, sizeof left));
	if (o->retry_at > now)
		str_format(retry, sizeof retry, ", next try in %s",
		    human_seconds((double)((o->retry_at - now + 999) / 1000),
			left, sizeof left));
	str_format(text, sizeof text, "%s%s%s%s%s", link_state_name(o->link),
	    rtt, o->why_text[0] != '\0' && o->link != LINK_UP ? ": " : "",
	    o->link != LINK_UP ? o->why_text : "", retry);
	list_pair(l, "", role, text);
	if (o->link == LINK_UP && o->stale)
		list_pair(l, "", ROLE_WARN, o->stale_why);
	if (o->fresh_at != 0) {
		str_format(text, sizeof text, "%s ago",
		    human_seconds(now > o->fresh_at
			    ? (double)((now - o->fresh_at) / 1000)
			    : 0,
			left, sizeof left));
		list_pair(l, "  last answer", ROLE_DIM, text);
	}
}

void
list_acts(struct list *l, const struct node *n)
{
	list_head(l, "what it can do");
	for (int a = 0; a < ACT_MAX; a++) {
		const char *why = node_cannot(n, (enum act)a);

		list_pair(l, act_name((enum act)a),
		    why == NULL ? ROLE_GOOD : ROLE_DIM,
		    why == NULL ? "yes" : why);
	}
}

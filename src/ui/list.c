#include "rackmux/ui/list.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"

/*
 * Every value in the same columns: name, value, age, where it came from and,
 * when it is not to be trusted, why. The columns do not depend on what is in
 * them, so nothing moves as numbers change.
 */

enum { COL_VALUE = 24, COL_AGE = 40, COL_SOURCE = 46, COL_WHY = 57 };

void
list_begin(struct list *l, struct screen *s, struct canvas *c, struct rect r)
{
	enum view_id view = s->views[s->depth - 1];

	*l = (struct list){ .c = c, .r = r };
	if (s->list_scroll[view] < 0)
		s->list_scroll[view] = 0;
	/* list_total is the last drawing's: of this view, if it did scroll. */
	l->scroll = s->list_scroll[view];
}

void
list_end(struct list *l, struct screen *s)
{
	enum view_id view = s->views[s->depth - 1];
	int most = l->rows > l->r.h ? l->rows - l->r.h : 0;

	s->list_total = l->rows;
	s->list_page = l->r.h > 1 ? l->r.h : 1;
	if (s->list_scroll[view] > most)
		s->list_scroll[view] = most;
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

void
list_text(struct list *l, enum role role, const char *text)
{
	int w = l->r.w - 3 > 8 ? l->r.w - 3 : 8;

	while (*text != '\0') {
		size_t len = strlen(text), take = 0, space = 0;
		int cols = 0;
		char row[512];
		struct pen p;

		while (take < len && take + 8 < sizeof row) {
			uint32_t cp;
			size_t n =
			    text_decode(text + take, len - take, &cp, NULL);

			if (cols + text_cp_width(cp) > w)
				break;
			if (cp == ' ')
				space = take;
			cols += text_cp_width(cp);
			take += n;
		}
		if (take < len && space > 0)
			take = space;
		memcpy(row, text, take);
		row[take] = '\0';
		if (list_row(l, &p))
			pen_text(&p, role, row);
		text += take;
		text += *text == ' ';
	}
}

void
list_pair(struct list *l, const char *label, enum role role, const char *text)
{
	struct pen p;
	int x = l->r.x;

	if (!list_row(l, &p))
		return;
	pen_fit(&p, ROLE_DIM, COL_VALUE - 1, label);
	p.x = x + (l->r.w >= 50 ? COL_VALUE : 14);
	pen_text(&p, role, text);
}

static enum role
value_role(const struct value *v)
{
	switch (value_state(v)) {
	case VALUE_KNOWN:
		return ROLE_BRIGHT;
	case VALUE_STALE:
		return ROLE_STALE;
	case VALUE_UNKNOWN:
		break;
	}
	return ROLE_UNKNOWN;
}

/* Age and source behind a text that is longer than its column. */
static void
pen_aside(struct pen *p, const struct model *m, const struct value *v)
{
	char age[16];

	human_seconds((double)(value_age_ms(m, v) / 1000), age, sizeof age);
	if (pen_room(p) >= 18) {
		pen_gap(p, 2);
		pen_printf(p, ROLE_DIM, "%s  %s", age, source_name(v->source));
	}
}

/* One value on a line of its own. */
static void
draw_value(struct list *l, const struct model *m, const struct value *v)
{
	enum name_type type = name_table[v->id].type;
	char name[96], text[256], age[16];
	int x = l->r.x, value_w = COL_AGE - COL_VALUE - 1;
	bool wide = l->r.w >= 72;
	struct pen p;

	if (!list_row(l, &p))
		return;
	name_full(v->id, v->instance, name, sizeof name);
	value_format(v, text, sizeof text);
	if (value_state(v) == VALUE_UNKNOWN)
		str_copy(text, sizeof text, "\342\200\223");
	pen_fit(&p, ROLE_TEXT, (wide ? COL_VALUE : 20) - 1, name);
	p.x = x + (wide ? COL_VALUE : 20);
	if (type != NAME_NUMBER && text_width(text) > value_w) {
		pen_text(&p, value_role(v), text);
		if (wide)
			pen_aside(&p, m, v);
		return;
	}
	pen_right(&p, value_role(v),
	    pen_room(&p) < value_w ? pen_room(&p) : value_w, text);
	if (!wide)
		return;
	p.x = x + COL_AGE;
	if (v->known)
		pen_right(&p, ROLE_DIM, 4,
		    human_seconds(
			(double)(value_age_ms(m, v) / 1000), age, sizeof age));
	p.x = x + COL_SOURCE;
	pen_text(&p, ROLE_DIM, source_name(v->source));
	p.x = x + COL_WHY;
	if (value_state(v) != VALUE_KNOWN && value_why(v) != NULL) {
		pen_text(&p, ROLE_DIM, value_state_name(value_state(v)));
		pen_text(&p, ROLE_DIM, ": ");
		pen_text(&p, ROLE_DIM, value_why(v));
	}
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
		{ "locate.", "health" },
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
		list_pair(l, "  last whole answer", ROLE_DIM, text);
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

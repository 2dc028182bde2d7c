#include "rackmux/ui/screen.h"

#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/pen.h"

/*
 * What happened, the newest on top: the ring itself, no copy of it, so that
 * a new event moves the list by one row and nothing else.
 */

static enum role
kind_role(enum event_kind k)
{
	return k == EVENT_BAD ? ROLE_BAD
	    : k == EVENT_WARN ? ROLE_WARN
	    : k == EVENT_GOOD ? ROLE_GOOD
			      : ROLE_DIM;
}

/* The glyph says it too, for eyes and terminals without colour. */
static uint32_t
kind_glyph(enum event_kind k)
{
	return k == EVENT_BAD ? 0x2715
	    : k == EVENT_WARN ? 0x25b2
	    : k == EVENT_GOOD ? 0x2713
			      : 0xb7;
}

static void
draw_event(struct canvas *c, struct rect row, const struct event *e)
{
	struct pen p = pen_at(c, row, 0);
	int where = row.w >= 70 ? 18 : row.w >= 50 ? 12 : 8;
	char clock[16];

	pen_text(&p, ROLE_DIM, human_clock(e->wall, clock, sizeof clock));
	pen_gap(&p, 2);
	pen_glyph(&p, kind_role(e->kind), kind_glyph(e->kind));
	pen_gap(&p, 1);
	pen_field(&p, ROLE_BRIGHT, where, e->where);
	pen_gap(&p, 1);
	pen_text(&p, e->kind >= EVENT_WARN ? kind_role(e->kind) : ROLE_TEXT,
	    e->text);
}

void
events_draw(struct screen *s, struct canvas *c, struct rect r, size_t skip)
{
	for (int y = 0; y < r.h; y++) {
		size_t i = skip + (size_t)y;
		const struct event *e;

		if (i >= s->model->n_events)
			return;
		e = model_event_at(s->model, i);
		if (e != NULL)
			draw_event(c, rect_of(r.x, r.y + y, r.w, 1), e);
	}
}

static void
draw(struct screen *s, struct canvas *c, struct rect r)
{
	int total = (int)s->model->n_events, most;
	struct pen p = pen_at(c, rect_of(r.x + 1, r.y, r.w - 1, 1), 0);
	int *scroll = &s->list_scroll[VIEW_EVENTS];
	const struct event *e;
	char day[16];

	s->list_page = r.h - 2 > 0 ? r.h - 2 : 1;
	most = total > s->list_page ? total - s->list_page : 0;
	*scroll = *scroll > most ? most : *scroll < 0 ? 0 : *scroll;
	pen_text(&p, ROLE_BRIGHT, "Events");
	pen_gap(&p, 2);
	e = total > 0 ? model_event_at(s->model, (size_t)*scroll) : NULL;
	if (e == NULL) {
		pen_text(&p, ROLE_DIM, "nothing happened yet");
		return;
	}
	pen_printf(&p, ROLE_DIM, "%s  %d-%d of %llu",
	    human_day(e->wall, day, sizeof day), *scroll + 1,
	    *scroll + s->list_page < total ? *scroll + s->list_page : total,
	    s->model->events_total);
	events_draw(
	    s, c, rect_of(r.x + 1, r.y + 2, r.w - 1, r.h - 2), (size_t)*scroll);
}

const struct view view_events = { "events", draw };

#include "rackmux/ui/screen.h"

#include <stdlib.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/list.h"
#include "rackmux/ui/tile.h"

/*
 * Everything known of a board, and one line for each of its slots.
 */

static void
draw_slot(struct list *l, const struct node *n)
{
	const struct value *temp = node_value(n, NAME_TEMP_SOC, NULL);
	struct led led = tile_led(n);
	char text[192];
	struct pen p;

	if (!list_row(l, &p))
		return;
	str_format(text, sizeof text, "%2d ", n->slot);
	pen_text(&p, ROLE_DIM, text);
	pen_glyph(&p, led.role, led.glyph);
	pen_gap(&p, 1);
	pen_field(&p, ROLE_BRIGHT, l->r.w >= 60 ? 20 : 10,
	    tile_name(n, text, sizeof text));
	pen_gap(&p, 1);
	pen_field(&p, led.role, 8, node_state_name(node_state(n)));
	if (value_state(temp) == VALUE_UNKNOWN)
		str_copy(text, sizeof text,
		    temp == NULL ? "\302\267" : "\342\200\223");
	else
		value_format(temp, text, sizeof text);
	pen_right(&p,
	    value_state(temp) == VALUE_KNOWN ? tile_heat_role(n) : ROLE_STALE,
	    8, text);
	pen_gap(&p, 2);
	if (node_trouble(n, text, sizeof text))
		pen_text(&p, node_state(n) == NODE_LOST ? ROLE_BAD : ROLE_WARN,
		    text);
}

static void
draw_title(struct canvas *c, const struct board *b, struct rect row)
{
	struct pen p = pen_at(c, row, 0);

	pen_text(&p, ROLE_BRIGHT, b->name);
	pen_gap(&p, 2);
	pen_text(&p, ROLE_DIM, b->title[0] != '\0' ? b->title : b->type);
	if (b->unit > 0 && b->height > 1)
		pen_printf(&p, ROLE_DIM, "  rack units %d to %d", b->unit,
		    b->unit + b->height - 1);
	else if (b->unit > 0)
		pen_printf(&p, ROLE_DIM, "  rack unit %d", b->unit);
	pen_printf(&p, ROLE_DIM, "  %d slots", b->slots);
}

static void
draw(struct screen *s, struct canvas *c, struct rect r)
{
	const struct board *b = s->board;
	const struct value **values;
	struct list l;
	char text[256];
	size_t count;

	if (b == NULL) {
		canvas_text(c, r.x + 1, r.y, r.w - 1,
		    (struct style){ ROLE_DIM, 0 }, "No board is selected.");
		return;
	}
	draw_title(c, b, rect_of(r.x + 1, r.y, r.w - 1, 1));
	list_begin(&l, s, c, rect_of(r.x + 1, r.y + 2, r.w - 1, r.h - 2));
	if (board_trouble(b, text, sizeof text))
		list_text(&l, ROLE_BAD, text);
	list_head(&l, "link");
	if (b->origin != NULL)
		list_origin(&l, s->model, "board", b->origin);
	else
		list_text(&l, ROLE_DIM,
		    "It has no controller: its nodes speak for themselves.");
	list_feeds(&l, s->model, b);
	list_head(&l, "slots");
	for (int i = 0; i < b->slots; i++)
		draw_slot(&l, b->nodes[i]);
	values = board_values(b, &count);
	list_values(&l, s->model, values, count);
	free(values);
	list_end(&l, s);
}

const struct view view_board = { "board", draw };

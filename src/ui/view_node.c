#include "rackmux/ui/screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/list.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/spark.h"
#include "rackmux/ui/tile.h"

/*
 * Everything known of one node, each value with its age and source, and what
 * of the usual nobody here can tell. Graphs stand beside the list where
 * there is room, else above it.
 */

enum { SIDE_MIN_W = 124, SIDE_W = 46, GRAPH_H = 4 };

static enum role
graph_role(const struct node *n, enum name_id id)
{
	return id == NAME_TEMP_SOC && node_heat(n) != HEAT_NONE
	    ? tile_heat_role(n)
	    : ROLE_GRAPH;
}

/* What the graph shows: n columns, the newest last. */
static size_t
graph_samples(const struct value *v, uint64_t now, bool hour, float *out)
{
	struct history_minute minutes[HISTORY_MINUTES];

	if (!hour) {
		history_recent(v->history, now, out, HISTORY_RAW);
		return HISTORY_RAW;
	}
	history_hour(v->history, now, minutes, HISTORY_MINUTES);
	for (size_t i = 0; i < HISTORY_MINUTES; i++)
		out[i] = minutes[i].max;
	return HISTORY_MINUTES;
}

/* A title row, and below it scale and graph. */
static void
draw_graph(struct canvas *c, const struct node *n, enum name_id id, bool hour,
    struct rect r)
{
	const struct value *v = node_value(n, id, NULL);
	struct style dim = { ROLE_DIM, 0 };
	uint64_t now = loop_now(n->board->model->loop);
	float samples[HISTORY_RAW];
	struct scale scale;
	size_t count;
	struct pen p = pen_at(c, rect_of(r.x, r.y, r.w, 1), 0);
	char text[32];

	pen_text(&p, ROLE_TEXT, name_table[id].name);
	pen_text(&p, ROLE_DIM,
	    hour ? "  highest of each minute, an hour" : "  two minutes");
	if (v == NULL || v->history == NULL) {
		canvas_text(c, r.x + 6, r.y + 1, r.w - 6, dim,
		    v == NULL ? "nothing reports it" : "not known yet");
		return;
	}
	count = graph_samples(v, now, hour, samples);
	scale = id == NAME_TEMP_SOC ? scale_of(samples, count, 5, 20)
				    : scale_of(samples, count, 1, 2);
	str_format(text, sizeof text, "%.0f", scale.hi);
	canvas_right(c, r.x, r.y + 1, 4, dim, text);
	str_format(text, sizeof text, "%.0f", scale.lo);
	canvas_right(c, r.x, r.y + r.h - 1, 4, dim, text);
	canvas_fill(c, rect_of(r.x + 5, r.y + 1, 1, r.h - 1),
	    (struct style){ ROLE_FRAME, 0 }, 0x2502);
	spark_draw(c,
	    rect_of(r.x + 6, r.y + 1, r.w - 6 < 30 ? r.w - 6 : 30, r.h - 1),
	    (struct style){ (uint8_t)graph_role(n, id), 0 }, samples, count,
	    scale);
}

static void
draw_side(struct canvas *c, const struct node *n, struct rect r)
{
	static const struct {
		enum name_id id;
		bool hour;
	} graphs[] = { { NAME_TEMP_SOC, false }, { NAME_TEMP_SOC, true },
		{ NAME_LOAD_1M, false }, { NAME_LOAD_1M, true },
		{ NAME_MEM_USED, true }, { NAME_POWER_WATTS, true } };

	for (int i = 0; i < (int)ARRAY_LEN(graphs); i++) {
		int y = r.y + i * (GRAPH_H + 3);
		const struct value *v;

		if (y + GRAPH_H + 1 > r.y + r.h)
			return;
		v = node_value(n, graphs[i].id, NULL);
		if (i >= 4 && (v == NULL || v->history == NULL))
			continue;
		draw_graph(c, n, graphs[i].id, graphs[i].hour,
		    rect_of(r.x, y, r.w, GRAPH_H + 1));
	}
}

/* What the rack view shows of any node and this one does not have. */
static void
list_missing(struct list *l, const struct node *n)
{
	static const enum name_id ids[] = { NAME_POWER_STATE, NAME_POWER_WATTS,
		NAME_TEMP_SOC, NAME_FAN_RPM, NAME_LINK_STATE, NAME_LINK_SPEED,
		NAME_LOCATE_STATE, NAME_HEALTH_THROTTLE, NAME_VOLTS_SUPPLY,
		NAME_LOAD_1M, NAME_MEM_USED, NAME_UPTIME };
	char text[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		if (node_value(n, ids[i], NULL) != NULL)
			continue;
		str_format(text + len, sizeof text - len, "%s%s",
		    len > 0 ? ", " : "", name_table[ids[i]].name);
		len += strlen(text + len);
	}
	if (len == 0)
		return;
	list_head(l, "nothing here reports");
	list_text(l, ROLE_DIM, text);
}

static void
list_silence(struct list *l, const struct screen *s, const struct cwatch *w)
{
	uint64_t now = loop_now(s->model->loop);
	char text[96], age[16];

	if (cwatch_heard(w) == 0) {
		list_pair(l, "silence", ROLE_DIM, "it has said nothing yet");
		return;
	}
	str_format(text, sizeof text, "%s since it last said something",
	    human_seconds(
		(double)((now - cwatch_heard(w)) / 1000), age, sizeof age));
	list_pair(l, "silence", ROLE_TEXT, text);
}

static void
list_stage(struct list *l, const struct screen *s, const struct cwatch *w)
{
	enum stage stage = cwatch_stage(w);
	uint64_t now = loop_now(s->model->loop);
	char text[128], age[16];

	if (stage == STAGE_UNKNOWN)
		return;
	str_format(text, sizeof text, "%s: %s, for %s", stage_name(stage),
	    stage_meaning(stage),
	    human_seconds((double)((now - cwatch_stage_since(w)) / 1000), age,
		sizeof age));
	list_pair(l, "stage", ROLE_TEXT, text);
}

/* "websocket by the board's link, 115200 baud; a break does not pass." */
static void
list_way(struct list *l, const struct way *way)
{
	static const char *const by[] = { [WAY_BY_BOARD] = "the board's link",
		[WAY_BY_NODE] = "the node's own link",
		[WAY_BY_OWN] = "a link of its own" };
	char text[320];
	size_t len;

	if (way == NULL)
		return;
	str_format(text, sizeof text, "%s%s%s",
	    way->device[0] != '\0' ? way->device : "over ",
	    way->device[0] != '\0' ? " over " : "", by[way->by]);
	len = strlen(text);
	if (way->baud > 0)
		str_format(
		    text + len, sizeof text - len, ", %u baud", way->baud);
	list_pair(l, "way", ROLE_TEXT, text);
	if (way->limits[0] != '\0')
		list_pair(l, "", ROLE_DIM, way->limits);
}

/* Its console: the way to it, what it says, where that is kept. */
static void
list_console(struct list *l, const struct screen *s, const struct node *n)
{
	char path[96], text[512];
	struct console *c;
	unsigned gaps;

	node_path(n, path, sizeof path);
	c = s->panes.set != NULL ? consoles_find(s->panes.set, path) : NULL;
	if (c == NULL)
		return;
	list_head(l, "console");
	list_way(l, console_way(c));
	str_format(text, sizeof text, "%s%s%s%s",
	    console_state_name(console_state(c)),
	    console_why(c)[0] != '\0' ? ": " : "", console_why(c),
	    console_captured(c) ? " (captured always)" : "");
	list_pair(l, "state", ROLE_TEXT, text);
	if (console_watch(c) != NULL && console_bytes(c) > 0) {
		list_stage(l, s, console_watch(c));
		list_silence(l, s, console_watch(c));
		list_pair(
		    l, "last line", ROLE_TEXT, cwatch_last(console_watch(c)));
	}
	if (n->alarm[0] != '\0')
		list_pair(
		    l, "alarm", n->alarm_bad ? ROLE_BAD : ROLE_WARN, n->alarm);
	if (console_log_path(c)[0] != '\0')
		list_pair(l, "log", ROLE_TEXT, console_log_path(c));
	if (console_lost(c, &gaps) > 0 || gaps > 0) {
		str_format(text, sizeof text, "%u gaps, %llu bytes lost", gaps,
		    console_lost(c, NULL));
		list_pair(l, "missing", ROLE_WARN, text);
	}
}

static void
draw_title(struct canvas *c, const struct node *n, struct rect row)
{
	struct pen p = pen_at(c, row, 0);
	struct led led = tile_led(n);
	char text[128];

	pen_glyph(&p, led.role, led.glyph);
	pen_gap(&p, 1);
	tile_name(n, text, sizeof text);
	if (text[0] != '\0') {
		pen_text(&p, ROLE_BRIGHT, text);
		pen_gap(&p, 2);
	}
	pen_text(&p, text[0] != '\0' ? ROLE_DIM : ROLE_BRIGHT,
	    node_path(n, text, sizeof text));
	pen_printf(&p, ROLE_DIM, "  slot %d of %s  ", n->slot,
	    n->board->title[0] != '\0' ? n->board->title : n->board->type);
	pen_text(&p, led.role, node_state_name(node_state(n)));
}

static void
draw_list(
    struct screen *s, struct canvas *c, const struct node *n, struct rect r)
{
	const struct value **values;
	struct list l;
	char text[256];
	size_t count;

	list_begin(&l, s, c, r);
	if (node_trouble(n, text, sizeof text))
		list_text(&l, node_state(n) == NODE_LOST ? ROLE_BAD : ROLE_WARN,
		    text);
	list_head(&l, "links");
	if (n->inband != NULL)
		list_origin(&l, s->model, "node", n->inband);
	else
		list_pair(&l, "node", ROLE_DIM,
		    "no link of its own; see the configuration");
	if (n->board->origin != NULL)
		list_origin(&l, s->model, "board", n->board->origin);
	list_feed(&l, s->model, n);
	list_console(&l, s, n);
	values = node_values(n, &count);
	list_values(&l, s->model, values, count);
	free(values);
	list_missing(&l, n);
	list_acts(&l, n);
	list_end(&l, s);
}

static void
draw(struct screen *s, struct canvas *c, struct rect r)
{
	const struct node *n = screen_node(s);
	struct rect in = rect_of(r.x + 1, r.y + 2, r.w - 1, r.h - 2);
	int half = r.w / 2;

	if (n == NULL) {
		canvas_text(c, r.x + 1, r.y, r.w - 1,
		    (struct style){ ROLE_DIM, 0 }, "No node is selected.");
		return;
	}
	draw_title(c, n, rect_of(r.x + 1, r.y, r.w - 1, 1));
	if (r.w >= SIDE_MIN_W) {
		in.w -= SIDE_W;
		draw_list(s, c, n, in);
		draw_side(
		    c, n, rect_of(in.x + in.w + 2, in.y, SIDE_W - 3, in.h));
		return;
	}
	if (r.h >= 18 && half >= 38) {
		draw_graph(c, n, NAME_TEMP_SOC, false,
		    rect_of(in.x, in.y, half - 2, GRAPH_H));
		draw_graph(c, n, NAME_TEMP_SOC, true,
		    rect_of(in.x + half, in.y, half - 2, GRAPH_H));
		in.y += GRAPH_H + 1;
		in.h -= GRAPH_H + 1;
	}
	draw_list(s, c, n, in);
}

const struct view view_node = { "node", draw };

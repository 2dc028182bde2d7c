#include "rackmux/ui/tile.h"

#include <math.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/ui/human.h"
#include "rackmux/ui/pen.h"
#include "rackmux/ui/spark.h"

/*
 * Three ways not to have a number, and they never look alike: a sensor that
 * nothing here has is a dim dot, one that is there and does not tell is a
 * dash, and one that told too long ago keeps its number, faded.
 */

#define CP_NOT_HERE "\302\267" /* middle dot */
#define CP_UNKNOWN "\342\200\223" /* en dash */
#define SPARK_LO_STEP 5
#define SPARK_SPAN 20

struct led
tile_led(const struct node *n)
{
	if (value_is(node_value(n, NAME_LOCATE_STATE, NULL), "on"))
		return (struct led){ 0x25c9, ROLE_LOCATE };
	if (node_booting(n))
		return (struct led){ 0x25d0, ROLE_BOOTING };
	switch (node_state(n)) {
	case NODE_ON:
		return (struct led){ 0x25cf, ROLE_ON };
	case NODE_OFF:
		return (struct led){ 0x25cb, ROLE_OFF };
	case NODE_STALE:
		return (struct led){ 0x25cd, ROLE_STALE };
	case NODE_LOST:
		return (struct led){ 0x2715, ROLE_LOST };
	case NODE_UNKNOWN:
		break;
	}
	return (struct led){ 0x25cc, ROLE_UNKNOWN };
}

static enum role
heat_role(enum heat h)
{
	return h == HEAT_CRITICAL ? ROLE_CRITICAL
	    : h == HEAT_HOT       ? ROLE_HOT
	    : h == HEAT_WARM      ? ROLE_WARM
	    : h == HEAT_COOL      ? ROLE_COOL
				  : ROLE_STALE;
}

enum role
tile_heat_role(const struct node *n)
{
	return heat_role(node_heat(n));
}

const char *
tile_name(const struct node *n, char *out, size_t size)
{
	static const enum name_id ids[] = { NAME_NODE_HOSTNAME,
		NAME_NODE_NAME };

	str_copy(out, size, n->name);
	for (size_t i = 0; out[0] == '\0' && i < ARRAY_LEN(ids); i++) {
		const struct value *v = node_value(n, ids[i], NULL);

		if (v != NULL && v->known && v->text != NULL)
			str_copy(out, size, v->text);
	}
	return out;
}

static uint64_t
now_of(const struct node *n)
{
	return loop_now(n->board->model->loop);
}

enum role
tile_value_role(const struct value *v, enum role known)
{
	switch (value_state(v)) {
	case VALUE_KNOWN:
		return known;
	case VALUE_STALE:
		return ROLE_STALE;
	case VALUE_UNKNOWN:
		break;
	}
	return v == NULL ? ROLE_DIM : ROLE_UNKNOWN;
}

static const char *
nothing(const struct value *v)
{
	return v == NULL ? CP_NOT_HERE : CP_UNKNOWN;
}

static void
pen_temp(struct pen *p, const struct node *n)
{
	const struct value *v = node_value(n, NAME_TEMP_SOC, NULL);
	enum role role = tile_value_role(v, tile_heat_role(n));
	char text[16];
	double c;

	if (!value_number(v, &c)) {
		/* What is off has no temperature; nothing is missing. */
		pen_right(
		    p, role, 4, node_state(n) == NODE_OFF ? "" : nothing(v));
		return;
	}
	c = c < -99 ? -99 : c > 999 ? 999 : c;
	str_format(text, sizeof text, "%.0f\302\260", floor(c));
	pen_right(p, role, 4, text);
}

/* Means of k buckets each, on the right the newest; k divides the clock, so
 * that a column keeps its samples while it moves to the left. */
static size_t
sample(const struct value *v, uint64_t now, float *out, size_t cols, unsigned k)
{
	uint64_t cur = now / HISTORY_RAW_MS;
	float raw[HISTORY_RAW];
	unsigned count[HISTORY_RAW] = { 0 };

	for (size_t i = 0; i < cols; i++)
		out[i] = NAN;
	history_recent(v->history, now, raw, HISTORY_RAW);
	for (size_t j = 0; j < HISTORY_RAW; j++) {
		uint64_t back = HISTORY_RAW - 1 - j, diff;
		size_t at;

		if (back > cur || isnan(raw[j]))
			continue;
		diff = cur / k - (cur - back) / k;
		if (diff >= cols)
			continue;
		at = cols - 1 - (size_t)diff;
		out[at] = count[at] == 0
		    ? raw[j]
		    : out[at] + (raw[j] - out[at]) / (float)(count[at] + 1);
		count[at]++;
	}
	return cols;
}

static void
pen_spark(struct pen *p, const struct node *n, int cells, unsigned k)
{
	const struct value *v = node_value(n, NAME_TEMP_SOC, NULL);
	float v_at[HISTORY_RAW];
	size_t cols = (size_t)cells * 2;

	if (v != NULL && v->history != NULL && pen_room(p) >= cells) {
		sample(v, now_of(n), v_at, cols, k);
		spark_draw(p->c, rect_of(p->x, p->y, cells, 1),
		    pen_style(p, tile_value_role(v, tile_heat_role(n))), v_at,
		    cols, scale_of(v_at, cols, SPARK_LO_STEP, SPARK_SPAN));
	}
	pen_gap(p, cells);
}

static void
pen_link(struct pen *p, const struct node *n, int cols)
{
	const struct value *state = node_value(n, NAME_LINK_STATE, NULL);
	const struct value *speed = node_value(n, NAME_LINK_SPEED, NULL);
	enum role role = tile_value_role(state, ROLE_TEXT);
	int end = p->x + cols;
	char text[16];
	double mbit;

	if (pen_room(p) < cols)
		return;
	pen_text(p, ROLE_DIM, "\342\207\205 ");
	if (value_state(state) == VALUE_UNKNOWN)
		pen_text(p, role, nothing(state));
	else if (state->text != NULL && strcmp(state->text, "down") == 0)
		pen_text(p,
		    value_state(state) == VALUE_KNOWN &&
			    node_state(n) == NODE_ON
			? ROLE_WARN
			: role,
		    "down");
	else if (value_number(speed, &mbit))
		pen_text(p, tile_value_role(speed, ROLE_TEXT),
		    human_speed(mbit, text, sizeof text));
	else
		pen_text(p, role, "up");
	p->x = end;
}

/* "up  12d": a dim word and a number that ends at a fixed column. What does
 * not fit ends the row, so that all tiles of a board end with the same. */
static void
pen_number(struct pen *p, const struct node *n, enum name_id id,
    const char *word, int cols, const char *(*format)(double, char *, size_t))
{
	const struct value *v = node_value(n, id, NULL);
	int x = p->x;
	char text[32];
	double d;

	if (pen_room(p) < cols) {
		p->end = p->x;
		return;
	}
	pen_text(p, ROLE_DIM, word);
	pen_right(p, tile_value_role(v, ROLE_TEXT), cols - (p->x - x),
	    value_number(v, &d) ? format(d, text, sizeof text) : nothing(v));
	p->x = x + cols + 1;
}

static const char *
format_watts(double w, char *out, size_t size)
{
	str_format(out, size, w < 9.95 ? "%.1fW" : "%.0fW",
	    w < 0          ? 0
		: w > 9999 ? 9999
			   : w);
	return out;
}

static const char *
format_percent(double v, char *out, size_t size)
{
	str_format(out, size, "%.0f%%", v < 0 ? 0 : v > 999 ? 999 : v);
	return out;
}

static const char *
format_whole(double v, char *out, size_t size)
{
	str_format(out, size, "%.0f", v < 0 ? 0 : v > 99999 ? 99999 : v);
	return out;
}

enum role
tile_trouble_role(const struct node *n)
{
	enum heat h = node_heat(n);

	if (node_state(n) == NODE_LOST)
		return ROLE_BAD;
	return h >= HEAT_HOT ? heat_role(h) : ROLE_WARN;
}

static const struct origin *
origin_of(const struct node *n)
{
	return n->inband != NULL ? n->inband : n->board->origin;
}

/* "lost 42s  retry 3s" */
static void
pen_gone(struct pen *p, const struct node *n)
{
	const struct origin *o = origin_of(n);
	bool lost = node_state(n) == NODE_LOST;
	enum role role = lost ? ROLE_LOST : ROLE_STALE;
	uint64_t now = now_of(n), since;
	char text[16];

	pen_text(p, role, lost ? "lost" : "stale");
	if (o == NULL)
		return;
	since = lost && n->lost_at != 0 ? n->lost_at
	    : o->fresh_at != 0          ? o->fresh_at
					: o->since;
	human_seconds(now > since ? (double)((now - since) / 1000) : 0, text,
	    sizeof text);
	if (pen_room(p) >= 5)
		pen_right(p, role, 5, text);
	if (o->retry_at > now && pen_room(p) >= 11) {
		human_seconds((double)((o->retry_at - now + 999) / 1000), text,
		    sizeof text);
		pen_text(p, ROLE_DIM, "  retry");
		pen_right(p, ROLE_DIM, 4, text);
	}
}

static bool
is_empty(const struct node *n)
{
	return !n->configured && n->inband == NULL && n->values.n == 0;
}

static int
slot_digits(const struct node *n)
{
	return n->board->slots > 9 ? 2 : 1;
}

/* Mark, LED, slot and name: the same in wide and narrow tiles. */
static void
draw_head(struct pen *p, const struct node *n, int name_cols)
{
	enum node_state state = node_state(n);
	struct led led = tile_led(n);
	char text[128];

	pen_gap(p, 1);
	pen_glyph(p, led.role, led.glyph);
	pen_gap(p, 1);
	str_format(text, sizeof text, "%d", n->slot);
	pen_right(p, ROLE_DIM, slot_digits(n), text);
	pen_gap(p, 1);
	tile_name(n, text, sizeof text);
	if (is_empty(n))
		str_copy(text, sizeof text, "empty");
	pen_fit(p,
	    is_empty(n) || state == NODE_OFF ? ROLE_OFF
		: state == NODE_LOST         ? ROLE_LOST
		: state == NODE_STALE        ? ROLE_STALE
					     : ROLE_BRIGHT,
	    name_cols, text);
}

static struct pen
row_pen(struct canvas *c, struct rect r, int row, uint8_t flags, int indent)
{
	return pen_at(
	    c, rect_of(r.x + indent, r.y + row, r.w - indent, 1), flags);
}

/* The same for what comes in columns: in every tile of the board as wide as
 * in the narrowest. */
static struct pen
even_pen(struct canvas *c, struct rect r, int row, uint8_t flags, int even)
{
	r.w = even < r.w ? even : r.w;
	return row_pen(c, r, row, flags, 3);
}

/* From this width on the second line has room for watts; below, the third. */
enum { VITALS_W = 32 };

static bool
has_watts(const struct node *n)
{
	return value_state(node_value(n, NAME_POWER_WATTS, NULL)) !=
	    VALUE_UNKNOWN;
}

/* The second line of a wide tile: how it is connected and how it does. */
static void
draw_vitals(struct canvas *c, const struct node *n, struct rect r,
    uint8_t flags, int even)
{
	struct pen p = even_pen(c, r, 1, flags, even);

	switch (node_state(n)) {
	case NODE_LOST:
	case NODE_STALE:
		pen_gone(&p, n);
		return;
	case NODE_OFF:
		pen_text(&p, ROLE_OFF, "off");
		return;
	case NODE_ON:
	case NODE_UNKNOWN:
		break;
	}
	pen_link(&p, n, 6);
	pen_gap(&p, 1);
	pen_number(&p, n, NAME_UPTIME, "up", 7, human_seconds);
	pen_number(&p, n, NAME_LOAD_1M, "ld", 7, human_load);
	if (even >= VITALS_W && has_watts(n))
		pen_number(&p, n, NAME_POWER_WATTS, "", 6, format_watts);
}

/* "kernel  12s": how far it has booted, and for how long it is there. */
static void
pen_stage(struct pen *p, const struct node *n)
{
	const struct value *v = node_value(n, NAME_CONSOLE_STAGE, NULL);
	char text[32];
	double seconds;

	if (v == NULL || v->text == NULL)
		return;
	pen_text(p, tile_value_role(v, ROLE_BOOTING), v->text);
	if (value_number(
		node_value(n, NAME_CONSOLE_STAGE_TIME, NULL), &seconds) &&
	    pen_room(p) >= 4)
		pen_right(p, tile_value_role(v, ROLE_BOOTING), 4,
		    human_seconds(seconds, text, sizeof text));
	pen_gap(p, 2);
}

/* The third: what is wrong; else what its console said; else the rest. */
static void
draw_word(struct canvas *c, const struct node *n, struct rect r, uint8_t flags,
    int even)
{
	struct pen p = row_pen(c, r, 2, flags, 3);
	const struct value *last = node_value(n, NAME_CONSOLE_LAST, NULL);
	const struct value *v;
	char text[192];

	if (node_trouble(n, text, sizeof text)) {
		pen_text(&p, tile_trouble_role(n), text);
		return;
	}
	if (node_state(n) == NODE_OFF)
		return;
	if (node_booting(n))
		pen_stage(&p, n);
	if (last != NULL && last->known && last->text != NULL) {
		pen_text(&p, tile_value_role(last, ROLE_DIM), last->text);
		return;
	}
	if (n->inband == NULL && node_state(n) == NODE_ON) {
		pen_text(&p, ROLE_DIM, "no link of its own");
		return;
	}
	if (even < VITALS_W && has_watts(n))
		pen_number(&p, n, NAME_POWER_WATTS, "", 4, format_watts);
	if (value_state(node_value(n, NAME_MEM_USED, NULL)) != VALUE_UNKNOWN)
		pen_number(&p, n, NAME_MEM_USED, "mem", 8, format_percent);
	if (value_state(node_value(n, NAME_FAN_RPM, NULL)) != VALUE_UNKNOWN)
		pen_number(&p, n, NAME_FAN_RPM, "fan", 8, format_whole);
	v = node_value(n, NAME_NODE_MODEL, NULL);
	if (v != NULL && v->known && v->text != NULL &&
	    pen_room(&p) > text_width(v->text) + 1) {
		pen_gap(&p, 1);
		pen_text(&p, tile_value_role(v, ROLE_DIM), v->text);
	}
}

static void
draw_wide(struct canvas *c, const struct node *n, struct rect r, uint8_t flags,
    int even)
{
	int cells = even >= 46 ? 15 : even >= 24 ? 6 : even >= 21 ? 4 : 0;
	int right = 4 + (cells > 0 ? cells + 1 : 0) + (even >= 18 ? 1 : 0);
	struct pen p = row_pen(c, r, 0, flags, 0);

	draw_head(&p, n, r.w - right - 5 - slot_digits(n));
	if (is_empty(n))
		return;
	p.x = r.x + r.w - right;
	pen_temp(&p, n);
	if (cells > 0) {
		pen_gap(&p, 1);
		pen_spark(&p, n, cells, even >= 46 ? 2 : 5);
	}
	draw_vitals(c, n, r, flags, even);
	draw_word(c, n, r, flags, even);
}

/* One or two words for what a narrow tile has no room to explain. */
static const char *
short_trouble(const struct node *n, enum role *role)
{
	char text[192];

	*role = tile_trouble_role(n);
	if (node_heat(n) >= HEAT_HOT)
		return node_heat(n) == HEAT_CRITICAL ? "critical" : "hot";
	if (!node_trouble(n, text, sizeof text))
		return NULL;
	if (node_throttled(n))
		return "slowed";
	if (value_is(node_value(n, NAME_LINK_STATE, NULL), "down"))
		return "no link";
	return "look";
}

static void
draw_narrow(struct canvas *c, const struct node *n, struct rect r,
    uint8_t flags, int even)
{
	struct pen p = row_pen(c, r, 0, flags, 0);
	const char *word;
	enum role role;

	draw_head(&p, n, r.w - 4 - slot_digits(n));
	p = row_pen(c, r, 1, flags, even >= 11 ? 2 : 1);
	p.end -= r.w > even ? r.w - even : 0;
	if (is_empty(n))
		return;
	switch (node_state(n)) {
	case NODE_LOST:
	case NODE_STALE:
		pen_gap(&p, 1);
		pen_gone(&p, n);
		return;
	case NODE_OFF:
		pen_gap(&p, 1);
		pen_text(&p, ROLE_OFF, "off");
		return;
	case NODE_ON:
	case NODE_UNKNOWN:
		break;
	}
	pen_temp(&p, n);
	pen_gap(&p, 1);
	word = short_trouble(n, &role);
	if (word != NULL)
		pen_text(&p, role, word);
	else if (node_booting(n)) {
		pen_stage(&p, n);
		return;
	} else if (pen_room(&p) >= 6)
		pen_spark(&p, n, pen_room(&p) >= 12 ? 6 : 4, 5);
	if (word == NULL && pen_room(&p) >= 7) {
		pen_gap(&p, 1);
		pen_link(&p, n, 6);
	}
}

/* One cell: the glyph says the state, the colour the heat; what is too hot
 * has a glyph of its own, for eyes and terminals without colour. */
static void
draw_heat(struct canvas *c, const struct node *n, struct rect r, uint8_t flags)
{
	struct pen p = row_pen(c, r, 0, flags, 0);
	const struct value *v = node_value(n, NAME_TEMP_SOC, NULL);
	struct led led = tile_led(n);
	enum heat heat = node_heat(n);
	char text[16];
	double t;

	if (is_empty(n))
		led = (struct led){ 0xb7, ROLE_OFF };
	else if (led.role == ROLE_ON && heat != HEAT_NONE) {
		led.role = heat_role(heat);
		if (heat >= HEAT_HOT)
			led.glyph = 0x25b2;
	}
	if (n->marked && r.w >= 4)
		canvas_put(
		    c, r.x + r.w - 1, r.y, pen_style(&p, ROLE_MARK), 0x2590);
	else if (n->marked)
		led.role = ROLE_MARK;
	pen_glyph(&p, led.role, led.glyph);
	if (r.w < 4 || is_empty(n) || !value_number(v, &t) ||
	    node_state(n) == NODE_OFF)
		return;
	str_format(text, sizeof text, "%.0f", t < 0 ? 0 : t > 99 ? 99 : t);
	pen_right(&p, tile_value_role(v, heat_role(heat)), 2, text);
}

void
tile_draw(struct canvas *c, const struct node *n, struct rect r,
    enum density density, int even, bool selected)
{
	uint8_t flags = selected ? STYLE_ON_SELECTED : 0;

	if (r.w <= 0 || r.h <= 0)
		return;
	if (selected)
		canvas_fill(c, r, (struct style){ ROLE_SELECTED, flags }, ' ');
	switch (density) {
	case DENSITY_WIDE:
		draw_wide(c, n, r, flags, even);
		break;
	case DENSITY_NARROW:
		draw_narrow(c, n, r, flags, even);
		break;
	case DENSITY_HEAT:
	case DENSITY_FLOW:
		draw_heat(c, n, r, flags);
		return;
	}
	if (n->marked)
		canvas_fill(c, rect_of(r.x, r.y, 1, r.h),
		    (struct style){ ROLE_MARK, flags }, 0x258c);
}

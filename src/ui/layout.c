#include "rackmux/ui/layout.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

/*
 * A ladder of plans is tried from the richest to the plainest, the first that
 * fits is taken. Boards of many slots give way before those of few: fifteen
 * small tiles in one unit cost more than four, and lose less. Boards keep
 * their own line while tiles can be wide or narrow; standing side by side
 * comes before losing the third line, for it loses nothing.
 */

#define LABEL_MIN_W 30
#define ROW_SLOTS 8
#define ROW_TILE_W 21

struct level {
	enum density density;
	int tile_w;
};

static const struct level levels[] = {
	{ DENSITY_WIDE, 25 },
	{ DENSITY_WIDE, 17 },
	{ DENSITY_NARROW, 13 },
	{ DENSITY_NARROW, 9 },
	{ DENSITY_HEAT, 4 },
	{ DENSITY_HEAT, 2 },
	{ DENSITY_FLOW, 2 },
	{ DENSITY_FLOW, 1 },
};
enum { LEVEL_HEAT = 4, LEVEL_FLOW = 6, LEVEL_LAST = 7 };

enum share { SHARE_UNITLESS, SHARE_ALL };

struct plan {
	struct layout *l;
	const struct layout_in *in;
	size_t n;
	unsigned char *level; /* of each board */
	enum share share;
	bool ruled;
};

void
layout_init(struct layout *l)
{
	memset(l, 0, sizeof *l);
}

void
layout_release(struct layout *l)
{
	free(l->b);
	layout_init(l);
}

static int
tile_height(enum density d)
{
	return d == DENSITY_WIDE ? 3 : d == DENSITY_NARROW ? 2 : 1;
}

static int
clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* Columns of tiles in w inner columns; rows are then balanced. */
static void
fit_tiles(struct layout_board *b, int w)
{
	bool gap = b->density <= DENSITY_NARROW;
	int most = gap ? (w + 1) / (b->tile_w + 1) : w / b->tile_w;

	/* The few slots of one board are one row in the hardware. */
	if (b->density == DENSITY_WIDE && b->slots > 0 &&
	    b->slots <= ROW_SLOTS && (w + 1) / b->slots - 1 >= ROW_TILE_W)
		most = b->slots;
	most = clamp(most, 1, b->slots > 0 ? b->slots : 1);
	b->rows = b->slots > 0 ? (b->slots + most - 1) / most : 1;
	b->cols =
	    gap && b->slots > 0 ? (b->slots + b->rows - 1) / b->rows : most;
}

static int
inner_height(const struct layout_board *b)
{
	return b->rows * b->tile_h + (b->ruled ? b->rows - 1 : 0);
}

/* Columns that a board wants when it stands beside others. */
static int
width_wanted(const struct layout_in *in, const struct level *lv)
{
	int slots = in->slots > 0 ? in->slots : 1, w;

	if (lv->density == DENSITY_FLOW)
		return in->name_w + 1 + slots * lv->tile_w + 2;
	w = lv->density == DENSITY_HEAT ? slots * lv->tile_w
					: slots * (lv->tile_w + 1) - 1;
	w += 2;
	return w < in->name_w + 6 ? in->name_w + 6 : w;
}

/* Boards from i on that can stand side by side: of one shape. */
static size_t
run_of(const struct plan *p, size_t i)
{
	size_t end = i + 1;
	bool flow = levels[p->level[i]].density == DENSITY_FLOW;

	if (!flow && p->share == SHARE_UNITLESS && p->in[i].unit > 0)
		return 1;
	while (end < p->n && p->level[end] == p->level[i] &&
	    (flow || p->in[end].slots == p->in[i].slots) &&
	    (flow || p->share == SHARE_ALL || p->in[end].unit == 0))
		end++;
	return end - i;
}

static void
place(const struct plan *p, size_t i, struct rect r, bool shared)
{
	const struct level *lv = &levels[p->level[i]];
	struct layout_board *b = &p->l->b[i];
	int name_w = 0;

	*b = (struct layout_board){ .density = lv->density,
		.tile_w = lv->tile_w,
		.tile_h = tile_height(lv->density),
		.slots = p->in[i].slots > 0 ? p->in[i].slots : 0,
		.shared = shared,
		.unit = p->in[i].unit,
		.height = p->in[i].height };
	b->ruled = p->ruled && lv->density <= DENSITY_NARROW;
	if (lv->density == DENSITY_FLOW) {
		name_w = clamp(p->in[i].name_w + 1, 0, r.w / 2);
		b->inner = rect_of(r.x + name_w, r.y,
		    r.w - name_w > 1 ? r.w - name_w - 1 : r.w - name_w, 0);
	} else
		b->inner = rect_of(r.x + 1, r.y + 1, r.w - 2, 0);
	fit_tiles(b, b->inner.w);
	b->inner.h = inner_height(b);
	b->r = r;
	b->r.h = b->inner.h + (lv->density == DENSITY_FLOW ? 0 : 2);
}

/* One run of boards from row y on; returns the row below. */
static int
place_run(const struct plan *p, size_t i, size_t run, int y)
{
	int x0 = p->l->label_w, w = p->l->w - x0, wanted = 1, per;

	for (size_t k = 0; k < run; k++) {
		int one = width_wanted(&p->in[i + k], &levels[p->level[i + k]]);

		wanted = one > wanted ? one : wanted;
	}
	per = clamp(w / wanted, 1, run < 1000 ? (int)run : 1000);
	for (size_t k = 0; k < run; k += (size_t)per) {
		int tall = 0;

		for (int c = 0; c < per && k + (size_t)c < run; c++) {
			size_t at = i + k + (size_t)c;
			int a = x0 + w * c / per, z = x0 + w * (c + 1) / per;

			place(p, at, rect_of(a, y, z - a, 0), per > 1);
			if (p->l->b[at].r.h > tall)
				tall = p->l->b[at].r.h;
		}
		y += tall;
	}
	return y;
}

static bool
try_plan(struct plan *p, bool ruled)
{
	int y = 0;

	p->ruled = ruled;
	for (size_t i = 0; i < p->n;) {
		size_t run = run_of(p, i);

		y = place_run(p, i, run, y);
		i += run;
	}
	p->l->total_h = y;
	return y <= p->l->h;
}

static bool
fits(struct plan *p)
{
	return try_plan(p, true) || try_plan(p, false);
}

static int
slots_below(const struct plan *p, int limit)
{
	int most = -1;

	for (size_t i = 0; i < p->n; i++)
		if (p->in[i].slots < limit && p->in[i].slots > most)
			most = p->in[i].slots;
	return most;
}

/* Lower all boards to a level, those of many slots first, until it fits. */
static bool
lower(struct plan *p, unsigned char to)
{
	int limit = 1 << 30;

	for (;;) {
		limit = slots_below(p, limit);
		if (limit < 0)
			return false;
		for (size_t i = 0; i < p->n; i++)
			if (p->in[i].slots == limit)
				p->level[i] = to;
		if (fits(p))
			return true;
	}
}

static bool
climb(struct plan *p, enum share share, unsigned char start, unsigned char from,
    unsigned char upto)
{
	p->share = share;
	memset(p->level, start, p->n);
	if (fits(p))
		return true;
	for (int lv = from; lv <= upto; lv++)
		if (lower(p, (unsigned char)lv))
			return true;
	return false;
}

static void
choose(struct plan *p)
{
	if (climb(p, SHARE_UNITLESS, 0, 1, 1) || climb(p, SHARE_ALL, 0, 1, 1) ||
	    climb(p, SHARE_UNITLESS, 1, 2, 3) || climb(p, SHARE_ALL, 1, 2, 3) ||
	    climb(p, SHARE_UNITLESS, 3, LEVEL_HEAT, LEVEL_HEAT) ||
	    climb(p, SHARE_ALL, 3, LEVEL_HEAT, LEVEL_HEAT + 1))
		return;
	/* No units from here on: boards stand where there is room. */
	p->l->label_w = 0;
	for (unsigned char lv = LEVEL_FLOW; lv <= LEVEL_LAST; lv++) {
		memset(p->level, lv, p->n);
		if (fits(p))
			return;
	}
	/* It scrolls whatever is done: then as something one can read. */
	memset(p->level, LEVEL_FLOW, p->n);
	try_plan(p, false);
}

static int
label_width(int w, const struct layout_in *in, size_t n)
{
	int top = 0;

	for (size_t i = 0; i < n; i++)
		if (in[i].unit > 0 && in[i].unit + in[i].height - 1 > top)
			top = in[i].unit + in[i].height - 1;
	if (top == 0 || w < LABEL_MIN_W)
		return 0;
	return top < 10 ? 3 : top < 100 ? 4 : 5;
}

void
layout_make(
    struct layout *l, int w, int h, const struct layout_in *in, size_t n)
{
	struct plan p = { .l = l, .in = in, .n = n };

	layout_release(l);
	if (n == 0 || w < 4 || h < 1)
		return;
	l->b = mem_array(n, sizeof *l->b);
	l->n = n;
	l->w = w;
	l->h = h;
	l->label_w = label_width(w, in, n);
	p.level = mem_array(n, 1);
	choose(&p);
	free(p.level);
}

struct rect
layout_tile(const struct layout *l, size_t board, int slot)
{
	const struct layout_board *b;
	int col, row, x, end, y;

	if (board >= l->n || slot < 0 || slot >= l->b[board].slots)
		return rect_of(0, 0, 0, 0);
	b = &l->b[board];
	col = slot % b->cols;
	row = slot / b->cols;
	y = b->inner.y + row * (b->tile_h + (b->ruled ? 1 : 0));
	if (b->density >= DENSITY_HEAT) {
		x = b->inner.x + col * b->tile_w;
		end = x + b->tile_w;
		if (end > b->inner.x + b->inner.w)
			end = b->inner.x + b->inner.w;
		return rect_of(x, y, end - x, 1);
	}
	x = b->inner.x + (b->inner.w + 1) * col / b->cols;
	end = b->inner.x + (b->inner.w + 1) * (col + 1) / b->cols - 1;
	return rect_of(x, y, end > x ? end - x : 0, b->tile_h);
}

bool
layout_at(const struct layout *l, int x, int y, size_t *board, int *slot)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!rect_has(l->b[i].r, x, y))
			continue;
		*board = i;
		*slot = -1;
		for (int s = 0; s < l->b[i].slots; s++)
			if (rect_has(layout_tile(l, i, s), x, y))
				*slot = s;
		return true;
	}
	return false;
}

/* How far b lies from a in a direction; < 0: it does not. Across weighs
 * more, so that a column is kept. */
static long
distance(struct rect a, struct rect b, int dx, int dy)
{
	long ax = 2L * a.x + a.w, ay = 2L * a.y + a.h;
	long bx = 2L * b.x + b.w, by = 2L * b.y + b.h;
	long along = dx != 0 ? (bx - ax) * dx : (by - ay) * dy;
	long across = labs(dx != 0 ? by - ay : bx - ax);

	if (b.w == 0 || b.h == 0 || along <= 0)
		return -1;
	/* Left and right stay in the row of tiles, or go nowhere. */
	if (dx != 0 && (b.y >= a.y + a.h || b.y + b.h <= a.y))
		return -1;
	return dx != 0 ? along * 64 + across : along * 4096 + across;
}

bool
layout_move(const struct layout *l, int dx, int dy, size_t *board, int *slot)
{
	struct rect from = layout_tile(l, *board, *slot);
	size_t to_board = 0;
	int to_slot = -1;
	long best = -1;

	for (size_t i = 0; i < l->n; i++) {
		for (int s = 0; s < l->b[i].slots; s++) {
			long d = distance(from, layout_tile(l, i, s), dx, dy);

			if (d < 0 || (best >= 0 && d >= best))
				continue;
			best = d;
			to_board = i;
			to_slot = s;
		}
	}
	if (to_slot < 0)
		return false;
	*board = to_board;
	*slot = to_slot;
	return true;
}

int
layout_scroll(const struct layout *l, int offset, size_t board, int slot)
{
	struct rect t = layout_tile(l, board, slot), want = t;

	if (board < l->n && l->b[board].r.h <= l->h)
		want = l->b[board].r;
	else if (t.h == 0)
		want = board < l->n ? l->b[board].r : t;
	if (want.y + want.h > offset + l->h)
		offset = want.y + want.h - l->h;
	if (want.y < offset)
		offset = want.y;
	return clamp(offset, 0, l->total_h > l->h ? l->total_h - l->h : 0);
}

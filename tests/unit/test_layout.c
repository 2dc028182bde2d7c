#include "rackmux/ui/layout.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/test.h"

static bool
overlap(struct rect a, struct rect b)
{
	return a.w > 0 && a.h > 0 && b.w > 0 && b.h > 0 && a.x < b.x + b.w &&
	    b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static bool
inside(struct rect a, struct rect b)
{
	return a.w <= 0 || a.h <= 0 ||
	    (a.x >= b.x && a.y >= b.y && a.x + a.w <= b.x + b.w &&
		a.y + a.h <= b.y + b.h);
}

static void
check_tiles(const struct layout *l, size_t i)
{
	const struct layout_board *b = &l->b[i];

	for (int s = 0; s < b->slots; s++) {
		struct rect t = layout_tile(l, i, s);
		size_t board;
		int slot;

		CHECK(inside(t, b->inner));
		CHECK(l->w < 12 || (t.w > 0 && t.h > 0));
		for (int k = s + 1; k < b->slots; k++)
			CHECK(!overlap(t, layout_tile(l, i, k)));
		if (t.w <= 0)
			continue;
		CHECK(layout_at(l, t.x, t.y, &board, &slot));
		CHECK(board == i && slot == s);
	}
}

static void
check_all(const struct layout *l)
{
	struct rect all = rect_of(0, 0, l->w, l->total_h);

	for (size_t i = 0; i < l->n; i++) {
		CHECK(inside(l->b[i].r, all));
		CHECK(inside(l->b[i].inner, l->b[i].r));
		CHECK(l->b[i].r.x >= l->label_w);
		for (size_t k = i + 1; k < l->n; k++)
			CHECK(!overlap(l->b[i].r, l->b[k].r));
		check_tiles(l, i);
	}
}

static unsigned seed;

static int
pick(int below)
{
	seed = seed * 1103515245u + 12345u;
	return (int)(seed >> 16 & 0x7fff) % below;
}

static size_t
random_rack(struct layout_in *in)
{
	static const int slots[] = { 0, 1, 4, 4, 4, 7, 10, 15, 20, 64 };
	size_t n = (size_t)pick(7);

	for (size_t i = 0; i < n; i++)
		in[i] = (struct layout_in){ pick(3) == 0 ? 0 : pick(42) + 1,
			1 + pick(2), slots[pick(10)], 1 + pick(14) };
	return n;
}

TEST(nothing_overlaps_and_all_is_inside_at_every_size)
{
	struct layout_in in[8];
	struct layout l;

	layout_init(&l);
	for (int h = 1; h <= 60; h++)
		for (int w = 1; w <= 200; w++) {
			seed = (unsigned)(h * 1000 + w);
			layout_make(&l, w, h, in, random_rack(in));
			check_all(&l);
		}
	layout_release(&l);
}

static const struct layout_in demo[] = { { 12, 1, 4, 9 }, { 11, 1, 4, 9 },
	{ 7, 1, 15, 7 } };

TEST(density_follows_the_space)
{
	struct layout l;

	layout_init(&l);
	layout_make(&l, 120, 34, demo, 3);
	CHECK_INT(l.b[0].density, DENSITY_WIDE);
	CHECK_INT(l.b[2].density, DENSITY_WIDE);
	CHECK(l.total_h <= 34);
	layout_make(&l, 80, 22, demo, 3);
	CHECK_INT(l.b[0].density, DENSITY_WIDE);
	CHECK_INT(l.b[2].density, DENSITY_NARROW);
	CHECK(l.total_h <= 22);
	layout_make(&l, 40, 10, demo, 3);
	CHECK_INT(l.b[0].density, DENSITY_HEAT);
	CHECK(l.total_h <= 10);
	layout_release(&l);
}

TEST(a_thousand_nodes_fit_on_one_screen)
{
	struct layout_in in[256];
	struct layout l;

	for (int i = 0; i < 256; i++)
		in[i] = (struct layout_in){ 256 - i, 1, 4, 5 };
	layout_init(&l);
	layout_make(&l, 200, 58, in, 256);
	CHECK(l.total_h <= 58);
	check_all(&l);
	layout_release(&l);
}

TEST(more_than_fits_scrolls_and_shows_the_selection)
{
	struct layout_in in[64];
	struct layout l;
	int offset = 0;

	for (int i = 0; i < 64; i++)
		in[i] = (struct layout_in){ 64 - i, 1, 64, 10 };
	layout_init(&l);
	layout_make(&l, 60, 10, in, 64);
	CHECK(l.total_h > 10);
	for (size_t b = 0; b < 64; b++) {
		struct rect t = layout_tile(&l, b, 63);

		offset = layout_scroll(&l, offset, b, 63);
		CHECK(t.y >= offset && t.y + t.h <= offset + 10);
	}
	layout_release(&l);
}

TEST(boards_without_a_unit_stand_side_by_side)
{
	static const struct layout_in in[] = { { 0, 1, 1, 8 }, { 0, 1, 1, 8 },
		{ 0, 1, 1, 8 } };
	struct layout l;

	layout_init(&l);
	layout_make(&l, 120, 30, in, 3);
	CHECK_INT(l.b[0].r.y, l.b[2].r.y);
	CHECK(l.b[0].shared);
	layout_release(&l);
}

TEST(arrows_reach_every_tile_and_come_back)
{
	struct layout l;
	size_t board = 0;
	int slot = 0, seen = 1;

	layout_init(&l);
	layout_make(&l, 80, 22, demo, 3);
	CHECK(!layout_move(&l, 0, -1, &board, &slot));
	CHECK(!layout_move(&l, -1, 0, &board, &slot));
	for (;;) {
		size_t b = board;
		int s = slot;

		while (layout_move(&l, 1, 0, &board, &slot))
			seen++;
		board = b;
		slot = s;
		if (!layout_move(&l, 0, 1, &board, &slot))
			break;
		seen++;
	}
	CHECK_INT(seen, 4 + 4 + 15);
	for (int i = 0; i < 10; i++)
		layout_move(&l, 0, -1, &board, &slot);
	CHECK_INT(board, 0);
	CHECK_INT(slot, 0);
	layout_release(&l);
}

TEST(down_keeps_the_column)
{
	struct layout l;
	size_t board = 0;
	int slot = 2;

	layout_init(&l);
	layout_make(&l, 120, 34, demo, 3);
	CHECK(layout_move(&l, 0, 1, &board, &slot));
	CHECK_INT(board, 1);
	CHECK_INT(slot, 2);
	CHECK(layout_move(&l, 0, 1, &board, &slot));
	CHECK_INT(board, 2);
	CHECK_INT(slot, 2);
	CHECK(layout_move(&l, 0, -1, &board, &slot));
	CHECK_INT(board, 1);
	layout_release(&l);
}

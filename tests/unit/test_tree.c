/*
 * The layout tree: splits, shares, edges, and what is read back of a file
 * that anyone may have edited.
 */
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/tree.h"
#include "test.h"

static const struct rect all = { 0, 1, 80, 22 };

static const char *
name_of(void *arg, int leaf)
{
	static char names[4][16];
	static unsigned turn;
	char *name = names[turn++ % 4];

	(void)arg;
	str_format(name, sizeof names[0], "n%d", leaf);
	return name;
}

static int
leaf_of(void *arg, const char *name)
{
	int *most = arg, leaf;

	if (name[0] != 'n' || name[1] < '0' || name[1] > '9')
		return -1;
	leaf = (int)strtol(name + 1, NULL, 10);
	return most != NULL && leaf > *most ? -1 : leaf;
}

/* The same text for a while. */
static const char *
saved(const struct tree *t)
{
	static struct buf b;

	buf_clear(&b);
	tree_save(t, &b, name_of, NULL);
	return buf_str(&b);
}

/* With the leaves as they are, without weights. */
static const char *
shape(const struct tree *t)
{
	static char out[512];
	const char *s = saved(t);
	size_t n = 0;

	for (; *s != '\0' && n + 1 < sizeof out; s++) {
		if (*s == ':')
			s += strspn(s, ":0123456789") - 1;
		else if (*s != 'n')
			out[n++] = *s;
	}
	out[n] = '\0';
	return out;
}

static struct rect
rect_of_leaf(const struct tree *t, int leaf)
{
	struct tree_place at[TREE_LEAVES_MAX];
	size_t n = tree_layout(t, all, at, TREE_LEAVES_MAX, NULL, 0, NULL);

	for (size_t i = 0; i < n; i++)
		if (at[i].leaf == leaf)
			return at[i].r;
	return rect_of(0, 0, 0, 0);
}

/* Every cell is a pane's, or a rule's, and of one only. */
static void
check_tiled(const struct tree *t, struct rect r)
{
	struct tree_place at[TREE_LEAVES_MAX];
	struct tree_rule rules[TREE_LEAVES_MAX];
	size_t n_rules = 0;
	size_t n = tree_layout(
	    t, r, at, TREE_LEAVES_MAX, rules, TREE_LEAVES_MAX, &n_rules);

	CHECK_INT(n, tree_count(t));
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++) {
			int owners = 0;

			for (size_t i = 0; i < n; i++)
				owners += rect_has(at[i].r, x, y);
			for (size_t i = 0; i < n_rules; i++)
				owners += rect_has(rules[i].r, x, y);
			CHECK_INT(owners, 1);
		}
}

TEST(a_split_shares_the_place_and_lies_in_none_of_its_kind)
{
	struct tree *t = tree_new(0);

	CHECK(tree_split(t, 0, TREE_BELOW, 1, false));
	CHECK(tree_split(t, 1, TREE_BELOW, 2, false));
	CHECK_STR(shape(t), "below(0,1,2)");
	CHECK(tree_split(t, 1, TREE_BESIDE, 3, true));
	CHECK_STR(shape(t), "below(0,beside(3,1),2)");
	CHECK(!tree_split(t, 9, TREE_BELOW, 4, false));
	CHECK(!tree_split(t, 0, TREE_BELOW, 3, false));
	CHECK_INT(rect_of_leaf(t, 0).h, 11);
	check_tiled(t, all);
	tree_free(t);
}

TEST(closing_gives_the_place_to_a_neighbour_and_leaves_no_empty_split)
{
	struct tree *t = tree_new(0);

	CHECK(!tree_close(t, 0));
	CHECK(tree_split(t, 0, TREE_BELOW, 1, false));
	CHECK(tree_split(t, 1, TREE_BESIDE, 2, false));
	CHECK(tree_split(t, 2, TREE_BELOW, 3, false));
	CHECK_STR(shape(t), "below(0,beside(1,below(2,3)))");
	/* 2 and 3 come up into the split that is as theirs was. */
	CHECK(tree_close(t, 1));
	CHECK_STR(shape(t), "below(0,2,3)");
	CHECK_INT(rect_of_leaf(t, 0).h, 11);
	check_tiled(t, all);
	CHECK(tree_close(t, 0));
	CHECK(tree_close(t, 3));
	CHECK_STR(shape(t), "2");
	CHECK(!tree_close(t, 2));
	CHECK_INT(rect_of_leaf(t, 2).h, 22);
	tree_free(t);
}

TEST(sixty_four_panes_and_no_more)
{
	struct tree *t = tree_new(0);
	int leaves[TREE_LEAVES_MAX + 8];

	for (int i = 1; i < TREE_LEAVES_MAX; i++)
		CHECK(tree_split(
		    t, i - 1, i % 2 ? TREE_BELOW : TREE_BESIDE, i, i % 3 == 0));
	CHECK(!tree_split(t, 3, TREE_BELOW, 99, false));
	CHECK_INT(tree_leaves(t, leaves, 99), TREE_LEAVES_MAX);
	for (int s = 0; s < SHAPE_COUNT; s++) {
		tree_arrange(t, (enum tree_shape)s, 5);
		CHECK_INT(tree_count(t), TREE_LEAVES_MAX);
		CHECK(tree_has(t, 63) && tree_has(t, 0));
	}
	tree_arrange(t, SHAPE_GRID, 0);
	check_tiled(t, rect_of(0, 0, 200, 60));
	/* Where they do not fit none lies outside. */
	for (int w = 1; w < 60; w += 7) {
		struct tree_place at[TREE_LEAVES_MAX];
		size_t n = tree_layout(t, rect_of(0, 1, w, w / 3), at,
		    TREE_LEAVES_MAX, NULL, 0, NULL);

		for (size_t i = 0; i < n; i++) {
			CHECK(at[i].r.w == 0 || at[i].r.x + at[i].r.w <= w);
			CHECK(at[i].r.h == 0 ||
			    at[i].r.y + at[i].r.h <= 1 + w / 3);
		}
	}
	tree_free(t);
}

TEST(arrangements)
{
	static const char *const want[SHAPE_COUNT] = {
		[SHAPE_MAIN_STACK] = "below(0,1,2,3,4)",
		[SHAPE_STACK] = "below(0,1,2,3,4)",
		[SHAPE_ROW] = "beside(0,1,2,3,4)",
		[SHAPE_GRID] = "below(beside(0,1,2),beside(3,4))",
		[SHAPE_MAIN_ROW] = "below(0,beside(1,2,3,4))",
		[SHAPE_GRID_MAIN] = "below(0,beside(1,2),beside(3,4))",
	};
	struct tree *t = tree_new(0);

	for (int i = 1; i < 5; i++)
		CHECK(tree_split(t, 0, TREE_BESIDE, i, false));
	for (int s = 0; s < SHAPE_COUNT; s++) {
		tree_arrange(t, SHAPE_STACK, 0);
		CHECK(tree_close(t, 0));
		CHECK(tree_split(t, 1, TREE_BELOW, 0, true));
		for (int i = 2; i < 5; i++) {
			CHECK(tree_close(t, i));
			CHECK(tree_split(t, i - 1, TREE_BELOW, i, false));
		}
		tree_arrange(t, (enum tree_shape)s, 0);
		CHECK_STR(shape(t), want[s]);
		check_tiled(t, all);
	}
	tree_free(t);
}

TEST(a_pane_too_small_takes_from_the_largest)
{
	struct tree *t =
	    tree_load("beside(n0:100000,n1:1,n2:1)", leaf_of, NULL);

	CHECK(t != NULL);
	CHECK_INT(rect_of_leaf(t, 1).w, TREE_MIN_W);
	CHECK_INT(rect_of_leaf(t, 2).w, TREE_MIN_W);
	CHECK_INT(rect_of_leaf(t, 0).w, 80 - 2 - 2 * TREE_MIN_W);
	check_tiled(t, all);
	tree_equalise(t);
	CHECK_INT(rect_of_leaf(t, 0).w, 26);
	tree_free(t);
}

TEST(resizing_moves_an_edge_and_stops_at_the_least)
{
	struct tree *t =
	    tree_load("below(n0:1,beside(n1:1,n2:1):1)", leaf_of, NULL);

	CHECK(tree_resize(t, all, 1, 4, 0));
	CHECK_INT(rect_of_leaf(t, 1).w, 43);
	/* The last one has no edge after it: the one before it moves. */
	CHECK(tree_resize(t, all, 2, 4, 0));
	CHECK_INT(rect_of_leaf(t, 2).w, 40);
	CHECK(tree_resize(t, all, 2, 0, 3));
	CHECK_INT(rect_of_leaf(t, 0).h, 8);
	CHECK(tree_resize(t, all, 0, 0, -100));
	CHECK_INT(rect_of_leaf(t, 0).h, TREE_MIN_H);
	CHECK(!tree_resize(t, all, 0, 0, -1));
	/* Nothing beside it. */
	CHECK(!tree_resize(t, all, 0, 3, 0));
	CHECK(!tree_resize(t, all, 77, 3, 0));
	check_tiled(t, all);
	tree_free(t);
}

TEST(an_edge_is_dragged)
{
	struct tree *t =
	    tree_load("below(n0:1,beside(n1:1,n2:1):1)", leaf_of, NULL);
	enum tree_dir dir;
	int leaf;

	CHECK(!tree_edge(t, all, 5, 5, &leaf, &dir));
	/* The title of what is below. */
	CHECK(tree_edge(t, all, 5, 12, &leaf, &dir));
	CHECK(dir == TREE_BELOW && leaf == 0);
	tree_drag(t, all, leaf, dir, 5, 7);
	CHECK_INT(rect_of_leaf(t, 1).y, 7);
	CHECK(tree_edge(t, all, 39, 15, &leaf, &dir));
	CHECK(dir == TREE_BESIDE && leaf == 1);
	tree_drag(t, all, leaf, dir, 20, 15);
	CHECK_INT(rect_of_leaf(t, 1).w, 20);
	CHECK_INT(rect_of_leaf(t, 2).x, 21);
	tree_drag(t, all, leaf, dir, 500, 15);
	CHECK_INT(rect_of_leaf(t, 2).w, TREE_MIN_W);
	tree_drag(t, all, 2, dir, 0, 0);
	tree_drag(t, all, 99, dir, 0, 0);
	check_tiled(t, all);
	tree_free(t);
}

TEST(neighbours)
{
	struct tree *t = tree_load(
	    "below(n0:1,beside(n1:2,below(n2:3,n3:1):1):1)", leaf_of, NULL);

	CHECK_INT(tree_next(t, all, 0, 0, 1), 1);
	CHECK_INT(tree_next(t, all, 1, 1, 0), 2);
	CHECK_INT(tree_next(t, all, 3, -1, 0), 1);
	CHECK_INT(tree_next(t, all, 3, 0, -1), 2);
	CHECK_INT(tree_next(t, all, 2, 0, -1), 0);
	CHECK_INT(tree_next(t, all, 0, 1, 0), -1);
	tree_swap(t, 0, 3);
	CHECK_STR(shape(t), "below(3,beside(1,below(2,0)))");
	tree_swap(t, 0, 99);
	tree_free(t);
}

TEST(what_was_saved_comes_back)
{
	static const char text[] =
	    "below(n0:3,beside(n1:10,below(n2:1,n3:7):5):2)";
	struct tree *t = tree_load(text, leaf_of, NULL);
	int most = 2;

	CHECK(t != NULL);
	CHECK_STR(saved(t), text);
	tree_free(t);
	/* A leaf that is not there any more leaves no hole. */
	t = tree_load(text, leaf_of, &most);
	CHECK_STR(saved(t), "below(n0:3,beside(n1:10,n2:5):2)");
	tree_free(t);
	most = 0;
	t = tree_load(text, leaf_of, &most);
	CHECK_STR(saved(t), "n0");
	tree_free(t);
	t = tree_load("below(n0:1,below(n1:1,n2:2):9)", leaf_of, NULL);
	CHECK_STR(shape(t), "below(0,1,2)");
	tree_free(t);
}

TEST(hostile_text_is_none)
{
	static const char *const bad[] = { "", "(", ")", "below", "below(",
		"below()", "below(n0", "below(n0:", "below(n0:x)", "below(,)",
		"below(n0:1)x", "n0,n1", "x0", "beside(x:1,y:1)", "n0:1",
		"below(n0:1,,n1:1)", "below(n0:-1,n1:2)" };
	struct buf b;
	struct tree *t;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		t = tree_load(bad[i], leaf_of, NULL);
		if (t != NULL)
			test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
	}
	/* Deep, long, twice the same, huge weights. */
	buf_init(&b, 0);
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, i % 2 ? "below(n1," : "beside(n0,");
	CHECK(tree_load(buf_str(&b), leaf_of, NULL) == NULL);
	buf_clear(&b);
	for (int i = 0; i < 300; i++)
		buf_puts(&b, "n");
	CHECK(tree_load(buf_str(&b), leaf_of, NULL) == NULL);
	buf_clear(&b);
	buf_puts(&b, "below(n0:1");
	for (int i = 0; i < 500; i++)
		buf_printf(&b, ",n%d:99999999999999999999", i);
	buf_puts(&b, ")");
	t = tree_load(buf_str(&b), leaf_of, NULL);
	CHECK_INT(tree_count(t), TREE_LEAVES_MAX);
	check_tiled(t, rect_of(0, 0, 100, 300));
	tree_free(t);
	buf_release(&b);
	t = tree_load("beside(n1:0,n1:5,n2:0)", leaf_of, NULL);
	CHECK_STR(saved(t), "beside(n1:1,n2:1)");
	tree_free(t);
}

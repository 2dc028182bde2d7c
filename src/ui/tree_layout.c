#include <stdlib.h>
#include <string.h>

#include "tree_in.h"

/*
 * Where the panes are. Shares are rounded as a whole, so that nothing is left
 * over, and a pane that would become too small takes from the largest.
 */

struct laying {
	struct tree_place *out;
	size_t max, n;
	struct tree_rule *rules;
	size_t max_rules, n_rules;
};

static int
extent(const struct tnode *split, struct rect r)
{
	return split->dir == TREE_BESIDE ? r.w - (int)split->n + 1 : r.h;
}

static int
least(const struct tnode *split)
{
	return split->dir == TREE_BESIDE ? TREE_MIN_W : TREE_MIN_H;
}

static void
relieve(int *size, size_t n, int min)
{
	for (size_t i = 0; i < n; i++) {
		while (size[i] < min) {
			size_t most = 0;

			for (size_t k = 1; k < n; k++)
				if (size[k] > size[most])
					most = k;
			if (size[most] <= min)
				return;
			size[most]--;
			size[i]++;
		}
	}
}

/* Cells of each child. */
static void
share(const struct tnode *split, int total, int *size)
{
	long sum = 0, upto = 0;
	int before = 0;

	for (size_t i = 0; i < split->n; i++)
		sum += split->child[i]->weight;
	if (total < 0)
		total = 0;
	for (size_t i = 0; i < split->n; i++) {
		int end;

		upto += split->child[i]->weight;
		end = (int)((long)total * upto / sum);
		size[i] = end - before;
		before = end;
	}
	relieve(size, split->n, least(split));
}

static struct rect
part(const struct tnode *split, struct rect r, const int *size, size_t at)
{
	int from = 0;

	for (size_t i = 0; i < at; i++)
		from += size[i] + (split->dir == TREE_BESIDE ? 1 : 0);
	return split->dir == TREE_BESIDE
	    ? rect_of(r.x + from, r.y, size[at], r.h)
	    : rect_of(r.x, r.y + from, r.w, size[at]);
}

static void
lay(const struct tnode *n, struct rect r, struct laying *l)
{
	int size[TREE_LEAVES_MAX];

	if (n->dir == TREE_LEAF) {
		if (r.w < 1 || r.h < 1)
			r.w = r.h = 0;
		if (l->n < l->max)
			l->out[l->n++] = (struct tree_place){ n->leaf, r };
		return;
	}
	share(n, extent(n, r), size);
	for (size_t i = 0; i < n->n; i++) {
		struct rect p = part(n, r, size, i);

		lay(n->child[i], p, l);
		if (n->dir == TREE_BESIDE && i + 1 < n->n && l->rules != NULL &&
		    l->n_rules < l->max_rules)
			l->rules[l->n_rules++].r =
			    rect_of(p.x + p.w, p.y, 1, p.h);
	}
}

size_t
tree_layout(const struct tree *t, struct rect r, struct tree_place *out,
    size_t max, struct tree_rule *rules, size_t max_rules, size_t *n_rules)
{
	struct laying l = { out, max, 0, rules, max_rules, 0 };

	lay(t->root, r, &l);
	if (n_rules != NULL)
		*n_rules = l.n_rules;
	return l.n;
}

/* --- neighbours --------------------------------------------------------- */

/* Cells that two stretches have in common. */
static int
overlap(int a, int alen, int b, int blen)
{
	int from = a > b ? a : b;
	int to = a + alen < b + blen ? a + alen : b + blen;

	return to - from;
}

static bool
beside(struct rect a, struct rect b, int dx, int dy)
{
	if (b.w < 1 || b.h < 1)
		return false;
	if (dx != 0 && overlap(a.y, a.h, b.y, b.h) < 1)
		return false;
	if (dy != 0 && overlap(a.x, a.w, b.x, b.w) < 1)
		return false;
	return dx > 0 ? b.x == a.x + a.w + 1
	    : dx < 0  ? b.x + b.w + 1 == a.x
	    : dy > 0  ? b.y == a.y + a.h
		      : b.y + b.h == a.y;
}

int
tree_next(const struct tree *t, struct rect r, int leaf, int dx, int dy)
{
	struct tree_place p[TREE_LEAVES_MAX];
	size_t n = tree_layout(t, r, p, TREE_LEAVES_MAX, NULL, 0, NULL);
	struct rect from = { 0, 0, 0, 0 };
	int best = -1, most = 0;

	for (size_t i = 0; i < n; i++)
		if (p[i].leaf == leaf)
			from = p[i].r;
	for (size_t i = 0; i < n; i++) {
		int common;

		if (p[i].leaf == leaf || !beside(from, p[i].r, dx, dy))
			continue;
		common = dx != 0 ? overlap(from.y, from.h, p[i].r.y, p[i].r.h)
				 : overlap(from.x, from.w, p[i].r.x, p[i].r.w);
		if (common > most) {
			most = common;
			best = p[i].leaf;
		}
	}
	return best;
}

/* --- moving edges ------------------------------------------------------- */

static struct rect
rect_of_node(const struct tnode *n, struct rect whole)
{
	int size[TREE_LEAVES_MAX];
	struct rect r;

	if (n->up == NULL)
		return whole;
	r = rect_of_node(n->up, whole);
	share(n->up, extent(n->up, r), size);
	return part(n->up, r, size, tree_index(n));
}

/* Move the edge after child at of a split by cells. */
static bool
move_edge(struct tnode *split, struct rect whole, size_t at, int by)
{
	int size[TREE_LEAVES_MAX], min = least(split);
	int *a = &size[at], *b = &size[at + 1], room;

	share(split, extent(split, rect_of_node(split, whole)), size);
	room = by > 0 ? *b - min : *a - min;
	if (room <= 0)
		return false;
	if (by > room)
		by = room;
	if (by < -room)
		by = -room;
	*a += by;
	*b -= by;
	/* Many times the cells, so that another size keeps the shares. */
	for (size_t i = 0; i < split->n; i++)
		split->child[i]->weight = size[i] > 0 ? size[i] * 64 : 1;
	return by != 0;
}

/* The nearest split above n of a direction, with *at the child n is in. */
static struct tnode *
split_above(struct tnode *n, enum tree_dir dir, size_t *at)
{
	for (; n->up != NULL; n = n->up)
		if (n->up->dir == dir) {
			*at = tree_index(n);
			return n->up;
		}
	return NULL;
}

static bool
grow(struct tree *t, struct rect r, struct tnode *n, enum tree_dir dir, int by)
{
	size_t at = 0;
	struct tnode *split = split_above(n, dir, &at);

	if (split == NULL || by == 0)
		return false;
	(void)t;
	if (at + 1 < split->n)
		return move_edge(split, r, at, by);
	return move_edge(split, r, at - 1, -by);
}

bool
tree_resize(struct tree *t, struct rect r, int leaf, int dx, int dy)
{
	struct tnode *n = tree_find(t, leaf);
	bool moved = false;

	if (n == NULL)
		return false;
	if (dx != 0)
		moved = grow(t, r, n, TREE_BESIDE, dx);
	if (dy != 0)
		moved = grow(t, r, n, TREE_BELOW, dy) || moved;
	return moved;
}

/* Does the edge after this child lie at the point? */
static bool
on_edge(enum tree_dir dir, struct rect r, int x, int y)
{
	return dir == TREE_BESIDE ? x == r.x + r.w && y >= r.y && y < r.y + r.h
				  : y == r.y + r.h && x >= r.x && x < r.x + r.w;
}

static const struct tnode *
first_leaf(const struct tnode *n)
{
	while (n->dir != TREE_LEAF)
		n = n->child[0];
	return n;
}

static const struct tnode *
edge_at(const struct tnode *n, struct rect whole, int x, int y)
{
	const struct tnode *found = NULL;

	for (size_t i = 0; i < n->n && found == NULL; i++) {
		const struct tnode *c = n->child[i];

		if (i + 1 < n->n &&
		    on_edge(n->dir, rect_of_node(c, whole), x, y))
			return c;
		found = edge_at(c, whole, x, y);
	}
	return found;
}

bool
tree_edge(const struct tree *t, struct rect r, int x, int y, int *leaf,
    enum tree_dir *dir)
{
	const struct tnode *c = edge_at(t->root, r, x, y);

	if (c == NULL)
		return false;
	*dir = c->up->dir;
	/* The first leaf of the child before the edge: from it the way up
	 * leads back to this split, for no split lies in one of its kind. */
	*leaf = first_leaf(c)->leaf;
	return true;
}

void
tree_drag(
    struct tree *t, struct rect r, int leaf, enum tree_dir dir, int x, int y)
{
	struct tnode *n = tree_find(t, leaf), *split;
	struct rect at_rect;
	size_t at = 0;
	int edge;

	if (n == NULL)
		return;
	split = split_above(n, dir, &at);
	if (split == NULL || at + 1 >= split->n)
		return;
	at_rect = rect_of_node(split->child[at], r);
	edge =
	    dir == TREE_BESIDE ? at_rect.x + at_rect.w : at_rect.y + at_rect.h;
	(void)move_edge(split, r, at, (dir == TREE_BESIDE ? x : y) - edge);
}

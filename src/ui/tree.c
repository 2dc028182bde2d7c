#include "rackmux/ui/tree.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

#include "tree_in.h"

/*
 * A split never has a child that is split the same way, nor one child only:
 * so "beside" is always between all the panes of a row, and equal means equal
 * for all of them.
 */

struct tnode *
tree_node(enum tree_dir dir, int leaf, int weight)
{
	struct tnode *n = mem_alloc(sizeof *n);

	n->dir = dir;
	n->leaf = leaf;
	n->weight = weight;
	return n;
}

void
tree_node_free(struct tnode *n)
{
	if (n == NULL)
		return;
	for (size_t i = 0; i < n->n; i++)
		tree_node_free(n->child[i]);
	free(n->child);
	free(n);
}

void
tree_insert(struct tnode *up, size_t at, struct tnode *child)
{
	up->child = mem_grow(up->child, up->n + 1, sizeof(*up->child));
	memmove(&up->child[at + 1], &up->child[at],
	    (up->n - at) * sizeof(*up->child));
	up->child[at] = child;
	up->n++;
	child->up = up;
}

struct tree *
tree_new(int leaf)
{
	struct tree *t = mem_alloc(sizeof *t);

	t->root = tree_node(TREE_LEAF, leaf, TREE_WEIGHT);
	return t;
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	tree_node_free(t->root);
	free(t);
}

static size_t
count(const struct tnode *n)
{
	size_t sum = n->dir == TREE_LEAF ? 1 : 0;

	for (size_t i = 0; i < n->n; i++)
		sum += count(n->child[i]);
	return sum;
}

size_t
tree_count(const struct tree *t)
{
	return count(t->root);
}

static struct tnode *
find(struct tnode *n, int leaf)
{
	struct tnode *found = NULL;

	if (n->dir == TREE_LEAF)
		return n->leaf == leaf ? n : NULL;
	for (size_t i = 0; i < n->n && found == NULL; i++)
		found = find(n->child[i], leaf);
	return found;
}

struct tnode *
tree_find(const struct tree *t, int leaf)
{
	return find(t->root, leaf);
}

bool
tree_has(const struct tree *t, int leaf)
{
	return tree_find(t, leaf) != NULL;
}

static void
gather(const struct tnode *n, int *out, size_t max, size_t *at)
{
	if (n->dir == TREE_LEAF) {
		if (*at < max)
			out[*at] = n->leaf;
		++*at;
	}
	for (size_t i = 0; i < n->n; i++)
		gather(n->child[i], out, max, at);
}

size_t
tree_leaves(const struct tree *t, int *out, size_t max)
{
	size_t n = 0;

	gather(t->root, out, max, &n);
	return n < max ? n : max;
}

size_t
tree_index(const struct tnode *n)
{
	size_t i = 0;

	while (n->up->child[i] != n)
		i++;
	return i;
}

/* Put b where a is; a is then nobody's. */
static void
replace(struct tree *t, struct tnode *a, struct tnode *b)
{
	b->up = a->up;
	b->weight = a->weight;
	if (a->up == NULL)
		t->root = b;
	else
		a->up->child[tree_index(a)] = b;
	a->up = NULL;
}

bool
tree_split(struct tree *t, int at, enum tree_dir dir, int leaf, bool before)
{
	struct tnode *old = tree_find(t, at), *fresh, *up;
	size_t i;

	if (old == NULL || tree_has(t, leaf) || dir == TREE_LEAF ||
	    tree_count(t) >= TREE_LEAVES_MAX)
		return false;
	fresh = tree_node(TREE_LEAF, leaf, TREE_WEIGHT);
	if (old->up == NULL || old->up->dir != dir) {
		up = tree_node(dir, -1, TREE_WEIGHT);
		replace(t, old, up);
		old->weight = TREE_WEIGHT;
		tree_insert(up, 0, old);
	}
	old->weight = old->weight > 1 ? old->weight / 2 : 1;
	fresh->weight = old->weight;
	i = tree_index(old);
	tree_insert(old->up, before ? i : i + 1, fresh);
	return true;
}

/* A split's only child takes its place; if that is split as its new parent
 * is, its children do. */
static void
collapse(struct tree *t, struct tnode *split)
{
	struct tnode *only = split->child[0], *up = split->up;
	size_t at;
	int sum = 0;

	split->n = 0;
	replace(t, split, only);
	tree_node_free(split);
	if (up == NULL || only->dir != up->dir)
		return;
	at = tree_index(only);
	memmove(&up->child[at], &up->child[at + 1],
	    (up->n - at - 1) * sizeof(*up->child));
	up->n--;
	for (size_t i = 0; i < only->n; i++)
		sum += only->child[i]->weight;
	for (size_t i = 0; i < only->n; i++) {
		struct tnode *c = only->child[i];

		c->weight = (int)((long)c->weight * only->weight / sum);
		c->weight = c->weight < 1 ? 1 : c->weight;
		tree_insert(up, at + i, c);
	}
	only->n = 0;
	tree_node_free(only);
}

bool
tree_close(struct tree *t, int leaf)
{
	struct tnode *n = tree_find(t, leaf), *up, *heir;
	size_t at;

	if (n == NULL || n->up == NULL)
		return false;
	up = n->up;
	at = tree_index(n);
	heir = up->child[at > 0 ? at - 1 : 1];
	heir->weight += n->weight;
	memmove(&up->child[at], &up->child[at + 1],
	    (up->n - at - 1) * sizeof(*up->child));
	up->n--;
	tree_node_free(n);
	if (up->n == 1)
		collapse(t, up);
	return true;
}

void
tree_swap(struct tree *t, int a, int b)
{
	struct tnode *x = tree_find(t, a), *y = tree_find(t, b);

	if (x == NULL || y == NULL)
		return;
	x->leaf = b;
	y->leaf = a;
}

static void
equalise(struct tnode *n)
{
	n->weight = TREE_WEIGHT;
	for (size_t i = 0; i < n->n; i++)
		equalise(n->child[i]);
}

void
tree_equalise(struct tree *t)
{
	equalise(t->root);
}

/* --- shapes ------------------------------------------------------------- */

static struct tnode *
group(enum tree_dir dir, const int *leaves, size_t n)
{
	struct tnode *g;

	if (n == 1)
		return tree_node(TREE_LEAF, leaves[0], TREE_WEIGHT);
	g = tree_node(dir, -1, TREE_WEIGHT);
	for (size_t i = 0; i < n; i++)
		tree_insert(g, i, tree_node(TREE_LEAF, leaves[i], TREE_WEIGHT));
	return g;
}

static struct tnode *
grid(const int *leaves, size_t n)
{
	size_t cols = 1, rows, at = 0;
	struct tnode *g;

	while (cols * cols < n)
		cols++;
	rows = (n + cols - 1) / cols;
	if (rows == 1)
		return group(TREE_BESIDE, leaves, n);
	g = tree_node(TREE_BELOW, -1, TREE_WEIGHT);
	for (size_t r = 0; r < rows; r++) {
		size_t per = (n - at + rows - r - 1) / (rows - r);

		tree_insert(g, r, group(TREE_BESIDE, leaves + at, per));
		at += per;
	}
	return g;
}

/* Above with a third, the rest below it. */
static struct tnode *
main_and_rest(enum tree_shape shape, int *leaves, size_t n, int first)
{
	struct tnode *g = tree_node(TREE_BELOW, -1, TREE_WEIGHT), *rest;
	size_t at = 0;

	while (at < n && leaves[at] != first)
		at++;
	if (at == n)
		at = 0;
	first = leaves[at];
	memmove(&leaves[at], &leaves[at + 1], (n - at - 1) * sizeof(*leaves));
	tree_insert(g, 0, tree_node(TREE_LEAF, first, TREE_WEIGHT));
	rest = shape == SHAPE_MAIN_ROW ? group(TREE_BESIDE, leaves, n - 1)
	    : shape == SHAPE_GRID_MAIN ? grid(leaves, n - 1)
				       : group(TREE_BELOW, leaves, n - 1);
	if (rest->dir != TREE_BELOW) {
		tree_insert(g, 1, rest);
		return g;
	}
	/* No split lies in one of its own kind. */
	for (size_t i = 0; i < rest->n; i++)
		tree_insert(g, g->n, rest->child[i]);
	for (size_t i = 1; i < g->n; i++)
		g->child[i]->weight = TREE_WEIGHT * 3 / 2 / (int)rest->n;
	rest->n = 0;
	tree_node_free(rest);
	return g;
}

void
tree_arrange(struct tree *t, enum tree_shape shape, int first)
{
	int leaves[TREE_LEAVES_MAX];
	size_t n = tree_leaves(t, leaves, TREE_LEAVES_MAX);
	struct tnode *old = t->root;

	if (n < 2)
		return;
	if (shape == SHAPE_STACK)
		t->root = group(TREE_BELOW, leaves, n);
	else if (shape == SHAPE_ROW)
		t->root = group(TREE_BESIDE, leaves, n);
	else if (shape == SHAPE_GRID)
		t->root = grid(leaves, n);
	else
		t->root = main_and_rest(shape, leaves, n, first);
	tree_node_free(old);
}

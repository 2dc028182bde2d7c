#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

#include "tree_in.h"

/*
 * A layout as text: "below(rack:3,beside(tp2-a/1:1,tp2-a/2:1):2)". What is
 * read comes from a file that anyone may have edited: depth, length and
 * weights are bounded, and a leaf that is not there any more leaves no hole.
 */

enum { DEPTH_MAX = 16, NAME_MAX_LEN = 128 };

static void
save(const struct tnode *n, struct buf *out, const char *(*name)(void *, int),
    void *arg)
{
	if (n->dir == TREE_LEAF) {
		buf_puts(out, name(arg, n->leaf));
	} else {
		buf_puts(out, n->dir == TREE_BELOW ? "below(" : "beside(");
		for (size_t i = 0; i < n->n; i++) {
			if (i > 0)
				buf_puts(out, ",");
			save(n->child[i], out, name, arg);
			buf_printf(out, ":%d", n->child[i]->weight);
		}
		buf_puts(out, ")");
	}
}

void
tree_save(const struct tree *t, struct buf *out,
    const char *(*name)(void *, int), void *arg)
{
	save(t->root, out, name, arg);
}

struct reading_tree {
	const char *s;
	int (*leaf)(void *, const char *);
	void *arg;
	int seen[TREE_LEAVES_MAX];
	size_t n_seen;
	bool bad;
};

static bool
take(struct reading_tree *r, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(r->s, word, n) != 0)
		return false;
	r->s += n;
	return true;
}

static int
number(struct reading_tree *r)
{
	long v = 0;

	if (*r->s < '0' || *r->s > '9')
		r->bad = true;
	while (*r->s >= '0' && *r->s <= '9') {
		v = v * 10 + (*r->s++ - '0');
		if (v > 1000000)
			v = 1000000;
	}
	return v < 1 ? 1 : (int)v;
}

static bool
seen(struct reading_tree *r, int leaf)
{
	for (size_t i = 0; i < r->n_seen; i++)
		if (r->seen[i] == leaf)
			return true;
	if (r->n_seen == TREE_LEAVES_MAX)
		return true;
	r->seen[r->n_seen++] = leaf;
	return false;
}

static struct tnode *
read_leaf(struct reading_tree *r)
{
	size_t n = strcspn(r->s, ",:()");
	char name[NAME_MAX_LEN];
	int leaf;

	if (n == 0 || n >= sizeof name) {
		r->bad = true;
		return NULL;
	}
	memcpy(name, r->s, n);
	name[n] = '\0';
	r->s += n;
	leaf = r->leaf(r->arg, name);
	if (leaf < 0 || seen(r, leaf))
		return NULL;
	return tree_node(TREE_LEAF, leaf, TREE_WEIGHT);
}

/* What is left of a split when leaves of it are gone. */
static struct tnode *
trim(struct tnode *split)
{
	struct tnode *only;

	if (split->n > 1)
		return split;
	only = split->n == 1 ? split->child[0] : NULL;
	split->n = 0;
	tree_node_free(split);
	if (only != NULL)
		only->up = NULL;
	return only;
}

/* Children split as their parent is become its own. */
static void
adopt(struct tnode *split, struct tnode *child)
{
	if (child->dir != split->dir) {
		tree_insert(split, split->n, child);
		return;
	}
	for (size_t i = 0; i < child->n; i++)
		tree_insert(split, split->n, child->child[i]);
	child->n = 0;
	tree_node_free(child);
}

static struct tnode *
read_node(struct reading_tree *r, int depth)
{
	bool below = take(r, "below(");
	struct tnode *split;

	if (!below && !take(r, "beside("))
		return read_leaf(r);
	if (depth == DEPTH_MAX) {
		r->bad = true;
		return NULL;
	}
	split = tree_node(below ? TREE_BELOW : TREE_BESIDE, -1, TREE_WEIGHT);
	do {
		struct tnode *child = read_node(r, depth + 1);
		int weight = TREE_WEIGHT;

		if (take(r, ":"))
			weight = number(r);
		if (child == NULL)
			continue;
		child->weight = weight;
		adopt(split, child);
	} while (!r->bad && take(r, ","));
	if (!take(r, ")"))
		r->bad = true;
	return trim(split);
}

struct tree *
tree_load(const char *text, int (*leaf)(void *, const char *), void *arg)
{
	struct reading_tree r = { .s = text, .leaf = leaf, .arg = arg };
	struct tnode *root = read_node(&r, 0);
	struct tree *t;

	if (r.bad || *r.s != '\0' || root == NULL) {
		tree_node_free(root);
		return NULL;
	}
	t = mem_alloc(sizeof *t);
	t->root = root;
	root->up = NULL;
	return t;
}

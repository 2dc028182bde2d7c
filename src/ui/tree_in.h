/*
 * tree_in - what the files of the layout tree share.
 */
#ifndef RM_UI_TREE_IN_H
#define RM_UI_TREE_IN_H

#include "rackmux/ui/tree.h"

#define TREE_WEIGHT 4096	/* of a part that nobody has resized */

struct tnode {
	enum tree_dir dir;
	int leaf;		/* of a TREE_LEAF */
	int weight;		/* against its siblings, from 1 */
	struct tnode *up;
	struct tnode **child;
	size_t n;
};

struct tree {
	struct tnode *root;
};

struct tnode	*tree_node(enum tree_dir, int leaf, int weight);
void		 tree_node_free(struct tnode *);	/* and all below */
struct tnode	*tree_find(const struct tree *, int leaf);
size_t		 tree_index(const struct tnode *);	/* among its siblings */
void		 tree_insert(struct tnode *up, size_t at, struct tnode *);

#endif

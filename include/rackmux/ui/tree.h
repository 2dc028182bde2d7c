/*
 * tree - how the screen is divided: a tree of splits whose leaves are panes.
 * Pure: numbers and rectangles, nothing is drawn.
 *
 * A leaf is a number that its owner gives, 0 being the rack. A split has two
 * or more children beside or below each other, each with a weight; the parts
 * are shares of what there is, so that a layout survives another size. Beside
 * each other means a column between them for a rule.
 */
#ifndef RM_UI_TREE_H
#define RM_UI_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/buf.h"
#include "rackmux/ui/canvas.h"

enum tree_dir { TREE_LEAF, TREE_BELOW, TREE_BESIDE };

#define TREE_LEAVES_MAX 64
#define TREE_MIN_W 10
#define TREE_MIN_H 2		/* a title and a row */

struct tree;			/* a whole one */

struct tree	*tree_new(int leaf);
void		 tree_free(struct tree *);
size_t		 tree_count(const struct tree *);
bool		 tree_has(const struct tree *, int leaf);
/* The leaves in reading order; returns how many. */
size_t		 tree_leaves(const struct tree *, int *out, size_t max);

/* Put leaf after at (before: in front of it), below or beside it, with half of
 * its place. False when there are too many, or at is none. */
bool		 tree_split(struct tree *, int at, enum tree_dir, int leaf,
		    bool before);
/* Its neighbours get its place. The last leaf cannot be closed: false. */
bool		 tree_close(struct tree *, int leaf);
void		 tree_swap(struct tree *, int a, int b);
/* All leaves anew: one below the other, beside each other, in rows of a grid;
 * or first above with a part of its own, and below it the others beside each
 * other, or as a grid. */
enum tree_shape {
	SHAPE_MAIN_STACK, SHAPE_STACK, SHAPE_ROW, SHAPE_GRID, SHAPE_MAIN_ROW,
	SHAPE_GRID_MAIN, SHAPE_COUNT
};
void		 tree_arrange(struct tree *, enum tree_shape, int first);
void		 tree_equalise(struct tree *);

struct tree_place {
	int leaf;
	struct rect r;
};
struct tree_rule {		/* the column between two children */
	struct rect r;
};
/* Where each leaf is within r; those that do not fit have w or h 0. Rules
 * (may be NULL) get the columns between. Return how many leaves. */
size_t		 tree_layout(const struct tree *, struct rect, struct
		    tree_place *out, size_t max, struct tree_rule *rules,
		    size_t max_rules, size_t *n_rules);
/* The leaf beside leaf in a direction, -1: none. */
int		 tree_next(const struct tree *, struct rect, int leaf, int dx,
		    int dy);
/* Make leaf larger (or smaller) by cells: its right or lower edge, or where it
 * has none the left or upper one, moves. False when it cannot. */
bool		 tree_resize(struct tree *, struct rect, int leaf, int dx,
		    int dy);
/* The edge at a point, for dragging: between which leaf (the one before it)
 * and its neighbour. A title is the edge above its pane. */
bool		 tree_edge(const struct tree *, struct rect, int x, int y,
		    int *leaf, enum tree_dir *);
/* Move that edge to x or y. */
void		 tree_drag(struct tree *, struct rect, int leaf, enum tree_dir,
		    int x, int y);

/* As text, "below(0:3,beside(1:1,2:1):2)", leaves by name(). Back again:
 * leaf() gives the number of a name, -1 when there is none such; those leaves
 * are left out. NULL when nothing is left or the text is none. */
void		 tree_save(const struct tree *, struct buf *,
		    const char *(*name)(void *arg, int leaf), void *arg);
struct tree	*tree_load(const char *text,
		    int (*leaf)(void *arg, const char *name), void *arg);

#endif

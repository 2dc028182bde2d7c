/*
 * layout - where boards and tiles go. Pure: sizes in, rectangles out.
 *
 * Boards stand from the top in the order given. Their tiles are as rich as
 * the space allows: wide (three lines), narrow (two), heat (one cell each);
 * and where a thousand nodes must fit, heat without frames, boards side by
 * side. What does not fit even so reaches below the area: it is scrolled.
 */
#ifndef RM_UI_LAYOUT_H
#define RM_UI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/ui/canvas.h"

enum density { DENSITY_WIDE, DENSITY_NARROW, DENSITY_HEAT, DENSITY_FLOW };

struct layout_in {
	int unit, height;	/* rack unit at its bottom; 0: none */
	int slots;
	int name_w;		/* columns of its name */
};

struct layout_board {
	struct rect r;		/* frame included */
	struct rect inner;	/* tiles and the rules between them */
	enum density density;
	int slots;
	int cols, rows;		/* of tiles */
	int tile_w;		/* that a tile needs at least */
	int tile_h;
	bool ruled;		/* a rule between rows of tiles */
	bool shared;		/* others stand beside it */
	int unit, height;
};

struct layout {
	struct layout_board *b;
	size_t n;
	int w, h;		/* the area */
	int label_w;		/* columns for rack units, on the left */
	int total_h;		/* > h: it scrolls */
};

void	 layout_init(struct layout *);
void	 layout_release(struct layout *);
void	 layout_make(struct layout *, int w, int h, const struct layout_in *,
	    size_t n);

/* The tile of a slot (from 0), in the layout's own coordinates. Empty when
 * there is no such slot or no room at all. */
struct rect layout_tile(const struct layout *, size_t board, int slot);
/* Board and slot at a point; slot -1: on the board but on no tile. */
bool	 layout_at(const struct layout *, int x, int y, size_t *board,
	    int *slot);
/* The tile nearest in a direction (one of dx, dy is -1 or 1); false at the
 * edge. */
bool	 layout_move(const struct layout *, int dx, int dy, size_t *board,
	    int *slot);
/* An offset near offset which shows the tile, with its frame if it fits. */
int	 layout_scroll(const struct layout *, int offset, size_t board,
	    int slot);

#endif

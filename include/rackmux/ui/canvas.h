/*
 * canvas - cells and roles, no terminal.
 *
 * Views draw on a canvas from nothing at every frame; ui/term.c sends only
 * what differs. A cell holds one character of clean text (with its combining
 * marks) and a style: a theme role and flags. Drawing outside is clipped;
 * all text goes through text_clean's rules again, so no control byte can
 * ever be in a cell.
 */
#ifndef RM_UI_CANVAS_H
#define RM_UI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "rackmux/ui/theme.h"

struct rect { int x, y, w, h; };
struct rect rect_of(int x, int y, int w, int h);
bool	 rect_has(struct rect, int x, int y);

#define CELL_MARKS 4

struct style { uint8_t role, flags; };	/* enum role, STYLE_* */
enum { STYLE_REVERSE = 1, STYLE_BOLD = 2, STYLE_UNDERLINE = 4,
	STYLE_DIM = 8, STYLE_BLINK = 16,
	/* The role keeps its own foreground, on the background of the
	 * selected tile, of a bar or of a popup. */
	STYLE_ON_SELECTED = 32, STYLE_ON_BAR = 64, STYLE_ON_POPUP = 128 };

/* A role that is none: the cell says its colours itself, as what a node's
 * program draws does. flags are then PAINT_*. */
#define ROLE_PAINTED 255
enum { PAINT_REVERSE = 1, PAINT_BOLD = 2, PAINT_UNDERLINE = 4,
	PAINT_DIM = 8, PAINT_BLINK = 16, PAINT_ITALIC = 32 };

struct cell {
	uint32_t cp;		/* 0: right half of the wide one before */
	uint32_t marks[CELL_MARKS];
	struct style style;
	int32_t fg, bg;		/* of ROLE_PAINTED, as in theme.h; else 0 */
};

struct canvas {
	int w, h;
	struct cell *cells;
	bool *touched;		/* rows written to since canvas_settled() */
	unsigned cleared;	/* how often: who drew on it sees it gone */
	int cursor_x, cursor_y;	/* -1: hidden */
	bool ascii;		/* draw ASCII stand-ins for line art, glyphs */
};

void	 canvas_init(struct canvas *);
void	 canvas_release(struct canvas *);
void	 canvas_resize(struct canvas *, int w, int h);
void	 canvas_clear(struct canvas *);
/* Draws text from (x, y), at most cols columns; returns columns drawn. */
int	 canvas_text(struct canvas *, int x, int y, int cols, struct style,
	    const char *);
int	 canvas_printf(struct canvas *, int x, int y, int cols, struct style,
	    const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Right-aligned so that it ends before x + cols. */
int	 canvas_right(struct canvas *, int x, int y, int cols, struct style,
	    const char *);
void	 canvas_fill(struct canvas *, struct rect, struct style, uint32_t cp);
void	 canvas_put(struct canvas *, int x, int y, struct style, uint32_t cp);
/* A whole cell with its marks and its own colours; of a wide one both halves
 * are written. */
void	 canvas_paint(struct canvas *, int x, int y, const struct cell *);
/* Cells that are there, in another style. */
void	 canvas_restyle(struct canvas *, int x, int y, int cols, struct style);
/* All that was written so far has been seen. */
void	 canvas_settled(struct canvas *);
/* A thin rounded frame along the inner edge of the rectangle. */
void	 canvas_frame(struct canvas *, struct rect, struct style);
/* For goldens: text, then one style letter a cell, then one letter for the
 * flags of each where there are any. Caller frees. */
char	*canvas_dump(const struct canvas *);

#endif

/*
 * pen - writing a row from left to right, stopping at its end.
 */
#ifndef RM_UI_PEN_H
#define RM_UI_PEN_H

#include "rackmux/base/mem.h"
#include "rackmux/ui/canvas.h"

struct pen {
	struct canvas *c;
	int x, y, end;		/* end is the first column that is not ours */
	uint8_t flags;		/* of all that is written */
};

struct pen pen_at(struct canvas *, struct rect row, uint8_t flags);
int	 pen_room(const struct pen *);
struct style pen_style(const struct pen *, enum role);
void	 pen_text(struct pen *, enum role, const char *);
/* Cut with an ellipsis to at most cols columns. */
void	 pen_fit(struct pen *, enum role, int cols, const char *);
/* Exactly cols columns, text at the left (or right), nothing if no room. */
bool	 pen_field(struct pen *, enum role, int cols, const char *);
bool	 pen_right(struct pen *, enum role, int cols, const char *);
void	 pen_printf(struct pen *, enum role, const char *fmt, ...)
	    RM_PRINTF(3, 4);
void	 pen_gap(struct pen *, int cols);
void	 pen_glyph(struct pen *, enum role, uint32_t cp);
/* The next row of text that wraps at cols columns (at spaces where it can, at
 * newlines always) into row; returns the bytes to go on, 0 at the end. */
size_t	 pen_wrap(const char *text, int cols, char *row, size_t size);

#endif

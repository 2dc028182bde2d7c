/*
 * term - a canvas onto the terminal: differences only.
 *
 * The only file that knows curses. Its output passes through us, so nothing
 * that it does can block the loop.
 */
#ifndef RM_UI_TERM_H
#define RM_UI_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/ui/canvas.h"
#include "rackmux/ui/theme.h"
#include "rackmux/ui/tty.h"

struct terminal;

/* Takes the terminal over: alternate screen, mouse, no cursor. type: value
 * of TERM. NULL and err when it cannot show a screen; nothing was written
 * then. Only one at a time. tty stays the caller's. */
struct terminal *term_new(struct tty *, const char *type, char *err, size_t size);
/* Gives it back as it was. */
void	 term_free(struct terminal *);

bool	 term_ascii(const struct terminal *);	/* no UTF-8, or no glyphs */
/* The size by now; true when it differs from that of the last call. */
bool	 term_size(struct terminal *, int *w, int *h);
/* Send what differs from the last one, looking at rows that were touched.
 * Returns the bytes that it took. */
size_t	 term_draw(struct terminal *, struct canvas *,
	    const struct theme *);
/* The next drawing sends everything. */
void	 term_repaint(struct terminal *);
/* Put text onto the terminal's clipboard (OSC 52); false: it is too much. */
bool	 term_clip(struct terminal *, const char *, size_t len);
/* Leave and enter again, around something else that uses the terminal. */
void	 term_leave(struct terminal *);
void	 term_enter(struct terminal *);

#endif

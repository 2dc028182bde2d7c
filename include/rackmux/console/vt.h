/*
 * vt - the terminal in a pane: bytes of a node in, cells out.
 *
 * A parser by table (the DEC and xterm state machine that Paul Williams
 * published) with a list of what is let through; a grid of compact cells; a
 * scrollback packed line by line. It never writes anywhere: what the node asks
 * (DA1, CPR, DSR 5) is queued, and the owner decides whether it is answered.
 *
 * Sizes are clamped to 2..500 rows and 2..1000 columns. The cursor is always
 * inside, and every cell whole: no half of a wide character stands alone.
 */
#ifndef RM_CONSOLE_VT_H
#define RM_CONSOLE_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/buf.h"

#define VT_ROWS_MIN 2
#define VT_ROWS_MAX 500
#define VT_COLS_MIN 2
#define VT_COLS_MAX 1000
#define VT_MARKS 5		/* combining characters a cell at most */
#define VT_TITLE_MAX 128

/* A colour: VT_DEFAULT, 0..255 of the palette, or VT_RGB | 0xrrggbb. The
 * same numbers as in ui/theme.h. */
#define VT_DEFAULT (-1)
#define VT_RGB 0x1000000

enum {
	VT_BOLD = 1, VT_DIM = 2, VT_ITALIC = 4, VT_UNDERLINE = 8,
	VT_BLINK = 16, VT_REVERSE = 32, VT_HIDDEN = 64, VT_STRIKE = 128
};

struct vt_style {
	int32_t fg, bg;
	uint8_t attrs;
};

/* A cell as it is drawn. */
struct vt_cell {
	uint32_t cp;		/* 0: the right half of the wide one before */
	uint32_t marks[VT_MARKS];	/* 0-terminated unless full */
	uint8_t width;		/* 1 or 2; of a right half 0 */
	struct vt_style style;
};

enum vt_mouse { VT_MOUSE_OFF, VT_MOUSE_X10, VT_MOUSE_CLICKS,
	VT_MOUSE_DRAGS, VT_MOUSE_ALL };

/* What the node's program has set. */
struct vt_modes {
	bool alt;		/* the alternate screen is shown */
	bool app_cursor, app_keypad;	/* DECCKM, DECKPAM */
	bool paste;		/* 2004 */
	bool focus;		/* 1004 */
	bool newline;		/* LNM */
	bool cursor_hidden;	/* DECTCEM off */
	bool reverse;		/* DECSCNM */
	enum vt_mouse mouse;
	bool mouse_sgr;		/* 1006 */
};

struct vt;

/* lines: of scrollback at most, 0: none; fewer when they are huge (above 512
 * bytes on average). */
struct vt	*vt_new(int rows, int cols, unsigned lines);
void		 vt_free(struct vt *);
/* Any bytes, in any pieces. */
void		 vt_feed(struct vt *, const char *, size_t len);
/* A line of ours, "-- text --", dim and on its own, after which the program's
 * pen and modes are what they were. Not on the alternate screen. text is
 * clean. */
void		 vt_note(struct vt *, const char *text);
/* Reflows what was wrapped; the alternate screen is cut or padded. */
void		 vt_resize(struct vt *, int rows, int cols);
/* As RIS does; the scrollback stays. */
void		 vt_reset(struct vt *);
void		 vt_clear_scrollback(struct vt *);

int		 vt_rows(const struct vt *);
int		 vt_cols(const struct vt *);
void		 vt_cursor(const struct vt *, int *row, int *col);
const struct vt_modes *vt_modes(const struct vt *);
const char	*vt_title(const struct vt *);	/* clean, "" if none */

/* Lines are counted from 0, the oldest that is kept; the screen's first is
 * vt_lines() - vt_rows(). On the alternate screen the main screen's scrollback
 * stays reachable above it. */
unsigned	 vt_lines(const struct vt *);
/* The same line keeps this number for ever, also when older ones go: it is
 * that of line 0. A new width that breaks lines anew numbers them anew. */
unsigned long long vt_first(const struct vt *);
/* Cells of a line into out (at most cols of them); returns how many up to the
 * last one that was written. wrapped (may be NULL): it goes on in the next
 * line. */
int		 vt_line(const struct vt *, unsigned line, struct vt_cell *out,
		    int cols, bool *wrapped);
/* Its text, UTF-8, without trailing spaces; returns its length, as snprintf.
 * Fast: for searching and for the last line. */
size_t		 vt_text(const struct vt *, unsigned line, char *out,
		    size_t size);
/* Differs whenever something visible does. */
unsigned long long vt_changes(const struct vt *);
/* The same of one row of the screen, for drawing what changed alone. */
unsigned long long vt_row_changes(const struct vt *, int row);
/* Bells rung so far. */
unsigned	 vt_bells(const struct vt *);
/* Bytes of memory that it holds; what all share, about a megabyte, is not in
 * it. */
size_t		 vt_memory(const struct vt *);
/* Of all terminals' scrollback so many bytes stay as they are (1.5 MB if
 * this is never called); what scrolls off beyond is compressed. */
void		 vt_keep_plain(size_t bytes);

/* The node's questions: one complete answer a call, in order. Bounded: of what is not
 * taken the newest are dropped. Taking them is the owner's decision, who also
 * limits the rate (see console.c). Returns false when there is none. */
bool		 vt_reply(struct vt *, struct buf *out);
void		 vt_reply_drop(struct vt *);

/* Bytes that bring a new vt of this size to this state: the last lines of
 * scrollback, screen, modes, cursor. For whoever joins. */
void		 vt_snapshot(const struct vt *, unsigned lines, struct buf *out);

#endif

/*
 * conform - conformance cases as data, and what terminals make of them.
 *
 * tests/conformance/README says how a case is written. A case holds steps
 * (bytes, or a new size) and what stands on the screen after them. A terminal
 * fills a cf_screen, whichever it is, and cf_same() tells the difference in
 * what the case asks for and this terminal can tell.
 */
#ifndef RM_TESTS_CONFORM_H
#define RM_TESTS_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CF_ROWS 40
#define CF_COLS 140
#define CF_BACK 80		/* lines of scrollback that are compared */
#define CF_STEPS 16
#define CF_STYLES 32
#define CF_TEXT 24		/* bytes of a cell with its marks */
#define CF_LINE 512
#define CF_DEFAULT (-1)
#define CF_ANY (-2)		/* of a case: not seen; of a terminal: not told */
#define CF_RGB 0x1000000

enum { CF_BOLD = 1, CF_DIM = 2, CF_ITALIC = 4, CF_UNDERLINE = 8, CF_BLINK = 16,
	CF_REVERSE = 32, CF_HIDDEN = 64, CF_STRIKE = 128 };
enum { CF_ALT = 1, CF_APP_CURSOR = 2, CF_APP_KEYPAD = 4, CF_PASTE = 8,
	CF_FOCUS = 16, CF_NEWLINE = 32, CF_NO_CURSOR = 64,
	CF_REVERSED = 128, CF_X10 = 256, CF_CLICKS = 512, CF_DRAGS = 1024,
	CF_MOTION = 2048, CF_SGR = 4096 };

struct cf_cell {
	char text[CF_TEXT];	/* "": the right half of a wide one */
	int32_t fg, bg;
	unsigned attrs;
};

/* What a terminal shows in the end; plain memory, so that a forked child can
 * fill one that is shared. */
struct cf_screen {
	int rows, cols;
	struct cf_cell cell[CF_ROWS][CF_COLS];
	int row, col;			/* of the cursor, from 0 */
	int n_back;
	char back[CF_BACK][CF_LINE];	/* the oldest line first */
	char reply[CF_LINE];
	size_t reply_len;
	unsigned modes, modes_known;	/* CF_ALT.. */
	unsigned attrs_known;		/* CF_BOLD.. */
	char title[CF_LINE];
	int bells;			/* -1: it does not tell */
};

struct cf_step {
	char *bytes;		/* NULL: a new size */
	size_t len;
	int rows, cols;
};

struct cf_style {
	int row, from, to;	/* from 1 */
	int32_t fg, bg;
	unsigned attrs;
};

struct cf_case {
	char name[96];
	const char *file;
	char source[160];
	bool policy;		/* ours by choice, not by a standard */
	int rows, cols;
	struct cf_step step[CF_STEPS];
	int n_steps;
	char *row[CF_ROWS];	/* NULL: blank */
	int n_rows;
	bool any_screen;
	int cur_row, cur_col;	/* from 1; 0: not asked */
	struct cf_style style[CF_STYLES];
	int n_styles;
	char *back[CF_BACK];
	int n_back;		/* -1: not asked */
	char *reply;		/* NULL: there must be none */
	size_t reply_len;
	unsigned modes;
	bool has_modes;
	char *title;
	int bells;		/* -1: not asked */
};

/* All cases of tests/conformance, in the order of the files' names. Ends the
 * test when one cannot be read. */
struct cf_case *cf_load(int *n);
void	 cf_free(struct cf_case *, int n);
/* False, with why in a line or more, when got is not what is asked for. */
bool	 cf_same(const struct cf_case *, const struct cf_screen *got, char *why,
	    size_t size);

/* Other terminals. False: this one is not here, or could not be run. */
bool	 cf_libvterm(const struct cf_case *, struct cf_screen *);
bool	 cf_tmux_start(void);	/* a server of its own, under test_dir() */
bool	 cf_tmux(const struct cf_case *, struct cf_screen *);
void	 cf_tmux_stop(void);

#endif

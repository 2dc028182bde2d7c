/*
 * panes - the rack and consoles of nodes on one screen.
 *
 * Owns the layout tree and what each pane shows; consoles belong to the
 * session and are found by their names, so that a pane outlives a reload. A
 * console is in one pane at most. Leaf 0 of the tree is the rack.
 */
#ifndef RM_UI_PANES_H
#define RM_UI_PANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/console/console.h"
#include "rackmux/ui/canvas.h"
#include "rackmux/ui/input.h"
#include "rackmux/ui/keymap.h"
#include "rackmux/ui/tree.h"

#define PANE_RACK 0
#define PANE_NAME_MAX 96

struct screen;
struct copy;			/* ui/copy.h */
struct chorus;			/* console/chorus.h */

struct pane {
	int id;			/* its leaf, from 1 */
	char name[PANE_NAME_MAX];	/* of its console */
	struct console *console;	/* NULL: there is none of that name */
	unsigned long long serial;	/* of that console */
	struct console_viewer *viewer;
	struct rect r;		/* title included; empty: not on the screen */
	struct rect in;		/* where its terminal is drawn */
	/* Scrolled back: the line at the top, counted for ever (vt_first());
	 * live otherwise. */
	bool back;
	unsigned long long top;
	struct copy *copy;	/* copy mode, or NULL */
	/* What was drawn, row by row, and from what. */
	unsigned long long drawn[VT_ROWS_MAX];
	bool whole;		/* the next drawing draws all of it */
	bool said_why;		/* the last one said why there is nothing */
	bool dirty;
	uint64_t drawn_at;	/* loop ms; 0: never */
	unsigned rest_ms;	/* until it may be drawn again by itself */
	unsigned bells;		/* rung by the last drawing */
	uint64_t bell_until;	/* its title says so until then */
};

struct panes {
	struct screen *screen;
	struct consoles *set;	/* NULL: there are no consoles */
	unsigned generation;	/* of the set when panes looked for theirs */
	struct tree *tree;
	struct pane **v;
	size_t n;
	int last_id;
	int focus;		/* a leaf */
	int before;		/* that had the focus before, -1 */
	bool zoomed;		/* the focused one only */
	bool solo;		/* one console and no rack */
	struct key prefix;
	bool leading;		/* the prefix was typed */
	struct rect area;	/* all of them */
	struct rect rack;	/* empty: not on the screen */
	bool moved;		/* see panes_moved() */
	enum tree_shape shape;	/* of the last arrangement */
	uint64_t typed_at;	/* loop ms of the last key to a console */
	int press_x, press_y;	/* where a button was pressed last */
	/* Dragging an edge with the mouse. */
	bool dragging;
	int drag_leaf;
	enum tree_dir drag_dir;
	struct chorus *chorus;	/* typing to many, or NULL */
	char *taken;		/* what copy mode took last, or NULL */
	enum tree_dir asked;	/* for which split a console is being picked */
	char layout[48];	/* name of the layout in use, or "" */
};

void	 panes_init(struct panes *, struct screen *);
void	 panes_release(struct panes *);
void	 panes_set(struct panes *, struct consoles *);
/* Only this console, all over the screen. */
void	 panes_solo(struct panes *, const char *name);

/* Where everything is; called before drawing. */
void	 panes_place(struct panes *, struct rect area);
/* All of it, but the rack. */
void	 panes_draw(struct panes *, struct canvas *);
/* Since the last drawing a pane came, went, or has another place. */
bool	 panes_moved(struct panes *);
/* Only what is due at now and no more than what changed; true when something
 * was drawn. */
bool	 panes_draw_due(struct panes *, struct canvas *, uint64_t now);
/* Their titles alone: what they say changes with time, too. */
void	 panes_titles(struct panes *, struct canvas *);
/* The last drawing cost so many bytes. */
void	 panes_cost(struct panes *, size_t bytes);
/* Loop ms at which something becomes due; UINT64_MAX: nothing waits. */
uint64_t panes_due(const struct panes *, uint64_t now);
/* Something of a console changed; true when a pane shows it. */
bool	 panes_changed(struct panes *, const struct console *);

/* A pane for a console, below the others or where it is already; it gets the
 * focus. False when there are too many. */
bool	 panes_open(struct panes *, const char *name);
/* Several at once, arranged as a grid below the rack. */
void	 panes_open_many(struct panes *, const char *const *names, size_t n);
void	 panes_split(struct panes *, enum tree_dir, const char *name);
void	 panes_close(struct panes *, int id);
void	 panes_focus(struct panes *, int id);
struct pane *panes_find(const struct panes *, const char *name);
struct pane *panes_at_id(const struct panes *, int id);
/* The focused console's pane, or NULL: the rack has the focus. */
struct pane *panes_focused(const struct panes *);

/* True when it was for a pane and not for the rack. */
bool	 panes_key(struct panes *, struct key);
bool	 panes_mouse(struct panes *, const struct mouse *);
bool	 panes_paste(struct panes *, const char *, size_t len);
/* The terminal has lost or got the focus. */
void	 panes_terminal_focus(struct panes *, bool in);
void	 panes_do(struct panes *, enum action);
/* After a reload a name may be another console, or none: look again. All that
 * follows a console does so first. */
void	 panes_look_again(struct panes *);
/* Of those typed at as one: how many there are, and how many are paused. */
size_t	 panes_many(const struct panes *, size_t *paused);

/* --- pane.c, pane_draw.c ------------------------------------------------ */

struct pane *pane_new(struct panes *, const char *name, int id);
void	 pane_free(struct pane *);
/* Look its console up, and look at it. */
void	 pane_attach(struct panes *, struct pane *);
void	 pane_place(struct panes *, struct pane *, struct rect);
void	 pane_draw(struct panes *, struct pane *, struct canvas *);
/* Scroll by lines: > 0 back. */
void	 pane_scroll(struct pane *, int by);
void	 pane_live(struct pane *);
/* The line (of vt_line()) at a row of the pane. */
unsigned pane_line(const struct pane *, int row);
/* Type at it, or at all when typing to many. */
void	 pane_type(struct panes *, struct pane *, const char *, size_t len);
/* At this one alone: where the mouse is, whether it has the focus. */
void	 pane_send(struct panes *, struct pane *, const char *, size_t len);
/* Its console's number of lines on the screen above which it is scrolled. */
unsigned pane_back_lines(const struct pane *);
void	 pane_title(struct panes *, struct pane *, struct canvas *);

/* --- named layouts: panes_layout.c -------------------------------------- */

/* As text for a file, and back; false: the text is none, and nothing has
 * changed. */
void	 panes_save(const struct panes *, struct buf *);
bool	 panes_load(struct panes *, const char *text);
/* Ask for a name, keep it; ask which, open it. */
void	 panes_ask_save(struct panes *);
void	 panes_ask_load(struct panes *);
/* The layout of that name, if it is kept. */
void	 panes_open_layout(struct panes *, const char *name);
/* Ask which console a new pane is to show. */
void	 panes_ask_split(struct panes *, enum tree_dir);

#endif

/*
 * screen - all that the operator looks at, without a terminal: views,
 * selection, questions, messages. It draws on a canvas and takes keys, so
 * that a test needs nothing else.
 */
#ifndef RM_UI_SCREEN_H
#define RM_UI_SCREEN_H

#include "rackmux/link/link.h"
#include "rackmux/model/model.h"
#include "rackmux/ui/canvas.h"
#include "rackmux/ui/input.h"
#include "rackmux/ui/keymap.h"
#include "rackmux/ui/layout.h"
#include "rackmux/ui/panes.h"
#include "rackmux/ui/pick.h"

enum view_id { VIEW_RACK, VIEW_NODE, VIEW_BOARD, VIEW_EVENTS, VIEW_COUNT };

/* What the screen does not do itself. Any may be NULL. */
struct screen_host {
	/* REFRESH, QUIT, SUSPEND, REDRAW. board and node: what is selected,
	 * or NULL. */
	void (*on_action)(void *arg, enum action, struct board *,
	    struct node *);
	/* answer NULL: declined. It is wiped after the call. */
	void (*on_answer)(void *arg, unsigned id, const char *answer);
	/* An action that the operator chose, and confirmed where it must. */
	void (*on_act)(void *arg, struct node *, enum act);
	/* Layouts of panes, kept from one start to the next. NULL and err when
	 * the file cannot be written; text is borrowed until the next call. */
	bool (*save_layout)(void *arg, const char *name, const char *text,
	    char *err, size_t size);
	const char *(*load_layout)(void *arg, const char *name);
	const char *(*layout_name)(void *arg, size_t i);	/* NULL: no more */
	/* Text for the operator's terminal's clipboard; false: too much. */
	bool (*on_clip)(void *arg, const char *, size_t len);
};

/* A node that the card is about. */
struct card_node {
	unsigned long board;	/* its serial */
	int slot;
	bool meant;		/* it could, when the action was chosen */
	struct node *node;	/* as found by the last look */
};

/* The card of actions: open, which one, and whether it asks again. */
struct card {
	bool open, sure;
	bool marks;		/* it is about the marked nodes */
	struct card_node *v;	/* those for which it was opened */
	size_t n;
	int at;			/* enum act */
	struct rect rows;	/* where they were drawn */
};

#define ASK_INPUT_MAX 512
struct ask {
	struct ask *next;
	unsigned id;
	enum link_ask_kind kind;
	bool echo;
	char *name, *title, *text;
	char input[ASK_INPUT_MAX];
	size_t len;
	const char *hint;	/* what was wrong with the answer, or NULL */
};

struct screen {
	struct model *model;
	const struct screen_host *host;
	void *arg;
	bool read_only;
	enum view_id views[VIEW_COUNT + 1];
	int depth;		/* of views; views[0] is the rack */
	bool help;
	int help_scroll;
	/* Selection: a board of the model and a slot from 0, -1: none. */
	struct board *board;
	int slot;
	struct layout layout;
	struct rect body;	/* where the view was drawn last */
	int scroll;		/* of the rack */
	bool follow;		/* the next drawing shows the selection */
	int list_scroll[VIEW_COUNT];
	int list_page;
	bool past_end;		/* the list was drawn from beyond its end */
	struct card card;
	struct ask *asks;	/* the first is shown */
	char message[200];
	enum event_kind message_kind;
	uint64_t message_until;
	uint64_t click_at;
	struct node *clicked;
	struct panes panes;
	struct pick pick;
	bool was_covered;	/* a window stood over the last drawing */
	const struct cell *drawn;	/* the cells of that drawing */
	unsigned drawn_cleared;	/* and their canvas.cleared */
};

void	 screen_init(struct screen *, struct model *);
void	 screen_release(struct screen *);
void	 screen_draw(struct screen *, struct canvas *);
/* Panes have moved, or a window came or went: drawing some is not enough. */
bool	 screen_all_due(const struct screen *, const struct canvas *);
/* Loop ms at which a pane is to be drawn; UINT64_MAX: none waits. */
uint64_t screen_panes_due(const struct screen *, uint64_t now);
/* Only panes whose time has come, on what screen_draw() has left; false when
 * there is more to it, or nothing. */
bool	 screen_draw_panes(struct screen *, struct canvas *, uint64_t now);
void	 screen_key(struct screen *, struct key);
/* This key would go to a node and change nothing on the screen by itself. */
bool	 screen_types(const struct screen *, struct key);
void	 screen_mouse(struct screen *, const struct mouse *);
void	 screen_paste(struct screen *, const char *, size_t len);
void	 screen_do(struct screen *, enum action);
void	 screen_ask(struct screen *, const char *name, const struct link_ask *);
void	 screen_ask_over(struct screen *, unsigned id);
void	 screen_message(struct screen *, enum event_kind, const char *text);
void	 screen_select(struct screen *, struct board *, int slot);
void	 screen_open(struct screen *, enum view_id);
/* Its console in a pane; those of all marked nodes. */
void	 screen_console(struct screen *);
/* The name of a node's console into out, or a message why there is none. */
bool	 screen_console_name(struct screen *, const struct node *, char *out,
	    size_t size);
/* The selected node, or NULL. */
struct node *screen_node(const struct screen *);
size_t	 screen_board_index(const struct screen *);

/* --- the parts, one file each ------------------------------------------- */

struct view {
	const char *name;
	void (*draw)(struct screen *, struct canvas *, struct rect);
};
extern const struct view view_rack, view_node, view_board, view_events;

void	 header_draw(struct screen *, struct canvas *, struct rect);
void	 footer_draw(struct screen *, struct canvas *, struct rect);
void	 help_draw(struct screen *, struct canvas *, struct rect);
void	 prompt_draw(struct screen *, struct canvas *, struct rect);
void	 prompt_key(struct screen *, struct key);
void	 prompt_paste(struct screen *, const char *, size_t len);
void	 prompt_free(struct ask *);
void	 card_open(struct screen *);
void	 card_release(struct screen *);
void	 card_draw(struct screen *, struct canvas *, struct rect);
void	 card_key(struct screen *, struct key);
void	 card_mouse(struct screen *, const struct mouse *);
/* Why the operator cannot do it to the node now, or NULL. */
const char *screen_cannot(const struct screen *, const struct node *,
	    enum act);
/* A framed window of at most w x h in the middle; returns its inside. */
struct rect popup_draw(struct canvas *, struct rect in, int w, int h,
	    const char *title);
/* Lay the rack out anew for an area (also before moving the selection). */
void	 rack_layout(struct screen *, int w, int h);
/* The newest events into a rectangle, newest first, from skip on. */
void	 events_draw(struct screen *, struct canvas *, struct rect, size_t skip);

#endif

/*
 * ui - the dashboard: a screen on a terminal.
 *
 * Draws at the end of a turn when something changed, at most 20 times a
 * second and max_rate bytes a second. It takes the loop's turn-end hook and
 * the model's change hook, and SIGWINCH, SIGTSTP, SIGCONT.
 */
#ifndef RM_UI_UI_H
#define RM_UI_UI_H

#include "rackmux/link/link.h"
#include "rackmux/model/model.h"
#include "rackmux/ui/keymap.h"
#include "rackmux/ui/screen.h"
#include "rackmux/ui/theme.h"

struct ui;

struct ui_options {
	struct loop *loop;
	struct model *model;	/* borrowed */
	/* Copied. NULL: "default". */
	const struct theme *theme;
	bool ascii;		/* ASCII even where UTF-8 would do */
	bool read_only;
	unsigned max_rate;	/* bytes a second to the terminal; 0: any */
	/* Callbacks; any may be NULL. */
	void (*on_quit)(void *arg);	/* q, Ctrl-C, or the terminal is gone */
	/* ACTION_REFRESH so far; board and node are what is selected. */
	void (*on_action)(void *arg, enum action, struct board *,
	    struct node *);
	void (*on_act)(void *arg, struct node *, enum act);
	/* answer NULL: declined. Copy it; it is wiped after the call. */
	void (*on_answer)(void *arg, unsigned ask_id, const char *answer);
	/* As in struct screen_host. */
	bool (*save_layout)(void *arg, const char *name, const char *text,
	    char *err, size_t size);
	const char *(*load_layout)(void *arg, const char *name);
	const char *(*layout_name)(void *arg, size_t i);
	void *arg;
};

/* Takes the terminal (descriptors 0 and 1, $TERM) over. NULL and a sentence
 * in err when there is none that can show a screen. */
struct ui *ui_new(const struct ui_options *, char *err, size_t size);
/* Gives the terminal back as it was. */
void	 ui_free(struct ui *);

/* A question of a link; on_answer comes with its id, once, unless
 * ui_ask_over() came before. name: whose link, or NULL. */
void	 ui_ask(struct ui *, const char *name, const struct link_ask *);
void	 ui_ask_over(struct ui *, unsigned id);
/* What consoles there are; NULL before they go. */
void	 ui_consoles(struct ui *, struct consoles *);
/* Something of a console changed that may be shown. */
void	 ui_console_changed(struct ui *, const struct console *);
struct panes *ui_panes(struct ui *);
/* One line at the bottom for a few seconds. */
void	 ui_message(struct ui *, enum event_kind, const char *text);
void	 ui_set_theme(struct ui *, const struct theme *);
/* Something that it cannot see changed: draw soon. */
void	 ui_dirty(struct ui *);
unsigned long long ui_bytes(const struct ui *);	/* to the terminal so far */
/* Bytes drawn that the terminal has not taken yet. */
size_t	 ui_pending(const struct ui *);

#endif

/*
 * session - the wiring: boards on links, feeding the model.
 *
 * Owns model, link pool, links and intakes. Questions of links go to the
 * sink; without one they are declined by the links themselves.
 */
#ifndef RM_APP_SESSION_H
#define RM_APP_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/app/config.h"
#include "rackmux/base/loop.h"
#include "rackmux/link/link.h"
#include "rackmux/model/intake.h"
#include "rackmux/model/model.h"

struct bus;
struct console;
struct consoles;
struct session;

struct session_sink {
	void (*ask)(void *arg, struct link *, const struct link_ask *);
	void (*ask_over)(void *arg, struct link *, unsigned id);
	/* Something of a console changed that may be shown. May be NULL. */
	void (*console_changed)(void *arg, struct console *);
};

/* sink may be NULL: nobody is there to ask. It must outlive the session. */
struct session	*session_new(struct loop *, const struct session_sink *,
		    void *arg);
void		 session_free(struct session *);
struct model	*session_model(struct session *);
/* A board as the configuration has it, without links. */
struct board	*session_make_board(struct model *,
		    const struct config_board *);

/* Write down what is done, in a journal in dir (config_state_dir(); NULL:
 * nowhere), and tell of what was interrupted. config is the path of what is
 * applied: the same name in another configuration is another node. */
void	 session_journal(struct session *, const char *dir,
	    const char *config);

/* What the configuration changed; boards that did not change keep their
 * links, their values and their history. */
struct session_change {
	size_t kept, added, changed, removed;	/* boards */
	size_t feeds;		/* that were added, changed or removed */
};
/* Takes over the configuration and makes the wiring match it. Targets stay
 * as they are. */
void	 session_apply(struct session *, struct config *,
	    struct session_change *);
const struct config *session_config(const struct session *);

/* A board that stands in no configuration: connect, find out what it is,
 * and go on from there. False, and err says why, when the text is no link. */
bool	 session_target(struct session *, const char *text, char *err,
	    size_t size);

/* Ask again now: the board (NULL: all) and its nodes; links that wait before
 * they try again do not wait longer. */
void	 session_refresh(struct session *, const struct board *);
/* Do it by whoever can: the board's controller, else the node's power feed,
 * else the node itself. NULL
 * when it is begun, and fn hears exactly one outcome, later; else the
 * sentence why nobody can, and fn is not called. */
const char *session_act(struct session *, const struct node *, enum act,
	    intake_acted_fn *, void *arg);
/* The same for a board as a whole (slot 0). */
const char *session_act_board(struct session *, const struct board *,
	    enum act, intake_acted_fn *, void *arg);
/* Open consoles too: those that are captured at once, others when somebody
 * looks. To be called once, before session_apply(). dir is the state folder
 * (NULL: nothing is logged), bus may be NULL and is borrowed. */
void	 session_open_consoles(struct session *, const struct config *,
	    const char *dir, struct bus *);
struct consoles *session_consoles(struct session *);	/* or NULL */
/* All have had a whole round, or failed in a way that waiting does not
 * mend. */
bool	 session_settled(const struct session *);
/* A link of the session that failed, for reports. */
struct session_failure {
	const struct board *board;	/* or NULL, and a feed */
	const struct feed *feed;
	int slot;		/* 0: the board itself */
	const char *why;	/* a sentence */
};
/* Returns how many there are; out gets at most max. */
size_t	 session_failures(const struct session *, struct session_failure *out,
	    size_t max);
/* Links, and bytes both ways over all of them so far. */
size_t	 session_links(const struct session *, unsigned long long *bytes);
/* Tell fn(arg) whenever something changed that settled() may depend on. */
void	 session_on_news(struct session *, loop_fn *, void *arg);

#endif

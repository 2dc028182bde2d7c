/*
 * wire - one link of a session and what it feeds; and a rig, which is a
 * board, or a power feed, with its wires. Private to the session.
 */
#ifndef RM_APP_WIRE_H
#define RM_APP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/app/config.h"
#include "rackmux/app/session.h"
#include "rackmux/model/intake.h"

struct session {
	struct loop *loop;
	struct link_pool *pool;
	struct model *model;
	struct config *config;
	struct rig **rigs;
	size_t n_rigs;
	const struct session_sink *sink;
	void *sink_arg;
	loop_fn *news;
	void *news_arg;
	struct chronicle *chronicle;	/* NULL: nothing is written down */
	struct attachments *attachments;	/* NULL: no consoles */
};

/* What a wire is to be: all strings borrowed but key. */
struct plan {
	int slot;			/* 0: the whole board */
	const struct driver *driver;	/* NULL: to be found out */
	const char *url, *user, *identity, *known_hosts, *ssh_config;
	const char *password_cmd;
	const struct setting *settings;
	size_t n_settings;
	const struct recipe *recipe;	/* of a described board, or NULL */
	unsigned poll_ms;
	char *key;			/* equal when nothing differs; NULL: a target's */
};

struct wire {
	struct session *session;
	struct rig *rig;
	int slot;
	unsigned poll_ms;
	char *key;
	struct link *link;
	struct intake *intake;		/* NULL while the type is unknown */
	struct origin *unknown;		/* stands in until then, or NULL */
	unsigned ticket;		/* of the question what it is */
	unsigned losses;
	bool hopeless;			/* will not find out what it is */
	bool seen;
};

struct rig {
	char *key;
	struct board *board;		/* or NULL, and a feed */
	struct feed *feed;
	struct wire **wires;
	size_t n_wires;
	bool target;			/* of no configuration */
	bool seen;
};

/* plan.c: what a board of the configuration needs. */
#define PLANS_MAX (DRIVER_SLOTS_MAX + 1)
size_t	 plan_board(const struct config *, const struct config_board *,
	    struct plan *out);
/* The one link of a power feed. */
void	 plan_feed(const struct config *, const struct config_feed *,
	    struct plan *out);
void	 plan_release(struct plan *, size_t n);
char	*plan_rig_key(const struct config *, const struct config_board *);
unsigned plan_poll_ms(const struct config *, const struct config_board *);

/* wire.c */
struct wire *wire_new(struct rig *, struct session *, const struct plan *);
void	 wire_free(struct wire *);
void	 wire_refresh(struct wire *);
bool	 wire_settled(const struct wire *);
/* NULL unless it failed. */
const char *wire_failure(const struct wire *);

/* Questions of links, passed on; declined where nobody is there to ask. */
void	 session_asked(struct session *, struct link *,
	    const struct link_ask *);
void	 session_ask_over(struct session *, struct link *, unsigned id);

/* detect.c: learn what is at the far end, then give it an intake. */
void	 detect_start(struct wire *);
void	 wire_feed(struct wire *, const struct driver *,
	    const struct driver_config *);
void	 wire_news(struct wire *);

/* session.c */
/* Type and title of a board that is described. */
void	 session_describe(struct board *, const struct recipe *);
struct rig *session_add_rig(struct session *, struct board *, char *key);
void	 session_drop_rig(struct session *, struct rig *);
bool	 session_rewire(struct session *, struct rig *, const struct plan *,
	    size_t n);
const char *rig_name(const struct rig *);

/* session_journal.c: actions go through it, and are written down. */
void	 session_do(struct session *, struct intake *, int slot,
	    const char *node, enum act, intake_acted_fn *, void *arg);
void	 session_mark_interrupted(struct session *);
void	 session_journal_seen(struct session *);
void	 session_journal_free(struct session *);

/* session_console.c: consoles follow their links and nodes. */
void	 session_consoles_free(struct session *);
/* A link's state has changed. */
void	 session_console_link(struct session *, struct link *,
	    enum link_state, const char *text);
/* It is about to be freed. */
void	 session_console_no_link(struct session *, const struct link *);
/* A board is about to go. */
void	 session_console_no_board(struct session *, const struct board *);
/* The node is about to be switched on: what it says first is kept. */
void	 session_console_arm(struct session *, const struct node *);
/* The configuration, or what is known of boards, is another. */
void	 session_console_sync(struct session *);
/* What the configuration says of all consoles, read anew: the patterns. How
 * they are logged and kept holds from the start on. */
void	 session_console_config(struct session *);

/* session_feed.c: the feeds of the configuration, and who hangs on them. */
void	 session_drop_feeds(struct session *, const struct config *,
	    struct session_change *);
void	 session_apply_feeds(struct session *, struct session_change *);
struct rig *session_find_feed(struct session *, const char *name);

#endif

/*
 * link_in - what the files of the link itself share.
 *
 * link.c is the state machine, link_shell.c the shell, runs.c the requests,
 * loan.c the streams that others opened through the link.
 */
#ifndef RM_LINK_LINK_IN_H
#define RM_LINK_LINK_IN_H

#include "rackmux/base/buf.h"
#include "rackmux/base/watch.h"
#include "rackmux/link/backoff.h"
#include "rackmux/link/link.h"
#include "rackmux/link/passcmd.h"
#include "rackmux/link/pool.h"
#include "rackmux/link/shell.h"
#include "rackmux/link/transport.h"
#include "rackmux/link/url.h"
#include "defs.h"

/* One connection: it outlives the link while a callback of its transport is
 * under way. */
struct conn {
	struct link *link;	/* NULL: dropped */
	struct transport *t;
	struct task *reap;
	int busy;
};

enum req_kind { REQ_RUN, REQ_EXEC };
enum req_state { REQ_QUEUED, REQ_SENT, REQ_OVER };

struct req {
	struct req *next;
	struct link *link;
	unsigned ticket;
	enum req_kind kind;
	enum req_state state;
	char *cmd;
	char *input;
	size_t len, written;
	unsigned timeout_ms;
	link_done_fn *done;
	void *arg;
	enum link_outcome outcome;	/* REQ_OVER */
	char *why;
	struct stream *stream;		/* of an exec */
	struct timer *timer;
	struct buf out;
	int status;
	unsigned long long received;	/* by the link, when it was sent */
};

/* A question of ours that is open. */
struct link_open_ask {
	struct link_open_ask *next;
	struct link *link;
	unsigned id;
	struct pool_wait *wait;
};

struct loan;

struct link {
	struct link_pool *pool;
	struct loop *loop;
	struct link_config config;	/* its strings are ours */
	struct url url;
	const struct transport_ops *ops;
	struct link_sink sink;
	void *arg;
	enum link_state state;
	enum link_why why;
	char text[640];	/* a changed host key takes that */
	bool wanted, closing, freed, up;
	int busy;
	struct conn *conn;
	struct backoff backoff;
	struct timer *retry, *silence;
	struct task *kick, *post;
	uint64_t retry_at;
	struct watch *watch;
	bool looked;	/* again, after the watch was laid */
	struct req *reqs;
	struct def *defs;
	struct loan *loans;
	struct link_open_ask *asks;
	struct shell *shell;
	struct passcmd *passcmd;
	unsigned password_id;	/* the question about the console's password */
	uint64_t no_shell_until;
	char no_shell_why[200];
	bool shell_lost;		/* a console's, just now */
	enum link_why shell_why;
	unsigned tickets, rtt_us;
	unsigned long long bytes;	/* of connections that are over */
	unsigned long long received;	/* at heard_at */
	uint64_t heard_at, wait_since, probed_at;
	uint64_t unheard_ms;	/* before it was given up */
	unsigned probes;
	struct stream *probe;
	bool borrowed;
};

/* --- link.c --- */
void	 link_enter(struct link *);
bool	 link_leave(struct link *);	/* false: it is gone */
void	 conn_enter(struct conn *);
void	 conn_leave(struct conn *);
/* The connection is over: requests and loans hear of it. False: the link
 * was freed by one who heard. */
bool	 link_fail(struct link *, enum link_why, const char *text, bool retry);
/* These two: false when the link was freed by who was told. */
bool	 link_set_state(struct link *, enum link_state, enum link_why,
	    const char *text);
bool	 link_raise_ask(struct link *, const struct link_ask *);
void	 link_is_up(struct link *);

/* --- link_shell.c --- */
/* A shell of the transport at hand; false when there can be none now. */
bool	 link_open_shell(struct link *);
void	 link_close_shell(struct link *);
void	 link_give_password(struct link *);	/* as far as it is known */

/* --- runs.c --- */
void	 runs_post(void *link);
/* Nothing is under way any more: what was sent has died. */
void	 runs_drop(struct link *, const char *why);
/* Everything that runs in the shell and was not sent cannot be. */
void	 runs_refuse(struct link *, enum link_outcome, const char *why);
/* What the lost shell had under way died. */
void	 runs_shell_lost(struct link *, const char *why);
void	 runs_free(struct link *);
bool	 runs_under_way(const struct link *);

/* --- silence.c --- */
void	 silence_tick(void *link);
void	 silence_up(struct link *);	/* the connection is up */
void	 silence_begin(struct link *);	/* something was asked */
void	 silence_heard(struct link *);	/* an answer came */
void	 silence_counts(struct link *);	/* it is given up for that */
void	 silence_end(struct link *);

/* --- loan.c --- */
bool	 loans_drop(struct link *, const char *why);

#endif

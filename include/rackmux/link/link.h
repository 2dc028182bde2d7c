/*
 * link - a board at the far end of something.
 *
 * A link keeps itself up: it connects, asks the operator when it must,
 * notices a dead peer, and tries again with back-off and jitter. What one
 * asks of it is answered exactly once, also when the link dies, in a
 * callback and never from within the call itself.
 *
 * Ownership: link_new() copies its configuration. link_free() answers what
 * is open with LINK_CANCELLED first. All callbacks come on the loop.
 */
#ifndef RM_LINK_LINK_H
#define RM_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/loop.h"

struct link;
struct link_pool;
struct stream;
struct stream_sink;
struct stream_request;

enum link_state {
	LINK_DOWN,		/* not wanted, or waiting for the operator */
	LINK_RESOLVING,
	LINK_CONNECTING,
	LINK_HOSTKEY,		/* the operator must look at a host key */
	LINK_AUTH,
	LINK_UP,
	LINK_LOST,		/* will try again: link_retry_ms() */
};
const char *link_state_name(enum link_state);

/* Why a link is down, as far as the evidence goes. */
enum link_why {
	LINK_WHY_NONE,
	LINK_WHY_NAME,		/* the name does not resolve */
	LINK_WHY_REFUSED,	/* TCP refused: the machine is there */
	LINK_WHY_RESET,		/* the peer reset or closed the connection */
	LINK_WHY_TIMEOUT,	/* no answer at all: power, cable or route */
	LINK_WHY_UNREACHABLE,	/* a router says no */
	LINK_WHY_BANNER,	/* TCP accepted, but no SSH server talks */
	LINK_WHY_PROTOCOL,	/* it talks, but not what we can speak */
	LINK_WHY_HOSTKEY,	/* unknown and not accepted, or changed */
	LINK_WHY_AUTH,		/* refused us */
	LINK_WHY_ASKING,	/* waits for the operator's answer */
	LINK_WHY_SILENT,	/* was up, then no answer for two polls */
	LINK_WHY_BUSY,		/* the port is held by another program */
	LINK_WHY_GONE,		/* the port or program is not there (unplugged) */
	LINK_WHY_SHELL,		/* connected, but no POSIX shell answers */
	LINK_WHY_LOCAL,		/* our side: no descriptor, no permission */
};
const char *link_why_name(enum link_why);

enum {
	LINK_CAN_RUN = 1,	/* commands in a long-lived shell */
	LINK_CAN_EXEC = 2,	/* a process of its own */
	LINK_CAN_STREAM = 4,	/* interactive bytes */
	LINK_CAN_CONNECT = 8,	/* a TCP port on the far side */
	LINK_CAN_DIALOGUE = 16,	/* raw lines with a peer that has no shell */
	LINK_CAN_BREAK = 32,
};

struct link_config {
	const char *name;	/* for messages: "tp2-a" */
	const char *url;
	const char *user;	/* default user; the URL's own wins; may be NULL */
	const char *identity;	/* key file, may be NULL */
	const char *password_cmd;	/* prints the password, may be NULL */
	const char *known_hosts;	/* NULL: ~/.ssh/known_hosts and the system's */
	const char *ssh_config;	/* NULL: as ssh finds it; "none": no file */
	bool interactive;	/* there is an operator to ask */
	/* The peer has none: type nothing at it. A program (exec:) is then
	 * started by link_open() only. */
	bool no_shell;
	unsigned connect_ms;	/* 0: 5,000 */
	unsigned silent_ms;	/* a peer is lost after this; 0: 4,000 */
};

/* What the operator is asked. text holds cleaned strings only. */
enum link_ask_kind { ASK_HOSTKEY, ASK_PASSPHRASE, ASK_PASSWORD, ASK_PROMPT };
struct link_ask {
	enum link_ask_kind kind;
	unsigned id;		/* unique in the program */
	const char *title;	/* "Unknown host key of 10.0.0.5" */
	const char *text;	/* several lines; for a key its fingerprint */
	bool echo;		/* what is typed may be shown */
};

struct link_sink {
	void (*on_state)(void *arg, struct link *, enum link_state,
	    enum link_why, const char *text);
	void (*on_ask)(void *arg, struct link *, const struct link_ask *);
	/* The question of this id needs no answer any more. */
	void (*on_ask_over)(void *arg, struct link *, unsigned id);
};

/* The pool bounds what all links do at once: 32 handshakes in flight, a
 * slot being released when a peer keeps us waiting for 300 ms; and it holds
 * what they share: keys, host keys, jump hosts. Freed after its links. */
struct link_pool *link_pool_new(struct loop *);
void		 link_pool_free(struct link_pool *);

/* NULL and err when the URL is wrong. */
struct link	*link_new(struct link_pool *, const struct link_config *,
		    const struct link_sink *, void *arg, char *err,
		    size_t size);
void		 link_free(struct link *);
void		 link_start(struct link *);	/* want it up, at once */
void		 link_stop(struct link *);	/* want it down */
/* Declare the peer dead, for a reason that the caller saw. */
void		 link_lost(struct link *, enum link_why, const char *text);
/* Answer a question; NULL declines. The text is wiped by the link. */
void		 link_answer(struct link *, unsigned id, const char *answer);

const char	*link_name(const struct link *);
const char	*link_url(const struct link *);
unsigned	 link_can(const struct link *);
enum link_state	 link_state(const struct link *);
enum link_why	 link_why(const struct link *);
const char	*link_why_text(const struct link *);	/* "" when up */
/* Milliseconds until the next try; 0 when none is planned. */
uint64_t	 link_retry_ms(const struct link *);
/* Milliseconds of silence after which it was given up, and in which bytes were
 * lost already; 0 when it went in another way. */
uint64_t	 link_unheard_ms(const struct link *);
/* Round trip of the last command, in microseconds; 0: none yet. */
unsigned	 link_rtt_us(const struct link *);
/* Bytes on the wire, both ways, over all connections so far. */
unsigned long long link_bytes(const struct link *);

/* --- run ---------------------------------------------------------------- */

enum link_outcome {
	LINK_DONE,		/* it ran: see status */
	LINK_TIMED_OUT,
	LINK_DIED,		/* the link was lost; it may have run */
	LINK_NOT_SENT,		/* the link was lost or down before it was sent */
	LINK_CANCELLED,
	LINK_CANNOT,		/* this link cannot do that */
};

struct link_result {
	enum link_outcome outcome;
	int status;		/* exit status of the command */
	const char *out;	/* NUL-terminated; stdout and stderr as asked */
	size_t len;
	bool cut;		/* there was more than LINK_OUT_MAX */
	const char *why;	/* a sentence unless LINK_DONE */
};

#define LINK_OUT_MAX (256 * 1024)

typedef void link_done_fn(void *arg, const struct link_result *);

/* Define a shell function on the far side. It is sent before the next
 * command and again after each reconnect, so a poll costs only its name.
 * name is [a-z_]+; body is POSIX sh. */
void	 link_define(struct link *, const char *name, const char *body);
/* Run a command in the link's shell, one after the other; stdin is empty,
 * stderr goes into the output. Returns a ticket, never 0. */
unsigned link_run(struct link *, const char *cmd, unsigned timeout_ms,
	    link_done_fn *, void *arg);
/* The same in a process of its own, with input (may be NULL). */
unsigned link_exec(struct link *, const char *cmd, const char *input,
	    size_t len, unsigned timeout_ms, link_done_fn *, void *arg);
/* Answers it with LINK_CANCELLED soon, if it is still open. */
void	 link_cancel(struct link *, unsigned ticket);

/* Interactive bytes; see link/transport.h for the request. On a serial line
 * the shell is closed while a STREAM_RAW or STREAM_PTY borrows the line. */
struct stream *link_open(struct link *, const struct stream_request *,
	    const struct stream_sink *, void *arg, int *err);

#endif

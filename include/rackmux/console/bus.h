/*
 * bus - what rackmux processes of one user on one machine share: whose a
 * console's line is, and its stream.
 *
 * One socket, $XDG_RUNTIME_DIR/rackmux/bus (0600 in a 0700 directory, the
 * peer's credentials checked), JSON Lines for control and length-framed bytes
 * for streams; the protocol is written down in docs/architecture.md. Whoever
 * comes first serves the socket; when it goes another takes its place, and
 * lines that are owned stay owned. A claim that nobody can be asked about is
 * granted: without a runtime directory everything works, alone.
 *
 * Callbacks come from the loop, never from within a call.
 */
#ifndef RM_CONSOLE_BUS_H
#define RM_CONSOLE_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/loop.h"

struct bus;
struct bus_claim;
struct bus_join;

/* dir: where the socket is; NULL: $XDG_RUNTIME_DIR/rackmux, else
 * /run/user/UID/rackmux, else /tmp/rackmux-UID. who: "dashboard", "console tp2-a/1". */
struct bus	*bus_new(struct loop *, const char *dir, const char *who);
void		 bus_free(struct bus *);
/* A sentence when it cannot be used (wrong owner of the directory, ...), or
 * NULL. */
const char	*bus_trouble(const struct bus *);

/* Who has a line: who and pid of the process. */
struct bus_owner {
	pid_t pid;
	char who[64];
	char user[32];		/* login name */
};

/* --- owning a line ------------------------------------------------------ */

struct bus_claim_sink {
	/* It is ours: open it. */
	void (*on_mine)(void *arg);
	/* It is another's (also after it was ours and was taken: close it
	 * before you return). It stays in the queue: on_mine() comes when the
	 * other lets go. */
	void (*on_theirs)(void *arg, const struct bus_owner *);
	/* Somebody joins: append what brings a terminal to the present state
	 * (vt_snapshot), preceded by its size. */
	void (*on_snapshot)(void *arg, int *rows, int *cols, struct buf *out);
	/* bus_take() got nowhere, a sentence: the other one keeps it, and this
	 * claim its place in the queue. May be NULL. */
	void (*on_refused)(void *arg, const char *why);
};
/* line as in console.h. */
struct bus_claim *bus_claim(struct bus *, const char *line,
		    const struct bus_claim_sink *, void *arg);
void		 bus_unclaim(struct bus_claim *);	/* let it go */
/* Take it over: the owner is told to close, then on_mine(). */
void		 bus_take(struct bus_claim *);
/* As its owner: bytes, and notes of gaps, for those that have joined. One that
 * does not read fast enough loses its oldest bytes and is told how many. */
void		 bus_publish(struct bus_claim *, const char *, size_t len);
void		 bus_publish_note(struct bus_claim *, const char *text);
void		 bus_publish_size(struct bus_claim *, int rows, int cols);
size_t		 bus_joined(const struct bus_claim *);	/* how many */

/* --- reading along ------------------------------------------------------ */

struct bus_join_sink {
	/* The present state, as bytes for an empty terminal of this size. */
	void (*on_snapshot)(void *arg, int rows, int cols, const char *,
	    size_t len);
	void (*on_bytes)(void *arg, const char *, size_t len);
	void (*on_note)(void *arg, const char *text);
	void (*on_size)(void *arg, int rows, int cols);
	/* The owner is gone or has let go. */
	void (*on_over)(void *arg, const char *why);
};
struct bus_join	*bus_join(struct bus *, const char *line,
		    const struct bus_join_sink *, void *arg);
void		 bus_leave(struct bus_join *);

#endif

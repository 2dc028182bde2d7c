/*
 * pool - what the links of a program share.
 *
 * Handshakes are bounded, because each is a burst of arithmetic on the one
 * thread; questions outlive the connection that raised them, because a
 * server does not wait while the operator thinks; and what is costly to know
 * (keys, host keys, ssh's configuration, jump hosts) is known once.
 *
 * link_pool_new() and link_pool_free() are in link.h.
 */
#ifndef RM_LINK_POOL_H
#define RM_LINK_POOL_H

#include <stdbool.h>

#include "rackmux/base/loop.h"
#include "rackmux/link/link.h"

struct loop *pool_loop(struct link_pool *);

/* --- handshakes --------------------------------------------------------- */

#define POOL_HANDSHAKES 32
#define POOL_PATIENCE_MS 300

struct pool_slot;
/* go(arg) is called once, later, when there is room. */
struct pool_slot *pool_enter(struct link_pool *, loop_fn *go, void *arg);
/* There was work to do: the peer does not keep us waiting. A slot that is
 * not touched for POOL_PATIENCE_MS is lent to the next in line. */
void	 pool_touch(struct pool_slot *);
/* Done, or given up, at any time. NULL is fine. */
void	 pool_leave(struct pool_slot *);

/* --- questions ---------------------------------------------------------- */

/* A question is known by its kind and its subject ("key /root/.ssh/id_rsa",
 * "pi@10.0.0.5:22"), so that ten links that need the same passphrase ask for
 * it once: they all get the same id. */
enum pool_reply { POOL_UNASKED, POOL_PENDING, POOL_GIVEN, POOL_DECLINED };
unsigned pool_ask(struct link_pool *, enum link_ask_kind, const char *subject);
/* *text (may be NULL) is the answer when POOL_GIVEN; valid until the pool is
 * entered again. A refusal is remembered for three seconds, long enough for
 * those who share the question, short enough for a change of mind. */
enum pool_reply pool_reply(struct link_pool *, enum link_ask_kind,
	    const char *subject, const char **text);
/* Know an answer that nobody was asked for (the output of a command). */
void	 pool_give(struct link_pool *, enum link_ask_kind,
	    const char *subject, const char *text);
/* The answer was wrong, or is used up. */
void	 pool_forget(struct link_pool *, enum link_ask_kind,
	    const char *subject);
/* The operator answered; NULL declines. False: no such question. Whoever
 * went down with LINK_WHY_ASKING is then started again by its link. The text
 * is copied, and wiped when it is forgotten. */
bool	 pool_answer(struct link_pool *, unsigned id, const char *text);
/* Called once, later, when the question was answered, by whomever: a link
 * that waits for an answer given through another link starts again then. */
struct pool_wait;
struct pool_wait *pool_wait(struct link_pool *, unsigned id, loop_fn *,
	    void *arg);
void	 pool_wait_free(struct pool_wait *);

/* --- shared things ------------------------------------------------------ */

/* The thing of this name, made at first use; dropped with the pool, the last
 * made first. */
void	*pool_share(struct link_pool *, const char *name,
	    void *(*make)(struct link_pool *), void (*drop)(void *));

#endif

/*
 * ssh_jump - through other hosts (ProxyJump), over connections of our own.
 *
 * One session a distinct chain of jump hosts, shared by all that go through
 * it; each gets a forwarded port on it, behind a socket pair, which libssh
 * takes for the connection.
 */
#ifndef RM_LINK_SSH_JUMP_H
#define RM_LINK_SSH_JUMP_H

#include "rackmux/link/pool.h"

struct jump;

struct jump_request {
	struct link_pool *pool;
	const struct link_config *config;	/* of the link that wants it */
	const char *hops;	/* "[user@]a[:port],b": b is the last before */
	const char *host;	/* this one */
	unsigned port;
	unsigned depth;
};

struct jump_sink {
	/* The sink owns fd; the jump must be kept while it is used. */
	void (*on_fd)(void *arg, int fd);
	void (*on_fail)(void *arg, enum link_why, const char *text,
	    bool retry);
	void (*on_ask)(void *arg, const struct link_ask *);
};

/* The request is copied. on_fd or on_fail comes once, later; both may free
 * the jump. When the jump host is lost later, fd says so. */
struct jump *jump_start(const struct jump_request *, const struct jump_sink *,
	    void *arg);
void	 jump_free(struct jump *);

#endif

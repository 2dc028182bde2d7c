/*
 * ssh_agent - the operator's agent, asked without ever waiting for it.
 *
 * libssh offers a server every key that an agent holds, and blocks while the
 * agent thinks. So the list is fetched here, and libssh talks to a filter
 * that shows it the keys to try and passes on signatures. An agent that hangs is left
 * alone for a minute.
 */
#ifndef RM_LINK_SSH_AGENT_H
#define RM_LINK_SSH_AGENT_H

#include <stddef.h>

#include "rackmux/link/pool.h"

struct agent_id {
	char *base64;		/* the public key */
	char *comment;		/* clean text */
};

/* What outlives the jump hosts' sessions is made before them. */
void	 agents_init(struct link_pool *);

struct agent_wait;
/* why is NULL, or says why there is no list (n is 0 then). */
typedef void agent_fn(void *arg, const struct agent_id *, size_t n,
    const char *why);

/* The answer comes later, once; what it holds is valid during the call. */
struct agent_wait *agent_list(struct link_pool *, const char *path,
	    agent_fn *, void *arg);
void	 agent_cancel(struct agent_wait *);

struct agent_filter;
/* *fd is the other end, owned by the caller; NULL when there are none. */
struct agent_filter *agent_filter_new(struct link_pool *, const char *path,
	    int *fd);
/* The keys to show from now on; borrowed until the filter is freed. */
void	 agent_filter_show(struct agent_filter *,
	    const struct agent_id *const *, size_t n);
void	 agent_filter_free(struct agent_filter *);

#endif

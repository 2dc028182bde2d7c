/*
 * ssh_route - a connected descriptor to a host: by TCP, through jump hosts, or
 * through a program.
 */
#ifndef RM_LINK_SSH_ROUTE_H
#define RM_LINK_SSH_ROUTE_H

#include "rackmux/link/pool.h"
#include "rackmux/link/sshconfig.h"

struct route;

struct route_request {
	struct link_pool *pool;
	const struct sshconfig *conf;
	const struct link_config *config;
	const char *host;	/* as it was named, before ssh's Host rules */
	const char *via;	/* jump hosts; NULL: as conf says */
	unsigned depth;		/* how many jumps lead here */
	unsigned connect_ms;
};

struct route_sink {
	void (*on_resolved)(void *arg);
	/* The sink owns fd, and keeps the route while it is used. */
	void (*on_fd)(void *arg, int fd);
	void (*on_fail)(void *arg, enum link_why, const char *text,
	    bool retry);
	void (*on_ask)(void *arg, const struct link_ask *);
};

/* on_fd or on_fail comes once, later; both may free the route. All that the
 * request points at must outlive the route. */
struct route *route_start(const struct route_request *,
	    const struct route_sink *, void *arg);
void	 route_free(struct route *);
/* What the program said last on its stderr, clean; "" if nothing. */
const char *route_said(struct route *);
/* Connected to the very host by TCP: silence then is the host's own. */
bool	 route_direct(const struct route *);

#endif

/*
 * dial - a TCP connection to whatever address of a name answers first.
 *
 * Addresses are tried 250 ms apart, so that one that swallows packets costs
 * no more than that when another works.
 */
#ifndef RM_LINK_DIAL_H
#define RM_LINK_DIAL_H

#include "rackmux/link/link.h"

struct dial;

struct dial_request {
	const char *host;
	unsigned port;
	int family;		/* AF_UNSPEC: any */
	unsigned timeout_ms;
	const char *nobody;	/* said of a refusal: "no SSH server listens" */
};

struct dial_sink {
	/* The name is known; addresses are being tried. */
	void (*on_resolved)(void *arg);
	/* The sink owns fd. */
	void (*on_fd)(void *arg, int fd);
	void (*on_fail)(void *arg, enum link_why, const char *text);
};

/* on_fd or on_fail comes once, later; both may free the dial. */
struct dial *dial_start(struct loop *, const struct dial_request *,
	    const struct dial_sink *, void *arg);
void	 dial_free(struct dial *);

#endif

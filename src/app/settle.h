/*
 * settle - tells once when a session has heard all of its boards, or when
 * the time is up.
 */
#ifndef RM_APP_SETTLE_H
#define RM_APP_SETTLE_H

#include "rackmux/app/session.h"

struct settle;

/* fn runs as a task, never inside a callback of a link. Takes the news hook
 * of the session and the change hook of its model until freed. */
struct settle	*settle_new(struct loop *, struct session *, double seconds,
		    loop_fn *fn, void *arg);
void		 settle_free(struct settle *);

#endif

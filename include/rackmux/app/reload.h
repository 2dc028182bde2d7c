/*
 * reload - a saved configuration is taken in without a restart.
 */
#ifndef RM_APP_RELOAD_H
#define RM_APP_RELOAD_H

#include <stdbool.h>

#include "rackmux/app/session.h"

struct reload;

struct reload_sink {
	/* What the operator should know, one sentence. */
	void (*say)(void *arg, bool bad, const char *text);
	/* The session has it now (may be NULL). */
	void (*applied)(void *arg, const struct config *);
};

/* Watches the files of the session's configuration. */
struct reload	*reload_new(struct loop *, struct session *,
		    const struct reload_sink *, void *arg);
void		 reload_free(struct reload *);

#endif

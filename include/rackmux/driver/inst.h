/*
 * inst - one driver at work on one link: polls it, watches it.
 *
 * A round starts each poll period while the link is up (the first at once,
 * spread over the period afterwards so that boards do not answer in step).
 * A round unanswered for two periods declares the link lost.
 */
#ifndef RM_DRIVER_INST_H
#define RM_DRIVER_INST_H

#include "rackmux/driver/driver.h"

struct inst;

/* The configuration is copied, its recipe kept with a reference. */
struct inst	*inst_new(struct loop *, const struct driver *,
		    const struct driver_config *, struct link *,
		    const struct driver_sink *, void *sink_arg);
void		 inst_free(struct inst *);
/* Must be told of every change of the link's state. */
void		 inst_link_state(struct inst *, enum link_state, enum link_why,
		    const char *text);
void		 inst_poll_now(struct inst *);
const char	*inst_can(struct inst *, int slot, enum act);
/* How the slot's console is reached; false: it has none, or it is not known
 * yet. */
bool		 inst_console(struct inst *, int slot, struct way *);
unsigned	 inst_act(struct inst *, int slot, enum act);	/* a ticket */

#endif

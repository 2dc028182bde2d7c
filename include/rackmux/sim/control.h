/*
 * control - a socket that takes faults while the simulator runs.
 *
 * One line a request, in the syntax of a scenario; each is answered "ok" or
 * "error: why".
 */
#ifndef RM_SIM_CONTROL_H
#define RM_SIM_CONTROL_H

#include <stddef.h>

#include "rackmux/base/loop.h"
#include "rackmux/sim/fault.h"

struct control;

/* A unix socket at path, mode 0600, removed again by control_free(). */
struct control	*control_new(struct loop *, struct fault_plan *,
		    const char *path, char *err, size_t size);
void		 control_free(struct control *);

#endif

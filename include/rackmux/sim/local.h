/*
 * local - one simulated machine on our own stdin and stdout.
 */
#ifndef RM_SIM_LOCAL_H
#define RM_SIM_LOCAL_H

#include <stdbool.h>

#include "rackmux/sim/rack.h"

/* The shell of a board or node (SSH_ORIGINAL_COMMAND, if there is one), or
 * its getty. Returns the exit status. */
int	 local_run(struct rack *, const char *target, bool getty);

#endif

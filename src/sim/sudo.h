/*
 * sudo - one for all Linux machines, whose fault it is that it asks for a
 * password.
 */
#ifndef RM_SIM_SUDO_H
#define RM_SIM_SUDO_H

#include "rackmux/sim/rack.h"

/* On the machine of n, or, NULL, on the controller of b. */
int	 sudo_run(struct proc *, const struct sim_board *b,
	    const struct sim_node *n, int argc, char **argv);

#endif

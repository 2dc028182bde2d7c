/*
 * slot_host - a board whose controller is the module in its slot 1: who
 * switches that off can switch nothing any more.
 */
#ifndef RM_SIM_SLOT_HOST_H
#define RM_SIM_SLOT_HOST_H

#include "rackmux/sim/rack.h"

/* From node_init() of slot 1: the board's machine is that node's, with these
 * commands besides; so is the one for a link of the node's own. */
void	 slot_host_init(struct sim_node *, const struct command *);
/* A hook of the personality. */
void	 slot_host_tick(struct sim_board *);

/* The board of the machine that p runs on. */
static inline struct sim_board *
slot_host_board(struct proc *p)
{
	return ((struct sim_node *)proc_machine(p)->board)->board;
}

#endif

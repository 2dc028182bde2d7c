/*
 * linux_host - a Raspberry Pi that a board or feed is reached through: its
 * machine is the board's controller.
 */
#ifndef RM_SIM_LINUX_HOST_H
#define RM_SIM_LINUX_HOST_H

#include "rackmux/sim/rack.h"

/* It becomes b->machine, with more commands (may be NULL) than a plain one
 * has. machine.board is what is returned; freed in release(). */
struct sim_node *linux_host_new(struct sim_board *b,
	    const struct command *more);
void	 linux_host_free(struct sim_node *);
/* Hooks of the personality. */
void	 linux_host_tick(struct sim_node *, double dt);
void	 linux_host_down(struct sim_node *);
void	 linux_host_up(struct sim_node *);

/* The board of the machine that p runs on. */
static inline struct sim_board *
linux_host_board(struct proc *p)
{
	return ((struct sim_node *)proc_machine(p)->board)->board;
}

#endif

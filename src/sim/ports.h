/*
 * ports - what all simulated power feeds share: ports that are told to be on
 * or off, go off and on by themselves in a cycle, fail, and feed nodes.
 */
#ifndef RM_SIM_PORTS_H
#define RM_SIM_PORTS_H

#include "rackmux/sim/rack.h"

#define PORTS_MAX 64

struct ports {
	struct sim_board *board;
	uint64_t on_at[PORTS_MAX];	/* loop ms when a cycle ends, 0: none */
	uint64_t set_at[PORTS_MAX];	/* when it is set on by itself */
	uint64_t dies_at;	/* it dies in the middle of a cycle */
	uint64_t back_at;	/* it is dead until then, 0: it lives */
	bool far;		/* it is not the board's controller itself */
	bool down;		/* it reboots, or has no power */
};

void	 ports_init(struct ports *, struct sim_board *);
void	 ports_tick(struct ports *);
static inline bool
ports_dead(const struct ports *p)
{
	return p->back_at != 0;
}

/* It runs again: its ports give what was set. */
void	 ports_up(struct ports *);

/* From 1. Both do nothing on a port that is stuck. A cycle leaves the setting
 * as it is and ends by itself; a port that is off stays so. */
void	 ports_set(struct ports *, int port, bool on);
void	 ports_cycle(struct ports *, int port, unsigned ms);
/* Its setting goes on by itself, unless it is set before. */
void	 ports_on_after(struct ports *, int port, unsigned ms);
bool	 ports_cycles(const struct ports *, int port);
/* Its setting. */
bool	 ports_is_on(const struct ports *, int port);
bool	 ports_fault(const struct ports *, int port);
double	 ports_watts(const struct ports *, int port);
/* Somebody takes power from it. */
bool	 ports_delivers(const struct ports *, int port);

/* Hooks of personalities whose state begins with a struct ports. */
void	 ports_board_tick(struct sim_board *, double dt);
void	 ports_board_down(struct sim_board *);
void	 ports_board_up(struct sim_board *);
void	 ports_node_faulted(struct sim_node *, enum fault_kind, bool on);
void	 ports_release(struct sim_board *);

#endif

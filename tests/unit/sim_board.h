/*
 * sim_board - a rack on a frozen clock, and the board of it that a test is
 * about.
 */
#ifndef RM_TESTS_SIM_BOARD_H
#define RM_TESTS_SIM_BOARD_H

#include "sim_run.h"

static struct loop *loop;
static struct rack *rack;
static struct sim_board *b;
static struct machine *m;	/* its controller */

static inline void
sim_begin(const char *text, const char *board)
{
	loop = loop_new();
	rack = sim_rack(loop, text);
	b = rack_board(rack, board);
	m = &b->machine;
	sim_pass(loop, 0.2);
}

static inline void
end(void)
{
	rack_free(rack);
	loop_free(loop);
}

#endif

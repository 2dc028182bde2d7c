/*
 * Two machines over one node, alike in all but their folders for the user:
 * the node has a link of its own, and machines are told apart by theirs.
 */
#include "slot_host.h"

#define NEVER (UINT64_MAX / 2)

void
slot_host_init(struct sim_node *n, const struct command *more)
{
	n->board->machine = n->machine;
	n->board->machine.more = more;
	linux_node_init(n);
	n->machine.more = more;
	n->board->booted_at = n->booted_at;
	if (n->stage != STAGE_LOGIN)
		n->board->down_until = NEVER;
}

void
slot_host_tick(struct sim_board *b)
{
	const struct sim_node *n = &b->nodes[0];
	bool up = n->stage == STAGE_LOGIN && !fault_is(&n->faults, FAULT_CABLE);

	if (b->machine.vfs == NULL)
		return;
	if (!up && b->down_until == 0) {
		machine_kill_jobs(&b->machine);
		b->forgot = true;
		b->down_until = NEVER;
		board_refresh(b);
	} else if (up && b->down_until == NEVER) {
		b->down_until = 0;
		b->booted_at = n->booted_at;
		board_refresh(b);
	}
}

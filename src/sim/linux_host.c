/*
 * A host is a node that stands in no slot: so it has a Pi's files, commands
 * and physics, and its board's way down and up.
 */
#include "linux_host.h"

#include <stdlib.h>

#include "rackmux/base/text.h"

#define NEVER (UINT64_MAX / 2)

struct sim_node *
linux_host_new(struct sim_board *b, const struct command *more)
{
	struct sim_node *n = mem_alloc(sizeof(*n));

	n->board = b;
	n->slot = 1;
	n->intent = true;
	n->uart.pattern_rate = -1;
	n->model = node_model_find("pi4");
	str_copy(n->name, sizeof(n->name), b->name);
	node_init(n);
	b->machine = n->machine;
	b->machine.more = more;
	b->booted_at = n->booted_at;
	return n;
}

void
linux_host_free(struct sim_node *n)
{
	if (n != NULL)
		nodeboot_release(n);
	free(n);
}

void
linux_host_tick(struct sim_node *n, double dt)
{
	if (n->board->rack->ticks % 10 == 0)
		node_physics(n, dt * 10);
	if (n->stage == STAGE_STOPPING)
		board_reboot(n->board);
}

/* Who was switched off stays so until its power has been away. */
void
linux_host_down(struct sim_node *n)
{
	if (n->stage == STAGE_STOPPING && !n->stop_reboots)
		n->board->down_until = NEVER;
	n->stage = STAGE_OFF;
}

void
linux_host_up(struct sim_node *n)
{
	n->stage = STAGE_LOGIN;
	n->booted_at = n->board->booted_at;
	n->throttled = 0;
}

/*
 * Power feeds: a port's power is the rail of the slot that stands for it, and
 * a node that hangs on it has power only while that is on.
 */
#include "rackmux/sim/rack.h"

#include <stddef.h>

/* The next node on port after *board and *slot, which begin at 0. */
static struct sim_node *
next_on(const struct sim_node *port, size_t *board, int *slot)
{
	const struct rack *r = port->board->rack;

	for (; *board < r->n_boards; ++*board, *slot = 0)
		while (*slot < r->boards[*board]->slots) {
			struct sim_node *n =
			    &r->boards[*board]->nodes[(*slot)++];

			if (n->feed == port->board &&
			    n->feed_port == port->slot)
				return n;
		}
	return NULL;
}

void
feed_set_port(struct sim_board *feed, int port, bool on)
{
	node_power(&feed->nodes[port - 1], on);
}

struct sim_node *
feed_node(const struct sim_board *feed, int port)
{
	size_t board = 0;
	int slot = 0;

	return next_on(&feed->nodes[port - 1], &board, &slot);
}

bool
feed_powers(const struct sim_node *n)
{
	return n->feed == NULL || n->feed->nodes[n->feed_port - 1].rail;
}

void
feed_port_changed(struct sim_node *port)
{
	struct sim_node *n;
	size_t board = 0;
	int slot = 0;

	while ((n = next_on(port, &board, &slot)) != NULL)
		node_set_rail(n, n->intent);
}

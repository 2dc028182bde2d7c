/*
 * Power feeds: a port's power is the rail of the slot that stands for it, and
 * a node that hangs on it has power only while that is on.
 */
#include "rackmux/sim/rack.h"

#include <stddef.h>

struct sim_node *
feed_next(const struct sim_node *port, size_t *board, int *slot)
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

	while ((n = feed_next(port, &board, &slot)) != NULL)
		node_set_rail(n, n->intent);
}

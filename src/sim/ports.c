/*
 * The setting of a port is its node's intent, what comes out of it the rail.
 * During a cycle they differ. A feed that dies in the middle of one forgets
 * that it was to switch on again.
 */
#include "ports.h"

#include <stdlib.h>
#include <string.h>

#define DIES_AFTER_MS 1000
#define DEAD_MS 20000
#define LOSSES 1.06

static struct sim_node *
port_of(const struct ports *p, int port)
{
	return &p->board->nodes[port - 1];
}

bool
ports_is_on(const struct ports *p, int port)
{
	return port_of(p, port)->intent;
}

bool
ports_fault(const struct ports *p, int port)
{
	return fault_is(&port_of(p, port)->faults, FAULT_PORTFAULT);
}

bool
ports_cycles(const struct ports *p, int port)
{
	return p->on_at[port - 1] != 0;
}

static void
apply(struct ports *p, int port)
{
	struct sim_node *n = port_of(p, port);

	node_set_rail(n,
	    n->intent && !ports_fault(p, port) && !ports_cycles(p, port) &&
		!ports_dead(p) && !p->down);
}

static void
apply_all(struct ports *p)
{
	int k;

	for (k = 1; k <= p->board->slots; k++)
		apply(p, k);
}

/* A port has gone off by command. */
static void
goes_off(struct ports *p)
{
	if (fault_is(&p->board->faults, FAULT_CYCLECUT) && p->dies_at == 0)
		p->dies_at = loop_now(p->board->rack->loop) + DIES_AFTER_MS;
}

static bool
stuck(const struct ports *p, int port)
{
	return fault_is(&port_of(p, port)->faults, FAULT_PORTSTUCK);
}

void
ports_set(struct ports *p, int port, bool on)
{
	if (stuck(p, port))
		return;
	p->on_at[port - 1] = p->set_at[port - 1] = 0;
	port_of(p, port)->intent = on;
	apply(p, port);
	if (!on)
		goes_off(p);
}

void
ports_cycle(struct ports *p, int port, unsigned ms)
{
	if (stuck(p, port) || !ports_is_on(p, port))
		return;
	p->on_at[port - 1] = loop_now(p->board->rack->loop) + ms;
	apply(p, port);
	goes_off(p);
}

void
ports_on_after(struct ports *p, int port, unsigned ms)
{
	p->set_at[port - 1] = loop_now(p->board->rack->loop) + ms;
}

double
ports_watts(const struct ports *p, int port)
{
	const struct sim_node *n;
	size_t board = 0;
	int slot = 0;
	double w = 0;

	if (!port_of(p, port)->rail)
		return 0;
	while ((n = feed_next(port_of(p, port), &board, &slot)) != NULL)
		w += node_watts(n) * LOSSES;
	return w;
}

bool
ports_delivers(const struct ports *p, int port)
{
	return ports_watts(p, port) > 0;
}

static void
die(struct ports *p)
{
	int k;

	p->dies_at = 0;
	memset(p->set_at, 0, sizeof(p->set_at));
	for (k = 0; k < p->board->slots; k++)
		if (p->on_at[k] != 0) {
			p->on_at[k] = 0;
			p->board->nodes[k].intent = false;
		}
	if (!p->far) {
		board_reboot(p->board);
		return;
	}
	p->back_at = loop_now(p->board->rack->loop) + DEAD_MS;
	apply_all(p);
}

void
ports_tick(struct ports *p)
{
	uint64_t now = loop_now(p->board->rack->loop);
	int k;

	if (p->dies_at != 0 && now >= p->dies_at)
		die(p);
	/* Who ends the fault has switched it on again. */
	if (p->back_at != 0 &&
	    (now >= p->back_at ||
		!fault_is(&p->board->faults, FAULT_CYCLECUT))) {
		p->back_at = 0;
		apply_all(p);
	}
	for (k = 0; k < p->board->slots; k++)
		if (p->on_at[k] != 0 && now >= p->on_at[k]) {
			p->on_at[k] = 0;
			apply(p, k + 1);
		}
	for (k = 0; k < p->board->slots; k++)
		if (p->set_at[k] != 0 && now >= p->set_at[k])
			ports_set(p, k + 1, true);
}

/* Without power, or rebooting, it feeds nobody; cycles are forgotten, and what
 * was set is not. */
static void
ports_down(struct ports *p)
{
	memset(p->on_at, 0, sizeof(p->on_at));
	memset(p->set_at, 0, sizeof(p->set_at));
	p->dies_at = 0;
	p->down = true;
	apply_all(p);
}

void
ports_up(struct ports *p)
{
	p->down = false;
	apply_all(p);
}

void
ports_board_tick(struct sim_board *b, double dt)
{
	(void)dt;
	ports_tick(b->state);
}

void
ports_board_down(struct sim_board *b)
{
	ports_down(b->state);
}

void
ports_board_up(struct sim_board *b)
{
	ports_up(b->state);
}

void
ports_release(struct sim_board *b)
{
	free(b->state);
}

void
ports_node_faulted(struct sim_node *n, enum fault_kind k, bool on)
{
	(void)on;
	if (k == FAULT_PORTFAULT)
		apply(n->board->state, n->slot);
}

void
ports_init(struct ports *p, struct sim_board *b)
{
	p->board = b;
}

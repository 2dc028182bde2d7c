/*
 * A node's power: what its controller was told (intent), what the rail is,
 * and what the node itself does. The three may differ, as on real boards.
 */
#include "rackmux/sim/rack.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

static void
make_identity(struct sim_node *n)
{
	uint64_t r = rack_random(n->board->rack);

	if (n->name[0] != '\0')
		str_copy(n->hostname, sizeof(n->hostname), n->name);
	else
		str_format(n->hostname, sizeof(n->hostname), "%.28s-%d",
		    n->board->name, n->slot);
	str_format(n->serial, sizeof(n->serial), "10000000%08x",
	    (unsigned)(r & 0xffffffff));
	str_format(n->mac, sizeof(n->mac), "d8:3a:dd:%02x:%02x:%02x",
	    (unsigned)(r >> 32 & 0xff), (unsigned)(r >> 40 & 0xff),
	    (unsigned)(r >> 48 & 0xff));
}

void
node_init(struct sim_node *n)
{
	struct rack *r = n->board->rack;
	int64_t now = (int64_t)loop_now(r->loop);

	make_identity(n);
	str_copy(n->trigger[0], sizeof(n->trigger[0]), "mmc0");
	str_copy(n->trigger[1], sizeof(n->trigger[1]), "default-on");
	n->led[1] = 1;
	node_physics_init(n);
	if (n->model != NULL)
		linux_node_init(n);
	n->rail = n->intent && feed_powers(n);
	n->booted_at = now - (int64_t)((rack_uniform(r) * 20 + 0.5) * 86400000);
	n->powered_at = n->booted_at - 9000;
	nodeboot_init(n);
}

void
node_set_rail(struct sim_node *n, bool on)
{
	if (fault_is(&n->faults, FAULT_POWER) ||
	    fault_is(&n->board->faults, FAULT_POWER) || !feed_powers(n))
		on = false;
	if (n->rail == on)
		return;
	n->rail = on;
	if (on)
		n->powered_at = (int64_t)loop_now(n->board->rack->loop);
	if (n->model != NULL)
		nodeboot_stage(n, on ? STAGE_LOADER : STAGE_OFF);
	if (n->board->kind->feed)
		feed_port_changed(n);
	/* Power that is gone is gone at once, not at the next tick. */
	n->dirty = true;
	task_post(n->board->rack->refresh);
}

void
node_power(struct sim_node *n, bool on)
{
	n->intent = on;
	node_set_rail(n, on);
}

void
node_stop(struct sim_node *n, bool reboot)
{
	if (!node_running(n))
		return;
	n->stop_reboots = reboot;
	nodeboot_stage(n, STAGE_STOPPING);
	n->dirty = true;
}

void
node_panic(struct sim_node *n)
{
	if (n->stage >= STAGE_KERNEL && n->stage <= STAGE_STOPPING)
		nodeboot_stage(n, STAGE_PANIC);
	n->dirty = true;
}

bool
node_running(const struct sim_node *n)
{
	return n->stage == STAGE_INIT || n->stage == STAGE_LOGIN;
}

bool
node_has_link(const struct sim_node *n)
{
	return n->model != NULL && n->rail &&
	    (node_running(n) || n->stage == STAGE_STOPPING ||
		n->stage == STAGE_PANIC || n->stage == STAGE_RESCUE) &&
	    !fault_is(&n->faults, FAULT_CABLE);
}

double
node_uptime(const struct sim_node *n)
{
	int64_t now = (int64_t)loop_now(n->board->rack->loop);

	return (double)(now - n->booted_at) / 1000;
}

void
node_tick(struct sim_node *n, double dt)
{
	if (n->model != NULL)
		nodeboot_tick(n, dt);
	if (n->dirty)
		node_refresh(n);
}

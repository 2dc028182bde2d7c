/*
 * The Mixtile Cluster Box: four Blade 3 behind an OpenWrt control board. On
 * the vendor's firmware that board cuts all nodes when it stops and cycles
 * them when it starts; the firmware of 2026 leaves them alone, and turns on
 * those that are off.
 */
#include "cluster_box.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define NEVER (UINT64_MAX / 2)
#define STAGGER_MS 1000
#define RESCAN_MS 60000

static const char *const generations[] = { "v0", "v1", "go", "v2-old", "v2" };

static void
cluster_box_read(struct sim_board *b, struct sim_keys *k)
{
	struct cluster_box *box = mem_alloc(sizeof(*box));
	const char *gen = sim_key_text(k, "generation", "v2");
	const char *user = sim_key_text(k, "user", "root");
	size_t i;

	b->state = box;
	box->board = b;
	box->gen = CB_V2;
	for (i = 0; i < ARRAY_LEN(generations); i++)
		if (strcmp(generations[i], gen) == 0)
			break;
	if (i < ARRAY_LEN(generations))
		box->gen = (enum cb_gen)i;
	else
		sim_key_mistake(k,
		    "generation \"%s\" is not known: v0, v1, go, v2-old or v2",
		    gen);
	box->mixtile = strcmp(user, "mixtile") == 0;
	if (!box->mixtile && strcmp(user, "root") != 0)
		sim_key_mistake(
		    k, "user \"%s\" is not known: root or mixtile", user);
	box->base = sim_key_int(k, "gpio_base", 32, 496, CB_PINS_AT);
	box->addresses = sim_key_bool(k, "addresses", true);
	/* Until it is used below, the first of them says it. */
	box->pins[0].exported = sim_key_bool(k, "exported", true);
}

static void
machine_init(struct cluster_box *box)
{
	struct machine *m = &box->board->machine;
	bool old = box->gen == CB_V0;

	m->loop = box->board->rack->loop;
	m->vfs = vfs_new();
	m->commands = cluster_box_commands;
	m->board = box->board;
	m->hostname = old ? "MixtileClusterBox" : "ClusterBox";
	m->issue = "ClusterBox\nhttps://www.mixtile.com/";
	m->user = box->mixtile ? "mixtile" : "root";
	m->home = box->mixtile ? "/home/mixtile" : NULL;
	m->password = "mixtile";
	m->prompt = box->mixtile
	    ? old ? "mixtile@MixtileClusterBox:~$ " : "mixtile@ClusterBox:~$ "
	    : old ? "root@MixtileClusterBox:~# "
		  : "root@ClusterBox:~# ";
	m->kernel = "5.15.134";
	m->arch = "mips";
}

static void
cluster_box_init(struct sim_board *b)
{
	struct cluster_box *box = b->state;
	bool exported = box->pins[0].exported;
	int64_t now = (int64_t)loop_now(b->rack->loop);
	int k;

	box->pins[0].exported = false;
	for (k = 0; k < CB_SLOTS; k++)
		box->nodes[k].n = &b->nodes[k];
	machine_init(box);
	b->booted_at =
	    now - (int64_t)((rack_uniform(b->rack) * 40 + 0.2) * 86400000);
	cb_sysfs_init(box);
	cb_gpio_init(box, exported);
	cb_pci_init(box);
}

static void
cluster_box_node_init(struct sim_node *n)
{
	struct cluster_box *box = n->board->state;
	struct cb_node *cn = &box->nodes[n->slot - 1];

	cb_tty_init(cn);
	cn->leased = node_running(n);
	if (n->slot == CB_SLOTS)
		cb_pci_rescan(box);
}

/* --- its start and its end --- */

static void
put_all(struct cluster_box *box, bool on)
{
	int k;

	for (k = 0; k < CB_SLOTS; k++) {
		if (on) {
			(void)cb_gpio_set(box, cb_pin(k, CB_POWER), true);
			(void)cb_gpio_set(box, cb_pin(k, CB_RESET), true);
		}
		(void)cb_gpio_set(box, cb_pin(k, CB_EN), on);
	}
}

static void
export_all(struct cluster_box *box, bool careful)
{
	int k, i, pin;

	for (k = 0; k < CB_SLOTS; k++)
		for (i = CB_EN; i < CB_LINES; i++) {
			pin = cb_pin(k, (enum cb_line)i);
			(void)cb_gpio_export(box, pin);
			if (i == CB_PRZ)
				(void)cb_gpio_direction(box, pin, "in");
			else if (!careful)
				(void)cb_gpio_direction(box, pin, "out");
			else if (!box->pins[pin].out)
				(void)cb_gpio_direction(
				    box, pin, i == CB_EN ? "low" : "high");
		}
}

static void
cluster_box_down(struct sim_board *b)
{
	struct cluster_box *box = b->state;
	int k;

	if (!cb_is_v2(box))
		put_all(box, false);
	box->boots_at = box->rescan_at = 0;
	for (k = 0; k < CB_SLOTS; k++) {
		box->nodes[k].op[0] = '\0';
		box->nodes[k].leased = false;
	}
	vfs_remove(b->machine.vfs, "/var/lock");
	vfs_dir(b->machine.vfs, "/var/lock");
}

/* Nodes with power keep it: the expander holds its outputs. */
static void
cluster_box_up(struct sim_board *b)
{
	struct cluster_box *box = b->state;
	uint64_t now = loop_now(b->rack->loop);

	box->hung = false;
	board_apply_rails(b);
	cb_gpio_forget(box);
	cb_pci_forget(box);
	cb_pci_rescan(box);
	export_all(box, cb_is_v2(box));
	if (!cb_is_v2(box))
		put_all(box, false);
	box->boot_step = 0;
	box->boots_at = now + STAGGER_MS;
	box->rescan_at = cb_is_v2(box) ? now + RESCAN_MS : 0;
}

/* "nodectl reboot --all", a second after its first half, or "nodectl boot",
 * one node a second. */
static void
boot_on(struct cluster_box *box, uint64_t now)
{
	int k = box->boot_step++;

	if (!cb_is_v2(box)) {
		put_all(box, true);
		box->boots_at = 0;
		return;
	}
	(void)cb_gpio_set(box, cb_pin(k, CB_EN), true);
	box->boots_at = k + 1 < CB_SLOTS ? now + STAGGER_MS : 0;
}

static void
cluster_box_tick(struct sim_board *b, double dt)
{
	struct cluster_box *box = b->state;
	uint64_t now = loop_now(b->rack->loop);
	int k;

	(void)dt;
	if (box->hung && b->down_until == 0) {
		b->down_until = NEVER;
		board_refresh(b);
	}
	cb_gpio_tick(box);
	if (box->boots_at != 0 && now >= box->boots_at)
		boot_on(box, now);
	if (box->rescan_at != 0 && now >= box->rescan_at) {
		box->rescan_at = 0;
		cb_pci_rescan(box);
	}
	for (k = 0; k < CB_SLOTS; k++)
		if (b->down_until == 0 && node_running(box->nodes[k].n))
			box->nodes[k].leased = true;
}

static void
cluster_box_faulted(struct sim_board *b, enum fault_kind k, bool on)
{
	/* Without power the expander forgets what it drives. */
	if (k == FAULT_POWER && on)
		cb_gpio_clear(b->state);
}

static double
cluster_box_cooling(const struct sim_node *n)
{
	const struct cluster_box *box = n->board->state;

	return (cb_fan_rpm(box, 0) + cb_fan_rpm(box, 1)) / 400;
}

static void
cluster_box_release(struct sim_board *b)
{
	struct cluster_box *box = b->state;
	int k;

	if (box == NULL)
		return;
	for (k = 0; k < CB_SLOTS; k++)
		cb_tty_release(&box->nodes[k]);
	free(box);
}

static const char *const cluster_box_keys[] = { "generation", "exported",
	"user", "gpio_base", "addresses", NULL };

const struct personality cluster_box_personality = {
	.type = "cluster-box",
	.slots = CB_SLOTS,
	.model = "blade3",
	.uarts = true,
	.reboot_ms = 20000,
	.keys = cluster_box_keys,
	.read = cluster_box_read,
	.init = cluster_box_init,
	.node_init = cluster_box_node_init,
	.tick = cluster_box_tick,
	.down = cluster_box_down,
	.up = cluster_box_up,
	.cooling = cluster_box_cooling,
	.faulted = cluster_box_faulted,
	.release = cluster_box_release,
};

/*
 * The Turing Pi 1: seven Compute Modules 3, whose supplies hang on an I2C
 * expander that only node 1 reaches, by i2c-tools. One register has what was
 * commanded, another who is there and on; nobody asks whether it is wise to
 * switch off the module that asks.
 */
#include "i2c_tools.h"
#include "slot_host.h"
#include "rackmux/sim/personality.h"

#define CHIP 0x57
#define REG_POWER 0xf2
#define REG_PRESENT 0xf8
#define SLOTS 7

static const unsigned char masks[SLOTS] = { 0x02, 0x04, 0x08, 0x10, 0x80, 0x40,
	0x20 };

static unsigned
read_reg(const struct sim_board *b, long reg)
{
	unsigned v = 0;
	int k;

	for (k = 0; k < SLOTS; k++) {
		const struct sim_node *n = &b->nodes[k];

		if (reg == REG_POWER ? n->intent : n->rail && n->model != NULL)
			v |= masks[k];
	}
	return reg == REG_POWER || reg == REG_PRESENT ? v : 0;
}

static void
write_reg(struct sim_board *b, long reg, unsigned v)
{
	int k;

	for (k = 0; k < SLOTS && reg == REG_POWER; k++)
		if (b->nodes[k].intent != ((v & masks[k]) != 0))
			node_power(&b->nodes[k], (v & masks[k]) != 0);
}

static int
cmd_i2cget(struct proc *p, int argc, char **argv)
{
	struct i2c c;
	int rc = i2cget_parse(p, &c, argc, argv);

	if (rc != 0)
		return rc;
	if (c.addr != CHIP)
		return i2cget_nobody(p);
	proc_printf(p, "0x%02x\n", read_reg(slot_host_board(p), c.reg));
	return 0;
}

static int
cmd_i2cset(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = slot_host_board(p);
	struct i2c c;
	int rc = i2cset_parse(p, &c, argc, argv);

	if (rc != 0)
		return rc;
	if (c.addr != CHIP)
		return i2cset_nobody(p);
	write_reg(b, c.reg,
	    (read_reg(b, c.reg) & ~(unsigned)c.mask) |
		(unsigned)(c.value & c.mask));
	return 0;
}

static const struct command commands[] = {
	{ "i2cget", cmd_i2cget },
	{ "i2cset", cmd_i2cset },
	{ NULL, NULL },
};

static void
turing_pi1_node_init(struct sim_node *n)
{
	if (n->slot != 1 || n->model == NULL)
		return;
	slot_host_init(n, commands);
	vfs_static(n->board->machine.vfs, "/dev/i2c-1", "");
}

static void
turing_pi1_tick(struct sim_board *b, double dt)
{
	(void)dt;
	slot_host_tick(b);
}

/* The expander comes up with all its outputs on. */
static void
turing_pi1_up(struct sim_board *b)
{
	write_reg(b, REG_POWER, 0xff);
	board_apply_rails(b);
}

const struct personality turing_pi1_personality = {
	.type = "turing-pi-1",
	.slots = SLOTS,
	.model = "cm3",
	.user = "pi",
	.reboot_ms = 1000,
	.node_init = turing_pi1_node_init,
	.tick = turing_pi1_tick,
	.up = turing_pi1_up,
};

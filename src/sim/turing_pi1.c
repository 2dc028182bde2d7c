/*
 * The Turing Pi 1: seven Compute Modules 3, whose supplies hang on an I2C
 * expander that only node 1 reaches, by i2c-tools. One register has what was
 * commanded, another who is there and on; nobody asks whether it is wise to
 * switch off the module that asks.
 */
#include <stdlib.h>
#include <string.h>

#include "slot_host.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define CHIP 0x57
#define REG_POWER 0xf2
#define REG_PRESENT 0xf8
#define SLOTS 7

static const unsigned char masks[SLOTS] = { 0x02, 0x04, 0x08, 0x10, 0x80, 0x40,
	0x20 };

struct i2c {
	long bus, chip, reg, value, mask;
	int n; /* operands */
	bool bad;
};

static long
number(struct i2c *c, const char *s, long max)
{
	char *end;
	long v = strtol(s, &end, 0);

	c->bad = c->bad || end == s || *end != '\0' || v < 0 || v > max;
	return v;
}

static void
parse(struct i2c *c, int argc, char **argv)
{
	long *const into[] = { &c->bus, &c->chip, &c->reg, &c->value };
	int i;

	c->mask = 0xff;
	for (i = 1; i < argc && !c->bad; i++) {
		if (strcmp(argv[i], "-m") == 0 && i + 1 < argc)
			c->mask = number(c, argv[++i], 0xff);
		else if (argv[i][0] == '-' || strcmp(argv[i], "b") == 0)
			continue;
		else if (c->n == (int)ARRAY_LEN(into))
			c->bad = true;
		else {
			*into[c->n] = number(c, argv[i], 0xff);
			c->n++;
		}
	}
}

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

/* 0, or the exit status. */
static int
check(struct proc *p, const struct i2c *c, int operands, const char *usage)
{
	if (c->bad || c->n < operands) {
		proc_err(p, "%s", usage);
		return 1;
	}
	if (c->bus == 1)
		return 0;
	proc_err(p,
	    "Error: Could not open file `/dev/i2c-%ld' or `/dev/i2c/%ld': No "
	    "such file or directory\n",
	    c->bus, c->bus);
	return 1;
}

static int
cmd_i2cget(struct proc *p, int argc, char **argv)
{
	struct i2c c = { 0 };
	int rc;

	parse(&c, argc, argv);
	rc = check(p, &c, 2,
	    "Usage: i2cget [-f] [-y] [-a] I2CBUS CHIP-ADDRESS [DATA-ADDRESS "
	    "[MODE]]\n");
	if (rc != 0)
		return rc;
	if (c.chip != CHIP) {
		proc_err(p, "Error: Read failed\n");
		return 2;
	}
	proc_printf(p, "0x%02x\n", read_reg(slot_host_board(p), c.reg));
	return 0;
}

static int
cmd_i2cset(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = slot_host_board(p);
	struct i2c c = { 0 };
	int rc;

	parse(&c, argc, argv);
	rc = check(p, &c, 4,
	    "Usage: i2cset [-f] [-y] [-m MASK] [-r] [-a] I2CBUS CHIP-ADDRESS "
	    "DATA-ADDRESS [VALUE] ... [MODE]\n");
	if (rc != 0)
		return rc;
	if (c.chip != CHIP) {
		proc_err(p, "Error: Write failed\n");
		return 1;
	}
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

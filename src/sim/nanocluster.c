/*
 * The Sipeed NanoCluster: the module in slot 1 presses the buttons of the
 * others by an expander. A press turns a node on or asks it to stop, eight
 * seconds of it cut it off, and to a CM4 the line is its reset. What a node
 * does cannot be read.
 */
#include <stdlib.h>
#include <string.h>

#include "picocom.h"
#include "slot_host.h"
#include "uart_device.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define SLOTS 7
#define PRESS_MS 100
#define FORCE_MS 8000

struct nano {
	bool nanoctl, uarts;
	bool stays_off[SLOTS]; /* POWER_OFF_ON_HALT=1 in its EEPROM */
	bool low[SLOTS + 1];
	uint64_t since[SLOTS + 1];
	char chip[24];
	struct uart_device *lines[SLOTS];
};

static void
nano_read(struct sim_board *b, struct sim_keys *k)
{
	struct nano *nano = mem_alloc(sizeof(*nano));

	b->state = nano;
	nano->nanoctl = sim_key_bool(k, "nanoctl", true);
	nano->uarts = sim_key_bool(k, "uarts", true);
}

static void
nano_read_node(struct sim_node *n, struct sim_keys *k)
{
	struct nano *nano = n->board->state;

	nano->stays_off[n->slot - 1] =
	    sim_key_bool(k, "power_off_on_halt", false);
}

/* --- the lines --- */

static void
press(struct nano *nano, struct sim_node *n, uint64_t ms)
{
	if (ms < PRESS_MS || ms >= FORCE_MS)
		return;
	if (!n->rail)
		node_power(n, true);
	else if (n->stage == STAGE_HALTED && !nano->stays_off[n->slot - 1])
		nodeboot_stage(n, STAGE_LOADER);
	else
		node_stop(n, false);
}

/* The button of slot 1 is on no line. */
static void
set_line(struct sim_board *b, int line, bool low)
{
	struct nano *nano = b->state;
	uint64_t now = loop_now(b->rack->loop);
	struct sim_node *n = line > 1 ? &b->nodes[line - 1] : NULL;

	if (nano->low[line] == low)
		return;
	nano->low[line] = low;
	if (n == NULL || n->model == NULL) {
		nano->since[line] = now;
		return;
	}
	if (strcmp(n->model->id, "cm4") == 0) {
		if (n->rail)
			nodeboot_stage(n, STAGE_LOADER);
	} else if (!low) {
		press(nano, n, now - nano->since[line]);
	}
	nano->since[line] = now;
}

static void
nano_tick(struct sim_board *b, double dt)
{
	const struct nano *nano = b->state;
	uint64_t now = loop_now(b->rack->loop);
	int line;

	(void)dt;
	slot_host_tick(b);
	for (line = 2; line <= SLOTS; line++) {
		struct sim_node *n = &b->nodes[line - 1];

		if (!nano->low[line] || n->model == NULL || !n->rail)
			continue;
		if (strcmp(n->model->id, "cm4") == 0)
			n->stage_at = now;
		else if (now - nano->since[line] >= FORCE_MS &&
		    n->stage != STAGE_HALTED)
			nodeboot_stage(n, STAGE_HALTED);
	}
}

/* --- commands --- */

/* Of libgpiod 1: it ends at once, and the line stays as it was set. */
static int
cmd_gpioset(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = slot_host_board(p);
	const struct nano *nano = b->state;
	const char *chip = NULL;
	long line, value;
	char *end;
	int i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (chip == NULL) {
			chip = argv[i];
			continue;
		}
		line = strtol(argv[i], &end, 10);
		if (*end != '=' || !str_long(end + 1, 0, 1, &value)) {
			proc_err(p,
			    "gpioset: invalid offset<->value mapping: %s\n",
			    argv[i]);
			return 1;
		}
		if (strcmp(chip, nano->chip) != 0 || line < 0 || line > 15) {
			proc_err(p,
			    "gpioset: error setting the GPIO line values: "
			    "%s\n",
			    strcmp(chip, nano->chip) != 0
				? "No such file or directory"
				: "Invalid argument");
			return 1;
		}
		if (line <= SLOTS)
			set_line(b, (int)line, value == 0);
	}
	if (chip == NULL)
		proc_err(p, "gpioset: gpiochip must be specified\n");
	return chip == NULL;
}

/* What it does and how it is said. */
struct verb {
	const char *name, *doing, *sent, *done, *failing, *action;
	unsigned ms;
};

static const struct verb verbs[] = {
	{ "poweron", "Powering on", "Power on", "powered on", "powering on",
	    "power on", 1000 },
	{ "poweroff", "Powering off", "Power off", "powered off",
	    "powering off", "send first power off signal", 1000 },
	{ "poweroff", "Force powering off", "Force power off",
	    "force powered off", "force powering off", "force off", 8000 },
	{ "reset", "Resetting", "Reset", "reset", "resetting", "reset", 1000 },
};

static int
pulse(struct proc *p, const struct verb *v, const char *slot)
{
	struct sim_board *b = slot_host_board(p);
	const struct nano *nano = b->state;
	long line;

	if (!str_long(slot, -1000, 1000, &line)) {
		proc_err(p, "Error: slot must be a number, got '%s'\n", slot);
		return 1;
	}
	proc_printf(p, "%s slot %ld (CM5)...\n", v->doing, line);
	if (line < 0 || line > 15 || strcmp(nano->chip, "gpiochip14") != 0) {
		proc_err(p,
		    "Error %s slot %s: failed to %s: failed to request GPIO "
		    "%ld: %s\n",
		    v->failing, slot, v->action, line,
		    line < 0 || line > 15 ? "invalid argument"
					  : "no such file or directory");
		return 1;
	}
	if (line <= SLOTS)
		set_line(b, (int)line, true);
	(void)proc_sleep(p, v->ms);
	if (line <= SLOTS)
		set_line(b, (int)line, false);
	proc_printf(p, "%s signal sent to slot %ld\nSuccessfully %s slot %s\n",
	    v->sent, line, v->done, slot);
	return 0;
}

static int
cmd_nanoctl(struct proc *p, int argc, char **argv)
{
	const char *name = NULL, *slot = NULL;
	bool force = false;
	size_t i;
	int k;

	for (k = 1; k < argc; k++) {
		if (strcmp(argv[k], "--force") == 0 ||
		    strcmp(argv[k], "-f") == 0)
			force = true;
		else if (name == NULL)
			name = argv[k];
		else
			slot = argv[k];
	}
	for (i = 0; name != NULL && i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			break;
	if (name == NULL || i == ARRAY_LEN(verbs)) {
		proc_err(p,
		    "Error: unknown command \"%s\" for \"nanoctl\"\nRun "
		    "'nanoctl --help' for usage.\n",
		    name != NULL ? name : "");
		return 1;
	}
	if (slot == NULL) {
		proc_err(p,
		    "Error: accepts 1 arg(s), received 0\nUsage:\n  nanoctl "
		    "%s [slot] [flags]\n",
		    name);
		return 1;
	}
	return pulse(p, &verbs[i + (force && i == 1)], slot);
}

static const struct command commands[] = {
	{ "nanoctl", cmd_nanoctl },
	{ "gpioset", cmd_gpioset },
	{ "picocom", cmd_device_picocom },
	{ NULL, NULL },
};

/* --- the machine --- */

static void
host_init(struct sim_node *n)
{
	struct nano *nano = n->board->state;
	char path[32];

	slot_host_init(n, commands + (nano->nanoctl ? 0 : 1));
	str_copy(nano->chip, sizeof(nano->chip),
	    strcmp(n->model->id, "cm5") == 0 ? "gpiochip14" : "gpiochip2");
	str_format(path, sizeof(path), "/dev/%s", nano->chip);
	vfs_static(n->board->machine.vfs, path, "");
}

/* The optional board has four USB UARTs. */
static void
nano_node_init(struct sim_node *n)
{
	static const int ttys[SLOTS] = { -1, -1, 0, -1, 1, 2, 3 };
	struct nano *nano = n->board->state;
	int tty = ttys[n->slot - 1];
	char path[24];

	n->uart.unkept = true;
	if (n->slot == 1 && n->model != NULL)
		host_init(n);
	if (!nano->uarts || tty < 0 || n->board->machine.vfs == NULL)
		return;
	str_format(path, sizeof(path), "/dev/ttyUSB%d", tty);
	nano->lines[n->slot - 1] = uart_device_new(n, path);
}

static void
nano_release(struct sim_board *b)
{
	struct nano *nano = b->state;
	int k;

	for (k = 0; nano != NULL && k < SLOTS; k++)
		uart_device_free(nano->lines[k]);
	free(nano);
}

static void
nano_write(const struct sim_board *b, struct buf *out)
{
	const struct nano *nano = b->state;

	if (nano->chip[0] != '\0')
		buf_printf(out, "settings = { chip = \"%s\"; };", nano->chip);
}

static const char *const keys[] = { "nanoctl", "uarts", NULL };
static const char *const node_keys[] = { "power_off_on_halt", NULL };

const struct personality nanocluster_personality = {
	.type = "nanocluster",
	.slots = SLOTS,
	.model = "cm5",
	.user = "pi",
	.uarts = true,
	.reboot_ms = 1000,
	.keys = keys,
	.node_keys = node_keys,
	.read = nano_read,
	.read_node = nano_read_node,
	.node_init = nano_node_init,
	.tick = nano_tick,
	.release = nano_release,
	.write = nano_write,
};

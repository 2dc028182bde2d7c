/*
 * A ClusterHAT or ClusterCTRL: four Pi Zeros on a Raspberry Pi, switched by
 * clusterctrl there. That says nothing and exits with 0 where it was not set
 * up to control, and what goes wrong it prints to stdout.
 */
#include <stdlib.h>
#include <string.h>

#include "linux_host.h"
#include "picocom.h"
#include "uart_device.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define SLOTS 4
#define ORDER 20
#define ON_MS 1000 /* between two that are turned on */

struct hat {
	struct sim_node *host;
	bool ctrl; /* a ClusterCTRL on USB, no HAT */
	bool old; /* a release that knows fewer keys */
	bool set_up; /* /etc/default/clusterctrl has TYPE=c */
	bool found; /* I2C is enabled */
	bool alert, hub, led, wp, fan;
	bool usb_boot[SLOTS];
	struct uart_device *lines[SLOTS];
};

static struct hat *
hat_of(struct proc *p)
{
	return linux_host_board(p)->state;
}

static void
hat_read(struct sim_board *b, struct sim_keys *k)
{
	struct hat *hat = mem_alloc(sizeof(*hat));
	const char *flavour = sim_key_text(k, "flavour", "hat");

	b->state = hat;
	hat->ctrl = strcmp(flavour, "ctrl") == 0;
	if (!hat->ctrl && strcmp(flavour, "hat") != 0)
		sim_key_mistake(
		    k, "flavour \"%s\" is not known: hat or ctrl", flavour);
	hat->old = sim_key_bool(k, "old", false);
	hat->set_up = sim_key_bool(k, "set_up", true);
	hat->found = sim_key_bool(k, "found", true);
	hat->hub = hat->led = hat->wp = hat->fan = true;
}

/* --- clusterctrl --- */

/* The slots that the words from argv[from] on name: all if there are none. */
static bool
devices(struct proc *p, int argc, char **argv, int from, bool chosen[SLOTS])
{
	long n;
	int i;

	for (i = 0; i < SLOTS; i++)
		chosen[i] = from >= argc;
	for (i = from; i < argc; i++) {
		if (argv[i][0] != 'p' || !str_long(argv[i] + 1, 1, SLOTS, &n)) {
			proc_printf(
			    p, "ERROR: Valid options are p1-p%d\n", SLOTS);
			return false;
		}
		chosen[n - 1] = true;
	}
	return true;
}

static int
power(struct proc *p, int argc, char **argv)
{
	struct sim_board *b = linux_host_board(p);
	bool on = strcmp(argv[1], "on") == 0, chosen[SLOTS], first = true;
	int k;

	if (!devices(p, argc, argv, 2, chosen))
		return 1;
	for (k = 0; k < SLOTS; k++) {
		if (!chosen[k] || b->nodes[k].intent == on)
			continue;
		if (on && !first && proc_sleep(p, ON_MS) != 0)
			return 1;
		first = false;
		node_power(&b->nodes[k], on);
	}
	return 0;
}

static void
status_hat(struct proc *p, const struct hat *hat)
{
	proc_puts(p, "hat_version:2.5\n");
	if (!hat->old)
		proc_puts(p, "hat_version_major:2\nhat_version_minor:5\n");
	proc_printf(p,
	    "hat_size:%d\nhat_uuid:00000000-0000-0000-0000-000000000000\n"
	    "hat_vendor:8086 Consultancy\nhat_product_id:0x0004\n",
	    SLOTS);
	if (!hat->old)
		proc_puts(p, "is_pi5:False\n");
	proc_printf(p,
	    "hat_alert:%d\nhat_hub:%d\nhat_wp:%d\nhat_led:%d\n"
	    "hat_wplink:0\nhat_xra1200p:True\n",
	    hat->alert, hat->hub, hat->wp, hat->led);
}

static int
status(struct proc *p)
{
	struct sim_board *b = linux_host_board(p);
	const struct hat *hat = b->state;
	int k;

	proc_printf(p, "clusterhat:%s\nclusterctrl:%s\nmaxpi:%d\n",
	    hat->ctrl ? "False" : "1", hat->ctrl ? "1" : "False", SLOTS);
	if (!hat->old)
		proc_puts(p, "pirevision:0x00c03111\n");
	proc_printf(p, "throttled:0x%x\n", hat->host->throttled);
	if (hat->ctrl)
		proc_printf(p,
		    "ctrl_bus:%d:3:%d \nctrl%d:FW:1.6 ADC1:%.0fmV T1:%.2fC "
		    "FAN:%08d\n",
		    ORDER, SLOTS, ORDER, hat->host->volts * 1000,
		    hat->host->temp - 8, hat->fan);
	else
		status_hat(p, hat);
	for (k = 0; k < SLOTS; k++) {
		proc_printf(p, "p%d:%d\n", k + 1, b->nodes[k].intent);
		if (hat->ctrl)
			proc_printf(p, "u%d:%d\n", k + 1, hat->usb_boot[k]);
	}
	return 0;
}

/* One LED is all there is, whoever it is lit for. */
static int
alert(struct proc *p, int argc, char **argv)
{
	bool chosen[SLOTS];

	if (!devices(p, argc, argv, 3, chosen))
		return 1;
	hat_of(p)->alert = strcmp(argv[2], "on") == 0;
	return 0;
}

static int
usbboot(struct proc *p, int argc, char **argv)
{
	struct hat *hat = hat_of(p);
	bool chosen[SLOTS];
	int k;

	if (!devices(p, argc, argv, 3, chosen))
		return 1;
	for (k = 0; k < SLOTS && hat->ctrl && argc > 3; k++)
		if (chosen[k])
			hat->usb_boot[k] = strcmp(argv[2], "on") == 0;
	return 0;
}

static int
getpath(struct proc *p, int argc, char **argv)
{
	bool chosen[SLOTS];
	int k;

	if (!devices(p, argc, argv, 2, chosen))
		return 1;
	for (k = 0; k < SLOTS; k++)
		if (chosen[k])
			proc_printf(p, "p%d:1-1.4.%d\n", k + 1, SLOTS - k);
	return 0;
}

static int
switches(struct proc *p, int argc, char **argv)
{
	static const char *const names[] = { "hub", "led", "wp", "fan" };
	struct hat *hat = hat_of(p);
	bool *const what[] = { &hat->hub, &hat->led, &hat->wp, &hat->fan };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (argc > 2 && strcmp(argv[1], names[i]) == 0)
			*what[i] = strcmp(argv[2], "off") != 0;
	if (!str_starts(argv[1], "save"))
		return 0;
	if (hat->ctrl && argc == 3 && strtol(argv[2], NULL, 10) == ORDER)
		proc_puts(p, "saved\n");
	else
		proc_puts(p,
		    "Error: Unable to find Cluster CTRL device with that "
		    "order\n");
	return 0;
}

static int
cmd_clusterctrl(struct proc *p, int argc, char **argv)
{
	const struct hat *hat = hat_of(p);
	const char *what = argc > 1 ? argv[1] : "help";

	if (strcmp(what, "help") == 0 || strcmp(what, "--help") == 0)
		return proc_printf(p,
			   "Usage :%s <cmd> \n\n## Commands <cmd>\n\n",
			   argv[0]) < 0;
	if (!hat->set_up)
		return 0;
	if (!hat->found) {
		proc_puts(p, "ERROR: No ClusterHAT/CTRL devices found\n\n");
		return 1;
	}
	if (strcmp(what, "on") == 0 || strcmp(what, "off") == 0)
		return power(p, argc, argv);
	if (strcmp(what, "status") == 0)
		return status(p);
	if (strcmp(what, "maxpi") == 0)
		return proc_printf(p, "%d\n", SLOTS) < 0;
	if (strcmp(what, "getpath") == 0)
		return getpath(p, argc, argv);
	if (argc > 2 && strcmp(what, "alert") == 0)
		return alert(p, argc, argv);
	if (argc > 2 && strcmp(what, "usbboot") == 0)
		return usbboot(p, argc, argv);
	if (strcmp(what, "init") == 0)
		return 0;
	return switches(p, argc, argv);
}

static const struct command commands[] = {
	{ "clusterctrl", cmd_clusterctrl },
	{ "clusterhat", cmd_clusterctrl },
	{ "picocom", cmd_device_picocom },
	{ NULL, NULL },
};

/* --- the machine --- */

static void
hat_init(struct sim_board *b)
{
	struct hat *hat = b->state;
	struct vfs *v;

	hat->host = linux_host_new(b, commands);
	v = b->machine.vfs;
	vfs_static(v, "/etc/default/clusterctrl",
	    hat->set_up ? "TYPE=c\n" : "TYPE=node\n");
	vfs_static(v, "/usr/sbin/clusterctrl", "#!/usr/bin/env python3\n");
	if (!hat->found)
		return;
	vfs_static(v, "/dev/i2c-1", "");
	if (hat->ctrl) {
		vfs_static(v, "/dev/ClusterCTRL-3", "");
		return;
	}
	vfs_static(v, "/proc/device-tree/hat/product", "ZC4:ClusterHAT");
	vfs_static(v, "/proc/device-tree/hat/product_ver", "0x0025");
	vfs_static(v, "/proc/device-tree/hat/vendor", "8086 Consultancy");
}

/* A gadget's console is on the bus while its node runs. */
static void
hat_node_init(struct sim_node *n)
{
	struct hat *hat = n->board->state;
	char path[24];

	if (n->model == NULL) {
		n->uart.unkept = true;
		return;
	}
	str_format(path, sizeof(path), "/dev/ttypi%d", n->slot);
	hat->lines[n->slot - 1] = uart_device_new(n, path);
}

static void
hat_tick(struct sim_board *b, double dt)
{
	struct hat *hat = b->state;
	int k;

	linux_host_tick(hat->host, dt);
	for (k = 0; k < SLOTS; k++)
		if (hat->lines[k] != NULL)
			uart_device_plug(
			    hat->lines[k], node_running(&b->nodes[k]));
}

static void
hat_down(struct sim_board *b)
{
	linux_host_down(((struct hat *)b->state)->host);
}

static void
hat_up(struct sim_board *b)
{
	linux_host_up(((struct hat *)b->state)->host);
	board_apply_rails(b);
}

static void
hat_faulted(struct sim_board *b, enum fault_kind k, bool on)
{
	int i;

	/* The power-on state: all off. */
	for (i = 0; i < SLOTS && k == FAULT_POWER && on; i++)
		b->nodes[i].intent = false;
}

static void
hat_release(struct sim_board *b)
{
	struct hat *hat = b->state;
	int k;

	if (hat == NULL)
		return;
	for (k = 0; k < SLOTS; k++)
		uart_device_free(hat->lines[k]);
	linux_host_free(hat->host);
	free(hat);
}

static const char *const keys[] = { "flavour", "old", "set_up", "found", NULL };

const struct personality clusterhat_personality = {
	.type = "clusterhat",
	.slots = SLOTS,
	.model = "zero2w",
	.user = "pi",
	.uarts = true,
	.reboot_ms = 20000,
	.keys = keys,
	.read = hat_read,
	.init = hat_init,
	.node_init = hat_node_init,
	.tick = hat_tick,
	.down = hat_down,
	.up = hat_up,
	.faulted = hat_faulted,
	.release = hat_release,
};

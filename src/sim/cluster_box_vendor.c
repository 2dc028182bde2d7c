/*
 * The nodectl that the box was sold with (v0, v1) and its rewrite in Go. All
 * set up their pins before they look at what they are asked: a pin that was
 * not exported becomes an output that drives 0, and its node is cut. The
 * vendor's says nothing and is content, whatever happened.
 */
#include "cluster_box.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define SEGV 139

const char cb_usage_vendor[] = "Usage: nodectl commands:\n"
			       "   nodectl list\n"
			       "   nodectl poweron (--all|-n N)\n"
			       "   nodectl reboot (--all|-n N)\n"
			       "   nodectl flash (--all|-n N) -f "
			       "/path/firmware.img\n"
			       "   nodectl console -n N\n"
			       "   nodectl rescan\n"
			       "\n";

/* Both know the pins by their number alone. */
static int
pin_number(const struct cluster_box *box, int slot, int line)
{
	return CB_PINS_AT + cb_pin(slot, (enum cb_line)line) - box->base;
}

static bool
is_exported(const struct cluster_box *box, int pin)
{
	return pin >= 0 && pin < CB_PINS && box->pins[pin].exported;
}

/* False: it could not, which the one does not survive. */
static bool
set_up(struct cluster_box *box, bool root, int slot, int line)
{
	int pin = pin_number(box, slot, line);

	if (is_exported(box, pin))
		return true;
	if (!root || cb_gpio_export(box, pin) != 0)
		return false;
	(void)cb_gpio_direction(box, pin, line == CB_PRZ ? "in" : "out");
	return true;
}

/* --- the vendor's --- */

static void
put(struct proc *p, int slot, enum cb_line line, bool high)
{
	struct cluster_box *box = cb_of(p);

	if (proc_is_root(p))
		(void)cb_gpio_set(box, pin_number(box, slot, (int)line), high);
}

static void
poweron(struct proc *p, int slot)
{
	put(p, slot, CB_POWER, true);
	put(p, slot, CB_RESET, true);
	put(p, slot, CB_EN, true);
}

static void
poweroff(struct proc *p, int slot)
{
	put(p, slot, CB_EN, false);
}

/* What follows the subcommand; true: it wants its usage shown. */
static bool
switch_nodes(struct proc *p, int argc, char **argv, bool on)
{
	long n;
	int k;

	if (argc < 2)
		return true;
	if (strcmp(argv[1], "--all") == 0) {
		for (k = 0; k < CB_SLOTS; k++)
			(on ? poweron : poweroff)(p, k);
		return false;
	}
	if (argc < 3 || strcmp(argv[1], "-n") != 0)
		return true;
	n = strtol(argv[2], NULL, 10);
	if (n >= 1 && n <= CB_SLOTS)
		(on ? poweron : poweroff)(p, (int)n - 1);
	else
		proc_printf(p, "The num must be 1 - 4%s\n", on ? "." : "");
	return false;
}

static bool
console(struct proc *p, int argc, char **argv)
{
	long n;

	if (argc < 3)
		return true;
	if (strcmp(argv[1], "-n") != 0)
		return false;
	n = strtol(argv[2], NULL, 10);
	if (n < 1 || n > CB_SLOTS) {
		proc_puts(p, "The num must be 1 - 4\n");
		return true;
	}
	(void)cb_picocom(p, &cb_of(p)->nodes[n - 1], false);
	return false;
}

static void
rescan(struct proc *p)
{
	if (proc_is_root(p))
		cb_pci_rescan(cb_of(p));
	else
		proc_err(p,
		    "sh: can't create /sys/bus/pci/rescan: Permission "
		    "denied\n");
}

/* True: usage. */
static bool
subcommand(struct proc *p, int argc, char **argv)
{
	const char *what = argv[0];

	if (strcmp(what, "list") == 0) {
		proc_puts(p,
		    "If no device is found, run the rescan command and then "
		    "the list command to view the device.\n");
		(void)cb_list(p);
	} else if (strcmp(what, "poweron") == 0) {
		return switch_nodes(p, argc, argv, true);
	} else if (strcmp(what, "poweroff") == 0) {
		return switch_nodes(p, argc, argv, false);
	} else if (strcmp(what, "reboot") == 0) {
		(void)switch_nodes(p, argc, argv, false);
		if (proc_sleep(p, 1000) == 0)
			(void)switch_nodes(p, argc, argv, true);
	} else if (strcmp(what, "flash") == 0) {
		proc_puts(p,
		    "The function is under active development, please stay "
		    "tuned.\n");
	} else if (strcmp(what, "console") == 0) {
		return console(p, argc, argv);
	} else {
		rescan(p);
	}
	return false;
}

int
cmd_nodectl_vendor(struct proc *p, int argc, char **argv)
{
	static const char *const known[] = { "list", "poweron", "poweroff",
		"reboot", "flash", "console", "rescan" };
	struct cluster_box *box = cb_of(p);
	size_t i;
	int k, line;

	for (line = CB_EN; line < CB_LINES; line++)
		for (k = 0; k < CB_SLOTS; k++)
			if (!set_up(box, proc_is_root(p), k, line)) {
				proc_err(p, "Segmentation fault\n");
				return SEGV;
			}
	for (i = 0; argc > 1 && i < ARRAY_LEN(known); i++)
		if (strcmp(argv[1], known[i]) == 0) {
			if (subcommand(p, argc - 1, argv + 1))
				proc_puts(p, cb_usage_vendor);
			return 0;
		}
	proc_puts(p, cb_usage_vendor);
	return 1;
}

/* --- the rewrite --- */

struct go_args {
	bool node[CB_SLOTS];
	bool help, active, bad;
};

static int
go_fail(struct proc *p, const char *why)
{
	proc_err(p, "an error occured while runnning the app\n\t%s\n", why);
	return 1;
}

static void
go_node(struct proc *p, struct go_args *a, const char *value)
{
	long n = value != NULL ? strtol(value, NULL, 10) : 0;

	a->bad = n < 1 || n > CB_SLOTS;
	if (!a->bad)
		a->node[n - 1] = true;
	else
		(void)go_fail(p,
		    n > CB_SLOTS ? "the node numbers must be less than 4"
				 : "the node numbers must be greater than 1");
}

static void
go_parse(struct proc *p, struct go_args *a, int argc, char **argv)
{
	int i, k;

	for (i = 2; i < argc && !a->bad; i++) {
		const char *s = argv[i] + strspn(argv[i], "-");

		if (strcmp(s, "node") == 0 || strcmp(s, "n") == 0) {
			go_node(p, a, i + 1 < argc ? argv[i + 1] : NULL);
			i++;
		} else if (str_starts(s, "node=")) {
			go_node(p, a, s + strlen("node="));
		} else if (strcmp(s, "all") == 0 || strcmp(s, "a") == 0) {
			for (k = 0; k < CB_SLOTS; k++)
				a->node[k] = true;
		} else if (strcmp(s, "active-only") == 0 ||
		    strcmp(s, "e") == 0) {
			a->active = true;
		} else if (argv[i][0] == '-') {
			a->bad = true;
			proc_printf(p,
			    "Incorrect Usage: flag provided but not "
			    "defined: -%s\n\n",
			    s);
		}
	}
}

static int
go_help(struct proc *p)
{
	proc_puts(p,
	    "NAME:\n   nodectl - A new cli application\n\n"
	    "USAGE:\n   nodectl [global options] command [command options] "
	    "[arguments...]\n\nVERSION:\n   v0.0.2\n\nCOMMANDS:\n"
	    "   list, l            \n   poweron, u         \n"
	    "   poweroff, d        \n   reboot, restart, r \n"
	    "   flash, f           \n   console, c         \n"
	    "   rescan, s          \n"
	    "   help, h            Shows a list of commands or help for one "
	    "command\n\nGLOBAL OPTIONS:\n"
	    "   --help, -h     show help\n"
	    "   --version, -v  print the version\n");
	return 0;
}

/* All three pins of a node, so that a node that is off has both of its
 * buttons held. */
static void
go_put(struct proc *p, const struct go_args *a, bool high)
{
	int k;

	for (k = 0; k < CB_SLOTS; k++) {
		if (!a->node[k])
			continue;
		put(p, k, CB_POWER, high);
		put(p, k, CB_RESET, high);
		put(p, k, CB_EN, high);
	}
}

static int
go_list(struct proc *p, const struct go_args *a)
{
	struct cluster_box *box = cb_of(p);
	static const int order[] = { 2, 3, 1, 0 };
	int i, n = 0;

	for (i = 0; i < CB_SLOTS; i++) {
		const struct cb_node *cn = &box->nodes[order[i]];

		if (!cn->seen || (a->active && !node_running(cn->n)))
			continue;
		proc_printf(p,
		    "%d:00.0 Network controller: Mixtile Limited Blade 3 "
		    "(rev 01)\n",
		    cb_bus(order[i]));
		n++;
	}
	if (n == 0)
		proc_puts(p,
		    "No devices found. Run the rescan command then try "
		    "again.\n");
	return 0;
}

static int
go_power(struct proc *p, const struct go_args *a, char verb)
{
	if (!proc_is_root(p))
		return go_fail(p,
		    "failed to set GPIO pin level via the sysfs interface\n\t"
		    "open /sys/class/gpio/gpio508/value: permission denied");
	go_put(p, a, verb == 'u');
	if (verb == 'r' && proc_sleep(p, 1000) == 0)
		go_put(p, a, true);
	return 0;
}

/* The letter of a command, or 0. */
static char
go_command(const char *name)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = { { "list", 'l' }, { "poweron", 'u' }, { "poweroff", 'd' },
		{ "reboot", 'r' }, { "restart", 'r' }, { "flash", 'f' },
		{ "console", 'c' }, { "rescan", 's' } };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i].name, name) == 0 ||
		    (name[0] == names[i].letter && name[1] == '\0'))
			return names[i].letter;
	return 0;
}

static int
go_console(struct proc *p, const struct go_args *a)
{
	int k;

	for (k = 0; k < CB_SLOTS; k++)
		if (a->node[k])
			return cb_picocom(p, &cb_of(p)->nodes[k], false);
	return go_fail(p, "Required flag \"node\" not set");
}

static int
go_rescan(struct proc *p)
{
	if (!proc_is_root(p))
		return go_fail(p,
		    "failed to trigger PCIe rescan via sysfs interface\n\t"
		    "open /sys/bus/pci/rescan: permission denied");
	cb_pci_rescan(cb_of(p));
	return 0;
}

/* Only what switches or shows a line sets up the pins. */
static bool
go_pins(struct proc *p)
{
	int k, line;

	for (k = 0; k < CB_SLOTS; k++)
		for (line = CB_EN; line < CB_LINES; line++)
			if (!set_up(cb_of(p), proc_is_root(p), k, line))
				return false;
	return true;
}

int
cmd_nodectl_go(struct proc *p, int argc, char **argv)
{
	struct go_args a = { .help = false };
	char verb;

	if (argc < 2 || (verb = go_command(argv[1])) == 0) {
		if (argc > 1 &&
		    (strcmp(argv[1], "--version") == 0 ||
			strcmp(argv[1], "-v") == 0))
			return proc_puts(p, "nodectl version v0.0.2\n") < 0;
		if (argc > 1 && argv[1][0] != '-' &&
		    strcmp(argv[1], "help") != 0)
			return proc_printf(
				   p, "No help topic for '%s'\n", argv[1]) < 0
			    ? 1
			    : 3;
		return go_help(p);
	}
	go_parse(p, &a, argc, argv);
	if (a.bad)
		return 1;
	if (verb == 'l')
		return go_list(p, &a);
	if (verb == 's')
		return go_rescan(p);
	if (verb == 'f')
		return go_fail(p, "this subcommand is not currently supported");
	if (!go_pins(p))
		return go_fail(p,
		    "failed to get all nodes\n\tfailed to userspace export "
		    "GPIO pin via the sysfs interface\n\topen "
		    "/sys/class/gpio/export: permission denied");
	return verb == 'c' ? go_console(p, &a) : go_power(p, &a, verb);
}

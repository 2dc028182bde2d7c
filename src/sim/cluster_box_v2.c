/*
 * The nodectl of the firmware of 2026: its arguments and its lesser commands.
 */
#include "cluster_box_job.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define STAGGER_MS 1000
#define ALL 0x1eu

#define USAGE_HEAD \
	"Usage: nodectl <command> [options]\n\nCommands:\n" \
	"  status   [-n N|--all] [--json]   power, PCIe, network and job " \
	"state\n" \
	"  list                             list node PCIe devices\n" \
	"  rescan                           rescan the PCI bus\n" \
	"  poweron  (-n N|--all)            enable power\n" \
	"  poweroff (-n N|--all)            cut power immediately (hard)\n" \
	"  shutdown (-n N|--all) [--force] [--timeout S] [--no-poweroff]\n" \
	"                                   press power button, wait, cut " \
	"power\n" \
	"  reboot   (-n N|--all) [--hard]   graceful (or hard) power cycle\n" \
	"  reset    -n N                    pulse the hardware reset line\n"
#define USAGE_TAIL \
	"  flash    -n N -f IMAGE|URL [--target DEV] [--no-reboot] [-y]\n" \
	"                                   stream an OS image to the node " \
	"disk\n" \
	"  boot                             apply boot_action (used by init)\n" \
	"\nCommon options:\n" \
	"  --bg     run in background, log to /var/log/nodectl/nodeN.log\n" \
	"\nSettings: /etc/config/nodectl\n"

const char cb_usage_v2[] = USAGE_HEAD
    "  console  -n N                    serial console (exit: Ctrl-] q)\n"
    "  send     -n N -- text...         type a line into the serial "
    "console\n"
    "  consoled -n N                    console server with log (run by "
    "procd)\n"
    "  ssh      -n N [-- command...]    SSH to the node\n"
    "  fan      [PERCENT]               show or set fan duty\n" USAGE_TAIL;

const char cb_usage_v2_old[] = USAGE_HEAD
    "  console  -n N                    serial console (exit: Ctrl-A "
    "Ctrl-X)\n"
    "  ssh      -n N [-- command...]    SSH to the node over pci0\n" USAGE_TAIL;

/* --- arguments --- */

static void
parse_node(struct proc *p, struct cb_opts *o, const char *s)
{
	long n;

	if (!str_long(s, 1, CB_SLOTS, &n)) {
		proc_err(p, "node number must be 1-%d\n", CB_SLOTS);
		o->bad = true;
		return;
	}
	o->mask |= 1u << n;
}

static bool
parse_flag(struct cb_opts *o, const char *a)
{
	if (strcmp(a, "--all") == 0)
		o->mask = ALL;
	else if (strcmp(a, "--json") == 0)
		o->json = true;
	else if (strcmp(a, "--hard") == 0)
		o->hard = true;
	else if (strcmp(a, "--force") == 0)
		o->force = true;
	else if (strcmp(a, "--bg") == 0)
		o->bg = true;
	else if (strcmp(a, "--no-reboot") == 0 ||
	    strcmp(a, "--no-poweroff") == 0)
		o->keep = true;
	else
		return strcmp(a, "-y") == 0 || strcmp(a, "--yes") == 0;
	return true;
}

static bool
parse_value(struct proc *p, struct cb_opts *o, const char *a, const char *value)
{
	if (strcmp(a, "-n") == 0)
		parse_node(p, o, value);
	else if (strcmp(a, "--timeout") == 0)
		o->timeout = strtol(value, NULL, 10);
	else if (strcmp(a, "-f") == 0)
		o->source = value;
	else
		return strcmp(a, "--target") == 0;
	return true;
}

static void
parse(struct proc *p, struct cb_opts *o, int argc, char **argv)
{
	bool old = cb_of(p)->gen == CB_V2_OLD;
	int i;

	for (i = 2; i < argc && !o->bad; i++) {
		bool end = strcmp(argv[i], "--") == 0;

		if (end || (argv[i][0] != '-' && !old)) {
			o->rest = argv + i + end;
			o->nrest = argc - i - end;
			return;
		}
		if (i + 1 < argc && parse_value(p, o, argv[i], argv[i + 1])) {
			i++;
		} else if (!parse_flag(o, argv[i])) {
			proc_err(p, "unknown or incomplete option: %s\n%s",
			    argv[i], old ? cb_usage_v2_old : cb_usage_v2);
			o->bad = true;
		}
	}
}

/* The only one that was chosen, or NULL. */
static struct cb_node *
single(struct proc *p, const struct cb_opts *o)
{
	int k;

	for (k = 1; k <= CB_SLOTS; k++)
		if (o->mask == 1u << k)
			return &cb_of(p)->nodes[k - 1];
	proc_err(p, "exactly one node must be selected with -n N\n");
	return NULL;
}

/* An output is left as it is, whatever it drives. */
static bool
set_up(struct cluster_box *box, bool root)
{
	int k, line, pin;

	for (k = 0; k < CB_SLOTS; k++)
		for (line = CB_EN; line < CB_LINES; line++) {
			pin = cb_pin(k, (enum cb_line)line);
			if (!box->pins[pin].exported &&
			    (!root || cb_gpio_export(box, pin) != 0))
				return false;
			if (line == CB_PRZ || box->pins[pin].out)
				continue;
			if (!root)
				return false;
			(void)cb_gpio_direction(
			    box, pin, line == CB_EN ? "low" : "high");
		}
	return true;
}

/* --- the lesser commands --- */

static int
list(struct proc *p)
{
	proc_puts(p,
	    "If no device is found, run 'nodectl rescan' and then 'nodectl "
	    "list'.\n");
	return cb_list(p) > 0 ? CB_OK : CB_FAIL;
}

static int
rescan(struct proc *p)
{
	if (!proc_is_root(p)) {
		proc_err(p, "PCI rescan failed: Permission denied\n");
		return CB_FAIL;
	}
	cb_pci_rescan(cb_of(p));
	return CB_OK;
}

static int
console(struct proc *p, const struct cb_opts *o)
{
	struct cb_node *cn = single(p, o);

	if (cn == NULL)
		return CB_USAGE;
	if (cb_console_served(cn) && proc_is_root(p))
		return cb_attach(p, cn);
	return cb_picocom(p, cn, true);
}

/* procd's own has the port already, or else who keeps it from that. */
static int
consoled(struct proc *p, const struct cb_opts *o)
{
	const struct cb_node *cn = single(p, o);

	if (cn == NULL)
		return CB_USAGE;
	proc_err(
	    p, "node %d: console is in use by another program\n", cn->n->slot);
	return CB_FAIL;
}

static int
send_line(struct proc *p, const struct cb_opts *o)
{
	struct cb_node *cn = single(p, o);
	int i;

	if (cn == NULL)
		return CB_USAGE;
	if (o->nrest == 0) {
		proc_err(p, "usage: nodectl send -n N -- text...\n");
		return CB_USAGE;
	}
	if (!cb_console_served(cn) || !proc_is_root(p)) {
		proc_err(
		    p, "node %d: console server not running\n", cn->n->slot);
		return CB_FAIL;
	}
	for (i = 0; i < o->nrest; i++) {
		if (i > 0)
			uart_type(cn->n, " ", 1);
		uart_type(cn->n, o->rest[i], strlen(o->rest[i]));
	}
	uart_type(cn->n, "\r", 1);
	(void)proc_sleep(p, 200);
	return CB_OK;
}

static int
fan(struct proc *p, const struct cb_opts *o)
{
	struct cluster_box *box = cb_of(p);
	long percent;
	int k;

	if (o->nrest == 0) {
		proc_printf(p, "%d\n",
		    box->period[0] > 0
			? (int)((int64_t)box->duty[0] * 100 / box->period[0])
			: -1);
		return CB_OK;
	}
	percent = strtol(o->rest[0], NULL, 10);
	if (percent < 0 || percent > 100) {
		proc_err(p, "fan duty must be 0-100\n");
		return CB_USAGE;
	}
	if (!proc_is_root(p)) {
		proc_err(p, "fan 0: failed to set duty\n");
		return CB_FAIL;
	}
	for (k = 0; k < 2; k++)
		box->duty[k] = (int)((int64_t)box->period[k] * percent / 100);
	proc_printf(p, "fans set to %ld%%\n", percent);
	return CB_OK;
}

static int
ssh(struct proc *p, const struct cb_opts *o)
{
	const struct cb_node *cn = single(p, o);
	char ip[16];

	if (cn == NULL)
		return CB_USAGE;
	if (*cb_address(cb_of(p), cn->n->slot - 1, ip) == '\0')
		proc_err(p,
		    "node %d: no ipaddr configured (uci set "
		    "nodectl.node%d.ipaddr=...)\n",
		    cn->n->slot, cn->n->slot);
	else
		proc_err(p,
		    "dbclient: Connection to root@%s:22 exited: No auth "
		    "methods could be used.\n",
		    ip);
	return CB_FAIL;
}

/* --- the commands on nodes --- */

static int
flash(struct proc *p, struct cb_job *j)
{
	const struct cb_node *cn = single(p, &j->o);

	if (cn == NULL)
		return CB_USAGE;
	if (j->o.source == NULL) {
		proc_err(p, "flash requires -f <image file or https:// URL>\n");
		return CB_USAGE;
	}
	if (!j->box->addresses) {
		proc_err(p, "node %d: no ipaddr configured\n", cn->n->slot);
		return CB_FAIL;
	}
	j->run = cb_flash;
	return j->o.bg ? cb_run_apart(p, j) : cb_run_in_turn(p, j, 0);
}

static int
on_nodes(struct proc *p, struct cb_job *j)
{
	bool beside = false;
	unsigned stagger = 0;

	if (strcmp(j->name, "poweron") == 0) {
		j->run = cb_poweron;
		stagger = STAGGER_MS;
	} else if (strcmp(j->name, "poweroff") == 0) {
		j->run = cb_poweroff;
	} else if (strcmp(j->name, "reset") == 0) {
		j->run = cb_reset;
	} else {
		j->run = j->name[0] == 's' ? cb_shutdown : cb_reboot;
		beside = true;
	}
	if (j->o.mask == 0) {
		proc_err(p, "select nodes with -n N or --all\n%s",
		    j->box->gen == CB_V2 ? cb_usage_v2 : cb_usage_v2_old);
		return CB_USAGE;
	}
	if (beside && j->o.bg)
		return cb_run_apart(p, j);
	return beside ? cb_run_beside(p, j) : cb_run_in_turn(p, j, stagger);
}

static int
boot(struct proc *p, struct cb_job *j)
{
	j->o.mask = ALL;
	j->run = cb_poweron;
	return cb_run_in_turn(p, j, STAGGER_MS) != CB_OK ? CB_FAIL : CB_OK;
}

static int
dispatch(struct proc *p, struct cb_job *j, const char *cmd)
{
	static const char *const nodes[] = { "poweron", "poweroff", "shutdown",
		"reboot", "reset" };
	bool newer = j->box->gen == CB_V2;
	size_t i;

	for (i = 0; i < ARRAY_LEN(nodes); i++)
		if (strcmp(cmd, nodes[i]) == 0)
			return on_nodes(p, j);
	if (strcmp(cmd, "status") == 0)
		return cb_status(
		    p, j->o.mask != 0 ? j->o.mask : ALL, j->o.json);
	if (strcmp(cmd, "list") == 0)
		return list(p);
	if (strcmp(cmd, "rescan") == 0)
		return rescan(p);
	if (strcmp(cmd, "console") == 0)
		return console(p, &j->o);
	if (strcmp(cmd, "ssh") == 0)
		return ssh(p, &j->o);
	if (strcmp(cmd, "flash") == 0)
		return flash(p, j);
	if (strcmp(cmd, "boot") == 0)
		return boot(p, j);
	if (newer && strcmp(cmd, "consoled") == 0)
		return consoled(p, &j->o);
	if (newer && strcmp(cmd, "send") == 0)
		return send_line(p, &j->o);
	if (newer && strcmp(cmd, "fan") == 0)
		return fan(p, &j->o);
	proc_err(p, "unknown command: %s\n%s", cmd,
	    newer ? cb_usage_v2 : cb_usage_v2_old);
	return CB_USAGE;
}

int
cmd_nodectl_v2(struct proc *p, int argc, char **argv)
{
	struct cluster_box *box = cb_of(p);
	const char *usage = box->gen == CB_V2 ? cb_usage_v2 : cb_usage_v2_old;
	struct cb_job j = { .p = p, .box = box, .root = proc_is_root(p) };
	const char *cmd = argc > 1 ? argv[1] : "";

	if (argc < 2) {
		proc_err(p, "%s", usage);
		return CB_USAGE;
	}
	if (strcmp(cmd, "-h") == 0 || strcmp(cmd, "--help") == 0)
		return proc_puts(p, usage) < 0;
	parse(p, &j.o, argc, argv);
	if (j.o.bad)
		return CB_USAGE;
	if (!set_up(box, j.root)) {
		proc_err(
		    p, "failed to initialise GPIOs (base %d)\n", box->base);
		if (strcmp(cmd, "list") != 0 && strcmp(cmd, "rescan") != 0)
			return CB_FAIL;
	}
	str_copy(j.name, sizeof(j.name), cmd);
	return dispatch(p, &j, cmd);
}

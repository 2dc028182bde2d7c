/*
 * The nodectl of the firmware of 2026. Each operation on a node holds that
 * node's lock, another one finds it busy; without root the lock's file cannot
 * be opened, which is told in the same words.
 */
#include "cluster_box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc_in.h"
#include "rackmux/base/text.h"

enum { OK, FAIL, USAGE, BUSY = 3 };

#define PRESS_MS 500
#define FORCE_MS 8000
#define RESET_MS 200
#define GRACE_S 10
#define TIMEOUT_S 90
#define STAGGER_MS 1000
#define PROBE_MS 1500
#define ALL 0x1eu
#define LOG_DIR "/var/log/nodectl/"

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

struct opts {
	unsigned mask; /* bit: node from 1 */
	bool json, hard, force, bg, keep, bad;
	long timeout;
	const char *source;
	char **rest;
	int nrest;
};

/* One operation on one node. */
struct job {
	struct proc *p; /* that runs it */
	struct cluster_box *box;
	struct cb_node *cn;
	int (*run)(struct job *);
	char name[12];
	struct opts o;
	bool root;
	char log[40]; /* where it speaks to, "": its output */
};

/* --- what it says --- */

RM_PRINTF(3, 4)
static void
say(struct job *j, bool trouble, const char *fmt, ...)
{
	struct vfs *v = j->box->board->machine.vfs;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	if (j->log[0] != '\0') {
		(void)vfs_write(v, j->log, text, strlen(text), true);
		(void)vfs_write(v, j->log, "\n", 1, true);
	} else if (trouble) {
		proc_err(j->p, "%s\n", text);
	} else {
		proc_printf(j->p, "%s\n", text);
	}
	free(text);
}

/* --- pins --- */

static bool
put(struct job *j, enum cb_line line, bool high)
{
	return cb_gpio_set(j->box, cb_pin(j->cn->n->slot - 1, line), high) == 0;
}

static bool
is_on(const struct job *j)
{
	return cb_gpio_get(j->box, cb_pin(j->cn->n->slot - 1, CB_EN));
}

/* Whoever reads from the node lets go of it first. */
static void
let_go(struct job *j)
{
	j->cn->released = true;
}

static bool
press(struct job *j, enum cb_line line, unsigned ms)
{
	if (!put(j, line, false))
		return false;
	(void)proc_sleep(j->p, ms);
	return put(j, line, true);
}

/* --- operations --- */

static int
do_poweron(struct job *j)
{
	int n = j->cn->n->slot;

	if (is_on(j)) {
		say(j, false, "node %d: already powered", n);
		return 0;
	}
	if (!put(j, CB_POWER, true) || !put(j, CB_RESET, true) ||
	    !put(j, CB_EN, true)) {
		say(j, true, "node %d: failed to enable power", n);
		return -1;
	}
	j->cn->released = false;
	say(j, false, "node %d: power on", n);
	return 0;
}

static int
do_poweroff(struct job *j)
{
	let_go(j);
	if (!put(j, CB_EN, false)) {
		say(j, true, "node %d: failed to cut power", j->cn->n->slot);
		return -1;
	}
	say(j, false, "node %d: power off", j->cn->n->slot);
	return 0;
}

static int
do_reset(struct job *j)
{
	int n = j->cn->n->slot;

	if (!is_on(j)) {
		say(j, true, "node %d: not powered", n);
		return -1;
	}
	let_go(j);
	if (!press(j, CB_RESET, RESET_MS)) {
		say(j, true, "node %d: reset failed", n);
		return -1;
	}
	j->cn->released = false;
	say(j, false, "node %d: reset pulse sent", n);
	return 0;
}

/* Seconds at which the node was seen to be down; -1: hung up. */
static long
wait_down(struct job *j, long timeout)
{
	bool known = j->box->addresses;
	int misses = 0;
	long t;

	for (t = 0; t < timeout; t++) {
		if (known && cb_reachable(j->cn)) {
			misses = 0;
		} else if (known) {
			if (proc_sleep(j->p, PROBE_MS) != 0)
				return -1;
			if (++misses >= 3)
				break;
		}
		if (proc_sleep(j->p, 1000) != 0)
			return -1;
	}
	return t;
}

static int
do_shutdown(struct job *j)
{
	long timeout = j->o.timeout > 0 ? j->o.timeout : TIMEOUT_S, t;
	unsigned ms = j->o.force ? FORCE_MS : PRESS_MS;
	int n = j->cn->n->slot;

	if (!is_on(j)) {
		say(j, false, "node %d: already off", n);
		return 0;
	}
	say(j, false, "node %d: pressing power button for %u ms", n, ms);
	if (!press(j, CB_POWER, ms)) {
		say(j, true, "node %d: power button press failed", n);
		return -1;
	}
	if ((t = wait_down(j, timeout)) < 0)
		return -1;
	if (t >= timeout) {
		say(j, true, "node %d: shutdown timeout (%ld s) reached", n,
		    timeout);
	} else {
		say(j, false, "node %d: network down, waiting %d s grace", n,
		    GRACE_S);
		if (proc_sleep(j->p, GRACE_S * 1000) != 0)
			return -1;
	}
	return j->o.keep && !j->o.hard ? 0 : do_poweroff(j);
}

static int
do_reboot(struct job *j)
{
	j->o.keep = false;
	if ((j->o.hard || !is_on(j) ? do_poweroff : do_shutdown)(j) != 0)
		return -1;
	if (proc_sleep(j->p, 2000) != 0)
		return -1;
	return do_poweron(j);
}

/* It streams the image to a Linux that runs on the node. */
static int
do_flash(struct job *j)
{
	char ip[16];
	int n = j->cn->n->slot;

	say(j, false, "node %d: flashing %s", n, j->o.source);
	say(j, false, "[12:01:02] node %d (root@%s): checking prerequisites", n,
	    cb_address(j->box, n - 1, ip));
	if (!cb_reachable(j->cn)) {
		say(j, false,
		    "[12:01:04] ERROR: node unreachable over SSH, /dev/mmcblk0 "
		    "is not a block device, or 'cat' is missing on the node");
		say(j, true, "node %d: flash FAILED", n);
		return -1;
	}
	say(j, false, "target size: 232.9 GiB");
	say(j, false, "[12:01:03] writing %s -> /dev/mmcblk0", j->o.source);
	if (proc_sleep(j->p, 8000) != 0)
		return -1;
	say(j, false, "[12:01:11] done in 8 s");
	say(j, false, "node %d: flash finished", n);
	if (j->o.keep)
		return 0;
	say(j, false, "node %d: power cycling into the new image", n);
	j->o.hard = true;
	return do_reboot(j);
}

/* --- locks --- */

static void
op_file(const struct job *j, bool there)
{
	struct vfs *v = j->box->board->machine.vfs;
	char path[40], text[40];

	str_format(
	    path, sizeof(path), "/var/run/nodectl/node%d.op", j->cn->n->slot);
	if (!there) {
		vfs_remove(v, path);
		return;
	}
	str_format(text, sizeof(text), "%s %lld\n", j->name,
	    (long long)(loop_wall(j->box->board->rack->loop) / 1000));
	vfs_text(v, path, text);
	str_format(
	    path, sizeof(path), "/var/lock/nodectl.node%d", j->cn->n->slot);
	vfs_static(v, path, "");
}

static int
run_locked(struct job *j)
{
	struct cb_node *cn = j->cn;
	int rc;

	if (!j->root || cn->op[0] != '\0' ||
	    fault_is(&cn->n->faults, FAULT_NODEBUSY)) {
		say(j, true, "node %d is busy", cn->n->slot);
		return BUSY;
	}
	str_copy(cn->op, sizeof(cn->op), j->name);
	op_file(j, true);
	rc = j->run(j) != 0 ? FAIL : OK;
	cn->op[0] = '\0';
	op_file(j, false);
	return rc;
}

static int
job_main(struct proc *p, void *arg)
{
	struct job *j = arg;

	j->p = p;
	return run_locked(j);
}

/* All at once: each in a process of its own. */
static int
run_beside(struct proc *p, const struct job *base)
{
	int pid[CB_SLOTS] = { 0 }, rc = OK, r, k;

	for (k = 0; k < CB_SLOTS; k++) {
		struct job *j;

		if (!(base->o.mask >> (k + 1) & 1))
			continue;
		j = mem_alloc(sizeof(*j));
		*j = *base;
		j->cn = &j->box->nodes[k];
		pid[k] = proc_spawn(p, false, job_main, j, free);
	}
	for (k = 0; k < CB_SLOTS; k++)
		if (pid[k] != 0 && (r = proc_await(p, pid[k])) != OK)
			rc = r;
	return rc;
}

static int
run_in_turn(struct proc *p, const struct job *base, unsigned stagger)
{
	struct job j = *base;
	int rc = OK, r, k;

	j.p = p;
	for (k = 0; k < CB_SLOTS && !proc_dead(p); k++) {
		if (!(base->o.mask >> (k + 1) & 1))
			continue;
		j.cn = &j.box->nodes[k];
		if ((r = run_locked(&j)) != OK)
			rc = r;
		if (stagger > 0)
			(void)proc_sleep(p, stagger);
	}
	return rc;
}

/* The process that --bg leaves behind. */
static int
background_main(struct proc *p, void *arg)
{
	return run_beside(p, arg);
}

static int
start(struct proc *p, struct job *j)
{
	struct job *copy;
	int k, node = 0, n = 0, pid;

	for (k = 1; k <= CB_SLOTS; k++)
		if (j->o.mask >> k & 1) {
			node = n++ == 0 ? k : node;
		}
	if (n == 1)
		str_format(j->log, sizeof(j->log), LOG_DIR "node%d.log", node);
	else
		str_copy(j->log, sizeof(j->log), LOG_DIR "all.log");
	vfs_text(j->box->board->machine.vfs, j->log, "");
	copy = mem_alloc(sizeof(*copy));
	*copy = *j;
	pid = proc_spawn(p, true, background_main, copy, free);
	proc_printf(p, "{\"started\":\"%s\",\"pid\":%d,\"log\":\"%s\"}\n",
	    j->name, pid, j->log);
	return OK;
}

/* --- arguments --- */

static void
parse_node(struct proc *p, struct opts *o, const char *s)
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
parse_flag(struct opts *o, const char *a)
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
parse_value(struct proc *p, struct opts *o, const char *a, const char *value)
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
parse(struct proc *p, struct opts *o, int argc, char **argv)
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
single(struct proc *p, const struct opts *o)
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
	return cb_list(p) > 0 ? OK : FAIL;
}

static int
rescan(struct proc *p)
{
	if (!proc_is_root(p)) {
		proc_err(p, "PCI rescan failed: Permission denied\n");
		return FAIL;
	}
	cb_pci_rescan(cb_of(p));
	return OK;
}

static int
console(struct proc *p, const struct opts *o)
{
	struct cb_node *cn = single(p, o);

	if (cn == NULL)
		return USAGE;
	if (cb_console_served(cn) && proc_is_root(p))
		return cb_attach(p, cn);
	return cb_picocom(p, cn, true);
}

static int
send_line(struct proc *p, const struct opts *o)
{
	struct cb_node *cn = single(p, o);
	int i;

	if (cn == NULL)
		return USAGE;
	if (o->nrest == 0) {
		proc_err(p, "usage: nodectl send -n N -- text...\n");
		return USAGE;
	}
	if (!cb_console_served(cn) || !proc_is_root(p)) {
		proc_err(
		    p, "node %d: console server not running\n", cn->n->slot);
		return FAIL;
	}
	for (i = 0; i < o->nrest; i++) {
		if (i > 0)
			uart_type(cn->n, " ", 1);
		uart_type(cn->n, o->rest[i], strlen(o->rest[i]));
	}
	uart_type(cn->n, "\r", 1);
	(void)proc_sleep(p, 200);
	return OK;
}

static int
fan(struct proc *p, const struct opts *o)
{
	struct cluster_box *box = cb_of(p);
	long percent;
	int k;

	if (o->nrest == 0) {
		proc_printf(p, "%d\n",
		    box->period[0] > 0
			? (int)((int64_t)box->duty[0] * 100 / box->period[0])
			: -1);
		return OK;
	}
	percent = strtol(o->rest[0], NULL, 10);
	if (percent < 0 || percent > 100) {
		proc_err(p, "fan duty must be 0-100\n");
		return USAGE;
	}
	if (!proc_is_root(p)) {
		proc_err(p, "fan 0: failed to set duty\n");
		return FAIL;
	}
	for (k = 0; k < 2; k++)
		box->duty[k] = (int)((int64_t)box->period[k] * percent / 100);
	proc_printf(p, "fans set to %ld%%\n", percent);
	return OK;
}

static int
ssh(struct proc *p, const struct opts *o)
{
	const struct cb_node *cn = single(p, o);
	char ip[16];

	if (cn == NULL)
		return USAGE;
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
	return FAIL;
}

/* --- the commands on nodes --- */

static int
flash(struct proc *p, struct job *j)
{
	const struct cb_node *cn = single(p, &j->o);

	if (cn == NULL)
		return USAGE;
	if (j->o.source == NULL) {
		proc_err(p, "flash requires -f <image file or https:// URL>\n");
		return USAGE;
	}
	if (!j->box->addresses) {
		proc_err(p, "node %d: no ipaddr configured\n", cn->n->slot);
		return FAIL;
	}
	j->run = do_flash;
	return j->o.bg ? start(p, j) : run_in_turn(p, j, 0);
}

static int
on_nodes(struct proc *p, struct job *j)
{
	bool beside = false;
	unsigned stagger = 0;

	if (strcmp(j->name, "poweron") == 0) {
		j->run = do_poweron;
		stagger = STAGGER_MS;
	} else if (strcmp(j->name, "poweroff") == 0) {
		j->run = do_poweroff;
	} else if (strcmp(j->name, "reset") == 0) {
		j->run = do_reset;
	} else {
		j->run = j->name[0] == 's' ? do_shutdown : do_reboot;
		beside = true;
	}
	if (j->o.mask == 0) {
		proc_err(p, "select nodes with -n N or --all\n%s",
		    j->box->gen == CB_V2 ? cb_usage_v2 : cb_usage_v2_old);
		return USAGE;
	}
	if (beside && j->o.bg)
		return start(p, j);
	return beside ? run_beside(p, j) : run_in_turn(p, j, stagger);
}

static int
boot(struct proc *p, struct job *j)
{
	j->o.mask = ALL;
	j->run = do_poweron;
	return run_in_turn(p, j, STAGGER_MS) != OK ? FAIL : OK;
}

static int
dispatch(struct proc *p, struct job *j, const char *cmd)
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
	if (newer && strcmp(cmd, "send") == 0)
		return send_line(p, &j->o);
	if (newer && strcmp(cmd, "fan") == 0)
		return fan(p, &j->o);
	proc_err(p, "unknown command: %s\n%s", cmd,
	    newer ? cb_usage_v2 : cb_usage_v2_old);
	return USAGE;
}

int
cmd_nodectl_v2(struct proc *p, int argc, char **argv)
{
	struct cluster_box *box = cb_of(p);
	const char *usage = box->gen == CB_V2 ? cb_usage_v2 : cb_usage_v2_old;
	struct job j = { .p = p, .box = box, .root = proc_is_root(p) };
	const char *cmd = argc > 1 ? argv[1] : "";

	if (argc < 2) {
		proc_err(p, "%s", usage);
		return USAGE;
	}
	if (strcmp(cmd, "-h") == 0 || strcmp(cmd, "--help") == 0)
		return proc_puts(p, usage) < 0;
	parse(p, &j.o, argc, argv);
	if (j.o.bad)
		return USAGE;
	if (!set_up(box, j.root)) {
		proc_err(
		    p, "failed to initialise GPIOs (base %d)\n", box->base);
		if (strcmp(cmd, "list") != 0 && strcmp(cmd, "rescan") != 0)
			return FAIL;
	}
	str_copy(j.name, sizeof(j.name), cmd);
	return dispatch(p, &j, cmd);
}

/*
 * Each operation on a node holds that node's lock, another one finds it busy;
 * without root the lock's file cannot be opened, which is told in the same
 * words.
 */
#include "cluster_box_job.h"

#include <stdlib.h>
#include <string.h>

#include "proc_in.h"
#include "rackmux/base/text.h"

#define PRESS_MS 500
#define FORCE_MS 8000
#define RESET_MS 200
#define GRACE_S 10
#define TIMEOUT_S 90
#define PROBE_MS 1500
#define LOG_DIR "/var/log/nodectl/"

/* --- what it says --- */

RM_PRINTF(3, 4)
static void
say(struct cb_job *j, bool trouble, const char *fmt, ...)
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
put(struct cb_job *j, enum cb_line line, bool high)
{
	return cb_gpio_set(j->box, cb_pin(j->cn->n->slot - 1, line), high) == 0;
}

static bool
is_on(const struct cb_job *j)
{
	return cb_gpio_get(j->box, cb_pin(j->cn->n->slot - 1, CB_EN));
}

/* Whoever reads from the node lets go of it first. */
static void
let_go(struct cb_job *j)
{
	j->cn->released = true;
}

static bool
press(struct cb_job *j, enum cb_line line, unsigned ms)
{
	if (!put(j, line, false))
		return false;
	(void)proc_sleep(j->p, ms);
	return put(j, line, true);
}

/* --- operations --- */

int
cb_poweron(struct cb_job *j)
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

int
cb_poweroff(struct cb_job *j)
{
	let_go(j);
	if (!put(j, CB_EN, false)) {
		say(j, true, "node %d: failed to cut power", j->cn->n->slot);
		return -1;
	}
	say(j, false, "node %d: power off", j->cn->n->slot);
	return 0;
}

int
cb_reset(struct cb_job *j)
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
wait_down(struct cb_job *j, long timeout)
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

int
cb_shutdown(struct cb_job *j)
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
	return j->o.keep && !j->o.hard ? 0 : cb_poweroff(j);
}

int
cb_reboot(struct cb_job *j)
{
	j->o.keep = false;
	if ((j->o.hard || !is_on(j) ? cb_poweroff : cb_shutdown)(j) != 0)
		return -1;
	if (proc_sleep(j->p, 2000) != 0)
		return -1;
	return cb_poweron(j);
}

/* It streams the image to a Linux that runs on the node. */
int
cb_flash(struct cb_job *j)
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
	return cb_reboot(j);
}

/* --- locks --- */

static void
op_file(const struct cb_job *j, bool there)
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
run_locked(struct cb_job *j)
{
	struct cb_node *cn = j->cn;
	int rc;

	if (!j->root || cn->op[0] != '\0' ||
	    fault_is(&cn->n->faults, FAULT_NODEBUSY)) {
		say(j, true, "node %d is busy", cn->n->slot);
		return CB_BUSY;
	}
	str_copy(cn->op, sizeof(cn->op), j->name);
	op_file(j, true);
	rc = j->run(j) != 0 ? CB_FAIL : CB_OK;
	cn->op[0] = '\0';
	op_file(j, false);
	return rc;
}

static int
job_main(struct proc *p, void *arg)
{
	struct cb_job *j = arg;

	j->p = p;
	return run_locked(j);
}

/* All at once: each in a process of its own. */
int
cb_run_beside(struct proc *p, const struct cb_job *base)
{
	int pid[CB_SLOTS] = { 0 }, rc = CB_OK, r, k;

	for (k = 0; k < CB_SLOTS; k++) {
		struct cb_job *j;

		if (!(base->o.mask >> (k + 1) & 1))
			continue;
		j = mem_alloc(sizeof(*j));
		*j = *base;
		j->cn = &j->box->nodes[k];
		pid[k] = proc_spawn(p, false, job_main, j, free);
	}
	for (k = 0; k < CB_SLOTS; k++)
		if (pid[k] != 0 && (r = proc_await(p, pid[k])) != CB_OK)
			rc = r;
	return rc;
}

int
cb_run_in_turn(struct proc *p, const struct cb_job *base, unsigned stagger)
{
	struct cb_job j = *base;
	int rc = CB_OK, r, k;

	j.p = p;
	for (k = 0; k < CB_SLOTS && !proc_dead(p); k++) {
		if (!(base->o.mask >> (k + 1) & 1))
			continue;
		j.cn = &j.box->nodes[k];
		if ((r = run_locked(&j)) != CB_OK)
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
	return cb_run_beside(p, arg);
}

int
cb_run_apart(struct proc *p, struct cb_job *j)
{
	struct cb_job *copy;
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
	return CB_OK;
}

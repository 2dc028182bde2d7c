/*
 * What a node's console says out of turn: a kernel's complaints, a panic, and
 * what SysRq does, which on a serial line is a BREAK and a key within five
 * seconds. It works after a panic too.
 */
#include <string.h>

#include "nodeboot.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/adapter.h"

static bool
kernel_runs(const struct sim_node *n)
{
	return n->stage >= STAGE_KERNEL && n->stage <= STAGE_STOPPING;
}

static void
stamped(struct sim_node *n, const char *text)
{
	char line[320];

	str_format(line, sizeof(line), "[%12.6f] %s\r\n", node_uptime(n), text);
	uart_puts(n, line);
}

void
node_printk(struct sim_node *n, const char *text)
{
	if (kernel_runs(n) || n->stage == STAGE_RESCUE)
		stamped(n, text);
}

/* --- faults --- */

static bool
is_pi(const struct sim_node *n)
{
	return str_starts(n->model->model, "Raspberry");
}

static void
out_of_memory(struct sim_node *n)
{
	node_printk(n,
	    "postgres invoked oom-killer: gfp_mask=0x140dca(GFP_HIGHUSER_"
	    "MOVABLE|__GFP_COMP|__GFP_ZERO), order=0, oom_score_adj=0");
	node_printk(n,
	    "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
	    "mems_allowed=0,global_oom,task_memcg=/system.slice/"
	    "postgresql.service,task=postgres,pid=2841,uid=108");
	node_printk(n,
	    "Out of memory: Killed process 2841 (postgres) total-vm:8123456kB,"
	    " anon-rss:7012344kB, file-rss:0kB, shmem-rss:0kB, UID:108 "
	    "pgtables:14208kB oom_score_adj:0");
}

static const struct {
	enum fault_kind kind;
	const char *text;
} complaints[] = {
	{ FAULT_FSERROR,
	    "EXT4-fs error (device mmcblk0p2): ext4_lookup:1855: inode "
	    "#262415: comm systemd-journal: iget: checksum invalid" },
	{ FAULT_IOERROR,
	    "I/O error, dev mmcblk0, sector 4177920 op 0x0:(READ) flags "
	    "0x80700 phys_seg 1 prio class 2" },
	{ FAULT_WATCHDOG,
	    "watchdog: BUG: soft lockup - CPU#2 stuck for 26s! "
	    "[kworker/2:1:55]" },
};

/* Those that are over when they were said. */
static bool
complain(struct sim_node *n, enum fault_kind k)
{
	size_t i;

	if (k == FAULT_OOM) {
		out_of_memory(n);
		return true;
	}
	if (k == FAULT_UNDERVOLTAGE || k == FAULT_BROWNOUT) {
		node_printk(n,
		    is_pi(n) ? "hwmon hwmon1: Undervoltage detected!"
			     : "regulator vcc5v0_sys: under-voltage detected");
		return k == FAULT_UNDERVOLTAGE;
	}
	for (i = 0; i < ARRAY_LEN(complaints); i++)
		if (complaints[i].kind == k) {
			node_printk(n, complaints[i].text);
			return true;
		}
	return false;
}

static void
drop(void *arg)
{
	struct uart_tap *t = arg;

	buf_clear(&t->got);
}

static void
steal(struct sim_node *n, bool on)
{
	struct uart_tap *t = &n->uart.thief;

	uart_tap_remove(n, t);
	buf_release(&t->got);
	if (!on)
		return;
	buf_init(&t->got, 0);
	t->wake = drop;
	t->arg = t;
	uart_tap_add(n, t);
}

void
node_console_fault(struct sim_node *n, enum fault_kind k, bool on)
{
	if (n->model == NULL)
		return;
	if (k == FAULT_TTYSTOLEN)
		steal(n, on);
	else if (k == FAULT_TTYBUSY && n->uart.adapter != NULL)
		adapter_hold(n->uart.adapter, on);
	else if ((k == FAULT_UNPLUG || k == FAULT_REPLUG) &&
	    n->uart.adapter != NULL) {
		if (k == FAULT_REPLUG)
			adapter_plug(n->uart.adapter, false);
		adapter_plug(n->uart.adapter, k == FAULT_REPLUG || !on);
	} else if (k == FAULT_BROWNOUT && !on && is_pi(n))
		node_printk(n, "hwmon hwmon1: Voltage normalised");
	else if (k == FAULT_RESCUE && !on && n->stage == STAGE_RESCUE)
		nodeboot_stage(n, STAGE_LOGIN);
	else if (k == FAULT_MASKROM && !on && n->stage == STAGE_MASKROM)
		nodeboot_stage(n, STAGE_LOADER);
	if ((on && complain(n, k)) || k == FAULT_REPLUG)
		fault_end(&n->faults, k);
}

/* --- SysRq --- */

static void
halt(struct sim_node *n, const char *text, enum stage stage)
{
	stamped(n, text);
	nodeboot_stage(n, stage);
}

void
node_sysrq(struct sim_node *n, char key)
{
	if (!kernel_runs(n) && n->stage != STAGE_RESCUE &&
	    n->stage != STAGE_PANIC)
		return;
	switch (key) {
	case 'b':
		halt(n, "sysrq: Resetting", STAGE_LOADER);
		break;
	case 'o':
		halt(n, "sysrq: Power Off", STAGE_HALTED);
		break;
	case 'c':
		stamped(n, "sysrq: Trigger a crash");
		if (n->stage != STAGE_PANIC)
			nodeboot_stage(n, STAGE_PANIC);
		break;
	case 's':
		stamped(n, "sysrq: Emergency Sync");
		stamped(n, "Emergency Sync complete");
		break;
	case 'u':
		stamped(n, "sysrq: Emergency Remount R/O");
		break;
	case 'm':
		stamped(n, "sysrq: Show Memory");
		stamped(n, "Mem-Info:");
		stamped(
		    n, "active_anon:412 inactive_anon:28113 isolated_anon:0");
		break;
	case 't':
		stamped(n, "sysrq: Show State");
		stamped(n, "task:systemd  state:S stack:0 pid:1 ppid:0");
		break;
	case 'e':
		stamped(n, "sysrq: Terminate All Tasks");
		if (n->stage == STAGE_LOGIN)
			nodeboot_stage(n, STAGE_LOGIN);
		break;
	default:
		if (key >= '0' && key <= '9') {
			stamped(n, "sysrq: Changing Loglevel");
			break;
		}
		stamped(n,
		    "sysrq: HELP : loglevel(0-9) reboot(b) crash(c) "
		    "terminate-all-tasks(e) memory-full-oom-kill(f) "
		    "kill-all-tasks(i) thaw-filesystems(j) sak(k) "
		    "show-memory-usage(m) poweroff(o) sync(s) "
		    "show-task-states(t) unmount(u)");
	}
}

/*
 * Enough of what such modules print for every stage to be recognised by its
 * own words. Loaders and kernels are in files of their own.
 */
#include "nodeboot_text.h"

#include <string.h>

#include "rackmux/base/text.h"

static const struct boot_line init[] = {
	{ 50,
	    "[@[  OK  @)] Created slice system-getty.slice - Slice /system/getty." },
	{ 80,
	    "[@[  OK  @)] Created slice user.slice - User and Session Slice." },
	{ 110, "[@[  OK  @)] Reached target swap.target - Swaps." },
	{ 150,
	    "[@[  OK  @)] Listening on systemd-udevd-control.socket - udev Control Socket." },
	{ 200,
	    "         Mounting dev-mqueue.mount - POSIX Message Queue File System..." },
	{ 250,
	    "         Starting systemd-journald.service - Journal Service..." },
	{ 300,
	    "[@[  OK  @)] Mounted dev-mqueue.mount - POSIX Message Queue File System." },
	{ 350,
	    "[@[  OK  @)] Reached target local-fs.target - Local File Systems." },
	{ 450,
	    "[@[  OK  @)] Started systemd-journald.service - Journal Service." },
	{ 550,
	    "[@[  OK  @)] Started systemd-udevd.service - Rule-based Manager "
	    "for Device Events and Files." },
	{ 700,
	    "[@[  OK  @)] Reached target sysinit.target - System Initialization." },
	{ 800,
	    "[@[  OK  @)] Started cron.service - Regular background program processing daemon." },
	{ 900,
	    "[    4.210032] @I: Link is Up - 1Gbps/Full - flow control "
	    "rx/tx" },
	{ 1000,
	    "         Starting systemd-logind.service - User Login Management..." },
	{ 1100,
	    "[@[  OK  @)] Started dbus.service - D-Bus System Message Bus." },
	{ 1200, "[@[  OK  @)] Reached target network.target - Network." },
	{ 1300,
	    "[@[  OK  @)] Reached target network-online.target - Network is "
	    "Online." },
	{ 1400,
	    "[@[  OK  @)] Started systemd-logind.service - User Login Management." },
	{ 1500,
	    "         Starting rc-local.service - /etc/rc.local Compatibility..." },
	{ 1600, "[@[  OK  @)] Started getty@tty1.service - Getty on tty1." },
	{ 1650,
	    "[@[  OK  @)] Started serial-getty@ttyS0.service - Serial Getty on ttyS0." },
	{ 1700,
	    "[@[  OK  @)] Started ssh.service - OpenBSD Secure Shell server." },
	{ 1900,
	    "[@[  OK  @)] Reached target multi-user.target - Multi-User "
	    "System." },
	{ 0, NULL },
};

/* busybox init and OpenRC */
static const struct boot_line openrc[] = {
	{ 50, "" },
	{ 50, "   @[OpenRC 0.54@) is starting up @]Linux @K@) (aarch64)" },
	{ 100, "" },
	{ 200, " @[*@) /proc is already mounted" },
	{ 300, " @[*@) Mounting /run ... @][ ok ]@)" },
	{ 500, " @[*@) Caching service dependencies ... @][ ok ]@)" },
	{ 700, " @[*@) Mounting local filesystems ... @][ ok ]@)" },
	{ 900, " @[*@) Configuring kernel parameters ... @][ ok ]@)" },
	{ 1100, " @[*@) Starting networking ... @][ ok ]@)" },
	{ 1300, " @[*@)   @I ...@][ ok ]@)" },
	{ 1500, " @[*@) Starting busybox crond ... @][ ok ]@)" },
	{ 1700, " @[*@) Starting sshd ... @][ ok ]@)" },
	{ 0, NULL },
};

static const struct boot_line rescue[] = {
	{ 0, "[@{FAILED@)] Failed to mount mnt-data.mount - /mnt/data." },
	{ 0, "See 'systemctl status mnt-data.mount' for details." },
	{ 0,
	    "[@{DEPEND@)] Dependency failed for local-fs.target - Local File Systems." },
	{ 0,
	    "You are in emergency mode. After logging in, type \"journalctl -xb\" to view" },
	{ 0,
	    "system logs, \"systemctl reboot\" to reboot, \"systemctl default\" or \"exit\"" },
	{ 0, "to boot into default mode." },
	{ 0, NULL },
};

static const struct boot_line stopping[] = {
	{ 0, "" },
	{ 50, "         Stopping session-1.scope - Session 1 of User..." },
	{ 100,
	    "         Stopping ssh.service - OpenBSD Secure Shell server..." },
	{ 200,
	    "[@[  OK  @)] Stopped ssh.service - OpenBSD Secure Shell server." },
	{ 400, "[@[  OK  @)] Stopped target network.target - Network." },
	{ 600, "[@[  OK  @)] Unmounted boot-firmware.mount - /boot/firmware." },
	{ 900,
	    "[@[  OK  @)] Reached target final.target - Late Shutdown "
	    "Services." },
	{ 0, NULL },
};

/* What differs of its end. */
static const struct boot_line restarting[] = {
	{ 0, "[@[  OK  @)] Reached target reboot.target - System Reboot." },
	{ 0, "@T reboot: Restarting system" },
	{ 0, NULL },
};

static const struct boot_line powering_off[] = {
	{ 0,
	    "[@[  OK  @)] Reached target poweroff.target - System Power Off." },
	{ 0, "@T reboot: Power down" },
	{ 0, NULL },
};

static const struct boot_line panic[] = {
	{ 0, "" },
	{ 0,
	    "@T Unable to handle kernel NULL pointer dereference "
	    "at virtual address 0000000000000008" },
	{ 0, "@T Mem abort info:" },
	{ 0, "@T   ESR = 0x0000000096000005" },
	{ 0, "@T   EC = 0x25: DABT (current EL), IL = 32 bits" },
	{ 0, "@T Internal error: Oops: 0000000096000005 [#1] PREEMPT SMP" },
	{ 0,
	    "@T Modules linked in: bcm2835_codec(C) brcmfmac cfg80211 rfkill ip_tables x_tables ipv6" },
	{ 100,
	    "@T CPU: 2 PID: 1 Comm: systemd Tainted: G         C         @K #1" },
	{ 100, "@T Hardware name: @M (DT)" },
	{ 100,
	    "@T pstate: 60000005 (nZCv daif -PAN -UAO -TCO -DIT -SSBS BTYPE=--)" },
	{ 100, "@T pc : path_openat+0x2d8/0xf00" },
	{ 100, "@T lr : path_openat+0x2b4/0xf00" },
	{ 200, "@T sp : ffffffc08002bb80" },
	{ 200,
	    "@T x29: ffffffc08002bb80 x28: 0000000000000000 x27: ffffff8040238000" },
	{ 200, "@T Call trace:" },
	{ 300, "@T  path_openat+0x2d8/0xf00" },
	{ 300, "@T  do_filp_open+0xa4/0x160" },
	{ 300, "@T  do_sys_openat2+0xc8/0x110" },
	{ 300, "@T  __arm64_sys_openat+0x6c/0xc0" },
	{ 300, "@T  invoke_syscall+0x50/0x128" },
	{ 300, "@T  el0_svc_common.constprop.0+0x48/0xf0" },
	{ 300, "@T  do_el0_svc+0x24/0x38" },
	{ 300, "@T  el0_svc+0x40/0xe8" },
	{ 300, "@T  el0t_64_sync+0x190/0x198" },
	{ 300, "@T Code: f9400660 b4000100 f9400401 b4000060 (f9400420)" },
	{ 300, "@T ---[ end trace 0000000000000000 ]---" },
	{ 400,
	    "@T Kernel panic - not syncing: Attempted to kill init! "
	    "exitcode=0x0000000b" },
	{ 400, "@T SMP: stopping secondary CPUs" },
	{ 400, "@T Kernel Offset: 0x2b5a400000 from 0xffffffc080000000" },
	{ 400, "@T Memory Limit: none" },
	{ 500,
	    "@T ---[ end Kernel panic - not syncing: Attempted to kill init! "
	    "exitcode=0x0000000b ]---" },
	{ 0, NULL },
};

static bool
is(const struct sim_node *n, const char *id)
{
	return strcmp(n->model->id, id) == 0;
}

bool
boot_has_prompt(const struct sim_node *n)
{
	return is(n, "rk1") || is(n, "blade3");
}

static const struct boot_line *
loader(const struct sim_node *n)
{
	if (fault_is(&n->faults, FAULT_MASKROM))
		return NULL;
	return is(n, "rk1")   ? boot_rk_loader
	    : is(n, "blade3") ? boot_blade_loader
			      : boot_pi_loader;
}

const struct boot_line *
boot_text(const struct sim_node *n, enum stage stage)
{
	switch (stage) {
	case STAGE_LOADER:
		return loader(n);
	case STAGE_MASKROM:
		return boot_has_prompt(n) ? boot_rk_maskrom : boot_pi_maskrom;
	case STAGE_KERNEL:
		return boot_has_prompt(n) ? boot_rk_kernel : boot_pi_kernel;
	case STAGE_INIT:
		return is(n, "alpine") ? openrc : init;
	case STAGE_RESCUE:
		return rescue;
	case STAGE_STOPPING:
		return stopping;
	case STAGE_PANIC:
		return panic;
	default:
		return NULL;
	}
}

const struct boot_line *
boot_farewell(bool reboots)
{
	return reboots ? restarting : powering_off;
}

void
boot_expand(const struct sim_node *n, const char *text, struct buf *out)
{
	const char *at;

	while ((at = strchr(text, '@')) != NULL && at[1] != '\0') {
		buf_add(out, text, (size_t)(at - text));
		text = at + 2;
		switch (at[1]) {
		case 'M':
			buf_puts(out, n->model->model);
			break;
		case 'K':
			buf_puts(out, n->model->kernel);
			break;
		case 'H':
			buf_puts(out, n->hostname);
			break;
		case 'O':
			buf_puts(out, n->model->os_name);
			break;
		case 'I':
			buf_puts(out, n->model->iface);
			break;
		case 'T':
			buf_printf(out, "[%12.6f]", node_uptime(n));
			break;
		case '[':
			buf_puts(out, "\033[0;32m");
			break;
		case ']':
			buf_puts(out, "\033[0;1;39m");
			break;
		case '{':
			buf_puts(out, "\033[0;1;31m");
			break;
		case ')':
			buf_puts(out, "\033[0m");
			break;
		default:
			buf_add(out, at, 2);
		}
	}
	buf_puts(out, text);
}

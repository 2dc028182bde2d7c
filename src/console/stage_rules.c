#include <string.h>

#include "rackmux/base/mem.h"
#include "watch_in.h"

/*
 * What loaders, kernels and init systems print when they get somewhere, each
 * as its source spells it. Which of them is believed at which stage is decided
 * in stage.c by what it leads to.
 */

static const struct stage_rule rules[] = {
	/* Rockchip: DDR blob, miniloader; Allwinner; TF-A; U-Boot's SPL. */
	{ "DDR V", AT_LINE, STAGE_ROM },
	{ "fwver: v", ANYWHERE, STAGE_ROM },
	{ "LPDDR", AT_LINE, STAGE_ROM },
	{ "channel[0] BW=", AT_LINE, STAGE_ROM },
	{ "Boot1 Release Time:", AT_LINE, STAGE_ROM },
	{ "HELLO! BOOT0 is starting", ANYWHERE, STAGE_ROM },
	{ "NOTICE:  BL", AT_LINE, STAGE_ROM },
	{ "U-Boot TPL ", AT_LINE, STAGE_ROM },
	{ "U-Boot SPL ", AT_LINE, STAGE_ROM },
	{ "Returning to boot ROM", AT_LINE, STAGE_ROM },
	{ "Trying to boot from ", AT_LINE, STAGE_ROM },
	{ "entering maskrom mode", ANYWHERE, STAGE_MASKROM },
	{ "Enter maskrom", ANYWHERE, STAGE_MASKROM },
	{ "maskrom mode", ANYWHERE, STAGE_MASKROM },
	{ "Maskrom mode", ANYWHERE, STAGE_MASKROM },
	{ "MaskROM mode", ANYWHERE, STAGE_MASKROM },
	/* U-Boot, the Raspberry Pi's, GRUB. */
	{ "U-Boot 1", AT_LINE, STAGE_LOADER },
	{ "U-Boot 2", AT_LINE, STAGE_LOADER },
	{ "to stop autoboot", ANYWHERE, STAGE_LOADER },
	{ "to abort autoboot", ANYWHERE, STAGE_LOADER },
	{ "RPi: BOOT", ANYWHERE, STAGE_LOADER },
	{ "BOOTLOADER release VERSION:", ANYWHERE, STAGE_LOADER },
	{ "Raspberry Pi Bootcode", AT_LINE, STAGE_LOADER },
	{ "PM_RSTS: ", AT_LINE, STAGE_LOADER },
	{ "MESS:00:00:0", AT_LINE, STAGE_LOADER },
	{ "GNU GRUB  version", ANYWHERE, STAGE_LOADER },
	{ "Welcome to GRUB!", ANYWHERE, STAGE_LOADER },
	{ "resetting ...", AT_LINE, STAGE_STOPPING },
	/* The kernel. */
	{ "Starting kernel ...", AT_LINE, STAGE_KERNEL },
	{ "Uncompressing Linux", AT_LINE, STAGE_KERNEL },
	{ "Decompressing Linux", AT_LINE, STAGE_KERNEL },
	{ "EFI stub: ", AT_LINE, STAGE_KERNEL },
	{ "[    0.000000]", AT_LINE, STAGE_KERNEL },
	{ "Booting Linux on physical CPU", AT_START, STAGE_KERNEL },
	{ "Linux version ", AT_START, STAGE_KERNEL },
	{ "Kernel panic - not syncing", ANYWHERE, STAGE_PANIC },
	/* systemd, initramfs-tools, busybox, OpenRC, sysvinit, OpenWrt,
	 * buildroot, Talos. */
	{ "Run /", AT_START, STAGE_INIT },
	{ "Freeing unused kernel ", AT_START, STAGE_INIT },
	{ "systemd[1]: ", AT_START, STAGE_INIT },
	{ "[  OK  ] ", AT_LINE, STAGE_INIT },
	{ "Welcome to ", GREETING, STAGE_INIT },
	{ "Begin: Running /scripts/", AT_LINE, STAGE_INIT },
	{ "Loading, please wait...", AT_LINE, STAGE_INIT },
	{ "init started: BusyBox", ANYWHERE, STAGE_INIT },
	{ "OpenRC ", GREETING, STAGE_INIT },
	{ " is starting up ", ANYWHERE, STAGE_INIT },
	{ "INIT: version ", AT_LINE, STAGE_INIT },
	{ "init: Console is alive", AT_START, STAGE_INIT },
	{ "procd: - early -", AT_START, STAGE_INIT },
	{ "Starting syslogd: ", AT_LINE, STAGE_INIT },
	{ "[talos] ", AT_START, STAGE_INIT },
	{ " login: [", SPOKEN_OVER, STAGE_LOGIN },
	{ "Please press Enter to activate this console", ANYWHERE,
	    STAGE_LOGIN },
	/* It did not boot as it should. */
	{ "You are in emergency mode", AT_LINE, STAGE_RESCUE },
	{ "You are in rescue mode", AT_LINE, STAGE_RESCUE },
	{ "Welcome to emergency mode", AT_LINE, STAGE_RESCUE },
	{ "Welcome to rescue mode", AT_LINE, STAGE_RESCUE },
	{ "Give root password for maintenance", AT_LINE, STAGE_RESCUE },
	{ "Press Enter for maintenance", AT_LINE, STAGE_RESCUE },
	{ "Cannot open access to console, the root account", AT_LINE,
	    STAGE_RESCUE },
	{ "Dropping to a shell", ANYWHERE, STAGE_RESCUE },
	{ "(initramfs)", AT_LINE, STAGE_RESCUE },
	{ "Entering emergency mode", ANYWHERE, STAGE_RESCUE },
	/* It goes down. */
	{ "systemd-shutdown[1]: ", AT_START, STAGE_STOPPING },
	{ "Reached target Shutdown", IN_UNIT, STAGE_STOPPING },
	{ "System Shutdown", IN_UNIT, STAGE_STOPPING },
	{ "Reached target Reboot", IN_UNIT, STAGE_STOPPING },
	{ "System Reboot", IN_UNIT, STAGE_STOPPING },
	{ "Reached target Power-Off", IN_UNIT, STAGE_STOPPING },
	{ "System Power Off", IN_UNIT, STAGE_STOPPING },
	{ "Late Shutdown Services", IN_UNIT, STAGE_STOPPING },
	{ "The system is going down NOW!", ANYWHERE, STAGE_STOPPING },
	{ "The system is going down for ", AT_LINE, STAGE_STOPPING },
	{ "The system will reboot now!", ANYWHERE, STAGE_STOPPING },
	{ "The system will power off now!", ANYWHERE, STAGE_STOPPING },
	{ "Requesting system reboot", ANYWHERE, STAGE_STOPPING },
	{ "Requesting system poweroff", ANYWHERE, STAGE_STOPPING },
	{ "Sent SIGTERM to all processes", ANYWHERE, STAGE_STOPPING },
	{ "INIT: Switching to runlevel: 0", ANYWHERE, STAGE_STOPPING },
	{ "INIT: Switching to runlevel: 6", ANYWHERE, STAGE_STOPPING },
	{ "procd: - shutdown -", AT_START, STAGE_STOPPING },
	{ "reboot: Restarting system", ANYWHERE, STAGE_STOPPING },
	{ "reboot: machine restart", ANYWHERE, STAGE_STOPPING },
	{ "Restarting system.", AT_START, STAGE_STOPPING },
	{ "reboot: Power down", ANYWHERE, STAGE_HALTED },
	{ "reboot: System halted", ANYWHERE, STAGE_HALTED },
	{ "Power down.", AT_START, STAGE_HALTED },
	{ "System halted.", AT_START, STAGE_HALTED },
};

size_t
stage_rules(void)
{
	return ARRAY_LEN(rules);
}

const struct stage_rule *
stage_rule(unsigned i)
{
	return &rules[i];
}

void
stage_literals(struct scan *s)
{
	for (unsigned i = 0; i < ARRAY_LEN(rules); i++)
		scan_add(s, rules[i].literal, strlen(rules[i].literal), i);
}

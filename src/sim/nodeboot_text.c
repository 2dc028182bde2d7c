/*
 * Shortened from what such modules print: enough for every stage of a boot
 * to be recognised by its own words.
 */
#include "nodeboot_text.h"

#include <string.h>

static const struct boot_line pi_loader[] = {
	{ 0, "" },
	{ 100, "RPi: BOOTLOADER release VERSION:8ba17717 DATE: 2023/01/11" },
	{ 200, "BOOTMODE: 0x06 partition 0 build-ts BUILD_TIMESTAMP" },
	{ 300, "USB-PD: src-cap PDO object1 0x0a0191f4" },
	{ 400, "Boot mode: SD (01) order f4" },
	{ 600, "SD HOST: 200000000 CTL0: 0x00800000 BUS: 400000 Hz" },
	{ 800, "Starting start4.elf @ 0xfeb00200 partition 0" },
	{ 0, NULL },
};

static const struct boot_line rk_loader[] = {
	{ 0, "DDR V1.11 6f71c736ce typ 23/05/30-20:27:50" },
	{ 100, "LPDDR4X, 2112MHz" },
	{ 300, "U-Boot SPL 2017.09 (Nov 20 2023 - 15:36:53)" },
	{ 500, "Trying to boot from MMC1" },
	{ 700, "U-Boot 2017.09 (Nov 20 2023 - 15:36:53 +0000)" },
	{ 800, "Model: Turing Machines RK1" },
	{ 900, "Hit key to stop autoboot('CTRL+C'):  0" },
	{ 950, "Starting kernel ..." },
	{ 0, NULL },
};

static const struct boot_line blade_loader[] = {
	{ 0, "DDR fwver: v1.16, lpddr4x, 2112MHz" },
	{ 300, "U-Boot SPL 2017.09 (Nov 13 2024 - 09:57:10)" },
	{ 500, "Trying to boot from MMC1" },
	{ 700, "U-Boot 2017.09 (Nov 13 2024 - 09:57:10 +0000)" },
	{ 800, "Model: Mixtile Blade 3" },
	{ 900, "Hit key to stop autoboot('CTRL+C'):  0" },
	{ 950, "Starting kernel ..." },
	{ 0, NULL },
};

static const struct boot_line kernel[] = {
	{ 0,
	    "[    0.000000] Booting Linux on physical CPU 0x0000000000 "
	    "[0x410fd083]" },
	{ 50,
	    "[    0.000000] Linux version 6.6.51+rpt-rpi-v8 "
	    "(serge@raspberrypi.com) (aarch64-linux-gnu-gcc-12)" },
	{ 100, "[    0.000000] Machine model:" },
	{ 100, "@" },
	{ 300, "[    0.114532] smp: Bringing up secondary CPUs ..." },
	{ 500, "[    0.131047] SMP: Total of 4 processors activated." },
	{ 900, "[    0.982713] mmc0: new ultra high speed DDR50 SDHC card" },
	{ 1300,
	    "[    1.402231] bcmgenet fd580000.ethernet: configuring "
	    "instance for external RGMII (RX delay)" },
	{ 1900,
	    "[    1.933187] EXT4-fs (mmcblk0p2): mounted filesystem with "
	    "ordered data mode." },
	{ 2500, "[    2.514003] Run /sbin/init as init process" },
	{ 2900, "[    2.902113] systemd[1]: Hostname set." },
	{ 0, NULL },
};

static const struct boot_line init[] = {
	{ 100,
	    "[  OK  ] Reached target local-fs.target - Local File Systems." },
	{ 500,
	    "[  OK  ] Started systemd-udevd.service - Rule-based Manager "
	    "for Device Events and Files." },
	{ 900,
	    "[    4.210032] bcmgenet fd580000.ethernet eth0: Link is Up - "
	    "1Gbps/Full - flow control rx/tx" },
	{ 1300,
	    "[  OK  ] Reached target network-online.target - Network is "
	    "Online." },
	{ 1700, "[  OK  ] Started ssh.service - OpenBSD Secure Shell server." },
	{ 1900,
	    "[  OK  ] Reached target multi-user.target - Multi-User "
	    "System." },
	{ 0, NULL },
};

static const struct boot_line stopping[] = {
	{ 0, "" },
	{ 100,
	    "         Stopping ssh.service - OpenBSD Secure Shell server..." },
	{ 400, "[  OK  ] Stopped target network.target - Network." },
	{ 900,
	    "[  OK  ] Reached target final.target - Late Shutdown Services." },
	{ 1300, "[ 8123.120111] reboot: System is going down" },
	{ 0, NULL },
};

static const struct boot_line panic[] = {
	{ 0, "" },
	{ 0,
	    "[ 4711.081512] Unable to handle kernel NULL pointer dereference "
	    "at virtual address 0000000000000008" },
	{ 0,
	    "[ 4711.081540] Internal error: Oops: 0000000096000005 [#1] "
	    "PREEMPT SMP" },
	{ 100,
	    "[ 4711.081588] CPU: 2 PID: 1 Comm: systemd Not tainted "
	    "6.6.51+rpt-rpi-v8 #1" },
	{ 200, "[ 4711.081702] Call trace:" },
	{ 300, "[ 4711.081711]  path_openat+0x2d8/0xf00" },
	{ 400,
	    "[ 4711.082001] Kernel panic - not syncing: Attempted to kill "
	    "init! exitcode=0x0000000b" },
	{ 500,
	    "[ 4711.082110] ---[ end Kernel panic - not syncing: Attempted "
	    "to kill init! exitcode=0x0000000b ]---" },
	{ 0, NULL },
};

const struct boot_line *
boot_text(const char *model, enum stage stage)
{
	switch (stage) {
	case STAGE_LOADER:
		return strcmp(model, "rk1") == 0   ? rk_loader
		    : strcmp(model, "blade3") == 0 ? blade_loader
						   : pi_loader;
	case STAGE_KERNEL:
		return kernel;
	case STAGE_INIT:
		return init;
	case STAGE_STOPPING:
		return stopping;
	case STAGE_PANIC:
		return panic;
	default:
		return NULL;
	}
}

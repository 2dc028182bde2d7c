/*
 * Kernels from their first line to their init, shortened: each kind of line
 * that a boot has is there.
 */
#include "nodeboot_text.h"

const struct boot_line boot_pi_kernel[] = {
	{ 0,
	    "[    0.000000] Booting Linux on physical CPU 0x0000000000 "
	    "[0x410fd083]" },
	{ 20,
	    "[    0.000000] Linux version @K (serge@raspberrypi.com) "
	    "(aarch64-linux-gnu-gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld 2.40)"
	    " #1 SMP PREEMPT Debian 1:6.6.51-1+rpt3 (2024-10-08)" },
	{ 40, "[    0.000000] KASLR enabled" },
	{ 50, "[    0.000000] Machine model: @M" },
	{ 60, "[    0.000000] efi: UEFI not found." },
	{ 80,
	    "[    0.000000] Reserved memory: created CMA memory pool at "
	    "0x000000000ec00000, size 320 MiB" },
	{ 100, "[    0.000000] Zone ranges:" },
	{ 100,
	    "[    0.000000]   DMA      [mem 0x0000000000000000-"
	    "0x000000003fffffff]" },
	{ 120,
	    "[    0.000000] Kernel command line: coherent_pool=1M "
	    "8250.nr_uarts=1 console=ttyS0,115200 console=tty1 "
	    "root=PARTUUID=4e639091-02 rootfstype=ext4 fsck.repair=yes "
	    "rootwait" },
	{ 160,
	    "[    0.000000] Memory: 7584848K/8245248K available (13696K kernel "
	    "code, 2298K rwdata, 4740K rodata)" },
	{ 200, "[    0.000000] SLUB: HWalign=64, Order=0-3, CPUs=4, Nodes=1" },
	{ 230,
	    "[    0.000000] rcu: Preemptible hierarchical RCU implementation." },
	{ 260,
	    "[    0.000004] sched_clock: 56 bits at 54MHz, resolution 18ns, "
	    "wraps every 4398046511102ns" },
	{ 300, "[    0.114532] smp: Bringing up secondary CPUs ..." },
	{ 330, "[    0.118231] Detected PIPT I-cache on CPU1" },
	{ 360, "[    0.122902] Detected PIPT I-cache on CPU2" },
	{ 390, "[    0.127011] Detected PIPT I-cache on CPU3" },
	{ 420, "[    0.131047] smp: Brought up 1 node, 4 CPUs" },
	{ 450, "[    0.131060] SMP: Total of 4 processors activated." },
	{ 500, "[    0.144003] devtmpfs: initialized" },
	{ 600, "[    0.412207] SCSI subsystem initialized" },
	{ 650,
	    "[    0.413322] usbcore: registered new interface driver usbfs" },
	{ 800,
	    "[    0.731145] raspberrypi-firmware soc:firmware: Attached to firmware from 2024-08-30T19:17:39" },
	{ 900,
	    "[    0.902713] Serial: 8250/16550 driver, 1 ports, IRQ sharing enabled" },
	{ 950, "[    0.921199] printk: legacy console [ttyS0] enabled" },
	{ 1050,
	    "[    0.982713] mmc0: new ultra high speed DDR50 SDHC card at address aaaa" },
	{ 1100, "[    0.983312] mmcblk0: mmc0:aaaa SC16G 14.8 GiB" },
	{ 1150, "[    0.986002]  mmcblk0: p1 p2" },
	{ 1300,
	    "[    1.402231] bcmgenet fd580000.ethernet: configuring "
	    "instance for external RGMII (RX delay)" },
	{ 1500, "[    1.523377] hid: raw HID events driver (C) Jiri Kosina" },
	{ 1700, "[    1.702044] Freeing unused kernel memory: 4864K" },
	{ 1900,
	    "[    1.933187] EXT4-fs (mmcblk0p2): mounted filesystem "
	    "56f80fa2-e005-4cca-86e6-19da1069914d r/w with ordered data mode. "
	    "Quota mode: none." },
	{ 2200, "[    2.214003] Run /sbin/init as init process" },
	{ 2400,
	    "[    2.602113] systemd[1]: systemd 252.30-1~deb12u2 running in "
	    "system mode (+PAM +AUDIT +SELINUX +APPARMOR)" },
	{ 2500, "[    2.610003] systemd[1]: Detected architecture arm64." },
	{ 2600, "" },
	{ 2600, "Welcome to @]@O@)!" },
	{ 2600, "" },
	{ 2900, "[    2.902113] systemd[1]: Hostname set to <@H>." },
	{ 0, NULL },
};

const struct boot_line boot_rk_kernel[] = {
	{ 0,
	    "[    0.000000] Booting Linux on physical CPU 0x0000000000 "
	    "[0x412fd050]" },
	{ 20,
	    "[    0.000000] Linux version @K (root@builder) "
	    "(aarch64-linux-gnu-gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0) "
	    "#1 SMP" },
	{ 40, "[    0.000000] Machine model: @M" },
	{ 60,
	    "[    0.000000] earlycon: uart8250 at MMIO32 0x00000000feb50000 "
	    "(options '')" },
	{ 80, "[    0.000000] printk: bootconsole [uart8250] enabled" },
	{ 100, "[    0.000000] psci: PSCIv1.1 detected in firmware." },
	{ 130,
	    "[    0.000000] Kernel command line: root=UUID=7b2c9e5f-11a4-4c0a "
	    "console=ttyS9,115200 console=ttyFIQ0 rw rootwait" },
	{ 160,
	    "[    0.000000] Memory: 16208340K/16777216K available (17088K "
	    "kernel code)" },
	{ 200, "[    0.000000] GICv3: 480 SPIs implemented" },
	{ 230,
	    "[    0.000000] arch_timer: cp15 timer(s) running at 24.00MHz "
	    "(phys)." },
	{ 300, "[    0.083112] smp: Bringing up secondary CPUs ..." },
	{ 340, "[    0.085301] Detected VIPT I-cache on CPU1" },
	{ 380, "[    0.098821] CPU4: Booted secondary processor 0x0000000400" },
	{ 420, "[    0.104407] smp: Brought up 1 node, 8 CPUs" },
	{ 460, "[    0.104466] SMP: Total of 8 processors activated." },
	{ 520, "[    0.311822] rockchip-pinctrl pinctrl: probed pinctrl" },
	{ 600, "[    0.662087] rk806 spi2.0: chip id: RK806, ver:0x2" },
	{ 700,
	    "[    0.912240] dwmmc_rockchip fe2c0000.mmc: Using internal DMA controller." },
	{ 800,
	    "[    1.004417] mmc0: new HS400 Enhanced strobe MMC card at address 0001" },
	{ 850, "[    1.005102] mmcblk0: mmc0:0001 BJTD4R 29.1 GiB" },
	{ 900, "[    1.009933]  mmcblk0: p1 p2" },
	{ 1000,
	    "[    1.277202] rk_gmac-dwmac fe1c0000.ethernet: init for RGMII_RXID" },
	{ 1100,
	    "[    1.302115] rk-pcie fe150000.pcie: PCIe Link up, LTSSM is 0x30011" },
	{ 1200,
	    "[    1.402551] pcieport 0000:00:00.0: PCI bridge to [bus 01-0f]" },
	{ 1400,
	    "[    1.723376] rockchip-thermal fec00000.tsadc: tsadc is probed successfully!" },
	{ 1600,
	    "[    1.911203] RKNPU fdab0000.npu: RKNPU: rknpu iommu is enabled" },
	{ 1800, "[    2.002155] Freeing unused kernel memory: 7040K" },
	{ 1900,
	    "[    2.040107] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode. Opts: (null)" },
	{ 2100, "[    2.114003] Run /sbin/init as init process" },
	{ 2400,
	    "[    2.433011] systemd[1]: systemd 249.11-0ubuntu3.12 running in system mode (+PAM +AUDIT +SELINUX)" },
	{ 2600, "" },
	{ 2600, "Welcome to @]@O@)!" },
	{ 2600, "" },
	{ 2900, "[    2.902113] systemd[1]: Hostname set to <@H>." },
	{ 0, NULL },
};

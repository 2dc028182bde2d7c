/*
 * The other files of a Cluster Box's control board: OpenWrt on an MT7620A.
 * The fans' speed comes out of a patched attribute whose sampler counts both
 * edges of the tacho; there is no sensor of temperature.
 */
#include "cluster_box.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/netdev.h"

#define PERIOD 2000000
#define BOOT_DUTY 1700000
#define LED "/sys/class/leds/blue:system/"
#define MEM_KB 248784

/* --- fans --- */

/* A fault of the box is one of each of its nodes. */
static bool
fans_fail(const struct cluster_box *box)
{
	int k, n = 0;

	for (k = 0; k < CB_SLOTS; k++)
		n += fault_is(&box->nodes[k].n->faults, FAULT_FANFAIL);
	return n == CB_SLOTS;
}

double
cb_fan_rpm(const struct cluster_box *box, int fan)
{
	if (!box->turning[fan] || box->period[fan] == 0 || fans_fail(box))
		return 0;
	return 1800.0 * box->duty[fan] / box->period[fan];
}

static int
fan_in(const char *path)
{
	return strstr(path, "pwmchip1") != NULL;
}

static int
read_pwm(void *arg, const char *path, struct buf *out)
{
	const struct cluster_box *box = arg;
	int fan = fan_in(path);

	if (str_ends(path, "/period"))
		buf_printf(out, "%d\n", box->period[fan]);
	else if (str_ends(path, "/duty_cycle"))
		buf_printf(out, "%d\n", box->duty[fan]);
	else if (str_ends(path, "/enable"))
		buf_printf(out, "%d\n", box->turning[fan]);
	else
		buf_printf(out, "%d %d %.0f\n", box->period[fan],
		    box->duty[fan], cb_fan_rpm(box, fan) * 2);
	return 0;
}

static int
write_pwm(void *arg, const char *path, const char *s, size_t len)
{
	struct cluster_box *box = arg;
	int fan = fan_in(path);
	char text[16];
	long v;

	if (!cb_may_write(box))
		return -EACCES;
	if (!vfs_written(s, len, text, sizeof(text)))
		return -EINVAL;
	if (!str_long(text, 0, 100000000, &v))
		return -EINVAL;
	if (str_ends(path, "/enable")) {
		box->turning[fan] = v != 0;
	} else if (str_ends(path, "/period")) {
		if (v < box->duty[fan])
			return -EINVAL;
		box->period[fan] = (int)v;
	} else {
		if (v > box->period[fan])
			return -EINVAL;
		box->duty[fan] = (int)v;
	}
	return 0;
}

static void
add_fans(struct cluster_box *box)
{
	static const char *const files[] = { "period", "duty_cycle", "enable",
		"capture" };
	char path[64];
	size_t i;
	int k;

	for (k = 0; k < 2; k++) {
		box->period[k] = PERIOD;
		box->duty[k] = BOOT_DUTY;
		box->turning[k] = true;
		for (i = 0; i < ARRAY_LEN(files); i++) {
			str_format(path, sizeof(path),
			    "/sys/class/pwm/pwmchip%d/pwm0/%s", k, files[i]);
			vfs_dynamic(box->board->machine.vfs, path, read_pwm,
			    i < 3 ? write_pwm : NULL, box);
		}
	}
}

/* --- the LED --- */

static const char *const triggers[] = { "none", "timer", "default-on", "netdev",
	"heartbeat" };

static int
read_led(void *arg, const char *path, struct buf *out)
{
	const struct cluster_box *box = arg;
	size_t i;

	if (str_ends(path, "/brightness")) {
		buf_printf(out, "%d\n", box->brightness);
		return 0;
	}
	for (i = 0; i < ARRAY_LEN(triggers); i++) {
		bool active = strcmp(triggers[i], box->trigger) == 0;

		buf_printf(out, "%s%s%s%s", i > 0 ? " " : "", active ? "[" : "",
		    triggers[i], active ? "]" : "");
	}
	buf_puts(out, "\n");
	return 0;
}

/* A trigger that goes leaves the LED dark. */
static int
set_trigger(struct cluster_box *box, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(triggers); i++) {
		if (strcmp(triggers[i], name) != 0)
			continue;
		if (strcmp(box->trigger, name) != 0)
			box->brightness =
			    strcmp(name, "default-on") == 0 ? 255 : 0;
		str_copy(box->trigger, sizeof(box->trigger), name);
		return 0;
	}
	return -EINVAL;
}

static int
write_led(void *arg, const char *path, const char *s, size_t len)
{
	struct cluster_box *box = arg;
	char text[16];
	long v;

	if (!cb_may_write(box))
		return -EACCES;
	if (!vfs_written(s, len, text, sizeof(text)))
		return -EINVAL;
	if (str_ends(path, "/trigger"))
		return set_trigger(box, text);
	if (!str_long(text, 0, 255, &v))
		return -EINVAL;
	box->brightness = (int)v;
	if (v == 0)
		str_copy(box->trigger, sizeof(box->trigger), "none");
	return 0;
}

/* --- network --- */

static int
read_net(void *arg, const char *path, struct buf *out)
{
	struct cluster_box *box = arg;
	struct netdev d = { .up = true, .down = "down" };
	bool pci = strstr(path, "/pci0/") != NULL;
	int k;

	if (pci)
		d.up = false;
	for (k = 0; k < CB_SLOTS; k++) {
		d.up = d.up || node_has_link(box->nodes[k].n);
		d.rx += box->nodes[k].n->tx;
		d.tx += box->nodes[k].n->rx;
	}
	if (pci && str_ends(path, "/speed"))
		return -EINVAL;
	if (netdev_read(&d, path, out) == -ENOENT)
		buf_puts(out, "0\n");
	return 0;
}

static void
add_net(struct cluster_box *box)
{
	static const char *const names[] = { "eth0", "br-lan", "pci0" };
	static const char *const files[] = { "operstate", "carrier", "speed",
		"duplex", "statistics/rx_bytes", "statistics/tx_bytes",
		"statistics/rx_errors", "statistics/tx_errors",
		"statistics/rx_dropped", "statistics/tx_dropped" };
	struct vfs *v = box->board->machine.vfs;
	char path[80];
	size_t i, k;

	for (k = 0; k < ARRAY_LEN(names); k++) {
		for (i = 0; i < ARRAY_LEN(files); i++) {
			str_format(path, sizeof(path), "/sys/class/net/%s/%s",
			    names[k], files[i]);
			vfs_dynamic(v, path, read_net, NULL, box);
		}
		str_format(
		    path, sizeof(path), "/sys/class/net/%s/address", names[k]);
		vfs_static(v, path, "78:10:5b:20:03:01\n");
		str_format(
		    path, sizeof(path), "/sys/class/net/%s/type", names[k]);
		vfs_static(v, path, "1\n");
	}
	vfs_static(v, "/sys/class/net/lo/operstate", "unknown\n");
}

static int
read_leases(void *arg, const char *path, struct buf *out)
{
	const struct cluster_box *box = arg;
	int64_t until = loop_wall(box->board->rack->loop) / 1000 + 43200;
	int k;

	(void)path;
	for (k = 0; k < CB_SLOTS; k++) {
		const struct sim_node *n = box->nodes[k].n;

		if (box->nodes[k].leased)
			buf_printf(out, "%lld %s 10.20.0.%d %s 01:%s\n",
			    (long long)until, n->mac, k + 2, n->hostname,
			    n->mac);
	}
	return 0;
}

/* --- the system --- */

static int
read_proc(void *arg, const char *path, struct buf *out)
{
	const struct cluster_box *box = arg;
	int64_t now = (int64_t)loop_now(box->board->rack->loop);
	double up = (double)(now - box->board->booted_at) / 1000;
	int used = (int)(now / 700 % 2100);

	if (str_ends(path, "/uptime"))
		buf_printf(out, "%.2f %.2f\n", up, up * 0.9);
	else if (str_ends(path, "/loadavg"))
		buf_printf(out, "0.%02d 0.11 0.09 1/71 %d\n", 10 + used % 30,
		    1200 + (int)up % 20000);
	else
		buf_printf(out,
		    "MemTotal:         %d kB\nMemFree:          %d kB\n"
		    "MemAvailable:     %d kB\nBuffers:            4120 kB\n"
		    "Cached:            31044 kB\nSwapTotal:             0 kB\n"
		    "SwapFree:              0 kB\n",
		    MEM_KB, 171200 - used, 184812 - used);
	return 0;
}

static int
read_program(void *arg, const char *path, struct buf *out)
{
	static const char elf[] = "\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\10\0";
	const struct cluster_box *box = arg;

	(void)path;
	buf_add(out, elf, sizeof(elf));
	if (box->gen == CB_GO)
		buf_puts(out,
		    "set to only report nodes that are active and online"
		    "active-onlylists all connected nodespoweronpoweroff");
	else
		buf_puts(out,
		    box->gen == CB_V2           ? cb_usage_v2
			: box->gen == CB_V2_OLD ? cb_usage_v2_old
						: cb_usage_vendor);
	buf_add(out, elf + 7, sizeof(elf) - 7);
	return 0;
}

static void
add_v2_config(struct cluster_box *box)
{
	char ip[16];
	struct buf b;
	int k;

	buf_init(&b, 0);
	buf_puts(&b,
	    "config global 'global'\n\toption boot_action 'poweron'\n"
	    "\toption stop_action 'none'\n\toption rescan_delay '60'\n"
	    "\toption press_ms '500'\n\toption force_press_ms '8000'\n"
	    "\toption reset_ms '200'\n\toption shutdown_timeout '90'\n"
	    "\toption shutdown_grace '10'\n\toption stagger_ms '1000'\n"
	    "\toption ssh_user 'root'\n\toption flash_target '/dev/mmcblk0'\n"
	    "\toption console '1'\n\toption console_log_kb '512'\n"
	    "\toption fan_duty '85'\n");
	for (k = 0; k < CB_SLOTS; k++) {
		buf_printf(&b, "\nconfig node 'node%d'\n", k + 1);
		if (box->nodes[k].n->name[0] != '\0')
			buf_printf(
			    &b, "\toption name '%s'\n", box->nodes[k].n->name);
		else
			buf_printf(&b, "\toption name 'blade%d'\n", k + 1);
		buf_puts(&b, "\toption autostart '1'\n");
		if (*cb_address(box, k, ip) != '\0')
			buf_printf(&b, "\toption ipaddr '%s'\n", ip);
		buf_puts(
		    &b, "\toption check_port '22'\n\toption baud '1500000'\n");
	}
	vfs_text(box->board->machine.vfs, "/etc/config/nodectl", buf_str(&b));
	buf_release(&b);
	vfs_static(box->board->machine.vfs, "/etc/mixtile-release",
	    "FIRMWARE_NAME=\"Mixtile ClusterBox\"\n"
	    "FIRMWARE_VERSION=\"v0.1.0-rc.4\"\n"
	    "GIT_COMMIT_SHORT=\"494d798\"\n"
	    "BUILD_DATE=\"2026-10-08T09:12:44Z\"\nOPENMIOP_PROTOCOL=\"4\"\n"
	    "OPENWRT_VERSION=\"23.05-SNAPSHOT\"\n"
	    "KERNEL_VERSION=\"5.15.134\"\n"
	    "BOARD=\"cluster-box-control-V120\"\n"
	    "TARGET=\"ramips/mt7620\"\nUPDATE_CHANNEL=\"rc\"\n");
}

static void
add_system(struct cluster_box *box)
{
	const char *host = box->board->machine.hostname;
	struct vfs *v = box->board->machine.vfs;
	char *line = mem_printf("%s\n", host);

	vfs_dynamic(v, "/proc/uptime", read_proc, NULL, box);
	vfs_dynamic(v, "/proc/loadavg", read_proc, NULL, box);
	vfs_dynamic(v, "/proc/meminfo", read_proc, NULL, box);
	vfs_static(v, "/proc/sys/kernel/osrelease", "5.15.134\n");
	vfs_static(v, "/proc/version",
	    "Linux version 5.15.134 (builder@host) (mipsel-openwrt-linux-"
	    "musl-gcc 12.3.0) #0 Mon Oct 9 21:45:35 2023\n");
	vfs_text(v, "/proc/sys/kernel/hostname", line);
	free(line);
	vfs_static(v, "/proc/cpuinfo",
	    "system type\t\t: MediaTek MT7620A ver:2 eco:6\n"
	    "machine\t\t\t: Mixtile Cluster Box\nprocessor\t\t: 0\n"
	    "cpu model\t\t: MIPS 24KEc V5.0\nBogoMIPS\t\t: 385.84\n");
	vfs_static(v, "/sys/devices/system/cpu/online", "0\n");
	vfs_static(v, "/proc/device-tree/model", "Mixtile Cluster Box");
	vfs_link(v, "/sys/firmware/devicetree/base", "/proc/device-tree");
	vfs_static(v, "/etc/os-release",
	    "NAME=\"OpenWrt\"\nVERSION=\"23.05-SNAPSHOT\"\nID=\"openwrt\"\n"
	    "ID_LIKE=\"lede openwrt\"\nPRETTY_NAME=\"OpenWrt "
	    "23.05-SNAPSHOT\"\nVERSION_ID=\"23.05-snapshot\"\n"
	    "OPENWRT_BOARD=\"ramips/mt7620\"\nOPENWRT_ARCH=\"mipsel_24kc\"\n");
	vfs_static(v, "/etc/openwrt_release",
	    "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05-SNAPSHOT'\n"
	    "DISTRIB_REVISION='r0-cc69ae6'\n"
	    "DISTRIB_TARGET='ramips/mt7620'\nDISTRIB_ARCH='mipsel_24kc'\n"
	    "DISTRIB_DESCRIPTION='OpenWrt 23.05-SNAPSHOT r0-cc69ae6'\n");
	vfs_dynamic(v, "/bin/nodectl", read_program, NULL, box);
	vfs_dynamic(v, "/tmp/dhcp.leases", read_leases, NULL, box);
	vfs_dir(v, "/root");
	vfs_dir(v, "/home/mixtile");
	vfs_dir(v, "/var/run");
	vfs_dir(v, "/var/lock");
}

void
cb_sysfs_init(struct cluster_box *box)
{
	struct vfs *v = box->board->machine.vfs;

	add_system(box);
	add_net(box);
	add_fans(box);
	str_copy(box->trigger, sizeof(box->trigger), "default-on");
	box->brightness = 255;
	vfs_dynamic(v, LED "trigger", read_led, write_led, box);
	vfs_dynamic(v, LED "brightness", read_led, write_led, box);
	vfs_static(v, LED "max_brightness", "255\n");
	if (cb_is_v2(box))
		add_v2_config(box);
}

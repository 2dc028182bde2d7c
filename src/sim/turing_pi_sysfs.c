/*
 * The files of a Turing Pi's controller. From firmware 2.1 on the switch is
 * managed and every port is a network device; before that there is eth0 and
 * nothing to be learnt about the nodes' links.
 */
#include "turing_pi.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/netdev.h"
#include "uart_device.h"

/* The slot (from 0) that a path names by "nodeN". */
static int
node_in(const char *path)
{
	const char *at = strstr(path, "/node");

	return at != NULL ? at[5] - '1' : 0;
}

static int
read_proc(void *arg, const char *path, struct buf *out)
{
	struct sim_board *b = arg;
	double up =
	    (double)((int64_t)loop_now(b->rack->loop) - b->booted_at) / 1000;

	if (strcmp(path, "/proc/uptime") == 0)
		buf_printf(out, "%.2f %.2f\n", up, up * 1.9);
	else if (strcmp(path, "/proc/loadavg") == 0)
		buf_printf(out, "%.2f %.2f %.2f 1/64 %d\n",
		    0.12 + 0.08 * sin(up / 40), 0.1 + 0.04 * sin(up / 200),
		    0.08, 400 + (int)up % 9000);
	else if (str_ends(path, "/osrelease"))
		buf_printf(out, "%s\n", b->tp.fw->kernel);
	else
		buf_printf(out,
		    "Linux version %s (builder@host) (gcc 11) #1 SMP\n",
		    b->tp.fw->kernel);
	return 0;
}

static int
read_meminfo(void *arg, const char *path, struct buf *out)
{
	struct sim_board *b = arg;
	int used = (int)(loop_now(b->rack->loop) / 900 % 1700);

	(void)path;
	buf_printf(out,
	    "MemTotal:         118784 kB\nMemFree:        %8d kB\n"
	    "MemAvailable:   %8d kB\nBuffers:               0 kB\n"
	    "Cached:            31044 kB\nSwapTotal:             0 kB\n"
	    "SwapFree:              0 kB\n",
	    41200 - used, 67812 - used);
	return 0;
}

static int
read_model(void *arg, const char *path, struct buf *out)
{
	struct sim_board *b = arg;
	const char *text =
	    b->tp.v25 ? "Turing Pi 2 (v2.5)" : "Turing Pi 2 (v2.4)";

	(void)path;
	buf_add(out, text, strlen(text) + 1);
	return 0;
}

static int
read_rail(void *arg, const char *path, struct buf *out)
{
	struct sim_board *b = arg;

	buf_puts(
	    out, b->nodes[node_in(path)].rail ? "enabled\n" : "disabled\n");
	return 0;
}

/* A port's counters are its node's the other way round. */
static int
read_port(void *arg, const char *path, struct buf *out)
{
	struct sim_board *b = arg;
	struct sim_node *n = &b->nodes[node_in(path)];
	const struct netdev d = { .up = node_has_link(n),
		.down = "lowerlayerdown",
		.rx = n->tx,
		.tx = n->rx };

	if (netdev_read(&d, path, out) == -ENOENT)
		buf_puts(out, "0\n");
	return 0;
}

static int *
led_of(struct sim_board *b, const char *path)
{
	return strstr(path, "power") != NULL || strstr(path, "sys/b") != NULL ||
		strstr(path, "fp:sys") != NULL
	    ? &b->tp.led_power
	    : &b->tp.led_status;
}

static int
read_led(void *arg, const char *path, struct buf *out)
{
	if (str_ends(path, "/trigger"))
		buf_puts(out, "[none] kbd-scrolllock kbd-numlock mmc0\n");
	else
		buf_printf(out, "%d\n", *led_of(arg, path));
	return 0;
}

static int
write_led(void *arg, const char *path, const char *p, size_t len)
{
	if (len == 0 || p[0] < '0' || p[0] > '9')
		return -EINVAL;
	*led_of(arg, path) = p[0] != '0';
	return 0;
}

static int
read_fan(void *arg, const char *path, struct buf *out)
{
	static const int pwm[] = { 0, 16, 32, 64, 102, 170, 254 };
	struct sim_board *b = arg;

	buf_printf(
	    out, "%d\n", str_ends(path, "/pwm1") ? pwm[b->tp.fan] : b->tp.fan);
	return 0;
}

static int
write_fan(void *arg, const char *path, const char *p, size_t len)
{
	struct sim_board *b = arg;

	(void)path;
	if (len == 0 || p[0] < '0' || p[0] > '6')
		return -EINVAL;
	b->tp.fan = p[0] - '0';
	return 0;
}

int
tp_tty_of_node(const struct sim_board *b, int node)
{
	static const int old[] = { 2, 1, 4, 5 };

	return b->tp.fw->modern ? node + 1 : old[node];
}

int
tp_node_of_tty(const struct sim_board *b, int tty)
{
	int k;

	for (k = 0; k < TP_SLOTS; k++)
		if (tp_tty_of_node(b, k) == tty)
			return k;
	return -1;
}

static void
add_node_files(struct sim_board *b, int k)
{
	static const char *const files[] = { "operstate", "carrier", "speed",
		"duplex", "statistics/rx_bytes", "statistics/tx_bytes",
		"statistics/rx_errors", "statistics/tx_errors" };
	struct vfs *v = b->machine.vfs;
	char path[96];
	size_t i;

	str_format(path, sizeof(path),
	    "/sys/bus/platform/devices/node%d-power/state", k + 1);
	vfs_dynamic(v, path, read_rail, NULL, b);
	str_format(path, sizeof(path), "/dev/ttyS%d", tp_tty_of_node(b, k));
	b->tp.ttys[k] = uart_device_shared(&b->nodes[k], path);
	for (i = 0; i < ARRAY_LEN(files) && b->tp.fw->modern; i++) {
		str_format(path, sizeof(path), "/sys/class/net/node%d/%s",
		    k + 1, files[i]);
		vfs_dynamic(v, path, read_port, NULL, b);
	}
}

static void
add_port(struct sim_board *b, const char *name, bool up, const char *speed)
{
	struct vfs *v = b->machine.vfs;
	char path[96];

	str_format(path, sizeof(path), "/sys/class/net/%s/operstate", name);
	vfs_static(v, path, up ? "up\n" : "lowerlayerdown\n");
	str_format(path, sizeof(path), "/sys/class/net/%s/carrier", name);
	if (up)
		vfs_static(v, path, "1\n");
	else /* nothing was ever plugged in: administratively down */
		vfs_dynamic(v, path, netdev_read_fails, NULL, b);
	str_format(path, sizeof(path), "/sys/class/net/%s/speed", name);
	vfs_static(v, path, speed);
	str_format(path, sizeof(path), "/sys/class/net/%s/duplex", name);
	vfs_static(v, path, up ? "full\n" : "unknown\n");
	str_format(path, sizeof(path), "/sys/class/net/%s/address", name);
	vfs_static(v, path, "02:00:5d:11:22:05\n");
	str_format(path, sizeof(path),
	    "/sys/class/net/%s/statistics/"
	    "rx_bytes",
	    name);
	vfs_static(v, path, "912345678\n");
	str_format(path, sizeof(path),
	    "/sys/class/net/%s/statistics/"
	    "tx_bytes",
	    name);
	vfs_static(v, path, "112345678\n");
}

static void
add_leds(struct sim_board *b)
{
	static const char *const modern[] = { "fp::power", "fp::status" };
	static const char *const old[] = { "fp:sys", "fp:reset" };
	char path[64];
	int i;

	for (i = 0; i < 2; i++) {
		const char *name = b->tp.fw->modern ? modern[i] : old[i];

		str_format(
		    path, sizeof(path), "/sys/class/leds/%s/brightness", name);
		vfs_dynamic(b->machine.vfs, path, read_led, write_led, b);
		str_format(
		    path, sizeof(path), "/sys/class/leds/%s/trigger", name);
		vfs_dynamic(b->machine.vfs, path, read_led, NULL, b);
		str_format(path, sizeof(path),
		    "/sys/class/leds/%s/max_brightness", name);
		vfs_static(
		    b->machine.vfs, path, b->tp.fw->modern ? "1\n" : "255\n");
	}
}

static void
add_fan(struct sim_board *b)
{
	struct vfs *v = b->machine.vfs;

	if (!b->tp.v25 && !b->tp.emc2301)
		return;
	vfs_static(v, "/sys/class/thermal/cooling_device0/type",
	    b->tp.v25 ? "pwm-fan\n" : "emc2301\n");
	vfs_static(v, "/sys/class/thermal/cooling_device0/max_state", "6\n");
	vfs_dynamic(v, "/sys/class/thermal/cooling_device0/cur_state", read_fan,
	    write_fan, b);
	if (!b->tp.v25)
		return;
	vfs_static(v, "/sys/class/hwmon/hwmon0/name", "pwmfan\n");
	vfs_dynamic(v, "/sys/class/hwmon/hwmon0/pwm1", read_fan, NULL, b);
}

static void
add_system(struct sim_board *b)
{
	struct vfs *v = b->machine.vfs;
	char *text;

	vfs_dynamic(v, "/proc/uptime", read_proc, NULL, b);
	vfs_dynamic(v, "/proc/loadavg", read_proc, NULL, b);
	vfs_dynamic(v, "/proc/version", read_proc, NULL, b);
	vfs_dynamic(v, "/proc/sys/kernel/osrelease", read_proc, NULL, b);
	vfs_static(v, "/proc/sys/kernel/hostname", "turingpi\n");
	vfs_static(v, "/etc/hostname", "turingpi\n");
	vfs_dynamic(v, "/proc/meminfo", read_meminfo, NULL, b);
	vfs_static(v, "/proc/cpuinfo",
	    "processor\t: 0\nmodel name\t: ARMv7 Processor rev 5 (v7l)\n\n"
	    "processor\t: 1\nmodel name\t: ARMv7 Processor rev 5 (v7l)\n\n"
	    "Hardware\t: Allwinner sun8i Family\n");
	vfs_static(v, "/sys/devices/system/cpu/online", "0-1\n");
	vfs_dynamic(v, "/proc/device-tree/model", read_model, NULL, b);
	vfs_link(v, "/sys/firmware/devicetree/base", "/proc/device-tree");
	text = mem_printf("NAME=Buildroot\nVERSION=%s\nID=buildroot\n"
			  "VERSION_ID=%s\nPRETTY_NAME=\"%s\"\n",
	    b->tp.fw->modern ? "2024.05.1" : "2022.08",
	    b->tp.fw->modern ? "2024.05.1" : "2022.08", b->tp.fw->buildroot);
	vfs_text(v, "/etc/os-release", text);
	free(text);
	vfs_static(v, "/proc/mounts",
	    "ubi0:rootfs / ubifs rw,relatime 0 0\n"
	    "proc /proc proc rw,relatime 0 0\n"
	    "/dev/mmcblk0p1 /mnt/sdcard ext4 rw,relatime 0 0\n");
	vfs_static(v, "/etc/issue", "Welcome to Turing Pi\n");
	vfs_static(v, "/etc/bmcd/config.yaml",
	    "host: \"::\"\nport: 443\nwrite_timeout: 3s\n");
	vfs_static(v, "/sys/class/ubi/ubi0/avail_eraseblocks", "18\n");
	vfs_static(v, "/sys/class/ubi/ubi0/total_eraseblocks", "1000\n");
	vfs_static(v, "/sys/class/ubi/ubi0/bad_peb_count", "2\n");
	vfs_static(v, "/sys/class/ubi/ubi0/reserved_for_bad", "18\n");
	vfs_dir(v, "/mnt/sdcard");
	vfs_dir(v, "/tmp");
	vfs_dir(v, "/root");
}

void
turing_pi_sysfs(struct sim_board *b)
{
	struct vfs *v = b->machine.vfs;
	int k;

	add_system(b);
	for (k = 0; k < b->slots; k++)
		add_node_files(b, k);
	if (b->tp.fw->modern) {
		add_port(b, "ge0", true, "1000\n");
		add_port(b, "ge1", false, "-1\n");
		add_port(b, "dsa", true, "100\n");
		add_port(b, "br0", true, "100\n");
	} else {
		add_port(b, "eth0", true, "100\n");
		vfs_static(v, "/sys/class/tty/ttyS3/device/of_node/device_type",
		    "uart3");
	}
	vfs_static(v, "/sys/class/net/lo/operstate", "unknown\n");
	add_leds(b);
	add_fan(b);
}

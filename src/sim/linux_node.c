/*
 * The files of a Linux node, as a Raspberry Pi and its like have them. All
 * that moves is made when it is read, from the node's physics.
 */
#include "rackmux/sim/rack.h"

#include <errno.h>
#include <string.h>

#include "nodeboot.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/netdev.h"

static int
read_uptime(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	double up = node_uptime(n);

	(void)path;
	buf_printf(out, "%.2f %.2f\n", up, up * n->model->cores * 0.8);
	return 0;
}

static int
read_loadavg(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;

	(void)path;
	buf_printf(out, "%.2f %.2f %.2f %d/%d %d\n", n->load[0], n->load[1],
	    n->load[2], 1 + (int)(n->busy * 3), 182,
	    20000 + (int)(node_uptime(n) / 7) % 10000);
	return 0;
}

static int
read_meminfo(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	unsigned total = n->model->mem_kb;
	unsigned used = (unsigned)(total * (0.12 + 0.5 * n->base));

	(void)path;
	buf_printf(out,
	    "MemTotal:       %8u kB\nMemFree:        %8u kB\n"
	    "MemAvailable:   %8u kB\nBuffers:        %8u kB\n"
	    "Cached:         %8u kB\nSwapCached:            0 kB\n"
	    "SwapTotal:        102396 kB\nSwapFree:         102396 kB\n",
	    total, (total - used) / 2, total - used, 40960u,
	    (total - used) / 3);
	return 0;
}

static int
read_temp(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	const char *zone = strstr(path, "thermal_zone");
	int k = zone != NULL ? zone[strlen("thermal_zone")] - '0' : 0;

	/* Other zones lag behind the first. */
	buf_printf(out, "%d\n", (int)((n->temp - k * 0.7) * 1000));
	return 0;
}

static int
read_model(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;

	(void)path;
	buf_add(out, n->model->model, strlen(n->model->model) + 1);
	return 0;
}

static int
read_serial(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;

	(void)path;
	buf_add(out, n->serial, strlen(n->serial) + 1);
	return 0;
}

static int
read_hostname(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;

	(void)path;
	buf_printf(out, "%s\n", n->hostname);
	return 0;
}

/* --- network --- */

static bool
carrier(const struct sim_node *n)
{
	return !fault_is(&n->faults, FAULT_CABLE);
}

static int
read_net(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	const struct netdev d = {
		.up = carrier(n), .down = "down", .rx = n->rx, .tx = n->tx
	};

	if (str_ends(path, "/address"))
		return buf_printf(out, "%s\n", n->mac) ? 0 : -ENOSPC;
	return netdev_read(&d, path, out);
}

static void
add_iface(struct sim_node *n, const char *name)
{
	static const char *const live[] = { "operstate", "carrier", "speed",
		"duplex", "address", "statistics/rx_bytes",
		"statistics/tx_bytes" };
	static const char *const zero[] = { "statistics/rx_errors",
		"statistics/tx_errors", "statistics/rx_dropped",
		"statistics/tx_dropped" };
	struct vfs *v = n->machine.vfs;
	char path[96];
	size_t i;

	for (i = 0; i < ARRAY_LEN(live); i++) {
		str_format(
		    path, sizeof(path), "/sys/class/net/%s/%s", name, live[i]);
		vfs_dynamic(v, path, read_net, NULL, n);
	}
	for (i = 0; i < ARRAY_LEN(zero); i++) {
		str_format(
		    path, sizeof(path), "/sys/class/net/%s/%s", name, zero[i]);
		vfs_static(v, path, "0\n");
	}
	str_format(path, sizeof(path), "/sys/class/net/%s/type", name);
	vfs_static(v, path, "1\n");
	str_format(path, sizeof(path), "/sys/class/net/%s/device/uevent", name);
	vfs_static(v, path, "DRIVER=bcmgenet\n");
}

static void
add_net(struct sim_node *n)
{
	struct vfs *v = n->machine.vfs;

	add_iface(n, n->model->iface);
	vfs_static(v, "/sys/class/net/lo/operstate", "unknown\n");
	vfs_static(v, "/sys/class/net/lo/carrier", "1\n");
	vfs_dynamic(v, "/sys/class/net/lo/speed", netdev_read_fails, NULL, n);
	vfs_static(v, "/sys/class/net/lo/type", "772\n");
	vfs_static(v, "/sys/class/net/lo/address", "00:00:00:00:00:00\n");
	if (!n->model->wlan)
		return;
	vfs_static(v, "/sys/class/net/wlan0/operstate", "down\n");
	vfs_static(v, "/sys/class/net/wlan0/type", "1\n");
	vfs_dynamic(
	    v, "/sys/class/net/wlan0/carrier", netdev_read_fails, NULL, n);
	vfs_dynamic(
	    v, "/sys/class/net/wlan0/speed", netdev_read_fails, NULL, n);
	vfs_dir(v, "/sys/class/net/wlan0/wireless");
}

/* --- LEDs --- */

static const char *const triggers[] = { "none", "rfkill-any", "kbd-capslock",
	"timer", "oneshot", "heartbeat", "backlight", "gpio", "cpu", "cpu0",
	"default-on", "input", "panic", "actpwr", "mmc0", "mmc1" };

static int
led_index(const char *path)
{
	return strstr(path, "/PWR/") != NULL || strstr(path, "/led1/") != NULL;
}

static int
read_led(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	int k = led_index(path);
	size_t i;

	if (str_ends(path, "/brightness")) {
		buf_printf(out, "%d\n", n->led[k]);
		return 0;
	}
	for (i = 0; i < ARRAY_LEN(triggers); i++) {
		bool active = strcmp(triggers[i], n->trigger[k]) == 0;

		buf_printf(out, "%s%s%s%s", i > 0 ? " " : "", active ? "[" : "",
		    triggers[i], active ? "]" : "");
	}
	buf_puts(out, "\n");
	return 0;
}

static int
write_led(void *arg, const char *path, const char *p, size_t len)
{
	struct sim_node *n = arg;
	int k = led_index(path);
	char word[16];
	size_t i;

	if (!vfs_written(p, len, word, sizeof(word)))
		return -EINVAL;
	if (str_ends(path, "/brightness")) {
		n->led[k] = strcmp(word, "0") != 0;
		return 0;
	}
	for (i = 0; i < ARRAY_LEN(triggers); i++)
		if (strcmp(triggers[i], word) == 0) {
			str_copy(n->trigger[k], sizeof(n->trigger[k]), word);
			return 0;
		}
	return -EINVAL;
}

/* --- hwmon, clocks --- */

static int
read_hwmon(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	const char *what = strrchr(path, '/') + 1;

	if (strcmp(what, "in0_lcrit_alarm") == 0)
		buf_printf(out, "%u\n", n->throttled & 1);
	else if (strcmp(what, "fan1_input") == 0)
		buf_printf(out, "%.0f\n", n->fan_rpm);
	else if (strcmp(what, "pwm1") == 0)
		buf_printf(out, "%d\n", n->fan_pwm);
	else if (strcmp(what, "cur_state") == 0)
		buf_printf(out, "%d\n",
		    n->fan_pwm >= 250      ? 4
			: n->fan_pwm > 125 ? 3
			: n->fan_pwm > 75  ? 2
			: n->fan_pwm > 0   ? 1
					   : 0);
	else if (strcmp(what, "scaling_cur_freq") == 0)
		buf_printf(out, "%d\n", node_mhz(n) * 1000);
	else
		return -ENOENT;
	return 0;
}

static void
add_sensors(struct sim_node *n)
{
	const struct node_model *m = n->model;
	struct vfs *v = n->machine.vfs;
	char path[96];
	int i;

	vfs_static(v, "/sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
	vfs_dynamic(
	    v, "/sys/class/hwmon/hwmon0/temp1_input", read_temp, NULL, n);
	if (m->zones == NULL) {
		vfs_static(v, "/sys/class/thermal/thermal_zone0/type",
		    "cpu-thermal\n");
		vfs_dynamic(v, "/sys/class/thermal/thermal_zone0/temp",
		    read_temp, NULL, n);
		vfs_static(v, "/sys/class/hwmon/hwmon1/name", "rpi_volt\n");
		vfs_dynamic(v, "/sys/class/hwmon/hwmon1/in0_lcrit_alarm",
		    read_hwmon, NULL, n);
	}
	for (i = 0; m->zones != NULL && m->zones[i] != NULL; i++) {
		str_format(path, sizeof(path),
		    "/sys/class/thermal/thermal_zone%d/temp", i);
		vfs_dynamic(v, path, read_temp, NULL, n);
		str_format(path, sizeof(path),
		    "/sys/class/thermal/thermal_zone%d/type", i);
		vfs_text(v, path, m->zones[i]);
		vfs_write(v, path, "\n", 1, true);
	}
	if (m->fan) {
		vfs_static(v, "/sys/class/hwmon/hwmon2/name", "pwmfan\n");
		vfs_dynamic(v,
		    "/sys/devices/platform/cooling_fan/hwmon/hwmon2/"
		    "fan1_input",
		    read_hwmon, NULL, n);
		vfs_dynamic(v,
		    "/sys/devices/platform/cooling_fan/hwmon/hwmon2/pwm1",
		    read_hwmon, NULL, n);
		vfs_dynamic(v, "/sys/class/hwmon/hwmon2/fan1_input", read_hwmon,
		    NULL, n);
		vfs_dynamic(
		    v, "/sys/class/hwmon/hwmon2/pwm1", read_hwmon, NULL, n);
		vfs_static(
		    v, "/sys/class/thermal/cooling_device0/type", "pwm-fan\n");
		vfs_static(
		    v, "/sys/class/thermal/cooling_device0/max_state", "4\n");
		vfs_dynamic(v, "/sys/class/thermal/cooling_device0/cur_state",
		    read_hwmon, NULL, n);
	}
	vfs_dynamic(v, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
	    read_hwmon, NULL, n);
	vfs_static(v, "/sys/devices/system/cpu/online",
	    m->cores == 8 ? "0-7\n" : "0-3\n");
}

static int
read_cpuinfo(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;
	int i;

	(void)path;
	for (i = 0; i < n->model->cores; i++)
		buf_printf(out,
		    "processor\t: %d\nBogoMIPS\t: 108.00\n"
		    "CPU implementer\t: 0x41\n\n",
		    i);
	buf_printf(
	    out, "Serial\t\t: %s\nModel\t\t: %s\n", n->serial, n->model->model);
	return 0;
}

static int
read_os_release(void *arg, const char *path, struct buf *out)
{
	const struct node_model *m = ((struct sim_node *)arg)->model;

	(void)path;
	buf_printf(out,
	    "PRETTY_NAME=\"%s\"\nNAME=\"%s\"\nVERSION_ID=\"%s\"\nID=%s\n",
	    m->os_name,
	    m->busybox                            ? "Alpine Linux"
		: strcmp(m->os_id, "ubuntu") == 0 ? "Ubuntu"
						  : "Debian GNU/Linux",
	    m->os_version, m->os_id);
	return 0;
}

static int
read_kernel(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;

	if (str_ends(path, "/osrelease"))
		buf_printf(out, "%s\n", n->model->kernel);
	else
		buf_printf(out,
		    "Linux version %s (builder@host) (gcc 12.2.0) #1 SMP "
		    "PREEMPT\n",
		    n->model->kernel);
	return 0;
}

static int
read_route(void *arg, const char *path, struct buf *out)
{
	struct sim_node *n = arg;

	(void)path;
	buf_printf(out,
	    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask"
	    "\t\tMTU\tWindow\tIRTT\n%s\t00000000\t0100000A\t0003\t0\t0\t100"
	    "\t00000000\t0\t0\t0\n",
	    n->model->iface);
	return 0;
}

static void
add_led(struct sim_node *n, const char *name)
{
	char path[64];

	str_format(path, sizeof(path), "/sys/class/leds/%s/trigger", name);
	vfs_dynamic(n->machine.vfs, path, read_led, write_led, n);
	str_format(path, sizeof(path), "/sys/class/leds/%s/brightness", name);
	vfs_dynamic(n->machine.vfs, path, read_led, write_led, n);
}

static int
write_sysrq(void *arg, const char *path, const char *text, size_t len)
{
	(void)path;
	if (len > 0)
		node_sysrq(arg, text[0]);
	return 0;
}

static void
machine_init(struct sim_node *n)
{
	struct machine *m = &n->machine;

	m->loop = n->board->rack->loop;
	m->vfs = vfs_new();
	/* vcgencmd is the first of them, and not everybody has it. */
	m->commands = linux_node_commands + (n->model->vcgencmd ? 0 : 1);
	m->board = n;
	m->hostname = n->hostname;
	str_format(n->prompt, sizeof(n->prompt), "%s@%s:~$ ", n->model->user,
	    n->hostname);
	if (n->model->busybox)
		str_format(n->prompt, sizeof(n->prompt), "%s:~# ", n->hostname);
	m->prompt = n->prompt;
	m->issue = n->model->busybox ? "Welcome to Alpine Linux 3.20\n"
	    : strcmp(n->model->os_id, "ubuntu") == 0 ? "Ubuntu 22.04.3 LTS\n"
						     : "Debian GNU/Linux 12\n";
	m->user = n->model->user;
	m->password = n->model->password;
	m->colours = true;
	m->cursor_query = n->model->busybox;
	m->kernel = n->model->kernel;
	m->arch = "aarch64";
}

void
linux_node_init(struct sim_node *n)
{
	struct vfs *v;

	machine_init(n);
	v = n->machine.vfs;
	vfs_dynamic(v, "/proc/uptime", read_uptime, NULL, n);
	vfs_dynamic(v, "/proc/loadavg", read_loadavg, NULL, n);
	vfs_dynamic(v, "/proc/meminfo", read_meminfo, NULL, n);
	vfs_dynamic(v, "/proc/cpuinfo", read_cpuinfo, NULL, n);
	vfs_dynamic(v, "/proc/version", read_kernel, NULL, n);
	vfs_dynamic(v, "/proc/net/route", read_route, NULL, n);
	vfs_dynamic(v, "/proc/sys/kernel/osrelease", read_kernel, NULL, n);
	vfs_dynamic(v, "/proc/sys/kernel/hostname", read_hostname, NULL, n);
	vfs_dynamic(v, "/etc/hostname", read_hostname, NULL, n);
	vfs_dynamic(v, "/etc/os-release", read_os_release, NULL, n);
	vfs_dynamic(v, "/proc/device-tree/model", read_model, NULL, n);
	vfs_dynamic(v, "/proc/device-tree/serial-number", read_serial, NULL, n);
	vfs_link(v, "/sys/firmware/devicetree/base", "/proc/device-tree");
	vfs_dynamic(v, "/proc/sysrq-trigger", vfs_write_only, write_sysrq, n);
	vfs_dir(v, "/tmp");
	vfs_dir(v, "/root");
	add_net(n);
	add_sensors(n);
	add_led(n, "ACT");
	add_led(n, "PWR");
}

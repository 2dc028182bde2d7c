/*
 * The board's I2C on the host's bus 1: INA226 (12 V of everything) at 0x40,
 * EMC2301 (fan) at 0x2f, and a TMP117 at each node's card. i2c-tools read
 * words low byte first, these chips send the high one first, so words come
 * out swapped. Once the kernel's drivers have them, i2c-tools are refused.
 */
#include "mini_cm4.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "i2c_tools.h"
#include "rackmux/base/text.h"

#define INA226 0x40
#define EMC2301 0x2f
#define IDLE_WATTS 3.5 /* hub, RP2040, fan, switch */
#define BUS_VOLTS 12.08
#define FAN_RPM 6200.0
#define TACH 3932160.0 /* two poles, range 1: times 2 for the default */

static const int tmp117[MINI_SLOTS] = { 0x49, 0x48, 0x4b, 0x4a };

static double
mini_watts(const struct mini *m)
{
	double w = IDLE_WATTS + node_watts(m->host);
	int k;

	for (k = 0; k < MINI_SLOTS; k++)
		w += node_watts(&m->board->nodes[k]);
	return w;
}

static double
fan_rpm(const struct mini *m)
{
	int k;

	for (k = 0; k < MINI_SLOTS; k++)
		if (fault_is(&m->board->nodes[k].faults, FAULT_FANFAIL))
			return 0;
	return m->fan < 20 ? 0 : FAN_RPM * m->fan / 255;
}

/* The card is cooler than the chip on it. */
static double
card_temp(const struct sim_node *n)
{
	return n->rail ? fmax(node_air(n), n->temp - 6.5) : node_air(n);
}

static unsigned
ina226(const struct mini *m, int reg)
{
	double amps = mini_watts(m) / BUS_VOLTS;
	unsigned shunt = (unsigned)(amps * m->shunt_mohm / 0.0025);
	unsigned bus = (unsigned)(BUS_VOLTS / 0.00125), current;

	if (shunt > 0x7fff)
		shunt = 0x7fff;
	/* Until somebody calibrates it, it knows no amperes. */
	current = shunt * m->calibration / 2048;
	switch (reg) {
	case 0x00:
		return m->ina_config;
	case 0x01:
		return shunt;
	case 0x02:
		return bus;
	case 0x03:
		return current * bus / 20000;
	case 0x04:
		return current;
	case 0x05:
		return m->calibration;
	case 0xfe:
		return 0x5449;
	case 0xff:
		return 0x2260;
	default:
		return 0;
	}
}

static unsigned
emc2301(const struct mini *m, int reg)
{
	double rpm = fan_rpm(m);
	double count = rpm > 0 ? TACH * 2 / rpm : 0x1fff;
	unsigned tach = count > 0x1fff ? 0x1fff : (unsigned)count;

	switch (reg) {
	case 0x30:
		return (unsigned)m->fan;
	case 0x32:
		return 0x2b;
	case 0x3e:
		return tach >> 5;
	case 0x3f:
		return tach << 3 & 0xff;
	case 0xfd:
		return 0x37;
	case 0xfe:
		return 0x5d;
	case 0xff:
		return 0x80;
	default:
		return 0;
	}
}

static unsigned
tmp117_reg(const struct sim_node *n, int reg)
{
	if (reg == 0x00)
		return (unsigned)(int)(card_temp(n) / 0.0078125) & 0xffff;
	return reg == 0x01 ? 0x0220 : reg == 0x0f ? 0x0117 : 0;
}

/* The node whose sensor that is, or -1. */
static int
card_at(const struct mini *m, long addr)
{
	int k;

	for (k = 0; k < MINI_SLOTS; k++)
		if (tmp117[k] == addr)
			return m->board->nodes[k].model != NULL ? k : -1;
	return -1;
}

static bool
is_there(const struct mini *m, long addr)
{
	return addr == INA226 || addr == EMC2301 || card_at(m, addr) >= 0;
}

/* --- i2c-tools --- */

static bool
is_busy(struct proc *p, const struct mini *m, const struct i2c *c)
{
	if (!m->hwmon || c->force || !is_there(m, c->addr))
		return false;
	proc_err(p,
	    "Error: Could not set address to 0x%02lx: Device or resource "
	    "busy\n",
	    (unsigned long)c->addr);
	return true;
}

static unsigned
swapped(unsigned v)
{
	return (v >> 8 | v << 8) & 0xffff;
}

int
cmd_i2cget(struct proc *p, int argc, char **argv)
{
	struct mini *m = mini_of(p);
	struct i2c c;
	unsigned v;
	int rc = i2cget_parse(p, &c, argc, argv), k;

	if (rc != 0 || is_busy(p, m, &c))
		return 1;
	k = card_at(m, c.addr);
	if (!is_there(m, c.addr))
		return i2cget_nobody(p);
	if (c.addr == EMC2301) {
		v = emc2301(m, (int)c.reg);
		if (c.word)
			v |= emc2301(m, (int)c.reg + 1) << 8;
	} else {
		v = k >= 0 ? tmp117_reg(&m->board->nodes[k], (int)c.reg)
			   : ina226(m, (int)c.reg);
		v = c.word ? swapped(v) : v >> 8;
	}
	proc_printf(p, c.word ? "0x%04x\n" : "0x%02x\n", v);
	return 0;
}

int
cmd_i2cset(struct proc *p, int argc, char **argv)
{
	struct mini *m = mini_of(p);
	struct i2c c;
	int rc = i2cset_parse(p, &c, argc, argv);

	if (rc != 0 || is_busy(p, m, &c))
		return 1;
	if (!is_there(m, c.addr))
		return i2cset_nobody(p);
	if (c.addr == EMC2301 && c.reg == 0x30)
		m->fan = (int)((m->fan & ~c.mask) | (c.value & c.mask)) & 0xff;
	else if (c.addr == INA226 && c.word && c.reg == 0x05)
		m->calibration = swapped((unsigned)c.value) & 0x7fff;
	else if (c.addr == INA226 && c.word && c.reg == 0x00)
		m->ina_config = swapped((unsigned)c.value);
	return 0;
}

int
cmd_i2cdetect(struct proc *p, int argc, char **argv)
{
	struct mini *m = mini_of(p);
	int i;

	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		proc_puts(p,
		    "i2c-1\ti2c       \tbcm2835 (i2c@7e804000)          \t"
		    "I2C adapter\n");
		return 0;
	}
	proc_puts(
	    p, "     0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f\n00:");
	for (i = 0; i < 0x80; i++) {
		if (i > 0 && i % 16 == 0)
			proc_printf(p, "\n%02x:", (unsigned)i);
		if (i < 8 || i > 0x77)
			proc_puts(p, i < 8 ? "   " : "");
		else if (!is_there(m, i))
			proc_puts(p, " --");
		else if (m->hwmon)
			proc_puts(p, " UU");
		else
			proc_printf(p, " %02x", (unsigned)i);
	}
	proc_puts(p, "\n");
	return 0;
}

/* --- the kernel's view --- */

static int
read_hwmon(void *arg, const char *path, struct buf *out)
{
	struct mini *m = arg;
	const char *what = strrchr(path, '/') + 1;
	double amps = mini_watts(m) / BUS_VOLTS;

	if (strcmp(what, "in0_input") == 0)
		buf_printf(out, "%.0f\n", amps * m->shunt_mohm);
	else if (strcmp(what, "in1_input") == 0)
		buf_printf(out, "%.0f\n", BUS_VOLTS * 1000);
	else if (strcmp(what, "curr1_input") == 0)
		buf_printf(out, "%.0f\n", amps * 1000);
	else if (strcmp(what, "power1_input") == 0)
		buf_printf(out, "%.0f\n", amps * BUS_VOLTS * 1e6);
	else if (strcmp(what, "shunt_resistor") == 0)
		buf_printf(out, "%d\n", m->shunt_mohm * 1000);
	else if (strcmp(what, "fan1_input") == 0)
		buf_printf(out, "%.0f\n", fan_rpm(m));
	else if (strcmp(what, "fan1_fault") == 0)
		buf_printf(out, "%d\n", m->fan >= 20 && fan_rpm(m) <= 0);
	else if (strcmp(what, "pwm1") == 0)
		buf_printf(out, "%d\n", m->fan);
	else
		return -ENOENT;
	return 0;
}

static int
write_pwm(void *arg, const char *path, const char *s, size_t len)
{
	struct mini *m = arg;
	char text[16];
	long v;

	(void)path;
	if (!vfs_written(s, len, text, sizeof(text)) ||
	    !str_long(text, 0, 255, &v))
		return -EINVAL;
	m->fan = (int)v;
	return 0;
}

static int
read_card(void *arg, const char *path, struct buf *out)
{
	(void)path;
	buf_printf(out, "%d\n", (int)(card_temp(arg) / 0.0078125));
	return 0;
}

static void
show_ina226(struct mini *m, struct vfs *v)
{
	static const char *const files[] = { "in0_input", "in1_input",
		"curr1_input", "power1_input", "shunt_resistor" };
	char path[96];
	size_t i;

	vfs_static(v, "/sys/bus/i2c/devices/1-0040/name", "ina226\n");
	vfs_static(
	    v, "/sys/bus/i2c/devices/1-0040/hwmon/hwmon2/name", "ina226\n");
	for (i = 0; i < ARRAY_LEN(files); i++) {
		str_format(path, sizeof(path),
		    "/sys/bus/i2c/devices/1-0040/hwmon/hwmon2/%s", files[i]);
		vfs_dynamic(v, path, read_hwmon, NULL, m);
	}
	vfs_link(v, "/sys/class/hwmon/hwmon2",
	    "/sys/bus/i2c/devices/1-0040/hwmon/hwmon2");
}

static void
show_emc2301(struct mini *m, struct vfs *v)
{
	vfs_static(v, "/sys/bus/i2c/devices/1-002f/name", "emc2301\n");
	vfs_static(
	    v, "/sys/bus/i2c/devices/1-002f/hwmon/hwmon3/name", "emc2301\n");
	vfs_dynamic(v, "/sys/bus/i2c/devices/1-002f/hwmon/hwmon3/fan1_input",
	    read_hwmon, NULL, m);
	vfs_dynamic(v, "/sys/bus/i2c/devices/1-002f/hwmon/hwmon3/fan1_fault",
	    read_hwmon, NULL, m);
	vfs_dynamic(v, "/sys/bus/i2c/devices/1-002f/hwmon/hwmon3/pwm1",
	    read_hwmon, write_pwm, m);
	vfs_link(v, "/sys/class/hwmon/hwmon3",
	    "/sys/bus/i2c/devices/1-002f/hwmon/hwmon3");
}

/* The TMP117's driver is one of iio, not of hwmon. */
static void
show_card(struct sim_node *n, struct vfs *v, int index)
{
	char dir[80], path[128];

	str_format(dir, sizeof(dir), "/sys/bus/i2c/devices/1-%04x/iio:device%d",
	    (unsigned)tmp117[n->slot - 1], index);
	str_format(path, sizeof(path), "%s/name", dir);
	vfs_static(v, path, "tmp117\n");
	str_format(path, sizeof(path), "%s/in_temp_scale", dir);
	vfs_static(v, path, "7.812500\n");
	str_format(path, sizeof(path), "%s/in_temp_raw", dir);
	vfs_dynamic(v, path, read_card, NULL, n);
	str_format(
	    path, sizeof(path), "/sys/bus/iio/devices/iio:device%d", index);
	vfs_link(v, path, dir);
}

void
mini_i2c_init(struct mini *m)
{
	struct vfs *v = m->board->machine.vfs;
	int k, index = 0;

	vfs_static(v, "/dev/i2c-1", "");
	if (!m->hwmon)
		return;
	show_ina226(m, v);
	show_emc2301(m, v);
	for (k = 0; k < MINI_SLOTS; k++)
		if (m->board->nodes[k].model != NULL)
			show_card(&m->board->nodes[k], v, index++);
}

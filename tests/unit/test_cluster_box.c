#include "transcript.h"

/* --- transcripts ---------------------------------------------------------- */

#define REPLAY(name, file) \
	TEST(cluster_box_##name) \
	{ \
		transcript_run(&driver_cluster_box, 0, "cluster-box/" file); \
	}

REPLAY(v1, "v1")
REPLAY(v0_with_another_base, "v0-base")
REPLAY(v1_without_its_pins, "v1-not-exported")
REPLAY(go, "go")
REPLAY(without_root, "no-root")
REPLAY(v2, "v2")
REPLAY(v2_as_mixtile, "v2-mixtile")
REPLAY(v2_without_root, "v2-no-root")
REPLAY(old_v2, "v2-old")
REPLAY(v2_busy, "v2-busy")
REPLAY(v2_torn_and_hostile, "v2-torn")
REPLAY(torn_and_garbage, "torn")
REPLAY(comes_back_with_another_firmware, "reset")

/* --- the scripts, on a machine laid out in a folder ------------------------ */

static const char vendor_usage[] =
    "\x7f"
    "ELF\x01\x02 Usage: nodectl commands:\n   nodectl list\n";

/* A nodectl that tells on whoever runs it; its strings are those of usage. */
static void
nodectl(const char *usage, const char *does)
{
	char text[4096], path[600];

	str_format(text, sizeof text,
	    "#!/bin/sh\n: '%s'\necho \"$*\" >>\"$RACKMUX_ROOT/ran\"\n%s", usage,
	    does);
	put("root/bin/nodectl", text);
	str_format(path, sizeof path, "%s/root/bin/nodectl", test_dir());
	(void)chmod(path, 0755);
	put("root/ran", "");
}

static void
read_back(const char *path, char *text, size_t size)
{
	char full[600];
	size_t n;
	FILE *fp;

	str_format(full, sizeof full, "%s/root/%s", test_dir(), path);
	fp = fopen(full, "r");
	CHECK(fp != NULL);
	n = fread(text, 1, size - 1, fp);
	text[n] = '\0';
	fclose(fp);
	text[strcspn(text, "\n")] = '\0';
}

static void
check_file(const char *path, const char *want)
{
	char text[4096];

	read_back(path, text, sizeof text);
	if (strcmp(text, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: \"%s\", not \"%s\"", path,
		    text, want);
}

static void
pin(int n, const char *direction, const char *value)
{
	char path[80];

	str_format(path, sizeof path, "root/sys/class/gpio/gpio%d/value", n);
	put(path, value);
	str_format(
	    path, sizeof path, "root/sys/class/gpio/gpio%d/direction", n);
	put(path, direction);
}

static void
files(void)
{
	static const char *const table[][2] = {
		{ "proc/uptime", "4000.25 3900.00\n" },
		{ "proc/loadavg", "0.52 0.58 0.59 1/123 4567\n" },
		{ "proc/meminfo",
		    "MemTotal:   248784 kB\nMemFree: 1 kB\n"
		    "MemAvailable:   124392 kB\n" },
		{ "proc/sys/kernel/osrelease", "5.15.134\n" },
		{ "proc/sys/kernel/hostname", "ClusterBox\n" },
		{ "proc/device-tree/model", "Cluster Box Control V1.2" },
		{ "etc/openwrt_release",
		    "DISTRIB_ID='OpenWrt'\n"
		    "DISTRIB_DESCRIPTION='OpenWrt 22.03.5'\n" },
		{ "tmp/dhcp.leases",
		    "1700000000 02:00:00:00:00:02 10.20.0.2 blade1 *\n"
		    "0 02:00:00:00:00:03 10.20.0.3 * 01:02" },
		{ "sys/class/pwm/pwmchip0/pwm0/duty_cycle", "1700000\n" },
		{ "sys/class/pwm/pwmchip0/pwm0/period", "2000000\n" },
		{ "sys/class/pwm/pwmchip0/pwm0/enable", "1\n" },
		{ "sys/class/pwm/pwmchip0/pwm0/capture",
		    "2000000 1700000 3120\n" },
		{ "sys/class/pwm/pwmchip1/pwm0/duty_cycle", "1700000\n" },
		{ "sys/class/pwm/pwmchip1/pwm0/period", "2000000\n" },
		{ "sys/class/leds/blue:system/trigger",
		    "none [heartbeat] timer default-on\n" },
		{ "sys/class/leds/blue:system/brightness", "255\n" },
		{ "sys/class/net/eth0/operstate", "up\n" },
		{ "sys/class/net/eth0/carrier", "1\n" },
		{ "sys/class/net/eth0/speed", "1000\n" },
		{ "dev/ttyCH343USB0", "" },
		{ "dev/ttyCH343USB1", "" },
	};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		str_format(path, sizeof path, "root/%s", table[i][0]);
		put(path, table[i][1]);
	}
}

static void
box(void)
{
	static const char *const tools[] = { "tr", "grep", "uname", "id", "sh",
		"cat", "sleep", "tee", "timeout", "true" };

	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		put_tool(tools[i]);
	put("bin/sudo",
	    "#!/bin/sh\n[ \"$1\" = -n ] || exit 1\nshift\nexec \"$@\"\n");
	files();
}

static void
pins(int base)
{
	static const int en[] = { 3, 2, 0, 1 };

	for (int i = 0; i < 16; i++)
		pin(base + i, "out\n", "1\n");
	pin(base + en[2], "out\n", "0\n");
	put("root/sys/class/gpio/ext_en_power/value", "1\n");
	put("root/sys/class/gpio/export", "");
	put("root/sys/class/gpio/unexport", "");
	/* Node 1 runs at full speed, 2 lost a lane, 3 is off and listed. */
	put("root/sys/bus/pci/devices/0000:06:00.0/current_link_speed",
	    "8.0 GT/s PCIe\n");
	put("root/sys/bus/pci/devices/0000:06:00.0/current_link_width", "2\n");
	put("root/sys/bus/pci/devices/0000:06:00.0/max_link_speed",
	    "8.0 GT/s PCIe\n");
	put("root/sys/bus/pci/devices/0000:06:00.0/max_link_width", "2\n");
	put("root/sys/bus/pci/devices/0000:03:00.0/vendor", "0x4586\n");
}

/* What no order and no round may have changed: how the pins are set up, and
 * who was asked to set them up. */
static void
check_untouched(int base, bool levels)
{
	char path[80];

	check_file("sys/class/gpio/export", "");
	check_file("sys/class/gpio/unexport", "");
	check_file("ran", "");
	for (int i = 0; i < 16; i++) {
		str_format(path, sizeof path, "sys/class/gpio/gpio%d/direction",
		    base + i);
		check_file(path, "out");
		str_format(
		    path, sizeof path, "sys/class/gpio/gpio%d/value", base + i);
		if (levels)
			check_file(path, i == 0 ? "0" : "1");
	}
}

/* All that is sent goes by here. */
static void
shell(struct fake *f, const char *which, const char *never)
{
	const char *cmd = f->run[0].cmd;
	struct buf *b = &f->defined;

	if (never != NULL && strstr(cmd, never) != NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" in %s", never, cmd);
	CHECK(strstr(cmd, "/export") == NULL);
	CHECK(strstr(cmd, "direction") == NULL);
	CHECK(strstr(buf_str(b), ">\"$g") == NULL);
	CHECK(strstr(buf_str(b), "/export") == NULL);
	fake_shell(f, which);
}

static void
round_trip(struct fake *f, const char *which, const char *never)
{
	unsigned fresh = f->fresh;

	f->now += 60000;
	f->drv->driver->poll(f->drv);
	while (f->runs > 0)
		shell(f, which, never);
	CHECK_INT(f->fresh, fresh + 1);
}

static void
act(struct fake *f, const char *which, int slot, enum act act,
    const char *never)
{
	const char *why = f->drv->driver->can(f->drv, slot, act);

	if (why != NULL)
		test_fail(__FILE__, __LINE__, "cannot: %s", why);
	f->drv->driver->act(f->drv, 1, slot, act);
	shell(f, which, never);
}

TEST(cluster_box_scripts_on_v1)
{
	box();
	pins(496);
	nodectl(vendor_usage, "");
	/* What a change back from v2 leaves behind. */
	put("root/etc/config/nodectl", "");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_new(&driver_cluster_box, 0);

		round_trip(f, shells[i], "nodectl");
		CHECK_INT(f->slots, 4);
		IS(f, 0, "board.generation", BOARD, "v1");
		IS(f, 0, "board.model", BOARD, "Cluster Box Control V1.2");
		IS(f, 0, "board.firmware", BOARD, "OpenWrt 22.03.5");
		IS(f, 0, "board.kernel", BOARD, "5.15.134");
		IS(f, 0, "board.hostname", BOARD, "ClusterBox");
		IS(f, 0, "board.uptime", BOARD, "4000");
		IS(f, 0, "board.load", BOARD, "0.52");
		IS(f, 0, "board.mem.used", BOARD, "50");
		IS(f, 0, "board.rail", BOARD, "on");
		IS(f, 0, "board.fan.duty", BOARD, "85");
		IS(f, 0, "board.fan.0.rpm", BOARD, "3120");
		UNKNOWN(f, 0, "board.fan.1.rpm", BOARD, "no tacho");
		IS(f, 0, "board.link.eth0.speed", BOARD, "1000");
		IS(f, 0, "locate.state", BOARD, "off");
		IS(f, 0, "board.lease.02_00_00_00_00_03", BOARD, "10.20.0.3 -");
		IS(f, 1, "node.address", BOARD, "10.20.0.2");
		UNKNOWN(f, 2, "node.address", BOARD, "slot");
		IS(f, 1, "power.state", BOARD, "on");
		IS(f, 3, "power.state", BOARD, "off");
		IS(f, 1, "pcie.state", BOARD, "up");
		IS(f, 1, "pcie.speed", BOARD, "Gen3 x2");
		IS(f, 2, "pcie.state", BOARD, "down");
		IS(f, 3, "pcie.state", BOARD, "down");
		IS(f, 1, "console.device", BOARD, "/dev/ttyCH343USB1");
		UNKNOWN(f, 2, "console.device", BOARD, "ch343");
		check_untouched(496, true);
		CHECK(strstr(f->drv->driver->can(f->drv, 1, ACT_FLASH),
			  "does nothing") != NULL);
		fake_free(f);
	}
}

static void
switch_all(struct fake *f, const char *which)
{
	act(f, which, 1, ACT_POWER_OFF, "nodectl");
	CHECK_INT(f->outcome, ACT_OK);
	check_file("sys/class/gpio/gpio499/value", "0");
	round_trip(f, which, "nodectl");
	IS(f, 1, "power.state", BOARD, "off");
	act(f, which, 1, ACT_POWER_SOFT, "nodectl");
	CHECK_INT(f->outcome, ACT_FAILED);
	CHECK_STR(f->acted_text, "the node is off");
	pin(508, "out\n", "0\n");
	pin(504, "out\n", "0\n");
	act(f, which, 1, ACT_POWER_ON, "nodectl");
	CHECK_INT(f->outcome, ACT_OK);
	check_file("sys/class/gpio/gpio499/value", "1");
	act(f, which, 1, ACT_POWER_RESET, "nodectl");
	CHECK_INT(f->outcome, ACT_OK);
	act(f, which, 2, ACT_POWER_SOFT, "nodectl");
	CHECK_INT(f->outcome, ACT_OK);
	check_untouched(496, true);
	act(f, which, 0, ACT_LOCATE_ON, "nodectl");
	CHECK_INT(f->outcome, ACT_OK);
	check_file("sys/class/leds/blue:system/trigger", "timer");
	put("root/sys/class/leds/blue:system/trigger",
	    "none heartbeat [timer]\n");
	round_trip(f, which, "nodectl");
	IS(f, 0, "locate.state", BOARD, "on");
	act(f, which, 0, ACT_LOCATE_OFF, "nodectl");
	check_file("sys/class/leds/blue:system/trigger", "heartbeat");
}

TEST(cluster_box_switches_by_gpio)
{
	box();
	pins(496);
	nodectl(vendor_usage, "");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++)
		for (int user = 0; user < 2; user++) {
			struct fake *f = fake_new(&driver_cluster_box, 0);

			put("bin/id",
			    user ? "#!/bin/sh\necho 1000\n"
				 : "#!/bin/sh\necho 0\n");
			put("root/sys/class/leds/blue:system/trigger",
			    "none [heartbeat] timer default-on\n");
			round_trip(f, shells[i], "nodectl");
			switch_all(f, shells[i]);
			fake_free(f);
		}
}

/* A cycle reads 0 in between, and leaves the pins as they were. */
TEST(cluster_box_cycles_by_gpio)
{
	struct fake *f = fake_new(&driver_cluster_box, 0);

	box();
	pins(496);
	nodectl(vendor_usage, "");
	put("bin/sleep",
	    "#!/bin/sh\n"
	    "read -r x <\"$RACKMUX_ROOT/sys/class/gpio/gpio498/value\"\n"
	    "echo \"slept $* at $x\" >\"$RACKMUX_ROOT/slept\"\n");
	round_trip(f, "dash", "nodectl");
	act(f, "dash", 2, ACT_POWER_CYCLE, "nodectl");
	CHECK_INT(f->outcome, ACT_OK);
	check_file("slept", "slept 2 at 0");
	check_untouched(496, true);
	/* The press too, with a button that is down in between. */
	put("bin/sleep",
	    "#!/bin/sh\n"
	    "read -r x <\"$RACKMUX_ROOT/sys/class/gpio/gpio509/value\"\n"
	    "echo \"slept $* at $x\" >\"$RACKMUX_ROOT/slept\"\n");
	act(f, "dash", 2, ACT_POWER_SOFT, "nodectl");
	check_file("slept", "slept 0.5 at 0");
	check_untouched(496, true);
	fake_free(f);
}

/* Who asked for it has gone in between: the rest is done all the same. */
TEST(cluster_box_ends_a_cycle_that_nobody_hears)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_new(&driver_cluster_box, 0);
		char *cmd;

		box();
		pins(496);
		nodectl(vendor_usage, "");
		put("bin/sleep", "#!/bin/sh\n");
		round_trip(f, shells[i], "nodectl");
		f->drv->driver->act(f->drv, 1, 2, ACT_POWER_CYCLE);
		/* A stdout that takes nothing. */
		cmd = mem_printf("exec >&-; %s", f->run[0].cmd);
		free(f->run[0].cmd);
		f->run[0].cmd = cmd;
		shell(f, shells[i], "nodectl");
		check_file("sys/class/gpio/gpio498/value", "1");
		fake_free(f);
	}
}

TEST(cluster_box_finds_the_expander)
{
	box();
	pins(400);
	nodectl(vendor_usage, "");
	put("root/sys/class/gpio/gpiochip0/label", "10000600.gpio\n");
	put("root/sys/class/gpio/gpiochip0/base", "0\n");
	put("root/sys/class/gpio/gpiochip400/label", "0-0024\n");
	put("root/sys/class/gpio/gpiochip400/base", "400\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_new(&driver_cluster_box, 0);

		round_trip(f, shells[i], "nodectl");
		IS(f, 1, "power.state", BOARD, "on");
		act(f, shells[i], 4, ACT_POWER_OFF, "nodectl");
		CHECK_INT(f->outcome, ACT_OK);
		check_file("sys/class/gpio/gpio401/value", "0");
		act(f, shells[i], 4, ACT_POWER_ON, "nodectl");
		check_untouched(400, true);
		fake_free(f);
	}
}

/* A pin that is not there, or is an input, is refused and left alone. */
TEST(cluster_box_leaves_pins_that_are_not_set_up)
{
	box();
	nodectl(vendor_usage, "");
	put("root/sys/class/gpio/export", "");
	pin(498, "in\n", "0\n");
	pin(496, "out\n", "1\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		static const enum act acts[] = { ACT_POWER_ON, ACT_POWER_OFF,
			ACT_POWER_CYCLE, ACT_POWER_RESET, ACT_POWER_SOFT };
		struct fake *f = fake_new(&driver_cluster_box, 0);
		const struct driver *d = f->drv->driver;

		round_trip(f, shells[i], "nodectl");
		UNKNOWN(f, 1, "power.state", BOARD, "gpio499 is not exported");
		UNKNOWN(f, 2, "power.state", BOARD, "gpio498 is an input");
		IS(f, 3, "power.state", BOARD, "on");
		for (size_t a = 0; a < ARRAY_LEN(acts); a++) {
			CHECK(strstr(d->can(f->drv, 1, acts[a]),
				  "gpio499 is not exported: as root") != NULL);
			CHECK(strstr(d->can(f->drv, 2, acts[a]),
				  "gpio498 is an input") != NULL);
			/* Its button and reset are not there. */
			CHECK((d->can(f->drv, 3, acts[a]) == NULL) ==
			    (acts[a] == ACT_POWER_OFF));
			for (int slot = 0; slot <= 4; slot++) {
				const char *s = d->can(f->drv, slot, acts[a]);

				CHECK(s == NULL || strlen(s) <= 160);
				CHECK(s == NULL || s[strlen(s) - 1] == '.');
			}
		}
		CHECK(strstr(d->can(f->drv, 0, ACT_POWER_RESET),
			  "cut every node") != NULL);
		check_file("sys/class/gpio/export", "");
		check_file("sys/class/gpio/gpio498/direction", "in");
		check_file("ran", "");
		fake_free(f);
	}
}

TEST(cluster_box_needs_root_to_switch)
{
	box();
	pins(496);
	nodectl(vendor_usage, "");
	put("bin/id", "#!/bin/sh\necho 1000\n");
	put("bin/sudo", "#!/bin/sh\necho 'a password is required'\nexit 1\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_new(&driver_cluster_box, 0);
		const struct driver *d = f->drv->driver;

		round_trip(f, shells[i], "nodectl");
		IS(f, 1, "power.state", BOARD, "on");
		CHECK(strstr(d->can(f->drv, 1, ACT_POWER_OFF), "sudo") != NULL);
		CHECK(strstr(d->can(f->drv, 0, ACT_LOCATE_ON), "sudo") != NULL);
		CHECK(d->can(f->drv, 1, ACT_CONSOLE) == NULL);
		check_untouched(496, true);
		fake_free(f);
	}
}

/* In doubt it is the vendor's. */
TEST(cluster_box_tells_nodectls_apart)
{
	static const struct {
		const char *usage;
		bool config;
		const char *want;
	} t[] = {
		{ "Usage: nodectl commands:", false, "v1" },
		{ "Usage: nodectl commands:", true, "v1" },
		{ "x\nset --active-only y", false, "go" },
		{ "x\nset --active-only y", true, "go" },
		{ "nothing of note", false, "v1" },
		{ "nothing of note", true, "v2" },
		{ "Usage: nodectl <command> [options]", false, "v2" },
		{ "Usage: nodectl <command> [options]", true, "v2" },
	};

	box();
	pins(496);
	for (size_t i = 0; i < ARRAY_LEN(t) * ARRAY_LEN(shells); i++) {
		size_t k = i / ARRAY_LEN(shells);
		struct fake *f = fake_new(&driver_cluster_box, 0);
		char path[600];

		nodectl(t[k].usage, "echo '{\"nodes\":[]}'\n");
		str_format(path, sizeof path, "%s/root/etc/config/nodectl",
		    test_dir());
		(void)unlink(path);
		if (t[k].config)
			put("root/etc/config/nodectl", "");
		round_trip(f, shells[i % ARRAY_LEN(shells)], NULL);
		IS(f, 0, "board.generation", BOARD, t[k].want);
		check_file("ran",
		    strcmp(t[k].want, "v2") == 0 ? "status --all --json" : "");
		fake_free(f);
	}
}

/* v2 does all itself: no pin is read or written from here. */
static const char v2_does[] =
    "case $1 in\n"
    "status) printf '{\"nodes\":[{\"id\":1,\"name\":\"blade1\",\"power\":true,"
    "\"pcie\":true,\"pcie_link\":true,\"link_gen\":3,\"link_width\":1,"
    "\"link_max_gen\":3,\"link_max_width\":2,\"busy\":null},"
    "{\"id\":2,\"power\":false}],\"chassis\":{\"ext_power\":true}}\\n' ;;\n"
    "poweroff) echo 'node 1 is busy' >&2; exit 3 ;;\n"
    "reset) echo 'node 1: not powered' >&2; exit 1 ;;\n"
    "shutdown) mkdir -p \"$RACKMUX_ROOT/var/log/nodectl\"\n"
    "echo 'node 1: pressing power button for 500 ms'"
    " >\"$RACKMUX_ROOT/var/log/nodectl/node1.log\"\n"
    "echo '{\"started\":\"shutdown\",\"pid\":1}' ;;\n"
    "*) echo \"node 1: $1\" ;;\n"
    "esac\n";

TEST(cluster_box_scripts_on_v2)
{
	box();
	put_tool("mkdir");
	pins(496);
	put("root/etc/config/nodectl", "");
	put("root/etc/mixtile-release", "FIRMWARE_VERSION=\"2.0-rc.4\"\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		static const char g[] = "gpio";
		struct fake *f = fake_new(&driver_cluster_box, 0);

		nodectl("Usage: nodectl <command>", v2_does);
		f->drv->driver->poll(f->drv);
		shell(f, shells[i], g);
		CHECK_INT(f->fresh, 0);
		shell(f, shells[i], g);
		CHECK_INT(f->fresh, 1);
		IS(f, 0, "board.generation", BOARD, "v2");
		IS(f, 0, "board.firmware", BOARD, "2.0-rc.4");
		IS(f, 0, "board.rail", BOARD, "on");
		IS(f, 0, "board.fan.0.rpm", BOARD, "3120");
		IS(f, 1, "power.state", BOARD, "on");
		IS(f, 2, "power.state", BOARD, "off");
		IS(f, 1, "pcie.speed", BOARD, "Gen3 x1 of x2");
		UNKNOWN(f, 3, "power.state", BOARD, "this slot");
		act(f, shells[i], 1, ACT_POWER_OFF, g);
		CHECK_INT(f->outcome, ACT_FAILED);
		CHECK_STR(f->acted_text, "node 1 is busy");
		act(f, shells[i], 1, ACT_POWER_RESET, g);
		CHECK_INT(f->outcome, ACT_FAILED);
		CHECK_STR(f->acted_text, "node 1: not powered");
		act(f, shells[i], 1, ACT_POWER_ON, g);
		CHECK_INT(f->outcome, ACT_OK);
		act(f, shells[i], 1, ACT_POWER_SOFT, g);
		CHECK_INT(f->outcome, ACT_OK);
		CHECK(strstr(f->acted_text, "pressing power button") != NULL);
		f->drv->driver->poll(f->drv);
		CHECK_STR(f->run[0].cmd, "rm_cb -");
		shell(f, shells[i], g);
		put("root/ran", "");
		check_untouched(496, true);
		fake_free(f);
	}
}

/* Nothing is switched before it is known which nodectl there is. */
TEST(cluster_box_waits_until_it_was_read)
{
	struct fake *f = fake_new(&driver_cluster_box, 0);
	const struct driver *d = f->drv->driver;
	static const char without[] = "uid 0\nbase 496\n"
				      "pin 1 out 1 out out\nled none 0\n"
				      "once yes\nend\n";

	CHECK(strstr(d->can(f->drv, 1, ACT_POWER_OFF), "not been read yet"));
	d->poll(f->drv);
	fake_answer(f, LINK_DONE, 0, without, NULL);
	CHECK(strstr(d->can(f->drv, 1, ACT_POWER_OFF), "not been read yet"));
	CHECK(strstr(d->can(f->drv, 0, ACT_LOCATE_ON), "not been read yet"));
	d->poll(f->drv);
	CHECK_STR(f->run[0].cmd, "rm_cb_once; rm_cb $cb_a");
	fake_answer(f, LINK_DONE, 0,
	    "uid 0\nnodectl vendor\nbase 496\npin 1 out 1 out out\n"
	    "led none 0\nonce yes\nend\n",
	    NULL);
	CHECK_STR(d->can(f->drv, 1, ACT_POWER_OFF), NULL);
	CHECK_STR(d->can(f->drv, 0, ACT_LOCATE_ON), NULL);
	d->reset(f->drv);
	CHECK(strstr(d->can(f->drv, 1, ACT_POWER_OFF), "not been read yet"));
	fake_free(f);
}

/* A left-over /etc/config/nodectl made the vendor's nodectl pass for v2, which
 * is run, where this login could not read it. */
TEST(cluster_box_trusts_no_nodectl_that_it_cannot_read)
{
	struct fake *f = fake_new(&driver_cluster_box, 0);
	const struct driver *d = f->drv->driver;
	const char *why;

	d->poll(f->drv);
	CHECK(strstr(buf_str(&f->defined), "g=hidden") != NULL);
	fake_answer(f, LINK_DONE, 0,
	    "uid 0\nnodectl hidden\nbase 496\npin 1 out 1 out out\n"
	    "led none 0\nonce yes\nend\n",
	    NULL);
	UNKNOWN(f, 0, "board.generation", BOARD, "may not read /bin/nodectl");
	IS(f, 1, "power.state", BOARD, "on");
	why = d->can(f->drv, 1, ACT_POWER_OFF);
	CHECK(why != NULL && strstr(why, "may not read") != NULL);
	fake_free(f);
}

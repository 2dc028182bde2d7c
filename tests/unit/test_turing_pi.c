#include "transcript.h"

/* --- transcripts ---------------------------------------------------------- */

#define REPLAY(name, file) \
	TEST(turing_pi_##name) \
	{ \
		transcript_run(&driver_turing_pi, 0, "turing-pi/" file); \
	}

REPLAY(firmware_2_1_on_v2_5, "fw21-v25")
REPLAY(firmware_2_1_on_v2_4, "fw21-v24")
REPLAY(firmware_2_1_with_emc2301, "fw21-emc2301")
REPLAY(firmware_2_0_5, "fw205-v24")
REPLAY(without_bmcd, "bmcd-down")
REPLAY(with_bmcd_errors, "bmcd-errors")
REPLAY(rail_and_intent_disagree, "disagree")
REPLAY(torn_and_garbage, "torn")
REPLAY(comes_back_with_another_firmware, "reset")
REPLAY(without_curl, "tpi-only")

/* --- the scripts, on a machine laid out in a folder ------------------------ */

static void
tools(void)
{
	static const char *const names[] = { "tr", "uname", "id", "date", "df",
		"sh", "cat", "sleep" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put_tool(names[i]);
}

static void
port(const char *name, bool up)
{
	static const char *const files[][2] = { { "rx_bytes", "111" },
		{ "tx_bytes", "222" }, { "rx_errors", "0" },
		{ "tx_errors", "4" } };
	char path[128];

	str_format(path, sizeof path, "root/sys/class/net/%s/operstate", name);
	put(path, up ? "up\n" : "lowerlayerdown\n");
	/* Without a link, reading carrier and speed may fail: no file here. */
	if (up) {
		str_format(
		    path, sizeof path, "root/sys/class/net/%s/carrier", name);
		put(path, "1\n");
		str_format(
		    path, sizeof path, "root/sys/class/net/%s/speed", name);
		put(path, "1000\n");
	}
	str_format(path, sizeof path, "root/sys/class/net/%s/duplex", name);
	put(path, up ? "full\n" : "unknown\n");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		str_format(path, sizeof path,
		    "root/sys/class/net/%s/statistics/%s", name, files[i][0]);
		put(path, files[i][1]);
	}
}

static void
controller(void)
{
	put("root/proc/uptime", "4000.25 3900.00\n");
	put("root/proc/loadavg", "0.52 0.58 0.59 1/123 4567\n");
	put("root/proc/meminfo",
	    "MemTotal:         118784 kB\nMemFree:           10000 kB\n"
	    "MemAvailable:      59392 kB\nBuffers: 1 kB\n");
	put("root/proc/sys/kernel/osrelease", "6.8.12\n");
	put("root/proc/sys/kernel/hostname", "turingpi\n");
	put("root/proc/mounts",
	    "ubi0:rootfs / ubifs rw 0 0\n"
	    "/dev/mmcblk0p1 /mnt/sdcard vfat rw 0 0\n");
	put("root/mnt/sdcard/image.img", "x");
	put("root/etc/os-release",
	    "NAME=Buildroot\nVERSION=2024.05.1\nID=buildroot\n");
	put("root/proc/device-tree/model", "Turing Pi 2 (v2.5)");
	put("root/sys/class/ubi/ubi0/avail_eraseblocks", "130\n");
	put("root/sys/class/ubi/ubi0/total_eraseblocks", "1016\n");
	put("root/sys/class/ubi/ubi0/bad_peb_count", "2\n");
	put("root/sys/class/ubi/ubi0/reserved_for_bad", "38\n");
}

static void
v25(void)
{
	tools();
	controller();
	put("root/sys/bus/platform/devices/node1-power/state", "enabled\n");
	put("root/sys/bus/platform/devices/node2-power/state", "disabled\n");
	/* Without a newline at its end; and one is missing. */
	put("root/sys/bus/platform/devices/node3-power/state", "enabled");
	port("node1", true);
	port("node2", false);
	port("node3", true);
	port("node4", false);
	port("ge0", true);
	port("ge1", false);
	put("root/sys/class/thermal/cooling_device0/type", "pwm-fan\n");
	put("root/sys/class/thermal/cooling_device0/cur_state", "3\n");
	put("root/sys/class/thermal/cooling_device0/max_state", "6\n");
	put("root/sys/class/leds/fp::status/brightness", "0\n");
	put("root/sys/class/leds/fp::power/brightness", "1\n");
}

/* A curl that speaks as bmcd does, for the options that the probe gives. */
static void
curl(void)
{
	put("bin/curl",
	    "#!/bin/sh\n"
	    "while [ $# -gt 0 ]; do\n"
	    "case $1 in\n"
	    "-w|--max-time|--connect-timeout) shift ;;\n"
	    "https://127.0.0.1/api/bmc*)\n"
	    "r='\"Invalid `type` parameter\"'\n"
	    "case $1 in\n"
	    "*opt=set*) r='\"ok\"' ; echo \"$1\" >>\"$RACKMUX_ROOT/asked\" ;;\n"
	    "*type=power) r='[{\"node1\":\"1\",\"node2\":\"0\",\"node3\":"
	    "\"0\",\"node4\":\"Unknown\"}]' ;;\n"
	    "*type=usb) r='[{\"bus_type\":\"Usb hub\",\"mode\":\"Device\","
	    "\"node\":\"Node 3\",\"route\":\"Bmc\"}]' ;;\n"
	    "*type=about) r='{\"version\":\"2.3.4\"}' ;;\n"
	    "esac\n"
	    "printf '{\"response\":[{\"result\":%s}]}' \"$r\"\n"
	    "case $1 in *opt=get*)"
	    " printf '\\n@@ 200\\n' ;; esac ;;\n"
	    "esac\n"
	    "shift\n"
	    "done\n");
}

TEST(turing_pi_scripts_on_v2_5)
{
	v25();
	curl();
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f;

		f = fake_new(&driver_turing_pi, 0);
		f->drv->driver->poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 0);
		CHECK_INT(f->slots, 4);
		IS(f, 0, "board.model", BOARD, "Turing Pi 2 (v2.5)");
		IS(f, 0, "board.kernel", BOARD, "6.8.12");
		IS(f, 0, "board.hostname", BOARD, "turingpi");
		IS(f, 0, "board.uptime", BOARD, "4000");
		IS(f, 0, "board.load", BOARD, "0.52");
		IS(f, 0, "board.mem.used", BOARD, "50");
		IS(f, 0, "board.fan.level", BOARD, "3");
		IS(f, 0, "board.fan.max", BOARD, "6");
		IS(f, 0, "board.link.ge0.state", BOARD, "up");
		IS(f, 0, "board.link.ge1.state", BOARD, "down");
		IS(f, 0, "locate.state", BOARD, "off");
		IS(f, 1, "power.state", BOARD, "on");
		IS(f, 2, "power.state", BOARD, "off");
		IS(f, 3, "power.state", BOARD, "on");
		UNKNOWN(f, 4, "power.state", BOARD, "no rail");
		IS(f, 1, "link.state", BOARD, "up");
		IS(f, 1, "link.speed", BOARD, "1000");
		IS(f, 1, "link.tx_errors", BOARD, "4");
		IS(f, 2, "link.state", BOARD, "down");
		IS(f, 2, "link.rx_bytes", BOARD, "111");
		IS(f, 1, "console.device", BOARD, "/dev/ttyS1");
		f->wall = (int64_t)time(NULL) * 1000;
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		IS(f, 1, "power.commanded", COMMANDED, "on");
		IS(f, 3, "power.commanded", COMMANDED, "off");
		UNKNOWN(f, 4, "power.commanded", COMMANDED, "Unknown");
		IS(f, 0, "board.usb.node", BOARD, "3");
		IS(f, 0, "board.daemon", BOARD, "bmcd 2.3.4");
		IS(f, 0, "board.flash.free", BOARD, "13");
		CHECK(fake_find(f, 0, "board.disk.sd.free", SOURCE_BOARD) !=
		    NULL);
		CHECK(
		    fake_find(f, 0, "board.disk.sd.free", SOURCE_BOARD)->known);
		CHECK(fake_find(f, 0, "board.clock.skew", SOURCE_BOARD)->known);
		CHECK_INT(f->runs, 0);
		fake_free(f);
	}
}

/* A date of 32 digits was cast to an integer that cannot hold it. */
TEST(turing_pi_clock_that_cannot_be_is_no_clock)
{
	struct fake *f = fake_new(&driver_turing_pi, 0);

	f->drv->driver->poll(f->drv);
	fake_answer(f, LINK_DONE, 0, "once yes\nend\n", NULL);
	fake_answer(f, LINK_DONE, 0,
	    "date 17000000000000000000000000000000\nend\n", NULL);
	CHECK_INT(f->fresh, 1);
	CHECK(fake_find(f, 0, "board.clock.skew", SOURCE_BOARD) == NULL);
	fake_free(f);
}

/* It was offered, ran nothing, and blamed bmcd. */
TEST(turing_pi_does_not_offer_usb_boot)
{
	struct fake *f = fake_new(&driver_turing_pi, 0);
	const char *why = driver_turing_pi.can(f->drv, 1, ACT_USB_BOOT);

	CHECK(why != NULL && strstr(why, "tpi advanced msd") != NULL);
	fake_free(f);
}

TEST(turing_pi_scripts_on_2_0_5)
{
	tools();
	controller();
	put("root/sys/bus/platform/devices/node1-power/state", "enabled\n");
	put("root/proc/device-tree/model", "Turing Pi 2");
	put("root/sys/class/tty/ttyS3/device/of_node/device_type", "uart3");
	put("root/sys/class/leds/fp:reset/brightness", "1\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f;

		f = fake_new(&driver_turing_pi, 0);
		f->drv->driver->poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 1, "power.state", BOARD, "on");
		UNKNOWN(f, 1, "link.state", BOARD, "unmanaged");
		IS(f, 1, "console.device", BOARD, "/dev/ttyS2");
		IS(f, 0, "locate.state", BOARD, "on");
		UNKNOWN(f, 0, "board.fan.level", BOARD, "no fan");
		/* Neither curl nor tpi. */
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		UNKNOWN(f, 1, "power.commanded", COMMANDED, "neither");
		CHECK(f->drv->driver->can(f->drv, 1, ACT_POWER_ON) != NULL);
		fake_free(f);
	}
}

static void
check_file(const char *path, const char *want)
{
	char full[600], text[4096];
	size_t n;
	FILE *fp;

	str_format(full, sizeof full, "%s/%s", test_dir(), path);
	fp = fopen(full, "r");
	CHECK(fp != NULL);
	n = fread(text, 1, sizeof text - 1, fp);
	text[n] = '\0';
	fclose(fp);
	CHECK_STR(text, want);
}

TEST(turing_pi_actions_on_a_real_shell)
{
	v25();
	curl();
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f;

		put("root/asked", "");
		put("root/sys/class/leds/fp::status/brightness", "0\n");
		f = fake_new(&driver_turing_pi, 0);
		f->drv->driver->poll(f->drv);
		fake_shell(f, shells[i]);
		fake_shell(f, shells[i]);
		f->drv->driver->act(f->drv, 5, 2, ACT_POWER_CYCLE);
		fake_shell(f, shells[i]);
		CHECK_INT(f->acted, 1);
		CHECK_INT(f->ticket, 5);
		CHECK_INT(f->outcome, ACT_OK);
		check_file("root/asked",
		    "https://127.0.0.1/api/bmc?opt=set&type=power&node2=0\n"
		    "https://127.0.0.1/api/bmc?opt=set&type=power&node2=1\n");
		f->drv->driver->act(f->drv, 6, 0, ACT_LOCATE_ON);
		if (geteuid() == 0) {
			fake_shell(f, shells[i]);
			CHECK_INT(f->outcome, ACT_OK);
			check_file(
			    "root/sys/class/leds/fp::status/brightness", "1\n");
		}
		fake_free(f);
	}
}

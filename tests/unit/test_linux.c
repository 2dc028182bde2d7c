#include "transcript.h"

/* --- transcripts ---------------------------------------------------------- */

#define REPLAY(name, file) \
	TEST(linux_##name) \
	{ \
		transcript_run(&driver_linux, 3, "linux/" file); \
	}

REPLAY(pi_4, "pi4")
REPLAY(pi_5_with_fan_and_pmic, "pi5")
REPLAY(ubuntu_without_vcgencmd, "ubuntu")
REPLAY(x86_server, "x86")
REPLAY(rk3588, "rk3588")
REPLAY(throttled, "throttled")
REPLAY(vchi_failed, "vchi")
REPLAY(hostile, "hostile")

/* --- the scripts, on a machine laid out in a folder ------------------------ */

static void
interface(const char *name, const char *state, const char *speed)
{
	static const char *const files[] = { "rx_bytes", "tx_bytes",
		"rx_errors", "tx_errors" };
	char path[128];

	str_format(path, sizeof path, "root/sys/class/net/%s/operstate", name);
	put(path, state);
	str_format(path, sizeof path, "root/sys/class/net/%s/speed", name);
	if (speed != NULL)
		put(path, speed);
	str_format(path, sizeof path, "root/sys/class/net/%s/duplex", name);
	put(path, "full\n");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		str_format(path, sizeof path,
		    "root/sys/class/net/%s/statistics/%s", name, files[i]);
		put(path, i < 2 ? "1000\n" : "0\n");
	}
}

static void
common(void)
{
	static const char *const names[] = { "tr", "uname", "id", "sh" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put_tool(names[i]);
	put("root/proc/uptime", "4000.25 3900.00\n");
	put("root/proc/loadavg", "1.52 0.58 0.59 1/123 4567\n");
	put("root/proc/meminfo",
	    "MemTotal:        8000000 kB\nMemFree:           10000 kB\n"
	    "MemAvailable:    2000000 kB\nBuffers: 1 kB\n");
	put("root/proc/sys/kernel/osrelease", "6.6.51\n");
	put("root/proc/sys/kernel/hostname", "pi05\n");
	put("root/proc/net/route",
	    "Iface\tDestination\tGateway \tFlags\n"
	    "eth0\t0000A8C0\t00000000\t0001\n"
	    "eth0\t00000000\t0100A8C0\t0003\n"
	    "wlan0\t00000000\t0100A8C0\t0003\n");
	put("root/etc/os-release",
	    "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian\"\n"
	    "VERSION_ID=\"12\"\n");
	put("root/sys/devices/system/cpu/online", "0-3\n");
	interface("eth0", "up\n", "1000\n");
	interface("wlan0", "up\n", NULL);
	interface("lo", "unknown\n", NULL);
	interface("docker0", "down\n", NULL);
}

static void
pi5(void)
{
	common();
	put("root/proc/device-tree/model", "Raspberry Pi 5 Model B Rev 1.0");
	put("root/proc/device-tree/serial-number", "d83add00feed");
	put("root/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
	put("root/sys/class/thermal/thermal_zone0/temp", "55300\n");
	put("root/sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
	put("root/sys/class/hwmon/hwmon0/temp1_input", "55300\n");
	put("root/sys/class/hwmon/hwmon1/name", "rpi_volt\n");
	put("root/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n");
	put("root/sys/devices/platform/cooling_fan/hwmon/hwmon2/name",
	    "pwmfan\n");
	put("root/sys/devices/platform/cooling_fan/hwmon/hwmon2/fan1_input",
	    "3010\n");
	put("root/sys/devices/platform/cooling_fan/hwmon/hwmon2/pwm1", "128\n");
	put("root/sys/class/leds/ACT/trigger",
	    "none rc-feedback kbd-scrolllock [mmc0] timer heartbeat\n");
	put("root/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
	    "1500000\n");
	put("bin/ip",
	    "#!/bin/sh\n"
	    "[ \"$*\" = '-4 -o addr show dev eth0' ] || exit 1\n"
	    "echo '2: eth0    inet 192.168.0.5/24 brd 192.168.0.255 scope "
	    "global eth0'\n");
	put("bin/vcgencmd",
	    "#!/bin/sh\n"
	    "case \"$*\" in\n"
	    "get_throttled) echo throttled=0x50005 ;;\n"
	    "'measure_volts core') echo volt=0.8563V ;;\n"
	    "'measure_clock arm') echo 'frequency(0)=2400033792' ;;\n"
	    "pmic_read_adc)\n"
	    "echo '        VDD_CORE_A current(7)=2.50000000A'\n"
	    "echo '        VDD_CORE_V volt(15)=0.80000000V'\n"
	    "echo '           EXT5V_V volt(24)=5.11478000V'\n"
	    ";;\n"
	    "*) echo 'error=1 error_msg=\"Command not registered\"' ;;\n"
	    "esac\n");
}

TEST(linux_scripts_on_a_pi_5)
{
	pi5();
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f;

		f = fake_new(&driver_linux, 1);
		for (int round = 0; round < 2; round++) {
			f->drv->driver->poll(f->drv);
			fake_shell(f, shells[i]);
			CHECK_INT(f->fresh, round + 1);
			IS(f, 1, "power.state", NODE, "on");
			IS(f, 1, "uptime", NODE, "4000");
			IS(f, 1, "load.1m", NODE, "1.52");
			IS(f, 1, "mem.used", NODE, "75");
			IS(f, 1, "temp.soc", NODE, "55.3");
			IS(f, 1, "fan.rpm", NODE, "3010");
			IS(f, 1, "fan.duty", NODE, "50");
			IS(f, 1, "health.throttle", NODE,
			    "under-voltage, throttled");
			IS(f, 1, "volts.core", NODE, "0.8563");
			IS(f, 1, "clock.arm", NODE, "2400");
			IS(f, 1, "power.watts", NODE, "2.0");
			IS(f, 1, "volts.supply", NODE, "5.11");
			IS(f, 1, "link.state", NODE, "up");
			IS(f, 1, "link.speed", NODE, "1000");
			IS(f, 1, "link.wlan0.state", NODE, "up");
			IS(f, 1, "locate.state", NODE, "off");
		}
		IS(f, 1, "node.hostname", NODE, "pi05");
		IS(f, 1, "node.model", NODE, "Raspberry Pi 5 Model B Rev 1.0");
		IS(f, 1, "node.serial", NODE, "d83add00feed");
		IS(f, 1, "node.kernel", NODE, "6.6.51");
		IS(f, 1, "node.os", NODE, "Debian GNU/Linux 12 (bookworm)");
		IS(f, 1, "cpu.count", NODE, "4");
		IS(f, 1, "node.address", NODE, "192.168.0.5");
		CHECK(
		    fake_find(f, 1, "link.docker0.state", SOURCE_NODE) == NULL);
		CHECK(fake_find(f, 1, "temp.zone.cpu_thermal", SOURCE_NODE) ==
		    NULL);
		/* The locate LED, there and back to what it was. */
		if (geteuid() == 0) {
			f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_ON);
			fake_shell(f, shells[i]);
			CHECK_INT(f->outcome, ACT_OK);
			f->drv->driver->poll(f->drv);
			fake_shell(f, shells[i]);
			IS(f, 1, "locate.state", NODE, "on");
			f->drv->driver->act(f->drv, 2, 1, ACT_LOCATE_OFF);
			fake_shell(f, shells[i]);
			f->drv->driver->poll(f->drv);
			fake_shell(f, shells[i]);
			IS(f, 1, "locate.state", NODE, "off");
			CHECK_INT(f->acted, 2);
		}
		fake_free(f);
	}
}

/* The name of the LED was kept over a reconnect. */
TEST(a_node_that_comes_back_with_another_led_locates_with_that_one)
{
	struct fake *f;
	char led[600];

	pi5();
	put("bin/id", "#!/bin/sh\necho 0\n");
	f = fake_new(&driver_linux, 1);
	f->drv->driver->poll(f->drv);
	fake_shell(f, "dash");
	str_format(
	    led, sizeof led, "%s/root/sys/class/leds/ACT/trigger", test_dir());
	CHECK_INT(unlink(led), 0);
	put("root/sys/class/leds/led0/trigger", "none [heartbeat]\n");
	f->drv->driver->reset(f->drv);
	f->drv->driver->poll(f->drv);
	fake_shell(f, "dash");
	f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_ON);
	CHECK(strstr(f->run[0].cmd, "led0") != NULL);
	fake_shell(f, "dash");
	f->drv->driver->act(f->drv, 2, 1, ACT_LOCATE_OFF);
	CHECK(strstr(f->run[0].cmd, "heartbeat") != NULL);
	fake_shell(f, "dash");
	fake_free(f);
}

/* A machine with hardly anything: every question still has an answer. */
TEST(linux_scripts_on_a_bare_machine)
{
	put("root/x", "");
	put_tool("uname");
	put_tool("id");
	put_tool("tr");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f;

		f = fake_new(&driver_linux, 1);
		f->drv->driver->poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		UNKNOWN(f, 1, "uptime", NODE, "/proc/uptime");
		UNKNOWN(f, 1, "mem.used", NODE, "/proc/meminfo");
		UNKNOWN(f, 1, "temp.soc", NODE, "no thermal zone");
		UNKNOWN(f, 1, "link.state", NODE, "no eth");
		UNKNOWN(f, 1, "node.model", NODE, "does not say");
		UNKNOWN(f, 1, "health.throttle", NODE, "no Raspberry Pi");
		CHECK(fake_find(f, 1, "node.kernel", SOURCE_NODE)->known);
		fake_free(f);
	}
}

/* The machine that the test runs on. */
TEST(linux_scripts_on_this_machine)
{
	struct fake *f = fake_new(&driver_linux, 1);
	char root[600];

	put_tool("uname");
	put_tool("id");
	put_tool("tr");
	str_format(root, sizeof root, "%s/root", test_dir());
	CHECK_INT(symlink("/", root), 0);
	f->drv->driver->poll(f->drv);
	fake_shell(f, "dash");
	CHECK_INT(f->fresh, 1);
	CHECK(fake_find(f, 1, "uptime", SOURCE_NODE)->known);
	CHECK(fake_find(f, 1, "load.1m", SOURCE_NODE)->known);
	CHECK(fake_find(f, 1, "mem.used", SOURCE_NODE)->known);
	CHECK(fake_find(f, 1, "node.hostname", SOURCE_NODE)->known);
	CHECK(fake_find(f, 1, "temp.soc", SOURCE_NODE) != NULL);
	fake_free(f);
}

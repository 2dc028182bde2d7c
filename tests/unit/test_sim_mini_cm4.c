/*
 * The Miniature CM4 Cluster's console says what the RP2040's program prints,
 * byte by byte, and has its traps: a channel that all users share, nodes that
 * go off with it, 1200 baud.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/pty.h"
#include "sim_run.h"

#define NODES \
	"nodes = ({ slot = 1; }, { slot = 2; on = false; }, { slot = 3; },\n" \
	"   { slot = 4; model = \"none\"; });"

static const char rack_text[] =
    "boards = ({ name = \"usb\"; type = \"mini-cm4\"; " NODES " },\n"
    " { name = \"old\"; type = \"mini-cm4\"; firmware = \"2021\"; },\n"
    " { name = \"host\"; type = \"mini-cm4\"; serial = false; ssh = true;\n"
    "   " NODES " },\n"
    " { name = \"kernel\"; type = \"mini-cm4\"; serial = false;\n"
    "   ssh = true; hwmon = true; " NODES " });\n";

#define ACM "/dev/serial/by-id/usb-Raspberry_Pi_Pico_*-if00"
#define STTY "stty -F /dev/ttyACM0 115200 raw -echo; "

static struct loop *loop;
static struct rack *rack;
static struct sim_board *b;
static struct machine *m;
static struct proc *line;
static struct sim_run heard;
static bool has_line;

static void
begin(const char *board)
{
	loop = loop_new();
	rack = sim_rack(loop, rack_text);
	b = rack_board(rack, board);
	m = &b->machine;
	has_line = b->serial;
	if (has_line) {
		line = sim_start(m, true, b->kind->serial_main, NULL, &heard);
		sim_pass(loop, 0.1);
	}
}

static void
end(void)
{
	if (has_line) {
		proc_free(line);
		sim_run_release(&heard);
	}
	rack_free(rack);
	loop_free(loop);
}

/* What the console answers to keys within half a second. */
static const char *
keys(const char *s)
{
	buf_clear(&heard.out);
	proc_input(line, s, strlen(s));
	sim_pass(loop, 0.5);
	return buf_str(&heard.out);
}

TEST(mini_console_says_nothing_by_itself)
{
	begin("usb");
	sim_pass(loop, 5);
	CHECK_INT(heard.out.len, 0);
	end();
}

TEST(mini_console_echoes_and_answers)
{
	begin("usb");
	CHECK_STR(keys("c0"), "c0\r\nSwitched to channel 0\r\n");
	CHECK_STR(keys("d"), "dDisable:0\r\n");
	CHECK(!b->nodes[0].rail);
	CHECK_STR(keys("c1"), "c1\r\nSwitched to channel 1\r\n");
	CHECK_STR(keys("e"), "eEnable:1\r\n");
	CHECK(b->nodes[1].rail);
	CHECK_STR(keys("U"), "UUSB boot assert:1\r\n");
	CHECK_STR(keys("u"), "uUSB boot deassert:1\r\n");
	CHECK_STR(keys("\r"), "\r");
	CHECK_STR(keys("\n"), "\r\n");
	CHECK(str_starts(keys("c9"),
	    "c9\r\nUnknown input channel\r\n\r\nCommands:\r\nc0, ...\t"));
	CHECK(str_starts(
	    keys("x"), "x\r\nUnrecognised command: x\r\n\r\nCommands:\r\n"));
	end();
}

TEST(mini_console_helps_as_each_firmware_does)
{
	begin("usb");
	CHECK_STR(keys("h"),
	    "h\r\nCommands:\r\nc0, ...\t: Select CM4 channel n\r\n"
	    "s\t: Sample once\r\nr\t: Reset CM4\r\nU\t: Assert USB Boot\r\n"
	    "u\t: Deassert USB Boot\r\ne\t: Enable power\r\n"
	    "d\t: Disable power\r\n"
	    "a\t: Sample all CM4 current measurements\r\n");
	end();
	begin("old");
	CHECK_STR(keys("h"),
	    "h\r\nCommands:\r\nc0, ...\t: Select ADC channel n\r\n"
	    "s\t: Sample once\r\nS\t: Sample many\r\nw\t: Wiggle pins\r\n");
	end();
}

TEST(mini_console_resets_after_a_tenth_of_a_second)
{
	begin("usb");
	CHECK_STR(keys("c2"), "c2\r\nSwitched to channel 2\r\n");
	buf_clear(&heard.out);
	proc_input(line, "ra", 2);
	loop_turn(loop, 0);
	loop_advance(loop, 90);
	loop_turn(loop, 0);
	CHECK_STR(buf_str(&heard.out), "r");
	CHECK_INT(b->nodes[2].stage, STAGE_LOADER);
	loop_advance(loop, 20);
	loop_turn(loop, 0);
	CHECK(str_starts(buf_str(&heard.out), "rReseting:2\r\na"));
	end();
}

TEST(mini_currents_follow_the_nodes)
{
	double v[4];

	begin("usb");
	CHECK_INT(sscanf(keys("a"), "a\r\n%lf mA,%lf mA,%lf mA,%lf mA\r\n",
		      &v[0], &v[1], &v[2], &v[3]),
	    4);
	CHECK(v[0] > 100 && v[2] > 100);
	CHECK(v[1] < 12 && v[3] < 12);
	(void)keys("c0d");
	CHECK_INT(sscanf(keys("a"), "a\r\n%lf mA,%lf", &v[0], &v[1]), 2);
	CHECK(v[0] < 12);
	CHECK(strstr(keys("s"), "s\r\n0x0") != NULL);
	CHECK(strstr(buf_str(&heard.out), " -> 0.0") != NULL);
	end();
}

TEST(mini_sample_many_is_a_thousand_lines)
{
	begin("usb");
	CHECK(str_starts(keys("S"), "S\r\nStarting capture\r\nDone\r\n"));
	CHECK_INT(heard.out.len, 1 + 2 + 18 + 6 + 1000 * 5);
	end();
}

TEST(mini_node_waits_for_rpiboot)
{
	begin("usb");
	(void)keys("c0Ud");
	(void)keys("e");
	sim_pass(loop, 60);
	CHECK_INT(b->nodes[0].stage, STAGE_LOADER);
	(void)keys("ud");
	(void)keys("e");
	sim_pass(loop, 10);
	CHECK_INT(b->nodes[0].stage, STAGE_LOGIN);
	end();
}

TEST(mini_reset_turns_every_node_off)
{
	begin("usb");
	(void)keys("c2");
	CHECK_INT(fault_apply(rack, "usb", FAULT_RP2040RESET, true, 0), 0);
	CHECK(!b->nodes[0].rail && !b->nodes[2].rail);
	CHECK_STR(keys("h"), "");
	CHECK(b->no_console);
	sim_pass(loop, 2);
	CHECK(!b->no_console);
	CHECK_STR(keys("e"), "eEnable:0\r\n");
	end();
}

TEST(mini_other_user_steals_the_channel)
{
	int i, stolen = 0;

	begin("usb");
	CHECK_INT(fault_apply(rack, "usb", FAULT_DOUBLED, true, 0), 0);
	for (i = 0; i < 40; i++) {
		(void)keys("c0");
		buf_clear(&heard.out);
		stolen += strstr(keys("u"), "deassert:0") == NULL;
	}
	CHECK(stolen > 3 && stolen < 38);
	end();
}

TEST(mini_lines_can_be_torn)
{
	int i, torn = 0;

	begin("usb");
	CHECK_INT(fault_apply(rack, "usb", FAULT_TORN, true, 40), 0);
	for (i = 0; i < 40; i++)
		torn += !str_ends(keys("u"), "deassert:0\r\n");
	CHECK(torn > 5 && torn < 35);
	end();
}

TEST(mini_pty_at_1200_baud_is_the_boot_loader)
{
	char err[160], path[200];
	struct termios t;
	int fd;

	begin("usb");
	str_format(path, sizeof(path), "%s/by-id/pico", test_dir());
	b->pty = pty_new(loop, m, b->kind->serial_main, path, err, sizeof(err));
	CHECK(b->pty != NULL);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	CHECK(fd >= 0 && tcgetattr(fd, &t) == 0);
	cfsetspeed(&t, B115200);
	CHECK_INT(tcsetattr(fd, TCSANOW, &t), 0);
	sim_pass(loop, 1);
	CHECK(pty_plugged(b->pty) && b->nodes[0].rail);
	cfsetspeed(&t, B1200);
	CHECK_INT(tcsetattr(fd, TCSANOW, &t), 0);
	sim_pass(loop, 5);
	CHECK(!pty_plugged(b->pty) && !b->nodes[0].rail);
	close(fd);
	CHECK_INT(fault_apply(rack, "usb", FAULT_RP2040RESET, true, 0), 0);
	sim_pass(loop, 2);
	CHECK(pty_plugged(b->pty));
	end();
}

/* --- behind a host --- */

TEST(mini_host_reaches_the_console_by_shell)
{
	struct shell_args args = { STTY
		"cat /dev/ttyACM0 & cat >/dev/ttyACM0; kill $!" };
	struct sim_run r;
	struct proc *p;

	begin("host");
	CHECK_STR(sim_out(m, "[ -c " ACM " ] && echo yes"), "yes\n");
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.3);
	proc_input(p, "c2", 2);
	sim_pass(loop, 0.3);
	CHECK_STR(buf_str(&r.out), "c2\r\nSwitched to channel 2\r\n");
	buf_clear(&r.out);
	/* Whoever types beside it is heard, and moves the channel. */
	(void)sim_out(m, "printf c0 >/dev/ttyAMA5");
	proc_input(p, "d", 1);
	sim_pass(loop, 0.3);
	CHECK_STR(
	    buf_str(&r.out), "c0\r\nSwitched to channel 0\r\ndDisable:0\r\n");
	CHECK(!b->nodes[0].rail && b->nodes[2].rail);
	CHECK_INT(fault_apply(rack, "host", FAULT_RP2040RESET, true, 0), 0);
	CHECK_STR(sim_out(m, "ls /dev/ttyACM0 2>/dev/null"), "");
	sim_pass(loop, 2);
	CHECK_STR(sim_out(m, "ls /dev/ttyACM0"), "/dev/ttyACM0\n");
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(mini_console_acts_on_its_own_echo)
{
	struct shell_args args = { "timeout 3 cat /dev/ttyACM0" };
	struct sim_run r;
	struct proc *p;

	begin("host");
	/* Without raw -echo what it says comes back, and holds an e and a d. */
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.3);
	(void)sim_out(m, "printf c1 >/dev/ttyACM0");
	sim_pass(loop, 4);
	CHECK(r.ended);
	CHECK(strstr(buf_str(&r.out), "Enable:1") != NULL);
	CHECK(strstr(buf_str(&r.out), "Disable:1") != NULL);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(mini_two_readers_share_what_it_says)
{
	struct shell_args args = { STTY "timeout 20 cat /dev/ttyACM0" };
	struct sim_run one, two;
	struct proc *p, *q;
	int i;

	begin("host");
	p = sim_start(m, false, proc_main_shell, &args, &one);
	q = sim_start(m, false, proc_main_shell, &args, &two);
	sim_pass(loop, 0.3);
	for (i = 0; i < 20; i++)
		(void)sim_out(m, "printf u >/dev/ttyACM0");
	sim_pass(loop, 0.3);
	CHECK_INT(
	    one.out.len + two.out.len, 20 * strlen("uUSB boot deassert:0\r\n"));
	proc_free(p);
	proc_free(q);
	sim_run_release(&one);
	sim_run_release(&two);
	end();
}

TEST(mini_host_must_not_set_1200_baud)
{
	begin("host");
	CHECK_STR(
	    sim_out(m, "cat /sys/bus/usb/devices/1-1.1/idProduct"), "000a\n");
	CHECK_INT(sim_status(m, "stty -F /dev/ttyACM0 1200"), 0);
	sim_pass(loop, 3);
	CHECK(!b->nodes[0].rail);
	CHECK_STR(
	    sim_out(m, "cat /sys/bus/usb/devices/1-1.1/product"), "RP2 Boot\n");
	CHECK_STR(sim_out(m, "ls /dev/ttyACM0 2>/dev/null"), "");
	end();
}

TEST(mini_host_sees_who_waits_for_rpiboot)
{
	begin("host");
	CHECK_STR(sim_out(m, "cat /sys/bus/usb/devices/1-1/product"),
	    "RaspberryPiCluster\n");
	CHECK_STR(sim_out(m, "printf c1Ue >/dev/ttyACM0"), "");
	sim_pass(loop, 2);
	CHECK_STR(
	    sim_out(m, "cat /sys/bus/usb/devices/1-1.3/idProduct"), "2711\n");
	end();
}

TEST(mini_host_reads_the_bus)
{
	unsigned v;

	begin("host");
	CHECK_STR(sim_out(m, "i2cget -y 1 0x40 0xfe w"), "0x4954\n");
	CHECK_INT(sscanf(sim_out(m, "i2cget -y 1 0x40 2 w"), "0x%x", &v), 1);
	v = (v >> 8 | v << 8) & 0xffff;
	CHECK(v * 1.25 > 11900 && v * 1.25 < 12300);
	CHECK_STR(sim_out(m, "i2cget -y 1 0x40 4 w"), "0x0000\n");
	CHECK_INT(sscanf(sim_out(m, "i2cget -y 1 0x49 0 w"), "0x%x", &v), 1);
	v = (v >> 8 | v << 8) & 0xffff;
	CHECK(v / 128 > 20 && v / 128 < 80);
	CHECK_INT(sim_status(m, "i2cget -y 1 0x4a 0 w 2>/dev/null"), 2);
	CHECK_STR(sim_out(m, "i2cset -y 1 0x2f 0x30 255; i2cget -y 1 0x2f 48"),
	    "0xff\n");
	CHECK_STR(sim_out(m,
		      "i2cset -y -m 0x0f 1 0x2f 0x30 0; "
		      "i2cget -y 1 0x2f 0x30"),
	    "0xf0\n");
	(void)sim_out(m, "i2cset -y 1 0x2f 0x30 255");
	CHECK_INT(sim_status(m, "i2cget -y 7 0x40 2>/dev/null"), 1);
	CHECK(strstr(sim_out(m, "i2cdetect -y 1"), "40: 40 -- ") != NULL);
	CHECK_STR(sim_out(m, "ls /sys/class/hwmon"), "hwmon0\nhwmon1\n");
	end();
}

TEST(mini_host_kernel_may_have_the_bus)
{
	begin("kernel");
	CHECK_INT(sim_status(m, "i2cget -y 1 0x40 2 w 2>/dev/null"), 1);
	CHECK_STR(sim_out(m, "cat /sys/class/hwmon/hwmon2/name"), "ina226\n");
	CHECK_STR(
	    sim_out(m, "cat /sys/class/hwmon/hwmon2/in1_input"), "12080\n");
	CHECK_STR(sim_out(m, "cat /sys/class/hwmon/hwmon3/name"), "emc2301\n");
	CHECK_INT(sim_status(m, "echo 255 >/sys/class/hwmon/hwmon3/pwm1"), 0);
	CHECK_STR(
	    sim_out(m, "cat /sys/class/hwmon/hwmon3/fan1_input"), "6200\n");
	CHECK_STR(
	    sim_out(m, "cat /sys/bus/i2c/devices/1-0049/iio:device*/name"),
	    "tmp117\n");
	end();
}

TEST(mini_host_has_the_nodes_lines)
{
	struct shell_args args = {
		"stty -F /dev/ttyAMA2 raw -echo; cat /dev/ttyAMA2"
	};
	struct sim_run r;
	struct proc *p;

	begin("host");
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.2);
	(void)sim_out(m, "printf c1e >/dev/ttyACM0");
	sim_pass(loop, 8);
	CHECK(strstr(buf_str(&r.out), "login: ") != NULL);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(mini_host_reboots_and_nodes_stay_on)
{
	begin("host");
	(void)sim_out(m, "sudo reboot");
	sim_pass(loop, 3);
	CHECK(b->down_until != 0);
	sim_pass(loop, 25);
	CHECK_INT(b->down_until, 0);
	CHECK(b->nodes[0].rail && !b->nodes[1].rail);
	/* Without power the RP2040 forgets what was on. */
	CHECK_INT(fault_apply(rack, "host", FAULT_POWER, true, 0), 0);
	CHECK_INT(fault_apply(rack, "host", FAULT_POWER, false, 0), 0);
	sim_pass(loop, 25);
	CHECK(!b->nodes[0].rail);
	end();
}

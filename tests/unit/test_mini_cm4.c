#include <poll.h>
#include <pty.h>
#include <termios.h>

#include "mini_peer.h"

#define SERIAL "serial:/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00"

/* --- transcripts ---------------------------------------------------------- */

#define REPLAY(name, file) \
	TEST(mini_cm4_##name) \
	{ \
		peer_transcript(&driver_mini_cm4, SERIAL, "mini-cm4/" file); \
	}

REPLAY(is_identified_before_anything_else, "identify")
REPLAY(has_an_older_help, "old-help")
REPLAY(keeps_every_order, "orders")
REPLAY(boots_from_usb_and_back, "usb-boot")
REPLAY(puts_orders_before_rounds, "queue")
REPLAY(shares_its_port, "other-user")
REPLAY(sends_nothing_after_a_wrong_echo, "wrong-echo")
REPLAY(says_what_was_half_done, "half-cycle")
REPLAY(survives_torn_lines, "torn")
REPLAY(does_not_type_at_strangers, "stranger")
REPLAY(wants_more_than_a_help, "help-only")
REPLAY(does_not_type_at_unknown_ports, "unknown-port")
REPLAY(does_not_type_at_others, "other-by-id")
REPLAY(takes_the_operators_word, "word")
REPLAY(lends_its_line, "borrowed")
REPLAY(forgets_in_a_reset, "reset")
REPLAY(sees_a_reset_by_the_currents, "fell")
REPLAY(answers_once_when_the_line_is_lost, "lost")

#undef REPLAY
#define REPLAY(name, file) \
	TEST(mini_cm4_##name) \
	{ \
		peer_transcript( \
		    &driver_mini_cm4, "ssh://pi@host", "mini-cm4/" file); \
	}

REPLAY(reads_its_host, "host")
REPLAY(reads_the_bare_bus, "host-i2c")
REPLAY(tells_a_reset_from_a_lost_line, "host-reset")

/* --- notes ---------------------------------------------------------------- */

static const char four[] =
    "386.879883 mA,412.254639 mA,0.000000 mA,9.909668 mA\r\n";

/* A first round, after which the controller is known. */
static void
greet(struct fake *f)
{
	f->drv->driver->poll(f->drv);
	TYPED("h");
	peer_say("h\r\nCommands:\r\nc0, ...\t: Select CM4 channel n\r\n");
	TYPED("a");
	peer_say("a\r\n");
	peer_say(four);
	CHECK_INT(f->fresh, 1);
}

static const char *
note(struct fake *f, int slot, const char *name, enum source source)
{
	struct fake_value *v = fake_find(f, slot, name, source);

	CHECK(v != NULL && v->known);
	return v->note;
}

TEST(mini_cm4_says_what_is_uncalibrated)
{
	static const struct setting scale = { "current_scale", "6.3" };
	struct fake *f = peer_fake(&driver_mini_cm4, SERIAL);
	struct loop *loop = f->loop;

	greet(f);
	CHECK(strstr(note(f, 1, "power.amps", SOURCE_BOARD), "Uncalibrated"));
	CHECK(strstr(note(f, 1, "power.watts", SOURCE_BOARD), "Uncalibrated"));
	CHECK(strstr(note(f, 3, "power.state", SOURCE_BOARD), "alone"));
	f->drv->config.settings = &scale;
	f->drv->config.n_settings = 1;
	driver_mini_cm4.poll(f->drv);
	peer_say(four);
	IS(f, 1, "power.amps", BOARD, "2.44");
	IS(f, 1, "power.watts", BOARD, "29.2");
	CHECK_STR(note(f, 1, "power.amps", SOURCE_BOARD), "");
	CHECK(strstr(note(f, 1, "power.watts", SOURCE_BOARD), "12 V"));
	/* Another user's doing is told as such. */
	peer_say("c3\r\nSwitched to channel 3\r\neEnable:3\r\n");
	driver_mini_cm4.poll(f->drv);
	peer_say(four);
	CHECK(strstr(
	    note(f, 4, "power.commanded", SOURCE_COMMANDED), "another user"));
	fake_free(f);
	peer_end(loop);
}

TEST(mini_cm4_says_that_watts_depend_on_the_shunt)
{
	static const struct setting shunt = { "shunt_ohm", "0.005" };
	struct fake *f = peer_fake(&driver_mini_cm4, "ssh://pi@host");
	struct loop *loop = f->loop;

	driver_mini_cm4.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, "ina 10000 12000 1000\nend\n", NULL);
	IS(f, 0, "board.amps", BOARD, "1.00");
	CHECK(strstr(note(f, 0, "board.amps", SOURCE_BOARD), "shunt_ohm"));
	f->drv->config.settings = &shunt;
	f->drv->config.n_settings = 1;
	driver_mini_cm4.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, "ina 10000 12000 1000\nend\n", NULL);
	IS(f, 0, "board.amps", BOARD, "2.00");
	IS(f, 0, "board.watts", BOARD, "24.0");
	CHECK_STR(note(f, 0, "board.amps", SOURCE_BOARD), "");
	fake_free(f);
	peer_end(loop);
}

/* --- what runs on the host -------------------------------------------------- */

static void
host(void)
{
	put_tool("tr");
	put("root/proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4");
	put("root/proc/sys/kernel/osrelease", "6.6.31\n");
	put("root/proc/sys/kernel/hostname", "cluster-host\n");
	put("root/proc/sys/kernel/random/boot_id", "1111-2222\n");
	put("root/proc/uptime", "4000.25 1.0\n");
	put("root/proc/loadavg", "0.52 0.40 0.30 1/100 1234\n");
	put("root/proc/meminfo",
	    "MemTotal: 3884396 kB\nMemFree: 1 kB\nMemAvailable: 3521000 kB\n");
	put("root/sys/class/thermal/thermal_zone0/temp", "48200\n");
	put("root/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00", "");
	put("root/sys/bus/usb/devices/1-1/idVendor", "0424\n");
	put("root/sys/bus/usb/devices/1-1.1/idVendor", "2e8a\n");
	put("root/sys/bus/usb/devices/1-1.1/idProduct", "000a\n");
	put("root/sys/bus/usb/devices/1-1.1/devnum", "7\n");
}

static void
greeted(void)
{
	TYPED("h");
	peer_say("h\r\nCommands:\r\n");
	TYPED("a");
	peer_say("a\r\n");
	peer_say(four);
}

TEST(mini_cm4_probe_with_the_kernels_drivers)
{
	host();
	put("root/sys/class/hwmon/hwmon0/name", "cpu_thermal\n");
	put("root/sys/class/hwmon/hwmon2/name", "ina226\n");
	put("root/sys/class/hwmon/hwmon2/shunt_resistor", "10000\n");
	put("root/sys/class/hwmon/hwmon2/in1_input", "12010\n");
	put("root/sys/class/hwmon/hwmon2/curr1_input", "2650\n");
	put("root/sys/class/hwmon/hwmon3/name", "emc2301\n");
	put("root/sys/class/hwmon/hwmon3/fan1_input", "2150\n");
	put("root/sys/class/hwmon/hwmon3/pwm1", "120\n");
	put("root/sys/bus/i2c/devices/1-0049/hwmon/hwmon4/temp1_input",
	    "41250\n");
	put("root/sys/bus/i2c/devices/1-0048/iio:device0/in_temp_raw",
	    "5200\n");
	put("root/sys/bus/i2c/devices/1-004b/iio:device1/in_temp_raw",
	    "5300\n");
	put("root/sys/bus/i2c/devices/1-004a/iio:device2/in_temp_raw",
	    "5400\n");
	/* There, and never asked. */
	put("bin/i2cget", "#!/bin/sh\necho asked >\"$RACKMUX_ROOT/asked\"\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = peer_fake(&driver_mini_cm4, "ssh://pi@host");
		struct loop *loop = f->loop;
		char path[600];

		driver_mini_cm4.poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 0, "board.model", BOARD,
		    "Raspberry Pi 4 Model B Rev 1.4");
		IS(f, 0, "board.kernel", BOARD, "6.6.31");
		IS(f, 0, "board.uptime", BOARD, "4000");
		IS(f, 0, "board.temp", BOARD, "48.2");
		IS(f, 0, "board.watts", BOARD, "31.8");
		IS(f, 0, "board.fan.rpm", BOARD, "2150");
		IS(f, 0, "board.fan.duty", BOARD, "47");
		IS(f, 1, "temp.board", BOARD, "41.2");
		IS(f, 2, "temp.board", BOARD, "40.6");
		IS(f, 3, "temp.board", BOARD, "41.4");
		IS(f, 4, "temp.board", BOARD, "42.2");
		CHECK_INT(peer.kind, STREAM_EXEC);
		CHECK(strstr(peer.cmd,
		    "'/dev/serial/by-id/usb-Raspberry_Pi_Pico_E66-if00'"));
		greeted();
		CHECK_INT(f->fresh, 1);
		str_format(path, sizeof path, "%s/root/asked", test_dir());
		CHECK(access(path, F_OK) != 0);
		fake_free(f);
		peer_end(loop);
	}
}

TEST(mini_cm4_probe_with_i2cget)
{
	host();
	put("bin/i2cget",
	    "#!/bin/sh\n"
	    "case \"$*\" in\n"
	    "'-y 1 0x40 0x01 w') echo 0x5829 ;;\n"
	    "'-y 1 0x40 0x02 w') echo 0x8825 ;;\n"
	    "'-y 1 0x2f 0x30 b') echo 0x78 ;;\n"
	    "'-y 1 0x2f 0x3e b') echo 0x1c ;;\n"
	    "'-y 1 0x2f 0x3f b') echo 0x90 ;;\n"
	    "'-y 1 0x49 0x00 w') echo 0x5014 ;;\n"
	    "'-y 1 0x48 0x00 w') echo 0xb414 ;;\n"
	    "'-y 1 0x4b 0x00 w') echo 0x1815 ;;\n"
	    "*) echo 'Error: Read failed' >&2; exit 2 ;;\n"
	    "esac\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = peer_fake(&driver_mini_cm4, "ssh://pi@host");
		struct loop *loop = f->loop;

		driver_mini_cm4.poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 0, "board.volts", BOARD, "12.01");
		IS(f, 0, "board.amps", BOARD, "0.26");
		IS(f, 0, "board.fan.duty", BOARD, "47");
		IS(f, 0, "board.fan.rpm", BOARD, "8604");
		IS(f, 1, "temp.board", BOARD, "40.6");
		IS(f, 2, "temp.board", BOARD, "41.4");
		IS(f, 3, "temp.board", BOARD, "42.2");
		UNKNOWN(f, 4, "temp.board", BOARD, "no card");
		greeted();
		CHECK_INT(f->fresh, 1);
		fake_free(f);
		peer_end(loop);
	}
}

/* What a host of busybox alone has. */
static const char *
busybox_path(void)
{
	static const char *const tools[] = { "cat", "dd", "stty" };
	static char dir[300];
	char to[320];

	str_format(dir, sizeof dir, "%s/busybox", test_dir());
	(void)mkdir(dir, 0755);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		str_format(to, sizeof to, "%s/%s", dir, tools[i]);
		CHECK(symlink("/bin/busybox", to) == 0 || errno == EEXIST);
	}
	return dir;
}

/* Start the command in a shell; its ends of the pipes stay there. */
static pid_t
start_shell(const char *shell, const char *cmd, int *in, int *out)
{
	const char *path = busybox_path();
	int to[2], from[2];
	pid_t pid;

	CHECK(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		if (strcmp(shell, "busybox") == 0 &&
		    setenv("PATH", path, 1) == 0)
			execl("/bin/busybox", "busybox", "sh", "-c", cmd,
			    (char *)NULL);
		else
			execl("/bin/dash", "dash", "-c", cmd, (char *)NULL);
		_exit(126);
	}
	close(to[0]);
	close(from[1]);
	*in = to[1];
	*out = from[0];
	return pid;
}

/* Read until what was said ends so. */
static void
read_until(int fd, const char *want)
{
	char got[64] = "";
	size_t n = 0;

	while (!str_ends(got, want)) {
		CHECK(n + 1 < sizeof got && read(fd, got + n, 1) == 1);
		got[++n] = '\0';
	}
	CHECK_STR(got, want);
}

/* The command that copies both ways, in real shells and on a real terminal:
 * nothing is echoed or changed, and nothing is left behind when it ends. */
TEST(mini_cm4_copies_to_the_port)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct setting s[2] = { { "identified", "true" },
			{ "controller", NULL } };
		struct fake *f = peer_fake(&driver_mini_cm4, "ssh://pi@host");
		struct loop *loop = f->loop;
		int master, slave, in, out, status = -1;
		struct termios t;
		struct pollfd quiet = { .events = POLLIN };
		char port[128], end;
		pid_t pid;

		CHECK(openpty(&master, &slave, port, NULL, NULL) == 0);
		CHECK(fcntl(master, F_SETFD, FD_CLOEXEC) == 0);
		CHECK(fcntl(slave, F_SETFD, FD_CLOEXEC) == 0);
		s[1].text = port;
		f->drv->config.settings = s;
		f->drv->config.n_settings = 2;
		driver_mini_cm4.poll(f->drv);
		fake_answer(f, LINK_DONE, 0, "end\n", NULL);
		TYPED("h");
		CHECK(strstr(peer.cmd, "1200") == NULL);
		pid = start_shell(shells[i], peer.cmd, &in, &out);
		CHECK(write(in, "h", 1) == 1);
		read_until(master, "h");
		CHECK(tcgetattr(slave, &t) == 0);
		CHECK_INT(cfgetospeed(&t), B115200);
		CHECK_INT(t.c_lflag & (ECHO | ICANON | ISIG), 0);
		CHECK_INT(t.c_cflag & HUPCL, 0);
		CHECK(write(master, "h\r\nCommands:\r\n", 14) == 14);
		read_until(out, "h\r\nCommands:\r\n");
		/* Whoever reads is not held while the port is silent. */
		quiet.fd = out;
		CHECK_INT(poll(&quiet, 1, 200), 0);
		CHECK_INT(fcntl(out, F_SETFL, O_NONBLOCK), 0);
		CHECK(read(out, &end, 1) < 0 && errno == EAGAIN);
		CHECK_INT(fcntl(out, F_SETFL, 0), 0);
		close(in);
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		/* Its reader is gone too: the pipe has no writer. */
		CHECK_INT(read(out, &end, 1), 0);
		close(out);
		close(master);
		close(slave);
		fake_free(f);
		peer_end(loop);
	}
}

/* A port that is not there: the far side's own words are the reason. */
TEST(mini_cm4_tells_why_the_port_is_not_copied)
{
	static const char said[] =
	    "stty: /dev/serial/by-id/x: Permission denied\n";
	struct fake *f = peer_fake(&driver_mini_cm4, "ssh://pi@host");
	struct loop *loop = f->loop;

	driver_mini_cm4.poll(f->drv);
	fake_answer(f, LINK_DONE, 0,
	    "pico /dev/serial/by-id/usb-Raspberry_Pi_Pico_1-if00\nend\n", NULL);
	peer.sink.on_data(peer.arg, said, strlen(said), true);
	peer_close("exit status 1");
	CHECK_INT(f->fresh, 1);
	UNKNOWN(f, 1, "power.state", BOARD, "Permission denied");
	fake_free(f);
	peer_end(loop);
}

/* --- the rest ---------------------------------------------------------------- */

TEST(mini_cm4_cannot_before_it_is_known)
{
	struct fake *f = peer_fake(&driver_mini_cm4, SERIAL);
	struct loop *loop = f->loop;

	CHECK(driver_mini_cm4.can(f->drv, 1, ACT_POWER_OFF) != NULL);
	greet(f);
	CHECK_INT(f->can_changed, 1);
	for (int slot = 1; slot <= 4; slot++) {
		CHECK(driver_mini_cm4.can(f->drv, slot, ACT_POWER_OFF) == NULL);
		CHECK(driver_mini_cm4.can(f->drv, slot, ACT_USB_BOOT) == NULL);
		CHECK(driver_mini_cm4.can(f->drv, slot, ACT_POWER_SOFT));
		CHECK(driver_mini_cm4.can(f->drv, slot, ACT_LOCATE_ON));
	}
	CHECK(driver_mini_cm4.can(f->drv, 0, ACT_POWER_OFF) != NULL);
	CHECK(driver_mini_cm4.can(f->drv, 5, ACT_POWER_OFF) != NULL);
	peer_close("gone");
	driver_mini_cm4.reset(f->drv);
	CHECK(driver_mini_cm4.can(f->drv, 1, ACT_POWER_OFF) != NULL);
	CHECK_INT(f->can_changed, 2);
	fake_free(f);
	peer_end(loop);
}

/* An order for which there is no line any more is answered, later. */
TEST(mini_cm4_answers_an_order_without_a_line)
{
	struct fake *f = peer_fake(&driver_mini_cm4, SERIAL);
	struct loop *loop = f->loop;

	greet(f);
	peer_close("gone");
	driver_mini_cm4.act(f->drv, 3, 1, ACT_POWER_OFF);
	CHECK_INT(f->acted, 0);
	peer_wait(f, 1);
	CHECK_INT(f->acted, 1);
	CHECK_INT(f->ticket, 3);
	CHECK_INT(f->outcome, ACT_FAILED);
	CHECK(strstr(f->acted_text, "nothing was switched") != NULL);
	TYPED("");
	fake_free(f);
	peer_end(loop);
}

/* Closed with everything under way: nothing is told any more. */
TEST(mini_cm4_is_closed_in_the_middle)
{
	struct fake *f = peer_fake(&driver_mini_cm4, SERIAL);
	struct loop *loop = f->loop;

	greet(f);
	driver_mini_cm4.act(f->drv, 1, 1, ACT_POWER_CYCLE);
	peer_say("c0\r\nSwitched to channel 0\r\n");
	peer_say("dDisable:0\r\n");
	driver_mini_cm4.act(f->drv, 2, 2, ACT_POWER_OFF);
	driver_mini_cm4.act(f->drv, 3, 2, ACT_POWER_ON);
	driver_mini_cm4.poll(f->drv);
	fake_free(f);
	peer_end(loop);
}

TEST(mini_cm4_is_known_by_usb)
{
	const struct driver *d = &driver_mini_cm4;
	static const char name[] =
	    "usb-Raspberry_Pi_Pico_E6605481DB318F36-if00";

	CHECK(driver_detect_usb(0x2e8a, 0x000a, name) == d);
	CHECK(driver_detect_usb(0x2e8a, 0x000a, "") == d);
	CHECK(driver_detect_usb(0, 0, name) == d);
	/* What USB says counts for more than a name. */
	CHECK(driver_detect_usb(0x0403, 0x6001, name) != d);
	/* MicroPython, a debug probe. */
	CHECK(driver_detect_usb(0x2e8a, 0x0005, "") != d);
	CHECK(driver_detect_usb(0x2e8a, 0x000c, "") != d);
	CHECK(driver_detect_usb(0, 0, "") == NULL);
	CHECK(driver_detect_usb(0, 0, "usb-FTDI_FT232R_A1-if00-port0") == NULL);
}

TEST(mini_cm4_is_known_by_its_host)
{
	static const char pi[] =
	    "model Raspberry Pi 4 Model B\nuname Linux 6.6 aarch64\n";
	char facts[300];
	static const struct {
		const char *more;
		bool ours;
	} cases[] = {
		{ "", false },
		{ "pico yes\n", false },
		{ "hwmon_ina226 yes\n", false },
		{ "usb_hub RaspberryPiCluster\n", false },
		{ "pico yes\nhwmon_ina226 yes\n", true },
		{ "pico yes\nhwmon_emc2301 yes\n", true },
		{ "pico yes\nusb_hub RaspberryPiCluster\n", true },
		{ "pico yes\nusb_hub WillWhang\n", true },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		str_format(facts, sizeof facts, "%s%send\n", pi, cases[i].more);
		CHECK((driver_detect(facts) == &driver_mini_cm4) ==
		    cases[i].ours);
	}
}

static const struct driver *found;

static void
on_facts(void *arg, const struct link_result *r)
{
	(void)arg;
	found = driver_detect(r->out);
}

/* The script that asks, in real shells. */
TEST(mini_cm4_is_found_on_its_host)
{
	host();
	put_tool("uname");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = peer_fake(&driver_mini_cm4, "ssh://pi@host");
		struct loop *loop = f->loop;

		put("root/sys/bus/usb/devices/1-1/product", "USB2517\n");
		f->drv->link.run(f, driver_facts_script, 1000, on_facts, NULL);
		fake_shell(f, shells[i]);
		CHECK_STR(found->type, "linux");
		put("root/sys/bus/usb/devices/1-1/product",
		    "RaspberryPiCluster\n");
		f->drv->link.run(f, driver_facts_script, 1000, on_facts, NULL);
		fake_shell(f, shells[i]);
		CHECK_STR(found->type, "mini-cm4");
		fake_free(f);
		peer_end(loop);
	}
}

/* What a console's stream means. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/watch.h"
#include "../../src/console/watch_in.h"

static struct cwatch *w;
static struct alerts *alerts;
static uint64_t now;
static char seen[2000]; /* stages, in order */
static char raised[4000]; /* alerts, in order */
static int noisy, quiet;
static unsigned rate;

static void
on_stage(void *arg, enum stage from, enum stage to)
{
	size_t n = strlen(seen);

	(void)arg;
	CHECK(from != to);
	str_format(seen + n, sizeof seen - n, "%s ", stage_name(to));
}

static void
on_alert(void *arg, const struct alert_pattern *p, const char *line)
{
	size_t n = strlen(raised);

	(void)arg;
	str_format(raised + n, sizeof raised - n, "%s%s: %s\n", p->name,
	    p->level == ALERT_BAD ? "!" : "", line);
}

static void
on_noise(void *arg, bool on, unsigned baud, const char *why)
{
	(void)arg;
	CHECK(str_ends(why, "."));
	rate = baud;
	if (on)
		noisy++;
	else
		quiet++;
}

static void
begin_with(const struct alert_pattern *more, size_t n, unsigned baud)
{
	static const struct watch_sink sink = { on_stage, on_alert, on_noise };
	char err[100];

	alerts = alerts_new(more, n, NULL, err, sizeof err);
	CHECK(alerts != NULL);
	w = cwatch_new(alerts, baud, &sink, NULL);
	now = 1000;
	seen[0] = raised[0] = '\0';
	noisy = quiet = 0;
}

static void
begin(void)
{
	begin_with(NULL, 0, 115200);
}

static void
end(void)
{
	cwatch_free(w);
	alerts_free(alerts);
}

static void
say(const char *s)
{
	cwatch_feed(w, s, strlen(s), now);
}

static void
wait(uint64_t ms)
{
	now += ms;
	cwatch_tick(w, now);
}

static void
check_stage(const char *name)
{
	CHECK_STR(stage_name(cwatch_stage(w)), name);
}

static const char rk3588[] =
    "DDR 9fffbe1e78 cezhen.wu 24/02/04-10:09:20,fwver: v1.16\r\n"
    "LPDDR4X, 2112MHz\r\nchannel[0] BW=16 Col=10 Bk=8 CS0 Row=17\r\n"
    "U-Boot SPL board init\r\nU-Boot SPL 2017.09-gc060f28d70 (Apr 18)\r\n"
    "Trying to boot from MMC2\r\nNOTICE:  BL31: v2.3():v2.3\r\n"
    "\r\n\r\nU-Boot 2017.09-armbian (May 27 2023 - 05:55:12 +0000)\r\n"
    "Hit any key to stop autoboot:  0 \r\n";
static const char kernel[] =
    "Starting kernel ...\r\n\r\n"
    "[    0.000000] Booting Linux on physical CPU 0x0000000000\r\n"
    "[    0.000000] Linux version 6.1.0 (gcc) #1 SMP\r\n"
    "[    0.500000] Freeing unused kernel memory: 7104K\r\n";
static const char system_up[] =
    "\r\nWelcome to \033[1mDebian GNU/Linux 12 (bookworm)\033[0m!\r\n\r\n"
    "[\033[0;32m  OK  \033[0m] Started getty.\r\n"
    "\r\nDebian GNU/Linux 12 node1 ttyS0\r\n\r\nnode1 login: ";

static void
boot_to_login(void)
{
	say(rk3588);
	say(kernel);
	say(system_up);
	wait(300);
}

static void
log_in(void)
{
	say("root\r\nPassword: ");
	wait(1000);
	say("\r\nLast login: Fri Nov 21 on ttyS0\r\n"
	    "\033[?2004h\033]0;root@node1: ~\aroot@node1:~# ");
	wait(300);
}

TEST(a_boot_is_followed)
{
	begin();
	check_stage("unknown");
	say(rk3588);
	CHECK_INT(cwatch_stage_since(w), 1000);
	say(kernel);
	say(system_up);
	check_stage("init");
	wait(100);
	check_stage("init");
	wait(200);
	check_stage("login");
	CHECK_STR(cwatch_last(w), "node1 login: ");
	log_in();
	CHECK_STR(seen, "rom loader kernel init login shell ");
	CHECK_STR(cwatch_last(w), "root@node1:~# ");
	end();
}

TEST(a_boot_is_followed_byte_by_byte)
{
	char all[4000];

	begin();
	str_format(all, sizeof all, "%s%s%s", rk3588, kernel, system_up);
	for (const char *s = all; *s != '\0'; s++)
		cwatch_feed(w, s, 1, now);
	wait(300);
	CHECK_STR(seen, "rom loader kernel init login ");
	end();
}

TEST(loaders_are_known)
{
	begin();
	say("RPi: BOOTLOADER release VERSION:b8a2b42a DATE: 2023/01/11 "
	    "TIME: 17:40:52 BOOTMODE: 0x00000006\r\n");
	check_stage("loader");
	cwatch_power(w, false, now);
	check_stage("off");
	say("Linux ver");
	wait(3000);
	cwatch_power(w, true, now);
	cwatch_gap(w);
	say("HELLO! BOOT0 is starting!\r\n");
	check_stage("rom");
	say("maskrom key pressed, entering maskrom mode...\r\n");
	check_stage("maskrom");
	say("GNU GRUB  version 2.06-13\r\n");
	say("U-Boot 2024.01\r\n=> ");
	check_stage("loader");
	wait(500);
	check_stage("loader-prompt");
	say("boot\r\n");
	say(kernel);
	check_stage("init");
	end();
}

TEST(reboots_and_halts_are_seen)
{
	begin();
	boot_to_login();
	say("[   99.1] reboot: Power down\r\n");
	check_stage("halted");
	say(rk3588);
	check_stage("loader");
	say(kernel);
	say("[    2.1] Kernel panic - not syncing: VFS: Unable to mount root "
	    "fs on unknown-block(0,0)\r\n"
	    "[    2.2] ---[ end Kernel panic - not syncing ]---\r\n");
	wait(9000);
	check_stage("panic");
	say("[    3.1] systemd[1]: never\r\n");
	check_stage("panic");
	say("\r\nU-Boot SPL 2021.07\r\n");
	check_stage("rom");
	say(kernel);
	say("You are in emergency mode. After logging in, type \"journalctl\""
	    "\r\nGive root password for maintenance\r\n"
	    "(or press Control-D to continue): ");
	wait(500);
	check_stage("rescue");
	say("\r\nroot@node1:~# ");
	wait(5000);
	check_stage("rescue");
	end();
}

TEST(a_unit_started_after_days_is_no_boot)
{
	begin();
	say("[270792.932000] systemd[1]: Started man-db.service\r\n");
	wait(9000);
	check_stage("unknown");
	boot_to_login();
	say("\r\n[270793.932000] systemd[1]: Started man-db.service\r\n");
	wait(9000);
	check_stage("login");
	end();
	begin();
	say("[    4.100000] systemd[1]: Detected architecture arm64.\r\n");
	wait(9000);
	check_stage("init");
	end();
}

TEST(a_shell_that_shows_an_old_boot_stays_one)
{
	begin();
	boot_to_login();
	log_in();
	seen[0] = '\0';
	say("cat bootlog\r\n");
	say(rk3588);
	say(kernel);
	say("[    9.1] Kernel panic - not syncing: no\r\n");
	say("\033[?2004hroot@node1:~# ");
	wait(300);
	wait(5000);
	/* dmesg tells in a moment what took hours. */
	say("dmesg -w\r\n");
	say(kernel);
	say("[86400.123456] eth0: link up\r\n");
	wait(5000);
	/* A pager waits. */
	say("\r\nroot@node1:~# ");
	wait(300);
	say("less bootlog\r\n");
	say(kernel);
	say(":");
	wait(5000);
	/* An editor draws. */
	say("\033[?1049h\033[H");
	say(kernel);
	wait(5000);
	say("\033[?1049l\r\nroot@node1:~# ");
	wait(300);
	CHECK_STR(seen, "");
	end();
}

TEST(a_shell_that_goes_is_believed)
{
	begin();
	boot_to_login();
	log_in();
	seen[0] = '\0';
	say("\r\n");
	say(rk3588);
	check_stage("shell");
	wait(2000);
	check_stage("loader");
	say(kernel);
	say(system_up);
	wait(300);
	log_in();
	say("reboot\r\n[  OK  ] Reached target System Reboot.\r\n"
	    "[  100.2] reboot: Restarting system\r\n");
	wait(2000);
	check_stage("stopping");
	say("exit\r\n\r\nnode1 login: ");
	wait(300);
	check_stage("stopping");
	end();
}

TEST(prompts_may_be_spoken_over)
{
	begin();
	say(kernel);
	say("node1 login: [   12.345678] eth0: link is up\r\n");
	check_stage("login");
	say("# ");
	wait(300);
	check_stage("shell");
	end();
}

TEST(alerts_are_raised)
{
	static const char *const lines[][2] = {
		{ "kernel panic",
		    "[    1.0] Kernel panic - not syncing: Attempted" },
		{ "kernel oops", "Internal error: Oops: 96000004 [#1] SMP" },
		{ "kernel trace", "[  1.0] Call trace:" },
		{ "out of memory", "Out of memory: Killed process 12 (x)" },
		{ "under-voltage", "hwmon hwmon1: Undervoltage detected!" },
		{ "under-voltage", "Under-voltage detected! (0x00050005)" },
		{ "over-temperature",
		    "thermal thermal_zone0: soc-thermal: critical "
		    "temperature reached, shutting down" },
		{ "I/O error", "Buffer I/O error on dev mmcblk0p2, block 1" },
		{ "I/O error",
		    "mmc0: Timeout waiting for hardware interrupt." },
		{ "I/O error", "nvme nvme0: I/O 12 QID 3 timeout, aborting" },
		{ "I/O error", "ata1.00: failed command: READ FPDMA QUEUED" },
		{ "filesystem error",
		    "EXT4-fs error (device mmcblk0p2): ext4_find_entry" },
		{ "filesystem error",
		    "EXT4-fs (sda1): Remounting filesystem read-only" },
		{ "filesystem error", "BTRFS error (device sda): bad tree" },
		{ "filesystem error",
		    "XFS (sda1): Metadata corruption detected at xfs" },
		{ "lockup", "watchdog: BUG: soft lockup - CPU#1 stuck" },
		{ "lockup", "rcu: INFO: rcu_sched self-detected stall on CPU" },
		{ "lockup",
		    "INFO: task x:1 blocked for more than 120 seconds" },
		{ "watchdog", "watchdog: watchdog0: watchdog did not stop!" },
		{ "boot failed", "### ERROR ### Please RESET the board ###" },
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		char want[300], text[300];

		begin();
		str_format(text, sizeof text, "%s\r\n", lines[i][1]);
		say(text);
		str_format(want, sizeof want, "%s", lines[i][0]);
		CHECK_INT(strncmp(raised, want, strlen(want)), 0);
		end();
	}
}

TEST(common_lines_raise_nothing)
{
	begin();
	boot_to_login();
	log_in();
	say("[    1.2] EXT4-fs (mmcblk0p2): mounted filesystem\r\n"
	    "[    1.3] nvme nvme0: 4/0/0 default/read/poll queues\r\n"
	    "[    1.4] mmc0: new HS400 MMC card at address 0001\r\n"
	    "[    1.5] ata1: SATA link up 6.0 Gbps\r\n"
	    "[    1.6] thermal_sys: Registered thermal governor\r\n"
	    "[    1.7] dw_wdt: watchdog initialized\r\n");
	CHECK_STR(raised, "");
	end();
}

static void
count(void *arg, const char *literal, size_t len)
{
	size_t *n = arg;

	CHECK(literal[0] != '\0' && len >= 2);
	(*n)++;
}

TEST(patterns_have_literals)
{
	size_t n = 0;

	begin();
	CHECK_INT(alerts->n_always, 0);
	end();
	CHECK(alert_needs("a(b|c)def[x|]+|g\\.hi?", count, &n));
	CHECK_INT(n, 2);
	CHECK(!alert_needs("abc|[d]e?", count, &n));
	CHECK(!alert_needs("", count, &n));
	CHECK(!alert_needs("((", count, &n));
}

TEST(a_pattern_keeps_quiet_for_a_while)
{
	static const struct alert_pattern more[] = {
		{ "mine", ALERT_WARN, NULL, "foo(bar)?[0-9]+" },
		{ "any", ALERT_BAD, NULL, "^[xyz]+$" },
	};

	begin_with(more, 2, 0);
	say("a foo12\r\nfoobar1\r\nfoobar\r\n");
	CHECK_STR(raised, "mine: a foo12\n");
	now += ALERT_QUIET_MS - 1;
	say("foo1\r\nzyx\r\n");
	CHECK_STR(raised, "mine: a foo12\nany!: zyx\n");
	now += 1;
	say("\033[31mfo\033[0mo1\r\n");
	CHECK_STR(raised, "mine: a foo12\nany!: zyx\nmine: foo1\n");
	end();
}

TEST(expressions_that_are_none_are_refused)
{
	static const struct alert_pattern more[] = {
		{ "good", ALERT_WARN, NULL, "x" },
		{ "bad", ALERT_WARN, NULL, "a(b" },
	};
	char err[100];
	size_t bad = 9, n;

	CHECK(alerts_new(more, 2, &bad, err, sizeof err) == NULL);
	CHECK_INT(bad, 1);
	CHECK(err[0] != '\0');
	CHECK(alerts_builtin(&n) != NULL && n > 8);
}

TEST(the_last_line_is_clean)
{
	begin();
	say("one\r\n\r\n  \r\n");
	CHECK_STR(cwatch_last(w), "one");
	say("\033[31mtwo\xe2\x80\xae!\033[0m\r\n\033[K\r\n");
	CHECK_STR(cwatch_last(w), "two\xef\xbf\xbd!");
	say("10%\r20%\rhal");
	cwatch_gap(w);
	say("f\r\n");
	CHECK_STR(cwatch_last(w), "f");
	CHECK_INT(cwatch_heard(w), 1000);
	end();
}

/* --- noise -------------------------------------------------------------- */

static const char talk[] =
    "PM: suspend entry, usb 1-1: new high-speed USB device number 2\r\n"
    "Debian GNU/Linux 12 turing3 ttyAMA0\r\nturing3 login: admin\r\n"
    "Password: \r\nLinux turing3 6.6.31+rpt-rpi-v8 aarch64\r\n"
    "admin@turing3:~$ ls -la /var/log\r\ntotal 1204\r\n"
    "drwxr-xr-x  8 root root    4096 Jun  3 00:00 .\r\n"
    "-rw-r-----  1 root adm    31812 Jun  3 09:17 auth.log\r\n"
    "[   14.201177] brcmfmac: F1 signature read @0x18000000=0x15264345\r\n"
    "[   17.884100] bcmgenet fd580000.ethernet eth0: Link is Up\r\n";

/* A line in steps of 1/192 of a microsecond would be too much: times are
 * computed in bits of the sender, edges are where they are. */
static int
wire(const char *text, size_t len, double t)
{
	double ch = t / 10;
	size_t i = (size_t)ch;
	int bit = (int)(t - (double)i * 10);
	unsigned char c;

	c = (unsigned char)text[i % len];
	/* A pause after each line. */
	if (bit == 0)
		return 0;
	return bit == 9 ? 1 : c >> (bit - 1) & 1;
}

/* A receiver that looks 16 times a bit and takes the middle three, as a 16550
 * does; drift: its clock is off by so much. */
static size_t
receive(
    double sent, double at_rate, double drift, unsigned char *out, size_t max)
{
	double step = sent / at_rate / 16 * (1 + drift), t = 3;
	size_t n = 0, len = strlen(talk);

	while (n < max) {
		unsigned c = 0;
		int stop = 0;

		while (wire(talk, len, t) == 0)
			t += step;
		while (wire(talk, len, t) != 0)
			t += step;
		for (int k = 0; k < 9; k++) {
			int ones = 0;

			for (int m = 7; m <= 9; m++)
				ones += wire(
				    talk, len, t + step * ((k + 1) * 16 + m));
			if (k < 8)
				c |= (unsigned)(ones >= 2) << k;
			else
				stop = ones >= 2;
		}
		t += step * 16 * 9.6;
		if (stop == 0 && c != 0)
			t -= step * 8;
		out[n++] = (unsigned char)c;
	}
	return n;
}

static void
try_all_rates(double drift)
{
	static const unsigned rates[] = { 9600, 19200, 38400, 57600, 115200,
		230400, 460800, 921600, 1500000 };
	unsigned char got[2048];
	int missed = 0, wrong = 0, right = 0, none = 0;

	for (size_t s = 0; s < ARRAY_LEN(rates); s++)
		for (size_t r = 0; r < ARRAY_LEN(rates); r++) {
			size_t n =
			    receive(rates[s], rates[r], drift, got, sizeof got);

			begin_with(NULL, 0, rates[r]);
			cwatch_feed(w, (char *)got, n, now);
			if (r == s)
				CHECK_INT(noisy, 0);
			else if (noisy == 0)
				missed++;
			else if (rate == rates[s])
				right++;
			else if (rate == 0)
				none++;
			else
				wrong++;
			if (getenv("RM_SHOW") != NULL)
				printf("# %u read at %u: noise %d, %u\n",
				    rates[s], rates[r], noisy, rate);
			end();
		}
	printf("# right %d, none %d, wrong %d, missed %d\n", right, none, wrong,
	    missed);
	CHECK_INT(wrong, 0);
	CHECK_INT(missed, 0);
	CHECK(right >= 34);
}

TEST(a_wrong_rate_is_told)
{
	try_all_rates(0.004);
}

TEST(a_wrong_rate_is_told_by_a_slow_clock)
{
	try_all_rates(-0.006);
}

static void
feed_blocks(const char *what, size_t total)
{
	size_t len = strlen(what);

	for (size_t n = 0; n < total; n += len)
		cwatch_feed(w, what, len, now);
}

TEST(noise_ends_when_text_comes)
{
	unsigned char got[800];
	size_t n = receive(57600, 115200, 0, got, sizeof got);

	begin();
	cwatch_feed(w, (char *)got, n, now);
	CHECK_INT(noisy, 1);
	CHECK_INT(rate, 57600);
	cwatch_gap(w);
	cwatch_feed(w, (char *)got, n, now);
	CHECK_INT(noisy, 1);
	CHECK_INT(quiet, 0);
	feed_blocks("plain text again\r\n", 400);
	CHECK_INT(quiet, 1);
	cwatch_feed(w, (char *)got, n, now);
	CHECK_INT(noisy, 2);
	cwatch_baud(w, 57600);
	CHECK_INT(quiet, 2);
	end();
	begin_with(NULL, 0, 0);
	cwatch_feed(w, (char *)got, n, now);
	CHECK_INT(noisy, 1);
	CHECK_INT(rate, 0);
	end();
}

TEST(not_all_that_is_strange_is_noise)
{
	char bytes[480];

	begin();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 97 + (i >> 3) * 31);
	/* A binary that is shorter than the window. */
	say("cat x\r\n");
	cwatch_feed(w, bytes, sizeof bytes, now);
	feed_blocks("some text\r\n", 700);
	/* UTF-8, in pieces. */
	for (int i = 0; i < 3000; i++)
		cwatch_feed(
		    w, &"\xe6\x97\xa5\xc3\xa9\xf0\x9f\x98\x80"[i % 9], 1, now);
	/* A drawing in code page 437. */
	feed_blocks(
	    "\033[1;34m\xdb\xdb\xb2\xb1\xb0\xc4\xc4\xbf\033[0m\xdf", 5000);
	CHECK_INT(noisy, 0);
	end();
}

/*
 * rackmux on a host with USB serial adapters: an emulated FTDI's, under the
 * kernel's own driver and udev. What is asked of an adapter is read from the
 * emulator's trace, so it is what would be on the wire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "simproc.h"
#include "test.h"

#define BOOT 90000
#define SOON 20000
#define ALL_S 240
#define ROUNDS 3

/* FTDI's vendor requests, as the trace has them. */
#define PINS " got control 0x4001, value "
#define RTS_UP PINS "0x202\n"
#define BREAK_ON "got control 0x4004, value 0x4008\n"
#define BREAK_OFF "got control 0x4004, value 0x8\n"
#define BAUD " baud rate "

static struct guest g;
static struct vtx x;

/* --- the host's shell ----------------------------------------------------- */

static bool
at_prompt(struct vtx *v, const void *arg)
{
	static const char prompt[] = "host:/root#";
	char *text = vtx_text(v), *row = text;
	bool at;

	(void)arg;
	for (int i = 0; i < v->cursor.row; i++)
		row = strchr(row, '\n') + 1;
	at = v->cursor.col == (int)sizeof prompt &&
	    strncmp(row, prompt, sizeof prompt - 1) == 0;
	free(text);
	return at;
}

static void
wait_prompt(int ms)
{
	CHECK(vtx_wait(&x, at_prompt, NULL, ms));
	vtx_settle(&x, 100);
}

/* Its end is said in words that its echo has not. */
static void
run(const char *command)
{
	static int n;
	char *line = text_of("clear; %s; echo do''ne %d\r", command, ++n);
	char *done = text_of("done %d", n);

	wait_prompt(SOON);
	vtx_send(&x, line);
	CHECK(vtx_wait_text(&x, done, SOON));
	wait_prompt(SOON);
	free(line);
	free(done);
}

static void
start(void)
{
	long long from = now_in_ms();

	alarm(ALL_S);
	guest_host(&g);
	guest_terminal(&g, &x, 120, 36);
	wait_prompt(BOOT);
	printf("# a host after %lld ms\n", now_in_ms() - from);
	run("stty rows 36 cols 120");
	CHECK_INT(x.w, 120);
}

static void
stop(void)
{
	vtx_close(&x);
	guest_stop(&g);
}

/* --- rackmux on it -------------------------------------------------------- */

static bool
title_has(struct vtx *v, const void *word)
{
	char *text = vtx_text(v), *row = strstr(text, "usb/");
	bool has = false;

	if (row != NULL) {
		row[strcspn(row, "\n")] = '\0';
		has = strstr(row, word) != NULL;
	}
	free(text);
	return has;
}

/* Open, and nothing else to say. */
static bool
is_open(struct vtx *v, const void *arg)
{
	(void)arg;
	return vtx_has(v, "  open") && title_has(v, "log") &&
	    !title_has(v, "waiting") && !title_has(v, "opening");
}

static void
open_console(const char *node)
{
	char *line = text_of("clear; rackmux console -c rack.cfg %s\r", node);

	wait_prompt(SOON);
	vtx_send(&x, line);
	CHECK(vtx_wait(&x, is_open, NULL, SOON));
	free(line);
}

static void
leave_console(void)
{
	vtx_send(&x, "\035r");
	vtx_settle(&x, 100);
	wait_prompt(SOON);
}

/* The far end answers in capitals. */
static void
talk(const char *say, const char *answer)
{
	vtx_send(&x, say);
	CHECK(vtx_wait_text(&x, answer, SOON));
}

/* --- the trace ------------------------------------------------------------ */

static int
asked(const char *what)
{
	char *trace = file_read(g.trace);
	int n = 0;

	for (char *p = trace; p != NULL && (p = strstr(p, what)) != NULL; p++)
		n++;
	free(trace);
	return n;
}

struct request {
	const char *what;
	int times;
};

static bool
was_asked(struct vtx *v, const void *arg)
{
	const struct request *r = arg;

	(void)v;
	return asked(r->what) >= r->times;
}

static void
wait_asked(const char *what, int times)
{
	struct request r = { what, times };

	if (!vtx_wait(&x, was_asked, &r, SOON))
		test_fail(__FILE__, __LINE__, "%s: %d times, not %d", what,
		    asked(what), times);
}

/* How often DTR or RTS of an adapter changed. libserialport asks for what is
 * so already: that moves nothing. The high byte says which are meant. */
static int
moves(int port)
{
	char *trace = file_read(g.trace), *at = trace;
	unsigned pins = 0, dev, value, now;
	int n = 0;

	while (at != NULL && (at = strstr(at, PINS)) != NULL) {
		while (at > trace && at[-1] != '\n')
			at--;
		CHECK(
		    sscanf(at, "usb_serial_handle_control dev %*u:%u" PINS "%x",
			&dev, &value) == 2);
		at = strstr(at, PINS) + 1;
		if (dev != (unsigned)port + 1)
			continue;
		now = (pins & ~(value >> 8)) | (value & value >> 8);
		n += now != pins;
		pins = now;
	}
	free(trace);
	return n;
}

/* The last speed that was set, within what a receiver bears. */
static void
check_speed(long want)
{
	char *trace = file_read(g.trace), *at = NULL;
	long speed;

	for (char *p = trace; p != NULL && (p = strstr(p, BAUD)) != NULL; p++)
		at = p;
	CHECK(at != NULL);
	speed = strtol(at + sizeof BAUD - 1, NULL, 10);
	free(trace);
	if (labs(speed - want) > want / 50)
		test_fail(__FILE__, __LINE__, "%ld baud, not %ld", speed, want);
}

/* --- the tests ------------------------------------------------------------ */

TEST(usb_adapters_are_listed_with_what_they_say_of_themselves)
{
	start();
	run("rackmux ports");
	CHECK(vtx_has(&x,
	    "serial:/dev/serial/by-id/"
	    "usb-QEMU_QEMU_USB_SERIAL_NODE17A-if00-port0"));
	CHECK(vtx_has(&x,
	    "/dev/ttyUSB0  0403:6001  QEMU USB SERIAL - NODE17A  "
	    "serial number NODE17A"));
	CHECK(vtx_has(&x, "usb-QEMU_QEMU_USB_SERIAL_NODE17B-if00-port0"));
	CHECK(vtx_has(&x, "serial number NODE17B"));
	CHECK(vtx_has(&x, "likely: FTDI FT232 adapter: a UART"));
	/* Who looks does not touch. */
	CHECK_INT(asked(PINS), 0);
	run("sleep 999 </dev/ttyUSB1 & true");
	run("rackmux ports");
	CHECK(vtx_has(&x, "in use by sleep (process "));
	stop();
}

TEST(a_usb_adapter_is_opened_at_its_speed_with_a_break)
{
	int off;

	start();
	open_console("a");
	talk("hello a", "HELLO A");
	check_speed(115200);
	/* libserialport opened it: it raises RTS, alone, where that is up. */
	CHECK(asked(RTS_UP) > 0);
	off = asked(BREAK_OFF);
	vtx_send(&x, "\035b");
	wait_asked(BREAK_ON, 1);
	wait_asked(BREAK_OFF, off + 1);
	talk("again", "AGAIN");
	leave_console();
	open_console("b");
	talk("hello b", "HELLO B");
	check_speed(1500000);
	leave_console();
	stop();
}

TEST(no_pin_of_a_usb_adapter_is_moved_unless_asked_for)
{
	start();
	/* The kernel raises both for the first who opens it. */
	run("sleep 999 </dev/ttyUSB0 & true");
	CHECK_INT(moves(0), 1);
	open_console("a");
	talk("hello a", "HELLO A");
	leave_console();
	CHECK_INT(moves(0), 1);
	/* The last close does not let them fall either. */
	run("kill %1; wait");
	CHECK_INT(moves(0), 1);
	open_console("a");
	talk("again a", "AGAIN A");
	leave_console();
	CHECK_INT(moves(0), 1);
	/* Asked for, DTR falls, and stays so after the last close. */
	CHECK_INT(moves(1), 0);
	open_console("b");
	talk("hello b", "HELLO B");
	CHECK_INT(moves(1), 2);
	leave_console();
	CHECK_INT(moves(1), 2);
	stop();
}

/* "... 15:04:05.678..." in the row that has this; milliseconds of the day. */
static long
time_in_row(const char *what)
{
	char *text = vtx_text(&x), *row = strstr(text, what);
	int h = 0, m = 0, s = 0, ms = 0;

	CHECK(row != NULL);
	while (row > text && row[-1] != '\n')
		row--;
	row = strchr(row, ':');
	CHECK(row != NULL);
	CHECK(sscanf(row - 2, "%2d:%2d:%2d.%3d", &h, &m, &s, &ms) == 4);
	free(text);
	return ((h * 60L + m) * 60 + s) * 1000 + ms;
}

static void
replug(int round)
{
	char say[16], answer[16];
	long long from;
	long gap, link;

	snprintf(say, sizeof say, "back %d", round);
	snprintf(answer, sizeof answer, "BACK %d", round);
	open_console("a");
	talk("here", "HERE");
	guest_unplug(&g, 0);
	CHECK(vtx_wait(&x, title_has, "waiting", SOON));
	CHECK(vtx_has(&x, "unplugged"));
	from = now_in_ms();
	guest_plug(&g, 0);
	CHECK(vtx_wait(&x, is_open, NULL, SOON));
	from = now_in_ms() - from;
	talk(say, answer);
	CHECK(vtx_has(&x, "gap of "));
	leave_console();
	run("grep 'gap of' logs/usb/1.log | tail -n 1; "
	    "stat -c 'link %z' /dev/serial/by-id/*17A*");
	gap = time_in_row("gap of");
	link = time_in_row("link 2");
	printf("# plugged in again: shown open after %lld ms, attached %ld ms "
	       "after udev made its name\n",
	    from, gap - link);
	CHECK(gap - link < 5000);
}

TEST(a_usb_adapter_that_was_unplugged_is_taken_again_under_its_name)
{
	start();
	/* Who still has the old one makes the next be another. */
	run("sleep 999 </dev/ttyUSB0 & true");
	replug(1);
	run("ls -l /dev/serial/by-id");
	CHECK(vtx_has(&x, "NODE17A-if00-port0 -> ../../ttyUSB2"));
	for (int i = 2; i <= ROUNDS; i++)
		replug(i);
	stop();
}

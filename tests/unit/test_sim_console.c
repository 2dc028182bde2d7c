/*
 * Nodes' consoles in the simulator: what a line says, who hears it, adapters
 * and TCP ports, and what can be made to go wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/adapter.h"
#include "rackmux/sim/fault.h"
#include "rackmux/sim/sshd.h"
#include "rackmux/sim/talk.h"
#include "rackmux/sim/writeconf.h"
#include "sim_run.h"

static const char rack_text[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\"; serial = false;\n"
    "   nodes = ({ slot = 1; name = \"rk\"; model = \"rk1\"; }); },\n"
    " { name = \"pis\"; type = \"linux\"; slots = 5;\n"
    "   nodes = ({ slot = 1; name = \"usb\"; console = \"usb\";\n"
    "     capture = true; },\n"
    "    { slot = 2; name = \"tel\"; console = \"telnet\"; talk = 4; },\n"
    "    { slot = 3; name = \"raw\"; console = \"tcp\";\n"
    "      pattern_rate = 0; pattern_bytes = 1000000; },\n"
    "    { slot = 4; name = \"slow\"; console = \"tcp\";\n"
    "      pattern_rate = 8000; pattern_bytes = 4000; },\n"
    "    { slot = 5; name = \"alp\"; model = \"alpine\";\n"
    "      console = \"tcp\"; }); });\n";

static struct loop *loop;
static struct rack *rack;
static struct sshd *sshd;
static struct heard {
	struct uart_watch watch;
	struct buf got;
} heard;

static void
on_heard(void *arg, const char *p, size_t len)
{
	buf_add(&((struct heard *)arg)->got, p, len);
}

static void
begin(const char *listen_to)
{
	struct buf faults, err;
	char why[160];

	loop = loop_new();
	loop_freeze(loop);
	rack = rack_new(loop, 5);
	rack->dev_dir = test_dir();
	buf_init(&faults, 0);
	buf_init(&err, 0);
	CHECK_INT(conf_read_text(rack, rack_text, "r", &faults, &err), 0);
	sshd = sshd_new(loop, why, sizeof(why));
	CHECK_INT(rack_start(rack, sshd, why, sizeof(why)), 0);
	buf_release(&faults);
	buf_release(&err);
	memset(&heard, 0, sizeof(heard));
	buf_init(&heard.got, 0);
	heard.watch.got = on_heard;
	heard.watch.arg = &heard;
	uart_wire_add(rack_node(rack, listen_to), &heard.watch);
	sim_pass(loop, 0.2);
}

static void
end(void)
{
	buf_release(&heard.got);
	rack_free(rack);
	sshd_free(sshd);
	loop_free(loop);
}

static bool
said(const char *what)
{
	return strstr(buf_str(&heard.got), what) != NULL;
}

static void
type_in(const char *name, const char *text)
{
	uart_type(rack_node(rack, name), text, strlen(text));
	sim_pass(loop, 0.3);
}

static void
log_in(const char *name, const char *user, const char *password)
{
	type_in(name, "\r");
	type_in(name, user);
	type_in(name, password);
}

static size_t
lines(void)
{
	const char *p = buf_str(&heard.got);
	size_t n = 0;

	while ((p = strchr(p, '\n')) != NULL) {
		n++;
		p++;
	}
	return n;
}

/* --- booting --- */

TEST(console_boots_in_many_lines_on_every_model)
{
	static const char *const models[] = { "pi4", "pi5", "cm4", "cm5", "cm3",
		"zero2w", "rk1", "blade3", "ubuntu", "alpine" };
	struct sim_node *n;
	size_t i;

	begin("usb");
	n = rack_node(rack, "usb");
	for (i = 0; i < ARRAY_LEN(models); i++) {
		n->model = node_model_find(models[i]);
		buf_clear(&heard.got);
		node_set_rail(n, false);
		sim_pass(loop, 0.3);
		node_set_rail(n, true);
		sim_pass(loop, 7);
		CHECK(lines() >= (strcmp(models[i], "alpine") == 0 ? 60 : 70));
		CHECK(said(n->model->kernel));
		CHECK(said(n->model->model));
		CHECK(said("usb login: "));
		CHECK(strchr(buf_str(&heard.got), '@') == NULL || !said("@T"));
	}
	end();
}

TEST(console_reboots_and_panics_and_takes_sysrq)
{
	struct sim_node *n;

	begin("usb");
	n = rack_node(rack, "usb");
	log_in("usb", "pi\r", "wrong\r");
	sim_pass(loop, 1.2);
	CHECK(said("Login incorrect"));
	log_in("usb", "pi\r", "raspberry\r");
	CHECK(said("pi@usb:~$ "));
	type_in("usb", "sudo reboot\r");
	sim_pass(loop, 9);
	CHECK(said("reboot: Restarting system"));
	CHECK_INT(n->stage, STAGE_LOGIN);
	/* A key without a BREAK is a key. */
	type_in("usb", "c");
	CHECK_INT(n->stage, STAGE_LOGIN);
	uart_break(n);
	type_in("usb", "h");
	CHECK(said("sysrq: HELP : "));
	uart_break(n);
	sim_pass(loop, 5.2);
	type_in("usb", "c");
	CHECK_INT(n->stage, STAGE_LOGIN);
	uart_break(n);
	type_in("usb", "c");
	sim_pass(loop, 1);
	CHECK(said("sysrq: Trigger a crash"));
	CHECK(said("Call trace:"));
	CHECK(said("end Kernel panic - not syncing"));
	buf_clear(&heard.got);
	type_in("usb", "\r\r");
	sim_pass(loop, 20);
	CHECK_INT(heard.got.len, 0);
	uart_break(n);
	type_in("usb", "b");
	sim_pass(loop, 8);
	CHECK_INT(n->stage, STAGE_LOGIN);
	end();
}

TEST(console_ends_in_a_rescue_shell_or_in_maskrom)
{
	struct sim_node *n;

	begin("rk");
	n = rack_node(rack, "rk");
	fault_apply(rack, "rk", FAULT_RESCUE, true, 0);
	node_stop(n, true);
	sim_pass(loop, 9);
	CHECK_INT(n->stage, STAGE_RESCUE);
	CHECK(said("You are in emergency mode"));
	CHECK(said("Give root password for maintenance"));
	type_in("rk", "ubuntu\r");
	CHECK(said("root@rk:~# "));
	type_in("rk", "exit\r");
	sim_pass(loop, 0.3);
	CHECK_INT(n->stage, STAGE_LOGIN);
	fault_apply(rack, "rk", FAULT_RESCUE, false, 0);
	fault_apply(rack, "rk", FAULT_MASKROM, true, 0);
	node_stop(n, true);
	sim_pass(loop, 9);
	CHECK_INT(n->stage, STAGE_MASKROM);
	CHECK(said("# Reset the board to bootrom #"));
	fault_apply(rack, "rk", FAULT_MASKROM, false, 0);
	sim_pass(loop, 0.5);
	type_in("rk", "\003");
	CHECK_INT(n->stage, STAGE_PROMPT);
	type_in("rk", "versionx\b\r");
	CHECK(said("U-Boot 2017.09"));
	type_in("rk", "boot\r");
	sim_pass(loop, 6);
	CHECK_INT(n->stage, STAGE_LOGIN);
	end();
}

TEST(console_complains_of_each_fault_in_words)
{
	static const struct {
		enum fault_kind kind;
		const char *words;
	} all[] = {
		{ FAULT_OOM, "Out of memory: Killed process" },
		{ FAULT_UNDERVOLTAGE, "Undervoltage detected!" },
		{ FAULT_BROWNOUT, "Undervoltage detected!" },
		{ FAULT_FSERROR, "EXT4-fs error (device" },
		{ FAULT_IOERROR, "I/O error, dev mmcblk0" },
		{ FAULT_WATCHDOG, "soft lockup" },
		{ FAULT_PANIC, "Kernel panic - not syncing" },
	};
	size_t i;

	begin("usb");
	for (i = 0; i < ARRAY_LEN(all); i++) {
		buf_clear(&heard.got);
		fault_apply(rack, "usb", all[i].kind, true, 4.6);
		sim_pass(loop, 1);
		CHECK(said(all[i].words));
	}
	end();
}

/* --- who hears it --- */

TEST(console_that_is_stolen_loses_bytes)
{
	struct sim_node *n;
	size_t before, i;

	begin("rk");
	n = rack_node(rack, "rk");
	fault_apply(rack, "rk", FAULT_TTYSTOLEN, true, 0);
	before = (size_t)n->uart.ring.total;
	for (i = 0; i < 100; i++)
		uart_puts(n, "0123456789012345678901234567890123456789\r\n");
	CHECK(n->uart.ring.total - before > 500);
	CHECK(n->uart.ring.total - before < 3800);
	fault_apply(rack, "rk", FAULT_TTYSTOLEN, false, 0);
	before = (size_t)n->uart.ring.total;
	uart_puts(n, "0123456789");
	CHECK_INT(n->uart.ring.total - before, 10);
	end();
}

TEST(console_tty_of_the_bmc_is_raw_and_shared)
{
	struct machine *m;
	struct sim_node *n;
	struct shell_args args = { "cat /dev/ttyS1" };
	struct sim_run r;
	struct proc *p;
	size_t before, i;

	begin("rk");
	n = rack_node(rack, "rk");
	m = &rack_board(rack, "tp")->machine;
	before = (size_t)n->uart.ring.total;
	buf_clear(&heard.got);
	(void)sim_out(m, "printf '\\r' > /dev/ttyS1");
	sim_pass(loop, 0.3);
	CHECK(said("rk login: "));
	/* Who only writes takes nothing away. */
	CHECK_INT(n->uart.ring.total - before, heard.got.len);
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.3);
	before = (size_t)n->uart.ring.total;
	for (i = 0; i < 100; i++)
		uart_puts(n, "0123456789012345678901234567890123456789\r\n");
	sim_pass(loop, 0.3);
	CHECK(r.out.len > 500 && n->uart.ring.total - before > 500);
	CHECK_INT(r.out.len + n->uart.ring.total - before, 4200);
	proc_free(p);
	sim_pass(loop, 0.3);
	before = (size_t)n->uart.ring.total;
	uart_puts(n, "0123456789");
	CHECK_INT(n->uart.ring.total - before, 10);
	sim_run_release(&r);
	end();
}

/* --- adapters --- */

static int
usb_open(speed_t speed)
{
	char path[300];
	struct termios t;
	int fd;

	str_format(path, sizeof(path),
	    "%s/by-id/usb-FTDI_FT232R_USB_UART_usb-if00-port0", test_dir());
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	CHECK_INT(tcgetattr(fd, &t), 0);
	cfmakeraw(&t);
	cfsetspeed(&t, speed);
	CHECK_INT(tcsetattr(fd, TCSANOW, &t), 0);
	return fd;
}

/* Read until want bytes are there, or nothing comes any more. */
static size_t
drain(int fd, struct buf *got, size_t want)
{
	char text[65536];
	ssize_t n;
	int idle = 0;

	while (got->len < want && idle < 100) {
		loop_turn(loop, idle > 10 ? 1 : 0);
		loop_advance(loop, 2);
		n = read(fd, text, sizeof(text));
		if (n > 0)
			buf_add(got, text, (size_t)n);
		idle = n > 0 ? 0 : idle + 1;
	}
	return got->len;
}

static void
put(int fd, const char *p, size_t len)
{
	CHECK_INT(write(fd, p, len), len);
}

TEST(console_adapter_speaks_at_the_node_s_speed_only)
{
	struct buf got;
	int fd;

	begin("usb");
	buf_init(&got, 0);
	/* What was said while nobody had it open is lost. */
	uart_puts(rack_node(rack, "usb"), "nobody hears this");
	fd = usb_open(B115200);
	CHECK(fd >= 0);
	put(fd, "\r", 1);
	drain(fd, &got, 100000);
	CHECK(strstr(buf_str(&got), "usb login: ") != NULL);
	CHECK(strstr(buf_str(&got), "nobody") == NULL);
	close(fd);
	fd = usb_open(B9600);
	buf_clear(&got);
	drain(fd, &got, 1);
	uart_puts(rack_node(rack, "usb"), "hello hello hello hello hello");
	drain(fd, &got, 100000);
	CHECK(got.len > 0 && got.len < 15);
	CHECK(memmem(got.data, got.len, "hello", 5) == NULL);
	close(fd);
	fd = usb_open(B1500000);
	buf_clear(&got);
	drain(fd, &got, 1);
	fault_apply(rack, "usb", FAULT_WRONGSPEED, true, 0);
	uart_puts(rack_node(rack, "usb"), "hello");
	drain(fd, &got, 5);
	CHECK_STR(buf_str(&got), "hello");
	close(fd);
	buf_release(&got);
	end();
}

TEST(console_adapter_comes_and_goes)
{
	char text[16];
	int fd;

	begin("usb");
	fd = usb_open(B115200);
	fault_apply(rack, "usb", FAULT_UNPLUG, true, 0);
	CHECK(read(fd, text, sizeof(text)) <= 0);
	close(fd);
	CHECK(usb_open(B115200) < 0);
	fault_apply(rack, "usb", FAULT_UNPLUG, false, 0);
	fd = usb_open(B115200);
	CHECK(fd >= 0);
	fault_apply(rack, "usb", FAULT_REPLUG, true, 0);
	CHECK(!fault_is(&rack_node(rack, "usb")->faults, FAULT_REPLUG));
	CHECK(read(fd, text, sizeof(text)) <= 0);
	close(fd);
	fd = usb_open(B115200);
	CHECK(fd >= 0);
	close(fd);
	end();
}

static int
dial(const char *name)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct buf url;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long port = 0;

	buf_init(&url, 0);
	adapter_url(rack_node(rack, name)->uart.adapter, &url);
	CHECK(str_long(strrchr(url.data, ':') + 1, 1, 65535, &port));
	sin.sin_port = htons((uint16_t)port);
	buf_release(&url);
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0) {
		close(fd);
		return -1;
	}
	CHECK_INT(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	return fd;
}

TEST(console_telnet_port_negotiates_and_takes_break)
{
	struct buf got;
	int fd;

	begin("tel");
	buf_init(&got, 0);
	fd = dial("tel");
	CHECK(fd >= 0);
	CHECK_INT(drain(fd, &got, 12), 12);
	CHECK(memcmp(got.data,
		  "\377\373\003\377\373\001\377\373\000\377\375\000", 12) == 0);
	buf_clear(&got);
	put(fd, "\r\000", 2);
	drain(fd, &got, 20);
	CHECK(strstr(buf_str(&got), "tel login: ") != NULL);
	CHECK(strstr(buf_str(&got), "tel login: tel login: ") == NULL);
	put(fd, "\377\363h", 3);
	drain(fd, &got, 200);
	CHECK(strstr(buf_str(&got), "sysrq: HELP") != NULL);
	/* A byte of 255 is doubled. */
	buf_clear(&got);
	uart_print(rack_node(rack, "tel"), "a\377b", 3);
	drain(fd, &got, 4);
	CHECK(strstr(buf_str(&got), "a\377\377b") != NULL);
	fault_apply(rack, "tel", FAULT_UNPLUG, true, 0);
	CHECK(dial("tel") < 0);
	close(fd);
	buf_release(&got);
	end();
}

static bool
is_pattern(const struct buf *b)
{
	char line[PATTERN_LINE];
	size_t at;

	for (at = 0; at < b->len; at += PATTERN_LINE) {
		size_t n = b->len - at;

		pattern_line(at / PATTERN_LINE, line);
		if (memcmp(b->data + at, line,
			n < PATTERN_LINE ? n : PATTERN_LINE) != 0)
			return false;
	}
	return true;
}

TEST(console_pattern_arrives_whole_at_full_speed)
{
	struct buf got;
	char line[PATTERN_LINE];
	int fd;

	pattern_line(123, line);
	CHECK(memcmp(line, "000000000123 ", 13) == 0);
	CHECK_INT(line[13], '!' + 31 * 123 % 94);
	CHECK_INT(line[77], '!' + (31 * 123 + 7 * 64) % 94);
	CHECK(memcmp(line + 78, "\r\n", 2) == 0);
	begin("raw");
	buf_init(&got, 0);
	fd = dial("raw");
	drain(fd, &got, 1);
	CHECK_INT(got.len, 0);
	put(fd, "x", 1);
	CHECK_INT(drain(fd, &got, 1000001), 1000000);
	CHECK(is_pattern(&got));
	buf_clear(&got);
	put(fd, "x", 1);
	CHECK_INT(drain(fd, &got, 1000001), 1000000);
	CHECK(is_pattern(&got));
	close(fd);
	buf_release(&got);
	end();
}

TEST(console_pattern_at_a_speed_begins_by_itself)
{
	begin("slow");
	buf_clear(&heard.got);
	uart_type(rack_node(rack, "slow"), "x", 1);
	sim_pass(loop, 0.3);
	CHECK(heard.got.len >= 1600 && heard.got.len <= 2400);
	sim_pass(loop, 2);
	CHECK_INT(heard.got.len, 4000);
	CHECK(is_pattern(&heard.got));
	end();
}

/* --- what it says by itself, and its shell --- */

TEST(console_talks_now_and_then_the_same_each_time)
{
	struct buf first;
	size_t n;

	begin("tel");
	sim_pass(loop, 60);
	n = lines();
	CHECK(n >= 8 && n <= 30);
	buf_init(&first, 0);
	buf_puts(&first, buf_str(&heard.got));
	end();
	begin("tel");
	sim_pass(loop, 60);
	CHECK_STR(buf_str(&heard.got), buf_str(&first));
	buf_release(&first);
	end();
}

TEST(console_shell_draws_and_asks_for_the_cursor)
{
	begin("alp");
	log_in("alp", "root\r", "alpine\r");
	CHECK(said("alp:~# \033[6n"));
	type_in("alp", "ls /\r");
	CHECK(said("\033[01;34mproc\033[0m"));
	type_in("alp", "htop\r");
	CHECK(said("\033[?1049h") && said("\033[?1000h"));
	buf_clear(&heard.got);
	type_in("alp", "\033[<0;5;10M");
	CHECK(said("\033[10;1H\033[30;46m"));
	type_in("alp", "q");
	CHECK(said("\033[?1049l"));
	type_in("alp", "top\r");
	CHECK(said("load average:"));
	type_in("alp", "\003");
	buf_clear(&heard.got);
	type_in("alp", "echo al\177\177back\r");
	CHECK(said("\r\nback\r\n"));
	end();
}

TEST(console_is_told_in_the_written_configuration)
{
	char cfg[300], why[160], text[8192];
	FILE *f;
	size_t n;

	begin("usb");
	str_format(cfg, sizeof(cfg), "%s/r.cfg", test_dir());
	CHECK_INT(writeconf(rack, sshd, cfg, why, sizeof(why)), 0);
	f = fopen(cfg, "re");
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	CHECK(strstr(text, "console = \"serial:/") != NULL);
	CHECK(strstr(text, "-port0@115200\"; capture = true;") != NULL);
	CHECK(strstr(text, "console = \"telnet://127.0.0.1:") != NULL);
	CHECK(strstr(text, "console = \"tcp://127.0.0.1:") != NULL);
	end();
}

TEST(console_adapter_that_another_program_holds)
{
	struct buf got;
	int fd;

	begin("usb");
	buf_init(&got, 0);
	fault_apply(rack, "usb", FAULT_TTYBUSY, true, 0);
	fd = usb_open(B115200);
	if (fd >= 0) { /* root may open what is exclusive */
		CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), -1);
		CHECK_INT(errno, EWOULDBLOCK);
		close(fd);
	}
	fault_apply(rack, "usb", FAULT_TTYBUSY, false, 0);
	fd = usb_open(B115200);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	fault_apply(rack, "alp", FAULT_TTYBUSY, true, 0);
	fd = dial("alp");
	drain(fd, &got, 1000);
	CHECK_STR(buf_str(&got), "Port already in use\r\n");
	close(fd);
	buf_release(&got);
	end();
}

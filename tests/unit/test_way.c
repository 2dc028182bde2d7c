#include <pty.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "driver_fake.h"
#include "rackmux/driver/recipe.h"
#include "rackmux/driver/way.h"

/* How each board says that its consoles are reached; and the command that
 * opens a tty behind a shell, run for real. */

/* --- way ------------------------------------------------------------------ */

TEST(way_quotes)
{
	char out[16];

	CHECK(way_quote(out, sizeof out, "/dev/a b"));
	CHECK_STR(out, "'/dev/a b'");
	CHECK(way_quote(out, sizeof out, "it's"));
	CHECK_STR(out, "'it'\\''s'");
	CHECK(!way_quote(out, sizeof out, "0123456789abcdef"));
	CHECK_STR(out, "");
}

TEST(way_sameness)
{
	struct way a, b;

	way_init(&a);
	way_init(&b);
	CHECK(way_same(&a, &b));
	str_copy(a.limits, sizeof a.limits, "It is only said.");
	a.repeats = true;
	CHECK(way_same(&a, &b));
	a.kind = WAY_PTY;
	CHECK(!way_same(&a, &b));
	b.kind = WAY_PTY;
	b.baud = 9600;
	CHECK(!way_same(&a, &b));
	a.baud = 9600;
	str_copy(a.type_cmd, sizeof a.type_cmd, "cat");
	CHECK(!way_same(&a, &b));
	str_copy(b.type_cmd, sizeof b.type_cmd, "cat");
	str_copy(a.quit, sizeof a.quit, "\001");
	CHECK(!way_same(&a, &b));
}

static struct way
manners(const char *cmd)
{
	struct way w;

	way_init(&w);
	str_copy(w.cmd, sizeof w.cmd, cmd);
	way_manners(&w);
	return w;
}

TEST(way_knows_programs)
{
	struct way w = manners("exec sudo -n picocom -b 9600 /dev/ttyS1");

	CHECK_STR(w.ready, "Terminal ready");
	CHECK_STR(w.quit, "\001\030");
	CHECK_STR(w.brk, "\001\034");
	CHECK(w.sends_break);
	w = manners("sh -c '/usr/bin/picocom -q -b 9600 /dev/ttyS1'");
	CHECK_STR(w.ready, "");
	CHECK_STR(w.quit, "\001\030");
	w = manners("exec /bin/nodectl console -n 2");
	CHECK_STR(w.quit, "\035q");
	CHECK(!w.sends_break);
	w = manners("/bin/nodectl list");
	CHECK_STR(w.quit, "");
	w = manners("ipmitool -H a sol activate");
	CHECK(strstr(w.ready, "SOL Session") != NULL);
	CHECK_STR(w.quit, "");
	w = manners("mypicocom2 /dev/ttyS1");
	CHECK_STR(w.ready, "");
}

/* Its usual keys would be typed at the node. */
TEST(way_of_a_picocom_with_another_escape)
{
	static const char *const cmds[] = {
		"picocom -e b -b 9600 /dev/ttyS1",
		"sudo -n picocom --escape=b /dev/ttyS1",
		"picocom --no-escape /dev/ttyS1",
		"picocom -b 9600 -n /dev/ttyS1",
	};

	for (size_t i = 0; i < ARRAY_LEN(cmds); i++) {
		struct way w = manners(cmds[i]);

		CHECK_STR(w.ready, "Terminal ready");
		CHECK_STR(w.quit, "");
		CHECK_STR(w.brk, "");
		CHECK(!w.sends_break);
	}
}

/* --- drivers -------------------------------------------------------------- */

static struct fake *
told(const struct driver *d, int slot, const char *answer)
{
	struct fake *f = fake_new(d, slot);

	d->poll(f->drv);
	fake_answer(f, LINK_DONE, 0, answer, NULL);
	return f;
}

static struct way
way_of(struct fake *f, int slot)
{
	const struct driver *d = f->drv->driver;
	const char *why = d->can(f->drv, slot, ACT_CONSOLE);
	struct way w;

	if (why != NULL)
		test_fail(__FILE__, __LINE__, "%s", why);
	memset(&w, 0xff, sizeof w);
	CHECK(d->console(f->drv, slot, &w));
	return w;
}

static const char new_tp[] =
    "model Turing Pi 2 (v2.4)\nkernel 6.8.12\nhostname tp\ntty3 -\nuid 0\n"
    "have curl\nhave tpi\nonce yes\nrail 1 enabled\nend\n";
static const char old_tp[] =
    "model Turing Pi 2 (v2.4)\nkernel 5.4\nhostname tp\ntty3 uart3\nuid 0\n"
    "have curl\nhave tpi\nonce yes\nrail 1 enabled\nend\n";

TEST(way_turing_pi_websocket)
{
	struct fake *f = told(&driver_turing_pi, 0, new_tp);
	struct way w = way_of(f, 2);

	CHECK_INT(w.kind, WAY_WEBSOCKET);
	CHECK_INT(w.by, WAY_BY_BOARD);
	CHECK(w.tls && w.port == 443 && !w.sends_break && !w.repeats);
	CHECK_STR(w.host, "127.0.0.1");
	CHECK_STR(w.path, "/api/bmc/serial/ws?node=1");
	CHECK_STR(w.device, "/dev/ttyS2");
	CHECK(strstr(w.limits, "break") != NULL);
	CHECK(!f->drv->driver->console(f->drv, 5, &w));
	CHECK(!f->drv->driver->console(f->drv, 0, &w));
	fake_free(f);
}

TEST(way_turing_pi_old_asks)
{
	struct fake *f = told(&driver_turing_pi, 0, old_tp);
	struct way w = way_of(f, 2);

	CHECK_INT(w.kind, WAY_ASK);
	CHECK(!w.window && w.steals && w.ring == 16384 && w.ask_ms == 500);
	CHECK(strstr(w.cmd, "type=uart&node=1'") != NULL);
	CHECK_STR(w.type_cmd, "cat >/dev/ttyS1");
	CHECK_STR(w.field, "uart");
	CHECK(strstr(w.limits, "16 KiB") != NULL);
	fake_free(f);
}

TEST(way_turing_pi_over_usb)
{
	struct fake *f = fake_new(&driver_turing_pi, 0);
	struct way w;

	f->url = "serial:/dev/ttyACM0";
	CHECK(driver_turing_pi.can(f->drv, 1, ACT_CONSOLE) == NULL);
	CHECK(!driver_turing_pi.console(f->drv, 1, &w));
	driver_turing_pi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, new_tp, NULL);
	w = way_of(f, 1);
	CHECK_INT(w.kind, WAY_ASK);
	CHECK(w.window && w.repeats && !w.steals && w.ask_ms == 1000);
	fake_free(f);
}

TEST(way_turing_pi_without_tools)
{
	struct fake *f = told(&driver_turing_pi, 0,
	    "tty3 uart3\nuid 1000\nhave tpi\nonce yes\nend\n");
	struct way w = way_of(f, 1);

	CHECK_STR(w.cmd, "tpi --json uart get -n 1");
	CHECK_STR(w.type_cmd, "");
	CHECK(strstr(w.limits, "needs root") != NULL);
	fake_free(f);
	f = told(&driver_turing_pi, 0,
	    "tty3 uart3\nuid 1000\nhave tpi\nhave sudo\nonce yes\nend\n");
	w = way_of(f, 1);
	CHECK_STR(w.type_cmd, "sudo -n tee /dev/ttyS2 >/dev/null");
	fake_free(f);
	f = told(&driver_turing_pi, 0, "tty3 uart3\nuid 0\nonce yes\nend\n");
	CHECK(strstr(driver_turing_pi.can(f->drv, 1, ACT_CONSOLE),
		  "neither curl nor tpi") != NULL);
	fake_free(f);
}

/* Who listens is known after the slow part; when that changes, it is told. */
TEST(way_turing_pi_without_bmcd)
{
	struct fake *f = told(&driver_turing_pi, 0, new_tp);
	unsigned changed = f->can_changed;
	struct way w;

	fake_answer(f, LINK_DONE, 0, "date 1\ncurl 7\nend\n", NULL);
	CHECK_INT(f->can_changed, changed + 1);
	w = way_of(f, 4);
	CHECK_INT(w.kind, WAY_PIPE);
	CHECK_STR(w.device, "/dev/ttyS4");
	CHECK_INT(w.baud, 115200);
	CHECK(strstr(w.limits, "bmcd does not run") != NULL);
	f->url = "serial:/dev/ttyACM0";
	CHECK(strstr(driver_turing_pi.can(f->drv, 1, ACT_CONSOLE),
		  "does not run") != NULL);
	fake_free(f);
}

static const char box[] =
    "kernel 5.15\nhostname ClusterBox\nuid 1000\nhave sudo\nnodectl vendor\n"
    "base 496\n"
    "tty 1 2 3 -\nonce yes\nend\n";

TEST(way_cluster_box_picocom)
{
	struct fake *f = told(&driver_cluster_box, 0, box);
	struct way w = way_of(f, 1);

	CHECK_INT(w.kind, WAY_PTY);
	CHECK_STR(w.cmd, "exec sudo -n picocom -b 1500000 '/dev/ttyCH343USB1'");
	CHECK_STR(w.ready, "Terminal ready");
	CHECK_STR(w.quit, "\001\030");
	CHECK(w.sends_break && w.baud == 1500000);
	/* Its nodectl is never run: it may cut power. */
	CHECK(strstr(w.cmd, "nodectl") == NULL);
	CHECK(strstr(driver_cluster_box.can(f->drv, 4, ACT_CONSOLE),
		  "serial port") != NULL);
	fake_free(f);
}

static const char box_v2[] =
    "kernel 5.15\nhostname ClusterBox\nuid 0\nnodectl v2\n"
    "tty 0 1 2 3 -\nonce yes\nend\n";

TEST(way_cluster_box_v2)
{
	struct fake *f = told(&driver_cluster_box, 0, box_v2);
	struct way w;

	CHECK(!driver_cluster_box.console(f->drv, 1, &w));
	fake_answer(f, LINK_DONE, 0,
	    "{\"nodes\":[{\"id\":1,\"tty\":\"/dev/ttyCH343USB1\","
	    "\"baud\":\"1500000\",\"tty_present\":true,"
	    "\"console_server\":true},"
	    "{\"id\":2,\"tty\":\"/dev/ttyCH343USB2\",\"baud\":\"115200\","
	    "\"tty_present\":true,\"console_server\":false},"
	    "{\"id\":3,\"tty\":\"/dev/ttyCH343USB3\","
	    "\"tty_present\":false}]}\nrc 0\nend\n",
	    NULL);
	w = way_of(f, 1);
	CHECK_STR(w.cmd, "exec /bin/nodectl console -n 1");
	CHECK_STR(w.quit, "\035q");
	CHECK_STR(w.bye, "[detached]");
	w = way_of(f, 2);
	CHECK_STR(w.cmd, "exec picocom -b 115200 '/dev/ttyCH343USB2'");
	CHECK(driver_cluster_box.can(f->drv, 3, ACT_CONSOLE) != NULL);
	fake_free(f);
}

static const struct setting mini[] = {
	{ "console_1", "/dev/ttyAMA1" },
	{ "console_2", "/dev/serial0@9600" },
	{ "console_3", "serial:/dev/ttyUSB0@57600" },
};

TEST(way_mini_cm4)
{
	struct fake *f = fake_new(&driver_mini_cm4, 0);
	struct way w;

	f->drv->config.settings = mini;
	f->drv->config.n_settings = ARRAY_LEN(mini);
	w = way_of(f, 1);
	CHECK_INT(w.kind, WAY_PIPE);
	CHECK_INT(w.by, WAY_BY_BOARD);
	CHECK_STR(w.device, "/dev/ttyAMA1");
	CHECK_INT(w.baud, 115200);
	w = way_of(f, 2);
	CHECK_STR(w.device, "/dev/serial0");
	CHECK_INT(w.baud, 9600);
	w = way_of(f, 3);
	CHECK_INT(w.kind, WAY_LINE);
	CHECK_INT(w.by, WAY_BY_OWN);
	CHECK_STR(w.device, "serial:/dev/ttyUSB0@57600");
	CHECK(strstr(driver_mini_cm4.can(f->drv, 4, ACT_CONSOLE),
		  "/dev/ttyAMA1") != NULL);
	f->url = "serial:/dev/serial/by-id/usb-Raspberry_Pi_Pico_1-if00";
	w = way_of(f, 2);
	CHECK_INT(w.by, WAY_BY_OWN);
	CHECK_STR(w.device, "serial:/dev/serial0@9600");
	CHECK(strstr(driver_mini_cm4.can(f->drv, 4, ACT_CONSOLE),
		  "this machine") != NULL);
	fake_free(f);
}

TEST(way_recipe)
{
	struct fake *f = fake_new(&driver_command, 0);
	struct recipe *r = recipe_new();
	static const char *const host[] = { "it's" };
	struct way w;
	char *many;

	r->slots = 3;
	CHECK(recipe_set(r, "host", host, 1, false));
	r->console = mem_array(2, sizeof *r->console);
	r->n_consoles = 2;
	r->console[0] =
	    (struct recipe_console){ .device = mem_strdup("/dev/ttypi%{slot}"),
		    .speed = 115200 };
	r->console[1] = (struct recipe_console){ .slot = 2,
		.run = mem_strdup("using /dev/x picocom -b 9600 %{host}") };
	f->drv->config.recipe = r;
	w = way_of(f, 1);
	CHECK_INT(w.kind, WAY_PIPE);
	CHECK_STR(w.device, "/dev/ttypi1");
	w = way_of(f, 2);
	CHECK_INT(w.kind, WAY_PTY);
	CHECK(str_starts(w.cmd, "exec sh -c '"));
	CHECK(strstr(w.cmd, "using()") != NULL);
	CHECK_STR(w.ready, "Terminal ready");
	free(r->console[1].run);
	many = mem_alloc(WAY_CMD_MAX + 1);
	memset(many, 'x', WAY_CMD_MAX);
	r->console[1].run = many;
	CHECK(strstr(driver_command.can(f->drv, 2, ACT_CONSOLE), "too long") !=
	    NULL);
	CHECK(!driver_command.console(f->drv, 2, &w));
	CHECK(!driver_command.console(f->drv, 0, &w));
	fake_free(f);
	recipe_unref(r);
}

TEST(way_linux_login)
{
	struct fake *f = fake_new(&driver_linux, 3);
	struct way w = way_of(f, 3);

	CHECK_INT(w.kind, WAY_LOGIN);
	CHECK_INT(w.by, WAY_BY_NODE);
	CHECK(!driver_linux.console(f->drv, 1, &w));
	fake_free(f);
}

/* --- a tty behind a shell, for real --------------------------------------- */

struct far {
	pid_t pid;
	int in, out; /* of the command */
	int master;
	char device[64];
};

static void
far_start(struct far *f, const char *shell, const char *cmd)
{
	int in[2], out[2];

	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	f->pid = fork();
	if (f->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		if (strcmp(shell, "busybox") == 0)
			execl("/bin/busybox", "busybox", "sh", "-c", cmd,
			    (char *)NULL);
		else
			execl("/bin/dash", "dash", "-c", cmd, (char *)NULL);
		_exit(126);
	}
	close(in[0]);
	close(out[1]);
	f->in = in[1];
	f->out = out[0];
}

static void
far_open(struct far *f, const char *shell, const char *device)
{
	struct way w;
	struct buf cmd;

	way_init(&w);
	way_tty(&w, device, 115200);
	buf_init(&cmd, 0);
	way_tty_cmd(&w, &cmd);
	far_start(f, shell, buf_str(&cmd));
	buf_release(&cmd);
}

static void
far_pty(struct far *f)
{
	int slave;

	CHECK(openpty(&f->master, &slave, f->device, NULL, NULL) == 0);
	(void)fcntl(f->master, F_SETFD, FD_CLOEXEC);
	close(slave);
}

/* Read until want is there. */
static void
read_until(int fd, const char *want, size_t len)
{
	char got[512];
	size_t n = 0;

	while (memmem(got, n, want, len) == NULL) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t k;

		CHECK(poll(&p, 1, 20000) == 1);
		k = read(fd, got + n, sizeof got - n);
		if (k <= 0)
			test_fail(__FILE__, __LINE__, "got only \"%.*s\"",
			    (int)n, got);
		n += (size_t)k;
	}
}

/* The whole family has let go of the command's output. */
static void
far_ends(struct far *f)
{
	char rest[256];
	int status;

	close(f->in);
	while (read(f->out, rest, sizeof rest) > 0)
		continue;
	CHECK(waitpid(f->pid, &status, 0) == f->pid);
	close(f->out);
}

static void
expect_said(const char *shell, const char *cmd, const char *want)
{
	struct far f;

	far_start(&f, shell, cmd);
	read_until(f.out, want, strlen(want));
	far_ends(&f);
}

static void
try_tty(const char *shell)
{
	struct far f, other;
	char want[80];
	struct buf cmd;

	far_pty(&f);
	far_open(&f, shell, f.device);
	read_until(f.out, "rackmux: open\n", 14);
	CHECK(write(f.master, "boot\r\n\x00\xff\x13", 9) == 9);
	read_until(f.out, "boot\r\n\x00\xff\x13", 9);
	CHECK(write(f.in, "a\x03\x04\x1a\x00\xff\r\n", 8) == 8);
	read_until(f.master, "a\x03\x04\x1a\x00\xff\r\n", 8);

	/* Whoever comes second hears who was first, by name and pid. */
	far_open(&other, shell, f.device);
	str_format(want, sizeof want, "rackmux: held by another rackmux (pid ");
	read_until(other.out, want, strlen(want));
	far_ends(&other);
	buf_init(&cmd, 0);
	way_holder_cmd(f.device, &cmd);
	expect_said(shell, buf_str(&cmd), "another rackmux (pid ");
	buf_release(&cmd);

	/* Our end closes: nobody is left who would eat its bytes. */
	far_ends(&f);
	far_open(&f, shell, f.device);
	read_until(f.out, "rackmux: open\n", 14);
	close(f.master); /* and now the device goes: the command ends */
	while (read(f.out, want, sizeof want) > 0)
		continue;
	far_ends(&f);
}

TEST(way_tty_in_dash)
{
	try_tty("dash");
}

TEST(way_tty_in_busybox)
{
	try_tty("busybox");
}

/* It is named so to look like a line of ours. */
static void
try_name(const char *shell)
{
	static const char name[] = "\\nrackmux: open";
	char got[512];
	struct far f;
	size_t n = 0;
	ssize_t k = 1;
	int ready[2];
	pid_t pid;

	far_pty(&f);
	CHECK(pipe2(ready, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
		    prctl(PR_SET_NAME, name) == 0 &&
		    open(f.device, O_RDWR | O_NOCTTY) >= 0)
			(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	CHECK_INT(read(ready[0], got, 1), 1);
	far_open(&f, shell, f.device);
	while (k > 0 && n < sizeof got - 1) {
		k = read(f.out, got + n, sizeof got - 1 - n);
		n += k > 0 ? (size_t)k : 0;
	}
	got[n] = '\0';
	CHECK(strstr(got, "rackmux: held by \\nrackmux: open (pid ") != NULL);
	CHECK(strstr(got, "\nrackmux: open") == NULL);
	far_ends(&f);
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, NULL, 0) == pid);
	close(f.master);
	close(ready[0]);
	close(ready[1]);
}

TEST(way_tty_held_by_a_program_of_a_strange_name)
{
	try_name("dash");
	try_name("busybox");
}

TEST(way_tty_that_is_none)
{
	struct far f;

	far_open(&f, "dash", "/dev/no such'tty");
	read_until(f.out, "/dev/no such'tty is not there", 29);
	far_ends(&f);
	far_open(&f, "busybox", "/tmp");
	read_until(f.out, "/tmp is no serial device.", 25);
	far_ends(&f);
}

/* A Pico that hears 1200 baud goes to its boot loader. */
TEST(way_tty_never_sets_1200)
{
	struct way w;

	way_init(&w);
	way_tty(&w, "/dev/ttyACM0", 1200);
	CHECK_INT(w.baud, 0);
}

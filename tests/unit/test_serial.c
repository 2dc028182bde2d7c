/* A serial line, played by a pty: a small getty with real shells behind it,
 * noise on the wire, a second program at the port, the cable pulled. */
#include "rackmux/link/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/login.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"
#include "test.h"

/* --- the board ---------------------------------------------------------- */

struct board {
	const char *shell; /* for sh -c */
	int noise; /* a kernel line after so many bytes; 0: none */
	bool open_shell; /* no login: a shell is there already */
	int master, slave;
	char path[64];
	pid_t pid;
	int count;
};

static void
put(struct board *b, const char *data, size_t len)
{
	static const char line[] =
	    "[   12.345678] usb 1-1: new high-speed USB device\r\n";
	size_t i;

	for (i = 0; i < len; i++) {
		if (write(b->master, data + i, 1) != 1)
			_exit(0);
		if (b->noise && ++b->count % b->noise == 0 &&
		    write(b->master, line, sizeof(line) - 1) < 0)
			_exit(0);
	}
}

static void
puts_(struct board *b, const char *s)
{
	put(b, s, strlen(s));
}

static void
get_line(struct board *b, char *out, size_t size, bool echo)
{
	size_t n = 0;
	char c;

	for (;;) {
		if (read(b->master, &c, 1) != 1)
			_exit(0);
		if (c == '\r' || c == '\n')
			break;
		if (echo)
			put(b, &c, 1);
		if (n + 1 < size)
			out[n++] = c;
	}
	out[n] = '\0';
	puts_(b, "\r\n");
}

static void
run_shell(struct board *b)
{
	struct pollfd fds[2];
	char data[256];
	ssize_t n;
	int m;
	pid_t pid = forkpty(&m, NULL, NULL, NULL);

	if (pid < 0)
		_exit(1);
	if (pid == 0) {
		setenv("PS1", "[root@turingpi ~]$ ", 1);
		setenv("TERM", "vt100", 1);
		unsetenv("ENV");
		execl("/bin/sh", "sh", "-c", b->shell, (char *)NULL);
		_exit(127);
	}
	fds[0] = (struct pollfd){ .fd = m, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = b->master, .events = POLLIN };
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			_exit(1);
		if (fds[0].revents) {
			n = read(m, data, sizeof(data));
			if (n <= 0)
				break;
			put(b, data, (size_t)n);
		}
		if (fds[1].revents) {
			n = read(b->master, data, sizeof(data));
			if (n <= 0)
				_exit(0);
			if (write(m, data, (size_t)n) < 0)
				break;
		}
	}
	close(m);
	waitpid(pid, NULL, 0);
}

static void
board_main(struct board *b)
{
	char user[64], password[64];

	if (b->open_shell)
		run_shell(b);
	for (;;) {
		puts_(b, "\r\nWelcome to Turing Pi\r\nturingpi login: ");
		get_line(b, user, sizeof(user), true);
		if (!*user)
			continue;
		puts_(b, "Password: ");
		get_line(b, password, sizeof(password), false);
		if (strcmp(user, "root") != 0 ||
		    strcmp(password, "turing") != 0) {
			puts_(b, "Login incorrect\r\n");
			continue;
		}
		puts_(b, "Last login: Sat Nov 21 05:00:00 on ttyGS0\r\n");
		run_shell(b);
	}
}

static void
board_start(struct board *b)
{
	struct termios t;

	CHECK(openpty(&b->master, &b->slave, b->path, NULL, NULL) == 0);
	tcgetattr(b->slave, &t);
	cfmakeraw(&t);
	tcsetattr(b->slave, TCSANOW, &t);
	b->pid = fork();
	if (b->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		board_main(b);
		_exit(0);
	}
	close(b->master);
	close(b->slave);
}

static void
board_stop(struct board *b)
{
	if (b->pid > 0) {
		kill(b->pid, SIGKILL);
		waitpid(b->pid, NULL, 0);
	}
	b->pid = 0;
}

/* --- our side ----------------------------------------------------------- */

struct fix {
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	enum link_state state;
	enum link_why why;
	char text[512];
	char states[600];
	struct link_ask ask;
	char title[200];
	int asks, overs;
};

struct answer {
	int n;
	enum link_outcome outcome;
	int status;
	char out[8192];
};

static void
on_state(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct fix *f = arg;
	size_t n = strlen(f->states);

	(void)l;
	f->state = state;
	f->why = why;
	str_copy(f->text, sizeof(f->text), text);
	snprintf(f->states + n, sizeof(f->states) - n, "%s ",
	    link_state_name(state));
}

static void
on_ask(void *arg, struct link *l, const struct link_ask *ask)
{
	struct fix *f = arg;

	(void)l;
	f->ask = *ask;
	str_copy(f->title, sizeof(f->title), ask->title);
	f->asks++;
}

static void
on_ask_over(void *arg, struct link *l, unsigned id)
{
	struct fix *f = arg;

	(void)l;
	CHECK_INT(id, f->ask.id);
	f->overs++;
}

static const struct link_sink sink = {
	.on_state = on_state,
	.on_ask = on_ask,
	.on_ask_over = on_ask_over,
};

static void
setup(struct fix *f, const char *path, struct link_config config)
{
	char err[256] = "", url[200];

	memset(f, 0, sizeof(*f));
	str_format(url, sizeof(url), "serial:%s", path);
	config.name = "board";
	config.url = url;
	f->loop = loop_new();
	f->pool = link_pool_new(f->loop);
	f->link = link_new(f->pool, &config, &sink, f, err, sizeof(err));
	if (!f->link)
		test_fail(__FILE__, __LINE__, "%s", err);
	link_start(f->link);
}

static void
teardown(struct fix *f)
{
	link_free(f->link);
	link_pool_free(f->pool);
	loop_free(f->loop);
}

#define UNTIL(f, cond) \
	do { \
		time_t end_ = time(NULL) + 12; \
		while (!(cond) && time(NULL) < end_) \
			loop_turn((f)->loop, 10); \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "never: %s (%s; %s)", \
			    #cond, (f)->states, (f)->text); \
	} while (0)

static void
done(void *arg, const struct link_result *r)
{
	struct answer *a = arg;

	a->n++;
	a->outcome = r->outcome;
	a->status = r->status;
	str_copy(a->out, sizeof(a->out), r->out);
}

static void
run(struct fix *f, const char *cmd, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	link_run(f->link, cmd, 5000, done, a);
	UNTIL(f, a->n == 1);
}

static const struct link_config with_password = {
	.password_cmd = "echo turing",
};

/* --- a shell behind a login --------------------------------------------- */

static void
works(const char *shell, int noise)
{
	struct board b = { .shell = shell, .noise = noise };
	struct answer a;
	char body[3000];
	struct fix f;
	size_t i;

	board_start(&b);
	setup(&f, b.path, with_password);
	for (i = 0; i < sizeof(body) - 40; i++)
		body[i] = i % 60 == 59 ? '\n' : i % 60 == 0 ? '#' : 'x';
	str_copy(body + i, 40, "\necho defined \"$((6*7))\" '\\'\n");
	link_define(f.link, "rm_poll", body);
	UNTIL(&f, f.state == LINK_UP);
	CHECK_STR(f.states, "connecting authenticating up ");
	run(&f, "echo hello; echo oops >&2; false", &a);
	CHECK_INT(a.outcome, LINK_DONE);
	CHECK_INT(a.status, 1);
	CHECK_STR(a.out, "hello\noops\n");
	run(&f, "rm_poll", &a);
	CHECK_STR(a.out, "defined 42 \\\n");
	run(&f, "printf 'no newline'", &a);
	CHECK_STR(a.out, "no newline");
	run(&f, "if", &a);
	CHECK_INT(a.outcome, LINK_DONE);
	run(&f,
	    "printf '%s\\n' \"a\tb\" '  two  spaces  ' 'back\\slash' "
	    "\"multi\nline\"",
	    &a);
	CHECK_STR(a.out, "a\tb\n  two  spaces  \nback\\slash\nmulti\nline\n");
	run(&f, "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done",
	    &a);
	CHECK(str_starts(a.out, "line 0\nline 1\n"));
	CHECK(str_ends(a.out, "line 298\nline 299\n"));
	CHECK_INT(strlen(a.out), 10 * 7 + 90 * 8 + 200 * 9);
	teardown(&f);
	board_stop(&b);
}

static bool
have(const char *program)
{
	char *path = mem_strdup(getenv("PATH")), *dir, *save = path;
	char file[512];
	bool found = false;

	while (!found && (dir = strsep(&path, ":")))
		found = str_format(file, sizeof(file), "%s/%s", dir, program) &&
		    access(file, X_OK) == 0;
	free(save);
	return found;
}

TEST(a_dash_behind_a_login)
{
	works("exec sh -i", 0);
}

TEST(a_bash_behind_a_login)
{
	if (have("bash"))
		works("exec bash --norc -i", 0);
}

TEST(a_busybox_behind_a_login)
{
	if (have("busybox"))
		works("exec busybox sh -i", 0);
}

TEST(a_kernel_that_talks_into_everything)
{
	works("exec sh -i", 61);
	works("exec sh -i", 17);
}

TEST(a_busybox_and_a_talking_kernel)
{
	if (have("busybox"))
		works("exec busybox sh -i", 23);
}

TEST(a_shell_that_is_open_already)
{
	struct board b = { .shell = "exec sh -i", .open_shell = true };
	struct answer a;
	struct fix f;

	board_start(&b);
	setup(&f, b.path, (struct link_config){ 0 });
	UNTIL(&f, f.state == LINK_UP);
	CHECK_STR(f.states, "connecting up ");
	run(&f, "echo x", &a);
	CHECK_STR(a.out, "x\n");
	teardown(&f);
	board_stop(&b);
}

TEST(a_wrong_password_does_not_loop)
{
	struct board b = { .shell = "exec sh -i" };
	struct link_config config = { .password_cmd = "echo wrong" };
	struct fix f;

	board_start(&b);
	setup(&f, b.path, config);
	UNTIL(&f, f.state == LINK_DOWN && f.why != LINK_WHY_NONE);
	CHECK_INT(f.why, LINK_WHY_AUTH);
	CHECK_INT(link_retry_ms(f.link), 0);
	teardown(&f);
	board_stop(&b);
}

TEST(no_password_and_nobody_to_ask)
{
	struct board b = { .shell = "exec sh -i" };
	struct fix f;

	board_start(&b);
	setup(&f, b.path, (struct link_config){ 0 });
	UNTIL(&f, f.why == LINK_WHY_AUTH);
	CHECK_INT(f.state, LINK_DOWN);
	CHECK(strstr(f.text, "password"));
	teardown(&f);
	board_stop(&b);
}

TEST(the_operator_is_asked_once)
{
	struct board b = { .shell = "exec sh -i" };
	struct link_config config = { .interactive = true };
	struct answer a;
	struct fix f;

	board_start(&b);
	setup(&f, b.path, config);
	UNTIL(&f, f.asks == 1);
	CHECK_INT(f.ask.kind, ASK_PASSWORD);
	CHECK(!f.ask.echo);
	CHECK(strstr(f.title, "root"));
	link_answer(f.link, f.ask.id, "turing");
	UNTIL(&f, f.state == LINK_UP);
	CHECK_INT(f.overs, 1);
	/* It logs in again by itself. */
	run(&f, "exit", &a);
	UNTIL(&f, f.state == LINK_LOST);
	UNTIL(&f, f.state == LINK_UP);
	CHECK_INT(f.asks, 1);
	teardown(&f);
	board_stop(&b);
}

TEST(an_operator_who_declines)
{
	struct board b = { .shell = "exec sh -i" };
	struct link_config config = { .interactive = true };
	struct fix f;

	board_start(&b);
	setup(&f, b.path, config);
	UNTIL(&f, f.asks == 1);
	link_answer(f.link, f.ask.id, NULL);
	UNTIL(&f, f.why == LINK_WHY_AUTH);
	CHECK_INT(f.overs, 1);
	teardown(&f);
	board_stop(&b);
}

TEST(a_hung_command_is_interrupted_and_the_queue_goes_on)
{
	struct board b = { .shell = "exec sh -i" };
	struct answer a = { 0 }, c = { 0 };
	struct fix f;

	board_start(&b);
	setup(&f, b.path, with_password);
	UNTIL(&f, f.state == LINK_UP);
	link_run(f.link, "echo part; sleep 1000", 300, done, &a);
	link_run(f.link, "echo next", 5000, done, &c);
	UNTIL(&f, a.n == 1);
	CHECK_INT(a.outcome, LINK_TIMED_OUT);
	UNTIL(&f, c.n == 1);
	CHECK_INT(c.outcome, LINK_DONE);
	CHECK_STR(c.out, "next\n");
	teardown(&f);
	board_stop(&b);
}

/* A program that was killed leaves its loop on the line. */
TEST(a_loop_left_behind_is_found_and_left)
{
	struct board b = { .shell = "exec sh -i" };
	struct answer a;
	struct fix f;
	int status;
	pid_t pid;

	board_start(&b);
	pid = fork();
	if (pid == 0) {
		setup(&f, b.path, with_password);
		UNTIL(&f, f.state == LINK_UP);
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status));
	setup(&f, b.path, with_password);
	UNTIL(&f, f.state == LINK_UP);
	run(&f, "echo mine", &a);
	CHECK_STR(a.out, "mine\n");
	teardown(&f);
	board_stop(&b);
}

/* --- the port ----------------------------------------------------------- */

TEST(a_line_without_a_shell_is_not_typed_at)
{
	struct link_config config = { .no_shell = true };
	struct stream_request raw = { .kind = STREAM_RAW };
	struct answer a = { 0 };
	int master, slave;
	struct stream *s;
	char path[64], data[16];
	struct fix f;
	int err = 0, i;

	CHECK(openpty(&master, &slave, path, NULL, NULL) == 0);
	fcntl(master, F_SETFL, O_NONBLOCK);
	setup(&f, path, config);
	UNTIL(&f, f.state == LINK_UP);
	CHECK(!(link_can(f.link) & LINK_CAN_RUN));
	loop_freeze(f.loop);
	for (i = 0; i < 100; i++) {
		loop_advance(f.loop, 1000);
		loop_turn(f.loop, 0);
	}
	CHECK(read(master, data, sizeof(data)) < 0);
	link_run(f.link, "echo x", 1000, done, &a);
	UNTIL(&f, a.n == 1);
	CHECK_INT(a.outcome, LINK_CANNOT);
	s = link_open(
	    f.link, &raw, &(struct stream_sink){ .on_data = NULL }, NULL, &err);
	CHECK(s != NULL);
	CHECK_INT(stream_write(s, "e", 1), 0);
	for (i = 0; i < 100 && read(master, data, 1) != 1; i++)
		loop_turn(f.loop, 5);
	CHECK_INT(data[0], 'e');
	CHECK(stream_break(s) == 0 || stream_break(s) == -ENOTSUP);
	stream_free(s);
	teardown(&f);
	close(master);
	close(slave);
}

TEST(the_line_is_raw_and_exclusive)
{
	struct link_config config = { .no_shell = true };
	int master, slave, excl = 0;
	struct termios t;
	char path[64];
	struct fix f;

	CHECK(openpty(&master, &slave, path, NULL, NULL) == 0);
	setup(&f, path, config);
	UNTIL(&f, f.state == LINK_UP);
	CHECK(tcgetattr(slave, &t) == 0);
	CHECK(!(t.c_lflag & (ICANON | ECHO | ISIG)));
	CHECK(!(t.c_cflag & (CRTSCTS | HUPCL)));
	CHECK(t.c_cflag & CLOCAL);
	CHECK(!(t.c_iflag & (IXON | ICRNL)));
	CHECK(!(t.c_oflag & OPOST));
	CHECK_INT(cfgetospeed(&t), B115200);
	CHECK(ioctl(slave, TIOCGEXCL, &excl) == 0);
	CHECK(excl);
	CHECK(flock(slave, LOCK_EX | LOCK_NB) < 0);
	teardown(&f);
	CHECK(flock(slave, LOCK_EX | LOCK_NB) == 0);
	close(master);
	close(slave);
}

/* A program that has the port in one of the ways in which programs do. */
static pid_t
hold(const char *path, int master, unsigned long request)
{
	int pipes[2], fd;
	pid_t pid;
	char c = 'x';

	CHECK(pipe(pipes) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(master);
		fd = open(path, O_RDWR | O_NOCTTY);
		if (request)
			ioctl(fd, request);
		else
			flock(fd, LOCK_EX);
		if (write(pipes[1], &c, 1) == 1)
			pause();
		_exit(0);
	}
	CHECK(read(pipes[0], &c, 1) == 1);
	return pid;
}

static void
held_by(unsigned long request)
{
	struct link_config config = { .no_shell = true };
	char path[64], want[64];
	int master, slave;
	struct fix f;
	pid_t pid;

	CHECK(openpty(&master, &slave, path, NULL, NULL) == 0);
	fcntl(slave, F_SETFD, FD_CLOEXEC);
	pid = hold(path, master, request);
	close(slave);
	setup(&f, path, config);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_BUSY);
	str_format(want, sizeof(want), "process %ld", (long)pid);
	CHECK(strstr(f.text, want));
	CHECK(strstr(f.text, "test_serial"));
	CHECK(link_retry_ms(f.link) > 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	UNTIL(&f, f.state == LINK_UP);
	teardown(&f);
	close(master);
}

TEST(a_port_that_is_held_names_the_holder)
{
	held_by(0);
}

/* Which does not stop root. */
TEST(a_port_that_is_held_exclusively_names_the_holder)
{
	held_by(TIOCEXCL);
}

/* Left over from one that died, on a port that another end keeps alive. */
TEST(a_mark_that_nobody_stands_behind_does_not_hold)
{
	struct link_config config = { .no_shell = true };
	int master, slave;
	char path[64];
	struct fix f;

	if (geteuid() != 0)
		return; /* the kernel does not let others in */
	CHECK(openpty(&master, &slave, path, NULL, NULL) == 0);
	CHECK(ioctl(slave, TIOCEXCL) == 0);
	setup(&f, path, config);
	UNTIL(&f, f.state == LINK_UP);
	CHECK(!strstr(f.states, "lost"));
	teardown(&f);
	close(master);
	close(slave);
}

TEST(ports_that_cannot_be_opened)
{
	struct link_config config = { .no_shell = true };
	struct fix f;

	setup(&f, "/dev/does-not-exist", config);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_GONE);
	CHECK(strstr(f.text, "/dev/does-not-exist"));
	teardown(&f);
	setup(&f, "/dev/null", config);
	UNTIL(&f, f.why != LINK_WHY_NONE);
	CHECK_INT(f.why, LINK_WHY_LOCAL);
	CHECK_INT(f.state, LINK_DOWN);
	CHECK(strstr(f.text, "no serial port"));
	teardown(&f);
}

/* Pulled and plugged in again, as a by-id link that goes and comes. */
TEST(unplugged_and_back_at_once)
{
	struct board b = { .shell = "exec sh -i", .open_shell = true };
	char link_path[300], spare[300];
	struct answer a = { 0 };
	struct fix f;
	int i;

	board_start(&b);
	str_format(link_path, sizeof(link_path), "%s/usb-board", test_dir());
	str_format(spare, sizeof(spare), "%s/.tmp", test_dir());
	CHECK(symlink(b.path, link_path) == 0);
	setup(&f, link_path, (struct link_config){ 0 });
	UNTIL(&f, f.state == LINK_UP);
	link_run(f.link, "sleep 100", 60000, done, &a);
	for (i = 0; i < 5; i++)
		loop_turn(f.loop, 5);
	board_stop(&b);
	unlink(link_path);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_GONE);
	CHECK(strstr(f.text, "unplugged"));
	UNTIL(&f, a.n == 1);
	CHECK_INT(a.outcome, LINK_DIED);
	/* With the clock stopped no retry is due: only the watch is left. */
	loop_freeze(f.loop);
	board_start(&b);
	CHECK(symlink(b.path, spare) == 0);
	CHECK(rename(spare, link_path) == 0);
	for (i = 0; i < 500 && f.state == LINK_LOST; i++) {
		loop_turn(f.loop, 10);
		loop_advance(f.loop, 1);
	}
	for (i = 0; i < 1000 && f.state != LINK_UP; i++) {
		loop_turn(f.loop, 10);
		loop_advance(f.loop, 10);
	}
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
	board_stop(&b);
}

/* No clock is needed for that: what the kernel tells is enough. */
TEST(a_console_is_back_at_the_first_event)
{
	struct link_config config = { .no_shell = true };
	char link_path[300], spare[300], path[64];
	int master, slave, other, i;
	struct fix f;

	CHECK(openpty(&master, &slave, path, NULL, NULL) == 0);
	close(slave);
	str_format(link_path, sizeof(link_path), "%s/usb-board", test_dir());
	str_format(spare, sizeof(spare), "%s/.tmp", test_dir());
	CHECK(symlink(path, link_path) == 0);
	setup(&f, link_path, config);
	UNTIL(&f, f.state == LINK_UP);
	loop_freeze(f.loop);
	close(master);
	unlink(link_path);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK(openpty(&other, &slave, path, NULL, NULL) == 0);
	close(slave);
	CHECK(symlink(path, spare) == 0);
	CHECK(rename(spare, link_path) == 0);
	for (i = 0; i < 500 && f.state != LINK_UP; i++)
		loop_turn(f.loop, 10);
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
	close(other);
}

/* udev makes the node first and gives it to its group then. */
TEST(a_console_is_back_when_it_may_be_opened)
{
	struct link_config config = { .no_shell = true };
	int master, slave, i;
	char path[64];
	struct fix f;

	if (geteuid() == 0)
		return; /* may always */
	CHECK(openpty(&master, &slave, path, NULL, NULL) == 0);
	close(slave);
	CHECK(chmod(path, 0) == 0);
	setup(&f, path, config);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_LOCAL);
	CHECK(strstr(f.text, "dialout"));
	loop_freeze(f.loop);
	CHECK(chmod(path, 0600) == 0);
	for (i = 0; i < 500 && f.state != LINK_UP; i++)
		loop_turn(f.loop, 10);
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
	close(master);
}

TEST(a_console_borrows_the_line_and_gives_it_back)
{
	struct board b = { .shell = "exec sh -i" };
	struct stream_request raw = { .kind = STREAM_RAW };
	struct stream_sink taps = { 0 };
	struct answer a;
	struct stream *s;
	struct fix f;
	int err = 0;

	board_start(&b);
	setup(&f, b.path, with_password);
	UNTIL(&f, f.state == LINK_UP);
	run(&f, "echo x", &a);
	CHECK_STR(a.out, "x\n");
	taps.on_data = NULL;
	s = link_open(f.link, &raw, &taps, NULL, &err);
	CHECK(s != NULL);
	stream_free(s);
	run(&f, "echo y", &a);
	CHECK_STR(a.out, "y\n");
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
	board_stop(&b);
}

/*
 * rackmux console in a pipe and on a terminal, on consoles that are programs
 * of the test: what is typed, what is printed, and who else has the line.
 */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "piped.h"
#include "simproc.h"
#include "test.h"

#define SOON 15000
#define BIG (6 * 1024 * 1024)

static char config[400];

/* A board of one node whose console is that; more is said before. */
static void
console_is(const char *console, const char *more)
{
	char *text = text_of("%s\nboards = ({ name = \"b\"; type = \"linux\"; "
			     "slots = 1; nodes = ({ slot = 1; name = \"n\"; "
			     "console = \"%s\"; }); });\n",
	    more, console);

	snprintf(config, sizeof config, "%s/c.cfg", test_dir());
	file_write(config, text);
	free(text);
}

/* The node is a script, on a line that changes no byte. */
static void
node_is(const char *script)
{
	char *text = text_of("stty raw -echo\ncd %s\n%s\n", test_dir(), script);
	char *path = text_of("%s/node.sh", test_dir());
	char *console = text_of("exec:sh %s", path);

	file_write(path, text);
	console_is(console, "");
	free(text);
	free(path);
	free(console);
}

static bool
there_is(const char *name)
{
	char *path = text_of("%s/%s", test_dir(), name);
	bool is = access(path, F_OK) == 0;

	free(path);
	return is;
}

static void
random_file(const char *name, size_t len, unsigned char *bytes)
{
	char *path = text_of("%s/%s", test_dir(), name);
	unsigned seed = 4711;
	FILE *f = fopen(path, "we");

	CHECK(f != NULL);
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		bytes[i] = (unsigned char)(seed >> 16);
	}
	CHECK(fwrite(bytes, 1, len, f) == len);
	CHECK(fclose(f) == 0);
	free(path);
}

static void
run(struct piped *p, const char *option)
{
	piped_start(p, "console", "-c", config, "n", option, NULL);
}

/* --- in a pipe ------------------------------------------------------------ */

TEST(what_is_typed_reaches_the_node_exactly_and_its_end_ends_it)
{
	unsigned char bytes[9000];
	struct piped p;

	random_file("sent", sizeof bytes, bytes);
	node_is("echo ready; exec cat");
	run(&p, NULL);
	piped_says(&p, "ready\n");
	piped_type(&p, (const char *)bytes, sizeof bytes);
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	CHECK_STR(p.told, "");
	CHECK_INT(p.said_len, sizeof bytes + 6);
	CHECK(memcmp(p.said + 6, bytes, sizeof bytes) == 0);
	piped_release(&p);
}

/* Both ends are files. */
static int
run_on_files(const char *in, const char *out)
{
	char *rackmux = text_of("%s/rackmux", getenv("RM_BUILD"));
	int status = -1;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		dup2(open(in, O_RDONLY | O_CLOEXEC), 0);
		dup2(open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), 1);
		execl(rackmux, rackmux, "console", "-c", config, "n",
		    (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	free(rackmux);
	return WEXITSTATUS(status);
}

/* It is longer than what may wait for the line. */
TEST(a_long_file_is_typed_to_its_end)
{
	unsigned char *bytes = malloc(BIG / 4), *got = malloc(BIG);
	char *sent = text_of("%s/sent", test_dir());
	char *back = text_of("%s/back", test_dir());
	FILE *f;

	CHECK(bytes != NULL && got != NULL);
	random_file("sent", BIG / 4, bytes);
	node_is("exec cat");
	CHECK_INT(run_on_files(sent, back), 0);
	f = fopen(back, "re");
	CHECK(f != NULL);
	CHECK_INT(fread(got, 1, BIG, f), BIG / 4);
	CHECK(memcmp(got, bytes, BIG / 4) == 0);
	fclose(f);
	free(sent);
	free(back);
	free(bytes);
	free(got);
}

/* It is in a queue long before the line has carried it. */
TEST(it_waits_until_the_line_has_carried_what_was_typed)
{
	char name[100], text[481], *console;
	int control, line;
	long long start;
	struct piped p;

	CHECK(openpty(&control, &line, name, NULL, NULL) == 0);
	close(line);
	console = text_of("serial:%s@2400", name);
	console_is(console, "");
	memset(text, 'x', sizeof text);
	start = now_in_ms();
	run(&p, NULL);
	piped_type(&p, text, 480);
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	/* 480 bytes are two seconds, and then one of silence. */
	CHECK(now_in_ms() - start >= 2900);
	CHECK_INT(read(control, text, sizeof text), 480);
	piped_release(&p);
	free(console);
	close(control);
}

TEST(a_reader_that_stops_holds_the_line_back_and_loses_nothing)
{
	unsigned char *bytes = malloc(BIG);
	struct piped p;
	long long end;

	CHECK(bytes != NULL);
	random_file("big", BIG, bytes);
	node_is("cat big; : >done; exec cat");
	run(&p, NULL);
	end = now_in_ms() + 1500;
	/* Not a byte is read: it must not run on. */
	while (now_in_ms() < end)
		CHECK(!there_is("done"));
	piped_end_input(&p);
	CHECK_INT(piped_wait(&p), 0);
	CHECK(there_is("done"));
	CHECK_INT(p.said_len, BIG);
	CHECK(memcmp(p.said, bytes, BIG) == 0);
	piped_release(&p);
	free(bytes);
}

TEST(read_only_types_nothing)
{
	struct piped p;

	node_is("echo ready; (sleep 0.5; echo later) &\n"
		"dd bs=1 count=1 of=typed 2>/dev/null; : >done; exec cat");
	run(&p, "--read-only");
	piped_says(&p, "ready\n");
	piped_type(&p, "x", 1);
	piped_end_input(&p);
	/* It goes on without its input, until it is told to end. */
	piped_says(&p, "later\n");
	CHECK_INT(kill(p.pid, SIGINT), 0);
	CHECK_INT(piped_wait(&p), 130);
	CHECK(!there_is("done"));
	piped_release(&p);
}

TEST(a_reader_that_goes_ends_it)
{
	struct piped p;

	node_is("while :; do echo more; done");
	run(&p, "--read-only");
	piped_says(&p, "more\n");
	piped_close_out(&p);
	CHECK_INT(piped_wait(&p), 0);
	CHECK_STR(p.told, "");
	piped_release(&p);
}

TEST(a_reader_that_goes_ends_it_also_when_nothing_comes)
{
	struct piped p;

	node_is("echo ready; exec cat");
	run(&p, "--read-only");
	piped_says(&p, "ready\n");
	piped_close_out(&p);
	CHECK_INT(piped_wait(&p), 0);
	piped_release(&p);
}

TEST(none_is_told_and_a_failure)
{
	struct piped p;

	console_is("none", "");
	run(&p, NULL);
	CHECK_INT(piped_wait(&p), 1);
	CHECK_STR(
	    p.told, "rackmux: b/1: The configuration says that it has none.\n");
	CHECK_STR(p.said, "");
	piped_release(&p);
}

TEST(nobody_behind_a_port_is_a_failure_when_its_time_is_over)
{
	struct piped p;

	console_is("tcp://127.0.0.1:9", "");
	piped_start(&p, "console", "-c", config, "n", "--timeout", "1", NULL);
	CHECK_INT(piped_wait(&p), 1);
	CHECK(strstr(p.told, "port 9 refuses the connection") != NULL);
	CHECK(strstr(p.told, "?.") == NULL);
	piped_release(&p);
}

/* --- on a terminal -------------------------------------------------------- */

static void
start_screen(struct vtx *x)
{
	static const char *argv[] = { "console", "-c", config, "n", NULL };

	dash_start(x, 80, 24, program_env(), argv);
}

TEST(a_terminal_is_as_it_was_after_an_interrupt)
{
	struct vtx x;
	int status;

	node_is("echo ready; exec cat");
	start_screen(&x);
	CHECK(vtx_wait_text(&x, "ready", SOON));
	vtx_send(&x, "typed");
	CHECK(vtx_wait_text(&x, "typed", SOON));
	CHECK_INT(kill(x.pid, SIGINT), 0);
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(WEXITSTATUS(status), 130);
	check_terminal_clean(&x);
	vtx_close(&x);
}

/* --- who else has the line ------------------------------------------------ */

TEST(a_second_one_reads_along_and_its_typing_is_refused)
{
	struct piped first, second, third;

	node_is("echo ready; exec cat");
	run(&first, NULL);
	piped_says(&first, "ready\n");
	run(&second, "--read-only");
	piped_tells(&second, "joined");
	piped_type(&first, "both\n", 5);
	piped_says(&second, "both");
	piped_says(&first, "both");
	run(&third, NULL);
	piped_type(&third, "no\n", 3);
	CHECK_INT(piped_wait(&third), 1);
	CHECK(strstr(third.told, "nothing was typed") != NULL);
	CHECK(strstr(first.said, "no\n") == NULL);
	piped_release(&first);
	piped_release(&second);
	piped_release(&third);
}

TEST(a_line_is_taken_over_knowingly_and_the_first_is_told)
{
	struct piped first;
	struct vtx x;

	node_is("echo ready; exec cat");
	run(&first, "--read-only");
	piped_says(&first, "ready\n");
	start_screen(&x);
	CHECK(vtx_wait_text(&x, "Another rackmux has it", SOON));
	vtx_send(&x, "z");
	vtx_settle(&x, 300);
	CHECK(strchr(first.said, 'z') == NULL);
	vtx_send(&x, "\035O");
	CHECK(vtx_wait_text(&x, "ready", SOON));
	piped_tells(&first, "joined");
	/* What is typed before it is open is refused. */
	CHECK(vtx_wait_text(&x, "n  open", SOON));
	vtx_send(&x, "mine now");
	CHECK(vtx_wait_text(&x, "mine now", SOON));
	piped_says(&first, "mine now");
	vtx_close(&x);
	piped_release(&first);
}

/* A program that has the line and not its other end; as picocom does, by the
 * kernel's own mark or by a lock. */
static pid_t
hold(char *name, bool lock)
{
	int control, line, ready[2];
	char byte;
	pid_t pid;

	CHECK(openpty(&control, &line, name, NULL, NULL) == 0);
	CHECK(pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(control);
		if (lock ? flock(line, LOCK_EX) == 0
			 : ioctl(line, TIOCEXCL) == 0)
			(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(line);
	close(ready[1]);
	CHECK_INT(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void
check_named(bool lock)
{
	char name[100], *console, *want;
	struct piped p;
	pid_t pid = hold(name, lock);

	want = text_of(
	    "%s is in use by test_console_cm (process %ld)", name, (long)pid);
	console = text_of("serial:%s@115200", name);
	console_is(console, "");
	piped_start(&p, "console", "-c", config, "n", "--timeout", "3", NULL);
	CHECK_INT(piped_wait(&p), 1);
	if (strstr(p.told, want) == NULL)
		test_fail(__FILE__, __LINE__, "no %s in \"%s\"", want, p.told);
	piped_release(&p);
	free(console);
	free(want);
	CHECK(kill(pid, SIGKILL) == 0);
}

TEST(a_foreign_program_that_marked_the_line_its_own_is_named_with_its_pid)
{
	check_named(false);
}

TEST(a_foreign_program_that_locks_the_line_is_named_with_its_pid)
{
	check_named(true);
}

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "test.h"

#define UNTIL(l, cond) \
	do { \
		long long end_ = now_ms() + 10000; \
		while (!(cond) && now_ms() < end_) \
			loop_turn(l, 50); \
		CHECK(cond); \
	} while (0)

struct run {
	struct loop *loop;
	struct child *child;
	struct io *io;
	char out[4096];
	size_t len;
	bool eof, free_it;
	int exits, status;
};

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void
on_end(void *arg, int status)
{
	struct run *r = arg;

	r->exits++;
	r->status = status;
	if (r->free_it) {
		child_free(r->child);
		r->child = NULL;
	}
}

static void
on_out(void *arg, int events)
{
	struct run *r = arg;
	ssize_t n;

	(void)events;
	for (;;) {
		n = read(child_fd(r->child), r->out + r->len,
		    sizeof r->out - 1 - r->len);
		if (n <= 0)
			break;
		r->len += (size_t)n;
	}
	/* a pty says EIO where a socket says nothing more */
	if (n == 0 || errno == EIO || errno == ECONNRESET) {
		r->eof = true;
		io_free(r->io);
		r->io = NULL;
	}
}

static void
start(struct run *r, struct loop *l, enum child_io io, const char *script,
    char *const *env)
{
	char sh[] = "sh", c[] = "-c", *text = mem_strdup(script);
	char *argv[] = { sh, c, text, NULL };
	struct child_options o = {
		.argv = argv, .env = env, .io = io, .rows = 33, .cols = 99
	};
	int err = 0;

	*r = (struct run){ .loop = l };
	r->child = child_start(l, &o, on_end, r, &err);
	free(text);
	CHECK(r->child != NULL);
	r->io = io_new(l, child_fd(r->child), on_out, r);
	io_want(r->io, IO_READ);
}

static void
finish(struct run *r)
{
	UNTIL(r->loop, r->exits > 0 && r->eof);
	CHECK_INT(r->exits, 1);
	child_free(r->child);
}

static const char *
output(const char *script, enum child_io io)
{
	static struct run r;
	struct loop *l = loop_new();

	start(&r, l, io, script, NULL);
	finish(&r);
	loop_free(l);
	return r.out;
}

TEST(exit_status_and_output)
{
	struct loop *l = loop_new();
	struct run r;

	start(&r, l, CHILD_PIPES, "echo hi; exit 7", NULL);
	CHECK(child_pid(r.child) > 0);
	finish(&r);
	CHECK(WIFEXITED(r.status));
	CHECK_INT(WEXITSTATUS(r.status), 7);
	CHECK_STR(r.out, "hi\n");
	loop_free(l);
}

TEST(free_in_the_callback)
{
	struct loop *l = loop_new();
	struct run r;

	start(&r, l, CHILD_PIPES, "exit 0", NULL);
	io_free(r.io);
	r.free_it = true;
	UNTIL(l, r.exits == 1);
	CHECK(r.child == NULL);
	loop_turn(l, 10);
	loop_free(l);
}

TEST(stdin_goes_there_and_ends)
{
	struct loop *l = loop_new();
	struct run r;

	start(&r, l, CHILD_PIPES, "cat; echo end", NULL);
	CHECK(write(child_fd(r.child), "abc\n", 4) == 4);
	child_eof(r.child);
	finish(&r);
	CHECK_STR(r.out, "abc\nend\n");
	loop_free(l);
}

TEST(stderr_is_apart)
{
	struct loop *l = loop_new();
	struct run r;
	char err[16] = "";

	start(&r, l, CHILD_PIPES, "echo out; echo err >&2", NULL);
	UNTIL(l, r.exits == 1 && r.eof);
	CHECK(read(child_stderr(r.child), err, sizeof err - 1) == 4);
	CHECK_STR(err, "err\n");
	CHECK_STR(r.out, "out\n");
	child_free(r.child);
	loop_free(l);
}

TEST(what_cannot_be_run_is_told_at_once)
{
	struct loop *l = loop_new();
	char name[] = "no-such-program-here", *argv[] = { name, NULL };
	struct child_options o = { .argv = argv };
	struct run r = { .loop = l };

	for (o.io = CHILD_PIPES; o.io <= CHILD_PTY; o.io++) {
		int err = 0;

		CHECK(child_start(l, &o, on_end, &r, &err) == NULL);
		CHECK_INT(err, -ENOENT);
	}
	loop_turn(l, 10);
	CHECK_INT(r.exits, 0);
	CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	loop_free(l);
}

TEST(a_pty_is_its_controlling_terminal_and_has_its_size)
{
	const char *out =
	    output("test -t 0 && test -t 1 && test -t 2 && tty && stty size && "
		   ": </dev/tty && echo controlling",
		CHILD_PTY);

	CHECK(str_starts(out, "/dev/pts/"));
	CHECK(strstr(out, "33 99\r\ncontrolling\r\n") != NULL);
}

TEST(a_pty_is_resized_and_its_program_told)
{
	struct loop *l = loop_new();
	struct run r;

	start(&r, l, CHILD_PTY,
	    "trap 'stty size; exit 0' WINCH; echo ready; "
	    "while :; do sleep 0.05; done",
	    NULL);
	CHECK_INT(child_stderr(r.child), -1);
	UNTIL(l, strstr(r.out, "ready") != NULL);
	child_resize(r.child, 12, 34);
	finish(&r);
	CHECK(strstr(r.out, "12 34") != NULL);
	loop_free(l);
}

TEST(without_a_pty_it_has_no_terminal_to_ask_on)
{
	CHECK_STR(output("(: </dev/tty) 2>/dev/null && echo yes || echo no",
		      CHILD_PIPES),
	    "no\n");
}

/* What was open in us, marked or not, is not in them. */
TEST(no_descriptor_but_three)
{
	int fd = open("/dev/null", O_RDONLY), high = fcntl(fd, F_DUPFD, 200);

	CHECK(fd >= 3 && high >= 200);
	for (int io = CHILD_PIPES; io <= CHILD_PTY; io++)
		CHECK(str_starts(output("i=3; while [ $i -lt 250 ]; do "
					"[ ! -e /proc/self/fd/$i ] || "
					"echo $i; i=$((i + 1)); done; "
					"echo none",
				     (enum child_io)io),
		    "none"));
	close(fd);
	close(high);
}

TEST(signals_are_as_by_default)
{
	sigset_t all;
	struct sigaction ign = { .sa_handler = SIG_IGN };
	unsigned long long ignored;
	const char *out;

	sigfillset(&all);
	sigdelset(&all, SIGCHLD);
	sigdelset(&all, SIGALRM);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(SIGPIPE, &ign, NULL);
	/* glibc keeps 32 and 33 for itself, and ignores them over exec */
	out = output("grep -E '^Sig(Blk|Ign)' /proc/self/status", CHILD_PIPES);
	CHECK(strstr(out, "SigBlk:\t0000000000000000\n") != NULL);
	CHECK(sscanf(strstr(out, "SigIgn:"), "SigIgn:\t%llx", &ignored) == 1);
	CHECK_INT(ignored & ~0x180000000ull, 0);
}

TEST(more_environment_replaces_what_was)
{
	struct loop *l = loop_new();
	char a[] = "RM_A=new", b[] = "RM_B=", *env[] = { a, b, NULL };
	struct run r;

	setenv("RM_A", "old", 1);
	setenv("RM_AB", "kept", 1);
	start(&r, l, CHILD_PIPES, "env | grep ^RM_A | sort; echo [$RM_B]", env);
	finish(&r);
	CHECK_STR(r.out, "RM_A=new\nRM_AB=kept\n[]\n");
	loop_free(l);
}

TEST(a_killed_one_says_by_what)
{
	struct loop *l = loop_new();
	struct run r;

	start(&r, l, CHILD_PIPES, "echo up; sleep 100", NULL);
	UNTIL(l, r.len > 0);
	child_kill(r.child, SIGTERM);
	finish(&r);
	CHECK(WIFSIGNALED(r.status));
	CHECK_INT(WTERMSIG(r.status), SIGTERM);
	loop_free(l);
}

static bool
gone(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH;
}

TEST(a_freed_one_is_ended_and_reaped_and_never_tells)
{
	struct loop *l = loop_new();
	struct run r;
	pid_t pid;

	start(&r, l, CHILD_PIPES, "sleep 100", NULL);
	pid = child_pid(r.child);
	io_free(r.io);
	child_free(r.child);
	UNTIL(l, gone(pid));
	CHECK_INT(r.exits, 0);
	child_free(NULL);
	loop_free(l);
}

TEST(one_that_ignores_term_is_killed_after_two_seconds)
{
	struct loop *l = loop_new();
	struct run r;
	pid_t pid;

	start(&r, l, CHILD_PIPES,
	    "trap '' TERM HUP PIPE; echo up; while :; do sleep 0.1; done",
	    NULL);
	UNTIL(l, r.len > 0);
	loop_freeze(l);
	pid = child_pid(r.child);
	io_free(r.io);
	child_free(r.child);
	loop_advance(l, 1999);
	loop_turn(l, 100);
	CHECK(!gone(pid));
	loop_advance(l, 1);
	UNTIL(l, gone(pid));
	loop_free(l);
}

TEST(the_end_of_the_loop_ends_a_freed_one_at_once)
{
	struct loop *l = loop_new();
	struct run r;
	long long t0;
	pid_t pid;

	start(&r, l, CHILD_PIPES,
	    "trap '' TERM; echo up; while :; do sleep 0.1; done", NULL);
	UNTIL(l, r.len > 0);
	pid = child_pid(r.child);
	io_free(r.io);
	child_free(r.child);
	t0 = now_ms();
	loop_free(l);
	CHECK(gone(pid));
	CHECK(now_ms() - t0 < 1500);
}

/* They end together; each is told once, with its own status, while the first
 * that is told frees all others. */
static struct run many[40];
static int told;

static void
on_one_of_many(void *arg, int status)
{
	struct run *r = arg;

	told++;
	CHECK_INT(WEXITSTATUS(status), (int)(r - many));
	r->exits++;
	if (told == 20)
		for (size_t i = 0; i < ARRAY_LEN(many); i++) {
			if (many[i].child != NULL && &many[i] != r) {
				child_free(many[i].child);
				many[i].child = NULL;
			}
		}
	child_free(r->child);
	r->child = NULL;
}

TEST(many_that_end_together)
{
	struct loop *l = loop_new();
	char sh[] = "sh", c[] = "-c", script[32];
	char *argv[] = { sh, c, script, NULL };
	struct child_options o = { .argv = argv };

	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		int err;

		snprintf(script, sizeof script, "read x; exit %zu", i);
		many[i].child =
		    child_start(l, &o, on_one_of_many, &many[i], &err);
		CHECK(many[i].child != NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		child_eof(many[i].child);
	/* not before all have: then one turn reaps them all */
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		CHECK(waitid(P_PID, (id_t)child_pid(many[i].child),
			  &(siginfo_t){ 0 }, WEXITED | WNOWAIT) == 0);
	UNTIL(l, told == 20);
	UNTIL(l, waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	CHECK_INT(told, 20);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		CHECK(many[i].child == NULL && many[i].exits <= 1);
	loop_free(l);
}

/* Other code of this process has children too, whose status is theirs. */
TEST(a_child_of_others_is_left_to_them)
{
	struct loop *l = loop_new();
	struct run r;
	int status = 0;
	pid_t pid;

	start(&r, l, CHILD_PIPES, "read x; exit 0", NULL);
	pid = fork();
	if (pid == 0)
		_exit(5);
	CHECK(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT) ==
	    0);
	loop_turn(l, 50);
	CHECK_INT(r.exits, 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(WEXITSTATUS(status), 5);
	child_eof(r.child);
	finish(&r);
	loop_free(l);
}

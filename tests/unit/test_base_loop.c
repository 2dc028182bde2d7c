#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/fd.h"
#include "rackmux/base/loop.h"
#include "rackmux/base/mem.h"
#include "test.h"

/* Turn until it holds, 5 s at most. */
#define UNTIL(l, cond) \
	do { \
		long long end_ = now_ms() + 5000; \
		while (!(cond) && now_ms() < end_) \
			loop_turn(l, 50); \
		CHECK(cond); \
	} while (0)

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void
count(void *arg)
{
	++*(int *)arg;
}

/* --- descriptors -------------------------------------------------------- */

struct peer {
	struct io *io;
	int fd, calls, seen;
	char got[64];
	size_t len;
	bool ended, free_it;
};

static void
on_io(void *arg, int events)
{
	struct peer *p = arg;
	ssize_t n = -1;

	p->calls++;
	p->seen |= events;
	if (events & (IO_READ | IO_HUP)) {
		do {
			n = read(
			    p->fd, p->got + p->len, sizeof p->got - p->len);
			if (n > 0)
				p->len += (size_t)n;
		} while (n > 0 && (events & IO_HUP));
		if (n == 0 || (events & IO_HUP))
			p->ended = true;
	}
	if (p->ended || p->free_it) {
		io_free(p->io);
		p->io = NULL;
	}
}

static void
open_pair(int sv[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) == 0);
	fd_nonblock(sv[0]);
	fd_nonblock(sv[1]);
}

TEST(reads_and_writes_when_ready_and_free_in_callback)
{
	struct loop *l = loop_new();
	struct peer p = { .free_it = true };
	int sv[2];

	open_pair(sv);
	p.fd = sv[0];
	p.io = io_new(l, sv[0], on_io, &p);
	io_want(p.io, IO_READ);
	loop_turn(l, 0);
	CHECK_INT(p.calls, 0);
	CHECK(write(sv[1], "hello", 5) == 5);
	UNTIL(l, p.io == NULL);
	CHECK_INT(p.calls, 1);
	CHECK_STR(p.got, "hello");
	p.io = io_new(l, sv[0], on_io, &p);
	p.seen = 0;
	io_want(p.io, IO_WRITE);
	UNTIL(l, p.io == NULL);
	CHECK_INT(p.seen, IO_WRITE);
	CHECK(write(sv[1], "x", 1) == 1);
	loop_turn(l, 0);
	CHECK_INT(p.calls, 2);
	close(sv[0]);
	close(sv[1]);
	loop_free(l);
}

TEST(wanting_nothing_is_told_nothing)
{
	struct loop *l = loop_new();
	struct peer p = { 0 };
	int sv[2];

	open_pair(sv);
	p.fd = sv[0];
	p.io = io_new(l, sv[0], on_io, &p);
	io_want(p.io, IO_READ);
	CHECK(write(sv[1], "x", 1) == 1);
	io_want(p.io, 0);
	loop_turn(l, 20);
	CHECK_INT(p.calls, 0);
	io_want(p.io, IO_READ);
	UNTIL(l, p.calls > 0);
	io_free(p.io);
	close(sv[0]);
	close(sv[1]);
	loop_free(l);
	io_free(NULL);
	io_want(NULL, IO_READ);
}

TEST(what_came_before_the_end_is_read)
{
	struct loop *l = loop_new();
	struct peer p = { 0 };
	int sv[2];

	open_pair(sv);
	p.fd = sv[0];
	p.io = io_new(l, sv[0], on_io, &p);
	io_want(p.io, IO_READ);
	CHECK(write(sv[1], "last words", 10) == 10);
	close(sv[1]);
	UNTIL(l, p.ended);
	CHECK_STR(p.got, "last words");
	close(sv[0]);
	loop_free(l);
}

/* A peer that ends without having read all makes it an error, ECONNRESET,
 * not an end; its words count all the same. */
TEST(what_came_before_a_reset_is_read)
{
	struct loop *l = loop_new();
	struct peer p = { 0 };
	int sv[2];

	open_pair(sv);
	p.fd = sv[0];
	p.io = io_new(l, sv[0], on_io, &p);
	io_want(p.io, IO_READ);
	CHECK(write(sv[0], "unread", 6) == 6);
	CHECK(write(sv[1], "last words", 10) == 10);
	close(sv[1]);
	UNTIL(l, p.ended);
	CHECK(p.seen & IO_HUP);
	CHECK_STR(p.got, "last words");
	close(sv[0]);
	loop_free(l);
}

TEST(a_half_closed_socket_is_still_written)
{
	struct loop *l = loop_new();
	struct peer p = { .free_it = true };
	int sv[2];

	open_pair(sv);
	CHECK(shutdown(sv[1], SHUT_WR) == 0);
	p.fd = sv[0];
	p.io = io_new(l, sv[0], on_io, &p);
	io_want(p.io, IO_WRITE);
	UNTIL(l, p.calls > 0);
	CHECK_INT(p.seen, IO_WRITE);
	CHECK(write(sv[0], "x", 1) == 1);
	close(sv[0]);
	close(sv[1]);
	loop_free(l);
}

TEST(a_pty_whose_other_end_goes_is_told)
{
	struct loop *l = loop_new();
	struct peer p = { 0 };
	char name[64];
	int slave;

	p.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(p.fd >= 0 && grantpt(p.fd) == 0 && unlockpt(p.fd) == 0);
	CHECK(ptsname_r(p.fd, name, sizeof name) == 0);
	slave = open(name, O_RDWR | O_NOCTTY);
	fd_nonblock(p.fd);
	p.io = io_new(l, p.fd, on_io, &p);
	io_want(p.io, IO_READ);
	CHECK(write(slave, "bye", 3) == 3);
	close(slave);
	UNTIL(l, p.calls >= 2);
	CHECK_STR(p.got, "bye");
	CHECK(read(p.fd, p.got, 1) < 0);
	io_free(p.io);
	close(p.fd);
	loop_free(l);
}

TEST(what_cannot_be_polled_gives_no_io)
{
	struct loop *l = loop_new();
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	CHECK(io_new(l, fd, on_io, NULL) == NULL);
	close(fd);
	loop_free(l);
}

/* --- signals, tasks, turns ---------------------------------------------- */

static struct sig *the_sig;

static void
on_sig(void *arg, int signum)
{
	*(int *)arg = signum;
	sig_free(the_sig);
	the_sig = NULL;
}

TEST(a_signal_is_told_and_freed_in_its_callback)
{
	struct loop *l = loop_new();
	int got = 0;

	the_sig = sig_new(l, SIGUSR1, on_sig, &got);
	raise(SIGUSR1);
	CHECK_INT(got, 0);
	UNTIL(l, got == SIGUSR1);
	CHECK(the_sig == NULL);
	loop_turn(l, 0);
	sig_free(NULL);
	loop_free(l);
}

struct poster {
	struct task *task;
	int runs, at_most;
	long long spend_ms;
};

static void
on_task(void *arg)
{
	struct poster *p = arg;
	long long end = now_ms() + p->spend_ms;

	while (p->spend_ms > 0 && now_ms() < end)
		;
	if (++p->runs < p->at_most)
		task_post(p->task);
	else if (p->at_most > 0) {
		task_free(p->task);
		p->task = NULL;
	}
}

TEST(a_task_posted_from_itself_runs_in_the_next_turn)
{
	struct loop *l = loop_new();
	struct poster p = { .at_most = 3 };

	p.task = task_new(l, on_task, &p);
	task_post(p.task);
	task_post(p.task);
	loop_turn(l, 1000);
	CHECK_INT(p.runs, 1);
	loop_turn(l, 1000);
	CHECK_INT(p.runs, 2);
	loop_turn(l, 1000);
	CHECK_INT(p.runs, 3);
	CHECK(p.task == NULL);
	loop_turn(l, 0);
	CHECK_INT(p.runs, 3);
	loop_free(l);
}

TEST(tasks_beyond_the_budget_wait_and_none_is_lost)
{
	struct loop *l = loop_new();
	struct poster p[6];
	int ran = 0, turns = 0;

	for (int i = 0; i < 6; i++) {
		p[i] = (struct poster){ .spend_ms = 3 };
		p[i].task = task_new(l, on_task, &p[i]);
		task_post(p[i].task);
	}
	while (ran < 6 && turns < 20) {
		loop_turn(l, 1000);
		turns++;
		ran = 0;
		for (int i = 0; i < 6; i++)
			ran += p[i].runs;
		CHECK(ran <= turns * 3);
	}
	CHECK_INT(ran, 6);
	CHECK(turns >= 2);
	for (int i = 0; i < 6; i++)
		task_free(p[i].task);
	loop_free(l);
}

static void
cancel_other(void *arg)
{
	task_cancel(arg);
}

TEST(a_task_cancelled_by_another_does_not_run)
{
	struct loop *l = loop_new();
	int n = 0;
	struct task *b = task_new(l, count, &n);
	struct task *a = task_new(l, cancel_other, b);

	task_post(a);
	task_post(b);
	loop_turn(l, 0);
	loop_turn(l, 0);
	CHECK_INT(n, 0);
	task_post(b);
	loop_turn(l, 0);
	CHECK_INT(n, 1);
	task_cancel(NULL);
	task_free(NULL);
	task_free(a);
	task_free(b);
	loop_free(l);
}

TEST(the_hook_is_called_once_after_a_turn_in_which_something_ran)
{
	struct loop *l = loop_new();
	struct loop_stats st;
	int n = 0, ends = 0;
	struct task *a = task_new(l, count, &n), *b = task_new(l, count, &n);

	loop_at_turn_end(l, count, &ends);
	loop_turn(l, 0);
	CHECK_INT(ends, 0);
	task_post(a);
	task_post(b);
	loop_turn(l, 0);
	CHECK_INT(n, 2);
	CHECK_INT(ends, 1);
	loop_at_turn_end(l, NULL, NULL);
	task_post(a);
	loop_turn(l, 0);
	CHECK_INT(ends, 1);
	loop_stats(l, &st);
	CHECK_INT(st.turns, 2);
	loop_stats(l, &st);
	CHECK_INT(st.turns, 0);
	task_free(a);
	task_free(b);
	loop_free(l);
}

TEST(stats_count_what_ran_and_not_the_wait)
{
	struct loop *l = loop_new();
	struct poster p = { .spend_ms = 30 };
	struct loop_stats st;
	int fired = 0;
	struct timer *t = timer_new(l, count, &fired);

	timer_start(t, 100);
	UNTIL(l, fired == 1);
	loop_stats(l, &st);
	CHECK(st.max_wall_us < 90000);
	p.task = task_new(l, on_task, &p);
	task_post(p.task);
	loop_turn(l, 0);
	loop_stats(l, &st);
	CHECK(st.max_wall_us >= 29000);
	CHECK(st.max_cpu_us > 1000);
	timer_free(t);
	task_free(p.task);
	loop_free(l);
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

TEST(a_stop_before_the_run_counts_and_one_run_only)
{
	struct loop *l = loop_new();
	struct task *t = task_new(l, stop, l);
	int n = 0;
	struct timer *late = timer_new(l, count, &n);

	loop_stop(l);
	loop_run(l);
	task_post(t);
	loop_run(l);
	/* and a turn after it waits again */
	timer_start(late, 20);
	loop_turn(l, 1000);
	CHECK_INT(n, 1);
	timer_free(late);
	task_free(t);
	loop_free(l);
}

TEST(a_turn_of_zero_does_not_wait_and_one_of_some_does_not_oversleep)
{
	struct loop *l = loop_new();
	struct timer *t = timer_new(l, count, &(int){ 0 });
	long long start = now_ms();

	timer_start(t, 60000);
	for (int i = 0; i < 100; i++)
		loop_turn(l, 0);
	CHECK(now_ms() - start < 2000);
	start = now_ms();
	loop_turn(l, 30);
	CHECK(now_ms() - start >= 29 && now_ms() - start < 5000);
	timer_free(t);
	loop_free(l);
}

/* --- worker threads ----------------------------------------------------- */

struct job {
	int gate[2]; /* run() waits until it is written to */
	atomic_int ran;
	int done, freed;
};

static void
job_run(void *arg)
{
	struct job *j = arg;
	char c;

	while (read(j->gate[0], &c, 1) < 0)
		;
	atomic_fetch_add(&j->ran, 1);
}

static void
job_done(void *arg)
{
	((struct job *)arg)->done++;
}

static void
job_freed(void *arg)
{
	((struct job *)arg)->freed++;
}

TEST(work_runs_there_and_is_done_here)
{
	struct loop *l = loop_new();
	struct job j = { 0 };

	CHECK(pipe(j.gate) == 0);
	work_start(l, job_run, job_done, job_freed, &j);
	loop_turn(l, 20);
	CHECK_INT(j.done, 0);
	CHECK(write(j.gate[1], "x", 1) == 1);
	UNTIL(l, j.done == 1);
	CHECK_INT(j.ran, 1);
	CHECK_INT(j.freed, 0);
	loop_free(l);
	work_abandon(NULL);
}

TEST(abandoned_work_is_freed_once_it_has_returned)
{
	struct loop *l = loop_new();
	struct job j = { 0 };
	struct work *w;

	CHECK(pipe(j.gate) == 0);
	w = work_start(l, job_run, job_done, job_freed, &j);
	loop_turn(l, 50);
	work_abandon(w);
	loop_turn(l, 20);
	CHECK(j.freed == 0 || j.ran == 0);
	CHECK(write(j.gate[1], "x", 1) == 1);
	UNTIL(l, j.freed == 1);
	CHECK_INT(j.done, 0);
	loop_free(l);
}

TEST(seven_stuck_threads_do_not_stop_the_eighth)
{
	struct loop *l = loop_new();
	struct job stuck = { 0 }, j = { 0 };

	CHECK(pipe(stuck.gate) == 0 && pipe(j.gate) == 0);
	for (int i = 0; i < 7; i++)
		work_start(l, job_run, job_done, NULL, &stuck);
	work_start(l, job_run, job_done, NULL, &j);
	CHECK(write(j.gate[1], "x", 1) == 1);
	UNTIL(l, j.done == 1);
	CHECK_INT(stuck.done, 0);
	CHECK(write(stuck.gate[1], "1234567", 7) == 7);
	UNTIL(l, stuck.done == 7);
	loop_free(l);
}

/* libuv joins its threads when a program ends: q must not wait for a name
 * server that is dead. */
TEST(a_stuck_thread_does_not_hold_up_the_end_of_the_program)
{
	for (int freed = 0; freed < 2; freed++) {
		int status = 0, out[2];
		pid_t pid, r = 0;
		char text[8] = "";
		struct pollfd p;

		CHECK(pipe(out) == 0);
		pid = fork();
		if (pid == 0) {
			struct loop *l = loop_new();
			struct job j = { 0 };
			struct work *w;

			dup2(out[1], 1);
			close(out[0]);
			close(out[1]);
			if (pipe(j.gate) != 0)
				_exit(9);
			w = work_start(l, job_run, job_done, NULL, &j);
			loop_turn(l, 50);
			work_abandon(w);
			if (freed)
				loop_free(l);
			printf("said");
			exit(3);
		}
		close(out[1]);
		/* The end of its output is its end. */
		p = (struct pollfd){ .fd = out[0], .events = POLLIN };
		CHECK_INT(poll(&p, 1, 5000), 1);
		CHECK(read(out[0], text, sizeof text - 1) >= 0);
		CHECK_STR(text, "said");
		CHECK_INT(poll(&p, 1, 5000), 1);
		r = waitpid(pid, &status, 0);
		CHECK(r == pid && WIFEXITED(status));
		CHECK_INT(WEXITSTATUS(status), 3);
		close(out[0]);
	}
}

/* --- names -------------------------------------------------------------- */

struct answer {
	int calls, err;
	size_t n;
	int family;
	char why[400];
};

static void
on_answer(
    void *arg, int err, const char *why, const struct resolve_addr *a, size_t n)
{
	struct answer *an = arg;

	an->calls++;
	an->err = err;
	an->n = n;
	if (n > 0)
		an->family = a[0].sa.ss_family;
	snprintf(an->why, sizeof an->why, "%s", why ? why : "");
}

TEST(addresses_and_localhost_resolve)
{
	static const char *const t[] = { "127.0.0.1", "::1", "localhost" };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct loop *l = loop_new();
		struct answer a = { 0 };

		resolve_start(l, t[i], 22, on_answer, &a);
		CHECK_INT(a.calls, 0);
		UNTIL(l, a.calls == 1);
		CHECK_INT(a.err, 0);
		CHECK(a.n >= 1 && a.n <= RESOLVE_MAX);
		CHECK(a.family == AF_INET || a.family == AF_INET6);
		loop_free(l);
	}
}

TEST(a_name_that_cannot_be_asked_for_is_answered_later_and_cleaned)
{
	struct loop *l = loop_new();
	struct answer a = { 0 };
	char name[1000];

	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	name[0] = 0x1b;
	resolve_start(l, name, 22, on_answer, &a);
	CHECK_INT(a.calls, 0);
	UNTIL(l, a.calls == 1);
	CHECK(a.err < 0);
	CHECK_INT(a.n, 0);
	CHECK(strstr(a.why, "does not resolve") != NULL);
	CHECK(strchr(a.why, 0x1b) == NULL);
	loop_free(l);
}

TEST(no_answer_after_cancel)
{
	struct loop *l = loop_new();
	struct answer a = { 0 }, b = { 0 };
	struct resolve *r = resolve_start(l, "127.0.0.1", 1, on_answer, &a);

	resolve_cancel(r);
	resolve_start(l, "127.0.0.1", 1, on_answer, &b);
	UNTIL(l, b.calls == 1);
	for (int i = 0; i < 5; i++)
		loop_turn(l, 5);
	CHECK_INT(a.calls, 0);
	resolve_cancel(NULL);
	loop_free(l);
}

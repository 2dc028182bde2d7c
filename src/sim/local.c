/*
 * A machine of the rack on our own stdin and stdout, so that a real sshd can
 * be put in front of it by ForceCommand. Its state is its own: every such
 * process is a board that nobody else sees.
 */
#include "rackmux/sim/local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define QUEUE_MAX 65536

struct local {
	struct loop *loop;
	struct proc *proc;
	struct io *in, *out;
	struct task *task;
	struct buf queue;
	int status;
	bool ended, full, eof, getty;
};

static void
local_flush(struct local *l)
{
	ssize_t n;

	while (l->queue.len > 0) {
		n = write(STDOUT_FILENO, l->queue.data, l->queue.len);
		if (n < 0 && errno == EAGAIN && l->out != NULL) {
			io_want(l->out, IO_WRITE);
			return;
		}
		if (n <= 0) {
			loop_stop(l->loop);
			return;
		}
		buf_drop(&l->queue, (size_t)n);
	}
	if (l->out != NULL)
		io_want(l->out, 0);
	if (l->ended)
		loop_stop(l->loop);
	else if (l->full) {
		l->full = false;
		proc_writable(l->proc);
	}
}

static size_t
local_write(void *arg, const char *text, size_t len, bool err)
{
	struct local *l = arg;
	size_t room = QUEUE_MAX - l->queue.len;

	if (err) {
		(void)!write(STDERR_FILENO, text, len);
		return len;
	}
	if (len > room) {
		l->full = true;
		len = room;
	}
	buf_add(&l->queue, text, len);
	task_post(l->task);
	return len;
}

static void
local_ended(void *arg, int status)
{
	struct local *l = arg;

	l->ended = true;
	l->status = status;
	task_post(l->task);
}

static void
on_task(void *arg)
{
	local_flush(arg);
}

static void
on_out(void *arg, int events)
{
	(void)events;
	local_flush(arg);
}

static void
on_in(void *arg, int events)
{
	struct local *l = arg;
	char text[4096];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));

	if (n > 0) {
		proc_input(l->proc, text, (size_t)n);
		return;
	}
	if (n < 0 && errno == EAGAIN && !(events & IO_HUP))
		return;
	if (l->in != NULL)
		io_want(l->in, 0);
	if (l->getty)
		proc_hangup(l->proc);
	else if (!l->eof)
		proc_input_eof(l->proc);
	l->eof = true;
}

static void
on_signal(void *arg, int signum)
{
	(void)signum;
	loop_stop(arg);
}

/* A file is always ready, and epoll will not have it. */
static void
read_file(struct local *l)
{
	char text[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, text, sizeof(text))) > 0)
		proc_input(l->proc, text, (size_t)n);
	l->eof = true;
	proc_input_eof(l->proc);
}

static void
run(struct local *l, struct machine *m, bool getty, bool tty)
{
	static const struct proc_io io = {
		.write = local_write,
		.ended = local_ended,
	};
	struct shell_args args = { getty ? NULL
					 : getenv("SSH_ORIGINAL_COMMAND") };
	proc_main *main_fn = proc_main_shell;
	int in_flags = fcntl(STDIN_FILENO, F_GETFL);
	int out_flags = fcntl(STDOUT_FILENO, F_GETFL);
	bool file = lseek(STDIN_FILENO, 0, SEEK_CUR) >= 0;
	struct sig *term = sig_new(l->loop, SIGTERM, on_signal, l->loop);
	struct sig *hup = sig_new(l->loop, SIGHUP, on_signal, l->loop);

	if (getty)
		main_fn = proc_main_login;
	else if (m->shell_main != NULL)
		main_fn = m->shell_main;
	l->getty = getty;
	l->task = task_new(l->loop, on_task, l);
	l->proc = proc_new(m, tty, &io, l, main_fn, &args);
	if (!file) {
		(void)fcntl(STDIN_FILENO, F_SETFL, in_flags | O_NONBLOCK);
		l->in = io_new(l->loop, STDIN_FILENO, on_in, l);
		io_want(l->in, IO_READ);
	} else {
		read_file(l);
	}
	if (lseek(STDOUT_FILENO, 0, SEEK_CUR) < 0) {
		(void)fcntl(STDOUT_FILENO, F_SETFL, out_flags | O_NONBLOCK);
		l->out = io_new(l->loop, STDOUT_FILENO, on_out, l);
	}
	loop_run(l->loop);
	sig_free(term);
	sig_free(hup);
	io_free(l->in);
	io_free(l->out);
	task_free(l->task);
	proc_free(l->proc);
	(void)fcntl(STDIN_FILENO, F_SETFL, in_flags);
	(void)fcntl(STDOUT_FILENO, F_SETFL, out_flags);
}

int
local_run(struct rack *r, const char *target, bool getty)
{
	struct sim_board *b;
	struct sim_node *n;
	struct machine *m = NULL;
	struct local l = { .loop = r->loop };
	struct termios old, raw;
	bool tty;
	char err[128];

	if (rack_start(r, NULL, err, sizeof(err)) != 0)
		return 1;
	b = rack_board(r, target);
	n = rack_node(r, target);
	if (b != NULL && b->machine.vfs == NULL && b->slots == 1)
		n = &b->nodes[0];
	if (b != NULL && b->machine.vfs != NULL)
		m = &b->machine;
	else if (n != NULL && n->machine.vfs != NULL)
		m = &n->machine;
	if (m == NULL) {
		fprintf(stderr, "rackmux-sim: no machine \"%s\"\n", target);
		return 2;
	}
	tty = tcgetattr(STDIN_FILENO, &old) == 0;
	if (tty) {
		raw = old;
		cfmakeraw(&raw);
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	buf_init(&l.queue, 0);
	run(&l, m, getty, tty || getty);
	buf_release(&l.queue);
	if (tty)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &old);
	return l.status;
}

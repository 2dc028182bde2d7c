/*
 * A link whose far end is a local program: `exec:ssh-like-thing host`. Its
 * stdin and stdout are the shell or the line; a stream on a pty is a further
 * process of the same command. The shell splits the words, so quoting works
 * as anywhere else. A link that has no shell is a console: its program is
 * started when somebody listens, with a terminal (STREAM_PTY, which can be
 * resized) or without one (STREAM_RAW, which cannot), and never twice.
 */
#include "rackmux/link/transport.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/line.h"

#define LINGER_MS 1000

struct exec;

/* One process: the link's own, or one on a pty. */
struct proc {
	struct exec *x;
	struct proc *next;
	struct child *child;
	struct line *line;
	struct io *err;
	struct timer *linger;
	int busy; /* in callbacks: not to be freed yet */
	bool main, doomed;
};

struct exec {
	struct transport base;
	struct loop *loop;
	struct url url; /* its own: it may outlive its link */
	struct transport_sink sink;
	void *arg;
	struct task *kick;
	struct proc *procs;
	unsigned long long received, sent; /* by processes that ended */
	bool dead, lazy;
};

static void
proc_free(struct proc *p)
{
	struct proc **pp;

	if (!p)
		return;
	for (pp = &p->x->procs; *pp != p; pp = &(*pp)->next)
		;
	*pp = p->next;
	p->x->received += line_received(p->line);
	p->x->sent += line_sent(p->line);
	timer_free(p->linger);
	io_free(p->err);
	line_free(p->line);
	child_free(p->child);
	free(p);
}

/* Its stream's owner may free the stream, and so the process, in whatever
 * it is told. */
static void
proc_enter(struct proc *p)
{
	p->busy++;
}

static void
proc_leave(struct proc *p)
{
	if (--p->busy == 0 && p->doomed)
		proc_free(p);
}

static void
proc_read_err(struct proc *p)
{
	char data[4096];
	ssize_t n;
	int i;

	for (i = 0; i < 16 && p->err && !p->doomed; i++) {
		n = read(child_stderr(p->child), data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
				io_free(p->err);
				p->err = NULL;
			}
			return;
		}
		p->x->received += (unsigned long long)n;
		line_err(p->line, data, (size_t)n);
	}
}

static void
proc_err(void *arg, int events)
{
	struct proc *p = arg;

	proc_enter(p);
	proc_read_err(p);
	if ((events & IO_HUP) && p->err) {
		proc_read_err(p);
		io_free(p->err);
		p->err = NULL;
	}
	proc_leave(p);
}

/* How a program ended, in words; its exit status or -1. */
static int
describe_end(int status, const char *cmd, char *text, size_t size)
{
	char name[64];

	text_clean(name, sizeof(name), cmd, strcspn(cmd, " "));
	if (WIFEXITED(status)) {
		str_format(text, size,
		    WEXITSTATUS(status) == 127 ? "%s cannot be run (status %d)"
					       : "%s ended with status %d",
		    name, WEXITSTATUS(status));
		return WEXITSTATUS(status);
	}
	str_format(text, size, "%s was ended by signal %d", name,
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return -1;
}

static void
exec_down(struct exec *x, enum link_why why, const char *text)
{
	if (x->dead)
		return;
	x->dead = true;
	x->sink.on_down(x->arg, why, text, true);
}

static void
proc_exit(void *arg, int status)
{
	struct proc *p = arg;
	struct exec *x = p->x;
	char text[128];
	bool main;
	int code;

	code = describe_end(status, x->url.cmd, text, sizeof(text));
	proc_enter(p);
	proc_read_err(p);
	line_drain(p->line);
	main = p->main && !p->doomed;
	x->dead = x->dead || main; /* no new stream while it ends */
	line_end(p->line, code, text);
	p->doomed = true;
	proc_leave(p);
	if (main) {
		x->dead = false;
		exec_down(x, LINK_WHY_GONE, text);
	}
}

/* The program closed its stdout. Most are about to exit, and their status is
 * worth a moment; one that stays can answer no more. */
static void
proc_gone(void *arg, int err)
{
	struct proc *p = arg;

	(void)err;
	child_eof(p->child);
	timer_start(p->linger, LINGER_MS);
}

static void
proc_linger(void *arg)
{
	struct proc *p = arg;

	child_kill(p->child, SIGHUP);
}

static void
proc_freed(void *arg)
{
	struct proc *p = arg;

	proc_enter(p);
	p->doomed = true;
	proc_leave(p);
}

static void
proc_eof(void *arg)
{
	struct proc *p = arg;

	child_eof(p->child);
}

static int
proc_resize(void *arg, int rows, int cols)
{
	struct proc *p = arg;

	if (p->main)
		return -ENOTSUP;
	child_resize(p->child, (unsigned short)rows, (unsigned short)cols);
	return 0;
}

static const struct line_hooks proc_hooks = {
	.gone = proc_gone,
	.freed = proc_freed,
	.eof = proc_eof,
	.resize = proc_resize,
};

static struct proc *
proc_new(struct exec *x, const struct stream_request *pty, int *err)
{
	char sh[] = "/bin/sh", c[] = "-c";
	char *cmd = mem_printf(
	    "%s%s", str_starts(x->url.cmd, "exec ") ? "" : "exec ", x->url.cmd);
	char *argv[] = { sh, c, cmd, NULL };
	struct child_options options = { .argv = argv };
	struct proc *p = mem_alloc(sizeof(*p));

	p->x = x;
	p->main = pty == NULL;
	options.io = pty ? CHILD_PTY : CHILD_PIPES;
	if (pty) {
		options.rows = (unsigned short)(pty->rows > 0 ? pty->rows : 24);
		options.cols = (unsigned short)(pty->cols > 0 ? pty->cols : 80);
	}
	p->child = child_start(x->loop, &options, proc_exit, p, err);
	free(cmd);
	if (!p->child) {
		free(p);
		return NULL;
	}
	p->linger = timer_new(x->loop, proc_linger, p);
	p->line = line_new(x->loop, child_fd(p->child), false, &proc_hooks, p);
	if (child_stderr(p->child) >= 0) {
		p->err = io_new(x->loop, child_stderr(p->child), proc_err, p);
		io_want(p->err, IO_READ);
	}
	p->next = x->procs;
	x->procs = p;
	return p;
}

static struct proc *
main_proc(struct exec *x)
{
	struct proc *p;

	for (p = x->procs; p && (!p->main || p->doomed); p = p->next)
		;
	return p;
}

static void
exec_kick(void *arg)
{
	struct exec *x = arg;
	char text[128];
	int err = 0;

	if (x->lazy || proc_new(x, NULL, &err)) {
		x->sink.on_up(x->arg);
		return;
	}
	str_format(
	    text, sizeof(text), "cannot start a program: %s", strerror(-err));
	exec_down(x, LINK_WHY_LOCAL, text);
}

static struct transport *
exec_start(struct loop *loop, struct link_pool *pool,
    const struct link_config *config, const struct url *url,
    const struct transport_sink *sink, void *arg)
{
	struct exec *x = mem_alloc(sizeof(*x));

	(void)pool;
	x->lazy = config->no_shell;
	x->base.ops = &exec_transport;
	x->loop = loop;
	x->url = *url;
	x->sink = *sink;
	x->arg = arg;
	x->kick = task_new(loop, exec_kick, x);
	task_post(x->kick);
	return &x->base;
}

static struct stream *
exec_open(struct transport *t, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	struct exec *x = (struct exec *)t;
	struct stream *s;
	struct proc *p;

	*err = -ENOTSUP;
	if (x->dead) {
		*err = -EPIPE;
		return NULL;
	}
	switch (request->kind) {
	case STREAM_SHELL:
	case STREAM_RAW:
		/* The last stream took its process with it. */
		p = main_proc(x);
		if (!p)
			p = proc_new(x, NULL, err);
		break;
	case STREAM_PTY:
		p = request->cmd ? NULL : proc_new(x, request, err);
		break;
	case STREAM_EXEC:
	case STREAM_TCP:
	default:
		return NULL;
	}
	if (!p)
		return NULL;
	s = line_open(p->line, sink, arg, err);
	if (!s && !p->main)
		proc_free(p);
	return s;
}

static unsigned long long
exec_received(const struct transport *t)
{
	const struct exec *x = (const struct exec *)t;
	unsigned long long n = x->received;
	const struct proc *p;

	for (p = x->procs; p; p = p->next)
		n += line_received(p->line);
	return n;
}

static unsigned long long
exec_sent(const struct transport *t)
{
	const struct exec *x = (const struct exec *)t;
	unsigned long long n = x->sent;
	const struct proc *p;

	for (p = x->procs; p; p = p->next)
		n += line_sent(p->line);
	return n;
}

static void
exec_free(struct transport *t)
{
	struct exec *x = (struct exec *)t;

	if (!x)
		return;
	while (x->procs)
		proc_free(x->procs);
	task_free(x->kick);
	free(x);
}

const struct transport_ops exec_transport = {
	.scheme = "exec",
	.can = LINK_CAN_RUN | LINK_CAN_STREAM | LINK_CAN_DIALOGUE,
	.start = exec_start,
	.open = exec_open,
	.received = exec_received,
	.sent = exec_sent,
	.free = exec_free,
};

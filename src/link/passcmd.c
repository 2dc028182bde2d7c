/* `pass show x` and the like: a child whose first line is the password and
 * whose words never reach a log. */
#include "rackmux/link/passcmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define PASSCMD_MS 30000

struct passcmd {
	struct child *child;
	struct io *io, *err;
	struct timer *timer;
	struct task *task; /* it could not be started */
	passcmd_fn *fn;
	void *arg;
	char line[512], said[160];
	size_t len;
	bool told;
};

void
passcmd_free(struct passcmd *p)
{
	if (!p)
		return;
	io_free(p->io);
	io_free(p->err);
	timer_free(p->timer);
	task_free(p->task);
	child_free(p->child);
	mem_wipe(p, sizeof(*p));
	free(p);
}

static void
tell(struct passcmd *p, const char *why)
{
	char line[sizeof(p->line)];
	char text[256];

	if (p->told)
		return;
	p->told = true;
	io_free(p->io);
	io_free(p->err);
	p->io = NULL;
	p->err = NULL;
	timer_stop(p->timer);
	if (why) {
		str_format(text, sizeof(text), *p->said ? "%s: %s" : "%s", why,
		    p->said);
		p->fn(p->arg, NULL, text);
		return;
	}
	memcpy(line, p->line, sizeof(line));
	mem_wipe(p->line, sizeof(p->line));
	p->fn(p->arg, line, NULL);
	mem_wipe(line, sizeof(line));
}

static void
read_out(struct passcmd *p)
{
	char data[512];
	ssize_t n;

	while ((n = read(child_fd(p->child), data, sizeof(data))) > 0) {
		size_t room = sizeof(p->line) - 1 - p->len;
		size_t take = (size_t)n < room ? (size_t)n : room;

		memcpy(p->line + p->len, data, take);
		p->len += take;
	}
	mem_wipe(data, sizeof(data));
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		io_free(p->io);
		p->io = NULL;
	}
}

static void
read_err(struct passcmd *p)
{
	char data[512];
	ssize_t n = read(child_stderr(p->child), data, sizeof(data));

	if (n > 0) {
		text_clean(p->said, sizeof(p->said), data, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		io_free(p->err);
		p->err = NULL;
	}
}

static void
on_out(void *arg, int events)
{
	(void)events;
	read_out(arg);
}

static void
on_err(void *arg, int events)
{
	(void)events;
	read_err(arg);
}

static void
on_exit_status(void *arg, int status)
{
	struct passcmd *p = arg;

	read_out(p);
	if (p->err)
		read_err(p);
	p->line[p->len] = '\0';
	p->line[strcspn(p->line, "\r\n")] = '\0';
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		tell(p, "the password command failed");
	else if (p->line[0] == '\0')
		tell(p, "the password command printed nothing");
	else
		tell(p, NULL);
}

static void
on_late(void *arg)
{
	tell(arg, "the password command did not end within 30 s");
}

static void
on_unstarted(void *arg)
{
	tell(arg, "the password command cannot be started");
}

struct passcmd *
passcmd_start(struct loop *loop, const char *cmd, passcmd_fn *fn, void *arg)
{
	struct passcmd *p = mem_alloc(sizeof(*p));
	char sh[] = "/bin/sh", c[] = "-c";
	char *copy = mem_strdup(cmd);
	char *argv[] = { sh, c, copy, NULL };
	struct child_options options = { .argv = argv, .io = CHILD_PIPES };
	int err = 0;

	p->fn = fn;
	p->arg = arg;
	p->timer = timer_new(loop, on_late, p);
	p->task = task_new(loop, on_unstarted, p);
	p->child = child_start(loop, &options, on_exit_status, p, &err);
	free(copy);
	if (!p->child) {
		task_post(p->task);
		return p;
	}
	child_eof(p->child);
	timer_start(p->timer, PASSCMD_MS);
	p->io = io_new(loop, child_fd(p->child), on_out, p);
	io_want(p->io, IO_READ);
	if (child_stderr(p->child) >= 0) {
		p->err = io_new(loop, child_stderr(p->child), on_err, p);
		io_want(p->err, IO_READ);
	}
	return p;
}

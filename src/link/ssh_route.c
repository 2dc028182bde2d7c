/*
 * The way to a host.
 *
 * libssh would run ProxyCommand and ProxyJump on our terminal, with our
 * signals, and wait for them to end while it tears down. Here a program gets
 * a session of its own, and a jump host is a connection of ours that all the
 * boards behind it share.
 */
#include "ssh_route.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/child.h"
#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#include "dial.h"
#include "ssh_jump.h"

#define DEPTH_MAX 8

struct route {
	struct route_request r;
	struct route_sink sink;
	void *arg;
	struct task *task;
	struct dial *dial;
	struct jump *jump;
	struct child *child;
	struct io *child_err;
	char said[256];
};

static void
fail(struct route *r, enum link_why why, const char *text, bool retry)
{
	r->sink.on_fail(r->arg, why, text, retry);
}

/* --- a program ---------------------------------------------------------- */

static void
on_said(void *arg, int events)
{
	struct route *r = arg;
	char text[1024];
	ssize_t n;

	while ((n = read(child_stderr(r->child), text, sizeof text)) > 0 ||
	    (n < 0 && errno == EINTR)) {
		if (n <= 0)
			continue;
		text_clean(r->said, sizeof r->said, text, (size_t)n);
		log_info("ProxyCommand of %s: %s", r->r.host, r->said);
	}
	if ((events & IO_HUP) != 0 || n == 0) {
		io_free(r->child_err);
		r->child_err = NULL;
	}
}

static void
on_program_end(void *arg, int status)
{
	/* Its socket says so, too. */
	(void)arg;
	(void)status;
}

static void
start_program(struct route *r)
{
	struct loop *loop = pool_loop(r->r.pool);
	char *cmd = sshconfig_expand(r->r.conf, r->r.conf->proxy, r->r.host);
	char *line = mem_printf("exec %s", cmd);
	char sh[] = "/bin/sh", c[] = "-c", text[300];
	char *argv[] = { sh, c, line, NULL };
	struct child_options o = { .argv = argv, .io = CHILD_PIPES };
	int err = 0, fd = -1;

	r->child = child_start(loop, &o, on_program_end, r, &err);
	free(line);
	free(cmd);
	if (r->child != NULL) {
		fd = fcntl(child_fd(r->child), F_DUPFD_CLOEXEC, 3);
		err = -errno;
	}
	if (fd < 0) {
		str_format(
		    text, sizeof text, "ProxyCommand: %s", strerror(-err));
		fail(r, LINK_WHY_LOCAL, text, true);
		return;
	}
	r->child_err = io_new(loop, child_stderr(r->child), on_said, r);
	io_want(r->child_err, IO_READ);
	r->sink.on_fd(r->arg, fd);
}

const char *
route_said(struct route *r)
{
	if (r == NULL)
		return "";
	if (r->child_err != NULL)
		on_said(r, 0);
	return r->said;
}

bool
route_direct(const struct route *r)
{
	return r != NULL && r->dial != NULL;
}

static void
got_fd(void *arg, int fd)
{
	struct route *r = arg;

	r->sink.on_fd(r->arg, fd);
}

/* --- TCP ---------------------------------------------------------------- */

static void
dial_resolved(void *arg)
{
	struct route *r = arg;

	r->sink.on_resolved(r->arg);
}

static void
dial_fail(void *arg, enum link_why why, const char *text)
{
	fail(arg, why, text, true);
}

static const struct dial_sink dial_sink = { dial_resolved, got_fd, dial_fail };

static void
start_dial(struct route *r)
{
	struct dial_request d = { .host = r->r.conf->hostname,
		.nobody = "no SSH server listens",
		.port = r->r.conf->port,
		.family = r->r.conf->family,
		.timeout_ms = r->r.connect_ms };

	r->dial = dial_start(pool_loop(r->r.pool), &d, &dial_sink, r);
}

/* --- jump hosts --------------------------------------------------------- */

static void
jump_fail(void *arg, enum link_why why, const char *text, bool retry)
{
	fail(arg, why, text, retry);
}

static void
jump_ask(void *arg, const struct link_ask *ask)
{
	struct route *r = arg;

	r->sink.on_ask(r->arg, ask);
}

static const struct jump_sink jump_sink = { got_fd, jump_fail, jump_ask };

static void
start_jump(struct route *r, const char *hops)
{
	struct jump_request j = { .pool = r->r.pool,
		.config = r->r.config,
		.hops = hops,
		.host = r->r.conf->hostname,
		.port = r->r.conf->port,
		.depth = r->r.depth + 1 };

	if (r->r.depth >= DEPTH_MAX) {
		fail(r, LINK_WHY_LOCAL,
		    "the jump hosts go round in a circle (ProxyJump)", false);
		return;
	}
	r->sink.on_resolved(r->arg);
	r->jump = jump_start(&j, &jump_sink, r);
}

static void
begin(void *arg)
{
	struct route *r = arg;
	const char *via = r->r.via != NULL ? r->r.via : r->r.conf->jump;

	if (via != NULL && via[0] != '\0')
		start_jump(r, via);
	else if (r->r.conf->proxy != NULL && r->r.via == NULL)
		start_program(r);
	else
		start_dial(r);
}

struct route *
route_start(
    const struct route_request *req, const struct route_sink *sink, void *arg)
{
	struct route *r = mem_alloc(sizeof *r);

	r->r = *req;
	r->sink = *sink;
	r->arg = arg;
	r->task = task_new(pool_loop(req->pool), begin, r);
	task_post(r->task);
	return r;
}

void
route_free(struct route *r)
{
	if (r == NULL)
		return;
	task_free(r->task);
	dial_free(r->dial);
	jump_free(r->jump);
	io_free(r->child_err);
	child_free(r->child);
	free(r);
}

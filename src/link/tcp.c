/*
 * A TCP port that is a console, as ser2net and conserver serve it: bytes as
 * they are, or telnet. There is nothing to ask at the other end, so such a
 * link has no shell, and is up when it is connected.
 *
 * What a server says before somebody listens stays in the socket. A telnet
 * session's options belong to its connection: both end together.
 */
#include "rackmux/link/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/line.h"
#include "rackmux/link/wrap.h"
#include "dial.h"

#define CONNECT_MS 5000

struct tcp {
	struct transport base;
	struct loop *loop;
	struct url url; /* its own: it may outlive its link */
	struct transport_sink sink;
	void *arg;
	struct dial *dial;
	struct task *spent;
	struct line *line; /* NULL: not connected */
	unsigned long long received, sent;
	int fd;
	bool dead;
};

static bool
is_telnet(const struct tcp *t)
{
	return t->base.ops == &telnet_transport;
}

static void
tcp_close(struct tcp *t)
{
	dial_free(t->dial);
	t->dial = NULL;
	if (t->line) {
		t->received = line_received(t->line);
		t->sent = line_sent(t->line);
		line_free(t->line);
		t->line = NULL;
	}
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

static void
tcp_down(struct tcp *t, enum link_why why, const char *text)
{
	if (t->dead)
		return;
	t->dead = true;
	t->sink.on_down(t->arg, why, text, true);
}

/* --- the connection ------------------------------------------------------ */

static enum link_why
why_gone(int err)
{
	switch (-err) {
	case ETIMEDOUT:
		return LINK_WHY_SILENT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
		return LINK_WHY_UNREACHABLE;
	default:
		return LINK_WHY_RESET;
	}
}

static void
tcp_gone(void *arg, int err)
{
	struct tcp *t = arg;
	char text[400];

	if (err == 0)
		str_format(text, sizeof(text),
		    "%s port %u closed the connection", t->url.host,
		    t->url.port);
	else if (err == -ETIMEDOUT)
		str_format(text, sizeof(text),
		    "%s port %u does not answer any more", t->url.host,
		    t->url.port);
	else
		str_format(text, sizeof(text),
		    "the connection to %s port %u broke: %s", t->url.host,
		    t->url.port, strerror(-err));
	line_end(t->line, -1, text);
	tcp_close(t);
	tcp_down(t, why_gone(err), text);
}

static void
tcp_left(void *arg)
{
	struct tcp *t = arg;

	if (is_telnet(t))
		task_post(t->spent);
}

static void
tcp_spent(void *arg)
{
	tcp_down(arg, LINK_WHY_RESET,
	    "the telnet session was left, and its connection with it");
}

static const struct line_hooks tcp_hooks = {
	.gone = tcp_gone,
	.freed = tcp_left,
};

static void
on_resolved(void *arg)
{
	struct tcp *t = arg;

	t->sink.on_state(t->arg, LINK_CONNECTING);
}

static void
on_fd(void *arg, int fd)
{
	struct tcp *t = arg;

	dial_free(t->dial);
	t->dial = NULL;
	t->fd = fd;
	t->line = line_new(t->loop, fd, false, &tcp_hooks, t);
	t->sink.on_up(t->arg);
}

static void
on_fail(void *arg, enum link_why why, const char *text)
{
	tcp_down(arg, why, text);
}

static const struct dial_sink dial_sink = {
	.on_resolved = on_resolved,
	.on_fd = on_fd,
	.on_fail = on_fail,
};

static struct transport *
start(struct loop *loop, const struct link_config *config,
    const struct url *url, const struct transport_sink *sink, void *arg,
    const struct transport_ops *ops)
{
	struct tcp *t = mem_alloc(sizeof(*t));
	struct dial_request request = {
		.host = url->host,
		.port = url->port,
		.timeout_ms =
		    config->connect_ms ? config->connect_ms : CONNECT_MS,
		.nobody = "nobody listens on that port: is the console server "
			  "running?",
	};

	t->base.ops = ops;
	t->loop = loop;
	t->url = *url;
	t->sink = *sink;
	t->arg = arg;
	t->fd = -1;
	t->spent = task_new(loop, tcp_spent, t);
	t->dial = dial_start(loop, &request, &dial_sink, t);
	return &t->base;
}

static struct transport *
tcp_start(struct loop *loop, struct link_pool *pool,
    const struct link_config *config, const struct url *url,
    const struct transport_sink *sink, void *arg)
{
	(void)pool;
	return start(loop, config, url, sink, arg, &tcp_transport);
}

static struct transport *
telnet_start(struct loop *loop, struct link_pool *pool,
    const struct link_config *config, const struct url *url,
    const struct transport_sink *sink, void *arg)
{
	(void)pool;
	return start(loop, config, url, sink, arg, &telnet_transport);
}

/* --- streams ------------------------------------------------------------- */

static struct stream *
open_line(const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	const struct tcp *t = with;

	return line_open(t->line, sink, arg, err);
}

static struct stream *
tcp_open(struct transport *base, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	struct tcp *t = (struct tcp *)base;
	struct wrap_telnet way = { .loop = t->loop,
		.below = { open_line, t },
		.rows = request->rows,
		.cols = request->cols };

	*err = -ENOTSUP;
	if (request->kind != STREAM_RAW &&
	    (request->kind != STREAM_PTY || request->cmd))
		return NULL;
	*err = -EPIPE;
	if (!t->line || t->dead)
		return NULL;
	return is_telnet(t) ? telnet_open(&way, sink, arg, err)
			    : line_open(t->line, sink, arg, err);
}

static unsigned long long
tcp_received(const struct transport *base)
{
	const struct tcp *t = (const struct tcp *)base;

	return t->line ? line_received(t->line) : t->received;
}

static unsigned long long
tcp_sent(const struct transport *base)
{
	const struct tcp *t = (const struct tcp *)base;

	return t->line ? line_sent(t->line) : t->sent;
}

static void
tcp_free(struct transport *base)
{
	struct tcp *t = (struct tcp *)base;

	if (!t)
		return;
	tcp_close(t);
	task_free(t->spent);
	free(t);
}

const struct transport_ops tcp_transport = {
	.scheme = "tcp",
	.can = LINK_CAN_STREAM | LINK_CAN_DIALOGUE,
	.start = tcp_start,
	.open = tcp_open,
	.received = tcp_received,
	.sent = tcp_sent,
	.free = tcp_free,
};

const struct transport_ops telnet_transport = {
	.scheme = "telnet",
	.can = LINK_CAN_STREAM | LINK_CAN_DIALOGUE | LINK_CAN_BREAK,
	.start = telnet_start,
	.open = tcp_open,
	.received = tcp_received,
	.sent = tcp_sent,
	.free = tcp_free,
};

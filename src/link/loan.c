/*
 * Streams that others open through a link are wrapped: so the link knows who
 * borrows a serial line, can close them all when the connection goes, and
 * never frees a transport in the middle of its own callback.
 */
#include "link_in.h"

#include <errno.h>
#include <stdlib.h>

#include "rackmux/base/mem.h"

struct loan {
	struct stream base;
	struct stream *inner; /* NULL: the connection is gone */
	struct link *link; /* NULL: likewise */
	struct conn *conn;
	struct loan *next;
	bool closed, line;
};

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct loan *n = arg;
	struct conn *c = n->conn;
	size_t taken;

	conn_enter(c);
	taken = n->base.sink.on_data(n->base.arg, data, len, err);
	conn_leave(c);
	return taken;
}

static void
on_close(void *arg, int status, const char *why)
{
	struct loan *n = arg;
	struct conn *c = n->conn;

	if (n->closed)
		return;
	n->closed = true;
	conn_enter(c);
	n->base.sink.on_close(n->base.arg, status, why);
	conn_leave(c);
}

static void
on_drain(void *arg)
{
	struct loan *n = arg;
	struct conn *c = n->conn;

	conn_enter(c);
	if (n->base.sink.on_drain)
		n->base.sink.on_drain(n->base.arg);
	conn_leave(c);
}

static void
on_open(void *arg)
{
	struct loan *n = arg;
	struct conn *c = n->conn;

	conn_enter(c);
	if (n->base.sink.on_open)
		n->base.sink.on_open(n->base.arg);
	conn_leave(c);
}

static const struct stream_sink loan_sink = {
	.on_data = on_data,
	.on_close = on_close,
	.on_drain = on_drain,
	.on_open = on_open,
};

static struct stream *
inner(struct stream *s)
{
	return ((struct loan *)s)->inner;
}

static int
loan_write(struct stream *s, const char *data, size_t len)
{
	return inner(s) ? stream_write(inner(s), data, len) : -EPIPE;
}

static void
loan_resume(struct stream *s)
{
	if (inner(s))
		stream_resume(inner(s));
}

static void
loan_eof(struct stream *s)
{
	if (inner(s))
		stream_eof(inner(s));
}

static int
loan_resize(struct stream *s, int rows, int cols)
{
	return inner(s) ? stream_resize(inner(s), rows, cols) : -EPIPE;
}

static int
loan_break(struct stream *s)
{
	return inner(s) ? stream_break(inner(s)) : -EPIPE;
}

static void
loan_unlink(struct loan *n)
{
	struct loan **np;

	for (np = &n->link->loans; *np != n; np = &(*np)->next)
		;
	*np = n->next;
	n->link = NULL;
}

static void
loan_free(struct stream *s)
{
	struct loan *n = (struct loan *)s;
	struct link *l = n->link;

	stream_free(n->inner);
	if (l) {
		loan_unlink(n);
		if (n->line) {
			l->borrowed = false;
			task_post(l->post); /* the shell comes back */
		}
	}
	free(n);
}

static const struct stream_ops loan_ops = {
	.write = loan_write,
	.resume = loan_resume,
	.eof = loan_eof,
	.resize = loan_resize,
	.send_break = loan_break,
	.free = loan_free,
};

static unsigned
needs(enum stream_kind kind)
{
	switch (kind) {
	case STREAM_SHELL:
		return LINK_CAN_RUN;
	case STREAM_EXEC:
		return LINK_CAN_EXEC;
	case STREAM_TCP:
		return LINK_CAN_CONNECT;
	case STREAM_RAW:
		return LINK_CAN_DIALOGUE;
	case STREAM_PTY:
	default:
		return LINK_CAN_STREAM;
	}
}

struct stream *
link_open(struct link *l, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	bool line = l->ops->login ||
	    (request->kind != STREAM_PTY && !(l->ops->can & LINK_CAN_EXEC));
	struct loan *n;

	*err = 0;
	if (!(l->ops->can & needs(request->kind)))
		*err = -ENOTSUP;
	else if (!l->up) /* not while it fails, either */
		*err = -ENOTCONN;
	else if (line && l->borrowed)
		*err = -EBUSY;
	if (*err != 0)
		return NULL;
	if (line) {
		runs_shell_lost(l, "a console has borrowed the line");
		link_close_shell(l);
	}
	n = mem_alloc(sizeof(*n));
	n->base.ops = &loan_ops;
	n->base.sink = *sink;
	n->base.arg = arg;
	n->link = l;
	n->conn = l->conn;
	n->line = line;
	n->inner =
	    l->conn->t->ops->open(l->conn->t, request, &loan_sink, n, err);
	if (!n->inner) {
		free(n);
		task_post(l->post);
		return NULL;
	}
	l->borrowed = l->borrowed || line;
	n->next = l->loans;
	l->loans = n;
	return &n->base;
}

bool
loans_drop(struct link *l, const char *why)
{
	struct loan *n;
	bool alive = true;

	link_enter(l);
	while (!l->freed && (n = l->loans)) {
		l->loans = n->next;
		n->link = NULL;
		stream_free(n->inner);
		n->inner = NULL;
		if (!n->closed) {
			n->closed = true;
			n->base.sink.on_close(n->base.arg, -1, why);
		}
	}
	l->borrowed = false;
	alive = link_leave(l);
	return alive;
}

/*
 * Names and TCP connections.
 *
 * libssh would resolve and connect blocking. Keepalive and TCP_USER_TIMEOUT
 * make a blackholed route an error after four seconds instead of never.
 */
#include "dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define NEXT_MS 250

struct
try {
	struct dial *dial;
	struct resolve_addr addr;
	struct io *io;
	int fd; /* -1: not begun, or over */
};

struct dial {
	struct loop *loop;
	struct dial_sink sink;
	void *arg;
	char *host;
	const char *nobody;
	unsigned port, timeout_ms;
	int family;
	struct resolve *resolve;
	struct timer *deadline, *next;
	struct task *task;
	struct try tries[RESOLVE_MAX];
	size_t n, begun, over;
	int error; /* the most telling one so far */
};

/* A refusal tells more than a router, and that more than silence. */
static int
telling(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return 4;
	case ECONNRESET:
		return 3;
	case 0:
		return -1;
	case ETIMEDOUT:
		return 0;
	case EAFNOSUPPORT:
	case EADDRNOTAVAIL:
	case ENETUNREACH:
		return 1;
	default:
		return 2;
	}
}

static enum link_why
why_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return LINK_WHY_REFUSED;
	case ECONNRESET:
		return LINK_WHY_RESET;
	case ETIMEDOUT:
		return LINK_WHY_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return LINK_WHY_UNREACHABLE;
	default:
		return LINK_WHY_LOCAL;
	}
}

static void
try_end(struct try *t, bool keep)
{
	io_free(t->io);
	t->io = NULL;
	if (t->fd >= 0 && !keep)
		close(t->fd);
	t->fd = -1;
}

void
dial_free(struct dial *d)
{
	if (d == NULL)
		return;
	if (d->resolve != NULL)
		resolve_cancel(d->resolve);
	for (size_t i = 0; i < d->begun; i++)
		try_end(&d->tries[i], false);
	timer_free(d->deadline);
	timer_free(d->next);
	task_free(d->task);
	free(d->host);
	free(d);
}

static const char *
words(enum link_why why)
{
	switch (why) {
	case LINK_WHY_REFUSED:
		return "refuses the connection: the machine is there, but";
	case LINK_WHY_TIMEOUT:
		return "does not answer: is it on, and cabled?";
	case LINK_WHY_UNREACHABLE:
		return "cannot be reached from here";
	case LINK_WHY_RESET:
		return "reset the connection";
	default:
		return "cannot be connected to";
	}
}

static void
fail(struct dial *d, int error)
{
	enum link_why why = why_of(error);
	char text[512];

	if (why == LINK_WHY_REFUSED)
		str_format(text, sizeof text, "%s port %u %s %s", d->host,
		    d->port, words(why), d->nobody);
	else if (why == LINK_WHY_TIMEOUT)
		str_format(text, sizeof text, "%s port %u %s", d->host, d->port,
		    words(why));
	else
		str_format(text, sizeof text, "%s port %u %s: %s", d->host,
		    d->port, words(why), strerror(error));
	timer_stop(d->deadline);
	timer_stop(d->next);
	d->sink.on_fail(d->arg, why, text);
}

static void
set_options(int fd)
{
	int one = 1, idle = 2, interval = 1, count = 3;
	unsigned user_ms = 4000;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_ms, sizeof user_ms);
}

static void
won(struct dial *d, struct try *t)
{
	int fd = t->fd;

	try_end(t, true);
	timer_stop(d->deadline);
	timer_stop(d->next);
	for (size_t i = 0; i < d->begun; i++)
		try_end(&d->tries[i], false);
	d->sink.on_fd(d->arg, fd);
}

/* False when that was the last one: the dial may be gone. */
static bool
lost(struct dial *d, struct try *t, int error)
{
	try_end(t, false);
	if (telling(error) > telling(d->error))
		d->error = error;
	if (++d->over == d->n) {
		fail(d, d->error);
		return false;
	}
	if (d->begun < d->n)
		timer_start(d->next, 0);
	return true;
}

static void
on_io(void *arg, int events)
{
	struct try *t = arg;
	struct sockaddr_storage peer;
	int error = 0;
	socklen_t len = sizeof error;

	(void)events;
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	len = sizeof peer;
	if (error == 0 && getpeername(t->fd, (struct sockaddr *)&peer, &len))
		error = errno == ENOTCONN ? ECONNRESET : errno;
	if (error != 0)
		lost(t->dial, t, error);
	else
		won(t->dial, t);
}

static void
begin(struct dial *d)
{
	struct try *t = &d->tries[d->begun++];

	t->dial = d;
	t->fd = socket(t->addr.sa.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0) {
		lost(d, t, errno);
		return;
	}
	set_options(t->fd);
	if (connect(t->fd, (const struct sockaddr *)&t->addr.sa, t->addr.len) <
		0 &&
	    errno != EINPROGRESS) {
		lost(d, t, errno);
		return;
	}
	t->io = io_new(d->loop, t->fd, on_io, t);
	io_want(t->io, IO_WRITE);
	if (d->begun < d->n)
		timer_start(d->next, NEXT_MS);
}

static void
on_next(void *arg)
{
	begin(arg);
}

static void
on_deadline(void *arg)
{
	struct dial *d = arg;

	if (d->resolve != NULL) {
		char text[400];

		str_format(text, sizeof text,
		    "the name %s was not resolved in time", d->host);
		d->sink.on_fail(d->arg, LINK_WHY_NAME, text);
		return;
	}
	for (size_t i = 0; i < d->begun; i++)
		try_end(&d->tries[i], false);
	fail(d, telling(d->error) > 0 ? d->error : ETIMEDOUT);
}

static void
on_addresses(void *arg, int err, const char *why,
    const struct resolve_addr *addrs, size_t n)
{
	struct dial *d = arg;
	char text[512];

	d->resolve = NULL;
	for (size_t i = 0; err == 0 && i < n && d->n < RESOLVE_MAX; i++)
		if (d->family == AF_UNSPEC ||
		    addrs[i].sa.ss_family == d->family)
			d->tries[d->n++].addr = addrs[i];
	if (d->n == 0) {
		timer_stop(d->deadline);
		str_format(text, sizeof text,
		    "the name %s has no address of the family asked for",
		    d->host);
		if (err != 0)
			str_copy(text, sizeof text, why);
		d->sink.on_fail(d->arg, LINK_WHY_NAME, text);
		return;
	}
	timer_start(d->deadline, d->timeout_ms);
	timer_start(d->next, 0);
	d->sink.on_resolved(d->arg);
}

static void
on_task(void *arg)
{
	struct dial *d = arg;

	d->resolve = resolve_start(d->loop, d->host, d->port, on_addresses, d);
}

struct dial *
dial_start(struct loop *loop, const struct dial_request *r,
    const struct dial_sink *sink, void *arg)
{
	struct dial *d = mem_alloc(sizeof *d);

	d->loop = loop;
	d->sink = *sink;
	d->arg = arg;
	d->host = mem_strdup(r->host);
	d->port = r->port;
	d->nobody = r->nobody;
	d->family = r->family;
	d->timeout_ms = r->timeout_ms;
	for (size_t i = 0; i < RESOLVE_MAX; i++)
		d->tries[i].fd = -1;
	d->deadline = timer_new(loop, on_deadline, d);
	d->next = timer_new(loop, on_next, d);
	d->task = task_new(loop, on_task, d);
	timer_start(d->deadline, r->timeout_ms);
	task_post(d->task);
	return d;
}

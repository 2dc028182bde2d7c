/*
 * A port whose machine is gone must not answer at all, and on loopback the
 * kernel always answers. But it drops a SYN for a listener whose accept
 * queue is full, so a dark port has a backlog of 0 and is kept full by
 * connections of our own. A refused port stays bound without listening, so
 * that nobody else gets its number.
 */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define BACKLOG 128
#define FILLERS 2

struct listener {
	struct loop *loop;
	int fd;
	struct io *io;
	unsigned port;
	enum listen_mode mode;
	int filler[FILLERS];
	listen_fn *fn;
	void *arg;
};

static struct sockaddr_in
loopback(unsigned port)
{
	struct sockaddr_in sin;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons((uint16_t)port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sin;
}

static int
bound_socket(unsigned *port)
{
	struct sockaddr_in sin = loopback(*port);
	socklen_t len = sizeof(sin);
	int fd, on = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) != 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	*port = ntohs(sin.sin_port);
	return fd;
}

static void
on_accept(void *arg, int events)
{
	struct listener *l = arg;
	int i, fd, on = 1;

	(void)events;
	for (i = 0; i < 32; i++) {
		fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		l->fn(l->arg, fd);
	}
}

static void
watch(struct listener *l)
{
	l->io = io_new(l->loop, l->fd, on_accept, l);
	io_want(l->io, IO_READ);
}

struct listener *
listen_new(struct loop *loop, unsigned port, listen_fn *fn, void *arg,
    char *err, size_t size)
{
	struct listener *l = mem_alloc(sizeof(*l));
	int i;

	l->loop = loop;
	l->port = port;
	l->fn = fn;
	l->arg = arg;
	for (i = 0; i < FILLERS; i++)
		l->filler[i] = -1;
	l->fd = bound_socket(&l->port);
	if (l->fd < 0 || listen(l->fd, BACKLOG) != 0) {
		str_format(err, size, "cannot listen on port %u: %s", port,
		    strerror(l->fd < 0 ? -l->fd : errno));
		if (l->fd >= 0)
			close(l->fd);
		free(l);
		return NULL;
	}
	watch(l);
	return l;
}

static void
drop_fillers(struct listener *l)
{
	int i;

	for (i = 0; i < FILLERS; i++) {
		if (l->filler[i] >= 0)
			listen_reset(l->filler[i]);
		l->filler[i] = -1;
	}
}

void
listen_free(struct listener *l)
{
	if (l == NULL)
		return;
	io_free(l->io);
	drop_fillers(l);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

unsigned
listen_port(const struct listener *l)
{
	return l->port;
}

void
listen_reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void
go_dark(struct listener *l)
{
	struct sockaddr_in sin = loopback(l->port);
	int i, fd;

	(void)listen(l->fd, 0);
	for (i = 0; i < FILLERS; i++) {
		fd = socket(
		    AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd >= 0)
			(void)!connect(
			    fd, (struct sockaddr *)&sin, sizeof(sin));
		l->filler[i] = fd;
	}
}

static void
reopen(struct listener *l)
{
	int fd;

	close(l->fd);
	fd = bound_socket(&l->port);
	l->fd = fd;
}

/* Throw out what waits in the queue: nobody must meet it later. */
static void
drain(struct listener *l)
{
	int fd;

	while ((fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		listen_reset(fd);
}

void
listen_set(struct listener *l, enum listen_mode mode)
{
	if (l->mode == mode)
		return;
	io_free(l->io);
	l->io = NULL;
	if (l->mode == LISTEN_DARK) {
		drop_fillers(l);
		drain(l);
	}
	l->mode = mode;
	if (l->fd < 0 || mode == LISTEN_REFUSED)
		reopen(l);
	if (l->fd < 0 || mode == LISTEN_REFUSED)
		return;
	(void)listen(l->fd, BACKLOG);
	if (mode == LISTEN_DARK)
		go_dark(l);
	else
		watch(l);
}

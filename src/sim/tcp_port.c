/*
 * Connections that sockets carry: a port on this machine's loopback.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "listen.h"
#include "rackmux/sim/tcp.h"

#define READ_MAX 16384

struct peer {
	struct peer *next;
	struct tcp_port *port;
	struct tcp tcp;
	struct io *io;
	struct task *task;
	int fd;
};

struct tcp_port {
	struct loop *loop;
	struct listener *listener;
	struct peer *peers;
	tcp_accept_fn *accept;
	void *arg;
};

static void
peer_free(struct peer *p)
{
	struct peer **at = &p->port->peers;
	bool reset = p->tcp.reset;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	io_free(p->io);
	task_free(p->task);
	tcp_release(&p->tcp);
	if (reset)
		listen_reset(p->fd);
	else
		close(p->fd);
	free(p);
}

/* False when it is gone. */
static bool
peer_flush(struct peer *p)
{
	ssize_t n;

	while (p->tcp.out.len > 0) {
		n = write(p->fd, p->tcp.out.data, p->tcp.out.len);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			peer_free(p);
			return false;
		}
		tcp_sent(&p->tcp, (size_t)n);
	}
	if (tcp_over(&p->tcp)) {
		peer_free(p);
		return false;
	}
	io_want(p->io, IO_READ | (p->tcp.out.len > 0 ? IO_WRITE : 0));
	return true;
}

static void
on_task(void *arg)
{
	(void)peer_flush(arg);
}

static void
on_wake(void *arg)
{
	task_post(((struct peer *)arg)->task);
}

static void
on_io(void *arg, int events)
{
	struct peer *p = arg;
	char text[READ_MAX];
	ssize_t n;

	if (events & (IO_READ | IO_HUP)) {
		n = read(p->fd, text, sizeof(text));
		if (n == 0 || (n < 0 && errno != EAGAIN) ||
		    (n < 0 && (events & IO_HUP))) {
			peer_free(p);
			return;
		}
		if (n > 0)
			tcp_input(&p->tcp, text, (size_t)n);
	}
	(void)peer_flush(p);
}

static void
on_accept(void *arg, int fd)
{
	struct tcp_port *port = arg;
	struct peer *p = mem_alloc(sizeof(*p));

	p->port = port;
	p->fd = fd;
	tcp_init(&p->tcp, on_wake, p);
	p->task = task_new(port->loop, on_task, p);
	p->io = io_new(port->loop, fd, on_io, p);
	p->next = port->peers;
	port->peers = p;
	if (!port->accept(port->arg, &p->tcp)) {
		p->tcp.reset = true;
		peer_free(p);
		return;
	}
	io_want(p->io, IO_READ);
}

struct tcp_port *
tcp_port_new(struct loop *loop, unsigned number, tcp_accept_fn *fn, void *arg,
    char *err, size_t size)
{
	struct tcp_port *p = mem_alloc(sizeof(*p));

	p->loop = loop;
	p->accept = fn;
	p->arg = arg;
	p->listener = listen_new(loop, number, on_accept, p, err, size);
	if (p->listener == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

static void
drop_all(struct tcp_port *p)
{
	while (p->peers != NULL) {
		p->peers->tcp.reset = true;
		peer_free(p->peers);
	}
}

void
tcp_port_free(struct tcp_port *p)
{
	if (p == NULL)
		return;
	drop_all(p);
	listen_free(p->listener);
	free(p);
}

unsigned
tcp_port_number(const struct tcp_port *p)
{
	return listen_port(p->listener);
}

void
tcp_port_shut(struct tcp_port *p, bool shut)
{
	if (shut)
		drop_all(p);
	listen_set(p->listener, shut ? LISTEN_REFUSED : LISTEN_OPEN);
}

/*
 * A test needs a fault at its own moment, not at a second of a scenario.
 * Each connection may send many lines; replies come in order.
 */
#include "rackmux/sim/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"

#define LINE_MAX_LEN 1024

struct peer {
	struct peer *next;
	struct control *control;
	struct io *io;
	int fd;
	struct buf in;
};

struct control {
	struct loop *loop;
	struct fault_plan *plan;
	struct io *io;
	struct peer *peers;
	char *path;
	int fd;
};

static void
peer_free(struct peer *p)
{
	struct peer **at = &p->control->peers;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	io_free(p->io);
	close(p->fd);
	buf_release(&p->in);
	free(p);
}

static void
answer(struct peer *p, const char *line)
{
	char err[256], reply[300];

	if (fault_plan_line(p->control->plan, line, err, sizeof(err)) == 0)
		str_copy(reply, sizeof(reply), "ok\n");
	else
		str_format(reply, sizeof(reply), "error: %s\n", err);
	(void)!send(p->fd, reply, strlen(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
on_peer(void *arg, int events)
{
	struct peer *p = arg;
	char text[512], *nl;
	ssize_t n = 0;

	if (events & IO_READ)
		n = read(p->fd, text, sizeof(text));
	if (n > 0)
		buf_add(&p->in, text, (size_t)n);
	while (p->in.len > 0 &&
	    (nl = memchr(p->in.data, '\n', p->in.len)) != NULL) {
		size_t len = (size_t)(nl - p->in.data) + 1;

		*nl = '\0';
		answer(p, p->in.data);
		buf_drop(&p->in, len);
	}
	if ((n <= 0 && !(n < 0 && errno == EAGAIN)) || p->in.len > LINE_MAX_LEN)
		peer_free(p);
}

static void
on_accept(void *arg, int events)
{
	struct control *c = arg;
	struct peer *p;
	int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0)
		return;
	p = mem_alloc(sizeof(*p));
	p->control = c;
	p->fd = fd;
	buf_init(&p->in, 0);
	p->next = c->peers;
	c->peers = p;
	p->io = io_new(c->loop, fd, on_peer, p);
	io_want(p->io, IO_READ);
}

struct control *
control_new(struct loop *loop, struct fault_plan *plan, const char *path,
    char *err, size_t size)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct control *c;
	mode_t old;
	int fd, rc;

	if (!str_copy(sun.sun_path, sizeof(sun.sun_path), path)) {
		str_format(err, size, "%s: too long for a socket", path);
		return NULL;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)unlink(path);
	old = umask(0177);
	rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	(void)umask(old);
	if (rc != 0 || listen(fd, 8) != 0) {
		str_format(err, size, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	c = mem_alloc(sizeof(*c));
	c->loop = loop;
	c->plan = plan;
	c->path = mem_strdup(path);
	c->fd = fd;
	c->io = io_new(loop, fd, on_accept, c);
	io_want(c->io, IO_READ);
	return c;
}

void
control_free(struct control *c)
{
	if (c == NULL)
		return;
	while (c->peers != NULL)
		peer_free(c->peers);
	io_free(c->io);
	close(c->fd);
	(void)unlink(c->path);
	free(c->path);
	free(c);
}

#include "bus_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * One end of a control connection. A peer that does not read costs its queue
 * and nothing else: when that is full it is dropped whole, and as soon as the
 * peer reads again the connection ends, for both sides to begin anew. Closing
 * it at once would look as if a stopped owner had let its lines go.
 *
 * Descriptors arrive with any byte of their message, in order: they queue
 * until their message is complete.
 */

#define OUT_MAX (1u << 20)
#define OUT_FDS 64u /* that wait in the queue */
#define IN_FDS 16
#define READ_MAX (64u << 10) /* a turn */

struct out {
	STAILQ_ENTRY(out) link;
	int fd;
	size_t len, sent;
	char text[];
};

struct bus_wire {
	int fd;
	struct io *io;
	const struct bus_wire_sink *sink;
	void *arg;
	struct buf in;
	STAILQ_HEAD(, out) out;
	size_t waiting, waiting_fds;
	int fds[IN_FDS];
	size_t n_fds;
	bool deaf;
	bool *gone;
};

static void on_io(void *, int);

struct bus_wire *
bus_wire_new(
    struct loop *l, int fd, const struct bus_wire_sink *sink, void *arg)
{
	struct bus_wire *w = mem_alloc(sizeof *w);

	w->fd = fd;
	w->sink = sink;
	w->arg = arg;
	buf_init(&w->in, 0);
	STAILQ_INIT(&w->out);
	w->io = io_new(l, fd, on_io, w);
	io_want(w->io, IO_READ);
	return w;
}

static void
pop(struct bus_wire *w)
{
	struct out *o = STAILQ_FIRST(&w->out);

	STAILQ_REMOVE_HEAD(&w->out, link);
	w->waiting -= o->len;
	if (o->fd >= 0) {
		(void)close(o->fd);
		w->waiting_fds--;
	}
	free(o);
}

void
bus_wire_free(struct bus_wire *w)
{
	if (w == NULL)
		return;
	if (w->gone != NULL)
		*w->gone = true;
	while (!STAILQ_EMPTY(&w->out))
		pop(w);
	for (size_t i = 0; i < w->n_fds; i++)
		(void)close(w->fds[i]);
	io_free(w->io);
	(void)close(w->fd);
	buf_release(&w->in);
	free(w);
}

size_t
bus_wire_waiting(const struct bus_wire *w)
{
	return w->waiting;
}

/* --- sending ------------------------------------------------------------ */

static ssize_t
send_one(int fd, const char *p, size_t len, int msg_fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} c = { .room = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)p, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (msg_fd >= 0) {
		mh.msg_control = c.room;
		mh.msg_controllen = sizeof c.room;
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &msg_fd, sizeof msg_fd);
	}
	return sendmsg(fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
flush(struct bus_wire *w)
{
	struct out *o;

	while ((o = STAILQ_FIRST(&w->out)) != NULL) {
		ssize_t n =
		    send_one(w->fd, o->text + o->sent, o->len - o->sent, o->fd);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) {
			/* The end of it comes by reading. A message whose
			 * descriptor cannot go is lost with it: whoever holds
			 * the other end sees it close. */
			pop(w);
			continue;
		}
		o->sent += (size_t)n;
		if (o->fd >= 0) {
			(void)close(o->fd);
			o->fd = -1;
			w->waiting_fds--;
		}
		if (o->sent == o->len)
			pop(w);
	}
	io_want(w->io,
	    IO_READ | (STAILQ_EMPTY(&w->out) && !w->deaf ? 0 : IO_WRITE));
}

static void
go_deaf(struct bus_wire *w)
{
	w->deaf = true;
	while (!STAILQ_EMPTY(&w->out))
		pop(w);
	io_want(w->io, IO_READ | IO_WRITE);
}

void
bus_wire_send(struct bus_wire *w, const struct bus_msg *m, int fd)
{
	struct bus_msg copy = *m;
	struct buf text;
	struct out *o;

	copy.fd = fd >= 0;
	if (w->deaf || (fd >= 0 && w->waiting_fds >= OUT_FDS)) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	buf_init(&text, 0);
	bus_msg_print(&copy, &text);
	o = mem_alloc(sizeof *o + text.len);
	o->fd = fd;
	o->len = text.len;
	memcpy(o->text, text.data, text.len);
	buf_release(&text);
	w->waiting += o->len;
	w->waiting_fds += fd >= 0 ? 1 : 0;
	STAILQ_INSERT_TAIL(&w->out, o, link);
	if (STAILQ_FIRST(&w->out) == o)
		flush(w);
	if (w->waiting > OUT_MAX)
		go_deaf(w);
}

/* --- receiving ---------------------------------------------------------- */

/* False: more than is allowed, or cut. */
static bool
take_fds(struct bus_wire *w, struct msghdr *mh)
{
	bool ok = (mh->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL;
	     cm = CMSG_NXTHDR(mh, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cm) + i * sizeof fd, sizeof fd);
			if (w->n_fds < IN_FDS) {
				w->fds[w->n_fds++] = fd;
				continue;
			}
			(void)close(fd);
			ok = false;
		}
	}
	return ok;
}

static int
first_fd(struct bus_wire *w)
{
	int fd = w->fds[0];

	w->n_fds--;
	memmove(w->fds, w->fds + 1, w->n_fds * sizeof w->fds[0]);
	return fd;
}

/* One line; false when the wire is gone or broken (then *why is set). */
static bool
take_line(struct bus_wire *w, size_t len, const char **why)
{
	bool gone = false;
	struct bus_msg m;
	int fd = -1;

	if (!bus_msg_parse(&m, w->in.data, len, why))
		return false;
	if (m.fd && w->n_fds == 0) {
		*why = "lacks its descriptor";
		return false;
	}
	if (m.fd)
		fd = first_fd(w);
	buf_drop(&w->in, len + 1);
	w->gone = &gone;
	w->sink->on_msg(w->arg, &m, fd);
	if (gone)
		return false;
	w->gone = NULL;
	return true;
}

static void
broken(struct bus_wire *w, const char *why)
{
	char text[BUS_WHY];

	str_format(text, sizeof text,
	    "The other rackmux sent what %s: it was disconnected.", why);
	w->sink->on_gone(w->arg, text);
}

/* Lines out of what was read; false when the wire is gone. */
static bool
take_lines(struct bus_wire *w)
{
	const char *why = NULL;
	char *end;

	while (w->in.len > 0 &&
	    (end = memchr(w->in.data, '\n', w->in.len)) != NULL) {
		if (take_line(w, (size_t)(end - w->in.data), &why))
			continue;
		if (why != NULL)
			broken(w, why);
		return false;
	}
	if (w->in.len <= BUS_MSG)
		return true;
	broken(w, "is too long");
	return false;
}

/* Bytes read, 0 at the end, -1 for nothing now. */
static ssize_t
read_some(struct bus_wire *w, char *p, size_t size, bool *bad)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(IN_FDS * sizeof(int))];
	} c;
	struct iovec iov = { .iov_base = p, .iov_len = size };
	struct msghdr mh = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = c.room,
		.msg_controllen = sizeof c.room };
	ssize_t n = recvmsg(w->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? -1 : 0;
	*bad = !take_fds(w, &mh);
	return n;
}

static void
on_io(void *arg, int events)
{
	struct bus_wire *w = arg;
	size_t total = 0;
	bool bad = false;
	char p[4096];
	ssize_t n = -1;

	while (total < READ_MAX && (n = read_some(w, p, sizeof p, &bad)) > 0) {
		total += (size_t)n;
		if (bad) {
			broken(w, "carries too many descriptors");
			return;
		}
		buf_add(&w->in, p, (size_t)n);
		if (!take_lines(w))
			return;
	}
	if (n == 0 || (n < 0 && (events & IO_HUP))) {
		w->sink->on_gone(w->arg, "The other rackmux has gone.");
		return;
	}
	if ((events & IO_WRITE) == 0)
		return;
	if (w->deaf)
		w->sink->on_gone(
		    w->arg, "The other rackmux did not read for too long.");
	else
		flush(w);
}

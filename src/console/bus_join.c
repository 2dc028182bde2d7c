#include "bus_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Reading along: one end of a socket pair goes to the owner by way of the
 * hub, and from then on nobody stands between the two. What comes is checked
 * by bus_frames.c.
 */

#define READ_SIZE (16u << 10)
#define READS 8 /* a turn */
#define SIDE_MAX 1000

static void on_io(void *, int);
static void on_task(void *);

struct bus_join *
bus_join(struct bus *b, const char *line, const struct bus_join_sink *sink,
    void *arg)
{
	struct bus_join *j = mem_alloc(sizeof *j);
	int fds[2];

	j->bus = b;
	j->sink = sink;
	j->arg = arg;
	j->id = ++b->next_id;
	j->since = bus_clock();
	j->fd = j->far = -1;
	bus_line_name(j->line, line);
	bus_frames_init(&j->frames);
	j->task = task_new(b->loop, on_task, j);
	TAILQ_INSERT_TAIL(&b->joins, j, link);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		fds) < 0) {
		bus_join_over(j, "There is no descriptor left for a stream.");
		return j;
	}
	j->fd = fds[0];
	j->far = fds[1];
	j->io = io_new(b->loop, j->fd, on_io, j);
	if (b->state == BUS_UP)
		bus_join_ask(j);
	bus_watch(b);
	return j;
}

static void
shut(struct bus_join *j)
{
	io_free(j->io);
	j->io = NULL;
	if (j->fd >= 0)
		(void)close(j->fd);
	if (j->far >= 0)
		(void)close(j->far);
	j->fd = j->far = -1;
}

void
bus_join_detach(struct bus_join *j)
{
	shut(j);
	TAILQ_REMOVE(&j->bus->joins, j, link);
	task_free(j->task);
	j->task = NULL;
	j->bus = NULL;
}

void
bus_leave(struct bus_join *j)
{
	if (j == NULL)
		return;
	if (j->bus != NULL)
		bus_join_detach(j);
	if (j->gone != NULL)
		*j->gone = true;
	bus_frames_release(&j->frames);
	free(j);
}

void
bus_join_ask(struct bus_join *j)
{
	struct bus_msg m = { .type = BUS_JOIN, .id = j->id };
	int far = j->far;

	j->asked = true;
	j->far = -1;
	str_copy(m.line, sizeof m.line, j->line);
	bus_send(j->bus, &m, far);
	io_want(j->io, IO_READ);
}

void
bus_join_over(struct bus_join *j, const char *why)
{
	if (j->over)
		return;
	j->over = true;
	text_clean(j->why, sizeof j->why, why, strlen(why));
	if (j->io != NULL)
		io_want(j->io, 0);
	task_post(j->task);
}

bool
bus_join_tick(struct bus_join *j, long long now)
{
	if (j->over || j->frames.begun)
		return false;
	if (!j->asked && bus_is_silent(j->bus)) {
		bus_join_over(j, "No other rackmux can be asked.");
		return false;
	}
	if (!j->slow && now - j->since > BUS_ANSWER_MS) {
		j->slow = true;
		task_post(j->task);
	}
	return !j->slow;
}

static void
on_task(void *arg)
{
	struct bus_join *j = arg;

	if (j->over && !j->told) {
		j->told = true;
		shut(j);
		j->sink->on_over(j->arg, j->why);
	} else if (!j->over && j->slow && !j->frames.begun) {
		j->sink->on_note(j->arg,
		    "The rackmux that has this console does not answer yet.");
	}
}

/* --- what comes --------------------------------------------------------- */

static int
side(const char *p)
{
	int n = (unsigned char)p[0] << 8 | (unsigned char)p[1];

	return n < 1 ? 1 : n > SIDE_MAX ? SIDE_MAX : n;
}

static void
give_out(struct bus_join *j, int type, const char *p, size_t len)
{
	char text[BUS_TEXT + 1];

	switch (type) {
	case 'S':
		j->sink->on_snapshot(
		    j->arg, side(p), side(p + 2), p + 4, len - 4);
		break;
	case 'B':
		j->sink->on_bytes(j->arg, p, len);
		break;
	case 'Z':
		j->sink->on_size(j->arg, side(p), side(p + 2));
		break;
	case 'N':
		text_clean(text, sizeof text, p, len);
		j->sink->on_note(j->arg, text);
		break;
	default:
		text_clean(text, sizeof text, p, len);
		bus_join_over(j, text);
		break;
	}
}

/* False: it is over, or freed. */
static bool
take_frames(struct bus_join *j)
{
	const char *p, *why = NULL;
	bool gone = false;
	size_t len;
	int type;

	while ((type = bus_frames_next(&j->frames, &p, &len, &why)) > 0) {
		j->gone = &gone;
		give_out(j, type, p, len);
		if (gone)
			return false;
		j->gone = NULL;
		if (j->over || j->bus == NULL)
			return false;
	}
	if (type < 0)
		bus_join_over(j, why);
	return type == 0;
}

static void
on_io(void *arg, int events)
{
	struct bus_join *j = arg;
	char p[READ_SIZE];

	for (int i = 0; i < READS; i++) {
		ssize_t n = recv(j->fd, p, sizeof p, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			if (events & IO_HUP)
				n = 0;
			else
				return;
		}
		if (n <= 0) {
			bus_join_over(j,
			    "The rackmux that had this console has gone, or "
			    "has let it go.");
			return;
		}
		bus_frames_add(&j->frames, p, (size_t)n);
		if (!take_frames(j))
			return;
	}
}

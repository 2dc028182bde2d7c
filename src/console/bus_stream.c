#include "bus_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The stream between who owns a line and who reads along, both ends of its
 * framing. Chunks are written in place and joined while they wait, so that a
 * slow joiner costs 1 MB whatever the pieces were; when that is used up the
 * oldest whole chunks go, and the count of their bytes takes their place. The
 * chunk that is half sent stays, and so does the snapshot, without which the
 * rest means nothing.
 */

#define HEAD 5u
#define SMALL 4096u
#define LINGER_MS 2000

struct chunk {
	TAILQ_ENTRY(chunk) link;
	char type;
	size_t len, cap, sent; /* sent counts the head too */
	char data[]; /* head, then content */
};

TAILQ_HEAD(chunks, chunk);

struct bus_stream {
	int fd;
	struct loop *loop;
	struct io *io;
	loop_fn *on_gone;
	void *arg;
	struct chunks chunks;
	size_t waiting;
	unsigned long long lost;
	bool sized; /* a size was among what was lost */
	int rows, cols; /* the last one told */
	bool ending, failed;
	struct timer *linger;
};

static void on_io(void *, int);

struct bus_stream *
bus_stream_new(struct loop *l, int fd, loop_fn *on_gone, void *arg)
{
	struct bus_stream *s = mem_alloc(sizeof *s);

	s->fd = fd;
	s->loop = l;
	s->on_gone = on_gone;
	s->arg = arg;
	TAILQ_INIT(&s->chunks);
	s->io = io_new(l, fd, on_io, s);
	io_want(s->io, IO_READ);
	return s;
}

static void
pop(struct bus_stream *s)
{
	struct chunk *c = TAILQ_FIRST(&s->chunks);

	TAILQ_REMOVE(&s->chunks, c, link);
	s->waiting -= c->cap;
	free(c);
}

void
bus_stream_free(struct bus_stream *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->chunks))
		pop(s);
	timer_free(s->linger);
	io_free(s->io);
	(void)close(s->fd);
	free(s);
}

size_t
bus_stream_waiting(const struct bus_stream *s)
{
	return s->waiting;
}

/* --- what waits --------------------------------------------------------- */

static void
put32(char *p, size_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (char)(unsigned char)(n >> (24 - 8 * i));
}

static void
put_size(char *p, int rows, int cols)
{
	p[0] = (char)(unsigned char)(rows >> 8);
	p[1] = (char)(unsigned char)rows;
	p[2] = (char)(unsigned char)(cols >> 8);
	p[3] = (char)(unsigned char)cols;
}

static struct chunk *
make_chunk(char type, const char *p, size_t len)
{
	size_t cap = type == 'B' && len < SMALL ? SMALL : len;
	struct chunk *c;

	/* An empty one costs memory too. */
	cap = cap > sizeof *c ? cap : sizeof *c;
	c = mem_alloc(sizeof *c + HEAD + cap);
	c->type = type;
	c->cap = cap;
	c->len = len;
	if (len > 0)
		memcpy(c->data + HEAD, p, len);
	return c;
}

/* What the head of the queue has already begun with must be ended. */
static bool
is_kept(const struct chunk *c)
{
	return c->sent > 0 || c->type == 'S';
}

/* Tell, before all that waits, what was lost there. */
static void
tell_lost(struct bus_stream *s)
{
	struct chunk *first = TAILQ_FIRST(&s->chunks), *c;
	char text[160];

	str_format(text, sizeof text,
	    "%llu bytes are missing here: they were not read in time.",
	    s->lost);
	c = make_chunk('N', text, strlen(text));
	s->lost = 0;
	s->waiting += c->cap;
	if (first != NULL && is_kept(first))
		TAILQ_INSERT_AFTER(&s->chunks, first, c, link);
	else
		TAILQ_INSERT_HEAD(&s->chunks, c, link);
	if (!s->sized)
		return;
	s->sized = false;
	put_size(text, s->rows, s->cols);
	first = make_chunk('Z', text, 4);
	s->waiting += first->cap;
	TAILQ_INSERT_AFTER(&s->chunks, c, first, link);
}

static void
drop_oldest(struct bus_stream *s)
{
	struct chunk *c = TAILQ_FIRST(&s->chunks);

	if (c != NULL && is_kept(c))
		c = TAILQ_NEXT(c, link);
	/* What was just added stays. */
	if (c == NULL || TAILQ_NEXT(c, link) == NULL)
		return;
	TAILQ_REMOVE(&s->chunks, c, link);
	s->waiting -= c->cap;
	s->lost += c->type == 'B' ? c->len : 0;
	s->sized |= c->type == 'Z';
	free(c);
}

/* Bytes that waiting may use: the snapshot comes on top. */
static bool
is_over(const struct bus_stream *s)
{
	const struct chunk *c = TAILQ_FIRST(&s->chunks), *next;
	size_t kept = c != NULL && c->type == 'S' ? c->cap : 0;

	next = c != NULL && is_kept(c) ? TAILQ_NEXT(c, link) : c;
	return s->waiting - kept > BUS_QUEUE && next != NULL &&
	    TAILQ_NEXT(next, link) != NULL;
}

/* --- sending ------------------------------------------------------------ */

static bool
send_chunk(struct bus_stream *s, struct chunk *c)
{
	ssize_t n;

	if (c->sent == 0) {
		put32(c->data, c->len);
		c->data[4] = c->type;
	}
	n = send(s->fd, c->data + c->sent, HEAD + c->len - c->sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		s->failed |= errno != EAGAIN && errno != EINTR;
	else
		c->sent += (size_t)n;
	return c->sent == HEAD + c->len;
}

static void
flush(struct bus_stream *s)
{
	struct chunk *c;

	while (!s->failed) {
		c = TAILQ_FIRST(&s->chunks);
		if (s->lost > 0 && (c == NULL || !is_kept(c))) {
			tell_lost(s);
			continue;
		}
		if (c == NULL || !send_chunk(s, c))
			break;
		pop(s);
	}
	/* The end is seen by reading. */
	if (s->failed)
		(void)shutdown(s->fd, SHUT_RDWR);
	io_want(s->io,
	    IO_READ | (TAILQ_EMPTY(&s->chunks) || s->failed ? 0 : IO_WRITE));
}

static void
push(struct bus_stream *s, char type, const char *p, size_t len, size_t max)
{
	struct chunk *last = TAILQ_LAST(&s->chunks, chunks);
	bool idle = last == NULL;

	if (s->failed || s->ending)
		return;
	len = len < max ? len : max;
	if (type == 'B' && last != NULL && last->type == 'B' &&
	    last->sent == 0 && last->cap - last->len >= len) {
		memcpy(last->data + HEAD + last->len, p, len);
		last->len += len;
		return;
	}
	last = make_chunk(type, p, len);
	TAILQ_INSERT_TAIL(&s->chunks, last, link);
	s->waiting += last->cap;
	while (is_over(s))
		drop_oldest(s);
	if (idle)
		flush(s);
}

void
bus_stream_snapshot(
    struct bus_stream *s, int rows, int cols, const char *p, size_t len)
{
	char *all;

	len = len < BUS_SNAPSHOT - 4 ? len : BUS_SNAPSHOT - 4;
	all = mem_alloc(len + 4);
	put_size(all, rows, cols);
	if (len > 0)
		memcpy(all + 4, p, len);
	s->rows = rows;
	s->cols = cols;
	push(s, 'S', all, len + 4, BUS_SNAPSHOT);
	free(all);
}

void
bus_stream_bytes(struct bus_stream *s, const char *p, size_t len)
{
	while (len > 0) {
		size_t n = len < BUS_CHUNK ? len : BUS_CHUNK;

		push(s, 'B', p, n, BUS_CHUNK);
		p += n;
		len -= n;
	}
}

void
bus_stream_note(struct bus_stream *s, const char *text)
{
	push(s, 'N', text, strlen(text), BUS_TEXT);
}

void
bus_stream_size(struct bus_stream *s, int rows, int cols)
{
	char p[4];

	s->rows = rows;
	s->cols = cols;
	put_size(p, rows, cols);
	push(s, 'Z', p, sizeof p, sizeof p);
}

/* --- its end ------------------------------------------------------------ */

static void
on_linger(void *arg)
{
	struct bus_stream *s = arg;

	s->on_gone(s->arg);
}

bool
bus_stream_end(struct bus_stream *s, const char *why)
{
	push(s, 'E', why, strlen(why), BUS_TEXT);
	s->ending = true;
	if (s->failed || TAILQ_EMPTY(&s->chunks))
		return true;
	s->linger = timer_new(s->loop, on_linger, s);
	timer_start(s->linger, LINGER_MS);
	return false;
}

/* A joiner has nothing to say but its end. */
static bool
read_end(struct bus_stream *s)
{
	char p[4096];
	ssize_t n = recv(s->fd, p, sizeof p, MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void
on_io(void *arg, int events)
{
	struct bus_stream *s = arg;

	if (events & (IO_READ | IO_HUP))
		s->failed |= read_end(s) || (events & IO_HUP);
	if (!s->failed && (events & IO_WRITE))
		flush(s);
	if (s->failed || (s->ending && TAILQ_EMPTY(&s->chunks)))
		s->on_gone(s->arg);
}

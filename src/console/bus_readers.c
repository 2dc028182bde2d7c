#include "bus_in.h"

#include <stdlib.h>
#include <unistd.h>

#include "rackmux/base/mem.h"

/*
 * Those who read along at a line of ours. One that is told the end stays
 * with the bus until that is sent.
 */

void
bus_reader_free(struct bus_reader *r)
{
	if (r->claim != NULL) {
		TAILQ_REMOVE(&r->claim->readers, r, link);
		r->claim->n_readers--;
	} else {
		TAILQ_REMOVE(&r->bus->leaving, r, link);
	}
	bus_stream_free(r->stream);
	free(r);
}

static void
on_gone(void *arg)
{
	bus_reader_free(arg);
}

static struct bus_reader *
make_reader(struct bus *b, int fd)
{
	struct bus_reader *r = mem_alloc(sizeof *r);

	r->bus = b;
	r->stream = bus_stream_new(b->loop, fd, on_gone, r);
	TAILQ_INSERT_TAIL(&b->leaving, r, link);
	return r;
}

static void
refuse(struct bus *b, int fd)
{
	struct bus_reader *r = make_reader(b, fd);

	if (bus_stream_end(
		r->stream, "As many as may read this console do so already."))
		bus_reader_free(r);
}

void
bus_readers_add(struct bus_claim *c, int fd)
{
	int rows = 24, cols = 80;
	struct bus_reader *r;
	bool gone = false;
	struct buf text;

	if (c->n_readers >= BUS_JOINERS) {
		refuse(c->bus, fd);
		return;
	}
	buf_init(&text, BUS_SNAPSHOT - 4);
	c->gone = &gone;
	if (c->sink->on_snapshot != NULL)
		c->sink->on_snapshot(c->arg, &rows, &cols, &text);
	if (!gone)
		c->gone = NULL;
	if (gone || c->told != BUS_IS_MINE) {
		(void)close(fd);
	} else {
		r = make_reader(c->bus, fd);
		TAILQ_REMOVE(&c->bus->leaving, r, link);
		r->claim = c;
		TAILQ_INSERT_TAIL(&c->readers, r, link);
		c->n_readers++;
		bus_stream_snapshot(
		    r->stream, rows, cols, buf_str(&text), text.len);
	}
	buf_release(&text);
}

void
bus_readers_end(struct bus_claim *c, const char *why)
{
	struct bus_reader *r;

	while ((r = TAILQ_FIRST(&c->readers)) != NULL) {
		TAILQ_REMOVE(&c->readers, r, link);
		c->n_readers--;
		r->claim = NULL;
		TAILQ_INSERT_TAIL(&c->bus->leaving, r, link);
		if (bus_stream_end(r->stream, why))
			bus_reader_free(r);
	}
}

void
bus_publish(struct bus_claim *c, const char *p, size_t len)
{
	struct bus_reader *r;

	TAILQ_FOREACH(r, &c->readers, link)
	bus_stream_bytes(r->stream, p, len);
}

void
bus_publish_note(struct bus_claim *c, const char *text)
{
	struct bus_reader *r;

	TAILQ_FOREACH(r, &c->readers, link)
	bus_stream_note(r->stream, text);
}

void
bus_publish_size(struct bus_claim *c, int rows, int cols)
{
	struct bus_reader *r;

	TAILQ_FOREACH(r, &c->readers, link)
	bus_stream_size(r->stream, rows, cols);
}

size_t
bus_joined(const struct bus_claim *c)
{
	return c->n_readers;
}

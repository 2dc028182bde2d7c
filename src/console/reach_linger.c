#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "reach_in.h"

/*
 * A program that is told to end needs a moment: it gives the line back as it
 * found it, and takes its lock away. What it still says nobody hears. The end
 * of the stream, as when its link goes, ends this at once.
 */

#define LINGER_MS 1000

struct lingerer {
	struct stream *stream;
	struct timer *timer;
};

static void
end(void *arg)
{
	struct lingerer *l = arg;

	stream_free(l->stream);
	timer_free(l->timer);
	free(l);
}

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	(void)arg;
	(void)data;
	(void)err;
	return len;
}

static void
on_close(void *arg, int status, const char *why)
{
	(void)status;
	(void)why;
	end(arg);
}

void
linger(struct loop *loop, struct stream *s, const char *quit)
{
	static const struct stream_sink sink = { .on_data = on_data,
		.on_close = on_close };
	struct lingerer *l = mem_alloc(sizeof *l);

	l->stream = s;
	s->sink = sink;
	s->arg = l;
	l->timer = timer_new(loop, end, l);
	timer_start(l->timer, LINGER_MS);
	if (stream_write(s, quit, strlen(quit)) != 0) {
		end(l);
		return;
	}
	stream_resume(s);
}

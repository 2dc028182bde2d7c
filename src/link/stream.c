/* The calls on a stream, for whatever kind of stream it is. */
#include "rackmux/link/stream.h"

#include <errno.h>

int
stream_write(struct stream *s, const char *data, size_t len)
{
	return s->ops->write(s, data, len);
}

void
stream_resume(struct stream *s)
{
	if (s->ops->resume)
		s->ops->resume(s);
}

void
stream_eof(struct stream *s)
{
	if (s->ops->eof)
		s->ops->eof(s);
}

int
stream_resize(struct stream *s, int rows, int cols)
{
	return s->ops->resize ? s->ops->resize(s, rows, cols) : -ENOTSUP;
}

int
stream_break(struct stream *s)
{
	return s->ops->send_break ? s->ops->send_break(s) : -ENOTSUP;
}

void
stream_free(struct stream *s)
{
	if (s)
		s->ops->free(s);
}

#include "bus_in.h"

#include <string.h>

/*
 * Frames out of a stream's bytes, in whatever pieces they come. A length
 * that no frame of ours may have ends it before anything is kept for it; a
 * frame of a type that we do not know is skipped and never held.
 */

#define HEAD 5u

void
bus_frames_init(struct bus_frames *f)
{
	memset(f, 0, sizeof *f);
	buf_init(&f->in, 0);
}

void
bus_frames_release(struct bus_frames *f)
{
	buf_release(&f->in);
}

static size_t
get32(const char *p)
{
	size_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | (unsigned char)p[i];
	return n;
}

/* What a frame of this type may hold; 0: we do not know it. */
static size_t
most(char type)
{
	switch (type) {
	case 'S':
		return BUS_SNAPSHOT;
	case 'B':
		return BUS_CHUNK;
	case 'Z':
		return 4;
	case 'N':
	case 'E':
		return BUS_TEXT;
	default:
		return 0;
	}
}

void
bus_frames_add(struct bus_frames *f, const char *p, size_t len)
{
	size_t n = len < f->skip ? len : f->skip;

	f->skip -= n;
	buf_add(&f->in, p + n, len - n);
}

/* The frame before was given out and is still there. */
static void
drop_given(struct bus_frames *f)
{
	buf_drop(&f->in, f->given);
	f->given = 0;
}

static void
skip(struct bus_frames *f, size_t len)
{
	size_t n = f->in.len - HEAD < len ? f->in.len - HEAD : len;

	buf_drop(&f->in, HEAD + n);
	f->skip = len - n;
}

int
bus_frames_next(
    struct bus_frames *f, const char **data, size_t *len, const char **why)
{
	char type;

	drop_given(f);
	for (;;) {
		if (f->skip > 0 || f->in.len < HEAD)
			return 0;
		*len = get32(f->in.data);
		type = f->in.data[4];
		if (most(type) > 0)
			break;
		skip(f, *len);
	}
	*why = "A frame of the stream is too long.";
	if (*len > most(type))
		return -1;
	*why = "A frame of the stream is too short.";
	if ((type == 'S' || type == 'Z') && *len < 4)
		return -1;
	*why = "The stream does not begin with a snapshot.";
	if (f->begun == (type == 'S') && type != 'E')
		return -1;
	if (f->in.len - HEAD < *len)
		return 0;
	f->begun = true;
	*data = f->in.data + HEAD;
	f->given = HEAD + *len;
	return (unsigned char)type;
}

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "vt_in.h"

/*
 * One block of the scrollback. It is open while lines are added; when it is
 * full it gets memory of its size. All terminals together keep so many bytes
 * of full blocks as they are; what is more is squeezed at once. So one console
 * that floods costs no more than its parsing (squeezing is about as much
 * again), and hundreds of them are a sixth in memory. What was read of the
 * squeezed stays readable in a small cache for all: searching and scrolling
 * unpack a block once.
 */

#define KEEP (3u << 19)
#define SEEN 8
/* Below that there is nothing to win. */
#define SQUEEZE_MIN 128

static size_t kept, keep = KEEP;
static uint64_t last_id, ticks;

static struct seen {
	uint64_t id, used;
	unsigned char data[BLOCK_MAX];
} seen[SEEN];

void
vt_keep_plain(size_t bytes)
{
	keep = bytes;
}

void
block_room(struct block *b, size_t more)
{
	if (b->cap - b->len >= more)
		return;
	b->cap = b->len + more + b->len / 16;
	b->data = mem_grow(b->data, b->cap, 1);
}

/* Memory of n bytes instead of what it has, which is left for the next: so
 * the heap has no holes between blocks. */
static struct block
exchange(struct block *b, unsigned char *data, size_t n)
{
	struct block spare = { .data = b->data, .cap = b->cap };

	b->data = data;
	b->cap = n;
	return spare;
}

struct block
block_close(struct block *b)
{
	unsigned char *data;
	size_t n;

	if (b->state != BLOCK_OPEN)
		return (struct block){ 0 };
	b->state = BLOCK_STIFF;
	if (b->len <= SQUEEZE_MIN || kept + b->len <= keep) {
		b->state = BLOCK_PLAIN;
		kept += b->len;
	} else if ((data = vt_squeeze(b->data, b->len, &n)) != NULL) {
		b->state = BLOCK_SQUEEZED;
		b->id = ++last_id;
		return exchange(b, data, n);
	}
	data = mem_grow(NULL, b->len, 1);
	memcpy(data, b->data, b->len);
	return exchange(b, data, b->len);
}

/* Should it not be readable, its lines are there, and empty: a zero is a
 * line without text, and none takes less than a byte. */
static void
unsqueeze(const struct block *b, unsigned char *out)
{
	if (!vt_unsqueeze(b->data, b->cap, out, b->len))
		memset(out, 0, b->len);
}

void
block_reopen(struct block *b)
{
	unsigned char *data;

	if (b->state == BLOCK_PLAIN)
		kept -= b->len;
	if (b->state == BLOCK_SQUEEZED) {
		data = mem_grow(NULL, b->len, 1);
		unsqueeze(b, data);
		free(b->data);
		b->data = data;
		b->cap = b->len;
	}
	b->state = BLOCK_OPEN;
}

const unsigned char *
block_data(const struct block *b)
{
	struct seen *s = &seen[0];

	if (b->state != BLOCK_SQUEEZED)
		return b->data;
	for (unsigned i = 0; i < SEEN; i++) {
		if (seen[i].id == b->id) {
			seen[i].used = ++ticks;
			return seen[i].data;
		}
		if (seen[i].used < s->used)
			s = &seen[i];
	}
	unsqueeze(b, s->data);
	s->id = b->id;
	s->used = ++ticks;
	return s->data;
}

void
block_drop(struct block *b)
{
	if (b->state == BLOCK_PLAIN)
		kept -= b->len;
	free(b->data);
	b->data = NULL;
}

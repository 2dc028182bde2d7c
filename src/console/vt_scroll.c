#include "vt_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

/*
 * The scrollback: blocks of up to 128 packed lines, about 10 kB of a log: four
 * times as much would squeeze a tenth better, and each terminal has one that
 * is open. A line is found by halving and at most 127 steps. So that no node
 * eats the machine, lines that are far bigger than any log's make the oldest
 * go early, as if nothing were squeezed.
 */

#define BLOCK_LINES 128
#define LINE_BYTES 512 /* on average, at most */
#define BYTES_MIN 65536

static bool
full(const struct block *b)
{
	return b->state != BLOCK_OPEN || b->lines >= BLOCK_LINES ||
	    b->len >= BLOCK_BYTES;
}

/* A new last one. */
static struct block *
add_block(struct scroll *s)
{
	if (s->n == s->cap) {
		s->cap = s->cap + s->cap / 4 + 4;
		s->blocks = mem_grow(s->blocks, s->cap, sizeof *s->blocks);
	}
	return &s->blocks[s->n++];
}

struct block *
scroll_open(struct scroll *s)
{
	struct block *b, spare = { 0 };

	if (s->n > 0 && !full(&s->blocks[s->n - 1]))
		return &s->blocks[s->n - 1];
	if (s->n > 0)
		spare = block_close(&s->blocks[s->n - 1]);
	if (spare.cap > 2 * BLOCK_BYTES) {
		free(spare.data);
		spare = (struct block){ 0 };
	}
	b = add_block(s);
	*b = spare;
	b->start = s->first + s->lines;
	return b;
}

void
scroll_adopt(struct scroll *s, const struct block *from)
{
	struct block *b, spare = { 0 };

	if (s->n > 0)
		spare = block_close(&s->blocks[s->n - 1]);
	free(spare.data);
	b = add_block(s);
	*b = *from;
	b->start = s->first + s->lines;
	s->lines += b->lines;
	s->bytes += b->len;
}

/* The oldest block goes. */
static void
drop_block(struct scroll *s)
{
	struct block *b = &s->blocks[0];
	unsigned long long end = b->start + b->lines;

	s->bytes -= b->len;
	block_drop(b);
	s->n--;
	memmove(b, b + 1, s->n * sizeof *b);
	if (end > s->first) {
		s->lines -= (unsigned)(end - s->first);
		s->first = end;
	}
}

void
scroll_trim(struct scroll *s)
{
	size_t most = (size_t)s->max * LINE_BYTES;

	if (s->lines > s->max) {
		s->first += s->lines - s->max;
		s->lines = s->max;
	}
	while (s->n > 0 && s->blocks[0].start + s->blocks[0].lines <= s->first)
		drop_block(s);
	while (s->n > 1 && s->bytes > (most > BYTES_MIN ? most : BYTES_MIN))
		drop_block(s);
}

void
scroll_added(struct scroll *s, struct block *b, size_t before, unsigned width,
    bool wrapped)
{
	b->lines++;
	b->wraps |= wrapped;
	if (b->widest < width)
		b->widest = width;
	s->bytes += b->len - before;
	s->lines++;
}

void
scroll_push(struct vt *vt, const struct row *r)
{
	struct scroll *s = &vt->scroll;
	struct block *b;
	size_t before;

	if (s->max == 0) {
		s->first++;
		return;
	}
	b = scroll_open(s);
	before = b->len;
	pack_row(vt, r, b);
	scroll_added(s, b, before, r->len, r->wrapped);
	if (s->lines > s->max || full(b))
		scroll_trim(s);
}

/* Where a block's line is. */
static const unsigned char *
block_line(const struct block *b, unsigned line)
{
	const unsigned char *p = block_data(b);

	while (line-- > 0)
		p = pack_skip(p);
	return p;
}

static unsigned
find_block(const struct scroll *s, unsigned long long number)
{
	unsigned lo = 0, hi = s->n;

	while (hi - lo > 1) {
		unsigned mid = (lo + hi) / 2;

		if (s->blocks[mid].start <= number)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

const unsigned char *
scroll_line(const struct scroll *s, unsigned line)
{
	unsigned long long number = s->first + line;
	const struct block *b = &s->blocks[find_block(s, number)];

	return block_line(b, (unsigned)(number - b->start));
}

void
scroll_truncate(struct scroll *s, unsigned lines)
{
	unsigned long long end = s->first + lines;

	if (lines >= s->lines)
		return;
	while (s->n > 0 && s->blocks[s->n - 1].start >= end) {
		struct block *b = &s->blocks[--s->n];

		s->bytes -= b->len;
		block_drop(b);
	}
	if (s->n > 0) {
		struct block *b = &s->blocks[s->n - 1];
		unsigned keep = (unsigned)(end - b->start);

		if (keep < b->lines) {
			size_t len;

			block_reopen(b);
			len = (size_t)(block_line(b, keep) - b->data);
			s->bytes -= b->len - len;
			b->len = len;
			b->lines = keep;
		}
	}
	s->lines = lines;
}

void
scroll_release(struct scroll *s)
{
	for (unsigned i = 0; i < s->n; i++)
		block_drop(&s->blocks[i]);
	free(s->blocks);
	s->blocks = NULL;
	s->n = s->cap = s->lines = 0;
	s->bytes = 0;
}

size_t
scroll_memory(const struct scroll *s)
{
	size_t n = s->cap * sizeof *s->blocks;

	/* What malloc() adds counts too. */
	for (unsigned i = 0; i < s->n; i++)
		n += s->blocks[i].cap + 16;
	return n;
}

#include "rackmux/base/ring.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

void
ring_init(struct ring *r, size_t size)
{
	memset(r, 0, sizeof *r);
	r->data = mem_alloc(size);
	r->size = size;
}

void
ring_release(struct ring *r)
{
	free(r->data);
	memset(r, 0, sizeof *r);
}

void
ring_clear(struct ring *r)
{
	r->start = r->len = 0;
}

void
ring_add(struct ring *r, const void *p, size_t len)
{
	const char *s = p;
	size_t end, first;

	r->total += len;
	if (r->size == 0 || len == 0)
		return;
	if (len > r->size) {
		s += len - r->size;
		len = r->size;
	}
	if (len > r->size - r->len)
		ring_drop(r, len - (r->size - r->len));
	end = (r->start + r->len) % r->size;
	first = r->size - end < len ? r->size - end : len;
	memcpy(r->data + end, s, first);
	memcpy(r->data, s + first, len - first);
	r->len += len;
}

size_t
ring_peek(const struct ring *r, void *out, size_t len)
{
	size_t first;

	if (len > r->len)
		len = r->len;
	if (len == 0)
		return 0;
	first = r->size - r->start < len ? r->size - r->start : len;
	memcpy(out, r->data + r->start, first);
	memcpy((char *)out + first, r->data, len - first);
	return len;
}

void
ring_drop(struct ring *r, size_t len)
{
	if (len > r->len)
		len = r->len;
	r->len -= len;
	r->start = r->len > 0 ? (r->start + len) % r->size : 0;
}

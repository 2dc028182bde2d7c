#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "sh.h"

/* A tree is made in one go and freed in one go, when the last function that
 * came from it is gone. */

#define CHUNK 1024

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t data[];
};

struct arena *
arena_new(void)
{
	struct arena *a = mem_alloc(sizeof *a);

	a->refs = 1;
	return a;
}

void
arena_unref(struct arena *a)
{
	struct chunk *c, *next;

	if (a == NULL || --a->refs > 0)
		return;
	for (c = a->chunks; c != NULL; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *p;

	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) *
	    sizeof(max_align_t);
	if (c == NULL || c->size - c->used < size) {
		size_t room = size > CHUNK ? size : CHUNK;

		c = mem_alloc(sizeof *c + room);
		c->size = room;
		c->next = a->chunks;
		a->chunks = c;
	}
	p = (char *)c->data + c->used;
	c->used += size;
	memset(p, 0, size);
	return p;
}

char *
arena_dup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	memcpy(p, s, len);
	return p;
}

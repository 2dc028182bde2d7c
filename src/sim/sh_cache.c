#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "sh.h"

/*
 * A fleet types the same functions at each of its boards. A tree is never
 * changed once it is parsed, so the same text may share one.
 */

#define CACHE_SIZE 32
#define CACHE_MIN 200 /* shorter ones cost nothing */

static struct {
	char *text;
	struct arena *arena;
	struct tree *tree;
} cache[CACHE_SIZE];
static int next;

void
sh_share(const char *text, size_t len, struct arena **a, struct tree **t)
{
	if (len < CACHE_MIN)
		return;
	for (int i = 0; i < CACHE_SIZE; i++) {
		if (cache[i].text == NULL || strlen(cache[i].text) != len ||
		    memcmp(cache[i].text, text, len) != 0)
			continue;
		arena_unref(*a);
		*a = cache[i].arena;
		(*a)->refs++;
		*t = cache[i].tree;
		return;
	}
	free(cache[next].text);
	arena_unref(cache[next].arena);
	cache[next].text = mem_strndup(text, len);
	cache[next].arena = *a;
	cache[next].tree = *t;
	(*a)->refs++;
	next = (next + 1) % CACHE_SIZE;
}

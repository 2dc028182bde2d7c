#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "watch_in.h"

/*
 * Aho and Corasick's machine as one table: some hundred literals are found in
 * one pass that costs one look-up a byte, however many there are. Bytes are
 * mapped to classes first, so that the table stays in the cache; class 0 is
 * what no literal has, class 1 what is no plain text.
 */

#define FOUND 0x80000000u
#define STATES_MAX 0x8000u

struct literal {
	unsigned short rule;
	int next; /* another one that ends in the same state */
};

struct scan {
	unsigned char classes[256];
	unsigned n_classes, shift;
	uint32_t *next; /* states << shift; FOUND: something ends */
	unsigned n_states, room;
	int *ends; /* of a state: in literals, -1 */
	unsigned *back; /* the longest suffix that is a state */
	unsigned *also; /* the next one of those with an end, or 0 */
	struct literal *literals;
	unsigned n_literals;
	char **texts; /* until they are built */
	size_t *lens;
};

struct scan *
scan_new(void)
{
	struct scan *s = mem_alloc(sizeof *s);

	s->n_classes = 2;
	for (int c = 0; c < 256; c++)
		s->classes[c] = (c < ' ' && c != '\t') || c >= 0x7f;
	return s;
}

static void
drop_texts(struct scan *s)
{
	for (unsigned i = 0; s->texts != NULL && i < s->n_literals; i++)
		free(s->texts[i]);
	free(s->texts);
	free(s->lens);
	s->texts = NULL;
	s->lens = NULL;
}

void
scan_free(struct scan *s)
{
	if (s == NULL)
		return;
	drop_texts(s);
	free(s->next);
	free(s->ends);
	free(s->back);
	free(s->also);
	free(s->literals);
	free(s);
}

void
scan_add(struct scan *s, const char *literal, size_t len, unsigned rule)
{
	unsigned n = s->n_literals;

	s->texts = mem_grow(s->texts, n + 1, sizeof *s->texts);
	s->lens = mem_grow(s->lens, n + 1, sizeof *s->lens);
	s->literals = mem_grow(s->literals, n + 1, sizeof *s->literals);
	s->texts[n] = mem_strndup(literal, len);
	s->lens[n] = len;
	s->literals[n].rule = (unsigned short)rule;
	s->n_literals++;
}

static void
find_classes(struct scan *s)
{
	for (unsigned i = 0; i < s->n_literals; i++)
		for (size_t k = 0; k < s->lens[i]; k++) {
			unsigned char c = (unsigned char)s->texts[i][k];

			if (s->classes[c] == 0)
				s->classes[c] = (unsigned char)s->n_classes++;
		}
	while (1u << s->shift < s->n_classes)
		s->shift++;
}

static unsigned
new_state(struct scan *s)
{
	unsigned n = s->n_states++;

	if (n >= s->room) {
		s->room = s->room == 0 ? 256 : s->room * 2;
		s->next = mem_grow(
		    s->next, (size_t)s->room << s->shift, sizeof *s->next);
		s->ends = mem_grow(s->ends, s->room, sizeof *s->ends);
	}
	memset(&s->next[(size_t)n << s->shift], 0, sizeof *s->next << s->shift);
	s->ends[n] = -1;
	return n;
}

static void
plant(struct scan *s, unsigned i)
{
	unsigned at = 0, n;

	for (size_t k = 0; k < s->lens[i]; k++) {
		unsigned char c = s->classes[(unsigned char)s->texts[i][k]];

		n = s->next[(at << s->shift) + c];
		if (n == 0) {
			n = new_state(s);
			s->next[(at << s->shift) + c] = n;
		}
		at = n;
	}
	s->literals[i].next = s->ends[at];
	s->ends[at] = (int)i;
}

/* Where a text goes on that no literal goes on with, breadth first. */
static void
link_states(struct scan *s)
{
	unsigned *queue = mem_array(s->n_states, sizeof *queue);
	unsigned head = 0, tail = 0, width = 1u << s->shift;

	queue[tail++] = 0;
	while (head < tail) {
		unsigned at = queue[head++], back = s->back[at];

		s->also[at] = s->ends[back] >= 0 ? back : s->also[back];
		for (unsigned c = 0; c < width; c++) {
			uint32_t *to = &s->next[(at << s->shift) + c];
			uint32_t miss =
			    at == 0 ? 0 : s->next[(back << s->shift) + c];

			if (*to == 0) {
				*to = miss;
				continue;
			}
			s->back[*to] = miss;
			queue[tail++] = *to;
		}
	}
	free(queue);
}

void
scan_build(struct scan *s)
{
	size_t n;

	find_classes(s);
	(void)new_state(s);
	for (unsigned i = 0; i < s->n_literals; i++)
		if (s->n_states + s->lens[i] < STATES_MAX)
			plant(s, i);
	drop_texts(s);
	s->back = mem_array(s->n_states, sizeof *s->back);
	s->also = mem_array(s->n_states, sizeof *s->also);
	link_states(s);
	n = (size_t)s->n_states << s->shift;
	for (size_t i = 0; i < n; i++) {
		uint32_t to = s->next[i];

		s->next[i] = to << s->shift;
		if (s->ends[to] >= 0 || s->also[to] != 0)
			s->next[i] |= FOUND;
	}
}

static void
report(const struct scan *s, unsigned state, size_t end, struct scan_hits *h)
{
	if (s->ends[state] < 0)
		state = s->also[state];
	for (; state != 0; state = s->also[state])
		for (int i = s->ends[state]; i >= 0; i = s->literals[i].next) {
			if (h->n == SCAN_HITS) {
				h->full = true;
				return;
			}
			h->v[h->n] = s->literals[i].rule;
			h->end[h->n++] = (unsigned short)end;
		}
}

size_t
scan_plain(
    const struct scan *s, const char *text, size_t len, struct scan_hits *h)
{
	uint32_t at = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned c = s->classes[(unsigned char)text[i]];

		if (c == 1)
			return i;
		at = s->next[(at & ~FOUND) + c];
		if (at & FOUND)
			report(s, (at & ~FOUND) >> s->shift, i + 1, h);
	}
	return len;
}

void
scan_text(
    const struct scan *s, const char *text, size_t len, struct scan_hits *h)
{
	uint32_t at = 0;

	for (size_t i = 0; i < len; i++) {
		at =
		    s->next[(at & ~FOUND) + s->classes[(unsigned char)text[i]]];
		if (at & FOUND)
			report(s, (at & ~FOUND) >> s->shift, i + 1, h);
	}
}

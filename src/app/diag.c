#include "rackmux/app/diag.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Mistakes are collected, not printed: the command line prints all of them,
 * a reload shows the first and how many there are. What is quoted from a
 * file is cleaned here, because it ends on a terminal.
 */

void
diags_release(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].file);
		free(d->v[i].text);
	}
	free(d->v);
	*d = (struct diags){ 0 };
}

void
diags_add(
    struct diags *d, const char *file, unsigned line, const char *fmt, ...)
{
	struct diag *one;
	va_list ap;
	char *raw;

	if (d->n == DIAGS_MAX) {
		d->dropped++;
		return;
	}
	d->v = mem_grow(d->v, d->n + 1, sizeof *d->v);
	one = &d->v[d->n];
	one->order = d->n++;
	one->line = line;
	one->file = text_clean_dup(file, strlen(file));
	va_start(ap, fmt);
	raw = mem_vprintf(fmt, ap);
	va_end(ap);
	one->text = text_clean_dup(raw, strlen(raw));
	free(raw);
}

static int
compare(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;
	int files = strcmp(x->file, y->file);

	if (files != 0)
		return files;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void
diags_sort(struct diags *d)
{
	if (d->n > 1)
		qsort(d->v, d->n, sizeof *d->v, compare);
}

const char *
diag_format(const struct diag *d, char *out, size_t size)
{
	if (d->line > 0)
		str_format(out, size, "%s:%u: %s", d->file, d->line, d->text);
	else
		str_format(out, size, "%s: %s", d->file, d->text);
	return out;
}

#define NEAR_MAX 32

/* Edits (insert, remove, change, swap neighbours) from a to b, without
 * regard to case. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[3][NEAR_MAX + 1];
	size_t *older = row[0], *last = row[1], *now = row[2], *spare;
	size_t la = strlen(a), lb = strlen(b);

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]);
			int cb = tolower((unsigned char)b[j - 1]);
			size_t best = last[j - 1] + (ca == cb ? 0 : 1);

			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && older[j - 2] + 1 < best)
				best = older[j - 2] + 1;
			now[j] = best;
		}
		spare = older;
		older = last;
		last = now;
		now = spare;
	}
	return last[lb];
}

const char *
diag_nearest(const char *word, const char *const *list, size_t n)
{
	const char *best = NULL;
	size_t least = NEAR_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, list[i]);
		size_t len = strlen(list[i]);

		/* A third of the letters may be wrong; a start of the word, or
		 * the word with something before or after it, counts too. */
		if (d > (len < 4 ? 1 : len / 3) &&
		    (strlen(word) < 3 || strstr(list[i], word) == NULL) &&
		    (len < 4 || strstr(word, list[i]) == NULL))
			continue;
		if (d < least) {
			least = d;
			best = list[i];
		}
	}
	return best;
}

/*
 * diag - what is wrong with a file, every mistake of it.
 */
#ifndef RM_APP_DIAG_H
#define RM_APP_DIAG_H

#include <stddef.h>

#include "rackmux/base/mem.h"

struct diag {
	char *file;
	unsigned line;	/* 0: the file as a whole */
	char *text;
	size_t order;	/* as they were found */
};

/* Zeroed memory is an empty list. */
struct diags {
	struct diag *v;
	size_t n;
	size_t dropped;	/* beyond DIAGS_MAX */
};
#define DIAGS_MAX 1000

void	 diags_release(struct diags *);
void	 diags_add(struct diags *, const char *file, unsigned line,
	    const char *fmt, ...) RM_PRINTF(4, 5);
/* By file in the order in which files first came up, then by line. */
void	 diags_sort(struct diags *);
/* "file:line: text" of one of them; returns out. */
const char *diag_format(const struct diag *, char *out, size_t size);

/* The entry of list (n strings) that word was likely meant to be, or NULL. */
const char *diag_nearest(const char *word, const char *const *list, size_t n);

#endif

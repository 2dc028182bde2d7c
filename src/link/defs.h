/*
 * defs - functions of the far shell, by name. A link keeps its own beyond any
 * one shell; a shell knows which of its own have been sent.
 */
#ifndef RM_LINK_DEFS_H
#define RM_LINK_DEFS_H

#include <stdbool.h>

struct def {
	struct def *next;
	char *name, *body;
	bool sent; /* cleared when the body changes */
};

/* Both strings are copied; the order is that of the first definitions. */
void defs_put(struct def **, const char *name, const char *body);
void defs_free(struct def **);

#endif

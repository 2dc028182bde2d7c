/*
 * copy_in - what the files of copy mode share.
 */
#ifndef RM_UI_COPY_IN_H
#define RM_UI_COPY_IN_H

#include "rackmux/ui/copy.h"

#define COPY_QUERY_MAX 96
#define COPY_TAKE_MAX (1 << 20)	/* bytes taken at most */

/* A place in what was printed: a line that keeps its number (vt_first()). */
struct spot {
	unsigned long long line;
	int col;
};

struct copy {
	struct spot at;		/* the cursor */
	struct spot mark;	/* where the selection began */
	bool selecting, whole_lines;
	bool by_mouse;		/* ends when the button is released */
	bool asking;		/* a query is being typed */
	bool down;		/* it looks for it downwards */
	char query[COPY_QUERY_MAX];
	size_t len;
	const char *note;	/* "not found", or NULL */
};

/* copy_find.c: the next match from at, excluding at itself. False: none. */
bool	 copy_find(const struct vt *, const char *query, bool down,
	    struct spot *at);
/* Columns of the first match in a line from col on, -1: none. */
int	 copy_match(const struct vt *, unsigned line, const char *query,
	    int col, int *cols);

/* copy_take.c: the selection as text; caller frees. */
char	*copy_text(const struct vt *, const struct copy *, size_t *len);
/* First and last spot of the selection, in order. */
void	 copy_span(const struct copy *, struct spot *from, struct spot *to);

#endif

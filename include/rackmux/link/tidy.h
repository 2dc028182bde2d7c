/*
 * tidy - what a serial console adds to a command's output, taken out again.
 *
 * A kernel that logs to the same line writes `[   12.345678] usb 1-1: ...`
 * wherever the cursor is: everything from such a bracket to the end of its
 * line is dropped, wherever reads tear it. \r\n becomes \n.
 */
#ifndef RM_LINK_TIDY_H
#define RM_LINK_TIDY_H

#include "rackmux/base/buf.h"

struct tidy {
	char pending[32];	/* the beginning of a kernel's time stamp */
	size_t len;
	int state;
	bool cr;
};

void	 tidy_init(struct tidy *);
void	 tidy_feed(struct tidy *, const char *, size_t len, struct buf *out);

/*
 * seen - the last line as a person in front of it would see it: without
 * escape sequences, with \r and \b obeyed.
 */
#define SEEN_LINE 256
#define SEEN_TAIL 240

struct seen {
	char line[SEEN_LINE];	/* NUL-terminated */
	size_t pos;
	char last[SEEN_LINE];	/* the last complete line */
	char tail[SEEN_TAIL];	/* the end of everything, for messages */
	int esc;
};

/* line_fn is called for each complete line (in s->last); may be NULL. */
void	 seen_init(struct seen *);
void	 seen_feed(struct seen *, const char *, size_t len,
	    void (*line_fn)(void *arg, const char *line), void *arg);

#endif

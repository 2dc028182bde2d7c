/*
 * tty - the line discipline of a simulated terminal line.
 */
#ifndef RM_SIM_TTY_H
#define RM_SIM_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/buf.h"

struct tty {
	bool echo, icanon, isig, icrnl, onlcr, opost;
	int rows, cols;
	struct buf line;	/* being edited (icanon) */
	bool interrupt;		/* Ctrl-C was typed */
	bool eof;		/* Ctrl-D on an empty line */
};

void	 tty_init(struct tty *);
void	 tty_release(struct tty *);
void	 tty_sane(struct tty *);
/* Bytes from the far end: what a reader gets goes to in, what the line
 * answers by itself goes to echo. */
void	 tty_input(struct tty *, const char *, size_t len, struct buf *in,
	    struct buf *echo);
/* Bytes of a program, as they leave. */
void	 tty_output(const struct tty *, const char *, size_t len,
	    struct buf *out);
/* One word of stty; false: unknown. "size" and "-a" are the caller's. */
bool	 tty_set(struct tty *, const char *word);

#endif

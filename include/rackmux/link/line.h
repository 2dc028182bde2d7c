/*
 * line - one descriptor on the loop, lent to one stream at a time.
 *
 * What a serial port and a local program have in common: bytes in, held back
 * when the stream's owner takes no more; bytes out, queued with a limit; and
 * the end, told once and after the last byte.
 *
 * The line does not own the descriptor: free the line, then close it.
 */
#ifndef RM_LINK_LINE_H
#define RM_LINK_LINE_H

#include "rackmux/base/loop.h"
#include "rackmux/link/stream.h"

struct line;

struct line_hooks {
	/* Hang-up, end of file or an error (negative errno, else 0). Told
	 * once, when all that came before it was taken. May free the line. */
	void (*gone)(void *arg, int err);
	/* The stream was freed by its owner; may free the line. */
	void (*freed)(void *arg);
	/* What a stream_op of that name does; each may be NULL. */
	void (*eof)(void *arg);
	int (*resize)(void *arg, int rows, int cols);
	int (*send_break)(void *arg);
};

/* discard: without a stream, what arrives is read and dropped (a serial line
 * has nobody to hold back); else it waits for the stream. */
struct line	*line_new(struct loop *, int fd, bool discard,
		    const struct line_hooks *, void *arg);
/* Silent; a stream still there stays valid, closed. */
void		 line_free(struct line *);
/* NULL and *err (-EBUSY) while another stream has it. */
struct stream	*line_open(struct line *, const struct stream_sink *,
		    void *arg, int *err);
/* Give the stream bytes from elsewhere (a program's stderr). */
void		 line_err(struct line *, const char *, size_t len);
/* Read what is there now: after a program's end nothing more comes. */
void		 line_drain(struct line *);
/* Close the stream, if there is one, with its on_close. */
void		 line_end(struct line *, int status, const char *why);
unsigned long long line_received(const struct line *);
unsigned long long line_sent(const struct line *);

#endif

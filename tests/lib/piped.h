/*
 * piped - rackmux with its three ends in pipes, spoken to while it runs.
 */
#ifndef RM_TESTS_PIPED_H
#define RM_TESTS_PIPED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct piped {
	pid_t pid;
	int in, out, err;	/* -1: closed */
	char *said, *told;	/* all of its stdout and stderr so far */
	size_t said_len, told_len;
};

/* Words one by one, NULL last. */
void	 piped_start(struct piped *, const char *first, ...)
	    __attribute__((sentinel));
void	 piped_type(struct piped *, const char *, size_t len);
void	 piped_end_input(struct piped *);
/* Until stdout, or stderr, holds the text; ends the test when it never
 * does. */
void	 piped_says(struct piped *, const char *);
void	 piped_tells(struct piped *, const char *);
/* Nothing more is read of its stdout from now on. */
void	 piped_close_out(struct piped *);
/* Reads all that comes until it ends. The status as of exit. */
int	 piped_wait(struct piped *);
void	 piped_release(struct piped *);	/* killed, if it still runs */

#endif

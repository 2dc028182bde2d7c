/*
 * logfile - what a console printed, line by line with the time of each, in a
 * file that is rotated by size.
 *
 * Every byte can be had back from it (docs/console-log.md): a line of the
 * node becomes "TIME text"; CR LF ends it; what is not printable text stands
 * as \xNN, a backslash as \\. Gaps and notes of ours are lines of their own
 * ("TIME -- gap of 12.3 s: the link was lost"). Nothing is dropped when a file
 * is rotated: NAME, NAME.1, NAME.2, ...
 *
 * Writing is gathered: at most LOGFILE_HELD_MS late, or LOGFILE_HELD bytes. When
 * the disk refuses, the bytes wait up to a bound, the trouble is told once, and
 * what had to be dropped is written down as a gap when there is room again.
 * Files are 0600, opened without following links, in a directory that is 0700.
 */
#ifndef RM_CONSOLE_LOGFILE_H
#define RM_CONSOLE_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/loop.h"

#define LOGFILE_HELD 16384
#define LOGFILE_HELD_MS 1000

struct logfile;

struct logfile_config {
	const char *path;
	unsigned long long size;	/* rotate before it grows beyond */
	unsigned files;			/* kept, the current one included */
};
/* why is a sentence with the path; told once a trouble, NULL when over. */
typedef void logfile_trouble_fn(void *arg, const char *why);

struct logfile	*logfile_new(struct loop *, const struct logfile_config *,
		    logfile_trouble_fn *, void *arg);
void		 logfile_free(struct logfile *);	/* writes what it holds */
/* wall: ms since 1970 of these bytes. */
void		 logfile_add(struct logfile *, const char *, size_t len,
		    int64_t wall);
void		 logfile_note(struct logfile *, int64_t wall, const char *text);
void		 logfile_flush(struct logfile *);
bool		 logfile_good(const struct logfile *);
/* A line of a log file, its newline included, back into the node's bytes; a
 * note of ours gives nothing. For tests and `rackmux log`. */
void		 logfile_decode(const char *line, size_t len, struct buf *out);

#endif

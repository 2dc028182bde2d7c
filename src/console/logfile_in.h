/*
 * logfile_in - lines of a log file: the node's bytes as text and back.
 */
#ifndef RM_CONSOLE_LOGFILE_IN_H
#define RM_CONSOLE_LOGFILE_IN_H

#include "rackmux/console/logfile.h"

struct logline {
	struct buf out;		/* whole escapes and characters only */
	size_t max;		/* of a line; a longer one is split */
	bool open;		/* a line of out has no end yet */
	size_t len;		/* of it, its time left out */
	size_t dashes;		/* among the first of it */
	int64_t wall;		/* when it began */
	bool cr;		/* a CR came: an LF may follow */
	char part[4];		/* of a character that is not whole yet */
	size_t n_part;
	int64_t second;		/* that stamp is of */
	char stamp[24];
};

void	 logline_init(struct logline *, size_t max);
void	 logline_release(struct logline *);
void	 logline_add(struct logline *, const char *, size_t len, int64_t wall);
/* What has no end yet gets one that says so. */
void	 logline_close(struct logline *);
void	 logline_note(struct logline *, int64_t wall, const char *text);
/* "2026-11-21T14:31:10.123Z ", added to out. */
void	 logline_time(struct logline *, int64_t wall, struct buf *out);

#define LOGLINE_SPLIT "\\\n"	/* ends what is no end of the node's line */

#endif

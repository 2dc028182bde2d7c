/*
 * record - a console's bytes as they came, with times, in asciicast v2.
 *
 * One JSON array a line after the header: [seconds, "o", text]. asciicast is
 * UTF-8: a byte that is none is written as U+DC80..U+DCFF in \u escapes (as
 * Python's surrogateescape does), so that nothing is lost; a character that
 * comes in two pieces is one event. "r" events for sizes, "m" for gaps.
 */
#ifndef RM_CONSOLE_RECORD_H
#define RM_CONSOLE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/loop.h"

struct record;

/* NULL and err. The file must not be there yet; 0600. */
struct record	*record_new(struct loop *, const char *path, const char *title,
		    int rows, int cols, int64_t wall, char *err, size_t size);
void		 record_free(struct record *);
void		 record_output(struct record *, const char *, size_t len,
		    uint64_t now);
void		 record_resize(struct record *, int rows, int cols,
		    uint64_t now);
void		 record_mark(struct record *, const char *text, uint64_t now);
const char	*record_path(const struct record *);
/* NULL, or a sentence: the disk refused, and the recording ended there. */
const char	*record_trouble(const struct record *);

#endif

/*
 * history - two minutes of a number as they came, and an hour rolled up.
 *
 * Fixed memory: HISTORY_RAW samples of at most one each two seconds, and 60
 * minutes of least, mean and greatest. What is missing stays missing.
 */
#ifndef RM_MODEL_HISTORY_H
#define RM_MODEL_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define HISTORY_RAW 60
#define HISTORY_RAW_MS 2000
#define HISTORY_MINUTES 60

struct history;

struct history	*history_new(void);
void		 history_free(struct history *);
void		 history_add(struct history *, uint64_t now_ms, float);
/* The last n (<= HISTORY_RAW) buckets of step_ms each that end now, oldest
 * first; NAN where nothing was known. */
void		 history_recent(const struct history *, uint64_t now_ms,
		    float *out, size_t n);
struct history_minute { float min, mean, max; };	/* NAN: nothing */
void		 history_hour(const struct history *, uint64_t now_ms,
		    struct history_minute *out, size_t n);

#endif

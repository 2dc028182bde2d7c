/*
 * backoff - how long to wait before the next try.
 *
 * 0.5 s, doubling to 60 s, each +-25 % so that a rack that lost its switch
 * does not come back as one burst. A connection that lived for 30 s makes it
 * start again from the beginning; one that dies at once does not.
 */
#ifndef RM_LINK_BACKOFF_H
#define RM_LINK_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 60000
#define BACKOFF_STABLE_MS 30000

struct backoff {
	uint64_t seed;
	uint64_t up_since;
	unsigned tries;
	bool up;
};

/* seed 0: from the kernel. */
void	 backoff_init(struct backoff *, uint64_t seed);
void	 backoff_reset(struct backoff *);
/* It came up, at this time of the loop. */
void	 backoff_up(struct backoff *, uint64_t now);
/* It went down or did not come up: milliseconds to wait. */
uint64_t backoff_next(struct backoff *, uint64_t now);

#endif

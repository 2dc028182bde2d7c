/*
 * timer - the heap of timers behind base/loop.h.
 */
#ifndef RM_BASE_TIMER_H
#define RM_BASE_TIMER_H

#include "rackmux/base/loop.h"

struct timers {
	struct timer **heap;	/* [1..n] */
	size_t n, cap;
	uint64_t order;
};

struct timer *timers_new_timer(struct timers *, loop_fn *, void *arg);
void	 timers_start(struct timer *, uint64_t due);
struct timers *timers_of(const struct timer *);
/* False when none is started. */
bool	 timers_next(const struct timers *, uint64_t *due);
/* Fire the first that is due and was started before the mark was taken, so
 * that one which starts itself again at once cannot hold the loop. */
uint64_t timers_mark(const struct timers *);
bool	 timers_fire_one(struct timers *, uint64_t now, uint64_t mark);
void	 timers_release(struct timers *);

#endif

#include "timer.h"

#include <assert.h>
#include <stdlib.h>

#include "rackmux/base/mem.h"

/*
 * A binary heap by due time; timers of one time fire in the order in which
 * they were started. libuv's own timers are not used, because their clock
 * cannot be stopped.
 */

struct timer {
	struct timers *all;
	uint64_t due;
	uint64_t order;
	size_t place; /* in the heap, from 1; 0: not started */
	loop_fn *fn;
	void *arg;
};

static bool
before(const struct timer *a, const struct timer *b)
{
	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void
put(struct timers *ts, size_t place, struct timer *t)
{
	ts->heap[place] = t;
	t->place = place;
}

static void
sift_up(struct timers *ts, struct timer *t)
{
	size_t i = t->place;

	for (; i > 1 && before(t, ts->heap[i / 2]); i /= 2)
		put(ts, i, ts->heap[i / 2]);
	put(ts, i, t);
}

static void
sift_down(struct timers *ts, struct timer *t)
{
	size_t i = t->place;

	for (;;) {
		size_t child = i * 2;

		if (child > ts->n)
			break;
		if (child < ts->n &&
		    before(ts->heap[child + 1], ts->heap[child]))
			child++;
		if (!before(ts->heap[child], t))
			break;
		put(ts, i, ts->heap[child]);
		i = child;
	}
	put(ts, i, t);
}

static void
heap_add(struct timers *ts, struct timer *t)
{
	if (ts->n + 2 > ts->cap) {
		ts->cap = ts->cap > 0 ? ts->cap * 2 : 64;
		ts->heap = mem_grow(ts->heap, ts->cap, sizeof(*ts->heap));
	}
	put(ts, ++ts->n, t);
	sift_up(ts, t);
}

static void
heap_remove(struct timers *ts, struct timer *t)
{
	struct timer *last = ts->heap[ts->n--];
	size_t place = t->place;

	t->place = 0;
	if (last == t)
		return;
	put(ts, place, last);
	sift_up(ts, last);
	sift_down(ts, last);
}

struct timer *
timers_new_timer(struct timers *ts, loop_fn *fn, void *arg)
{
	struct timer *t = mem_alloc(sizeof *t);

	t->all = ts;
	t->fn = fn;
	t->arg = arg;
	return t;
}

void
timers_start(struct timer *t, uint64_t due)
{
	timer_stop(t);
	t->due = due;
	t->order = t->all->order++;
	heap_add(t->all, t);
}

struct timers *
timers_of(const struct timer *t)
{
	return t->all;
}

void
timer_stop(struct timer *t)
{
	if (t != NULL && t->place != 0)
		heap_remove(t->all, t);
}

bool
timer_active(const struct timer *t)
{
	return t != NULL && t->place != 0;
}

void
timer_free(struct timer *t)
{
	timer_stop(t);
	free(t);
}

bool
timers_next(const struct timers *ts, uint64_t *due)
{
	if (ts->n == 0)
		return false;
	*due = ts->heap[1]->due;
	return true;
}

uint64_t
timers_mark(const struct timers *ts)
{
	return ts->order;
}

bool
timers_fire_one(struct timers *ts, uint64_t now, uint64_t mark)
{
	struct timer *t;

	if (ts->n == 0 || ts->heap[1]->due > now || ts->heap[1]->order >= mark)
		return false;
	t = ts->heap[1];
	heap_remove(ts, t);
	t->fn(t->arg);
	return true;
}

void
timers_release(struct timers *ts)
{
	free(ts->heap);
	ts->heap = NULL;
	ts->n = ts->cap = 0;
}

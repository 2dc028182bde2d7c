#include "rackmux/model/history.h"

#include <math.h>
#include <stdlib.h>

#include "rackmux/base/mem.h"

/*
 * Two rings indexed by time itself: bucket t of a ring holds what was seen
 * during the step t of the clock, so a pause leaves a hole and not a jump.
 * A bucket knows its step, which tells a fresh one from one a round older.
 */
struct raw_bucket {
	uint32_t step;
	float value;
};

struct minute_bucket {
	uint32_t step;
	uint32_t count;
	float min, max;
	float sum;
};

struct history {
	struct raw_bucket raw[HISTORY_RAW];
	struct minute_bucket minutes[HISTORY_MINUTES];
};

/* Steps count from 1, so that a zeroed bucket belongs to no step. */
static uint32_t
step_of(uint64_t now_ms, uint64_t step_ms)
{
	return (uint32_t)(now_ms / step_ms) + 1;
}

struct history *
history_new(void)
{
	return mem_alloc(sizeof(struct history));
}

void
history_free(struct history *h)
{
	free(h);
}

void
history_add(struct history *h, uint64_t now_ms, float v)
{
	uint32_t step = step_of(now_ms, HISTORY_RAW_MS);
	struct raw_bucket *r = &h->raw[step % HISTORY_RAW];
	struct minute_bucket *m;

	r->step = step;
	r->value = v;
	step = step_of(now_ms, 60000);
	m = &h->minutes[step % HISTORY_MINUTES];
	if (m->step != step) {
		*m = (struct minute_bucket){ step, 0, v, v, 0 };
	}
	m->count++;
	m->sum += v;
	m->min = fminf(m->min, v);
	m->max = fmaxf(m->max, v);
}

void
history_recent(const struct history *h, uint64_t now_ms, float *out, size_t n)
{
	uint32_t last = step_of(now_ms, HISTORY_RAW_MS);

	for (size_t i = 0; i < n; i++) {
		uint32_t back = (uint32_t)(n - 1 - i);
		uint32_t step = last > back ? last - back : 0;
		const struct raw_bucket *r = &h->raw[step % HISTORY_RAW];

		out[i] = step > 0 && back < HISTORY_RAW && r->step == step
		    ? r->value
		    : NAN;
	}
}

void
history_hour(const struct history *h, uint64_t now_ms,
    struct history_minute *out, size_t n)
{
	uint32_t last = step_of(now_ms, 60000);

	for (size_t i = 0; i < n; i++) {
		uint32_t back = (uint32_t)(n - 1 - i);
		uint32_t step = last > back ? last - back : 0;
		const struct minute_bucket *m =
		    &h->minutes[step % HISTORY_MINUTES];

		if (step == 0 || back >= HISTORY_MINUTES || m->step != step) {
			out[i] = (struct history_minute){ NAN, NAN, NAN };
			continue;
		}
		out[i] = (struct history_minute){ m->min,
			m->sum / (float)m->count, m->max };
	}
}

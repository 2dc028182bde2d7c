/* Jitter needs no good randomness, but a test needs the same one again: a
 * 64-bit xorshift, seeded from the kernel unless told otherwise. */
#include "rackmux/link/backoff.h"

#include "rackmux/base/hash.h"

void
backoff_init(struct backoff *b, uint64_t seed)
{
	*b = (struct backoff){ .seed = seed };
	if (seed == 0)
		hash_random(&b->seed, sizeof(b->seed));
	if (b->seed == 0)
		b->seed = 1;
}

void
backoff_reset(struct backoff *b)
{
	b->tries = 0;
	b->up = false;
}

void
backoff_up(struct backoff *b, uint64_t now)
{
	b->up = true;
	b->up_since = now;
}

static uint64_t
next_random(struct backoff *b)
{
	uint64_t x = b->seed;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	b->seed = x;
	return x;
}

uint64_t
backoff_next(struct backoff *b, uint64_t now)
{
	uint64_t wait = BACKOFF_MIN_MS, spread;
	unsigned i;

	if (b->up && now - b->up_since >= BACKOFF_STABLE_MS)
		b->tries = 0;
	b->up = false;
	for (i = 0; i < b->tries && wait < BACKOFF_MAX_MS; i++)
		wait *= 2;
	if (wait > BACKOFF_MAX_MS)
		wait = BACKOFF_MAX_MS;
	else if (b->tries < 32)
		b->tries++;
	spread = wait / 2; /* three quarters to five quarters */
	return wait - spread / 2 + next_random(b) % (spread + 1);
}

/* Retries grow, stay bounded, differ between links and start afresh. */
#include "rackmux/link/backoff.h"

#include "test.h"

static bool
about(uint64_t wait, uint64_t base)
{
	return wait >= base * 3 / 4 && wait <= base * 5 / 4;
}

TEST(doubles_to_a_minute)
{
	static const uint64_t base[] = { 500, 1000, 2000, 4000, 8000, 16000,
		32000, 60000, 60000, 60000 };
	struct backoff b;
	size_t i;

	backoff_init(&b, 42);
	for (i = 0; i < sizeof(base) / sizeof(base[0]); i++)
		CHECK(about(backoff_next(&b, 0), base[i]));
}

TEST(same_seed_same_waits)
{
	struct backoff a, b, c;
	bool differ = false;
	int i;

	backoff_init(&a, 7);
	backoff_init(&b, 7);
	backoff_init(&c, 8);
	for (i = 0; i < 20; i++) {
		uint64_t x = backoff_next(&a, 0);

		CHECK_INT(x, backoff_next(&b, 0));
		differ = differ || x != backoff_next(&c, 0);
	}
	CHECK(differ);
}

TEST(jitter_uses_its_range)
{
	uint64_t low = 1000000, high = 0, wait;
	struct backoff b;
	int i;

	backoff_init(&b, 1);
	for (i = 0; i < 1000; i++) {
		wait = backoff_next(&b, 0);
		backoff_reset(&b);
		low = wait < low ? wait : low;
		high = wait > high ? wait : high;
	}
	CHECK(low < 400 && low >= 375);
	CHECK(high > 600 && high <= 625);
}

TEST(thirty_seconds_up_forgive)
{
	struct backoff b;
	int i;

	backoff_init(&b, 3);
	for (i = 0; i < 6; i++)
		backoff_next(&b, 0);
	backoff_up(&b, 1000);
	CHECK(about(backoff_next(&b, 1000 + BACKOFF_STABLE_MS - 1), 32000));
	backoff_up(&b, 1000);
	CHECK(about(backoff_next(&b, 1000 + BACKOFF_STABLE_MS), 500));
}

TEST(without_a_seed_links_differ)
{
	struct backoff a, b;

	backoff_init(&a, 0);
	backoff_init(&b, 0);
	CHECK(a.seed != b.seed);
	CHECK(a.seed != 0);
}

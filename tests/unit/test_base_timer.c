#include <stdio.h>
#include <string.h>

#include "rackmux/base/loop.h"
#include "rackmux/base/mem.h"
#include "test.h"

static char diary[4096];

struct alarm {
	struct loop *loop;
	struct timer *timer;
	char name;
	uint64_t again;
	int left;
	struct alarm *kills;
};

static void
ring(void *arg)
{
	struct alarm *a = arg;
	size_t n = strlen(diary);

	snprintf(diary + n, sizeof diary - n, "%c%llu ", a->name,
	    (unsigned long long)loop_now(a->loop));
	if (a->kills != NULL) {
		timer_free(a->kills->timer);
		a->kills->timer = NULL;
	}
	if (a->left-- > 0) {
		timer_start(a->timer, a->again);
	} else if (a->left < -1) {
		timer_free(a->timer);
		a->timer = NULL;
	}
}

static void
alarm_init(struct alarm *a, struct loop *l, char name)
{
	*a = (struct alarm){ .loop = l, .name = name };
	a->timer = timer_new(l, ring, a);
}

/* A loop whose clock stands at a round number. */
static struct loop *
frozen(void)
{
	struct loop *l = loop_new();

	loop_freeze(l);
	loop_advance(l, 100000000000u - loop_now(l) % 100000000000u);
	diary[0] = '\0';
	return l;
}

/* What happened, with the time since the start. */
static const char *
said(uint64_t start)
{
	static char out[4096];
	char *p = diary, *word;
	size_t n = 0;

	out[0] = '\0';
	while ((word = strsep(&p, " ")) != NULL && *word != '\0') {
		unsigned long long at = 0;
		char c;

		CHECK(sscanf(word, "%c%llu", &c, &at) == 2);
		n += (size_t)snprintf(out + n, sizeof out - n, "%c%llu ", c,
		    at - (unsigned long long)start);
	}
	diary[0] = '\0';
	return out;
}

TEST(fire_in_order_of_their_time_each_seeing_its_own)
{
	struct loop *l = frozen();
	uint64_t t0 = loop_now(l);
	int64_t wall = loop_wall(l);
	struct alarm a, b, c, d;

	alarm_init(&a, l, 'a');
	alarm_init(&b, l, 'b');
	alarm_init(&c, l, 'c');
	alarm_init(&d, l, 'd');
	timer_start(a.timer, 30);
	timer_start(b.timer, 10);
	timer_start(c.timer, 20);
	timer_start(d.timer, 10);
	loop_advance(l, 9);
	CHECK_STR(said(t0), "");
	loop_advance(l, 1);
	CHECK_STR(said(t0), "b10 d10 ");
	loop_advance(l, 100);
	CHECK_STR(said(t0), "c20 a30 ");
	CHECK_INT(loop_now(l) - t0, 110);
	CHECK_INT(loop_wall(l) - wall, 110);
	/* only advancing fires */
	timer_start(a.timer, 0);
	loop_turn(l, 0);
	CHECK_STR(said(t0), "");
	CHECK(timer_active(a.timer));
	loop_advance(l, 0);
	CHECK_STR(said(t0), "a110 ");
	CHECK(!timer_active(a.timer));
	timer_free(a.timer);
	timer_free(b.timer);
	timer_free(c.timer);
	timer_free(d.timer);
	loop_free(l);
}

TEST(start_again_in_the_callback_repeats_within_one_advance)
{
	struct loop *l = frozen();
	uint64_t t0 = loop_now(l);
	struct alarm a;

	alarm_init(&a, l, 'a');
	a.again = 10;
	a.left = 3;
	timer_start(a.timer, 5);
	loop_advance(l, 26);
	CHECK_STR(said(t0), "a5 a15 a25 ");
	loop_advance(l, 9);
	CHECK_STR(said(t0), "a35 ");
	CHECK(!timer_active(a.timer));
	timer_free(a.timer);
	loop_free(l);
}

TEST(starting_again_moves_it)
{
	struct loop *l = frozen();
	uint64_t t0 = loop_now(l);
	struct alarm a;

	alarm_init(&a, l, 'a');
	timer_start(a.timer, 5);
	timer_start(a.timer, 50);
	loop_advance(l, 49);
	CHECK_STR(said(t0), "");
	loop_advance(l, 1);
	CHECK_STR(said(t0), "a50 ");
	timer_start(a.timer, 5);
	timer_stop(a.timer);
	timer_stop(a.timer);
	loop_advance(l, 100);
	CHECK_STR(said(t0), "");
	timer_free(a.timer);
	loop_free(l);
}

TEST(free_in_a_callback_itself_or_another)
{
	struct loop *l = frozen();
	uint64_t t0 = loop_now(l);
	struct alarm a, b, c;

	alarm_init(&a, l, 'a');
	alarm_init(&b, l, 'b');
	alarm_init(&c, l, 'c');
	a.kills = &b;
	c.left = -1;
	timer_start(a.timer, 10);
	timer_start(b.timer, 10);
	timer_start(c.timer, 10);
	loop_advance(l, 20);
	CHECK_STR(said(t0), "a10 c10 ");
	CHECK(b.timer == NULL && c.timer == NULL);
	timer_free(a.timer);
	timer_free(NULL);
	timer_stop(NULL);
	CHECK(!timer_active(NULL));
	loop_free(l);
}

/* On the running clock one that is due at once again and again leaves the
 * turn to the others. */
TEST(a_timer_that_starts_itself_at_once_does_not_hold_the_loop)
{
	struct loop *l = loop_new();
	struct alarm a;

	diary[0] = '\0';
	alarm_init(&a, l, 'a');
	a.left = 1000000;
	timer_start(a.timer, 0);
	for (int i = 0; i < 5; i++)
		loop_turn(l, 0);
	CHECK_INT(1000000 - a.left, 5);
	timer_free(a.timer);
	loop_free(l);
}

TEST(the_running_clock_fires_not_before_the_time)
{
	struct loop *l = loop_new();
	uint64_t t0;
	struct alarm a;

	diary[0] = '\0';
	alarm_init(&a, l, 'a');
	loop_turn(l, 0);
	t0 = loop_now(l);
	timer_start(a.timer, 30);
	while (timer_active(a.timer))
		loop_turn(l, -1);
	CHECK(loop_now(l) - t0 >= 30);
	timer_free(a.timer);
	loop_free(l);
}

/* Thousands, started and stopped at random, fire in order, none lost. */
static uint64_t last_due, fired_n;

struct many {
	struct loop *loop;
	struct timer *timer;
	uint64_t due;
	bool on;
};

static void
many_fire(void *arg)
{
	struct many *m = arg;

	CHECK(m->on);
	CHECK_INT(loop_now(m->loop), m->due);
	CHECK(m->due >= last_due);
	last_due = m->due;
	m->on = false;
	fired_n++;
}

TEST(thousands_in_order)
{
	static struct many m[3000];
	struct loop *l = frozen();
	unsigned seed = 3;
	uint64_t want = 0;

	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		m[i].loop = l;
		m[i].timer = timer_new(l, many_fire, &m[i]);
	}
	for (int i = 0; i < 20000; i++) {
		struct many *x;

		seed = seed * 1103515245u + 12345u;
		x = &m[(seed >> 8) % ARRAY_LEN(m)];
		if (seed >> 30) {
			x->due = loop_now(l) + (seed >> 4) % 5000;
			x->on = true;
			timer_start(x->timer, x->due - loop_now(l));
		} else {
			x->on = false;
			timer_stop(x->timer);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(m); i++)
		want += m[i].on;
	for (int i = 0; i < 60; i++)
		loop_advance(l, 100);
	CHECK_INT(fired_n, want);
	for (size_t i = 0; i < ARRAY_LEN(m); i++) {
		CHECK(!m[i].on);
		timer_free(m[i].timer);
	}
	loop_free(l);
}

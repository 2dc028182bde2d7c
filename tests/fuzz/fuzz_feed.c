/*
 * What switches and plugs answer, whatever it is: a round ends exactly once,
 * and no order has two outcomes. The first byte chooses the feed.
 */
#include "drive.h"

#define ORDERS_MAX 8

static struct driver_sink sink;
static void (*fake_told)(void *, unsigned, enum act_outcome, const char *);
static unsigned told[ORDERS_MAX + 1];

static void
on_acted(void *arg, unsigned ticket, enum act_outcome o, const char *text)
{
	CHECK(ticket >= 1 && ticket <= ORDERS_MAX && told[ticket]++ == 0);
	CHECK(text[0] != '\0');
	fake_told(arg, ticket, o, text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct setting keys[] = { { "host", "h" },
		{ "used", "1,2" }, { "gen", "1" }, { "status", "x %d" },
		{ "watts", "y" }, { "on", "z" }, { "off", "w" } };
	const struct driver *d;
	unsigned rounds = 0;
	struct fake *f;
	uint8_t what;

	if (len < 2)
		return 0;
	d = feed_table[data[0] % feed_table_len];
	what = data[1];
	data += 2;
	len -= 2;
	f = fake_new(d, 0);
	f->tolerant = true;
	f->drv->config.settings = keys;
	f->drv->config.n_settings = ARRAY_LEN(keys) - (what & 1 ? 4 : 0);
	sink = f->drv->sink;
	fake_told = sink.acted;
	sink.acted = on_acted;
	f->drv->sink = sink;
	memset(told, 0, sizeof told);
	do {
		enum act act = (enum act)((what >> 2) % 3);

		d->poll(f->drv);
		rounds++;
		drive_answers(f, &data, &len);
		CHECK(f->fresh + f->stale == rounds);
		f->now += 4000;
		if ((what & 2) != 0 && d->can(f->drv, 1, act) == NULL) {
			d->act(f->drv, rounds, 1, act);
			drive_answers(f, &data, &len);
		}
	} while (len > 0 && rounds < ORDERS_MAX);
	d->poll(f->drv);
	fake_free(f);
	return 0;
}

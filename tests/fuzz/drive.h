/*
 * drive - a driver whose peer answers with whatever the fuzzer has.
 *
 * The first byte of the input: what is done; then one answer after another,
 * each ended by a 0xff byte. An answer that begins with 0xfe is an exit
 * status and the rest; one that begins with 0xfd is no answer: it died.
 */
#ifndef RM_TESTS_DRIVE_H
#define RM_TESTS_DRIVE_H

#include "fuzz.h"

#include "../unit/driver_fake.h"

/* Of a described board; a fuzzer sets it. */
RM_UNUSED static const struct recipe *drive_recipe;

/* Answer all that is under way, and what follows from it. */
static void
drive_answers(struct fake *f, const uint8_t **data, size_t *left)
{
	for (int n = 0; f->runs > 0; n++) {
		size_t len = 0;
		const char *part = fuzz_part(data, left, &len);
		enum link_outcome outcome = LINK_DONE;
		int status = 0;
		char *out;

		/* A round is bounded, whatever the answers are. */
		CHECK(n < 200);
		if (part == NULL || (len > 0 && (uint8_t)part[0] == 0xfd)) {
			outcome = LINK_DIED;
			len = 0;
		} else if (len > 1 && (uint8_t)part[0] == 0xfe) {
			status = (uint8_t)part[1];
			part += 2;
			len -= 2;
		}
		out = fuzz_text((const uint8_t *)part, len);
		fake_answer_len(
		    f, outcome, status, out, len, outcome ? "gone" : NULL);
		free(out);
	}
}

RM_UNUSED static int
drive(const struct driver *driver, int slot, const uint8_t *data, size_t len)
{
	struct fake *f;
	uint8_t what;
	unsigned rounds = 0;

	if (len == 0)
		return 0;
	what = data[0];
	data++;
	len--;
	f = fake_new(driver, slot);
	f->drv->config.recipe = drive_recipe;
	f->tolerant = true;
	do {
		f->drv->driver->poll(f->drv);
		rounds++;
		drive_answers(f, &data, &len);
		CHECK(f->fresh + f->stale == rounds);
		f->now += 2000;
		f->wall += 2000;
		if ((what & 1) != 0 && f->drv->driver->act != NULL) {
			enum act act = (enum act)((what >> 2) % ACT_MAX);
			unsigned before = f->acted;
			int at = slot ? slot : 1 + (what >> 6);

			if (driver->can(f->drv, at, act) == NULL) {
				driver->act(f->drv, rounds, at, act);
				drive_answers(f, &data, &len);
				CHECK(f->acted == before + 1);
				CHECK(f->ticket == rounds);
			}
		}
		if ((what & 2) != 0 && driver->reset != NULL)
			driver->reset(f->drv);
	} while (len > 0 && rounds < 8);
	/* Closing in the middle of a round is what a lost board does. */
	f->drv->driver->poll(f->drv);
	fake_free(f);
	return 0;
}

#endif

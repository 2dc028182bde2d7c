#include "driver_fake.h"

/* Every entry of the table is whole, and the template is one too. */
static const struct driver *
nth(size_t i)
{
	if (i < driver_table_len)
		return driver_table[i];
	return i == driver_table_len ? &driver_skel : NULL;
}

TEST(drivers_are_whole)
{
	const struct driver *d;

	CHECK(driver_table_len >= 2);
	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		CHECK(d->type != NULL && d->type[0] != '\0');
		CHECK(
		    strspn(d->type, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
		    strlen(d->type));
		CHECK(d->title != NULL && d->title[0] != '\0');
		CHECK(d->open && d->poll && d->close && d->can && d->match);
		CHECK(d->slots >= 0 && d->slots <= DRIVER_SLOTS_MAX);
		for (size_t k = 0; k < i; k++)
			CHECK(strcmp(nth(k)->type, d->type) != 0);
	}
}

TEST(drivers_are_found_by_type)
{
	for (size_t i = 0; i < driver_table_len; i++)
		CHECK(driver_find(driver_table[i]->type) == driver_table[i]);
	CHECK(driver_find("skel") == NULL);
	CHECK(driver_find("") == NULL);
	CHECK(driver_find(NULL) == NULL);
}

static void
check_sentence(const struct driver *d, int slot, enum act act, const char *s)
{
	size_t len = strlen(s);

	if (len < 10 || s[len - 1] != '.' || s[0] < 'A' ||
	    strchr(s, '\n') != NULL || len > 160)
		test_fail(__FILE__, __LINE__, "%s: slot %d: %s: \"%s\"",
		    d->type, slot, act_name(act), s);
}

/* An action is possible or there is a sentence, at any time and slot. */
TEST(drivers_answer_every_act)
{
	const struct driver *d;

	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		struct fake *f = fake_new(d, d->whole_board ? 0 : 1);

		for (int slot = -1; slot <= 5; slot++)
			for (int a = 0; a < ACT_MAX; a++) {
				const char *s =
				    d->can(f->drv, slot, (enum act)a);

				if (s != NULL)
					check_sentence(d, slot, (enum act)a, s);
				else
					CHECK(d->act != NULL);
			}
		CHECK(d->can(f->drv, 1, ACT_MAX) != NULL);
		fake_free(f);
	}
}

/* Whatever comes back, a round ends exactly once. */
TEST(drivers_end_each_round_once)
{
	static const enum link_outcome outcomes[] = { LINK_TIMED_OUT, LINK_DIED,
		LINK_NOT_SENT, LINK_CANCELLED, LINK_CANNOT };
	const struct driver *d;

	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		struct fake *f = fake_new(d, d->whole_board ? 0 : 1);

		for (size_t k = 0; k < ARRAY_LEN(outcomes); k++) {
			d->poll(f->drv);
			CHECK_INT(f->runs, 1);
			fake_answer(f, outcomes[k], 0, "", "for a reason");
			CHECK_INT(f->stale, k + 1);
			CHECK_STR(f->stale_why, "for a reason");
			CHECK_INT(f->fresh, 0);
		}
		d->poll(f->drv);
		fake_answer(f, LINK_DONE, 127, "sh: not found\n", NULL);
		CHECK_INT(f->stale, ARRAY_LEN(outcomes) + 1);
		d->poll(f->drv);
		fake_answer(f, LINK_DONE, 0, "\n\nend\n", NULL);
		CHECK_INT(f->fresh, 1);
		CHECK_INT(f->stale, ARRAY_LEN(outcomes) + 1);
		fake_free(f);
	}
}

/* Functions are sent by the link again after a reconnect, not by us. */
TEST(drivers_define_once)
{
	const struct driver *d;

	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		struct fake *f = fake_new(d, d->whole_board ? 0 : 1);
		unsigned n;

		d->poll(f->drv);
		n = f->defines;
		CHECK(n > 0);
		fake_answer(f, LINK_DIED, 0, "", "gone");
		if (d->reset != NULL)
			d->reset(f->drv);
		d->poll(f->drv);
		CHECK_INT(f->defines, n);
		fake_free(f);
	}
}

/* They may be typed at a serial console: no tabs, no long lines, plain
 * ASCII. */
TEST(drivers_scripts_can_be_typed)
{
	const struct driver *d;

	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		struct fake *f = fake_new(d, d->whole_board ? 0 : 1);
		const char *p;

		d->poll(f->drv);
		for (p = buf_str(&f->defined); *p != '\0';) {
			size_t len = strcspn(p, "\n");

			if (len > 250)
				test_fail(__FILE__, __LINE__, "long: %.*s",
				    (int)len, p);
			for (size_t k = 0; k < len; k++)
				if (p[k] < ' ' || p[k] > '~')
					test_fail(__FILE__, __LINE__,
					    "byte %d: %.*s", p[k], (int)len, p);
			p += len;
			p += *p == '\n';
		}
		fake_free(f);
	}
}

TEST(drivers_skel_works_on_a_real_shell)
{
	struct fake *f = fake_new(&driver_skel, 3);

	put("root/proc/uptime", "1234.56 4000.00\n");
	driver_skel.poll(f->drv);
	fake_shell(f, "dash");
	CHECK_INT(f->fresh, 1);
	IS(f, 3, "uptime", NODE, "1235");
	UNKNOWN(f, 3, "power.watts", NODE, "does not measure");
	driver_skel.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, "end\n", NULL);
	UNKNOWN(f, 3, "uptime", NODE, "not reported any more");
	driver_skel.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, "up nan\nend\n", NULL);
	UNKNOWN(f, 3, "uptime", NODE, "no number");
	driver_skel.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, "up 12", NULL);
	CHECK_INT(f->stale, 1);
	CHECK(strstr(f->stale_why, "torn") != NULL);
	fake_free(f);
}

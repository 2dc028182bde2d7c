#include <dirent.h>

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

/* --- what belongs to a driver --- */

static const char *
in_tree(const char *name)
{
	static char path[512];
	const char *top = getenv("RM_TOP");

	str_format(path, sizeof path, "%s/%s", top ? top : ".", name);
	return path;
}

static size_t
transcripts(const char *type)
{
	char name[128];
	struct dirent *e;
	size_t n = 0;
	DIR *dir;

	str_format(name, sizeof name, "tests/transcripts/%s", type);
	dir = opendir(in_tree(name));
	while (dir != NULL && (e = readdir(dir)) != NULL)
		n += str_ends(e->d_name, ".txt");
	if (dir != NULL)
		closedir(dir);
	return n;
}

TEST(drivers_have_transcripts)
{
	for (size_t i = 0; i < driver_table_len; i++)
		if (transcripts(driver_table[i]->type) == 0)
			test_fail(__FILE__, __LINE__,
			    "no tests/transcripts/%s/*.txt",
			    driver_table[i]->type);
}

static bool
file_has(const char *name, const char *text)
{
	char line[4096];
	bool has = false;
	FILE *f = fopen(in_tree(name), "re");

	CHECK(f != NULL);
	while (!has && fgets(line, sizeof line, f) != NULL)
		has = strstr(line, text) != NULL;
	fclose(f);
	return has;
}

TEST(drivers_are_in_the_readme)
{
	char row[96];

	for (size_t i = 0; i < driver_table_len; i++) {
		str_format(row, sizeof row, "`%s`", driver_table[i]->type);
		if (!file_has("README.md", row))
			test_fail(__FILE__, __LINE__,
			    "README.md does not name %s", row);
	}
}

static void
check_setting(const struct driver *d, const struct driver_setting *k)
{
	double v;

	if (k->key[0] == '\0' ||
	    strspn(k->key, "abcdefghijklmnopqrstuvwxyz0123456789_") !=
		strlen(k->key))
		test_fail(__FILE__, __LINE__, "%s: key %s", d->type, k->key);
	for (const struct driver_setting *o = d->settings; o != k; o++)
		CHECK(strcmp(o->key, k->key) != 0);
	CHECK(k->standard != NULL);
	CHECK(k->meaning != NULL && strlen(k->meaning) > 10);
	if (k->type == SETTING_BOOL)
		CHECK(strcmp(k->standard, "true") == 0 ||
		    strcmp(k->standard, "false") == 0);
	if (k->type == SETTING_NUMBER || k->type == SETTING_INT) {
		CHECK(k->min < k->max);
		CHECK(k->standard[0] == '\0' ||
		    (str_double(k->standard, &v) && v >= k->min &&
			v <= k->max));
	}
	if (k->type == SETTING_TEXT)
		CHECK(k->max >= 1 && strlen(k->standard) <= (size_t)k->max);
}

TEST(drivers_settings_are_whole)
{
	const struct driver *d;

	for (size_t i = 0; (d = nth(i)) != NULL; i++)
		for (const struct driver_setting *k = d->settings;
		     k != NULL && k->key != NULL; k++)
			check_setting(d, k);
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
		while (f->runs > 0)
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

/* --- garbage --------------------------------------------------------------- */

static const char sample[] =
    "model Turing Pi 2 (v2.5)\nversion \"2.1.0\"\ntty3 uart3\nuid 0\n"
    "have curl\nhave vcgencmd\nhostname a\ndmi - -\nserial 1\nos \"x\"\n"
    "cpus 0-3,5\nroute eth0\nssh 1 2 3 4\nonce yes\n"
    "rail 1 enabled\nrail 2 disabled\nrail 3 -\nrail 4 enabled\n"
    "net node1 up 1 1000 full 1 2 3 4\nnet eth0 up 1 -1 full 1 2 3 4\n"
    "up 86400.52\nload 0.31\nmem 118784 71270\nfan 3 6 pwm-fan\nrpm 2000\n"
    "temp 48000\nled fp::status 0\ntz 48200 cpu-thermal\ntz 1 cpu-thermal\n"
    "hw 48200 cpu_thermal\nlcrit 0\nkhz 600000\nthr throttled=0x50005\n"
    "core volt=0.8563V\narm frequency(48)=1500398464\n"
    " A_A current(0)=1.0A\n A_V volt(1)=5.0V\n EXT5V_V volt(2)=5.1V\n"
    "date 1700000000\nubi 1 2 3 4\ndf 100 50\n"
    "{\"response\":[{\"result\":[{\"node1\":\"1\"}]}]}\n@@ 200\n"
    "{\"response\":[{\"result\":[{\"mode\":\"Host\",\"node\":\"Node 1\","
    "\"route\":\"Bmc\"}]}]}\n@@ 200\n"
    "{\"response\":[{\"result\":{\"version\":\"2.3.4\"}}]}\n@@ 200\n"
    "{\"response\":[{\"result\":{\"ip\":[{\"device\":\"br0\",\"ip\":"
    "\"1.2.3.4\"}],\"storage\":[{\"name\":\"BMC\",\"total_bytes\":9,"
    "\"bytes_free\":3}]}}]}\n@@ 200\n"
    "{\"response\":[{\"result\":[{\"name\":\"a\",\"power_on_time\":7}]}]}\n"
    "@@ 200\n"
    "{\"response\":[{\"result\":[{\"speed\":1,\"max_speed\":6}]}]}\n@@ 200\n"
    "curl 0\n";

static void
spoil(struct buf *b)
{
	static const char *const bits[] = { "\n", " ", "-", "\x1b[", "\xff",
		"\"", "[", "{", "}", "=", "999999999999999999999", "nan", "-1",
		"@@ ", "end\n", "\xe2\x80\xae", "(", "V", ":" };
	unsigned n = 1 + roll(8);

	buf_clear(b);
	buf_puts(b, sample);
	while (n-- > 0) {
		size_t at = roll((unsigned)b->len);
		const char *bit = bits[roll(ARRAY_LEN(bits))];

		switch (roll(4)) {
		case 0:
			b->data[at] = (char)roll(256);
			break;
		case 1:
			memcpy(b->data + at, bit,
			    strlen(bit) < b->len - at ? strlen(bit)
						      : b->len - at);
			break;
		case 2:
			memmove(b->data + at, b->data + at / 2, b->len - at);
			break;
		case 3:
			b->data[at] = '\n';
			break;
		}
	}
	buf_puts(b, "\nend\n");
}

/* Spoilt answers of all kinds; each round ends, and no bound is passed (the
 * sanitizers look on). */
TEST(drivers_survive_garbage)
{
	const struct driver *d;
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		struct fake *f = fake_new(d, d->whole_board ? 0 : 1);

		f->tolerant = true;
		for (unsigned k = 1; k <= 1500; k++) {
			if (roll(50) == 0 && d->reset != NULL)
				d->reset(f->drv);
			f->now += 31000;
			f->wall += 31000;
			d->poll(f->drv);
			while (f->runs > 0) {
				spoil(&b);
				fake_answer_len(
				    f, LINK_DONE, 0, buf_str(&b), b.len, NULL);
			}
			CHECK_INT(f->fresh + f->stale, k);
		}
		fake_free(f);
	}
	buf_release(&b);
}

/* --- consoles --- */

static void
check_way(const struct driver *d, const struct way *w)
{
	const size_t len = strlen(w->limits);
	bool line = w->kind == WAY_LINE;

	if (w->kind == WAY_NONE || w->by > WAY_BY_OWN ||
	    (len > 0 && (w->limits[len - 1] != '.' || w->limits[0] < 'A')))
		test_fail(__FILE__, __LINE__, "%s: %d \"%s\"", d->type,
		    (int)w->kind, w->limits);
	CHECK(line || len > 0); /* each has some */
	CHECK(w->kind != WAY_PTY || w->cmd[0] != '\0');
	CHECK(w->kind != WAY_PIPE || w->cmd[0] != '\0' || w->device[0] != '\0');
	CHECK(w->kind != WAY_ASK ||
	    (w->cmd[0] != '\0' && w->ask_ms >= 100 && w->ring > 0));
	CHECK(w->kind != WAY_WEBSOCKET ||
	    (w->port > 0 && w->host[0] != '\0' && w->path[0] == '/'));
	CHECK(w->by != WAY_BY_OWN || w->device[0] != '\0');
}

/* What can be opened is told how, and what is not says why. */
static unsigned
check_consoles(struct fake *f)
{
	const struct driver *d = f->drv->driver;
	unsigned ways = 0;
	struct way w;

	for (int slot = 0; slot <= 5; slot++) {
		const char *why = d->can(f->drv, slot, ACT_CONSOLE);

		if (why != NULL)
			continue;
		if (slot == 0 || d->console == NULL)
			test_fail(
			    __FILE__, __LINE__, "%s: slot %d", d->type, slot);
		memset(&w, 0xff, sizeof w);
		if (d->console(f->drv, slot, &w)) {
			check_way(d, &w);
			ways++;
		}
	}
	return ways;
}

TEST(drivers_consoles_are_whole)
{
	const struct driver *d;
	unsigned ways = 0;
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; (d = nth(i)) != NULL; i++) {
		struct fake *f = fake_new(d, d->whole_board ? 0 : 1);

		f->tolerant = true;
		ways += check_consoles(f);
		for (unsigned k = 0; k < 200; k++) {
			f->now += 31000;
			d->poll(f->drv);
			while (f->runs > 0) {
				spoil(&b);
				fake_answer_len(
				    f, LINK_DONE, 0, buf_str(&b), b.len, NULL);
			}
			ways += check_consoles(f);
		}
		fake_free(f);
	}
	buf_release(&b);
	CHECK(ways > 0);
	for (size_t i = 0; i < feed_table_len; i++) {
		struct fake *f = fake_new(feed_table[i], 0);

		for (int slot = 0; slot < 3; slot++)
			CHECK(feed_table[i]->can(f->drv, slot, ACT_CONSOLE) !=
			    NULL);
		CHECK(feed_table[i]->console == NULL);
		fake_free(f);
	}
}

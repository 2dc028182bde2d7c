/* What a console keeps is what the node sent: through partial takes, rests and
 * ends, for one that floods beside one that does not. */
#include "console_fix.h"

#include "rackmux/base/hash.h"
#include "rackmux/console/logfile.h"

/* The same numbers in each run. */
static unsigned
roll(unsigned n)
{
	static unsigned long long seed = 88172645463325252ull;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 11) % n;
}

/* Any bytes, or (text) lines. */
static void
fill(char *data, size_t len, bool text)
{
	for (size_t i = 0; i < len; i++)
		data[i] = !text    ? (char)roll(256)
		    : i % 61 == 60 ? '\n'
		    : i % 61 == 59 ? '\r'
				   : (char)('a' + roll(26));
}

static void
same_hash(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned char ha[HASH_SHA256_LEN], hb[HASH_SHA256_LEN];

	CHECK_INT(alen, blen);
	hash_sha256(a, alen, ha);
	hash_sha256(b, blen, hb);
	CHECK(memcmp(ha, hb, sizeof ha) == 0);
}

/* The node's bytes out of a log; its notes give nothing. */
static void
read_log(const char *path, struct buf *out)
{
	FILE *fp = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!fp)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	while ((n = getline(&line, &cap, fp)) > 0)
		logfile_decode(line, (size_t)n, out);
	free(line);
	fclose(fp);
}

#define MUCH 300000

TEST(watched_bytes_are_exact)
{
	char *data = mem_alloc(MUCH);
	struct cfix f;

	fill(data, MUCH, false);
	cfix_new(&f, NULL);
	cfix_open(&f, false);
	for (size_t at = 0, n; at < MUCH; at += n) {
		n = 1 + roll(9000);
		n = n < MUCH - at ? n : MUCH - at;
		far_say_len(&f, data + at, n);
		if (roll(3) == 0)
			loop_turn(f.loop, 0);
	}
	CUNTIL(&f, f.got.len == MUCH);
	same_hash(data, MUCH, f.got.data, f.got.len);
	CHECK_INT(console_bytes(f.console), MUCH);
	free(data);
	cfix_free(&f);
}

/* Nobody watches: it rests between reads, and nothing is late for ever. */
TEST(logged_bytes_are_exact)
{
	char *data = mem_alloc(MUCH), path[300];
	struct cfix f;
	struct buf out;

	fill(data, MUCH, true);
	cfix_new(&f, NULL);
	cfix_open(&f, true);
	CHECK(console_logging(f.console));
	str_copy(path, sizeof path, console_log_path(f.console));
	for (size_t at = 0, n; at < MUCH; at += n) {
		n = 1 + roll(roll(2) ? 200 : 6000);
		n = n < MUCH - at ? n : MUCH - at;
		far_say_len(&f, data + at, n);
		loop_turn(f.loop, 0);
		loop_advance(f.loop, roll(40));
	}
	CUNTIL(&f, (loop_advance(f.loop, 5), console_bytes(f.console) == MUCH));
	cfix_forget(&f, f.console);
	console_free(f.console);
	f.console = NULL;
	buf_init(&out, 0);
	read_log(path, &out);
	same_hash(data, MUCH, buf_str(&out), out.len);
	buf_release(&out);
	free(data);
	cfix_free(&f);
}

TEST(unwatched_streams_rest)
{
	unsigned before;
	struct cfix f;

	cfix_new(&f, NULL);
	cfix_open(&f, true);
	/* A hundred small pieces at once a second would be a hundred turns. */
	for (int i = 0; i < 20; i++) {
		far_say(&f, "x");
		for (int j = 0; j < 3; j++)
			loop_turn(f.loop, 1);
		loop_advance(f.loop, 20);
	}
	before = f.changes;
	for (int i = 0; i < 100; i++) {
		far_say(&f, "x");
		for (int j = 0; j < 3; j++)
			loop_turn(f.loop, 1);
		loop_advance(f.loop, 10);
	}
	CUNTIL(&f, (loop_advance(f.loop, 5), console_bytes(f.console) == 120));
	CHECK(f.changes - before < 50);
	CHECK(f.changes - before >= 8);
	/* Who comes to look waits for nothing. */
	far_say(&f, "y");
	loop_turn(f.loop, 1);
	far_say(&f, "z");
	loop_turn(f.loop, 1);
	f.viewer = console_look(f.console, &cfix_viewer, &f);
	CUNTIL(&f, console_bytes(f.console) == 122);
	far_say(&f, "now");
	CUNTIL(&f, console_bytes(f.console) == 125);
	cfix_free(&f);
}

/* A line of 1.5 Mbaud fills a tty's 4,096 bytes in 27 ms. */
TEST(rests_fit_the_speed_of_the_line)
{
	uint64_t waited;
	struct cfix f;

	cfix_new(&f, NULL);
	f.way.baud = 1500000;
	cfix_open(&f, true);
	for (int i = 0; i < 40; i++) {
		unsigned long long n = console_bytes(f.console);

		far_say(&f, "x");
		for (waited = 0; console_bytes(f.console) == n; waited++) {
			loop_turn(f.loop, 1);
			loop_turn(f.loop, 0);
			if (console_bytes(f.console) == n)
				loop_advance(f.loop, 1);
			CHECK(waited <= 14);
		}
	}
	cfix_free(&f);
}

/* What is said last before a program ends is kept too, though the stream was
 * resting. */
TEST(the_last_words_are_kept)
{
	struct cfix f;

	cfix_new(&f,
	    far_script("last.sh",
		"printf 'one '; read x; printf 'two '; printf 'end'"));
	cfix_open(&f, true);
	CUNTIL(&f, console_bytes(f.console) == 4);
	console_type(f.console, "\n", 1);
	CUNTIL(&f, !IS_STATE(&f, OPEN));
	CHECK_INT(console_bytes(f.console), 11);
	CHECK_INT(on_screen(f.console, "one two end"), 1);
	cfix_free(&f);
}

/* One that floods leaves turns to others. */
TEST(a_flood_does_not_drown_others)
{
	struct console_new n = { .name = "tp2-a/2",
		.title = "quiet",
		.line = "q",
		.capture = true };
	struct console *quiet;
	struct console_viewer *v;
	struct link *link;
	unsigned long long was;
	struct cfix f;

	cfix_new(&f, "exec:yes flood");
	cfix_open(&f, true);
	quiet = console_new(f.set, &n);
	link = cfix_link(&f, far_echo());
	v = console_look(quiet, NULL, NULL);
	link_start(link);
	cfix_route(&f, quiet, link);
	CUNTIL(&f, console_bytes(quiet) == 1);
	for (int i = 0; i < 20; i++) {
		was = console_bytes(quiet);
		console_type(quiet, "ping", 4);
		for (int turns = 0; console_bytes(quiet) < was + 4; turns++) {
			unsigned long long b = console_bytes(f.console);

			loop_turn(f.loop, 1);
			loop_advance(f.loop, 1);
			CHECK(console_bytes(f.console) - b <= 16384);
			CHECK(turns < 5000);
		}
	}
	CUNTIL(&f, (loop_advance(f.loop, 5), console_bytes(f.console) > 16384));
	console_unlook(v);
	consoles_no_link(f.set, link);
	link_free(link);
	cfix_free(&f);
}

/* --- many, with the link dropped at random --------------------------------- */

#define MANY 16
#define ENOUGH 100000

/* What `seq 1 N` prints, checked as it comes; a gap begins it anew. */
struct counter {
	struct console *console;
	struct console_viewer *viewer;
	struct link *link;
	char want[24];
	size_t at;
	unsigned next, gaps;
	unsigned long long bytes;
	bool bad;
};

static void
begin_count(struct counter *c)
{
	c->next = 1;
	c->at = 0;
	str_format(c->want, sizeof c->want, "1\n");
}

static void
count_bytes(void *arg, const char *data, size_t len)
{
	struct counter *c = arg;

	c->bytes += len;
	for (size_t i = 0; i < len && !c->bad; i++) {
		c->bad = data[i] != c->want[c->at++];
		if (c->want[c->at] == '\0') {
			str_format(c->want, sizeof c->want, "%u\n", ++c->next);
			c->at = 0;
		}
	}
}

static void
count_note(void *arg, const char *text)
{
	struct counter *c = arg;

	CHECK(str_starts(text, "gap of "));
	c->gaps++;
	begin_count(c);
}

static const struct console_viewer_sink count_sink = {
	.on_bytes = count_bytes,
	.on_note = count_note,
};

/* The log says the same: between two notes of a gap, a run of numbers. */
static void
check_log(const char *path, unsigned long long bytes)
{
	struct counter c = { 0 };
	FILE *fp = fopen(path, "r");
	struct buf out;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!fp)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	begin_count(&c);
	buf_init(&out, 0);
	while ((n = getline(&line, &cap, fp)) > 0) {
		if (strstr(line, "-- gap of ")) {
			begin_count(&c);
			continue;
		}
		buf_clear(&out);
		logfile_decode(line, (size_t)n, &out);
		count_bytes(&c, buf_str(&out), out.len);
		if (c.bad)
			test_fail(__FILE__, __LINE__, "%s: not %u: %s", path,
			    c.next, line);
	}
	CHECK_INT(c.bytes, bytes);
	buf_release(&out);
	free(line);
	fclose(fp);
}

static void
many_start(struct cfix *f, struct counter *all)
{
	struct console_new n = { .capture = true };
	char name[40];

	n.name = n.line = name;
	for (int i = 0; i < MANY; i++) {
		str_format(name, sizeof name, "many/%d", i);
		all[i].console = console_new(f->set, &n);
		all[i].link =
		    cfix_link(f, far_script("seq.sh", "exec seq 1 99999999"));
		cfix_route(f, all[i].console, all[i].link);
		if (i % 2)
			all[i].viewer =
			    console_look(all[i].console, &count_sink, &all[i]);
		begin_count(&all[i]);
		link_start(all[i].link);
	}
}

TEST(many_with_their_links_dropped)
{
	struct counter all[MANY] = { 0 };
	unsigned long long bytes[MANY];
	time_t end = time(NULL) + 25;
	char path[MANY][300];
	bool enough = false;
	unsigned gaps;
	struct cfix f;

	cfix_new(&f, "exec:cat");
	many_start(&f, all);
	while (!enough) {
		loop_turn(f.loop, 0);
		loop_advance(f.loop, 5);
		if (roll(8) == 0)
			link_lost(all[roll(MANY)].link, LINK_WHY_RESET,
			    "the test cut it");
		enough = true;
		for (int i = 0; i < MANY; i++) {
			console_lost(all[i].console, &gaps);
			if (console_bytes(all[i].console) < ENOUGH || gaps < 2)
				enough = false;
			CHECK(!all[i].bad);
		}
		if (time(NULL) > end)
			test_fail(__FILE__, __LINE__, "too slow");
	}
	for (int i = 0; i < MANY; i++) {
		bytes[i] = console_bytes(all[i].console);
		str_copy(
		    path[i], sizeof path[i], console_log_path(all[i].console));
		CHECK(*path[i] != '\0');
		cfix_forget(&f, all[i].console);
		console_free(all[i].console);
		link_free(all[i].link);
		if (i % 2)
			CHECK_INT(all[i].bytes, bytes[i]);
	}
	for (int i = 0; i < MANY; i++)
		check_log(path[i], bytes[i]);
	cfix_free(&f);
}

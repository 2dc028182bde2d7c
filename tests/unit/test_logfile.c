/* What a console printed can be had back from its log, whatever happens. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/loop.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/logfile.h"

#define WALL 1763735470123 /* 2025-11-21T14:31:10.123Z */

static struct loop *loop;
static char told[300];
static int troubles, over;

static void
on_trouble(void *arg, const char *why)
{
	(void)arg;
	if (why == NULL) {
		over++;
	} else {
		troubles++;
		str_copy(told, sizeof told, why);
	}
}

static const char *
path_of(const char *name)
{
	static char path[600];

	str_format(path, sizeof path, "%s/%s", test_dir(), name);
	return path;
}

static struct logfile *
open_log(const char *name, unsigned long long size, unsigned files)
{
	struct logfile_config c = { path_of(name), size, files };

	if (loop == NULL) {
		loop = loop_new();
		loop_freeze(loop);
	}
	return logfile_new(loop, &c, on_trouble, NULL);
}

static void
end(struct logfile *l)
{
	logfile_free(l);
	loop_free(loop);
	loop = NULL;
}

static void
add(struct logfile *l, const char *s)
{
	logfile_add(l, s, strlen(s), WALL);
}

/* Adds what the file says to b; false: there is none. */
static bool
content(const char *name, struct buf *b)
{
	FILE *f = fopen(path_of(name), "re");
	char piece[4096];
	size_t n;

	if (f == NULL)
		return false;
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(b, piece, n);
	fclose(f);
	return true;
}

static void
check_file(const char *name, const char *text)
{
	struct buf b;

	buf_init(&b, 0);
	CHECK(content(name, &b));
	CHECK_STR(buf_str(&b), text);
	buf_release(&b);
}

static void
decode_all(const char *text, size_t len, struct buf *out)
{
	while (len > 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl + 1 - text) : len;

		logfile_decode(text, n, out);
		text += n;
		len -= n;
	}
}

/* All files of a log, the oldest first, as the node's bytes. */
static void
read_back(const char *name, unsigned files, size_t max, struct buf *out)
{
	struct buf b;
	struct stat st;
	char one[80];

	buf_init(&b, 0);
	for (unsigned i = files; i-- > 0;) {
		if (i == 0)
			str_copy(one, sizeof one, name);
		else
			str_format(one, sizeof one, "%s.%u", name, i);
		if (stat(path_of(one), &st) < 0)
			continue;
		CHECK((size_t)st.st_size <= max);
		CHECK_INT(st.st_mode & 0777, 0600);
		CHECK(content(one, &b));
	}
	decode_all(b.data, b.len, out);
	buf_release(&b);
}

#define T "2025-11-21T14:31:10.123Z "

TEST(lines_have_times)
{
	struct logfile *l = open_log("log", 1 << 20, 3);

	add(l, "one\r\ntwo\n\r\nC:\\x\r\r\n\033[1mb\xc3\xa9\xff\t.\r\n");
	logfile_add(l, "late", 4, WALL + 61000);
	end(l);
	check_file("log",
	    T "one\n" T "two\\n\n" T "\n" T "C:\\\\x\\x0d\n" T
	      "\\x1b[1mb\xc3\xa9\\xff\t.\n"
	      "2025-11-21T14:32:11.123Z late\\\n");
}

TEST(hostile_characters_are_escaped)
{
	struct logfile *l = open_log("log", 1 << 20, 3);

	add(l,
	    "a\xe2\x80\xae"
	    "b\xc2\x85"
	    "c\xe2\x82"
	    "d\x7f\r\n");
	end(l);
	check_file("log",
	    T "a\\xe2\\x80\\xae"
	      "b\\xc2\\x85"
	      "c\\xe2\\x82"
	      "d\\x7f\n");
}

TEST(a_note_is_no_text)
{
	struct logfile *l = open_log("log", 1 << 20, 3);
	struct buf b;

	add(l, "half\r");
	logfile_note(l, WALL, "gap of 12.3 s: the\nlink was lost");
	add(l, " line\r\n-- mine\r\n--- \r\n-rw- -- x\r\n--");
	end(l);
	check_file("log",
	    T "half\\x0d\\\n" T "-- gap of 12.3 s: the link was lost\n" T
	      " line\n" T "--\\x20mine\n" T "--- \n" T "-rw- -- x\n" T
	      "--\\\n");
	buf_init(&b, 0);
	read_back("log", 1, 1000, &b);
	CHECK_STR(
	    buf_str(&b), "half\r line\r\n-- mine\r\n--- \r\n-rw- -- x\r\n--");
	buf_release(&b);
}

TEST(writes_are_gathered)
{
	struct logfile *l = open_log("log", 1 << 20, 3);
	struct stat st;

	add(l, "login: ");
	CHECK(stat(path_of("log"), &st) < 0);
	loop_advance(loop, LOGFILE_HELD_MS - 1);
	CHECK(stat(path_of("log"), &st) < 0);
	loop_advance(loop, 1);
	check_file("log", T "login: ");
	add(l, "root\r\n");
	check_file("log", T "login: ");
	logfile_flush(l);
	check_file("log", T "login: root\n");
	for (int i = 0; i < 1000; i++)
		add(l, "much more text\r\n");
	CHECK(stat(path_of("log"), &st) == 0 && st.st_size > LOGFILE_HELD);
	end(l);
}

TEST(a_line_goes_wholly_to_the_next_file)
{
	struct logfile *l = open_log("log", 4096, 3);
	char line[1000];
	struct buf b;

	memset(line, 'x', sizeof line);
	for (int i = 0; i < 5; i++) {
		logfile_add(l, line, sizeof line, WALL);
		add(l, "\r\n");
		logfile_flush(l);
	}
	end(l);
	buf_init(&b, 0);
	CHECK(content("log.1", &b));
	CHECK_INT(b.len, 3 * 1026);
	buf_clear(&b);
	CHECK(content("log", &b));
	CHECK_INT(b.len, 2 * 1026);
	buf_release(&b);
}

TEST(a_line_that_was_begun_goes_on_in_the_next_file)
{
	struct logfile *l = open_log("log", 4096, 2);
	char line[1500];
	struct buf b;

	memset(line, 'y', sizeof line);
	for (int i = 0; i < 6; i++) {
		if (i > 0)
			add(l, "\r\nprompt> ");
		logfile_flush(l);
		logfile_add(l, line, sizeof line, WALL);
		logfile_flush(l);
	}
	end(l);
	buf_init(&b, 0);
	CHECK(content("log.1", &b));
	CHECK(str_ends(buf_str(&b), "\n"));
	buf_clear(&b);
	CHECK(content("log", &b));
	CHECK(str_starts(buf_str(&b), "20"));
	buf_release(&b);
}

/* Random bytes in random pieces: what goes in comes out. */
static void
round_trip(unsigned seed, unsigned long long size)
{
	struct logfile *l = open_log("any", size, 200);
	uint32_t dice = seed;
	struct buf in, out;
	static const char spice[] = "\r\n\r\n\\-- \n\r\xc3\xa9\xe2\x82\xac\033";

	buf_init(&in, 0);
	buf_init(&out, 0);
	for (int i = 0; i < 400; i++) {
		char piece[300];
		size_t n;

		dice = dice * 1664525u + 1013904223u;
		n = (dice >> 16) % sizeof piece;
		for (size_t k = 0; k < n; k++) {
			unsigned how;

			dice = dice * 1664525u + 1013904223u;
			how = (dice >> 28);
			piece[k] = how < 6 ? 'a'
			    : how < 12 ? spice[(dice >> 8) % (sizeof spice - 1)]
				       : (char)(dice >> 16);
		}
		logfile_add(l, piece, n, WALL + i);
		buf_add(&in, piece, n);
		if (dice % 7 == 0)
			logfile_note(l, WALL, "a note");
		if (dice % 5 == 0)
			logfile_flush(l);
		if (dice % 11 == 0) {
			logfile_free(l);
			l = open_log("any", size, 200);
		}
	}
	end(l);
	read_back("any", 200, size, &out);
	CHECK_INT(out.len, in.len);
	CHECK(memcmp(in.data, out.data, in.len) == 0);
	buf_release(&in);
	buf_release(&out);
	for (unsigned i = 0; i < 200; i++) {
		char one[80];

		str_format(one, sizeof one, i > 0 ? "any.%u" : "any", i);
		(void)unlink(path_of(one));
	}
}

TEST(every_byte_comes_back)
{
	for (unsigned seed = 1; seed <= 12; seed++)
		round_trip(seed, seed % 2 != 0 ? 4096 : 9000);
}

TEST(old_files_are_dropped)
{
	struct logfile *l = open_log("log", 4096, 2);
	struct stat st;

	for (int i = 0; i < 400; i++) {
		add(l, "some more text that fills it up\r\n");
		logfile_flush(l);
	}
	end(l);
	CHECK(stat(path_of("log.1"), &st) == 0);
	CHECK(stat(path_of("log.2"), &st) < 0);
}

TEST(one_file_begins_anew)
{
	struct logfile *l = open_log("log", 4096, 1);
	struct stat st;

	for (int i = 0; i < 400; i++)
		add(l, "some more text that fills it up\r\n");
	end(l);
	CHECK(stat(path_of("log"), &st) == 0 && st.st_size <= 4096);
	CHECK(stat(path_of("log.1"), &st) < 0);
}

TEST(a_torn_file_is_mended)
{
	struct logfile *l;

	test_write("log", T "tor");
	l = open_log("log", 1 << 20, 3);
	add(l, "new\r\n");
	end(l);
	check_file("log", T "tor\\\n" T "new\n");
}

TEST(a_file_that_was_taken_away_is_made_again)
{
	struct logfile *l = open_log("log", 1 << 20, 3);

	add(l, "one\r\ntw");
	logfile_flush(l);
	CHECK(unlink(path_of("log")) == 0);
	loop_advance(loop, 6000);
	add(l, "o\r\n");
	logfile_flush(l);
	check_file("log", T "o\n");
	end(l);
}

TEST(folders_are_private)
{
	struct logfile *l = open_log("deep/er/log", 1 << 20, 3);
	struct stat st;

	add(l, "x\r\n");
	end(l);
	CHECK(stat(path_of("deep/er"), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0700);
	CHECK(stat(path_of("deep/er/log"), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
}

TEST(links_and_folders_are_not_written)
{
	struct logfile *l;
	char target[700];

	str_copy(target, sizeof target, test_write("secret", "keep"));
	CHECK(symlink(target, path_of("log")) == 0);
	l = open_log("log", 1 << 20, 3);
	add(l, "x\r\n");
	logfile_flush(l);
	CHECK(!logfile_good(l));
	CHECK_INT(troubles, 1);
	CHECK(strstr(told, "/log cannot be opened: ") != NULL);
	CHECK(str_ends(told, "."));
	logfile_flush(l);
	CHECK_INT(troubles, 1);
	check_file("secret", "keep");
	(void)unlink(path_of("log"));
	loop_advance(loop, LOGFILE_HELD_MS);
	CHECK(logfile_good(l));
	CHECK_INT(over, 1);
	check_file("log", T "x\n");
	end(l);
}

static void
limit(rlim_t size)
{
	struct rlimit r = { size, RLIM_INFINITY };

	CHECK(sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN },
		  NULL) == 0);
	CHECK(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

TEST(a_full_disk_loses_nothing_at_first)
{
	struct logfile *l = open_log("log", 1 << 20, 3);
	struct buf out;

	add(l, "before\r\n");
	logfile_flush(l);
	limit(50);
	add(l, "this does not fit, but a part of it would\r\n");
	logfile_flush(l);
	CHECK_INT(troubles, 1);
	check_file("log", T "before\n");
	add(l, "more\r\n");
	loop_advance(loop, LOGFILE_HELD_MS);
	CHECK_INT(troubles, 1);
	CHECK_INT(over, 0);
	limit(RLIM_INFINITY);
	loop_advance(loop, LOGFILE_HELD_MS);
	CHECK_INT(over, 1);
	end(l);
	buf_init(&out, 0);
	read_back("log", 1, 1000, &out);
	CHECK_STR(buf_str(&out),
	    "before\r\nthis does not fit, but a part of it would\r\nmore\r\n");
	buf_release(&out);
}

TEST(what_a_full_disk_cost_is_written_down)
{
	struct logfile *l = open_log("log", 100 << 20, 3);
	unsigned long long sent = 0, lost = 0, size = 0;
	struct buf file, out;
	const char *note;

	limit(0);
	for (int i = 0; i < 40000; i++, sent += 22)
		add(l, "twenty characters it\r\n");
	CHECK_INT(troubles, 1);
	limit(RLIM_INFINITY);
	loop_advance(loop, LOGFILE_HELD_MS);
	add(l, "after\r\n");
	end(l);
	buf_init(&file, 0);
	buf_init(&out, 0);
	CHECK(content("log", &file));
	note = strstr(buf_str(&file), "-- gap of ");
	CHECK(note != NULL && strstr(note, "after\n") != NULL);
	CHECK(sscanf(note, "-- gap of %llu bytes", &lost) == 1);
	decode_all(file.data, file.len, &out);
	size = out.len;
	CHECK_INT(size + lost, sent + 7);
	CHECK(size > 100000);
	buf_release(&file);
	buf_release(&out);
}

TEST(nonsense_decodes_to_something)
{
	struct buf b;

	buf_init(&b, 0);
	logfile_decode("", 0, &b);
	logfile_decode("noblank\n", 8, &b);
	CHECK_INT(b.len, 0);
	logfile_decode("t \\q\\x4\\x41\\\n", 13, &b);
	CHECK_STR(buf_str(&b), "\\q\\x4A");
	buf_release(&b);
}

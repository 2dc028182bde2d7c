/* A recording gives every byte back, and players can play it. */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/loop.h"
#include "rackmux/base/text.h"
#include "rackmux/console/record.h"

static struct loop *loop;

static const char *
path(void)
{
	static char p[600];

	str_format(p, sizeof p, "%s/cast", test_dir());
	return p;
}

static struct record *
begin(void)
{
	char err[700];
	struct record *r;

	loop = loop_new();
	loop_freeze(loop);
	r = record_new(
	    loop, path(), "node \"1\"\n", 24, 80, 1700000000123, err, 700);
	CHECK(r != NULL);
	CHECK_STR(record_path(r), path());
	return r;
}

static void
content(struct buf *b)
{
	FILE *f = fopen(path(), "re");
	char piece[4096];
	size_t n;

	CHECK(f != NULL);
	buf_init(b, 0);
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(b, piece, n);
	fclose(f);
}

#define HEAD \
	"{\"version\": 2, \"width\": 80, \"height\": 24, " \
	"\"timestamp\": 1700000000, \"title\": \"node \\\"1\\\" \", " \
	"\"env\": {\"TERM\": \"xterm-256color\"}}\n"

static void
check(const char *events)
{
	struct buf b;

	content(&b);
	CHECK(str_starts(buf_str(&b), HEAD));
	CHECK_STR(buf_str(&b) + strlen(HEAD), events);
	buf_release(&b);
}

static void
end(struct record *r)
{
	record_free(r);
	loop_free(loop);
}

static void
out(struct record *r, const char *s, uint64_t after)
{
	record_output(r, s, strlen(s), loop_now(loop) + after);
}

TEST(events_have_times)
{
	struct record *r = begin();
	struct stat st;

	out(r, "a\"\\\r\n\033[1m", 0);
	out(r, "\xc3", 1);
	out(r,
	    "\xa9\xff"
	    "\x7f\x01",
	    1234);
	record_resize(r, 50, 132, loop_now(loop) + 2000);
	out(r, "\xe2\x82", 2500);
	record_mark(r, "gap\nof 3 s", loop_now(loop) + 5006);
	CHECK(stat(path(), &st) == 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	check("");
	loop_advance(loop, 1000);
	check("[0.000, \"o\", \"a\\\"\\\\\\r\\n\\u001b[1m\"]\n"
	      "[1.234, \"o\", \"\xc3\xa9\\udcff\\u007f\\u0001\"]\n"
	      "[2.000, \"r\", \"132x50\"]\n"
	      "[5.006, \"o\", \"\\udce2\\udc82\"]\n"
	      "[5.006, \"m\", \"gap of 3 s\"]\n");
	end(r);
}

TEST(a_file_that_is_there_is_left_alone)
{
	char err[700];

	(void)test_write("cast", "mine");
	loop = loop_new();
	CHECK(record_new(loop, path(), "t", 24, 80, 0, err, 700) == NULL);
	CHECK(strstr(err, "/cast cannot be made: ") != NULL);
	loop_free(loop);
}

/* The text of an event back into bytes. */
static void
unescape(const char *s, struct buf *b)
{
	for (; *s != '"'; s++) {
		unsigned v;
		char c = *s;

		if (c == '\\') {
			c = *++s;
			if (c == 'n' || c == 'r')
				c = c == 'n' ? '\n' : '\r';
			if (c == 'u') {
				CHECK(sscanf(s + 1, "%4x", &v) == 1);
				s += 4;
				CHECK(v < 0xa0 || (v & 0xff80) == 0xdc80);
				if (v >= 0x80 && v < 0xa0)
					buf_puts(b, "\xc2");
				c = (char)v;
			}
		}
		buf_add(b, &c, 1);
	}
}

TEST(every_byte_comes_back)
{
	struct record *r = begin();
	uint32_t dice = 7;
	struct buf in, file, back;
	char *at, *line;

	buf_init(&in, 0);
	buf_init(&back, 0);
	for (int i = 0; i < 3000; i++) {
		static const char some[] = "\xe2\x82\xac\xf0\x9f\x98\x80\"\\";
		char piece[9];
		size_t n;

		dice = dice * 1664525u + 1013904223u;
		n = (dice >> 16) % sizeof piece;
		for (size_t k = 0; k < n; k++) {
			dice = dice * 1664525u + 1013904223u;
			piece[k] =
			    (char)(dice >> 30 != 0 ? some[(i + (int)k) % 9]
						   : (char)(dice >> 16));
		}
		record_output(r, piece, n, loop_now(loop));
		buf_add(&in, piece, n);
	}
	end(r);
	content(&file);
	at = file.data;
	(void)str_line(&at);
	while ((line = str_line(&at)) != NULL) {
		CHECK(str_starts(line, "[0.000, \"o\", \""));
		unescape(line + 14, &back);
	}
	CHECK_INT(back.len, in.len);
	CHECK(memcmp(back.data, in.data, in.len) == 0);
	buf_release(&in);
	buf_release(&back);
	buf_release(&file);
}

TEST(a_full_disk_ends_it)
{
	struct record *r = begin();
	struct rlimit lim = { 300, RLIM_INFINITY };

	CHECK(sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN },
		  NULL) == 0);
	CHECK(setrlimit(RLIMIT_FSIZE, &lim) == 0);
	CHECK_STR(record_trouble(r), NULL);
	for (int i = 0; i < 1000; i++)
		out(r, "some text", 0);
	CHECK(record_trouble(r) != NULL);
	CHECK(str_ends(record_trouble(r), "."));
	out(r, "more", 0);
	record_mark(r, "more", 0);
	record_resize(r, 1, 1, 0);
	end(r);
}

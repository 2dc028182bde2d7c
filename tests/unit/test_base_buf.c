#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/fd.h"
#include "rackmux/base/log.h"
#include "rackmux/base/ring.h"
#include "rackmux/base/text.h"
#include "test.h"

TEST(buf_grows_and_stops_at_its_limit)
{
	struct buf b;

	buf_init(&b, 10);
	CHECK_STR(buf_str(&b), "");
	CHECK(buf_puts(&b, "12345"));
	CHECK(!buf_printf(&b, "%s", "6789012"));
	CHECK_STR(buf_str(&b), "1234567890");
	CHECK(b.cut);
	CHECK(!buf_add(&b, "x", 1));
	CHECK_INT(b.len, 10);
	buf_drop(&b, 4);
	CHECK_STR(buf_str(&b), "567890");
	CHECK(buf_add(&b, "a", 1));
	buf_drop(&b, 100);
	CHECK_STR(buf_str(&b), "");
	buf_clear(&b);
	CHECK(!b.cut);
	buf_release(&b);
	CHECK_INT(b.max, 10);
}

TEST(buf_holds_a_megabyte_and_zeros)
{
	struct buf b;

	buf_init(&b, 0);
	for (int i = 0; i < 1 << 20; i++)
		buf_add(&b, "\0", 1);
	CHECK_INT(b.len, 1 << 20);
	buf_release(&b);
	buf_drop(&b, 3);
	CHECK(buf_add(&b, NULL, 0));
	buf_release(&b);
}

/* What a shell makes of it is what was put in. */
TEST(quoted_for_a_shell)
{
	static const char *const t[] = { "", "a b", "it's", "''", "$(id)`id`",
		"\\'\"\n*~!", "-n", "a;b&c|d" };

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct buf b;
		char out[64] = "";
		char path[300], cmd[300];
		pid_t pid;
		FILE *f;

		snprintf(path, sizeof path, "%s/out", test_dir());
		buf_init(&b, 0);
		CHECK(buf_quote(&b, t[i]));
		snprintf(cmd, sizeof cmd, "%s/cmd", test_dir());
		f = fopen(cmd, "w");
		CHECK(f != NULL);
		fprintf(f, "printf '%%s' %s >'%s'\n", buf_str(&b), path);
		fclose(f);
		pid = fork();
		if (pid == 0) {
			execl("/bin/sh", "sh", cmd, (char *)NULL);
			_exit(1);
		}
		CHECK(waitpid(pid, NULL, 0) == pid);
		f = fopen(path, "r");
		out[fread(out, 1, sizeof out - 1, f)] = '\0';
		fclose(f);
		CHECK_STR(out, t[i]);
		buf_release(&b);
	}
}

TEST(a_quote_that_does_not_fit_leaves_nothing)
{
	struct buf b;

	for (size_t max = 4; max < 14; max++) {
		buf_init(&b, max);
		buf_puts(&b, "ls ");
		CHECK(!buf_quote(&b, "it's too long"));
		CHECK(b.cut);
		CHECK_STR(buf_str(&b), "ls ");
		buf_release(&b);
	}
}

TEST(ring_keeps_the_newest)
{
	struct ring r;
	char out[16] = "";

	ring_init(&r, 5);
	CHECK_INT(ring_peek(&r, out, 5), 0);
	ring_add(&r, "abc", 3);
	ring_add(&r, "def", 3);
	CHECK_INT(ring_peek(&r, out, sizeof out), 5);
	CHECK(memcmp(out, "bcdef", 5) == 0);
	ring_drop(&r, 2);
	ring_add(&r, "gh", 2);
	CHECK_INT(ring_peek(&r, out, 3), 3);
	CHECK(memcmp(out, "def", 3) == 0);
	ring_add(&r, "0123456789", 10);
	CHECK_INT(ring_peek(&r, out, 16), 5);
	CHECK(memcmp(out, "56789", 5) == 0);
	CHECK_INT(r.total, 18);
	ring_add(&r, NULL, 0);
	ring_drop(&r, 100);
	CHECK_INT(r.len, 0);
	ring_clear(&r);
	CHECK_INT(ring_peek(&r, NULL, 0), 0);
	ring_release(&r);
	ring_init(&r, 0);
	ring_add(&r, "abc", 3);
	CHECK_INT(ring_peek(&r, out, 3), 0);
	ring_release(&r);
}

/* Against a list that is slow and plain. */
TEST(ring_agrees_with_a_plain_one)
{
	char plain[64] = "", out[64];
	size_t len = 0;
	unsigned seed = 7;
	struct ring r;

	ring_init(&r, 7);
	for (int i = 0; i < 20000; i++) {
		size_t n;

		seed = seed * 1103515245u + 12345u;
		n = seed >> 16 & 15;
		if (seed >> 24 & 1) {
			char in[16];

			memset(in, (char)('a' + i % 26), sizeof in);
			memcpy(plain + len, in, n);
			len += n;
			if (len > 7) {
				memmove(plain, plain + len - 7, 7);
				len = 7;
			}
			ring_add(&r, in, n);
		} else {
			n = n < len ? n : len;
			memmove(plain, plain + n, len - n);
			len -= n;
			ring_drop(&r, n);
		}
		CHECK_INT(ring_peek(&r, out, sizeof out), len);
		CHECK(memcmp(out, plain, len) == 0);
	}
	ring_release(&r);
}

TEST(strings_in_fresh_memory)
{
	char *a = mem_strndup("abcdef", 3), *b = mem_printf("%d%s", 4, "x");

	CHECK_STR(a, "abc");
	CHECK_STR(b, "4x");
	CHECK(mem_strdup(NULL) == NULL);
	mem_wipe(a, 3);
	CHECK(a[0] == 0 && a[2] == 0);
	mem_wipe(NULL, 0);
	free(a);
	free(b);
}

TEST(a_log_line_is_clean_and_the_file_private)
{
	char path[300], line[256] = "";
	struct stat st;
	FILE *f;

	snprintf(path, sizeof path, "%s/log", test_dir());
	log_error("nobody hears this");
	CHECK_INT(log_open(path, LOG_LV_INFO), 0);
	log_info("node %d says \x1b]52;c;eA==\x07\n", 3);
	log_debug("too much");
	log_close();
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	f = fopen(path, "r");
	CHECK(fgets(line, sizeof line, f) != NULL);
	CHECK(strchr(line, 0x1b) == NULL);
	CHECK(strstr(line, " info node 3 says ") != NULL);
	CHECK(fgets(line, sizeof line, f) == NULL);
	fclose(f);
}

TEST(a_log_is_no_link_and_no_pipe)
{
	char path[300], to[300];

	snprintf(path, sizeof path, "%s/link", test_dir());
	snprintf(to, sizeof to, "%s/to", test_dir());
	CHECK_INT(symlink(to, path), 0);
	CHECK(log_open(path, LOG_LV_INFO) < 0);
	CHECK(access(to, F_OK) != 0);
	CHECK_INT(mkfifo(to, 0600), 0);
	CHECK(log_open(to, LOG_LV_INFO) < 0);
}

TEST(limit_of_open_files)
{
	CHECK(fd_raise_limit() > 0);
	CHECK(fd_nonblock(-1) < 0);
	CHECK(fd_cloexec(-1) < 0);
}

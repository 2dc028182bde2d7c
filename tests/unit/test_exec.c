/* Local programs as transports: their bytes, their ends, and freeing them at
 * the worst moments. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/link/pool.h"
#include "rackmux/link/transport.h"
#include "test.h"

struct fix {
	struct loop *loop;
	struct link_pool *pool;
	struct link_config config;
	struct url url;
	struct transport *t;
	struct stream *s;
	int ups, downs, closes, opens, drains, status;
	enum link_why why;
	bool retry, free_in_data, free_in_close;
	char text[256], close_why[256];
	char out[70000], err[4096];
	size_t len, err_len, take;
};

static void
on_state(void *arg, enum link_state state)
{
	(void)arg;
	(void)state;
}

static void
on_up(void *arg)
{
	((struct fix *)arg)->ups++;
}

static void
on_down(void *arg, enum link_why why, const char *text, bool retry)
{
	struct fix *f = arg;

	f->downs++;
	f->why = why;
	f->retry = retry;
	str_copy(f->text, sizeof(f->text), text);
	f->t->ops->free(f->t);
	f->t = NULL;
}

static const struct transport_sink sink = {
	.on_state = on_state,
	.on_up = on_up,
	.on_down = on_down,
};

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct fix *f = arg;

	if (err) {
		if (f->err_len + len < sizeof(f->err)) {
			memcpy(f->err + f->err_len, data, len);
			f->err_len += len;
		}
		return len;
	}
	if (f->take > 0 && len > f->take)
		len = f->take;
	if (f->len + len < sizeof(f->out)) {
		memcpy(f->out + f->len, data, len);
		f->len += len;
	}
	if (f->free_in_data) {
		stream_free(f->s);
		f->s = NULL;
	}
	return len;
}

static void
on_close(void *arg, int status, const char *why)
{
	struct fix *f = arg;

	CHECK_INT(f->downs, 0); /* streams close before the transport */
	f->closes++;
	f->status = status;
	str_copy(f->close_why, sizeof(f->close_why), why);
	if (f->free_in_close) {
		stream_free(f->s);
		f->s = NULL;
	}
}

static void
on_open(void *arg)
{
	((struct fix *)arg)->opens++;
}

static void
on_drain(void *arg)
{
	((struct fix *)arg)->drains++;
}

static const struct stream_sink stream_sink = {
	.on_data = on_data,
	.on_close = on_close,
	.on_open = on_open,
	.on_drain = on_drain,
};

#define UNTIL(f, cond) \
	do { \
		time_t end_ = time(NULL) + 10; \
		while (!(cond) && time(NULL) < end_) \
			loop_turn((f)->loop, 10); \
		CHECK(cond); \
	} while (0)

static bool no_shell; /* each test has a process of its own */

static void
setup(struct fix *f, const char *cmd)
{
	memset(f, 0, sizeof(*f));
	f->config.no_shell = no_shell;
	f->loop = loop_new();
	f->pool = link_pool_new(f->loop);
	str_copy(f->url.scheme, sizeof(f->url.scheme), "exec");
	str_copy(f->url.cmd, sizeof(f->url.cmd), cmd);
	f->t = exec_transport.start(
	    f->loop, f->pool, &f->config, &f->url, &sink, f);
	CHECK(f->t != NULL);
	CHECK_INT(f->ups + f->downs, 0);
}

static int
open_it(struct fix *f, enum stream_kind kind)
{
	struct stream_request request = { .kind = kind };
	int err = 0;

	f->s = f->t->ops->open(f->t, &request, &stream_sink, f, &err);
	return f->s ? 0 : err;
}

static void
teardown(struct fix *f)
{
	stream_free(f->s);
	if (f->t)
		f->t->ops->free(f->t);
	link_pool_free(f->pool);
	loop_free(f->loop);
}

TEST(bytes_both_ways)
{
	struct fix f;

	setup(&f, "cat");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	CHECK_INT(stream_write(f.s, "a\0b", 3), 0);
	UNTIL(&f, f.len == 3 && f.drains > 0);
	CHECK(memcmp(f.out, "a\0b", 3) == 0);
	CHECK_INT(f.opens, 1);
	CHECK_INT(f.t->ops->received(f.t), 3);
	CHECK_INT(f.t->ops->sent(f.t), 3);
	stream_eof(f.s);
	UNTIL(&f, f.downs == 1);
	CHECK_INT(f.closes, 1);
	CHECK_INT(f.status, 0);
	CHECK_INT(f.why, LINK_WHY_GONE);
	CHECK(f.retry);
	CHECK_INT(stream_write(f.s, "x", 1), -EPIPE);
	teardown(&f);
}

TEST(words_are_the_shells)
{
	struct fix f;

	setup(&f, "printf '%s|' 'two words' \"$HOME\" >&2; echo no");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	UNTIL(&f, f.downs == 1);
	CHECK(str_starts(f.err, "two words|"));
	CHECK_INT(f.len, 0); /* exec: the rest is not reached */
	teardown(&f);
}

TEST(exec_written_twice_is_no_program)
{
	struct fix f;

	setup(&f, "exec echo it runs");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	UNTIL(&f, f.downs == 1);
	CHECK(str_starts(f.out, "it runs"));
	teardown(&f);
}

TEST(all_output_comes_before_the_end)
{
	struct fix f;

	setup(&f,
	    "sh -c 'i=0; while [ $i -lt 1000 ]; do echo "
	    "0123456789012345678901234567890123456789; i=$((i+1)); "
	    "done; exit 5'");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_SHELL), 0);
	UNTIL(&f, f.downs == 1);
	CHECK_INT(f.len, 41000);
	CHECK_INT(f.status, 5);
	CHECK(strstr(f.text, "sh ended with status 5"));
	CHECK_STR(f.close_why, f.text);
	teardown(&f);
}

TEST(what_is_not_taken_is_offered_again)
{
	struct fix f;
	int i;

	setup(&f, "sh -c 'echo 0123456789; sleep 5'");
	UNTIL(&f, f.ups == 1);
	f.take = 3;
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	UNTIL(&f, f.len == 3 && f.opens == 1);
	for (i = 0; i < 5; i++)
		loop_turn(f.loop, 5);
	CHECK_INT(f.len, 3);
	stream_resume(f.s);
	CHECK_INT(f.len, 3);
	UNTIL(&f, f.len == 6);
	f.take = 0;
	stream_resume(f.s);
	UNTIL(&f, f.len == 11);
	CHECK(memcmp(f.out, "0123456789\n", 11) == 0);
	teardown(&f);
}

TEST(the_queue_is_bounded)
{
	static char big[STREAM_QUEUE_MAX];
	struct fix f;
	int i, err = 0;

	setup(&f, "sleep 100");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	for (i = 0; i < 10 && err == 0; i++)
		err = stream_write(f.s, big, sizeof(big));
	CHECK_INT(err, -ENOBUFS);
	CHECK_INT(stream_write(f.s, big, sizeof(big)), -ENOBUFS);
	teardown(&f);
}

TEST(one_stream_at_a_time)
{
	struct stream_request raw = { .kind = STREAM_RAW };
	struct fix f;
	int err = 0;

	setup(&f, "cat");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	CHECK(!f.t->ops->open(f.t, &raw, &stream_sink, &f, &err));
	CHECK_INT(err, -EBUSY);
	/* Freed and opened again: a new process. */
	stream_free(f.s);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	CHECK_INT(stream_write(f.s, "x", 1), 0);
	UNTIL(&f, f.len == 1);
	CHECK_INT(f.closes, 0);
	CHECK_INT(f.downs, 0);
	teardown(&f);
}

TEST(what_it_cannot_do)
{
	struct fix f;

	setup(&f, "cat");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_EXEC), -ENOTSUP);
	CHECK_INT(open_it(&f, STREAM_TCP), -ENOTSUP);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	CHECK_INT(stream_break(f.s), -ENOTSUP);
	CHECK_INT(stream_resize(f.s, 10, 10), -ENOTSUP);
	teardown(&f);
}

TEST(a_pty_has_a_size_and_its_own_process)
{
	struct stream_request pty = {
		.kind = STREAM_PTY, .rows = 33, .cols = 99
	};
	struct fix f;
	int err = 0;

	setup(&f, "sh");
	UNTIL(&f, f.ups == 1);
	f.s = f.t->ops->open(f.t, &pty, &stream_sink, &f, &err);
	CHECK(f.s != NULL);
	stream_write(f.s, "stty size\n", 10);
	UNTIL(&f, strstr(f.out, "33 99"));
	CHECK_INT(stream_resize(f.s, 20, 40), 0);
	stream_write(f.s, "stty size\n", 10);
	UNTIL(&f, strstr(f.out, "20 40"));
	stream_write(f.s, "exit 4\n", 7);
	UNTIL(&f, f.closes == 1);
	CHECK_INT(f.status, 4);
	CHECK_INT(f.downs, 0);
	teardown(&f);
}

/* Two programs at one line would steal each other's bytes. */
TEST(a_console_runs_its_program_once)
{
	struct stream_request pty = {
		.kind = STREAM_PTY, .rows = 33, .cols = 99
	};
	char cmd[400], path[300];
	struct stat st;
	struct fix f;
	int err = 0, i;

	str_format(path, sizeof(path), "%s/runs", test_dir());
	str_format(
	    cmd, sizeof(cmd), "sh -c 'echo run >>%s; stty size; cat'", path);
	no_shell = true;
	setup(&f, cmd);
	UNTIL(&f, f.ups == 1);
	for (i = 0; i < 10; i++)
		loop_turn(f.loop, 10);
	CHECK(access(path, F_OK) != 0);
	f.s = f.t->ops->open(f.t, &pty, &stream_sink, &f, &err);
	CHECK(f.s != NULL);
	UNTIL(&f, strstr(f.out, "33 99"));
	stream_free(f.s);
	f.s = NULL;
	CHECK_INT(f.downs, 0);
	/* Without a terminal, and again after it was left. */
	for (i = 0; i < 2; i++) {
		f.out[0] = '\0';
		f.len = 0;
		CHECK_INT(open_it(&f, STREAM_RAW), 0);
		CHECK_INT(stream_resize(f.s, 20, 40), -ENOTSUP);
		stream_write(f.s, "echo", 4);
		UNTIL(&f, strstr(f.out, "echo"));
		stream_free(f.s);
		f.s = NULL;
	}
	teardown(&f);
	CHECK(stat(path, &st) == 0);
	CHECK_INT(st.st_size, 3 * 4);
}

TEST(a_signal_is_no_status)
{
	struct fix f;

	setup(&f, "sh -c 'kill -9 $$'");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	UNTIL(&f, f.downs == 1);
	CHECK_INT(f.status, -1);
	CHECK(strstr(f.text, "signal 9"));
	teardown(&f);
}

TEST(freed_in_its_own_data)
{
	struct fix f;
	int i;

	setup(&f, "sh -c 'echo x; echo y >&2; echo z; exit 3'");
	UNTIL(&f, f.ups == 1);
	f.free_in_data = true;
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	UNTIL(&f, f.s == NULL);
	for (i = 0; i < 10; i++)
		loop_turn(f.loop, 5);
	CHECK_INT(f.closes, 0);
	teardown(&f);
}

TEST(freed_in_its_own_close)
{
	struct fix f;

	setup(&f, "true");
	UNTIL(&f, f.ups == 1);
	f.free_in_close = true;
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	UNTIL(&f, f.downs == 1);
	CHECK_INT(f.closes, 1);
	teardown(&f);
}

TEST(a_transport_freed_before_its_stream)
{
	struct fix f;

	setup(&f, "cat");
	UNTIL(&f, f.ups == 1);
	CHECK_INT(open_it(&f, STREAM_RAW), 0);
	f.t->ops->free(f.t);
	f.t = NULL;
	CHECK_INT(stream_write(f.s, "x", 1), -EPIPE);
	stream_resume(f.s);
	stream_eof(f.s);
	CHECK(stream_resize(f.s, 1, 1) < 0);
	CHECK_INT(f.closes, 0);
	teardown(&f);
}

TEST(freed_at_once)
{
	struct fix f;

	setup(&f, "cat");
	teardown(&f);
	CHECK_INT(f.ups + f.downs, 0);
}

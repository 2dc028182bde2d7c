/* The link's promises, over local shells: each request gets one answer, not
 * from within the call; the link comes back by itself; freeing it anywhere
 * is safe. */
#include "rackmux/link/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"
#include "test.h"

struct fix {
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	enum link_state state;
	enum link_why why;
	char text[256];
	char states[400];
	int changes;
};

struct answer {
	int n;
	enum link_outcome outcome;
	int status;
	char out[4096];
	size_t len;
	bool cut;
	char why[256];
	struct fix *free_link;
};

static void
on_state(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct fix *f = arg;
	size_t n = strlen(f->states);

	(void)l;
	f->state = state;
	f->why = why;
	str_copy(f->text, sizeof(f->text), text);
	snprintf(f->states + n, sizeof(f->states) - n, "%s ",
	    link_state_name(state));
	f->changes++;
}

static const struct link_sink sink = { .on_state = on_state };

static void
setup(struct fix *f, const char *url)
{
	struct link_config config = { .name = "test", .url = url };
	char err[256] = "";

	memset(f, 0, sizeof(*f));
	f->loop = loop_new();
	f->pool = link_pool_new(f->loop);
	f->link = link_new(f->pool, &config, &sink, f, err, sizeof(err));
	if (!f->link)
		test_fail(__FILE__, __LINE__, "%s", err);
}

static void
teardown(struct fix *f)
{
	link_free(f->link);
	link_pool_free(f->pool);
	loop_free(f->loop);
}

#define UNTIL(f, cond) \
	do { \
		time_t end_ = time(NULL) + 20; \
		while (!(cond) && time(NULL) < end_) \
			loop_turn((f)->loop, 10); \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "never: %s (%s)", #cond, \
			    (f)->text); \
	} while (0)

static void
done(void *arg, const struct link_result *r)
{
	struct answer *a = arg;

	a->n++;
	a->outcome = r->outcome;
	a->status = r->status;
	a->len = r->len;
	a->cut = r->cut;
	str_copy(a->out, sizeof(a->out), r->out);
	str_copy(a->why, sizeof(a->why), r->why ? r->why : "");
	if (a->free_link) {
		link_free(a->free_link->link);
		a->free_link->link = NULL;
	}
}

static void
up(struct fix *f, const char *url)
{
	setup(f, url);
	link_start(f->link);
	UNTIL(f, f->state == LINK_UP);
}

static void
run(struct fix *f, const char *cmd, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	link_run(f->link, cmd, 5000, done, a);
	CHECK_INT(a->n, 0);
	UNTIL(f, a->n == 1);
}

TEST(runs_a_command)
{
	struct answer a;
	struct fix f;

	up(&f, "exec:sh");
	CHECK_STR(f.states, "connecting up ");
	run(&f,
	    "echo hello; echo oops >&2; exit_status() { return 7; }; "
	    "exit_status",
	    &a);
	CHECK_INT(a.outcome, LINK_DONE);
	CHECK_INT(a.status, 7);
	CHECK_STR(a.out, "hello\noops\n");
	CHECK(link_rtt_us(f.link) > 0);
	CHECK(link_bytes(f.link) > 50);
	teardown(&f);
}

TEST(output_comes_back_exactly)
{
	struct answer a;
	struct fix f;

	up(&f, "exec:sh");
	run(&f, ":", &a);
	CHECK_INT(a.len, 0);
	run(&f, "printf x", &a);
	CHECK_STR(a.out, "x");
	run(&f, "printf 'x\\n'", &a);
	CHECK_STR(a.out, "x\n");
	run(&f, "printf '\\n\\n'", &a);
	CHECK_STR(a.out, "\n\n");
	run(&f, "printf 'a\\000b\\377\\r\\n'", &a);
	CHECK_INT(a.len, 6);
	CHECK(memcmp(a.out, "a", 2) == 0);
	run(&f, "printf %s \"it's \\\"quoted\\\" \\$x\"", &a);
	CHECK_STR(a.out, "it's \"quoted\" $x");
	run(&f, "cat", &a); /* stdin is empty, not ours */
	CHECK_INT(a.len, 0);
	run(&f, "echo one\necho two # and a comment", &a);
	CHECK_STR(a.out, "one\ntwo\n");
	teardown(&f);
}

/* What would end a shell, or its framing, must not end the link. */
static void
survives(const char *url)
{
	static const char *const nasty[] = { "if", ")", "echo \"", "'",
		"return 3", "break", "echo ${x?gone}", "set -e; false",
		"exec 2>&-", "fi; done", "cat <<EOF\nx", "{", "case x in" };
	struct answer a;
	struct fix f;
	size_t i;

	up(&f, url);
	for (i = 0; i < ARRAY_LEN(nasty); i++) {
		run(&f, nasty[i], &a);
		CHECK(a.outcome == LINK_DONE || a.outcome == LINK_DIED);
		UNTIL(&f, f.state == LINK_UP);
		run(&f, "echo still; true", &a);
		if (a.outcome != LINK_DONE) {
			/* an exec link dies with its shell */
			UNTIL(&f, f.state == LINK_UP);
			run(&f, "echo still; true", &a);
		}
		CHECK_STR(a.out, "still\n");
	}
	teardown(&f);
}

TEST(nasty_commands_sh)
{
	survives("exec:sh");
}

TEST(nasty_commands_bash)
{
	survives("exec:bash");
}

/* Is it on the PATH? */
static bool
have(const char *program)
{
	char *path = mem_strdup(getenv("PATH")), *dir, *save = path;
	char file[512];
	bool found = false;

	while (!found && (dir = strsep(&path, ":")))
		found = str_format(file, sizeof(file), "%s/%s", dir, program) &&
		    access(file, X_OK) == 0;
	free(save);
	return found;
}

TEST(nasty_commands_busybox)
{
	if (have("busybox"))
		survives("exec:busybox sh");
}

TEST(exit_is_an_answer_and_the_link_returns)
{
	struct answer a;
	struct fix f;

	up(&f, "exec:sh");
	run(&f, "echo last; exit 9", &a);
	CHECK_INT(a.outcome, LINK_DONE);
	CHECK_INT(a.status, 9);
	CHECK_STR(a.out, "last\n");
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_GONE);
	CHECK(strstr(f.text, "status 9"));
	CHECK(link_retry_ms(f.link) > 0);
	CHECK(link_retry_ms(f.link) <= 625);
	UNTIL(&f, f.state == LINK_UP);
	run(&f, "echo again", &a);
	CHECK_STR(a.out, "again\n");
	teardown(&f);
}

TEST(definitions_are_sent_before_use_and_again)
{
	struct answer a;
	struct fix f;

	setup(&f, "exec:sh");
	link_define(f.link, "rm_poll", "echo 'it''s'\necho two");
	link_start(f.link);
	UNTIL(&f, f.state == LINK_UP);
	run(&f, "rm_poll", &a);
	CHECK_STR(a.out, "its\ntwo\n");
	link_define(f.link, "rm_poll", "echo changed");
	run(&f, "rm_poll", &a);
	CHECK_STR(a.out, "changed\n");
	run(&f, "exit", &a);
	UNTIL(&f, f.state == LINK_LOST);
	UNTIL(&f, f.state == LINK_UP);
	run(&f, "rm_poll", &a);
	CHECK_STR(a.out, "changed\n");
	teardown(&f);
}

TEST(a_poll_is_small)
{
	unsigned long long before;
	struct answer a;
	struct fix f;

	up(&f, "exec:sh");
	link_define(f.link, "rm_poll", "echo x");
	run(&f, "rm_poll", &a);
	before = link_bytes(f.link);
	run(&f, "rm_poll", &a);
	CHECK(link_bytes(f.link) - before <= 80);
	teardown(&f);
}

TEST(output_is_bounded_and_the_next_command_works)
{
	struct answer a;
	struct fix f;

	up(&f, "exec:sh");
	run(&f,
	    "i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678; "
	    "i=$((i+1)); done",
	    &a);
	CHECK_INT(a.outcome, LINK_DONE);
	CHECK(a.cut);
	CHECK_INT(a.len, LINK_OUT_MAX);
	run(&f, "echo next", &a);
	CHECK_STR(a.out, "next\n");
	CHECK(!a.cut);
	teardown(&f);
}

TEST(commands_run_in_order)
{
	struct answer a[20];
	struct fix f;
	char cmd[40];
	int i;

	up(&f, "exec:sh");
	memset(a, 0, sizeof(a));
	for (i = 0; i < 20; i++) {
		str_format(cmd, sizeof(cmd), "n=$((n+1)); echo $n");
		link_run(f.link, cmd, 5000, done, &a[i]);
	}
	UNTIL(&f, a[19].n == 1);
	for (i = 0; i < 20; i++) {
		CHECK_INT(a[i].n, 1);
		str_format(cmd, sizeof(cmd), "%d\n", i + 1);
		CHECK_STR(a[i].out, cmd);
	}
	teardown(&f);
}

TEST(not_up_is_not_sent)
{
	struct answer a;
	struct fix f;

	setup(&f, "exec:sh");
	run(&f, "echo x", &a);
	CHECK_INT(a.outcome, LINK_NOT_SENT);
	CHECK(*a.why);
	teardown(&f);
}

TEST(exec_links_cannot_exec)
{
	struct answer a = { 0 };
	struct stream_request request = { .kind = STREAM_TCP };
	struct fix f;
	int err = 0;

	up(&f, "exec:sh");
	link_exec(f.link, "true", NULL, 0, 1000, done, &a);
	CHECK_INT(a.n, 0);
	UNTIL(&f, a.n == 1);
	CHECK_INT(a.outcome, LINK_CANNOT);
	CHECK(*a.why);
	CHECK(!link_open(f.link, &request, NULL, NULL, &err));
	CHECK(err < 0);
	teardown(&f);
}

TEST(a_hung_command_times_out_and_the_queue_goes_on)
{
	struct answer a = { 0 }, b = { 0 }, c = { 0 };
	struct fix f;

	up(&f, "exec:sh");
	run(&f, "echo ready", &a);
	memset(&a, 0, sizeof(a));
	link_run(f.link, "echo part; exec sleep 1000", 300, done, &a);
	link_run(f.link, "echo b", 5000, done, &b);
	link_run(f.link, "echo c", 5000, done, &c);
	UNTIL(&f, c.n == 1);
	CHECK_INT(a.outcome, LINK_TIMED_OUT);
	CHECK_STR(a.out, "part\n");
	CHECK(strstr(a.why, "300 ms"));
	CHECK_INT(b.outcome, LINK_DONE);
	CHECK_STR(b.out, "b\n");
	CHECK_STR(c.out, "c\n");
	CHECK_INT(a.n + b.n + c.n, 3);
	CHECK_STR(f.states, "connecting up ");
	teardown(&f);
}

TEST(a_frozen_clock_times_out_too)
{
	struct answer a = { 0 };
	struct fix f;

	up(&f, "exec:sh");
	run(&f, "echo ready", &a);
	memset(&a, 0, sizeof(a));
	loop_freeze(f.loop);
	link_run(f.link, "exec sleep 1000", 4000, done, &a);
	loop_turn(f.loop, 10);
	loop_turn(f.loop, 10);
	loop_advance(f.loop, 3999);
	loop_turn(f.loop, 0);
	CHECK_INT(a.n, 0);
	loop_advance(f.loop, 1);
	CHECK_INT(a.n, 1);
	CHECK_INT(a.outcome, LINK_TIMED_OUT);
	teardown(&f);
}

TEST(lost_answers_all)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	up(&f, "exec:sh");
	link_run(f.link, "sleep 1000", 60000, done, &a);
	link_run(f.link, "echo b", 60000, done, &b);
	loop_turn(f.loop, 10);
	loop_turn(f.loop, 10);
	loop_turn(f.loop, 10);
	link_lost(f.link, LINK_WHY_SILENT, "no answer for two polls");
	CHECK_INT(a.n, 0);
	CHECK_INT(f.state, LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_SILENT);
	CHECK_STR(f.text, "no answer for two polls");
	UNTIL(&f, a.n == 1 && b.n == 1);
	CHECK_INT(b.outcome, LINK_NOT_SENT);
	CHECK(a.outcome == LINK_DIED || a.outcome == LINK_NOT_SENT);
	UNTIL(&f, f.state == LINK_UP);
	teardown(&f);
}

TEST(stop_and_start)
{
	struct answer a = { 0 };
	struct fix f;

	up(&f, "exec:sh");
	link_run(f.link, "sleep 1000", 60000, done, &a);
	link_stop(f.link);
	CHECK_INT(a.n, 0);
	CHECK_INT(f.state, LINK_DOWN);
	UNTIL(&f, a.n == 1);
	CHECK_INT(link_retry_ms(f.link), 0);
	link_start(f.link);
	UNTIL(&f, f.state == LINK_UP);
	run(&f, "echo x", &a);
	CHECK_STR(a.out, "x\n");
	teardown(&f);
}

TEST(cancel_before_and_while_it_runs)
{
	struct answer a = { 0 }, b = { 0 }, c = { 0 };
	unsigned ta, tb;
	struct fix f;

	up(&f, "exec:sh");
	run(&f, ":", &c);
	memset(&c, 0, sizeof(c));
	ta = link_run(f.link, "sleep 0.2; echo late", 5000, done, &a);
	tb = link_run(f.link, "echo b", 5000, done, &b);
	link_run(f.link, "echo c", 5000, done, &c);
	CHECK(ta != 0 && tb != 0 && ta != tb);
	loop_turn(f.loop, 10);
	loop_turn(f.loop, 10);
	link_cancel(f.link, ta);
	link_cancel(f.link, tb);
	link_cancel(f.link, 12345);
	CHECK_INT(a.n + b.n, 0);
	UNTIL(&f, c.n == 1);
	CHECK_INT(a.outcome, LINK_CANCELLED);
	CHECK_INT(b.outcome, LINK_CANCELLED);
	CHECK_INT(a.n + b.n, 2);
	CHECK_STR(c.out, "c\n");
	teardown(&f);
}

TEST(free_answers_what_is_open)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	up(&f, "exec:sh");
	link_run(f.link, "sleep 1000", 60000, done, &a);
	loop_turn(f.loop, 10);
	link_run(f.link, "echo b", 60000, done, &b);
	link_free(f.link);
	f.link = NULL;
	CHECK_INT(a.n, 1);
	CHECK_INT(b.n, 1);
	CHECK_INT(a.outcome, LINK_CANCELLED);
	teardown(&f);
}

TEST(free_in_an_answer)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	up(&f, "exec:sh");
	a.free_link = &f;
	link_run(f.link, "echo a", 5000, done, &a);
	link_run(f.link, "echo b", 5000, done, &b);
	UNTIL(&f, b.n == 1);
	CHECK_STR(a.out, "a\n");
	CHECK_INT(b.outcome, LINK_CANCELLED);
	loop_turn(f.loop, 10);
	teardown(&f);
}

static void
free_on_up(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct fix *f = arg;

	on_state(arg, l, state, why, text);
	if (state == LINK_UP || state == LINK_LOST) {
		link_free(l);
		f->link = NULL;
	}
}

static void
freed_when_told(const char *url)
{
	const struct link_sink frees = { .on_state = free_on_up };
	struct link_config config = { .name = "t", .url = url };
	char err[100];
	struct fix f = { 0 };

	f.loop = loop_new();
	f.pool = link_pool_new(f.loop);
	f.link = link_new(f.pool, &config, &frees, &f, err, sizeof(err));
	link_start(f.link);
	UNTIL(&f, f.link == NULL);
	loop_turn(f.loop, 10);
	teardown(&f);
}

TEST(free_when_told_of_a_state)
{
	freed_when_told("exec:sh");
	freed_when_told("exec:/does/not/exist");
	freed_when_told("serial:/dev/does-not-exist");
}

TEST(a_program_that_is_not_there)
{
	struct answer a = { 0 };
	struct fix f;

	setup(&f, "exec:/does/not/exist arg");
	link_start(f.link);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_GONE);
	CHECK(strstr(f.text, "/does/not/exist"));
	run(&f, "echo x", &a);
	CHECK_INT(a.outcome, LINK_NOT_SENT);
	teardown(&f);
}

/* Connected, but what answers is no shell: told, and not tried for ever. */
TEST(no_posix_shell_answers)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	up(&f, "exec:cat");
	link_run(f.link, "echo x", 5000, done, &a);
	loop_turn(f.loop, 20);
	loop_turn(f.loop, 20);
	loop_freeze(f.loop);
	loop_advance(f.loop, 10000);
	UNTIL(&f, a.n == 1);
	CHECK_INT(a.outcome, LINK_CANNOT);
	CHECK(strstr(a.why, "POSIX shell"));
	link_run(f.link, "echo x", 5000, done, &b);
	UNTIL(&f, b.n == 1);
	CHECK_INT(b.outcome, LINK_CANNOT);
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
}

/* --- streams ------------------------------------------------------------ */

struct tap {
	char seen[4096];
	size_t len, take;
	int closes, drains, opens, status;
	char why[200];
};

static size_t
tap_data(void *arg, const char *data, size_t len, bool err)
{
	struct tap *t = arg;
	size_t n = t->take && !err && len > t->take ? t->take : len;

	if (t->len + n < sizeof(t->seen)) {
		memcpy(t->seen + t->len, data, n);
		t->len += n;
	}
	return n;
}

static void
tap_close(void *arg, int status, const char *why)
{
	struct tap *t = arg;

	t->closes++;
	t->status = status;
	str_copy(t->why, sizeof(t->why), why ? why : "");
}

static void
tap_open(void *arg)
{
	((struct tap *)arg)->opens++;
}

static const struct stream_sink tap_sink = {
	.on_data = tap_data,
	.on_close = tap_close,
	.on_open = tap_open,
};

TEST(a_stream_borrows_the_only_line)
{
	struct stream_request raw = { .kind = STREAM_RAW };
	struct tap t = { 0 }, t2 = { 0 };
	struct answer a;
	struct stream *s;
	struct fix f;
	int err = 0;

	up(&f, "exec:sh");
	run(&f, "echo before", &a);
	s = link_open(f.link, &raw, &tap_sink, &t, &err);
	CHECK(s != NULL);
	CHECK(!link_open(f.link, &raw, &tap_sink, &t2, &err));
	CHECK_INT(err, -16); /* EBUSY */
	run(&f, "echo during", &a);
	CHECK_INT(a.outcome, LINK_NOT_SENT);
	CHECK(strstr(a.why, "console"));
	CHECK_INT(stream_write(s, "echo raw\n", 9), 0);
	UNTIL(&f, strstr(t.seen, "raw\n"));
	CHECK_INT(t.opens, 1);
	stream_free(s);
	run(&f, "echo after", &a);
	CHECK_STR(a.out, "after\n");
	CHECK_STR(f.states, "connecting up ");
	teardown(&f);
}

TEST(streams_close_once_when_the_link_goes)
{
	struct stream_request pty = {
		.kind = STREAM_PTY, .rows = 30, .cols = 100
	};
	struct tap t = { 0 };
	struct stream *s;
	struct fix f;
	int err = 0;

	up(&f, "exec:sh");
	s = link_open(f.link, &pty, &tap_sink, &t, &err);
	CHECK(s != NULL);
	stream_write(s, "stty size; tty >/dev/null && echo is''tty\n", 42);
	UNTIL(&f, strstr(t.seen, "istty"));
	CHECK(strstr(t.seen, "30 100"));
	link_lost(f.link, LINK_WHY_SILENT, "silent");
	CHECK_INT(t.closes, 1);
	CHECK_STR(t.why, "silent");
	CHECK(stream_write(s, "x", 1) < 0);
	link_free(f.link);
	f.link = NULL;
	CHECK_INT(t.closes, 1);
	stream_free(s);
	teardown(&f);
}

/* Someone who, told of his stream's end, wants more of the same link. */
struct keen {
	struct link *link;
	struct answer answer;
	int closes, err;
};

static size_t
keen_data(void *arg, const char *data, size_t len, bool err)
{
	(void)arg;
	(void)data;
	(void)err;
	return len;
}

static void
keen_close(void *arg, int status, const char *why)
{
	static struct tap again;
	struct stream_request pty = { .kind = STREAM_PTY };
	struct keen *k = arg;

	(void)status;
	(void)why;
	k->closes++;
	CHECK(link_open(k->link, &pty, &tap_sink, &again, &k->err) == NULL);
	link_run(k->link, "echo late", 0, done, &k->answer);
}

static const struct stream_sink keen_sink = { .on_data = keen_data,
	.on_close = keen_close };

TEST(a_stream_of_a_link_that_fails_cannot_be_opened_again_at_once)
{
	struct stream_request pty = { .kind = STREAM_PTY };
	struct keen k = { 0 };
	struct stream *s;
	struct fix f;
	int err = 0;

	up(&f, "exec:sh");
	k.link = f.link;
	s = link_open(f.link, &pty, &keen_sink, &k, &err);
	CHECK(s != NULL);
	link_lost(f.link, LINK_WHY_SILENT, "silent");
	CHECK_INT(k.closes, 1);
	CHECK_INT(k.err, -107); /* ENOTCONN */
	UNTIL(&f, k.answer.n == 1);
	stream_free(s);
	teardown(&f);
}

TEST(what_is_asked_of_a_link_while_it_is_freed_is_answered)
{
	struct stream_request pty = { .kind = STREAM_PTY };
	struct keen k = { 0 };
	struct stream *s;
	struct fix f;
	int err = 0;

	up(&f, "exec:sh");
	k.link = f.link;
	s = link_open(f.link, &pty, &keen_sink, &k, &err);
	CHECK(s != NULL);
	link_free(f.link);
	f.link = NULL;
	CHECK_INT(k.closes, 1);
	CHECK_INT(k.answer.n, 1);
	CHECK_INT(k.answer.outcome, LINK_CANCELLED);
	stream_free(s);
	teardown(&f);
}

/* --- exactly one answer, whatever happens ------------------------------- */

static unsigned
rnd(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static void
storm(unsigned seed)
{
	enum { N = 60 };
	static const char *const cmds[] = { "echo x", "sleep 0.01", "exit 1",
		"kill -9 $$", "sleep 100", "if", "printf a; sleep 0.02" };
	static struct answer a[N];
	unsigned tickets[N], n = 0;
	struct fix f;
	int i;

	memset(a, 0, sizeof(a));
	up(&f, "exec:sh");
	while (n < N) {
		switch (rnd(&seed) % 8) {
		case 0:
			link_lost(f.link, LINK_WHY_SILENT, "storm");
			link_start(f.link);
			break;
		case 1:
			link_stop(f.link);
			link_start(f.link);
			break;
		case 2:
			if (n > 0)
				link_cancel(f.link, tickets[rnd(&seed) % n]);
			break;
		case 3:
			for (i = 0; i < 30 && f.state != LINK_UP; i++)
				loop_turn(f.loop, 10);
			break;
		case 4:
			loop_turn(f.loop, 2);
			break;
		default:
			tickets[n] =
			    link_run(f.link, cmds[rnd(&seed) % ARRAY_LEN(cmds)],
				10 + rnd(&seed) % 50, done, &a[n]);
			CHECK_INT(a[n].n, 0);
			n++;
			break;
		}
	}
	link_start(f.link);
	for (i = 0; i < 20; i++)
		loop_turn(f.loop, 5);
	if (rnd(&seed) % 2) {
		link_free(f.link);
		f.link = NULL;
	}
	for (i = 0; i < N; i++) {
		UNTIL(&f, a[i].n > 0);
		if (a[i].outcome != LINK_DONE)
			CHECK(*a[i].why);
	}
	for (i = 0; i < 5; i++)
		loop_turn(f.loop, 5);
	for (i = 0; i < N; i++)
		CHECK_INT(a[i].n, 1);
	teardown(&f);
}

TEST(every_request_has_exactly_one_answer)
{
	unsigned seed;

	for (seed = 1; seed <= 12; seed++)
		storm(seed);
}

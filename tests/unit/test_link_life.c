/* The link's state machine over a transport of our own that takes the place
 * of SSH: retries and their times, what must not be retried, questions, dead
 * peers, processes with input. The clock is stopped throughout. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/link/backoff.h"
#include "rackmux/link/pool.h"
#include "rackmux/link/transport.h"
#include "test.h"

/* --- a transport that does what the test says --------------------------- */

struct fake_stream {
	struct stream base;
	enum stream_kind kind;
	char *cmd;
	struct buf in;
	bool eof, freed;
	int refuse; /* writes to refuse with -ENOBUFS */
};

struct fake {
	struct transport base;
	struct transport_sink sink;
	void *arg;
	unsigned long long received;
	unsigned answered;
	char answer[64];
};

static struct fake *now; /* the one that lives */
static int starts, frees, opens, live_streams;
static struct fake_stream *streams[32];
static int open_err;

static struct transport *
fake_start(struct loop *loop, struct link_pool *pool,
    const struct link_config *config, const struct url *url,
    const struct transport_sink *sink, void *arg)
{
	struct fake *k = mem_alloc(sizeof(*k));

	(void)loop;
	(void)pool;
	(void)config;
	CHECK_STR(url->host, "board");
	CHECK(now == NULL);
	k->base.ops = &ssh_transport;
	k->sink = *sink;
	k->arg = arg;
	now = k;
	starts++;
	return &k->base;
}

static int
fs_write(struct stream *s, const char *data, size_t len)
{
	struct fake_stream *fs = (struct fake_stream *)s;

	if (fs->refuse > 0) {
		fs->refuse--;
		return -ENOBUFS;
	}
	buf_add(&fs->in, data, len);
	return 0;
}

static void
fs_eof(struct stream *s)
{
	((struct fake_stream *)s)->eof = true;
}

static void
fs_free(struct stream *s)
{
	struct fake_stream *fs = (struct fake_stream *)s;

	CHECK(!fs->freed);
	fs->freed = true;
	live_streams--;
}

static const struct stream_ops fs_ops = {
	.write = fs_write,
	.eof = fs_eof,
	.free = fs_free,
};

static struct stream *
fake_open(struct transport *t, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	struct fake_stream *fs;

	CHECK(t == &now->base);
	if (open_err) {
		*err = open_err;
		return NULL;
	}
	fs = mem_alloc(sizeof(*fs));
	fs->base.ops = &fs_ops;
	fs->base.sink = *sink;
	fs->base.arg = arg;
	fs->kind = request->kind;
	fs->cmd = mem_strdup(request->cmd);
	buf_init(&fs->in, 0);
	streams[opens++] = fs;
	live_streams++;
	return &fs->base;
}

static unsigned long long
fake_received(const struct transport *t)
{
	return ((const struct fake *)t)->received;
}

static unsigned long long
fake_sent(const struct transport *t)
{
	(void)t;
	return 0;
}

static void
fake_answer(struct transport *t, unsigned id, const char *text)
{
	struct fake *k = (struct fake *)t;

	k->answered = id;
	str_copy(k->answer, sizeof(k->answer), text ? text : "(none)");
}

static void
fake_free(struct transport *t)
{
	CHECK(t == &now->base);
	now = NULL;
	frees++;
	free(t);
}

const struct transport_ops ssh_transport = {
	.scheme = "ssh",
	.can = LINK_CAN_RUN | LINK_CAN_EXEC,
	.start = fake_start,
	.open = fake_open,
	.received = fake_received,
	.sent = fake_sent,
	.answer = fake_answer,
	.free = fake_free,
};

/* --- the link ----------------------------------------------------------- */

struct fix {
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	enum link_state state;
	enum link_why why;
	char text[256];
	unsigned asked, over;
	int asks;
};

struct answer {
	int n;
	enum link_outcome outcome;
	int status;
	char out[256], why[256];
};

static void
on_state(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct fix *f = arg;

	(void)l;
	f->state = state;
	f->why = why;
	str_copy(f->text, sizeof(f->text), text);
}

static void
on_ask(void *arg, struct link *l, const struct link_ask *ask)
{
	struct fix *f = arg;

	(void)l;
	f->asks++;
	f->asked = ask->id;
}

static void
on_ask_over(void *arg, struct link *l, unsigned id)
{
	struct fix *f = arg;

	(void)l;
	f->over = id;
}

static const struct link_sink sink = {
	.on_state = on_state,
	.on_ask = on_ask,
	.on_ask_over = on_ask_over,
};

static void
turn(struct fix *f)
{
	int i;

	for (i = 0; i < 4; i++)
		loop_turn(f->loop, 0);
}

static void
setup(struct fix *f)
{
	struct link_config config = { .name = "b", .url = "ssh://board" };
	char err[100];

	memset(f, 0, sizeof(*f));
	f->loop = loop_new();
	loop_freeze(f->loop);
	f->pool = link_pool_new(f->loop);
	f->link = link_new(f->pool, &config, &sink, f, err, sizeof(err));
	CHECK(f->link != NULL);
	CHECK_INT(f->state, LINK_DOWN);
	link_start(f->link);
	CHECK_INT(starts, 0);
	turn(f);
	CHECK_INT(starts, 1);
	CHECK_INT(f->state, LINK_CONNECTING);
}

static void
up(struct fix *f)
{
	now->sink.on_up(now->arg);
	CHECK_INT(f->state, LINK_UP);
	turn(f);
}

static void
down(struct fix *f, enum link_why why, const char *text, bool retry)
{
	now->sink.on_down(now->arg, why, text, retry);
	CHECK(now == NULL);
	CHECK_INT(f->why, why);
}

static void
teardown(struct fix *f)
{
	int i;

	link_free(f->link);
	CHECK(now == NULL);
	CHECK_INT(starts, frees);
	CHECK_INT(live_streams, 0);
	link_pool_free(f->pool);
	loop_free(f->loop);
	for (i = 0; i < opens; i++) {
		buf_release(&streams[i]->in);
		free(streams[i]->cmd);
		free(streams[i]);
	}
}

static void
done(void *arg, const struct link_result *r)
{
	struct answer *a = arg;

	a->n++;
	a->outcome = r->outcome;
	a->status = r->status;
	str_copy(a->out, sizeof(a->out), r->out);
	str_copy(a->why, sizeof(a->why), r->why ? r->why : "");
}

static void
advance(struct fix *f, uint64_t ms)
{
	loop_advance(f->loop, ms);
	turn(f);
}

/* Bytes from the far side on stream i. */
static void
say(struct fix *f, int i, const char *text)
{
	struct stream *s = &streams[i]->base;

	now->received += strlen(text);
	s->sink.on_data(s->arg, text, strlen(text), false);
	turn(f);
}

/* The end of the last frame in stream i, with this output. */
static void
reply(struct fix *f, int i, const char *out, int status)
{
	char a[16], b[16], text[300];
	const char *p = strstr(buf_str(&streams[i]->in), "_r "), *q;

	while (p && (q = strstr(p + 1, "\n_r ")))
		p = q + 1;
	CHECK(p != NULL);
	CHECK_INT(sscanf(p, "_r %15s %15s", a, b), 2);
	str_format(text, sizeof(text), "%s\n%s%s %d\n", out, a, b, status);
	say(f, i, text);
}

TEST(states_are_those_of_the_transport)
{
	struct fix f;

	setup(&f);
	now->sink.on_state(now->arg, LINK_RESOLVING);
	CHECK_INT(f.state, LINK_RESOLVING);
	now->sink.on_state(now->arg, LINK_AUTH);
	CHECK_INT(f.state, LINK_AUTH);
	up(&f);
	CHECK_STR(link_why_text(f.link), "");
	link_stop(f.link);
	CHECK_INT(f.state, LINK_DOWN);
	CHECK(now == NULL);
	teardown(&f);
}

TEST(retries_back_off_and_start_afresh)
{
	uint64_t wait, last = 0;
	struct fix f;
	int i;

	setup(&f);
	for (i = 0; i < 12; i++) {
		down(&f, LINK_WHY_REFUSED, "refused", true);
		CHECK_INT(f.state, LINK_LOST);
		CHECK_STR(f.text, "refused");
		wait = link_retry_ms(f.link);
		CHECK(wait >= 375 && wait <= 75000);
		CHECK(i == 0 || i > 7 || wait > last);
		last = wait;
		advance(&f, wait - 1);
		CHECK_INT(starts, i + 1);
		advance(&f, 1);
		CHECK_INT(starts, i + 2);
		CHECK_INT(f.state, LINK_CONNECTING);
	}
	CHECK(last >= 45000);
	up(&f);
	advance(&f, BACKOFF_STABLE_MS);
	down(&f, LINK_WHY_RESET, "reset", true);
	CHECK(link_retry_ms(f.link) <= 625);
	/* The operator does not wait. */
	link_start(f.link);
	turn(&f);
	CHECK_INT(f.state, LINK_CONNECTING);
	CHECK_INT(link_retry_ms(f.link), 0);
	teardown(&f);
}

TEST(a_refused_login_is_not_repeated)
{
	struct fix f;

	setup(&f);
	down(&f, LINK_WHY_AUTH, "refused us", false);
	CHECK_INT(f.state, LINK_DOWN);
	CHECK_INT(link_retry_ms(f.link), 0);
	advance(&f, 3600 * 1000);
	CHECK_INT(starts, 1);
	CHECK_INT(link_why(f.link), LINK_WHY_AUTH);
	link_start(f.link);
	turn(&f);
	CHECK_INT(starts, 2);
	teardown(&f);
}

TEST(hostile_reasons_are_cleaned)
{
	struct fix f;

	setup(&f);
	down(&f, LINK_WHY_BANNER, "\033[31mgo \xff away\n", true);
	CHECK(!strchr(f.text, '\033') && !strchr(f.text, '\n'));
	CHECK(!strchr(f.text, '\xff'));
	teardown(&f);
}

/* --- questions ---------------------------------------------------------- */

static void
ask(struct fix *f)
{
	struct link_ask q = {
		.kind = ASK_HOSTKEY,
		.title = "t",
		.text = "x",
	};

	q.id = pool_ask(f->pool, ASK_HOSTKEY, "board");
	now->sink.on_ask(now->arg, &q);
	CHECK_INT(f->asked, q.id);
}

TEST(a_question_outlives_its_transport)
{
	struct fix f;

	setup(&f);
	ask(&f);
	down(&f, LINK_WHY_ASKING, "waits for you", false);
	CHECK_INT(f.state, LINK_DOWN);
	CHECK_INT(f.over, 0);
	advance(&f, 600 * 1000);
	CHECK_INT(starts, 1);
	link_answer(f.link, f.asked, "yes");
	turn(&f);
	CHECK_INT(starts, 2);
	CHECK_INT(f.over, f.asked);
	CHECK_INT(pool_reply(f.pool, ASK_HOSTKEY, "board", NULL), POOL_GIVEN);
	teardown(&f);
}

TEST(a_living_transport_gets_its_answer)
{
	struct fix f;

	setup(&f);
	ask(&f);
	link_answer(f.link, f.asked, "secret");
	CHECK_INT(now->answered, f.asked);
	CHECK_STR(now->answer, "secret");
	link_answer(f.link, f.asked, NULL);
	CHECK_STR(now->answer, "(none)");
	teardown(&f);
}

TEST(a_question_is_moot_when_the_link_goes)
{
	struct fix f;

	setup(&f);
	ask(&f);
	down(&f, LINK_WHY_RESET, "gone", true);
	CHECK_INT(f.over, f.asked);
	teardown(&f);
}

TEST(a_stopped_link_asks_nothing_more)
{
	struct fix f;

	setup(&f);
	ask(&f);
	down(&f, LINK_WHY_ASKING, "waits for you", false);
	link_stop(f.link);
	CHECK_INT(f.over, f.asked);
	CHECK_INT(link_why(f.link), LINK_WHY_NONE);
	pool_answer(f.pool, f.asked, "yes");
	turn(&f);
	CHECK_INT(starts, 1);
	teardown(&f);
}

/* --- commands ----------------------------------------------------------- */

TEST(the_shell_is_opened_with_the_first_command_and_kept)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	CHECK_INT(opens, 0);
	link_run(f.link, "one", 1000, done, &a);
	turn(&f);
	CHECK_INT(opens, 1);
	CHECK_INT(streams[0]->kind, STREAM_SHELL);
	reply(&f, 0, "motd", 0);
	reply(&f, 0, "1", 0);
	CHECK_STR(a.out, "1");
	link_run(f.link, "two", 1000, done, &b);
	turn(&f);
	reply(&f, 0, "2", 4);
	CHECK_STR(b.out, "2");
	CHECK_INT(b.status, 4);
	CHECK_INT(opens, 1);
	teardown(&f);
}

TEST(a_shell_that_cannot_be_opened)
{
	struct answer a = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	open_err = -EBUSY;
	link_run(f.link, "one", 1000, done, &a);
	turn(&f);
	CHECK_INT(a.n, 1);
	CHECK_INT(a.outcome, LINK_NOT_SENT);
	CHECK(strstr(a.why, "shell"));
	open_err = 0;
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
}

TEST(death_tells_sent_from_unsent)
{
	struct answer a = { 0 }, b = { 0 }, c = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	link_run(f.link, "one", 60000, done, &a);
	link_run(f.link, "two", 60000, done, &b);
	link_exec(f.link, "three", NULL, 0, 60000, done, &c);
	turn(&f);
	reply(&f, 0, "", 0);
	down(&f, LINK_WHY_RESET, "reset by peer", true);
	CHECK_INT(a.n + b.n + c.n, 0);
	turn(&f);
	CHECK_INT(a.outcome, LINK_DIED);
	CHECK_INT(b.outcome, LINK_NOT_SENT);
	CHECK_INT(c.outcome, LINK_DIED);
	CHECK_STR(a.why, "reset by peer");
	CHECK_INT(a.n + b.n + c.n, 3);
	teardown(&f);
}

TEST(a_process_of_its_own_with_input)
{
	struct answer a = { 0 };
	struct fix f;
	char big[100000];

	setup(&f);
	up(&f);
	memset(big, 'x', sizeof(big));
	link_exec(f.link, "cat >f", big, sizeof(big), 1000, done, &a);
	turn(&f);
	CHECK_INT(opens, 1);
	CHECK_INT(streams[0]->kind, STREAM_EXEC);
	CHECK_STR(streams[0]->cmd, "cat >f");
	CHECK_INT(streams[0]->in.len, sizeof(big));
	CHECK(streams[0]->eof);
	say(&f, 0, "out");
	streams[0]->base.sink.on_data(streams[0]->base.arg, "err", 3, true);
	CHECK_INT(a.n, 0);
	streams[0]->base.sink.on_close(streams[0]->base.arg, 2, "");
	CHECK_INT(a.n, 0);
	turn(&f);
	CHECK_INT(a.n, 1);
	CHECK_INT(a.outcome, LINK_DONE);
	CHECK_INT(a.status, 2);
	CHECK_STR(a.out, "outerr");
	CHECK_INT(live_streams, 0);
	teardown(&f);
}

TEST(processes_end_late_or_not_at_all)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	link_exec(f.link, "sleep", NULL, 0, 1000, done, &a);
	link_exec(f.link, "kill -9", NULL, 0, 60000, done, &b);
	turn(&f);
	CHECK(streams[0]->eof);
	streams[1]->base.sink.on_close(streams[1]->base.arg, -1, "signal KILL");
	advance(&f, 1000);
	CHECK_INT(a.outcome, LINK_TIMED_OUT);
	CHECK_INT(b.outcome, LINK_DIED);
	CHECK_STR(b.why, "signal KILL");
	teardown(&f);
}

TEST(processes_are_bounded)
{
	struct answer a[10];
	struct fix f;
	int i;

	memset(a, 0, sizeof(a));
	setup(&f);
	up(&f);
	for (i = 0; i < 10; i++)
		link_exec(f.link, "x", NULL, 0, 60000, done, &a[i]);
	turn(&f);
	CHECK_INT(opens, 4);
	for (i = 0; i < 10; i++) {
		CHECK(opens > i);
		streams[i]->base.sink.on_close(streams[i]->base.arg, 0, "");
		turn(&f);
		CHECK_INT(a[i].n, 1);
	}
	CHECK_INT(opens, 10);
	teardown(&f);
}

/* --- silence ------------------------------------------------------------ */

TEST(a_dead_peer_is_lost_after_two_polls)
{
	struct answer a = { 0 }, b = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	link_run(f.link, "poll", 6000, done, &a);
	turn(&f);
	reply(&f, 0, "", 0);
	reply(&f, 0, "", 0);
	CHECK_INT(a.outcome, LINK_DONE);
	/* It dies here; the next poll is due two seconds later. */
	advance(&f, 2000);
	link_run(f.link, "poll", 6000, done, &b);
	turn(&f);
	advance(&f, 1999);
	CHECK_INT(f.state, LINK_UP);
	CHECK_INT(opens, 2); /* it was probed */
	CHECK_INT(streams[1]->kind, STREAM_EXEC);
	advance(&f, 1);
	CHECK_INT(f.state, LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_SILENT);
	CHECK(strstr(f.text, "4 s"));
	CHECK_INT(link_unheard_ms(f.link), 4000);
	CHECK_INT(b.outcome, LINK_DIED);
	CHECK(link_retry_ms(f.link) > 0);
	teardown(&f);
}

TEST(a_slow_command_is_not_a_dead_peer)
{
	struct answer a = { 0 };
	struct fix f;
	int i, probe;

	setup(&f);
	up(&f);
	link_run(f.link, "slow", 60000, done, &a);
	turn(&f);
	reply(&f, 0, "", 0);
	for (i = 0, probe = 1; i < 50; i++) {
		advance(&f, 1000);
		CHECK_INT(f.state, LINK_UP);
		if (opens > probe) { /* the probe is answered */
			now->received += 10;
			streams[probe]->base.sink.on_close(
			    streams[probe]->base.arg, 0, "");
			probe = opens;
		}
	}
	CHECK(probe > 5 && probe < 26);
	reply(&f, 0, "late", 0);
	CHECK_STR(a.out, "late");
	teardown(&f);
}

TEST(an_idle_link_is_left_alone)
{
	struct answer a = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	link_run(f.link, "x", 1000, done, &a);
	turn(&f);
	reply(&f, 0, "", 0);
	reply(&f, 0, "", 0);
	advance(&f, 600 * 1000);
	CHECK_INT(f.state, LINK_UP);
	CHECK_INT(opens, 1);
	teardown(&f);
}

TEST(a_peer_that_dies_before_its_shell_answers)
{
	struct answer a = { 0 };
	struct fix f;

	setup(&f);
	up(&f);
	link_run(f.link, "x", 6000, done, &a);
	turn(&f);
	advance(&f, 4000);
	CHECK_INT(f.state, LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_SILENT);
	CHECK_INT(a.n, 1);
	CHECK_INT(a.outcome, LINK_NOT_SENT);
	teardown(&f);
}

/* Links over SSH, from end to end. */
#include "ssh_peer.h"

#include "rackmux/link/link.h"

struct far {
	struct link *l;
	enum link_state state;
	enum link_why why;
	unsigned asks, over, id, lost;
	enum link_ask_kind kind;
};

struct reply {
	bool done;
	enum link_outcome outcome;
	int status;
	char out[4096];
};

static void
far_state(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct far *f = arg;

	(void)l;
	(void)text;
	f->state = state;
	f->why = why;
	f->lost += state == LINK_LOST;
}

static void
far_ask(void *arg, struct link *l, const struct link_ask *ask)
{
	struct far *f = arg;

	(void)l;
	f->asks++;
	f->id = ask->id;
	f->kind = ask->kind;
}

static void
far_over(void *arg, struct link *l, unsigned id)
{
	(void)l;
	(void)id;
	((struct far *)arg)->over++;
}

static const struct link_sink far_sink = { far_state, far_ask, far_over };

static void
on_reply(void *arg, const struct link_result *r)
{
	struct reply *reply = arg;

	CHECK(!reply->done);
	reply->done = true;
	reply->outcome = r->outcome;
	reply->status = r->status;
	snprintf(reply->out, sizeof reply->out, "%s", r->out ? r->out : "");
}

static void
connect_far(struct far *f, const char *url)
{
	char err[200];

	memset(f, 0, sizeof *f);
	config.url = url;
	f->l = link_new(pool, &config, &far_sink, f, err, sizeof err);
	if (f->l == NULL)
		test_fail(__FILE__, __LINE__, "%s", err);
	link_start(f->l);
}

static void
run_there(struct far *f, const char *cmd, struct reply *r)
{
	memset(r, 0, sizeof *r);
	CHECK(link_run(f->l, cmd, 5000, on_reply, r) != 0);
	CHECK(!r->done);
	UNTIL(r->done);
}

TEST(commands_share_a_shell)
{
	struct sshd d;
	struct far f;
	struct reply r;

	setup();
	serve(&d, NULL);
	connect_far(&f, d.url);
	UNTIL(f.state == LINK_UP);
	run_there(&f, "x=kept; echo one; echo two >&2; (exit 4)", &r);
	CHECK_INT(r.outcome, LINK_DONE);
	CHECK_INT(r.status, 4);
	SAYS(r.out, "one");
	SAYS(r.out, "two");
	run_there(&f, "echo $x", &r);
	CHECK_STR(r.out, "kept\n");
	memset(&r, 0, sizeof r);
	link_exec(f.l, "cat; exit 3", "input", 5, 5000, on_reply, &r);
	UNTIL(r.done);
	CHECK_STR(r.out, "input");
	CHECK_INT(r.status, 3);
	CHECK(link_bytes(f.l) > 2000);
	link_free(f.l);
	setdown();
	sshd_stop(&d);
}

TEST(an_unknown_host_is_asked_for_and_comes_up)
{
	struct sshd d;
	struct far f, g;
	struct reply r;

	setup();
	serve(&d, NULL);
	CHECK_INT(unlink(known), 0);
	config.interactive = true;
	connect_far(&f, d.url);
	connect_far(&g, d.url);
	UNTIL(f.asks == 1 && g.asks == 1);
	CHECK_INT(f.kind, ASK_HOSTKEY);
	CHECK_INT(f.id, g.id);
	/* One answer is enough for both. */
	link_answer(f.l, f.id, "yes");
	UNTIL(f.state == LINK_UP && g.state == LINK_UP);
	run_there(&g, "echo both", &r);
	CHECK_STR(r.out, "both\n");
	CHECK_INT(f.asks, 1);
	link_free(f.l);
	link_free(g.l);
	setdown();
	sshd_stop(&d);
}

TEST(declining_ends_it)
{
	struct sshd d;
	struct far f;

	setup();
	serve(&d, NULL);
	CHECK_INT(unlink(known), 0);
	config.interactive = true;
	connect_far(&f, d.url);
	UNTIL(f.asks == 1);
	link_answer(f.l, f.id, NULL);
	UNTIL(f.state == LINK_DOWN && f.why == LINK_WHY_HOSTKEY);
	CHECK_INT(link_retry_ms(f.l), 0);
	link_free(f.l);
	setdown();
	sshd_stop(&d);
}

TEST(a_lost_board_comes_back)
{
	struct sshd d;
	struct far f;
	struct reply r;
	struct ear e;
	struct stream_request q = { .kind = STREAM_EXEC, .cmd = "cat" };
	int err;

	setup();
	serve(&d, NULL);
	connect_far(&f, d.url);
	UNTIL(f.state == LINK_UP);
	run_there(&f, "echo on", &r);
	memset(&e, 0, sizeof e);
	e.s = link_open(f.l, &q, &stream_sink, &e, &err);
	CHECK(e.s != NULL);
	UNTIL(e.open);
	memset(&r, 0, sizeof r);
	link_run(f.l, "sleep 20", 30000, on_reply, &r);
	loop_turn(loop, 50);
	sshd_drop(&d);
	UNTIL(r.done);
	CHECK_INT(r.outcome, LINK_DIED);
	UNTIL(e.closed);
	CHECK_INT(e.closes, 1);
	forget(&e);
	CHECK(f.lost > 0);
	UNTIL(f.state == LINK_UP);
	run_there(&f, "echo again", &r);
	CHECK_STR(r.out, "again\n");
	link_free(f.l);
	setdown();
	sshd_stop(&d);
}

TEST(a_refusal_is_not_repeated)
{
	struct sshd d;
	struct far f;
	char pub[310];

	setup();
	serve(&d, NULL);
	CHECK_INT(unlink(key), 0);
	snprintf(pub, sizeof pub, "%s.pub", key);
	CHECK_INT(unlink(pub), 0);
	make_key(key, "ecdsa", "");
	connect_far(&f, d.url);
	UNTIL(f.why == LINK_WHY_AUTH);
	CHECK_INT(f.state, LINK_DOWN);
	CHECK_INT(link_retry_ms(f.l), 0);
	SAYS(link_why_text(f.l), "was refused");
	link_free(f.l);
	setdown();
	sshd_stop(&d);
}

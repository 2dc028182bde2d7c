#include "test.h"
#include "sshd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/link/pool.h"
#include "rackmux/link/transport.h"

#define WAIT_MS 12000

/* A transport and what it told. */
struct peer {
	struct transport *t;
	bool up, down, retry;
	enum link_state state;
	enum link_why why;
	char text[2048];
	struct link_ask ask;
	char title[512], question[2048];
	unsigned asks;
	bool free_when_down;
};

/* A stream and what it told. */
struct ear {
	struct stream *s;
	struct buf out, err;
	bool open, closed, deaf;
	unsigned closes, drains;
	int status;
	char why[512];
};

static struct loop *loop;
static struct link_pool *pool;
static struct link_config config;
static char key[300], known[300];

static void
on_state(void *arg, enum link_state state)
{
	((struct peer *)arg)->state = state;
}

static void
on_up(void *arg)
{
	((struct peer *)arg)->up = true;
}

static void
on_down(void *arg, enum link_why why, const char *text, bool retry)
{
	struct peer *p = arg;

	CHECK(!p->down);
	p->down = true;
	p->up = false;
	p->why = why;
	p->retry = retry;
	snprintf(p->text, sizeof p->text, "%s", text);
	if (p->free_when_down) {
		p->t->ops->free(p->t);
		p->t = NULL;
	}
}

static void
on_ask(void *arg, const struct link_ask *ask)
{
	struct peer *p = arg;

	p->asks++;
	p->ask = *ask;
	snprintf(p->title, sizeof p->title, "%s", ask->title);
	snprintf(p->question, sizeof p->question, "%s", ask->text);
}

static const struct transport_sink sink = { on_state, on_up, on_down, on_ask };

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct ear *e = arg;

	if (e->deaf && !err)
		return 0;
	buf_add(err ? &e->err : &e->out, data, len);
	return len;
}

static void
on_close(void *arg, int status, const char *why)
{
	struct ear *e = arg;

	e->closes++;
	e->closed = true;
	e->status = status;
	snprintf(e->why, sizeof e->why, "%s", why);
}

static void
on_drain(void *arg)
{
	((struct ear *)arg)->drains++;
}

static void
on_open(void *arg)
{
	((struct ear *)arg)->open = true;
}

static const struct stream_sink stream_sink = { on_data, on_close, on_drain,
	on_open };

static long long
now_ms(void)
{
	return (long long)loop_now(loop);
}

#define UNTIL(x) \
	do { \
		long long end_ = now_ms() + WAIT_MS; \
		while (!(x)) { \
			if (now_ms() > end_) \
				test_fail( \
				    __FILE__, __LINE__, "never: %s", #x); \
			loop_turn(loop, 50); \
		} \
	} while (0)

static void
setup(void)
{
	char path[300];

	snprintf(path, sizeof path, "%s/home", test_dir());
	setenv("HOME", path, 1);
	unsetenv("SSH_AUTH_SOCK");
	loop = loop_new();
	pool = link_pool_new(loop);
	snprintf(key, sizeof key, "%s/key", test_dir());
	snprintf(known, sizeof known, "%s/known_hosts", test_dir());
	memset(&config, 0, sizeof config);
	config.name = "board";
	config.identity = key;
	config.known_hosts = known;
	config.ssh_config = "none";
}

static void
setdown(void)
{
	link_pool_free(pool);
	loop_free(loop);
}

/* A server that lets our ed25519 key in and is known. */
static void
serve(struct sshd *d, const char *options)
{
	char pub[310];

	make_key(key, "ed25519", "");
	snprintf(pub, sizeof pub, "%s.pub", key);
	sshd_start(d, pub, options);
	sshd_known(d, known);
}

static void
dial(struct peer *p, const char *where)
{
	struct url url;
	char err[200];

	memset(p, 0, sizeof *p);
	if (!url_parse(&url, where, false, err, sizeof err))
		test_fail(__FILE__, __LINE__, "%s: %s", where, err);
	p->t = ssh_transport.start(loop, pool, &config, &url, &sink, p);
}

static void
hang_up(struct peer *p)
{
	if (p->t != NULL)
		p->t->ops->free(p->t);
	p->t = NULL;
}

#define COMES_UP(p) \
	do { \
		UNTIL((p)->up || (p)->down); \
		if (!(p)->up) \
			test_fail(__FILE__, __LINE__, "down: %s: %s", \
			    link_why_name((p)->why), (p)->text); \
	} while (0)

static void
listen_to(struct ear *e, struct peer *p, enum stream_kind kind, const char *cmd)
{
	struct stream_request r = { .kind = kind, .cmd = cmd };
	int err = 0;

	memset(e, 0, sizeof *e);
	buf_init(&e->out, 0);
	buf_init(&e->err, 0);
	e->s = p->t->ops->open(p->t, &r, &stream_sink, e, &err);
	if (e->s == NULL)
		test_fail(__FILE__, __LINE__, "open: %s", strerror(-err));
}

static void
forget(struct ear *e)
{
	stream_free(e->s);
	e->s = NULL;
	buf_release(&e->out);
	buf_release(&e->err);
}

TEST(key_and_exec)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	setup();
	serve(&d, NULL);
	dial(&p, d.url);
	COMES_UP(&p);
	listen_to(&e, &p, STREAM_EXEC, "echo out; echo err >&2; exit 7");
	UNTIL(e.closed);
	CHECK_STR(buf_str(&e.out), "out\n");
	CHECK_STR(buf_str(&e.err), "err\n");
	CHECK_INT(e.status, 7);
	CHECK(e.open);
	forget(&e);
	CHECK(p.t->ops->received(p.t) > 1000);
	CHECK(p.t->ops->sent(p.t) > 1000);
	hang_up(&p);
	setdown();
	sshd_stop(&d);
}

/*
 * ssh_peer - what the tests of the SSH transport share: a transport that
 * writes down what it tells, streams that do, and servers that misbehave.
 */
#ifndef RM_TESTS_SSH_PEER_H
#define RM_TESTS_SSH_PEER_H

#include "sshd.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static inline void
on_state(void *arg, enum link_state state)
{
	((struct peer *)arg)->state = state;
}

static inline void
on_up(void *arg)
{
	((struct peer *)arg)->up = true;
}

static inline void
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

static inline void
on_ask(void *arg, const struct link_ask *ask)
{
	struct peer *p = arg;

	p->asks++;
	p->ask = *ask;
	snprintf(p->title, sizeof p->title, "%s", ask->title);
	snprintf(p->question, sizeof p->question, "%s", ask->text);
}

static const struct transport_sink sink = { on_state, on_up, on_down, on_ask };

static inline size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct ear *e = arg;

	if (e->deaf && !err)
		return 0;
	buf_add(err ? &e->err : &e->out, data, len);
	return len;
}

static inline void
on_close(void *arg, int status, const char *why)
{
	struct ear *e = arg;

	e->closes++;
	e->closed = true;
	e->status = status;
	snprintf(e->why, sizeof e->why, "%s", why);
}

static inline void
on_drain(void *arg)
{
	((struct ear *)arg)->drains++;
}

static inline void
on_open(void *arg)
{
	((struct ear *)arg)->open = true;
}

static const struct stream_sink stream_sink = { on_data, on_close, on_drain,
	on_open };

static inline long long
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

static inline void
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

static inline void
setdown(void)
{
	link_pool_free(pool);
	loop_free(loop);
}

/* A server that lets our ed25519 key in and is known. */
static inline void
serve(struct sshd *d, const char *options)
{
	char pub[310];

	make_key(key, "ed25519", "");
	snprintf(pub, sizeof pub, "%s.pub", key);
	sshd_start(d, pub, options);
	sshd_known(d, known);
}

static inline void
dial(struct peer *p, const char *where)
{
	struct url url;
	char err[200];

	memset(p, 0, sizeof *p);
	if (!url_parse(&url, where, false, err, sizeof err))
		test_fail(__FILE__, __LINE__, "%s: %s", where, err);
	p->t = ssh_transport.start(loop, pool, &config, &url, &sink, p);
}

static inline void
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

static inline void
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

static inline void
forget(struct ear *e)
{
	stream_free(e->s);
	e->s = NULL;
	buf_release(&e->out);
	buf_release(&e->err);
}

/* Come up, or say why not. */
static inline void
bring_up(struct peer *p, const char *where)
{
	dial(p, where);
	COMES_UP(p);
}

/* A server, and a peer that has come up at it. */
static inline void
meet(struct sshd *d, struct peer *p)
{
	setup();
	serve(d, NULL);
	bring_up(p, d->url);
}

static inline void
part(struct sshd *d, struct peer *p)
{
	hang_up(p);
	setdown();
	sshd_stop(d);
}

/* Go down, for this reason. */
#define GOES_DOWN(p, reason) \
	do { \
		UNTIL((p)->up || (p)->down); \
		CHECK((p)->down); \
		if ((p)->why != (reason)) \
			test_fail(__FILE__, __LINE__, "%s: %s", \
			    link_why_name((p)->why), (p)->text); \
	} while (0)

#define SAYS(text, part) \
	do { \
		if (strstr((text), (part)) == NULL) \
			test_fail(__FILE__, __LINE__, \
			    "\"%s\" is not in \"%s\"", (part), (text)); \
	} while (0)

/* Run a command and return what it printed, without its last newline. */
static inline const char *
ask_for(struct peer *p, const char *cmd)
{
	static char out[4096];
	struct ear e;

	listen_to(&e, p, STREAM_EXEC, cmd);
	UNTIL(e.closed);
	snprintf(out, sizeof out, "%s", buf_str(&e.out));
	out[strcspn(out, "\n")] = '\0';
	forget(&e);
	return out;
}

/* A listener of our own on 127.0.0.1. */
static inline int
listener(unsigned *port, int backlog)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
	CHECK(listen(fd, backlog) == 0);
	CHECK(getsockname(fd, (struct sockaddr *)&sa, &len) == 0);
	*port = ntohs(sa.sin_port);
	return fd;
}

static inline const char *
local_url(unsigned port)
{
	static char url[64];

	snprintf(url, sizeof url, "ssh://pi@127.0.0.1:%u", port);
	return url;
}

static inline int
accept_one(int fd)
{
	int conn = -1;

	UNTIL((conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >=
	    0);
	return conn;
}

/* The descriptors connected to a port; small send buffers fill soon. */
static inline int
descriptors_to(unsigned port, int *fds, int max)
{
	int n = 0, small = 4096;

	for (int fd = 3; fd < 256 && n < max; fd++) {
		struct sockaddr_in sa;
		socklen_t len = sizeof sa;

		if (getpeername(fd, (struct sockaddr *)&sa, &len) < 0 ||
		    sa.sin_family != AF_INET || ntohs(sa.sin_port) != port)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
		fds[n++] = fd;
	}
	return n;
}

static inline int
count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static inline void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	fputs(text, f);
	fclose(f);
}

#endif

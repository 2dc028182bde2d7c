/*
 * Jump hosts.
 *
 * A jump session lives while somebody uses it, and a little longer, because
 * those who lost it want it back. The pipe between a forwarded port and the
 * socket pair pushes back both ways, so that one board's flood does not
 * gather in memory here.
 */
#include "ssh_jump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/transport.h"

#include "ssh_hop.h"

#define LINGER_MS 2000
#define CHUNK 16384

/* A session to the last jump host of a chain. */
struct session {
	struct session *next;
	struct sessions *all;
	char *id;
	struct transport *t;
	struct timer *linger;
	struct task *news; /* tells the users */
	struct jump *users;
	bool up, down, retry;
	enum link_why why;
	char *text;
	struct link_ask ask; /* the last question */
	char *title, *ask_text;
};

struct sessions {
	struct link_pool *pool;
	struct session *first;
};

struct jump {
	struct jump *next;
	struct session *session;
	struct jump_sink sink;
	void *arg;
	struct loop *loop;
	char *host;
	unsigned port;
	struct stream *stream;
	struct io *io;
	int fd; /* our end; -1: none */
	bool told; /* the sink knows */
	bool stuck; /* the stream takes no more for now */
	bool full; /* the socket takes no more for now */
	unsigned asked;
};

static void
session_free(struct session *s)
{
	struct session **p;

	for (p = &s->all->first; *p != NULL; p = &(*p)->next)
		if (*p == s) {
			*p = s->next;
			break;
		}
	for (struct jump *j = s->users; j != NULL; j = j->next)
		j->session = NULL;
	if (s->t != NULL)
		s->t->ops->free(s->t);
	timer_free(s->linger);
	task_free(s->news);
	free(s->text);
	free(s->title);
	free(s->ask_text);
	free(s->id);
	free(s);
}

static void *
sessions_make(struct link_pool *pool)
{
	struct sessions *all = mem_alloc(sizeof *all);

	all->pool = pool;
	return all;
}

static void
sessions_drop(void *arg)
{
	struct sessions *all = arg;

	while (all->first != NULL)
		session_free(all->first);
	free(all);
}

/* --- the pipe ----------------------------------------------------------- */

static void
arm(struct jump *j)
{
	if (j->io != NULL)
		io_want(
		    j->io, (j->stuck ? 0 : IO_READ) | (j->full ? IO_WRITE : 0));
}

/* The target's session sees the end of its connection. */
static void
hang_up(struct jump *j)
{
	io_free(j->io);
	j->io = NULL;
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

static void
from_socket(struct jump *j)
{
	char data[CHUNK];
	ssize_t n;

	for (int i = 0; i < 8; i++) {
		/* Look first, take what the stream took. */
		n = recv(j->fd, data, sizeof data, MSG_PEEK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			stream_eof(j->stream);
			hang_up(j);
			return;
		}
		if (stream_write(j->stream, data, (size_t)n) < 0) {
			j->stuck = true;
			return;
		}
		recv(j->fd, data, (size_t)n, 0);
	}
}

static void
on_socket(void *arg, int events)
{
	struct jump *j = arg;

	if ((events & IO_HUP) != 0) {
		from_socket(j);
		hang_up(j);
		return;
	}
	if ((events & IO_WRITE) != 0) {
		j->full = false;
		stream_resume(j->stream);
	}
	if ((events & IO_READ) != 0)
		from_socket(j);
	arm(j);
}

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct jump *j = arg;
	size_t done = 0;

	if (err || j->fd < 0)
		return len;
	while (done < len) {
		ssize_t n = send(j->fd, data + done, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			j->full = true;
			arm(j);
			return done;
		}
		if (n < 0)
			return len;
		done += (size_t)n;
	}
	return len;
}

static void
on_drain(void *arg)
{
	struct jump *j = arg;

	j->stuck = false;
	arm(j);
}

static void
tell_fail(struct jump *j, enum link_why why, const char *text, bool retry)
{
	if (j->told)
		return;
	j->told = true;
	j->sink.on_fail(j->arg, why, text, retry);
}

static void
on_close(void *arg, int status, const char *why)
{
	struct jump *j = arg;
	char text[600];

	(void)status;
	hang_up(j);
	if (j->told)
		return;
	str_format(text, sizeof text,
	    "the jump host cannot reach %s port %u: %s", j->host, j->port, why);
	tell_fail(j,
	    strstr(why, "refused") != NULL ? LINK_WHY_REFUSED
					   : LINK_WHY_UNREACHABLE,
	    text, true);
}

static void
on_open(void *arg)
{
	struct jump *j = arg;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) < 0) {
		tell_fail(j, LINK_WHY_LOCAL, strerror(errno), true);
		return;
	}
	j->fd = pair[0];
	j->io = io_new(j->loop, j->fd, on_socket, j);
	arm(j);
	j->told = true;
	j->sink.on_fd(j->arg, pair[1]);
}

static const struct stream_sink stream_sink = { on_data, on_close, on_drain,
	on_open };

/* --- the session -------------------------------------------------------- */

/* Tell one user what there is to tell; the list may change meanwhile. */
static void
tell(struct session *s, struct jump *j)
{
	struct stream_request r = {
		.kind = STREAM_TCP, .host = j->host, .port = j->port
	};
	char text[700];
	int err;

	if (s->up && j->stream == NULL && !j->told) {
		j->stream = s->t->ops->open(s->t, &r, &stream_sink, j, &err);
		if (j->stream == NULL)
			tell_fail(j, LINK_WHY_LOCAL, strerror(-err), true);
		return;
	}
	if (s->ask.id != 0 && j->asked != s->ask.id) {
		j->asked = s->ask.id;
		j->sink.on_ask(j->arg, &s->ask);
		return;
	}
	if (s->down) {
		str_format(text, sizeof text, "jump host: %s", s->text);
		tell_fail(j, s->why, text, s->retry);
	}
}

static bool
wants_news(const struct session *s, const struct jump *j)
{
	return !j->told &&
	    ((s->up && j->stream == NULL) ||
		(s->ask.id != 0 && j->asked != s->ask.id) || s->down);
}

static void
on_news(void *arg)
{
	struct session *s = arg;
	struct jump *j;

	for (j = s->users; j != NULL; j = j->next)
		if (wants_news(s, j))
			break;
	if (j == NULL)
		return;
	task_post(s->news);
	tell(s, j);
}

static void
hop_state(void *arg, enum link_state state)
{
	(void)arg;
	(void)state;
}

static void
hop_up(void *arg)
{
	struct session *s = arg;

	s->up = true;
	s->ask.id = 0;
	task_post(s->news);
}

static void
hop_down(void *arg, enum link_why why, const char *text, bool retry)
{
	struct session *s = arg;

	s->up = false;
	s->down = true;
	s->why = why;
	s->retry = retry;
	s->text = mem_strdup(text);
	task_post(s->news);
	/* Whoever comes next gets a new one. */
	free(s->id);
	s->id = NULL;
	if (s->users == NULL)
		timer_start(s->linger, 0);
}

static void
hop_ask(void *arg, const struct link_ask *ask)
{
	struct session *s = arg;

	free(s->title);
	free(s->ask_text);
	s->ask = *ask;
	s->ask.title = s->title = mem_strdup(ask->title);
	s->ask.text = s->ask_text = mem_strdup(ask->text);
	task_post(s->news);
}

static const struct transport_sink hop_sink = { hop_state, hop_up, hop_down,
	hop_ask };

static void
on_linger(void *arg)
{
	session_free(arg);
}

/* --- finding or making one ---------------------------------------------- */

static char *
session_id(const struct jump_request *r)
{
	const struct link_config *c = r->config;

	/* With its depth, or hosts that go through each other would wait for
	 * themselves instead of being found out. */
	return mem_printf("%u %s\n%s\n%s\n%s\n%s\n%d", r->depth, r->hops,
	    c->identity != NULL ? c->identity : "",
	    c->password_cmd != NULL ? c->password_cmd : "",
	    c->known_hosts != NULL ? c->known_hosts : "",
	    c->ssh_config != NULL ? c->ssh_config : "", c->interactive);
}

static struct session *
session_make(struct sessions *all)
{
	struct session *s = mem_alloc(sizeof *s);

	s->all = all;
	s->linger = timer_new(pool_loop(all->pool), on_linger, s);
	s->news = task_new(pool_loop(all->pool), on_news, s);
	s->next = all->first;
	all->first = s;
	return s;
}

static struct session *
session_new(
    struct sessions *all, const struct jump_request *r, char *err, size_t size)
{
	const char *comma = strrchr(r->hops, ',');
	const char *last = comma != NULL ? comma + 1 : r->hops;
	struct link_config config = *r->config;
	struct session *s;
	struct url url;
	char *via = NULL, *link;

	link = str_starts(last, "ssh://") ? mem_strdup(last)
					  : mem_printf("ssh://%s", last);
	if (!url_parse(&url, link, false, err, size)) {
		free(link);
		return NULL;
	}
	s = session_make(all);
	s->id = session_id(r);
	config.name = last;
	config.url = link;
	config.user = NULL;
	if (comma != NULL)
		via = mem_strndup(r->hops, (size_t)(comma - r->hops));
	s->t = ssh_hop_start(
	    all->pool, &config, &url, via, r->depth, &hop_sink, s);
	free(via);
	free(link);
	return s;
}

static struct session *
session_find(struct sessions *all, const struct jump_request *r)
{
	struct session *s;
	char *id = session_id(r);

	for (s = all->first; s != NULL; s = s->next)
		if (s->id != NULL && strcmp(s->id, id) == 0)
			break;
	free(id);
	return s;
}

struct jump *
jump_start(
    const struct jump_request *r, const struct jump_sink *sink, void *arg)
{
	struct sessions *all =
	    pool_share(r->pool, "jumps", sessions_make, sessions_drop);
	struct session *s = session_find(all, r);
	struct jump *j = mem_alloc(sizeof *j);
	char err[300] = "";

	j->loop = pool_loop(r->pool);
	j->sink = *sink;
	j->arg = arg;
	j->host = mem_strdup(r->host);
	j->port = r->port;
	j->fd = -1;
	if (s == NULL)
		s = session_new(all, r, err, sizeof err);
	if (s == NULL) {
		s = session_make(all);
		s->down = true;
		s->why = LINK_WHY_LOCAL;
		s->text = mem_strdup(err);
	}
	timer_stop(s->linger);
	j->session = s;
	j->next = s->users;
	s->users = j;
	task_post(s->news);
	return j;
}

void
jump_free(struct jump *j)
{
	struct session *s;
	struct jump **p;

	if (j == NULL)
		return;
	s = j->session;
	hang_up(j);
	stream_free(j->stream);
	for (p = s != NULL ? &s->users : NULL; p != NULL && *p != NULL;
	     p = &(*p)->next)
		if (*p == j) {
			*p = j->next;
			break;
		}
	if (s != NULL && s->users == NULL)
		timer_start(s->linger, s->down ? 0 : LINGER_MS);
	free(j->host);
	free(j);
}

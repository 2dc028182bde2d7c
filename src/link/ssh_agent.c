/*
 * A small client of the ssh-agent protocol.
 *
 * A stopped agent, or one that waits for somebody to confirm, would hold
 * libssh for ever; here it is a descriptor on the loop like any other, with
 * a deadline. libssh 0.10 knows no IdentitiesOnly and offers all keys until
 * the server hangs up, so what it talks to is a filter that knows
 * only those that are to be tried.
 */
#include "ssh_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define FAILURE 5
#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER 12
#define SIGN_REQUEST 13

#define MESSAGE_MAX (256 * 1024)
#define ANSWER_MS 5000
#define SICK_MS 60000
#define KEEP_MS 2000
#define IDS_MAX 256

/* One question to the agent, on a connection of its own. */
struct talk {
	int fd;
	struct io *io;
	struct timer *deadline;
	struct buf out, in;
	/* answer NULL: why not */
	void (*done)(void *arg, const struct buf *answer, const char *why);
	void *arg;
};

struct agent {
	struct agent *next;
	struct agents *all;
	char *path;
	uint64_t sick_until, listed_at;
	bool sick, listed;
	char why[100];
	struct agent_id ids[IDS_MAX];
	size_t n;
	struct talk *talk;
};

struct agent_wait {
	struct agent_wait *next;
	struct agent *agent;
	struct task *task;
	agent_fn *fn;
	void *arg;
};

struct agents {
	struct loop *loop;
	struct agent *first;
	struct agent_wait *waits;
};

struct agent_filter {
	struct loop *loop;
	struct agent *agent;
	int fd;
	struct io *io;
	struct buf in, out;
	struct talk *talk;
	const struct agent_id *const *ids;
	size_t n;
};

/* --- one question ------------------------------------------------------- */

static void
talk_free(struct talk *t)
{
	if (t == NULL)
		return;
	io_free(t->io);
	timer_free(t->deadline);
	if (t->fd >= 0)
		close(t->fd);
	buf_release(&t->out);
	buf_release(&t->in);
	free(t);
}

static void
talk_over(struct talk *t, const struct buf *answer, const char *why)
{
	io_free(t->io);
	t->io = NULL;
	timer_stop(t->deadline);
	t->done(t->arg, answer, why);
}

static uint32_t
number(const void *p)
{
	const unsigned char *b = p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static void
put_number(struct buf *b, size_t n)
{
	unsigned char p[4] = { (unsigned char)(n >> 24),
		(unsigned char)(n >> 16), (unsigned char)(n >> 8),
		(unsigned char)n };

	buf_add(b, p, sizeof p);
}

/* The length of the message at the start of b, 0 if it is not whole yet, -1
 * if it is nonsense. */
static long
whole(const struct buf *b)
{
	uint32_t len;

	if (b->len < 4)
		return 0;
	len = number(b->data);
	if (len == 0 || len > MESSAGE_MAX)
		return -1;
	return b->len >= 4 + (size_t)len ? (long)len + 4 : 0;
}

/* False when the peer is gone. */
static bool
read_more(int fd, struct buf *in)
{
	char data[8192];
	ssize_t n;

	while ((n = recv(fd, data, sizeof data, 0)) > 0 ||
	    (n < 0 && errno == EINTR)) {
		if (n > 0)
			buf_add(in, data, (size_t)n);
		if (in->cut)
			return false;
	}
	return n < 0 && errno == EAGAIN;
}

static bool
write_more(int fd, struct buf *out)
{
	while (out->len > 0) {
		ssize_t n = send(fd, out->data, out->len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		buf_drop(out, (size_t)n);
	}
	return true;
}

static void
talk_io(void *arg, int events)
{
	struct talk *t = arg;
	bool alive = write_more(t->fd, &t->out);
	long len;

	alive = read_more(t->fd, &t->in) && alive && (events & IO_HUP) == 0;
	len = whole(&t->in);
	if (len > 0)
		talk_over(t, &t->in, NULL);
	else if (len < 0)
		talk_over(t, NULL, "what it says is no answer");
	else if (!alive)
		talk_over(t, NULL, "it ended the connection");
	else
		io_want(t->io, IO_READ | (t->out.len > 0 ? IO_WRITE : 0));
}

static void
talk_late(void *arg)
{
	talk_over(arg, NULL, "it does not answer");
}

static int
connect_to(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (!str_copy(sa.sun_path, sizeof sa.sun_path, path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* NULL and *err when the agent takes no connection. */
static struct talk *
talk_start(struct loop *loop, const char *path, const void *message, size_t len,
    void (*done)(void *, const struct buf *, const char *), void *arg, int *err)
{
	struct talk *t;
	int fd = connect_to(path);

	if (fd < 0) {
		*err = fd;
		return NULL;
	}
	t = mem_alloc(sizeof *t);
	t->fd = fd;
	t->done = done;
	t->arg = arg;
	buf_init(&t->out, 0);
	buf_init(&t->in, MESSAGE_MAX + 4);
	buf_add(&t->out, message, len);
	t->deadline = timer_new(loop, talk_late, t);
	timer_start(t->deadline, ANSWER_MS);
	t->io = io_new(loop, fd, talk_io, t);
	io_want(t->io, IO_READ | IO_WRITE);
	return t;
}

/* --- agents ------------------------------------------------------------- */

static void *
agents_make(struct link_pool *pool)
{
	struct agents *all = mem_alloc(sizeof *all);

	all->loop = pool_loop(pool);
	return all;
}

static void
ids_clear(struct agent *a)
{
	while (a->n > 0) {
		a->n--;
		free(a->ids[a->n].base64);
		free(a->ids[a->n].comment);
	}
}

static void
agents_drop(void *arg)
{
	struct agents *all = arg;
	struct agent *a;

	while (all->waits != NULL)
		agent_cancel(all->waits);
	while ((a = all->first) != NULL) {
		all->first = a->next;
		talk_free(a->talk);
		ids_clear(a);
		free(a->path);
		free(a);
	}
	free(all);
}

static struct agents *
agents_of(struct link_pool *pool)
{
	return pool_share(pool, "agents", agents_make, agents_drop);
}

void
agents_init(struct link_pool *pool)
{
	(void)agents_of(pool);
}

static struct agent *
agent_get(struct link_pool *pool, const char *path)
{
	struct agents *all = agents_of(pool);
	struct agent *a;

	for (a = all->first; a != NULL; a = a->next)
		if (strcmp(a->path, path) == 0)
			return a;
	a = mem_alloc(sizeof *a);
	a->all = all;
	a->path = mem_strdup(path);
	a->next = all->first;
	all->first = a;
	return a;
}

static void
make_sick(struct agent *a, const char *why)
{
	a->sick = true;
	a->sick_until = loop_now(a->all->loop) + SICK_MS;
	str_copy(a->why, sizeof a->why, why);
}

static void
answer_all(struct agent *a)
{
	for (struct agent_wait *w = a->all->waits; w != NULL; w = w->next)
		if (w->agent == a)
			task_post(w->task);
}

/* --- the list ----------------------------------------------------------- */

/* A counted string out of the message; false at its end. */
static bool
take(const char **p, const char *end, const char **s, size_t *len)
{
	if (end - *p < 4)
		return false;
	*len = number(*p);
	*p += 4;
	if (*len > (size_t)(end - *p))
		return false;
	*s = *p;
	*p += *len;
	return true;
}

static void
parse_list(struct agent *a, const struct buf *m)
{
	const char *p = m->data + 9, *end = m->data + 4 + number(m->data);
	const char *blob, *comment;
	size_t blob_len, comment_len;

	while (a->n < IDS_MAX && take(&p, end, &blob, &blob_len) &&
	    take(&p, end, &comment, &comment_len)) {
		struct agent_id *id = &a->ids[a->n++];

		id->base64 = mem_alloc(4 * ((blob_len + 2) / 3) + 1);
		hash_base64(blob, blob_len, id->base64);
		id->comment = text_clean_dup(comment, comment_len);
	}
}

static void
on_list(void *arg, const struct buf *m, const char *why)
{
	struct agent *a = arg;

	ids_clear(a);
	a->listed = true;
	a->listed_at = loop_now(a->all->loop);
	if (m == NULL)
		make_sick(a, why);
	else if (m->data[4] == IDENTITIES_ANSWER && m->len >= 9)
		parse_list(a, m);
	talk_free(a->talk);
	a->talk = NULL;
	answer_all(a);
}

static void
refresh(struct agent *a)
{
	static const char question[] = { 0, 0, 0, 1, REQUEST_IDENTITIES };
	uint64_t now = loop_now(a->all->loop);
	char why[100];
	int err = 0;

	if (a->talk != NULL)
		return;
	if (a->sick && now >= a->sick_until)
		a->sick = a->listed = false;
	if (a->sick || (a->listed && now - a->listed_at < KEEP_MS)) {
		answer_all(a);
		return;
	}
	a->talk = talk_start(
	    a->all->loop, a->path, question, sizeof question, on_list, a, &err);
	if (a->talk != NULL)
		return;
	ids_clear(a);
	if (err == -EAGAIN) {
		make_sick(a, "its queue is full");
	} else {
		/* Not sick: it may be started any moment. */
		a->listed = true;
		a->listed_at = now;
		str_format(why, sizeof why, "%s", strerror(-err));
		str_copy(a->why, sizeof a->why, why);
	}
	answer_all(a);
}

static void
on_answer(void *arg)
{
	struct agent_wait *w = arg;
	struct agent *a = w->agent;
	agent_fn *fn = w->fn;
	void *fn_arg = w->arg;

	agent_cancel(w);
	fn(fn_arg, a->ids, a->sick ? 0 : a->n, a->sick ? a->why : NULL);
}

struct agent_wait *
agent_list(struct link_pool *pool, const char *path, agent_fn *fn, void *arg)
{
	struct agent *a = agent_get(pool, path);
	struct agent_wait *w = mem_alloc(sizeof *w);

	w->agent = a;
	w->fn = fn;
	w->arg = arg;
	w->task = task_new(a->all->loop, on_answer, w);
	w->next = a->all->waits;
	a->all->waits = w;
	refresh(a);
	return w;
}

void
agent_cancel(struct agent_wait *w)
{
	struct agent_wait **p;

	if (w == NULL)
		return;
	for (p = &w->agent->all->waits; *p != NULL; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	task_free(w->task);
	free(w);
}

/* --- the filter --------------------------------------------------------- */

static void
filter_close(struct agent_filter *f)
{
	io_free(f->io);
	f->io = NULL;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static void
filter_send(struct agent_filter *f)
{
	if (f->fd < 0)
		return;
	if (!write_more(f->fd, &f->out)) {
		filter_close(f);
		return;
	}
	io_want(f->io, IO_READ | (f->out.len > 0 ? IO_WRITE : 0));
}

static void
say_failure(struct agent_filter *f)
{
	static const char no[] = { 0, 0, 0, 1, FAILURE };

	buf_add(&f->out, no, sizeof no);
	filter_send(f);
}

static bool
add_identity(struct buf *out, const struct agent_id *id)
{
	unsigned char blob[8192];
	long n =
	    hash_unbase64(id->base64, strlen(id->base64), blob, sizeof blob);

	if (n < 0)
		return false;
	put_number(out, (size_t)n);
	buf_add(out, blob, (size_t)n);
	put_number(out, strlen(id->comment));
	buf_puts(out, id->comment);
	return true;
}

static void
say_identities(struct agent_filter *f)
{
	struct buf list;
	size_t n = 0;

	buf_init(&list, 0);
	for (size_t i = 0; i < f->n; i++)
		n += add_identity(&list, f->ids[i]);
	put_number(&f->out, 1 + 4 + list.len);
	buf_add(&f->out, "\x0c", 1);
	put_number(&f->out, n);
	buf_add(&f->out, buf_str(&list), list.len);
	buf_release(&list);
	filter_send(f);
}

static void
on_signature(void *arg, const struct buf *answer, const char *why)
{
	struct agent_filter *f = arg;

	if (answer == NULL) {
		make_sick(f->agent, why);
		say_failure(f);
	} else {
		buf_add(&f->out, answer->data, 4 + number(answer->data));
		filter_send(f);
	}
	talk_free(f->talk);
	f->talk = NULL;
}

static void
filter_message(struct agent_filter *f, long len)
{
	char type = f->in.data[4];
	int err;

	if (type == REQUEST_IDENTITIES) {
		say_identities(f);
	} else if (type == SIGN_REQUEST && f->talk == NULL) {
		f->talk = talk_start(f->loop, f->agent->path, f->in.data,
		    (size_t)len, on_signature, f, &err);
		if (f->talk == NULL)
			say_failure(f);
	} else {
		say_failure(f);
	}
	buf_drop(&f->in, (size_t)len);
}

static void
filter_io(void *arg, int events)
{
	struct agent_filter *f = arg;
	bool alive = read_more(f->fd, &f->in);
	long len;

	while (f->fd >= 0 && (len = whole(&f->in)) > 0)
		filter_message(f, len);
	if (f->fd < 0)
		return;
	if (!alive || (events & IO_HUP) != 0 || whole(&f->in) < 0)
		filter_close(f);
	else
		filter_send(f);
}

struct agent_filter *
agent_filter_new(struct link_pool *pool, const char *path, int *fd)
{
	struct agent_filter *f;
	int pair[2];

	/* libssh reads its end blocking, on a thread. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return NULL;
	fcntl(pair[0], F_SETFL, O_RDWR | O_NONBLOCK);
	f = mem_alloc(sizeof *f);
	f->loop = pool_loop(pool);
	f->agent = agent_get(pool, path);
	f->fd = pair[0];
	*fd = pair[1];
	buf_init(&f->in, MESSAGE_MAX + 4);
	buf_init(&f->out, 0);
	f->io = io_new(f->loop, f->fd, filter_io, f);
	io_want(f->io, IO_READ);
	return f;
}

void
agent_filter_show(
    struct agent_filter *f, const struct agent_id *const *ids, size_t n)
{
	f->ids = ids;
	f->n = n;
}

void
agent_filter_free(struct agent_filter *f)
{
	if (f == NULL)
		return;
	filter_close(f);
	talk_free(f->talk);
	buf_release(&f->in);
	buf_release(&f->out);
	free(f);
}

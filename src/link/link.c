/*
 * The life of a link. A transport lives for one connection, and its
 * callbacks arrive through a struct conn, which can be cut loose from the
 * link at any moment: whoever is told of something may stop or free the link
 * in it, and the transport is then freed when its callback has returned.
 */
#include "link_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define SILENT_MS 4000
#define BUSY_MS 200 /* to a port whose holder closed it */
#define LOOK_MS 50 /* to a second look at a device */

static const struct transport_ops *const transports[] = {
	&ssh_transport,
	&serial_transport,
	&exec_transport,
	&tcp_transport,
	&telnet_transport,
};

/* --- depth -------------------------------------------------------------- */

static void
link_destroy(struct link *l)
{
	const char *const strings[] = { l->config.name, l->config.url,
		l->config.user, l->config.identity, l->config.password_cmd,
		l->config.known_hosts, l->config.ssh_config };
	size_t i;
	union {
		const char *in;
		char *out;
	} u;

	defs_free(&l->defs);
	for (i = 0; i < ARRAY_LEN(strings); i++) {
		u.in = strings[i];
		free(u.out);
	}
	free(l);
}

void
link_enter(struct link *l)
{
	l->busy++;
}

bool
link_leave(struct link *l)
{
	bool freed = l->freed;

	if (--l->busy == 0 && freed)
		link_destroy(l);
	return !freed;
}

void
conn_enter(struct conn *c)
{
	c->busy++;
}

void
conn_leave(struct conn *c)
{
	c->busy--;
}

static void
conn_free(void *arg)
{
	struct conn *c = arg;

	c->t->ops->free(c->t);
	task_free(c->reap);
	free(c);
}

/* Cut the connection loose. */
static void
conn_drop(struct link *l)
{
	struct conn *c = l->conn;

	if (!c)
		return;
	l->bytes += c->t->ops->received(c->t) + c->t->ops->sent(c->t);
	l->conn = NULL;
	l->up = false;
	c->link = NULL;
	if (c->busy > 0)
		task_post(c->reap);
	else
		conn_free(c);
}

/* --- states ------------------------------------------------------------- */

/* False when the link was freed by who was told. */
bool
link_set_state(
    struct link *l, enum link_state state, enum link_why why, const char *text)
{
	char clean[sizeof(l->text)];

	text_clean(clean, sizeof(clean), text, strlen(text));
	if (state == l->state && why == l->why && strcmp(clean, l->text) == 0)
		return true;
	l->state = state;
	l->why = why;
	memcpy(l->text, clean, sizeof(l->text));
	log_debug("%s: %s%s%s", l->config.name, link_state_name(state),
	    *clean ? ": " : "", clean);
	link_enter(l);
	if (l->sink.on_state)
		l->sink.on_state(l->arg, l, state, why, l->text);
	return link_leave(l);
}

static void
retry_in(struct link *l, uint64_t wait)
{
	l->retry_at = loop_now(l->loop) + wait;
	timer_start(l->retry, wait);
}

static void
plan_retry(struct link *l)
{
	retry_in(l, backoff_next(&l->backoff, loop_now(l->loop)));
}

static void
forget_retry(struct link *l)
{
	timer_stop(l->retry);
	l->retry_at = 0;
	watch_free(l->watch);
	l->watch = NULL;
}

static void
on_device(void *arg)
{
	struct link *l = arg;

	if (l->state != LINK_LOST || l->conn || access(l->url.host, F_OK) != 0)
		return;
	l->looked = false;
	/* Who else waits for a busy port opens and closes it too: two that
	 * answered each other at once would never rest. */
	if (l->why == LINK_WHY_BUSY)
		retry_in(l, BUSY_MS);
	else
		task_post(l->kick);
}

/* A device that comes back is opened at once, not when it is time. */
static void
watch_device(struct link *l, enum link_why why)
{
	if (l->ops != &serial_transport || l->watch)
		return;
	l->watch = watch_new(l->loop, l->url.host, on_device, l);
	/* It may have come, or become ours to open, before it was watched. */
	if ((why == LINK_WHY_GONE || why == LINK_WHY_LOCAL) && !l->looked &&
	    access(l->url.host, R_OK | W_OK) == 0)
		retry_in(l, LOOK_MS);
	l->looked = true;
}

/* --- questions ---------------------------------------------------------- */

static struct link_open_ask *
find_ask(struct link *l, unsigned id)
{
	struct link_open_ask *a;

	for (a = l->asks; a && a->id != id; a = a->next)
		;
	return a;
}

static bool
ask_over(struct link *l, struct link_open_ask *a)
{
	struct link_open_ask **ap;
	unsigned id = a->id;

	for (ap = &l->asks; *ap != a; ap = &(*ap)->next)
		;
	*ap = a->next;
	pool_wait_free(a->wait);
	free(a);
	link_enter(l);
	if (l->sink.on_ask_over)
		l->sink.on_ask_over(l->arg, l, id);
	return link_leave(l);
}

static bool
asks_over(struct link *l)
{
	bool alive = true;

	while (alive && l->asks)
		alive = ask_over(l, l->asks);
	return alive;
}

/* The question was answered, here or through another link. */
static void
on_answered(void *arg)
{
	struct link_open_ask *a = arg;
	struct link *l = a->link;
	unsigned id = a->id;

	link_enter(l);
	ask_over(l, a);
	if (!l->freed && l->password_id == id && l->shell) {
		l->password_id = 0;
		link_give_password(l);
	} else if (!l->freed && !l->conn && l->wanted) {
		task_post(l->kick);
	}
	link_leave(l);
}

bool
link_raise_ask(struct link *l, const struct link_ask *ask)
{
	struct link_open_ask *a;

	if (!find_ask(l, ask->id)) {
		a = mem_alloc(sizeof(*a));
		a->link = l;
		a->id = ask->id;
		a->wait = pool_wait(l->pool, ask->id, on_answered, a);
		a->next = l->asks;
		l->asks = a;
	}
	link_enter(l);
	if (l->sink.on_ask)
		l->sink.on_ask(l->arg, l, ask);
	return link_leave(l);
}

void
link_answer(struct link *l, unsigned id, const char *answer)
{
	if (l->conn && l->conn->t->ops->answer && l->password_id != id)
		l->conn->t->ops->answer(l->conn->t, id, answer);
	else
		pool_answer(l->pool, id, answer);
}

/* --- the end of a connection -------------------------------------------- */

bool
link_fail(struct link *l, enum link_why why, const char *text, bool retry)
{
	bool asking = why == LINK_WHY_ASKING;
	char copy[sizeof(l->text)];

	text_clean(copy, sizeof(copy), text, strlen(text));
	link_enter(l);
	l->up = false;
	silence_end(l);
	passcmd_free(l->passcmd);
	l->passcmd = NULL;
	l->password_id = 0;
	l->shell_lost = false;
	link_close_shell(l);
	runs_drop(l, copy);
	if (loans_drop(l, copy) && !asking)
		asks_over(l);
	/* Whoever was told may have stopped or started the link. */
	if (!l->freed && l->wanted) {
		conn_drop(l);
		if (retry) {
			plan_retry(l);
			watch_device(l, why);
		}
		link_set_state(l, retry ? LINK_LOST : LINK_DOWN, why, copy);
	}
	return link_leave(l);
}

void
link_is_up(struct link *l)
{
	l->up = true;
	l->looked = false;
	backoff_up(&l->backoff, loop_now(l->loop));
	silence_up(l);
	task_post(l->post);
	link_set_state(l, LINK_UP, LINK_WHY_NONE, "");
}

/* --- the transport ------------------------------------------------------ */

static void
on_state(void *arg, enum link_state state)
{
	struct conn *c = arg;

	if (!c->link)
		return;
	conn_enter(c);
	link_set_state(c->link, state, LINK_WHY_NONE, "");
	conn_leave(c);
}

static void
on_up(void *arg)
{
	struct conn *c = arg;
	struct link *l = c->link;

	if (!l)
		return;
	conn_enter(c);
	l->no_shell_until = 0;
	if (!l->ops->login || l->config.no_shell)
		link_is_up(l);
	else if (!link_open_shell(l))
		link_fail(l, LINK_WHY_SHELL, l->no_shell_why, true);
	conn_leave(c);
}

static void
on_down(void *arg, enum link_why why, const char *text, bool retry)
{
	struct conn *c = arg;

	if (c->link)
		link_fail(c->link, why, text, retry);
}

static void
on_ask(void *arg, const struct link_ask *ask)
{
	struct conn *c = arg;

	if (!c->link)
		return;
	conn_enter(c);
	link_raise_ask(c->link, ask);
	conn_leave(c);
}

static const struct transport_sink transport_sink = {
	.on_state = on_state,
	.on_up = on_up,
	.on_down = on_down,
	.on_ask = on_ask,
};

static void
on_kick(void *arg)
{
	struct link *l = arg;
	struct conn *c;

	if (!l->wanted || l->conn)
		return;
	forget_retry(l);
	c = mem_alloc(sizeof(*c));
	c->link = l;
	c->reap = task_new(l->loop, conn_free, c);
	c->t = l->ops->start(
	    l->loop, l->pool, &l->config, &l->url, &transport_sink, c);
	l->conn = c;
	link_set_state(l, LINK_CONNECTING, LINK_WHY_NONE, "");
}

/* --- the outside -------------------------------------------------------- */

static const struct transport_ops *
find_transport(const char *scheme)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(transports); i++)
		if (strcmp(transports[i]->scheme, scheme) == 0)
			return transports[i];
	return NULL;
}

static void
copy_config(struct link_config *to, const struct link_config *from)
{
	*to = *from;
	to->name = mem_strdup(from->name ? from->name : from->url);
	to->url = mem_strdup(from->url);
	to->user = mem_strdup(from->user);
	to->identity = mem_strdup(from->identity);
	to->password_cmd = mem_strdup(from->password_cmd);
	to->known_hosts = mem_strdup(from->known_hosts);
	to->ssh_config = mem_strdup(from->ssh_config);
	if (to->silent_ms == 0)
		to->silent_ms = SILENT_MS;
}

struct link *
link_new(struct link_pool *pool, const struct link_config *config,
    const struct link_sink *sink, void *arg, char *err, size_t size)
{
	const struct transport_ops *ops;
	struct link *l;
	struct url url;

	if (!url_parse(&url, config->url, true, err, size))
		return NULL;
	ops = find_transport(url.scheme);
	if (!ops) {
		str_format(err, size, "no way to reach %s://", url.scheme);
		return NULL;
	}
	l = mem_alloc(sizeof(*l));
	l->pool = pool;
	l->loop = pool_loop(pool);
	copy_config(&l->config, config);
	l->url = url;
	l->ops = ops;
	l->sink = *sink;
	l->arg = arg;
	backoff_init(&l->backoff, 0);
	l->retry = timer_new(l->loop, on_kick, l);
	l->silence = timer_new(l->loop, silence_tick, l);
	l->kick = task_new(l->loop, on_kick, l);
	l->post = task_new(l->loop, runs_post, l);
	return l;
}

void
link_free(struct link *l)
{
	if (!l || l->closing)
		return;
	link_enter(l);
	l->closing = true;
	l->wanted = false;
	l->up = false;
	passcmd_free(l->passcmd);
	l->passcmd = NULL;
	silence_end(l);
	link_close_shell(l);
	runs_free(l);
	forget_retry(l);
	loans_drop(l, "the link is closed");
	asks_over(l);
	/* What was asked for by those who just heard of the end. */
	runs_free(l);
	conn_drop(l);
	l->freed = true;
	timer_free(l->retry);
	timer_free(l->silence);
	task_free(l->kick);
	task_free(l->post);
	link_leave(l);
}

void
link_start(struct link *l)
{
	if (l->closing)
		return;
	l->wanted = true;
	if (l->conn)
		return;
	backoff_reset(&l->backoff);
	task_post(l->kick);
}

void
link_stop(struct link *l)
{
	link_enter(l);
	l->wanted = false;
	forget_retry(l);
	task_cancel(l->kick);
	link_fail(l, LINK_WHY_NONE, "the link was closed", false);
	if (!l->freed && !l->wanted) {
		conn_drop(l);
		link_set_state(l, LINK_DOWN, LINK_WHY_NONE, "");
	}
	link_leave(l);
}

void
link_lost(struct link *l, enum link_why why, const char *text)
{
	if (!l->conn)
		return;
	if (why == LINK_WHY_SILENT && (l->ops->can & LINK_CAN_EXEC))
		silence_counts(l);
	link_fail(l, why, text, true);
}

void
link_define(struct link *l, const char *name, const char *body)
{
	defs_put(&l->defs, name, body);
	if (l->shell)
		shell_define(l->shell, name, body);
}

const char *
link_name(const struct link *l)
{
	return l->config.name;
}

const char *
link_url(const struct link *l)
{
	return l->config.url;
}

unsigned
link_can(const struct link *l)
{
	return l->config.no_shell ? l->ops->can & ~(unsigned)LINK_CAN_RUN
				  : l->ops->can;
}

enum link_state
link_state(const struct link *l)
{
	return l->state;
}

enum link_why
link_why(const struct link *l)
{
	return l->why;
}

const char *
link_why_text(const struct link *l)
{
	return l->text;
}

uint64_t
link_retry_ms(const struct link *l)
{
	uint64_t now = loop_now(l->loop);

	if (!timer_active(l->retry))
		return 0;
	return l->retry_at > now ? l->retry_at - now : 1;
}

unsigned
link_rtt_us(const struct link *l)
{
	return l->rtt_us;
}

unsigned long long
link_bytes(const struct link *l)
{
	const struct conn *c = l->conn;

	return l->bytes +
	    (c ? c->t->ops->received(c->t) + c->t->ops->sent(c->t) : 0);
}

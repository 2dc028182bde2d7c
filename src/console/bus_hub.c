#include "bus_in.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The registry: lines, who has each, who waits for it. It holds no stream and
 * no lock, so nothing that matters goes with it. A line is there as long as
 * somebody claims it. Sending never calls back, so nothing is freed while a
 * list is walked.
 */

#define BUCKETS 1024u
#define TAKES_MS 50 /* how often take-overs are looked at */
#define REST_MS 200 /* no descriptor is left */
#define SLOW (64u << 10) /* waits for an owner that does not read */

struct line;

struct claim {
	TAILQ_ENTRY(claim) of_peer, in_queue;
	struct peer *peer;
	struct line *line;
	long long id, since;
	bool have;
};

struct line {
	LIST_ENTRY(line) link;
	char name[BUS_LINE];
	struct claim *owner, *taker;
	TAILQ_HEAD(, claim) queue; /* all but the owner */
	size_t n; /* claims */
	long long take_due;
};

struct peer {
	TAILQ_ENTRY(peer) link;
	struct bus_hub *hub;
	struct bus_wire *wire;
	bool greeted;
	pid_t pid;
	char who[64], user[32];
	TAILQ_HEAD(, claim) claims;
};

struct bus_hub {
	struct loop *loop;
	int fd;
	struct io *io;
	struct timer *grace, *takes, *rest;
	bool waiting; /* for owners that were there before us */
	size_t n_peers, n_lines;
	TAILQ_HEAD(, peer) peers;
	LIST_HEAD(, line) lines[BUCKETS];
};

/* --- telling ------------------------------------------------------------ */

static void
send_id(const struct claim *c, enum bus_msg_type type)
{
	struct bus_msg m = { .type = type, .id = c->id };

	bus_wire_send(c->peer->wire, &m, -1);
}

static void
name_peer(struct bus_msg *m, const struct peer *p)
{
	m->pid = p->pid;
	str_copy(m->who, sizeof m->who, p->who);
	str_copy(m->user, sizeof m->user, p->user);
}

static void
send_named(const struct claim *to, enum bus_msg_type type,
    const struct claim *named, long long until)
{
	struct bus_msg m = { .type = type, .id = to->id, .until = until };

	name_peer(&m, named->peer);
	bus_wire_send(to->peer->wire, &m, -1);
}

static void
send_why(struct peer *p, enum bus_msg_type type, long long id, const char *why)
{
	struct bus_msg m = { .type = type, .id = id };

	str_copy(m.why, sizeof m.why, why);
	bus_wire_send(p->wire, &m, -1);
}

static void
tell_waiting(const struct line *l)
{
	const struct claim *c;

	TAILQ_FOREACH(c, &l->queue, in_queue)
	send_named(c, BUS_THEIRS, l->owner, 0);
}

/* --- lines -------------------------------------------------------------- */

static size_t
bucket(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h % BUCKETS;
}

static struct line *
find_line(struct bus_hub *hub, const char *name)
{
	struct line *l;

	LIST_FOREACH(l, &hub->lines[bucket(name)], link)
	if (strcmp(l->name, name) == 0)
		return l;
	return NULL;
}

static struct line *
add_line(struct bus_hub *hub, const char *name)
{
	struct line *l = mem_alloc(sizeof *l);

	str_copy(l->name, sizeof l->name, name);
	TAILQ_INIT(&l->queue);
	LIST_INSERT_HEAD(&hub->lines[bucket(name)], l, link);
	hub->n_lines++;
	return l;
}

static struct claim *
find_claim(const struct peer *p, long long id)
{
	struct claim *c;

	TAILQ_FOREACH(c, &p->claims, of_peer)
	if (c->id == id)
		return c;
	return NULL;
}

/* The owner is asked to let the line go to the taker. */
static void
ask_for(struct line *l)
{
	long long now = bus_clock();

	l->take_due = now + BUS_ANSWER_MS;
	send_named(l->owner, BUS_GIVE, l->taker, now + BUS_VOID_MS);
	timer_start(l->owner->peer->hub->takes, TAKES_MS);
}

static void
set_owner(struct line *l, struct claim *c)
{
	TAILQ_REMOVE(&l->queue, c, in_queue);
	if (l->taker == c)
		l->taker = NULL;
	l->owner = c;
	send_id(c, BUS_MINE);
	tell_waiting(l);
	if (l->taker != NULL)
		ask_for(l);
}

/* Nobody has it: who takes it over gets it, else who waits longest. */
static void
grant(struct bus_hub *hub, struct line *l)
{
	struct claim *c = l->taker != NULL ? l->taker : TAILQ_FIRST(&l->queue);

	if (l->owner == NULL && c != NULL && !hub->waiting)
		set_owner(l, c);
}

static void
refuse_taker(struct line *l, const char *how)
{
	const struct peer *o = l->owner->peer;
	char why[BUS_WHY];

	str_format(why, sizeof why,
	    "The rackmux that has this console (%s of %s, pid %d) %s: it was "
	    "not taken over.",
	    o->who, o->user, (int)o->pid, how);
	send_why(l->taker->peer, BUS_REFUSED, l->taker->id, why);
	l->taker = NULL;
}

static void
on_takes(void *arg)
{
	struct bus_hub *hub = arg;
	long long now = bus_clock();
	struct line *l;
	bool more = false;

	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH(l, &hub->lines[i], link)
		{
			if (l->taker == NULL || l->owner == NULL)
				continue;
			if (now >= l->take_due)
				refuse_taker(l, "does not answer");
			else
				more = true;
		}
	if (more)
		timer_start(hub->takes, TAKES_MS);
}

static void
remove_claim(struct claim *c)
{
	struct line *l = c->line;
	struct bus_hub *hub = c->peer->hub;

	TAILQ_REMOVE(&c->peer->claims, c, of_peer);
	if (l->taker == c)
		l->taker = NULL;
	if (l->owner == c)
		l->owner = NULL;
	else
		TAILQ_REMOVE(&l->queue, c, in_queue);
	free(c);
	if (--l->n == 0) {
		LIST_REMOVE(l, link);
		hub->n_lines--;
		free(l);
		return;
	}
	grant(hub, l);
}

/* --- what processes ask ------------------------------------------------- */

/* c has it, says its process, and so it is unless the registry knows of a
 * better one. */
static void
settle_owner(struct claim *c)
{
	struct line *l = c->line;
	struct claim *old = l->owner;

	if (old == c)
		return;
	if (old != NULL && old->have && old->since <= c->since) {
		c->have = false;
		send_named(c, BUS_GIVE, old, 0);
		return;
	}
	if (old != NULL) {
		send_named(old, BUS_GIVE, c, 0);
		old->have = false;
		l->owner = NULL;
		TAILQ_INSERT_TAIL(&l->queue, old, in_queue);
	}
	set_owner(l, c);
}

static void
on_claim(struct peer *p, const struct bus_msg *m)
{
	struct line *l = find_line(p->hub, m->line);
	struct claim *c;

	if (find_claim(p, m->id) != NULL)
		return;
	if (l == NULL ? p->hub->n_lines >= BUS_LINES : l->n >= BUS_WAITERS) {
		send_why(p, BUS_REFUSED, m->id,
		    l == NULL ? "Too many consoles are shared already."
			      : "Too many processes wait for this console.");
		return;
	}
	if (l == NULL)
		l = add_line(p->hub, m->line);
	c = mem_alloc(sizeof *c);
	*c = (struct claim){ .peer = p,
		.line = l,
		.id = m->id,
		.since = m->since,
		.have = m->have };
	l->n++;
	TAILQ_INSERT_TAIL(&p->claims, c, of_peer);
	TAILQ_INSERT_TAIL(&l->queue, c, in_queue);
	if (c->have)
		settle_owner(c);
	else if (l->owner != NULL)
		send_named(c, BUS_THEIRS, l->owner, 0);
	else
		grant(p->hub, l);
}

static void
on_take(struct claim *c)
{
	struct line *l = c->line;

	if (l->owner == c) {
		send_id(c, BUS_MINE);
	} else if (l->taker != NULL && l->taker != c) {
		send_why(c->peer, BUS_REFUSED, c->id,
		    "Another rackmux is just taking this console over.");
	} else if (l->owner == NULL) {
		l->taker = c;
		grant(c->peer->hub, l);
	} else if (l->taker == NULL) {
		l->taker = c;
		ask_for(l);
	}
}

static void
on_gave(struct claim *c)
{
	struct line *l = c->line;

	c->have = false;
	if (l->owner != c)
		return;
	l->owner = NULL;
	TAILQ_INSERT_TAIL(&l->queue, c, in_queue);
	grant(c->peer->hub, l);
}

static void
on_join(struct peer *p, const struct bus_msg *m, int fd)
{
	struct line *l = find_line(p->hub, m->line);
	struct bus_msg to = { .type = BUS_JOIN };
	const char *why = NULL;

	if (fd < 0)
		why = "The request lacks its stream.";
	else if (l == NULL || l->owner == NULL)
		why = "No other rackmux has this console open.";
	else if (bus_wire_waiting(l->owner->peer->wire) > SLOW)
		why = "The rackmux that has this console does not answer.";
	if (why != NULL) {
		send_why(p, BUS_OVER, m->id, why);
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	to.id = l->owner->id;
	name_peer(&to, p);
	bus_wire_send(l->owner->peer->wire, &to, fd);
}

static void
on_hello(struct peer *p, const struct bus_msg *m)
{
	struct bus_msg reply = { .type = BUS_HELLO,
		.major = BUS_MAJOR,
		.minor = BUS_MINOR,
		.version = RM_VERSION,
		.pid = getpid() };

	p->greeted = m->major == BUS_MAJOR;
	str_copy(p->who, sizeof p->who, m->who);
	str_copy(p->user, sizeof p->user, m->user);
	/* Another namespace's number says nothing here. */
	if (p->pid <= 0 && m->pid <= INT32_MAX)
		p->pid = (pid_t)m->pid;
	/* One of another version has read enough, and closes. */
	bus_wire_send(p->wire, &reply, -1);
}

static void
about_claim(struct peer *p, const struct bus_msg *m)
{
	struct claim *c = find_claim(p, m->id);

	if (c == NULL)
		return;
	switch (m->type) {
	case BUS_HAVE:
		c->have = true;
		c->since = m->since;
		settle_owner(c);
		break;
	case BUS_DROP:
		remove_claim(c);
		break;
	case BUS_TAKE:
		on_take(c);
		break;
	case BUS_GAVE:
		on_gave(c);
		break;
	case BUS_KEPT:
		if (c->line->owner == c && c->line->taker != NULL)
			refuse_taker(c->line, "was asked too late");
		break;
	default:
		break;
	}
}

static void
on_msg(void *arg, const struct bus_msg *m, int fd)
{
	struct peer *p = arg;
	struct bus_msg pong = { .type = BUS_PONG };

	if (p->greeted && m->type == BUS_JOIN) {
		on_join(p, m, fd);
		return;
	}
	if (fd >= 0)
		(void)close(fd);
	if (m->type == BUS_HELLO)
		on_hello(p, m);
	else if (!p->greeted)
		return;
	else if (m->type == BUS_CLAIM)
		on_claim(p, m);
	else if (m->type == BUS_PING)
		bus_wire_send(p->wire, &pong, -1);
	else
		about_claim(p, m);
}

/* --- connections -------------------------------------------------------- */

static void
free_peer(struct peer *p)
{
	struct bus_hub *hub = p->hub;

	while (!TAILQ_EMPTY(&p->claims))
		remove_claim(TAILQ_FIRST(&p->claims));
	bus_wire_free(p->wire);
	TAILQ_REMOVE(&hub->peers, p, link);
	hub->n_peers--;
	free(p);
}

static void
on_gone(void *arg, const char *why)
{
	struct peer *p = arg;

	log_debug("bus: %s (pid %d) left: %s", p->who, (int)p->pid, why);
	free_peer(p);
}

static const struct bus_wire_sink wire_sink = { on_msg, on_gone };

void
bus_hub_adopt(struct bus_hub *hub, int fd, pid_t pid)
{
	struct peer *p;

	if (hub->n_peers >= BUS_PROCESSES) {
		(void)close(fd);
		return;
	}
	p = mem_alloc(sizeof *p);
	p->hub = hub;
	p->pid = pid;
	TAILQ_INIT(&p->claims);
	p->wire = bus_wire_new(hub->loop, fd, &wire_sink, p);
	TAILQ_INSERT_TAIL(&hub->peers, p, link);
	hub->n_peers++;
}

static void
on_rest(void *arg)
{
	io_want(((struct bus_hub *)arg)->io, IO_READ);
}

/* Whoever cannot be let in for want of a descriptor stays readable: asking
 * at once again and again would be all that we do. */
static void
have_rest(struct bus_hub *hub, int err)
{
	if (err == EAGAIN || err == EINTR || err == ECONNABORTED)
		return;
	io_want(hub->io, 0);
	timer_start(hub->rest, REST_MS);
}

static void
on_listen(void *arg, int events)
{
	struct bus_hub *hub = arg;
	uid_t uid;
	pid_t pid;
	int fd;

	(void)events;
	for (int i = 0; i < 16; i++) {
		fd = accept4(hub->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			have_rest(hub, errno);
			return;
		}
		if (bus_peer(fd, &uid, &pid) && uid == geteuid()) {
			bus_hub_adopt(hub, fd, pid);
			continue;
		}
		log_warn("bus: a process of another user was turned away");
		(void)close(fd);
	}
}

static void
on_grace(void *arg)
{
	struct bus_hub *hub = arg;
	struct line *l;

	hub->waiting = false;
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH(l, &hub->lines[i], link)
	grant(hub, l);
}

struct bus_hub *
bus_hub_new(struct loop *loop, int listen_fd, bool grace)
{
	struct bus_hub *hub = mem_alloc(sizeof *hub);

	hub->loop = loop;
	hub->fd = listen_fd;
	hub->waiting = grace;
	TAILQ_INIT(&hub->peers);
	hub->grace = timer_new(loop, on_grace, hub);
	hub->takes = timer_new(loop, on_takes, hub);
	hub->rest = timer_new(loop, on_rest, hub);
	if (grace)
		timer_start(hub->grace, BUS_GRACE_MS);
	if (listen_fd >= 0) {
		hub->io = io_new(loop, listen_fd, on_listen, hub);
		io_want(hub->io, IO_READ);
	}
	return hub;
}

void
bus_hub_free(struct bus_hub *hub)
{
	if (hub == NULL)
		return;
	/* Nobody is granted anything any more. */
	hub->waiting = true;
	while (!TAILQ_EMPTY(&hub->peers))
		free_peer(TAILQ_FIRST(&hub->peers));
	timer_free(hub->grace);
	timer_free(hub->takes);
	timer_free(hub->rest);
	io_free(hub->io);
	if (hub->fd >= 0)
		(void)close(hub->fd);
	free(hub);
}

void
bus_hub_check(const struct bus_hub *hub)
{
	const struct claim *c;
	const struct line *l;
	size_t lines = 0, n;

	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH(l, &hub->lines[i], link)
		{
			lines++;
			n = l->owner != NULL ? 1 : 0;
			TAILQ_FOREACH(c, &l->queue, in_queue)
			{
				n++;
				assert(c->line == l && c != l->owner);
			}
			assert(n == l->n && n > 0);
			assert(l->owner == NULL || l->owner->line == l);
			assert(l->taker != l->owner || l->taker == NULL);
			assert(l->owner != NULL || hub->waiting);
		}
	assert(lines == hub->n_lines && lines <= BUS_LINES);
}

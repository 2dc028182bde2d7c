#include "bus_in.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A claim: what the hub said last (want) and what its owner was told (told).
 * A task brings one to the other, a callback at a time, so that the caller
 * may do in it what it likes. A line is ours when its lock is, whatever the
 * hub says; and when the hub says nothing, the lock alone is asked.
 */

#define TAKE_MS 3000 /* the hub itself refuses after two seconds */

static void on_task(void *);

static void
send_id(struct bus_claim *c, enum bus_msg_type type)
{
	struct bus_msg m = { .type = type, .id = c->id, .since = c->since };

	if (c->asked)
		bus_send(c->bus, &m, -1);
}

struct bus_claim *
bus_claim(struct bus *b, const char *line, const struct bus_claim_sink *sink,
    void *arg)
{
	struct bus_claim *c = mem_alloc(sizeof *c);

	c->bus = b;
	c->sink = sink;
	c->arg = arg;
	c->id = ++b->next_id;
	bus_line_name(c->line, line);
	TAILQ_INIT(&c->pending);
	TAILQ_INIT(&c->readers);
	c->task = task_new(b->loop, on_task, c);
	TAILQ_INSERT_TAIL(&b->claims, c, link);
	if (b->state == BUS_UP)
		bus_claim_ask(c);
	bus_watch(b);
	return c;
}

static void
drop_pending(struct bus_claim *c)
{
	struct bus_pending *p;

	while ((p = TAILQ_FIRST(&c->pending)) != NULL) {
		TAILQ_REMOVE(&c->pending, p, link);
		(void)close(p->fd);
		free(p);
	}
}

static void
unlock(struct bus_claim *c)
{
	if (c->locked)
		bus_dir_unlock(&c->bus->dir, c->line);
	c->locked = false;
}

void
bus_claim_detach(struct bus_claim *c)
{
	bus_readers_end(c, "The rackmux that had this console let it go.");
	drop_pending(c);
	unlock(c);
	c->told = BUS_IS_UNTOLD;
	send_id(c, BUS_DROP);
	TAILQ_REMOVE(&c->bus->claims, c, link);
	task_free(c->task);
	c->task = NULL;
	c->bus = NULL;
}

void
bus_unclaim(struct bus_claim *c)
{
	if (c == NULL)
		return;
	if (c->bus != NULL)
		bus_claim_detach(c);
	if (c->gone != NULL)
		*c->gone = true;
	free(c);
}

void
bus_claim_ask(struct bus_claim *c)
{
	struct bus_msg m = { .type = BUS_CLAIM,
		.id = c->id,
		.have = c->told == BUS_IS_MINE,
		.since = c->since };

	c->asked = true;
	c->since_asked = bus_clock();
	str_copy(m.line, sizeof m.line, c->line);
	bus_send(c->bus, &m, -1);
	if (c->taking)
		send_id(c, BUS_TAKE);
}

static void
refuse(struct bus_claim *c, const char *why)
{
	c->taking = false;
	str_copy(c->refused, sizeof c->refused, why);
	task_post(c->task);
}

void
bus_take(struct bus_claim *c)
{
	if (c->bus == NULL || c->told == BUS_IS_MINE)
		return;
	c->taking = true;
	c->since_take = bus_clock();
	send_id(c, BUS_TAKE);
	bus_watch(c->bus);
}

void
bus_claim_lost_hub(struct bus_claim *c)
{
	c->asked = c->giving = false;
	c->want = c->told == BUS_IS_MINE ? BUS_IS_MINE : BUS_IS_UNTOLD;
}

/* --- what the hub says -------------------------------------------------- */

static void
told_theirs(struct bus_claim *c, const struct bus_msg *m)
{
	/* Of what is open only "give" may say that it is another's. */
	if (c->told == BUS_IS_MINE && m->type != BUS_GIVE)
		return;
	c->want = BUS_IS_THEIRS;
	c->alone = false;
	c->giving = m->type == BUS_GIVE;
	c->until = m->until;
	c->owner =
	    (struct bus_owner){ .pid =
				    m->pid <= INT32_MAX ? (pid_t)m->pid : 0 };
	str_copy(c->owner.who, sizeof c->owner.who, m->who);
	str_copy(c->owner.user, sizeof c->owner.user, m->user);
}

static void
told_join(struct bus_claim *c, int fd)
{
	struct bus_pending *p;
	size_t n = 0;

	TAILQ_FOREACH(p, &c->pending, link)
	n++;
	if (fd < 0)
		return;
	if (n > BUS_JOINERS) {
		(void)close(fd);
		return;
	}
	p = mem_alloc(sizeof *p);
	p->fd = fd;
	TAILQ_INSERT_TAIL(&c->pending, p, link);
}

void
bus_claim_told(struct bus_claim *c, const struct bus_msg *m, int fd)
{
	if (m->type == BUS_JOIN)
		told_join(c, fd);
	else if (fd >= 0)
		(void)close(fd);
	switch (m->type) {
	case BUS_MINE:
		c->want = BUS_IS_MINE;
		c->alone = c->giving = false;
		break;
	case BUS_THEIRS:
	case BUS_GIVE:
		told_theirs(c, m);
		break;
	case BUS_REFUSED:
		if (c->told == BUS_IS_UNTOLD && !c->taking) {
			/* The registry has no room: the lock will do. */
			c->alone = true;
			c->want = BUS_IS_MINE;
		} else if (c->taking) {
			refuse(c, m->why);
		}
		break;
	default:
		break;
	}
	task_post(c->task);
	bus_watch(c->bus);
}

bool
bus_claim_tick(struct bus_claim *c, long long now)
{
	bool silent = bus_is_silent(c->bus) ||
	    (c->asked && c->told == BUS_IS_UNTOLD && c->want == BUS_IS_UNTOLD &&
		now - c->since_asked > BUS_ANSWER_MS);

	if (c->told == BUS_IS_MINE)
		return false;
	if (silent && !c->giving) {
		c->alone = true;
		c->want = BUS_IS_MINE;
	}
	if (c->want == BUS_IS_MINE)
		task_post(c->task);
	if (c->taking && now - c->since_take > TAKE_MS)
		refuse(c,
		    "Nobody can be asked to let this console go: it was not "
		    "taken over.");
	return true;
}

/* --- from want to told -------------------------------------------------- */

static bool
same_owner(const struct bus_owner *a, const struct bus_owner *b)
{
	return a->pid == b->pid && strcmp(a->who, b->who) == 0;
}

/* Another claim of this bus has it; the lock does not tell these apart. */
static bool
is_ours_already(const struct bus_claim *c)
{
	const struct bus_claim *o;

	TAILQ_FOREACH(o, &c->bus->claims, link)
	if (o != c && o->told == BUS_IS_MINE && strcmp(o->line, c->line) == 0)
		return true;
	return false;
}

static void
become_mine(struct bus_claim *c)
{
	/* Without locks there is only the hub's word, or nobody's. */
	if (!is_ours_already(c) && bus_dir_lock(&c->bus->dir, c->line) != 0) {
		c->told = BUS_IS_MINE;
		c->locked = true;
		c->taking = false;
		c->since = bus_clock();
		send_id(c, BUS_HAVE);
		task_post(c->task);
		c->sink->on_mine(c->arg);
		return;
	}
	/* Who has it cannot be asked: stopped, or of another version. */
	if (c->told == BUS_IS_THEIRS)
		return;
	c->told = BUS_IS_THEIRS;
	c->told_owner = (struct bus_owner){ .who = "another rackmux" };
	str_copy(c->told_owner.user, sizeof c->told_owner.user, c->bus->user);
	task_post(c->task);
	c->sink->on_theirs(c->arg, &c->told_owner);
}

/* The other one gets it, once it is closed here. */
static void
let_go(struct bus_claim *c)
{
	bool gone = false;
	char why[BUS_WHY];

	if (c->until > 0 && bus_clock() > c->until) {
		c->want = BUS_IS_MINE;
		c->giving = false;
		send_id(c, BUS_KEPT);
		task_post(c->task);
		return;
	}
	c->told = BUS_IS_THEIRS;
	c->told_owner = c->owner;
	task_post(c->task);
	c->gone = &gone;
	c->sink->on_theirs(c->arg, &c->told_owner);
	if (gone)
		return;
	c->gone = NULL;
	if (c->bus == NULL)
		return;
	str_format(why, sizeof why, "%s of %s (pid %d) took this console over.",
	    c->told_owner.who, c->told_owner.user, (int)c->told_owner.pid);
	bus_readers_end(c, why);
	unlock(c);
	c->giving = false;
	send_id(c, BUS_GAVE);
}

static void
become_theirs(struct bus_claim *c)
{
	if (c->told == BUS_IS_MINE) {
		let_go(c);
		return;
	}
	if (c->giving)
		send_id(c, BUS_GAVE);
	c->giving = false;
	if (c->told == BUS_IS_THEIRS && same_owner(&c->owner, &c->told_owner))
		return;
	c->told = BUS_IS_THEIRS;
	c->told_owner = c->owner;
	task_post(c->task);
	c->sink->on_theirs(c->arg, &c->told_owner);
}

static void
tell_refused(struct bus_claim *c)
{
	char why[BUS_WHY];

	str_copy(why, sizeof why, c->refused);
	c->refused[0] = '\0';
	task_post(c->task);
	if (c->sink->on_refused != NULL)
		c->sink->on_refused(c->arg, why);
}

static void
accept_join(struct bus_claim *c)
{
	struct bus_pending *p = TAILQ_FIRST(&c->pending);
	int fd = p->fd;

	TAILQ_REMOVE(&c->pending, p, link);
	free(p);
	task_post(c->task);
	bus_readers_add(c, fd);
}

static void
on_task(void *arg)
{
	struct bus_claim *c = arg;

	if (c->refused[0] != '\0')
		tell_refused(c);
	else if (c->want == BUS_IS_MINE && c->told != BUS_IS_MINE)
		become_mine(c);
	else if (c->want == BUS_IS_THEIRS &&
	    (c->giving || c->told != BUS_IS_THEIRS ||
		!same_owner(&c->owner, &c->told_owner)))
		become_theirs(c);
	else if (c->told == BUS_IS_MINE && !TAILQ_EMPTY(&c->pending))
		accept_join(c);
	else
		drop_pending(c);
}

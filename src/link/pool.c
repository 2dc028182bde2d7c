/*
 * What the links of a program share.
 *
 * 256 handshakes at once make the screen stutter by 40 to 110 ms, 32 do not,
 * and cost nothing in wall time; but 32 dead hosts would block everyone else,
 * so a slot is lent on when its peer is what is being waited for. Sockets cost
 * two descriptors a session, hence the raised limit, and libssh writes to
 * pipes and agents without MSG_NOSIGNAL, hence no SIGPIPE.
 */
#include "rackmux/link/pool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/fd.h"
#include "rackmux/base/mem.h"

#define DECLINED_MS 3000

struct pool_slot {
	struct pool_slot *next; /* of those that wait */
	struct link_pool *pool;
	struct timer *patience;
	struct task *go;
	loop_fn *fn;
	void *arg;
	bool waits, held;
};

struct ask {
	struct ask *next;
	enum link_ask_kind kind;
	unsigned id;
	enum pool_reply reply;
	uint64_t at; /* when it was declined */
	char *subject;
	char *text;
};

struct pool_wait {
	struct pool_wait *next;
	struct link_pool *pool;
	struct task *task;
	unsigned id;
	loop_fn *fn;
	void *arg;
};

struct share {
	struct share *next;
	char *name;
	void *thing;
	void (*drop)(void *);
};

struct link_pool {
	struct loop *loop;
	unsigned in_flight;
	struct pool_slot *first;
	struct ask *asks;
	struct pool_wait *waits;
	struct share *shares;
};

/* Asks are unique in the program, whatever pool they belong to. */
static unsigned last_ask;

struct link_pool *
link_pool_new(struct loop *loop)
{
	struct link_pool *pool = mem_alloc(sizeof *pool);
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &sa, NULL);
	/* A link takes one to three descriptors; the default limit of 1,024
	 * ends at a few hundred boards. */
	(void)fd_raise_limit();
	pool->loop = loop;
	return pool;
}

void
link_pool_free(struct link_pool *pool)
{
	struct share *share;
	struct ask *ask;

	if (pool == NULL)
		return;
	while ((share = pool->shares) != NULL) {
		pool->shares = share->next;
		share->drop(share->thing);
		free(share->name);
		free(share);
	}
	while ((ask = pool->asks) != NULL) {
		pool->asks = ask->next;
		mem_wipe_str(&ask->text);
		free(ask->subject);
		free(ask);
	}
	while (pool->waits != NULL)
		pool_wait_free(pool->waits);
	while (pool->first != NULL)
		pool_leave(pool->first);
	free(pool);
}

struct loop *
pool_loop(struct link_pool *pool)
{
	return pool->loop;
}

static void
slots_fill(struct link_pool *pool)
{
	struct pool_slot *slot;

	while (
	    pool->in_flight < POOL_HANDSHAKES && (slot = pool->first) != NULL) {
		pool->first = slot->next;
		slot->next = NULL;
		slot->waits = false;
		slot->held = true;
		pool->in_flight++;
		task_post(slot->go);
	}
}

static void
slot_release(struct pool_slot *slot)
{
	if (!slot->held)
		return;
	slot->held = false;
	slot->pool->in_flight--;
	timer_stop(slot->patience);
	slots_fill(slot->pool);
}

static void
slot_go(void *arg)
{
	struct pool_slot *slot = arg;

	pool_touch(slot);
	slot->fn(slot->arg);
}

static void
slot_impatient(void *arg)
{
	slot_release(arg);
}

struct pool_slot *
pool_enter(struct link_pool *pool, loop_fn *go, void *arg)
{
	struct pool_slot *slot = mem_alloc(sizeof *slot), **p;

	slot->pool = pool;
	slot->fn = go;
	slot->arg = arg;
	slot->go = task_new(pool->loop, slot_go, slot);
	slot->patience = timer_new(pool->loop, slot_impatient, slot);
	slot->waits = true;
	for (p = &pool->first; *p != NULL; p = &(*p)->next)
		;
	*p = slot;
	slots_fill(pool);
	return slot;
}

void
pool_touch(struct pool_slot *slot)
{
	if (slot != NULL && slot->held)
		timer_start(slot->patience, POOL_PATIENCE_MS);
}

void
pool_leave(struct pool_slot *slot)
{
	struct pool_slot **p;

	if (slot == NULL)
		return;
	for (p = &slot->pool->first; slot->waits && *p != NULL; p = &(*p)->next)
		if (*p == slot) {
			*p = slot->next;
			break;
		}
	slot_release(slot);
	task_free(slot->go);
	timer_free(slot->patience);
	free(slot);
}

static struct ask *
ask_find(struct link_pool *pool, enum link_ask_kind kind, const char *subject)
{
	struct ask *ask;

	for (ask = pool->asks; ask != NULL; ask = ask->next)
		if (ask->kind == kind && strcmp(ask->subject, subject) == 0)
			break;
	if (ask != NULL && ask->reply == POOL_DECLINED &&
	    loop_now(pool->loop) - ask->at >= DECLINED_MS)
		ask->reply = POOL_UNASKED;
	return ask;
}

static struct ask *
ask_make(struct link_pool *pool, enum link_ask_kind kind, const char *subject)
{
	struct ask *ask = ask_find(pool, kind, subject);

	if (ask != NULL)
		return ask;
	ask = mem_alloc(sizeof *ask);
	ask->kind = kind;
	ask->subject = mem_strdup(subject);
	ask->next = pool->asks;
	pool->asks = ask;
	return ask;
}

unsigned
pool_ask(struct link_pool *pool, enum link_ask_kind kind, const char *subject)
{
	struct ask *ask = ask_make(pool, kind, subject);

	if (ask->reply != POOL_PENDING) {
		mem_wipe_str(&ask->text);
		ask->id = ++last_ask;
		ask->reply = POOL_PENDING;
	}
	return ask->id;
}

enum pool_reply
pool_reply(struct link_pool *pool, enum link_ask_kind kind, const char *subject,
    const char **text)
{
	struct ask *ask = ask_find(pool, kind, subject);

	if (ask == NULL)
		return POOL_UNASKED;
	if (text != NULL)
		*text = ask->reply == POOL_GIVEN ? ask->text : NULL;
	return ask->reply;
}

static void
ask_settle(struct link_pool *pool, struct ask *ask, const char *text)
{
	struct pool_wait *w;

	mem_wipe_str(&ask->text);
	ask->text = mem_strdup(text);
	ask->reply = text != NULL ? POOL_GIVEN : POOL_DECLINED;
	ask->at = loop_now(pool->loop);
	for (w = pool->waits; w != NULL; w = w->next)
		if (w->id == ask->id)
			task_post(w->task);
}

void
pool_give(struct link_pool *pool, enum link_ask_kind kind, const char *subject,
    const char *text)
{
	ask_settle(pool, ask_make(pool, kind, subject), text);
}

void
pool_forget(
    struct link_pool *pool, enum link_ask_kind kind, const char *subject)
{
	struct ask *ask = ask_find(pool, kind, subject);

	if (ask == NULL || ask->reply == POOL_PENDING)
		return;
	mem_wipe_str(&ask->text);
	ask->reply = POOL_UNASKED;
}

bool
pool_answer(struct link_pool *pool, unsigned id, const char *text)
{
	struct ask *ask;

	for (ask = pool->asks; ask != NULL; ask = ask->next)
		if (ask->id == id && id != 0)
			break;
	if (ask == NULL)
		return false;
	if (ask->reply == POOL_PENDING)
		ask_settle(pool, ask, text);
	return true;
}

static void
wait_over(void *arg)
{
	struct pool_wait *w = arg;

	w->id = 0;
	w->fn(w->arg);
}

struct pool_wait *
pool_wait(struct link_pool *pool, unsigned id, loop_fn *fn, void *arg)
{
	struct pool_wait *w = mem_alloc(sizeof *w);

	w->pool = pool;
	w->id = id;
	w->fn = fn;
	w->arg = arg;
	w->task = task_new(pool->loop, wait_over, w);
	w->next = pool->waits;
	pool->waits = w;
	return w;
}

void
pool_wait_free(struct pool_wait *w)
{
	struct pool_wait **p;

	if (w == NULL)
		return;
	for (p = &w->pool->waits; *p != NULL; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	task_free(w->task);
	free(w);
}

void *
pool_share(struct link_pool *pool, const char *name,
    void *(*make)(struct link_pool *), void (*drop)(void *))
{
	struct share *share;

	for (share = pool->shares; share != NULL; share = share->next)
		if (strcmp(share->name, name) == 0)
			return share->thing;
	share = mem_alloc(sizeof *share);
	share->name = mem_strdup(name);
	share->thing = make(pool);
	share->drop = drop;
	share->next = pool->shares;
	pool->shares = share;
	return share->thing;
}

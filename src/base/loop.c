#include "rackmux/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "timer.h"

/*
 * libuv, wrapped once. libuv demands that the memory of a handle lives until
 * its close callback, while our callers want to free an object in its own
 * callback and be done: so each object holds its uv handle apart, and a freed
 * object only cuts the handle's way back.
 *
 * A turn is: wait and run what libuv has, then timers, then tasks, then the
 * one hook at the end. Its cost is counted from its first callback.
 */

#define TASK_BUDGET_NS (4 * 1000 * 1000)

struct task {
	struct loop *loop;
	loop_fn *fn;
	void *arg;
	struct task *next, *prev; /* in the queue */
	bool posted;
};

struct loop {
	struct timers timers; /* first: timers_of() leads back here */
	uv_loop_t uv;
	uv_timer_t *wake;
	struct task *first, *last;
	bool frozen, stopped, ran;
	uint64_t frozen_now;
	int64_t frozen_wall;
	loop_fn *end;
	void *end_arg;
	struct loop_stats stats;
	uint64_t wall_start, cpu_start; /* of this turn, ns */
};

static uint64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Every callback into the program begins here. */
static void
began(struct loop *l)
{
	if (l->ran)
		return;
	l->ran = true;
	l->wall_start = clock_ns(CLOCK_MONOTONIC);
	l->cpu_start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void
on_wake(uv_timer_t *t)
{
	(void)t;
}

static void
free_handle(uv_handle_t *h)
{
	free(h);
}

static void
close_handle(void *h)
{
	((uv_handle_t *)h)->data = NULL;
	uv_close(h, free_handle);
}

/* What threads have been given and not brought back, over all loops. */
static unsigned held;

/* libuv joins its threads when the program ends, and a thread that waits for
 * a dead name server or a stopped agent would hold up our exit for as long. */
static void
leave(int status, void *arg)
{
	(void)arg;
	if (held == 0)
		return;
	fflush(NULL);
	_exit(status);
}

struct loop *
loop_new(void)
{
	static bool ready;
	struct loop *l = mem_alloc(sizeof *l);

	/* One hung name server or agent must not stop all other workers. */
	if (!ready) {
		setenv("UV_THREADPOOL_SIZE", "8", 0);
		on_exit(leave, NULL);
		ready = true;
	}
	if (uv_loop_init(&l->uv) != 0)
		abort();
	l->wake = mem_alloc(sizeof *l->wake);
	uv_timer_init(&l->uv, l->wake);
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	children_end(l);
	close_handle(l->wake);
	/* Closing takes a turn or two. Work that a thread still holds keeps
	 * the loop's memory: a hung agent must not hold up our exit. */
	for (int i = 0; uv_loop_close(&l->uv) == UV_EBUSY; i++) {
		if (i == 10)
			return;
		uv_run(&l->uv, UV_RUN_NOWAIT);
	}
	timers_release(&l->timers);
	free(l);
}

uint64_t
loop_now(const struct loop *l)
{
	return l->frozen ? l->frozen_now : uv_now(&l->uv);
}

int64_t
loop_wall(const struct loop *l)
{
	if (l->frozen)
		return l->frozen_wall;
	return (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000u);
}

void
loop_freeze(struct loop *l)
{
	l->frozen_now = loop_now(l);
	l->frozen_wall = loop_wall(l);
	l->frozen = true;
}

static void
frozen_to(struct loop *l, uint64_t now)
{
	l->frozen_wall += (int64_t)(now - l->frozen_now);
	l->frozen_now = now;
}

void
loop_advance(struct loop *l, uint64_t ms)
{
	uint64_t target = l->frozen_now + ms, due;

	assert(l->frozen);
	while (timers_next(&l->timers, &due) && due <= target) {
		if (due > l->frozen_now)
			frozen_to(l, due);
		timers_fire_one(&l->timers, due, UINT64_MAX);
	}
	frozen_to(l, target);
}

void
loop_at_turn_end(struct loop *l, loop_fn *fn, void *arg)
{
	l->end = fn;
	l->end_arg = arg;
}

void
loop_stats(struct loop *l, struct loop_stats *out)
{
	*out = l->stats;
	memset(&l->stats, 0, sizeof l->stats);
}

static void
count_turn(struct loop *l)
{
	uint64_t wall = (clock_ns(CLOCK_MONOTONIC) - l->wall_start) / 1000;
	uint64_t cpu =
	    (clock_ns(CLOCK_THREAD_CPUTIME_ID) - l->cpu_start) / 1000;

	l->stats.turns++;
	if (wall > l->stats.max_wall_us)
		l->stats.max_wall_us = wall;
	if (cpu > l->stats.max_cpu_us)
		l->stats.max_cpu_us = cpu;
}

/* How long the turn may wait; -1: for ever. */
static int64_t
wait_ms(const struct loop *l, int max_wait_ms)
{
	int64_t wait = max_wait_ms;
	uint64_t due, now = uv_now(&l->uv);

	if (l->first != NULL || l->stopped)
		return 0;
	if (!l->frozen && timers_next(&l->timers, &due)) {
		int64_t left = due > now ? (int64_t)(due - now) : 0;

		if (wait < 0 || left < wait)
			wait = left;
	}
	return wait;
}

static void
run_timers(struct loop *l)
{
	uint64_t mark = timers_mark(&l->timers), due;

	uv_update_time(&l->uv);
	while (timers_next(&l->timers, &due) && due <= uv_now(&l->uv)) {
		began(l);
		if (!timers_fire_one(&l->timers, uv_now(&l->uv), mark))
			break;
	}
}

static void
unlink_task(struct loop *l, struct task *t)
{
	if (t->prev != NULL)
		t->prev->next = t->next;
	else
		l->first = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	else
		l->last = t->prev;
	t->next = t->prev = NULL;
	t->posted = false;
}

/* Those that were posted before now, as far as the budget goes. */
static void
run_tasks(struct loop *l)
{
	struct task *end = l->last;
	uint64_t start;
	bool last;

	if (l->first == NULL)
		return;
	began(l);
	start = clock_ns(CLOCK_MONOTONIC);
	do {
		struct task *t = l->first;

		/* A cancelled end leaves the rest to the budget. */
		last = t == end;
		unlink_task(l, t);
		t->fn(t->arg);
	} while (!last && l->first != NULL &&
	    clock_ns(CLOCK_MONOTONIC) - start < TASK_BUDGET_NS);
}

void
loop_turn(struct loop *l, int max_wait_ms)
{
	int64_t wait;

	uv_update_time(&l->uv);
	wait = wait_ms(l, max_wait_ms);
	if (wait == 0) {
		uv_run(&l->uv, UV_RUN_NOWAIT);
	} else {
		/* When nothing is due, only a descriptor can wake us. It
		 * repeats: uv_run() looks at the time anew, and may fire it
		 * before it waits, then for ever. */
		uv_timer_start(
		    l->wake, on_wake, wait > 0 ? (uint64_t)wait : 60000, 1);
		uv_run(&l->uv, UV_RUN_ONCE);
		uv_timer_stop(l->wake);
	}
	if (!l->frozen)
		run_timers(l);
	run_tasks(l);
	if (!l->ran)
		return;
	if (l->end != NULL)
		l->end(l->end_arg);
	count_turn(l);
	l->ran = false;
}

void
loop_run(struct loop *l)
{
	while (!l->stopped)
		loop_turn(l, -1);
	l->stopped = false;
}

void
loop_stop(struct loop *l)
{
	l->stopped = true;
}

/* --- timers: the heap is timer.c's, the clock is ours ------------------- */

struct timer *
timer_new(struct loop *l, loop_fn *fn, void *arg)
{
	return timers_new_timer(&l->timers, fn, arg);
}

void
timer_start(struct timer *t, uint64_t after_ms)
{
	const struct loop *l = (const struct loop *)(void *)timers_of(t);

	timers_start(t, loop_now(l) + after_ms);
}

/* --- descriptors -------------------------------------------------------- */

struct io {
	struct loop *loop;
	uv_poll_t *poll;
	io_fn *fn;
	void *arg;
	int want;
};

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct io *io = poll->data;
	int ev = 0;

	if (io == NULL)
		return;
	began(io->loop);
	if (status < 0) {
		uv_poll_stop(poll);
		io->want = 0;
		ev = IO_HUP;
	}
	ev |= events & UV_READABLE ? IO_READ : 0;
	ev |= events & UV_WRITABLE ? IO_WRITE : 0;
	io->fn(io->arg, ev);
}

struct io *
io_new(struct loop *l, int fd, io_fn *fn, void *arg)
{
	struct io *io = mem_alloc(sizeof *io);

	io->loop = l;
	io->fn = fn;
	io->arg = arg;
	io->poll = mem_alloc(sizeof *io->poll);
	if (uv_poll_init(&l->uv, io->poll, fd) != 0) {
		free(io->poll);
		free(io);
		return NULL;
	}
	io->poll->data = io;
	return io;
}

void
io_want(struct io *io, int events)
{
	int uv = (events & IO_READ ? UV_READABLE : 0) |
	    (events & IO_WRITE ? UV_WRITABLE : 0);

	if (io == NULL || io->want == events)
		return;
	io->want = events;
	if (uv == 0)
		uv_poll_stop(io->poll);
	else
		uv_poll_start(io->poll, uv, on_poll);
}

void
io_free(struct io *io)
{
	if (io == NULL)
		return;
	close_handle(io->poll);
	free(io);
}

/* --- signals ------------------------------------------------------------ */

struct sig {
	struct loop *loop;
	uv_signal_t *handle;
	sig_fn *fn;
	void *arg;
};

static void
on_signal(uv_signal_t *h, int signum)
{
	struct sig *s = h->data;

	if (s == NULL)
		return;
	began(s->loop);
	s->fn(s->arg, signum);
}

struct sig *
sig_new(struct loop *l, int signum, sig_fn *fn, void *arg)
{
	struct sig *s = mem_alloc(sizeof *s);

	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	s->handle = mem_alloc(sizeof *s->handle);
	uv_signal_init(&l->uv, s->handle);
	s->handle->data = s;
	uv_signal_start(s->handle, on_signal, signum);
	return s;
}

void
sig_free(struct sig *s)
{
	if (s == NULL)
		return;
	close_handle(s->handle);
	free(s);
}

/* --- tasks -------------------------------------------------------------- */

struct task *
task_new(struct loop *l, loop_fn *fn, void *arg)
{
	struct task *t = mem_alloc(sizeof *t);

	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	return t;
}

void
task_post(struct task *t)
{
	struct loop *l = t->loop;

	if (t->posted)
		return;
	t->posted = true;
	t->prev = l->last;
	t->next = NULL;
	if (l->last != NULL)
		l->last->next = t;
	else
		l->first = t;
	l->last = t;
}

void
task_cancel(struct task *t)
{
	if (t != NULL && t->posted)
		unlink_task(t->loop, t);
}

void
task_free(struct task *t)
{
	task_cancel(t);
	free(t);
}

/* --- worker threads ----------------------------------------------------- */

struct work {
	struct loop *loop;
	uv_work_t req;
	loop_fn *run, *done, *free_arg;
	void *arg;
	bool abandoned;
};

static void
on_work(uv_work_t *req)
{
	struct work *w = req->data;

	w->run(w->arg);
}

static void
on_work_done(uv_work_t *req, int status)
{
	struct work *w = req->data;

	(void)status;
	held--;
	began(w->loop);
	if (!w->abandoned)
		w->done(w->arg);
	else if (w->free_arg != NULL)
		w->free_arg(w->arg);
	free(w);
}

struct work *
work_start(
    struct loop *l, loop_fn *run, loop_fn *done, loop_fn *free_arg, void *arg)
{
	struct work *w = mem_alloc(sizeof *w);

	*w = (struct work){ .loop = l,
		.run = run,
		.done = done,
		.free_arg = free_arg,
		.arg = arg };
	w->req.data = w;
	held++;
	uv_queue_work(&l->uv, &w->req, on_work, on_work_done);
	return w;
}

void
work_abandon(struct work *w)
{
	if (w == NULL)
		return;
	w->abandoned = true;
	uv_cancel((uv_req_t *)&w->req);
}

/* --- names -------------------------------------------------------------- */

struct resolve {
	struct loop *loop;
	uv_getaddrinfo_t req;
	resolve_fn *fn;
	void *arg;
	char host[256];
};

static void
resolve_failed(struct resolve *r, int status)
{
	char why[400];

	snprintf(why, sizeof why, "the name %s does not resolve: %s", r->host,
	    uv_strerror(status));
	r->fn(r->arg, -EHOSTUNREACH, why, NULL, 0);
}

static void
on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *list)
{
	struct resolve *r = req->data;
	struct resolve_addr addrs[RESOLVE_MAX];
	size_t n = 0;

	held--;
	began(r->loop);
	for (struct addrinfo *a = list; a != NULL && n < RESOLVE_MAX;
	     a = a->ai_next) {
		if (a->ai_addrlen > sizeof addrs[n].sa)
			continue;
		memcpy(&addrs[n].sa, a->ai_addr, a->ai_addrlen);
		addrs[n++].len = a->ai_addrlen;
	}
	if (r->fn != NULL && n == 0)
		resolve_failed(r, status != 0 ? status : UV_EAI_NODATA);
	else if (r->fn != NULL)
		r->fn(r->arg, 0, NULL, addrs, n);
	uv_freeaddrinfo(list);
	free(r);
}

struct resolve *
resolve_start(
    struct loop *l, const char *host, unsigned port, resolve_fn *fn, void *arg)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct resolve *r = mem_alloc(sizeof *r);
	char service[16];

	r->loop = l;
	r->fn = fn;
	r->arg = arg;
	r->req.data = r;
	text_clean(r->host, sizeof r->host, host, strlen(host));
	snprintf(service, sizeof service, "%u", port);
	held++;
	if (uv_getaddrinfo(
		&l->uv, &r->req, on_resolved, host, service, &hints) == 0)
		return r;
	/* Such a name cannot even be asked for. The answer still has to come
	 * later: ask for what fails without any name server being asked. */
	hints.ai_flags = AI_NUMERICHOST;
	uv_getaddrinfo(&l->uv, &r->req, on_resolved, "-", service, &hints);
	return r;
}

void
resolve_cancel(struct resolve *r)
{
	if (r == NULL)
		return;
	r->fn = NULL;
	uv_cancel((uv_req_t *)&r->req);
}

/*
 * loop - the one event loop of the program.
 *
 * libuv wrapped once: descriptors, signals, worker threads and name
 * resolution. Timers are our own, on a clock that a test can freeze and
 * advance. Everything runs on one thread, except the work function of a
 * struct work.
 *
 * Ownership: every *_new returns an object that its maker frees with the
 * matching *_free; NULL is fine, and freeing an object inside its own
 * callback is fine. A freed object never calls back again. The loop must be
 * freed last.
 */
#ifndef RM_BASE_LOOP_H
#define RM_BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct loop;
struct timer;
struct io;
struct sig;
struct work;
struct resolve;
struct task;

typedef void loop_fn(void *arg);

struct loop	*loop_new(void);
void		 loop_free(struct loop *);
/* Turn until loop_stop(); one that came before counts too. */
void		 loop_run(struct loop *);
void		 loop_stop(struct loop *);
/* One turn: waits at most max_wait_ms for something to happen. */
void		 loop_turn(struct loop *, int max_wait_ms);

/* Monotonic milliseconds of the loop's clock, constant within a turn. */
uint64_t	 loop_now(const struct loop *);
/* Milliseconds since 1970, for what a person or a log reads. It follows the
 * frozen clock too: it advances with loop_advance() only. */
int64_t		 loop_wall(const struct loop *);
/* Stop the clock (tests); timers then fire only from loop_advance(), in the
 * order in which they are due, each seeing its own due time as "now". */
void		 loop_freeze(struct loop *);
void		 loop_advance(struct loop *, uint64_t ms);

/* Called once at the end of each turn in which something ran. One hook:
 * drawing happens there. NULL removes it. */
void		 loop_at_turn_end(struct loop *, loop_fn *, void *arg);

/* What the longest turn so far cost; reading resets it. */
struct loop_stats {
	uint64_t turns;
	uint64_t max_wall_us;	/* callbacks only, not the wait */
	uint64_t max_cpu_us;	/* thread CPU */
};
void		 loop_stats(struct loop *, struct loop_stats *);

/* Timers: one-shot; start again from the callback to repeat. */
struct timer	*timer_new(struct loop *, loop_fn *, void *arg);
void		 timer_start(struct timer *, uint64_t after_ms);
void		 timer_stop(struct timer *);
bool		 timer_active(const struct timer *);
void		 timer_free(struct timer *);

/* Descriptors. The io does not own fd: free the io first, then close fd. One
 * fd has one io: dup() it for a second one. NULL is returned for what cannot
 * be polled (a file), or has an io already. Writable and readable are level
 * triggered.
 * A peer that hung up is readable: read() then says 0, or EIO on a pty, after
 * all that it sent. IO_HUP is a poll error (a reset, a pipe without a reader)
 * and is reported whatever was wanted, unless that is nothing; the io is then
 * stopped and must be freed, and what was received can still be read. */
enum { IO_READ = 1, IO_WRITE = 2, IO_HUP = 4 };
typedef void io_fn(void *arg, int events);
struct io	*io_new(struct loop *, int fd, io_fn *, void *arg);
void		 io_want(struct io *, int events);	/* 0 stops */
void		 io_free(struct io *);

/* Signals. */
typedef void sig_fn(void *arg, int signum);
struct sig	*sig_new(struct loop *, int signum, sig_fn *, void *arg);
void		 sig_free(struct sig *);

/* A task runs once soon, on the loop, within the turn's budget: tasks that
 * do not fit into 4 ms wait for the next turn, so the screen stays alive.
 * Posting a posted task is a no-op. */
struct task	*task_new(struct loop *, loop_fn *, void *arg);
void		 task_post(struct task *);
void		 task_cancel(struct task *);
void		 task_free(struct task *);

/* A job on a worker thread: run(arg) there, then done(arg) on the loop.
 * work_abandon() makes done never be called; free_arg (may be NULL) is then
 * called on the loop with arg once run has returned, so that arg outlives
 * the thread. After done the object is freed by the loop itself. Neither
 * loop_free() nor exit() waits for a run that does not return: loop_free()
 * then leaves the loop's memory to it, and exit() ends with _exit(). */
struct work	*work_start(struct loop *, loop_fn *run, loop_fn *done,
		    loop_fn *free_arg, void *arg);
void		 work_abandon(struct work *);

/* Resolve host and port without blocking. err is 0 or a negative errno-like
 * number; why is a sentence in English when err != 0. Addresses are valid
 * during the call only. resolve_cancel() drops the answer. After the answer
 * the object is freed by the loop itself. */
#define RESOLVE_MAX 16
struct resolve_addr {
	struct sockaddr_storage sa;
	socklen_t len;
};
typedef void resolve_fn(void *arg, int err, const char *why,
    const struct resolve_addr *, size_t n);
struct resolve	*resolve_start(struct loop *, const char *host,
		    unsigned port, resolve_fn *, void *arg);
void		 resolve_cancel(struct resolve *);

#endif

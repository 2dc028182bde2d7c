/*
 * sim_run - run a command on a simulated machine, on a frozen clock.
 */
#ifndef RM_TESTS_SIM_RUN_H
#define RM_TESTS_SIM_RUN_H

#include <stdbool.h>
#include <stdlib.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/loop.h"
#include "rackmux/sim/conf.h"
#include "rackmux/sim/proc.h"
#include "rackmux/sim/rack.h"
#include "../lib/test.h"

struct sim_run {
	struct buf out, err;
	int status;
	bool ended;
};

static size_t
sim_run_write(void *arg, const char *text, size_t len, bool err)
{
	struct sim_run *r = arg;

	buf_add(err ? &r->err : &r->out, text, len);
	return len;
}

static void
sim_run_ended(void *arg, int status)
{
	struct sim_run *r = arg;

	r->ended = true;
	r->status = status;
}

static const struct proc_io sim_run_io = {
	.write = sim_run_write,
	.ended = sim_run_ended,
};

static inline void
sim_run_release(struct sim_run *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
}

/* A proc whose output goes to r. */
static inline struct proc *
sim_start(struct machine *m, bool tty, proc_main *fn, struct shell_args *args,
    struct sim_run *r)
{
	buf_init(&r->out, 0);
	buf_init(&r->err, 0);
	r->ended = false;
	r->status = -1;
	return proc_new(m, tty, &sim_run_io, r, fn, args);
}

/* Let seconds pass on the frozen clock, in steps that a tick would see. */
static inline void
sim_pass(struct loop *loop, double seconds)
{
	int i, k, n = (int)(seconds * 10);

	/* A turn leaves tasks to the next one when the machine is so busy
	 * that its budget is over after the first: several for each step. */
	for (i = 0; i < n; i++) {
		loop_advance(loop, 100);
		for (k = 0; k < 8; k++)
			loop_turn(loop, 0);
	}
}

/* Run cmd until it ends, at most 30 frozen seconds. */
static inline void
sim_run(struct machine *m, const char *cmd, struct sim_run *r)
{
	struct shell_args args = { cmd };
	struct proc *p = sim_start(m, false, proc_main_shell, &args, r);
	int i;

	for (i = 0; i < 3000 && !r->ended; i++) {
		loop_turn(m->loop, 0);
		if (!r->ended)
			loop_advance(m->loop, 10);
	}
	proc_free(p);
}

/* What cmd prints on stdout; the caller's until the next call. */
static inline const char *
sim_out(struct machine *m, const char *cmd)
{
	static char *last;
	struct sim_run r;

	sim_run(m, cmd, &r);
	free(last);
	last = mem_strdup(buf_str(&r.out));
	sim_run_release(&r);
	return last;
}

static inline int
sim_status(struct machine *m, const char *cmd)
{
	struct sim_run r;

	sim_run(m, cmd, &r);
	sim_run_release(&r);
	return r.status;
}

/* A rack from text, on a frozen clock, without any socket. */
static inline struct rack *
sim_rack(struct loop *loop, const char *text)
{
	struct rack *r;
	struct buf faults, err;
	char why[128];

	loop_freeze(loop);
	r = rack_new(loop, 7);
	buf_init(&faults, 0);
	buf_init(&err, 0);
	if (conf_read_text(r, text, "test", &faults, &err) != 0)
		test_fail(__FILE__, __LINE__, "%s", buf_str(&err));
	if (rack_start(r, NULL, why, sizeof(why)) != 0)
		test_fail(__FILE__, __LINE__, "%s", why);
	buf_release(&faults);
	buf_release(&err);
	return r;
}

#endif

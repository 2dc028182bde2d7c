/*
 * sim_box - simulated Cluster Boxes of each generation, for their tests.
 */
#ifndef RM_TESTS_SIM_BOX_H
#define RM_TESTS_SIM_BOX_H

#include <string.h>

#include "rackmux/base/text.h"
#include "sim_board.h"

#define NODES \
	" nodes = ({ slot = 1; model = \"blade3\"; },\n" \
	"   { slot = 2; name = \"beta\"; }, { slot = 3; },\n" \
	"   { slot = 4; on = false; }); }"
#define BOX(name, keys) \
	"{ name = \"" name "\"; type = \"cluster-box\"; " keys NODES

static const char rack_text[] =
    "boards = (\n" BOX("v0", "generation = \"v0\";") ",\n" BOX(
	"v1", "generation = \"v1\";") ",\n" BOX("raw",
	"generation = \"v1\"; exported = false;") ",\n" BOX("user",
	"generation = \"v1\"; user = \"mixtile\";") ",\n" BOX("rawuser",
	"generation = \"v1\"; user = \"mixtile\"; exported = "
	"false;") ",\n" BOX("low",
	"generation = \"v1\"; gpio_base = 480; exported = "
	"false;") ",\n" BOX("go", "generation = \"go\";") ",\n" BOX("old",
	"generation = \"v2-old\";") ",\n" BOX("v2", "") ",\n" BOX("v2user",
	"user = \"mixtile\";") ",\n" BOX("v2new", "addresses = false;") ");\n";

static inline void
begin(const char *board)
{
	sim_begin(rack_text, board);
}

/* The answer of a command that takes a while, ticks included. */
static inline const char *
run(const char *cmd, double seconds, int *status)
{
	static char *last;
	struct shell_args args = { cmd };
	struct sim_run r;
	struct proc *p = sim_start(m, false, proc_main_shell, &args, &r);

	for (; seconds > 0 && !r.ended; seconds -= 0.1)
		sim_pass(loop, 0.1);
	CHECK(r.ended);
	if (status != NULL)
		*status = r.status;
	free(last);
	last = mem_printf("%s%s", buf_str(&r.out), buf_str(&r.err));
	proc_free(p);
	sim_run_release(&r);
	return last;
}

static inline struct sim_node *
node(int slot)
{
	return &b->nodes[slot - 1];
}

static inline void
fault(const char *target, enum fault_kind k, bool on)
{
	CHECK_INT(fault_apply(rack, target, k, on, 0), 0);
}

static inline bool
exists(const char *path)
{
	return vfs_stat(m->vfs, path, true) != VFS_NONE;
}

static struct sim_run heard;

static inline struct proc *
attach(const char *cmd, struct shell_args *args)
{
	struct proc *p;

	args->command = cmd;
	p = sim_start(m, true, proc_main_shell, args, &heard);
	sim_pass(loop, 0.3);
	return p;
}

static inline void
detach(struct proc *p)
{
	proc_free(p);
	sim_run_release(&heard);
}

#endif

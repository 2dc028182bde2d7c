/*
 * compute_blade_ctl - what the parts of bladectl share.
 */
#ifndef RM_SIM_COMPUTE_BLADE_CTL_H
#define RM_SIM_COMPUTE_BLADE_CTL_H

#include "compute_blade.h"

#define WORDS 6

struct ctl {
	struct proc *p;
	struct blade *blade;
	const char *words[WORDS];
	size_t n_words;
	const char *percent, *name, *timeout;
	bool confirm, wait, automatic, disable, all, help;
	bool no_usage; /* version goes on without it */
};

/* 0: the agent answers; else the exit status, the reason having been said. */
int	 ctl_reach(struct ctl *);
/* All that goes wrong ends in 1, with the message before and after a page of
 * usage. */
int	 ctl_fail(struct ctl *, const char *why);
/* As Go's log package writes it. */
void	 ctl_time(struct proc *, char *out, size_t size);

#endif

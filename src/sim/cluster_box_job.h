/*
 * cluster_box_job - what nodectl of v2 does to nodes, each under its lock.
 */
#ifndef RM_SIM_CLUSTER_BOX_JOB_H
#define RM_SIM_CLUSTER_BOX_JOB_H

#include "cluster_box.h"

/* nodectl's exit statuses. */
enum { CB_OK, CB_FAIL, CB_USAGE, CB_BUSY };

struct cb_opts {
	unsigned mask; /* bit: node from 1 */
	bool json, hard, force, bg, keep, bad;
	long timeout;
	const char *source;
	char **rest;
	int nrest;
};

/* One operation on one node. */
struct cb_job {
	struct proc *p; /* that runs it */
	struct cluster_box *box;
	struct cb_node *cn;
	int (*run)(struct cb_job *);
	char name[12];
	struct cb_opts o;
	bool root;
	char log[40]; /* where it speaks to, "": its output */
};

/* Operations, for run. */
int	 cb_poweron(struct cb_job *);
int	 cb_poweroff(struct cb_job *);
int	 cb_reset(struct cb_job *);
int	 cb_shutdown(struct cb_job *);
int	 cb_reboot(struct cb_job *);
int	 cb_flash(struct cb_job *);
/* On the nodes of o.mask: all at once, or one by one with a pause after
 * each; an exit status. */
int	 cb_run_beside(struct proc *, const struct cb_job *);
int	 cb_run_in_turn(struct proc *, const struct cb_job *,
	    unsigned pause_ms);
/* As --bg does: beside, in a process of its own that writes a log. */
int	 cb_run_apart(struct proc *, struct cb_job *);

#endif

/*
 * compute_blade - what the files of the Compute Blade driver share.
 */
#ifndef RM_DRIVER_COMPUTE_BLADE_H
#define RM_DRIVER_COMPUTE_BLADE_H

#include "linux.h"
#include "report.h"

/* What came of asking the agent for its metrics. */
enum cb_heard {
	CB_NEVER,	/* not asked yet */
	CB_UP,
	CB_REFUSED,	/* nobody listens */
	CB_HUNG,	/* no answer in time */
	CB_STRANGE,	/* an answer, but none of a blade's agent */
	CB_NO_CLIENT,	/* nothing on the blade can ask */
	CB_NOT_ASKED	/* the command itself was not answered */
};

/* Why bladectl does not do what it is told. */
enum cb_cause {
	CB_FINE,
	CB_NO_BLADECTL,
	CB_NO_SUDO,
	CB_SUDO_PASSWORD,
	CB_SUDO_REFUSED,
	CB_SUDO_BLIND,		/* sudo does not find it in its path */
	CB_SOCKET_NAME,		/* the broken default configuration */
	CB_DOWN,
	CB_STALE,
	CB_NO_SOCKET,		/* the agent runs, but is not there */
	CB_DENIED,
	CB_NO_CONFIG,
	CB_NO_BLADE,		/* current-blade names none */
	CB_OLD,			/* the agent does not know the call */
	CB_NO_COMMAND,		/* bladectl does not */
	CB_ELSEWHERE,		/* TCP, and nobody listens there */
	CB_CERTIFICATE,
	CB_SLOW,
	CB_OTHER,
	CB_CAUSES
};

/* How bladectl can be run. */
enum cb_mode {
	CB_MODE_UNKNOWN,
	CB_MODE_TIMED,	/* with rights and a time limit */
	CB_MODE_BARE,	/* without a limit: sudo allows bladectl only */
	CB_MODE_PLAIN	/* without rights: it can tell its release */
};

struct cb {
	struct lx lx;		/* first: a blade is a Linux node */
	struct report agent;	/* what the agent tells of the blade */
	bool defined;
	/* The agent, asked in each round. */
	enum cb_heard heard;
	bool sock;		/* its socket is there */
	bool asking;
	bool round_waits;	/* the first round ends with it */
	uint64_t asked_at;
	char why[96];		/* of CB_NOT_ASKED */
	/* bladectl, asked once a connection and when something changed. */
	bool ctl_asking, ctl_known, ctl_now;
	bool ctl_heard;		/* the agent answered to it */
	bool no_exec;		/* the link has no processes of their own */
	bool installed;		/* unit, configuration or socket of an agent */
	bool has_set, has_unset, has_remove, has_describe, has_identify;
	enum cb_mode mode;
	enum cb_cause cause;
	uint64_t ctl_at;
	char said[120];		/* of CB_OTHER */
};

extern const char cb_agent_body[], cb_ctl_body[];

/* compute_blade_agent.c: a whole answer of the agent's part, or why none. */
void	 cb_take_agent(struct cb *, char *text);
void	 cb_agent_missing(struct cb *, const char *why);
/* What agent.state is; again when bladectl told more. */
void	 cb_report_state(struct cb *);
/* NULL, or why nothing of the agent's is known. */
const char *cb_agent_why(const struct cb *);

/* compute_blade_ctl.c: a whole answer of bladectl's part, or why none. */
void	 cb_ctl_command(const struct cb *, struct buf *, unsigned limit);
void	 cb_take_ctl(struct cb *, char *text);
void	 cb_ctl_missing(struct cb *, const char *why);

/* compute_blade_cause.c: out is what bladectl or sudo said. */
enum cb_cause cb_cause_of(const char *out, long status);
/* A sentence with its remedy; NULL for CB_FINE and CB_OTHER. */
const char *cb_cause_text(enum cb_cause);

/* compute_blade_act.c */
const char *cb_can(struct drv *, int slot, enum act);
void	 cb_act(struct drv *, unsigned ticket, int slot, enum act);

#endif

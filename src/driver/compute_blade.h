/*
 * compute_blade - what the files of the Compute Blade driver share.
 */
#ifndef RM_DRIVER_COMPUTE_BLADE_H
#define RM_DRIVER_COMPUTE_BLADE_H

#include "linux.h"
#include "report.h"

/* What came of asking the agent for its metrics. */
enum blade_heard {
	BLADE_NEVER,	/* not asked yet */
	BLADE_UP,
	BLADE_REFUSED,	/* nobody listens */
	BLADE_HUNG,	/* no answer in time */
	BLADE_STRANGE,	/* an answer, but none of a blade's agent */
	BLADE_NO_CLIENT, /* nothing on the blade can ask */
	BLADE_NOT_ASKED	/* the command itself was not answered */
};

/* Why bladectl does not do what it is told. */
enum blade_cause {
	BLADE_FINE,
	BLADE_NO_BLADECTL,
	BLADE_NO_SUDO,
	BLADE_SUDO_PASSWORD,
	BLADE_SUDO_REFUSED,
	BLADE_SUDO_BLIND,	/* sudo does not find it in its path */
	BLADE_SOCKET_NAME,	/* the broken default configuration */
	BLADE_DOWN,
	BLADE_STALE,
	BLADE_NO_SOCKET,	/* the agent runs, but is not there */
	BLADE_DENIED,
	BLADE_NO_CONFIG,
	BLADE_NO_BLADE,		/* current-blade names none */
	BLADE_OLD,			/* the agent does not know the call */
	BLADE_NO_COMMAND,	/* bladectl does not */
	BLADE_ELSEWHERE,	/* TCP, and nobody listens there */
	BLADE_CERTIFICATE,
	BLADE_SLOW,
	BLADE_OTHER,
	BLADE_CAUSES
};

/* How bladectl can be run. */
enum blade_mode {
	BLADE_MODE_UNKNOWN,
	BLADE_MODE_TIMED,	/* with rights and a time limit */
	BLADE_MODE_BARE,	/* without a limit: sudo allows bladectl only */
	BLADE_MODE_PLAIN	/* without rights: it can tell its release */
};

struct blade {
	struct lx lx;		/* first: a blade is a Linux node */
	struct report agent;	/* what the agent tells of the blade */
	bool defined;
	/* The agent, asked in each round. */
	enum blade_heard heard;
	bool sock;		/* its socket is there */
	bool missed;		/* once, which may be its load */
	bool asking;
	bool round_waits;	/* the first round ends with it */
	uint64_t asked_at;
	char why[96];		/* of BLADE_NOT_ASKED */
	/* bladectl, asked once a connection and when something changed. */
	bool ctl_asking, ctl_known, ctl_now;
	bool ctl_heard;		/* the agent answered to it */
	bool no_exec;		/* the link has no processes of their own */
	/* Unit, configuration or socket of an agent is there, under the name
	 * that all have had since 0.6.6, or under the one before. */
	bool installed, installed_old;
	bool has_set, has_unset, has_remove, has_describe, has_identify;
	enum blade_mode mode;
	enum blade_cause cause;
	uint64_t ctl_at;
	char said[120];		/* of BLADE_OTHER */
};

extern const char blade_agent_body[], blade_ctl_body[];

/* compute_blade_agent.c: a whole answer of the agent's part, or why none. */
void	 blade_take_agent(struct blade *, char *text);
void	 blade_agent_missing(struct blade *, const char *why);
/* What agent.state is; again when bladectl told more. */
void	 blade_report_state(struct blade *);
/* NULL, or why nothing of the agent's is known. */
const char *blade_agent_why(const struct blade *);

/* compute_blade_ctl.c: a whole answer of bladectl's part, or why none. */
void	 blade_ctl_command(const struct blade *, struct buf *, unsigned limit);
void	 blade_take_ctl(struct blade *, char *text);
void	 blade_ctl_missing(struct blade *, const char *why);

/* compute_blade_cause.c: out is what bladectl or sudo said. */
enum blade_cause blade_cause_of(const char *out, long status);
/* A sentence with its remedy; NULL for BLADE_FINE and BLADE_OTHER. */
const char *blade_cause_text(const struct blade *, enum blade_cause);

/* compute_blade_act.c */
const char *blade_can(struct drv *, int slot, enum act);
void	 blade_act(struct drv *, unsigned ticket, int slot, enum act);

#endif

/*
 * compute_blade - what the parts of the simulated Compute Blade share.
 */
#ifndef RM_SIM_COMPUTE_BLADE_H
#define RM_SIM_COMPUTE_BLADE_H

#include "rackmux/sim/personality.h"
#include "rackmux/sim/rack.h"

/* bladectl's commands by generation. */
enum blade_ctl {
	CTL_FIRST,	/* identify, fan set-percent; no configuration */
	CTL_VERBS,	/* set, unset; get is there but empty */
	CTL_STATUS	/* get works, several blades */
};

struct blade_release {
	const char *version, *commit, *built;
	enum blade_ctl ctl;
	bool get_status;	/* the agent answers GetStatus */
	bool version_asks;	/* bladectl version asks the agents too */
	char all;		/* short flag for all blades, or '\0' */
	bool bad_server;	/* writes its socket without unix:// */
	bool misspelt;		/* computeblade_compute_modul_present */
	const char *unit, *socket;
};

enum agent { AGENT_AWAY, AGENT_STOPPED, AGENT_UP, AGENT_CRASHING };

struct blade {
	struct sim_node *n;
	const struct blade_release *agent, *ctl;
	bool config_fixed, poe_plus;
	bool sudo_ctl_only;	/* sudo asks for a password for all else */
	enum agent state;	/* AGENT_AWAY: the blade is down */
	uint64_t curve_at;	/* loop ms of its next look at the curve */
	uint64_t retry_at;	/* of systemd's next try */
	bool identify, stealth;
	int override;		/* of the fan; -1: none */
	int duty;		/* on the PWM pin; -1: no signal */
	bool asked;		/* GetStatus was called */
	bool inf;		/* the fan's gauge is +Inf for ever */
	double soc_gauge, rpm_gauge, airflow;
	int target_gauge;
	unsigned edges, buttons, identifies, confirms, colours;
	double rpm;		/* of the fan unit; of a left blade only */
};

struct blade *blade_of(struct sim_node *);

/* --- the agent (compute_blade_agent.c) --- */
void	 agent_start(struct blade *);
void	 agent_stop(struct blade *);	/* in order */
void	 agent_kill(struct blade *);
void	 agent_tick(struct blade *, uint64_t now);
bool	 agent_hung(const struct blade *);
void	 agent_identify(struct blade *, bool on);
void	 agent_button(struct blade *);
void	 agent_set_fan(struct blade *, int percent);	/* -1: automatic */
int	 agent_percent(const struct blade *);	/* what it wants now */
int	 agent_rpm(const struct blade *);	/* what GetStatus says */
/* A fan unit cools the blades of slots 2k-1, on its port A, and 2k. */
void	 fan_unit_tick(struct sim_board *, double dt);
double	 fan_unit_rpm(struct sim_node *);
bool	 fan_unit_is_smart(const struct sim_board *);

/* --- its commands --- */
int	 cmd_bladectl(struct proc *, int argc, char **argv);
int	 blade_http(struct proc *, const struct http_ask *, struct buf *body);
extern const struct command compute_blade_commands[];
/* A box of cells, row by row, the first being the head. */
void	 blade_table(struct proc *, const char *const *cells, size_t columns,
	    size_t rows);

#endif

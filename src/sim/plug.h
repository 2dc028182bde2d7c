/*
 * plug - what simulated plugs share that a host reaches by HTTP.
 */
#ifndef RM_SIM_PLUG_H
#define RM_SIM_PLUG_H

#include "linux_host.h"
#include "ports.h"

struct sim_keys;

struct plug {
	struct ports ports;	/* first */
	struct sim_node *machine_host;
	char host[64];		/* the plug's address */
	char password[64];	/* "": none is asked for */
	int gen;		/* of a Shelly, or of Tasmota */
	bool meter;
	double total;		/* kWh */
};

static inline struct plug *
plug_of(struct proc *p)
{
	return linux_host_board(p)->state;
}

extern const struct command plug_web_commands[];

/* Hooks. */
void	 plug_read(struct sim_board *, struct sim_keys *);
void	 plug_init(struct sim_board *, const struct command *, http_fn *);
void	 plug_tick(struct sim_board *, double dt);
void	 plug_down(struct sim_board *);
void	 plug_up(struct sim_board *);
void	 plug_release(struct sim_board *);

/* 0 when ask can reach the plug, else the error, after its time. */
int	 plug_reach(struct proc *, const struct http_ask *);
/* A parameter of the query, decoded; false when it is not there. */
bool	 plug_query(const char *path, const char *key, char *out,
	    size_t size);
double	 plug_watts(const struct plug *);

#define PLUG_VOLTS 231.4

#endif

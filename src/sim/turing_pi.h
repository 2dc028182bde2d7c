/*
 * turing_pi - what the parts of the simulated Turing Pi share.
 */
#ifndef RM_SIM_TURING_PI_H
#define RM_SIM_TURING_PI_H

#include "rackmux/sim/rack.h"

static inline struct sim_board *
tp_board(struct proc *p)
{
	return proc_machine(p)->board;
}

void	 turing_pi_sysfs(struct sim_board *);
extern const struct command turing_pi_commands[];

/* bmcd's answer to a query ("opt=get&type=power"): the HTTP status, or -1
 * when it is down. May sleep, as bmcd does. */
int	 bmcd_api(struct proc *, const char *query, struct buf *body);
/* The body of a POST to node_info. */
int	 bmcd_store_info(struct sim_board *, const char *data,
	    struct buf *body);
/* What bmcd believes: "1", "0" or "Unknown". */
const char *bmcd_power(const struct sim_board *, int node);
/* A parameter of a query, decoded; false when it is not there. */
bool	 query_get(const char *query, const char *name, char *out,
	    size_t size);
void	 json_escape(struct buf *, const char *, size_t len);

/* Flashing (turing_pi_flash.c). */
bool	 flash_start(struct sim_board *, int node, uint64_t size);
void	 flash_cancel(struct sim_board *);
void	 flash_tick(struct sim_board *, double dt);
void	 flash_status(const struct sim_board *, struct buf *body);

/* Commands by file. */
int	 cmd_tpi(struct proc *, int argc, char **argv);
tcp_fn turing_pi_tcp;
/* bmcd ends: all its connections are reset; a node's WebSockets, or all of
 * them, are closed. */
void	 turing_pi_web_reset(struct sim_board *);
void	 turing_pi_web_drop(struct sim_board *, const struct sim_node *);
int	 turing_pi_http(struct proc *, const struct http_ask *, struct buf *);
int	 cmd_picocom(struct proc *, int argc, char **argv);
int	 cmd_node_console(struct proc *, int argc, char **argv);
/* /dev/ttySn of a node from 0. */
int	 tp_tty_of_node(const struct sim_board *, int node);
int	 tp_node_of_tty(const struct sim_board *, int tty);

#endif

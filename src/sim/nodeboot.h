/*
 * nodeboot - what is typed at a node's console, by how far it has booted, and
 * what it says out of turn.
 */
#ifndef RM_SIM_NODEBOOT_H
#define RM_SIM_NODEBOOT_H

#include "rackmux/sim/rack.h"

/* What came on its receive line; a key after a BREAK. */
void	 node_typed(struct sim_node *, const char *, size_t len);
void	 node_sysrq(struct sim_node *, char key);
/* A line of the kernel's, with its time, if the kernel runs. */
void	 node_printk(struct sim_node *, const char *text);
/* What a fault of the console makes it say, or do. */
void	 node_console_fault(struct sim_node *, enum fault_kind, bool on);

/* Its loader's prompt. */
void	 uboot_prompt(struct sim_node *);
void	 uboot_typed(struct sim_node *, const char *, size_t len);

/* What it says by itself (talk.c). A tick must be due every 100 ms. */
void	 talk_tick(struct sim_node *);
void	 talk_typed(struct sim_node *);
void	 talk_release(struct sim_node *);
/* It has no getty, but prints a pattern. */
bool	 talk_is_pattern(const struct sim_node *);

/* sulogin and a root shell; returns when it is told to boot on. */
proc_main proc_main_rescue;

#endif

/*
 * nodeboot_text - what a node's serial line says while it boots, stops and
 * panics.
 */
#ifndef RM_SIM_NODEBOOT_TEXT_H
#define RM_SIM_NODEBOOT_TEXT_H

#include "rackmux/sim/rack.h"

/* In text, @M stands for the model, @K its kernel, @H the host's name, @O its
 * system, @I its interface, @T the time since it booted, as the kernel prints
 * it, @[ and @] for what systemd colours green, @{ for red. */
struct boot_line {
	unsigned ms;		/* after the stage began */
	const char *text;	/* NULL ends */
};

/* NULL: it says nothing in that stage. */
const struct boot_line *boot_text(const struct sim_node *, enum stage);
/* The end of a shutdown. */
const struct boot_line *boot_farewell(bool reboots);
void	 boot_expand(const struct sim_node *, const char *text, struct buf *);
/* Ctrl-C stops its loader. */
bool	 boot_has_prompt(const struct sim_node *);

/* By family (boot_loader.c, boot_kernel.c). */
extern const struct boot_line boot_pi_loader[], boot_rk_loader[],
    boot_blade_loader[], boot_pi_maskrom[], boot_rk_maskrom[],
    boot_pi_kernel[], boot_rk_kernel[];

#endif

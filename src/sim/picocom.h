/*
 * picocom - the terminal program that boards' controllers have, on any serial
 * device of the machine's.
 */
#ifndef RM_SIM_PICOCOM_H
#define RM_SIM_PICOCOM_H

#include "rackmux/sim/proc.h"

struct device;

/* Its settings, as it prints them before it opens the port. */
void	 picocom_greet(struct proc *, const char *path, const char *baud);
/* From "Terminal ready" until it is left with C-a C-x or C-a C-q, or the
 * device is pulled. */
void	 picocom_session(struct proc *, struct device *, const char *baud,
	    bool quiet);
/* As a command: nothing locks the port. */
int	 cmd_device_picocom(struct proc *, int argc, char **argv);

#endif

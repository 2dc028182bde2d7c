/*
 * i2c_tools - the command line of i2cget and i2cset.
 */
#ifndef RM_SIM_I2C_TOOLS_H
#define RM_SIM_I2C_TOOLS_H

#include <stdbool.h>

#include "rackmux/sim/proc.h"

/* The bus of a Raspberry Pi's header, the only one there is. */
#define I2C_BUS 1

struct i2c {
	long bus, addr, reg, value;
	long mask;		/* of the bits that are set */
	bool word, force;
};

/* 0, or the exit status, when it was told what is wrong. */
int	 i2cget_parse(struct proc *, struct i2c *, int argc, char **argv);
int	 i2cset_parse(struct proc *, struct i2c *, int argc, char **argv);
/* No chip answers at that address: the exit statuses. */
int	 i2cget_nobody(struct proc *);
int	 i2cset_nobody(struct proc *);

#endif

/*
 * conf - RACK.cfg: what the simulated rack is made of.
 */
#ifndef RM_SIM_CONF_H
#define RM_SIM_CONF_H

#include <stddef.h>

#include "rackmux/base/buf.h"
#include "rackmux/sim/rack.h"

/* Add the file's boards to the rack, and its faults, one a line, to faults.
 * All mistakes go to err, "file:line: message" each on a line of its own.
 * Returns how many there were. */
int	 conf_read(struct rack *, const char *path, struct buf *faults,
	    struct buf *err);
/* The same from text; name stands for the file in messages. */
int	 conf_read_text(struct rack *, const char *text, const char *name,
	    struct buf *faults, struct buf *err);

#endif

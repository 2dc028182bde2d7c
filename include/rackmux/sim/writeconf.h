/*
 * writeconf - the rackmux configuration that reaches the simulated rack.
 */
#ifndef RM_SIM_WRITECONF_H
#define RM_SIM_WRITECONF_H

#include <stddef.h>

#include "rackmux/sim/rack.h"
#include "rackmux/sim/sshd.h"

/* Key and known_hosts beside path (path.key, path.known_hosts), then the
 * configuration itself, by rename. path is absolute. */
int	 writeconf(struct rack *, struct sshd *, const char *path, char *err,
	    size_t size);

#endif

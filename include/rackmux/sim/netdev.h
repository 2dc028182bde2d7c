/*
 * netdev - what /sys/class/net/NAME says, the same on every Linux machine.
 */
#ifndef RM_SIM_NETDEV_H
#define RM_SIM_NETDEV_H

#include <stdbool.h>

#include "rackmux/base/buf.h"

struct netdev {
	bool up;
	const char *down; /* its operstate without a link */
	double rx, tx; /* bytes */
};

/* The last part of path names the file. -ENOENT for one that is not here. */
int netdev_read(const struct netdev *, const char *path, struct buf *out);
/* A vfs_read_fn: a file that is there and says "Invalid argument", as carrier
 * and speed do while the interface is down. */
int netdev_read_fails(void *arg, const char *path, struct buf *out);

#endif

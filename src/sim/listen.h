/*
 * listen - a TCP port on loopback that can be in any state that a port of a
 * real machine can be in.
 */
#ifndef RM_SIM_LISTEN_H
#define RM_SIM_LISTEN_H

#include <stddef.h>

#include "rackmux/base/loop.h"

enum listen_mode {
	LISTEN_OPEN,
	LISTEN_REFUSED,	/* a connect is answered by a reset */
	LISTEN_DARK,	/* a connect is not answered at all */
};

struct listener;
typedef void listen_fn(void *arg, int fd);	/* fd is the callee's */

/* port 0: any. NULL with err. */
struct listener	*listen_new(struct loop *, unsigned port, listen_fn *,
		    void *arg, char *err, size_t size);
void		 listen_free(struct listener *);
unsigned	 listen_port(const struct listener *);
void		 listen_set(struct listener *, enum listen_mode);
/* Close fd so that the peer sees a reset. */
void		 listen_reset(int fd);

#endif

/*
 * ssh_hop - an SSH transport as its own jump hosts start it.
 */
#ifndef RM_LINK_SSH_HOP_H
#define RM_LINK_SSH_HOP_H

#include "rackmux/link/transport.h"

/* As ssh_transport.start, but through the jump hosts of via (NULL: as ssh's
 * configuration of this host says), of which depth are behind us. */
struct transport *ssh_hop_start(struct link_pool *,
	    const struct link_config *, const struct url *, const char *via,
	    unsigned depth, const struct transport_sink *, void *arg);

#endif

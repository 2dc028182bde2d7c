/*
 * ssh_stream - the channels of one session as streams.
 *
 * The transport steps them after libssh has handled what arrived; all sinks
 * are called from there, none from inside libssh.
 */
#ifndef RM_LINK_SSH_STREAM_H
#define RM_LINK_SSH_STREAM_H

#include "rackmux/link/transport.h"

#include "ssh_lib.h"

/* OpenSSH allows ten sessions on a connection; what a client leaves running
 * keeps its place. Forwarded ports are not counted there, nor here. */
#define SSH_CHANNELS 8

struct ssh_stream;

struct ssh_streams {
	struct sess *sess;	/* NULL: not up */
	struct ssh_stream *first;
	loop_fn *wake;		/* asks for a step, soon */
	void *arg;
	unsigned round;
	bool changed;		/* the list, during a step */
};

/* NULL and *err. */
struct stream *ssh_stream_open(struct ssh_streams *,
	    const struct stream_request *, const struct stream_sink *,
	    void *arg, int *err);
/* Move everything that can be moved. */
void	 ssh_streams_step(struct ssh_streams *);
/* The session is over: every stream hears it, once, and is left to its
 * owner. */
void	 ssh_streams_end(struct ssh_streams *, const char *why);

#endif

/*
 * sshd - the simulated machines' SSH servers, all in one process.
 *
 * Each endpoint listens on a loopback port of its own. What runs in a session
 * is a struct proc on the endpoint's machine. Endpoints are freed before
 * their sshd.
 */
#ifndef RM_SIM_SSHD_H
#define RM_SIM_SSHD_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"
#include "rackmux/sim/proc.h"

struct sshd;
struct endpoint;

/* NULL with err when keys cannot be made. */
struct sshd	*sshd_new(struct loop *, char *err, size_t size);
void		 sshd_free(struct sshd *);
/* The key that all endpoints let in; written to path, mode 0600, and its
 * public half to path.pub. */
int		 sshd_write_key(struct sshd *, const char *path, char *err,
		    size_t size);

struct endpoint_options {
	struct machine *machine;
	unsigned port;		/* 0: any */
	bool kbdint;		/* offers keyboard-interactive, not password */
	bool two_step;		/* key, then password */
};
struct endpoint	*endpoint_new(struct sshd *, const struct endpoint_options *,
		    char *err, size_t size);
void		 endpoint_free(struct endpoint *);
unsigned	 endpoint_port(const struct endpoint *);
/* "ssh-ed25519 AAAA...", as in known_hosts. */
const char	*endpoint_key(const struct endpoint *);
size_t		 endpoint_sessions(const struct endpoint *);

enum endpoint_mode {
	ENDPOINT_UP,
	ENDPOINT_REFUSED,	/* nobody listens; sessions are reset */
	ENDPOINT_DARK,		/* nothing answers, not even TCP */
	ENDPOINT_STALLED,	/* TCP answers, nothing else does */
	ENDPOINT_NO_BANNER,	/* as that, for new connections only */
};
void		 endpoint_set(struct endpoint *, enum endpoint_mode);
/* Reset all sessions: the machine has lost its state. */
void		 endpoint_reset(struct endpoint *);
/* End all sessions in good order, as a shutdown does. */
void		 endpoint_close(struct endpoint *);
/* From the next connection on: another host key, or the first one again. */
int		 endpoint_change_key(struct endpoint *, bool changed);
struct endpoint_trouble {
	bool refuse_auth;
	double garbage;		/* share of writes that are hurt, 0..1 */
	unsigned slow_ms;	/* delay before output goes out */
	unsigned flood_kbps;	/* printed into every channel */
};
void		 endpoint_trouble(struct endpoint *,
		    const struct endpoint_trouble *);

#endif

/*
 * ssh_trust - whether a host is who it should be.
 */
#ifndef RM_LINK_SSH_TRUST_H
#define RM_LINK_SSH_TRUST_H

#include "rackmux/link/hostkeys.h"
#include "rackmux/link/pool.h"
#include "rackmux/link/sshconfig.h"

struct trust {
	struct link_pool *pool;
	const struct sshconfig *conf;
	const char *known_hosts;	/* the only file; NULL: as conf says */
	bool interactive;

	/* What trust_check() fills; released by trust_release(). */
	struct link_ask ask;
	char text[1600];	/* for the operator, with a remedy */
	char *title, *question;
};

enum trust_verdict { TRUST_YES, TRUST_ASK, TRUST_NO };

/* The host key algorithms to offer, those of known keys first. */
void	 trust_order(const struct trust *, char *out, size_t size);
/* A key that the operator has accepted since it was asked about is added to
 * the file of known hosts here. */
enum trust_verdict trust_check(struct trust *, const struct hostkey *);
void	 trust_release(struct trust *);

#endif

/*
 * sshd_in - what the parts of the SSH server share: endpoints (endpoint.c),
 * what is printed and waits (outq.c), and libssh (sshd.c).
 */
#ifndef RM_SIM_SSHD_IN_H
#define RM_SIM_SSHD_IN_H

#include "rackmux/base/buf.h"
#include "rackmux/sim/sshd.h"

#define KEYS_MAX 64

/* A host key and the libssh object that carries it; counted. */
struct host_key;
struct host_key	*host_key_new(void);
struct host_key	*host_key_use(struct host_key *);
struct ssh_bind_struct *host_key_bind(struct host_key *);
void		 host_key_drop(struct host_key *);
const char	*host_key_text(const struct host_key *);

struct ssh_key_struct;
struct sshd {
	struct loop *loop;
	struct ssh_key_struct *client;
	struct host_key *keys[KEYS_MAX];
	size_t n_endpoints;
};

struct session;
struct endpoint {
	struct sshd *sshd;
	struct endpoint_options o;
	struct listener *listener;
	struct host_key *key, *other_key;
	enum endpoint_mode mode;
	struct endpoint_trouble trouble;
	struct session *sessions;
	size_t n_sessions;
	struct timer *flood;
};

/* Serve a connection; fd is taken over. */
void		 session_new(struct endpoint *, struct host_key *, int fd);
void		 session_free(struct session *, bool reset);
struct session	*session_next(struct session *);
/* The endpoint's mode has changed: look again. */
void		 session_wake(struct session *, bool unmute);
/* Print len bytes of noise into each of its channels. */
void		 session_flood(struct session *, size_t len);

/* What a program printed and the peer has not taken yet. */
struct outq {
	struct buf out, err;
	uint64_t hold_until;	/* loop ms */
	bool full;		/* the program waits for room */
};
void		 outq_release(struct outq *);
/* Bytes taken; the endpoint's troubles are done to them. */
size_t		 outq_add(struct outq *, const struct endpoint *,
		    const char *, size_t len, bool err);
void		 outq_flood(struct outq *, size_t len);
bool		 outq_has_room(const struct outq *);
/* Add text as a bad line delivers it. */
void		 outq_garble(struct buf *, const char *, size_t len);
extern const char outq_noise[];	/* a line of a flood */

#endif

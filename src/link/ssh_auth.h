/*
 * ssh_auth - proving who we are: which methods, in which order, with what.
 *
 * At most five attempts, because servers end the connection at six, and a
 * board may lock us out.
 */
#ifndef RM_LINK_SSH_AUTH_H
#define RM_LINK_SSH_AUTH_H

#include "rackmux/link/pool.h"
#include "rackmux/link/sshconfig.h"

#include "ssh_lib.h"

struct auth;

/* All is borrowed and must outlive the auth. */
struct auth_options {
	struct link_pool *pool;
	const struct sshconfig *conf;
	const char *identity;		/* may be NULL */
	const char *password_cmd;	/* may be NULL */
	bool interactive;
};

struct auth_sink {
	loop_fn *wake;		/* call auth_step() again */
	void (*on_ask)(void *arg, const struct link_ask *);
};

enum auth_result {
	AUTH_AGAIN,	/* waits for the peer */
	AUTH_BUSY,	/* waits for something else: wake will come. The session
			 * may be in use by a thread: leave it alone */
	AUTH_OK,
	AUTH_ASKING,	/* asked the operator: disconnect, and come again */
	AUTH_FAILED,	/* see auth_text() */
};

struct auth *auth_new(const struct auth_options *, const struct auth_sink *,
	    void *arg);
void	 auth_free(struct auth *);
/* Look for keys; wake comes when it is done, auth_ready() then. */
void	 auth_prepare(struct auth *);
bool	 auth_ready(const struct auth *);
enum auth_result auth_step(struct auth *, struct sess *);
/* A thread has the session, which must not be touched nor freed. */
bool	 auth_holds(const struct auth *);
/* Free the session for us when the thread is done with it. */
void	 auth_bequeath(struct auth *, struct sess *);
/* A person is thinking, or a command of the operator's runs. */
bool	 auth_patient(const struct auth *);
/* The session ended: true when that is the server's verdict on us, and not
 * an accident; auth_text() then says so. */
bool	 auth_ended(struct auth *, struct sess *);
const char *auth_text(struct auth *);

#endif

/*
 * ssh_keys - key files, read once, on a worker thread.
 *
 * Undoing the passphrase of a key takes 150 ms of arithmetic, and 256 boards
 * share one key. A key file that changes is read again; the keys of the old
 * one live on until the pool goes, since a session may be using them.
 */
#ifndef RM_LINK_SSH_KEYS_H
#define RM_LINK_SSH_KEYS_H

#include "rackmux/link/pool.h"

#include "ssh_lib.h"

struct keyfile {
	char *path;
	struct key *secret;	/* NULL: see state */
	struct key *public;	/* NULL when it cannot be known */
	enum key_state state;
};

/* What outlives the jump hosts' sessions is made before them. */
void	 keys_init(struct link_pool *);

struct key_wait;
typedef void key_fn(void *arg, const struct keyfile *);

/* The answer comes later, once; the keyfile lives as long as the pool. With
 * a passphrase an encrypted key is tried with it. */
struct key_wait *keys_get(struct link_pool *, const char *path,
	    const char *passphrase, key_fn *, void *arg);
void	 keys_cancel(struct key_wait *);

#endif

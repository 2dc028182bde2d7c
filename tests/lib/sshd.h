/*
 * sshd - Debian's SSH servers, started for a test on 127.0.0.1.
 *
 * They come from $RM_DAEMONS (tests/tools/fetch-daemons.sh), default
 * build/daemons. Their only user is a made-up one ("tester", password
 * "sesame"), in whom they believe by way of libnss-wrapper; it has our uid, or
 * as root one of its own, since sshd wants more of a machine than a test
 * should touch when it runs as root.
 */
#ifndef RM_TESTS_SSHD_H
#define RM_TESTS_SSHD_H

#include <stdbool.h>
#include <sys/types.h>

struct sshd {
	pid_t pid;
	unsigned port;
	char user[64];
	char dir[256];		/* its own files */
	char url[256];		/* ssh://user@127.0.0.1:port */
};

/* Start one. key is the public key file that may log in (NULL: none);
 * options are more lines for sshd_config (may be NULL). It listens when this
 * returns; ends the test when it does not. */
void	 sshd_start(struct sshd *, const char *key, const char *options);
/* The same with Dropbear; no options. */
void	 dropbear_start(struct sshd *, const char *key);
/* Stop it and all that it started in the middle of things; go on. */
void	 sshd_pause(struct sshd *, bool pause);
/* Break all its connections; it goes on listening. */
void	 sshd_drop(struct sshd *);
/* End it, and all that it started, at once. */
void	 sshd_kill(struct sshd *);
void	 sshd_stop(struct sshd *);	/* and remove its files */
/* Write its host key into a known_hosts file (appending). */
void	 sshd_known(const struct sshd *, const char *file);

/* Make a key pair with ssh-keygen: PATH and PATH.pub. */
void	 make_key(const char *path, const char *type, const char *passphrase);
/* Run a program to its end; its exit status. */
int	 run_program(const char *const *argv);

#endif

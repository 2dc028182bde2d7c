/*
 * sshconfig - what ~/.ssh/config says about a host, as ssh itself sees it.
 *
 * "ssh -G" is asked, in the background, because nothing else has its exact
 * semantics (Match, Include, tokens, canonical names); the answer is kept
 * while the files do not change. Without an ssh program its defaults hold.
 */
#ifndef RM_LINK_SSHCONFIG_H
#define RM_LINK_SSHCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"

#define SSHCONFIG_FILES 16

enum sshconfig_strict { STRICT_ASK, STRICT_YES, STRICT_NEW, STRICT_NO };

struct sshconfig {
	char *hostname;
	unsigned port;
	char *user;
	char *identity[SSHCONFIG_FILES];	/* paths, "~" resolved */
	size_t n_identity;
	char *user_hosts[SSHCONFIG_FILES];
	size_t n_user_hosts;
	char *global_hosts[SSHCONFIG_FILES];
	size_t n_global_hosts;
	char *agent;		/* socket; NULL: none */
	char *alias;		/* HostKeyAlias, or NULL */
	char *jump;		/* ProxyJump, or NULL */
	char *proxy;		/* ProxyCommand with tokens, or NULL */
	char *preferred;	/* PreferredAuthentications, or NULL */
	enum sshconfig_strict strict;
	unsigned connect_ms;	/* 0: not said */
	int family;		/* AF_UNSPEC, AF_INET, AF_INET6 */
	bool identities_only, hash;
};

/* What to ask for. user may be NULL, port 0; file NULL: as ssh finds it,
 * "none": no file at all. */
struct sshconfig_query {
	const char *host;
	const char *user;
	unsigned port;
	const char *file;
};

struct sshconfigs;
struct sshconfig_wait;

/* c is valid during the call; NULL with a reason when ssh refused. */
typedef void sshconfig_fn(void *arg, const struct sshconfig *c,
    const char *why);

struct sshconfigs *sshconfigs_new(struct loop *);
void	 sshconfigs_free(struct sshconfigs *);
/* The answer comes later, never from within the call; the object is then
 * gone. */
struct sshconfig_wait *sshconfig_get(struct sshconfigs *,
	    const struct sshconfig_query *, sshconfig_fn *, void *arg);
/* The answer is not wanted any more. NULL is fine. */
void	 sshconfig_cancel(struct sshconfig_wait *);

/* The operator's home folder: $HOME, else that of the account. */
const char *sshconfig_home(void);
void	 sshconfig_defaults(struct sshconfig *, const struct sshconfig_query *);
/* Read the output of "ssh -G", in place; what it lacks keeps its value. */
void	 sshconfig_parse(struct sshconfig *, char *text);
void	 sshconfig_copy(struct sshconfig *, const struct sshconfig *);
void	 sshconfig_release(struct sshconfig *);
/* Replace %h %p %r %n %d %u %%; fresh memory. */
char	*sshconfig_expand(const struct sshconfig *, const char *text,
	    const char *host);

#endif

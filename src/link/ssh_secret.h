/*
 * ssh_secret - a password from a command of the operator's ("pass show x").
 */
#ifndef RM_LINK_SSH_SECRET_H
#define RM_LINK_SSH_SECRET_H

#include "rackmux/base/loop.h"

struct secret;

/* The first line that the command printed, or NULL and why not; it is wiped
 * after the call. */
typedef void secret_fn(void *arg, const char *text, const char *why);

/* The command runs in sh. The answer comes later, once. */
struct secret *secret_get(struct loop *, const char *cmd, secret_fn *,
	    void *arg);
void	 secret_cancel(struct secret *);

#endif

/*
 * passcmd - the first line that a password command prints.
 */
#ifndef RM_LINK_PASSCMD_H
#define RM_LINK_PASSCMD_H

#include "rackmux/base/loop.h"

struct passcmd;
/* password is NULL, and why a sentence, when there is none. Called once; the
 * passcmd may be freed in it. The text is wiped afterwards. */
typedef void passcmd_fn(void *arg, const char *password, const char *why);

/* Never NULL; fn is called later. 30 s are allowed, as it may ask for a
 * touch of a token. */
struct passcmd	*passcmd_start(struct loop *, const char *cmd, passcmd_fn *,
		    void *arg);
void		 passcmd_free(struct passcmd *);	/* silent */

#endif

/*
 * watch - told at once when a file or folder changes (inotify).
 *
 * The path need not exist: the nearest folder above it that does is watched,
 * so a file saved by rename and a device that comes back are both seen.
 */
#ifndef RM_BASE_WATCH_H
#define RM_BASE_WATCH_H

#include "rackmux/base/loop.h"

struct watch;

/* Called for every burst of changes at or directly below path. */
struct watch	*watch_new(struct loop *, const char *path, loop_fn *,
		    void *arg);
void		 watch_free(struct watch *);

#endif

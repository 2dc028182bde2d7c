/*
 * reach - the bytes of a console, by whatever way leads to it.
 *
 * Opens one way (driver/way.h) over one link and gives the console's own
 * bytes: banners, framing and goodbyes of the programs on the way are taken
 * off. It does not try again by itself; console.c does.
 *
 * Ownership: reach_open() copies the way and borrows the link, which must
 * outlive it. No callback comes from within reach_open(), nor after
 * reach_free(); on_close comes at most once, and freeing in it is fine.
 */
#ifndef RM_CONSOLE_REACH_H
#define RM_CONSOLE_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"
#include "rackmux/driver/way.h"
#include "rackmux/link/link.h"

enum reach_end {
	REACH_ENDED,		/* the program, or the far side, ended it */
	REACH_LOST,		/* the link went */
	REACH_HELD,		/* another program has the line; why says which,
				 * with its pid where that can be known */
	REACH_REFUSED,		/* it cannot be opened; why says what to do */
};

struct reach_sink {
	/* The console is open: what comes now is its own. */
	void (*on_open)(void *arg);
	/* Bytes of the console. Returns how many were taken: the rest is held
	 * back until reach_resume(). */
	size_t (*on_data)(void *arg, const char *, size_t len);
	/* Bytes that cannot be had any more (a ring that wrapped between two
	 * questions): at least so many, 0 when it is not known how many. */
	void (*on_lost)(void *arg, unsigned long long bytes);
	void (*on_close)(void *arg, enum reach_end, const char *why);
};

struct reach;

/* Never NULL: what cannot be opened closes from the loop. */
struct reach	*reach_open(struct loop *, struct link *, const struct way *,
		    int rows, int cols, const struct reach_sink *, void *arg);
/* Ends the far side's program politely if there is one. */
void		 reach_free(struct reach *);
/* 0, -ENOBUFS when the queue is full (nothing was taken), -EPIPE when closed,
 * -ENOTSUP when nothing can be typed this way. */
int		 reach_write(struct reach *, const char *, size_t len);
int		 reach_break(struct reach *);	/* -ENOTSUP where it cannot */
void		 reach_resize(struct reach *, int rows, int cols);
void		 reach_resume(struct reach *);

#endif

/*
 * tty - the terminal's descriptors: modes, size, and output that never
 * blocks the loop.
 *
 * What is written waits in a queue when the terminal does not take it (a
 * stalled SSH session). The modes and the screen are restored by tty_free(),
 * and from a crash too, once tty_guard() was told how.
 */
#ifndef RM_UI_TTY_H
#define RM_UI_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"

struct tty;

/* in and out stay the caller's. NULL and err when one is no terminal. */
struct tty *tty_new(struct loop *, int in, int out, char *err, size_t size);
void	 tty_free(struct tty *);	/* restores the modes, not the screen */

bool	 tty_raw(struct tty *);
void	 tty_cooked(struct tty *);
void	 tty_size(const struct tty *, int *w, int *h);

void	 tty_write(struct tty *, const char *, size_t len);
/* Bytes a second at most, so evenly that no second has more; 0: no limit. */
void	 tty_limit(struct tty *, unsigned rate);
size_t	 tty_pending(const struct tty *);	/* bytes not taken yet */
/* Wait at most ms for the queue to empty; drops what is left. */
void	 tty_flush(struct tty *, int ms);
/* Called when the queue has emptied. */
void	 tty_on_drain(struct tty *, loop_fn *, void *arg);
unsigned long long tty_bytes(const struct tty *);

/* After this, a crash (SEGV, ABRT, ...) writes restore to the terminal and
 * resets its modes before the program dies of the signal. NULL: no more. */
void	 tty_guard(struct tty *, const char *restore);
/* Bytes typed, when there are some; hang-up ends in len 0. */
typedef void tty_read_fn(void *arg, const char *, size_t len);
void	 tty_on_read(struct tty *, tty_read_fn *, void *arg);
/* Stop the process until it is continued; false when nobody could. */
bool	 tty_stop_process(void);

#endif

/*
 * pty - a board's USB serial console, or an adapter on a node's line, as a
 * pseudo-terminal.
 */
#ifndef RM_SIM_PTY_H
#define RM_SIM_PTY_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"
#include "rackmux/sim/proc.h"

struct pty;

/* A getty of machine on a new pty, or main (of machine, without arg), if it
 * is not NULL. link (may be NULL) is made a symlink to it. NULL with err. */
struct pty	*pty_new(struct loop *, struct machine *, proc_main *,
		    const char *link, char *err, size_t size);
/* The same without a machine behind it: what its user types goes to typed;
 * what is printed while nobody has it open is lost. */
typedef void pty_typed_fn(void *arg, const char *, size_t len);
struct pty	*pty_new_line(struct loop *, pty_typed_fn *, void *arg,
		    const char *link, char *err, size_t size);
void		 pty_print(struct pty *, const char *, size_t len);
/* As a program does that wants it for itself: flock and TIOCEXCL. */
void		 pty_hold(struct pty *, bool on);
size_t		 pty_backlog(const struct pty *);
void		 pty_free(struct pty *);
const char	*pty_path(const struct pty *);	/* of the device */
const char	*pty_link(const struct pty *);	/* or NULL */
/* The cable: out removes link and device, in makes new ones. */
int		 pty_plug(struct pty *, bool in);
bool		 pty_plugged(const struct pty *);
/* As its user has set it, 0: it is not plugged. */
unsigned	 pty_speed(const struct pty *);
struct endpoint_trouble;
/* Garbage and flood, as an SSH server's. */
void		 pty_trouble(struct pty *, const struct endpoint_trouble *);
void		 pty_noise(struct pty *, bool on);	/* wrong speed */
void		 pty_silence(struct pty *, bool on);

#endif

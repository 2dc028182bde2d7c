/*
 * child - child processes on the loop, without ever waiting for one.
 *
 * A child gets its own session, default signals, no descriptor but the three
 * named here, and our environment plus extra variables.
 */
#ifndef RM_BASE_CHILD_H
#define RM_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "rackmux/base/loop.h"

enum child_io {
	CHILD_PIPES,	/* one socketpair as stdin+stdout, a pipe for stderr */
	CHILD_PTY,	/* all three on a pseudo-terminal, controlling */
};

struct child_options {
	char *const *argv;		/* argv[0] is looked up in PATH */
	char *const *env;		/* extra NAME=value, or NULL */
	enum child_io io;
	unsigned short rows, cols;	/* of the pty */
};

struct child;
/* status as waitpid() tells it, or -1 when another reaped it. Called once. */
typedef void child_fn(void *arg, int status);

/* NULL and *err (negative errno) when it could not be started. */
struct child	*child_start(struct loop *, const struct child_options *,
		    child_fn *, void *arg, int *err);
/* Non-blocking; owned by the child object. in and out are the same fd. */
int		 child_fd(const struct child *);
int		 child_stderr(const struct child *);	/* -1 on a pty */
pid_t		 child_pid(const struct child *);
void		 child_resize(struct child *, unsigned short rows,
		    unsigned short cols);
void		 child_eof(struct child *);	/* half-close its stdin */
void		 child_kill(struct child *, int signum);
/* Kills (TERM, KILL after 2 s) what still runs, reaps it in the background
 * and never calls back again. */
void		 child_free(struct child *);
/* For loop_free(): end at once those that were freed but still run. */
void		 children_end(struct loop *);

#endif

/*
 * proc_in - what the shell may do to its proc beyond proc.h: redirect, hear
 * Ctrl-C, change the line.
 */
#ifndef RM_SIM_PROC_IN_H
#define RM_SIM_PROC_IN_H

#include "rackmux/base/buf.h"
#include "rackmux/sim/proc.h"
#include "tty.h"

struct device;

enum out_kind { OUT_FAR, OUT_FAR_ERR, OUT_BUF, OUT_NULL, OUT_DEVICE };
struct proc_out_to {
	enum out_kind kind;
	unsigned opening;	/* OUT_DEVICE */
	union {
		struct buf *buf;	/* OUT_BUF; full (cut): broken pipe */
		struct device *device;	/* OUT_DEVICE */
	};
};

/* None of them: the far end. */
struct proc_in_from {
	const char *text;
	size_t len;
	size_t *off;
	bool null;
	bool zero;		/* /dev/zero */
	unsigned opening;	/* of device */
	struct device *device;
};

struct proc_std {
	struct proc_in_from in;
	struct proc_out_to out, err;
};

struct proc_std *proc_std(struct proc *);
/* The shell that runs a command of the machine's, or NULL. */
struct sh;
struct sh **proc_shell(struct proc *);
struct tty *proc_tty(struct proc *);		/* NULL: no terminal */
/* Ctrl-C came; reading clears it. */
bool	 proc_interrupted(struct proc *, bool clear);
/* Let others run: called by loops now and then. */
void	 proc_breathe(struct proc *);
/* A line with its newline into out (what is left at the end of file has
 * none). 0: end of file, or Ctrl-C; -1: hung up; else 1. */
int	 proc_read_line(struct proc *, struct buf *out);
/* A process in the background: its output is this one's, its input is empty.
 * It is hung up when this one ends, or, detached, goes on until its machine
 * ends. release (may be NULL) frees arg. Returns its number. */
int	 proc_spawn(struct proc *, bool detached, proc_main *, void *arg,
	    void (*release)(void *arg));
/* The status of one that has ended by now, or will have; 127: no such one. */
int	 proc_await(struct proc *, int pid);
void	 proc_await_all(struct proc *);
bool	 proc_kill(struct proc *, int pid);
bool	 proc_in_is_far(const struct proc *);
bool	 proc_out_is_far(const struct proc *);

#endif

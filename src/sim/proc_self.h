/*
 * proc_self - a proc from the inside, for proc.c and proc_kid.c alone.
 */
#ifndef RM_SIM_PROC_SELF_H
#define RM_SIM_PROC_SELF_H

#include "proc_in.h"

struct co;

enum wait { WAIT_NONE, WAIT_INPUT, WAIT_ROOM, WAIT_TIME, WAIT_TURN, WAIT_KID };

struct proc {
	struct machine *machine;
	struct proc_io io;
	void *io_arg;
	proc_main *main;
	void *arg;
	struct co *co;
	struct task *task;
	struct timer *timer;
	struct tty *tty;
	struct buf in;
	bool in_eof, dead, running, told;
	bool timed;		/* the wait for input ends by the timer too */
	enum wait wait;
	int status;
	struct proc_std std;
	struct sh *shell;
	struct kid *kids;
	int last_pid;
	uint64_t deadline;	/* loop ms, 0: none */
	bool late;
};

void	 proc_wait_for(struct proc *, enum wait);
void	 proc_wake_if(struct proc *, enum wait);	/* if it waits for it */

/* Those in the background: it ends, it is freed, there is room. */
void	 kids_hangup(struct proc *);
void	 kids_free(struct proc *);
void	 kids_writable(struct proc *);

#endif

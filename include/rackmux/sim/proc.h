/*
 * proc - a program that runs on a simulated machine.
 *
 * Each login or SSH command is one struct proc: a coroutine with a stack of
 * its own, so that a shell can be written as plain code that reads, writes
 * and sleeps, while one process serves hundreds. A proc ends when its main
 * returns, or, unwinding by itself, soon after proc_hangup(): reads give
 * end of file, writes fail, sleeps end at once.
 *
 * The far end (an SSH channel, a pty, our own stdin) is a struct proc_io.
 */
#ifndef RM_SIM_PROC_H
#define RM_SIM_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rackmux/base/loop.h"
#include "rackmux/base/mem.h"
#include "rackmux/sim/vfs.h"

struct buf;
struct kid;
struct proc;
struct tcp;
struct machine;

typedef int proc_main(struct proc *, void *arg);

/* A command that the machine knows beside the built-in ones. Output by
 * proc_out/proc_err; returns the exit status. */
typedef int command_fn(struct proc *, int argc, char **argv);
struct command {
	const char *name;
	command_fn *fn;
};

/* A request to a port of the machine's own, as curl and wget make it. */
struct http_ask {
	const char *host, *path, *data;	/* data NULL: GET */
	const char *user;	/* "name:password", or NULL */
	int port;
	bool tls, insecure;	/* insecure: the certificate is not checked */
	bool again;		/* the same process has asked before */
};
/* The status with the body, or an error. May sleep. */
enum { HTTP_NO_HOST = -6, HTTP_REFUSED = -7, HTTP_RESET = -56,
	HTTP_BAD_CERT = -60 };
typedef int http_fn(struct proc *, const struct http_ask *, struct buf *body);
/* Serves a connection to a port of the machine (NULL: would it?); false:
 * nobody listens there. */
typedef bool tcp_fn(struct machine *, unsigned port, struct tcp *);

/* What a simulated machine is, as far as its shell goes. Borrowed. */
struct machine {
	struct loop *loop;
	struct vfs *vfs;
	const struct command *commands;	/* ends with a NULL name */
	const struct command *more;	/* after those, or NULL */
	http_fn *http;			/* NULL: nobody listens */
	tcp_fn *tcp;			/* the same */
	void *board;			/* for the commands */
	const char *hostname;
	const char *prompt;		/* PS1 of an interactive shell */
	const char *issue;		/* before "login: " */
	const char *user, *password;	/* of a login on a serial line */
	const char *home;		/* of user; NULL: /root */
	const char *kernel;		/* uname -r */
	const char *arch;		/* uname -m */
	bool colours;			/* ls has them on a terminal */
	bool cursor_query;		/* busybox: ESC [6n with each prompt */
	/* What an SSH session runs, with struct shell_args, when the machine
	 * has another command language; NULL: proc_main_shell. */
	proc_main *shell_main;
	struct kid *jobs;	/* those that outlive who started them */
};

struct proc_io {
	/* Bytes for the far end. Returns how many were taken; call
	 * proc_writable() when there is room again. */
	size_t (*write)(void *arg, const char *, size_t len, bool err);
	/* The main function has returned. May free the proc. */
	void (*ended)(void *arg, int status);
};

/* tty: input and output go through a line discipline (echo, ICRNL, ONLCR,
 * erase, Ctrl-C, Ctrl-D; stty changes it), as on a getty's line. Starts
 * running on the next turn of the loop. */
struct proc *proc_new(struct machine *, bool tty, const struct proc_io *,
	    void *io_arg, proc_main *, void *arg);
void	 proc_free(struct proc *);	/* hangs up and unwinds it first */
void	 proc_input(struct proc *, const char *, size_t len);
void	 proc_input_eof(struct proc *);
void	 proc_writable(struct proc *);
/* To the far end at once, past what runs; what finds no room is lost. */
void	 proc_send(struct proc *, const char *, size_t len);
/* What it waits for may be there: a device's bytes. */
void	 proc_wake(struct proc *);
void	 proc_hangup(struct proc *);
struct machine *proc_machine(struct proc *);

/* --- for what runs inside --- */
/* Blocks the coroutine. 0: end of file; -1: hung up. */
ssize_t	 proc_read(struct proc *, char *, size_t);
/* As proc_read(), but -2 when nothing came within ms. */
ssize_t	 proc_read_for(struct proc *, char *, size_t, unsigned ms);
/* Of a tty: no echo, no editing, no Ctrl-C, as picocom and stty raw set it;
 * false sets it back. */
void	 proc_raw(struct proc *, bool raw);
int	 proc_out(struct proc *, const char *, size_t len);
int	 proc_puts(struct proc *, const char *);
int	 proc_printf(struct proc *, const char *fmt, ...) RM_PRINTF(2, 3);
int	 proc_err(struct proc *, const char *fmt, ...) RM_PRINTF(2, 3);
int	 proc_sleep(struct proc *, unsigned ms);	/* -1: hung up */
unsigned proc_ms(double seconds);	/* of any that was typed */
bool	 proc_dead(const struct proc *);
/* From now on sleeps end, with -1, after ms in all, as timeout(1) would have
 * it. Returns what proc_deadline_end() wants, which says if it was reached. */
uint64_t proc_deadline(struct proc *, unsigned ms);
bool	 proc_deadline_end(struct proc *, uint64_t outer);
bool	 proc_late(const struct proc *);

/* It loses power, or reboots: what runs in the background ends soon. */
void	 machine_kill_jobs(struct machine *);
void	 machine_end_jobs(struct machine *);	/* at once */
void	 machine_release(struct machine *);	/* its jobs and files */

/* --- for commands --- */
const struct command *machine_command(const struct machine *,
	    const char *name);
/* A variable of the shell that runs this, or NULL. */
const char *proc_env(struct proc *, const char *name);
bool	 proc_is_root(struct proc *);
/* As sudo does; home: with root's HOME. 127: there is no such program. */
int	 proc_run_as_root(struct proc *, bool home, int argc, char **argv);
/* "localhost" and its like. */
bool	 machine_is_host(const struct machine *, const char *host);
int	 cmd_curl(struct proc *, int argc, char **argv);
int	 cmd_wget(struct proc *, int argc, char **argv);

/* Ready-made mains. */
struct shell_args { const char *command; };	/* NULL: reads its stdin */
int	 proc_main_shell(struct proc *, void *shell_args);
/* getty + login + interactive shell, again and again until hung up. */
int	 proc_main_login(struct proc *, void *unused);

#endif

/*
 * shell - commands framed over any byte stream that ends in a POSIX shell.
 *
 * The same over an SSH channel and over the login shell of a board's USB
 * console. Each command is followed by a random marker and its exit status;
 * whatever else the line says (echo, prompts, kernel messages, \r\n) is
 * recognised and kept out of the answer. On a line that may ask for a login
 * (login = true) nothing is typed but one newline until the peer has shown a
 * prompt of its own.
 */
#ifndef RM_LINK_SHELL_H
#define RM_LINK_SHELL_H

#include "rackmux/link/link.h"
#include "rackmux/link/stream.h"

struct shell;

struct shell_sink {
	void (*on_ready)(void *arg);
	/* The shell is gone or never came; everything open was answered. The
	 * sink may free the shell. */
	void (*on_dead)(void *arg, enum link_why, const char *text);
	/* Credentials are wanted (login only); answer with shell_login(). */
	void (*on_login)(void *arg, bool password);
};

struct shell *shell_new(struct loop *, bool login,
	    const struct shell_sink *, void *arg);
void	 shell_free(struct shell *);
/* Hand over the stream that the shell's sink (shell_stream_sink) was given
 * to. The shell frees it. */
void	 shell_attach(struct shell *, struct stream *);
extern const struct stream_sink shell_stream_sink;	/* arg: the shell */
/* NULL: there is none; the shell dies with LINK_WHY_AUTH. */
void	 shell_login(struct shell *, const char *text);
void	 shell_define(struct shell *, const char *name, const char *body);
void	 shell_run(struct shell *, unsigned ticket, const char *cmd,
	    unsigned timeout_ms, link_done_fn *, void *arg);
bool	 shell_cancel(struct shell *, unsigned ticket);
bool	 shell_ready(const struct shell *);
size_t	 shell_queued(const struct shell *);
unsigned shell_rtt_us(const struct shell *);

#endif

/*
 * shell_in - what the two files of the shell share: shell.c, its life, and
 * shell_frame.c, what goes over the stream.
 */
#ifndef RM_LINK_SHELL_IN_H
#define RM_LINK_SHELL_IN_H

#include <time.h>

#include "rackmux/base/buf.h"
#include "rackmux/link/login.h"
#include "rackmux/link/shell.h"
#include "rackmux/link/tidy.h"
#include "defs.h"

#define SHELL_RUN_MS 10000

enum shell_state { SH_NEW, SH_PROBE, SH_LOGIN, SH_READY, SH_DEAD };
enum shell_frame { FR_IDLE, FR_UPLOAD, FR_BEGIN, FR_BODY };

struct shell_cmd {
	struct shell_cmd *next;
	unsigned ticket;
	char *text;
	unsigned timeout_ms;
	link_done_fn *done; /* NULL: nobody waits any more */
	void *arg;
	bool cancelled;
};

struct shell {
	struct loop *loop;
	struct shell_sink sink;
	void *arg;
	struct stream *stream;
	struct login *log_in;
	struct task *task;
	struct timer *deadline, *respawn;
	struct shell_cmd *queue, *cur;
	struct def *defs;
	struct tidy tidy;
	struct seen seen;
	struct buf win, out, upload;
	size_t uploaded;
	char half[2][7], mark[16], ack[16];
	struct timespec sent;
	enum shell_state state;
	enum shell_frame frame;
	unsigned rtt_us;
	int busy, write_err;
	bool login, freed;
	bool looped; /* the console is in our loop */
	bool hung; /* in a command that does not end */
};

/* --- shell.c; false means that the shell was freed by who was told --- */
void	 sh_cmd_free(struct shell_cmd *);
bool	 sh_leave(struct shell *);
void	 sh_result(struct link_result *, enum link_outcome, int status,
	    const char *why);
bool	 sh_answer(struct shell *, struct shell_cmd *,
	    const struct link_result *);
bool	 sh_answer_plain(struct shell *, struct shell_cmd *,
	    enum link_outcome, const char *why);

/* --- shell_frame.c --- */
void	 sh_send(struct shell *, const char *, size_t len);
void	 sh_start(struct shell *, struct shell_cmd *);
void	 sh_pump(struct shell *);	/* send the next command, if it is time */
bool	 sh_became_ready(struct shell *);
bool	 sh_finish(struct shell *, int status);
/* Look for what is awaited; true while there may be more to see. */
bool	 sh_scan(struct shell *, bool *alive);

#endif

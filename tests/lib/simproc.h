/*
 * simproc - the programs themselves, run as an operator runs them.
 *
 * They come from $RM_BUILD, else build-san or build. Whatever they read or
 * write is in the folder of the test; nothing of the developer's is seen.
 */
#ifndef RM_TESTS_SIMPROC_H
#define RM_TESTS_SIMPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vtx.h"

struct json;

/* Path of a program; ends the test when it is not built. */
const char *program_path(const char *name);
bool	 program_sanitised(void);
/* HOME and the rest, in test_dir(); NULL-terminated, for vtx_spawn(). */
const char *const *program_env(void);
/* The same with one more or another "NAME=value"; lives until the next. */
const char *const *program_env_with(const char *pair);
/* Become that program, in a child; argv without the program. */
void	 program_exec(const char *name, const char *const *argv,
	    const char *const *env) __attribute__((noreturn));
/* Milliseconds of CLOCK_MONOTONIC. */
long long now_in_ms(void);

/* A program run to its end, with stdin from /dev/null. */
struct ran {
	int status;		/* as of exit; 128 + signal */
	char *out, *err;
	long long ms;		/* how long it took */
};
/* argv without the program, NULL-terminated. Ends the test when the program
 * does not end within ms. */
void	 ran_rackmux(struct ran *, int ms, const char *const *argv);
/* The same with the words one by one, NULL last, within 25 s. What the last
 * run left is released. The status. */
int	 ran_words(struct ran *, const char *first, ...)
	    __attribute__((sentinel));
void	 ran_release(struct ran *);
/* The line of what it printed as JSON whose key is value and whose kind is
 * that; NULL: none. The caller frees. */
struct json *ran_line(const struct ran *, const char *kind, const char *key,
	    const char *value);

struct simproc {
	pid_t pid;
	int out, control;	/* its stdout; the control socket */
	char dir[300], config[340];
};
/* rackmux-sim on a rack: the text of a RACK.cfg, or more options, split at
 * blanks (NULL: none). It listens when this returns. */
void	 simproc_start(struct simproc *, const char *rack, const char *more);
void	 simproc_stop(struct simproc *);
/* A line to the control socket; ends the test when it is refused. */
void	 simproc_fault(struct simproc *, const char *line);
/* What it wrote, with text before it, into a file in its folder; the path
 * lives in a static buffer. */
const char *simproc_config(struct simproc *, const char *name,
	    const char *before);
/* The port of the board or node of that name in what it wrote. */
unsigned simproc_port(struct simproc *, const char *name);

/* The dashboard on a terminal. argv without the program. */
void	 dash_start(struct vtx *, int w, int h, const char *const *env,
	    const char *const *argv);
/* Everything that it opened on the terminal is shut again. */
void	 check_terminal_clean(struct vtx *);
/* Children of a process, by /proc. */
int	 count_children(pid_t);
/* Whole files; caller frees. NULL: it cannot be read. */
char	*file_read(const char *path);
void	 file_write(const char *path, const char *text);
char	*text_of(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif

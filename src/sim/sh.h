/*
 * sh - the shell of a simulated machine, between its files.
 *
 * sh_parse.c makes a tree of one complete command, sh_expand.c makes words of
 * raw ones, sh_exec.c runs trees, sh_builtin.c holds what must run in the
 * shell itself, util_*.c what a real machine has in /bin.
 */
#ifndef RM_SIM_SH_H
#define RM_SIM_SH_H

#include "proc_in.h"

/* --- the tree ----------------------------------------------------------- */

enum node_kind {
	N_SIMPLE, N_PIPE, N_AND, N_OR, N_NOT, N_SEQ, N_SUBSHELL, N_GROUP,
	N_IF, N_WHILE, N_UNTIL, N_FOR, N_CASE, N_FUNC
};

struct redir {
	int fd;
	enum { R_IN, R_OUT, R_APPEND, R_DUP, R_HERE, R_HERE_RAW } kind;
	const char *word;	/* file, fd number, or here-document's text */
	struct redir *next;
};

struct word {
	const char *raw;
	struct word *next;
};

struct tree {
	enum node_kind kind;
	int line;
	struct word *words;	/* SIMPLE: assignments first; FOR; CASE item */
	struct redir *redirs;
	struct tree *a, *b, *c;
	const char *name;	/* FOR variable, FUNC name, CASE word */
	bool has_in;		/* FOR x in ... */
	bool bg;		/* ended by & */
	struct tree *next;	/* PIPE, SEQ, CASE items */
};

#define SH_PARSE_MAX 40	/* depth of what is nested */

/* Memory of one parse; functions hold on to theirs. */
struct arena {
	int refs;
	struct chunk *chunks;
};
struct arena *arena_new(void);
void	 arena_unref(struct arena *);
void	*arena_alloc(struct arena *, size_t);
char	*arena_dup(struct arena *, const char *, size_t len);

enum parse { PARSE_OK, PARSE_EMPTY, PARSE_MORE, PARSE_BAD };
/* One complete command from text; *used bytes were taken. */
enum parse sh_parse(struct arena *, const char *text, size_t len, bool eof,
	    size_t *used, struct tree **, char *err, size_t size);
/* Change a fresh parse of text for an older one of the same text. */
void	 sh_share(const char *text, size_t len, struct arena **,
	    struct tree **);
/* Bytes of a $(...), ${...}, `...` or $((...)) that begins at s; 0: bad. */
size_t	 sh_skip_dollar(const char *s, size_t len, int depth, bool *more);
size_t	 sh_skip_quoted(const char *s, size_t len, int depth, bool *more);
/* Of $( ... ): only the parser knows, case patterns being what they are. */
size_t	 sh_skip_command(const char *s, size_t len, int depth, bool *more);

/* --- the shell ---------------------------------------------------------- */

struct var {
	char *name, *value;	/* value NULL: unset but marked */
	bool exported, readonly;
	struct var *next;
};

struct function {
	char *name;
	struct tree *body;
	struct arena *arena;
	struct function *next;
};

enum flow { FLOW_NONE, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT };

struct local {
	char *name, *value;
	bool was_set;
	struct local *next;
};

#define SH_DEPTH_MAX 60
#define SH_FDS 10

/* A device that is open. */
struct sh_device {
	struct device *device;
	unsigned opening;
};
struct sh_devices {
	struct sh_device ins[SH_FDS];	/* what <&3 reads */
	struct sh_device held[SH_FDS];	/* to be closed */
};

struct sh {
	struct proc *p;
	struct arena *arena;	/* of what runs: functions hold on to it */
	struct var *vars;
	struct function *functions;
	char **args;		/* $1.. */
	int n_args;
	char *name;		/* $0 */
	char cwd[256];
	int status, last_subst;
	enum flow flow;
	int flow_n, loops, depth, calls;
	unsigned steps;
	bool interactive, errexit, nounset, xtrace, noglob, in_cond;
	struct local *locals;	/* of the function that runs */
	struct proc_out_to fds[SH_FDS];
	struct sh_devices *devices;	/* NULL: none is open */
	int last_job;
	char *on_exit;
	unsigned char umask;
};

void	 sh_init(struct sh *, struct proc *);
void	 sh_release(struct sh *);
void	 sh_clone(struct sh *, const struct sh *);
int	 sh_run(struct sh *, struct tree *);
int	 sh_run_text(struct sh *, const char *, size_t len);
/* Reads commands from its input until it ends. */
int	 sh_run_input(struct sh *);
/* Run it in the background; false: here it cannot, its output is gathered. */
bool	 sh_background(struct sh *, struct tree *);
int	 sh_run_args(struct sh *, int argc, char **argv);
void	 sh_error(struct sh *, const char *fmt, ...) RM_PRINTF(2, 3);
/* True when what runs should come to its end. */
bool	 sh_stop(struct sh *);
void	 sh_step(struct sh *);
/* The variables of a function, or of one command, end with it: back to until. */
void	 sh_undo_locals(struct sh *, struct local *until);
int	 sh_call(struct sh *, struct function *, int argc, char **argv);

const char *sh_get(struct sh *, const char *name);	/* NULL: unset */
bool	 sh_set(struct sh *, const char *name, const char *value);
void	 sh_unset(struct sh *, const char *name);
struct var *sh_var(struct sh *, const char *name, bool make);
struct function *sh_function(struct sh *, const char *name);
void	 sh_local(struct sh *, const char *name);
void	 sh_set_args(struct sh *, int n, char **args);

struct fields { char **v; int n, cap; };
void	 fields_add(struct fields *, const char *, size_t len);
void	 fields_free(struct fields *);
bool	 sh_expand(struct sh *, const char *raw, struct fields *);
/* One string, no splitting, no globbing. Caller frees; NULL: an error. */
char	*sh_expand_one(struct sh *, const char *raw);
char	*sh_expand_here(struct sh *, const char *raw);
/* As a pattern: what was quoted is escaped by a backslash. */
char	*sh_expand_pattern(struct sh *, const char *raw);
bool	 sh_arith(struct sh *, const char *, long long *);
char	*sh_path(struct sh *, const char *, char *out, size_t size);
/* Output of a command, newlines at the end cut. */
char	*sh_capture(struct sh *, const char *text, size_t len);

typedef int builtin_fn(struct sh *, int argc, char **argv);
struct builtin { const char *name; builtin_fn *fn; bool special; };
const struct builtin *sh_builtin(const char *name);
const struct builtin *util_find(const char *name);
int	 sh_test(struct sh *, int argc, char **argv);
int	 sh_printf(struct sh *, int argc, char **argv);
int	 sh_read(struct sh *, int argc, char **argv);

void	 sh_close_devices(struct sh_devices *);	/* and frees it */
/* The device of that name, or NULL. */
struct device *sh_find_device(struct sh *, const char *name);
int	 sh_stty(struct sh *, int argc, char **argv);
int	 sh_wait(struct sh *, int argc, char **argv);
/* For utilities: all of stdin or of a file. */
bool	 util_slurp(struct sh *, const char *name, struct buf *out);

#endif

/*
 * util - what the files of utilities share.
 */
#ifndef RM_SIM_UTIL_H
#define RM_SIM_UTIL_H

#include "sh.h"

/* Tables of several files make one list; each ends with a NULL name. */
extern const struct builtin util_files_table[];
extern const struct builtin util_text_table[];
extern const struct builtin util_system_table[];

/* True when one of argv[1..] before the first operand is an option with c in
 * it. *operand is the first operand's index. */
bool	 util_option(int argc, char **argv, char c);
int	 util_operand(int argc, char **argv);
/* All operands' files one after the other, or stdin; false: one failed. */
bool	 util_gather(struct sh *, int argc, char **argv, int from,
	    struct buf *out);
/* The next line of *s, without its newline; false at the end. */
bool	 util_line(const char **s, size_t *left, const char **line,
	    size_t *len);

/* Text up to the delimiter, which a backslash takes its meaning; *p is past
 * it then. Caller frees. */
char	*util_part(const char **p, char delim);

/* In files of their own. */
int	 u_sed(struct sh *, int argc, char **argv);
int	 u_awk(struct sh *, int argc, char **argv);
int	 u_grep(struct sh *, int argc, char **argv);

#endif

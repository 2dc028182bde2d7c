/*
 * cfgrepair - go on after a syntax error.
 */
#ifndef RM_APP_CFGREPAIR_H
#define RM_APP_CFGREPAIR_H

#include <stdbool.h>
#include <stddef.h>

/* What was overwritten, so that it can be put back. */
struct cfg_patch {
	char *at, *was;
	size_t len;
};

/* Blank a line, if that leaves every bracket and quote with its fellow. */
bool	 cfg_blank_line(char *text, unsigned line, struct cfg_patch *);
/* Give the n-th key of a line a name that is unique and begins with '*';
 * false when there are not so many. */
bool	 cfg_hide_key(char *text, unsigned line, size_t n, unsigned unique,
	    struct cfg_patch *);
/* Put it back, or (undo false) only forget it. */
void	 cfg_patch_end(struct cfg_patch *, bool undo);

#endif

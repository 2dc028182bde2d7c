/*
 * cfginclude - look at the files that a file includes before libconfig does.
 */
#ifndef RM_APP_CFGINCLUDE_H
#define RM_APP_CFGINCLUDE_H

#include <stdbool.h>

#include "rackmux/app/diag.h"

/* The whole text of a file, to free, or NULL and a mistake. */
char	*cfg_read_file(const char *path, struct diags *);
/* Tell every @include in text (of path) that cannot be read, also those in
 * included files, and blank those lines of text that lead to one. False when
 * there was any. dir: the folder that names are relative to. */
bool	 cfg_check_includes(char *text, const char *path, const char *dir,
	    struct diags *);

#endif

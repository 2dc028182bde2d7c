/*
 * themefile - themes from files, and by name.
 */
#ifndef RM_APP_THEMEFILE_H
#define RM_APP_THEMEFILE_H

#include <stdbool.h>

#include "rackmux/app/diag.h"
#include "rackmux/ui/theme.h"

/* False when there was a mistake; each goes to the list. */
bool	 themefile_load(const char *path, struct theme *, struct diags *);
/* By name (the user's own folder, then those built in, then the system's) or
 * by path. */
bool	 theme_find(const char *name, struct theme *, struct diags *);

#endif

/*
 * layouts - the named layouts of panes of a configuration, kept in the state
 * folder from one start to the next.
 */
#ifndef RM_APP_LAYOUTS_H
#define RM_APP_LAYOUTS_H

#include <stdbool.h>
#include <stddef.h>

struct layouts;

/* dir: the state folder, NULL: nothing is kept. config: whose they are (NULL:
 * those of targets named on the command line). Never NULL. */
struct layouts	*layouts_open(const char *dir, const char *config);
void		 layouts_free(struct layouts *);
const char	*layouts_text(const struct layouts *, const char *name);
const char	*layouts_name(const struct layouts *, size_t);	/* NULL: end */
/* The one in use at the end of the last run, or NULL. */
const char	*layouts_last(const struct layouts *);
/* Writes the file. False, and err: what there was is kept. */
bool		 layouts_save(struct layouts *, const char *name,
		    const char *text, char *err, size_t size);
bool		 layouts_set_last(struct layouts *, const char *name);

#endif

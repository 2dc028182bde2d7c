/*
 * cfgtree - a libconfig file as a plain tree that knows its lines.
 *
 * The one door to libconfig. Configuration and themes are read from it.
 */
#ifndef RM_APP_CFGTREE_H
#define RM_APP_CFGTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/app/diag.h"

enum cfg_type {
	CFG_GROUP, CFG_LIST, CFG_INT, CFG_FLOAT, CFG_BOOL, CFG_STRING
};
const char *cfg_type_name(enum cfg_type);	/* "a group" */

struct cfg_node {
	char *key;		/* NULL in a list */
	enum cfg_type type;
	const char *file;
	unsigned line;
	long long i;		/* INT */
	double f;		/* INT, FLOAT */
	bool b;			/* BOOL */
	char *s;		/* STRING */
	struct cfg_node *child;	/* GROUP, LIST */
	size_t n;
};

struct cfg_tree {
	struct cfg_node root;	/* a group */
	bool partial;		/* a syntax error cut it short */
	unsigned broken;	/* line of a key whose value did not end, or 0 */
	char **files;
	size_t n_files;
};

#define CFG_FILE_MAX (4 * 1024 * 1024)

/* NULL when nothing of it can be read. Mistakes go to the list: after a
 * syntax error the tree holds what stands before it. */
struct cfg_tree *cfgtree_load(const char *path, struct diags *);
/* The same from a text that is in no file; it includes none. */
struct cfg_tree *cfgtree_parse(const char *name, const char *text,
	    struct diags *);
void	 cfgtree_free(struct cfg_tree *);
const struct cfg_node *cfg_get(const struct cfg_node *, const char *key);

#endif

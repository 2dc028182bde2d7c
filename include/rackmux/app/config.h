/*
 * config - what the operator wants: the configuration file, checked.
 */
#ifndef RM_APP_CONFIG_H
#define RM_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/app/diag.h"
#include "rackmux/app/options.h"
#include "rackmux/driver/driver.h"

struct config_node {
	struct opts_node o;
	const struct cfg_node *at;	/* while it is being checked */
};

struct config_board {
	struct opts_board o;
	const struct driver *driver;	/* NULL: unknown type */
	int slots;			/* as far as it is known, else 0 */
	struct setting *settings;	/* keys that only its driver knows */
	size_t n_settings;
	struct recipe *recipe;	/* of a described board, else NULL; owned */
	bool described;		/* by a recipe, be it good or not */
	struct config_node *nodes;
	size_t n_nodes;
	const struct cfg_node *at;	/* while it is being checked */
};

struct config_feed {
	struct opts_feed o;
	const struct driver *driver;	/* NULL: unknown type */
	/* Keys of its driver's own; "used" and "ports" among them. */
	struct setting *settings;
	size_t n_settings;
	const struct cfg_node *at;	/* while it is being checked */
};

struct config_alert {
	struct opts_alert o;
	bool bad;		/* its level */
};
#define CONFIG_ALERTS_MAX 256

struct config {
	char *path;
	char **files;		/* it and those that it includes */
	size_t n_files;
	char **recipe_files;	/* more of them, while it is read */
	size_t n_recipe_files;
	struct opts_top top;
	struct opts_rack rack;
	struct opts_ssh ssh;
	struct opts_thresholds thresholds;
	struct opts_console console;
	struct config_alert *alerts;
	size_t n_alerts;
	struct config_board *boards;
	size_t n_boards;
	struct config_feed *feeds;
	size_t n_feeds;
};

/* All defaults, no boards. */
struct config	*config_new(void);
void		 config_free(struct config *);
/* Read and check path. Every mistake goes to the list; NULL unless there is
 * none. */
struct config	*config_load(const char *path, struct diags *);
/* Forget a board of it. */
void		 config_drop_board(struct config *, size_t index);
void		 config_drop_feed(struct config *, size_t index);
/* "poe-sw/5" or "plug-a" (port 0); false: neither. */
bool		 config_feed_ref(const char *ref, char *name, size_t size,
		    int *port);
/* The file to read when none is named, or NULL and a mistake that says where
 * it was looked for. Caller frees. */
char		*config_find(struct diags *);
/* The user's folder of the kind, made if need be: caller frees; NULL when
 * there is no home. */
char		*config_dir(void);	/* $XDG_CONFIG_HOME/rackmux */
char		*config_state_dir(void);	/* $XDG_STATE_HOME/rackmux, 0700 */

/* The checks across keys (config_check.c). partial: do not tell what is
 * missing, because the file was cut short. */
void		 config_check(struct config *, bool partial, struct diags *);
/* The line of a key if it is there, else of its group. */
const struct cfg_node *config_at(const struct cfg_node *group,
		    const char *key);
void		 config_check_link(const struct cfg_node *group,
		    const char *link, struct diags *);
/* what is "board" or "feed". */
void		 config_unknown_type(const struct cfg_node *at,
		    const char *what, const char *type,
		    const struct driver *const *table, size_t n,
		    struct diags *);
/* config_recipe.c: what describes a board, if anything. */
void		 config_read_recipe(struct config *, struct config_board *,
		    const char *base, bool partial, struct diags *);
/* The description that a type was likely meant to name, and no driver. */
const char	*config_nearest_recipe(const char *type);
/* config_console.c; after the boards. */
void		 config_read_consoles(struct config *,
		    const struct cfg_node *root, const char *base,
		    struct diags *);
void		 config_console_release(struct config *);
/* config_feed.c */
void		 config_read_feeds(struct config *, const struct cfg_node *list,
		    const char *base, struct diags *);
void		 config_check_feeds(struct config *, bool partial,
		    struct diags *);
void		 config_feed_release(struct config_feed *);

#endif

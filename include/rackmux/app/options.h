/*
 * options - the keys of the configuration (see options.def), and how one
 * group of them is read into a struct.
 */
#ifndef RM_APP_OPTIONS_H
#define RM_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/app/cfgtree.h"
#include "rackmux/driver/driver.h"

enum opt_group {
	OPT_TOP, OPT_RACK, OPT_SSH, OPT_THRESHOLDS, OPT_CONSOLE, OPT_ALERT,
	OPT_BOARD, OPT_NODE, OPT_FEED,
	OPT_GROUPS
};
enum opt_type {
	OPT_STRING, OPT_NAME, OPT_PATH, OPT_INT, OPT_NUMBER, OPT_BOOL,
	OPT_GROUP, OPT_LIST
};

/* One struct a group; a member for each key that is no group or list.
 * Strings are owned: options_release(). What is absent is NULL or 0. */
struct opts_top {
	double poll;
	char *theme;
	bool read_only;
	int max_rate;
};
struct opts_rack {
	char *name;
	int units;
	double power_budget_w;
};
struct opts_ssh {
	char *identity, *known_hosts, *config, *password_command, *user;
};
struct opts_thresholds {
	double temp_warm, temp_hot, temp_critical;
};
struct opts_console {
	bool capture, log;
	char *log_dir;
	int log_size, log_files, scrollback;
	char *prefix;
};
struct opts_alert {
	char *name, *match, *level;
};
struct opts_board {
	char *name, *type;
	int unit, height;
	char *link;
	int slots;
	char *identity, *known_hosts, *user, *password_command;
	double poll;
	char *recipe, *title;
	bool capture;
};
struct opts_node {
	int slot;
	char *name, *link, *feed, *identity, *known_hosts, *user;
	char *password_command;
	char *console, *console_command;
	bool capture;
};

struct opts_feed {
	char *name, *type, *link;
	char *identity, *known_hosts, *user, *password_command;
	double poll, budget_w;
	int ports;
};

struct option {
	enum opt_group group;
	const char *key;
	enum opt_type type;
	double min, max;
	const char *standard;	/* the default */
	const char *meaning;
	size_t offset;		/* in the struct of its group */
};
extern const struct option option_table[];
extern const size_t option_table_len;
const char *option_group_name(enum opt_group);
const struct option *option_find(enum opt_group, const char *key);

/* Fill the struct of a group with its defaults. */
void	 options_default(enum opt_group, void *out);
/* Read a group into its struct (defaults first), telling every mistake.
 * group may be NULL: all absent. base is the folder of relative paths. */
void	 options_read(enum opt_group, const struct cfg_node *group,
	    const char *base, void *out, struct diags *);
void	 options_release(enum opt_group, void *);
/* The same, where a driver (or feed) has keys of its own: those that the
 * group has go to *settings (owned: settings_free()), whose keys are those of
 * own. own may be NULL. */
void	 options_read_own(enum opt_group, const struct cfg_node *group,
	    const char *base, void *out, const struct driver_setting *own,
	    struct setting **settings, size_t *n, struct diags *);
void	 settings_free(struct setting *, size_t n);
/* A path as it is meant; caller frees. */
char	*option_path(const char *path, const char *base);

#endif

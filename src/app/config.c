#include "rackmux/app/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/app/cfgtree.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/recipe.h"

/*
 * From the tree of a file to structs. What one key says is judged by its row
 * in options.def, what keys say together by config_check.c.
 */

struct config *
config_new(void)
{
	struct config *c = mem_alloc(sizeof *c);

	options_default(OPT_TOP, &c->top);
	options_default(OPT_RACK, &c->rack);
	options_default(OPT_SSH, &c->ssh);
	options_default(OPT_THRESHOLDS, &c->thresholds);
	options_default(OPT_CONSOLE, &c->console);
	return c;
}

static void
board_release(struct config_board *b)
{
	for (size_t i = 0; i < b->n_nodes; i++)
		options_release(OPT_NODE, &b->nodes[i].o);
	free(b->nodes);
	settings_free(b->settings, b->n_settings);
	recipe_unref(b->recipe);
	options_release(OPT_BOARD, &b->o);
}

void
config_free(struct config *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_boards; i++)
		board_release(&c->boards[i]);
	free(c->boards);
	for (size_t i = 0; i < c->n_feeds; i++)
		config_feed_release(&c->feeds[i]);
	free(c->feeds);
	options_release(OPT_TOP, &c->top);
	options_release(OPT_RACK, &c->rack);
	options_release(OPT_SSH, &c->ssh);
	options_release(OPT_THRESHOLDS, &c->thresholds);
	config_console_release(c);
	for (size_t i = 0; i < c->n_files; i++)
		free(c->files[i]);
	free(c->files);
	for (size_t i = 0; i < c->n_recipe_files; i++)
		free(c->recipe_files[i]);
	free(c->recipe_files);
	free(c->path);
	free(c);
}

void
config_drop_board(struct config *c, size_t i)
{
	board_release(&c->boards[i]);
	memmove(&c->boards[i], &c->boards[i + 1],
	    (c->n_boards - i - 1) * sizeof *c->boards);
	c->n_boards--;
}

static bool
is_group(const struct cfg_node *n, const char *what, struct diags *d)
{
	if (n->type == CFG_GROUP)
		return true;
	diags_add(d, n->file, n->line, "%s must be %s, not %s", what,
	    cfg_type_name(CFG_GROUP), cfg_type_name(n->type));
	return false;
}

static void
read_nodes(struct config_board *b, const struct cfg_node *list,
    const char *base, struct diags *d)
{
	size_t n;

	if (list == NULL || list->type != CFG_LIST)
		return;
	n = list->n > DRIVER_SLOTS_MAX ? DRIVER_SLOTS_MAX : list->n;
	b->nodes = mem_array(n + 1, sizeof *b->nodes);
	for (size_t i = 0; i < n; i++) {
		struct config_node *node = &b->nodes[b->n_nodes];

		if (!is_group(&list->child[i], "a node", d))
			continue;
		b->n_nodes++;
		node->at = &list->child[i];
		options_read(OPT_NODE, node->at, base, &node->o, d);
	}
}

/* Its type decides which keys it may have. */
static const struct driver_setting *
own_keys(const struct cfg_node *board)
{
	const struct cfg_node *type = cfg_get(board, "type");
	const struct driver *driver = NULL;

	if (type != NULL && type->type == CFG_STRING)
		driver = driver_find(type->s);
	return driver != NULL ? driver->settings : NULL;
}

static void
read_boards(struct config *c, const struct cfg_node *list, const char *base,
    bool partial, struct diags *d)
{
	size_t max = (size_t)option_find(OPT_TOP, "boards")->max;
	size_t n;

	if (list == NULL || list->type != CFG_LIST)
		return;
	n = list->n > max ? max : list->n;
	c->boards = mem_array(n + 1, sizeof *c->boards);
	for (size_t i = 0; i < n; i++) {
		struct config_board *b = &c->boards[c->n_boards];

		if (!is_group(&list->child[i], "a board", d))
			continue;
		c->n_boards++;
		b->at = &list->child[i];
		options_read_own(OPT_BOARD, b->at, base, &b->o, own_keys(b->at),
		    &b->settings, &b->n_settings, d);
		read_nodes(b, cfg_get(b->at, "nodes"), base, d);
		config_read_recipe(c, b, base, partial, d);
	}
}

static void
forget_tree(struct config *c)
{
	for (size_t i = 0; i < c->n_feeds; i++)
		c->feeds[i].at = NULL;
	for (size_t i = 0; i < c->n_boards; i++) {
		struct config_board *b = &c->boards[i];

		b->at = NULL;
		for (size_t k = 0; k < b->n_nodes; k++)
			b->nodes[k].at = NULL;
	}
}

static void
check_thresholds(
    const struct config *c, const struct cfg_node *at, struct diags *d)
{
	const struct opts_thresholds *t = &c->thresholds;

	if (at != NULL &&
	    (t->temp_warm > t->temp_hot || t->temp_hot > t->temp_critical))
		diags_add(d, at->file, at->line,
		    "thresholds must rise: temp_warm %g, temp_hot %g, "
		    "temp_critical %g",
		    t->temp_warm, t->temp_hot, t->temp_critical);
}

/* A theme is a name or a path; a path begins at the folder of the file. */
static void
place_theme(struct config *c, const char *base)
{
	char *path;

	if (c->top.theme == NULL || strchr(c->top.theme, '/') == NULL)
		return;
	path = option_path(c->top.theme, base);
	free(c->top.theme);
	c->top.theme = path;
}

/* A change of a description is one of the configuration. */
static void
keep_recipe_files(struct config *c)
{
	c->files = mem_grow(
	    c->files, c->n_files + c->n_recipe_files + 1, sizeof *c->files);
	for (size_t i = 0; i < c->n_recipe_files; i++)
		c->files[c->n_files++] = c->recipe_files[i];
	c->n_recipe_files = 0;
}

struct config *
config_load(const char *path, struct diags *d)
{
	size_t before = d->n;
	struct cfg_tree *t = cfgtree_load(path, d);
	const char *slash = strrchr(path, '/');
	struct config *c;
	char *base;

	if (t == NULL)
		return NULL;
	base = slash == NULL ? mem_strdup(".")
			     : mem_strndup(path, (size_t)(slash - path));
	c = config_new();
	c->path = mem_strdup(path);
	options_read(OPT_TOP, &t->root, base, &c->top, d);
	place_theme(c, base);
	options_read(OPT_RACK, cfg_get(&t->root, "rack"), base, &c->rack, d);
	options_read(OPT_SSH, cfg_get(&t->root, "ssh"), base, &c->ssh, d);
	options_read(OPT_THRESHOLDS, cfg_get(&t->root, "thresholds"), base,
	    &c->thresholds, d);
	check_thresholds(c, cfg_get(&t->root, "thresholds"), d);
	read_boards(c, cfg_get(&t->root, "boards"), base, t->partial, d);
	config_read_consoles(c, &t->root, base, d);
	config_read_feeds(c, cfg_get(&t->root, "feeds"), base, d);
	config_check(c, t->partial, d);
	forget_tree(c);
	c->files = t->files;
	c->n_files = t->n_files;
	keep_recipe_files(c);
	t->files = NULL;
	t->n_files = 0;
	cfgtree_free(t);
	free(base);
	diags_sort(d);
	if (d->n > before) {
		config_free(c);
		return NULL;
	}
	return c;
}

static char *
user_dir(const char *variable, const char *below_home)
{
	const char *dir = getenv(variable), *home = getenv("HOME");

	if (dir != NULL && dir[0] == '/')
		return mem_printf("%s/rackmux", dir);
	if (home == NULL || home[0] != '/')
		return NULL;
	return mem_printf("%s/%s/rackmux", home, below_home);
}

char *
config_dir(void)
{
	return user_dir("XDG_CONFIG_HOME", ".config");
}

char *
config_state_dir(void)
{
	char *dir = user_dir("XDG_STATE_HOME", ".local/state");

	if (dir == NULL)
		return NULL;
	for (char *s = strchr(dir + 1, '/'); s != NULL;
	     s = strchr(s + 1, '/')) {
		*s = '\0';
		(void)mkdir(dir, 0700);
		*s = '/';
	}
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		free(dir);
		return NULL;
	}
	return dir;
}

char *
config_find(struct diags *d)
{
	static const char system_wide[] = "/etc/rackmux/rackmux.cfg";
	char *dir = config_dir();
	char *mine = dir ? mem_printf("%s/rackmux.cfg", dir) : NULL;

	free(dir);
	if (mine != NULL && (access(mine, F_OK) == 0 || errno == EACCES))
		return mine;
	if (access(system_wide, F_OK) == 0 || errno == EACCES) {
		free(mine);
		return mem_strdup(system_wide);
	}
	diags_add(d, mine != NULL ? mine : system_wide, 0,
	    "there is no configuration, here or in %s: write one (see "
	    "rackmux.cfg(5)), name one with -c, name a board "
	    "(rackmux root@turingpi.local), or try rackmux demo",
	    system_wide);
	free(mine);
	return NULL;
}

#include "rackmux/app/cfgtree.h"

#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "cfginclude.h"
#include "cfgrepair.h"

/*
 * libconfig stops at the first syntax error, but keeps what it read until
 * then, so that the mistakes before it can be told in the same run; those
 * after it are reached by repairing what can be repaired. It resolves @include against the working directory unless told otherwise; we
 * tell it the folder of the file. Its file names live as long as its tree,
 * so they are copied.
 */

const char *
cfg_type_name(enum cfg_type t)
{
	static const char *const names[] = {
		[CFG_GROUP] = "a group",
		[CFG_LIST] = "a list",
		[CFG_INT] = "a whole number",
		[CFG_FLOAT] = "a number",
		[CFG_BOOL] = "true or false",
		[CFG_STRING] = "a string",
	};

	return names[t];
}

/* An included file is known by the name in its @include: put the folder of
 * the first file before it. */
static char *
beside(const struct cfg_tree *t, const char *file)
{
	const char *first = t->n_files > 0 ? t->files[0] : "";
	const char *slash = strrchr(first, '/');

	if (file[0] == '/' || slash == NULL || strcmp(file, first) == 0)
		return mem_strdup(file);
	return mem_printf("%.*s/%s", (int)(slash - first), first, file);
}

static const char *
keep_file(struct cfg_tree *t, const char *name)
{
	char *file = beside(t, name);

	for (size_t i = 0; i < t->n_files; i++)
		if (strcmp(t->files[i], file) == 0) {
			free(file);
			return t->files[i];
		}
	t->files = mem_grow(t->files, t->n_files + 1, sizeof *t->files);
	t->files[t->n_files] = file;
	return t->files[t->n_files++];
}

static void copy(
    struct cfg_tree *, struct cfg_node *, const config_setting_t *);

static void
copy_children(struct cfg_tree *t, struct cfg_node *n, const config_setting_t *s)
{
	int len = config_setting_length(s);

	if (len <= 0)
		return;
	n->child = mem_array((size_t)len, sizeof *n->child);
	for (int i = 0; i < len; i++) {
		const config_setting_t *one =
		    config_setting_get_elem(s, (unsigned)i);

		if (config_setting_type(one) == CONFIG_TYPE_NONE)
			t->broken = config_setting_source_line(one);
		else if (config_setting_name(one) == NULL ||
		    config_setting_name(one)[0] != '*') /* hidden */
			copy(t, &n->child[n->n++], one);
	}
}

static void
copy(struct cfg_tree *t, struct cfg_node *n, const config_setting_t *s)
{
	const char *file = config_setting_source_file(s);

	n->key = mem_strdup(config_setting_name(s));
	n->file = file != NULL ? keep_file(t, file) : t->files[0];
	n->line = config_setting_source_line(s);
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_GROUP:
		n->type = CFG_GROUP;
		copy_children(t, n, s);
		break;
	case CONFIG_TYPE_ARRAY:
	case CONFIG_TYPE_LIST:
		n->type = CFG_LIST;
		copy_children(t, n, s);
		break;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		n->type = CFG_INT;
		n->i = config_setting_get_int64(s);
		n->f = (double)n->i;
		break;
	case CONFIG_TYPE_FLOAT:
		n->type = CFG_FLOAT;
		n->f = config_setting_get_float(s);
		break;
	case CONFIG_TYPE_BOOL:
		n->type = CFG_BOOL;
		n->b = config_setting_get_bool(s) != 0;
		break;
	default:
		n->type = CFG_STRING;
		n->s = mem_strdup(config_setting_get_string(s));
		if (n->s == NULL)
			n->s = mem_strdup("");
	}
}

static void
node_release(struct cfg_node *n)
{
	for (size_t i = 0; i < n->n; i++)
		node_release(&n->child[i]);
	free(n->child);
	free(n->key);
	free(n->s);
}

void
cfgtree_free(struct cfg_tree *t)
{
	if (t == NULL)
		return;
	node_release(&t->root);
	for (size_t i = 0; i < t->n_files; i++)
		free(t->files[i]);
	free(t->files);
	free(t);
}

const struct cfg_node *
cfg_get(const struct cfg_node *group, const char *key)
{
	if (group == NULL || group->type != CFG_GROUP)
		return NULL;
	for (size_t i = 0; i < group->n; i++)
		if (strcmp(group->child[i].key, key) == 0)
			return &group->child[i];
	return NULL;
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_strdup(".");
	return slash == path ? mem_strdup("/")
			     : mem_strndup(path, (size_t)(slash - path));
}

static bool
is_doubled(const config_t *c)
{
	const char *text = config_error_text(c);

	return text != NULL && str_starts(text, "duplicate setting");
}

static void
tell_error(struct cfg_tree *t, config_t *c, struct diags *d)
{
	const char *file = config_error_file(c);
	const char *text = config_error_text(c);
	int line = config_error_line(c);

	file = keep_file(t, file != NULL ? file : t->files[0]);
	if (t->broken > 0 && line > 0 && t->broken < (unsigned)line) {
		diags_add(d, file, t->broken,
		    "the value that begins here does not end: a '\"', ';' or "
		    "closing bracket is missing");
		return;
	}
	if (text == NULL || strcmp(text, "syntax error") == 0)
		text = "syntax error: a ';', '\"' or closing bracket is "
		       "likely missing here or just before";
	else if (is_doubled(c))
		text = "this key stands twice in its group";
	diags_add(d, file, line > 0 ? (unsigned)line : 0, "%s", text);
}

/* Read text into the tree; false after a syntax error. */
static bool
parse(struct cfg_tree *t, config_t *c, const char *text, const char *dir)
{
	bool good;

	node_release(&t->root);
	t->root = (struct cfg_node){ 0 };
	t->broken = 0;
	config_destroy(c);
	config_init(c);
	config_set_include_dir(c, dir);
	good = config_read_string(c, text) == CONFIG_TRUE;
	if (config_root_setting(c) != NULL)
		copy(t, &t->root, config_root_setting(c));
	t->root.type = CFG_GROUP;
	return good;
}

#define REPAIRS_MAX 50

/* After an error, told already: change the text so that reading gets further
 * than that. True when it is worth to go on; *good when nothing is wrong
 * any more. */
static bool
repair(struct cfg_tree *t, config_t *c, char *text, const char *dir,
    unsigned unique, bool *good)
{
	int line = config_error_line(c);
	bool doubled = is_doubled(c);
	struct cfg_patch p = { 0 };

	if (config_error_file(c) != NULL || line <= 0 ||
	    (t->broken > 0 && t->broken < (unsigned)line))
		return false;
	for (size_t n = 0; n < 64; n++) {
		bool done = doubled
		    ? cfg_hide_key(text, (unsigned)line, n, unique, &p)
		    : n == 0 && cfg_blank_line(text, (unsigned)line, &p);

		if (!done)
			break;
		*good = parse(t, c, text, dir);
		done = *good || config_error_file(c) != NULL ||
		    config_error_line(c) > line;
		cfg_patch_end(&p, !done);
		if (done)
			return true;
	}
	(void)parse(t, c, text, dir);
	return false;
}

/* text is changed by repairs. */
static struct cfg_tree *
read_text(const char *name, char *text, bool includes, struct diags *d)
{
	struct cfg_tree *t = mem_alloc(sizeof *t);
	unsigned tries = 0, row = 0;
	char *dir = folder_of(name);
	int line = -1;
	bool good;
	config_t c;

	keep_file(t, name);
	t->partial = includes && !cfg_check_includes(text, name, dir, d);
	config_init(&c);
	good = parse(t, &c, text, dir);
	while (!good) {
		/* Three in a row are likely one mistake that spreads. */
		row = config_error_line(&c) == line + 1 ? row + 1 : 0;
		line = is_doubled(&c) ? -1 : config_error_line(&c);
		t->partial = true;
		if (row < 2)
			tell_error(t, &c, d);
		if (tries++ == REPAIRS_MAX || row == 2 ||
		    !repair(t, &c, text, dir, tries, &good))
			break;
	}
	config_destroy(&c);
	free(dir);
	return t;
}

struct cfg_tree *
cfgtree_load(const char *path, struct diags *d)
{
	char *text = cfg_read_file(path, d);
	struct cfg_tree *t;

	if (text == NULL)
		return NULL;
	t = read_text(path, text, true, d);
	free(text);
	return t;
}

struct cfg_tree *
cfgtree_parse(const char *name, const char *text, struct diags *d)
{
	char *copy = mem_strdup(text);
	struct cfg_tree *t = read_text(name, copy, false, d);

	free(copy);
	return t;
}

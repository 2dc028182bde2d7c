#include "rackmux/app/themefile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/cfgtree.h"
#include "rackmux/app/config.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/canvas.h"

/*
 * A theme file names roles; what it does not name is as in the theme that it
 * is based on ("base", by default "default"):
 *
 *   name = "dusk"; base = "default";
 *   roles: { text = { fg = "#c0c0c0"; }; bar_dim = { bold = true; }; };
 *
 * A key of libconfig has no dots, so those of role names are underscores.
 */

static const struct {
	const char *key;
	uint8_t flag;
} flags[] = {
	{ "bold", STYLE_BOLD },
	{ "dim", STYLE_DIM },
	{ "underline", STYLE_UNDERLINE },
	{ "reverse", STYLE_REVERSE },
	{ "blink", STYLE_BLINK },
};

static enum role
find_role(const char *key)
{
	char name[32];

	for (int r = 0; r < ROLE_COUNT; r++) {
		str_copy(name, sizeof name, theme_role_name((enum role)r));
		for (char *s = name; *s != '\0'; s++)
			if (*s == '.')
				*s = '_';
		if (strcmp(name, key) == 0)
			return (enum role)r;
	}
	return theme_role_find(key);
}

static void
read_colour(const struct cfg_node *c, int32_t *out, struct diags *d)
{
	if (c->type == CFG_INT && c->i >= 0 && c->i <= 255)
		*out = (int32_t)c->i;
	else if (c->type != CFG_STRING || !theme_colour(c->s, out))
		diags_add(d, c->file, c->line,
		    "'%s' is no colour: \"#rrggbb\", \"red\", \"bright-red\", "
		    "\"default\" or 0 to 255",
		    c->key);
}

static bool
read_flag(const struct cfg_node *c, struct theme_role *r, struct diags *d)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (strcmp(flags[i].key, c->key) != 0)
			continue;
		if (c->type != CFG_BOOL)
			diags_add(d, c->file, c->line,
			    "'%s' must be true or false", c->key);
		else if (c->b)
			r->flags = (uint8_t)(r->flags | flags[i].flag);
		else
			r->flags = (uint8_t)(r->flags & ~flags[i].flag);
		return true;
	}
	return false;
}

static void
read_role(const struct cfg_node *at, struct theme *t, struct diags *d)
{
	enum role role = find_role(at->key);
	struct theme_role *r;

	if (role == ROLE_COUNT) {
		diags_add(d, at->file, at->line, "unknown role '%s'", at->key);
		return;
	}
	if (at->type != CFG_GROUP) {
		diags_add(d, at->file, at->line,
		    "role '%s' must be a group { fg = ...; bg = ...; }",
		    at->key);
		return;
	}
	r = &t->roles[role];
	for (size_t i = 0; i < at->n; i++) {
		const struct cfg_node *c = &at->child[i];

		if (strcmp(c->key, "fg") == 0)
			read_colour(c, &r->fg, d);
		else if (strcmp(c->key, "bg") == 0)
			read_colour(c, &r->bg, d);
		else if (!read_flag(c, r, d))
			diags_add(d, c->file, c->line,
			    "unknown key '%s' in a role: there are fg, bg, "
			    "bold, dim, underline, reverse, blink",
			    c->key);
	}
}

static void
read_base(const struct cfg_node *c, struct theme *t, struct diags *d)
{
	const struct theme *base =
	    c->type == CFG_STRING ? theme_builtin(c->s) : NULL;

	if (base == NULL)
		diags_add(d, c->file, c->line,
		    "'base' must be \"default\", \"high-contrast\" or "
		    "\"mono\"");
	else
		memcpy(t->roles, base->roles, sizeof t->roles);
}

static void
read_theme(const struct cfg_node *root, struct theme *t, struct diags *d)
{
	const struct cfg_node *c = cfg_get(root, "base");

	if (c != NULL)
		read_base(c, t, d);
	for (size_t i = 0; i < root->n; i++) {
		c = &root->child[i];
		if (strcmp(c->key, "base") == 0)
			continue;
		if (strcmp(c->key, "name") == 0 && c->type == CFG_STRING)
			text_clean(t->name, sizeof t->name, c->s, strlen(c->s));
		else if (strcmp(c->key, "roles") == 0 && c->type == CFG_GROUP)
			for (size_t k = 0; k < c->n; k++)
				read_role(&c->child[k], t, d);
		else
			diags_add(d, c->file, c->line,
			    "a theme has name = \"...\", base = \"...\" and "
			    "roles: { ... }, not this '%s'",
			    c->key);
	}
}

bool
themefile_load(const char *path, struct theme *out, struct diags *d)
{
	size_t before = d->n;
	struct cfg_tree *tree = cfgtree_load(path, d);
	const char *slash = strrchr(path, '/');

	if (tree == NULL)
		return false;
	*out = *theme_builtin("default");
	str_copy(out->name, sizeof out->name, slash ? slash + 1 : path);
	read_theme(&tree->root, out, d);
	cfgtree_free(tree);
	diags_sort(d);
	return d->n == before;
}

static bool
load_if_there(char *path, struct theme *out, struct diags *d, bool *good)
{
	bool there = path != NULL && access(path, F_OK) == 0;

	if (there)
		*good = themefile_load(path, out, d);
	free(path);
	return there;
}

bool
theme_find(const char *name, struct theme *out, struct diags *d)
{
	char *dir = config_dir();
	bool good = false;

	if (strchr(name, '/') != NULL) {
		free(dir);
		return themefile_load(name, out, d);
	}
	if (dir != NULL &&
	    load_if_there(
		mem_printf("%s/themes/%s.theme", dir, name), out, d, &good)) {
		free(dir);
		return good;
	}
	free(dir);
	if (theme_builtin(name) != NULL) {
		*out = *theme_builtin(name);
		return true;
	}
	if (load_if_there(
		mem_printf(RM_PREFIX "/share/rackmux/themes/%s.theme", name),
		out, d, &good))
		return good;
	diags_add(d, name, 0,
	    "there is no theme of this name: default, high-contrast and mono "
	    "are built in, others are the path of a file");
	return false;
}

#include "rackmux/app/config.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/app/recipe_file.h"
#include "rackmux/base/mem.h"
#include "rackmux/driver/drivers.h"

/*
 * A board of type "command" is described by its group or by the description
 * that it names; the name of a description will do for a type, too.
 */

static void
watch_file(struct config *c, char *path)
{
	if (path == NULL)
		return;
	for (size_t i = 0; i < c->n_recipe_files; i++)
		if (strcmp(c->recipe_files[i], path) == 0) {
			free(path);
			return;
		}
	c->recipe_files = mem_grow(
	    c->recipe_files, c->n_recipe_files + 1, sizeof *c->recipe_files);
	c->recipe_files[c->n_recipe_files++] = path;
}

/* A driver in C knows its board; a description of it would be ignored. */
static void
check_unused(const struct config_board *b, struct diags *d)
{
	for (size_t i = 0; i < b->at->n; i++) {
		const struct cfg_node *k = &b->at->child[i];

		if (recipe_is_key(k->key))
			diags_add(d, k->file, k->line,
			    "'%s' describes a board: it needs type = "
			    "\"command\", or the name of a description",
			    k->key);
	}
}

void
config_read_recipe(struct config *c, struct config_board *b, const char *base,
    bool partial, struct diags *d)
{
	const char *type = b->o.type, *name = b->o.recipe;
	char *path;

	if (type == NULL)
		return;
	if (strcmp(type, driver_command.type) != 0) {
		if (driver_find(type) != NULL || !recipe_exists(type)) {
			if (driver_find(type) != NULL)
				check_unused(b, d);
			return;
		}
		name = type;
	}
	b->described = true;
	b->recipe = recipe_of_board(b->at, name, base, partial, &path, d);
	watch_file(c, path);
	if (b->recipe == NULL)
		return;
	if (b->o.slots == 0)
		b->o.slots = b->recipe->slots;
	if (b->o.link == NULL)
		b->o.link = mem_strdup(b->recipe->link);
	if (!(b->o.poll > 0))
		b->o.poll = b->recipe->poll;
}

const char *
config_nearest_recipe(const char *type)
{
	const char *names[32];
	size_t n = 0;

	for (size_t i = 0; i < driver_table_len && n < ARRAY_LEN(names); i++)
		names[n++] = driver_table[i]->type;
	if (diag_nearest(type, names, n) != NULL)
		return NULL;
	n = 0;
	for (const struct recipe_builtin *b = recipe_builtins;
	     b->name != NULL && n < ARRAY_LEN(names); b++)
		names[n++] = b->name;
	return diag_nearest(type, names, n);
}

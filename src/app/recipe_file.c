#include "rackmux/app/recipe_file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/config.h"
#include "rackmux/base/hash.h"
#include "rackmux/base/text.h"

/*
 * Where a description comes from. Those that we ship are built in too, so
 * that they are there without an installation; a file of the same name in
 * the user's folder stands in for one.
 */

static const char *const file_keys[] = { "title", "slots", "settings", "link",
	"poll", "ask", "acts", "refuse", "console", "unknown", "detect", NULL };
static const char *const board_keys[] = { "recipe", "title", "settings", "ask",
	"acts", "refuse", "console", "unknown", NULL };

static const struct recipe_builtin *
builtin(const char *name)
{
	for (const struct recipe_builtin *b = recipe_builtins; b->name; b++)
		if (strcmp(b->name, name) == 0)
			return b;
	return NULL;
}

static char *
user_folder(void)
{
	char *dir = config_dir();
	char *boards = dir != NULL ? mem_printf("%s/boards", dir) : NULL;

	free(dir);
	return boards;
}

/* The file of a name, or NULL: none, or it is built in. Caller frees. */
static char *
find_file(const char *name, const char *base)
{
	char *dir, *path = NULL;

	if (strchr(name, '/') != NULL)
		return option_path(name, base);
	if (name[0] == '.' || name[0] == '\0')
		return NULL;
	dir = user_folder();
	if (dir != NULL)
		path = mem_printf("%s/%s.cfg", dir, name);
	free(dir);
	if (path != NULL && access(path, F_OK) == 0)
		return path;
	free(path);
	path = mem_printf(RM_PREFIX "/share/rackmux/boards/%s.cfg", name);
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

bool
recipe_exists(const char *name)
{
	char *path;

	if (name == NULL || strchr(name, '/') != NULL)
		return false;
	if (builtin(name) != NULL)
		return true;
	path = find_file(name, NULL);
	free(path);
	return path != NULL;
}

bool
recipe_is_key(const char *key)
{
	for (size_t i = 0; board_keys[i] != NULL; i++)
		if (strcmp(board_keys[i], key) == 0)
			return true;
	return false;
}

/* All that a tree says, as text; two that are equal need no new link. */
static void
dump(struct buf *b, const struct cfg_node *n)
{
	buf_printf(b, "%s=%d:", n->key != NULL ? n->key : "", (int)n->type);
	if (n->type == CFG_STRING)
		buf_printf(b, "%zu,%s;", strlen(n->s), n->s);
	else if (n->type == CFG_BOOL)
		buf_printf(b, "%d;", n->b);
	else if (n->type == CFG_INT || n->type == CFG_FLOAT)
		buf_printf(b, "%.17g;", n->f);
	for (size_t i = 0; i < n->n; i++)
		dump(b, &n->child[i]);
	buf_puts(b, ".");
}

static void
set_id(struct recipe *r, struct buf *all)
{
	unsigned char sum[HASH_SHA256_LEN];
	char hex[2 * HASH_SHA256_LEN + 1];

	hash_sha256(buf_str(all), all->len, sum);
	hash_hex(sum, sizeof sum, hex);
	r->id = mem_strdup(hex);
}

static void
read_file(struct recipe *r, const struct cfg_node *root, struct diags *d)
{
	const struct recipe_keys k = { root, "a board's description", d };
	const char *link;

	(void)keys_known(&k, file_keys);
	recipe_read_settings(r, root, true, d);
	link = key_text(&k, "link", 511);
	if (link != NULL)
		r->link = mem_strdup(link);
	(void)key_number(&k, "poll", 0.2, 3600, &r->poll);
}

static void
there_is_none(const char *name, const struct cfg_node *at, struct diags *d)
{
	struct buf list;

	buf_init(&list, 0);
	for (const struct recipe_builtin *b = recipe_builtins; b->name; b++)
		buf_printf(
		    &list, "%s%s", b == recipe_builtins ? "" : ", ", b->name);
	diags_add(d, at != NULL ? at->file : name, at != NULL ? at->line : 0,
	    "there is no description '%s': there are %s, those in boards/ "
	    "beside the configuration of the user, and paths of files",
	    name, buf_str(&list));
	buf_release(&list);
}

/* The tree of a description; NULL when there is none, or it cannot be read. */
static struct cfg_tree *
open_tree(const char *name, const char *base, const struct cfg_node *at,
    char **path, struct diags *d)
{
	const struct recipe_builtin *b;
	struct cfg_tree *t = NULL;
	char *file = find_file(name, base);

	if (file != NULL)
		t = cfgtree_load(file, d);
	else if ((b = builtin(name)) != NULL) {
		char *what = mem_printf("boards/%s.cfg (built in)", name);

		t = cfgtree_parse(what, b->text, d);
		free(what);
	} else
		there_is_none(name, at, d);
	if (path != NULL)
		*path = file;
	else
		free(file);
	return t;
}

static void
name_it(struct recipe *r, const char *name)
{
	const char *slash = strrchr(name, '/');
	char text[64];

	str_copy(text, sizeof text, slash != NULL ? slash + 1 : name);
	if (str_ends(text, ".cfg"))
		text[strlen(text) - 4] = '\0';
	r->name = mem_strdup(text);
}

/* Every setting without a default must have got its value. */
static void
check_settings(const struct recipe *r, const struct cfg_node *board,
    bool partial, struct diags *d)
{
	const struct cfg_node *at = cfg_get(board, "settings");

	if (at == NULL)
		at = board;
	for (size_t i = 0; i < r->n_settings && !partial; i++) {
		const struct recipe_setting *s = &r->setting[i];
		size_t k = 0;

		while (k < s->n && s->value[k][0] != '\0')
			k++;
		if (s->n == 0 || k < s->n)
			diags_add(d, at->file, at->line,
			    "this board needs a setting: settings = { %s = "
			    "\"...\"; }",
			    s->key);
		else if (s->per_slot && r->slots > 0 && s->n < (size_t)r->slots)
			diags_add(d, at->file, at->line,
			    "setting '%s' is a list with one entry a slot, "
			    "and has %zu of %d",
			    s->key, s->n, r->slots);
	}
}

/* As many slots as the longest list of a setting has entries. */
static void
count_slots(struct recipe *r)
{
	for (size_t i = 0; r->slots == 0 && i < r->n_settings; i++)
		if (r->setting[i].per_slot)
			r->slots = (int)r->setting[i].n;
}

static void
check_whole(const struct recipe *r, const struct cfg_node *board, bool partial,
    struct diags *d)
{
	bool learns = r->slots > 0;

	if (r->n_asks == 0 && r->n_refusals + r->n_consoles == 0 && !partial &&
	    cfg_get(board, "acts") == NULL && r->name == NULL)
		diags_add(d, board->file, board->line,
		    "this board is not described: name a description "
		    "(recipe = \"clusterhat\") or write 'ask' and 'acts'");
	for (size_t i = 0; i < r->n_asks; i++)
		for (size_t k = 0; k < r->ask[i].n_reads; k++)
			learns = learns || r->ask[i].read[k].is_slots;
	if (!learns && !partial)
		diags_add(d, board->file, board->line,
		    "how many slots this board has is not said: add slots = "
		    "...");
}

static struct recipe *
finish(struct recipe *r, const struct cfg_node *file,
    const struct cfg_node *board, bool partial, struct diags *d)
{
	struct buf all;

	buf_init(&all, 0);
	if (file != NULL) {
		read_file(r, file, d);
		dump(&all, file);
	}
	if (board != NULL) {
		recipe_read_settings(r, board, file == NULL, d);
		for (size_t i = 0; i < board->n; i++)
			if (recipe_is_key(board->child[i].key) ||
			    strcmp(board->child[i].key, "slots") == 0)
				dump(&all, &board->child[i]);
	}
	/* Commands are checked against the settings that they name. */
	if (file != NULL)
		recipe_read(r, file, d);
	if (board != NULL) {
		recipe_read(r, board, d);
		count_slots(r);
		check_whole(r, board, partial, d);
		check_settings(r, board, partial, d);
	}
	if (r->title == NULL)
		r->title =
		    mem_strdup(r->name != NULL ? r->name : "described board");
	set_id(r, &all);
	buf_release(&all);
	return r;
}

struct recipe *
recipe_of_board(const struct cfg_node *board, const char *name,
    const char *base, bool partial, char **path, struct diags *d)
{
	size_t before = d->n;
	struct cfg_tree *t = NULL;
	struct recipe *r;

	*path = NULL;
	if (name != NULL) {
		t = open_tree(name, base, cfg_get(board, "recipe"), path, d);
		if (t == NULL)
			return NULL;
	}
	r = recipe_new();
	if (name != NULL)
		name_it(r, name);
	(void)finish(r, t != NULL ? &t->root : NULL, board,
	    partial || (t != NULL && t->partial), d);
	cfgtree_free(t);
	if (d->n == before)
		return r;
	recipe_unref(r);
	return NULL;
}

struct recipe *
recipe_load(const char *name, struct diags *d)
{
	size_t before = d->n;
	struct cfg_tree *t = open_tree(name, NULL, NULL, NULL, d);
	struct recipe *r;

	if (t == NULL)
		return NULL;
	r = recipe_new();
	name_it(r, name);
	(void)finish(r, &t->root, NULL, t->partial, d);
	cfgtree_free(t);
	if (d->n == before)
		return r;
	recipe_unref(r);
	return NULL;
}

/* --- detection -------------------------------------------------------------- */

static void
try_one(const char *name, const char *facts, struct recipe **best, int *sure)
{
	struct diags d = { 0 };
	struct recipe *r = recipe_load(name, &d);
	int m = r != NULL ? recipe_match(r, facts) : 0;

	diags_release(&d);
	for (size_t i = 0; m > 0 && i < r->n_settings; i++)
		if (r->setting[i].n == 0 || r->setting[i].value[0][0] == '\0')
			m = 0; /* it needs what nobody told us */
	if (m <= *sure) {
		recipe_unref(r);
		return;
	}
	recipe_unref(*best);
	*best = r;
	*sure = m;
}

struct recipe *
recipe_detect(const char *facts, int *sure)
{
	char *folder = user_folder();
	DIR *dir = folder != NULL ? opendir(folder) : NULL;
	struct recipe *best = NULL;
	struct dirent *e;

	*sure = 0;
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		size_t len = strlen(e->d_name);

		if (e->d_name[0] != '.' && str_ends(e->d_name, ".cfg")) {
			char *name = mem_strndup(e->d_name, len - 4);

			try_one(name, facts, &best, sure);
			free(name);
		}
	}
	if (dir != NULL)
		closedir(dir);
	free(folder);
	for (const struct recipe_builtin *b = recipe_builtins; b->name; b++)
		try_one(b->name, facts, &best, sure);
	return best;
}

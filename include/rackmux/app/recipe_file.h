/*
 * recipe_file - boards that are described in a configuration.
 *
 * A description stands in a board's group, or in a file of its own: in the
 * user's folder (boards/NAME.cfg below that of the configuration), among those
 * that are installed, or among the same that are built in.
 */
#ifndef RM_APP_RECIPE_FILE_H
#define RM_APP_RECIPE_FILE_H

#include "rackmux/app/cfgtree.h"
#include "rackmux/driver/recipe.h"

/* Built in, from config/boards/ (see the Makefile); a NULL name ends them. */
struct recipe_builtin {
	const char *name, *text;
};
extern const struct recipe_builtin recipe_builtins[];

/* Whether there is a description of this name. */
bool	 recipe_exists(const char *name);
/* The keys of a board's group that describe it. */
bool	 recipe_is_key(const char *key);
/* The description of a board: the file of that name (or path, from base;
 * NULL: none), then what its group says. NULL when there was a mistake. The
 * path of the file goes to *path (owned), so that changes of it are noticed;
 * it is NULL for one that is built in. partial: do not tell what is missing. */
struct recipe *recipe_of_board(const struct cfg_node *board, const char *name,
	    const char *base, bool partial, char **path, struct diags *);
/* The description alone; its settings need not be filled in. */
struct recipe *recipe_load(const char *name, struct diags *);
/* The description that the facts (see driver_facts_script) fit best, or NULL;
 * how sure that is. Broken files are passed over. */
struct recipe *recipe_detect(const char *facts, int *sure);

/* --- recipe_read.c: what a group says --- */
/* Everything but the settings goes from a group into the recipe. */
void	 recipe_read(struct recipe *, const struct cfg_node *group,
	    struct diags *);
/* The settings that a group names; anew: there may be new ones. */
void	 recipe_read_settings(struct recipe *, const struct cfg_node *group,
	    bool anew, struct diags *);

/* --- recipe_ask.c: the commands that ask, and what they tell --- */
void	 recipe_read_asks(struct recipe *, const struct cfg_node *list,
	    struct diags *);

/* --- recipe_keys.c: keys of a group, judged one by one --- */
struct recipe_keys {
	const struct cfg_node *group;
	const char *what;		/* "an ask" */
	struct diags *d;
};
/* Every key must be one of these (NULL-terminated). */
bool	 keys_known(const struct recipe_keys *, const char *const *keys);
/* The text of a key, or NULL; at most max bytes. */
const char *key_text(const struct recipe_keys *, const char *key, size_t max);
/* A sentence: it is shown as it is. */
const char *key_sentence(const struct recipe_keys *, const char *key);
bool	 key_number(const struct recipe_keys *, const char *key, double min,
	    double max, double *out);
bool	 key_bool(const struct recipe_keys *, const char *key, bool standard);
/* Which of the words (NULL-terminated) it is; standard when it is absent. */
int	 key_word(const struct recipe_keys *, const char *key,
	    const char *const *words, int standard);
void	 key_pattern(const struct recipe_keys *, const char *key,
	    struct pattern *);
/* A key that must be there: false, and told. */
bool	 key_needed(const struct recipe_keys *, const char *key);
/* The mistake stands at the key, or at its group. */
void	 key_wrong(const struct recipe_keys *, const char *key,
	    const char *fmt, ...) RM_PRINTF(3, 4);
/* A command or path with placeholders. */
char	*key_template(const struct recipe_keys *, const char *key,
	    const struct recipe *, bool per_slot, bool quote);

#endif

#include "rackmux/app/recipe_file.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * What one key of a description may hold. A mistake is told at its line, with
 * what would be right; reading goes on, so that all are told at once.
 */

#define SENTENCE_MAX 160

void
key_wrong(const struct recipe_keys *k, const char *key, const char *fmt, ...)
{
	const struct cfg_node *at = cfg_get(k->group, key);
	va_list ap;
	char *text;

	if (at == NULL)
		at = k->group;
	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	diags_add(k->d, at->file, at->line, "%s", text);
	free(text);
}

static void
unknown_key(const struct recipe_keys *k, const char *const *keys,
    const struct cfg_node *c)
{
	const char *near;
	struct buf list;
	size_t n = 0;

	while (keys[n] != NULL)
		n++;
	near = diag_nearest(c->key, keys, n);
	if (near != NULL) {
		diags_add(k->d, c->file, c->line,
		    "unknown key '%s' in %s: did you mean '%s'?", c->key,
		    k->what, near);
		return;
	}
	buf_init(&list, 0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i > 0 ? ", " : "", keys[i]);
	diags_add(k->d, c->file, c->line,
	    "unknown key '%s' in %s: there are %s", c->key, k->what,
	    buf_str(&list));
	buf_release(&list);
}

bool
keys_known(const struct recipe_keys *k, const char *const *keys)
{
	if (k->group->type != CFG_GROUP) {
		diags_add(k->d, k->group->file, k->group->line,
		    "%s must be a group { ... }, not %s", k->what,
		    cfg_type_name(k->group->type));
		return false;
	}
	for (size_t i = 0; i < k->group->n; i++) {
		const struct cfg_node *c = &k->group->child[i];
		size_t n = 0;

		while (keys[n] != NULL && strcmp(keys[n], c->key) != 0)
			n++;
		if (keys[n] == NULL)
			unknown_key(k, keys, c);
	}
	return true;
}

static bool
is_clean(const char *s)
{
	char *clean = text_clean_dup(s, strlen(s));
	bool same = strcmp(clean, s) == 0;

	free(clean);
	return same;
}

const char *
key_text(const struct recipe_keys *k, const char *key, size_t max)
{
	const struct cfg_node *c = cfg_get(k->group, key);

	if (c == NULL)
		return NULL;
	if (c->type != CFG_STRING)
		key_wrong(k, key, "'%s' must be %s, not %s", key,
		    cfg_type_name(CFG_STRING), cfg_type_name(c->type));
	else if (c->s[0] == '\0')
		key_wrong(k, key, "'%s' is empty", key);
	else if (strlen(c->s) > max)
		key_wrong(
		    k, key, "'%s' is longer than %zu characters", key, max);
	else if (!is_clean(c->s))
		key_wrong(k, key,
		    "'%s' holds control characters or is no UTF-8", key);
	else
		return c->s;
	return NULL;
}

const char *
key_sentence(const struct recipe_keys *k, const char *key)
{
	const char *s = key_text(k, key, SENTENCE_MAX);

	if (s == NULL)
		return NULL;
	if (strlen(s) >= 10 && s[0] >= 'A' && s[0] <= 'Z' && str_ends(s, "."))
		return s;
	key_wrong(k, key,
	    "'%s' is shown to the operator: write a sentence, with a capital "
	    "letter and a full stop",
	    key);
	return NULL;
}

bool
key_number(const struct recipe_keys *k, const char *key, double min, double max,
    double *out)
{
	const struct cfg_node *c = cfg_get(k->group, key);

	if (c == NULL)
		return false;
	if (c->type != CFG_INT && c->type != CFG_FLOAT)
		key_wrong(k, key, "'%s' must be a number, not %s", key,
		    cfg_type_name(c->type));
	else if (!(c->f >= min && c->f <= max))
		key_wrong(k, key, "'%s' must be from %g to %g, not %g", key,
		    min, max, c->f);
	else {
		*out = c->f;
		return true;
	}
	return false;
}

bool
key_bool(const struct recipe_keys *k, const char *key, bool standard)
{
	const struct cfg_node *c = cfg_get(k->group, key);

	if (c == NULL)
		return standard;
	if (c->type != CFG_BOOL)
		key_wrong(k, key, "'%s' must be %s, not %s", key,
		    cfg_type_name(CFG_BOOL), cfg_type_name(c->type));
	return c->b;
}

int
key_word(const struct recipe_keys *k, const char *key, const char *const *words,
    int standard)
{
	const char *s = key_text(k, key, 64);
	struct buf list;
	int n = 0;

	if (s == NULL)
		return standard;
	buf_init(&list, 0);
	for (; words[n] != NULL && strcmp(words[n], s) != 0; n++)
		buf_printf(&list, "%s\"%s\"", n > 0 ? ", " : "", words[n]);
	if (words[n] == NULL) {
		key_wrong(k, key, "'%s' is \"%s\": there are %s", key, s,
		    buf_str(&list));
		n = standard;
	}
	buf_release(&list);
	return n;
}

void
key_pattern(const struct recipe_keys *k, const char *key, struct pattern *p)
{
	const char *s = key_text(k, key, RECIPE_PATTERN_MAX);
	char err[160];

	if (s != NULL && !pattern_set(p, s, err, sizeof err))
		key_wrong(
		    k, key, "'%s' is no pattern: %s (see regex(7))", key, err);
}

bool
key_needed(const struct recipe_keys *k, const char *key)
{
	if (cfg_get(k->group, key) != NULL)
		return true;
	key_wrong(k, key, "%s needs a '%s'", k->what, key);
	return false;
}

char *
key_template(const struct recipe_keys *k, const char *key,
    const struct recipe *r, bool per_slot, bool quote)
{
	const char *s = key_text(k, key, RECIPE_COMMAND_MAX), *why;
	char err[200];

	if (s == NULL)
		return NULL;
	why = recipe_check(r, s, per_slot, quote, err, sizeof err);
	if (why == NULL)
		return mem_strdup(s);
	key_wrong(k, key, "'%s': %s", key, why);
	return NULL;
}

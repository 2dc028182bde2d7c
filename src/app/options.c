#include "rackmux/app/options.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * One table drives reading, defaults, release and the manual page. A key's
 * place in the struct of its group is found by offsetof, so that a key
 * without a member does not compile.
 */

/* Groups and lists have no member; give them the offset 0. */
#define OFFSET_STRING(s, key) offsetof(struct s, key)
#define OFFSET_NAME(s, key) offsetof(struct s, key)
#define OFFSET_PATH(s, key) offsetof(struct s, key)
#define OFFSET_INT(s, key) offsetof(struct s, key)
#define OFFSET_NUMBER(s, key) offsetof(struct s, key)
#define OFFSET_BOOL(s, key) offsetof(struct s, key)
#define OFFSET_GROUP(s, key) 0
#define OFFSET_LIST(s, key) 0
#define STRUCT_TOP opts_top
#define STRUCT_RACK opts_rack
#define STRUCT_SSH opts_ssh
#define STRUCT_THRESHOLDS opts_thresholds
#define STRUCT_CONSOLE opts_console
#define STRUCT_ALERT opts_alert
#define STRUCT_BOARD opts_board
#define STRUCT_NODE opts_node
#define STRUCT_FEED opts_feed

const struct option option_table[] = {
#define OPTION(group, key, type, min, max, def, meaning) \
	{ OPT_##group, #key, OPT_##type, min, max, def, meaning, \
		OFFSET_##type(STRUCT_##group, key) },
#include "rackmux/app/options.def"
#undef OPTION
};
const size_t option_table_len = ARRAY_LEN(option_table);

const char *
option_group_name(enum opt_group g)
{
	static const char *const names[OPT_GROUPS] = {
		[OPT_TOP] = "the configuration",
		[OPT_RACK] = "rack",
		[OPT_SSH] = "ssh",
		[OPT_THRESHOLDS] = "thresholds",
		[OPT_CONSOLE] = "console",
		[OPT_ALERT] = "an alert",
		[OPT_BOARD] = "a board",
		[OPT_NODE] = "a node",
		[OPT_FEED] = "a feed",
	};

	return names[g];
}

const struct option *
option_find(enum opt_group g, const char *key)
{
	for (size_t i = 0; i < option_table_len; i++)
		if (option_table[i].group == g &&
		    strcmp(option_table[i].key, key) == 0)
			return &option_table[i];
	return NULL;
}

static void *
member(void *out, const struct option *o)
{
	return (char *)out + o->offset;
}

static void
set_string(void *out, const struct option *o, char *s)
{
	char **p = member(out, o);

	free(*p);
	*p = s;
}

void
options_default(enum opt_group g, void *out)
{
	for (size_t i = 0; i < option_table_len; i++) {
		const struct option *o = &option_table[i];
		double number = 0;

		if (o->group != g || o->standard[0] == '(')
			continue;
		switch (o->type) {
		case OPT_STRING:
		case OPT_NAME:
		case OPT_PATH:
			if (o->standard[0] != '\0')
				set_string(out, o, mem_strdup(o->standard));
			break;
		case OPT_INT:
			if (str_double(o->standard, &number))
				*(int *)member(out, o) = (int)number;
			break;
		case OPT_NUMBER:
			if (str_double(o->standard, &number))
				*(double *)member(out, o) = number;
			break;
		case OPT_BOOL:
			*(bool *)member(out, o) =
			    strcmp(o->standard, "true") == 0;
			break;
		case OPT_GROUP:
		case OPT_LIST:
			break;
		}
	}
}

void
options_release(enum opt_group g, void *out)
{
	for (size_t i = 0; i < option_table_len; i++)
		if (option_table[i].group == g &&
		    (option_table[i].type == OPT_STRING ||
			option_table[i].type == OPT_NAME ||
			option_table[i].type == OPT_PATH))
			set_string(out, &option_table[i], NULL);
}

char *
option_path(const char *path, const char *base)
{
	const char *home = getenv("HOME");

	if (str_starts(path, "~/") && home != NULL && home[0] != '\0')
		return mem_printf("%s/%s", home, path + 2);
	if (path[0] == '/' || base == NULL || strcmp(base, ".") == 0)
		return mem_strdup(path);
	return mem_printf("%s/%s", base, path);
}

static const char *
nearest_key(enum opt_group g, const char *key)
{
	const char *keys[32];
	size_t n = 0;

	for (size_t i = 0; i < option_table_len && n < ARRAY_LEN(keys); i++)
		if (option_table[i].group == g)
			keys[n++] = option_table[i].key;
	return diag_nearest(key, keys, n);
}

/* The group in which a key would be right, if it stands in the wrong one. */
static const struct option *
right_elsewhere(const char *key)
{
	for (size_t i = 0; i < option_table_len; i++)
		if (strcmp(option_table[i].key, key) == 0)
			return &option_table[i];
	return NULL;
}

static void
unknown_key(enum opt_group g, const struct cfg_node *c, struct diags *d)
{
	const char *near = nearest_key(g, c->key);
	const struct option *other = right_elsewhere(c->key);

	if (near != NULL)
		diags_add(d, c->file, c->line,
		    "unknown key '%s' in %s: did you mean '%s'?", c->key,
		    option_group_name(g), near);
	else if (other != NULL)
		diags_add(d, c->file, c->line,
		    "unknown key '%s' in %s: it belongs in %s", c->key,
		    option_group_name(g), option_group_name(other->group));
	else
		diags_add(d, c->file, c->line, "unknown key '%s' in %s", c->key,
		    option_group_name(g));
}

static bool
right_type(const struct option *o, const struct cfg_node *c, struct diags *d)
{
	static const enum cfg_type wants[] = {
		[OPT_STRING] = CFG_STRING,
		[OPT_NAME] = CFG_STRING,
		[OPT_PATH] = CFG_STRING,
		[OPT_INT] = CFG_INT,
		[OPT_NUMBER] = CFG_FLOAT,
		[OPT_BOOL] = CFG_BOOL,
		[OPT_GROUP] = CFG_GROUP,
		[OPT_LIST] = CFG_LIST,
	};
	enum cfg_type want = wants[o->type];

	if (c->type == want || (want == CFG_FLOAT && c->type == CFG_INT))
		return true;
	diags_add(d, c->file, c->line, "'%s' must be %s, not %s", o->key,
	    cfg_type_name(want), cfg_type_name(c->type));
	return false;
}

static bool
in_range(const struct option *o, const struct cfg_node *c, struct diags *d)
{
	if (c->f >= o->min && c->f <= o->max)
		return true;
	diags_add(d, c->file, c->line, "'%s' must be from %g to %.10g, not %g",
	    o->key, o->min, o->max, c->f);
	return false;
}

static bool
right_length(const struct option *o, const struct cfg_node *c, struct diags *d)
{
	size_t len = strlen(c->s);

	if (len < (size_t)o->min)
		diags_add(d, c->file, c->line, "'%s' is empty", o->key);
	else if (len > (size_t)o->max)
		diags_add(d, c->file, c->line,
		    "'%s' is longer than %.0f characters", o->key, o->max);
	else
		return true;
	return false;
}

static bool
good_text(const struct option *o, const struct cfg_node *c, struct diags *d)
{
	char *clean = text_clean_dup(c->s, strlen(c->s));
	bool same = strcmp(clean, c->s) == 0;

	free(clean);
	if (!right_length(o, c, d))
		return false;
	if (!same) {
		diags_add(d, c->file, c->line,
		    "'%s' holds control characters or is no UTF-8", o->key);
		return false;
	}
	if (o->type != OPT_NAME)
		return true;
	for (const char *s = c->s; *s != '\0'; s++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy"
			   "z0123456789._-",
			*s) == NULL) {
			diags_add(d, c->file, c->line,
			    "'%s' may hold letters, digits, '.', '_' and '-' "
			    "only, not \"%s\"",
			    o->key, c->s);
			return false;
		}
	return true;
}

static void
read_one(const struct option *o, const struct cfg_node *c, const char *base,
    void *out, struct diags *d)
{
	if (!right_type(o, c, d))
		return;
	switch (o->type) {
	case OPT_STRING:
	case OPT_NAME:
		if (good_text(o, c, d))
			set_string(out, o, mem_strdup(c->s));
		break;
	case OPT_PATH:
		/* "none" stands for no file. */
		if (good_text(o, c, d))
			set_string(out, o,
			    strcmp(c->s, "none") == 0
				? mem_strdup(c->s)
				: option_path(c->s, base));
		break;
	case OPT_INT:
		if (in_range(o, c, d))
			*(int *)member(out, o) = (int)c->i;
		break;
	case OPT_NUMBER:
		if (in_range(o, c, d))
			*(double *)member(out, o) = c->f;
		break;
	case OPT_BOOL:
		*(bool *)member(out, o) = c->b;
		break;
	case OPT_LIST:
		if ((double)c->n > o->max)
			diags_add(d, c->file, c->line,
			    "'%s' has %zu entries, more than %.0f", o->key,
			    c->n, o->max);
		break;
	case OPT_GROUP:
		break;
	}
}

static const struct driver_setting *
find_own(const struct driver_setting *own, const char *key)
{
	for (; own != NULL && own->key != NULL; own++)
		if (strcmp(own->key, key) == 0)
			return own;
	return NULL;
}

/* A key of a driver's own is judged as if it stood in options.def. */
static char *
read_setting(
    const struct driver_setting *own, const struct cfg_node *c, struct diags *d)
{
	static const enum opt_type types[] = { [SETTING_TEXT] = OPT_STRING,
		[SETTING_NUMBER] = OPT_NUMBER,
		[SETTING_INT] = OPT_INT,
		[SETTING_BOOL] = OPT_BOOL };
	const struct option o = { .key = own->key,
		.type = types[own->type],
		.min = own->min,
		.max = own->max };

	if (!right_type(&o, c, d))
		return NULL;
	switch (own->type) {
	case SETTING_TEXT:
		return good_text(&o, c, d) ? mem_strdup(c->s) : NULL;
	case SETTING_NUMBER:
		return in_range(&o, c, d) ? mem_printf("%.17g", c->f) : NULL;
	case SETTING_INT:
		return in_range(&o, c, d) ? mem_printf("%lld", c->i) : NULL;
	case SETTING_BOOL:
		break;
	}
	return mem_strdup(c->b ? "true" : "false");
}

void
settings_free(struct setting *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)v[i].text);
	free(v);
}

void
options_read_own(enum opt_group g, const struct cfg_node *group,
    const char *base, void *out, const struct driver_setting *own,
    struct setting **settings, size_t *n, struct diags *d)
{
	options_default(g, out);
	if (group == NULL || group->type != CFG_GROUP)
		return;
	for (size_t i = 0; i < group->n; i++) {
		const struct cfg_node *c = &group->child[i];
		const struct option *o = option_find(g, c->key);
		const struct driver_setting *mine = find_own(own, c->key);
		char *text;

		if (o != NULL) {
			read_one(o, c, base, out, d);
		} else if (mine == NULL) {
			unknown_key(g, c, d);
		} else if ((text = read_setting(mine, c, d)) != NULL) {
			*settings =
			    mem_grow(*settings, *n + 1, sizeof **settings);
			(*settings)[(*n)++] =
			    (struct setting){ mine->key, text };
		}
	}
}

void
options_read(enum opt_group g, const struct cfg_node *group, const char *base,
    void *out, struct diags *d)
{
	options_read_own(g, group, base, out, NULL, NULL, NULL, d);
}

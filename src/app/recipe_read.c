#include "rackmux/app/recipe_file.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * The keys of a description but for 'ask'. A board's own group is read after
 * the file that it names, so it adds to the lists and replaces actions.
 */

#define LIST_MAX 128

static const char *const acts[ACT_MAX + 1] = { "power.on", "power.off",
	"power.cycle", "power.reset", "power.soft", "locate.on", "locate.off",
	"console", "flash", "usb.boot", NULL };

static bool
find_act(const struct cfg_node *c, enum act *out, struct diags *d)
{
	const char *near, *s = c->type == CFG_STRING ? c->s : "";
	size_t i = 0;

	while (i < ACT_MAX && strcmp(acts[i], s) != 0)
		i++;
	*out = (enum act)i;
	if (i < ACT_MAX)
		return true;
	near = diag_nearest(s, acts, ACT_MAX);
	if (near != NULL)
		diags_add(d, c->file, c->line,
		    "there is no action '%s': did you mean '%s'?", s, near);
	else
		diags_add(d, c->file, c->line,
		    "there is no action '%s': there are power.on, power.off, "
		    "power.cycle, power.reset, power.soft, locate.on, "
		    "locate.off, console, flash, usb.boot",
		    s);
	return false;
}

/* One act or a list of them; how many. */
static size_t
read_acts(const struct recipe_keys *k, enum act *out)
{
	const struct cfg_node *c = cfg_get(k->group, "act");
	size_t n = 0;

	if (!key_needed(k, "act"))
		return 0;
	if (c->type != CFG_LIST)
		return find_act(c, out, k->d) ? 1 : 0;
	for (size_t i = 0; i < c->n && n < ACT_MAX; i++)
		if (find_act(&c->child[i], &out[n], k->d))
			n++;
	return n;
}

/* A list of groups, each given to fn. */
static void
each_group(struct recipe *r, const struct cfg_node *group, const char *key,
    const char *what, struct diags *d,
    void (*fn)(struct recipe *, const struct recipe_keys *))
{
	const struct cfg_node *list = cfg_get(group, key);

	if (list == NULL)
		return;
	if (list->type != CFG_LIST || list->n > LIST_MAX) {
		diags_add(d, list->file, list->line,
		    "'%s' must be a list ( { ... }, { ... } ) of at most %d "
		    "groups",
		    key, LIST_MAX);
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct recipe_keys k = { &list->child[i], what, d };

		fn(r, &k);
	}
}

static void
fill_act(struct recipe_act *a, const struct recipe_keys *k,
    const struct recipe *r, bool per_slot)
{
	double n;

	free(a->run);
	free(a->why);
	a->run = key_template(k, "run", r, per_slot, true);
	a->why = mem_strdup(key_sentence(k, "why"));
	key_pattern(k, "ok", &a->ok);
	key_pattern(k, "fail", &a->fail);
	if (key_number(k, "timeout", 1, 600, &n))
		a->timeout_ms = (unsigned)(n * 1000);
}

static void
read_act(struct recipe *r, const struct recipe_keys *k)
{
	static const char *const keys[] = { "act", "each", "run", "why", "ok",
		"fail", "timeout", NULL };
	static const char *const each[] = { "slot", "board", NULL };
	enum act act[ACT_MAX];
	bool per_slot;
	size_t n;

	if (!keys_known(k, keys))
		return;
	n = read_acts(k, act);
	per_slot = key_word(k, "each", each, 0) == 0;
	if (!cfg_get(k->group, "run") == !cfg_get(k->group, "why"))
		key_wrong(k, "run",
		    "an action needs either 'run' (a command) or 'why' (why "
		    "there is none)");
	for (size_t i = 0; i < n; i++) {
		if (act[i] == ACT_CONSOLE && cfg_get(k->group, "run"))
			key_wrong(k, "act",
			    "a console is described in 'console', not here");
		fill_act(
		    per_slot ? &r->slot_act[act[i]] : &r->board_act[act[i]], k,
		    r, per_slot);
	}
}

static void
read_refusal(struct recipe *r, const struct recipe_keys *k)
{
	static const char *const keys[] = { "slot", "act", "why", NULL };
	enum act act[ACT_MAX];
	const char *why;
	double slot = 0;
	size_t n;

	if (!keys_known(k, keys) || !key_needed(k, "slot") ||
	    !key_needed(k, "why"))
		return;
	(void)key_number(k, "slot", 0, DRIVER_SLOTS_MAX, &slot);
	why = key_sentence(k, "why");
	n = read_acts(k, act);
	for (size_t i = 0; why != NULL && i < n; i++) {
		r->refusal =
		    mem_grow(r->refusal, r->n_refusals + 1, sizeof *r->refusal);
		r->refusal[r->n_refusals++] =
		    (struct recipe_refusal){ (int)slot, act[i],
			    mem_strdup(why) };
	}
}

static void
read_console(struct recipe *r, const struct recipe_keys *k)
{
	static const char *const keys[] = { "slot", "device", "run", "speed",
		NULL };
	struct recipe_console c = { .speed = 115200 };
	double n = 0;

	if (!keys_known(k, keys))
		return;
	if (!cfg_get(k->group, "device") == !cfg_get(k->group, "run"))
		key_wrong(k, "device",
		    "a console needs either 'device' (a serial port on the "
		    "board) or 'run' (a command that shows it)");
	if (key_number(k, "slot", 1, DRIVER_SLOTS_MAX, &n))
		c.slot = (int)n;
	if (key_number(k, "speed", 300, 4000000, &n))
		c.speed = (int)n;
	c.device = key_template(k, "device", r, true, false);
	c.run = key_template(k, "run", r, true, true);
	r->console =
	    mem_grow(r->console, r->n_consoles + 1, sizeof *r->console);
	r->console[r->n_consoles++] = c;
}

static void
read_unknown(struct recipe *r, const struct recipe_keys *k)
{
	static const char *const keys[] = { "value", "why", NULL };
	const char *name, *why;
	enum name_id id;

	if (!keys_known(k, keys) || !key_needed(k, "value") ||
	    !key_needed(k, "why"))
		return;
	name = key_text(k, "value", 64);
	why = key_sentence(k, "why");
	if (name == NULL || why == NULL)
		return;
	id = name_find(name, NULL, 0);
	if (id == NAME_COUNT) {
		key_wrong(k, "value",
		    "there is no value '%s': rackmux.cfg(5) lists them", name);
		return;
	}
	r->unknown = mem_grow(r->unknown, r->n_unknown + 1, sizeof *r->unknown);
	r->unknown[r->n_unknown++] =
	    (struct recipe_unknown){ id, mem_strdup(why) };
}

static void
read_detect(struct recipe *r, const struct cfg_node *group, struct diags *d)
{
	static const char *const keys[] = { "line", "sure", NULL };
	const struct recipe_keys k = { cfg_get(group, "detect"), "'detect'",
		d };
	double sure = 80;

	if (k.group == NULL || !keys_known(&k, keys) || !key_needed(&k, "line"))
		return;
	key_pattern(&k, "line", &r->detect);
	(void)key_number(&k, "sure", 1, 100, &sure);
	r->sure = (int)sure;
}

static void
replace(char **old, const char *text)
{
	if (text == NULL)
		return;
	free(*old);
	*old = mem_strdup(text);
}

void
recipe_read(struct recipe *r, const struct cfg_node *group, struct diags *d)
{
	const struct recipe_keys k = { group, "a board", d };
	const struct cfg_node *asks = cfg_get(group, "ask");
	double n;

	replace(&r->title, key_text(&k, "title", 60));
	if (cfg_get(group, "slots") &&
	    key_number(&k, "slots", 1, DRIVER_SLOTS_MAX, &n))
		r->slots = (int)n;
	if (asks != NULL && asks->type != CFG_LIST)
		key_wrong(&k, "ask", "'ask' must be a list ( { run = ... } )");
	else if (asks != NULL)
		recipe_read_asks(r, asks, d);
	each_group(r, group, "acts", "an entry of 'acts'", d, read_act);
	each_group(r, group, "refuse", "an entry of 'refuse'", d, read_refusal);
	each_group(
	    r, group, "console", "an entry of 'console'", d, read_console);
	each_group(
	    r, group, "unknown", "an entry of 'unknown'", d, read_unknown);
	read_detect(r, group, d);
}

/* --- settings --------------------------------------------------------------- */

/* A scalar as text into out (size bytes), or NULL and a mistake. */
static const char *
scalar(const struct cfg_node *c, char *out, size_t size, struct diags *d)
{
	const struct cfg_node one = { .type = CFG_GROUP,
		.file = c->file,
		.line = c->line,
		.child = (struct cfg_node *)(uintptr_t)c,
		.n = 1 };
	const struct recipe_keys k = { &one, "a setting", d };

	switch (c->type) {
	case CFG_STRING:
		if (c->s[0] == '\0')
			return "";
		if (c->key != NULL)
			return key_text(&k, c->key, 255);
		if (strlen(c->s) <= 255)
			return c->s;
		diags_add(d, c->file, c->line,
		    "a setting is longer than 255 characters");
		return NULL;
	case CFG_INT:
		str_format(out, size, "%lld", c->i);
		return out;
	case CFG_FLOAT:
		str_format(out, size, "%g", c->f);
		return out;
	case CFG_BOOL:
		return c->b ? "true" : "false";
	default:
		diags_add(d, c->file, c->line,
		    "a setting is a text, a number, or a list of them, one a "
		    "slot");
		return NULL;
	}
}

static void
unknown_setting(
    const struct recipe *r, const struct cfg_node *c, struct diags *d)
{
	const char *keys[RECIPE_SETTINGS_MAX], *near;

	for (size_t i = 0; i < r->n_settings; i++)
		keys[i] = r->setting[i].key;
	near = diag_nearest(c->key, keys, r->n_settings);
	if (near != NULL)
		diags_add(d, c->file, c->line,
		    "this board has no setting '%s': did you mean '%s'?",
		    c->key, near);
	else
		diags_add(d, c->file, c->line, "this board has no setting '%s'",
		    c->key);
}

static void
read_setting(struct recipe *r, const struct cfg_node *c, struct diags *d)
{
	bool list = c->type == CFG_LIST;
	size_t n = list ? c->n : 1;
	const char *value[DRIVER_SLOTS_MAX];
	char text[DRIVER_SLOTS_MAX][64];

	if (n > DRIVER_SLOTS_MAX) {
		diags_add(d, c->file, c->line,
		    "a setting has one entry a slot, %d at most",
		    DRIVER_SLOTS_MAX);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct cfg_node *one = list ? &c->child[i] : c;

		value[i] = scalar(one, text[i], sizeof text[i], d);
		if (value[i] == NULL)
			return;
	}
	if (!recipe_set(r, c->key, value, n, list))
		diags_add(d, c->file, c->line,
		    "there are more than %d settings", RECIPE_SETTINGS_MAX);
}

void
recipe_read_settings(
    struct recipe *r, const struct cfg_node *group, bool anew, struct diags *d)
{
	const struct cfg_node *at = cfg_get(group, "settings");

	if (at == NULL)
		return;
	if (at->type != CFG_GROUP) {
		diags_add(d, at->file, at->line,
		    "'settings' must be a group { host = \"...\"; }");
		return;
	}
	for (size_t i = 0; i < at->n; i++)
		if (!anew && recipe_setting(r, at->child[i].key) == NULL)
			unknown_setting(r, &at->child[i], d);
		else
			read_setting(r, &at->child[i], d);
}

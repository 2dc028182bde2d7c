#include "rackmux/app/recipe_file.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 *   ask = ( { run = "clusterctrl status";
 *             read = ( { value = "power.state";
 *                        line = "^p([0-9]+):([01])$";
 *                        map = [ "1=on", "0=off" ]; } ); } );
 *
 * What the groups of a pattern hold follows from how many there are, unless
 * "groups" says it: one is the value; of two, the first is the slot, or what
 * stands for the '*' of the name.
 */

static const char *const each_words[] = { "board", "slot", NULL };

static const char *const field_words[] = { [FIELD_SKIP] = "-",
	[FIELD_SLOT] = "slot",
	[FIELD_INSTANCE] = "instance",
	[FIELD_VALUE] = "value" };

/* --- which value ------------------------------------------------------------ */

static void
unknown_value(const struct recipe_keys *k, const char *name)
{
	const char *names[NAME_COUNT], *near;

	for (size_t i = 0; i < NAME_COUNT; i++)
		names[i] = name_table[i].name;
	near = diag_nearest(name, names, NAME_COUNT);
	if (near != NULL)
		key_wrong(k, "value",
		    "there is no value '%s': did you mean '%s'?", name, near);
	else
		key_wrong(k, "value",
		    "there is no value '%s': rackmux.cfg(5) lists them", name);
}

static bool
read_value(const struct recipe_keys *k, struct recipe_read *rd)
{
	const char *name;

	if (!key_needed(k, "value"))
		return false;
	name = key_text(k, "value", 64);
	if (name == NULL)
		return false;
	rd->is_slots = strcmp(name, "slots") == 0;
	if (rd->is_slots)
		return true;
	/* The name itself, with its star, too. */
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (strcmp(name_table[i].name, name) == 0) {
			rd->id = (enum name_id)i;
			return true;
		}
	rd->id = name_find(name, rd->instance, sizeof rd->instance);
	if (rd->id != NAME_COUNT)
		return true;
	unknown_value(k, name);
	return false;
}

/* --- which field ------------------------------------------------------------ */

static bool
has_star(const struct recipe_read *rd)
{
	return !rd->is_slots && rd->instance[0] == '\0' &&
	    strchr(name_table[rd->id].name, '*') != NULL;
}

static void
split_fields(
    const struct recipe_keys *k, const char *key, struct recipe_read *rd)
{
	const char *text = key_text(k, key, 120);
	char *copy = mem_strdup(text != NULL ? text : ""), *at = copy, *word;

	while ((word = str_word(&at)) != NULL) {
		size_t f = 0;

		while (f < ARRAY_LEN(field_words) &&
		    strcmp(field_words[f], word) != 0)
			f++;
		if (f == ARRAY_LEN(field_words)) {
			key_wrong(k, key,
			    "'%s' names what stands there, as in \"slot "
			    "value\": slot, value, instance or - (no matter), "
			    "not '%s'",
			    key, word);
			break;
		}
		if (rd->n_fields == RECIPE_FIELDS_MAX) {
			key_wrong(k, key, "'%s' has more than %d words", key,
			    RECIPE_FIELDS_MAX);
			break;
		}
		rd->field[rd->n_fields++] = (enum recipe_field)f;
	}
	free(copy);
}

static void
guess_groups(const struct recipe_keys *k, struct recipe_read *rd)
{
	size_t n = rd->line.re.re_nsub;

	if (n == 1 && rd->is != NULL)
		rd->field[rd->n_fields++] =
		    has_star(rd) ? FIELD_INSTANCE : FIELD_SLOT;
	else if (n == 1)
		rd->field[rd->n_fields++] = FIELD_VALUE;
	else if (n == 2) {
		rd->field[rd->n_fields++] =
		    has_star(rd) ? FIELD_INSTANCE : FIELD_SLOT;
		rd->field[rd->n_fields++] = FIELD_VALUE;
	} else if (n > 2)
		key_wrong(k, "line",
		    "the pattern has %zu groups: say what they hold, as in "
		    "groups = \"slot - value\"",
		    n);
}

static bool
has_field(const struct recipe_read *rd, enum recipe_field kind)
{
	for (size_t i = 0; i < rd->n_fields; i++)
		if (rd->field[i] == kind)
			return true;
	return false;
}

static void
read_fields(const struct recipe_keys *k, struct recipe_read *rd)
{
	const char *sep;

	key_pattern(k, "line", &rd->line);
	rd->columns = cfg_get(k->group, "columns") != NULL;
	rd->separator = ' ';
	if (rd->columns) {
		split_fields(k, "columns", rd);
		sep = key_text(k, "separator", 1);
		if (sep != NULL)
			rd->separator = sep[0];
	} else if (cfg_get(k->group, "line") == NULL) {
		key_wrong(k, "line",
		    "%s needs a 'line' (a pattern) or 'columns'", k->what);
		return;
	} else if (!rd->line.set)
		return;
	else if (cfg_get(k->group, "groups") != NULL) {
		split_fields(k, "groups", rd);
		if (rd->n_fields > rd->line.re.re_nsub)
			key_wrong(k, "groups",
			    "'groups' names %zu groups, but the pattern has "
			    "%zu",
			    rd->n_fields, rd->line.re.re_nsub);
	} else
		guess_groups(k, rd);
	if (rd->is == NULL && !has_field(rd, FIELD_VALUE) && rd->line.set)
		key_wrong(k, "line",
		    "no group holds the value: put it in brackets, or say "
		    "what the line means with is = \"...\"");
	if (has_star(rd) != has_field(rd, FIELD_INSTANCE))
		key_wrong(k, "value",
		    has_star(rd) ? "'%s' has a '*': name it (as in "
				   "temp.zone.inlet), or let a group hold it "
				   "(groups = \"instance value\")"
				 : "'%s' has no '*', so no group can be its "
				   "instance",
		    rd->is_slots ? "slots" : name_table[rd->id].name);
}

/* --- what is made of it ----------------------------------------------------- */

static void
read_map(const struct recipe_keys *k, struct recipe_read *rd)
{
	const struct cfg_node *list = cfg_get(k->group, "map");

	if (list == NULL)
		return;
	if (list->type != CFG_LIST) {
		key_wrong(k, "map",
		    "'map' must be a list, as in [ \"1=on\", \"0=off\" ]");
		return;
	}
	rd->map = mem_array(list->n + 1, sizeof *rd->map);
	for (size_t i = 0; i < list->n; i++) {
		const struct cfg_node *c = &list->child[i];
		const char *eq =
		    c->type == CFG_STRING ? strrchr(c->s, '=') : NULL;

		if (eq == NULL) {
			diags_add(k->d, c->file, c->line,
			    "an entry of 'map' is \"what stands there=what it "
			    "means\", as in \"1=on\"");
			continue;
		}
		rd->map[rd->n_map].from =
		    mem_strndup(c->s, (size_t)(eq - c->s));
		rd->map[rd->n_map++].to = mem_strdup(eq + 1);
	}
}

static void
read_bits(const struct recipe_keys *k, struct recipe_read *rd)
{
	const struct cfg_node *list = cfg_get(k->group, "bits");

	if (list == NULL)
		return;
	if (list->type != CFG_LIST || list->n == 0 ||
	    list->n > DRIVER_SLOTS_MAX) {
		key_wrong(k, "bits",
		    "'bits' must be a list of masks, one a slot, as in "
		    "[ 0x02, 0x04 ]");
		return;
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct cfg_node *c = &list->child[i];

		if (c->type != CFG_INT || c->i <= 0 || c->i > 0x7fffffff)
			diags_add(k->d, c->file, c->line,
			    "a mask of 'bits' is a whole number above 0");
		else
			rd->bits[rd->n_bits++] = (unsigned)c->i;
	}
}

static void
read_meaning(const struct recipe_keys *k, struct recipe_read *rd)
{
	static const char *const sources[] = { "board", "commanded", NULL };
	bool number = !rd->is_slots && name_table[rd->id].type == NAME_NUMBER;

	read_map(k, rd);
	read_bits(k, rd);
	rd->scale = 1;
	(void)key_number(k, "scale", -1e9, 1e9, &rd->scale);
	(void)key_number(k, "offset", -1e9, 1e9, &rd->offset);
	if (!number &&
	    (cfg_get(k->group, "scale") || cfg_get(k->group, "offset")))
		key_wrong(k, "scale",
		    "'%s' is no number: 'scale' and 'offset' are of no use",
		    rd->is_slots ? "slots" : name_table[rd->id].name);
	rd->source = key_word(k, "source", sources, 0) == 1 ? SOURCE_COMMANDED
							    : SOURCE_BOARD;
	rd->missing = mem_strdup(key_sentence(k, "missing"));
}

static bool
read_one(const struct recipe_keys *k, struct recipe_read *rd, bool per_slot)
{
	static const char *const keys[] = { "value", "line", "groups",
		"columns", "separator", "slot", "is", "map", "bits", "scale",
		"offset", "source", "missing", NULL };
	double slot = 0;

	if (!keys_known(k, keys) || !read_value(k, rd))
		return false;
	rd->is = mem_strdup(key_text(k, "is", 64));
	read_fields(k, rd);
	read_meaning(k, rd);
	if (key_number(k, "slot", 0, DRIVER_SLOTS_MAX, &slot))
		rd->slot = (int)slot;
	if (per_slot && (rd->slot > 0 || recipe_read_varies(rd)))
		key_wrong(k, "slot",
		    "the command is run once for each slot, so the slot is "
		    "known: leave it out here");
	if (per_slot && rd->is_slots)
		key_wrong(k, "value",
		    "how many slots there are must be told by a command for "
		    "the board");
	if (!per_slot && !rd->is_slots && rd->slot == 0 &&
	    !recipe_read_varies(rd) &&
	    !str_starts(name_table[rd->id].name, "board.") &&
	    rd->id != NAME_LOCATE_STATE)
		key_wrong(k, "value",
		    "'%s' is a value of a node, but nothing says of which: "
		    "use a group for the slot, 'slot', or each = \"slot\"",
		    name_table[rd->id].name);
	return true;
}

/* --- the command ------------------------------------------------------------ */

static void
read_reads(const struct recipe_keys *k, struct recipe_ask *a)
{
	const struct cfg_node *list = cfg_get(k->group, "read");

	if (!key_needed(k, "read"))
		return;
	if (list->type != CFG_LIST || list->n == 0 ||
	    list->n > RECIPE_READS_MAX) {
		key_wrong(k, "read",
		    "'read' must be a list ( { ... }, { ... } ) of 1 to %d "
		    "groups",
		    RECIPE_READS_MAX);
		return;
	}
	a->read = mem_array(list->n, sizeof *a->read);
	for (size_t i = 0; i < list->n; i++) {
		const struct recipe_keys one = { &list->child[i],
			"an entry of 'read'", k->d };

		if (read_one(&one, &a->read[a->n_reads], a->per_slot))
			a->n_reads++;
	}
}

/* Before the command that asks has a name of its own, its first words. */
static char *
short_name(const char *run)
{
	size_t len = strcspn(run, "|;&$%");

	while (len > 0 && run[len - 1] == ' ')
		len--;
	return mem_strndup(run, len < 40 ? len : 40);
}

static void
read_ask(struct recipe *r, const struct recipe_keys *k)
{
	static const char *const keys[] = { "name", "run", "each", "parallel",
		"every", "once", "timeout", "fail", "empty", "read", NULL };
	struct recipe_ask *a = &r->ask[r->n_asks];
	double n = 0;

	if (!keys_known(k, keys) || !key_needed(k, "run"))
		return;
	r->n_asks++;
	a->per_slot = key_word(k, "each", each_words, 0) == 1;
	a->run = key_template(k, "run", r, a->per_slot, true);
	if (a->run == NULL)
		a->run = mem_strdup(":");
	a->name = mem_strdup(key_text(k, "name", 40));
	if (a->name == NULL)
		a->name = short_name(a->run);
	a->parallel = key_bool(k, "parallel", false);
	a->once = key_bool(k, "once", false);
	if (key_number(k, "every", 0, 86400, &n))
		a->every_ms = (unsigned)(n * 1000);
	if (key_number(k, "timeout", 1, 600, &n))
		a->timeout_s = (unsigned)n;
	key_pattern(k, "fail", &a->fail);
	a->empty = mem_strdup(key_sentence(k, "empty"));
	read_reads(k, a);
}

static bool
is_same(const struct recipe_read *a, const struct recipe_read *b)
{
	return !a->is_slots && !b->is_slots && a->id == b->id && !has_star(a) &&
	    a->source == b->source && a->slot == b->slot &&
	    recipe_read_varies(a) == recipe_read_varies(b) &&
	    strcmp(a->instance, b->instance) == 0;
}

/* A value has one place: two commands would take turns at it. */
static void
check_doubled(const struct recipe_keys *k, const struct recipe_ask *older,
    const struct recipe_ask *newer)
{
	for (size_t i = 0; i < newer->n_reads; i++)
		for (size_t o = 0; o < older->n_reads; o++)
			if (older->per_slot == newer->per_slot &&
			    is_same(&newer->read[i], &older->read[o]))
				key_wrong(k, "read",
				    "'%s' is told by two commands, '%s' and "
				    "'%s': keep one",
				    name_table[newer->read[i].id].name,
				    older->name, newer->name);
}

void
recipe_read_asks(struct recipe *r, const struct cfg_node *list, struct diags *d)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct recipe_keys k = { &list->child[i],
			"an entry of 'ask'", d };
		size_t n = r->n_asks;

		if (n == RECIPE_ASKS_MAX) {
			diags_add(d, k.group->file, k.group->line,
			    "a board is asked by %d commands at most",
			    RECIPE_ASKS_MAX);
			return;
		}
		read_ask(r, &k);
		for (size_t o = 0; r->n_asks > n && o < n; o++)
			check_doubled(&k, &r->ask[o], &r->ask[n]);
	}
}

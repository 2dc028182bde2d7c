#include "rackmux/driver/recipe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * A recipe outlives the configuration that it was read from, because a saved
 * change that leaves a board as it was does not end its link; so it is counted.
 */

#define FACT_MAX 512

bool
pattern_set(struct pattern *p, const char *text, char *err, size_t size)
{
	int code;

	if (strlen(text) > RECIPE_PATTERN_MAX) {
		str_format(err, size, "it is longer than %d characters",
		    RECIPE_PATTERN_MAX);
		return false;
	}
	if (p->set)
		regfree(&p->re);
	code = regcomp(&p->re, text, REG_EXTENDED);
	p->set = code == 0;
	if (code != 0)
		(void)regerror(code, &p->re, err, size);
	return p->set;
}

bool
pattern_finds(const struct pattern *p, const char *line)
{
	return p->set && regexec(&p->re, line, 0, NULL, 0) == 0;
}

static void
pattern_release(struct pattern *p)
{
	if (p->set)
		regfree(&p->re);
	p->set = false;
}

struct recipe *
recipe_new(void)
{
	struct recipe *r = mem_alloc(sizeof *r);

	r->refs = 1;
	return r;
}

struct recipe *
recipe_ref(const struct recipe *r)
{
	struct recipe *own = (struct recipe *)(uintptr_t)r;

	if (own != NULL)
		own->refs++;
	return own;
}

static void
read_release(struct recipe_read *rd)
{
	pattern_release(&rd->line);
	for (size_t i = 0; i < rd->n_map; i++) {
		free(rd->map[i].from);
		free(rd->map[i].to);
	}
	free(rd->map);
	free(rd->is);
	free(rd->missing);
}

static void
ask_release(struct recipe_ask *a)
{
	for (size_t i = 0; i < a->n_reads; i++)
		read_release(&a->read[i]);
	free(a->read);
	free(a->name);
	free(a->run);
	free(a->empty);
	pattern_release(&a->fail);
}

static void
act_release(struct recipe_act *a)
{
	free(a->run);
	free(a->why);
	pattern_release(&a->ok);
	pattern_release(&a->fail);
}

static void
setting_release(struct recipe_setting *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->value[i]);
	free(s->value);
	free(s->key);
}

static void
lists_release(struct recipe *r)
{
	for (size_t i = 0; i < r->n_refusals; i++)
		free(r->refusal[i].why);
	for (size_t i = 0; i < r->n_consoles; i++) {
		free(r->console[i].device);
		free(r->console[i].run);
	}
	for (size_t i = 0; i < r->n_unknown; i++)
		free(r->unknown[i].why);
	free(r->refusal);
	free(r->console);
	free(r->unknown);
}

void
recipe_unref(const struct recipe *borrowed)
{
	struct recipe *r = (struct recipe *)(uintptr_t)borrowed;

	if (r == NULL || --r->refs > 0)
		return;
	for (size_t i = 0; i < r->n_asks; i++)
		ask_release(&r->ask[i]);
	for (size_t i = 0; i < ACT_MAX; i++) {
		act_release(&r->slot_act[i]);
		act_release(&r->board_act[i]);
	}
	for (size_t i = 0; i < r->n_settings; i++)
		setting_release(&r->setting[i]);
	lists_release(r);
	pattern_release(&r->detect);
	free(r->name);
	free(r->title);
	free(r->id);
	free(r->link);
	free(r);
}

const struct recipe_setting *
recipe_setting(const struct recipe *r, const char *key)
{
	for (size_t i = 0; i < r->n_settings; i++)
		if (strcmp(r->setting[i].key, key) == 0)
			return &r->setting[i];
	return NULL;
}

bool
recipe_set(struct recipe *r, const char *key, const char *const *value,
    size_t n, bool per_slot)
{
	size_t i = 0;
	struct recipe_setting *s;

	while (i < r->n_settings && strcmp(r->setting[i].key, key) != 0)
		i++;
	if (i == RECIPE_SETTINGS_MAX)
		return false;
	s = &r->setting[i];
	if (i < r->n_settings)
		setting_release(s);
	else
		r->n_settings++;
	s->key = mem_strdup(key);
	s->value = mem_array(n + 1, sizeof *s->value);
	s->n = n;
	s->per_slot = per_slot;
	for (i = 0; i < n; i++)
		s->value[i] = mem_strdup(value[i]);
	return true;
}

/* --- placeholders --------------------------------------------------------- */

#define KEY_MAX 32

/* The key of the placeholder at p ("%{key}"), or false. *end is after it. */
static bool
placeholder(const char *p, char *key, const char **end)
{
	size_t len;

	if (p[0] != '%' || p[1] != '{')
		return false;
	len = strcspn(p + 2, "}");
	if (p[2 + len] != '}' || len >= KEY_MAX)
		return false;
	memcpy(key, p + 2, len);
	key[len] = '\0';
	*end = p + 2 + len + 1;
	return true;
}

/* Its text for a slot; "" when that slot has none. */
static const char *
value_of(const struct recipe *r, const char *key, int slot)
{
	const struct recipe_setting *s = recipe_setting(r, key);

	if (s == NULL || s->n == 0)
		return "";
	if (!s->per_slot)
		return s->value[0];
	return slot >= 1 && (size_t)slot <= s->n ? s->value[slot - 1] : "";
}

void
recipe_expand(const struct recipe *r, const char *tmpl, int slot, bool quote,
    struct buf *out)
{
	char key[KEY_MAX];
	const char *end;

	for (const char *p = tmpl; *p != '\0';) {
		if (!placeholder(p, key, &end)) {
			buf_add(out, p++, 1);
			continue;
		}
		if (strcmp(key, "slot") == 0)
			buf_printf(out, "%d", slot);
		else if (quote)
			buf_quote(out, value_of(r, key, slot));
		else
			buf_puts(out, value_of(r, key, slot));
		p = end;
	}
}

/* The quote that is open after p, or 0; a command is read as a shell would,
 * but for what is nested within quotes. */
static char
quote_after(char open, const char **p)
{
	char c = **p;

	if (c == '\\' && open != '\'' && (*p)[1] != '\0')
		(*p)++;
	else if (open == 0 && (c == '\'' || c == '"'))
		open = c;
	else if (c == open)
		open = 0;
	(*p)++;
	return open;
}

static const char *
check_key(const struct recipe *r, const char *key, bool per_slot, char *err,
    size_t size)
{
	const struct recipe_setting *s = recipe_setting(r, key);
	bool slot = strcmp(key, "slot") == 0;

	if (!slot && s == NULL) {
		str_format(err, size,
		    "%%{%s} is no setting: add it to 'settings', or write "
		    "%%{slot}",
		    key);
		return err;
	}
	if (!per_slot && (slot || s->per_slot)) {
		str_format(err, size,
		    "%%{%s} differs from slot to slot, but this is done once "
		    "for the board: write each = \"slot\"",
		    key);
		return err;
	}
	return NULL;
}

const char *
recipe_check(const struct recipe *r, const char *tmpl, bool per_slot,
    bool quote, char *err, size_t size)
{
	char key[KEY_MAX], open = 0;
	const char *end;

	for (const char *p = tmpl; *p != '\0';) {
		if (!placeholder(p, key, &end)) {
			if (p[0] == '%' && p[1] == '{')
				return "\"%{\" begins a setting, but no '}' "
				       "ends it";
			open = quote_after(open, &p);
			continue;
		}
		if (check_key(r, key, per_slot, err, size) != NULL)
			return err;
		if (quote && open != 0) {
			str_format(err, size,
			    "%%{%s} stands within quotes: it is quoted "
			    "already, so close them before it",
			    key);
			return err;
		}
		p = end;
	}
	if (quote && open != 0)
		return "a quote is not closed";
	return NULL;
}

/* --- questions ------------------------------------------------------------ */

bool
recipe_read_varies(const struct recipe_read *rd)
{
	for (size_t i = 0; i < rd->n_fields; i++)
		if (rd->field[i] == FIELD_SLOT)
			return true;
	return rd->n_bits > 0;
}

bool
recipe_tells(
    const struct recipe *r, enum name_id id, enum source source, int slot)
{
	for (size_t i = 0; i < r->n_asks; i++)
		for (size_t k = 0; k < r->ask[i].n_reads; k++) {
			const struct recipe_read *rd = &r->ask[i].read[k];
			bool any = r->ask[i].per_slot || recipe_read_varies(rd);

			if (!rd->is_slots && rd->id == id &&
			    rd->source == source &&
			    (any ? slot > 0 : slot == rd->slot))
				return true;
		}
	return false;
}

const char *
recipe_why_unknown(const struct recipe *r, enum name_id id)
{
	for (size_t i = 0; i < r->n_unknown; i++)
		if (r->unknown[i].id == id)
			return r->unknown[i].why;
	return NULL;
}

static const char *
not_described(int slot, enum act act)
{
	if (slot == 0 && act != ACT_LOCATE_ON && act != ACT_LOCATE_OFF)
		return "This is done to a node of the board: select one.";
	switch (act) {
	case ACT_CONSOLE:
		return "The description of this board names no console of "
		       "this slot: add one to 'console'.";
	case ACT_FLASH:
	case ACT_USB_BOOT:
		return "The description of this board has no command for it: "
		       "use the board's own tools.";
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return "The description of this board has no command for a "
		       "locate LED: add it to 'acts', or give the node a link.";
	default:
		return "The description of this board has no command for it: "
		       "add it to 'acts', or give the node a link or a feed.";
	}
}

const struct recipe_act *
recipe_act(const struct recipe *r, int slot, enum act act, const char **why)
{
	const struct recipe_act *a;

	for (size_t i = 0; i < r->n_refusals; i++)
		if (r->refusal[i].slot == slot && r->refusal[i].act == act) {
			*why = r->refusal[i].why;
			return NULL;
		}
	a = slot == 0 ? &r->board_act[act] : &r->slot_act[act];
	if (a->run != NULL)
		return a;
	*why = a->why != NULL ? a->why : not_described(slot, act);
	return NULL;
}

const struct recipe_console *
recipe_console(const struct recipe *r, int slot)
{
	const struct recipe_console *all = NULL;

	/* What a board's own group says stands last, and counts more. */
	for (size_t i = r->n_consoles; i-- > 0;) {
		if (r->console[i].slot == slot)
			return &r->console[i];
		if (r->console[i].slot == 0 && all == NULL)
			all = &r->console[i];
	}
	return all;
}

int
recipe_match(const struct recipe *r, const char *facts)
{
	char line[FACT_MAX];

	while (r->detect.set && *facts != '\0') {
		size_t len = strcspn(facts, "\n");

		if (len < sizeof line) {
			memcpy(line, facts, len);
			line[len] = '\0';
			if (pattern_finds(&r->detect, line))
				return r->sure;
		}
		facts += len;
		facts += *facts == '\n';
	}
	return 0;
}

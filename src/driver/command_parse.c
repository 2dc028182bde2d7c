#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Lines of output into values. A command that failed, by its exit status, by
 * a line of which its recipe says so, or by silence, tells nothing: all its
 * values are unknown, with what it said as the reason. The first line that
 * tells a value counts.
 */

#define LINE_LEN_MAX 512
#define SAID_MAX 110
#define WHY_MAX 240

/* One answer on its way. */
struct answer {
	struct cmd *c;
	const struct recipe_ask *ask;
	struct cmd_place *place;
	int slot;
	bool seen[RECIPE_READS_MAX][DRIVER_SLOTS_MAX + 1];
};

/* A line, and what a pattern or columns make of it. */
struct found {
	int slot;
	char instance[64];
	char value[LINE_LEN_MAX];
};

static struct report *
report_of(struct answer *an, const struct recipe_read *rd)
{
	return rd->source == SOURCE_COMMANDED ? &an->place->commanded
					      : &an->place->board;
}

static void
take(char *out, size_t size, const char *from, size_t len)
{
	while (len > 0 && (*from == ' ' || *from == '\t')) {
		from++;
		len--;
	}
	while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	str_format(out, size, "%.*s", (int)len, from);
}

/* One field; false when its slot is none of the board's. */
static bool
put_field(struct answer *an, struct found *f, enum recipe_field kind,
    const char *from, size_t len)
{
	char text[16];
	long n;

	switch (kind) {
	case FIELD_SLOT:
		take(text, sizeof text, from, len);
		if (!str_long(text, 1,
			an->c->slots > 0 ? an->c->slots : DRIVER_SLOTS_MAX, &n))
			return false;
		f->slot = (int)n;
		break;
	case FIELD_INSTANCE:
		take(f->instance, sizeof f->instance, from, len);
		break;
	case FIELD_VALUE:
		take(f->value, sizeof f->value, from, len);
		break;
	case FIELD_SKIP:
		break;
	}
	return true;
}

static bool
by_groups(struct answer *an, const struct recipe_read *rd, const char *line,
    struct found *f)
{
	regmatch_t m[RECIPE_FIELDS_MAX + 1];

	if (regexec(&rd->line.re, line, ARRAY_LEN(m), m, 0) != 0)
		return false;
	for (size_t i = 0; i < rd->n_fields; i++)
		if (m[i + 1].rm_so >= 0 &&
		    !put_field(an, f, rd->field[i], line + m[i + 1].rm_so,
			(size_t)(m[i + 1].rm_eo - m[i + 1].rm_so)))
			return false;
	return true;
}

static bool
by_columns(struct answer *an, const struct recipe_read *rd, const char *line,
    struct found *f)
{
	const char sep[] = { rd->separator, rd->separator == ' ' ? '\t' : '\0',
		'\0' };

	if (rd->line.set && !pattern_finds(&rd->line, line))
		return false;
	for (size_t i = 0; i < rd->n_fields; i++) {
		size_t len;

		if (rd->separator == ' ')
			line += strspn(line, sep);
		if (*line == '\0')
			return false;
		len = strcspn(line, sep);
		if (!put_field(an, f, rd->field[i], line, len))
			return false;
		line += len;
		line += *line != '\0';
	}
	return true;
}

/* --- one value -------------------------------------------------------------- */

static bool
is_switch(enum name_id id)
{
	return id == NAME_POWER_STATE || id == NAME_POWER_COMMANDED ||
	    id == NAME_LOCATE_STATE || id == NAME_USB_BOOT ||
	    id == NAME_BOARD_RAIL || id == NAME_FEED_STATE;
}

static void
tell(struct answer *an, const struct recipe_read *rd, const struct found *f,
    const char *text)
{
	struct report *rp = report_of(an, rd);
	enum name_type type = name_table[rd->id].type;
	const char *inst = rd->instance[0] ? rd->instance : f->instance;
	char why[120];
	double v;

	if (type == NAME_NUMBER) {
		if (str_double(text, &v))
			report_number(rp, f->slot, rd->id, inst,
			    v * rd->scale + rd->offset);
		else
			report_unknown(rp, f->slot, rd->id, inst,
			    "The answer was no number.");
	} else if (is_switch(rd->id) && strcmp(text, "on") != 0 &&
	    strcmp(text, "off") != 0) {
		str_format(why, sizeof why,
		    "The answer was neither on nor off but \"%.40s\".", text);
		report_unknown(rp, f->slot, rd->id, inst, why);
	} else
		report_text(rp, f->slot, rd->id, inst, text);
}

static void
tell_bits(struct answer *an, const struct recipe_read *rd, size_t i,
    const struct found *f)
{
	struct found one = *f;
	char *end;
	unsigned long mask = strtoul(f->value, &end, 0);
	bool good = end != f->value && *end == '\0' && f->value[0] != '-';

	for (size_t s = 1; s <= rd->n_bits; s++) {
		if (an->seen[i][s] ||
		    (an->c->slots > 0 && (int)s > an->c->slots))
			continue;
		an->seen[i][s] = true;
		one.slot = (int)s;
		if (good)
			tell(an, rd, &one,
			    mask & rd->bits[s - 1] ? "on" : "off");
		else
			report_unknown(report_of(an, rd), (int)s, rd->id,
			    rd->instance, "The answer was no number.");
	}
}

static void
tell_mapped(
    struct answer *an, const struct recipe_read *rd, const struct found *f)
{
	const char *text = rd->is != NULL ? rd->is : f->value;
	char why[120];

	for (size_t i = 0; i < rd->n_map; i++)
		if (strcasecmp(rd->map[i].from, text) == 0) {
			tell(an, rd, f, rd->map[i].to);
			return;
		}
	if (rd->n_map == 0) {
		tell(an, rd, f, text);
		return;
	}
	str_format(why, sizeof why,
	    "The answer \"%.40s\" is none that the description knows.", text);
	report_unknown(report_of(an, rd), f->slot, rd->id,
	    rd->instance[0] ? rd->instance : f->instance, why);
}

static void
learn_slots(struct answer *an, const struct found *f)
{
	long n;

	if (str_long(f->value, 1, DRIVER_SLOTS_MAX, &n) &&
	    an->c->recipe->slots == 0)
		cmd_set_slots(an->c, (int)n);
}

static void
read_line(struct answer *an, size_t i, const char *line)
{
	const struct recipe_read *rd = &an->ask->read[i];
	struct found f = { .slot = an->slot > 0 ? an->slot : rd->slot };
	bool manifold;

	if (!(rd->columns ? by_columns(an, rd, line, &f)
			  : by_groups(an, rd, line, &f)))
		return;
	if (rd->is_slots) {
		learn_slots(an, &f);
		return;
	}
	if (rd->n_bits > 0) {
		tell_bits(an, rd, i, &f);
		return;
	}
	manifold = f.instance[0] != '\0';
	if (an->seen[i][f.slot] && !manifold)
		return;
	an->seen[i][f.slot] = true;
	tell_mapped(an, rd, &f);
}

/* --- what was not told ------------------------------------------------------ */

/* Another pattern of the same value may have found it. */
static bool
seen_by_any(struct answer *an, size_t i, int slot)
{
	const struct recipe_read *rd = &an->ask->read[i];

	for (size_t k = 0; k < an->ask->n_reads; k++) {
		const struct recipe_read *o = &an->ask->read[k];

		if (!o->is_slots && o->id == rd->id &&
		    o->source == rd->source &&
		    strcmp(o->instance, rd->instance) == 0 && an->seen[k][slot])
			return true;
	}
	return false;
}

static void
miss(struct answer *an, size_t i, const char *why)
{
	const struct recipe_read *rd = &an->ask->read[i];
	int from = an->slot > 0 ? an->slot : rd->slot, to = from;
	char text[WHY_MAX];

	if (rd->is_slots ||
	    (strchr(name_table[rd->id].name, '*') && !rd->instance[0]))
		return; /* there may be none of them */
	if (an->slot == 0 && recipe_read_varies(rd)) {
		from = 1;
		to = an->c->slots;
	}
	if (why == NULL && rd->missing != NULL)
		why = rd->missing;
	if (why == NULL) {
		str_format(
		    text, sizeof text, "'%s' did not tell it.", an->ask->name);
		why = text;
	}
	for (int s = from; s <= to; s++)
		if (!seen_by_any(an, i, s))
			report_unknown(
			    report_of(an, rd), s, rd->id, rd->instance, why);
}

/* --- one answer ------------------------------------------------------------- */

/* The next line of *at into line, cut at its bound; false at the end. */
static bool
next_line(const char **at, char *line)
{
	size_t len = strcspn(*at, "\n");
	size_t n = len < LINE_LEN_MAX - 1 ? len : LINE_LEN_MAX - 1;

	if (**at == '\0')
		return false;
	memcpy(line, *at, n);
	while (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	*at += len;
	*at += **at == '\n';
	return true;
}

/* Its first line with something on it. */
static void
said(const char *text, char *out, size_t size)
{
	size_t len;

	text += strspn(text, "\r\n\t ");
	len = strcspn(text, "\r\n");
	text_clean(out, size, text, len < SAID_MAX ? len : SAID_MAX);
}

/* Why nothing of this answer counts, or false. */
static bool
failed(const struct recipe_ask *a, const char *text, int status, char *why,
    size_t size)
{
	char line[LINE_LEN_MAX], words[SAID_MAX * 3 + 4];
	const char *at = text;

	while (a->fail.set && next_line(&at, line))
		if (pattern_finds(&a->fail, line)) {
			said(line, words, sizeof words);
			str_format(why, size, "'%s' said: %s", a->name, words);
			return true;
		}
	said(text, words, sizeof words);
	if (status == 0 && words[0] == '\0' && a->empty != NULL)
		str_copy(why, size, a->empty);
	else if (status == 124 && a->timeout_s > 0)
		str_format(why, size, "'%s' did not answer within %u s.",
		    a->name, a->timeout_s);
	else if (status != 0 && words[0] == '\0')
		str_format(
		    why, size, "'%s' failed (status %d).", a->name, status);
	else if (status != 0)
		str_format(why, size, "'%s' failed (status %d): %s", a->name,
		    status, words);
	else
		return false;
	return true;
}

static void
take_answer(struct cmd *c, size_t ask, int slot, const char *text, int status)
{
	const struct recipe_ask *a = &c->recipe->ask[ask];
	struct answer *an = mem_alloc(sizeof *an);
	char line[LINE_LEN_MAX], why[WHY_MAX];
	const char *at = text;
	bool bad = failed(a, text, status, why, sizeof why);

	an->c = c;
	an->ask = a;
	an->slot = slot;
	an->place = &c->ask[ask].place[slot];
	while (!bad && next_line(&at, line))
		for (size_t i = 0; i < a->n_reads; i++)
			read_line(an, i, line);
	for (size_t i = 0; i < a->n_reads; i++)
		miss(an, i, bad ? why : NULL);
	report_sweep(
	    &an->place->board, bad ? why : "It is not reported any more.");
	report_sweep(
	    &an->place->commanded, bad ? why : "It is not reported any more.");
	an->place->done = !bad;
	free(an);
}

/* "a 3" or "a 3 0" after the mark; false when it is none of ours. */
static bool
read_mark(struct cmd *c, char *mark, size_t *ask, int *slot, int *status)
{
	char *which = str_word(&mark), *where = str_word(&mark);
	char *code = str_word(&mark);
	long n, s = 0;

	if (which == NULL || where == NULL || which[1] != '\0' ||
	    which[0] < 'a')
		return false;
	*ask = (size_t)(which[0] - 'a');
	if (*ask >= c->recipe->n_asks || !c->ask[*ask].sent ||
	    !str_long(where, 0, DRIVER_SLOTS_MAX, &n) ||
	    (size_t)n >= c->ask[*ask].places ||
	    (n > 0) != c->recipe->ask[*ask].per_slot)
		return false;
	if (code != NULL && !str_long(code, 0, 255, &s))
		return false;
	*slot = (int)n;
	*status = code != NULL ? (int)s : -1;
	return true;
}

/* From one mark to the other, which is repeated with the status. */
static void
parse_one(struct cmd *c, char *mark, char **at)
{
	char head[32], *end, *tail;
	size_t ask, ask2;
	int slot, slot2, status;

	if (!read_mark(c, mark, &ask, &slot, &status))
		return;
	str_format(
	    head, sizeof head, "\n@rm= %c %d ", (char)('a' + (int)ask), slot);
	/* Nothing printed: the mark stands at once. */
	if (strncmp(*at, head + 1, strlen(head + 1)) == 0)
		end = *at;
	else if ((end = strstr(*at, head)) != NULL)
		*end++ = '\0';
	else
		return;
	tail = end;
	mark = str_line(&tail);
	if (mark == NULL ||
	    !read_mark(c, mark + strlen("@rm= "), &ask2, &slot2, &status) ||
	    status < 0)
		return;
	take_answer(c, ask, slot, end == *at ? "" : *at, status);
	c->ask[ask].place[slot].asked = false;
	*at = tail;
}

static void
torn(struct cmd *c)
{
	for (size_t i = 0; i < c->recipe->n_asks; i++)
		for (size_t s = 0; s < c->ask[i].places; s++)
			if (c->ask[i].place[s].asked) {
				c->ask[i].place[s].asked = false;
				take_answer(
				    c, i, (int)s, "the answer was torn", 255);
			}
}

void
cmd_parse(struct cmd *c, char *text)
{
	char *line;

	for (size_t i = 0; i < c->recipe->n_asks; i++)
		for (size_t s = 0; s < c->ask[i].places; s++)
			c->ask[i].place[s].asked = c->ask[i].sent &&
			    (s > 0) == c->recipe->ask[i].per_slot;
	while ((line = str_line(&text)) != NULL)
		if (str_starts(line, "@rm "))
			parse_one(c, line + 4, &text);
	torn(c);
}

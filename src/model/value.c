#include "rackmux/model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A single reading: is it still true, how old is it, how does one write it.
 */

const char *
value_state_name(enum value_state s)
{
	static const char *const names[] = { [VALUE_UNKNOWN] = "unknown",
		[VALUE_KNOWN] = "known",
		[VALUE_STALE] = "stale" };

	return names[s];
}

const char *
node_state_name(enum node_state s)
{
	static const char *const names[] = { [NODE_UNKNOWN] = "unknown",
		[NODE_ON] = "on",
		[NODE_OFF] = "off",
		[NODE_STALE] = "stale",
		[NODE_LOST] = "lost" };

	return names[s];
}

enum value_state
value_state(const struct value *v)
{
	if (v == NULL || !v->known)
		return VALUE_UNKNOWN;
	return v->origin->link == LINK_UP && !v->origin->stale ? VALUE_KNOWN
							       : VALUE_STALE;
}

const char *
value_why(const struct value *v)
{
	if (v == NULL)
		return "nothing reports it";
	if (!v->known)
		return v->why;
	if (v->origin->link != LINK_UP)
		return v->origin->why_text[0] != '\0' ? v->origin->why_text
						      : "not connected";
	if (v->origin->stale)
		return v->origin->stale_why;
	return NULL;
}

const char *
value_note(const struct value *v)
{
	return v != NULL && v->known ? v->why : NULL;
}

uint64_t
value_age_ms(const struct model *m, const struct value *v)
{
	uint64_t now = loop_now(m->loop);

	return v != NULL && now > v->at ? now - v->at : 0;
}

bool
value_is(const struct value *v, const char *word)
{
	return value_state(v) == VALUE_KNOWN && v->text != NULL &&
	    strcmp(v->text, word) == 0;
}

bool
value_number(const struct value *v, double *out)
{
	if (v == NULL || !v->known || name_table[v->id].type != NAME_NUMBER)
		return false;
	*out = v->number;
	return true;
}

static void
format_seconds(char *out, size_t size, double s)
{
	if (s < 120)
		str_format(out, size, "%.0f s", s);
	else if (s < 7200)
		str_format(out, size, "%.0f min", floor(s / 60));
	else if (s < 2 * 86400)
		str_format(out, size, "%.0f h", floor(s / 3600));
	else
		str_format(out, size, "%.0f d", floor(s / 86400));
}

static void
format_bytes(char *out, size_t size, double n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t u = 0;

	while (n >= 1000 && u + 1 < ARRAY_LEN(units)) {
		n /= 1000;
		u++;
	}
	str_format(out, size, "%.*f %s", u > 0 && n < 10 ? 1 : 0, n, units[u]);
}

const char *
value_format(const struct value *v, char *out, size_t size)
{
	const struct name *name;

	if (v == NULL || !v->known) {
		str_copy(out, size, "-");
		return out;
	}
	name = &name_table[v->id];
	if (name->type != NAME_NUMBER)
		str_copy(out, size, v->text ? v->text : "-");
	else if (strcmp(name->unit, "s") == 0)
		format_seconds(out, size, v->number);
	else if (strcmp(name->unit, "B") == 0)
		format_bytes(out, size, v->number);
	else if (strcmp(name->unit, "MB") == 0)
		format_bytes(out, size, v->number * 1e6);
	else if (strcmp(name->unit, "Mbit/s") == 0 && v->number >= 1000)
		str_format(out, size, "%g Gbit/s", v->number / 1000);
	else
		str_format(out, size, "%.*f%s%s", name->decimals, v->number,
		    name->unit[0] != '\0' ? " " : "",
		    strcmp(name->unit, "degC") == 0 ? "°C" : name->unit);
	return out;
}

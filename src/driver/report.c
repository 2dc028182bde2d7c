#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A sensor that says 1,234 degrees is broken, and a graph scaled to it is
 * broken too; so each unit has limits that no rack leaves, and what is
 * outside is not known.
 */

#define SEEN_MAX 256

void
report_init(struct report *rp, struct drv *d, enum source source)
{
	memset(rp, 0, sizeof *rp);
	rp->drv = d;
	rp->source = source;
}

void
report_release(struct report *rp)
{
	free(rp->seen);
	rp->seen = NULL;
	rp->n = rp->cap = 0;
}

void
report_clear(struct report *rp)
{
	rp->n = rp->next = 0;
}

/* eth0.100 -> eth0_100; NULL when the name has no instance. */
static const char *
legal(enum name_id id, const char *instance, char *out, size_t size)
{
	size_t i = 0;

	out[0] = '\0';
	if (strchr(name_table[id].name, '*') == NULL)
		return NULL;
	for (; instance && instance[i] != '\0' && i + 1 < size; i++) {
		char c = instance[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_' || c == '-';

		out[i] = ok ? c : '_';
	}
	if (i == 0)
		out[i++] = '_';
	out[i] = '\0';
	return out;
}

static void
mark(struct report *rp, int slot, enum name_id id, const char *instance)
{
	const char *inst = instance ? instance : "";
	struct seen *s;

	for (size_t k = 0; k < rp->n; k++) {
		size_t i = (rp->next + k) % rp->n;

		s = &rp->seen[i];
		if (s->id == id && s->slot == slot &&
		    strcmp(s->instance, inst) == 0) {
			s->now = true;
			rp->next = i + 1;
			return;
		}
	}
	if (rp->n == SEEN_MAX)
		return;
	if (rp->n == rp->cap) {
		rp->cap = rp->cap ? rp->cap * 2 : 16;
		rp->seen = mem_grow(rp->seen, rp->cap, sizeof *rp->seen);
	}
	s = &rp->seen[rp->n++];
	memset(s, 0, sizeof *s);
	s->id = id;
	s->slot = slot;
	s->now = true;
	str_copy(s->instance, sizeof s->instance, inst);
}

static bool
plausible(enum name_id id, double v)
{
	static const struct {
		const char *unit;
		double min, max;
	} limits[] = {
		{ "degC", -60, 200 },
		{ "W", 0, 10000 },
		{ "A", 0, 1000 },
		{ "V", 0, 500 },
		{ "%", 0, 100 },
		{ "rpm", 0, 100000 },
		{ "Mbit/s", 0, 10000000 },
		{ "MHz", 0, 100000 },
		{ "MB", 0, 1e12 },
		{ "B", 0, 1e20 },
	};
	const char *unit = name_table[id].unit;

	if (!isfinite(v))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (strcmp(unit, limits[i].unit) == 0)
			return v >= limits[i].min && v <= limits[i].max;
	return v >= -1e18 && v <= 1e18;
}

void
report_number(struct report *rp, int slot, enum name_id id,
    const char *instance, double v)
{
	report_number_noted(rp, slot, id, instance, v, NULL);
}

void
report_number_noted(struct report *rp, int slot, enum name_id id,
    const char *instance, double v, const char *note)
{
	char inst[32], why[64];
	const char *i = legal(id, instance, inst, sizeof inst);

	mark(rp, slot, id, i);
	if (plausible(id, v)) {
		drv_number_noted(rp->drv, slot, id, i, rp->source, v, note);
		return;
	}
	str_format(
	    why, sizeof why, "implausible: %.6g %s", v, name_table[id].unit);
	drv_unknown(rp->drv, slot, id, i, rp->source, why);
}

void
report_text(struct report *rp, int slot, enum name_id id, const char *instance,
    const char *text)
{
	report_text_noted(rp, slot, id, instance, text, NULL);
}

void
report_text_noted(struct report *rp, int slot, enum name_id id,
    const char *instance, const char *text, const char *note)
{
	char inst[32];
	const char *i = legal(id, instance, inst, sizeof inst);

	mark(rp, slot, id, i);
	drv_text_noted(rp->drv, slot, id, i, rp->source, text, note);
}

void
report_unknown(struct report *rp, int slot, enum name_id id,
    const char *instance, const char *why)
{
	char inst[32];
	const char *i = legal(id, instance, inst, sizeof inst);

	mark(rp, slot, id, i);
	drv_unknown(rp->drv, slot, id, i, rp->source, why);
}

void
report_field(struct report *rp, int slot, enum name_id id, const char *instance,
    const char *s, double scale, const char *why_missing)
{
	double v;

	if (s != NULL && str_double(s, &v))
		report_number(rp, slot, id, instance, v * scale);
	else if (s == NULL || strcmp(s, "-") == 0)
		report_unknown(rp, slot, id, instance, why_missing);
	else
		report_unknown(
		    rp, slot, id, instance, "the answer was no number");
}

void
report_sweep(struct report *rp, const char *why)
{
	size_t kept = 0;

	for (size_t i = 0; i < rp->n; i++) {
		struct seen *s = &rp->seen[i];

		if (!s->now) {
			drv_unknown(rp->drv, s->slot, s->id,
			    s->instance[0] ? s->instance : NULL, rp->source,
			    why);
			continue;
		}
		s->now = false;
		rp->seen[kept++] = *s;
	}
	rp->n = kept;
	rp->next = 0;
}

static bool
has_end(const char *text)
{
	for (const char *p = text; p != NULL && *p != '\0';) {
		size_t len = strcspn(p, "\r\n");

		if (len == 3 && strncmp(p, "end", 3) == 0)
			return true;
		p += len;
		p += strspn(p, "\r\n");
	}
	return false;
}

bool
answer_whole(const struct link_result *r, char **copy, const char **why)
{
	*copy = NULL;
	if (r->outcome != LINK_DONE) {
		*why = r->why && *r->why ? r->why : "no answer";
		return false;
	}
	if (r->cut) {
		*why = "the answer was too long";
		return false;
	}
	*copy = mem_alloc(r->len + 1);
	for (size_t i = 0; r->out != NULL && i < r->len; i++)
		(*copy)[i] = r->out[i] != '\0' ? r->out[i] : '?';
	if (has_end(*copy))
		return true;
	free(*copy);
	*copy = NULL;
	*why = "the answer was torn: its end is missing";
	return false;
}

bool
answer_open(struct drv *d, const struct link_result *r, char **copy)
{
	const char *why;

	if (answer_whole(r, copy, &why))
		return true;
	if (r->outcome != LINK_DONE)
		drv_stale(d, r);
	else
		d->sink.stale(d->sink_arg, LINK_WHY_PROTOCOL, why);
	return false;
}

const char *
fact_find(const char *facts, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = facts; p != NULL && *p != '\0';) {
		if (strncmp(p, key, len) == 0 && p[len] == ' ')
			return p + len + 1;
		p = strchr(p, '\n');
		if (p != NULL)
			p++;
	}
	return NULL;
}

bool
fact_is(const char *facts, const char *key, const char *start)
{
	const char *v = fact_find(facts, key);

	return v != NULL && strncmp(v, start, strlen(start)) == 0;
}

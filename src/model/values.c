#include "values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A sorted array, since a node has some forty values that are found far more
 * often than a new one comes. Readings of one name by different origins stand
 * side by side; which one counts is decided when it is read, because it
 * changes with time: a stale reading gives way to a live one.
 */

#define VALUES_MAX 512 /* a board that invents names ends here */
#define VALUE_TEXT_MAX 256

static int
compare(enum name_id id, const char *instance, const struct value *v)
{
	if (id != v->id)
		return id < v->id ? -1 : 1;
	return strcmp(instance ? instance : "", v->instance ? v->instance : "");
}

/* The first reading that is not before (id, instance). */
static size_t
find(const struct values *vs, enum name_id id, const char *instance)
{
	size_t lo = 0, hi = vs->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (compare(id, instance, &vs->v[mid]) > 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
value_release(struct value *v)
{
	free(v->instance);
	free(v->text);
	free(v->why);
	history_free(v->history);
}

static struct value *
insert(struct values *vs, size_t at, struct origin *o, const struct reading *r)
{
	struct value *v;

	if (vs->n >= VALUES_MAX)
		return NULL;
	if (vs->n == vs->cap) {
		vs->cap = vs->cap ? vs->cap * 2 : 16;
		vs->v = mem_grow(vs->v, vs->cap, sizeof *vs->v);
	}
	memmove(&vs->v[at + 1], &vs->v[at], (vs->n - at) * sizeof *vs->v);
	vs->n++;
	v = &vs->v[at];
	memset(v, 0, sizeof *v);
	v->id = r->id;
	v->instance = mem_strdup(r->instance);
	v->origin = o;
	return v;
}

static struct value *
find_or_insert(
    struct values *vs, struct origin *o, const struct reading *r, bool *fresh)
{
	size_t i = find(vs, r->id, r->instance);

	*fresh = false;
	for (; i < vs->n && compare(r->id, r->instance, &vs->v[i]) == 0; i++)
		if (vs->v[i].origin == o && vs->v[i].source == r->source)
			return &vs->v[i];
	*fresh = true;
	return insert(vs, i, o, r);
}

/* Replace *old by a clean copy of s; true when it is different. */
static bool
set_text(char **old, const char *s)
{
	char clean[VALUE_TEXT_MAX];

	if (s == NULL) {
		bool had = *old != NULL;

		free(*old);
		*old = NULL;
		return had;
	}
	text_clean(clean, sizeof clean, s, strlen(s));
	if (*old != NULL && strcmp(*old, clean) == 0)
		return false;
	free(*old);
	*old = mem_strdup(clean);
	return true;
}

static bool
set_number(struct value *v, double number, uint64_t now)
{
	bool differs = !v->known || v->number < number || v->number > number;

	v->number = number;
	if (name_table[v->id].history) {
		if (v->history == NULL)
			v->history = history_new();
		history_add(v->history, now, (float)number);
	}
	return differs;
}

bool
values_set(
    struct values *vs, struct origin *o, const struct reading *r, uint64_t now)
{
	bool changed, known = r->known;
	enum name_type type;
	struct value *v;

	if ((size_t)r->id >= NAME_COUNT ||
	    (r->instance != NULL && !name_instance_ok(r->instance)))
		return false;
	type = name_table[r->id].type;
	if (type == NAME_NUMBER ? !isfinite(r->number) : r->text == NULL)
		known = false;
	v = find_or_insert(vs, o, r, &changed);
	if (v == NULL)
		return false;
	v->source = r->source;
	v->at = now;
	if (!known) {
		changed = v->known || changed;
		changed = set_text(&v->why,
			      r->why ? r->why : "the answer was no value") ||
		    changed;
	} else {
		changed = !v->known || changed;
		changed = set_text(&v->why, r->why) || changed;
		if (type == NAME_NUMBER)
			changed = set_number(v, r->number, now) || changed;
		else
			changed = set_text(&v->text, r->text) || changed;
	}
	v->known = known;
	if (changed)
		v->changed = now;
	return changed;
}

void
values_forget(struct values *vs, const struct origin *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < vs->n; i++) {
		if (o == NULL || vs->v[i].origin == o)
			value_release(&vs->v[i]);
		else
			vs->v[kept++] = vs->v[i];
	}
	vs->n = kept;
	if (o == NULL) {
		free(vs->v);
		memset(vs, 0, sizeof *vs);
	}
}

static int
source_rank(const struct value *v)
{
	static const int board_first[] = { [SOURCE_BOARD] = 0,
		[SOURCE_FEED] = 1,
		[SOURCE_COMMANDED] = 2,
		[SOURCE_NODE] = 3,
		[SOURCE_DERIVED] = 4 };
	static const int node_first[] = { [SOURCE_NODE] = 0,
		[SOURCE_BOARD] = 1,
		[SOURCE_FEED] = 2,
		[SOURCE_COMMANDED] = 3,
		[SOURCE_DERIVED] = 4 };

	return name_table[v->id].prefer == NAME_PREFER_NODE
	    ? node_first[v->source]
	    : board_first[v->source];
}

static bool
better(const struct value *a, const struct value *b)
{
	static const int rank[] = {
		[VALUE_KNOWN] = 0, [VALUE_STALE] = 1, [VALUE_UNKNOWN] = 2
	};
	int ra = rank[value_state(a)], rb = rank[value_state(b)];

	return ra != rb ? ra < rb : source_rank(a) < source_rank(b);
}

const struct value *
values_best(const struct values *vs, enum name_id id, const char *instance)
{
	const struct value *best = NULL;

	for (size_t i = find(vs, id, instance);
	     i < vs->n && compare(id, instance, &vs->v[i]) == 0; i++)
		if (best == NULL || better(&vs->v[i], best))
			best = &vs->v[i];
	return best;
}

const struct value **
values_best_all(const struct values *vs, size_t *n)
{
	const struct value **all = mem_array(vs->n + 1, sizeof *all);

	*n = 0;
	for (size_t i = 0; i < vs->n; i++) {
		const struct value *v = &vs->v[i];
		const struct value *last = *n > 0 ? all[*n - 1] : NULL;

		if (last == NULL || compare(v->id, v->instance, last) != 0)
			all[(*n)++] = v;
		else if (better(v, last))
			all[*n - 1] = v;
	}
	return all;
}

#include "rackmux/base/json.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * The one door to jansson. A struct json *is* a json_t: the name keeps
 * jansson's types out of every other file, and costs no wrapper a value.
 */

#undef json_is_array
#undef json_is_object

static json_t *
theirs(const struct json *j)
{
	return (json_t *)(uintptr_t)j;
}

static struct json *
ours(json_t *j)
{
	return (struct json *)(uintptr_t)j;
}

struct json *
json_parse(const char *s, size_t len, char *err, size_t size)
{
	json_error_t e;
	json_t *j = json_loadb(s, len, JSON_DECODE_ANY, &e);
	char clean[JSON_ERROR_TEXT_LENGTH];

	/* An integer beyond 64 bits is an error to jansson, and a wrapped
	 * counter of some board to us: as a real it hurts no other value. */
	if (j == NULL)
		j = json_loadb(
		    s, len, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &e);
	if (j == NULL && err != NULL) {
		text_clean(clean, sizeof clean, e.text, strlen(e.text));
		snprintf(err, size, "line %d: %s", e.line, clean);
	}
	return ours(j);
}

struct json *
json_new_object(void)
{
	return ours(json_object());
}

struct json *
json_new_array(void)
{
	return ours(json_array());
}

void
json_free(struct json *j)
{
	json_decref(theirs(j));
}

struct json *
json_get(const struct json *j, const char *key)
{
	return ours(json_object_get(theirs(j), key));
}

struct json *
json_at(const struct json *j, size_t index)
{
	return ours(json_array_get(theirs(j), index));
}

size_t
json_size(const struct json *j)
{
	return json_is_array(j) ? json_array_size(theirs(j))
				: json_object_size(theirs(j));
}

bool
json_is_array(const struct json *j)
{
	return j != NULL && json_typeof(theirs(j)) == JSON_ARRAY;
}

bool
json_is_object(const struct json *j)
{
	return j != NULL && json_typeof(theirs(j)) == JSON_OBJECT;
}

const char *
json_str(const struct json *j)
{
	return json_string_value(theirs(j));
}

bool
json_num(const struct json *j, double *out)
{
	if (!json_is_number(theirs(j)))
		return false;
	*out = json_number_value(theirs(j));
	return isfinite(*out);
}

bool
json_bool(const struct json *j, bool *out)
{
	if (!json_is_boolean(theirs(j)))
		return false;
	*out = json_is_true(theirs(j));
	return true;
}

void
json_set(struct json *j, const char *key, struct json *v)
{
	json_object_set_new(theirs(j), key, theirs(v));
}

/* jansson refuses what is no UTF-8; a reader of ours still gets the rest. */
static json_t *
string_of(const char *s)
{
	json_t *j;
	char *clean;

	if (s == NULL)
		return json_null();
	j = json_string(s);
	if (j != NULL)
		return j;
	clean = text_clean_dup(s, strlen(s));
	j = json_string(clean);
	free(clean);
	return j;
}

void
json_set_str(struct json *j, const char *key, const char *s)
{
	json_object_set_new(theirs(j), key, string_of(s));
}

/* A whole number is written as one: 4, not 4.0. */
static json_t *
number_of(double v)
{
	if (!isfinite(v))
		return json_null();
	if (fabs(v) < 1e15 && !(floor(v) < v))
		return json_integer((json_int_t)v);
	return json_real(v);
}

void
json_set_num(struct json *j, const char *key, double v)
{
	json_object_set_new(theirs(j), key, number_of(v));
}

void
json_set_int(struct json *j, const char *key, long long v)
{
	json_object_set_new(theirs(j), key, json_integer(v));
}

void
json_set_bool(struct json *j, const char *key, bool v)
{
	json_object_set_new(theirs(j), key, json_boolean(v));
}

void
json_set_null(struct json *j, const char *key)
{
	json_object_set_new(theirs(j), key, json_null());
}

void
json_add(struct json *j, struct json *v)
{
	json_array_append_new(theirs(j), theirs(v));
}

void
json_add_str(struct json *j, const char *s)
{
	json_array_append_new(theirs(j), string_of(s));
}

char *
json_text(const struct json *j)
{
	/* 12 digits: what was measured, without the noise of binary. */
	return json_dumps(theirs(j),
	    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
}

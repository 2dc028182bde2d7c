#include "rackmux/driver/names.h"

#include <string.h>

#include "rackmux/base/text.h"

/*
 * An instance comes from the far side (an interface, a thermal zone), so it
 * is held to a small alphabet: a name is a key in JSON, in a selector and in
 * a metric, and a dot in an instance would make it ambiguous.
 */

#define INSTANCE_MAX 31

const struct name name_table[NAME_COUNT] = {
#define NAME(id_, name_, type_, unit_, dec_, prefer_, hist_, meaning_) \
	[NAME_##id_] = { .name = name_, \
		.type = NAME_##type_, \
		.unit = unit_, \
		.decimals = dec_, \
		.prefer = NAME_PREFER_##prefer_, \
		.history = hist_, \
		.meaning = meaning_ },
#include "rackmux/driver/names.def"
#undef NAME
};

bool
name_instance_ok(const char *s)
{
	size_t len = 0;

	for (; s != NULL && *s != '\0'; s++, len++) {
		bool ok = (*s >= 'a' && *s <= 'z') ||
		    (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
		    *s == '_' || *s == '-';

		if (!ok || len == INSTANCE_MAX)
			return false;
	}
	return len > 0;
}

const char *
name_full(enum name_id id, const char *instance, char *out, size_t size)
{
	const char *name, *star;

	if (size == 0)
		return out;
	out[0] = '\0';
	if ((size_t)id >= NAME_COUNT)
		return out;
	name = name_table[id].name;
	star = strchr(name, '*');
	if (star == NULL)
		str_copy(out, size, name);
	else
		str_format(out, size, "%.*s%s%s", (int)(star - name), name,
		    instance ? instance : "*", star + 1);
	return out;
}

/* "link.eth0.speed" is of "link.*.speed" when what stands for the star is an
 * instance. */
static bool
matches(const char *pattern, const char *full, char *inst, size_t size)
{
	const char *star = strchr(pattern, '*');
	char middle[INSTANCE_MAX + 1];
	size_t head, tail, len = strlen(full);

	if (star == NULL)
		return strcmp(pattern, full) == 0;
	head = (size_t)(star - pattern);
	tail = strlen(star + 1);
	if (len <= head + tail || len - head - tail >= sizeof middle ||
	    strncmp(pattern, full, head) != 0 ||
	    strcmp(full + len - tail, star + 1) != 0)
		return false;
	memcpy(middle, full + head, len - head - tail);
	middle[len - head - tail] = '\0';
	if (!name_instance_ok(middle))
		return false;
	if (inst != NULL && size > 0)
		str_copy(inst, size, middle);
	return true;
}

enum name_id
name_find(const char *full, char *inst, size_t size)
{
	if (inst != NULL && size > 0)
		inst[0] = '\0';
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (matches(name_table[i].name, full, inst, size))
			return (enum name_id)i;
	return NAME_COUNT;
}

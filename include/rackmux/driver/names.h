/*
 * names - the registered names of values (see names.def).
 */
#ifndef RM_DRIVER_NAMES_H
#define RM_DRIVER_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum name_id {
#define NAME(id, name, type, unit, dec, prefer, hist, meaning) NAME_##id,
#include "rackmux/driver/names.def"
#undef NAME
	NAME_COUNT
};

enum name_type { NAME_NUMBER, NAME_WORD, NAME_TEXT };
enum name_prefer { NAME_PREFER_BOARD, NAME_PREFER_NODE };

struct name {
	const char *name;	/* "link.*.speed" */
	enum name_type type;
	const char *unit;
	int decimals;
	enum name_prefer prefer;
	bool history;
	const char *meaning;
};

extern const struct name name_table[NAME_COUNT];

/* The full name, '*' replaced by the instance. */
const char *name_full(enum name_id, const char *instance, char *out,
	    size_t size);
/* NAME_COUNT when there is no such name; the instance goes to inst. */
enum name_id name_find(const char *full, char *inst, size_t size);
bool	 name_instance_ok(const char *);

#endif

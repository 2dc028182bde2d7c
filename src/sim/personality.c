/*
 * Every kind of board and feed there is. Each table stands in the kind's own
 * file; the plain shelf of Linux nodes needs no code, so it is here.
 */
#include "rackmux/sim/personality.h"

#include <string.h>

const struct personality linux_shelf_personality = {
	.type = "linux",
	.model = "pi4",
	.shelf = true,
};

const struct personality *const personalities[] = {
#define PERSONALITY(id) &id##_personality,
#include "rackmux/sim/personalities.def"
#undef PERSONALITY
	NULL,
};

const struct personality *
personality_find(const char *type)
{
	size_t i;

	for (i = 0; personalities[i] != NULL; i++)
		if (strcmp(personalities[i]->type, type) == 0)
			return personalities[i];
	return NULL;
}

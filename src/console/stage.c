#include "watch_in.h"

static const struct {
	const char *name, *meaning;
} stages[] = {
#define STAGE(id, name, meaning) [STAGE_##id] = { name, meaning },
#include "rackmux/console/stages.def"
#undef STAGE
};

const char *
stage_name(enum stage s)
{
	return (unsigned)s < STAGE_COUNT ? stages[s].name : "unknown";
}

const char *
stage_meaning(enum stage s)
{
	return (unsigned)s < STAGE_COUNT ? stages[s].meaning
					 : stages[STAGE_UNKNOWN].meaning;
}

size_t
stage_rules(void)
{
	return 0;
}

void
stage_literals(struct scan *s)
{
	(void)s;
}

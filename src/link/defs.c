#include "defs.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

void
defs_put(struct def **list, const char *name, const char *body)
{
	struct def **dp, *d;

	for (dp = list; (d = *dp); dp = &d->next)
		if (strcmp(d->name, name) == 0)
			break;
	if (!d) {
		d = *dp = mem_alloc(sizeof(*d));
		d->name = mem_strdup(name);
	}
	free(d->body);
	d->body = mem_strdup(body);
	d->sent = false;
}

void
defs_free(struct def **list)
{
	struct def *d;

	while ((d = *list)) {
		*list = d->next;
		free(d->name);
		free(d->body);
		free(d);
	}
}

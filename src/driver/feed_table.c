#include "rackmux/driver/drivers.h"

#include <string.h>

#include "rackmux/base/mem.h"

/* By hand, as the table of boards. */
const struct driver *const feed_table[] = {
	&feed_unifi,
	&feed_routeros,
	&feed_snmp,
	&feed_tasmota,
	&feed_shelly,
	&feed_command,
};
const size_t feed_table_len = ARRAY_LEN(feed_table);

const struct driver *
feed_find(const char *type)
{
	for (size_t i = 0; type != NULL && i < feed_table_len; i++)
		if (strcmp(feed_table[i]->type, type) == 0)
			return feed_table[i];
	return NULL;
}

#include "rackmux/driver/drivers.h"

#include <string.h>

#include "rackmux/base/mem.h"

/* By hand, so that what is built in can be read in one place. */
const struct driver *const driver_table[] = {
	&driver_turing_pi,
	&driver_compute_blade,
	&driver_mini_cm4,
	&driver_cluster_box,
	&driver_command,
	&driver_linux,
};
const size_t driver_table_len = ARRAY_LEN(driver_table);

const struct driver *
driver_find(const char *type)
{
	for (size_t i = 0; type != NULL && i < driver_table_len; i++)
		if (strcmp(driver_table[i]->type, type) == 0)
			return driver_table[i];
	return NULL;
}

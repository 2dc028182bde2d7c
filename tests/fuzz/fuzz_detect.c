/* What a peer says of itself decides which driver talks to it. */
#include <stdlib.h>

#include "fuzz.h"
#include "rackmux/driver/driver.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *facts = fuzz_text(data, len);
	const struct driver *d = driver_detect(facts);

	CHECK(d == NULL || driver_find(d->type) == d);
	for (size_t i = 0; i < driver_table_len; i++) {
		int sure = driver_table[i]->match(facts);

		CHECK(sure >= 0 && sure <= 100);
	}
	free(facts);
	return 0;
}

/* Any file is a configuration or a list of mistakes, never both or neither. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/app/config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct diags d = { 0 };
	struct config *c;
	char line[512];

	/* An include names a file of this machine: none of our business. */
	if (len > 0 && memmem(data, len, "@incl", 5) != NULL)
		return -1;
	c = config_load(fuzz_file((const char *)data, len), &d);
	CHECK((c != NULL) == (d.n == 0));
	CHECK(d.n <= DIAGS_MAX);
	for (size_t i = 0; i < d.n; i++)
		fuzz_check_clean(diag_format(&d.v[i], line, sizeof line));
	config_free(c);
	diags_release(&d);
	return 0;
}

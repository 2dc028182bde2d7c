/* A filter as typed, letter by letter: it selects, or it says why not. */
#include <stdlib.h>

#include "fuzz.h"
#include "rackmux/model/selector.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *s = fuzz_text(data, len), err[256] = "";
	struct selector *sel = selector_parse(s, err, sizeof err);

	CHECK(sel != NULL || err[0] != '\0');
	if (sel != NULL)
		(void)selector_is_static(sel);
	selector_free(sel);
	free(s);
	return 0;
}

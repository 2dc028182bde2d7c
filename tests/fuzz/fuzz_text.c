/* Whatever comes in, what text_clean() lets out may be drawn. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/text.h"

static void
clean_into(size_t size, const char *s, size_t len)
{
	char *out = malloc(size), *fit = malloc(size + 8);

	if (out == NULL || fit == NULL)
		abort();
	CHECK(text_clean(out, size, s, len) == out);
	CHECK(strlen(out) < size);
	fuzz_check_clean(out);
	for (int cols = 0; cols < 12; cols++) {
		text_fit(fit, size + 8, out, cols, cols & 1);
		CHECK(text_width(fit) <= cols);
		fuzz_check_clean(fit);
	}
	free(out);
	free(fit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *s = fuzz_text(data, len), *all, *again;

	clean_into(1, s, len);
	clean_into(1 + len / 2, s, len);
	clean_into(len + 1, s, len);
	all = text_clean_dup(s, len);
	fuzz_check_clean(all);
	/* Clean text is left alone. */
	again = text_clean_dup(all, strlen(all));
	CHECK_STR(again, all);
	free(all);
	free(again);
	free(s);
	return 0;
}

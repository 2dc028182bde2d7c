/* What is read and written again reads the same. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/json.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char err[128] = "", *s = fuzz_text(data, len), *text, *again;
	struct json *j = json_parse(s, len, err, sizeof err), *k;

	free(s);
	if (j == NULL) {
		CHECK(err[0] != '\0');
		return 0;
	}
	CHECK(json_get(j, "no such key") == NULL || json_is_object(j));
	CHECK(json_at(j, json_size(j)) == NULL);
	text = json_text(j);
	CHECK(text != NULL && strchr(text, '\n') == NULL);
	k = json_parse(text, strlen(text), err, sizeof err);
	CHECK(k != NULL);
	again = json_text(k);
	CHECK_STR(again, text);
	free(text);
	free(again);
	json_free(j);
	json_free(k);
	return 0;
}

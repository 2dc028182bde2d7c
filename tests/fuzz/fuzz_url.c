/* A link as typed: it parses into strings that are in order, or a reason. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/link/url.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *s = fuzz_text(data, len), err[256];

	for (int i = 0; i < 2; i++) {
		struct url u;

		err[0] = '\0';
		if (!url_parse(&u, s, i == 1, err, sizeof err)) {
			CHECK(err[0] != '\0');
			continue;
		}
		CHECK(u.port <= 65535);
		/* ssh takes a host that begins with a dash for an option. */
		CHECK(u.host[0] != '-' && u.user[0] != '-');
		if (strcmp(u.scheme, "exec") == 0)
			CHECK(u.cmd[0] != '\0');
		else
			CHECK(u.host[0] != '\0');
	}
	free(s);
	return 0;
}

/* What "ssh -G" prints holds whatever an operator wrote into ssh's files. */
#include <stdlib.h>

#include "fuzz.h"
#include "rackmux/link/sshconfig.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sshconfig_query q = { .host = "tp2-a",
		.user = "root" };
	struct sshconfig c = { .port = 0 }, copy = { .port = 0 };
	char *text = fuzz_text(data, len), *more = fuzz_text(data, len);

	sshconfig_defaults(&c, &q);
	sshconfig_parse(&c, text);
	CHECK(c.hostname != NULL && c.user != NULL);
	CHECK(c.port >= 1 && c.port <= 65535);
	CHECK(c.n_identity <= SSHCONFIG_FILES);
	CHECK(c.n_user_hosts <= SSHCONFIG_FILES);
	CHECK(c.n_global_hosts <= SSHCONFIG_FILES);
	sshconfig_copy(&copy, &c);
	CHECK_STR(copy.hostname, c.hostname);
	free(sshconfig_expand(&copy, more, "tp2-a"));
	sshconfig_release(&copy);
	sshconfig_release(&c);
	free(text);
	free(more);
	return 0;
}

/* A known_hosts file is edited by hand and by other programs: whatever is in
 * it, a key that is not there word for word is never good. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/text.h"
#include "rackmux/link/hostkeys.h"

#define KEY \
	"AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB" \
	"QUFB"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = { "blade-01", "[blade-01]:2222",
		"10.0.0.5" };
	struct hostkey key = { .type = "ssh-ed25519", .base64 = KEY };
	struct hostkeys *hk = hostkeys_new();
	const char *file = fuzz_file((const char *)data, len);
	bool there = len > 0 && memmem(data, len, KEY, strlen(KEY)) != NULL;
	char order[1024], print[64], *text = fuzz_text(data, len);

	CHECK(hostkeys_print(key.print, sizeof key.print, KEY));
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct hostkey_found found = { .line = 0 };
		enum hostkey_verdict v =
		    hostkeys_check(hk, &file, 1, names[i], &key, &found);

		CHECK(v != HOSTKEY_OK || there);
		CHECK(v != HOSTKEY_REVOKED || there);
		CHECK(v != HOSTKEY_OK || found.line > 0);
		hostkeys_order(hk, &file, 1, names[i], order, sizeof order);
		CHECK(strlen(order) > 0 && strlen(order) < sizeof order);
		fuzz_check_clean(order);
	}
	hostkeys_print(print, sizeof print, text);
	hostkeys_name(print, sizeof print, text, 22);
	hostkeys_free(hk);
	free(text);
	return 0;
}

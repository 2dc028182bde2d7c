#include <string.h>

#include "rackmux/base/hash.h"
#include "test.h"

static const char *
sha256(const char *s)
{
	static char hex[65];
	unsigned char out[HASH_SHA256_LEN];

	hash_sha256(s, strlen(s), out);
	hash_hex(out, sizeof out, hex);
	return hex;
}

/* FIPS 180-4's examples. */
TEST(sha256_vectors)
{
	CHECK_STR(sha256(""),
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(sha256("abc"),
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 2202, cases 1, 2 and 6. */
TEST(hmac_sha1_vectors)
{
	unsigned char out[HASH_SHA1_LEN], key[80];
	char hex[41];

	memset(key, 0x0b, 20);
	hash_hmac_sha1(key, 20, "Hi There", 8, out);
	hash_hex(out, sizeof out, hex);
	CHECK_STR(hex, "b617318655057264e28bc0b6fb378c8ef146be00");
	hash_hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, out);
	hash_hex(out, sizeof out, hex);
	CHECK_STR(hex, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, 80);
	hash_hmac_sha1(key, 80,
	    "Test Using Larger Than Block-Size Key - Hash Key First", 54, out);
	hash_hex(out, sizeof out, hex);
	CHECK_STR(hex, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

/* RFC 4648's examples, there and back. */
TEST(base64_vectors)
{
	static const char *const t[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char out[16];
		long n = hash_unbase64(
		    t[i][1], strlen(t[i][1]), out, sizeof out - 1);

		CHECK_INT(n, strlen(t[i][0]));
		out[n] = '\0';
		CHECK_STR(out, t[i][0]);
		hash_base64(t[i][0], strlen(t[i][0]), out);
		CHECK_STR(out, t[i][1]);
	}
}

TEST(what_is_no_base64_is_refused)
{
	static const char *const t[] = { "Z", "Zg=", "Zg===", "====", "=",
		"Zm9v=", "Z g=", "Zm9\n", "Zm-_", "Zg==Zg==", "Zm\xff=" };
	char out[16];

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (hash_unbase64(t[i], strlen(t[i]), out, sizeof out) >= 0)
			test_fail(__FILE__, __LINE__, "took %s", t[i]);
	CHECK_INT(hash_unbase64("Zm9vYmFy", 8, out, 5), -1);
	/* without padding, as fingerprints are written */
	CHECK_INT(hash_unbase64("Zg", 2, out, sizeof out), 1);
}

TEST(random_bytes_differ)
{
	unsigned char a[300] = { 0 }, b[300] = { 0 };

	hash_random(a, sizeof a);
	hash_random(b, sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	hash_random(a, 0);
}

#include "rackmux/base/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * The one door to libcrypto. Base64 is our own, because libcrypto's accepts
 * what is none and pads in ways that a strict reader must not.
 */

void
hash_sha256(const void *p, size_t len, unsigned char out[HASH_SHA256_LEN])
{
	if (EVP_Digest(p, len, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void
hash_sha1(const void *p, size_t len, unsigned char out[HASH_SHA1_LEN])
{
	if (EVP_Digest(p, len, out, NULL, EVP_sha1(), NULL) != 1)
		abort();
}

/*
 * HMAC by hand over digests that are fetched once: libcrypto looks its
 * algorithm up anew in each HMAC() call, which costs more than the hashing,
 * and a known_hosts file of a thousand hashed lines asks a thousand times.
 */
static EVP_MD *sha1;
static EVP_MD_CTX *sha1_ctx;

static void
sha1_two(const unsigned char block[64], const void *p, size_t len,
    unsigned char out[HASH_SHA1_LEN])
{
	if (EVP_DigestInit_ex2(sha1_ctx, sha1, NULL) != 1 ||
	    EVP_DigestUpdate(sha1_ctx, block, 64) != 1 ||
	    EVP_DigestUpdate(sha1_ctx, p, len) != 1 ||
	    EVP_DigestFinal_ex(sha1_ctx, out, NULL) != 1)
		abort();
}

void
hash_hmac_sha1(const void *key, size_t klen, const void *p, size_t len,
    unsigned char out[HASH_SHA1_LEN])
{
	unsigned char k[64] = { 0 }, inner[64], outer[64];

	if (sha1 == NULL) {
		sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
		sha1_ctx = EVP_MD_CTX_new();
		if (sha1 == NULL || sha1_ctx == NULL)
			abort();
	}
	if (klen > sizeof k) {
		if (EVP_Digest(key, klen, k, NULL, sha1, NULL) != 1)
			abort();
	} else {
		memcpy(k, key, klen);
	}
	for (size_t i = 0; i < sizeof k; i++) {
		inner[i] = k[i] ^ 0x36;
		outer[i] = k[i] ^ 0x5c;
	}
	sha1_two(inner, p, len, out);
	sha1_two(outer, out, HASH_SHA1_LEN, out);
}

void
hash_random(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
}

void
hash_hex(const void *in, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = in;

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[p[i] >> 4];
		*out++ = digits[p[i] & 15];
	}
	*out = '\0';
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int
digit(char c)
{
	const char *p = c != '\0' ? strchr(alphabet, c) : NULL;

	return p != NULL ? (int)(p - alphabet) : -1;
}

long
hash_unbase64(const char *s, size_t len, void *out, size_t size)
{
	unsigned char *p = out;
	unsigned bits = 0, acc = 0;
	size_t n = 0, padded = len;

	while (len > 0 && padded - len < 2 && s[len - 1] == '=')
		len--;
	if (len % 4 == 1 || (padded > len && padded % 4 != 0))
		return -1;
	for (size_t i = 0; i < len; i++) {
		int d = digit(s[i]);

		if (d < 0)
			return -1;
		acc = (acc << 6 | (unsigned)d) & 0xffffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == size)
			return -1;
		p[n++] = (unsigned char)(acc >> bits);
	}
	return (long)n;
}

void
hash_base64(const void *in, size_t len, char *out)
{
	const unsigned char *p = in;

	for (size_t i = 0; i < len; i += 3) {
		unsigned v = (unsigned)p[i] << 16 |
		    (i + 1 < len ? (unsigned)p[i + 1] << 8 : 0) |
		    (i + 2 < len ? (unsigned)p[i + 2] : 0);

		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = i + 1 < len ? alphabet[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? alphabet[v & 63] : '=';
	}
	*out = '\0';
}

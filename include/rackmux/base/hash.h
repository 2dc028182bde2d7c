/*
 * hash - the one door to libcrypto: digests, random bytes, base64.
 */
#ifndef RM_BASE_HASH_H
#define RM_BASE_HASH_H

#include <stddef.h>

#define HASH_SHA1_LEN 20
#define HASH_SHA256_LEN 32

void	 hash_sha256(const void *, size_t len, unsigned char out[32]);
void	 hash_sha1(const void *, size_t len, unsigned char out[20]);
void	 hash_hmac_sha1(const void *key, size_t klen, const void *, size_t len,
	    unsigned char out[20]);
/* Random bytes from the kernel. */
void	 hash_random(void *, size_t len);
/* len bytes as lower-case hex; out holds 2 * len + 1. */
void	 hash_hex(const void *, size_t len, char *out);
/* Returns the bytes written, or -1 when it is no base64 or too long. Padding
 * may be missing, but not be wrong. */
long	 hash_unbase64(const char *, size_t len, void *out, size_t size);
/* Padded base64; out holds 4 * ((len + 2) / 3) + 1. */
void	 hash_base64(const void *, size_t len, char *out);

#endif

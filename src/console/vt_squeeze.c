#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "rackmux/base/mem.h"
#include "vt_in.h"

/*
 * zstd, for blocks of scrollback. All terminals share one pair of contexts
 * (half a megabyte): there is one thread. Level 1 takes 79 columns of a log,
 * in blocks of 10 kB, to a sixth, at 350 MB/s; higher ones win a tenth and
 * take twice as long.
 */

#define LEVEL 1

static struct {
	ZSTD_CCtx *in;
	ZSTD_DCtx *out;
	unsigned char *room; /* for the longest result so far */
	size_t size;
} shared;

static bool
ready(size_t len)
{
	size_t size = ZSTD_compressBound(len);

	if (shared.in == NULL)
		shared.in = ZSTD_createCCtx();
	/* What cannot be read back is not written. */
	if (shared.out == NULL)
		shared.out = ZSTD_createDCtx();
	if (shared.size < size) {
		shared.room = mem_grow(shared.room, size, 1);
		shared.size = size;
	}
	return shared.in != NULL && shared.out != NULL;
}

unsigned char *
vt_squeeze(const unsigned char *data, size_t len, size_t *n)
{
	unsigned char *out;

	if (!ready(len))
		return NULL;
	*n = ZSTD_compressCCtx(
	    shared.in, shared.room, shared.size, data, len, LEVEL);
	if (ZSTD_isError(*n) || *n > len - len / 4)
		return NULL;
	out = mem_grow(NULL, *n, 1);
	memcpy(out, shared.room, *n);
	return out;
}

bool
vt_unsqueeze(
    const unsigned char *data, size_t n, unsigned char *out, size_t len)
{
	/* An error is more than any length. */
	return ZSTD_decompressDCtx(shared.out, out, len, data, n) == len;
}

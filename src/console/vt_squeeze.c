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

static ZSTD_CCtx *in;
static ZSTD_DCtx *out;
static unsigned char room[BLOCK_MAX];

static bool
ready(void)
{
	if (in == NULL)
		in = ZSTD_createCCtx();
	/* What cannot be read back is not written. */
	if (out == NULL)
		out = ZSTD_createDCtx();
	return in != NULL && out != NULL;
}

unsigned char *
vt_squeeze(const unsigned char *data, size_t len, size_t *n)
{
	unsigned char *p;

	if (len > sizeof room || !ready())
		return NULL;
	/* Winning less than a quarter is an error too. */
	*n = ZSTD_compressCCtx(in, room, len - len / 4, data, len, LEVEL);
	if (ZSTD_isError(*n))
		return NULL;
	p = mem_grow(NULL, *n, 1);
	memcpy(p, room, *n);
	return p;
}

bool
vt_unsqueeze(const unsigned char *data, size_t n, unsigned char *to, size_t len)
{
	/* An error is more than any length. */
	return ZSTD_decompressDCtx(out, to, len, data, n) == len;
}

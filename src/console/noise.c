#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "watch_in.h"

/*
 * Whether bytes are text. Bad ones are control characters that no program
 * writes to a terminal, and what is no UTF-8. Bytes are counted in blocks; it
 * is noise when a whole window of blocks is bad, so that nothing shorter than
 * the window, whatever it is, raises it. Drawings in an old character set are
 * full of bad bytes, but of whole escape sequences too, which noise is not: a
 * block with one is good. It is over after three good blocks, by a stricter
 * measure.
 */

#define BAD_ON 9 /* of a block: a seventh */
#define BAD_OFF 4
#define ALL_BLOCKS ((1u << NOISE_BLOCKS) - 1)

void
noise_reset(struct noise *n, unsigned baud)
{
	noise_free(n);
	memset(n, 0, sizeof *n);
	n->baud = baud;
}

void
noise_free(struct noise *n)
{
	free(n->window);
	n->window = NULL;
}

/* True when it begins or ends to be noise. */
static bool
end_block(struct noise *n)
{
	bool was = n->on;
	bool bad = n->bad >= (n->on ? BAD_OFF : BAD_ON) && !n->seq;

	n->bad_blocks = (n->bad_blocks << 1 | bad) & ALL_BLOCKS;
	n->in_block = n->bad = 0;
	n->seq = false;
	if (n->bad_blocks == ALL_BLOCKS)
		n->on = true;
	else if ((n->bad_blocks & 7) == 0)
		n->on = false;
	if (n->bad_blocks == 0) {
		noise_free(n);
		n->n = 0;
	} else if (n->window == NULL) {
		n->window = mem_alloc(NOISE_WINDOW);
	}
	return n->on != was;
}

bool
noise_plain(struct noise *n, size_t len)
{
	bool changed = false;

	n->bad += n->need > 0;
	n->need = 0;
	if (n->bad_blocks == 0 && n->bad == 0) {
		n->in_block = (unsigned)((n->in_block + len) % NOISE_BLOCK);
		return false;
	}
	/* More good blocks than there are tell nothing new. */
	if (len > NOISE_WINDOW + NOISE_BLOCK)
		len = NOISE_WINDOW + NOISE_BLOCK;
	while (len > 0) {
		size_t room = NOISE_BLOCK - n->in_block;
		size_t take = len < room ? len : room;

		n->in_block += (unsigned)take;
		len -= take;
		if (n->in_block == NOISE_BLOCK)
			changed = end_block(n) || changed;
	}
	return changed;
}

/* The first byte of a character of UTF-8: what must follow. */
static bool
lead(struct noise *n, unsigned char c)
{
	n->low = 0x80;
	n->high = 0xbf;
	if (c < 0xc2 || c > 0xf4)
		return false;
	n->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	if (c == 0xe0)
		n->low = 0xa0;
	else if (c == 0xed)
		n->high = 0x9f;
	else if (c == 0xf0)
		n->low = 0x90;
	else if (c == 0xf4)
		n->high = 0x8f;
	return true;
}

static bool
is_bad(struct noise *n, unsigned char c)
{
	if (n->need > 0) {
		bool fits = c >= n->low && c <= n->high;

		n->low = 0x80;
		n->high = 0xbf;
		if (fits) {
			n->need--;
			return false;
		}
		n->need = 0;
		n->bad++;
	}
	if (c >= 0x80)
		return !lead(n, c);
	/* BEL BS TAB LF FF CR SO SI, ESC: what programs do write. */
	return c < ' ' ? (1u << c & 0x0800f780u) == 0 : c == 0x7f;
}

bool
noise_bytes(struct noise *n, const char *s, size_t len)
{
	bool changed = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (n->window != NULL)
			n->window[n->n++ % NOISE_WINDOW] = c;
		n->bad += is_bad(n, c);
		if (++n->in_block == NOISE_BLOCK)
			changed = end_block(n) || changed;
	}
	return changed;
}

bool
noise_text(struct noise *n, const char *s, size_t len)
{
	return n->window != NULL ? noise_bytes(n, s, len) : noise_plain(n, len);
}

unsigned
noise_guess(const struct noise *n)
{
	if (n->window == NULL || n->baud == 0)
		return 0;
	return noise_rate(
	    n->window, n->n < NOISE_WINDOW ? n->n : NOISE_WINDOW, n->baud);
}

/*
 * 8N1: a start bit of 0, eight data bits from the lowest, a stop bit of 1. A
 * receiver waits for a falling edge and samples the middle of each bit of its
 * own; as Linux reads a raw tty, a byte whose stop bit is missing is
 * delivered all the same.
 */
#include "uart_noise.h"

#include <stdbool.h>

#define BITS 10

/* The wire at time t, in bits of the sender. */
static bool
level(const char *p, size_t len, double t)
{
	size_t bit = (size_t)t, at = bit / BITS;
	unsigned k = (unsigned)(bit % BITS);

	if (at >= len || k == BITS - 1)
		return true;
	return k > 0 && ((unsigned char)p[at] >> (k - 1) & 1);
}

void
uart_noise(const char *p, size_t len, unsigned tx, unsigned rx, struct buf *out)
{
	double step = (double)tx / rx; /* a bit of the receiver's */
	double fine = step < 1 ? step / 4 : 0.25;
	double t = 0, end = (double)len * BITS;
	unsigned char c;
	int k;

	while (t < end) {
		if (level(p, len, t)) {
			t += fine;
			continue;
		}
		for (c = 0, k = 0; k < 8; k++)
			if (level(p, len, t + step * (1.5 + k)))
				c |= (unsigned char)(1 << k);
		buf_add(out, &c, 1);
		t += step * 9.5;
		/* Without a stop bit it waits for the line to rise. */
		while (t < end && !level(p, len, t))
			t += fine;
	}
}

void
uart_hurt(const char *p, size_t len, uint64_t dice, struct buf *out)
{
	size_t cut = (size_t)(dice % (len + 1)), i, run;
	unsigned char c;

	buf_add(out, p, cut);
	if (dice >> 32 & 1) {
		run = 1 + (size_t)(dice >> 33 & 15);
		for (i = 0; i < run; i++) {
			c = (unsigned char)(dice >> (i % 8 * 7));
			buf_add(out, &c, 1);
		}
	} else {
		cut += (len - cut + 1) / 2;
	}
	buf_add(out, p + cut, len - cut);
}

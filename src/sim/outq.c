/*
 * Programs run on small stacks and must not call into libssh, so what they
 * print waits here. This is also where a bad line does its work.
 */
#include "sshd_in.h"

#include <string.h>

#include "rackmux/base/hash.h"

#define QUEUE_MAX 65536

const char outq_noise[] =
    "[  123.456789] usb 1-1: device descriptor read/64, error -71\n";

void
outq_release(struct outq *q)
{
	buf_release(&q->out);
	buf_release(&q->err);
}

/* Hurt what is printed: a piece lost, a run of noise in the middle. */
void
outq_garble(struct buf *b, const char *text, size_t len)
{
	unsigned char noise[24];
	size_t cut;

	hash_random(noise, sizeof(noise));
	cut = noise[0] * 256u % (len + 1);
	buf_add(b, text, cut);
	if (noise[1] & 1)
		buf_add(b, noise + 4, 1 + noise[2] % 19u);
	else
		cut += (len - cut + 1) / 2;
	buf_add(b, text + cut, len - cut);
}

size_t
outq_add(struct outq *q, const struct endpoint *e, const char *text, size_t len,
    bool err)
{
	struct buf *b = err ? &q->err : &q->out;
	size_t room = b->len < QUEUE_MAX ? QUEUE_MAX - b->len : 0;
	unsigned char dice;

	if (len > room) {
		q->full = true;
		len = room;
	}
	if (len == 0)
		return 0;
	if (e->trouble.slow_ms > 0 && q->out.len == 0 && q->err.len == 0)
		q->hold_until = loop_now(e->sshd->loop) + e->trouble.slow_ms;
	hash_random(&dice, 1);
	if (e->trouble.garbage > dice / 256.0)
		outq_garble(b, text, len);
	else
		buf_add(b, text, len);
	return len;
}

void
outq_flood(struct outq *q, size_t len)
{
	size_t line = strlen(outq_noise), n;

	for (n = 0; n < len && q->out.len < QUEUE_MAX / 2; n += line)
		buf_add(&q->out, outq_noise, line);
}

bool
outq_has_room(const struct outq *q)
{
	return q->out.len < QUEUE_MAX / 2 && q->err.len < QUEUE_MAX / 2;
}

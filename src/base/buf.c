#include "rackmux/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof *b);
	b->max = max;
}

void
buf_release(struct buf *b)
{
	size_t max = b->max;

	free(b->data);
	buf_init(b, max);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->cut = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

/* Room for len more bytes and the NUL. */
static void
reserve(struct buf *b, size_t len)
{
	size_t need = b->len + len + 1, cap = b->cap > 0 ? b->cap : 64;

	if (need <= b->cap)
		return;
	while (cap < need)
		cap *= 2;
	b->data = mem_grow(b->data, cap, 1);
	b->cap = cap;
}

bool
buf_add(struct buf *b, const void *p, size_t len)
{
	bool all = true;

	if (b->max > 0 && len > b->max - b->len) {
		len = b->max - b->len;
		b->cut = true;
		all = false;
	}
	reserve(b, len);
	if (len > 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	b->data[b->len] = '\0';
	return all;
}

bool
buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	char *s;
	bool all;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	all = buf_puts(b, s);
	free(s);
	return all;
}

void
buf_drop(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

/* All of it or nothing: a quote without its end would let what follows out. */
bool
buf_quote(struct buf *b, const char *s)
{
	size_t len = b->len;
	bool all = buf_add(b, "'", 1);

	for (; *s != '\0' && all; s++)
		all = *s == '\'' ? buf_puts(b, "'\\''") : buf_add(b, s, 1);
	all = all && buf_add(b, "'", 1);
	if (!all) {
		b->len = len;
		b->data[len] = '\0';
	}
	return all;
}

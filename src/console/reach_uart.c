#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "reach_in.h"

/*
 * What bmcd says that a UART said: {"response":[{"uart":"..."}]}. Read by hand
 * and not as JSON, because a node prints NUL bytes while it is switched on,
 * and a parser that refuses those would lose what was drained with them. Bytes
 * that were no UTF-8 are U+FFFD already.
 */

#define SURE 16 /* bytes in common that are no accident */
#define EDGE 3 /* a character that the ring cut in two */

static bool
hex4(const char *p, const char *end, uint32_t *out)
{
	*out = 0;
	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		uint32_t v = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
		    : c >= 'a' && c <= 'f'        ? (uint32_t)(c - 'a' + 10)
		    : c >= 'A' && c <= 'F'        ? (uint32_t)(c - 'A' + 10)
						  : 16;
		if (v == 16)
			return false;
		*out = *out << 4 | v;
	}
	return true;
}

/* After "\u"; returns where it goes on, or NULL. */
static const char *
unicode(const char *p, const char *end, struct buf *out)
{
	char text[8];
	uint32_t cp, low;

	if (!hex4(p, end, &cp))
		return NULL;
	p += 4;
	if (cp >= 0xd800 && cp < 0xdc00 && end - p >= 6 && p[0] == '\\' &&
	    p[1] == 'u' && hex4(p + 2, end, &low) && low >= 0xdc00 &&
	    low < 0xe000) {
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	}
	if (cp >= 0xd800 && cp < 0xe000)
		cp = TEXT_BAD;
	if (cp == 0)
		buf_add(out, "", 1);
	else
		buf_add(out, text, text_encode(cp, text));
	return p;
}

static const char *
escaped(const char *p, const char *end, struct buf *out)
{
	static const char from[] = "nrtbf\"\\/", to[] = "\n\r\t\b\f\"\\/";
	const char *at;

	if (*p == 'u')
		return unicode(p + 1, end, out);
	at = *p != '\0' ? strchr(from, *p) : NULL;
	if (at == NULL)
		return NULL;
	buf_add(out, to + (at - from), 1);
	return p + 1;
}

static bool
string(const char *p, const char *end, struct buf *out)
{
	while (p != NULL && p < end) {
		const char *from = p;

		while (p < end && *p != '"' && *p != '\\')
			p++;
		buf_add(out, from, (size_t)(p - from));
		if (p < end && *p == '"')
			return true;
		if (p + 1 >= end)
			return false;
		p = escaped(p + 1, end, out);
	}
	return false;
}

bool
uart_field(const char *json, size_t len, const char *field, struct buf *out)
{
	const char *p, *end = json + len;
	char name[24];

	str_format(name, sizeof name, "\"%s\"", field);
	p = memmem(json, len, name, strlen(name));
	if (p == NULL)
		return false;
	p += strlen(name);
	while (p < end && (*p == ' ' || *p == ':' || *p == '\t'))
		p++;
	return p < end && *p == '"' && string(p + 1, end, out);
}

bool
uart_full(const char *text, size_t len, unsigned ring)
{
	size_t bad = 0;

	if (ring == 0 || len + EDGE < ring)
		return false;
	for (size_t i = 0; i + 3 <= len; i++)
		bad += memcmp(text + i, "\xef\xbf\xbd", 3) == 0;
	return len - 2 * bad + EDGE >= ring;
}

/* The longest end of seen that begins now. */
static size_t
overlap(const struct buf *seen, const char *now, size_t len)
{
	uint32_t *fail = mem_array(len + 1, sizeof *fail);
	uint32_t k = 0;

	for (size_t i = 1; i < len; i++) {
		while (k > 0 && now[k] != now[i])
			k = fail[k - 1];
		k += now[k] == now[i];
		fail[i] = k;
	}
	k = 0;
	for (size_t i = 0; i < seen->len; i++) {
		while (k > 0 && (k == len || now[k] != seen->data[i]))
			k = fail[k - 1];
		k += k < len && now[k] == seen->data[i];
	}
	free(fail);
	return k;
}

size_t
uart_new(const struct buf *seen, const char *now, size_t len, unsigned ring,
    bool *lost)
{
	size_t skip = 0, k;

	*lost = false;
	if (seen->len == 0)
		return 0;
	if (len >= seen->len && memcmp(seen->data, now, seen->len) == 0)
		return seen->len;
	if (uart_full(now, len, ring))
		for (int i = 0; i <= EDGE; i++) {
			k = overlap(seen, now + skip, len - skip);
			if (k >= SURE || (k > 0 && k == len - skip))
				return skip + k;
			if (len - skip < 3 ||
			    memcmp(now + skip, "\xef\xbf\xbd", 3) != 0)
				break;
			skip += 3;
		}
	/* It wrapped round, or bmcd was started anew. */
	*lost = true;
	return 0;
}

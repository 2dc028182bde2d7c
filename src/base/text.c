#include "rackmux/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "text_table.h"

/*
 * One table of ranges serves cleaning and drawing, so that what was let in is
 * drawn with the width that was counted. glibc's wcwidth is not asked: it
 * follows the locale, and in the C locale knows nothing.
 */

#define MARKS_MAX 5

static bool
in_table(const struct text_range *t, size_t n, uint32_t cp)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (cp < t[mid].from)
			hi = mid;
		else if (cp > t[mid].to)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

bool
text_cp_ok(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7f)
		return true;
	return cp <= 0x10ffff && !in_table(text_hostile, text_hostile_n, cp);
}

int
text_cp_width(uint32_t cp)
{
	if (cp < 0x300 || !text_cp_ok(cp))
		return 1;
	if (in_table(text_marks, text_marks_n, cp))
		return 0;
	return in_table(text_wide, text_wide_n, cp) ? 2 : 1;
}

/* Bytes of the sequence that a first byte begins, 0: none begins so. */
static size_t
sequence_len(unsigned char c)
{
	return c < 0x80             ? 1
	    : c >= 0xc2 && c < 0xe0 ? 2
	    : c >= 0xe0 && c < 0xf0 ? 3
	    : c >= 0xf0 && c < 0xf5 ? 4
				    : 0;
}

/* The second byte also keeps out overlong forms and surrogates. */
static bool
second_ok(unsigned char first, unsigned char c)
{
	if (c < 0x80 || c > 0xbf)
		return false;
	switch (first) {
	case 0xe0:
		return c >= 0xa0;
	case 0xed:
		return c < 0xa0;
	case 0xf0:
		return c >= 0x90;
	case 0xf4:
		return c < 0x90;
	default:
		return true;
	}
}

size_t
text_decode(const char *s, size_t len, uint32_t *cp, bool *more)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t need = sequence_len(p[0]), i;
	uint32_t v;

	if (more != NULL)
		*more = false;
	*cp = TEXT_BAD;
	if (need <= 1) {
		if (need == 1)
			*cp = p[0];
		return 1;
	}
	v = p[0] & (0xffu >> (need + 1));
	for (i = 1; i < need && i < len; i++) {
		if (i == 1 ? !second_ok(p[0], p[1])
			   : p[i] < 0x80 || p[i] > 0xbf)
			return i;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (i < need) {
		if (more == NULL)
			return i;
		*more = true;
		return 0;
	}
	*cp = v;
	return need;
}

size_t
text_encode(uint32_t cp, char *out)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (cp >> 18 & 7));
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* What stands for one code point; marks counts those on the current base.
 * False: nothing does. */
static bool
clean_cp(uint32_t *cp, int *n_marks)
{
	if (*cp == '\t' || *cp == '\n' || *cp == '\r') {
		*cp = ' ';
	} else if (!text_cp_ok(*cp)) {
		*cp = TEXT_BAD;
	} else if (text_cp_width(*cp) == 0) {
		/* One without a base gets a visible stand-in. */
		if (*n_marks < 0)
			*cp = TEXT_BAD;
		else
			return ++*n_marks <= MARKS_MAX;
	}
	*n_marks = 0;
	return true;
}

char *
text_clean(char *out, size_t size, const char *s, size_t len)
{
	size_t n = 0;
	int n_marks = -1;

	if (size == 0)
		return out;
	while (len > 0) {
		char enc[4];
		uint32_t cp;
		size_t took = text_decode(s, len, &cp, NULL), e;

		s += took;
		len -= took;
		if (!clean_cp(&cp, &n_marks))
			continue;
		e = text_encode(cp, enc);
		if (n + e >= size)
			break;
		memcpy(out + n, enc, e);
		n += e;
	}
	out[n] = '\0';
	return out;
}

char *
text_clean_dup(const char *s, size_t len)
{
	/* One bad byte becomes the three of U+FFFD. */
	size_t size = len * 3 + 1;
	char *out = mem_alloc(size);

	return text_clean(out, size, s, len);
}

int
text_width(const char *s)
{
	size_t len = strlen(s);
	int cols = 0;

	while (len > 0) {
		uint32_t cp;
		size_t took = text_decode(s, len, &cp, NULL);

		cols += text_cp_width(cp);
		s += took;
		len -= took;
	}
	return cols;
}

/* Bytes of s that fill at most cols columns, with the marks that follow. */
static size_t
prefix(const char *s, int cols)
{
	size_t len = strlen(s), n = 0;

	while (n < len) {
		uint32_t cp;
		size_t took = text_decode(s + n, len - n, &cp, NULL);
		int w = text_cp_width(cp);

		if (w > cols)
			break;
		cols -= w;
		n += took;
	}
	return n;
}

char *
text_fit(char *out, size_t size, const char *s, int cols, bool ascii)
{
	size_t n;

	if (size == 0)
		return out;
	if (cols <= 0) {
		out[0] = '\0';
	} else if (text_width(s) <= cols) {
		str_copy(out, size, s);
	} else {
		n = prefix(s, cols - 1);
		str_format(out, size, "%.*s%s", (int)n, s,
		    ascii ? "~" : "\xe2\x80\xa6");
	}
	return out;
}

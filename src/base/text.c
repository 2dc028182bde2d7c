#include "rackmux/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

/*
 * One table of ranges serves cleaning and drawing, so that what was let in is
 * drawn with the width that was counted. glibc's wcwidth is not asked: it
 * follows the locale and disagrees with terminals about emoji.
 */

#define MARKS_MAX 5

struct range {
	uint32_t from, to;
};

/* Combining marks of the scripts that hostnames and sensors are written in. */
static const struct range marks[] = {
	{ 0x0300, 0x036f },
	{ 0x0483, 0x0489 },
	{ 0x0591, 0x05bd },
	{ 0x05bf, 0x05bf },
	{ 0x05c1, 0x05c2 },
	{ 0x05c4, 0x05c5 },
	{ 0x05c7, 0x05c7 },
	{ 0x0610, 0x061a },
	{ 0x064b, 0x065f },
	{ 0x0670, 0x0670 },
	{ 0x06d6, 0x06dc },
	{ 0x06df, 0x06e4 },
	{ 0x06e7, 0x06e8 },
	{ 0x06ea, 0x06ed },
	{ 0x0900, 0x0902 },
	{ 0x093a, 0x093a },
	{ 0x093c, 0x093c },
	{ 0x0941, 0x0948 },
	{ 0x094d, 0x094d },
	{ 0x0951, 0x0957 },
	{ 0x0e31, 0x0e31 },
	{ 0x0e34, 0x0e3a },
	{ 0x0e47, 0x0e4e },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20f0 },
	{ 0x302a, 0x302d },
	{ 0x3099, 0x309a },
	{ 0xfe20, 0xfe2f },
};

/* Two columns: East Asian wide and full-width, and emoji drawn as such. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },
	{ 0x231a, 0x231b },
	{ 0x2329, 0x232a },
	{ 0x23e9, 0x23ec },
	{ 0x23f0, 0x23f0 },
	{ 0x23f3, 0x23f3 },
	{ 0x25fd, 0x25fe },
	{ 0x2614, 0x2615 },
	{ 0x2648, 0x2653 },
	{ 0x267f, 0x267f },
	{ 0x2693, 0x2693 },
	{ 0x26a1, 0x26a1 },
	{ 0x26aa, 0x26ab },
	{ 0x26bd, 0x26be },
	{ 0x26c4, 0x26c5 },
	{ 0x26ce, 0x26ce },
	{ 0x26d4, 0x26d4 },
	{ 0x26ea, 0x26ea },
	{ 0x26f2, 0x26f3 },
	{ 0x26f5, 0x26f5 },
	{ 0x26fa, 0x26fa },
	{ 0x26fd, 0x26fd },
	{ 0x2705, 0x2705 },
	{ 0x270a, 0x270b },
	{ 0x2728, 0x2728 },
	{ 0x274c, 0x274c },
	{ 0x274e, 0x274e },
	{ 0x2753, 0x2755 },
	{ 0x2757, 0x2757 },
	{ 0x2795, 0x2797 },
	{ 0x27b0, 0x27b0 },
	{ 0x27bf, 0x27bf },
	{ 0x2b1b, 0x2b1c },
	{ 0x2b50, 0x2b50 },
	{ 0x2b55, 0x2b55 },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff },
	{ 0xa000, 0xa4cf },
	{ 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe10, 0xfe19 },
	{ 0xfe30, 0xfe6f },
	{ 0xff01, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x16fe0, 0x16fff },
	{ 0x17000, 0x18cff },
	{ 0x1b000, 0x1b2ff },
	{ 0x1f004, 0x1f004 },
	{ 0x1f0cf, 0x1f0cf },
	{ 0x1f18e, 0x1f18e },
	{ 0x1f191, 0x1f19a },
	{ 0x1f200, 0x1f320 },
	{ 0x1f32d, 0x1f335 },
	{ 0x1f337, 0x1f37c },
	{ 0x1f37e, 0x1f393 },
	{ 0x1f3a0, 0x1f3ca },
	{ 0x1f3cf, 0x1f3d3 },
	{ 0x1f3e0, 0x1f3f0 },
	{ 0x1f3f4, 0x1f3f4 },
	{ 0x1f3f8, 0x1f43e },
	{ 0x1f440, 0x1f440 },
	{ 0x1f442, 0x1f4fc },
	{ 0x1f4ff, 0x1f53d },
	{ 0x1f54b, 0x1f54e },
	{ 0x1f550, 0x1f567 },
	{ 0x1f57a, 0x1f57a },
	{ 0x1f595, 0x1f596 },
	{ 0x1f5a4, 0x1f5a4 },
	{ 0x1f5fb, 0x1f64f },
	{ 0x1f680, 0x1f6c5 },
	{ 0x1f6cc, 0x1f6cc },
	{ 0x1f6d0, 0x1f6d2 },
	{ 0x1f6d5, 0x1f6d7 },
	{ 0x1f6eb, 0x1f6ec },
	{ 0x1f6f4, 0x1f6fc },
	{ 0x1f7e0, 0x1f7eb },
	{ 0x1f90c, 0x1f93a },
	{ 0x1f93c, 0x1f945 },
	{ 0x1f947, 0x1f9ff },
	{ 0x1fa70, 0x1fa86 },
	{ 0x20000, 0x2fffd },
	{ 0x30000, 0x3fffd },
};

/* Never drawn as they are: controls of every kind, what has no width or
 * turns the line around, what only some terminals know. */
static const struct range hostile[] = {
	{ 0x0000, 0x001f },
	{ 0x007f, 0x009f },
	{ 0x00ad, 0x00ad },
	{ 0x034f, 0x034f },
	{ 0x061c, 0x061c },
	{ 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0x3164, 0x3164 },
	{ 0xd800, 0xf8ff },
	{ 0xfdd0, 0xfdef },
	{ 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffc },
	{ 0xfffe, 0xffff },
	{ 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a },
	{ 0x1f1e6, 0x1f1ff },
	{ 0x1f3fb, 0x1f3ff },
	{ 0x1fa87, 0x1ffff },
	{ 0x2fffe, 0x2ffff },
	{ 0x3fffe, 0x10ffff },
};

static bool
in_table(const struct range *t, size_t n, uint32_t cp)
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
	return cp <= 0x10ffff && !in_table(hostile, ARRAY_LEN(hostile), cp);
}

int
text_cp_width(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if (in_table(marks, ARRAY_LEN(marks), cp))
		return 0;
	return text_cp_ok(cp) && in_table(wide, ARRAY_LEN(wide), cp) ? 2 : 1;
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

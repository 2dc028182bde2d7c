#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/*
 * Strings and numbers without surprises: nothing overflows, nothing is half
 * accepted. A number that a board prints as "12abc" or "inf" is no number.
 */

bool
str_copy(char *out, size_t size, const char *s)
{
	return str_format(out, size, "%s", s);
}

/* A cut must not tear a character: drop the bytes of one that is half. */
static void
mend_end(char *s, size_t len)
{
	size_t i = len;

	while (i > 0 && len - i < 3 && ((unsigned char)s[i - 1] & 0xc0) == 0x80)
		i--;
	if (i > 0 && (unsigned char)s[i - 1] >= 0xc0) {
		uint32_t cp;
		bool more;

		if (text_decode(s + i - 1, len - i + 1, &cp, &more) == 0)
			s[i - 1] = '\0';
	}
}

bool
str_format(char *out, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (size == 0)
		return false;
	va_start(ap, fmt);
	n = vsnprintf(out, size, fmt, ap);
	va_end(ap);
	if (n < 0) {
		out[0] = '\0';
		return false;
	}
	if ((size_t)n < size)
		return true;
	mend_end(out, size - 1);
	return false;
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t a = strlen(s), b = strlen(suffix);

	return a >= b && strcmp(s + a - b, suffix) == 0;
}

static bool
only_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return *s == '\0';
}

bool
str_long(const char *s, long min, long max, long *out)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(s, &end, 10);
	if (end == s || errno != 0 || !only_space(end) || v < min || v > max)
		return false;
	*out = v;
	return true;
}

/* The C locale's decimal point whatever the operator's locale is: numbers of
 * boards have a point, and strtod would want a comma in some. We never call
 * setlocale(LC_NUMERIC), so strtod is right as it is. */
bool
str_double(const char *s, double *out)
{
	char *end;
	double v;

	/* strtod also takes hex, "inf" and "nan"; boards mean none of these. */
	if (strpbrk(s, "xXnN") != NULL)
		return false;
	errno = 0;
	v = strtod(s, &end);
	if (end == s || !only_space(end) || !isfinite(v))
		return false;
	*out = v;
	return true;
}

char *
str_trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

char *
str_line(char **p)
{
	char *line = *p, *end;

	if (line == NULL || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end == NULL) {
		*p = line + strlen(line);
		end = *p;
	} else {
		*p = end + 1;
		*end = '\0';
	}
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	return line;
}

char *
str_word(char **p)
{
	char *word = *p + strspn(*p, " \t"), *end;

	if (*word == '\0')
		return NULL;
	end = word + strcspn(word, " \t");
	*p = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return word;
}

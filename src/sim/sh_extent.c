#include <string.h>

#include "sh.h"

/* Where the parts of a raw word end. */

/* From i on past the end mark; within quotes a quote is no quote. */
static size_t
skip_until(const char *s, size_t len, size_t i, char end, int depth, bool *more)
{
	while (i < len && s[i] != end) {
		size_t n = 1;

		if (s[i] == '\\')
			n = 2;
		else if (end != '"' && (s[i] == '\'' || s[i] == '"'))
			n = sh_skip_quoted(s + i, len - i, depth + 1, more);
		else if (s[i] == '$' || s[i] == '`')
			n = sh_skip_dollar(s + i, len - i, depth + 1, more);
		if (n == 0)
			return 0;
		i += n;
	}
	*more = i >= len;
	return i < len ? i + 1 : 0;
}

size_t
sh_skip_quoted(const char *s, size_t len, int depth, bool *more)
{
	const char *e;

	if (s[0] == '"')
		return skip_until(s, len, 1, '"', depth, more);
	e = memchr(s + 1, '\'', len - 1);
	*more = e == NULL;
	return e != NULL ? (size_t)(e - s) + 1 : 0;
}

static size_t
skip_arith(const char *s, size_t len, bool *more)
{
	int open = 2;

	for (size_t i = 3; i < len; i++) {
		if (s[i] == '(')
			open++;
		else if (s[i] == ')' && --open == 0)
			return s[i - 1] == ')' ? i + 1 : 0;
	}
	*more = true;
	return 0;
}

size_t
sh_skip_dollar(const char *s, size_t len, int depth, bool *more)
{
	*more = false;
	if (depth > SH_PARSE_MAX)
		return 0;
	if (s[0] == '`') {
		size_t i = 1;

		while (i < len && s[i] != '`')
			i += s[i] == '\\' ? 2 : 1;
		*more = i >= len;
		return i < len ? i + 1 : 0;
	}
	if (len < 2)
		return 1;
	if (s[1] == '{')
		return skip_until(s, len, 2, '}', depth, more);
	if (s[1] == '(' && len > 2 && s[2] == '(') {
		size_t n = skip_arith(s, len, more);

		if (n > 0 || *more)
			return n;
	}
	if (s[1] == '(')
		return sh_skip_command(s, len, depth, more);
	return 1;
}

#include "cfgrepair.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

/*
 * libconfig stops at the first syntax error, and takes a key that stands
 * twice for one. To tell the other mistakes in the same run, the text is
 * changed where that is safe (a line whose brackets match, a key's name) and
 * read again. The change keeps the length, so that lines stay where they
 * are, and whoever reads again undoes what led no further.
 */

static char *
find_line(char *text, unsigned line)
{
	while (--line > 0) {
		text = strchr(text, '\n');
		if (text == NULL)
			return NULL;
		text++;
	}
	return text;
}

static void
patch(struct cfg_patch *p, char *at, size_t len)
{
	p->at = at;
	p->len = len;
	p->was = mem_strndup(at, len);
}

void
cfg_patch_end(struct cfg_patch *p, bool undo)
{
	if (undo && p->was != NULL)
		memcpy(p->at, p->was, p->len);
	free(p->was);
	*p = (struct cfg_patch){ 0 };
}

/* No bracket may close before it opens, none stay open. */
static bool
balanced(const char *s, size_t len)
{
	char open[64];
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\' && i + 1 < len)
			i++;
		else if (!quoted && (c == '(' || c == '{' || c == '[')) {
			if (depth == sizeof open)
				return false;
			open[depth++] = c;
		} else if (!quoted && (c == ')' || c == '}' || c == ']')) {
			char want = c == ')' ? '(' : c == '}' ? '{' : '[';

			if (depth == 0 || open[--depth] != want)
				return false;
		}
	}
	return depth == 0 && !quoted;
}

bool
cfg_blank_line(char *text, unsigned line, struct cfg_patch *p)
{
	char *at = line > 0 ? find_line(text, line) : NULL;
	size_t len = at != NULL ? strcspn(at, "\n") : 0;

	/* A comment may begin or end here: leave it alone. */
	if (len == 0 || strspn(at, " \t\r") >= len || !balanced(at, len) ||
	    memchr(at, '*', len) != NULL)
		return false;
	patch(p, at, len);
	memset(at, ' ', len);
	return true;
}

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

bool
cfg_hide_key(
    char *text, unsigned line, size_t n, unsigned unique, struct cfg_patch *p)
{
	char *s = line > 0 ? find_line(text, line) : NULL;

	while (s != NULL && *s != '\0' && *s != '\n' && *s != '#') {
		size_t len = 0, gap;

		if (*s == '"')
			for (s++; *s != '\0' && *s != '\n' && *s != '"'; s++)
				s += *s == '\\' && s[1] != '\0';
		while (is_name(s[len]))
			len++;
		gap = strspn(s + len, " \t");
		if (len > 0 && (s[len + gap] == '=' || s[len + gap] == ':') &&
		    n-- == 0) {
			patch(p, s, len);
			memset(s, '*', len);
			for (size_t i = len; i-- > 1; unique /= 26)
				s[i] = (char)('a' + unique % 26);
			return true;
		}
		s += len > 0 ? len : *s != '\0' && *s != '\n';
	}
	return false;
}

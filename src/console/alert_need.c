#include <ctype.h>
#include <string.h>

#include "watch_in.h"

/*
 * The longest run of plain characters of each branch of an expression: every
 * match of the branch contains it. Groups and brackets are stepped over, a
 * character that may be missing ends the run before it.
 */

#define RUN_MAX 40

struct run {
	char text[RUN_MAX];
	size_t len;
};

/* Past a bracket expression, s at its '['. */
static const char *
skip_bracket(const char *s)
{
	s++;
	if (*s == '^')
		s++;
	if (*s == ']')
		s++;
	while (*s != '\0' && *s != ']') {
		if (*s == '[' && s[1] != '\0' && strchr(".:=", s[1]) != NULL) {
			char kind = s[1];

			for (s += 2; *s != '\0'; s++)
				if (*s == kind && s[1] == ']')
					break;
			if (*s == '\0')
				return s;
			s++;
		}
		s++;
	}
	return *s == '\0' ? s : s + 1;
}

/* Past a group, s at its '('. */
static const char *
skip_group(const char *s)
{
	int depth = 0;

	while (*s != '\0') {
		if (*s == '\\' && s[1] != '\0') {
			s += 2;
			continue;
		}
		if (*s == '[') {
			s = skip_bracket(s);
			continue;
		}
		depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
		s++;
		if (depth == 0)
			break;
	}
	return s;
}

static void
keep_longer(struct run *best, struct run *run)
{
	if (run->len > best->len)
		*best = *run;
	run->len = 0;
}

/* The quantifier at s, if any: 0 none, '+', or '?' for what may be missing. */
static char
quantifier(const char **s)
{
	char q = **s;

	if (q == '\0' || strchr("*?{+", q) == NULL)
		return 0;
	if (q == '{')
		while (**s != '\0' && **s != '}')
			(*s)++;
	if (**s != '\0')
		(*s)++;
	return q == '+' ? '+' : '?';
}

/* One plain character and what stands behind it. */
static const char *
take_char(const char *s, struct run *best, struct run *run)
{
	char c = *s == '\\' ? s[1] : *s, q;

	s += *s == '\\' ? 2 : 1;
	q = quantifier(&s);
	if (q != '?' && run->len < RUN_MAX)
		run->text[run->len++] = c;
	if (q != 0)
		keep_longer(best, run);
	return s;
}

static const char *
take_branch(const char *s, struct run *best)
{
	struct run run = { .len = 0 };

	best->len = 0;
	while (*s != '\0' && *s != '|') {
		if (*s == '(' || *s == '[') {
			s = *s == '(' ? skip_group(s) : skip_bracket(s);
			(void)quantifier(&s);
		} else if (*s == '\\' &&
		    (s[1] == '\0' || isalnum((unsigned char)s[1]) ||
			strchr("<>`'", s[1]) != NULL)) {
			s += s[1] == '\0' ? 1 : 2;
			(void)quantifier(&s);
		} else if (strchr(".^$)*+?{", *s) != NULL) {
			s++;
			(void)quantifier(&s);
		} else {
			s = take_char(s, best, &run);
			continue;
		}
		keep_longer(best, &run);
	}
	keep_longer(best, &run);
	return s;
}

bool
alert_needs(const char *match,
    void (*found)(void *arg, const char *literal, size_t len), void *arg)
{
	for (int pass = 0; pass < 2; pass++) {
		const char *s = match;

		for (;; s++) {
			struct run best;

			s = take_branch(s, &best);
			if (best.len < 2)
				return false;
			if (pass == 1)
				found(arg, best.text, best.len);
			if (*s == '\0')
				break;
		}
	}
	return true;
}

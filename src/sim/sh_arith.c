#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sh.h"

/*
 * $((...)): C's integer expressions by precedence climbing. Sums wrap as they
 * do in dash, without being undefined.
 */

struct ar {
	struct sh *sh;
	const char *s;
	bool bad;
	int depth;
};

static const struct op {
	const char *text;
	int level;
} ops[] = { { "||", 1 }, { "&&", 2 }, { "==", 6 }, { "!=", 6 }, { "<<", 8 },
	{ ">>", 8 }, { "<=", 7 }, { ">=", 7 }, { "|", 3 }, { "^", 4 },
	{ "&", 5 }, { "<", 7 }, { ">", 7 }, { "+", 9 }, { "-", 9 }, { "*", 10 },
	{ "/", 10 }, { "%", 10 } };

static long long expr(struct ar *, int level);
static long long assign(struct ar *);

static void
blanks(struct ar *a)
{
	while (isspace((unsigned char)*a->s))
		a->s++;
}

static long long
number_of(struct ar *a, const char *s)
{
	char *end;
	long long v = strtoll(s, &end, 0);

	while (isspace((unsigned char)*end))
		end++;
	if (*end != '\0')
		a->bad = true;
	return v;
}

static size_t
name_at(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)s[0]) && s[0] != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static long long
variable(struct ar *a)
{
	size_t n = name_at(a->s);
	char *name = mem_strndup(a->s, n);
	const char *v = sh_get(a->sh, name);

	a->s += n;
	free(name);
	return v != NULL && v[0] != '\0' ? number_of(a, v) : 0;
}

static long long
primary(struct ar *a)
{
	long long v;
	char *end;

	blanks(a);
	if (++a->depth > 100) {
		a->bad = true;
		return 0;
	}
	switch (*a->s) {
	case '(':
		a->s++;
		v = assign(a);
		blanks(a);
		if (*a->s != ')')
			a->bad = true;
		else
			a->s++;
		break;
	case '!':
		a->s++;
		v = !primary(a);
		break;
	case '~':
		a->s++;
		v = ~primary(a);
		break;
	case '-':
		a->s++;
		v = (long long)(0 - (unsigned long long)primary(a));
		break;
	case '+':
		a->s++;
		v = primary(a);
		break;
	default:
		if (name_at(a->s) > 0) {
			v = variable(a);
			break;
		}
		v = strtoll(a->s, &end, 0);
		if (end == a->s)
			a->bad = true;
		a->s = end;
	}
	a->depth--;
	return v;
}

static long long
apply(struct ar *a, const char *op, long long x, long long y)
{
	unsigned long long ux = (unsigned long long)x;
	unsigned long long uy = (unsigned long long)y;

	switch (op[0]) {
	case '+':
		return (long long)(ux + uy);
	case '-':
		return (long long)(ux - uy);
	case '*':
		return (long long)(ux * uy);
	case '/':
	case '%':
		if (y == 0 || (x == LLONG_MIN && y == -1)) {
			a->bad = true;
			return 0;
		}
		return op[0] == '/' ? x / y : x % y;
	case '|':
		return op[1] == '|' ? x || y : x | y;
	case '&':
		return op[1] == '&' ? x && y : x & y;
	case '^':
		return x ^ y;
	case '=':
		return x == y;
	case '!':
		return x != y;
	case '<':
		return op[1] == '<' ? (long long)(ux << (uy & 63))
		    : op[1] == '='  ? x <= y
				    : x < y;
	default:
		return op[1] == '>' ? x >> (uy & 63)
		    : op[1] == '='  ? x >= y
				    : x > y;
	}
}

static long long
expr(struct ar *a, int level)
{
	long long v = primary(a);

	for (;;) {
		const struct op *op = NULL;

		blanks(a);
		for (size_t i = 0; i < ARRAY_LEN(ops) && op == NULL; i++)
			if (strncmp(a->s, ops[i].text, strlen(ops[i].text)) ==
			    0)
				op = &ops[i];
		if (op == NULL || op->level < level || a->bad)
			return v;
		a->s += strlen(op->text);
		v = apply(a, op->text, v, expr(a, op->level + 1));
	}
}

static long long
ternary(struct ar *a)
{
	long long v = expr(a, 1), x, y;

	blanks(a);
	if (*a->s != '?')
		return v;
	a->s++;
	x = assign(a);
	blanks(a);
	if (*a->s != ':') {
		a->bad = true;
		return 0;
	}
	a->s++;
	y = assign(a);
	return v ? x : y;
}

static long long
assign(struct ar *a)
{
	const char *start;
	size_t n;
	char op = '\0', num[32], *name;
	long long v, old;

	blanks(a);
	start = a->s;
	n = name_at(a->s);
	a->s += n;
	blanks(a);
	if (n > 0 && *a->s != '\0' && strchr("+-*/%&|^", *a->s) != NULL &&
	    a->s[1] == '=')
		op = *a->s++;
	if (n == 0 || *a->s != '=' || a->s[1] == '=') {
		a->s = start;
		return ternary(a);
	}
	a->s++;
	v = assign(a);
	if (op != '\0') {
		const char *end = a->s, two[3] = { op, '\0', '\0' };

		a->s = start;
		old = variable(a);
		a->s = end;
		v = apply(a, two, old, v);
	}
	name = mem_strndup(start, n);
	snprintf(num, sizeof num, "%lld", v);
	sh_set(a->sh, name, num);
	free(name);
	return v;
}

bool
sh_arith(struct sh *sh, const char *s, long long *out)
{
	struct ar a = { .sh = sh, .s = s };

	blanks(&a);
	if (*a.s == '\0') {
		*out = 0;
		return true;
	}
	*out = assign(&a);
	blanks(&a);
	return !a.bad && *a.s == '\0';
}

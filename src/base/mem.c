#include "rackmux/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Out of memory ends the program: there is no screen to draw and no board to
 * answer without it, and code that pretends otherwise is never tested.
 */
static void
check(const void *p)
{
	static const char msg[] = "rackmux: out of memory\n";

	if (p != NULL)
		return;
	fwrite(msg, 1, sizeof msg - 1, stderr);
	abort();
}

void *
mem_alloc(size_t size)
{
	void *p = calloc(1, size > 0 ? size : 1);

	check(p);
	return p;
}

void *
mem_array(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	check(p);
	return p;
}

void *
mem_grow(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n > 0 ? n : 1, size > 0 ? size : 1);

	check(p);
	return p;
}

char *
mem_strdup(const char *s)
{
	return s != NULL ? mem_strndup(s, strlen(s)) : NULL;
}

char *
mem_strndup(const char *s, size_t len)
{
	char *p = mem_alloc(len + 1);

	if (len > 0)
		memcpy(p, s, len);
	return p;
}

char *
mem_vprintf(const char *fmt, va_list ap)
{
	char *p = NULL;

	if (vasprintf(&p, fmt, ap) < 0)
		p = NULL;
	check(p);
	return p;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = mem_vprintf(fmt, ap);
	va_end(ap);
	return p;
}

void
mem_wipe(void *p, size_t len)
{
	if (p != NULL)
		explicit_bzero(p, len);
}

void
mem_wipe_str(char **text)
{
	if (*text != NULL)
		mem_wipe(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

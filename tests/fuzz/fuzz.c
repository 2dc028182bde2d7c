/* A fuzzer is one process for millions of inputs: what fails aborts, and
 * files are in memory, made anew for each input. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

void
test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

bool
test_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const char *
test_dir(void)
{
	test_fail(__FILE__, __LINE__, "a fuzzer has no folder");
}

char *
fuzz_text(const uint8_t *data, size_t len)
{
	char *s = malloc(len + 1);

	if (s == NULL)
		abort();
	if (len > 0)
		memcpy(s, data, len);
	s[len] = '\0';
	return s;
}

const char *
fuzz_part(const uint8_t **data, size_t *left, size_t *len)
{
	const uint8_t *start = *data, *end;

	if (*left == 0)
		return NULL;
	end = memchr(start, 0xff, *left);
	*len = end != NULL ? (size_t)(end - start) : *left;
	*data = start + *len + (end != NULL);
	*left -= *len + (end != NULL);
	return (const char *)start;
}

const char *
fuzz_file(const char *text, size_t len)
{
	static char path[64];
	static int fd = -1;

	if (fd >= 0)
		close(fd);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, len) != (ssize_t)len)
		test_fail(__FILE__, __LINE__, "memfd");
	str_format(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

void
fuzz_check_clean(const char *s)
{
	size_t len = strlen(s), n;
	uint32_t cp;

	for (; len > 0; s += n, len -= n) {
		n = text_decode(s, len, &cp, NULL);
		CHECK(n > 0);
		/* U+FFFD may stand only where it is written out. */
		CHECK(cp != TEXT_BAD || memcmp(s, "\xef\xbf\xbd", 3) == 0);
		CHECK(cp >= 0x20 && text_cp_ok(cp));
	}
}

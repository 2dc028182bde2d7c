/*
 * test - the smallest harness that will do.
 *
 * A test program has TEST(name) { ... } functions; each runs in a child of
 * its own, so that one cannot harm another, with a deadline of 30 s. Each
 * prints "ok NAME" or "not ok NAME". Run one alone: PROGRAM NAME.
 */
#ifndef RM_TESTS_TEST_H
#define RM_TESTS_TEST_H

#include <stdbool.h>
#include <stddef.h>

typedef void test_fn(void);
void	 test_register(const char *name, test_fn *);
void	 test_fail(const char *file, int line, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4), noreturn));
bool	 test_same(const char *a, const char *b);	/* NULL is NULL */
/* A fresh folder under $TMPDIR, removed after the test. */
const char *test_dir(void);
/* A file in it; its path, in a static buffer. */
const char *test_write(const char *name, const char *text);

#define TEST(name)                                                         \
	static void test_##name(void);                                     \
	__attribute__((constructor)) static void reg_##name(void)          \
	{                                                                  \
		test_register(#name, test_##name);                         \
	}                                                                  \
	static void test_##name(void)

#define CHECK(x)                                                           \
	do {                                                               \
		if (!(x))                                                  \
			test_fail(__FILE__, __LINE__, "%s", #x);           \
	} while (0)
#define CHECK_INT(a, b)                                                    \
	do {                                                               \
		long long a_ = (long long)(a), b_ = (long long)(b);        \
		if (a_ != b_)                                              \
			test_fail(__FILE__, __LINE__,                      \
			    "%s is %lld, not %lld", #a, a_, b_);           \
	} while (0)
#define CHECK_STR(a, b)                                                    \
	do {                                                               \
		const char *a_ = (a), *b_ = (b);                           \
		if (!test_same(a_, b_))                                    \
			test_fail(__FILE__, __LINE__,                      \
			    "%s is\n  \"%s\", not\n  \"%s\"", #a,          \
			    a_ ? a_ : "(null)", b_ ? b_ : "(null)");       \
	} while (0)

#endif

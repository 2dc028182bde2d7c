/*
 * fuzz - what the fuzzers share.
 *
 * Each fuzz_NAME.c is one libFuzzer program; its seeds are in corpus/NAME.
 * A promise that does not hold ends it with test_fail(), which aborts, so
 * that libFuzzer keeps the input. CHECK and the fakes of the unit tests work
 * here too.
 */
#ifndef RM_TESTS_FUZZ_H
#define RM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "test.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The bytes with a NUL after them, as most parsers want them; the caller
 * frees. Exactly as long as it must be, so that one byte too far is seen. */
char	*fuzz_text(const uint8_t *, size_t);
/* Up to the next 0xff byte of *data, which is skipped; NULL when there is
 * nothing left. *len is its length. */
const char *fuzz_part(const uint8_t **data, size_t *left, size_t *len);
/* A file of these bytes that no folder knows: its path, until the next call. */
const char *fuzz_file(const char *, size_t);
/* Clean text: valid UTF-8, and nothing in it that may not be drawn. */
void	 fuzz_check_clean(const char *);

#endif

/*
 * text - strings that come from elsewhere.
 *
 * Everything a board, a file name or a peer says is hostile until it went
 * through text_clean(): valid UTF-8, no C0 or C1 control, no bidi control,
 * no zero-width, tag, private-use or noncharacter, at most five combining
 * marks on a base, each bad thing replaced by U+FFFD.
 */
#ifndef RM_BASE_TEXT_H
#define RM_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_BAD 0xfffdu

/* Decode one code point of len > 0 bytes. Returns the bytes taken (>= 1);
 * *cp is TEXT_BAD for bytes that are no UTF-8. *more is set when the bytes
 * are a correct start that needs more; then 0 is returned. more may be NULL
 * (then such a start is bad). */
size_t	 text_decode(const char *, size_t len, uint32_t *cp, bool *more);
/* Returns the bytes written to out (at least 4 bytes of room). */
size_t	 text_encode(uint32_t cp, char *out);
/* Columns of a code point: 0, 1 or 2; what is unknown or hostile is shown as
 * U+FFFD, which is 1. One table for cleaning and drawing. */
int	 text_cp_width(uint32_t cp);
/* True for a code point that may be drawn as it is. */
bool	 text_cp_ok(uint32_t cp);
/* Clean len bytes into out (size bytes, NUL-terminated, cut at a character).
 * TAB and newlines become a space. Returns out. */
char	*text_clean(char *out, size_t size, const char *, size_t len);
/* The same into fresh memory. */
char	*text_clean_dup(const char *, size_t len);
/* Columns of clean text. */
int	 text_width(const char *);
/* Cut clean text to cols columns, ending in an ellipsis ("…" or "~") when it
 * was longer. Returns out. */
char	*text_fit(char *out, size_t size, const char *, int cols, bool ascii);

/* Bounded copy, always terminated; false when cut. */
bool	 str_copy(char *out, size_t size, const char *);
bool	 str_format(char *out, size_t size, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
bool	 str_starts(const char *, const char *prefix);
bool	 str_ends(const char *, const char *suffix);
/* Strict numbers: the whole string, in range, nothing else; spaces at either
 * end are allowed. inf and nan are no numbers. */
bool	 str_long(const char *, long min, long max, long *out);
bool	 str_double(const char *, double *out);
/* Strip white space at both ends in place; returns the new start. */
char	*str_trim(char *);
/* The next line of *p (in place, \n or \r\n cut off), or NULL. */
char	*str_line(char **p);
/* The next word of *p, separated by spaces or tabs, or NULL. */
char	*str_word(char **p);

#endif

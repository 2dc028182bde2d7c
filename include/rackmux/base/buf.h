/*
 * buf - a byte buffer that grows, with a hard limit.
 *
 * data is always NUL-terminated (after len bytes) once something was added.
 */
#ifndef RM_BASE_BUF_H
#define RM_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/mem.h"

struct buf {
	char *data;
	size_t len, cap;
	size_t max;	/* 0: no limit */
	bool cut;	/* something was dropped because of max */
};

void	 buf_init(struct buf *, size_t max);
void	 buf_release(struct buf *);
void	 buf_clear(struct buf *);
/* False (and cut set) when not all of it fitted under max. */
bool	 buf_add(struct buf *, const void *, size_t len);
bool	 buf_puts(struct buf *, const char *);
bool	 buf_printf(struct buf *, const char *fmt, ...) RM_PRINTF(2, 3);
void	 buf_drop(struct buf *, size_t len);	/* from the front */
const char *buf_str(const struct buf *);	/* never NULL */
/* Single-quoted for a POSIX shell: the one way to put data in a command. When
 * it does not fit under max, nothing of it is added. */
bool	 buf_quote(struct buf *, const char *);

#endif

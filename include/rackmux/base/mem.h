/*
 * mem - allocation that does not fail: out of memory ends the program.
 */
#ifndef RM_BASE_MEM_H
#define RM_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#define RM_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define RM_UNUSED __attribute__((unused))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

void	*mem_alloc(size_t size);			/* zeroed */
void	*mem_array(size_t n, size_t size);		/* zeroed, checked */
void	*mem_grow(void *p, size_t n, size_t size);	/* as reallocarray */
char	*mem_strdup(const char *);			/* NULL gives NULL */
char	*mem_strndup(const char *, size_t len);
char	*mem_printf(const char *fmt, ...) RM_PRINTF(1, 2);
char	*mem_vprintf(const char *fmt, va_list) RM_PRINTF(1, 0);
void	 mem_wipe(void *, size_t len);	/* not optimised away */
void	 mem_wipe_str(char **);	/* wipe, free, and make it NULL */

#endif

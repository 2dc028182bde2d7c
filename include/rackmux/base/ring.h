/*
 * ring - a fixed ring of bytes; what does not fit pushes out the oldest.
 */
#ifndef RM_BASE_RING_H
#define RM_BASE_RING_H

#include <stddef.h>

struct ring {
	char *data;
	size_t size, start, len;
	unsigned long long total;	/* bytes ever added */
};

void	 ring_init(struct ring *, size_t size);
void	 ring_release(struct ring *);
void	 ring_add(struct ring *, const void *, size_t len);
void	 ring_clear(struct ring *);
/* Copy out the oldest len bytes at most, without removing them. */
size_t	 ring_peek(const struct ring *, void *, size_t len);
void	 ring_drop(struct ring *, size_t len);

#endif

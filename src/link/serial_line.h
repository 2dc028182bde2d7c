/*
 * serial_line - how a serial line is set: speed, frame, flow control, pins.
 */
#ifndef RM_LINK_SERIAL_LINE_H
#define RM_LINK_SERIAL_LINE_H

#include <stddef.h>

#include "rackmux/link/url.h"

/* Raw, as the link says, and read back. 0, or a negative errno; -EINVAL with
 * what the line cannot do in why ("cannot do 7E1"). */
int	 serial_line_set(int fd, const struct url *, char *why, size_t size);
/* Before it is closed, which waits up to half a minute for what was written to
 * leave: what the line does not take is forgotten. */
void	 serial_line_leave(int fd, const struct url *);

#endif

/*
 * fd - what one does to descriptors. All return 0 or a negative errno.
 */
#ifndef RM_BASE_FD_H
#define RM_BASE_FD_H

int	 fd_nonblock(int fd);
int	 fd_cloexec(int fd);
/* Raise the soft limit of open files to the hard one: two a session add up.
 * Returns the limit then in force, or a negative errno. */
int	 fd_raise_limit(void);

#endif

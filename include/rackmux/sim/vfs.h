/*
 * vfs - the files of a simulated machine: what its shell sees below /.
 *
 * Files are text kept here, or made when read and understood when written,
 * by functions of the board. A board holds some sixty of them, and there may
 * be 512 boards in a process, so text that is the same everywhere is
 * borrowed, not copied.
 */
#ifndef RM_SIM_VFS_H
#define RM_SIM_VFS_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/buf.h"

struct device;
struct vfs;

/* Fill out with the file's content; 0 or negative errno (a read that fails,
 * as carrier does while an interface is down: -EINVAL). */
typedef int vfs_read_fn(void *arg, const char *path, struct buf *out);
typedef int vfs_write_fn(void *arg, const char *path, const char *,
    size_t len);

struct vfs *vfs_new(void);
void	 vfs_free(struct vfs *);
/* All make missing folders. content is borrowed for ever (a literal). */
void	 vfs_static(struct vfs *, const char *path, const char *content);
void	 vfs_text(struct vfs *, const char *path, const char *content);
void	 vfs_dynamic(struct vfs *, const char *path, vfs_read_fn *,
	    vfs_write_fn *, void *arg);		/* write may be NULL: read-only */
vfs_read_fn vfs_write_only;	/* for one that not even root can read */
/* For a write: its text, without what ends the line. False: it is longer. */
bool	 vfs_written(const char *, size_t len, char *out, size_t size);
void	 vfs_link(struct vfs *, const char *path, const char *target);
void	 vfs_dir(struct vfs *, const char *path);
void	 vfs_socket(struct vfs *, const char *path);
void	 vfs_device(struct vfs *, const char *path, struct device *);
void	 vfs_remove(struct vfs *, const char *path);	/* and below */

/* 0 or negative errno. Paths are absolute; symlinks and .. are followed. */
int	 vfs_read(struct vfs *, const char *path, struct buf *out);
int	 vfs_write(struct vfs *, const char *path, const char *, size_t len,
	    bool append);
enum vfs_kind { VFS_NONE, VFS_FILE, VFS_DIR, VFS_LINK, VFS_SOCKET,
	VFS_DEVICE };
enum vfs_kind vfs_stat(struct vfs *, const char *path, bool follow);
/* The device that path is, or NULL. */
struct device *vfs_find_device(struct vfs *, const char *path);
/* Names in a folder, sorted, one a call; NULL when there are no more. */
const char *vfs_list(struct vfs *, const char *path, size_t index);
int	 vfs_readlink(struct vfs *, const char *path, char *out, size_t size);

#endif

#include "rackmux/sim/vfs.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/sim/device.h"

/*
 * A tree of sorted children. Boards are many and small, so a node is small
 * too: a name, a kind, and either borrowed text, own text, functions or
 * children. Looking up walks the path; sixty files need nothing better.
 */

#define LINKS_MAX 8
#define PATH_MAX_VFS 1024

struct file {
	char *name;
	enum vfs_kind kind;
	struct file *up;
	struct file **kids; /* VFS_DIR: sorted by name */
	size_t n_kids;
	const char *text; /* VFS_FILE, VFS_LINK */
	size_t len;
	bool own; /* text is ours to free */
	vfs_read_fn *read;
	vfs_write_fn *write;
	void *arg;
};

struct vfs {
	struct file root;
};

struct vfs *
vfs_new(void)
{
	struct vfs *v = mem_alloc(sizeof *v);

	v->root.kind = VFS_DIR;
	v->root.up = &v->root;
	return v;
}

static void
file_clear(struct file *f)
{
	if (f->own)
		free((char *)(void *)(uintptr_t)f->text);
	f->text = NULL;
	f->len = 0;
	f->own = false;
	f->read = NULL;
	f->write = NULL;
}

static void
file_release(struct file *f)
{
	for (size_t i = 0; i < f->n_kids; i++) {
		file_release(f->kids[i]);
		free(f->kids[i]);
	}
	free(f->kids);
	file_clear(f);
	free(f->name);
}

void
vfs_free(struct vfs *v)
{
	if (v == NULL)
		return;
	file_release(&v->root);
	free(v);
}

/* Where name is among the children, or would be. */
static size_t
kid_place(const struct file *dir, const char *name, size_t len, bool *found)
{
	size_t lo = 0, hi = dir->n_kids;

	*found = false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const char *k = dir->kids[mid]->name;
		int c = strncmp(name, k, len);

		if (c == 0)
			c = k[len] == '\0' ? 0 : -1;
		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static struct file *
kid_get(const struct file *dir, const char *name, size_t len)
{
	bool found;
	size_t i = kid_place(dir, name, len, &found);

	return found ? dir->kids[i] : NULL;
}

static struct file *
kid_add(struct file *dir, const char *name, size_t len, enum vfs_kind kind)
{
	bool found;
	size_t i = kid_place(dir, name, len, &found);
	struct file *f;

	if (found)
		return dir->kids[i];
	f = mem_alloc(sizeof *f);
	f->name = mem_strndup(name, len);
	f->kind = kind;
	f->up = dir;
	dir->kids = mem_grow(dir->kids, dir->n_kids + 1, sizeof(*dir->kids));
	memmove(&dir->kids[i + 1], &dir->kids[i],
	    (dir->n_kids - i) * sizeof(*dir->kids));
	dir->kids[i] = f;
	dir->n_kids++;
	return f;
}

struct walk {
	struct vfs *v;
	int links;
	int err;
};

static struct file *walk(struct walk *, struct file *, const char *, bool);

/* One step from dir: follow says if a link at the end is followed. */
static struct file *
step(
    struct walk *w, struct file *dir, const char *name, size_t len, bool follow)
{
	struct file *f;

	if (dir->kind != VFS_DIR) {
		w->err = -ENOTDIR;
		return NULL;
	}
	if (len == 0 || (len == 1 && name[0] == '.'))
		return dir;
	if (len == 2 && memcmp(name, "..", 2) == 0)
		return dir->up;
	f = kid_get(dir, name, len);
	if (f == NULL) {
		w->err = -ENOENT;
		return NULL;
	}
	if (f->kind != VFS_LINK || !follow)
		return f;
	if (++w->links > LINKS_MAX) {
		w->err = -ELOOP;
		return NULL;
	}
	return walk(w, f->text[0] == '/' ? &w->v->root : dir, f->text, true);
}

static struct file *
walk(struct walk *w, struct file *at, const char *path, bool follow)
{
	while (at != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");
		bool last = path[len + strspn(path + len, "/")] == '\0';

		at =
		    step(w, at, path, len, follow || !last || path[len] == '/');
		path += len;
		path += strspn(path, "/");
	}
	return at;
}

static struct file *
find(struct vfs *v, const char *path, bool follow, int *err)
{
	struct walk w = { .v = v, .err = -ENOENT };
	struct file *f = walk(&w, &v->root, path, follow);

	if (err != NULL)
		*err = w.err;
	return f;
}

/* The node at path, made with its folders, emptied of what it was. */
static struct file *
make(struct vfs *v, const char *path, enum vfs_kind kind)
{
	struct file *at = &v->root;

	path += strspn(path, "/");
	while (*path != '\0') {
		size_t len = strcspn(path, "/");
		const char *rest = path + len + strspn(path + len, "/");
		struct file *f =
		    kid_add(at, path, len, *rest != '\0' ? VFS_DIR : kind);

		if (*rest != '\0' && f->kind == VFS_LINK) {
			char whole[PATH_MAX_VFS];
			size_t n = strlen(f->text);

			/* Below a link: make it where the link leads. */
			if (f->text[0] == '/' && n < sizeof whole)
				f = make(v, f->text, VFS_DIR);
		}
		at = f;
		path = rest;
	}
	if (at->kind != kind && at != &v->root) {
		file_clear(at);
		at->kind = kind;
	}
	if (kind != VFS_DIR)
		file_clear(at);
	return at;
}

void
vfs_static(struct vfs *v, const char *path, const char *content)
{
	struct file *f = make(v, path, VFS_FILE);

	f->text = content;
	f->len = strlen(content);
}

static void
set_text(struct file *f, const char *s, size_t len)
{
	char *copy = mem_alloc(len + 1);

	memcpy(copy, s, len);
	if (f->own)
		free((char *)(void *)(uintptr_t)f->text);
	f->text = copy;
	f->len = len;
	f->own = true;
}

void
vfs_text(struct vfs *v, const char *path, const char *content)
{
	set_text(make(v, path, VFS_FILE), content, strlen(content));
}

int
vfs_write_only(void *arg, const char *path, struct buf *out)
{
	(void)arg;
	(void)path;
	(void)out;
	return -EIO;
}

bool
vfs_written(const char *s, size_t len, char *out, size_t size)
{
	while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == ' '))
		len--;
	if (len >= size)
		return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

void
vfs_dynamic(struct vfs *v, const char *path, vfs_read_fn *read_fn,
    vfs_write_fn *write_fn, void *arg)
{
	struct file *f = make(v, path, VFS_FILE);

	f->read = read_fn;
	f->write = write_fn;
	f->arg = arg;
}

void
vfs_link(struct vfs *v, const char *path, const char *target)
{
	set_text(make(v, path, VFS_LINK), target, strlen(target));
}

void
vfs_dir(struct vfs *v, const char *path)
{
	make(v, path, VFS_DIR);
}

void
vfs_socket(struct vfs *v, const char *path)
{
	make(v, path, VFS_SOCKET);
}

void
vfs_device(struct vfs *v, const char *path, struct device *d)
{
	make(v, path, VFS_DEVICE)->arg = d;
}

struct device *
vfs_find_device(struct vfs *v, const char *path)
{
	struct file *f = find(v, path, true, NULL);

	return f != NULL && f->kind == VFS_DEVICE ? f->arg : NULL;
}

static int
write_device(struct device *d, const char *s, size_t len)
{
	unsigned opening = device_open(d);
	int rc = device_write(d, opening, s, len);

	device_close(d, opening);
	return rc;
}

void
vfs_remove(struct vfs *v, const char *path)
{
	struct file *f = find(v, path, false, NULL), *dir;
	bool found;
	size_t i;

	if (f == NULL || f == &v->root)
		return;
	dir = f->up;
	i = kid_place(dir, f->name, strlen(f->name), &found);
	memmove(&dir->kids[i], &dir->kids[i + 1],
	    (dir->n_kids - i - 1) * sizeof(*dir->kids));
	dir->n_kids--;
	file_release(f);
	free(f);
}

int
vfs_read(struct vfs *v, const char *path, struct buf *out)
{
	int err;
	struct file *f = find(v, path, true, &err);

	if (f == NULL)
		return err;
	if (f->kind == VFS_DIR)
		return -EISDIR;
	if (f->kind == VFS_SOCKET)
		return -ENXIO;
	if (f->kind == VFS_DEVICE)
		return -EAGAIN;
	if (f->read != NULL)
		return f->read(f->arg, path, out);
	if (f->write != NULL)
		return -EACCES;
	buf_add(out, f->text != NULL ? f->text : "", f->len);
	return 0;
}

static int
write_own(struct file *f, const char *s, size_t len, bool append)
{
	struct buf b;

	buf_init(&b, 0);
	if (append && f->text != NULL)
		buf_add(&b, f->text, f->len);
	buf_add(&b, s, len);
	set_text(f, buf_str(&b), b.len);
	buf_release(&b);
	return 0;
}

int
vfs_write(
    struct vfs *v, const char *path, const char *s, size_t len, bool append)
{
	int err;
	struct file *f = find(v, path, true, &err);

	if (f == NULL) {
		char up[PATH_MAX_VFS];
		const char *slash = strrchr(path, '/');
		struct file *dir;

		if (err != -ENOENT || slash == NULL ||
		    (size_t)(slash - path) >= sizeof up)
			return err;
		memcpy(up, path, (size_t)(slash - path));
		up[slash - path] = '\0';
		dir = find(v, up, true, &err);
		if (dir == NULL || dir->kind != VFS_DIR)
			return err;
		/* The kernel's trees have no room for new files. */
		if (strncmp(path, "/sys/", 5) == 0 ||
		    strncmp(path, "/proc/", 6) == 0)
			return -EACCES;
		f = kid_add(dir, slash + 1, strlen(slash + 1), VFS_FILE);
	}
	if (f->kind == VFS_DIR)
		return -EISDIR;
	if (f->kind == VFS_SOCKET)
		return -ENXIO;
	if (f->kind == VFS_DEVICE)
		return write_device(f->arg, s, len);
	if (f->write != NULL)
		return f->write(f->arg, path, s, len);
	if (f->read != NULL || strncmp(path, "/sys/", 5) == 0 ||
	    strncmp(path, "/proc/", 6) == 0)
		return -EACCES;
	return write_own(f, s, len, append);
}

enum vfs_kind
vfs_stat(struct vfs *v, const char *path, bool follow)
{
	struct file *f = find(v, path, follow, NULL);

	return f != NULL ? f->kind : VFS_NONE;
}

const char *
vfs_list(struct vfs *v, const char *path, size_t index)
{
	struct file *f = find(v, path, true, NULL);

	if (f == NULL || f->kind != VFS_DIR || index >= f->n_kids)
		return NULL;
	return f->kids[index]->name;
}

int
vfs_readlink(struct vfs *v, const char *path, char *out, size_t size)
{
	int err;
	struct file *f = find(v, path, false, &err);

	if (f == NULL)
		return err;
	if (f->kind != VFS_LINK)
		return -EINVAL;
	if (f->len >= size)
		return -ENAMETOOLONG;
	memcpy(out, f->text, f->len + 1);
	return 0;
}

#include "sh_redir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/device.h"

/*
 * Redirections. A file that was redirected to is written once, when that
 * ends, because files in /sys take a value in one write; a device gets its
 * bytes at once.
 */

struct file_out {
	char path[600];
	struct buf buf;
	bool append;
	struct file_out *next;
};

static const char *
reason(int err)
{
	return err == -ENOENT ? "nonexistent directory"
	    : err == -EISDIR  ? "Is a directory"
	    : err == -EACCES  ? "Permission denied"
			      : strerror(-err);
}

static struct proc_out_to *
out_slot(struct sh *sh, int fd)
{
	struct proc_std *std = proc_std(sh->p);

	return fd == 1 ? &std->out : fd == 2 ? &std->err : &sh->fds[fd];
}

/* A device is open for both ways, whatever the sign said. */
static void
open_device(struct sh *sh, struct redirected *rd, const struct redir *r,
    struct device *d)
{
	struct sh_device at = { d, device_open(d) };

	if (rd->devices == NULL) {
		rd->devices = mem_alloc(sizeof *rd->devices);
		if (sh->devices != NULL)
			memcpy(rd->devices->ins, sh->devices->ins,
			    sizeof rd->devices->ins);
		sh->devices = rd->devices;
	}
	if (rd->devices->held[r->fd].device != NULL)
		device_close(rd->devices->held[r->fd].device,
		    rd->devices->held[r->fd].opening);
	rd->devices->held[r->fd] = rd->devices->ins[r->fd] = at;
	if (r->fd == 0)
		proc_std(sh->p)->in =
		    (struct proc_in_from){ .device = d, .opening = at.opening };
	else
		*out_slot(sh, r->fd) = (struct proc_out_to){
			.kind = OUT_DEVICE, .device = d, .opening = at.opening
		};
}

static bool
open_in(struct sh *sh, struct redirected *rd, const char *name)
{
	struct proc_in_from *in = &proc_std(sh->p)->in;
	char path[600];
	int err;

	memset(in, 0, sizeof *in);
	if (strcmp(name, "/dev/null") == 0) {
		in->null = true;
		return true;
	}
	if (strcmp(name, "/dev/zero") == 0) {
		in->zero = true;
		return true;
	}
	if (strcmp(name, "/dev/stdin") == 0 || strcmp(name, "/dev/tty") == 0) {
		*in = rd->old.in;
		return true;
	}
	sh_path(sh, name, path, sizeof path);
	buf_release(&rd->in);
	err = vfs_read(proc_machine(sh->p)->vfs, path, &rd->in);
	/* A file that cannot be read can still be opened: the reader finds
	 * the error, as with carrier of an interface that is down. */
	if (err == -EINVAL || err == -EIO)
		err = 0;
	if (err < 0) {
		sh_error(sh, "cannot open %s: %s", name,
		    err == -ENOENT ? "No such file" : reason(err));
		return false;
	}
	rd->has_in = true;
	rd->in_off = 0;
	in->text = buf_str(&rd->in);
	in->len = rd->in.len;
	in->off = &rd->in_off;
	return true;
}

static bool
open_out(
    struct sh *sh, struct redirected *rd, int fd, const char *name, bool append)
{
	struct proc_out_to *to = out_slot(sh, fd);
	struct vfs *vfs = proc_machine(sh->p)->vfs;
	struct file_out *f;
	char path[600], dir[600], *slash;

	if (strcmp(name, "/dev/null") == 0) {
		to->kind = OUT_NULL;
		return true;
	}
	if (strcmp(name, "/dev/stdout") == 0 || strcmp(name, "/dev/tty") == 0) {
		*to = rd->old.out;
		return true;
	}
	if (strcmp(name, "/dev/stderr") == 0) {
		*to = rd->old.err;
		return true;
	}
	sh_path(sh, name, path, sizeof path);
	str_copy(dir, sizeof dir, path);
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	if (vfs_stat(vfs, path, true) == VFS_DIR ||
	    (dir[0] != '\0' && vfs_stat(vfs, dir, true) != VFS_DIR)) {
		sh_error(sh, "cannot create %s: %s", name,
		    vfs_stat(vfs, path, true) == VFS_DIR
			? "Is a directory"
			: "Directory nonexistent");
		return false;
	}
	f = mem_alloc(sizeof *f);
	str_copy(f->path, sizeof f->path, path);
	buf_init(&f->buf, PIPE_MAX);
	f->append = append;
	f->next = rd->files;
	rd->files = f;
	to->kind = OUT_BUF;
	to->buf = &f->buf;
	return true;
}

/* exec 3>&- */
static void
close_held(struct sh *sh, int fd)
{
	struct sh_device *held;

	if (sh->devices == NULL)
		return;
	held = &sh->devices->held[fd];
	if (held->device != NULL)
		device_close(held->device, held->opening);
	memset(held, 0, sizeof *held);
	memset(&sh->devices->ins[fd], 0, sizeof *held);
}

static bool
dup_fd(struct sh *sh, const struct redir *r, const char *word)
{
	struct proc_std *std = proc_std(sh->p);

	if (strcmp(word, "-") == 0) {
		close_held(sh, r->fd);
		if (r->fd == 0) {
			memset(&std->in, 0, sizeof std->in);
			std->in.null = true;
		} else {
			out_slot(sh, r->fd)->kind = OUT_NULL;
		}
		return true;
	}
	if (word[0] < '0' || word[0] > '9' || word[1] != '\0') {
		sh_error(sh, "%s: bad fd number", word);
		return false;
	}
	if (r->fd == 0 && sh->devices != NULL &&
	    sh->devices->ins[word[0] - '0'].device != NULL) {
		const struct sh_device *from = &sh->devices->ins[word[0] - '0'];

		std->in = (struct proc_in_from){ .device = from->device,
			.opening = from->opening };
		return true;
	}
	if (r->fd == 0 || word[0] == '0')
		return true; /* <&0, <&3: what is read stays what it is */
	*out_slot(sh, r->fd) = *out_slot(sh, word[0] - '0');
	return true;
}

static bool
redirect_one(struct sh *sh, struct redirected *rd, const struct redir *r)
{
	struct proc_in_from *in = &proc_std(sh->p)->in;
	bool here = r->kind == R_HERE || r->kind == R_HERE_RAW, ok = true;
	char *word = r->kind == R_HERE_RAW ? mem_strdup(r->word)
	    : r->kind == R_HERE            ? sh_expand_here(sh, r->word)
					   : sh_expand_one(sh, r->word);
	struct device *d;

	if (word == NULL)
		return false;
	if (here) {
		buf_release(&rd->in);
		buf_puts(&rd->in, word);
		rd->has_in = true;
		rd->in_off = 0;
		*in = (struct proc_in_from){ .text = buf_str(&rd->in),
			.len = rd->in.len,
			.off = &rd->in_off };
	} else if (r->kind != R_DUP && (d = sh_find_device(sh, word)) != NULL) {
		open_device(sh, rd, r, d);
	} else if (r->kind == R_IN) {
		ok = open_in(sh, rd, word);
	} else if (r->kind == R_DUP) {
		ok = dup_fd(sh, r, word);
	} else {
		ok = open_out(sh, rd, r->fd, word, r->kind == R_APPEND);
	}
	free(word);
	return ok;
}

bool
sh_redirect(struct sh *sh, struct redirected *rd, const struct redir *r)
{
	memset(rd, 0, sizeof *rd);
	rd->old = *proc_std(sh->p);
	rd->old_devices = sh->devices;
	memcpy(rd->old_fds, sh->fds, sizeof rd->old_fds);
	buf_init(&rd->in, PIPE_MAX);
	for (; r != NULL; r = r->next)
		if (!redirect_one(sh, rd, r))
			return false;
	return true;
}

void
sh_restore(struct sh *sh, struct redirected *rd)
{
	struct vfs *vfs = proc_machine(sh->p)->vfs;

	*proc_std(sh->p) = rd->old;
	memcpy(sh->fds, rd->old_fds, sizeof rd->old_fds);
	sh->devices = rd->old_devices;
	sh_close_devices(rd->devices);
	while (rd->files != NULL) {
		struct file_out *f = rd->files;
		int err = vfs_write(
		    vfs, f->path, buf_str(&f->buf), f->buf.len, f->append);

		rd->files = f->next;
		if (err < 0) {
			sh_error(
			    sh, "cannot create %s: %s", f->path, reason(err));
			sh->status = err == -EACCES ? 2 : 1;
		}
		buf_release(&f->buf);
		free(f);
	}
	buf_release(&rd->in);
}

static void
take_devices(struct sh_devices *to, struct sh_devices *from)
{
	for (int i = 0; i < SH_FDS; i++) {
		struct sh_device *held = &to->held[i];

		if (from->held[i].device == NULL)
			continue;
		if (held->device != NULL)
			device_close(held->device, held->opening);
		*held = to->ins[i] = from->held[i];
	}
	free(from);
}

void
sh_keep(struct sh *sh, struct redirected *rd)
{
	struct proc_std now = *proc_std(sh->p);

	if (rd->files != NULL || rd->has_in) {
		sh_restore(sh, rd);
		return;
	}
	*proc_std(sh->p) = now;
	buf_release(&rd->in);
	if (rd->devices != NULL && rd->old_devices != NULL)
		take_devices(rd->old_devices, rd->devices);
	sh->devices = rd->old_devices != NULL ? rd->old_devices : rd->devices;
}

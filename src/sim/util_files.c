#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/device.h"
#include "util.h"

/* Utilities that are about files and folders. */

static struct vfs *
vfs_of(struct sh *sh)
{
	return proc_machine(sh->p)->vfs;
}

static int
complain(struct sh *sh, const char *cmd, const char *name, int err)
{
	proc_err(sh->p, "%s: %s: %s\n", cmd, name, strerror(-err));
	return 1;
}

static int
copy_in(struct sh *sh)
{
	char chunk[4096];
	ssize_t n;

	while ((n = proc_read(sh->p, chunk, sizeof chunk)) > 0) {
		sh_step(sh);
		if (proc_out(sh->p, chunk, (size_t)n) < 0) {
			if (proc_std(sh->p)->out.kind == OUT_DEVICE)
				proc_err(sh->p,
				    "cat: write error: Input/output error\n");
			return 1;
		}
	}
	return 0;
}

/* As it comes, without an end until somebody makes one. */
static int
copy_device(struct sh *sh, struct device *d)
{
	struct proc_in_from *in = &proc_std(sh->p)->in, old = *in;
	unsigned opening = device_open(d);
	int status;

	*in = (struct proc_in_from){ .device = d, .opening = opening };
	status = copy_in(sh);
	*in = old;
	device_close(d, opening);
	return status;
}

static int
u_cat(struct sh *sh, int argc, char **argv)
{
	int i = util_operand(argc, argv), status = 0;
	struct device *d;

	if (i >= argc)
		return copy_in(sh);
	for (; i < argc; i++) {
		struct buf b;

		if ((d = sh_find_device(sh, argv[i])) != NULL) {
			status = copy_device(sh, d);
			continue;
		}

		buf_init(&b, 8 * 1024 * 1024);
		if (!util_slurp(sh, argv[i], &b))
			status = 1;
		proc_out(sh->p, buf_str(&b), b.len);
		buf_release(&b);
	}
	return status;
}

/* GNU's colours, where a terminal shows them. */
static const char *
colour_of(struct sh *sh, enum vfs_kind k)
{
	if (!proc_machine(sh->p)->colours || proc_tty(sh->p) == NULL ||
	    !proc_out_is_far(sh->p))
		return NULL;
	return k == VFS_DIR   ? "\033[01;34m"
	    : k == VFS_LINK   ? "\033[01;36m"
	    : k == VFS_SOCKET ? "\033[01;35m"
	    : k == VFS_DEVICE ? "\033[40;33;01m"
			      : NULL;
}

static void
list_entry(struct sh *sh, const char *path, const char *name, bool is_long,
    bool columns)
{
	static const char kinds[] = { [VFS_NONE] = '?',
		[VFS_FILE] = '-',
		[VFS_DIR] = 'd',
		[VFS_LINK] = 'l',
		[VFS_SOCKET] = 's',
		[VFS_DEVICE] = 'c' };
	enum vfs_kind k = vfs_stat(vfs_of(sh), path, false);
	const char *colour;
	char target[300];
	struct buf b;

	(void)columns;
	colour = colour_of(sh, k);
	if (!is_long) {
		proc_printf(sh->p, "%s%s%s\n", colour != NULL ? colour : "",
		    name, colour != NULL ? "\033[0m" : "");
		return;
	}
	buf_init(&b, 1024 * 1024);
	if (k == VFS_FILE)
		vfs_read(vfs_of(sh), path, &b);
	proc_printf(sh->p,
	    "%c%s    1 root     root     %8zu Jan  1 00:00 "
	    "%s%s%s",
	    kinds[k], k == VFS_FILE ? "rw-r--r--" : "rwxr-xr-x", b.len,
	    colour != NULL ? colour : "", name,
	    colour != NULL ? "\033[0m" : "");
	buf_release(&b);
	if (k == VFS_LINK &&
	    vfs_readlink(vfs_of(sh), path, target, sizeof target) == 0)
		proc_printf(sh->p, " -> %s", target);
	proc_puts(sh->p, "\n");
}

static void
list_folder(struct sh *sh, const char *path, bool is_long, bool all)
{
	const char *name;
	char sub[600];

	for (size_t i = 0; (name = vfs_list(vfs_of(sh), path, i)) != NULL;
	     i++) {
		if (name[0] == '.' && !all)
			continue;
		str_format(sub, sizeof sub, "%s/%s", path, name);
		list_entry(sh, sub, name, is_long, true);
	}
}

static int
u_ls(struct sh *sh, int argc, char **argv)
{
	bool is_long = util_option(argc, argv, 'l');
	bool all = util_option(argc, argv, 'a'), status = 0;
	bool self = util_option(argc, argv, 'd');
	int i = util_operand(argc, argv), first = i;
	char path[600];

	if (i >= argc) {
		list_folder(sh, sh->cwd, is_long, all);
		return 0;
	}
	for (; i < argc; i++) {
		enum vfs_kind k;

		sh_path(sh, argv[i], path, sizeof path);
		k = vfs_stat(vfs_of(sh), path, true);
		if (k == VFS_NONE &&
		    vfs_stat(vfs_of(sh), path, false) == VFS_NONE) {
			proc_err(sh->p, "ls: %s: No such file or directory\n",
			    argv[i]);
			status = 1;
		} else if (k == VFS_DIR && !self) {
			if (argc - first > 1)
				proc_printf(sh->p, "%s%s:\n",
				    i > first ? "\n" : "", argv[i]);
			list_folder(sh, path, is_long, all);
		} else {
			list_entry(sh, path, argv[i], is_long, true);
		}
	}
	return status;
}

static int
u_mkdir(struct sh *sh, int argc, char **argv)
{
	char path[600];

	for (int i = util_operand(argc, argv); i < argc; i++) {
		sh_path(sh, argv[i], path, sizeof path);
		if (vfs_stat(vfs_of(sh), path, true) != VFS_NONE &&
		    !util_option(argc, argv, 'p'))
			return complain(sh, "mkdir", argv[i], -EEXIST);
		vfs_dir(vfs_of(sh), path);
	}
	return 0;
}

static int
u_rm(struct sh *sh, int argc, char **argv)
{
	bool force = util_option(argc, argv, 'f'), status = 0;
	char path[600];

	for (int i = util_operand(argc, argv); i < argc; i++) {
		sh_path(sh, argv[i], path, sizeof path);
		if (vfs_stat(vfs_of(sh), path, false) == VFS_NONE) {
			if (!force)
				status = complain(sh, "rm", argv[i], -ENOENT);
			continue;
		}
		if (str_starts(path, "/sys") || str_starts(path, "/proc"))
			status = complain(sh, "rm", argv[i], -EPERM);
		else
			vfs_remove(vfs_of(sh), path);
	}
	return status;
}

static int
u_touch(struct sh *sh, int argc, char **argv)
{
	char path[600];
	int status = 0;

	for (int i = util_operand(argc, argv); i < argc; i++) {
		int err;

		sh_path(sh, argv[i], path, sizeof path);
		if (vfs_stat(vfs_of(sh), path, true) != VFS_NONE)
			continue;
		err = vfs_write(vfs_of(sh), path, "", 0, false);
		if (err < 0)
			status = complain(sh, "touch", argv[i], err);
	}
	return status;
}

static int
u_cp(struct sh *sh, int argc, char **argv)
{
	int i = util_operand(argc, argv), err;
	char from[600], to[600];
	struct buf b;

	if (argc - i != 2)
		return 1;
	sh_path(sh, argv[i], from, sizeof from);
	sh_path(sh, argv[i + 1], to, sizeof to);
	if (vfs_stat(vfs_of(sh), to, true) == VFS_DIR) {
		const char *base = strrchr(from, '/');
		size_t n = strlen(to);

		str_format(to + n, sizeof to - n, "%s", base ? base : from);
	}
	buf_init(&b, 8 * 1024 * 1024);
	err = vfs_read(vfs_of(sh), from, &b);
	if (err == 0)
		err = vfs_write(vfs_of(sh), to, buf_str(&b), b.len, false);
	buf_release(&b);
	if (err < 0)
		return complain(sh, argv[0], argv[i], err);
	if (strcmp(argv[0], "mv") == 0)
		vfs_remove(vfs_of(sh), from);
	return 0;
}

static int
u_ln(struct sh *sh, int argc, char **argv)
{
	int i = util_operand(argc, argv);
	char path[600];

	if (argc - i != 2)
		return 1;
	sh_path(sh, argv[i + 1], path, sizeof path);
	vfs_link(vfs_of(sh), path, argv[i]);
	return 0;
}

/* Names without . and .. and links, as far as a simulated tree has them. */
static int
u_readlink(struct sh *sh, int argc, char **argv)
{
	int i = util_operand(argc, argv);
	bool follow =
	    util_option(argc, argv, 'f') || strcmp(argv[0], "realpath") == 0;
	char path[600], target[300];

	if (i >= argc)
		return 1;
	sh_path(sh, argv[i], path, sizeof path);
	for (int n = 0; n < 8 &&
	     vfs_readlink(vfs_of(sh), path, target, sizeof target) == 0;
	     n++) {
		char *slash = strrchr(path, '/');

		if (!follow) {
			proc_printf(sh->p, "%s\n", target);
			return 0;
		}
		if (target[0] == '/') {
			str_copy(path, sizeof path, target);
			continue;
		}
		if (slash != NULL)
			str_format(slash + 1,
			    sizeof path - (size_t)(slash + 1 - path), "%s",
			    target);
	}
	if (!follow)
		return 1;
	proc_printf(sh->p, "%s\n", path);
	return 0;
}

static int
u_basename(struct sh *sh, int argc, char **argv)
{
	char *s, *slash;

	if (argc < 2)
		return 1;
	s = mem_strdup(argv[1]);
	while (strlen(s) > 1 && str_ends(s, "/"))
		s[strlen(s) - 1] = '\0';
	slash = strrchr(s, '/');
	if (strcmp(argv[0], "dirname") == 0) {
		if (slash != NULL)
			slash[slash == s] = '\0';
		proc_printf(sh->p, "%s\n", slash != NULL ? s : ".");
	} else {
		char *base = slash != NULL && slash[1] != '\0' ? slash + 1 : s;

		if (argc > 2 && str_ends(base, argv[2]) &&
		    strlen(base) > strlen(argv[2]))
			base[strlen(base) - strlen(argv[2])] = '\0';
		proc_printf(sh->p, "%s\n", base);
	}
	free(s);
	return 0;
}

struct finding {
	const char *name, *type;
	int max_depth;
};

static void
find_in(struct sh *sh, const struct finding *f, const char *path,
    const char *shown, int depth)
{
	enum vfs_kind k = vfs_stat(vfs_of(sh), path, false);
	const char *base = strrchr(shown, '/'), *name;
	char sub[600], sub_shown[600];
	bool hit = f->name == NULL ||
	    fnmatch(f->name, base ? base + 1 : shown, 0) == 0;

	sh_step(sh);
	if (f->type != NULL)
		hit = hit &&
		    k ==
			(f->type[0] == 'd'          ? VFS_DIR
				: f->type[0] == 'l' ? VFS_LINK
						    : VFS_FILE);
	if (hit)
		proc_printf(sh->p, "%s\n", shown);
	if (k != VFS_DIR || depth >= f->max_depth)
		return;
	for (size_t i = 0; !proc_dead(sh->p) &&
	     (name = vfs_list(vfs_of(sh), path, i)) != NULL;
	     i++) {
		str_format(sub, sizeof sub, "%s/%s",
		    strcmp(path, "/") == 0 ? "" : path, name);
		str_format(sub_shown, sizeof sub_shown, "%s/%s",
		    strcmp(shown, "/") == 0 ? "" : shown, name);
		find_in(sh, f, sub, sub_shown, depth + 1);
	}
}

static int
u_find(struct sh *sh, int argc, char **argv)
{
	struct finding f = { .max_depth = 20 };
	const char *start = argc > 1 && argv[1][0] != '-' ? argv[1] : ".";
	char path[600];

	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "-name") == 0)
			f.name = argv[i + 1];
		else if (strcmp(argv[i], "-type") == 0)
			f.type = argv[i + 1];
		else if (strcmp(argv[i], "-maxdepth") == 0)
			f.max_depth = (int)strtol(argv[i + 1], NULL, 10);
	}
	sh_path(sh, start, path, sizeof path);
	if (vfs_stat(vfs_of(sh), path, true) == VFS_NONE)
		return complain(sh, "find", start, -ENOENT);
	find_in(sh, &f, path, start, 0);
	return 0;
}

static int
u_tee(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	int status = 0;
	char path[600];

	buf_init(&b, 1024 * 1024);
	util_gather(sh, 0, argv, 0, &b);
	proc_out(sh->p, buf_str(&b), b.len);
	for (int i = util_operand(argc, argv); i < argc; i++) {
		int err;

		if (strcmp(argv[i], "/dev/null") == 0)
			continue;
		sh_path(sh, argv[i], path, sizeof path);
		err = vfs_write(vfs_of(sh), path, buf_str(&b), b.len,
		    util_option(argc, argv, 'a'));
		if (err < 0)
			status = complain(sh, "tee", argv[i], err);
	}
	buf_release(&b);
	return status;
}

static size_t
dd_size(const char *s)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*end == 'k' || *end == 'K')
		v *= 1024;
	else if (*end == 'M')
		v *= 1024 * 1024;
	return v > 1024 * 1024 ? 1024 * 1024 : v;
}

/* dd if=/dev/zero bs=N count=N: bulk, for whoever tests a link. */
static int
u_dd(struct sh *sh, int argc, char **argv)
{
	size_t bs = 512, count = 0, done = 0;
	const char *in = NULL, *out = NULL;
	char *block, path[600];

	for (int i = 1; i < argc; i++) {
		if (str_starts(argv[i], "bs="))
			bs = dd_size(argv[i] + 3);
		else if (str_starts(argv[i], "count="))
			count = strtoul(argv[i] + 6, NULL, 10);
		else if (str_starts(argv[i], "if="))
			in = argv[i] + 3;
		else if (str_starts(argv[i], "of="))
			out = argv[i] + 3;
	}
	if (in == NULL && out == NULL && count == 0)
		return copy_in(sh); /* block by block, as they come */
	if (in == NULL || strcmp(in, "/dev/zero") != 0) {
		struct buf b;
		int err = 0;

		buf_init(&b, 8 * 1024 * 1024);
		if (in != NULL ? !util_slurp(sh, in, &b)
			       : !util_gather(sh, 0, argv, 0, &b))
			err = 1;
		if (out == NULL) {
			proc_out(sh->p, buf_str(&b), b.len);
		} else if (strcmp(out, "/dev/null") != 0) {
			sh_path(sh, out, path, sizeof path);
			err = vfs_write(vfs_of(sh), path, buf_str(&b), b.len,
				  false) < 0;
		}
		buf_release(&b);
		return err;
	}
	block = mem_alloc(bs);
	for (; done < count && !proc_dead(sh->p); done++) {
		if (out == NULL && proc_out(sh->p, block, bs) < 0)
			break;
		if (out != NULL)
			sh_step(sh);
	}
	free(block);
	proc_err(sh->p, "%zu+0 records in\n%zu+0 records out\n", done, done);
	return 0;
}

static int
u_df(struct sh *sh, int argc, char **argv)
{
	struct buf b;
	int err;

	(void)argc;
	(void)argv;
	buf_init(&b, 64 * 1024);
	err = vfs_read(vfs_of(sh), "/etc/sim/df", &b);
	if (err < 0)
		buf_puts(&b,
		    "Filesystem           1K-blocks      Used "
		    "Available Use% Mounted on\n");
	proc_out(sh->p, buf_str(&b), b.len);
	buf_release(&b);
	return 0;
}

const struct builtin util_files_table[] = {
	{ "basename", u_basename, false },
	{ "cat", u_cat, false },
	{ "cp", u_cp, false },
	{ "dd", u_dd, false },
	{ "df", u_df, false },
	{ "dirname", u_basename, false },
	{ "find", u_find, false },
	{ "ln", u_ln, false },
	{ "ls", u_ls, false },
	{ "mkdir", u_mkdir, false },
	{ "mv", u_cp, false },
	{ "readlink", u_readlink, false },
	{ "realpath", u_readlink, false },
	{ "rm", u_rm, false },
	{ "tee", u_tee, false },
	{ "touch", u_touch, false },
	{ NULL, NULL, false },
};

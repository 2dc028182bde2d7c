#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/device.h"
#include "sh.h"

/*
 * Commands in the background, and devices: what `cat DEVICE & cat >DEVICE`
 * needs. A job is a process of its own with a copy of the shell. What has its
 * own place to write to outlives a session, as behind an sshd without a pty;
 * what shares the output of a shell whose output is being gathered runs at
 * once.
 */

struct job {
	struct sh sh;
	struct tree *tree;
	struct arena *arena;
};

static int
job_main(struct proc *p, void *arg)
{
	struct job *j = arg;

	j->sh.p = p;
	sh_run(&j->sh, j->tree);
	if (j->sh.on_exit != NULL) {
		j->sh.flow = FLOW_NONE;
		sh_run_text(&j->sh, j->sh.on_exit, strlen(j->sh.on_exit));
	}
	return j->sh.status;
}

static void
job_free(void *arg)
{
	struct job *j = arg;

	sh_release(&j->sh);
	arena_unref(j->arena);
	free(j);
}

bool
sh_background(struct sh *sh, struct tree *t)
{
	const struct proc_std *std = proc_std(sh->p);
	bool own = std->out.kind == OUT_NULL; /* its output */
	const struct redir *r;
	struct job *j;
	int i;

	if (sh->arena == NULL)
		return false;
	for (r = t->redirs; r != NULL; r = r->next)
		own = own || (r->fd == 1 && r->kind != R_DUP);
	if (!own && (std->out.kind == OUT_BUF || std->err.kind == OUT_BUF))
		return false;
	j = mem_alloc(sizeof *j);
	sh_clone(&j->sh, sh);
	for (i = 0; i < SH_FDS; i++)
		if (j->sh.fds[i].kind == OUT_BUF)
			j->sh.fds[i].kind = OUT_NULL;
	j->tree = t;
	j->arena = sh->arena;
	j->arena->refs++;
	sh->last_job = proc_spawn(sh->p, own, job_main, j, job_free);
	sh->status = 0;
	return true;
}

int
sh_wait(struct sh *sh, int argc, char **argv)
{
	long pid;
	int status = 0;

	if (argc == 1)
		proc_await_all(sh->p);
	for (int i = 1; i < argc; i++)
		status = str_long(argv[i], 1, 100000000, &pid)
		    ? proc_await(sh->p, (int)pid)
		    : 2;
	return status;
}

/* --- devices ------------------------------------------------------------ */

void
sh_close_devices(struct sh_devices *d)
{
	for (int i = 0; d != NULL && i < SH_FDS; i++)
		if (d->held[i].device != NULL)
			device_close(d->held[i].device, d->held[i].opening);
	free(d);
}

struct device *
sh_find_device(struct sh *sh, const char *name)
{
	char path[600];

	if (!str_starts(sh_path(sh, name, path, sizeof path), "/dev/"))
		return NULL;
	return vfs_find_device(proc_machine(sh->p)->vfs, path);
}

static int
set_device(struct sh *sh, struct device *d, int argc, char **argv, int from)
{
	if (from >= argc)
		device_settings(d, sh->p);
	for (int i = from; i < argc; i++) {
		if (strcmp(argv[i], "-a") == 0)
			device_settings(d, sh->p);
		else if (strcmp(argv[i], "min") == 0 ||
		    strcmp(argv[i], "time") == 0)
			i++;
		else if (!device_set(d, argv[i])) {
			proc_err(
			    sh->p, "stty: invalid argument '%s'\n", argv[i]);
			return 1;
		}
	}
	return 0;
}

/* -F DEVICE, -FDEVICE, --file=DEVICE, all before the words; NULL: its stdin. */
static const char *
stty_file(int argc, char **argv, int *from)
{
	*from = 1;
	if (argc > 1 && str_starts(argv[1], "--file=")) {
		*from = 2;
		return argv[1] + 7;
	}
	if (argc < 2 || strncmp(argv[1], "-F", 2) != 0)
		return NULL;
	*from = argv[1][2] != '\0' ? 2 : 3;
	return argv[1][2] != '\0' ? argv[1] + 2 : argc > 2 ? argv[2] : "";
}

static int
set_own(struct sh *sh, int argc, char **argv)
{
	struct tty *t = proc_tty(sh->p);
	long n;

	if (t == NULL || !proc_in_is_far(sh->p)) {
		sh_error(sh,
		    "stty: standard input: Inappropriate ioctl for "
		    "device");
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "size") == 0) {
			proc_printf(sh->p, "%d %d\n", t->rows, t->cols);
		} else if ((strcmp(argv[i], "rows") == 0 ||
			       strcmp(argv[i], "cols") == 0) &&
		    i + 1 < argc && str_long(argv[i + 1], 1, 10000, &n)) {
			if (argv[i][0] == 'r')
				t->rows = (int)n;
			else
				t->cols = (int)n;
			i++;
		} else if (strcmp(argv[i], "-a") == 0) {
			proc_printf(sh->p,
			    "speed 115200 baud; rows %d; "
			    "columns %d; line = 0;\n%sicanon %secho %sisig "
			    "%sicrnl %sonlcr\n",
			    t->rows, t->cols, t->icanon ? "" : "-",
			    t->echo ? "" : "-", t->isig ? "" : "-",
			    t->icrnl ? "" : "-", t->onlcr ? "" : "-");
		} else if ((strcmp(argv[i], "min") == 0 ||
			       strcmp(argv[i], "time") == 0) &&
		    i + 1 < argc) {
			i++;
		} else if (!tty_set(t, argv[i])) {
			sh_error(sh, "stty: invalid argument '%s'", argv[i]);
			return 1;
		}
	}
	return 0;
}

int
sh_stty(struct sh *sh, int argc, char **argv)
{
	struct device *d = proc_std(sh->p)->in.device;
	int from, status;
	const char *file = stty_file(argc, argv, &from);
	unsigned opening;

	if (file == NULL)
		return d != NULL ? set_device(sh, d, argc, argv, from)
				 : set_own(sh, argc, argv);
	d = sh_find_device(sh, file);
	if (d == NULL) {
		proc_err(sh->p, "stty: %s: %s\n", file,
		    vfs_stat(proc_machine(sh->p)->vfs, file, true) == VFS_NONE
			? "No such file or directory"
			: "Inappropriate ioctl for device");
		return 1;
	}
	opening = device_open(d);
	status = set_device(sh, d, argc, argv, from);
	device_close(d, opening);
	return status;
}

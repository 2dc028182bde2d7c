#include "rackmux/base/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The path itself, when it is there, and the nearest folder above it that
 * is: a file saved by rename, a folder such as /dev/serial/by-id that vanishes
 * with its last port, and a path that does not exist yet all need that one.
 * After each burst the watches are laid anew, because either may have moved.
 * udev makes links by renaming a ".#..." one; the rename is what counts.
 */

#define FOLDER_MASK \
	(IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ATTRIB | \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define PATH_MASK \
	(IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_TO | \
	    IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF)

struct watch {
	int fd;
	int wd_path, wd_folder;
	struct io *io;
	loop_fn *fn;
	void *arg;
	char path[PATH_MAX];
	char folder[PATH_MAX]; /* the nearest that exists */
	char below[256]; /* the name in it that leads to path */
};

/* Cut the last part of folder off into below; false at the root. */
static bool
go_up(struct watch *w)
{
	char *slash = strrchr(w->folder, '/');

	if (slash == NULL || w->folder[1] == '\0')
		return false;
	str_copy(w->below, sizeof w->below, slash + 1);
	if (slash == w->folder)
		slash[1] = '\0';
	else
		*slash = '\0';
	return true;
}

static void
lay(struct watch *w)
{
	if (w->wd_path >= 0)
		inotify_rm_watch(w->fd, w->wd_path);
	if (w->wd_folder >= 0 && w->wd_folder != w->wd_path)
		inotify_rm_watch(w->fd, w->wd_folder);
	w->wd_path = inotify_add_watch(w->fd, w->path, PATH_MASK);
	str_copy(w->folder, sizeof w->folder, w->path);
	w->wd_folder = -1;
	while (w->wd_folder < 0 && go_up(w))
		w->wd_folder = inotify_add_watch(w->fd, w->folder, FOLDER_MASK);
}

static bool
concerns(const struct watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_IGNORED)
		return false;
	if (e->mask & IN_Q_OVERFLOW || e->wd == w->wd_path)
		return true;
	return e->wd == w->wd_folder &&
	    (e->len == 0 || strcmp(e->name, w->below) == 0);
}

static void
on_events(void *arg, int events)
{
	struct watch *w = arg;
	char buf[8192] __attribute__((aligned(8)));
	bool ours = false;
	ssize_t n;

	(void)events;
	while ((n = read(w->fd, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n;) {
			const struct inotify_event *e =
			    (const struct inotify_event *)(void *)(buf + i);

			ours = concerns(w, e) || ours;
			i += (ssize_t)(sizeof *e + e->len);
		}
	}
	if (!ours)
		return;
	lay(w);
	w->fn(w->arg);
}

struct watch *
watch_new(struct loop *l, const char *path, loop_fn *fn, void *arg)
{
	struct watch *w = mem_alloc(sizeof *w);
	char *cwd = NULL;

	w->fn = fn;
	w->arg = arg;
	w->wd_path = w->wd_folder = -1;
	if (path[0] != '/')
		cwd = getcwd(NULL, 0);
	str_format(w->path, sizeof w->path, "%s%s%s", cwd ? cwd : "",
	    cwd ? "/" : "", path);
	free(cwd);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		free(w);
		return NULL;
	}
	w->io = io_new(l, w->fd, on_events, w);
	io_want(w->io, IO_READ);
	lay(w);
	return w;
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	io_free(w->io);
	close(w->fd);
	free(w);
}

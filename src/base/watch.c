#include "rackmux/base/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The path itself, when it is there, and the nearest folder above it that
 * is: a file saved by rename, a folder such as /dev/serial/by-id that vanishes
 * with its last port, and a path that does not exist yet all need that one.
 * After each burst the watches are laid anew, because either may have moved.
 * udev makes links by renaming a ".#..." one; the rename is what counts.
 *
 * All watches of a loop share one inotify descriptor: a user may have 128,
 * and a rack may have more serial ports. The kernel knows an inode once, so
 * what two watches want of it is added up, and the last one removes it.
 */

#define FOLDER_MASK \
	(IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ATTRIB | \
	    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD)
#define PATH_MASK \
	(IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_TO | \
	    IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_MASK_ADD)
/* Folders that appear while the watch is laid; then it gives up the race. */
#define LAY_TRIES 16

struct hub {
	struct hub *next;
	struct loop *loop;
	struct io *io;
	struct watch *watches;
	int fd;
	bool telling; /* not to be freed now */
};

struct watch {
	struct hub *hub;
	struct watch *next;
	int wd_path, wd_folder;
	bool hit;
	loop_fn *fn;
	void *arg;
	char *path;
	/* In the nearest folder that exists, the name that leads to path. */
	char below[NAME_MAX + 1];
};

static struct hub *hubs;

/* Cut the last part of folder off into below; false at the root. */
static bool
go_up(char *folder, char *below)
{
	char *slash = strrchr(folder, '/');

	if (slash == NULL || folder[1] == '\0')
		return false;
	str_copy(below, NAME_MAX + 1, slash + 1);
	if (slash == folder)
		slash[1] = '\0';
	else
		*slash = '\0';
	return true;
}

static void
drop_wd(struct hub *h, int *wd)
{
	int it = *wd;

	*wd = -1;
	if (it < 0)
		return;
	for (const struct watch *w = h->watches; w != NULL; w = w->next)
		if (w->wd_path == it || w->wd_folder == it)
			return;
	inotify_rm_watch(h->fd, it);
}

/* True when the next part of the path has come meanwhile: unseen, as its
 * folder was not watched yet. */
static bool
lay_once(struct watch *w)
{
	int fd = w->hub->fd;
	char folder[PATH_MAX], next[PATH_MAX + NAME_MAX + 2];
	struct stat st;

	w->wd_path = inotify_add_watch(fd, w->path, PATH_MASK);
	str_copy(folder, sizeof folder, w->path);
	w->wd_folder = -1;
	while (w->wd_folder < 0 && go_up(folder, w->below))
		w->wd_folder = inotify_add_watch(fd, folder, FOLDER_MASK);
	if (w->wd_path >= 0 || w->wd_folder < 0)
		return false;
	str_format(next, sizeof next, "%s/%s", folder, w->below);
	return stat(next, &st) == 0;
}

static void
lay(struct watch *w)
{
	int path = w->wd_path, folder = w->wd_folder;

	/* The old ones go last, so that one that stays is never absent. */
	for (int i = 0; i < LAY_TRIES; i++) {
		bool again = lay_once(w);

		if (path != w->wd_path)
			drop_wd(w->hub, &path);
		if (folder != w->wd_folder)
			drop_wd(w->hub, &folder);
		if (!again)
			return;
		path = w->wd_path;
		folder = w->wd_folder;
	}
}

static bool
concerns(const struct watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW)
		return true;
	if (e->mask & IN_IGNORED)
		return false;
	if (e->wd == w->wd_path)
		return true;
	return e->wd == w->wd_folder &&
	    (e->len == 0 || strcmp(e->name, w->below) == 0);
}

static void
mark_hits(struct hub *h)
{
	char buf[8192] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = read(h->fd, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n;) {
			const struct inotify_event *e =
			    (const struct inotify_event *)(void *)(buf + i);

			for (struct watch *w = h->watches; w; w = w->next)
				w->hit = w->hit || concerns(w, e);
			i += (ssize_t)(sizeof *e + e->len);
		}
	}
}

static void
hub_leave(struct hub *h)
{
	struct hub **p = &hubs;

	if (h->watches != NULL || h->telling)
		return;
	while (*p != h)
		p = &(*p)->next;
	*p = h->next;
	io_free(h->io);
	close(h->fd);
	free(h);
}

static void
on_events(void *arg, int events)
{
	struct hub *h = arg;
	struct watch *w;

	(void)events;
	mark_hits(h);
	h->telling = true;
	/* From the start each time: who is told may free any of them. */
	do {
		for (w = h->watches; w != NULL && !w->hit; w = w->next)
			;
		if (w != NULL) {
			w->hit = false;
			lay(w);
			w->fn(w->arg);
		}
	} while (w != NULL);
	h->telling = false;
	hub_leave(h);
}

static struct hub *
hub_use(struct loop *l)
{
	struct hub *h = hubs;

	while (h != NULL && h->loop != l)
		h = h->next;
	if (h != NULL)
		return h;
	h = mem_alloc(sizeof *h);
	h->loop = l;
	h->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	h->io = h->fd >= 0 ? io_new(l, h->fd, on_events, h) : NULL;
	if (h->io == NULL) {
		if (h->fd >= 0)
			close(h->fd);
		free(h);
		return NULL;
	}
	io_want(h->io, IO_READ);
	h->next = hubs;
	hubs = h;
	return h;
}

/* Absolute, and without a slash at its end. */
static char *
full_path(const char *path)
{
	char *cwd = path[0] != '/' ? getcwd(NULL, 0) : NULL;
	char *full = mem_printf("%s%s%s", cwd ? cwd : "", cwd ? "/" : "", path);

	free(cwd);
	for (size_t n = strlen(full); n > 1 && full[n - 1] == '/'; n--)
		full[n - 1] = '\0';
	return full;
}

struct watch *
watch_new(struct loop *l, const char *path, loop_fn *fn, void *arg)
{
	struct hub *h = hub_use(l);
	struct watch *w;

	if (h == NULL)
		return NULL;
	w = mem_alloc(sizeof *w);
	w->hub = h;
	w->fn = fn;
	w->arg = arg;
	w->wd_path = w->wd_folder = -1;
	w->path = full_path(path);
	w->next = h->watches;
	h->watches = w;
	lay(w);
	return w;
}

void
watch_free(struct watch *w)
{
	struct watch **p;

	if (w == NULL)
		return;
	for (p = &w->hub->watches; *p != w; p = &(*p)->next)
		;
	*p = w->next;
	drop_wd(w->hub, &w->wd_path);
	drop_wd(w->hub, &w->wd_folder);
	hub_leave(w->hub);
	free(w->path);
	free(w);
}

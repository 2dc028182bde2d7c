#include "bus_in.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The folder of the bus, its locks and its socket. All but the socket is
 * reached through the folder's descriptor, and nothing through a symbolic
 * link; a socket that another put there is found out by its peer's uid.
 */

static void
trouble(struct bus_dir *d, const char *what, const char *why)
{
	str_format(d->trouble, sizeof d->trouble,
	    "%.160s %s: consoles are not shared with other rackmux processes.",
	    what, why);
}

char *
bus_dir_default(void)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	char run[64];
	struct stat st;

	if (base != NULL && base[0] == '/')
		return mem_printf("%s/rackmux", base);
	str_format(run, sizeof run, "/run/user/%u", (unsigned)geteuid());
	if (stat(run, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid())
		return mem_printf("%s/rackmux", run);
	/* No login manager made one (a container, a bare sshd): as tmux does.
	 * That it is ours and closed to others is checked like any. */
	return mem_printf("/tmp/rackmux-%u", (unsigned)geteuid());
}

void
bus_dir_init(struct bus_dir *d, const char *dir)
{
	memset(d, 0, sizeof *d);
	d->fd = d->lock_fd = d->lines_fd = -1;
	d->path = dir != NULL ? mem_strdup(dir) : bus_dir_default();
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
bus_dir_release(struct bus_dir *d)
{
	shut(&d->lock_fd);
	shut(&d->lines_fd);
	shut(&d->fd);
	free(d->path);
	d->path = NULL;
}

/* The owner's name, for a sentence. */
static void
whose(char *out, size_t size, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (pw != NULL)
		str_format(out, size, "belongs to %s, not to us", pw->pw_name);
	else
		str_format(
		    out, size, "belongs to user %u, not to us", (unsigned)uid);
}

/* Ours, and nobody else may enter. */
static bool
check_folder(struct bus_dir *d, int fd)
{
	struct stat st;
	char why[80];

	if (fstat(fd, &st) < 0) {
		trouble(d, d->path, strerror(errno));
		return false;
	}
	if (st.st_uid != geteuid()) {
		whose(why, sizeof why, st.st_uid);
		trouble(d, d->path, why);
		return false;
	}
	if ((st.st_mode & 077) != 0) {
		trouble(d, d->path, "is open to others (want mode 0700)");
		return false;
	}
	return true;
}

static int
open_folder(struct bus_dir *d)
{
	int fd;

	if (mkdir(d->path, 0700) < 0 && errno != EEXIST) {
		trouble(d, d->path, strerror(errno));
		return -1;
	}
	fd = open(d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		trouble(d, d->path,
		    errno == ELOOP || errno == ENOTDIR
			? "is no folder, or a symbolic link"
			: strerror(errno));
	if (fd < 0 || check_folder(d, fd))
		return fd;
	(void)close(fd);
	return -1;
}

static bool
same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	    x.st_dev == y.st_dev;
}

static int
open_file(struct bus_dir *d, const char *name)
{
	int fd = openat(d->fd, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid())
		return fd;
	trouble(d, d->path,
	    fd < 0 ? strerror(errno) : "holds what is no file of ours");
	shut(&fd);
	return -1;
}

static bool
name_socket(struct bus_dir *d)
{
	if (str_format(d->sock, sizeof d->sock, "%s/bus", d->path))
		return true;
	str_format(d->trouble, sizeof d->trouble,
	    "The path of the runtime folder has %zu characters, a socket's may "
	    "have %zu: set a shorter XDG_RUNTIME_DIR to share consoles.",
	    strlen(d->path), sizeof d->sock - sizeof "/bus");
	return false;
}

bool
bus_dir_open(struct bus_dir *d)
{
	int fd;

	if (d->path == NULL || !name_socket(d))
		return false;
	fd = open_folder(d);
	if (fd < 0)
		return false;
	if (d->fd >= 0 && same_file(fd, d->fd)) {
		(void)close(fd);
	} else {
		/* New, or another one than before: a session's end may have
		 * taken the old one away. Locks on lines that are open stay
		 * with the old file, which others may still have as well. */
		shut(&d->fd);
		d->fd = fd;
	}
	if (d->lines_fd < 0)
		d->lines_fd = open_file(d, "lines.lock");
	if (d->lines_fd < 0)
		return false;
	d->trouble[0] = '\0';
	return true;
}

/* --- the socket --------------------------------------------------------- */

static int
make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static void
address(const struct bus_dir *d, struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof *sun);
	sun->sun_family = AF_UNIX;
	str_copy(sun->sun_path, sizeof sun->sun_path, d->sock);
}

/* The lock is ours, so whatever is there was left by the dead. */
static int
bind_socket(struct bus_dir *d)
{
	struct sockaddr_un sun;
	int fd = make_socket();

	if (fd < 0)
		return -1;
	address(d, &sun);
	(void)unlinkat(d->fd, "bus", 0);
	/* Linux makes the file with the socket's own mode. */
	if (fchmod(fd, 0600) == 0 &&
	    bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0 &&
	    listen(fd, SOMAXCONN) == 0)
		return fd;
	shut(&fd);
	return -1;
}

int
bus_dir_listen(struct bus_dir *d)
{
	int fd;

	shut(&d->lock_fd);
	d->lock_fd = open_file(d, "bus.lock");
	if (d->lock_fd < 0)
		return -1;
	if (flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			trouble(d, d->path, strerror(errno));
		shut(&d->lock_fd);
		return -1;
	}
	fd = bind_socket(d);
	if (fd < 0) {
		trouble(d, d->sock, strerror(errno));
		shut(&d->lock_fd);
	}
	return fd;
}

void
bus_dir_unlisten(struct bus_dir *d)
{
	if (d->lock_fd >= 0 && d->fd >= 0)
		(void)unlinkat(d->fd, "bus", 0);
	shut(&d->lock_fd);
}

bool
bus_dir_serves(const struct bus_dir *d)
{
	struct stat st, mine;
	char path[128];

	str_format(path, sizeof path, "%s.lock", d->sock);
	return fstat(d->lock_fd, &mine) == 0 && lstat(path, &st) == 0 &&
	    st.st_ino == mine.st_ino && st.st_dev == mine.st_dev &&
	    lstat(d->sock, &st) == 0 && S_ISSOCK(st.st_mode);
}

bool
bus_peer(int fd, uid_t *uid, pid_t *pid)
{
	struct ucred c;
	socklen_t len = sizeof c;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &len) < 0)
		return false;
	*uid = c.uid;
	*pid = c.pid;
	return true;
}

static bool
is_trusted(struct bus_dir *d, int fd, pid_t *pid)
{
	uid_t uid;
	char why[80];

	if (!bus_peer(fd, &uid, pid)) {
		trouble(d, d->sock, "does not tell who serves it");
		return false;
	}
	if (uid == geteuid())
		return true;
	whose(why, sizeof why, uid);
	trouble(d, d->sock, why);
	return false;
}

int
bus_dir_connect(struct bus_dir *d, pid_t *pid)
{
	struct sockaddr_un sun;
	struct stat st;
	int fd, err;

	if (fstatat(d->fd, "bus", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		trouble(d, d->sock, "is no socket of ours");
		return -EPERM;
	}
	fd = make_socket();
	if (fd < 0)
		return -errno;
	address(d, &sun);
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0) {
		if (is_trusted(d, fd, pid))
			return fd;
		errno = EPERM;
	}
	err = -errno;
	(void)close(fd);
	return err;
}

/* --- the locks of lines ------------------------------------------------- */

static int
set_lock(const struct bus_dir *d, const char *line, int type)
{
	unsigned char hash[HASH_SHA256_LEN];
	struct flock fl = { .l_type = (short)type, .l_whence = SEEK_SET };
	uint64_t at = 0;

	hash_sha256(line, strlen(line), hash);
	for (int i = 0; i < 8; i++)
		at = at << 8 | hash[i];
	fl.l_start = (off_t)(at >> 2);
	fl.l_len = 1;
	return fcntl(d->lines_fd, F_OFD_SETLK, &fl);
}

int
bus_dir_lock(struct bus_dir *d, const char *line)
{
	if (d->lines_fd < 0)
		return -1;
	if (set_lock(d, line, F_WRLCK) == 0)
		return 1;
	return errno == EAGAIN || errno == EACCES ? 0 : -1;
}

void
bus_dir_unlock(struct bus_dir *d, const char *line)
{
	if (d->lines_fd >= 0)
		(void)set_lock(d, line, F_UNLCK);
}

#include "sshd.h"
#include "test.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MADE_UP_UID 64017
/* "sesame" */
#define MADE_UP_HASH \
	"$6$rackmux$4Bfrt4pP1dZEtn9vduuCiCwS.UvHcXIBt1PxmDTzF8Vz7cYRS8tNAE" \
	"93lwPNiuLMMfIY99c2BYkYNPi8X4Iv1/"

static void
die(const char *what)
{
	test_fail(__FILE__, __LINE__, "%s: %s", what, strerror(errno));
}

static void put_file(const char *path, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
put_file(const char *path, const char *fmt, ...)
{
	FILE *f = fopen(path, "w");
	va_list ap;

	if (f == NULL)
		die(path);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fclose(f);
}

int
run_program(const char *const *argv)
{
	char *copy[32];
	int status = 0;
	size_t n = 0;
	pid_t pid;

	while (argv[n] != NULL && n < 31) {
		copy[n] = strdup(argv[n]);
		n++;
	}
	copy[n] = NULL;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		if (getenv("RM_VERBOSE") == NULL)
			dup2(null, 2);
		execvp(copy[0], copy);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	while (n > 0)
		free(copy[--n]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void
make_key(const char *path, const char *type, const char *passphrase)
{
	const char *argv[] = { "ssh-keygen", "-q", "-t", type, "-f", path, "-N",
		passphrase, "-C", path, NULL };

	if (run_program(argv) != 0)
		test_fail(__FILE__, __LINE__, "ssh-keygen -t %s failed", type);
}

static const char *
daemons(void)
{
	static char full[4096];
	const char *dir = getenv("RM_DAEMONS");
	char path[4200];

	if (realpath(dir ? dir : "build/daemons", full) != NULL) {
		snprintf(path, sizeof path, "%s/done", full);
		if (access(path, F_OK) == 0)
			return full;
	}
	test_fail(__FILE__, __LINE__,
	    "no SSH servers in %s: run tests/tools/fetch-daemons.sh",
	    dir ? dir : "build/daemons");
}

static unsigned
free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		die("port");
	close(fd);
	return ntohs(sa.sin_port);
}

static bool
listens(unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((unsigned short)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0;
	close(fd);
	return ok;
}

static bool
as_root(void)
{
	return geteuid() == 0;
}

/* The folder belongs to whom the daemon runs as. */
static void
make_home(struct sshd *d, const char *key)
{
	unsigned uid = as_root() ? MADE_UP_UID : geteuid();
	unsigned gid = as_root() ? MADE_UP_UID : getegid();
	const char *tmp = getenv("TMPDIR");
	char cmd[16384], path[512];
	const char *copy[] = { "/bin/sh", "-c", cmd, NULL };

	memset(d, 0, sizeof *d);
	snprintf(d->dir, sizeof d->dir, "%s/rmsshd-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(d->dir) == NULL)
		die(d->dir);
	snprintf(d->user, sizeof d->user, "tester");
	snprintf(path, sizeof path, "%s/.ssh", d->dir);
	mkdir(path, 0700);
	if (key != NULL) {
		snprintf(cmd, sizeof cmd, "cat '%s' >'%s/.ssh/authorized_keys'",
		    key, d->dir);
		if (run_program(copy) != 0)
			die("authorized_keys");
	}
	snprintf(path, sizeof path, "%s/passwd", d->dir);
	put_file(path, "tester:" MADE_UP_HASH ":%u:%u:tester:%s:/bin/sh\n", uid,
	    gid, d->dir);
	snprintf(path, sizeof path, "%s/group", d->dir);
	put_file(path, "tester:x:%u:\n", gid);
	snprintf(cmd, sizeof cmd,
	    "cp -R '%s/usr/sbin' '%s/usr/lib' '%s/usr/bin' '%s'", daemons(),
	    daemons(), daemons(), d->dir);
	if (run_program(copy) != 0)
		die("copy");
	d->port = free_port();
	snprintf(
	    d->url, sizeof d->url, "ssh://%s@127.0.0.1:%u", d->user, d->port);
}

static int
give_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return chown(path, MADE_UP_UID, MADE_UP_UID);
}

static void
child_env(const struct sshd *d)
{
	char value[8192];
	glob_t g;

	snprintf(value, sizeof value, "%s/lib/*-linux-gnu", d->dir);
	if (glob(value, 0, NULL, &g) == 0)
		setenv("LD_LIBRARY_PATH", g.gl_pathv[0], 1);
	snprintf(value, sizeof value, "%s/lib/*-linux-gnu/libnss_wrapper.so",
	    d->dir);
	if (glob(value, 0, NULL, &g) != 0)
		_exit(126);
	setenv("LD_PRELOAD", g.gl_pathv[0], 1);
	snprintf(value, sizeof value, "%s/passwd", d->dir);
	setenv("NSS_WRAPPER_PASSWD", value, 1);
	snprintf(value, sizeof value, "%s/group", d->dir);
	setenv("NSS_WRAPPER_GROUP", value, 1);
}

static void
show(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512];

	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		fprintf(stderr, "# %s", line);
	if (f != NULL)
		fclose(f);
}

static void
start(struct sshd *d, const char *const *argv)
{
	char *copy[32], log[512];
	size_t n;

	for (n = 0; argv[n] != NULL && n < 31; n++)
		copy[n] = strdup(argv[n]);
	copy[n] = NULL;
	snprintf(log, sizeof log, "%s/log", d->dir);
	put_file(log, "%s", "");
	if (as_root())
		nftw(d->dir, give_one, 16, FTW_PHYS);
	fflush(NULL);
	d->pid = fork();
	if (d->pid == 0) {
		int fd = open(log, O_RDWR | O_APPEND);

		setsid();
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		child_env(d);
		unsetenv("SSH_AUTH_SOCK");
		if (as_root() &&
		    (setgid(MADE_UP_UID) < 0 || setuid(MADE_UP_UID) < 0))
			_exit(125);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execv(copy[0], copy);
		_exit(127);
	}
	while (n > 0)
		free(copy[--n]);
	for (int i = 0; i < 1000 && !listens(d->port); i++) {
		if (waitpid(d->pid, NULL, WNOHANG) == d->pid) {
			show(log);
			test_fail(__FILE__, __LINE__, "%s ended", argv[0]);
		}
		poll(NULL, 0, 10);
	}
	CHECK(listens(d->port));
}

void
sshd_start(struct sshd *d, const char *key, const char *options)
{
	char path[512], host[512], program[512];
	const char *argv[] = { program, "-D", "-e", "-f", path, NULL };

	make_home(d, key);
	snprintf(host, sizeof host, "%s/hostkey", d->dir);
	make_key(host, "ed25519", "");
	snprintf(path, sizeof path, "%s/sshd_config", d->dir);
	put_file(path,
	    "%s\nPort %u\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\n"
	    "AuthorizedKeysFile %s/.ssh/authorized_keys\nStrictModes no\n"
	    "UsePAM no\nLogLevel VERBOSE\nPrintMotd no\n"
	    "MaxStartups 100\nMaxSessions 64\n",
	    options ? options : "", d->port, host, d->dir);
	snprintf(program, sizeof program, "%s/sbin/sshd", d->dir);
	start(d, argv);
}

void
dropbear_start(struct sshd *d, const char *key)
{
	char host[512], address[64], program[512], pem[512], cmd[2048];
	const char *argv[] = { program, "-F", "-E", "-p", address, "-r", host,
		"-P", "/dev/null", NULL };
	const char *make[] = { "/bin/sh", "-c", cmd, NULL };

	make_home(d, key);
	snprintf(pem, sizeof pem, "%s/hostkey", d->dir);
	make_key(pem, "ed25519", "");
	snprintf(host, sizeof host, "%s/hostkey.dropbear", d->dir);
	snprintf(cmd, sizeof cmd,
	    "LD_LIBRARY_PATH=$(echo %s/lib/*-linux-gnu) "
	    "%s/bin/dropbearconvert openssh dropbear %s %s 2>/dev/null",
	    d->dir, d->dir, pem, host);
	if (run_program(make) != 0)
		test_fail(__FILE__, __LINE__, "dropbearconvert failed");
	snprintf(address, sizeof address, "127.0.0.1:%u", d->port);
	snprintf(program, sizeof program, "%s/sbin/dropbear", d->dir);
	start(d, argv);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* The parent of a process; 0 when there is none such. */
static pid_t
parent_of(pid_t pid)
{
	char path[64], line[512], *p;
	FILE *f;
	int parent = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return 0;
	p = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	if (p != NULL && sscanf(p, ") %*c %d", &parent) != 1)
		parent = 0;
	fclose(f);
	return parent;
}

static void kill_tree(pid_t);

/* Each connection is served by processes in sessions of their own. */
static void
kill_children(pid_t pid)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		pid_t child = (pid_t)strtol(entry->d_name, NULL, 10);

		if (child > 1 && parent_of(child) == pid)
			kill_tree(child);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
kill_tree(pid_t pid)
{
	kill(pid, SIGSTOP);
	/* It may have been in the middle of a fork: look again. */
	for (int i = 0; i < 3; i++)
		kill_children(pid);
	kill(pid, SIGKILL);
}

static void
signal_tree(pid_t pid, int signum)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	kill(pid, signum);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		pid_t child = (pid_t)strtol(entry->d_name, NULL, 10);

		if (child > 1 && parent_of(child) == pid)
			signal_tree(child, signum);
	}
	if (dir != NULL)
		closedir(dir);
}

void
sshd_pause(struct sshd *d, bool pause)
{
	signal_tree(d->pid, pause ? SIGSTOP : SIGCONT);
}

void
sshd_drop(struct sshd *d)
{
	kill_children(d->pid);
}

void
sshd_kill(struct sshd *d)
{
	if (d->pid > 0) {
		kill_tree(d->pid);
		waitpid(d->pid, NULL, 0);
	}
	d->pid = 0;
}

void
sshd_stop(struct sshd *d)
{
	sshd_kill(d);
	if (d->dir[0] != '\0')
		nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	d->dir[0] = '\0';
}

void
sshd_known(const struct sshd *d, const char *file)
{
	char cmd[1400];
	const char *argv[] = { "/bin/sh", "-c", cmd, NULL };

	snprintf(cmd, sizeof cmd,
	    "{ printf '[127.0.0.1]:%u '; cut -d' ' -f1,2 '%s/hostkey.pub'; } "
	    ">>'%s'",
	    d->port, d->dir, file);
	if (run_program(argv) != 0)
		die("known_hosts");
}

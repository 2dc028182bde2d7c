#include "rackmux/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rackmux/base/fd.h"
#include "rackmux/base/mem.h"

/*
 * posix_spawn, so that a program with hundreds of megabytes and threads does
 * not copy itself. A session of its own keeps a child from our terminal: ssh
 * or pinentry asking there would tear the screen. Each child
 * is asked for by its own pid, since other code of this process may have
 * children too.
 */

#define KILL_AFTER_MS 2000
/* How long our own end waits for one that KILL does not end at once. */
#define END_WAIT_MS 500

/* The one SIGCHLD of a loop: hundreds of children would otherwise each be
 * asked for hundreds of times when they end together. */
struct reaper {
	struct reaper *next;
	struct loop *loop;
	struct sig *sig;
	unsigned users; /* children that are not reaped */
};

extern char **environ;

struct child {
	struct loop *loop;
	struct child *next;
	pid_t pid;
	int fd, err_fd;
	int status; /* once it is in ended */
	child_fn *fn;
	void *arg;
	struct reaper *reaper;
	struct timer *killer; /* set once it is freed but not yet gone */
};

static struct reaper *reapers;
/* All that are not reaped yet, those given up included. */
static struct child *children;
/* Reaped, but their owner does not know yet. */
static struct child *ended;

static void
unlink_child(struct child **list, const struct child *c)
{
	for (struct child **p = list; *p != NULL; p = &(*p)->next)
		if (*p == c) {
			*p = c->next;
			return;
		}
}

static void
close_fds(struct child *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->err_fd >= 0)
		close(c->err_fd);
	c->fd = c->err_fd = -1;
}

static void on_sigchld(void *, int);

static struct reaper *
reaper_use(struct loop *l)
{
	struct reaper *r = reapers;

	while (r != NULL && r->loop != l)
		r = r->next;
	if (r == NULL) {
		r = mem_alloc(sizeof *r);
		r->loop = l;
		r->sig = sig_new(l, SIGCHLD, on_sigchld, l);
		r->next = reapers;
		reapers = r;
	}
	r->users++;
	return r;
}

static void
reaper_leave(struct child *c)
{
	struct reaper *r = c->reaper, **p = &reapers;

	c->reaper = NULL;
	if (r == NULL || --r->users > 0)
		return;
	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	sig_free(r->sig);
	free(r);
}

static void
destroy(struct child *c)
{
	close_fds(c);
	timer_free(c->killer);
	reaper_leave(c);
	free(c);
}

/* First reap all, then tell: who is told may free or start children. */
static void
on_sigchld(void *arg, int signum)
{
	struct child **p = &children, *c;

	(void)signum;
	while ((c = *p) != NULL) {
		int status = -1;
		pid_t r = 0;

		if (c->loop == arg)
			r = waitpid(c->pid, &status, WNOHANG);
		if (r == 0 || (r < 0 && errno == EINTR)) {
			p = &c->next;
			continue;
		}
		c->pid = -1;
		c->status = status;
		*p = c->next;
		c->next = ended;
		ended = c;
	}
	while ((c = ended) != NULL) {
		ended = c->next;
		reaper_leave(c);
		if (c->killer != NULL)
			destroy(c);
		else
			c->fn(c->arg, c->status);
	}
}

static char **
build_env(char *const *extra)
{
	size_t n = 0, m = 0, kept = 0;
	char **env;

	while (environ[n] != NULL)
		n++;
	while (extra != NULL && extra[m] != NULL)
		m++;
	env = mem_array(n + m + 1, sizeof *env);
	for (size_t i = 0; i < n; i++) {
		bool replaced = false;

		for (size_t k = 0; k < m; k++) {
			size_t len = strcspn(extra[k], "=") + 1;

			if (strncmp(environ[i], extra[k], len) == 0)
				replaced = true;
		}
		if (!replaced)
			env[kept++] = environ[i];
	}
	for (size_t k = 0; k < m; k++)
		env[kept++] = extra[k];
	return env;
}

static int
open_pty(struct child *c, const struct child_options *o,
    posix_spawn_file_actions_t *acts)
{
	struct winsize ws = { .ws_row = o->rows, .ws_col = o->cols };
	char name[64];

	c->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (c->fd < 0 || grantpt(c->fd) < 0 || unlockpt(c->fd) < 0 ||
	    ptsname_r(c->fd, name, sizeof name) != 0)
		return -errno;
	if (o->rows > 0)
		ioctl(c->fd, TIOCSWINSZ, &ws);
	/* Opened by a session leader without O_NOCTTY: it becomes the
	 * child's controlling terminal. */
	posix_spawn_file_actions_addopen(acts, 0, name, O_RDWR, 0);
	posix_spawn_file_actions_adddup2(acts, 0, 1);
	posix_spawn_file_actions_adddup2(acts, 0, 2);
	return 0;
}

static int
open_pipes(struct child *c, posix_spawn_file_actions_t *acts, int theirs[2])
{
	int sv[2], err[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return -errno;
	c->fd = sv[0];
	theirs[0] = sv[1];
	if (pipe2(err, O_CLOEXEC) < 0)
		return -errno;
	c->err_fd = err[0];
	theirs[1] = err[1];
	posix_spawn_file_actions_adddup2(acts, sv[1], 0);
	posix_spawn_file_actions_adddup2(acts, sv[1], 1);
	posix_spawn_file_actions_adddup2(acts, err[1], 2);
	return 0;
}

static int
spawn(struct child *c, const struct child_options *o,
    posix_spawn_file_actions_t *acts)
{
	posix_spawnattr_t attr;
	sigset_t none, all;
	char **env = build_env(o->env);
	int rc;

	/* What we were started with, and what a library forgot to mark. */
	posix_spawn_file_actions_addclosefrom_np(acts, 3);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	rc = posix_spawnp(&c->pid, o->argv[0], acts, &attr, o->argv, env);
	posix_spawnattr_destroy(&attr);
	free(env);
	return -rc;
}

struct child *
child_start(struct loop *l, const struct child_options *o, child_fn *fn,
    void *arg, int *err)
{
	struct child *c = mem_alloc(sizeof *c);
	posix_spawn_file_actions_t acts;
	int theirs[2] = { -1, -1 }, rc;

	*c = (struct child){ .loop = l,
		.pid = -1,
		.fd = -1,
		.err_fd = -1,
		.fn = fn,
		.arg = arg };
	/* Before it starts, so that its end cannot be missed. */
	c->reaper = reaper_use(l);
	posix_spawn_file_actions_init(&acts);
	rc = o->io == CHILD_PTY ? open_pty(c, o, &acts)
				: open_pipes(c, &acts, theirs);
	if (rc == 0)
		rc = spawn(c, o, &acts);
	posix_spawn_file_actions_destroy(&acts);
	for (int i = 0; i < 2; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	if (rc < 0) {
		*err = rc;
		destroy(c);
		return NULL;
	}
	fd_nonblock(c->fd);
	if (c->err_fd >= 0)
		fd_nonblock(c->err_fd);
	c->next = children;
	children = c;
	return c;
}

int
child_fd(const struct child *c)
{
	return c->fd;
}

int
child_stderr(const struct child *c)
{
	return c->err_fd;
}

pid_t
child_pid(const struct child *c)
{
	return c->pid;
}

void
child_resize(struct child *c, unsigned short rows, unsigned short cols)
{
	struct winsize ws = { .ws_row = rows, .ws_col = cols };

	if (c->fd >= 0)
		ioctl(c->fd, TIOCSWINSZ, &ws);
}

void
child_eof(struct child *c)
{
	if (c->fd >= 0 && c->err_fd >= 0)
		shutdown(c->fd, SHUT_WR);
}

/* The whole session: what it started must not outlive it unseen. */
void
child_kill(struct child *c, int signum)
{
	if (c->pid > 0)
		kill(-c->pid, signum);
}

static void
on_kill_timer(void *arg)
{
	struct child *c = arg;

	child_kill(c, SIGKILL);
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	if (c->pid <= 0) {
		unlink_child(&ended, c);
		destroy(c);
		return;
	}
	close_fds(c);
	child_kill(c, SIGTERM);
	c->killer = timer_new(c->loop, on_kill_timer, c);
	timer_start(c->killer, KILL_AFTER_MS);
}

/* One that hangs in the kernel is init's when we are gone. */
static void
reap_now(pid_t pid)
{
	struct pollfd p = { .fd = pidfd_open(pid, 0), .events = POLLIN };

	if (p.fd >= 0) {
		(void)poll(&p, 1, END_WAIT_MS);
		close(p.fd);
	}
	while (waitpid(pid, NULL, WNOHANG) < 0 && errno == EINTR)
		;
}

void
children_end(struct loop *l)
{
	struct child *c = children, *next;

	for (; c != NULL; c = next) {
		next = c->next;
		if (c->loop != l || c->killer == NULL)
			continue;
		child_kill(c, SIGKILL);
		reap_now(c->pid);
		unlink_child(&children, c);
		destroy(c);
	}
}

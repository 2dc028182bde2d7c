#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/app.h"
#include "rackmux/base/child.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/base/watch.h"

/*
 * The simulator runs as a child in a folder of its own, which nobody else
 * may read because the keys of the simulated rack are in it. It is told to
 * end with us, so that a crash leaves no servers behind; the folder goes
 * with every orderly end, signals included.
 */

#define START_MS 30000
#define STOP_MS 3000

struct demo {
	struct loop *loop;
	char dir[PATH_MAX];
	char config[PATH_MAX + 16];
	struct child *child;
	struct io *out, *err;
	struct watch *watch;
	struct timer *timer;
	char said[256]; /* the last that it said on stderr */
	bool ready, ended, late;
	int status;
};

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static bool
make_dir(struct demo *d)
{
	const char *base = getenv("XDG_RUNTIME_DIR");

	if (base == NULL || access(base, W_OK) < 0)
		base = getenv("TMPDIR");
	if (base == NULL || access(base, W_OK) < 0)
		base = "/tmp";
	if (!str_format(
		d->dir, sizeof d->dir, "%s/rackmux-demo-XXXXXX", base) ||
	    mkdtemp(d->dir) == NULL) {
		fprintf(stderr, "rackmux: cannot make a folder in %s: %s\n",
		    base, strerror(errno));
		d->dir[0] = '\0';
		return false;
	}
	str_format(d->config, sizeof d->config, "%s/rackmux.cfg", d->dir);
	return true;
}

/* Beside us, then where an installation puts it, then by PATH. */
static char *
find_simulator(void)
{
	static const char *const places[] = { "rackmux-sim",
		"../libexec/rackmux/rackmux-sim" };
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
	const char *slash;

	if (len > 0) {
		exe[len] = '\0';
		slash = strrchr(exe, '/');
		for (size_t i = 0; i < ARRAY_LEN(places) && slash; i++) {
			char *path = mem_printf(
			    "%.*s/%s", (int)(slash - exe), exe, places[i]);

			if (access(path, X_OK) == 0)
				return path;
			free(path);
		}
	}
	return mem_strdup("rackmux-sim");
}

static void
look(void *arg)
{
	struct demo *d = arg;

	if (access(d->config, R_OK) == 0)
		d->ready = true;
}

static void
on_late(void *arg)
{
	struct demo *d = arg;

	d->late = true;
}

static void
on_exit_of_child(void *arg, int status)
{
	struct demo *d = arg;

	d->ended = true;
	d->status = status;
}

/* What it says is read so that it never blocks; the last of stderr is kept
 * for the message when it fails. */
static void
drain(struct demo *d, struct io **io, int fd, bool keep)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof bytes);

	if (n > 0 && keep) {
		size_t from = (size_t)n > sizeof d->said - 1
		    ? (size_t)n - (sizeof d->said - 1)
		    : 0;

		text_clean(
		    d->said, sizeof d->said, bytes + from, (size_t)n - from);
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		io_free(*io);
		*io = NULL;
	}
}

static void
on_out(void *arg, int events)
{
	struct demo *d = arg;

	(void)events;
	drain(d, &d->out, child_fd(d->child), false);
}

static void
on_err(void *arg, int events)
{
	struct demo *d = arg;

	(void)events;
	drain(d, &d->err, child_stderr(d->child), true);
}

static bool
start(struct demo *d, const struct cli *cli)
{
	char *sim = find_simulator(), seed[32];
	char with_parent[] = "--with-parent", write_config[] = "--write-config";
	char seed_option[] = "--seed";
	char *argv[] = { sim, with_parent, write_config, d->config, NULL, NULL,
		NULL };
	struct child_options o = { .argv = argv, .io = CHILD_PIPES };
	int err = 0;

	if (cli->given[CLIOPT_SEED]) {
		str_format(seed, sizeof seed, "%.0f", cli->number[CLIOPT_SEED]);
		argv[4] = seed_option;
		argv[5] = seed;
	}
	d->watch = watch_new(d->loop, d->config, look, d);
	d->timer = timer_new(d->loop, on_late, d);
	timer_start(d->timer, START_MS);
	d->child = child_start(d->loop, &o, on_exit_of_child, d, &err);
	if (d->child == NULL) {
		fprintf(stderr,
		    "rackmux: the simulator does not start: %s: %s\n", sim,
		    strerror(-err));
		free(sim);
		return false;
	}
	free(sim);
	d->out = io_new(d->loop, child_fd(d->child), on_out, d);
	io_want(d->out, IO_READ);
	d->err = io_new(d->loop, child_stderr(d->child), on_err, d);
	io_want(d->err, IO_READ);
	return true;
}

static void
stop(struct demo *d)
{
	if (d->child != NULL && !d->ended) {
		child_kill(d->child, SIGTERM);
		timer_start(d->timer, STOP_MS);
		d->late = false;
		while (!d->ended && !d->late)
			loop_turn(d->loop, 100);
		if (!d->ended)
			child_kill(d->child, SIGKILL);
	}
	io_free(d->out);
	io_free(d->err);
	child_free(d->child);
	watch_free(d->watch);
	timer_free(d->timer);
	if (d->dir[0] != '\0')
		nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int
show(struct demo *d, const struct cli *cli)
{
	struct diags diags = { 0 };
	struct config *config;

	if (!cli->given[CLIOPT_STATUS])
		return app_dashboard(cli, d->loop, d->config);
	config = config_load(d->config, &diags);
	if (config == NULL) {
		print_diags(stderr, &diags);
		diags_release(&diags);
		return EXIT_USAGE;
	}
	return app_status(cli, d->loop, config);
}

static int
run(struct demo *d, const struct cli *cli)
{
	struct app_signals *signals;
	int result = EXIT_USAGE;

	if (!make_dir(d))
		return EXIT_USAGE;
	signals = app_signals_new(d->loop);
	if (start(d, cli)) {
		while (!d->ready && !d->ended && !d->late &&
		    app_signals_caught(signals) == 0)
			loop_turn(d->loop, 1000);
		if (app_signals_caught(signals) != 0)
			result = 128 + app_signals_caught(signals);
		else if (d->ready)
			result = show(d, cli);
		else
			fprintf(stderr, "rackmux: the simulator %s%s%s\n",
			    d->late ? "did not get ready" : "ended",
			    d->said[0] != '\0' ? ": " : "", d->said);
	}
	stop(d);
	app_signals_free(signals);
	return result;
}

int
cmd_demo(const struct cli *cli)
{
	struct demo d = { 0 };
	int result;

	if (!cli->given[CLIOPT_STATUS] && !app_terminal())
		return EXIT_USAGE;
	d.loop = loop_new();
	result = run(&d, cli);
	loop_free(d.loop);
	return result;
}

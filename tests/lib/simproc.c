#include "simproc.h"
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/json.h"

#define START_MS 20000
#define ENV_MAX 24

long long
now_in_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

char *
text_of(const char *fmt, ...)
{
	char *out = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		abort();
	va_end(ap);
	return out;
}

/* --- files --- */

char *
file_read(const char *path)
{
	char *text = NULL;
	size_t len = 0, size = 0;
	FILE *f = fopen(path, "re");
	ssize_t n;

	if (f == NULL)
		return NULL;
	n = getdelim(&text, &size, '\0', f);
	len = n > 0 ? (size_t)n : 0;
	fclose(f);
	if (text == NULL)
		return strdup("");
	text[len] = '\0';
	return text;
}

void
file_write(const char *path, const char *text)
{
	char tmp[PATH_MAX];
	FILE *f;

	snprintf(tmp, sizeof tmp, "%s.new", path);
	f = fopen(tmp, "we");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 ||
	    rename(tmp, path) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
}

/* --- programs and their environment --- */

static const char *
build_dir(void)
{
	static const char *const usual[] = { "build-san", "build" };
	static char full[PATH_MAX];
	const char *dir = getenv("RM_BUILD");

	/* A child has another environment and folder by then. */
	if (full[0] != '\0')
		return full;
	if (dir != NULL && realpath(dir, full) != NULL)
		return full;
	for (size_t i = 0; i < 2; i++) {
		char path[64];

		snprintf(path, sizeof path, "%s/rackmux", usual[i]);
		if (access(path, X_OK) == 0 && realpath(usual[i], full))
			return full;
	}
	test_fail(__FILE__, __LINE__, "no programs: set RM_BUILD");
}

const char *
program_path(const char *name)
{
	static char path[2][PATH_MAX + 32];
	char *p = path[strcmp(name, "rackmux") == 0];

	snprintf(p, sizeof path[0], "%s/%s", build_dir(), name);
	if (access(p, X_OK) != 0)
		test_fail(__FILE__, __LINE__, "%s is not built", p);
	return p;
}

bool
program_sanitised(void)
{
	static const char mark[] = "__asan_init";
	FILE *f = fopen(program_path("rackmux"), "re");
	size_t matched = 0;
	int c;

	if (f == NULL)
		return false;
	while (matched < sizeof mark - 1 && (c = getc(f)) != EOF)
		matched = c == mark[matched] ? matched + 1
		    : c == mark[0]           ? 1
					     : 0;
	fclose(f);
	return matched == sizeof mark - 1;
}

static const char *env[ENV_MAX];
static size_t n_env;

static void
env_add(const char *name, const char *value)
{
	if (value != NULL && n_env < ENV_MAX - 2)
		env[n_env++] = text_of("%s=%s", name, value);
}

static void
env_folder(const char *name, const char *sub)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", test_dir(), sub);
	mkdir(path, 0700);
	env_add(name, path);
}

const char *const *
program_env(void)
{
	if (n_env > 0)
		return env;
	env_folder("HOME", "home");
	env_folder("TMPDIR", "tmp");
	env_folder("XDG_CONFIG_HOME", "xdg-config");
	env_folder("XDG_STATE_HOME", "xdg-state");
	env_folder("XDG_RUNTIME_DIR", "xdg-run");
	env_add("PATH", "/usr/bin:/bin");
	env_add("LC_ALL", "C.UTF-8");
	env_add("TZ", "UTC");
	env_add("TERM", "xterm-256color");
	env_add("ASAN_OPTIONS", getenv("ASAN_OPTIONS"));
	env_add("UBSAN_OPTIONS", getenv("UBSAN_OPTIONS"));
	env_add("LSAN_OPTIONS", getenv("LSAN_OPTIONS"));
	env[n_env] = NULL;
	return env;
}

const char *const *
program_env_with(const char *pair)
{
	static const char *with[ENV_MAX];
	const char *const *base = program_env();
	size_t name = (size_t)(strchr(pair, '=') - pair) + 1, n = 0;

	for (; *base != NULL; base++)
		if (strncmp(*base, pair, name) != 0)
			with[n++] = *base;
	with[n++] = pair;
	with[n] = NULL;
	return with;
}

void
program_exec(const char *name, const char *const *argv, const char *const *e)
{
	char **copy, **ecopy;
	size_t n = 0, k = 0;

	for (; argv[n] != NULL; n++)
		;
	for (; e[k] != NULL; k++)
		;
	copy = calloc(n + 2, sizeof *copy);
	ecopy = calloc(k + 1, sizeof *ecopy);
	if (copy == NULL || ecopy == NULL)
		_exit(126);
	copy[0] = strdup(name);
	for (size_t i = 0; i < n; i++)
		copy[i + 1] = strdup(argv[i]);
	for (size_t i = 0; i < k; i++)
		ecopy[i] = strdup(e[i]);
	execve(program_path(name), copy, ecopy);
	_exit(127);
}

/* --- one run --- */

static int
exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
collect(int fd, char **text, size_t *len, bool *over)
{
	char more[8192];
	ssize_t n = read(fd, more, sizeof more);

	if (n <= 0) {
		*over = true;
		return;
	}
	*text = realloc(*text, *len + (size_t)n + 1);
	if (*text == NULL)
		abort();
	memcpy(*text + *len, more, (size_t)n);
	*len += (size_t)n;
	(*text)[*len] = '\0';
}

void
ran_rackmux(struct ran *r, int ms, const char *const *argv)
{
	long long start = now_in_ms(), left;
	int out[2], err[2], status;
	size_t len[2] = { 0, 0 };
	bool over[2] = { false, false };
	pid_t pid;

	r->out = strdup("");
	r->err = strdup("");
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		abort();
	(void)program_env();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		setsid();
		alarm(0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		program_exec("rackmux", argv, env);
	}
	close(out[1]);
	close(err[1]);
	while (!over[0] || !over[1]) {
		struct pollfd p[2] = { { over[0] ? -1 : out[0], POLLIN, 0 },
			{ over[1] ? -1 : err[0], POLLIN, 0 } };

		left = start + ms - now_in_ms();
		if (left <= 0 || poll(p, 2, (int)left) <= 0) {
			kill(pid, SIGKILL);
			test_fail(__FILE__, __LINE__,
			    "no end after %d ms; it said \"%s\" \"%s\"", ms,
			    r->out, r->err);
		}
		if (p[0].revents != 0)
			collect(out[0], &r->out, &len[0], &over[0]);
		if (p[1].revents != 0)
			collect(err[0], &r->err, &len[1], &over[1]);
	}
	close(out[0]);
	close(err[0]);
	waitpid(pid, &status, 0);
	r->status = exit_status(status);
	r->ms = now_in_ms() - start;
	if (strstr(r->err, "Sanitizer") != NULL ||
	    strstr(r->err, "runtime error") != NULL)
		test_fail(__FILE__, __LINE__, "%s", r->err);
}

void
ran_release(struct ran *r)
{
	free(r->out);
	free(r->err);
}

static bool
says(const struct json *o, const char *key, const char *value)
{
	const char *s = json_str(json_get(o, key));

	return s != NULL && strcmp(s, value) == 0;
}

struct json *
ran_line(
    const struct ran *r, const char *kind, const char *key, const char *value)
{
	const char *at = r->out;

	while (at != NULL && *at != '\0') {
		size_t len = strcspn(at, "\n");
		struct json *o = json_parse(at, len, NULL, 0);

		if (says(o, "kind", kind) && says(o, key, value))
			return o;
		json_free(o);
		at += len + (at[len] == '\n');
	}
	return NULL;
}

int
ran_words(struct ran *r, const char *first, ...)
{
	const char *argv[16];
	size_t n = 0;
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a != NULL; a = va_arg(ap, const char *)) {
		CHECK(n + 1 < sizeof argv / sizeof argv[0]);
		argv[n++] = a;
	}
	va_end(ap);
	argv[n] = NULL;
	ran_release(r);
	ran_rackmux(r, 25000, argv);
	return r->status;
}

/* --- the simulator --- */

static void
wait_ready(struct simproc *s)
{
	long long end = now_in_ms() + START_MS;
	char *said = strdup("");
	size_t len = 0;
	bool over = false;

	while (!over && strstr(said, "\nrackmux -c ") == NULL) {
		struct pollfd p = { s->out, POLLIN, 0 };
		long long left = end - now_in_ms();

		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		collect(s->out, &said, &len, &over);
	}
	if (strstr(said, "\nrackmux -c ") == NULL)
		test_fail(__FILE__, __LINE__,
		    "the simulator did not start: \"%s\"", said);
	free(said);
}

static int
connect_control(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (snprintf(sun.sun_path, sizeof sun.sun_path, "%s", path) >=
	    (int)sizeof sun.sun_path)
		test_fail(__FILE__, __LINE__, "%s: too long", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof sun) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	return fd;
}

void
simproc_start(struct simproc *s, const char *rack, const char *more)
{
	char rackfile[340], control[340], *copy, *word, *save = NULL;
	const char *argv[24] = { "--with-parent", "--write-config", s->config,
		"--control", control };
	size_t n = 5;
	int out[2];

	memset(s, 0, sizeof *s);
	snprintf(s->dir, sizeof s->dir, "%s/sim", test_dir());
	mkdir(s->dir, 0700);
	snprintf(s->config, sizeof s->config, "%s/out.cfg", s->dir);
	snprintf(rackfile, sizeof rackfile, "%s/rack.cfg", s->dir);
	snprintf(control, sizeof control, "%s/ctl", s->dir);
	copy = strdup(more != NULL ? more : "");
	if (rack != NULL) {
		file_write(rackfile, rack);
		argv[n++] = "-c";
		argv[n++] = rackfile;
	}
	for (word = strtok_r(copy, " ", &save); word != NULL && n < 22;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	if (pipe2(out, O_CLOEXEC) < 0)
		abort();
	(void)program_env();
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0) {
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
		dup2(out[1], 1);
		alarm(0);
		program_exec("rackmux-sim", argv, env);
	}
	close(out[1]);
	free(copy);
	s->out = out[0];
	wait_ready(s);
	s->control = connect_control(control);
}

void
simproc_stop(struct simproc *s)
{
	int status = 0;

	close(s->control);
	kill(s->pid, SIGTERM);
	waitpid(s->pid, &status, 0);
	close(s->out);
	if (exit_status(status) != 0)
		test_fail(__FILE__, __LINE__, "the simulator ended with %d",
		    exit_status(status));
}

void
simproc_fault(struct simproc *s, const char *line)
{
	struct pollfd p = { s->control, POLLIN, 0 };
	char answer[300];
	ssize_t n;

	if (dprintf(s->control, "%s\n", line) < 0 || poll(&p, 1, 10000) <= 0 ||
	    (n = read(s->control, answer, sizeof answer - 1)) <= 0)
		test_fail(__FILE__, __LINE__, "%s: no answer", line);
	answer[n] = '\0';
	if (strcmp(answer, "ok\n") != 0)
		test_fail(__FILE__, __LINE__, "%s: %s", line, answer);
}

const char *
simproc_config(struct simproc *s, const char *name, const char *before)
{
	static char path[400];
	char *text = file_read(s->config), *all;

	CHECK(text != NULL);
	all = text_of("%s\n%s", before, text);
	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	file_write(path, all);
	free(text);
	free(all);
	return path;
}

unsigned
simproc_port(struct simproc *s, const char *name)
{
	char *text = file_read(s->config);
	char *want = text_of("name = \"%s\"", name), *at;
	unsigned port = 0;

	CHECK(text != NULL);
	at = strstr(text, want);
	at = at != NULL ? strstr(at, "@127.0.0.1:") : NULL;
	if (at != NULL)
		port = (unsigned)strtoul(at + 11, NULL, 10);
	free(text);
	free(want);
	CHECK(port > 0);
	return port;
}

/* --- the dashboard --- */

static int
dash_main(void *arg)
{
	extern char **environ;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	program_exec("rackmux", arg, (const char *const *)environ);
	return 127;
}

void
dash_start(
    struct vtx *x, int w, int h, const char *const *e, const char *const *argv)
{
	(void)program_path("rackmux");
	vtx_spawn(x, w, h, e, dash_main, (void *)(uintptr_t)argv);
}

void
check_terminal_clean(struct vtx *x)
{
	CHECK(!x->alt);
	CHECK(x->cursor_on);
	CHECK_INT(x->mouse, VTERM_PROP_MOUSE_NONE);
}

int
count_children(pid_t of)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		char *path, *stat, *p;
		int parent = 0;

		if (strtol(entry->d_name, NULL, 10) < 2)
			continue;
		path = text_of("/proc/%s/stat", entry->d_name);
		stat = file_read(path);
		p = stat != NULL ? strrchr(stat, ')') : NULL;
		if (p != NULL && sscanf(p, ") %*c %d", &parent) == 1 &&
		    parent == of)
			n++;
		free(path);
		free(stat);
	}
	if (dir != NULL)
		closedir(dir);
	return n;
}

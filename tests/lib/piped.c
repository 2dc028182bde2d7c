#include "piped.h"
#include "simproc.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 25000

static void
become(const int in[2], const int out[2], const int err[2],
    const char *const *argv)
{
	dup2(in[0], 0);
	dup2(out[1], 1);
	dup2(err[1], 2);
	setsid();
	alarm(0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	program_exec("rackmux", argv, program_env());
}

void
piped_start(struct piped *p, const char *first, ...)
{
	const char *argv[16];
	int in[2], out[2], err[2];
	size_t n = 0;
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a != NULL; a = va_arg(ap, const char *)) {
		CHECK(n + 1 < sizeof argv / sizeof argv[0]);
		argv[n++] = a;
	}
	va_end(ap);
	argv[n] = NULL;
	(void)program_env();
	(void)program_path("rackmux");
	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	    pipe2(err, O_CLOEXEC) == 0);
	memset(p, 0, sizeof *p);
	p->said = strdup("");
	p->told = strdup("");
	p->pid = fork();
	CHECK(p->pid >= 0);
	if (p->pid == 0)
		become(in, out, err, argv);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	p->in = in[1];
	p->out = out[0];
	p->err = err[0];
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
take(int *fd, char **text, size_t *len)
{
	char more[65536];
	ssize_t n = read(*fd, more, sizeof more);

	if (n <= 0) {
		if (n == 0 || errno != EINTR)
			shut(fd);
		return;
	}
	*text = realloc(*text, *len + (size_t)n + 1);
	CHECK(*text != NULL);
	memcpy(*text + *len, more, (size_t)n);
	*len += (size_t)n;
	(*text)[*len] = '\0';
}

/* Something came, or ended, before the end of patience. */
static bool
pump(struct piped *p, long long end)
{
	struct pollfd v[2] = { { p->out, POLLIN, 0 }, { p->err, POLLIN, 0 } };
	long long left = end - now_in_ms();

	if (left <= 0 || (p->out < 0 && p->err < 0) ||
	    poll(v, 2, (int)left) <= 0)
		return false;
	if (v[0].revents != 0)
		take(&p->out, &p->said, &p->said_len);
	if (v[1].revents != 0)
		take(&p->err, &p->told, &p->told_len);
	return true;
}

static void
await(struct piped *p, const char *where, char *const *text, const char *want)
{
	long long end = now_in_ms() + PATIENCE_MS;

	while (strstr(*text, want) == NULL)
		if (!pump(p, end))
			test_fail(__FILE__, __LINE__,
			    "no \"%s\" in %s; it said \"%s\" \"%s\"", want,
			    where, p->said, p->told);
}

void
piped_says(struct piped *p, const char *want)
{
	await(p, "stdout", &p->said, want);
}

void
piped_tells(struct piped *p, const char *want)
{
	await(p, "stderr", &p->told, want);
}

void
piped_type(struct piped *p, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(p->in, bytes, len);

		CHECK(n > 0);
		bytes += n;
		len -= (size_t)n;
	}
}

void
piped_end_input(struct piped *p)
{
	shut(&p->in);
}

void
piped_close_out(struct piped *p)
{
	shut(&p->out);
}

int
piped_wait(struct piped *p)
{
	long long end = now_in_ms() + PATIENCE_MS;
	int status;

	while (p->out >= 0 || p->err >= 0)
		if (!pump(p, end))
			test_fail(__FILE__, __LINE__,
			    "no end; it said \"%s\" \"%s\"", p->said, p->told);
	waitpid(p->pid, &status, 0);
	p->pid = 0;
	if (strstr(p->told, "Sanitizer") != NULL ||
	    strstr(p->told, "runtime error") != NULL)
		test_fail(__FILE__, __LINE__, "%s", p->told);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void
piped_release(struct piped *p)
{
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	shut(&p->in);
	shut(&p->out);
	shut(&p->err);
	free(p->said);
	free(p->told);
}

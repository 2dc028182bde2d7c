#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TESTS_MAX 512
#define TEST_DEADLINE_S 30

static struct {
	const char *name;
	test_fn *fn;
} tests[TESTS_MAX];
static size_t n_tests;
static char dir[256];

void
test_register(const char *name, test_fn *fn)
{
	if (n_tests == TESTS_MAX)
		abort();
	tests[n_tests].name = name;
	tests[n_tests++].fn = fn;
}

void
test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "# %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	fflush(NULL);
	_exit(1);
}

bool
test_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

const char *
test_dir(void)
{
	return dir;
}

const char *
test_write(const char *name, const char *text)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "we");
	CHECK(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
	return path;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static bool
run_one(const char *program, size_t i)
{
	const char *tmp = getenv("TMPDIR");
	int status = 0;
	pid_t pid;

	snprintf(dir, sizeof dir, "%s/rmtest-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL) {
		perror(dir);
		return false;
	}
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(TEST_DEADLINE_S);
		tests[i].fn();
		fflush(NULL);
		exit(0); /* the leak check runs here */
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		printf("ok %s\n", tests[i].name);
		return true;
	}
	if (WIFSIGNALED(status))
		fprintf(stderr, "# ended by signal %d (%s)\n", WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? "deadline"
						: strsignal(WTERMSIG(status)));
	printf("not ok %s (alone: %s %s)\n", tests[i].name, program,
	    tests[i].name);
	return false;
}

int
main(int argc, char **argv)
{
	bool good = true, found = false;

	for (size_t i = 0; i < n_tests; i++) {
		if (argc > 1 && strcmp(argv[1], tests[i].name) != 0)
			continue;
		found = true;
		good = run_one(argv[0], i) && good;
	}
	if (!found) {
		fprintf(stderr, "no such test\n");
		return 2;
	}
	return good ? 0 : 1;
}

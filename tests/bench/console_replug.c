/*
 * console_replug - how soon is a console heard again that was away?
 *
 * device pty|pipe PATH TIMES COMMAND...
 *	PATH is a serial device that goes and comes back, COMMAND shows it
 *	with a pty or a pipe as stdout: ms from its return to the first bytes
 *	of it that are shown: p50, longest, times, missed
 * relay pipe PORT TARGET TIMES COMMAND...
 *	COMMAND reaches 127.0.0.1:PORT, which is relayed to 127.1.0.1:TARGET,
 *	and shows a console that talks. All connections are dropped, and the
 *	port is closed for a second: ms from the port's return to the next
 *	connection, p50 and longest, from there to the console's first byte,
 *	p50 and longest, times, missed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "console_run.h"

#define MANY 1000
#define PAIRS 16

static struct run run;
static double first[MANY], second[MANY];
static int n_times, missed;

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
print_times(double *t)
{
	qsort(t, (size_t)n_times, sizeof t[0], compare);
	printf("%.2f %.2f ", n_times > 0 ? t[(n_times - 1) / 2] : 0,
	    n_times > 0 ? t[n_times - 1] : 0);
}

/* --- a device ----------------------------------------------------------------- */

/* The master's end of a new pty that is at PATH. */
static int
plug(const char *path)
{
	char name[128], tmp[4096];
	int master, slave;
	struct termios t;

	if (openpty(&master, &slave, name, NULL, NULL) != 0)
		exit(1);
	tcgetattr(slave, &t);
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	close(slave);
	fcntl(master, F_SETFL, O_NONBLOCK);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	snprintf(tmp, sizeof tmp, "%s.new", path);
	unlink(tmp);
	if (symlink(name, tmp) != 0 || rename(tmp, path) != 0)
		exit(1);
	return master;
}

/* Says who it is, again and again, as a node does that boots. */
static void
hear(int master, int i, double since)
{
	double end = since + 5000;
	char token[32];
	ssize_t n;

	snprintf(token, sizeof token, "<%d-is-back>\r\n", i);
	run_forget(&run);
	while (run_now_ms() < end) {
		n = write(master, token, strlen(token));
		(void)n;
		if (!run_wait(&run, "-is-back>", 1))
			continue;
		if (i > 0)
			first[n_times++] = run.last_ms - since;
		return;
	}
	missed++;
}

static int
cmd_device(char **argv)
{
	int pty = strcmp(argv[2], "pty") == 0;
	int n = (int)strtol(argv[4], NULL, 10), master = plug(argv[3]);

	if (!run_start(&run, pty ? 24 : 0, 80, argv + 5))
		return 1;
	hear(master, 0, run_now_ms());
	for (int i = 1; i <= n && i < MANY; i++) {
		run_drain(&run, 300);
		unlink(argv[3]);
		close(master);
		run_drain(&run, 700);
		run_forget(&run);
		double since = run_now_ms();
		master = plug(argv[3]);
		hear(master, i, since);
	}
	print_times(first);
	printf("%d %d\n", n_times, missed);
	run_end(&run);
	unlink(argv[3]);
	return missed > 0;
}

/* --- a connection -------------------------------------------------------------- */

static int pair[PAIRS][2], n_pairs, listener = -1;
static double accepted;

static struct sockaddr_in
address(const char *host, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	inet_pton(AF_INET, host, &a.sin_addr);
	a.sin_port = htons((unsigned short)port);
	return a;
}

static void
open_port(int port)
{
	struct sockaddr_in a = address("127.0.0.1", port);
	int on = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(listener, 8) != 0) {
		perror("console_replug");
		exit(1);
	}
}

static void
close_all(void)
{
	close(listener);
	listener = -1;
	for (int i = 0; i < n_pairs; i++) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	n_pairs = 0;
}

static void
take_one(int target)
{
	struct sockaddr_in a = address("127.1.0.1", target);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || to < 0 || n_pairs == PAIRS ||
	    connect(to, (struct sockaddr *)&a, sizeof a) != 0)
		exit(1);
	if (accepted == 0)
		accepted = run_now_ms();
	pair[n_pairs][0] = fd;
	pair[n_pairs++][1] = to;
}

static void
pass(int i, int from)
{
	char buf[65536];
	ssize_t n = read(pair[i][from], buf, sizeof buf), k, done = 0;

	while (done < n &&
	    (k = write(pair[i][!from], buf + done, (size_t)(n - done))) > 0)
		done += k;
	if (n > 0 && done == n)
		return;
	close(pair[i][0]);
	close(pair[i][1]);
	memmove(
	    &pair[i], &pair[i + 1], (size_t)(--n_pairs - i) * sizeof pair[0]);
}

/* Relays until the program wrote something after SINCE, ms at most. */
static bool
relay(int target, double ms, bool until_heard)
{
	double end = run_now_ms() + ms;
	struct pollfd p[2 * PAIRS + 2];

	while (run_now_ms() < end) {
		int n = 0, pairs = n_pairs;

		p[n++] = (struct pollfd){ .fd = run.fd, .events = POLLIN };
		p[n++] = (struct pollfd){ .fd = listener, .events = POLLIN };
		for (int i = 0; i < pairs; i++)
			for (int k = 0; k < 2; k++)
				p[n++] = (struct pollfd){ .fd = pair[i][k],
					.events = POLLIN };
		if (poll(p, (nfds_t)n, 50) <= 0)
			continue;
		if (p[0].revents != 0) {
			if (!run_drain(&run, 0.05))
				return false;
			if (until_heard)
				return true;
		}
		for (int i = pairs - 1; i >= 0; i--)
			if (p[2 + 2 * i].revents != 0)
				pass(i, 0);
			else if (p[3 + 2 * i].revents != 0)
				pass(i, 1);
		if (p[1].revents != 0)
			take_one(target);
	}
	return !until_heard;
}

static int
cmd_relay(char **argv)
{
	int port = (int)strtol(argv[3], NULL, 10);
	int target = (int)strtol(argv[4], NULL, 10);
	int n = (int)strtol(argv[5], NULL, 10);

	open_port(port);
	if (!run_start(&run, 0, 0, argv + 6) || !relay(target, 15000, true))
		return 1;
	for (int i = 0; i < n && i < MANY; i++) {
		double since;

		relay(target, 500, false);
		close_all();
		run_drain(&run, 1000);
		accepted = 0;
		since = run_now_ms();
		open_port(port);
		if (!relay(target, 30000, true) || accepted == 0) {
			missed++;
			continue;
		}
		first[n_times] = accepted - since;
		second[n_times++] = run.last_ms - accepted;
	}
	print_times(first);
	print_times(second);
	printf("%d %d\n", n_times, missed);
	run_end(&run);
	return missed > 0;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &sa, NULL);
	if (argc >= 6 && strcmp(argv[1], "device") == 0)
		return cmd_device(argv);
	if (argc >= 7 && strcmp(argv[1], "relay") == 0)
		return cmd_relay(argv);
	fprintf(stderr, "usage: console_replug device|relay ...\n");
	return 2;
}

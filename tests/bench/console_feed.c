/*
 * console_feed - the nodes' side of the console benchmarks.
 *
 * out KIND RATE BYTES [MARK]   on stdout; nothing if the file MARK exists
 * fill COLS LINES              LINES full lines, then silence
 * ptys DIR N RATE BYTES        N serial devices DIR/p001...
 * tcp DIR N RATE SECONDS       N ports, listed in DIR/ports, whose connections
 *                              are cut at random; DIR/sent says what was sent
 *
 * KIND is log, colour or utf8, RATE bytes a second of one console (0: all it
 * takes), BYTES where each ends (0: never). Text comes in whole lines, as a
 * node prints them, and each console in a phase of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "console_text.h"

#define MANY 1024
#define STEP_MS 20
#define CHUNK 16384

static volatile sig_atomic_t ended;

static void
on_end(int signum)
{
	(void)signum;
	ended = 1;
}

static unsigned long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000 +
	    (unsigned long long)ts.tv_nsec / 1000000;
}

static void
nap(unsigned ms)
{
	poll(NULL, 0, (int)ms);
}

static void
make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return;
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
}

/* --- stdout ---------------------------------------------------------------- */

static size_t
line_of(const char *kind, char *out, unsigned long long i)
{
	if (strcmp(kind, "colour") == 0)
		return colour_text(out, i);
	if (strcmp(kind, "utf8") == 0)
		return utf8_text(out, i);
	return log_text(out, 1, i);
}

static bool
put(const char *s, size_t len)
{
	while (len > 0 && !ended) {
		ssize_t n = write(1, s, len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
	return !ended;
}

static void
idle(void)
{
	while (!ended)
		nap(1000);
}

/* False when nobody reads any more. */
static bool
out(const char *kind, double rate, unsigned long long bytes)
{
	static char chunk[CHUNK + LINE_MAX_BYTES];
	unsigned long long sent = 0, i = 0, start = now_ms();
	size_t want, len;

	while (bytes == 0 || sent < bytes) {
		want = CHUNK;
		if (rate > 0) {
			nap(STEP_MS);
			want =
			    (size_t)(rate * (double)(now_ms() - start) / 1000) -
			    (size_t)sent;
			if (want < LOG_LINE)
				continue;
			want = want > CHUNK ? CHUNK : want;
		}
		for (len = 0; len + LINE_MAX_BYTES < want || len == 0;)
			len += line_of(kind, chunk + len, i++);
		if (bytes > 0 && sent + len > bytes)
			len = (size_t)(bytes - sent);
		if (!put(chunk, len))
			return false;
		sent += len;
	}
	return true;
}

static int
cmd_out(int argc, char **argv)
{
	make_raw(1);
	if (argc > 5) {
		int fd = open(argv[5], O_CREAT | O_EXCL | O_WRONLY, 0600);

		if (fd < 0) {
			idle();
			return 0;
		}
		close(fd);
	}
	if (out(argv[2], strtod(argv[3], NULL), strtoull(argv[4], NULL, 10)))
		idle();
	return 0;
}

static int
cmd_fill(char **argv)
{
	unsigned cols = (unsigned)strtoul(argv[2], NULL, 10);
	unsigned lines = (unsigned)strtoul(argv[3], NULL, 10);

	make_raw(1);
	for (unsigned i = 0; i < lines; i++) {
		char s[1024];
		unsigned k;

		for (k = 0; k < cols && k < sizeof s; k++)
			s[k] = (char)('!' + (i * 7 + k * (k + i)) % 94);
		if (!put(i > 0 ? "\r\n" : "", i > 0 ? 2 : 0) || !put(s, k))
			return 1;
	}
	idle();
	return 0;
}

/* --- many lines ------------------------------------------------------------- */

static struct line {
	int fd; /* -1: nobody is connected */
	int listener;
	unsigned long long start, sent, due; /* offsets in the text */
	unsigned long long cut_at; /* ms; 0: not */
	bool closing; /* all is sent, and the peer must end it */
} lines[MANY];
static unsigned n_lines;
static FILE *book;

static void
text_at(char *to, size_t len, unsigned n, unsigned long long from)
{
	char s[LINE_MAX_BYTES];

	while (len > 0) {
		size_t skip = (size_t)(from % LOG_LINE), take = LOG_LINE - skip;

		log_text(s, n, from / LOG_LINE);
		take = take < len ? take : len;
		memcpy(to, s + skip, take);
		to += take;
		from += take;
		len -= take;
	}
}

/* What is due goes out, as far as it is taken. */
static void
send_due(struct line *l, unsigned n)
{
	char chunk[CHUNK];

	while (l->fd >= 0 && l->sent < l->due) {
		size_t want = (size_t)(l->due - l->sent);
		ssize_t got;

		want = want > sizeof chunk ? sizeof chunk : want;
		text_at(chunk, want, n, l->sent);
		got = write(l->fd, chunk, want);
		if (got <= 0)
			return;
		l->sent += (unsigned long long)got;
	}
}

static unsigned long long
due_of(double rate, unsigned long long ms, unsigned long long bytes)
{
	unsigned long long due = (unsigned long long)(rate * (double)ms / 1000);

	due -= due % LOG_LINE;
	if (rate <= 0)
		due = bytes;
	return bytes > 0 && due > bytes ? bytes : due;
}

static int
cmd_ptys(char **argv)
{
	double rate = strtod(argv[4], NULL);
	unsigned long long bytes = strtoull(argv[5], NULL, 10), start, late = 0;
	char path[4096];
	int slave;

	n_lines = (unsigned)strtoul(argv[3], NULL, 10);
	for (unsigned i = 0; i < n_lines && i < MANY; i++) {
		struct line *l = &lines[i];

		if (openpty(&l->fd, &slave, path, NULL, NULL) != 0)
			return 1;
		make_raw(slave);
		fcntl(l->fd, F_SETFL, O_NONBLOCK);
		/* The slave stays open: bytes wait for who comes late. */
		l->listener = slave;
		char link[4200];
		snprintf(link, sizeof link, "%s/p%03u", argv[2], i + 1);
		if (symlink(path, link) != 0)
			return 1;
	}
	printf("ready\n");
	fflush(stdout);
	start = now_ms();
	for (unsigned turn = 0; !ended; turn++) {
		unsigned long long ms = now_ms() - start;

		for (unsigned i = turn % STEP_MS; i < n_lines; i += STEP_MS) {
			lines[i].due = due_of(rate, ms, bytes);
			send_due(&lines[i], i + 1);
		}
		nap(1);
	}
	for (unsigned i = 0; i < n_lines; i++)
		if (lines[i].due - lines[i].sent > late)
			late = lines[i].due - lines[i].sent;
	printf("late %llu\n", late);
	return 0;
}

/* --- connections that are cut ------------------------------------------------ */

static unsigned seed = 1;

static unsigned
chance(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % below;
}

static void
note(const struct line *l, const char *how)
{
	fprintf(book, "%u %llu %llu %s\n", (unsigned)(l - lines) + 1, l->start,
	    l->sent, how);
}

/* Every other one is reset, which loses what was under way. */
static void
cut(struct line *l, bool reset)
{
	struct linger hard = { .l_onoff = 1 };

	l->cut_at = 0;
	note(l, reset ? "reset" : "end");
	if (reset) {
		setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
		close(l->fd);
		l->fd = -1;
		return;
	}
	shutdown(l->fd, SHUT_WR);
	l->closing = true;
}

static void
serve(struct line *l, unsigned long long ms, double rate)
{
	char junk[256];

	if (l->closing) {
		if (recv(l->fd, junk, sizeof junk, MSG_DONTWAIT) == 0 ||
		    (errno != EAGAIN && errno != EINTR)) {
			close(l->fd);
			l->fd = -1;
			l->closing = false;
		}
		return;
	}
	if (l->fd < 0) {
		l->fd = accept4(
		    l->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (l->fd < 0)
			return;
		/* What it printed meanwhile is gone, mid-line and all. */
		l->start = l->sent =
		    (unsigned long long)(rate * (double)ms / 1000);
		l->cut_at = ms + 2000 + chance(18000);
	}
	l->due = (unsigned long long)(rate * (double)ms / 1000);
	send_due(l, (unsigned)(l - lines) + 1);
	if (ms >= l->cut_at && l->sent > l->start)
		cut(l, chance(2) == 0);
}

static bool
listen_at(struct line *l, FILE *ports)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l->fd = -1;
	l->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (l->listener < 0 ||
	    bind(l->listener, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(l->listener, 4) != 0 ||
	    getsockname(l->listener, (struct sockaddr *)&a, &len) != 0)
		return false;
	fprintf(ports, "%u\n", ntohs(a.sin_port));
	return true;
}

static FILE *
make(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return fopen(path, "w");
}

/* The last stretches end well, and nothing is served after them. */
static void
end_all(void)
{
	for (unsigned i = 0; i < n_lines; i++) {
		close(lines[i].listener);
		if (lines[i].fd >= 0 && !lines[i].closing)
			cut(&lines[i], false);
	}
	fclose(book);
	nap(3000);
}

static int
cmd_tcp(char **argv)
{
	double rate = strtod(argv[4], NULL), seconds = strtod(argv[5], NULL);
	FILE *ports = make(argv[2], "ports");
	unsigned long long start;

	n_lines = (unsigned)strtoul(argv[3], NULL, 10);
	book = make(argv[2], "sent");
	if (ports == NULL || book == NULL || n_lines > MANY)
		return 1;
	for (unsigned i = 0; i < n_lines; i++)
		if (!listen_at(&lines[i], ports))
			return 1;
	fclose(ports);
	printf("ready\n");
	fflush(stdout);
	start = now_ms();
	for (unsigned turn = 0; !ended; turn++) {
		unsigned long long ms = now_ms() - start;

		if ((double)ms > seconds * 1000)
			break;
		for (unsigned i = turn % STEP_MS; i < n_lines; i += STEP_MS)
			serve(&lines[i], ms, rate);
		nap(1);
	}
	end_all();
	return 0;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_end };

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	if (argc >= 5 && strcmp(argv[1], "out") == 0)
		return cmd_out(argc, argv);
	if (argc == 4 && strcmp(argv[1], "fill") == 0)
		return cmd_fill(argv);
	if (argc == 6 && strcmp(argv[1], "ptys") == 0)
		return cmd_ptys(argv);
	if (argc == 6 && strcmp(argv[1], "tcp") == 0)
		return cmd_tcp(argv);
	fprintf(stderr, "usage: console_feed out|fill|ptys|tcp ...\n");
	return 2;
}

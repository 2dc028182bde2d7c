#include "rackmux/ui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"

/*
 * Both descriptors are opened anew by the terminal's name: O_NONBLOCK belongs
 * to the open file, and the one that we inherited is the shell's too. It
 * would be left with it, and whatever it runs next would fail to read.
 */

struct tty {
	struct loop *loop;
	int in, out;
	bool own_in, own_out;
	int in_flags; /* as found, where it is not our own */
	struct termios cooked;
	bool is_raw;
	struct buf queue;
	struct io *writer, *reader;
	loop_fn *on_drain;
	void *drain_arg;
	tty_read_fn *on_read;
	void *read_arg;
	unsigned long long bytes;
	double rate; /* bytes a second; 0: what it takes */
	double allowed; /* bytes, at paced_at */
	uint64_t paced_at;
	struct timer *pace;
};

/* What may go at once after quiet, in ms of the rate. */
#define BURST_MS 50

/* Only what a signal handler may touch. */
static struct {
	int fd;
	struct termios cooked;
	char restore[256];
	size_t len;
} guard = { .fd = -1 };
static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL,
	SIGSYS };

static int
open_again(int fd, int mode)
{
	char name[128];

	if (ttyname_r(fd, name, sizeof name) != 0)
		return -1;
	return open(name, mode | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

struct tty *
tty_new(struct loop *loop, int in, int out, char *err, size_t size)
{
	struct termios cooked;
	struct tty *t;

	if (tcgetattr(in, &cooked) != 0) {
		str_copy(err, size,
		    "standard input is not a terminal; see \"rackmux "
		    "status\" for output without one");
		return NULL;
	}
	if (!isatty(out)) {
		str_copy(err, size,
		    "standard output is not a terminal; see \"rackmux "
		    "status\" for output without one");
		return NULL;
	}
	t = mem_alloc(sizeof *t);
	t->loop = loop;
	t->cooked = cooked;
	t->in_flags = fcntl(in, F_GETFL);
	t->in = open_again(in, O_RDONLY);
	t->own_in = t->in >= 0;
	if (!t->own_in)
		t->in = in;
	t->out = open_again(out, O_WRONLY);
	t->own_out = t->out >= 0;
	if (!t->own_out)
		t->out = out;
	buf_init(&t->queue, 0);
	return t;
}

void
tty_free(struct tty *t)
{
	if (t == NULL)
		return;
	tty_guard(t, NULL);
	tty_cooked(t);
	io_free(t->writer);
	io_free(t->reader);
	timer_free(t->pace);
	if (t->own_out)
		close(t->out);
	if (t->own_in)
		close(t->in);
	buf_release(&t->queue);
	free(t);
}

bool
tty_raw(struct tty *t)
{
	struct termios raw = t->cooked;

	raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK |
	    ISTRIP | IXON | PARMRK);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
	raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (!t->own_in && t->in_flags >= 0 && t->reader != NULL)
		fcntl(t->in, F_SETFL, t->in_flags | O_NONBLOCK);
	t->is_raw = tcsetattr(t->in, TCSANOW, &raw) == 0;
	return t->is_raw;
}

void
tty_cooked(struct tty *t)
{
	if (t->is_raw)
		tcsetattr(t->in, TCSANOW, &t->cooked);
	if (!t->own_in && t->in_flags >= 0)
		fcntl(t->in, F_SETFL, t->in_flags);
	t->is_raw = false;
}

void
tty_size(const struct tty *t, int *w, int *h)
{
	struct winsize ws = { 0 };

	*w = 80;
	*h = 24;
	if (ioctl(t->out, TIOCGWINSZ, &ws) != 0)
		return;
	if (ws.ws_col > 0)
		*w = ws.ws_col;
	if (ws.ws_row > 0)
		*h = ws.ws_row;
}

/* --- output ------------------------------------------------------------- */

static void writable(void *, int events);

/* How much of the queue the rate lets through now. */
static size_t
may_send(struct tty *t)
{
	uint64_t now = loop_now(t->loop);
	double burst = t->rate * BURST_MS / 1000;

	if (t->rate <= 0)
		return t->queue.len;
	if (burst < 1)
		burst = 1;
	t->allowed += t->rate * (double)(now - t->paced_at) / 1000;
	t->paced_at = now;
	if (t->allowed > burst)
		t->allowed = burst;
	return t->allowed < (double)t->queue.len ? (size_t)t->allowed
						 : t->queue.len;
}

/* Writes what is taken now; false when the terminal is gone. */
static bool
write_some(struct tty *t)
{
	size_t len;

	while (t->queue.len > 0 && (len = may_send(t)) > 0) {
		struct pollfd p = { .fd = t->out, .events = POLLOUT };
		ssize_t n;

		/* A descriptor that may block gets what surely fits. */
		if (!t->own_out) {
			if (poll(&p, 1, 0) <= 0)
				return true;
			len = len > 256 ? 256 : len;
		}
		n = write(t->out, t->queue.data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0) {
			buf_clear(&t->queue);
			return false;
		}
		buf_drop(&t->queue, (size_t)n);
		t->allowed -= t->rate > 0 ? (double)n : 0;
	}
	return true;
}

/* What is left waits for the terminal, or for its time. */
static void
wait_on(struct tty *t)
{
	bool paced = t->rate > 0 && t->allowed < 1;

	if (t->writer == NULL)
		t->writer = io_new(t->loop, t->out, writable, t);
	io_want(t->writer, t->queue.len > 0 && !paced ? IO_WRITE : 0);
	if (t->queue.len > 0 && paced)
		timer_start(t->pace, BURST_MS / 2);
}

static void
paced(void *arg)
{
	writable(arg, IO_WRITE);
}

void
tty_limit(struct tty *t, unsigned rate)
{
	/* The burst is kept back, so that no second has more than rate. */
	t->rate = rate * (1 - BURST_MS / 1000.0);
	t->paced_at = loop_now(t->loop);
	if (t->pace == NULL)
		t->pace = timer_new(t->loop, paced, t);
}

static void
writable(void *arg, int events)
{
	struct tty *t = arg;

	if ((events & IO_HUP) && t->writer != NULL) {
		buf_clear(&t->queue);
		io_free(t->writer);
		t->writer = NULL;
		return;
	}
	write_some(t);
	wait_on(t);
	if (t->queue.len == 0 && t->on_drain != NULL)
		t->on_drain(t->drain_arg);
}

void
tty_write(struct tty *t, const char *s, size_t len)
{
	t->bytes += len;
	buf_add(&t->queue, s, len);
	if (write_some(t) && t->queue.len > 0)
		wait_on(t);
}

size_t
tty_pending(const struct tty *t)
{
	int waiting = 0;

	if (t->queue.len == 0 && ioctl(t->out, TIOCOUTQ, &waiting) == 0 &&
	    waiting > 4096)
		return (size_t)waiting;
	return t->queue.len;
}

static long long
clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

void
tty_flush(struct tty *t, int ms)
{
	long long end = clock_ms() + ms, left;
	double rate = t->rate;

	/* Who leaves has no time for a rate. */
	t->rate = 0;
	while (write_some(t) && t->queue.len > 0 &&
	    (left = end - clock_ms()) > 0) {
		struct pollfd p = { .fd = t->out, .events = POLLOUT };

		poll(&p, 1, (int)left);
	}
	t->rate = rate;
	buf_clear(&t->queue);
}

void
tty_on_drain(struct tty *t, loop_fn *fn, void *arg)
{
	t->on_drain = fn;
	t->drain_arg = arg;
}

unsigned long long
tty_bytes(const struct tty *t)
{
	return t->bytes;
}

/* --- input -------------------------------------------------------------- */

static void
readable(void *arg, int events)
{
	struct tty *t = arg;
	char bytes[4096];
	ssize_t n = 0;

	if (events & IO_READ) {
		n = read(t->in, bytes, sizeof bytes);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			return;
	}
	if (n <= 0) {
		io_want(t->reader, 0);
		n = 0;
	}
	t->on_read(t->read_arg, bytes, (size_t)n);
	mem_wipe(bytes, (size_t)n); /* perhaps a password */
}

void
tty_on_read(struct tty *t, tty_read_fn *fn, void *arg)
{
	t->on_read = fn;
	t->read_arg = arg;
	if (t->reader == NULL)
		t->reader = io_new(t->loop, t->in, readable, t);
	io_want(t->reader, IO_READ);
}

/* --- when things end badly ---------------------------------------------- */

static void
crash(int signum)
{
	ssize_t n RM_UNUSED;

	if (guard.fd >= 0) {
		n = write(guard.fd, guard.restore, guard.len);
		tcsetattr(guard.fd, TCSANOW, &guard.cooked);
	}
	raise(signum); /* SA_RESETHAND: now it means what it meant */
}

void
tty_guard(struct tty *t, const char *restore)
{
	struct sigaction sa = { .sa_handler = crash };

	guard.fd = -1;
	if (restore != NULL) {
		str_copy(guard.restore, sizeof guard.restore, restore);
		guard.len = strlen(guard.restore);
		guard.cooked = t->cooked;
		guard.fd = t->out;
		sa.sa_flags = (int)SA_RESETHAND;
	} else
		sa.sa_handler = SIG_DFL;
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		sigaction(crashes[i], &sa, NULL);
}

bool
tty_stop_process(void)
{
	/* A session leader has no shell that would continue it. */
	if (getsid(0) == getpid())
		return false;
	return raise(SIGSTOP) == 0;
}

#include "rackmux/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/text.h"

/*
 * One write a line, so that two programs may share a file. Lines are cleaned:
 * what a board said must not work on the terminal of whoever reads the log.
 */

static int log_fd = -1;
static enum log_level log_max;

int
log_open(const char *path, enum log_level level)
{
	/* A pipe that nobody reads must not hold us. */
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
		O_NONBLOCK | O_NOCTTY,
	    0600);

	if (fd < 0)
		return -errno;
	log_close();
	log_fd = fd;
	log_max = level;
	return 0;
}

void
log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char text[1024], clean[1024], line[1200];
	struct timespec ts;
	struct tm tm;
	va_list ap;
	size_t n;

	if (log_fd < 0 || level > log_max)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	text_clean(clean, sizeof clean, text, strlen(text));
	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %s %s\n",
	    ts.tv_nsec / 1000000, names[level], clean);
	/* A full disk must not stop the program: a lost line is lost. */
	if (write(log_fd, line, n) < 0)
		return;
}

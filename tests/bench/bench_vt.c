/*
 * bench_vt - what the terminal of a pane costs.
 *
 * "speed KIND COLSxROWS MB/CPU-second" for plain, coloured and UTF-8 text, in
 * pieces of 8 kB as a link delivers them, and for plain text that is compressed
 * as it scrolls off; "memory WHAT bytes" as the kernel counts it. The memory is
 * measured first, in an empty process. "bench_vt speed" or "bench_vt memory"
 * does one of the two.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/console/vt.h"

#define PIECE 8192
#define CORPUS (4u << 20)
#define SECONDS 1.0
#define VTS 256

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Without the pages of the program itself. */
static size_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all, pages = 0, shared = 0;

	if (f != NULL && fscanf(f, "%lu %lu %lu", &all, &pages, &shared) != 3)
		pages = shared = 0;
	if (f != NULL)
		fclose(f);
	return (pages - shared) * (size_t)sysconf(_SC_PAGESIZE);
}

/* A line of a log, 79 columns. */
static void
log_line(struct buf *b, unsigned i)
{
	static const char *const units[] = { "kernel: usb 1-1.4: new device",
		"systemd[1]: Started Session 14 of user",
		"sshd[812]: Accepted publickey for ops",
		"dhclient[590]: bound to 10.0.3.17 renewal" };
	char line[128];
	int n = snprintf(line, sizeof line, "[%8u.%06u] node-%02u %s #%u",
	    i / 7, i * 7919u % 1000000u, i % 64, units[i % 4],
	    i * 2654435761u % 100000u);

	for (; n < 79; n++)
		line[n] = (char)('a' + ((unsigned)n * 7 + i) % 26);
	line[79] = '\0';
	buf_printf(b, "%s\r\n", line);
}

static void
coloured_line(struct buf *b, unsigned i)
{
	buf_printf(b,
	    "\033[32m[  OK  ]\033[0m Started \033[1;38;5;%um%s-%u\033[0m "
	    "\033[38;2;%u;%u;%um%08x\033[0;7m done \033[m in \033[33m%u ms"
	    "\033[39m\r\n",
	    i % 256, "unit", i, i % 256, i / 3 % 256, i / 7 % 256,
	    i * 2654435761u, i % 1000);
}

static void
utf8_line(struct buf *b, unsigned i)
{
	static const char *const words[] = { "\xe6\xbc\xa2\xe5\xad\x97",
		"gr\xc3\xbc\xc3\x9f", "\xd0\xbc\xd0\xb8\xd1\x80",
		"e\xcc\x81t\xc3\xa9", "\xf0\x9f\x98\x80",
		"\xe2\x94\x80\xe2\x94\x82" };

	for (unsigned k = 0; k < 12; k++)
		buf_printf(b, "%s ", words[(i + k * k) % 6]);
	buf_puts(b, "\r\n");
}

static void
speed(
    const char *kind, void (*line)(struct buf *, unsigned), int rows, int cols)
{
	struct vt *vt = vt_new(rows, cols, 10000);
	struct buf b;
	double start, spent;
	size_t fed = 0;

	buf_init(&b, 0);
	for (unsigned i = 0; b.len < CORPUS; i++)
		line(&b, i);
	start = cpu_seconds();
	do {
		for (size_t at = 0; at < b.len; at += PIECE)
			vt_feed(vt, b.data + at,
			    b.len - at < PIECE ? b.len - at : PIECE);
		fed += b.len;
		spent = cpu_seconds() - start;
	} while (spent < SECONDS);
	printf("speed %s %dx%d %.1f\n", kind, cols, rows,
	    (double)fed / 1e6 / spent);
	buf_release(&b);
	vt_free(vt);
}

static void
memory(const char *what, unsigned vts, unsigned lines, int rows, int cols)
{
	struct vt *vt[VTS];
	struct buf b;
	size_t before, told = 0;

	buf_init(&b, 0);
	for (unsigned i = 0; i < lines + (unsigned)rows; i++)
		log_line(&b, i);
	before = resident();
	for (unsigned i = 0; i < vts; i++)
		vt[i] = vt_new(rows, cols, lines);
	/* As consoles talk: all at once, each a little. */
	for (size_t at = 0; at < b.len; at += PIECE)
		for (unsigned i = 0; i < vts; i++)
			vt_feed(vt[i], b.data + at,
			    b.len - at < PIECE ? b.len - at : PIECE);
	for (unsigned i = 0; i < vts; i++)
		told += vt_memory(vt[i]);
	printf("memory %s %dx%d %zu told %zu\n", what, cols, rows,
	    resident() - before, told);
	for (unsigned i = 0; i < vts; i++)
		vt_free(vt[i]);
	buf_release(&b);
}

static void
speeds(int rows, int cols)
{
	speed("plain", log_line, rows, cols);
	speed("coloured", coloured_line, rows, cols);
	speed("utf8", utf8_line, rows, cols);
}

int
main(int argc, char **argv)
{
	bool all = argc < 2;

	if (all || strcmp(argv[1], "memory") == 0) {
		memory("10000-lines", 1, 10000, 24, 80);
		memory("256x2400-lines", VTS, 2400, 24, 80);
	}
	if (!all && strcmp(argv[1], "wide") == 0)
		memory("256x2400-lines", VTS, 2400, 60, 200);
	if (all || strcmp(argv[1], "speed") == 0) {
		speeds(24, 80);
		speeds(60, 200);
		/* As where there are many: every line is compressed. */
		vt_keep_plain(0);
		speed("squeezed", log_line, 24, 80);
	}
	return 0;
}

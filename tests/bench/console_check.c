/*
 * console_check - is in the logs of consoles what was sent?
 *
 * console_check DIR LOGS: DIR/sent is what console_feed tcp wrote; LOGS holds
 * r1/1.log, r1/1.log.1, ... as docs/console-log.md describes them, 64 consoles
 * a board. A connection that
 * ended well must be there whole, of one that was reset what came before the
 * rest was lost: anything else is a byte lost, doubled or torn. Stretches are
 * compared by a hash of each, and counted.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console_text.h"

#define FILES 100

struct stretch {
	unsigned long long start, end; /* sent */
	bool whole;
};

struct got {
	char *data;
	size_t len, room;
	size_t at[4096]; /* where stretches begin */
	unsigned n;
};

static unsigned long long sent_bytes, got_bytes, bad;
static unsigned stretches;

static unsigned long long
hash_byte(unsigned long long h, unsigned char c)
{
	return (h ^ c) * 1099511628211ull;
}

static void
add(struct got *g, char c)
{
	if (g->len == g->room) {
		g->room = g->room * 2 + 65536;
		g->data = realloc(g->data, g->room);
		if (g->data == NULL)
			exit(1);
	}
	g->data[g->len++] = c;
}

/* One line of the log, without its newline. */
static void
take_line(struct got *g, const char *s, size_t len)
{
	const char *text = memchr(s, ' ', len), *end = s + len;
	bool open = false;

	if (text == NULL)
		return;
	text++;
	if (end - text >= 3 && memcmp(text, "-- ", 3) == 0) {
		if (end - text > 6 && memcmp(text + 3, "gap", 3) == 0 &&
		    g->n < 4096)
			g->at[g->n++] = g->len;
		return;
	}
	while (text < end) {
		if (*text != '\\') {
			add(g, *text++);
		} else if (text + 1 == end) {
			open = true;
			text++;
		} else if (text[1] == 'n' && text + 2 == end) {
			add(g, '\n');
			return;
		} else if (text[1] == 'x' && text + 4 <= end) {
			char hex[3] = { text[2], text[3], '\0' };

			add(g, (char)strtoul(hex, NULL, 16));
			text += 4;
		} else {
			add(g, text[1]);
			text += 2;
		}
	}
	if (!open) {
		add(g, '\r');
		add(g, '\n');
	}
}

/* A last line without its newline has no end yet. */
static void
take_file(struct got *g, const char *path)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while (f != NULL && (n = getline(&line, &room, f)) > 0) {
		bool ended = line[n - 1] == '\n';

		take_line(g, line, (size_t)n - (ended ? 1 : 0));
		if (!ended && g->len >= 2)
			g->len -= 2;
	}
	free(line);
	if (f != NULL)
		fclose(f);
}

static void
take_log(struct got *g, const char *dir, unsigned n)
{
	char path[4096];

	g->len = g->n = 0;
	g->at[g->n++] = 0;
	for (int i = FILES; i >= 0; i--) {
		int len = snprintf(path, sizeof path, "%s/r%u/%u.log", dir,
		    (n - 1) / 64 + 1, (n - 1) % 64 + 1);

		if (i > 0)
			snprintf(
			    path + len, sizeof path - (size_t)len, ".%d", i);
		if (access(path, R_OK) == 0)
			take_file(g, path);
	}
}

static bool
same(const struct got *g, size_t from, size_t len, unsigned n,
    const struct stretch *s)
{
	unsigned long long a = 14695981039346656037ull, b = a;
	char line[LINE_MAX_BYTES];

	for (size_t i = 0; i < len; i++) {
		unsigned long long at = s->start + i;

		if (i == 0 || at % LOG_LINE == 0)
			log_text(line, n, at / LOG_LINE);
		a = hash_byte(a, (unsigned char)line[at % LOG_LINE]);
		b = hash_byte(b, (unsigned char)g->data[from + i]);
	}
	return a == b;
}

static void
complain(unsigned n, unsigned i, const struct stretch *s, size_t len)
{
	if (bad++ < 10)
		fprintf(stderr,
		    "console %u, stretch %u: %llu bytes sent (%s), %zu "
		    "captured\n",
		    n, i, s->end - s->start, s->whole ? "ended" : "reset", len);
}

static void
compare(struct got *g, unsigned n, const struct stretch *s, unsigned n_s)
{
	unsigned k = 0;

	for (unsigned i = 0; i < g->n; i++) {
		size_t end = i + 1 < g->n ? g->at[i + 1] : g->len;
		size_t len = end - g->at[i];

		got_bytes += len;
		if (len == 0)
			continue;
		/* A connection of which nothing came left no trace. */
		while (k < n_s && !s[k].whole &&
		    !same(g, g->at[i], len < 81 ? len : 81, n, &s[k]))
			k++;
		if (k == n_s) {
			bad++;
			fprintf(
			    stderr, "console %u: %zu bytes too many\n", n, len);
			return;
		}
		if (len > s[k].end - s[k].start ||
		    (s[k].whole && len != s[k].end - s[k].start) ||
		    !same(g, g->at[i], len, n, &s[k]))
			complain(n, k, &s[k], len);
		stretches++;
		k++;
	}
	for (; k < n_s; k++)
		if (s[k].whole)
			complain(n, k, &s[k], 0);
}

int
main(int argc, char **argv)
{
	static struct stretch s[1024][256];
	static unsigned n_s[1024];
	static struct got g;
	unsigned long long from, to;
	char path[4096], how[16];
	unsigned n;
	FILE *f;

	if (argc != 3)
		return 2;
	snprintf(path, sizeof path, "%s/sent", argv[1]);
	f = fopen(path, "r");
	while (f != NULL &&
	    fscanf(f, "%u %llu %llu %15s", &n, &from, &to, how) == 4) {
		if (n >= 1024 || n_s[n] == 256)
			return 2;
		s[n][n_s[n]++] = (struct stretch){ from, to, how[0] == 'e' };
		sent_bytes += to - from;
	}
	for (n = 1; n < 1024; n++)
		if (n_s[n] > 0) {
			take_log(&g, argv[2], n);
			compare(&g, n, s[n], n_s[n]);
		}
	printf("%llu %llu %u %llu\n", sent_bytes, got_bytes, stretches, bad);
	return bad > 0 || stretches == 0;
}

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rackmux/base/text.h"
#include "logfile_in.h"

/*
 * A line of the file is a time, a blank, and text. CR LF of the node is its
 * end; an end that the node did not send is marked by a backslash before it,
 * LF alone by "\n". "-- " at the start is a note of ours: where the node
 * prints that, its blank is escaped. See docs/console-log.md.
 */

void
logline_init(struct logline *l, size_t max)
{
	memset(l, 0, sizeof *l);
	buf_init(&l->out, 0);
	l->max = max;
	l->second = INT64_MIN;
}

void
logline_release(struct logline *l)
{
	buf_release(&l->out);
}

void
logline_time(struct logline *l, int64_t wall, struct buf *out)
{
	int64_t ms = wall % 1000, second = wall / 1000;
	char text[40];

	if (ms < 0) {
		ms += 1000;
		second--;
	}
	if (second != l->second) {
		time_t t = (time_t)second;
		struct tm tm;

		l->second = second;
		if (gmtime_r(&t, &tm) == NULL ||
		    strftime(l->stamp, sizeof l->stamp, "%Y-%m-%dT%H:%M:%S",
			&tm) == 0)
			str_copy(
			    l->stamp, sizeof l->stamp, "0000-00-00T00:00:00");
	}
	str_format(text, sizeof text, "%s.%03dZ ", l->stamp, (int)ms);
	buf_puts(out, text);
}

static void
begin(struct logline *l, int64_t wall)
{
	if (l->open && l->len >= l->max) {
		buf_puts(&l->out, LOGLINE_SPLIT);
		l->open = false;
	}
	if (l->open)
		return;
	l->open = true;
	l->len = l->dashes = 0;
	l->wall = wall;
	logline_time(l, wall, &l->out);
}

static void
put(struct logline *l, const char *s, size_t len, int64_t wall)
{
	begin(l, wall);
	buf_add(&l->out, s, len);
	l->len += len;
}

static void
put_hex(struct logline *l, unsigned char c, int64_t wall)
{
	static const char digits[] = "0123456789abcdef";
	const char text[4] = { '\\', 'x', digits[c >> 4], digits[c & 15] };

	put(l, text, sizeof text, wall);
}

/* What was held back, since what follows does not go with it. */
static void
let_go(struct logline *l, int64_t wall)
{
	if (l->cr)
		put_hex(l, '\r', wall);
	l->cr = false;
	for (size_t i = 0; i < l->n_part; i++)
		put_hex(l, (unsigned char)l->part[i], wall);
	l->n_part = 0;
}

/* Bytes that stand in the file as they are, when they are not the first of a
 * line. */
static size_t
plain(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] >= ' ' && s[i] < 0x7f && s[i] != '\\')
		i++;
	return i;
}

/* A byte of a character of UTF-8. */
static void
put_part(struct logline *l, char c, int64_t wall)
{
	uint32_t cp;
	bool more = false;
	size_t n;

	l->part[l->n_part++] = c;
	n = text_decode(l->part, l->n_part, &cp, &more);
	if (n == 0 && more && l->n_part < sizeof l->part)
		return;
	if (n == l->n_part && n > 1 && cp != TEXT_BAD && text_cp_ok(cp)) {
		put(l, l->part, n, wall);
		l->n_part = 0;
		return;
	}
	/* The last byte may begin another one. */
	l->n_part--;
	if (l->n_part == 0) {
		put_hex(l, (unsigned char)c, wall);
		return;
	}
	let_go(l, wall);
	put_part(l, c, wall);
}

/* The line is "--" so far, of which a note would begin. */
static bool
is_like_note(const struct logline *l)
{
	return l->open && l->len == 2 && l->dashes == 2;
}

static void
put_byte(struct logline *l, char c, int64_t wall)
{
	unsigned char u = (unsigned char)c;

	if (u >= 0x80) {
		if (l->cr)
			let_go(l, wall);
		put_part(l, c, wall);
		return;
	}
	if (c == '\n') {
		bool cr = l->cr;

		l->cr = false;
		let_go(l, wall);
		begin(l, wall);
		buf_puts(&l->out, cr ? "\n" : "\\n\n");
		l->open = false;
		return;
	}
	let_go(l, wall);
	if (c == '\r')
		l->cr = true;
	else if (c == '\\')
		put(l, "\\\\", 2, wall);
	else if ((u < ' ' && c != '\t') || u == 0x7f ||
	    (c == ' ' && is_like_note(l)))
		put_hex(l, u, wall);
	else
		put(l, &c, 1, wall);
	if (c == '-')
		l->dashes++;
}

void
logline_add(struct logline *l, const char *s, size_t len, int64_t wall)
{
	size_t n;

	while (len > 0) {
		n = 0;
		if (l->open && l->len > 2 && l->len < l->max && !l->cr &&
		    l->n_part == 0)
			n = plain(
			    s, len < l->max - l->len ? len : l->max - l->len);
		if (n > 0) {
			buf_add(&l->out, s, n);
			l->len += n;
		} else {
			put_byte(l, *s, wall);
			n = 1;
		}
		s += n;
		len -= n;
	}
}

void
logline_close(struct logline *l)
{
	if (l->cr || l->n_part > 0)
		let_go(l, l->wall);
	if (!l->open)
		return;
	buf_puts(&l->out, LOGLINE_SPLIT);
	l->open = false;
}

void
logline_note(struct logline *l, int64_t wall, const char *text)
{
	char *clean = text_clean_dup(text, strlen(text));

	if (l->cr || l->n_part > 0)
		let_go(l, wall);
	logline_close(l);
	logline_time(l, wall, &l->out);
	buf_puts(&l->out, "-- ");
	buf_puts(&l->out, clean);
	buf_puts(&l->out, "\n");
	free(clean);
}

/* --- and back ----------------------------------------------------------- */

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape at s, a backslash; returns what it took, 0 when it is none. */
static size_t
unescape(const char *s, size_t len, struct buf *out)
{
	char c;

	if (len >= 2 && s[1] == '\\') {
		buf_add(out, s, 1);
		return 2;
	}
	if (len < 4 || s[1] != 'x' || hex(s[2]) < 0 || hex(s[3]) < 0)
		return 0;
	c = (char)(hex(s[2]) << 4 | hex(s[3]));
	buf_add(out, &c, 1);
	return 4;
}

void
logfile_decode(const char *line, size_t len, struct buf *out)
{
	const char *blank = len > 0 ? memchr(line, ' ', len) : NULL;
	bool ended = len > 0 && line[len - 1] == '\n';

	if (blank == NULL)
		return;
	len -= ended;
	len -= (size_t)(blank + 1 - line);
	line = blank + 1;
	if (len >= 3 && memcmp(line, "-- ", 3) == 0)
		return;
	while (len > 0) {
		const char *esc = memchr(line, '\\', len);
		size_t n = esc != NULL ? (size_t)(esc - line) : len;

		buf_add(out, line, n);
		line += n;
		len -= n;
		if (len == 0)
			break;
		if (len == 1)
			return;
		if (len == 2 && line[1] == 'n') {
			buf_add(out, "\n", 1);
			return;
		}
		n = unescape(line, len, out);
		if (n == 0) {
			/* Torn, or not ours. */
			buf_add(out, line, 1);
			n = 1;
		}
		line += n;
		len -= n;
	}
	if (ended)
		buf_add(out, "\r\n", 2);
}

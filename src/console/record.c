#include "rackmux/console/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Events are gathered as the log's lines are, and written whole. A recording
 * that the disk refuses ends there: one with a hole would lie about what was
 * on the screen.
 */

#define HELD 16384
#define HELD_MS 1000

struct record {
	struct loop *loop;
	char *path;
	int fd;
	uint64_t start;
	struct buf out;
	struct timer *timer;
	char part[4]; /* of a character that is not whole yet */
	size_t n_part;
	char *trouble;
};

static void
flush(struct record *r)
{
	size_t done = 0;
	ssize_t n;

	timer_stop(r->timer);
	while (r->trouble == NULL && done < r->out.len) {
		n = write(r->fd, r->out.data + done, r->out.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			r->trouble = mem_printf("The recording %s ended: %s.",
			    r->path, strerror(n < 0 ? errno : ENOSPC));
		else
			done += (size_t)n;
	}
	buf_clear(&r->out);
}

static void
on_timer(void *arg)
{
	flush(arg);
}

/* --- JSON --------------------------------------------------------------- */

static void
add_cp(struct buf *b, uint32_t cp, const char *s, size_t n)
{
	if (cp == '"' || cp == '\\')
		buf_printf(b, "\\%c", (int)cp);
	else if (cp == '\n')
		buf_puts(b, "\\n");
	else if (cp == '\r')
		buf_puts(b, "\\r");
	else if (cp < ' ' || (cp >= 0x7f && cp < 0xa0))
		buf_printf(b, "\\u%04x", (unsigned)cp);
	else
		buf_add(b, s, n);
}

/* A byte that is no text, in the manner of Python's surrogateescape. */
static void
add_byte(struct buf *b, unsigned char c)
{
	buf_printf(b, "\\udc%02x", c);
}

static bool
is_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Text as the inside of a JSON string; returns what is left at its end, the
 * start of a character. */
static size_t
add_text(struct buf *b, const char *s, size_t len)
{
	while (len > 0) {
		bool more = false;
		uint32_t cp;
		size_t n = 0;

		while (n < len && is_plain(s[n]))
			n++;
		if (n > 0) {
			buf_add(b, s, n);
		} else {
			n = text_decode(s, len, &cp, &more);
			if (n == 0)
				return len;
			if (n == 1 && (unsigned char)*s >= 0x80)
				add_byte(b, (unsigned char)*s);
			else
				add_cp(b, cp, s, n);
		}
		s += n;
		len -= n;
	}
	return 0;
}

static void
begin(struct record *r, char kind, uint64_t now)
{
	uint64_t ms = now > r->start ? now - r->start : 0;

	buf_printf(&r->out, "[%llu.%03u, \"%c\", \"",
	    (unsigned long long)(ms / 1000), (unsigned)(ms % 1000), kind);
}

static void
end(struct record *r)
{
	buf_puts(&r->out, "\"]\n");
	if (r->out.len >= HELD)
		flush(r);
	else if (!timer_active(r->timer))
		timer_start(r->timer, HELD_MS);
}

/* --- the recording ------------------------------------------------------ */

static void
write_header(
    struct record *r, const char *title, int rows, int cols, int64_t wall)
{
	char *clean = text_clean_dup(title, strlen(title));

	buf_printf(&r->out,
	    "{\"version\": 2, \"width\": %d, \"height\": %d, "
	    "\"timestamp\": %lld, \"title\": \"",
	    cols, rows, (long long)(wall / 1000));
	(void)add_text(&r->out, clean, strlen(clean));
	buf_puts(&r->out, "\", \"env\": {\"TERM\": \"xterm-256color\"}}\n");
	free(clean);
	flush(r);
}

struct record *
record_new(struct loop *loop, const char *path, const char *title, int rows,
    int cols, int64_t wall, char *err, size_t size)
{
	struct record *r;
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
	    0600);

	if (fd < 0) {
		str_format(
		    err, size, "%s cannot be made: %s.", path, strerror(errno));
		return NULL;
	}
	r = mem_alloc(sizeof *r);
	r->loop = loop;
	r->path = mem_strdup(path);
	r->fd = fd;
	r->start = loop_now(loop);
	buf_init(&r->out, 0);
	r->timer = timer_new(loop, on_timer, r);
	write_header(r, title != NULL ? title : "", rows, cols, wall);
	if (r->trouble == NULL)
		return r;
	str_copy(err, size, r->trouble);
	(void)unlink(path);
	record_free(r);
	return NULL;
}

/* A start of a character to which nothing more came. */
static void
give_up_part(struct record *r, uint64_t now)
{
	if (r->n_part == 0)
		return;
	begin(r, 'o', now);
	for (size_t i = 0; i < r->n_part; i++)
		add_byte(&r->out, (unsigned char)r->part[i]);
	r->n_part = 0;
	end(r);
}

void
record_free(struct record *r)
{
	if (r == NULL)
		return;
	if (r->trouble == NULL)
		give_up_part(r, loop_now(r->loop));
	flush(r);
	(void)close(r->fd);
	timer_free(r->timer);
	buf_release(&r->out);
	free(r->trouble);
	free(r->path);
	free(r);
}

static bool
is_part(const char *s, size_t len)
{
	uint32_t cp;
	bool more = false;

	return text_decode(s, len, &cp, &more) == 0;
}

void
record_output(struct record *r, const char *s, size_t len, uint64_t now)
{
	struct buf all;
	size_t left;

	if (r->trouble != NULL || len == 0)
		return;
	buf_init(&all, 0);
	buf_add(&all, r->part, r->n_part);
	buf_add(&all, s, len);
	left = all.len;
	/* Nothing but the start of a character is no event yet. */
	if (!is_part(all.data, all.len)) {
		begin(r, 'o', now);
		left = add_text(&r->out, all.data, all.len);
		end(r);
	}
	r->n_part = left;
	memcpy(r->part, all.data + all.len - left, left);
	buf_release(&all);
}

void
record_resize(struct record *r, int rows, int cols, uint64_t now)
{
	if (r->trouble != NULL)
		return;
	begin(r, 'r', now);
	buf_printf(&r->out, "%dx%d", cols, rows);
	end(r);
}

void
record_mark(struct record *r, const char *text, uint64_t now)
{
	char *clean;

	if (r->trouble != NULL)
		return;
	give_up_part(r, now);
	clean = text_clean_dup(text, strlen(text));
	begin(r, 'm', now);
	(void)add_text(&r->out, clean, strlen(clean));
	end(r);
	free(clean);
}

const char *
record_path(const struct record *r)
{
	return r->path;
}

const char *
record_trouble(const struct record *r)
{
	return r->trouble;
}

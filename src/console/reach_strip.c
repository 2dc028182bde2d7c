#include <string.h>

#include "rackmux/base/text.h"
#include "reach_in.h"

/*
 * The words of the programs in between. Before a console is open all that
 * comes is theirs, up to the line that says that it is; at its end a line may
 * be. A node can print the same words, so what looks like a goodbye is only
 * held back, and is the node's when the program does not end after it.
 */

#define HEAD_MAX (32 * 1024)
#define PART_MIN 4 /* of a goodbye, before it is held back */
#define BYE_MAX 256 /* bytes from its begin to the program's end */
#define BYE_MS 500
#define PART_MS 100

enum match { NO, PART, WHOLE };

void
strip_keep_last(struct reach *r, const char *data, size_t len)
{
	while (len > 0 && strchr("\r\n \t", data[len - 1]) != NULL &&
	    data[len - 1] != '\0')
		len--;
	for (size_t i = len; i-- > 0;)
		if (data[i] == '\n' || data[i] == '\r') {
			data += i + 1;
			len -= i + 1;
			break;
		}
	if (len > 0)
		text_clean(r->last, sizeof r->last, data, len);
}

/* Calls f for each of "a|b|c" until it says true. */
static bool
each(const char *list, bool (*f)(void *, const char *, size_t), void *arg)
{
	while (*list != '\0') {
		size_t n = strcspn(list, "|");

		if (n > 0 && f(arg, list, n))
			return true;
		list += n + (list[n] == '|');
	}
	return false;
}

static bool
is_in(void *arg, const char *word, size_t n)
{
	const char *line = arg;

	return memmem(line, strlen(line), word, n) != NULL;
}

bool
strip_has(const char *line, const char *list)
{
	char copy[512];

	str_copy(copy, sizeof copy, line);
	return each(list, is_in, copy);
}

/* --- before it is ready --------------------------------------------------- */

/* The rest of head is the console's. */
static void
open_with(struct reach *r, size_t from, bool sure)
{
	struct buf rest = r->head;

	buf_init(&r->head, 0);
	buf_drop(&rest, from);
	r->sure = sure;
	r->last[0] = '\0'; /* a greeting says not how it ended */
	reach_enter(r);
	if (reach_is_open(r) && rest.len > 0) {
		size_t n = strip_feed(r, rest.data, rest.len);

		if (!r->freed && n < rest.len)
			buf_add(&r->pend, rest.data + n, rest.len - n);
	}
	buf_release(&rest);
	reach_leave(r);
}

/* A whole line of the program; true when the console begins after it. */
static bool
head_line(struct reach *r, const char *line, size_t len)
{
	char text[400];

	str_format(text, sizeof text, "%.*s",
	    (int)(len < sizeof text ? len : sizeof text - 1), line);
	text[strcspn(text, "\r\n")] = '\0';
	strip_keep_last(r, line, len);
	if (r->marker[0] != '\0') {
		if (strstr(text, r->marker) == NULL)
			return false;
		r->marker[0] = '\0';
		r->last[0] = '\0';
		return r->way.ready[0] == '\0';
	}
	if (r->way.held[0] != '\0' && strip_has(text, r->way.held))
		text_clean(r->held, sizeof r->held, text, strlen(text));
	return strip_has(text, r->way.ready);
}

/* It does not say that it is ready. What may be another program is shown, and
 * only that: to a shell, or a tty that is not open, nothing may be typed. */
static void
unready(struct reach *r)
{
	if (r->held[0] != '\0')
		held_look(r);
	else if (r->way.kind == WAY_PIPE || r->marker[0] != '\0')
		reach_end(r, REACH_REFUSED,
		    "It did not open in time: look at the device and what "
		    "uses it.");
	else
		open_with(r, 0, false);
}

void
strip_head(struct reach *r, const char *data, size_t len)
{
	const char *nl;

	if (r->look != NULL)
		return;
	buf_add(&r->head, data, len);
	while ((nl = memchr(r->head.data + r->scanned, '\n',
		    r->head.len - r->scanned)) != NULL) {
		size_t from = r->scanned;

		r->scanned = (size_t)(nl - r->head.data) + 1;
		if (head_line(r, r->head.data + from, r->scanned - from)) {
			open_with(r, r->scanned, true);
			return;
		}
	}
	strip_keep_last(r, r->head.data, r->head.len);
	if (r->head.len > HEAD_MAX)
		unready(r);
}

/* --- the goodbye ---------------------------------------------------------- */

struct at {
	const char *data;
	size_t len;
	enum match match;
};

static bool
begins(void *arg, const char *word, size_t n)
{
	struct at *a = arg;
	size_t len = a->len < n ? a->len : n;

	if (memcmp(a->data, word, len) != 0)
		return false;
	if (len == n)
		a->match = WHOLE;
	else if (len >= PART_MIN)
		a->match = PART;
	return a->match != NO;
}

static enum match
match(const struct reach *r, const char *data, size_t len)
{
	struct at a = { data, len, NO };
	size_t n = strlen(r->way.said);

	/* It is due, so its first byte is enough. */
	if (r->brk_due && memcmp(data, r->way.said, len < n ? len : n) == 0)
		return len < n ? PART : WHOLE;
	(void)each(r->way.bye, begins, &a);
	return a.match;
}

static void
release(struct reach *r)
{
	if (r->hold.len == 0)
		return;
	r->bol = r->hold.data[r->hold.len - 1] == '\n';
	buf_add(&r->pend, r->hold.data, r->hold.len);
	buf_clear(&r->hold);
	(void)reach_flush(r);
}

/* What follows the line that said that a break was sent. */
static void
go_on(struct reach *r, size_t from)
{
	struct buf rest = r->hold;
	size_t n = 0;

	buf_init(&r->hold, 0);
	buf_drop(&rest, from);
	r->brk_due = false;
	r->bol = true;
	timer_stop(r->timer);
	reach_enter(r);
	if (rest.len > 0)
		n = strip_feed(r, rest.data, rest.len);
	if (!r->freed && n < rest.len)
		buf_add(&r->pend, rest.data + n, rest.len - n);
	buf_release(&rest);
	reach_leave(r);
}

static void
judge(struct reach *r)
{
	enum match m = match(r, r->hold.data, r->hold.len);
	const char *nl = memchr(r->hold.data, '\n', r->hold.len);

	if (r->brk_due && nl != NULL && str_starts(r->hold.data, r->way.said))
		go_on(r, (size_t)(nl - r->hold.data) + 1);
	else if (m == NO || r->hold.len > BYE_MAX)
		release(r);
	else
		timer_start(r->timer, m == WHOLE ? BYE_MS : PART_MS);
}

/* Bytes before what may be a goodbye. */
static size_t
until_bye(const struct reach *r, const char *data, size_t len)
{
	bool bol = r->bol;

	for (size_t i = 0; i < len; i++) {
		if (bol && match(r, data + i, len - i) != NO)
			return i;
		bol = data[i] == '\n' || data[i] == '\r';
	}
	return len;
}

size_t
strip_feed(struct reach *r, const char *data, size_t len)
{
	size_t n, taken = 0;

	if (r->pend.len > 0)
		return 0;
	if (r->hold.len > 0) {
		buf_add(&r->hold, data, len);
		judge(r);
		return len;
	}
	n = r->sure && r->way.bye[0] != '\0' ? until_bye(r, data, len) : len;
	reach_enter(r);
	if (n > 0)
		taken = r->sink.on_data(r->arg, data, n);
	if (!r->freed && taken > 0)
		r->bol = strchr("\r\n", data[taken - 1]) != NULL &&
		    data[taken - 1] != '\0';
	if (!reach_leave(r) || taken < n)
		return taken;
	if (n < len) {
		buf_add(&r->hold, data + n, len - n);
		judge(r);
	}
	return len;
}

void
strip_late(struct reach *r)
{
	if (r->phase == REACH_OPEN)
		release(r);
	else if (r->phase == REACH_BANNER)
		unready(r);
}

void
strip_end(struct reach *r, bool lost)
{
	if (!lost && r->hold.len > 0 &&
	    match(r, r->hold.data, r->hold.len) == WHOLE)
		buf_clear(&r->hold);
	buf_add(&r->pend, buf_str(&r->hold), r->hold.len);
	buf_clear(&r->hold);
}

/*
 * The far side gets two small functions once; a command is then one line of
 * `_r A B 'text'`, and its answer ends in "\nAB status\n". A and B are random
 * halves, sent apart, so that an echo never looks like an answer. `command
 * eval` in a function of its own keeps a syntax error or a `return` in the
 * text from ending the shell or the frame (measured: dash, bash, busybox);
 * what ends it all the same (exit) closes the stream, and that is an answer.
 *
 * On a console the frame goes to login.c's loop, in short lines and with an
 * acknowledgement every half kilobyte: a UART has no flow control worth the
 * name.
 */
#include "rackmux/link/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/hash.h"
#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/login.h"
#include "rackmux/link/tidy.h"

#define SHELL_READY_MS 10000
#define SHELL_RUN_MS 10000
#define SHELL_RESPAWN_MS 1000
#define LINE_BYTES 240 /* of a frame's line on a console */
#define WINDOW_BYTES 480 /* between two acknowledgements */

enum state { SH_NEW, SH_PROBE, SH_LOGIN, SH_READY, SH_DEAD };
enum frame { FR_IDLE, FR_UPLOAD, FR_BEGIN, FR_BODY };

struct cmd {
	struct cmd *next;
	unsigned ticket;
	char *text;
	unsigned timeout_ms;
	link_done_fn *done; /* NULL: nobody waits any more */
	void *arg;
	bool cancelled;
};

struct def {
	struct def *next;
	char *name, *body;
	bool sent;
};

struct shell {
	struct loop *loop;
	struct shell_sink sink;
	void *arg;
	char *name;
	struct stream *stream;
	struct login *log_in;
	struct task *task;
	struct timer *deadline, *respawn;
	struct cmd *queue, *cur;
	struct def *defs;
	struct tidy tidy;
	struct seen seen;
	struct buf win, out, upload;
	size_t uploaded;
	char half[2][7], mark[16], ack[16];
	struct timespec sent;
	enum state state;
	enum frame frame;
	unsigned rtt_us;
	int busy, write_err;
	bool login, freed;
	bool looped; /* the console is in our loop */
	bool hung; /* in a command that does not end */
};

static const char prelude[] =
    "PATH=$PATH:/usr/sbin:/sbin;export PATH LC_ALL=C;"
    "_e(){ command eval \"$1\";};_r(){ _e \"$3\" </dev/null 2>&1;"
    "printf '\\n%s%s %d\\n' \"$1\" \"$2\" $?;}\n";

static void
cmd_free(struct cmd *c)
{
	if (!c)
		return;
	free(c->text);
	free(c);
}

static void
shell_destroy(struct shell *s)
{
	struct cmd *c;
	struct def *d;

	while ((c = s->queue)) {
		s->queue = c->next;
		cmd_free(c);
	}
	cmd_free(s->cur);
	while ((d = s->defs)) {
		s->defs = d->next;
		free(d->name);
		free(d->body);
		free(d);
	}
	buf_release(&s->win);
	buf_release(&s->out);
	buf_release(&s->upload);
	free(s->name);
	free(s);
}

/* False when a callback has freed the shell; it is gone then. */
static bool
shell_leave(struct shell *s)
{
	bool freed = s->freed;

	if (--s->busy == 0 && freed)
		shell_destroy(s);
	return !freed;
}

static void
fill_result(struct link_result *r, enum link_outcome outcome, int status,
    const char *why)
{
	memset(r, 0, sizeof(*r));
	r->outcome = outcome;
	r->status = status;
	r->out = "";
	r->why = why;
}

/* Answer c, which is in no list any more, and free it. */
static bool
answer(struct shell *s, struct cmd *c, const struct link_result *r)
{
	s->busy++;
	if (c->done)
		c->done(c->arg, r);
	cmd_free(c);
	return shell_leave(s);
}

static bool
answer_plain(
    struct shell *s, struct cmd *c, enum link_outcome outcome, const char *why)
{
	struct link_result r;

	fill_result(&r, outcome, -1, why);
	return answer(s, c, &r);
}

static void
shell_die(struct shell *s, enum link_why why, const char *text)
{
	struct cmd *c;
	bool alive = true;

	if (s->state == SH_DEAD)
		return;
	s->state = SH_DEAD;
	timer_stop(s->deadline);
	timer_stop(s->respawn);
	s->busy++;
	if ((c = s->cur)) {
		s->cur = NULL;
		alive = answer_plain(s, c, LINK_DIED, text);
	}
	while (alive && (c = s->queue)) {
		s->queue = c->next;
		alive = answer_plain(s, c, LINK_NOT_SENT, text);
	}
	if (alive)
		s->sink.on_dead(s->arg, why, text);
	shell_leave(s);
}

/* --- sending ------------------------------------------------------------ */

static void
random_hex(char *out, size_t bytes)
{
	unsigned char r[8];

	hash_random(r, bytes);
	hash_hex(r, bytes, out);
}

static void
send_bytes(struct shell *s, const char *data, size_t len)
{
	int err = s->stream ? stream_write(s->stream, data, len) : -EPIPE;

	if (err != 0 && s->write_err == 0) {
		s->write_err = err;
		task_post(s->task);
	}
}

/* Text as lines for the console's loop, each short. */
static void
add_lines(struct buf *b, const char *text)
{
	size_t n;

	for (;;) {
		n = strcspn(text, "\n");
		if (n > LINE_BYTES)
			n = LINE_BYTES;
		buf_puts(b, text[n] == '\n' ? "+" : "=");
		buf_add(b, text, n);
		buf_puts(b, "\n");
		text += n;
		if (*text == '\n')
			text++;
		if (*text == '\0')
			return;
	}
}

static void
add_defs(struct shell *s, struct buf *b)
{
	struct def *d;
	char *text;

	for (d = s->defs; d; d = d->next) {
		if (d->sent)
			continue;
		d->sent = true;
		text = mem_printf("%s(){\n%s\n}", d->name, d->body);
		if (s->login) {
			add_lines(b, text);
			buf_puts(b, "%\n");
		} else {
			buf_puts(b, "_e ");
			buf_quote(b, text);
			buf_puts(b, " >/dev/null 2>&1\n");
		}
		free(text);
	}
}

/* Send what fits before the next acknowledgement. */
static void
upload_more(struct shell *s)
{
	const char *p = buf_str(&s->upload) + s->uploaded, *nl;
	size_t left = s->upload.len - s->uploaded, n = left;
	char line[24];

	if (n > WINDOW_BYTES) {
		nl = memrchr(p, '\n', WINDOW_BYTES);
		n = nl ? (size_t)(nl - p) + 1 : WINDOW_BYTES;
	}
	s->uploaded += n;
	send_bytes(s, p, n);
	if (n == left) {
		s->frame = FR_BEGIN;
		return;
	}
	s->frame = FR_UPLOAD;
	random_hex(s->ack, 4);
	str_format(line, sizeof(line), "?%s\n", s->ack);
	send_bytes(s, line, strlen(line));
}

static void
start_cmd(struct shell *s, struct cmd *c)
{
	struct buf *b = &s->upload;

	s->cur = c;
	buf_clear(&s->win);
	buf_clear(&s->out);
	s->out.cut = false;
	buf_clear(b);
	s->uploaded = 0;
	random_hex(s->half[0], 3);
	random_hex(s->half[1], 3);
	str_format(s->mark, sizeof(s->mark), "\n%s%s", s->half[0], s->half[1]);
	clock_gettime(CLOCK_MONOTONIC, &s->sent);
	timer_start(s->deadline, c->timeout_ms ? c->timeout_ms : SHELL_RUN_MS);
	if (s->state == SH_READY)
		add_defs(s, b);
	if (s->login) {
		add_lines(b, c->text);
		buf_printf(b, "@%s %s\n", s->half[0], s->half[1]);
		upload_more(s);
		return;
	}
	buf_printf(b, "_r %s %s ", s->half[0], s->half[1]);
	buf_quote(b, c->text);
	buf_puts(b, "\n");
	s->frame = FR_BODY;
	send_bytes(s, b->data, b->len);
}

/* A terminal acts on control characters instead of passing them on. */
static bool
can_send(const struct shell *s, const char *text)
{
	for (; s->login && *text; text++)
		if (((unsigned char)*text < 0x20 && *text != '\n' &&
			*text != '\t') ||
		    *text == 0x7f)
			return false;
	return true;
}

static void
pump(struct shell *s)
{
	struct cmd *c;
	bool alive = true;

	s->busy++;
	while (alive && s->state == SH_READY && !s->cur && (c = s->queue)) {
		s->queue = c->next;
		c->next = NULL;
		if (can_send(s, c->text))
			start_cmd(s, c);
		else
			alive = answer_plain(s, c, LINK_CANNOT,
			    "no control characters over a console");
	}
	shell_leave(s);
}

/* --- receiving ---------------------------------------------------------- */

static void
note_rtt(struct shell *s)
{
	struct timespec now;
	long long us;

	clock_gettime(CLOCK_MONOTONIC, &now);
	us = (long long)(now.tv_sec - s->sent.tv_sec) * 1000000 +
	    (now.tv_nsec - s->sent.tv_nsec) / 1000;
	s->rtt_us = us > 0 && us < 1000000000 ? (unsigned)us : 1;
}

static bool
became_ready(struct shell *s)
{
	s->state = SH_READY;
	s->looped = s->login;
	s->busy++;
	s->sink.on_ready(s->arg);
	return shell_leave(s);
}

/* The command in flight is over. False when the shell is no more. */
static bool
finish(struct shell *s, int status)
{
	struct cmd *c = s->cur;
	struct link_result r;
	struct buf out = s->out;
	bool alive;

	timer_stop(s->deadline);
	s->cur = NULL;
	s->frame = FR_IDLE;
	if (s->state == SH_PROBE) {
		cmd_free(c);
		return became_ready(s);
	}
	note_rtt(s);
	fill_result(&r, LINK_DONE, status, NULL);
	buf_init(&s->out, LINK_OUT_MAX);
	r.out = buf_str(&out);
	r.len = out.len;
	r.cut = out.cut;
	alive = answer(s, c, &r);
	buf_release(&out);
	return alive;
}

/* Move what cannot be part of a mark any more from the window. */
static void
keep(struct shell *s, size_t tail)
{
	if (s->win.len <= tail)
		return;
	if (s->frame == FR_BODY)
		buf_add(&s->out, s->win.data, s->win.len - tail);
	buf_drop(&s->win, s->win.len - tail);
}

/* Find mark followed by after; the offset of its first byte, or -1. */
static long
find_mark(const struct shell *s, const char *mark, const char *after)
{
	char want[40];
	const char *p;

	str_format(want, sizeof(want), "%s%s", mark, after);
	if (s->win.len == 0)
		return -1;
	p = memmem(s->win.data, s->win.len, want, strlen(want));
	return p ? p - s->win.data : -1;
}

/* "\nMARK 12\n": true when the command is over, *alive as finish() has it. */
static bool
scan_body(struct shell *s, bool *alive)
{
	long at = find_mark(s, s->mark, " "), status = 0;
	size_t from;
	const char *nl;
	char number[16];

	if (at < 0) {
		keep(s, strlen(s->mark));
		return false;
	}
	from = (size_t)at + strlen(s->mark) + 1;
	nl = memchr(s->win.data + from, '\n', s->win.len - from);
	if (!nl && s->win.len - from < sizeof(number))
		return false; /* torn */
	str_copy(number, sizeof(number), s->win.data + from);
	number[strcspn(number, "\r\n")] = '\0';
	if (!nl || !str_long(number, 0, 255, &status))
		status = -1;
	buf_add(&s->out, s->win.data, (size_t)at);
	buf_drop(&s->win, nl ? (size_t)(nl - s->win.data) + 1 : from);
	*alive = finish(s, (int)status);
	return true;
}

/* True while there may be more to see in the window. */
static bool
scan(struct shell *s, bool *alive)
{
	char ack[20];
	long at;

	switch (s->frame) {
	case FR_UPLOAD:
		str_format(ack, sizeof(ack), "\n%s\n", s->ack);
		at = find_mark(s, ack, "");
		if (at >= 0) {
			buf_drop(&s->win, (size_t)at + strlen(ack));
			upload_more(s);
			return true;
		}
		break;
	case FR_BEGIN:
		at = find_mark(s, s->mark, ":\n");
		if (at >= 0) {
			buf_drop(&s->win, (size_t)at + strlen(s->mark) + 2);
			s->frame = FR_BODY;
			return true;
		}
		break;
	case FR_BODY:
		return scan_body(s, alive);
	case FR_IDLE:
		break;
	}
	keep(s, s->frame == FR_IDLE ? 0 : 24);
	return false;
}

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct shell *s = arg;
	bool alive = true;

	if (s->state == SH_DEAD || s->state == SH_NEW)
		return len;
	s->busy++;
	if (s->state == SH_LOGIN) {
		login_feed(s->log_in, data, len);
		shell_leave(s);
		return len;
	}
	if (s->state == SH_PROBE || s->login)
		seen_feed(&s->seen, data, len, NULL, NULL);
	if (s->login) {
		if (login_asks_user(s->seen.line))
			timer_start(s->respawn, SHELL_RESPAWN_MS);
		else
			timer_stop(s->respawn);
		tidy_feed(&s->tidy, data, len, &s->win);
	} else if (!err) {
		buf_add(&s->win, data, len);
	}
	while (alive && !s->freed && s->state != SH_DEAD && scan(s, &alive))
		;
	if (alive && !s->freed)
		pump(s);
	shell_leave(s);
	return len;
}

static void
no_shell(struct shell *s, const char *why)
{
	char tail[120], text[256], *t;

	text_clean(tail, sizeof(tail), s->seen.tail, strlen(s->seen.tail));
	t = str_trim(tail);
	str_format(text, sizeof(text), *t ? "%s; it said: %s" : "%s", why, t);
	shell_die(s, LINK_WHY_SHELL, text);
}

static void
on_close(void *arg, int status, const char *why)
{
	struct shell *s = arg;
	bool alive = true;

	if (s->state == SH_DEAD)
		return;
	s->busy++;
	if (s->state == SH_PROBE || s->state == SH_LOGIN) {
		no_shell(s, why && *why ? why : "the shell ended at once");
	} else {
		/* `exit 3` in a command ends the shell and says so. */
		if (s->cur && s->frame == FR_BODY && !s->login && status >= 0) {
			buf_add(&s->out, buf_str(&s->win), s->win.len);
			alive = finish(s, status);
		}
		if (alive)
			shell_die(s, LINK_WHY_RESET,
			    why && *why ? why : "the shell ended");
	}
	shell_leave(s);
}

const struct stream_sink shell_stream_sink = {
	.on_data = on_data,
	.on_close = on_close,
};

/* --- the clock ---------------------------------------------------------- */

static void
on_deadline(void *arg)
{
	struct shell *s = arg;
	struct cmd *c = s->cur;
	struct link_result r;
	char text[96];
	bool alive;

	if (s->state == SH_PROBE) {
		no_shell(s, "no POSIX shell answered within 10 s");
		return;
	}
	if (!c)
		return;
	str_format(text, sizeof(text), "no end of the command within %u ms",
	    c->timeout_ms ? c->timeout_ms : SHELL_RUN_MS);
	fill_result(&r, LINK_TIMED_OUT, -1, text);
	buf_add(&s->out, buf_str(&s->win), s->win.len);
	r.out = buf_str(&s->out);
	r.len = s->out.len;
	r.cut = s->out.cut;
	s->cur = NULL;
	s->hung = true;
	s->busy++;
	alive = answer(s, c, &r);
	/* The command may hang for ever: this shell is of no more use. */
	if (alive)
		shell_die(s, LINK_WHY_TIMEOUT, text);
	shell_leave(s);
}

static void
on_respawn(void *arg)
{
	struct shell *s = arg;

	s->looped = false;
	shell_die(s, LINK_WHY_RESET, "the login shell ended");
}

/* --- logging in --------------------------------------------------------- */

static void
on_type(void *arg, const char *data, size_t len)
{
	send_bytes(arg, data, len);
}

static void
on_want(void *arg, bool password)
{
	struct shell *s = arg;

	s->sink.on_login(s->arg, password);
}

static void
on_login_ready(void *arg)
{
	struct shell *s = arg;

	if (became_ready(s))
		pump(s);
}

static void
on_login_failed(void *arg, enum link_why why, const char *text)
{
	shell_die(arg, why, text);
}

static const struct login_sink login_sink = {
	.type = on_type,
	.want = on_want,
	.ready = on_login_ready,
	.failed = on_login_failed,
};

/* --- the outside -------------------------------------------------------- */

/* The first in q that was cancelled, taken out. */
static struct cmd *
take_cancelled(struct cmd **q)
{
	struct cmd *c;

	for (; (c = *q); q = &c->next) {
		if (c->cancelled) {
			*q = c->next;
			c->next = NULL;
			return c;
		}
	}
	return NULL;
}

static void
on_task(void *arg)
{
	struct shell *s = arg;
	struct cmd *c;
	bool alive = true;

	s->busy++;
	while (alive && (c = take_cancelled(&s->queue)))
		alive = answer_plain(s, c, LINK_CANCELLED, "cancelled");
	if (alive && s->cur && s->cur->cancelled && s->cur->done) {
		struct cmd told = *s->cur;
		struct link_result r;

		/* It runs on; its output is drained and dropped. */
		s->cur->done = NULL;
		fill_result(&r, LINK_CANCELLED, -1, "cancelled");
		told.done(told.arg, &r);
		alive = !s->freed;
	}
	if (alive && s->write_err != 0)
		shell_die(s, LINK_WHY_RESET, "the shell takes no more");
	else if (alive)
		pump(s);
	shell_leave(s);
}

struct shell *
shell_new(struct loop *loop, const char *name, bool login,
    const struct shell_sink *sink, void *arg)
{
	struct shell *s = mem_alloc(sizeof(*s));

	s->loop = loop;
	s->name = mem_strdup(name);
	s->login = login;
	s->sink = *sink;
	s->arg = arg;
	s->task = task_new(loop, on_task, s);
	s->deadline = timer_new(loop, on_deadline, s);
	s->respawn = timer_new(loop, on_respawn, s);
	buf_init(&s->win, 0);
	buf_init(&s->out, LINK_OUT_MAX);
	buf_init(&s->upload, 0);
	tidy_init(&s->tidy);
	seen_init(&s->seen);
	return s;
}

void
shell_free(struct shell *s)
{
	const char *leave;

	if (!s)
		return;
	/* Leave the console as we found it: at its login. */
	if (s->looped && s->stream) {
		leave = s->cur || s->hung ? "\x03" : ".\n";
		stream_write(s->stream, leave, strlen(leave));
	}
	stream_free(s->stream);
	s->stream = NULL;
	login_free(s->log_in);
	s->log_in = NULL;
	task_free(s->task);
	timer_free(s->deadline);
	timer_free(s->respawn);
	s->state = SH_DEAD;
	s->freed = true;
	s->busy++;
	shell_leave(s);
}

void
shell_attach(struct shell *s, struct stream *stream)
{
	struct cmd *c;

	s->stream = stream;
	if (s->login) {
		s->state = SH_LOGIN;
		s->log_in = login_new(s->loop, &login_sink, s);
		return;
	}
	s->state = SH_PROBE;
	send_bytes(s, prelude, sizeof(prelude) - 1);
	c = mem_alloc(sizeof(*c));
	c->text = mem_strdup(":");
	c->timeout_ms = SHELL_READY_MS;
	start_cmd(s, c);
}

void
shell_login(struct shell *s, const char *text)
{
	if (s->log_in && s->state == SH_LOGIN)
		login_answer(s->log_in, text);
}

void
shell_define(struct shell *s, const char *name, const char *body)
{
	struct def **dp, *d;

	for (dp = &s->defs; (d = *dp); dp = &d->next)
		if (strcmp(d->name, name) == 0)
			break;
	if (!d) {
		d = *dp = mem_alloc(sizeof(*d));
		d->name = mem_strdup(name);
	}
	free(d->body);
	d->body = mem_strdup(body);
	d->sent = false;
}

void
shell_run(struct shell *s, unsigned ticket, const char *cmd,
    unsigned timeout_ms, link_done_fn *done, void *arg)
{
	struct cmd *c = mem_alloc(sizeof(*c)), **cp;

	c->ticket = ticket;
	c->text = mem_strdup(cmd);
	c->timeout_ms = timeout_ms;
	c->done = done;
	c->arg = arg;
	for (cp = &s->queue; *cp; cp = &(*cp)->next)
		;
	*cp = c;
	task_post(s->task);
}

bool
shell_cancel(struct shell *s, unsigned ticket)
{
	struct cmd *c = s->cur;

	if (!c || c->ticket != ticket)
		for (c = s->queue; c && c->ticket != ticket; c = c->next)
			;
	if (!c || c->cancelled)
		return false;
	c->cancelled = true;
	task_post(s->task);
	return true;
}

bool
shell_ready(const struct shell *s)
{
	return s->state == SH_READY;
}

size_t
shell_queued(const struct shell *s)
{
	const struct cmd *c;
	size_t n = s->cur ? 1 : 0;

	for (c = s->queue; c; c = c->next)
		n++;
	return n;
}

unsigned
shell_rtt_us(const struct shell *s)
{
	return s->rtt_us;
}

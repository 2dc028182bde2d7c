/*
 * The far side gets two small functions once (shell.c's prelude); a command is
 * then one line of `_r A B 'text'`, and its answer ends in "\nAB status\n". A
 * and B are random halves, sent apart, so that an echo never looks like an
 * answer. `command eval` in a function of its own keeps a syntax error or a
 * `return` in the text from ending the shell or the frame (measured: dash,
 * bash, busybox); what ends it all the same (exit) closes the stream, and
 * that is an answer.
 *
 * On a console the frame goes to login.c's loop, in short lines and with an
 * acknowledgement every half kilobyte: a UART has no flow control worth the
 * name.
 */
#include "shell_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define LINE_BYTES 240 /* of a frame's line on a console */
#define WINDOW_BYTES 480 /* between two acknowledgements */

/* --- sending ------------------------------------------------------------ */

static void
random_hex(char *out, size_t bytes)
{
	unsigned char r[8];

	hash_random(r, bytes);
	hash_hex(r, bytes, out);
}

void
sh_send(struct shell *s, const char *data, size_t len)
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
	sh_send(s, p, n);
	if (n == left) {
		s->frame = FR_BEGIN;
		return;
	}
	s->frame = FR_UPLOAD;
	random_hex(s->ack, 4);
	str_format(line, sizeof(line), "?%s\n", s->ack);
	sh_send(s, line, strlen(line));
}

void
sh_start(struct shell *s, struct shell_cmd *c)
{
	struct buf *b = &s->upload;

	s->cur = c;
	buf_clear(&s->win);
	buf_clear(&s->out);
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
	sh_send(s, b->data, b->len);
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

void
sh_pump(struct shell *s)
{
	struct shell_cmd *c;
	bool alive = true;

	s->busy++;
	while (alive && s->state == SH_READY && !s->cur && (c = s->queue)) {
		s->queue = c->next;
		c->next = NULL;
		if (can_send(s, c->text))
			sh_start(s, c);
		else
			alive = sh_answer_plain(s, c, LINK_CANNOT,
			    "no control characters over a console");
	}
	sh_leave(s);
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

bool
sh_became_ready(struct shell *s)
{
	s->state = SH_READY;
	s->looped = s->login;
	s->busy++;
	s->sink.on_ready(s->arg);
	return sh_leave(s);
}

/* The command in flight is over. False when the shell is no more. */
bool
sh_finish(struct shell *s, int status)
{
	struct shell_cmd *c = s->cur;
	struct link_result r;
	struct buf out = s->out;
	bool alive;

	timer_stop(s->deadline);
	s->cur = NULL;
	s->frame = FR_IDLE;
	if (s->state == SH_PROBE) {
		sh_cmd_free(c);
		return sh_became_ready(s);
	}
	note_rtt(s);
	sh_result(&r, LINK_DONE, status, NULL);
	buf_init(&s->out, LINK_OUT_MAX);
	r.out = buf_str(&out);
	r.len = out.len;
	r.cut = out.cut;
	alive = sh_answer(s, c, &r);
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

/* "\nMARK 12\n": true when the command is over, *alive as sh_finish() has it. */
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
	*alive = sh_finish(s, (int)status);
	return true;
}

/* True while there may be more to see in the window. */
bool
sh_scan(struct shell *s, bool *alive)
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

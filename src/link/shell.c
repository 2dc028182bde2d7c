/* The life of a shell: from a stream to its end, and the one queue. What it
 * says and hears is in shell_frame.c. */
#include "shell_in.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define SHELL_READY_MS 10000
#define SHELL_RESPAWN_MS 1000

static const char prelude[] =
    "PATH=$PATH:/usr/sbin:/sbin;export PATH LC_ALL=C;"
    "_e(){ command eval \"$1\";};_r(){ _e \"$3\" </dev/null 2>&1;"
    "printf '\\n%s%s %d\\n' \"$1\" \"$2\" $?;}\n";

void
sh_cmd_free(struct shell_cmd *c)
{
	if (!c)
		return;
	free(c->text);
	free(c);
}

static void
shell_destroy(struct shell *s)
{
	struct shell_cmd *c;

	while ((c = s->queue)) {
		s->queue = c->next;
		sh_cmd_free(c);
	}
	sh_cmd_free(s->cur);
	defs_free(&s->defs);
	buf_release(&s->win);
	buf_release(&s->out);
	buf_release(&s->upload);
	free(s);
}

/* False when a callback has freed the shell; it is gone then. */
bool
sh_leave(struct shell *s)
{
	bool freed = s->freed;

	if (--s->busy == 0 && freed)
		shell_destroy(s);
	return !freed;
}

void
sh_result(struct link_result *r, enum link_outcome outcome, int status,
    const char *why)
{
	memset(r, 0, sizeof(*r));
	r->outcome = outcome;
	r->status = status;
	r->out = "";
	r->why = why;
}

/* Answer c, which is in no list any more, and free it. */
bool
sh_answer(struct shell *s, struct shell_cmd *c, const struct link_result *r)
{
	s->busy++;
	if (c->done)
		c->done(c->arg, r);
	sh_cmd_free(c);
	return sh_leave(s);
}

bool
sh_answer_plain(struct shell *s, struct shell_cmd *c, enum link_outcome outcome,
    const char *why)
{
	struct link_result r;

	sh_result(&r, outcome, -1, why);
	return sh_answer(s, c, &r);
}

static void
shell_die(struct shell *s, enum link_why why, const char *text)
{
	struct shell_cmd *c;
	bool alive = true;

	if (s->state == SH_DEAD)
		return;
	s->state = SH_DEAD;
	timer_stop(s->deadline);
	timer_stop(s->respawn);
	s->busy++;
	if ((c = s->cur)) {
		s->cur = NULL;
		alive = sh_answer_plain(s, c, LINK_DIED, text);
	}
	while (alive && (c = s->queue)) {
		s->queue = c->next;
		alive = sh_answer_plain(s, c, LINK_NOT_SENT, text);
	}
	if (alive)
		s->sink.on_dead(s->arg, why, text);
	sh_leave(s);
}

/* --- the stream --------------------------------------------------------- */

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
		sh_leave(s);
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
	while (alive && !s->freed && s->state != SH_DEAD && sh_scan(s, &alive))
		;
	if (alive && !s->freed)
		sh_pump(s);
	sh_leave(s);
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
			alive = sh_finish(s, status);
		}
		if (alive)
			shell_die(s, LINK_WHY_RESET,
			    why && *why ? why : "the shell ended");
	}
	sh_leave(s);
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
	struct shell_cmd *c = s->cur;
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
	sh_result(&r, LINK_TIMED_OUT, -1, text);
	buf_add(&s->out, buf_str(&s->win), s->win.len);
	r.out = buf_str(&s->out);
	r.len = s->out.len;
	r.cut = s->out.cut;
	s->cur = NULL;
	s->hung = true;
	s->busy++;
	alive = sh_answer(s, c, &r);
	/* The command may hang for ever: this shell is of no more use. */
	if (alive)
		shell_die(s, LINK_WHY_TIMEOUT, text);
	sh_leave(s);
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
	sh_send(arg, data, len);
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

	if (sh_became_ready(s))
		sh_pump(s);
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
static struct shell_cmd *
take_cancelled(struct shell_cmd **q)
{
	struct shell_cmd *c;

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
	struct shell_cmd *c;
	bool alive = true;

	s->busy++;
	while (alive && (c = take_cancelled(&s->queue)))
		alive = sh_answer_plain(s, c, LINK_CANCELLED, "cancelled");
	if (alive && s->cur && s->cur->cancelled && s->cur->done) {
		struct shell_cmd told = *s->cur;
		struct link_result r;

		/* It runs on; its output is drained and dropped. */
		s->cur->done = NULL;
		sh_result(&r, LINK_CANCELLED, -1, "cancelled");
		told.done(told.arg, &r);
		alive = !s->freed;
	}
	if (alive && s->write_err != 0)
		shell_die(s, LINK_WHY_RESET, "the shell takes no more");
	else if (alive)
		sh_pump(s);
	sh_leave(s);
}

struct shell *
shell_new(
    struct loop *loop, bool login, const struct shell_sink *sink, void *arg)
{
	struct shell *s = mem_alloc(sizeof(*s));

	s->loop = loop;
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
	sh_leave(s);
}

void
shell_attach(struct shell *s, struct stream *stream)
{
	struct shell_cmd *c;

	s->stream = stream;
	if (s->login) {
		s->state = SH_LOGIN;
		s->log_in = login_new(s->loop, &login_sink, s);
		return;
	}
	s->state = SH_PROBE;
	sh_send(s, prelude, sizeof(prelude) - 1);
	c = mem_alloc(sizeof(*c));
	c->text = mem_strdup(":");
	c->timeout_ms = SHELL_READY_MS;
	sh_start(s, c);
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
	defs_put(&s->defs, name, body);
}

void
shell_run(struct shell *s, unsigned ticket, const char *cmd,
    unsigned timeout_ms, link_done_fn *done, void *arg)
{
	struct shell_cmd *c = mem_alloc(sizeof(*c)), **cp;

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
	struct shell_cmd *c = s->cur;

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
	const struct shell_cmd *c;
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

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "reach_in.h"

/*
 * A console that only answers when it is asked. While the sink does not take
 * what came it is not asked: then its ring goes round, and that is told. What
 * is typed goes through one process that stays, where the link can have one,
 * else through the shell, as octal, in the order in which it came; and since
 * its echo is waited for, the next question follows soon.
 */

#define ASK_MS 8000
#define SOON_MS 40
#define TRIES 3 /* questions in vain */
#define TYPED_MAX 65536
#define TYPE_CHUNK 400 /* bytes in one command of a shared shell */

struct reach_ask {
	struct reach *r;
	struct timer *next;
	struct reach_question *asked, *typing;
	struct stream *typist;
	struct buf seen; /* the window of the last answer */
	struct buf typed; /* not sent yet, through the shell */
	unsigned vain;
	size_t got; /* new in the last answer */
	bool answered; /* once at least */
	bool deaf; /* typing failed */
};

static void on_answer(struct reach *, const struct link_result *);

static void
ask(void *arg)
{
	struct reach_ask *a = arg;
	struct reach *r = a->r;

	if (a->asked == NULL && r->pend.len == 0 && !r->ended)
		a->asked = reach_ask_link(r, r->way.cmd, ASK_MS, on_answer);
}

static void
ask_in(struct reach_ask *a, unsigned ms)
{
	if (a->asked == NULL)
		timer_start(a->next, ms);
}

/* --- answers -------------------------------------------------------------- */

static void
in_vain(struct reach_ask *a, const struct link_result *res)
{
	struct reach *r = a->r;
	char text[280], said[160];
	const char *what = res->outcome == LINK_DONE ? res->out : res->why;

	if (res->outcome == LINK_DIED || res->outcome == LINK_NOT_SENT) {
		reach_end(r, REACH_LOST, res->why);
		return;
	}
	if (++a->vain < TRIES) {
		ask_in(a, r->way.ask_ms * 2);
		return;
	}
	what = what != NULL ? what : "";
	text_clean(said, sizeof said, what, strlen(what));
	str_format(text, sizeof text,
	    "The board does not tell what its console said: %.150s",
	    said[0] != '\0' ? said : "it prints nothing.");
	reach_end(r, a->answered ? REACH_ENDED : REACH_REFUSED, text);
}

/* What of the answer is new goes to pend; false: the reach is gone. */
static bool
take(struct reach_ask *a, const struct buf *now)
{
	struct reach *r = a->r;
	bool lost = false;
	size_t from = 0;

	if (r->way.window) {
		from =
		    uart_new(&a->seen, now->data, now->len, r->way.ring, &lost);
		buf_clear(&a->seen);
		buf_add(&a->seen, buf_str(now), now->len);
	} else /* what an answer that did not come whole has drained is gone */
		lost = a->vain > 0 ||
		    uart_full(buf_str(now), now->len, r->way.ring);
	/* What was lost before the first question is not ours to tell. */
	if (lost && a->answered && r->sink.on_lost != NULL) {
		reach_enter(r);
		r->sink.on_lost(r->arg, 0);
		if (!reach_leave(r))
			return false;
	}
	a->answered = true;
	buf_add(&r->pend, buf_str(now) + from, now->len - from);
	a->vain = 0;
	a->got = now->len - from;
	return reach_flush(r);
}

static void
on_answer(struct reach *r, const struct link_result *res)
{
	struct reach_ask *a = r->ask;
	struct buf now;

	a->asked = NULL;
	buf_init(&now, 0);
	if (res->outcome != LINK_DONE ||
	    (r->way.field[0] != '\0'
		    ? !uart_field(res->out, res->len, r->way.field, &now)
		    : res->status != 0)) {
		buf_release(&now);
		in_vain(a, res);
		return;
	}
	if (r->way.field[0] == '\0')
		buf_add(&now, res->out, res->len);
	/* A line that talks fast fills its ring in little more than a second. */
	if ((r->phase == REACH_OPEN || reach_is_open(r)) && take(a, &now) &&
	    !r->ended && r->pend.len == 0)
		ask_in(a, a->got > r->way.ring / 8 ? SOON_MS : r->way.ask_ms);
	buf_release(&now);
}

void
ask_resume(struct reach_ask *a)
{
	if (a->answered && a->asked == NULL && !timer_active(a->next))
		ask_in(a, SOON_MS);
}

/* --- typing --------------------------------------------------------------- */

static size_t
typist_data(void *arg, const char *data, size_t len, bool err)
{
	struct reach_ask *a = arg;

	(void)err;
	strip_keep_last(a->r, data, len);
	return len;
}

static void
typist_close(void *arg, int status, const char *why)
{
	struct reach_ask *a = arg;

	(void)why;
	stream_free(a->typist);
	a->typist = NULL;
	a->deaf = a->deaf || status > 0;
}

static int
by_typist(struct reach_ask *a, const char *data, size_t len)
{
	static const struct stream_sink sink = { .on_data = typist_data,
		.on_close = typist_close };
	struct reach *r = a->r;
	struct stream_request req = { .kind = STREAM_EXEC,
		.cmd = r->way.type_cmd };
	int err = 0;

	if (a->typist == NULL)
		a->typist = r->via.open(r->via_arg, &req, &sink, a, &err);
	if (a->typist == NULL)
		return err == -ENOTCONN ? -EPIPE : -ENOBUFS;
	return stream_write(a->typist, data, len);
}

static void type_next(struct reach_ask *);

static void
on_typed(struct reach *r, const struct link_result *res)
{
	struct reach_ask *a = r->ask;

	a->typing = NULL;
	if (res->outcome == LINK_DONE && res->status != 0) {
		strip_keep_last(r, res->out, res->len);
		a->deaf = true;
		buf_clear(&a->typed);
	}
	type_next(a);
	ask_in(a, SOON_MS);
}

static void
type_next(struct reach_ask *a)
{
	size_t n = a->typed.len < TYPE_CHUNK ? a->typed.len : TYPE_CHUNK;
	struct buf cmd;

	if (n == 0 || a->typing != NULL)
		return;
	buf_init(&cmd, 0);
	buf_puts(&cmd, "printf '");
	for (size_t i = 0; i < n; i++)
		buf_printf(&cmd, "\\%03o", (unsigned char)a->typed.data[i]);
	buf_printf(&cmd, "' | { %s; }", a->r->way.type_cmd);
	buf_drop(&a->typed, n);
	a->typing = reach_ask_link(a->r, buf_str(&cmd), ASK_MS, on_typed);
	buf_release(&cmd);
}

int
ask_write(struct reach *r, const char *data, size_t len)
{
	struct reach_ask *a = r->ask;
	int err = 0;

	if (r->way.type_cmd[0] == '\0' || a->deaf)
		return -ENOTSUP;
	if (r->via.can(r->via_arg) & LINK_CAN_EXEC)
		err = by_typist(a, data, len);
	else if (len > TYPED_MAX || a->typed.len > TYPED_MAX - len)
		err = -ENOBUFS;
	else {
		buf_add(&a->typed, data, len);
		type_next(a);
	}
	if (err == 0 && r->pend.len == 0)
		ask_in(a, SOON_MS);
	return err;
}

/* --- life ----------------------------------------------------------------- */

void
ask_begin(struct reach *r)
{
	struct reach_ask *a = mem_alloc(sizeof *a);

	a->r = r;
	r->ask = a;
	buf_init(&a->seen, 0);
	buf_init(&a->typed, 0);
	a->next = timer_new(r->loop, ask, a);
	ask(a);
}

void
ask_free(struct reach_ask *a)
{
	if (a == NULL)
		return;
	if (a->typist != NULL)
		stream_eof(a->typist);
	stream_free(a->typist);
	reach_unask(a->r, a->asked);
	reach_unask(a->r, a->typing);
	timer_free(a->next);
	buf_release(&a->seen);
	buf_release(&a->typed);
	free(a);
}

/*
 * Requests wait in one list, in the order in which they were made. One at a
 * time is in the shell; a few processes of their own may run beside it. All
 * that ends a request marks it, and one task tells: so no answer comes from
 * within a call, and none comes twice.
 */
#include "link_in.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define EXEC_MAX 4 /* beside each other; sshd allows 10 sessions */
#define EXEC_MS 60000
#define EXEC_CHUNK 32768

static void
req_release(struct req *r)
{
	stream_free(r->stream);
	timer_free(r->timer);
	buf_release(&r->out);
	free(r->cmd);
	if (r->input)
		mem_wipe(r->input, r->len);
	free(r->input);
	free(r->why);
	free(r);
}

static void
req_unlink(struct req *r)
{
	struct req **rp;

	for (rp = &r->link->reqs; *rp != r; rp = &(*rp)->next)
		;
	*rp = r->next;
	r->next = NULL;
}

/* False when the link was freed by who was told. */
static bool
req_tell(struct req *r, const struct link_result *result)
{
	struct link *l = r->link;

	req_unlink(r);
	link_enter(l);
	r->done(r->arg, result);
	req_release(r);
	return link_leave(l);
}

static void
req_over(struct req *r, enum link_outcome outcome, const char *why)
{
	if (r->state == REQ_OVER)
		return;
	r->state = REQ_OVER;
	r->outcome = outcome;
	r->why = mem_strdup(why);
	stream_free(r->stream);
	r->stream = NULL;
	if (r->timer)
		timer_stop(r->timer);
	task_post(r->link->post);
}

static bool
tell_over(struct req *r)
{
	struct link_result result = {
		.outcome = r->outcome,
		.status = r->status,
		.out = buf_str(&r->out),
		.len = r->out.len,
		.cut = r->out.cut,
		.why = r->why,
	};

	return req_tell(r, &result);
}

static struct req *
first(const struct link *l, enum req_kind kind, enum req_state state)
{
	struct req *r;

	for (r = l->reqs; r; r = r->next)
		if (r->kind == kind && r->state == state)
			return r;
	return NULL;
}

static void
mark_sent(struct req *r)
{
	struct link *l = r->link;

	r->state = REQ_SENT;
	r->received = l->conn->t->ops->received(l->conn->t);
	silence_begin(l);
}

/* --- in the shell ------------------------------------------------------- */

/* Not a byte came in all the time that this command was given. */
static bool
was_silent(const struct req *r)
{
	const struct link *l = r->link;

	return l->conn && l->ops != &exec_transport &&
	    r->timeout_ms >= l->config.silent_ms &&
	    l->conn->t->ops->received(l->conn->t) == r->received;
}

static void
run_done(void *arg, const struct link_result *result)
{
	struct req *r = arg;
	struct link *l = r->link;
	struct conn *c = l->conn;
	bool silent;

	if (result->outcome == LINK_NOT_SENT && l->up) {
		r->state = REQ_QUEUED; /* the next shell has it */
		task_post(l->post);
		return;
	}
	silent = result->outcome == LINK_TIMED_OUT && was_silent(r);
	silence_heard(l);
	if (result->outcome == LINK_DONE)
		l->rtt_us = shell_rtt_us(l->shell);
	task_post(l->post);
	conn_enter(c);
	if (req_tell(r, result) && silent && l->conn == c)
		link_fail(l, LINK_WHY_SILENT, "no answer, not a byte", true);
	conn_leave(c);
}

static void
pump_runs(struct link *l)
{
	struct req *r = first(l, REQ_RUN, REQ_QUEUED);

	if (!r || first(l, REQ_RUN, REQ_SENT))
		return;
	if (l->borrowed) {
		runs_refuse(
		    l, LINK_NOT_SENT, "a console has borrowed the line");
		return;
	}
	if (!l->shell && loop_now(l->loop) < l->no_shell_until) {
		runs_refuse(l, LINK_CANNOT, l->no_shell_why);
		return;
	}
	if (!l->shell && !link_open_shell(l)) {
		runs_refuse(l, LINK_NOT_SENT, l->no_shell_why);
		return;
	}
	if (!shell_ready(l->shell))
		return;
	mark_sent(r);
	shell_run(l->shell, r->ticket, r->cmd, r->timeout_ms, run_done, r);
}

/* --- in a process of its own -------------------------------------------- */

static void
exec_feed(struct req *r)
{
	size_t n;
	int err = 0;

	while (r->written < r->len && err == 0) {
		n = r->len - r->written;
		if (n > EXEC_CHUNK)
			n = EXEC_CHUNK;
		err = stream_write(r->stream, r->input + r->written, n);
		if (err == 0)
			r->written += n;
	}
	if (r->written == r->len && err == 0 && r->input) {
		stream_eof(r->stream);
		mem_wipe(r->input, r->len);
		free(r->input);
		r->input = NULL;
	}
}

static size_t
exec_data(void *arg, const char *data, size_t len, bool err)
{
	struct req *r = arg;

	(void)err;
	buf_add(&r->out, data, len);
	return len;
}

static void
exec_close(void *arg, int status, const char *why)
{
	struct req *r = arg;

	r->status = status;
	silence_heard(r->link);
	if (status >= 0)
		req_over(r, LINK_DONE, NULL);
	else
		req_over(r, LINK_DIED,
		    why && *why ? why : "the command ended without a status");
}

static void
exec_drain(void *arg)
{
	struct req *r = arg;

	if (r->stream && r->input)
		exec_feed(r);
}

static const struct stream_sink exec_sink = {
	.on_data = exec_data,
	.on_close = exec_close,
	.on_drain = exec_drain,
};

static void
exec_late(void *arg)
{
	struct req *r = arg;
	char why[80];

	r->status = -1;
	str_format(why, sizeof(why), "no end of the command within %u ms",
	    r->timeout_ms);
	req_over(r, LINK_TIMED_OUT, why);
}

static void
exec_begin(struct req *r)
{
	struct link *l = r->link;
	struct stream_request request = { .kind = STREAM_EXEC, .cmd = r->cmd };
	char why[96];
	int err = 0;

	mark_sent(r);
	r->status = -1;
	r->stream =
	    l->conn->t->ops->open(l->conn->t, &request, &exec_sink, r, &err);
	if (!r->stream) {
		str_format(why, sizeof(why), "cannot start a process: %s",
		    strerror(-err));
		req_over(r, err == -ENOTSUP ? LINK_CANNOT : LINK_NOT_SENT, why);
		return;
	}
	r->timer = timer_new(l->loop, exec_late, r);
	timer_start(r->timer, r->timeout_ms);
	if (!r->input)
		r->input = mem_alloc(1);
	exec_feed(r);
}

static void
pump_execs(struct link *l)
{
	struct req *r;
	int n = 0;

	for (r = l->reqs; r; r = r->next)
		n += r->kind == REQ_EXEC && r->state == REQ_SENT;
	while (n++ < EXEC_MAX && (r = first(l, REQ_EXEC, REQ_QUEUED)))
		exec_begin(r);
}

/* --- all of them -------------------------------------------------------- */

bool
runs_under_way(const struct link *l)
{
	const struct req *r;

	for (r = l->reqs; r; r = r->next)
		if (r->state == REQ_SENT)
			return true;
	return false;
}

void
runs_post(void *arg)
{
	struct link *l = arg;
	struct req *r;

	link_enter(l);
	if (l->shell_lost)
		link_fail(l, l->shell_why, l->no_shell_why,
		    l->shell_why != LINK_WHY_AUTH);
	do {
		for (r = l->reqs; r && r->state != REQ_OVER; r = r->next)
			;
	} while (r && tell_over(r));
	if (!l->freed && l->up && l->conn) {
		if (l->ops->login && !l->config.no_shell && !l->shell &&
		    !l->borrowed)
			link_open_shell(l);
		pump_runs(l);
		pump_execs(l);
	}
	link_leave(l);
}

void
runs_drop(struct link *l, const char *why)
{
	struct req *r;

	for (r = l->reqs; r; r = r->next)
		req_over(
		    r, r->state == REQ_SENT ? LINK_DIED : LINK_NOT_SENT, why);
}

void
runs_refuse(struct link *l, enum link_outcome outcome, const char *why)
{
	struct req *r;

	while ((r = first(l, REQ_RUN, REQ_QUEUED)))
		req_over(r, outcome, why);
}

void
runs_shell_lost(struct link *l, const char *why)
{
	struct req *r;

	while ((r = first(l, REQ_RUN, REQ_SENT)))
		req_over(r, LINK_DIED, why);
}

void
runs_free(struct link *l)
{
	struct req *r;
	struct link_result result = {
		.outcome = LINK_CANCELLED,
		.status = -1,
		.out = "",
		.why = "the link is closed",
	};

	/* What its owner frees in here is the link, which is going already. */
	while ((r = l->reqs)) {
		req_unlink(r);
		r->done(r->arg, &result);
		req_release(r);
	}
}

static struct req *
req_new(struct link *l, enum req_kind kind, const char *cmd,
    unsigned timeout_ms, link_done_fn *done, void *arg)
{
	struct req *r = mem_alloc(sizeof(*r)), **rp;
	unsigned need = kind == REQ_RUN ? LINK_CAN_RUN : LINK_CAN_EXEC;

	if (++l->tickets == 0)
		l->tickets = 1;
	r->ticket = l->tickets;
	r->link = l;
	r->kind = kind;
	r->cmd = mem_strdup(cmd);
	r->timeout_ms = timeout_ms ? timeout_ms : EXEC_MS;
	r->done = done;
	r->arg = arg;
	buf_init(&r->out, LINK_OUT_MAX);
	for (rp = &l->reqs; *rp; rp = &(*rp)->next)
		;
	*rp = r;
	if (!(link_can(l) & need))
		req_over(r, LINK_CANNOT,
		    kind == REQ_RUN
			? "this link has no shell"
			: "this link cannot start a process of its own");
	else if (!l->up)
		req_over(r, LINK_NOT_SENT,
		    *l->text ? l->text : "the link is not up");
	task_post(l->post);
	return r;
}

unsigned
link_run(struct link *l, const char *cmd, unsigned timeout_ms,
    link_done_fn *done, void *arg)
{
	return req_new(l, REQ_RUN, cmd, timeout_ms, done, arg)->ticket;
}

unsigned
link_exec(struct link *l, const char *cmd, const char *input, size_t len,
    unsigned timeout_ms, link_done_fn *done, void *arg)
{
	struct req *r = req_new(l, REQ_EXEC, cmd, timeout_ms, done, arg);

	if (input && len > 0) {
		r->input = mem_alloc(len);
		memcpy(r->input, input, len);
		r->len = len;
	}
	return r->ticket;
}

void
link_cancel(struct link *l, unsigned ticket)
{
	struct req *r;

	for (r = l->reqs; r && r->ticket != ticket; r = r->next)
		;
	if (!r || r->state == REQ_OVER)
		return;
	if (r->kind == REQ_RUN && r->state == REQ_SENT)
		shell_cancel(l->shell, ticket);
	else
		req_over(r, LINK_CANCELLED, "cancelled");
}

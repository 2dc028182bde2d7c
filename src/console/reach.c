#include "rackmux/console/reach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/wrap.h"
#include "reach_in.h"

/*
 * Opening and ending. Nothing is typed before a console is open, and what ends
 * a program in between is typed only when that has said that it is the one
 * that is meant: else it would be typed at the node.
 *
 * A link without processes of its own (exec:) gives a login shell on a pty
 * instead; the command is typed at that, after it was told to say a word that
 * its echo does not hold. A serial line has but the one shell, and a program
 * that is left in it cannot be ended there: it is refused.
 */

#define BANNER_MS 5000
#define PIPE_MS 15000 /* it looks through all processes first */

/* --- a real link ---------------------------------------------------------- */

static unsigned
via_can(void *arg)
{
	return link_can(arg);
}

static enum link_state
via_state(void *arg)
{
	return link_state(arg);
}

static struct stream *
via_open(void *arg, const struct stream_request *req,
    const struct stream_sink *sink, void *stream_arg, int *err)
{
	return link_open(arg, req, sink, stream_arg, err);
}

static unsigned
via_run(void *arg, const char *cmd, unsigned timeout_ms, link_done_fn *done,
    void *done_arg)
{
	return link_run(arg, cmd, timeout_ms, done, done_arg);
}

static unsigned
via_exec(void *arg, const char *cmd, unsigned timeout_ms, link_done_fn *done,
    void *done_arg)
{
	return link_exec(arg, cmd, NULL, 0, timeout_ms, done, done_arg);
}

static void
via_cancel(void *arg, unsigned ticket)
{
	link_cancel(arg, ticket);
}

static const struct reach_via by_link = { via_can, via_state, via_open, via_run,
	via_exec, via_cancel };

/* --- the end -------------------------------------------------------------- */

static void
tell_end(struct reach *r)
{
	if (!reach_flush(r) || r->pend.len > 0)
		return; /* the rest is told when that was taken */
	r->phase = REACH_OVER;
	r->sink.on_close(r->arg, r->end, r->why);
}

/* The stream is over, and by now the link knows whether it is, too. */
static void
judge_end(struct reach *r)
{
	char text[300], *why = r->why;
	bool lost = r->via.state(r->via_arg) != LINK_UP;

	strip_end(r, lost);
	if (r->phase == REACH_BANNER && r->held[0] != '\0' && !lost) {
		held_look(r);
		return;
	}
	if (!lost && r->last[0] != '\0' &&
	    (r->phase != REACH_OPEN || r->status > 0 ||
		r->way.kind == WAY_PIPE))
		why = r->last;
	if (!lost && r->phase != REACH_OPEN && r->way.port != 0)
		str_format(text, sizeof text,
		    "Port %u there does not open (%.160s): see that its "
		    "service runs and SSH may forward TCP.",
		    r->way.port, why);
	else
		str_format(text, sizeof text, "%s%s",
		    !lost && r->phase == REACH_OPEN && why == r->last
			? "It ended: "
			: "",
		    why);
	reach_end(r,
	    lost                         ? REACH_LOST
		: r->phase == REACH_OPEN ? REACH_ENDED
					 : REACH_REFUSED,
	    text);
}

static void begin(struct reach *);

static void
on_soon(void *arg)
{
	struct reach *r = arg;

	reach_enter(r);
	if (r->phase == REACH_OVER)
		;
	else if (r->ended)
		tell_end(r);
	else if (!r->begun)
		begin(r);
	else if (r->stream == NULL && r->ask == NULL)
		judge_end(r);
	reach_leave(r);
}

/* --- the stream ----------------------------------------------------------- */

/* The program's own words come first, or the console's at once. */
static void
opened(struct reach *r)
{
	if (r->phase != REACH_OPENING)
		return;
	r->phase = REACH_BANNER;
	if (r->way.ready[0] == '\0' && r->marker[0] == '\0') {
		r->sure = true;
		(void)reach_is_open(r);
	} else
		timer_start(
		    r->timer, r->way.kind == WAY_PIPE ? PIPE_MS : BANNER_MS);
}

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct reach *r = arg;
	size_t n = len;

	reach_enter(r);
	opened(r);
	if (r->freed || r->ended)
		;
	else if (r->phase == REACH_BANNER)
		strip_head(r, data, len);
	else if (err)
		strip_keep_last(r, data, len);
	else
		n = strip_feed(r, data, len);
	reach_leave(r);
	return n;
}

static void
on_close(void *arg, int status, const char *why)
{
	struct reach *r = arg;

	timer_stop(r->timer);
	r->status = status;
	str_copy(r->why, sizeof r->why, why != NULL ? why : "");
	stream_free(r->stream);
	r->stream = NULL;
	task_post(r->soon);
}

static void
on_open(void *arg)
{
	struct reach *r = arg;

	reach_enter(r);
	opened(r);
	reach_leave(r);
}

static const struct stream_sink sink_of_stream = {
	.on_data = on_data, .on_close = on_close, .on_open = on_open
};

static void
on_timer(void *arg)
{
	struct reach *r = arg;

	reach_enter(r);
	strip_late(r);
	reach_leave(r);
}

/* --- opening -------------------------------------------------------------- */

struct below {
	struct reach *r;
	struct stream_request req;
};

static struct stream *
open_below(
    const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	const struct below *b = with;

	return b->r->via.open(b->r->via_arg, &b->req, sink, arg, err);
}

static struct stream *
open_port(struct reach *r, int *err)
{
	const struct way *w = &r->way;
	struct below far = { r,
		{ .kind = STREAM_TCP, .host = w->host, .port = w->port } };
	struct wrap_below tcp = { open_below, &far };
	struct wrap_tls tls = { .loop = r->loop, .below = tcp };
	struct wrap_below below = tcp;
	char host[80];

	str_format(host, sizeof host, "%s:%u", w->host, w->port);
	if (w->tls)
		below = (struct wrap_below){ tls_open, &tls };
	if (w->kind == WAY_WEBSOCKET) {
		const struct wrap_websocket ws = { .loop = r->loop,
			.below = below,
			.host = host,
			.path = w->path };

		return websocket_open(&ws, &sink_of_stream, r, err);
	}
	if (w->kind == WAY_TELNET) {
		const struct wrap_telnet t = { .loop = r->loop,
			.below = below,
			.rows = r->rows,
			.cols = r->cols };

		return telnet_open(&t, &sink_of_stream, r, err);
	}
	return below.open(below.with, &sink_of_stream, r, err);
}

/* At a login shell: it says the marker, then becomes the command. Eight bits
 * clean, where that is wanted of it. */
static struct stream *
open_typed(struct reach *r, const char *cmd, int *err)
{
	struct stream_request req = {
		.kind = STREAM_PTY, .rows = r->rows, .cols = r->cols
	};
	unsigned token = 0;
	struct stream *s;
	struct buf line;

	if (getrandom(&token, sizeof token, GRND_NONBLOCK) < 0)
		token = (unsigned)loop_now(r->loop);
	s = r->via.open(r->via_arg, &req, &sink_of_stream, r, err);
	if (s == NULL)
		return NULL;
	str_format(r->marker, sizeof r->marker, "rackmux%08x", token);
	buf_init(&line, 0);
	buf_printf(&line, "%sprintf '\\n%%s%%08x\\n' rackmux %u; %s%s\n",
	    r->way.kind == WAY_PIPE ? "stty raw -echo; " : "", token,
	    str_starts(cmd, "exec ") ? "" : "exec ", cmd);
	(void)stream_write(s, buf_str(&line), line.len);
	buf_release(&line);
	return s;
}

static struct stream *
open_command(struct reach *r, int *err)
{
	unsigned can = r->via.can(r->via_arg);
	struct stream_request req = { .rows = r->rows, .cols = r->cols };
	struct stream *s = NULL;
	struct buf cmd;

	buf_init(&cmd, 0);
	if (r->way.cmd[0] == '\0')
		way_tty_cmd(&r->way, &cmd);
	else
		buf_puts(&cmd, r->way.cmd);
	req.kind = r->way.kind == WAY_PTY ? STREAM_PTY : STREAM_EXEC;
	req.cmd = buf_str(&cmd);
	*err = -ENOTSUP;
	if (can & LINK_CAN_EXEC)
		s = r->via.open(r->via_arg, &req, &sink_of_stream, r, err);
	else if ((can & LINK_CAN_RUN) && !(can & LINK_CAN_BREAK))
		s = open_typed(r, buf_str(&cmd), err);
	buf_release(&cmd);
	return s;
}

static void
refuse(struct reach *r, int err)
{
	char text[200];

	switch (err) {
	case -ENOTSUP:
		reach_end(r, REACH_REFUSED,
		    "This link has no second channel for a console: reach the "
		    "board by ssh://, or give the console a link of its own.");
		break;
	case -ENOTCONN:
	case -EPIPE:
		reach_end(r, REACH_LOST, "The link is not up.");
		break;
	case -EBUSY:
		reach_end(r, REACH_REFUSED,
		    "All channels of the link are taken: close another console "
		    "of this board.");
		break;
	default:
		str_format(text, sizeof text, "It cannot be opened: %s",
		    strerror(-err));
		reach_end(r, REACH_REFUSED, text);
	}
}

static void
begin(struct reach *r)
{
	struct stream_request req = {
		/* A terminal where the link can make one: exec:, telnet. */
		.kind = STREAM_PTY,
		.rows = r->rows,
		.cols = r->cols
	};
	int err = -ENOTSUP;

	r->begun = true;
	switch (r->way.kind) {
	case WAY_LOGIN:
	case WAY_LINE:
		r->stream =
		    r->via.open(r->via_arg, &req, &sink_of_stream, r, &err);
		break;
	case WAY_WEBSOCKET:
	case WAY_TCP:
	case WAY_TELNET:
		r->stream = open_port(r, &err);
		break;
	case WAY_PTY:
	case WAY_PIPE:
		r->stream = open_command(r, &err);
		break;
	case WAY_ASK:
		ask_begin(r);
		return;
	case WAY_NONE:
		break;
	}
	if (r->stream == NULL)
		refuse(r, err);
}

/* --- the outside ---------------------------------------------------------- */

struct reach *
reach_open_via(struct loop *loop, const struct reach_via *via, void *via_arg,
    const struct way *way, int rows, int cols, const struct reach_sink *sink,
    void *arg)
{
	struct reach *r = mem_alloc(sizeof *r);

	r->loop = loop;
	r->via = *via;
	r->via_arg = via_arg;
	r->way = *way;
	r->rows = rows;
	r->cols = cols;
	r->sink = *sink;
	r->arg = arg;
	r->bol = true;
	buf_init(&r->head, 0);
	buf_init(&r->hold, 0);
	buf_init(&r->pend, 0);
	r->timer = timer_new(loop, on_timer, r);
	r->soon = task_new(loop, on_soon, r);
	task_post(r->soon);
	return r;
}

struct reach *
reach_open(struct loop *loop, struct link *l, const struct way *way, int rows,
    int cols, const struct reach_sink *sink, void *arg)
{
	return reach_open_via(loop, &by_link, l, way, rows, cols, sink, arg);
}

void
reach_free(struct reach *r)
{
	if (r == NULL || r->freed)
		return;
	r->freed = true;
	reach_enter(r);
	if (r->stream != NULL && r->phase == REACH_OPEN && r->sure &&
	    r->way.quit[0] != '\0')
		linger(r->loop, r->stream, r->way.quit);
	else
		stream_free(r->stream);
	r->stream = NULL;
	ask_free(r->ask);
	r->ask = NULL;
	reach_unask(r, r->look);
	timer_free(r->timer);
	task_free(r->soon);
	reach_leave(r);
}

/* What would be a command to the program in between, typed twice. */
static int
write_escaped(struct reach *r, const char *data, size_t len)
{
	struct buf b;
	int err;

	buf_init(&b, 0);
	for (size_t i = 0; i < len; i++) {
		buf_add(&b, data + i, 1);
		if (data[i] == r->way.quit[0])
			buf_add(&b, data + i, 1);
	}
	err = stream_write(r->stream, buf_str(&b), b.len);
	buf_release(&b);
	return err;
}

int
reach_write(struct reach *r, const char *data, size_t len)
{
	if (r->phase != REACH_OPEN || r->ended)
		return -EPIPE;
	if (r->ask != NULL)
		return ask_write(r, data, len);
	if (r->stream == NULL)
		return -EPIPE;
	if (len == 0)
		return 0;
	if (r->sure && r->way.quit[0] != '\0' &&
	    memchr(data, r->way.quit[0], len) != NULL)
		return write_escaped(r, data, len);
	return stream_write(r->stream, data, len);
}

int
reach_break(struct reach *r)
{
	if (!r->way.sends_break)
		return -ENOTSUP;
	if (r->phase != REACH_OPEN || r->stream == NULL)
		return -EPIPE;
	if (r->way.brk[0] == '\0')
		return stream_break(r->stream);
	if (!r->sure)
		return -ENOTSUP;
	r->brk_due = r->way.said[0] != '\0';
	return stream_write(r->stream, r->way.brk, strlen(r->way.brk));
}

void
reach_resize(struct reach *r, int rows, int cols)
{
	r->rows = rows;
	r->cols = cols;
	if (r->stream != NULL)
		(void)stream_resize(r->stream, rows, cols);
}

void
reach_resume(struct reach *r)
{
	reach_enter(r);
	if (reach_flush(r) && r->pend.len == 0) {
		if (r->ended || (r->stream == NULL && r->ask == NULL))
			task_post(r->soon);
		else if (r->ask != NULL)
			ask_resume(r->ask);
		else if (r->stream != NULL)
			stream_resume(r->stream);
	}
	reach_leave(r);
}

/*
 * wslay's server side with actix-ws' and bmcd's habits: a ping every 5 s, the
 * end after 30 s in which the client has sent neither ping nor pong, frames of
 * 64 KiB at most, text taken as bytes, and no messages in pieces.
 */
#include "websocket.h"

#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/hash.h"
#include "rackmux/base/text.h"

#define PING_MS 5000
#define TIMEOUT_MS 30000
#define MESSAGE_MAX 65536

struct websocket {
	struct loop *loop;
	struct websocket_ops ops;
	void *arg;
	wslay_event_context_ptr ctx;
	struct buf in;
	struct timer *ping;
	struct task *task;
	uint64_t heard;
	bool closing;
	bool inside; /* of wslay's reading */
};

static ssize_t
on_recv(
    wslay_event_context_ptr ctx, uint8_t *out, size_t len, int flags, void *arg)
{
	struct websocket *w = arg;

	(void)flags;
	if (w->in.len == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > w->in.len)
		len = w->in.len;
	memcpy(out, w->in.data, len);
	buf_drop(&w->in, len);
	return (ssize_t)len;
}

static ssize_t
on_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t len, int flags,
    void *arg)
{
	struct websocket *w = arg;

	(void)ctx;
	(void)flags;
	w->ops.wire(w->arg, (const char *)p, len);
	return (ssize_t)len;
}

static void
on_frame(wslay_event_context_ptr ctx,
    const struct wslay_event_on_frame_recv_start_arg *f, void *arg)
{
	(void)ctx;
	if (f->opcode == WSLAY_CONTINUATION_FRAME || f->fin == 0)
		websocket_close(arg, WS_UNSUPPORTED,
		    "Continuation frames are not supported");
}

static void
on_message(wslay_event_context_ptr ctx,
    const struct wslay_event_on_msg_recv_arg *m, void *arg)
{
	struct websocket *w = arg;

	(void)ctx;
	if (m->opcode == WSLAY_PING || m->opcode == WSLAY_PONG)
		w->heard = loop_now(w->loop);
	else if (!wslay_is_ctrl_frame(m->opcode) && !w->closing)
		w->ops.data(w->arg, (const char *)m->msg, m->msg_length);
}

/* Send what waits; tell later when there is nothing more to come. */
static void
pump(struct websocket *w)
{
	if (w->inside)
		return;
	if (wslay_event_send(w->ctx) != 0 ||
	    (!wslay_event_want_read(w->ctx) &&
		!wslay_event_want_write(w->ctx)) ||
	    (w->closing && wslay_event_get_close_sent(w->ctx)))
		task_post(w->task);
}

static void
on_over(void *arg)
{
	struct websocket *w = arg;

	timer_stop(w->ping);
	w->ops.over(w->arg);
}

static void
on_ping(void *arg)
{
	static const struct wslay_event_msg ping = { WSLAY_PING, NULL, 0 };
	struct websocket *w = arg;

	if (loop_now(w->loop) - w->heard > TIMEOUT_MS) {
		websocket_close(w, WS_ERROR,
		    "client has not sent heartbeat in over 30s; "
		    "disconnecting");
		return;
	}
	(void)wslay_event_queue_msg(w->ctx, &ping);
	pump(w);
	timer_start(w->ping, PING_MS);
}

struct websocket *
websocket_new(struct loop *loop, const struct websocket_ops *ops, void *arg)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.on_frame_recv_start_callback = on_frame,
		.on_msg_recv_callback = on_message,
	};
	struct websocket *w = mem_alloc(sizeof(*w));

	w->loop = loop;
	w->ops = *ops;
	w->arg = arg;
	if (wslay_event_context_server_init(&w->ctx, &callbacks, w) != 0)
		abort();
	wslay_event_config_set_max_recv_msg_length(w->ctx, MESSAGE_MAX);
	buf_init(&w->in, 0);
	w->heard = loop_now(loop);
	w->task = task_new(loop, on_over, w);
	w->ping = timer_new(loop, on_ping, w);
	timer_start(w->ping, 0); /* the first tick is at once */
	return w;
}

void
websocket_free(struct websocket *w)
{
	if (w == NULL)
		return;
	wslay_event_context_free(w->ctx);
	timer_free(w->ping);
	task_free(w->task);
	buf_release(&w->in);
	free(w);
}

void
websocket_input(struct websocket *w, const char *p, size_t len)
{
	if (!wslay_event_want_read(w->ctx))
		return;
	buf_add(&w->in, p, len);
	w->inside = true;
	if (wslay_event_recv(w->ctx) != 0)
		task_post(w->task);
	w->inside = false;
	buf_clear(&w->in);
	pump(w);
}

void
websocket_send(struct websocket *w, const char *p, size_t len)
{
	struct wslay_event_msg m = { WSLAY_BINARY_FRAME, (const uint8_t *)p,
		len };

	if (w->closing || wslay_event_queue_msg(w->ctx, &m) != 0)
		return;
	pump(w);
}

void
websocket_close(struct websocket *w, unsigned code, const char *why)
{
	if (w->closing)
		return;
	w->closing = true;
	(void)wslay_event_queue_close(
	    w->ctx, (uint16_t)code, (const uint8_t *)why, strlen(why));
	pump(w);
}

void
websocket_accept(const char *key, char *out)
{
	unsigned char sum[HASH_SHA1_LEN];
	char text[128];

	str_format(text, sizeof(text), "%.60s%s", key,
	    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	hash_sha1(text, strlen(text), sum);
	hash_base64(sum, sizeof(sum), out);
}

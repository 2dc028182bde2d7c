/*
 * WebSocket over any stream; the only file with wslay, which frames. The
 * upgrade before it is ours: one request, one answer of bounded length.
 *
 * A frame's payload goes on as it comes, so its length costs no memory; one
 * that claims more than FRAME_MAX is no console's. Pings keep a server from
 * hanging up on a console where nothing happens (bmcd does after 30 s) and
 * find a dead one.
 */
#include "rackmux/link/wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wslay/wslay.h>

#include "rackmux/base/hash.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "wrap_in.h"

#define HEAD_MAX 8192
#define FRAME_MAX (1024 * 1024)
#define PING_MS 10000
#define PINGS_UNHEARD 3
#define KEY_LEN 16
#define KEY_TEXT 25 /* 16 bytes in base64 */
#define ACCEPT_TEXT 29 /* 20 bytes in base64 */

struct websocket {
	struct wrap wrap;
	char *request; /* until it is sent */
	char accept[ACCEPT_TEXT];
	struct buf head;
	bool upgraded, control, too_big;
	wslay_event_context_ptr ctx;
	const char *in; /* what is being decoded */
	size_t in_len;
	unsigned ping_ms, unheard;
	char bye[128]; /* the reason in the peer's close frame */
};

/* --- frames, as wslay asks for them --------------------------------------- */

static ssize_t
on_recv(wslay_event_context_ptr ctx, uint8_t *data, size_t len, int flags,
    void *arg)
{
	struct websocket *ws = arg;

	(void)flags;
	if (ws->in_len == 0) {
		wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	if (len > ws->in_len)
		len = ws->in_len;
	memcpy(data, ws->in, len);
	ws->in += len;
	ws->in_len -= len;
	return (ssize_t)len;
}

static ssize_t
on_send(wslay_event_context_ptr ctx, const uint8_t *data, size_t len, int flags,
    void *arg)
{
	struct websocket *ws = arg;

	(void)ctx;
	(void)flags;
	wrap_send(&ws->wrap, (const char *)data, len);
	return (ssize_t)len;
}

static int
on_mask(wslay_event_context_ptr ctx, uint8_t *out, size_t len, void *arg)
{
	(void)ctx;
	(void)arg;
	hash_random(out, len);
	return 0;
}

static void
on_frame(wslay_event_context_ptr ctx,
    const struct wslay_event_on_frame_recv_start_arg *frame, void *arg)
{
	struct websocket *ws = arg;

	(void)ctx;
	ws->control = wslay_is_ctrl_frame(frame->opcode);
	ws->too_big = ws->too_big || frame->payload_length > FRAME_MAX;
}

static void
on_payload(wslay_event_context_ptr ctx,
    const struct wslay_event_on_frame_recv_chunk_arg *chunk, void *arg)
{
	struct websocket *ws = arg;

	(void)ctx;
	if (!ws->control && !ws->too_big)
		wrap_give(
		    &ws->wrap, (const char *)chunk->data, chunk->data_length);
}

static void
on_message(wslay_event_context_ptr ctx,
    const struct wslay_event_on_msg_recv_arg *msg, void *arg)
{
	struct websocket *ws = arg;

	(void)ctx;
	/* Two bytes of code, then the reason. */
	if (msg->opcode == WSLAY_CONNECTION_CLOSE && msg->msg_length > 2)
		text_clean(ws->bye, sizeof(ws->bye), (const char *)msg->msg + 2,
		    msg->msg_length - 2);
}

static void
send_frames(struct websocket *ws)
{
	while (ws->ctx && wslay_event_want_write(ws->ctx) && !ws->wrap.over)
		if (wslay_event_send(ws->ctx) != 0) {
			wrap_end(&ws->wrap, -1, "no memory for a frame");
			return;
		}
}

static void
closed(struct websocket *ws)
{
	char text[WRAP_WHY];
	unsigned code = wslay_event_get_status_code_received(ws->ctx);

	if (code == WSLAY_CODE_NO_STATUS_RCVD)
		str_format(
		    text, sizeof(text), "the far side closed the WebSocket");
	else
		str_format(text, sizeof(text),
		    "the far side closed the WebSocket: %s (code %u)",
		    *ws->bye                                ? ws->bye
			: code == WSLAY_CODE_NORMAL_CLOSURE ? "it is done"
			: code == WSLAY_CODE_GOING_AWAY     ? "it goes away"
							    : "no reason given",
		    code);
	wrap_end(&ws->wrap, -1, text);
}

static void
frames(struct websocket *ws, const char *data, size_t len)
{
	ws->unheard = 0;
	ws->in = data;
	ws->in_len = len;
	if (wslay_event_recv(ws->ctx) != 0)
		wrap_end(&ws->wrap, -1,
		    "the far side breaks the WebSocket protocol");
	if (ws->too_big)
		wslay_event_queue_close(
		    ws->ctx, WSLAY_CODE_MESSAGE_TOO_BIG, NULL, 0);
	send_frames(ws);
	/* What is beyond all measure wslay has refused itself. */
	if (wslay_event_get_status_code_sent(ws->ctx) ==
	    WSLAY_CODE_MESSAGE_TOO_BIG)
		wrap_end(&ws->wrap, -1,
		    "the far side sends a frame that is no console's: over "
		    "1 MiB");
	else if (wslay_event_get_close_received(ws->ctx))
		closed(ws);
	else if (!wslay_event_get_read_enabled(ws->ctx))
		wrap_end(&ws->wrap, -1,
		    "the far side breaks the WebSocket protocol");
}

static bool
frames_start(struct websocket *ws)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.genmask_callback = on_mask,
		.on_frame_recv_start_callback = on_frame,
		.on_frame_recv_chunk_callback = on_payload,
		.on_msg_recv_callback = on_message,
	};

	if (wslay_event_context_client_init(&ws->ctx, &callbacks, ws) != 0) {
		wrap_end(&ws->wrap, -1, "no memory for a WebSocket");
		return false;
	}
	wslay_event_config_set_no_buffering(ws->ctx, 1);
	return true;
}

/* --- the upgrade ---------------------------------------------------------- */

static void
make_accept(struct websocket *ws, const char *key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[HASH_SHA1_LEN];
	char text[KEY_TEXT + sizeof(guid)];

	str_format(text, sizeof(text), "%s%s", key, guid);
	hash_sha1(text, strlen(text), digest);
	hash_base64(digest, sizeof(digest), ws->accept);
}

static void
make_request(struct websocket *ws, const struct wrap_websocket *c)
{
	unsigned char random[KEY_LEN];
	char key[KEY_TEXT];

	hash_random(random, sizeof(random));
	hash_base64(random, sizeof(random), key);
	make_accept(ws, key);
	ws->request = mem_printf("GET %s HTTP/1.1\r\n"
				 "Host: %s\r\n"
				 "Upgrade: websocket\r\n"
				 "Connection: Upgrade\r\n"
				 "Sec-WebSocket-Key: %s\r\n"
				 "Sec-WebSocket-Version: 13\r\n"
				 "%s\r\n",
	    c->path, c->host, key, c->headers ? c->headers : "");
}

static void
refused(struct websocket *ws, const char *text)
{
	char why[WRAP_WHY];

	str_format(why, sizeof(why), "no WebSocket: %s", text);
	wrap_end(&ws->wrap, -1, why);
}

/* "HTTP/1.1 404 Not Found" */
static void
refused_status(struct websocket *ws, int status, const char *reason)
{
	char clean[80], text[200];

	text_clean(clean, sizeof(clean), reason, strlen(reason));
	str_format(text, sizeof(text), "the far side says HTTP %d%s%s%s",
	    status, *clean ? " " : "", clean,
	    status == 401 || status == 403 ? ": it wants a login"
		: status == 404            ? ": it has no console there"
		: status / 100 == 5        ? ": its service is not well"
					   : "");
	refused(ws, text);
}

struct answer {
	bool upgrade, connection, accept, extra;
};

static void
read_header(struct websocket *ws, char *line, struct answer *a)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	value = str_trim(value);
	if (strcasecmp(line, "Upgrade") == 0)
		a->upgrade = strcasecmp(value, "websocket") == 0;
	else if (strcasecmp(line, "Connection") == 0)
		a->connection = strcasestr(value, "upgrade") != NULL;
	else if (strcasecmp(line, "Sec-WebSocket-Accept") == 0)
		a->accept = strcmp(value, ws->accept) == 0;
	else if (strcasecmp(line, "Sec-WebSocket-Extensions") == 0 ||
	    strcasecmp(line, "Sec-WebSocket-Protocol") == 0)
		a->extra = true;
}

/* True when it is an upgrade to what was asked for, and no other. */
static bool
read_answer(struct websocket *ws)
{
	struct answer a = { 0 };
	char *p = ws->head.data, *line = str_line(&p), *reason;
	long status;

	if (!line || !str_starts(line, "HTTP/1.") || strlen(line) < 12) {
		refused(ws, "the far side speaks no HTTP/1.1");
		return false;
	}
	reason = line + 12;
	if (*reason == ' ')
		*reason++ = '\0';
	if (!str_long(line + 9, 100, 599, &status)) {
		refused(ws, "the far side speaks no HTTP/1.1");
		return false;
	}
	if (status != 101) {
		refused_status(ws, (int)status, reason);
		return false;
	}
	while ((line = str_line(&p)))
		read_header(ws, line, &a);
	if (a.upgrade && a.connection && a.accept && !a.extra)
		return true;
	refused(ws,
	    a.extra         ? "the far side wants what was not offered"
		: !a.accept ? "the far side's answer is not to our request"
			    : "the far side upgrades to something else");
	return false;
}

/* Bytes of the answer's head; how many of these were of it. */
static size_t
read_head(struct websocket *ws, const char *data, size_t len)
{
	size_t before = ws->head.len, from = before > 3 ? before - 3 : 0, n;
	const char *end;

	buf_add(&ws->head, data, len);
	end = memmem(ws->head.data + from, ws->head.len - from, "\r\n\r\n", 4);
	if (!end) {
		if (ws->head.cut)
			refused(ws, "the far side's answer has no end");
		return len;
	}
	n = (size_t)(end + 4 - ws->head.data) - before;
	ws->head.data[before + n - 2] = '\0';
	ws->upgraded = read_answer(ws) && frames_start(ws);
	buf_release(&ws->head);
	return n;
}

/* --- the stream ----------------------------------------------------------- */

static void
ws_begin(struct wrap *w)
{
	struct websocket *ws = (struct websocket *)w;

	if (!ws->request)
		return;
	wrap_send(w, ws->request, strlen(ws->request));
	free(ws->request);
	ws->request = NULL;
}

static void
ws_decode(struct wrap *w, const char *data, size_t len)
{
	struct websocket *ws = (struct websocket *)w;
	size_t n = 0;

	if (!ws->upgraded) {
		n = read_head(ws, data, len);
		if (!ws->upgraded)
			return;
		wrap_opened(w);
		wrap_timer(w, ws->ping_ms);
	}
	if (len > n)
		frames(ws, data + n, len - n);
}

static void
ws_encode(struct wrap *w, const char *data, size_t len)
{
	struct websocket *ws = (struct websocket *)w;
	struct wslay_event_msg msg = { WSLAY_BINARY_FRAME,
		(const uint8_t *)data, len };

	if (len > 0 && wslay_event_queue_msg(ws->ctx, &msg) != 0)
		wrap_end(w, -1, "the WebSocket takes no more");
	send_frames(ws);
}

static void
ws_tick(struct wrap *w)
{
	struct websocket *ws = (struct websocket *)w;
	struct wslay_event_msg ping = { WSLAY_PING, NULL, 0 };

	if (!ws->upgraded)
		return;
	/* While the owner holds, nothing is read, so nothing is heard. */
	if (!w->below_held && ws->unheard++ == PINGS_UNHEARD) {
		wrap_end(w, -1, "the far side answers no ping any more");
		return;
	}
	if (!w->eof)
		wslay_event_queue_msg(ws->ctx, &ping);
	send_frames(ws);
	wrap_timer(w, ws->ping_ms);
}

static void
ws_bye(struct wrap *w)
{
	struct websocket *ws = (struct websocket *)w;

	wslay_event_queue_close(ws->ctx, WSLAY_CODE_NORMAL_CLOSURE, NULL, 0);
	send_frames(ws);
}

static void
ws_free(struct wrap *w)
{
	struct websocket *ws = (struct websocket *)w;

	if (ws->ctx)
		wslay_event_context_free(ws->ctx);
	buf_release(&ws->head);
	free(ws->request);
	free(ws);
}

static const struct wrap_ops ws_ops = {
	.late = "the far side did not answer the request for a WebSocket",
	.cut = "the connection ended before the WebSocket was there",
	.begin = ws_begin,
	.decode = ws_decode,
	.encode = ws_encode,
	.tick = ws_tick,
	.bye = ws_bye,
	.free = ws_free,
};

/* Nothing in it may begin another header. */
static bool
word_ok(const char *s)
{
	for (; s && *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return s != NULL;
}

struct stream *
websocket_open(
    const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	const struct wrap_websocket *c = with;
	struct websocket *ws;

	if (!word_ok(c->host) || !word_ok(c->path) || c->path[0] != '/') {
		*err = -EINVAL;
		return NULL;
	}
	ws = mem_alloc(sizeof(*ws));
	buf_init(&ws->head, HEAD_MAX);
	ws->ping_ms = c->ping_ms > 0 ? c->ping_ms : PING_MS;
	make_request(ws, c);
	return wrap_start(
	    &ws->wrap, &ws_ops, c->loop, &c->below, c->open_ms, sink, arg, err);
}

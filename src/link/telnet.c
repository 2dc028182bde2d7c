/*
 * Telnet as console servers speak it; the only file with libtelnet.
 *
 * Typing waits for the peer's word on BINARY, for TELNET_SETTLE_MS at most:
 * without it a CR is sent as CR NUL, with it as it is, and one sent the wrong
 * way types a NUL at a node. (libtelnet tells of an agreement, but not of a
 * refusal.) Options that are not in the table are refused,
 * COM-PORT-OPTION (RFC 2217) among them: a server's line has its settings.
 * libtelnet 0.21 starts MCCP2 whenever the peer says so, agreed or not; a
 * console is not compressed, so that is the end.
 */
#include "rackmux/link/wrap.h"

#include <errno.h>
#include <libtelnet.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "wrap_in.h"

#define TELNET_SETTLE_MS 300
#define SIZE_MAX_CELLS 65535

struct telnet {
	struct wrap wrap;
	telnet_t *state;
	int rows, cols;
	bool binary_in, binary_out, naws;
	bool cr; /* the last byte received was one */
};

static void
send_size(struct telnet *t)
{
	unsigned char size[4] = { (unsigned char)(t->cols >> 8),
		(unsigned char)t->cols, (unsigned char)(t->rows >> 8),
		(unsigned char)t->rows };

	if (t->naws && t->rows > 0 && t->cols > 0)
		telnet_subnegotiation(
		    t->state, TELNET_TELOPT_NAWS, (const char *)size, 4);
}

/* Without BINARY a CR that is no newline comes with a NUL. */
static void
give(struct telnet *t, const char *data, size_t len)
{
	size_t from = 0, i;

	for (i = 0; i < len; i++) {
		if (t->cr && data[i] == '\0' && !t->binary_in) {
			wrap_give(&t->wrap, data + from, i - from);
			from = i + 1;
		}
		t->cr = data[i] == '\r';
	}
	wrap_give(&t->wrap, data + from, len - from);
}

static void
agreed(struct telnet *t, const telnet_event_t *e)
{
	bool yes = e->type == TELNET_EV_DO || e->type == TELNET_EV_WILL;
	bool ours = e->type == TELNET_EV_DO || e->type == TELNET_EV_DONT;

	if (e->neg.telopt == TELNET_TELOPT_BINARY && ours) {
		t->binary_out = yes;
		wrap_opened(&t->wrap);
	} else if (e->neg.telopt == TELNET_TELOPT_BINARY) {
		t->binary_in = yes;
	} else if (e->neg.telopt == TELNET_TELOPT_NAWS && ours) {
		t->naws = yes;
		send_size(t);
	}
}

static void
on_event(telnet_t *state, telnet_event_t *e, void *arg)
{
	struct telnet *t = arg;

	(void)state;
	switch (e->type) {
	case TELNET_EV_DATA:
		wrap_opened(&t->wrap);
		give(t, e->data.buffer, e->data.size);
		break;
	case TELNET_EV_SEND:
		wrap_send(&t->wrap, e->data.buffer, e->data.size);
		break;
	case TELNET_EV_WILL:
	case TELNET_EV_WONT:
	case TELNET_EV_DO:
	case TELNET_EV_DONT:
		agreed(t, e);
		break;
	case TELNET_EV_COMPRESS:
		wrap_end(&t->wrap, -1,
		    "the far side compresses its telnet without being asked");
		break;
	case TELNET_EV_ERROR:
		wrap_end(
		    &t->wrap, -1, "the far side breaks the telnet protocol");
		break;
	default:
		break;
	}
}

static void
telnet_begin(struct wrap *w)
{
	struct telnet *t = (struct telnet *)w;

	telnet_negotiate(t->state, TELNET_WILL, TELNET_TELOPT_BINARY);
	telnet_negotiate(t->state, TELNET_DO, TELNET_TELOPT_BINARY);
	telnet_negotiate(t->state, TELNET_DO, TELNET_TELOPT_SGA);
	telnet_negotiate(t->state, TELNET_DO, TELNET_TELOPT_ECHO);
	telnet_negotiate(t->state, TELNET_WILL, TELNET_TELOPT_NAWS);
	wrap_timer(w, TELNET_SETTLE_MS);
}

static void
telnet_tick(struct wrap *w)
{
	wrap_opened(w);
}

static void
telnet_decode(struct wrap *w, const char *data, size_t len)
{
	telnet_recv(((struct telnet *)w)->state, data, len);
}

static void
telnet_encode(struct wrap *w, const char *data, size_t len)
{
	struct telnet *t = (struct telnet *)w;
	size_t from = 0, i;

	for (i = 0; i < len && !t->binary_out; i++) {
		if (data[i] != '\r' || (i + 1 < len && data[i + 1] == '\n'))
			continue;
		telnet_send(t->state, data + from, i + 1 - from);
		telnet_send(t->state, "", 1);
		from = i + 1;
	}
	telnet_send(t->state, data + from, len - from);
}

static int
telnet_resize(struct wrap *w, int rows, int cols)
{
	struct telnet *t = (struct telnet *)w;

	if (rows < 1 || cols < 1 || rows > SIZE_MAX_CELLS ||
	    cols > SIZE_MAX_CELLS)
		return -EINVAL;
	if (rows == t->rows && cols == t->cols)
		return 0;
	t->rows = rows;
	t->cols = cols;
	send_size(t);
	return 0;
}

static int
telnet_break(struct wrap *w)
{
	struct telnet *t = (struct telnet *)w;

	if (!w->opened)
		return -ENOTCONN;
	telnet_iac(t->state, TELNET_BREAK);
	return 0;
}

static void
telnet_wrap_free(struct wrap *w)
{
	struct telnet *t = (struct telnet *)w;

	telnet_free(t->state);
	free(t);
}

static const struct wrap_ops telnet_ops = {
	.late = "the telnet connection did not open in time",
	.begin = telnet_begin,
	.decode = telnet_decode,
	.encode = telnet_encode,
	.tick = telnet_tick,
	.resize = telnet_resize,
	.send_break = telnet_break,
	.free = telnet_wrap_free,
};

struct stream *
telnet_open(
    const void *with, const struct stream_sink *sink, void *arg, int *err)
{
	static const telnet_telopt_t options[] = {
		{ TELNET_TELOPT_BINARY, TELNET_WILL, TELNET_DO },
		{ TELNET_TELOPT_SGA, TELNET_WILL, TELNET_DO },
		{ TELNET_TELOPT_ECHO, TELNET_WONT, TELNET_DO },
		{ TELNET_TELOPT_NAWS, TELNET_WILL, TELNET_DONT },
		{ -1, 0, 0 },
	};
	const struct wrap_telnet *c = with;
	struct telnet *t = mem_alloc(sizeof(*t));

	t->rows = c->rows;
	t->cols = c->cols;
	t->state = telnet_init(options, on_event, 0, t);
	if (!t->state) {
		free(t);
		*err = -ENOMEM;
		return NULL;
	}
	return wrap_start(
	    &t->wrap, &telnet_ops, c->loop, &c->below, 0, sink, arg, err);
}

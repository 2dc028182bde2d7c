/*
 * What ser2net offers when a client comes: SGA and ECHO on its side, no echo
 * on the other, eight bits both ways. In binary mode a CR is a CR; from a
 * client that did not agree to it, CR NUL and CR LF are one.
 */
#include "telnet.h"

#include <libtelnet.h>
#include <stdbool.h>
#include <stdlib.h>

#include "rackmux/base/buf.h"

struct telnet {
	telnet_t *t;
	struct telnet_ops ops;
	void *arg;
	bool binary; /* the client sends so */
	bool cr; /* the last byte was one */
};

static const telnet_telopt_t options[] = {
	{ TELNET_TELOPT_BINARY, TELNET_WILL, TELNET_DO },
	{ TELNET_TELOPT_SGA, TELNET_WILL, TELNET_DO },
	{ TELNET_TELOPT_ECHO, TELNET_WILL, TELNET_DONT },
	{ -1, 0, 0 },
};

static void
came(struct telnet *t, const char *p, size_t len)
{
	struct buf b;
	size_t i;

	if (t->binary) {
		t->ops.data(t->arg, p, len);
		return;
	}
	buf_init(&b, 0);
	for (i = 0; i < len; i++) {
		if (!t->cr || (p[i] != '\n' && p[i] != '\0'))
			buf_add(&b, p + i, 1);
		t->cr = p[i] == '\r';
	}
	if (b.len > 0)
		t->ops.data(t->arg, b.data, b.len);
	buf_release(&b);
}

static void
on_event(telnet_t *tn, telnet_event_t *ev, void *arg)
{
	struct telnet *t = arg;

	(void)tn;
	switch (ev->type) {
	case TELNET_EV_DATA:
		came(t, ev->data.buffer, ev->data.size);
		break;
	case TELNET_EV_SEND:
		t->ops.wire(t->arg, ev->data.buffer, ev->data.size);
		break;
	case TELNET_EV_IAC:
		if (ev->iac.cmd == TELNET_BREAK)
			t->ops.brk(t->arg);
		break;
	case TELNET_EV_WILL:
	case TELNET_EV_WONT:
		if (ev->neg.telopt == TELNET_TELOPT_BINARY)
			t->binary = ev->type == TELNET_EV_WILL;
		break;
	default:
		break;
	}
}

struct telnet *
telnet_new(const struct telnet_ops *ops, void *arg)
{
	struct telnet *t = mem_alloc(sizeof(*t));

	t->ops = *ops;
	t->arg = arg;
	t->t = telnet_init(options, on_event, 0, t);
	if (t->t == NULL)
		abort();
	telnet_negotiate(t->t, TELNET_WILL, TELNET_TELOPT_SGA);
	telnet_negotiate(t->t, TELNET_WILL, TELNET_TELOPT_ECHO);
	telnet_negotiate(t->t, TELNET_DONT, TELNET_TELOPT_ECHO);
	telnet_negotiate(t->t, TELNET_WILL, TELNET_TELOPT_BINARY);
	telnet_negotiate(t->t, TELNET_DO, TELNET_TELOPT_BINARY);
	return t;
}

void
telnet_end(struct telnet *t)
{
	if (t == NULL)
		return;
	telnet_free(t->t);
	free(t);
}

void
telnet_input(struct telnet *t, const char *p, size_t len)
{
	telnet_recv(t->t, p, len);
}

void
telnet_data(struct telnet *t, const char *p, size_t len)
{
	telnet_send(t->t, p, len);
}

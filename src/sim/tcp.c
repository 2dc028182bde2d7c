#include "rackmux/sim/tcp.h"

void
tcp_init(struct tcp *t, void (*wake)(void *carrier), void *carrier)
{
	t->service = NULL;
	t->arg = NULL;
	t->ended = t->reset = false;
	t->wake = wake;
	t->carrier = carrier;
	buf_init(&t->out, 0);
}

void
tcp_send(struct tcp *t, const char *p, size_t len)
{
	if (t->ended || len == 0)
		return;
	buf_add(&t->out, p, len);
	t->wake(t->carrier);
}

size_t
tcp_waiting(const struct tcp *t)
{
	return t->out.len;
}

void
tcp_end(struct tcp *t)
{
	t->ended = true;
	t->wake(t->carrier);
}

void
tcp_reset(struct tcp *t)
{
	buf_clear(&t->out);
	t->reset = true;
	tcp_end(t);
}

void
tcp_input(struct tcp *t, const char *p, size_t len)
{
	if (t->service != NULL && !t->ended)
		t->service->input(t->arg, p, len);
}

void
tcp_eof(struct tcp *t)
{
	if (t->service != NULL && t->service->eof != NULL && !t->ended)
		t->service->eof(t->arg);
}

void
tcp_sent(struct tcp *t, size_t len)
{
	buf_drop(&t->out, len);
	if (t->out.len > 0)
		return;
	buf_release(&t->out); /* an idle one holds no memory */
	buf_init(&t->out, 0);
	if (t->service != NULL && t->service->room != NULL && !t->ended)
		t->service->room(t->arg);
}

bool
tcp_over(const struct tcp *t)
{
	return t->ended && t->out.len == 0;
}

void
tcp_release(struct tcp *t)
{
	const struct tcp_service *s = t->service;

	t->service = NULL;
	t->ended = true;
	if (s != NULL)
		s->gone(t->arg);
	buf_release(&t->out);
}

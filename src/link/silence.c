/*
 * A peer that is dead, told from one that is slow. While something is under
 * way and not a byte comes, the peer is made to send one, by a process that
 * does nothing. Who says nothing then for silent_ms since the last byte is
 * gone. With a poll every silent_ms / 2 that is two periods after it died. What
 * cannot be probed (a serial line, busy with a command) has the timeouts of its
 * commands.
 */
#include "link_in.h"

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

static bool
note(struct link *l)
{
	unsigned long long received = l->conn->t->ops->received(l->conn->t);

	if (received == l->received)
		return false;
	l->received = received;
	l->heard_at = loop_now(l->loop);
	return true;
}

static bool
waits(const struct link *l)
{
	return l->conn &&
	    (runs_under_way(l) ||
		(l->shell && !l->ops->login && !shell_ready(l->shell)));
}

static size_t
probe_data(void *arg, const char *data, size_t len, bool err)
{
	(void)arg;
	(void)data;
	(void)err;
	return len;
}

static void
probe_close(void *arg, int status, const char *why)
{
	struct link *l = arg;

	(void)status;
	(void)why;
	stream_free(l->probe);
	l->probe = NULL;
}

static const struct stream_sink probe_sink = {
	.on_data = probe_data,
	.on_close = probe_close,
};

static void
probe(struct link *l)
{
	struct stream_request request = { .kind = STREAM_EXEC, .cmd = ":" };
	int err;

	if (!l->probe)
		l->probe =
		    l->ops->open(l->conn->t, &request, &probe_sink, l, &err);
}

void
silence_counts(struct link *l)
{
	(void)note(l);
	l->unheard_ms = loop_now(l->loop) - l->heard_at;
}

void
silence_tick(void *arg)
{
	struct link *l = arg;
	uint64_t now = loop_now(l->loop);
	unsigned limit = l->config.silent_ms;
	char text[80];

	if (!waits(l))
		return;
	if (note(l)) {
		l->wait_since = now;
		l->probed_at = 0;
	}
	if (l->probed_at == 0) {
		/* The first early, in time for the limit; then rarely. */
		if (now - l->wait_since >=
		    (l->probes ? limit / 2 : limit / 4)) {
			l->probes++;
			l->probed_at = now;
			probe(l);
		}
	} else if (now - l->heard_at >= limit &&
	    now - l->probed_at >= limit / 4) {
		str_format(text, sizeof(text),
		    limit % 1000 ? "no answer for %.1f s"
				 : "no answer for %.0f s",
		    limit / 1000.0);
		silence_counts(l);
		link_fail(l, LINK_WHY_SILENT, text, true);
		return;
	}
	timer_start(l->silence, limit / 8);
}

void
silence_begin(struct link *l)
{
	if (!(l->ops->can & LINK_CAN_EXEC))
		return;
	note(l);
	l->probes = 0;
	if (timer_active(l->silence))
		return;
	l->wait_since = loop_now(l->loop);
	l->probed_at = 0;
	timer_start(l->silence, l->config.silent_ms / 8);
}

void
silence_heard(struct link *l)
{
	if (l->conn)
		note(l);
}

void
silence_up(struct link *l)
{
	l->heard_at = loop_now(l->loop);
	l->unheard_ms = 0;
	l->received = l->conn->t->ops->received(l->conn->t);
}

uint64_t
link_unheard_ms(const struct link *l)
{
	return l->unheard_ms;
}

void
silence_end(struct link *l)
{
	timer_stop(l->silence);
	stream_free(l->probe);
	l->probe = NULL;
}

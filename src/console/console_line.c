/*
 * The way, opened: what reach tells, and when it is tried again. A way that
 * ends while its link is up is opened again after a wait that grows; one whose
 * link went waits for that, and is then opened at once.
 */
#include "console_in.h"

#include <string.h>

#include "rackmux/base/text.h"

/* What a way repeats on opening comes at once; a question in it is old. */
#define REPLAY_MS 1000

/* Who holds the line may be ourselves, a moment ago, over a connection that is
 * dead, or the rackmux that just gave it to us; then it is soon over. */
#define HELD_SOON 3
#define HELD_SOON_MS 1000
#define HELD_MS 10000

void
console_close_way(struct console *c)
{
	struct reach *r = c->reach;

	console_flow_forget(c);
	if (c->open)
		console_typed_lost(c);
	c->reach = NULL;
	c->open = false;
	reach_free(r);
	if (c->vt)
		vt_reply_drop(c->vt);
}

static void
on_open(void *arg)
{
	struct console *c = arg;

	c->open = true;
	c->trouble_told = false;
	c->held_tries = 0;
	backoff_up(&c->backoff, loop_now(c->set->loop));
	if (c->way && c->way->repeats)
		c->replay_until = loop_now(c->set->loop) + REPLAY_MS;
	if (c->capture || c->log_open)
		console_log_begin(c);
	if (c->record_start)
		console_record_begin(c);
	console_enter(c);
	console_set_state(c, CONSOLE_OPEN, "");
	console_gap_end(c);
	console_leave(c);
}

static size_t
on_data(void *arg, const char *data, size_t len)
{
	struct console *c = arg;
	size_t n = console_take(c, len);

	if (n > 0)
		console_ingest(c, data, n);
	return n;
}

static void
on_lost(void *arg, unsigned long long bytes)
{
	struct console *c = arg;

	console_gap_bytes(c, bytes);
}

/* A reason in the middle of a line: "the link was lost". */
static void
gap_reason(enum reach_end end, const char *why, char *out, size_t size)
{
	size_t n;

	if (end == REACH_LOST || !why || !*why) {
		str_copy(out, size,
		    end == REACH_LOST ? "the link was lost" : "it ended");
		return;
	}
	str_copy(out, size, why);
	n = strlen(out);
	if (n > 0 && out[n - 1] == '.')
		out[n - 1] = '\0';
}

static void
try_again(struct console *c, enum reach_end end, const char *why)
{
	uint64_t wait;

	if (end == REACH_HELD) {
		console_retry_in(
		    c, c->held_tries++ < HELD_SOON ? HELD_SOON_MS : HELD_MS);
		console_set_state(c, CONSOLE_HELD, why);
		return;
	}
	wait = backoff_next(&c->backoff, loop_now(c->set->loop));
	console_retry_in(c, wait);
	console_set_state(c, CONSOLE_LOST, why);
}

static void
on_close(void *arg, enum reach_end end, const char *why)
{
	struct console *c = arg;
	bool was_open = c->open;
	char clean[300], reason[300];

	text_clean(clean, sizeof(clean), why ? why : "", why ? strlen(why) : 0);
	gap_reason(end, clean, reason, sizeof(reason));
	if (was_open)
		console_gap_begin(c, reason);
	if (was_open && end == REACH_LOST && c->link)
		console_gap_earlier(c, link_unheard_ms(c->link));
	/* That of a link is told by the link, and once for all. */
	if (end != REACH_LOST && !c->trouble_told) {
		c->trouble_told = true;
		console_event(c, 1,
		    was_open ? "Its console is gone: %s."
			     : "Its console cannot be opened: %s.",
		    reason);
	}
	console_close_way(c);
	try_again(c, end, *clean ? clean : "It ended.");
	console_due(c);
}

static const struct reach_sink reach_sink = {
	.on_open = on_open,
	.on_data = on_data,
	.on_lost = on_lost,
	.on_close = on_close,
};

void
console_open_way(struct console *c)
{
	if (c->state != CONSOLE_HELD)
		console_set_state(c, CONSOLE_OPENING, "");
	c->reach = reach_open(
	    c->set->loop, c->link, c->way, c->rows, c->cols, &reach_sink, c);
}

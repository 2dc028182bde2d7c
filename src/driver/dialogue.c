#include "dialogue.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Reads tear lines anywhere, and a line may begin with what another user of
 * the port left behind; so nothing is concluded from a line without its end.
 * A question that cannot be sent is answered from a timer, like all others.
 */

struct dialogue {
	struct loop *loop;
	struct stream *stream;
	struct timer *timer;
	void (*overheard)(void *arg, const char *line);
	void *arg;
	struct dialogue_ask ask;
	bool busy, sent, closed;
	enum dialogue_verdict verdict;
	size_t heard; /* bytes since the question */
	char line[DIALOGUE_LINE_MAX + 1];
	size_t len;
	bool too_long;
	struct buf said; /* on the far side's stderr */
	char why[200];
};

struct dialogue *
dialogue_new(struct loop *loop, void (*overheard)(void *arg, const char *line),
    void *arg)
{
	struct dialogue *dg = mem_alloc(sizeof *dg);

	dg->loop = loop;
	dg->overheard = overheard;
	dg->arg = arg;
	buf_init(&dg->said, 400);
	return dg;
}

void
dialogue_free(struct dialogue *dg)
{
	if (dg == NULL)
		return;
	stream_free(dg->stream);
	timer_free(dg->timer);
	buf_release(&dg->said);
	free(dg);
}

void
dialogue_attach(struct dialogue *dg, struct stream *stream)
{
	dg->stream = stream;
}

bool
dialogue_open(const struct dialogue *dg)
{
	return dg != NULL && dg->stream != NULL && !dg->closed;
}

const char *
dialogue_why(const struct dialogue *dg)
{
	return dg->why;
}

bool
dialogue_busy(const struct dialogue *dg)
{
	return dg->busy;
}

/* The last thing done with dg: its owner may free it. */
static void
finish(struct dialogue *dg, enum dialogue_end end, const char *why)
{
	struct dialogue_ask ask = dg->ask;

	dg->busy = false;
	timer_stop(dg->timer);
	ask.done(ask.arg, end, why);
}

static void
on_timer(void *arg)
{
	struct dialogue *dg = arg;

	if (!dg->busy)
		return;
	if (!dg->sent)
		finish(dg, DIALOGUE_NOT_SENT, dg->why);
	else
		finish(dg, DIALOGUE_SILENT, "no answer in time");
}

void
dialogue_ask(struct dialogue *dg, const struct dialogue_ask *ask)
{
	int err = -1;

	dg->ask = *ask;
	dg->busy = true;
	dg->verdict = DIALOGUE_WAIT;
	dg->heard = 0;
	if (dg->timer == NULL)
		dg->timer = timer_new(dg->loop, on_timer, dg);
	if (dialogue_open(dg))
		err = stream_write(dg->stream, ask->send, strlen(ask->send));
	dg->sent = err == 0;
	if (!dg->sent && !dg->closed)
		str_copy(dg->why, sizeof dg->why, "nothing could be sent");
	timer_start(dg->timer, dg->sent ? ask->timeout_ms : 0);
}

void
dialogue_cancel(struct dialogue *dg)
{
	dg->busy = false;
	timer_stop(dg->timer);
}

const char *
dialogue_past_echo(const char *line, const char *sent)
{
	return str_starts(line, sent) ? line + strlen(sent) : line;
}

/* --- what comes --------------------------------------------------------- */

static void
line_over(struct dialogue *dg)
{
	enum dialogue_verdict v;
	bool whole = !dg->too_long;

	dg->line[dg->len] = '\0';
	dg->len = 0;
	dg->too_long = false;
	if (!whole)
		return;
	if (dg->overheard != NULL)
		dg->overheard(dg->arg, dg->line);
	if (!dg->busy || !dg->sent)
		return;
	v = dg->ask.line(dg->ask.arg, dg->line);
	if (v != DIALOGUE_WAIT)
		dg->verdict = v;
}

static void
take(struct dialogue *dg, char c)
{
	if (c == '\n') {
		line_over(dg);
		return;
	}
	if (c == '\r')
		return;
	if (dg->len == DIALOGUE_LINE_MAX) {
		dg->too_long = true;
		return;
	}
	if (c == '\t')
		c = ' ';
	else if ((unsigned char)c < ' ' || c == 0x7f)
		c = '?';
	dg->line[dg->len++] = c;
}

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct dialogue *dg = arg;

	if (err) {
		buf_add(&dg->said, data, len);
		return len;
	}
	for (size_t i = 0; i < len; i++)
		take(dg, data[i]);
	if (!dg->busy || !dg->sent)
		return len;
	dg->heard += len;
	if (dg->verdict == DIALOGUE_GOOD)
		finish(dg, DIALOGUE_DONE, "");
	else if (dg->verdict == DIALOGUE_BAD)
		finish(dg, DIALOGUE_REFUSED, "");
	else if (dg->heard > DIALOGUE_FLOOD)
		finish(dg, DIALOGUE_SILENT,
		    "it talks without end and does not answer");
	return len;
}

static void
on_close(void *arg, int status, const char *why)
{
	struct dialogue *dg = arg;
	const char *said = buf_str(&dg->said);
	size_t len = strcspn(said, "\r\n");

	(void)status;
	dg->closed = true;
	if (len > 0)
		text_clean(dg->why, sizeof dg->why, said, len);
	else
		str_copy(dg->why, sizeof dg->why,
		    why != NULL && *why != '\0' ? why : "the line was lost");
	/* What was not sent is answered by the timer. */
	if (dg->busy && dg->sent)
		finish(dg, DIALOGUE_LOST, dg->why);
}

const struct stream_sink dialogue_sink = {
	.on_data = on_data,
	.on_close = on_close,
};

/*
 * What came, to all who keep it or look at it. Viewers come last, for they may
 * free the console; until then it is kept by console_enter().
 */
#include "console_in.h"

#include "rackmux/base/text.h"

static void
to_viewers(struct console *c, const char *data, size_t len)
{
	struct console_viewer *v, *next;

	for (v = TAILQ_FIRST(&c->viewers); v && !c->doomed; v = next) {
		if (!v->gone && v->sink.on_bytes)
			v->sink.on_bytes(v->arg, data, len);
		if (c->doomed)
			return;
		next = TAILQ_NEXT(v, next);
	}
}

static void
disarm(struct console *c)
{
	if (c->armed_power)
		c->armed_byte = true;
	if (!c->armed || !c->armed_byte)
		return;
	c->armed = false;
	timer_stop(c->arm);
	console_due(c);
}

bool
console_ingest(struct console *c, const char *data, size_t len)
{
	struct consoles *s = c->set;
	uint64_t now = loop_now(s->loop);

	console_enter(c);
	c->bytes += len;
	vt_feed(console_vt_make(c), data, len);
	if (c->logfile && !c->join)
		logfile_add(c->logfile, data, len, loop_wall(s->loop));
	if (c->record)
		record_output(c->record, data, len, now);
	if (c->claim && c->mine)
		bus_publish(c->claim, data, len);
	cwatch_feed(c->watch, data, len, now);
	console_answer(c);
	if (c->armed)
		disarm(c);
	console_changed(c);
	to_viewers(c, data, len);
	return console_leave(c);
}

bool
console_mark(struct console *c, const char *text)
{
	struct consoles *s = c->set;
	struct console_viewer *v, *next;

	console_enter(c);
	vt_note(console_vt_make(c), text);
	vt_reply_drop(c->vt);
	console_log_note(c, text);
	if (c->record)
		record_mark(c->record, text, loop_now(s->loop));
	if (c->claim && c->mine)
		bus_publish_note(c->claim, text);
	cwatch_gap(c->watch);
	console_changed(c);
	for (v = TAILQ_FIRST(&c->viewers); v && !c->doomed; v = next) {
		if (!v->gone && v->sink.on_note)
			v->sink.on_note(v->arg, text);
		if (c->doomed)
			break;
		next = TAILQ_NEXT(v, next);
	}
	return console_leave(c);
}

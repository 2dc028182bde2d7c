/*
 * Whose a console's line is, among the rackmux processes of one user. Who owns
 * it opens and logs it; others read along from its terminal's state on.
 */
#include "console_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define SNAPSHOT_LINES 500 /* of scrollback, for one who joins */

/* --- owning --------------------------------------------------------------- */

static void
on_mine(void *arg)
{
	struct console *c = arg;

	c->mine = true;
	c->theirs = false;
	if (c->join) {
		console_gap_begin(c, "the line changed hands");
		console_unjoin(c);
	}
	console_retry_never(c);
	console_due(c);
}

static void
on_theirs(void *arg, const struct bus_owner *owner)
{
	struct console *c = arg;

	c->mine = false;
	c->theirs = true;
	c->owner = *owner;
	if (c->open)
		console_gap_begin(c, "another rackmux took the line over");
	console_close_way(c);
	console_log_end(c);
	console_unjoin(c);
	console_retry_never(c);
	console_due(c);
}

static void
on_snapshot(void *arg, int *rows, int *cols, struct buf *out)
{
	struct console *c = arg;
	struct vt *vt = console_vt_make(c);

	*rows = vt_rows(vt);
	*cols = vt_cols(vt);
	vt_snapshot(vt, SNAPSHOT_LINES, out);
	/* From now on somebody watches. */
	console_flow_go(c);
}

static void
on_refused(void *arg, const char *why)
{
	struct console *c = arg;

	console_event(c, 1, "%s", why);
}

static const struct bus_claim_sink claim_sink = {
	.on_mine = on_mine,
	.on_theirs = on_theirs,
	.on_snapshot = on_snapshot,
	.on_refused = on_refused,
};

void
console_claim(struct console *c)
{
	c->mine = c->theirs = false;
	c->claim = bus_claim(c->set->bus, c->line, &claim_sink, c);
}

void
console_unclaim(struct console *c)
{
	struct bus_claim *claim = c->claim;

	c->claim = NULL;
	c->mine = c->theirs = false;
	if (claim)
		bus_unclaim(claim);
}

void
console_take_over(struct console *c)
{
	if (c->claim && !c->mine)
		bus_take(c->claim);
}

/* --- reading along -------------------------------------------------------- */

/* The terminal becomes the owner's; its lines before that are here no more. */
static void
joined_snapshot(void *arg, int rows, int cols, const char *data, size_t len)
{
	struct console *c = arg;
	struct vt *vt = console_vt_make(c);

	console_enter(c);
	if (console_gap_end(c)) {
		vt_reset(vt);
		vt_clear_scrollback(vt);
		vt_resize(vt, rows, cols);
		vt_feed(vt, data, len);
		vt_reply_drop(vt);
		c->replaying = true;
		cwatch_feed(c->watch, data, len, loop_now(c->set->loop));
		c->replaying = false;
		if (c->record_start)
			console_record_begin(c);
		console_changed(c);
	}
	console_leave(c);
}

static void
joined_bytes(void *arg, const char *data, size_t len)
{
	console_ingest(arg, data, len);
}

static void
joined_note(void *arg, const char *text)
{
	char clean[400];

	text_clean(clean, sizeof(clean), text, strlen(text));
	console_mark(arg, clean);
}

static void
joined_size(void *arg, int rows, int cols)
{
	struct console *c = arg;

	if (c->vt)
		vt_resize(c->vt, rows, cols);
	if (c->record)
		record_resize(c->record, rows, cols, loop_now(c->set->loop));
	console_changed(c);
}

static void
joined_over(void *arg, const char *why)
{
	struct console *c = arg;
	char clean[300];

	text_clean(clean, sizeof(clean), why, strlen(why));
	console_gap_begin(c, "its owner let go of the line");
	console_unjoin(c);
	console_retry_in(c, CONSOLE_JOIN_RETRY_MS);
	console_set_state(c, CONSOLE_LOST, clean);
	console_due(c);
}

static const struct bus_join_sink join_sink = {
	.on_snapshot = joined_snapshot,
	.on_bytes = joined_bytes,
	.on_note = joined_note,
	.on_size = joined_size,
	.on_over = joined_over,
};

void
console_join(struct console *c)
{
	char why[300], user[64], who[100];

	c->join = bus_join(c->set->bus, c->line, &join_sink, c);
	text_clean(user, sizeof(user), c->owner.user, strlen(c->owner.user));
	text_clean(who, sizeof(who), c->owner.who, strlen(c->owner.who));
	free(c->typist);
	c->typist = mem_printf(
	    "%s, pid %ld", *user ? user : "somebody", (long)c->owner.pid);
	str_format(why, sizeof(why),
	    "Another rackmux has it (%s%s%s): we read along.", c->typist,
	    *who ? ", " : "", who);
	console_set_state(c, CONSOLE_JOINED, why);
}

void
console_unjoin(struct console *c)
{
	struct bus_join *join = c->join;

	c->join = NULL;
	if (!join)
		return;
	bus_leave(join);
	/* It is ours to size again. */
	if (c->vt)
		vt_resize(c->vt, c->rows, c->cols);
}

const char *
console_typist(const struct console *c)
{
	return c->state == CONSOLE_JOINED ? c->typist : "";
}

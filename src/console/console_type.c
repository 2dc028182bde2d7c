/*
 * What goes to the node: what the operator types, exactly and once, and the
 * answers to its terminal's questions.
 *
 * An answer is typing that nobody did. At a loader it would stop the boot, at
 * a login prompt it would be a name; so there is one only while somebody sits
 * at a focused pane, and only where a program can be expected to read it.
 */
#include "console_in.h"

#include <errno.h>

#include "rackmux/base/text.h"

#define ANSWERS_A_SECOND 5
#define MOMENT_MS 2000 /* what was typed in it may be on its way */
#define BY_HAND_MS 60000 /* somebody is there who types */

/* --- typing --------------------------------------------------------------- */

static int
not_open(const struct console *c)
{
	return c->state == CONSOLE_JOINED ? -EROFS : -ENOTCONN;
}

int
console_type(struct console *c, const char *data, size_t len)
{
	uint64_t now = loop_now(c->set->loop);
	int err;

	if (!c->open)
		return not_open(c);
	if (len == 0)
		return 0;
	err = reach_write(c->reach, data, len);
	if (err == -EPIPE)
		return -ENOTCONN;
	if (err != 0)
		return err;
	if (now - c->typed_at > MOMENT_MS)
		c->typed = 0;
	c->typed_at = now;
	c->typed += len;
	return 0;
}

int
console_break(struct console *c)
{
	int err;

	if (!c->open)
		return not_open(c);
	err = reach_break(c->reach);
	return err == -EPIPE ? -ENOTCONN : err;
}

const char *
console_why_not(const struct console *c, int err)
{
	switch (err) {
	case 0:
		return "";
	case -ENOTCONN:
		return *console_why(c) ? console_why(c)
				       : "This console is not open.";
	case -EROFS:
		return "Another rackmux has this console; take it over to type.";
	case -ENOBUFS:
		return "The node does not take what was typed before.";
	case -ENOTSUP:
		return c->way && *c->way->limits
		    ? c->way->limits
		    : "This way to the console does not carry that.";
	default:
		return "That could not be sent.";
	}
}

/* Nothing typed is sent later: the node is somewhere else by then. */
void
console_typed_lost(struct console *c)
{
	uint64_t now = loop_now(c->set->loop);

	if (c->typed > 0 && now - c->typed_at <= MOMENT_MS)
		console_event(c, 1,
		    "%zu bytes typed just before the console went may not "
		    "have reached the node; they are not sent again.",
		    c->typed);
	c->typed = 0;
}

/* --- answers -------------------------------------------------------------- */

static bool
somebody_reads(const struct console *c)
{
	uint64_t now = loop_now(c->set->loop);

	if (c->way && c->way->kind == WAY_LOGIN)
		return true;
	switch (cwatch_stage(c->watch)) {
	case STAGE_LOGIN:
	case STAGE_SHELL:
	case STAGE_RESCUE:
	case STAGE_LOADER_PROMPT:
		return true;
	case STAGE_UNKNOWN:
		return c->typed_at > 0 && now - c->typed_at < BY_HAND_MS;
	default:
		return false;
	}
}

static bool
may_answer(struct console *c)
{
	uint64_t now = loop_now(c->set->loop);

	if (!c->open || c->join || !c->focus || now < c->replay_until ||
	    !somebody_reads(c))
		return false;
	if (now - c->answered_at >= 1000) {
		c->answered_at = now;
		c->answers = 0;
	}
	return c->answers < ANSWERS_A_SECOND;
}

void
console_report(struct console *c, const char *data, size_t len)
{
	if (!may_answer(c))
		return;
	c->answers++;
	reach_write(c->reach, data, len);
}

void
console_answer(struct console *c)
{
	struct buf out;

	buf_init(&out, 0);
	while (may_answer(c) && vt_reply(c->vt, &out)) {
		c->answers++;
		reach_write(c->reach, buf_str(&out), out.len);
		buf_clear(&out);
	}
	vt_reply_drop(c->vt);
	buf_release(&out);
}

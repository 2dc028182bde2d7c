#include "compute_blade.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"

/*
 * A Compute Blade: a Linux node first, one link a blade. A round is the
 * in-band probe of any Linux node; then the agent is asked for its metrics,
 * in a command of its own, so that one that hangs holds up nothing that the
 * kernel knows. While it does not answer it is asked more rarely. bladectl is
 * run once a connection and when something changed, in a process of its own:
 * sudo and it may take longer than a peer may be silent.
 *
 * The blade measures no power, and its fan unit belongs to two blades.
 */

#define DOWN_MS 5000
#define HUNG_MS 10000
#define CTL_AGAIN_MS 60000
#define CTL_GAP_MS 5000
#define CTL_LIMIT 3
#define CTL_TIMEOUT 12000

static void begin_ctl(struct cb *cb);

static struct drv *
cb_open(void)
{
	struct cb *cb = mem_alloc(sizeof *cb);

	lx_init(&cb->lx);
	cb->lx.carried = true;
	report_init(&cb->agent, &cb->lx.drv, SOURCE_BOARD);
	return &cb->lx.drv;
}

static void
cb_close(struct drv *d)
{
	struct cb *cb = (struct cb *)d;

	lx_release(&cb->lx);
	report_release(&cb->agent);
	free(cb);
}

static void
cb_reset(struct drv *d)
{
	struct cb *cb = (struct cb *)d;

	lx_forget(&cb->lx);
	report_clear(&cb->agent);
	cb->heard = CB_NEVER;
	cb->sock = cb->ctl_known = cb->ctl_now = cb->ctl_heard = false;
	cb->no_exec = false;
	cb->mode = CB_MODE_UNKNOWN;
	cb->cause = CB_FINE;
}

/* Without a link nothing of it is news. */
static bool
link_gone(const struct link_result *r)
{
	return r->outcome == LINK_DIED || r->outcome == LINK_NOT_SENT ||
	    r->outcome == LINK_CANCELLED;
}

static void
end_round(struct cb *cb)
{
	if (!cb->round_waits)
		return;
	cb->round_waits = false;
	drv_fresh(&cb->lx.drv);
}

static void
on_ctl(void *arg, const struct link_result *r)
{
	struct cb *cb = arg;
	const char *why;
	char *copy;

	cb->ctl_asking = false;
	if (!cb->no_exec &&
	    (r->outcome == LINK_CANNOT || r->outcome == LINK_NOT_SENT)) {
		/* A serial line has one shell, some servers one session. */
		cb->no_exec = cb->ctl_now = true;
		begin_ctl(cb);
		return;
	}
	if (answer_whole(r, &copy, &why)) {
		cb_take_ctl(cb, copy);
		free(copy);
	} else if (!link_gone(r)) {
		cb_ctl_missing(cb, why);
		/* It was given less time than it may need. */
		cb->ctl_now |= cb->round_waits;
	}
	end_round(cb);
}

/* Once a connection, when the agent came or went, when an order failed, and
 * now and then while bladectl is in trouble, to see the end of it. */
static bool
ctl_due(const struct cb *cb, uint64_t now)
{
	if (cb->ctl_asking || !cb->lx.once || cb->heard == CB_NEVER)
		return false;
	if (cb->ctl_now)
		return !cb->ctl_known || now - cb->ctl_at >= CTL_GAP_MS;
	return (!cb->ctl_known || cb->cause != CB_FINE) &&
	    now - cb->ctl_at >= CTL_AGAIN_MS;
}

static void
begin_ctl(struct cb *cb)
{
	struct drv *d = &cb->lx.drv;
	unsigned limit = CTL_LIMIT, timeout = CTL_TIMEOUT;
	struct buf b;

	/* A round that waits for it must end in time, and so must it when a
	 * poll waits behind it. */
	if (cb->round_waits)
		timeout = d->config.poll_ms - d->config.poll_ms / 4;
	if (cb->no_exec)
		limit = d->config.poll_ms >= 2000 ? 2 : 1;
	cb->ctl_asking = true;
	cb->ctl_now = false;
	cb->ctl_at = d->link.now(d->link.arg);
	buf_init(&b, 0);
	cb_ctl_command(cb, &b, limit);
	if (cb->no_exec)
		d->link.run(
		    d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_ctl, cb);
	else
		d->link.exec(d->link.arg, buf_str(&b), timeout, on_ctl, cb);
	buf_release(&b);
}

static void
on_agent(void *arg, const struct link_result *r)
{
	struct cb *cb = arg;
	struct drv *d = &cb->lx.drv;
	const char *why;
	char *copy;

	cb->asking = false;
	if (link_gone(r)) {
		if (cb->round_waits)
			drv_stale(d, r);
		cb->round_waits = false;
		return;
	}
	if (answer_whole(r, &copy, &why)) {
		cb_take_agent(cb, copy);
		free(copy);
	} else
		cb_agent_missing(cb, why);
	/* What hangs has used up the time that a round has. */
	if (cb->heard == CB_HUNG)
		end_round(cb);
	if (ctl_due(cb, d->link.now(d->link.arg)))
		begin_ctl(cb);
	else
		end_round(cb);
}

static bool
agent_due(const struct cb *cb, uint64_t now)
{
	uint64_t since = now - cb->asked_at;

	switch (cb->heard) {
	case CB_REFUSED:
	case CB_STRANGE:
		return since >= DOWN_MS;
	case CB_HUNG:
	case CB_NO_CLIENT:
	case CB_NOT_ASKED:
		return since >= HUNG_MS;
	case CB_NEVER:
	case CB_UP:
		break;
	}
	return true;
}

static void
begin_agent(struct cb *cb)
{
	struct drv *d = &cb->lx.drv;
	uint64_t now = d->link.now(d->link.arg);
	unsigned limit = d->config.poll_ms / 2000;
	char cmd[24];

	if (cb->asking || !agent_due(cb, now))
		return;
	cb->asking = true;
	cb->asked_at = now;
	/* A poll may wait behind it. */
	str_format(cmd, sizeof cmd, "rm_cb %u",
	    limit < 1       ? 1
		: limit > 5 ? 5
			    : limit);
	d->link.run(d->link.arg, cmd, POLL_TIMEOUT(d), on_agent, cb);
}

/* What the board adds to a node, and what it cannot know. */
static void
tell_once(struct cb *cb)
{
	struct drv *d = &cb->lx.drv;
	int slot = d->config.slot, left = slot - (slot % 2 == 0);
	char pair[16];

	drv_unknown(d, slot, NAME_POWER_WATTS, NULL, SOURCE_BOARD,
	    "The blade measures no power: give its node a feed that does (a "
	    "PoE port).");
	if (slot > 0) {
		str_format(pair, sizeof pair, "%d-%d", left, left + 1);
		drv_text_noted(d, slot, NAME_FAN_PAIR, NULL, SOURCE_BOARD, pair,
		    "One fan unit cools both blades.");
	}
	drv_unknown(d, slot, NAME_AGENT_VERSION, NULL, SOURCE_BOARD,
	    "bladectl was not asked yet.");
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct cb *cb = arg;
	struct drv *d = &cb->lx.drv;
	bool first = !cb->lx.once;
	char *copy;

	if (!answer_open(d, r, &copy))
		return;
	lx_take(&cb->lx, copy);
	free(copy);
	first = first && cb->lx.once;
	if (first) {
		tell_once(cb);
		cb->ctl_now = true;
	}
	begin_agent(cb);
	/* A status that is asked for once waits for one round: the first is
	 * over when all was asked, if the period leaves time for it. */
	cb->round_waits = first && cb->asking && d->config.poll_ms >= 1000;
	if (!cb->round_waits)
		drv_fresh(d);
}

static void
cb_poll(struct drv *d)
{
	struct cb *cb = (struct cb *)d;

	if (!cb->defined) {
		d->link.define(d->link.arg, "rm_cb", cb_agent_body);
		cb->defined = true;
	}
	lx_ask(&cb->lx, on_answer, cb);
}

/* An operator's own machine may have bladectl to reach blades from; an agent,
 * or bladectl on an ARM module, is on a blade. */
static int
cb_match(const char *facts)
{
	const char *uname = fact_find(facts, "uname");
	const char *arm = uname != NULL ? strstr(uname, "aarch64") : NULL;
	bool here = arm != NULL && arm < uname + strcspn(uname, "\n");

	if (!fact_is(facts, "uname", "Linux"))
		return 0;
	if (fact_is(facts, "blade_agent", "yes"))
		return 80;
	if (!fact_is(facts, "bladectl", "yes"))
		return 0;
	if (fact_is(facts, "model", "Raspberry Pi Compute Module"))
		return 75;
	return here ? 60 : 0;
}

const struct driver driver_compute_blade = {
	.type = "compute-blade",
	.title = "Compute Blade",
	.user = NULL,
	.slots = 0,
	.whole_board = false,
	.open = cb_open,
	.poll = cb_poll,
	.close = cb_close,
	.can = cb_can,
	.match = cb_match,
	.act = cb_act,
	.reset = cb_reset,
};

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

static void begin_ctl(struct blade *blade);

static struct drv *
blade_open(void)
{
	struct blade *blade = mem_alloc(sizeof *blade);

	lx_init(&blade->lx);
	blade->lx.carried = true;
	report_init(&blade->agent, &blade->lx.drv, SOURCE_BOARD);
	return &blade->lx.drv;
}

static void
blade_close(struct drv *d)
{
	struct blade *blade = (struct blade *)d;

	lx_release(&blade->lx);
	report_release(&blade->agent);
	free(blade);
}

static void
blade_reset(struct drv *d)
{
	struct blade *blade = (struct blade *)d;

	lx_forget(&blade->lx);
	report_clear(&blade->agent);
	blade->heard = BLADE_NEVER;
	blade->sock = blade->ctl_known = blade->ctl_now = blade->ctl_heard =
	    false;
	blade->no_exec = blade->missed = false;
	blade->mode = BLADE_MODE_UNKNOWN;
	blade->cause = BLADE_FINE;
}

/* Without a link nothing of it is news. */
static bool
link_gone(const struct link_result *r)
{
	return r->outcome == LINK_DIED || r->outcome == LINK_NOT_SENT ||
	    r->outcome == LINK_CANCELLED;
}

static void
end_round(struct blade *blade)
{
	if (!blade->round_waits)
		return;
	blade->round_waits = false;
	drv_fresh(&blade->lx.drv);
}

static void
on_ctl(void *arg, const struct link_result *r)
{
	struct blade *blade = arg;
	const char *why;
	char *copy;

	blade->ctl_asking = false;
	if (!blade->no_exec &&
	    (r->outcome == LINK_CANNOT || r->outcome == LINK_NOT_SENT)) {
		/* A serial line has one shell, some servers one session. */
		blade->no_exec = blade->ctl_now = true;
		begin_ctl(blade);
		return;
	}
	if (answer_whole(r, &copy, &why)) {
		blade_take_ctl(blade, copy);
		free(copy);
	} else if (link_gone(r)) {
		if (blade->round_waits)
			drv_stale(&blade->lx.drv, r);
		blade->round_waits = false;
		return;
	} else {
		blade_ctl_missing(blade, why);
		/* It was given less time than it may need. */
		blade->ctl_now |= blade->round_waits;
	}
	end_round(blade);
}

/* Once a connection, when the agent came or went, when an order failed, and
 * now and then while bladectl is in trouble, to see the end of it. */
static bool
ctl_due(const struct blade *blade, uint64_t now)
{
	if (blade->ctl_asking || !blade->lx.once || blade->heard == BLADE_NEVER)
		return false;
	if (blade->ctl_now)
		return !blade->ctl_known || now - blade->ctl_at >= CTL_GAP_MS;
	return (!blade->ctl_known || blade->cause != BLADE_FINE) &&
	    now - blade->ctl_at >= CTL_AGAIN_MS;
}

static void
begin_ctl(struct blade *blade)
{
	struct drv *d = &blade->lx.drv;
	unsigned limit = CTL_LIMIT, timeout = CTL_TIMEOUT;
	struct buf b;

	/* A round that waits for it must end in time, and so must it when a
	 * poll waits behind it. */
	if (blade->round_waits)
		timeout = d->config.poll_ms - d->config.poll_ms / 4;
	if (blade->no_exec)
		limit = d->config.poll_ms >= 2000 ? 2 : 1;
	blade->ctl_asking = true;
	blade->ctl_now = false;
	blade->ctl_at = d->link.now(d->link.arg);
	buf_init(&b, 0);
	blade_ctl_command(blade, &b, limit);
	if (blade->no_exec)
		d->link.run(
		    d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_ctl, blade);
	else
		d->link.exec(d->link.arg, buf_str(&b), timeout, on_ctl, blade);
	buf_release(&b);
}

static void
on_agent(void *arg, const struct link_result *r)
{
	struct blade *blade = arg;
	struct drv *d = &blade->lx.drv;
	const char *why;
	char *copy;

	blade->asking = false;
	if (link_gone(r)) {
		if (blade->round_waits)
			drv_stale(d, r);
		blade->round_waits = false;
		return;
	}
	if (answer_whole(r, &copy, &why)) {
		blade_take_agent(blade, copy);
		free(copy);
	} else
		blade_agent_missing(blade, why);
	/* What hangs has used up the time that a round has. */
	if (blade->heard == BLADE_HUNG)
		end_round(blade);
	if (ctl_due(blade, d->link.now(d->link.arg)))
		begin_ctl(blade);
	else
		end_round(blade);
}

static bool
agent_due(const struct blade *blade, uint64_t now)
{
	uint64_t since = now - blade->asked_at;

	switch (blade->heard) {
	case BLADE_REFUSED:
	case BLADE_STRANGE:
		return since >= DOWN_MS;
	case BLADE_HUNG:
	case BLADE_NO_CLIENT:
	case BLADE_NOT_ASKED:
		return since >= HUNG_MS;
	case BLADE_NEVER:
	case BLADE_UP:
		break;
	}
	return true;
}

/* A poll may wait behind it: one that hangs must end sooner than the two
 * periods after which the whole blade would pass for silent. */
static void
limit_text(const struct drv *d, char *out, size_t size)
{
	unsigned poll = d->config.poll_ms, ms = poll / 5 * 4;

	if (ms > 1000)
		ms = poll / 2 < 1000 ? 1000 : poll / 2;
	if (ms > 5000)
		ms = 5000;
	if (ms % 1000 < 100)
		str_format(out, size, "%u", ms < 1000 ? 1 : ms / 1000);
	else
		str_format(out, size, "%u.%u", ms / 1000, ms % 1000 / 100);
}

static void
begin_agent(struct blade *blade)
{
	struct drv *d = &blade->lx.drv;
	uint64_t now = d->link.now(d->link.arg);
	char limit[12], cmd[24];

	if (blade->asking || !agent_due(blade, now))
		return;
	blade->asking = true;
	blade->asked_at = now;
	limit_text(d, limit, sizeof limit);
	str_format(cmd, sizeof cmd, "rm_blade %s", limit);
	d->link.run(d->link.arg, cmd, POLL_TIMEOUT(d), on_agent, blade);
}

/* What the board adds to a node, and what it cannot know. */
static void
tell_once(struct blade *blade)
{
	struct drv *d = &blade->lx.drv;
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
	struct blade *blade = arg;
	struct drv *d = &blade->lx.drv;
	bool first = !blade->lx.once;
	char *copy;

	if (!answer_open(d, r, &copy))
		return;
	lx_take(&blade->lx, copy);
	free(copy);
	first = first && blade->lx.once;
	if (first) {
		tell_once(blade);
		blade->ctl_now = true;
	}
	begin_agent(blade);
	/* A status that is asked for once waits for one round: the first is
	 * over when all was asked, if the period leaves time for it. */
	blade->round_waits =
	    first && blade->asking && d->config.poll_ms >= 1000;
	if (!blade->round_waits)
		drv_fresh(d);
}

static void
blade_poll(struct drv *d)
{
	struct blade *blade = (struct blade *)d;

	if (!blade->defined) {
		d->link.define(d->link.arg, "rm_blade", blade_agent_body);
		blade->defined = true;
	}
	lx_ask(&blade->lx, on_answer, blade);
}

/* An operator's own machine may have bladectl to reach blades from; an agent,
 * or bladectl on an ARM module, is on a blade. */
static int
blade_match(const char *facts)
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
	.open = blade_open,
	.poll = blade_poll,
	.close = blade_close,
	.can = blade_can,
	.match = blade_match,
	.act = blade_act,
	.reset = blade_reset,
};

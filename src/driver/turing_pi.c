#include "turing_pi.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "script.h"

/*
 * Turing Pi 2 and 2.5, over SSH or over the BMC's USB console. A round is one
 * call of rm_tp, which only reads files; what bmcd alone knows is asked by
 * rm_tp_api at the end of the first round, every half a minute, after each
 * action and when a rail changed, in a command of its own, so that a slow or
 * wedged bmcd hides nothing that the kernel knows.
 */

#define SLOW_MS 30000
#define SLOW_TIMEOUT 20000

static struct drv *
tp_open(void)
{
	struct tp *tp = mem_alloc(sizeof *tp);

	report_init(&tp->fast, &tp->drv, SOURCE_BOARD);
	report_init(&tp->slow, &tp->drv, SOURCE_BOARD);
	report_init(&tp->intent, &tp->drv, SOURCE_COMMANDED);
	return &tp->drv;
}

static void
tp_close(struct drv *d)
{
	struct tp *tp = (struct tp *)d;

	drv_orders_drop(d);
	report_release(&tp->fast);
	report_release(&tp->slow);
	report_release(&tp->intent);
	free(tp);
}

static void
tp_reset(struct drv *d)
{
	struct tp *tp = (struct tp *)d;

	tp->once = tp->managed = false;
	tp->has_curl = tp->has_tpi = tp->has_sudo = tp->is_root = false;
	tp->old_ttys = tp->bmcd_down = false;
	tp->firmware[0] = tp->bmcd[0] = tp->led[0] = '\0';
	tp->slow_at = 0;
	memset(tp->rail, 0, sizeof tp->rail);
	report_clear(&tp->fast);
	report_clear(&tp->slow);
	report_clear(&tp->intent);
}

static void
on_slow(void *arg, const struct link_result *r)
{
	struct tp *tp = arg;
	bool ends_round = tp->round_waits;
	const char *why;
	char *copy;

	tp->slow_open = tp->round_waits = false;
	if (r->outcome == LINK_DIED || r->outcome == LINK_NOT_SENT ||
	    r->outcome == LINK_CANCELLED) {
		/* Without a link nothing of it is news. */
		if (ends_round)
			drv_stale(&tp->drv, r);
		return;
	}
	if (answer_whole(r, &copy, &why)) {
		tp_parse_slow(tp, copy);
		free(copy);
	} else
		tp_slow_unknown(tp, why);
	if (ends_round)
		drv_fresh(&tp->drv);
}

static void
begin_slow(struct tp *tp)
{
	struct drv *d = &tp->drv;
	uint64_t now = d->link.now(d->link.arg);
	unsigned limit = d->config.poll_ms / 1000;
	char cmd[32];

	if (tp->slow_open)
		return;
	if (!tp->slow_now && tp->slow_at != 0 && now - tp->slow_at < SLOW_MS)
		return;
	tp->slow_open = true;
	tp->slow_now = false;
	tp->slow_at = now > 0 ? now : 1;
	tp->slow_wall = d->link.wall(d->link.arg);
	/* A poll may wait behind it: a wedged bmcd must end sooner than the
	 * two periods after which the whole board would pass for silent. */
	str_format(cmd, sizeof cmd, "rm_tp_api %u", limit > 0 ? limit : 1);
	d->link.run(d->link.arg, cmd, SLOW_TIMEOUT, on_slow, tp);
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct tp *tp = arg;
	struct drv *d = &tp->drv;
	bool first = !tp->once;
	char *copy;

	if (!answer_open(d, r, &copy))
		return;
	tp_parse_round(tp, copy);
	free(copy);
	if (first && tp->once) {
		d->sink.slots(d->sink_arg, TP_SLOTS);
		tp_tell_cannot(tp);
		d->sink.can_changed(d->sink_arg);
	}
	begin_slow(tp);
	/* A status that is asked for once waits for one round: the first is
	 * over when all was asked, if the period leaves time for it. */
	tp->round_waits = first && tp->slow_open && d->config.poll_ms >= 1000;
	if (!tp->round_waits)
		drv_fresh(d);
}

static void
tp_poll(struct drv *d)
{
	struct tp *tp = (struct tp *)d;

	if (!tp->defined) {
		d->link.define(d->link.arg, "rm_get", script_get_body);
		d->link.define(d->link.arg, "rm_tp_once", tp_once_body);
		d->link.define(d->link.arg, "rm_tp", tp_body);
		d->link.define(d->link.arg, "rm_tp_api", tp_api_body);
		tp->defined = true;
	}
	d->link.run(d->link.arg, tp->once ? "rm_tp" : "rm_tp_once; rm_tp",
	    POLL_TIMEOUT(d), on_answer, tp);
}

static const char *
tp_can(struct drv *d, int slot, enum act act)
{
	return tp_cannot((struct tp *)d, slot, act);
}

static int
tp_match(const char *facts)
{
	if (fact_is(facts, "model", "Turing Pi"))
		return 95;
	if (fact_is(facts, "rail", "yes"))
		return 85;
	/* tpi alone may be a guest on somebody's laptop. */
	return 0;
}

const struct driver driver_turing_pi = {
	.type = "turing-pi",
	.title = "Turing Pi 2",
	.user = "root",
	.slots = TP_SLOTS,
	.whole_board = true,
	.open = tp_open,
	.poll = tp_poll,
	.close = tp_close,
	.can = tp_can,
	.match = tp_match,
	.act = tp_act,
	.reset = tp_reset,
	.console = tp_console,
};

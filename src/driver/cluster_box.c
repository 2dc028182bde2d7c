#include "cluster_box.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "script.h"

/*
 * Mixtile Cluster Box, over SSH. A round is one call of rm_cb, which only
 * reads files. On v2 nodectl is asked for the nodes, in a process of its own:
 * it tries to reach each of them and answers after a second and a half.
 */

#define SLOW_MS 4000

static struct drv *
mcb_open(void)
{
	struct mcb *cb = mem_alloc(sizeof *cb);

	report_init(&cb->fast, &cb->drv, SOURCE_BOARD);
	report_init(&cb->slow, &cb->drv, SOURCE_BOARD);
	cb->base = MCB_BASE;
	return &cb->drv;
}

static void
mcb_close(struct drv *d)
{
	struct mcb *cb = (struct mcb *)d;

	drv_orders_drop(d);
	report_release(&cb->fast);
	report_release(&cb->slow);
	free(cb);
}

static void
mcb_reset(struct drv *d)
{
	struct mcb *cb = (struct mcb *)d;

	cb->once = cb->is_root = cb->has_sudo = cb->has_led = false;
	cb->told = cb->sorted = cb->based = false;
	cb->gen = MCB_NONE;
	cb->base = MCB_BASE;
	cb->hostname[0] = cb->rest[0] = '\0';
	cb->level = 0;
	cb->leases = 0;
	cb->slow_at = 0;
	memset(cb->pin, 0, sizeof cb->pin);
	memset(cb->job, 0, sizeof cb->job);
	memset(cb->port, 0, sizeof cb->port);
	report_clear(&cb->fast);
	report_clear(&cb->slow);
}

static void
on_slow(void *arg, const struct link_result *r)
{
	struct mcb *cb = arg;
	bool ends_round = cb->round_waits;
	const char *why;
	char *copy;

	cb->slow_open = cb->round_waits = false;
	if (r->outcome == LINK_DIED || r->outcome == LINK_NOT_SENT ||
	    r->outcome == LINK_CANCELLED) {
		/* Without a link nothing of it is news. */
		if (ends_round)
			drv_stale(&cb->drv, r);
		return;
	}
	if (cb->gen != MCB_V2) {
		/* It was asked of what the link led to before. */
	} else if (answer_whole(r, &copy, &why)) {
		mcb_parse_slow(cb, copy);
		free(copy);
	} else
		mcb_slow_unknown(cb, why);
	if (ends_round)
		drv_fresh(&cb->drv);
}

/* timeout(1), where there is one, goes inside sudo: outside it could not end
 * what root runs. */
static void
slow_command(const struct mcb *cb, char *out, size_t size)
{
	str_format(out, size,
	    "t=; command -v timeout >/dev/null 2>&1 && t='timeout %u'; "
	    "%s$t \"${RACKMUX_ROOT-}/bin/nodectl\" status --all --json 2>&1; "
	    "printf '\\nrc %%s\\nend\\n' $?",
	    cb->limit, cb->is_root || !cb->has_sudo ? "" : "sudo -n ");
}

static void
begin_slow(struct mcb *cb, bool first)
{
	struct drv *d = &cb->drv;
	uint64_t now = d->link.now(d->link.arg);
	char cmd[240];

	if (cb->slow_open || !cb->once || cb->gen != MCB_V2)
		return;
	if (!cb->slow_now && cb->slow_at != 0 && now - cb->slow_at < SLOW_MS)
		return;
	cb->slow_open = true;
	cb->slow_now = false;
	cb->slow_at = now > 0 ? now : 1;
	/* A round that waits for it must end before the two periods after
	 * which the whole board would pass for silent. */
	cb->limit = first ? 3 : 8;
	slow_command(cb, cmd, sizeof cmd);
	d->link.exec(d->link.arg, cmd, (cb->limit + 4) * 1000, on_slow, cb);
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct mcb *cb = arg;
	struct drv *d = &cb->drv;
	bool first = !cb->once;
	char *copy;

	if (!answer_open(d, r, &copy))
		return;
	mcb_parse_round(cb, copy);
	free(copy);
	if (first && cb->once) {
		d->sink.slots(d->sink_arg, MCB_SLOTS);
		mcb_tell_cannot(cb);
		cb->told = true;
		d->sink.can_changed(d->sink_arg);
	}
	begin_slow(cb, first);
	/* A status that is asked for once waits for one round: the first is
	 * over when all was asked, if the period leaves time for it. */
	cb->round_waits = first && cb->slow_open && d->config.poll_ms >= 2000;
	if (!cb->round_waits)
		drv_fresh(d);
}

static void
define(struct mcb *cb)
{
	const struct driver_link *link = &cb->drv.link;

	if (cb->defined)
		return;
	cb->defined = true;
	link->define(link->arg, "rm_get", script_get_body);
	link->define(link->arg, "rm_cb_once", mcb_once_body);
	link->define(link->arg, "rm_cb_node", mcb_node_body);
	link->define(link->arg, "rm_cb", mcb_body);
}

static void
mcb_poll(struct drv *d)
{
	struct mcb *cb = (struct mcb *)d;
	char cmd[48];

	define(cb);
	if (!cb->once)
		str_copy(cmd, sizeof cmd, "rm_cb_once; rm_cb $cb_a");
	else if (cb->gen == MCB_V2)
		str_copy(cmd, sizeof cmd, "rm_cb -");
	else
		str_format(cmd, sizeof cmd, "rm_cb %ld%s", cb->base,
		    d->orders != NULL ? " q" : "");
	d->link.run(d->link.arg, cmd, POLL_TIMEOUT(d), on_answer, cb);
}

static const char *
mcb_can(struct drv *d, int slot, enum act act)
{
	return mcb_cannot((struct mcb *)d, slot, act);
}

static int
mcb_match(const char *facts)
{
	bool nodectl = fact_is(facts, "nodectl", "yes");

	/* Of another program that is called nodectl, nothing else is there. */
	if (fact_is(facts, "mixtile", "yes") ||
	    (nodectl && fact_is(facts, "nodectl_config", "yes")))
		return 90;
	return nodectl && fact_is(facts, "ch343", "yes") ? 90 : 0;
}

const struct driver driver_cluster_box = {
	.type = "cluster-box",
	.title = "Mixtile Cluster Box",
	.user = "root",
	.slots = MCB_SLOTS,
	.whole_board = true,
	.open = mcb_open,
	.poll = mcb_poll,
	.close = mcb_close,
	.can = mcb_can,
	.match = mcb_match,
	.act = mcb_act,
	.reset = mcb_reset,
	.console = mcb_console,
};

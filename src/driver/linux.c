#include "linux.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "script.h"

/*
 * Any node that runs Linux, seen from inside, without an agent and without
 * root. It answers, so it is on; what switches it on is somebody else.
 */

#define ACT_TIMEOUT 8000

void
lx_init(struct lx *lx)
{
	report_init(&lx->report, &lx->drv, SOURCE_NODE);
}

void
lx_release(struct lx *lx)
{
	drv_orders_drop(&lx->drv);
	report_release(&lx->report);
}

static struct drv *
lx_open(void)
{
	struct lx *lx = mem_alloc(sizeof *lx);

	lx_init(lx);
	return &lx->drv;
}

static void
lx_close(struct drv *d)
{
	struct lx *lx = (struct lx *)d;

	lx_release(lx);
	free(lx);
}

void
lx_forget(struct lx *lx)
{
	lx->once = lx->has_vcgencmd = lx->no_vchi = lx->has_pmic = false;
	lx->is_pi = lx->is_root = lx->has_sudo = false;
	lx->route[0] = lx->led[0] = lx->rest[0] = '\0';
	report_clear(&lx->report);
}

static void
lx_reset(struct drv *d)
{
	lx_forget((struct lx *)d);
}

void
lx_take(struct lx *lx, char *text)
{
	struct lx_round *round = mem_alloc(sizeof *round);
	bool first = !lx->once;

	lx_parse_round(lx, round, text);
	lx_report(lx, round);
	free(round);
	if (first && lx->once)
		lx->drv.sink.can_changed(lx->drv.sink_arg);
}

static void
on_answer(void *arg, const struct link_result *result)
{
	struct lx *lx = arg;
	char *copy;

	if (!answer_open(&lx->drv, result, &copy))
		return;
	lx_take(lx, copy);
	free(copy);
	drv_fresh(&lx->drv);
}

void
lx_ask(struct lx *lx, link_done_fn *done, void *arg)
{
	const struct drv *d = &lx->drv;
	const char *cmd;

	if (!lx->defined) {
		d->link.define(d->link.arg, "rm_get", script_get_body);
		d->link.define(d->link.arg, "rm_lx_once", lx_once_body);
		d->link.define(d->link.arg, "rm_lx", lx_body);
		lx->defined = true;
	}
	if (!lx->once)
		cmd = "rm_lx_once; rm_lx vp";
	else if (!lx->has_vcgencmd || lx->no_vchi)
		cmd = "rm_lx";
	else
		cmd = lx->has_pmic ? "rm_lx vp" : "rm_lx v";
	d->link.run(d->link.arg, cmd, POLL_TIMEOUT(d), done, arg);
}

static void
lx_poll(struct drv *d)
{
	lx_ask((struct lx *)d, on_answer, d);
}

const char *
lx_can(struct drv *d, int slot, enum act act)
{
	struct lx *lx = (struct lx *)d;

	if (slot != d->config.slot)
		return "This link belongs to another slot.";
	switch (act) {
	case ACT_POWER_ON:
		return "A node cannot switch itself on: use its board's "
		       "controller, a power feed, or its button.";
	case ACT_POWER_OFF:
		return "Only a controller or a power feed can cut its power; "
		       "to shut it down use power soft.";
	case ACT_POWER_CYCLE:
		return "Only a controller or a power feed can cut its power; "
		       "to reboot it use power reset.";
	case ACT_POWER_RESET:
	case ACT_POWER_SOFT:
		if (lx->once && !lx->is_root && !lx->has_sudo)
			return "This user is not root and there is no sudo: "
			       "log in as root, or install sudo.";
		return NULL;
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		if (lx->led[0] == '\0')
			return "The node has no activity LED that software "
			       "can drive: use its board's, if it has one.";
		return NULL;
	case ACT_CONSOLE:
		return NULL; /* its login shell */
	case ACT_FLASH:
		return "A running node cannot write its own disk: flash it "
		       "through its board, or move its card.";
	case ACT_USB_BOOT:
		return "USB boot is set by the board: through its controller "
		       "or a jumper.";
	case ACT_MAX:
		break;
	}
	return "There is no such action.";
}

static void
led_command(struct lx *lx, struct buf *b, bool on)
{
	const char *rest = lx->rest[0] ? lx->rest : "mmc0";

	buf_puts(b, "echo ");
	buf_quote(b, on ? "timer" : rest);
	buf_puts(b, lx->is_root ? " >" : " | sudo -n tee >/dev/null ");
	buf_puts(b, "\"${RACKMUX_ROOT-}\"/sys/class/leds/");
	buf_quote(b, lx->led);
	buf_puts(b, "/trigger");
}

void
lx_act_command(struct lx *lx, struct buf *b, enum act act)
{
	const char *sudo = lx->is_root ? "" : "sudo -n ";

	if (act == ACT_LOCATE_ON || act == ACT_LOCATE_OFF)
		led_command(lx, b, act == ACT_LOCATE_ON);
	else
		buf_printf(b, "%ssystemctl %s", sudo,
		    act == ACT_POWER_SOFT ? "poweroff" : "reboot");
}

static void
lx_do(struct drv *d, unsigned ticket, int slot, enum act act)
{
	const struct order order = { .ticket = ticket,
		.slot = slot,
		.act = act,
		.ends_link = act == ACT_POWER_SOFT || act == ACT_POWER_RESET };
	struct buf b;

	buf_init(&b, 0);
	lx_act_command((struct lx *)d, &b, act);
	drv_order(d, &order, buf_str(&b), ACT_TIMEOUT);
	buf_release(&b);
}

/* Whatever is more than any Linux says so with a higher number. */
static int
lx_match(const char *facts)
{
	if (fact_is(facts, "uname", "Linux"))
		return fact_is(facts, "model", "Raspberry Pi") ? 40 : 20;
	return 0;
}

const struct driver driver_linux = {
	.type = "linux",
	.title = "Linux",
	.user = NULL,
	.slots = 0,
	.whole_board = false,
	.open = lx_open,
	.poll = lx_poll,
	.close = lx_close,
	.can = lx_can,
	.match = lx_match,
	.act = lx_do,
	.reset = lx_reset,
	.console = lx_console,
};

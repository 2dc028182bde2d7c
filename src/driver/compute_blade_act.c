#include "compute_blade.h"

#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Orders. bladectl is never told to wait (--wait has no end), and never all
 * blades at once: one that is dead would cost the others their answer. It
 * exits with 1 for whatever reason, so its words are looked at. An agent that
 * did not answer in time may still do what it was told.
 */

#define LOCATE_LIMIT 5
#define LOCATE_TIMEOUT 8000
#define POWER_TIMEOUT 8000

static const char *
cannot_locate(const struct cb *cb)
{
	const char *why;

	if (!cb->lx.once)
		return NULL;
	if (cb->ctl_known)
		switch (cb->cause) {
		case CB_NO_BLADECTL:
		case CB_NO_SUDO:
		case CB_SUDO_PASSWORD:
		case CB_SUDO_REFUSED:
		case CB_SUDO_BLIND:
		case CB_NO_COMMAND:
			return cb_cause_text(cb->cause);
		default:
			break;
		}
	else if (!cb->lx.is_root && !cb->lx.has_sudo)
		return cb_cause_text(CB_NO_SUDO);
	why = cb_agent_why(cb);
	if ((cb->heard == CB_REFUSED && !cb->ctl_heard) || cb->heard == CB_HUNG)
		return why;
	/* Of what is not understood bladectl shall tell by itself; and an old
	 * agent can blink, though it cannot be asked. */
	return cb->ctl_known && cb->cause != CB_OLD ? cb_cause_text(cb->cause)
						    : NULL;
}

const char *
cb_can(struct drv *d, int slot, enum act act)
{
	struct cb *cb = (struct cb *)d;

	if (slot != d->config.slot)
		return "This link belongs to another slot.";
	switch (act) {
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
		return "A blade cannot switch its own power: give its node a "
		       "feed, the PoE port that it hangs on.";
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return cannot_locate(cb);
	case ACT_CONSOLE:
		return "The chassis has no console server: put a 3.3 V serial "
		       "adapter on the blade's UART header and configure it.";
	case ACT_FLASH:
		return "eMMC is written by rpiboot through the USB-C of a DEV "
		       "blade, an NVMe disk in an adapter: nothing can do it "
		       "remotely.";
	case ACT_USB_BOOT:
		return "Hold the blade's nRPIBOOT button while plugging in its "
		       "USB-C: no software can do that.";
	default:
		return lx_can(d, slot, act);
	}
}

static enum act_outcome
judge_locate(
    struct order *o, const struct link_result *r, char *text, size_t size)
{
	const char *out = r->out != NULL ? r->out : "";
	enum cb_cause cause = cb_cause_of(out, r->status);

	(void)o;
	/* A command that it does not know may print help, and be content. */
	if (r->status == 0 && strstr(out, "Usage:") == NULL)
		return ACT_OK;
	if (r->status == 0)
		cause = CB_NO_COMMAND;
	if (cause == CB_SLOW) {
		str_format(text, size, "not known whether it was done: %s",
		    cb_cause_text(CB_SLOW));
		return ACT_UNCERTAIN;
	}
	if (cb_cause_text(cause) != NULL)
		str_copy(text, size, cb_cause_text(cause));
	else
		order_said(r, text, size);
	return ACT_FAILED;
}

static enum act_outcome
judge_power(
    struct order *o, const struct link_result *r, char *text, size_t size)
{
	if (r->status != 0) {
		order_said(r, text, size);
		return ACT_FAILED;
	}
	if (o->act == ACT_POWER_SOFT)
		str_copy(text, size,
		    "accepted; it stays off until its PoE port is cycled");
	return ACT_OK;
}

/* What kept it from being done may be known better after it. */
static void
after(struct order *o, enum act_outcome outcome)
{
	if (outcome != ACT_OK)
		((struct cb *)o->drv)->ctl_now = true;
}

static void
locate_command(const struct cb *cb, struct buf *b, bool on)
{
	buf_puts(b, cb->lx.is_root ? "HOME=/root " : "sudo -n -H ");
	if (cb->mode != CB_MODE_BARE)
		buf_printf(b, "timeout %d ", LOCATE_LIMIT);
	buf_puts(b, "bladectl ");
	if (cb->has_set || !cb->has_identify)
		buf_printf(b, "%s identify",
		    on                                     ? "set"
			: cb->has_remove && !cb->has_unset ? "remove"
							   : "unset");
	else
		buf_puts(b, on ? "identify" : "identify --confirm");
	buf_puts(b, " 2>&1");
}

void
cb_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	struct cb *cb = (struct cb *)d;
	bool locate = act == ACT_LOCATE_ON || act == ACT_LOCATE_OFF;
	const struct order order = { .ticket = ticket,
		.slot = slot,
		.act = act,
		.ends_link = !locate,
		.apart = locate && !cb->no_exec,
		.judge = locate ? judge_locate : judge_power,
		.after = locate ? after : NULL };
	struct buf b;

	buf_init(&b, 0);
	if (locate)
		locate_command(cb, &b, act == ACT_LOCATE_ON);
	else
		lx_act_command(&cb->lx, &b, act);
	drv_order(
	    d, &order, buf_str(&b), locate ? LOCATE_TIMEOUT : POWER_TIMEOUT);
	buf_release(&b);
}

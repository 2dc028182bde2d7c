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
cannot_locate(const struct blade *blade)
{
	const char *why;

	if (!blade->lx.once)
		return NULL;
	if (blade->ctl_known)
		switch (blade->cause) {
		case BLADE_NO_BLADECTL:
		case BLADE_NO_SUDO:
		case BLADE_SUDO_PASSWORD:
		case BLADE_SUDO_REFUSED:
		case BLADE_SUDO_BLIND:
		case BLADE_NO_COMMAND:
			return blade_cause_text(blade, blade->cause);
		default:
			break;
		}
	else if (!blade->lx.is_root && !blade->lx.has_sudo)
		return blade_cause_text(blade, BLADE_NO_SUDO);
	why = blade_agent_why(blade);
	if ((blade->heard == BLADE_REFUSED && !blade->ctl_heard) ||
	    blade->heard == BLADE_HUNG)
		return why;
	/* Of what is not understood bladectl shall tell by itself; and an old
	 * agent can blink, though it cannot be asked. */
	return blade->ctl_known && blade->cause != BLADE_OLD
	    ? blade_cause_text(blade, blade->cause)
	    : NULL;
}

const char *
blade_can(struct drv *d, int slot, enum act act)
{
	struct blade *blade = (struct blade *)d;

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
		return cannot_locate(blade);
	case ACT_CONSOLE:
		return "The chassis has no console server: configure a 3.3 V "
		       "serial adapter on the blade's UART header, or set its "
		       "console to \"ssh\".";
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
	const struct blade *blade = (const struct blade *)o->drv;
	const char *out = r->out != NULL ? r->out : "";
	enum blade_cause cause = blade_cause_of(out, r->status);

	/* A command that it does not know may print help, and be content. */
	if (r->status == 0 && strstr(out, "Usage:") == NULL)
		return ACT_OK;
	if (r->status == 0)
		cause = BLADE_NO_COMMAND;
	if (cause == BLADE_SLOW) {
		str_format(text, size, "not known whether it was done: %s",
		    blade_cause_text(blade, BLADE_SLOW));
		return ACT_UNCERTAIN;
	}
	if (blade_cause_text(blade, cause) != NULL)
		str_copy(text, size, blade_cause_text(blade, cause));
	else
		order_said(r, text, size);
	return ACT_FAILED;
}

static enum act_outcome
judge_power(
    struct order *o, const struct link_result *r, char *text, size_t size)
{
	enum blade_cause cause =
	    blade_cause_of(r->out != NULL ? r->out : "", r->status);

	if (cause == BLADE_SUDO_PASSWORD || cause == BLADE_SUDO_REFUSED) {
		str_copy(text, size,
		    "sudo asks for a password or refuses: let this user run "
		    "systemctl without one (NOPASSWD in /etc/sudoers.d)");
		return ACT_FAILED;
	}
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
		((struct blade *)o->drv)->ctl_now = true;
}

static void
locate_command(const struct blade *blade, struct buf *b, bool on)
{
	buf_puts(b, blade->lx.is_root ? "HOME=/root " : "sudo -n -H ");
	if (blade->mode != BLADE_MODE_BARE)
		buf_printf(b, "timeout %d ", LOCATE_LIMIT);
	buf_puts(b, "bladectl ");
	if (blade->has_set || !blade->has_identify)
		buf_printf(b, "%s identify",
		    on                                           ? "set"
			: blade->has_remove && !blade->has_unset ? "remove"
								 : "unset");
	else
		buf_puts(b, on ? "identify" : "identify --confirm");
	buf_puts(b, " 2>&1");
}

void
blade_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	struct blade *blade = (struct blade *)d;
	bool locate = act == ACT_LOCATE_ON || act == ACT_LOCATE_OFF;
	const struct order order = { .ticket = ticket,
		.slot = slot,
		.act = act,
		.ends_link = !locate,
		.apart = locate && !blade->no_exec,
		.judge = locate ? judge_locate : judge_power,
		.after = locate ? after : NULL };
	struct buf b;

	buf_init(&b, 0);
	if (locate)
		locate_command(blade, &b, act == ACT_LOCATE_ON);
	else
		lx_act_command(&blade->lx, &b, act);
	drv_order(
	    d, &order, buf_str(&b), locate ? LOCATE_TIMEOUT : POWER_TIMEOUT);
	buf_release(&b);
}

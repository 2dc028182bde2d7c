#include "cluster_box.h"

#include "rackmux/base/text.h"

/*
 * The node consoles of a Cluster Box. The firmware that it was sold with is
 * left out of it: its nodectl sets up pins before it reads its arguments, so
 * picocom is run on the tty itself, which it locks. v2 has a server that owns
 * the tty and keeps a log; where that does not run, picocom it is again.
 */

#define BAUD 1500000

static const char port_of[MCB_SLOTS] = { '1', '2', '3', '0' };

static const char *
sudo(const struct mcb *cb)
{
	return cb->is_root || !cb->has_sudo ? "" : "sudo -n ";
}

const char *
mcb_console_cannot(struct mcb *cb, int slot)
{
	if (!cb->once)
		return NULL;
	if (!cb->port[slot - 1].there)
		return "The board does not show the slot's serial port: load "
		       "its driver (modprobe ch343), or look at 'tty' in "
		       "/etc/config/nodectl.";
	if (cb->gen == MCB_V2 && cb->port[slot - 1].served >= 0 &&
	    !cb->is_root && !cb->has_sudo)
		return "The console server is for root: log in as root, or let "
		       "this user run sudo without a password.";
	return NULL;
}

static void
by_picocom(const struct mcb *cb, struct way *w)
{
	char tty[sizeof w->device + 40];

	/* A name that cannot be quoted leads nowhere, and says so. */
	(void)way_quote(tty, sizeof tty, w->device);
	str_format(w->cmd, sizeof w->cmd, "exec %spicocom -b %u %s", sudo(cb),
	    w->baud, tty);
	str_copy(w->limits, sizeof w->limits,
	    "What was printed before it was opened is lost, and no other "
	    "picocom can open it meanwhile.");
}

bool
mcb_console(struct drv *d, int slot, struct way *w)
{
	struct mcb *cb = (struct mcb *)d;
	const struct mcb_port *p = &cb->port[slot > 0 ? slot - 1 : 0];
	long baud = BAUD;

	way_init(w);
	if (!cb->once || slot < 1 || slot > MCB_SLOTS)
		return false;
	if (cb->gen == MCB_V2 && p->tty[0] == '\0' && cb->slow_open)
		return false; /* soon */
	w->kind = WAY_PTY;
	w->by = WAY_BY_BOARD;
	str_format(w->device, sizeof w->device, "/dev/ttyCH343USB%c",
	    port_of[slot - 1]);
	if (cb->gen == MCB_V2 && p->tty[0] != '\0')
		str_copy(w->device, sizeof w->device, p->tty);
	if (cb->gen == MCB_V2 && p->baud[0] != '\0' &&
	    !str_long(p->baud, 50, 20000000, &baud))
		baud = BAUD;
	w->baud = (unsigned)baud;
	if (cb->gen == MCB_V2 && p->served >= 0) {
		str_format(w->cmd, sizeof w->cmd,
		    "exec %s/bin/nodectl console -n %d", sudo(cb), slot);
		str_copy(w->limits, sizeof w->limits,
		    "nodectl cannot send a break; what was printed before is "
		    "in the board's /var/log/nodectl.");
	} else
		by_picocom(cb, w);
	way_manners(w);
	return true;
}

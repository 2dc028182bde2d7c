#include "linux.h"

#include "rackmux/base/text.h"

/*
 * A node that is reached by a link of its own has a login shell there. It is
 * no serial console: it comes with the network and goes with it, and sees
 * nothing of a boot or a panic, which is said with it.
 */

bool
lx_console(struct drv *d, int slot, struct way *w)
{
	way_init(w);
	if (slot != d->config.slot)
		return false;
	w->kind = WAY_LOGIN;
	w->by = WAY_BY_NODE;
	str_copy(w->limits, sizeof w->limits,
	    "This is a login shell, not the serial console: it shows nothing "
	    "of boot or panic, and ends with the node's network.");
	return true;
}

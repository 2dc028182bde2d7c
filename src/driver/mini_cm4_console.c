#include "mini_cm4.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The node consoles are UARTs of the host Pi, 115,200 baud, whose names depend
 * on the order in which its overlays enable them, and slots 3 and 4 are swapped
 * among them: so they are told by the configuration, not guessed. A link of its
 * own (serial:/dev/..., tcp://...) is one that hangs on this machine; and where
 * the board's link is but the controller's port, so is a bare name.
 */

#define BAUD 115200

static const char *
setting(const struct mc *mc, int slot)
{
	char key[12];

	str_format(key, sizeof key, "console_%d", slot);
	return drv_setting(&mc->drv, key);
}

const char *
mc_console_cannot(const struct mc *mc, int slot)
{
	if (setting(mc, slot)[0] != '\0')
		return NULL;
	return mc_serial(mc)
	    ? "The controller has no console: set console_1 to console_4 to "
	      "serial ports of this machine, or make the link one to the host "
	      "Pi."
	    : "The name of its UART on the host Pi cannot be guessed: set "
	      "console_1 to console_4 (/dev/ttyAMA1, ...).";
}

static bool
is_url(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");

	return n > 1 && s[n] == ':';
}

/* "/dev/ttyAMA1@9600": cuts off the speed. */
static unsigned
speed(char *device)
{
	char *at = strrchr(device, '@');
	long baud;

	if (at == NULL || !str_long(at + 1, 50, 20000000, &baud))
		return BAUD;
	*at = '\0';
	return (unsigned)baud;
}

bool
mc_console(struct drv *d, int slot, struct way *w)
{
	struct mc *mc = (struct mc *)d;
	char device[160];
	unsigned baud;

	way_init(w);
	if (slot < 1 || slot > MC_SLOTS || setting(mc, slot)[0] == '\0')
		return false;
	str_copy(device, sizeof device, setting(mc, slot));
	if (is_url(device)) {
		w->kind = WAY_LINE;
		w->by = WAY_BY_OWN;
		w->sends_break = str_starts(device, "serial:") ||
		    str_starts(device, "telnet:");
		str_copy(w->device, sizeof w->device, device);
		return true;
	}
	baud = speed(device);
	w->by = WAY_BY_BOARD;
	if (!mc_serial(mc)) {
		way_tty(w, device, baud);
		return true;
	}
	w->kind = WAY_LINE;
	w->by = WAY_BY_OWN;
	w->sends_break = true;
	w->baud = baud;
	if (!str_format(
		w->device, sizeof w->device, "serial:%s@%u", device, baud))
		way_init(w);
	return w->kind != WAY_NONE;
}

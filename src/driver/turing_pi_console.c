#include "turing_pi.h"

#include "rackmux/base/text.h"

/*
 * The node consoles of a Turing Pi. bmcd has all four UARTs open and reads
 * them, without a lock: whoever reads one beside it takes every other byte, so
 * a tty is opened only when nobody listens where bmcd should.
 *
 * Firmware 2.1 serves each by a WebSocket, without credentials to whom comes
 * from the BMC itself, which what goes through the SSH connection does. It
 * sends nothing of what was before, and ends who reads too slowly. 2.0.5 has
 * but a ring of 16 KiB, which reading drains and which is told as UTF-8, so
 * bytes that are none are lost. A line of 115,200 baud fills it in 1.4 s. Over
 * a serial line there is only the one shell, shared with the polls; on 2.1 the
 * ring is not drained, and comes whole each time.
 *
 * What is typed goes straight to the tty: writing takes nothing from bmcd, and
 * its own uart set can type whole lines only.
 */

#define RING (16 * 1024)
#define BAUD 115200

static bool
is_ssh(const struct tp *tp)
{
	return str_starts(tp->drv.link.url(tp->drv.link.arg), "ssh:");
}

const char *
tp_tty(const struct tp *tp, int slot)
{
	static const char *const old_map[] = { "/dev/ttyS2", "/dev/ttyS1",
		"/dev/ttyS4", "/dev/ttyS5" };
	static const char *const new_map[] = { "/dev/ttyS1", "/dev/ttyS2",
		"/dev/ttyS3", "/dev/ttyS4" };

	return tp->old_ttys ? old_map[slot - 1] : new_map[slot - 1];
}

static void
by_websocket(struct way *w, int slot)
{
	w->kind = WAY_WEBSOCKET;
	w->tls = true;
	str_copy(w->host, sizeof w->host, "127.0.0.1");
	w->port = 443;
	str_format(
	    w->path, sizeof w->path, "/api/bmc/serial/ws?node=%d", slot - 1);
	str_copy(w->limits, sizeof w->limits,
	    "bmcd cannot send a break, shows nothing of what was printed "
	    "before, and drops who reads too slowly.");
}

static void
by_asking(const struct tp *tp, struct way *w, int slot)
{
	const char *tty = tp_tty(tp, slot);
	const bool ssh = is_ssh(tp);

	w->kind = WAY_ASK;
	w->ask_ms = ssh ? 500 : 1000;
	w->ring = RING;
	w->window = !tp->old_ttys;
	w->repeats = w->window;
	w->steals = !w->window;
	str_copy(w->field, sizeof w->field, "uart");
	if (tp->has_curl)
		str_format(w->cmd, sizeof w->cmd,
		    "curl -sk --max-time 5 'https://127.0.0.1/api/bmc?"
		    "opt=get&type=uart&node=%d'",
		    slot - 1);
	else
		str_format(
		    w->cmd, sizeof w->cmd, "tpi --json uart get -n %d", slot);
	if (tp->is_root)
		str_format(w->type_cmd, sizeof w->type_cmd, "cat >%s", tty);
	else if (tp->has_sudo)
		str_format(w->type_cmd, sizeof w->type_cmd,
		    "sudo -n tee %s >/dev/null", tty);
	str_format(w->limits, sizeof w->limits,
	    "bmcd is asked every %s: it keeps 16 KiB, gives only UTF-8, and "
	    "sends no break.%s%s",
	    ssh ? "half second" : "second",
	    w->window ? "" : " Who else asks it takes what we would read.",
	    w->type_cmd[0] != '\0' ? "" : " Typing needs root.");
}

const char *
tp_console_cannot(struct tp *tp, int slot)
{
	(void)slot;
	if (!tp->once)
		return NULL;
	if (!is_ssh(tp) && tp->bmcd_down)
		return "bmcd, which reads the consoles, does not run: start it "
		       "(/etc/init.d/S94bmcd start), or make the link an "
		       "ssh:// one.";
	if ((tp->old_ttys || !is_ssh(tp)) && !tp->has_curl && !tp->has_tpi)
		return "The image has neither curl nor tpi, so bmcd cannot be "
		       "asked for it: install the stock firmware.";
	return NULL;
}

bool
tp_console(struct drv *d, int slot, struct way *w)
{
	struct tp *tp = (struct tp *)d;

	way_init(w);
	if (!tp->once || slot < 1 || slot > TP_SLOTS)
		return false;
	w->by = WAY_BY_BOARD;
	if (tp->bmcd_down && is_ssh(tp)) {
		way_tty(w, tp_tty(tp, slot), BAUD);
		str_copy(w->limits, sizeof w->limits,
		    "bmcd does not run, so the tty is read itself: once it "
		    "does, both lose bytes until this is seen. No break can be "
		    "sent.");
		return true;
	}
	if (tp->old_ttys || !is_ssh(tp))
		by_asking(tp, w, slot);
	else
		by_websocket(w, slot);
	w->baud = BAUD;
	str_copy(w->device, sizeof w->device, tp_tty(tp, slot));
	return true;
}

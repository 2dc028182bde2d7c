#include "mini_cm4.h"

#include <errno.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/link/ports.h"
#include "rackmux/link/url.h"

/*
 * Finding the controller, and the question of each round. Any byte is a
 * command to it and a stray `d` cuts a node's power; so nothing at all is
 * typed at a port that is not known by its USB identity, or by the operator's
 * word, to be a Pico's. The first letter is then `h`, which is harmless, and
 * nothing but `h` and `a` follows until both were answered as only this
 * controller does. Two firmwares have different help; "Commands:" is in both.
 */

#define MISSES_MAX 3
#define MISSED_MS 30000

static const char nameless[] =
    "Nothing is typed at a port of unknown identity: name the controller "
    "by its /dev/serial/by-id/usb-Raspberry_Pi_Pico_... name, or set "
    "identified = true.";
static const char no_port[] =
    "The host shows no Pico below /dev/serial/by-id: look at the USB cable, "
    "or name the controller's port by controller = \"/dev/...\".";
static const char many_ports[] =
    "The host shows several Picos below /dev/serial/by-id: name the "
    "controller's port by controller = \"/dev/serial/by-id/...\".";
static const char stranger[] =
    "A Pico is there, but it does not answer h and a as this board's "
    "controller does: another firmware, or another Pico.";

static const char no_answer[] =
    "The controller gave no answer to a: another program at its port may "
    "have taken it.";
static const char was_away[] =
    "The controller was away and may have been reset, which switches all "
    "nodes off: it cannot tell.";

/* Both questions of a first round end before the round passes for lost. */
unsigned
mc_patience(const struct mc *mc)
{
	unsigned ms = mc->drv.config.poll_ms / 4 * 3;

	return ms < 100 ? 100 : ms > 1000 ? 1000 : ms;
}

/* --- the line ------------------------------------------------------------ */

/* May something be typed there? If not, port_why says so. */
static bool
may_type(struct mc *mc, const char *path)
{
	struct port_info info = { .vid = 0 };

	mc->port_why[0] = '\0';
	if (drv_setting_bool(&mc->drv, "identified"))
		return true;
	if (mc_serial(mc))
		ports_identity(path, NULL, &info);
	else
		str_copy(info.by_id, sizeof info.by_id,
		    str_starts(path, "/dev/serial/by-id/") ? path : "");
	if (mc->drv.driver->match_usb(info.vid, info.pid, ports_by_id(&info)) >
	    0)
		return true;
	if (info.vid != 0)
		str_format(mc->port_why, sizeof mc->port_why,
		    "The port is USB %04x:%04x, not a Pico's 2e8a:000a, so "
		    "nothing is typed there: name the controller's port.",
		    info.vid, info.pid);
	else
		str_copy(mc->port_why, sizeof mc->port_why, nameless);
	return false;
}

/* What runs on the host. A second dd reads, because one copies one way only; it
 * must not outlive the first. Busybox's cat would hold our pipe while it waits.
 * 115200 is said because a Pico that is opened at 1200 baud goes to its boot
 * loader, and switches all nodes off. */
static void
copy_command(struct buf *b, const char *port)
{
	buf_puts(b, "d=");
	buf_quote(b, port);
	buf_puts(b,
	    "; stty -F \"$d\" 115200 raw -echo -hupcl clocal || exit 1; "
	    "dd bs=4096 <\"$d\" 2>/dev/null & r=$!; "
	    "dd bs=4096 >\"$d\" 2>/dev/null; kill $r");
}

static const char *
host_port(struct mc *mc)
{
	const char *set = drv_setting(&mc->drv, "controller");

	if (*set != '\0')
		return set;
	mc->port_why[0] = '\0';
	if (mc->ports != 1)
		str_copy(mc->port_why, sizeof mc->port_why,
		    mc->ports == 0 ? no_port : many_ports);
	return mc->ports == 1 ? mc->port : NULL;
}

static void
open_failed(struct mc *mc, int err)
{
	const char *why = "The line to the controller cannot be opened.";

	if (err == -EBUSY)
		why = "A console has borrowed the line to the controller.";
	else if (err == -ENOTCONN)
		why = "The link is down.";
	mc_round_failed(mc, LINK_WHY_BUSY, why);
}

/* True when there is a line; else the round was ended. */
static bool
connect_line(struct mc *mc)
{
	struct drv *d = &mc->drv;
	struct stream_request request = { .kind = STREAM_RAW };
	bool serial = mc_serial(mc);
	struct stream *stream;
	const char *path;
	char text[8];
	struct buf cmd;
	struct url url;
	int err = 0;

	if (dialogue_open(mc->dialogue))
		return true;
	mc_talk_drop(mc);
	path = host_port(mc);
	if (serial &&
	    url_parse(&url, d->link.url(d->link.arg), false, text, sizeof text))
		path = url.host;
	if (path == NULL || !may_type(mc, path)) {
		mc_round_failed(mc, LINK_WHY_PROTOCOL, mc->port_why);
		return false;
	}
	buf_init(&cmd, 0);
	if (!serial) {
		copy_command(&cmd, path);
		request.kind = STREAM_EXEC;
		request.cmd = buf_str(&cmd);
	}
	mc->dialogue =
	    dialogue_new(d->link.loop(d->link.arg), mc_overheard, mc);
	stream = d->link.open(
	    d->link.arg, &request, &dialogue_sink, mc->dialogue, &err);
	buf_release(&cmd);
	if (stream == NULL) {
		mc_talk_drop(mc);
		open_failed(mc, err);
		return false;
	}
	dialogue_attach(mc->dialogue, stream);
	return true;
}

void
mc_talk_drop(struct mc *mc)
{
	dialogue_free(mc->dialogue);
	mc->dialogue = NULL;
	mc->asking = mc->wants_poll = false;
	if (mc->known)
		mc->drv.sink.can_changed(mc->drv.sink_arg);
	mc->known = mc->greeted = false;
	mc_orders_lost(mc, "the line to the controller was lost");
}

/* --- the question of a round --------------------------------------------- */

static enum dialogue_verdict
on_line(void *arg, const char *line)
{
	struct mc *mc = arg;
	double ma[MC_SLOTS];

	if (!mc->greeted)
		return strcmp(line, "Commands:") == 0 ? DIALOGUE_GOOD
						      : DIALOGUE_WAIT;
	if (!mc_currents(line, ma))
		return DIALOGUE_WAIT;
	mc_measured(mc, ma);
	return DIALOGUE_GOOD;
}

void
mc_lost(struct mc *mc, const char *why)
{
	bool round = mc->asking || mc->wants_poll;
	char copy[200];

	str_copy(copy, sizeof copy, why);
	mc->asking = mc->wants_poll = false;
	/* A serial line ends with its link, and a host tells the USB devices
	 * apart: what is left is a host that shows none, or several. */
	if (!mc_serial(mc) && mc->usb[0] == '\0')
		mc_forget(mc, was_away);
	mc_orders_lost(mc, copy);
	if (round)
		mc_round_failed(mc, LINK_WHY_GONE, copy);
}

static void
missed(struct mc *mc)
{
	struct drv *d = &mc->drv;

	mc->missed_at = d->link.now(d->link.arg);
	if (++mc->misses >= MISSES_MAX)
		str_copy(mc->port_why, sizeof mc->port_why, stranger);
	mc->greeted = false;
	mc_round_failed(mc, LINK_WHY_PROTOCOL, stranger);
}

static void
answered(struct mc *mc)
{
	bool first = !mc->known;

	mc->known = true;
	mc->misses = 0;
	mc->port_why[0] = '\0';
	if (first)
		mc->drv.sink.can_changed(mc->drv.sink_arg);
	mc_round_done(mc);
}

static void
on_done(void *arg, enum dialogue_end end, const char *why)
{
	struct mc *mc = arg;

	if (end == DIALOGUE_LOST || end == DIALOGUE_NOT_SENT) {
		mc_lost(mc, why);
		return;
	}
	mc->asking = false;
	if (end != DIALOGUE_DONE && mc->known)
		mc_round_failed(mc, LINK_WHY_SILENT, no_answer);
	else if (end != DIALOGUE_DONE)
		missed(mc);
	else if (mc->greeted)
		answered(mc);
	else
		mc->greeted = mc->wants_poll = true;
	mc_next(mc);
}

static void
ask(struct mc *mc)
{
	const struct dialogue_ask question = {
		.send = mc->greeted ? "a" : "h",
		.timeout_ms = mc_patience(mc),
		.line = on_line,
		.done = on_done,
		.arg = mc,
	};

	mc->wants_poll = false;
	mc->asking = true;
	dialogue_ask(mc->dialogue, &question);
}

void
mc_next(struct mc *mc)
{
	struct mc_order *o;

	if (!dialogue_open(mc->dialogue) || dialogue_busy(mc->dialogue))
		return;
	o = mc->known ? mc_order_ready(mc) : NULL;
	if (o != NULL)
		mc_order_step(o);
	else if (mc->wants_poll)
		ask(mc);
}

void
mc_talk_poll(struct mc *mc)
{
	struct drv *d = &mc->drv;

	if (mc->misses >= MISSES_MAX) {
		if (d->link.now(d->link.arg) - mc->missed_at < MISSED_MS) {
			mc_round_failed(mc, LINK_WHY_PROTOCOL, stranger);
			return;
		}
		mc->misses = 0;
	}
	if (!connect_line(mc))
		return;
	mc->wants_poll = true;
	mc_next(mc);
}

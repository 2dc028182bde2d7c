#include "feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The tools of switches and plugs end with status 0 whatever happened, so a
 * port is what the feed shows when it is asked, never what an order hoped
 * for. That a port is set on says that current may flow, not that it does: a
 * port that searches or has tripped feeds nothing, and whether the node lives
 * on another supply is not known here.
 */

#define SWITCH_MS 15000

struct outlet
outlet_unknown(const char *why)
{
	return (struct outlet){
		.why = why, .watts = NAN, .volts = NAN, .amps = NAN
	};
}

struct drv *
supply_new(size_t size, void (*on)(struct supply *, int, struct buf *))
{
	struct supply *s = mem_alloc(size);

	report_init(&s->report, &s->drv, SOURCE_FEED);
	s->on = on;
	return &s->drv;
}

void
supply_reset(struct drv *d)
{
	struct supply *s = (struct supply *)d;

	s->open = 0;
	s->failed = false;
	report_clear(&s->report);
}

int
supply_match(const char *facts)
{
	(void)facts;
	return 0;
}

static int
limit(const struct drv *d)
{
	double ports = drv_setting_number(d, "ports");

	return ports >= 1 && ports <= DRIVER_SLOTS_MAX ? (int)ports
						       : DRIVER_SLOTS_MAX;
}

const char *
supply_can(struct drv *d, int slot, enum act act)
{
	if (slot < 1 || slot > limit(d))
		return "A power feed switches its ports, one by one: name one "
		       "that it has.";
	switch (act) {
	case ACT_POWER_ON:
		return NULL;
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
		/* Off would be told, and the cycle's end switch it on. */
		if (supply_cycles_running((const struct supply *)d, slot))
			return "A power cycle of this port is under way and "
			       "ends with on: wait for it, then order again.";
		return NULL;
	case ACT_POWER_RESET:
		return "A power feed has no reset line: use power cycle, or "
		       "power reset by the node's own link.";
	case ACT_POWER_SOFT:
		return "A power feed cannot shut a system down: give the node "
		       "a link of its own.";
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return "A power feed has no locate LED: use the board's, or "
		       "the node's own link.";
	case ACT_CONSOLE:
		return "A power feed has no console: use the board's, or a "
		       "serial adapter.";
	case ACT_FLASH:
	case ACT_USB_BOOT:
		return "A power feed only switches power: what a node boots is "
		       "set on its board.";
	case ACT_MAX:
		break;
	}
	return "There is no such action.";
}

int
supply_used(const struct drv *d, int *ports, int max)
{
	char *copy = mem_strdup(drv_setting(d, "used")), *rest = copy, *word;
	int n = 0;
	long port;

	while (n < max && rest != NULL) {
		word = rest;
		rest = strchr(rest, ',');
		if (rest != NULL)
			*rest++ = '\0';
		if (str_long(word, 1, limit(d), &port))
			ports[n++] = (int)port;
	}
	free(copy);
	if (n == 0)
		ports[n++] = 1;
	return n;
}

/* Whether current flows, as far as a port can tell. */
static void
tell_power(struct supply *s, int port, const struct outlet *o)
{
	const char *see = o->detection;

	if (o->state == OUTLET_UNKNOWN)
		report_unknown(
		    &s->report, port, NAME_POWER_STATE, NULL, o->why);
	else if (o->state == OUTLET_OFF)
		report_text(&s->report, port, NAME_POWER_STATE, NULL, "off");
	else if (see == NULL || strcmp(see, "delivering") == 0)
		report_text(&s->report, port, NAME_POWER_STATE, NULL, "on");
	else if (strcmp(see, "searching") == 0)
		report_unknown(&s->report, port, NAME_POWER_STATE, NULL,
		    "the port is on but finds nothing that takes its power: "
		    "cable, PoE adapter, or another supply");
	else if (strcmp(see, "test") == 0)
		report_unknown(&s->report, port, NAME_POWER_STATE, NULL,
		    "the switch is testing the port");
	else
		report_unknown(&s->report, port, NAME_POWER_STATE, NULL,
		    "the port is on but reports a fault: it delivers nothing");
}

static void
tell_number(struct supply *s, int port, enum name_id id, double v)
{
	if (isfinite(v))
		report_number(&s->report, port, id, NULL, v);
}

void
supply_tell(struct supply *s, int port, const struct outlet *o)
{
	if (port < 1 || port > limit(&s->drv))
		return;
	if (port > s->ports) {
		s->ports = port;
		s->drv.sink.slots(s->drv.sink_arg, port);
	}
	if (o->state == OUTLET_UNKNOWN)
		report_unknown(&s->report, port, NAME_FEED_STATE, NULL, o->why);
	else
		report_text(&s->report, port, NAME_FEED_STATE, NULL,
		    o->state == OUTLET_ON ? "on" : "off");
	tell_power(s, port, o);
	if (o->detection != NULL)
		report_text(
		    &s->report, port, NAME_FEED_DETECTION, NULL, o->detection);
	if (o->class != NULL)
		report_text(&s->report, port, NAME_FEED_CLASS, NULL, o->class);
	tell_number(s, port, NAME_POWER_WATTS, o->watts);
	tell_number(s, port, NAME_POWER_VOLTS, o->volts);
	tell_number(s, port, NAME_POWER_AMPS, o->amps);
	supply_cycle_seen(s, port, o);
}

void
supply_fresh(struct supply *s)
{
	report_sweep(&s->report, "the feed does not report it any more");
	drv_fresh(&s->drv);
	supply_cycles_tell(s);
}

void
supply_stale(struct supply *s, enum link_why kind, const char *why)
{
	s->drv.sink.stale(s->drv.sink_arg, kind, why);
}

/* --- on and off --------------------------------------------------------- */

void
supply_order(struct supply *s, unsigned ticket, int port, enum act act,
    const char *cmd,
    enum act_outcome (*judge)(
	struct order *, const struct link_result *, char *, size_t))
{
	const struct order order = {
		.ticket = ticket, .slot = port, .act = act, .judge = judge
	};

	supply_cycles_overtaken(s, port);
	drv_order(&s->drv, &order, cmd, SWITCH_MS);
}

enum act_outcome
supply_judge(const struct order *o, enum outlet_state seen, const char *said,
    char *text, size_t size)
{
	bool on = o->act == ACT_POWER_ON;
	char clean[150];

	text_clean(clean, sizeof clean, said, strlen(said));
	if (seen == (on ? OUTLET_ON : OUTLET_OFF)) {
		str_format(
		    text, size, "port %d is %s", o->slot, on ? "on" : "off");
		return ACT_OK;
	}
	if (seen != OUTLET_UNKNOWN) {
		str_format(text, size, "port %d stayed %s%s%s", o->slot,
		    on ? "off" : "on", clean[0] != '\0' ? ": " : "", clean);
		return ACT_FAILED;
	}
	if (clean[0] != '\0') {
		str_format(text, size, "port %d: %s", o->slot, clean);
		return ACT_FAILED;
	}
	str_format(text, size,
	    "port %d was told, but the feed does not show what came of it",
	    o->slot);
	return ACT_UNCERTAIN;
}

/* --- answers in sections ------------------------------------------------ */

/* Behind the line "@ name", or NULL. */
static const char *
section_start(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = text; p != NULL; p = strchr(p, '\n')) {
		if (*p == '\n')
			p++;
		if (strncmp(p, "@ ", 2) == 0 &&
		    strncmp(p + 2, name, len) == 0 &&
		    (p[2 + len] == '\n' || p[2 + len] == '\r'))
			return strchr(p, '\n') + 1;
	}
	return NULL;
}

bool
section_find(const char *text, const char *name, char *out, size_t size)
{
	const char *from = section_start(text, name), *to;
	size_t len;

	out[0] = '\0';
	if (from == NULL)
		return false;
	to = strncmp(from, "@ ", 2) == 0 ? from : strstr(from, "\n@ ");
	len = to != NULL ? (size_t)(to - from) : strlen(from);
	if (len >= size)
		len = size - 1;
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

void
supply_close(struct drv *d)
{
	struct supply *s = (struct supply *)d;

	drv_orders_drop(d);
	supply_cycles_drop(s);
	report_release(&s->report);
	free(s);
}

#include "mini_cm4.h"

#include <math.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What the controller's answers mean. It cannot read its own outputs back:
 * what is known of power is what it last did, as its answers told (ours and
 * those to other users of the port), and the current that it measures.
 */

#define SUPPLY_VOLTS 12.0
/* A node that was just switched does not draw its current at once. */
#define SETTLE_MS 4000

/* 63000:1 at 10 kOhm is 0.16 V per A where the firmware takes 1 V per A. */
static const char uncalibrated[] =
    "Uncalibrated: the firmware assumes 1 V per A; by the schematic it may be "
    "6.3 times as much. Measure it and set current_scale.";

static const struct {
	char letter;
	const char *words;
} replies[] = {
	{ 'e', "Enable:" },
	{ 'd', "Disable:" },
	{ 'r', "Reseting:" },
	{ 'U', "USB boot assert:" },
	{ 'u', "USB boot deassert:" },
};

bool
mc_reply(const char *line, char *letter, int *channel)
{
	for (size_t i = 0; i < ARRAY_LEN(replies); i++) {
		const char echo[2] = { replies[i].letter, '\0' };
		const char *p = dialogue_past_echo(line, echo);
		long n;

		if (!str_starts(p, replies[i].words))
			p = line;
		if (!str_starts(p, replies[i].words) ||
		    !str_long(p + strlen(replies[i].words), 0, 99, &n))
			continue;
		*letter = replies[i].letter;
		*channel = (int)n;
		return true;
	}
	return false;
}

/* "386.879883 mA,0.000000 mA,9.909668 mA,729.569897 mA" */
bool
mc_currents(const char *line, double ma[MC_SLOTS])
{
	char copy[DIALOGUE_LINE_MAX + 1], *p = copy;

	if (!str_copy(copy, sizeof copy, line))
		return false;
	for (int i = 0; i < MC_SLOTS; i++) {
		size_t digits = strspn(p, "0123456789.");
		char *end = p + digits;

		if (digits == 0 || digits > 15 || !str_starts(end, " mA"))
			return false;
		*end = '\0';
		if (!str_double(p, &ma[i]))
			return false;
		p = end + 3;
		if (i + 1 < MC_SLOTS && *p++ != ',')
			return false;
	}
	return *p == '\0';
}

void
mc_overheard(void *arg, const char *line)
{
	struct mc *mc = arg;
	struct drv *d = &mc->drv;
	struct mc_node *n;
	bool ours = false;
	char letter;
	int channel;

	if (!mc_reply(line, &letter, &channel) || channel >= MC_SLOTS)
		return;
	for (const struct mc_order *o = mc->orders; o != NULL; o = o->next)
		ours |= o->typed && *o->steps == letter;
	n = &mc->node[channel];
	if (letter == 'e' || letter == 'd') {
		n->power = letter == 'e' ? MC_TOLD_ON : MC_TOLD_OFF;
		n->power_at = d->link.now(d->link.arg);
		n->power_other = !ours;
	} else if (letter == 'U' || letter == 'u')
		n->usb = letter == 'U' ? MC_TOLD_ON : MC_TOLD_OFF;
}

void
mc_forget(struct mc *mc, const char *why)
{
	for (int i = 0; i < MC_SLOTS; i++) {
		mc->node[i].power = mc->node[i].usb = MC_UNTOLD;
		mc->node[i].untold = why;
		mc->node[i].measured = false;
	}
}

static bool
draws(const struct mc *mc, double ma)
{
	return ma >= drv_setting_number(&mc->drv, "on_ma");
}

/* Several nodes that were on and drew current draw none all at once. */
static bool
all_fell(const struct mc *mc, const double ma[MC_SLOTS])
{
	int fell = 0;

	for (int i = 0; i < MC_SLOTS; i++) {
		const struct mc_node *n = &mc->node[i];

		if (draws(mc, ma[i]))
			return false;
		fell +=
		    n->power == MC_TOLD_ON && n->measured && draws(mc, n->ma);
	}
	return fell > 1;
}

void
mc_measured(struct mc *mc, const double ma[MC_SLOTS])
{
	if (all_fell(mc, ma))
		mc_forget(mc,
		    "All nodes stopped drawing current at once: the controller "
		    "was reset, or its supply failed, and it cannot tell.");
	mc->recent = true;
	for (int i = 0; i < MC_SLOTS; i++) {
		mc->node[i].ma = ma[i];
		mc->node[i].measured = true;
	}
}

/* --- what is said of it --------------------------------------------------- */

static void
report_told(struct mc *mc, int slot)
{
	const struct mc_node *n = &mc->node[slot - 1];
	struct drv *d = &mc->drv;

	if (n->power == MC_UNTOLD)
		drv_unknown(d, slot, NAME_POWER_COMMANDED, NULL,
		    SOURCE_COMMANDED, n->untold);
	else
		drv_text_noted(d, slot, NAME_POWER_COMMANDED, NULL,
		    SOURCE_COMMANDED, n->power == MC_TOLD_ON ? "on" : "off",
		    n->power_other ? "By another user of the controller's port."
				   : NULL);
	if (n->usb == MC_UNTOLD)
		drv_unknown(d, slot, NAME_USB_BOOT, NULL, SOURCE_COMMANDED,
		    "It was not set since the controller was first seen, and "
		    "cannot be read.");
	else
		drv_text_noted(d, slot, NAME_USB_BOOT, NULL, SOURCE_COMMANDED,
		    n->usb == MC_TOLD_ON ? "on" : "off",
		    n->usb == MC_TOLD_ON
			? "A power cycle releases it: the node then boots from "
			  "its own disk."
			: NULL);
}

/* Below the threshold nothing is drawn to speak of. */
static void
report_idle(struct mc *mc, int slot, bool settling)
{
	const struct mc_node *n = &mc->node[slot - 1];
	struct drv *d = &mc->drv;
	const char *note = NULL;

	if (n->power == MC_TOLD_ON && settling) {
		drv_unknown(d, slot, NAME_POWER_STATE, NULL, SOURCE_BOARD,
		    "It was switched on a moment ago and draws nothing yet.");
		return;
	}
	if (n->power == MC_TOLD_ON && n->usb == MC_TOLD_ON) {
		drv_unknown(d, slot, NAME_POWER_STATE, NULL, SOURCE_BOARD,
		    "A node in USB boot may draw less than on_ma, so its "
		    "current does not tell.");
		return;
	}
	if (n->power == MC_TOLD_ON)
		note = "It was switched on, but draws less than on_ma.";
	else if (n->power == MC_UNTOLD)
		note = "By its current alone, which is less than on_ma.";
	drv_text_noted(
	    d, slot, NAME_POWER_STATE, NULL, SOURCE_BOARD, "off", note);
}

static void
report_current(struct mc *mc, int slot)
{
	const struct mc_node *n = &mc->node[slot - 1];
	const char *note = mc_is_set(mc, "current_scale") ? NULL : uncalibrated;
	struct drv *d = &mc->drv;
	double amps;

	amps = n->ma / 1000 * drv_setting_number(d, "current_scale");
	if (amps > 1000) {
		drv_unknown(d, slot, NAME_POWER_AMPS, NULL, SOURCE_BOARD,
		    "The current that the controller printed is implausible.");
		drv_unknown(d, slot, NAME_POWER_WATTS, NULL, SOURCE_BOARD,
		    "The current that the controller printed is implausible.");
		return;
	}
	drv_number_noted(
	    d, slot, NAME_POWER_AMPS, NULL, SOURCE_BOARD, amps, note);
	drv_number_noted(d, slot, NAME_POWER_WATTS, NULL, SOURCE_BOARD,
	    amps * SUPPLY_VOLTS,
	    note != NULL ? note : "At 12 V, which is not measured.");
}

static void
report_state(struct mc *mc, int slot)
{
	const struct mc_node *n = &mc->node[slot - 1];
	struct drv *d = &mc->drv;
	uint64_t now = d->link.now(d->link.arg);
	bool settling = n->power != MC_UNTOLD && now - n->power_at < SETTLE_MS;

	if (!draws(mc, n->ma))
		report_idle(mc, slot, settling);
	else if (n->power == MC_TOLD_OFF && settling)
		drv_unknown(d, slot, NAME_POWER_STATE, NULL, SOURCE_BOARD,
		    "It was switched off a moment ago and still draws.");
	else
		drv_text_noted(d, slot, NAME_POWER_STATE, NULL, SOURCE_BOARD,
		    "on",
		    n->power == MC_TOLD_OFF
			? "It was switched off, but draws current."
			: NULL);
}

void
mc_report_power(struct mc *mc)
{
	for (int slot = 1; slot <= MC_SLOTS; slot++) {
		report_told(mc, slot);
		if (!mc->recent || !mc->node[slot - 1].measured)
			continue;
		report_state(mc, slot);
		report_current(mc, slot);
	}
}

void
mc_power_unknown(struct mc *mc, const char *why)
{
	static const enum name_id names[] = { NAME_POWER_STATE, NAME_POWER_AMPS,
		NAME_POWER_WATTS };

	for (int slot = 1; slot <= MC_SLOTS; slot++) {
		report_told(mc, slot);
		if (mc->port_why[0] != '\0')
			drv_unknown(&mc->drv, slot, NAME_POWER_COMMANDED, NULL,
			    SOURCE_COMMANDED, why);
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			drv_unknown(
			    &mc->drv, slot, names[i], NULL, SOURCE_BOARD, why);
	}
}

/* --- what it never tells -------------------------------------------------- */

static const char by_node[] =
    "Only the node itself can tell: give it an in-band link.";
static const char by_host[] =
    "The host Pi measures it, not the controller: make the link an ssh:// one "
    "to the host.";

static void
tell_consoles(struct mc *mc)
{
	char key[12];

	for (int slot = 1; slot <= MC_SLOTS; slot++) {
		const char *device;

		str_format(key, sizeof key, "console_%d", slot);
		device = drv_setting(&mc->drv, key);
		if (*device != '\0')
			drv_text(&mc->drv, slot, NAME_CONSOLE_DEVICE, NULL,
			    SOURCE_BOARD, device);
		else
			drv_unknown(&mc->drv, slot, NAME_CONSOLE_DEVICE, NULL,
			    SOURCE_BOARD,
			    "It is a UART of the host Pi, whose name depends on "
			    "its overlays: set console_1 to console_4.");
	}
}

void
mc_tell_cannot(struct mc *mc)
{
	static const enum name_id nodes[] = { NAME_TEMP_SOC,
		NAME_HEALTH_THROTTLE, NAME_LOAD_1M, NAME_MEM_USED, NAME_UPTIME,
		NAME_NODE_HOSTNAME, NAME_NODE_MODEL, NAME_LINK_STATE };
	static const enum name_id host[] = { NAME_BOARD_WATTS, NAME_BOARD_VOLTS,
		NAME_BOARD_AMPS, NAME_BOARD_FAN_RPM, NAME_BOARD_FAN_DUTY,
		NAME_BOARD_TEMP };
	struct drv *d = &mc->drv;

	for (int slot = 1; slot <= MC_SLOTS; slot++) {
		for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
			drv_unknown(
			    d, slot, nodes[i], NULL, SOURCE_BOARD, by_node);
		drv_unknown(d, slot, NAME_POWER_VOLTS, NULL, SOURCE_BOARD,
		    "The controller measures current only.");
		drv_unknown(d, slot, NAME_LOCATE_STATE, NULL, SOURCE_BOARD,
		    "No LED of a node hangs on the controller: give the node "
		    "an in-band link.");
		if (mc_serial(mc))
			drv_unknown(d, slot, NAME_TEMP_BOARD, NULL,
			    SOURCE_BOARD, by_host);
	}
	for (size_t i = 0; mc_serial(mc) && i < ARRAY_LEN(host); i++)
		drv_unknown(d, 0, host[i], NULL, SOURCE_BOARD, by_host);
	tell_consoles(mc);
}

#include "cluster_box.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What a Cluster Box does not have, and when it cannot be switched. A pin
 * that is not exported is never exported from here: setting it up is what
 * cuts a node.
 */

static const char by_node[] =
    "Only the node itself can tell: give it an in-band link.";
static const char no_sensor[] =
    "The Cluster Box measures no power, neither of a slot nor in all.";
static const char no_led[] =
    "The LED of a slot follows its power: locate the box, or give the node an "
    "in-band link.";
static const char no_switch[] =
    "The network of a Blade is seen by the node itself: give it an in-band "
    "link.";
static const char only_v2[] =
    "Only nodectl v2 tells it: install its firmware on the control board.";

static const char not_read[] =
    "What the board is has not been read yet: wait for its first answer.";

static const char hidden[] =
    "This login may not read /bin/nodectl, so nothing says whether pins may be "
    "touched: log in as root.";

static void
tell_generation(struct mcb *cb)
{
	const char *gen = "v0 or v1";
	static const char note[] =
	    "Rebooting the control board of this firmware power-cycles every "
	    "node. nodectl is never run: it may cut power by being started.";

	if (cb->gen == MCB_V2) {
		drv_text(&cb->drv, 0, NAME_BOARD_GENERATION, NULL, SOURCE_BOARD,
		    "v2");
		return;
	}
	if (cb->gen == MCB_HIDDEN) {
		drv_unknown(&cb->drv, 0, NAME_BOARD_GENERATION, NULL,
		    SOURCE_BOARD, hidden);
		return;
	}
	/* One usage text for both; the name is what was delivered. */
	if (cb->gen == MCB_GO)
		gen = "go";
	else if (cb->gen == MCB_NONE)
		gen = "none";
	else if (strcmp(cb->hostname, "MixtileClusterBox") == 0)
		gen = "v0";
	else if (strcmp(cb->hostname, "ClusterBox") == 0)
		gen = "v1";
	drv_text_noted(
	    &cb->drv, 0, NAME_BOARD_GENERATION, NULL, SOURCE_BOARD, gen, note);
}

void
mcb_tell_cannot(struct mcb *cb)
{
	static const struct drv_missing slot[] = {
		{ NAME_POWER_WATTS, no_sensor },
		{ NAME_POWER_AMPS, no_sensor },
		{ NAME_POWER_VOLTS, no_sensor },
		{ NAME_TEMP_SOC, by_node },
		{ NAME_TEMP_BOARD, "The Cluster Box has no thermometer." },
		{ NAME_FAN_RPM,
		    "The fans of the box serve all slots; the fan on a Blade "
		    "is known to the node only." },
		{ NAME_LINK_STATE, no_switch },
		{ NAME_LINK_SPEED, no_switch },
		{ NAME_HEALTH_THROTTLE, by_node },
		{ NAME_LOAD_1M, by_node },
		{ NAME_MEM_USED, by_node },
		{ NAME_UPTIME, by_node },
		{ NAME_NODE_HOSTNAME, by_node },
		{ NAME_NODE_MODEL, by_node },
		{ NAME_LOCATE_STATE, no_led },
	};
	static const struct drv_missing v2[] = { { NAME_NODE_NAME, only_v2 },
		{ NAME_NODE_CHECK, only_v2 }, { NAME_NODE_JOB, only_v2 } };

	drv_slots_missing(&cb->drv, MCB_SLOTS, slot, ARRAY_LEN(slot));
	if (cb->gen != MCB_V2)
		drv_slots_missing(&cb->drv, MCB_SLOTS, v2, ARRAY_LEN(v2));
	drv_unknown(
	    &cb->drv, 0, NAME_BOARD_WATTS, NULL, SOURCE_BOARD, no_sensor);
	drv_unknown(&cb->drv, 0, NAME_BOARD_TEMP, NULL, SOURCE_BOARD,
	    "The Cluster Box has no temperature sensor.");
	tell_generation(cb);
}

static const char *
board_cannot(const struct mcb *cb, enum act act)
{
	switch (act) {
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		if (!cb->once)
			return not_read;
		if (!cb->has_led)
			return "The kernel shows no LED blue:system, so the "
			       "box cannot be located.";
		if (!cb->is_root && !cb->has_sudo)
			return "Writing the LED needs root: log in as root, "
			       "or let this user run sudo without a password.";
		return NULL;
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
	case ACT_POWER_RESET:
	case ACT_POWER_SOFT:
		return cb->gen == MCB_V2
		    ? "Power is switched slot by slot: select its nodes."
		    : "Power is switched slot by slot: select its nodes. "
		      "Rebooting the control board would cut every node.";
	case ACT_CONSOLE:
	case ACT_FLASH:
	case ACT_USB_BOOT:
	case ACT_MAX:
		break;
	}
	return "This is done to a node: select one.";
}

/* Which pins an action writes, as bits. */
static unsigned
needs(enum act act)
{
	const unsigned en = 1u << MCB_EN;

	switch (act) {
	case ACT_POWER_OFF:
		return en;
	case ACT_POWER_RESET:
		return en | 1u << MCB_RESET;
	case ACT_POWER_SOFT:
		return en | 1u << MCB_POWER;
	default:
		return en | 1u << MCB_POWER | 1u << MCB_RESET;
	}
}

static const char *
pin_cannot(struct mcb *cb, int slot, enum act act)
{
	char *out = cb->cannot[slot - 1];

	for (int i = 0; i < MCB_LINES; i++) {
		enum mcb_pin pin = cb->pin[slot - 1][i];
		long gpio = mcb_gpio(cb, slot, (enum mcb_line)i);

		if ((needs(act) & 1u << i) == 0 || pin == MCB_PIN_OUT)
			continue;
		if (pin == MCB_PIN_IN)
			str_format(out, sizeof cb->cannot[0],
			    "Pin gpio%ld is an input: the board has not set this "
			    "slot up. Rebooting the board does, and cuts every "
			    "node.",
			    gpio);
		else
			str_format(out, sizeof cb->cannot[0],
			    "Pin gpio%ld is not exported: as root on the "
			    "board, write %ld to /sys/class/gpio/export, and "
			    "leave its direction alone.",
			    gpio, gpio);
		return out;
	}
	return NULL;
}

static const char *
power_cannot(struct mcb *cb, int slot, enum act act)
{
	/* A pin must not be written where nodectl v2 has them in its care. */
	if (!cb->once)
		return not_read;
	if (!cb->is_root && !cb->has_sudo)
		return "Switching power needs root: log in as root, or let "
		       "this user run sudo without a password.";
	if (cb->gen == MCB_HIDDEN)
		return hidden;
	return cb->gen == MCB_V2 ? NULL : pin_cannot(cb, slot, act);
}

const char *
mcb_cannot(struct mcb *cb, int slot, enum act act)
{
	if (slot == 0)
		return board_cannot(cb, act);
	if (slot < 0 || slot > MCB_SLOTS)
		return "A Cluster Box has four slots.";
	switch (act) {
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
	case ACT_POWER_RESET:
	case ACT_POWER_SOFT:
		return power_cannot(cb, slot, act);
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return no_led;
	case ACT_FLASH:
		if (cb->once && cb->gen != MCB_V2)
			return "The flash command of this firmware does "
			       "nothing: install that of nodectl v2, or flash "
			       "the Blade over its USB port.";
		return NULL;
	case ACT_USB_BOOT:
		return "A Blade enters its USB boot mode by a switch on the "
		       "box only: set it by hand.";
	case ACT_CONSOLE:
		return mcb_console_cannot(cb, slot);
	case ACT_MAX:
		break;
	}
	return "There is no such action.";
}

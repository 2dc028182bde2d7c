#include "turing_pi.h"

#include "rackmux/base/mem.h"

/*
 * What a Turing Pi 2 does not have: no current sensor, no thermometer that a
 * stock firmware reads, no LED of a slot that software can drive. An operator
 * who looks for one of these finds the reason, not a zero.
 */

static const char by_node[] =
    "Only the node itself can tell: give it an in-band link.";
static const char no_sensor[] =
    "The Turing Pi measures no power, neither of a slot nor in all; a Pi 5 or "
    "CM5 with an in-band link measures its own.";

void
tp_tell_cannot(struct tp *tp)
{
	static const struct drv_missing slot[] = {
		{ NAME_POWER_WATTS, no_sensor },
		{ NAME_POWER_AMPS, no_sensor },
		{ NAME_POWER_VOLTS, no_sensor },
		{ NAME_TEMP_SOC, by_node },
		{ NAME_TEMP_BOARD, "The Turing Pi has no thermometer." },
		{ NAME_FAN_RPM,
		    "The board's fan serves all slots; a fan on the module "
		    "is known to the node only." },
		{ NAME_HEALTH_THROTTLE, by_node },
		{ NAME_LOAD_1M, by_node },
		{ NAME_MEM_USED, by_node },
		{ NAME_UPTIME, by_node },
		{ NAME_NODE_HOSTNAME, by_node },
		{ NAME_NODE_MODEL, by_node },
		{ NAME_LOCATE_STATE,
		    "A slot has no LED that software can drive: locate the "
		    "board, or give the node an in-band link." },
	};

	drv_slots_missing(&tp->drv, TP_SLOTS, slot, ARRAY_LEN(slot));
	drv_unknown(
	    &tp->drv, 0, NAME_BOARD_WATTS, NULL, SOURCE_BOARD, no_sensor);
}

static const char *
board_cannot(struct tp *tp, enum act act)
{
	switch (act) {
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		if (tp->once && tp->led[0] == '\0')
			return "The kernel shows no status LED of the front "
			       "panel (fp::status or fp:reset).";
		if (tp->once && !tp->is_root && !tp->has_sudo)
			return "Writing the LED needs root: log in as root, "
			       "or install sudo on the BMC.";
		return NULL;
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
	case ACT_POWER_RESET:
	case ACT_POWER_SOFT:
		return "Power is switched slot by slot: select its nodes.";
	case ACT_CONSOLE:
	case ACT_FLASH:
	case ACT_USB_BOOT:
	case ACT_MAX:
		break;
	}
	return "This is done to a node: select one.";
}

const char *
tp_cannot(struct tp *tp, int slot, enum act act)
{
	if (slot == 0)
		return board_cannot(tp, act);
	if (slot < 0 || slot > TP_SLOTS)
		return "A Turing Pi 2 has four slots.";
	switch (act) {
	case ACT_POWER_SOFT:
		return "The BMC can only cut power: give the node an in-band "
		       "link, and it can be shut down.";
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return "A slot has no LED that software can drive: locate the "
		       "board, or give the node an in-band link.";
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
	case ACT_POWER_RESET:
		if (tp->once && !tp->has_curl && !tp->has_tpi)
			return "The image has neither curl nor tpi, so bmcd "
			       "cannot be asked: install the stock firmware.";
		return NULL;
	case ACT_USB_BOOT:
		return "This release does not put a slot into USB boot: run "
		       "tpi advanced msd on the BMC.";
	case ACT_CONSOLE:
		return tp_console_cannot(tp, slot);
	case ACT_FLASH:
		return NULL;
	case ACT_MAX:
		break;
	}
	return "There is no such action.";
}

#include "turing_pi.h"

#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "script.h"

/*
 * The part of each poll. What the kernel says of a rail is the truth about
 * power; what bmcd says is what it was told, and the two part company after
 * a failed flash or a restart of bmcd.
 */

struct round {
	struct netif net[8];
	size_t nets;
	bool rail[TP_SLOTS], fan, rpm, temp;
	char led[16], led_level[16];
};

static const char gone[] = "The board does not report it any more.";

static const char unmanaged[] =
    "the switch of firmware 2.0.x is unmanaged: update the BMC to 2.1 or give "
    "the node an in-band link";

static void
board_text(struct tp *tp, enum name_id id, const char *s, const char *why)
{
	if (*s != '\0' && strcmp(s, "-") != 0)
		drv_text(&tp->drv, 0, id, NULL, SOURCE_BOARD, s);
	else
		drv_unknown(&tp->drv, 0, id, NULL, SOURCE_BOARD, why);
}

static void
parse_ttys(struct tp *tp, const char *ttys3)
{
	/* Kernel 5.4 has another order of UARTs. */
	tp->old_ttys = strcmp(ttys3, "uart3") == 0;
	for (int n = 1; n <= TP_SLOTS; n++)
		drv_text(&tp->drv, n, NAME_CONSOLE_DEVICE, NULL, SOURCE_BOARD,
		    tp_tty(tp, n));
}

static bool
parse_once(struct tp *tp, const char *key, char *rest)
{
	size_t len;

	if (strcmp(key, "model") == 0)
		board_text(tp, NAME_BOARD_MODEL, rest,
		    "The device tree has no model.");
	else if (strcmp(key, "kernel") == 0)
		board_text(tp, NAME_BOARD_KERNEL, rest, "It is not told.");
	else if (strcmp(key, "hostname") == 0)
		board_text(tp, NAME_BOARD_HOSTNAME, rest, "It is not told.");
	else if (strcmp(key, "version") == 0) {
		len = strlen(rest);
		if (len >= 2 && rest[0] == '"' && rest[len - 1] == '"') {
			rest[len - 1] = '\0';
			rest++;
		}
		str_copy(tp->firmware, sizeof tp->firmware, rest);
	} else if (strcmp(key, "tty3") == 0)
		parse_ttys(tp, rest);
	else if (strcmp(key, "uid") == 0)
		tp->is_root = strcmp(rest, "0") == 0;
	else if (strcmp(key, "have") == 0) {
		tp->has_curl |= strcmp(rest, "curl") == 0;
		tp->has_tpi |= strcmp(rest, "tpi") == 0;
		tp->has_sudo |= strcmp(rest, "sudo") == 0;
	} else if (strcmp(key, "once") == 0)
		tp->once = true;
	else
		return false;
	return true;
}

static void
parse_rail(struct tp *tp, struct round *r, char *rest)
{
	char *slot = str_word(&rest), *word = str_word(&rest);
	enum tp_rail now = TP_RAIL_UNKNOWN;
	char why[80];
	long n;

	if (word == NULL || !str_long(slot, 1, TP_SLOTS, &n))
		return;
	r->rail[n - 1] = true;
	if (strcmp(word, "enabled") == 0)
		now = TP_RAIL_ON;
	else if (strcmp(word, "disabled") == 0)
		now = TP_RAIL_OFF;
	if (now == TP_RAIL_UNKNOWN) {
		if (strcmp(word, "-") == 0)
			str_copy(why, sizeof why,
			    "The kernel shows no rail of this slot.");
		else
			str_copy(why, sizeof why,
			    "The kernel says neither enabled nor disabled of "
			    "the rail.");
		report_unknown(&tp->fast, (int)n, NAME_POWER_STATE, NULL, why);
	} else
		report_text(&tp->fast, (int)n, NAME_POWER_STATE, NULL,
		    now == TP_RAIL_ON ? "on" : "off");
	if (now != tp->rail[n - 1] && tp->rail[n - 1] != TP_RAIL_UNKNOWN) {
		/* What bmcd was told may have changed with it: until it was
		 * asked again, the old answer would look like a fault. */
		report_unknown(&tp->intent, (int)n, NAME_POWER_COMMANDED, NULL,
		    "The rail has just changed; bmcd is asked again.");
		tp->slow_now = true;
	}
	tp->rail[n - 1] = now;
}

static void
parse_net(struct round *r, char *rest)
{
	if (r->nets < ARRAY_LEN(r->net) && netif_parse(&r->net[r->nets], rest))
		r->nets++;
}

static void
report_nets(struct tp *tp, const struct round *r)
{
	static const enum name_id link[] = { NAME_LINK_STATE, NAME_LINK_SPEED,
		NAME_LINK_DUPLEX, NAME_LINK_RX_BYTES, NAME_LINK_TX_BYTES,
		NAME_LINK_RX_ERRORS, NAME_LINK_TX_ERRORS };
	bool seen[TP_SLOTS] = { false };

	for (size_t i = 0; i < r->nets; i++) {
		const struct netif *n = &r->net[i];
		long slot;

		if (str_starts(n->name, "node") &&
		    str_long(n->name + 4, 1, TP_SLOTS, &slot)) {
			netif_report_primary(&tp->fast, (int)slot, n);
			seen[slot - 1] = true;
		} else
			netif_report_as(&tp->fast, 0, n, NAME_BOARD_LINK_STATE,
			    NAME_BOARD_LINK_SPEED, n->name);
	}
	if (seen[0] || seen[1] || seen[2] || seen[3])
		tp->managed = true;
	for (int s = 0; s < TP_SLOTS; s++)
		for (size_t k = 0; !seen[s] && k < ARRAY_LEN(link); k++)
			report_unknown(&tp->fast, s + 1, link[k], NULL,
			    tp->managed ? gone : unmanaged);
}

/* The first cooling device that is a fan; others are clocks that throttle. */
static void
parse_fan(struct tp *tp, struct round *r, char *rest)
{
	char *cur = str_word(&rest), *max = str_word(&rest);
	char *type = str_word(&rest);

	if (type == NULL || r->fan ||
	    (strstr(type, "fan") == NULL && !str_starts(type, "emc2")))
		return;
	r->fan = true;
	report_field(&tp->fast, 0, NAME_BOARD_FAN_LEVEL, NULL, cur, 1,
	    "The fan does not tell its level.");
	report_field(&tp->fast, 0, NAME_BOARD_FAN_MAX, NULL, max, 1,
	    "The fan does not tell its highest level.");
}

/* fp::status (2.1) is told before fp:reset (2.0.x); one of them is there. */
static void
parse_led(struct round *r, char *rest)
{
	char *name = str_word(&rest), *level = str_word(&rest);

	if (level == NULL || r->led[0] != '\0')
		return;
	str_copy(r->led, sizeof r->led, name);
	str_copy(r->led_level, sizeof r->led_level, level);
}

static void
report_led(struct tp *tp, const struct round *r)
{
	bool known = r->led[0] != '\0';
	long level;

	if (known != (tp->led[0] != '\0') && tp->once) {
		str_copy(tp->led, sizeof tp->led, r->led);
		tp->drv.sink.can_changed(tp->drv.sink_arg);
	}
	if (known && str_long(r->led_level, 0, 255, &level))
		report_text(&tp->fast, 0, NAME_LOCATE_STATE, NULL,
		    level > 0 ? "on" : "off");
	else
		report_unknown(&tp->fast, 0, NAME_LOCATE_STATE, NULL,
		    "The kernel shows no status LED of the front panel.");
}

static void
report_absent(struct tp *tp, const struct round *r)
{
	struct report *rp = &tp->fast;
	static const char no_fan[] = "The kernel shows no fan: board v2.4 has "
				     "none that it can drive.";

	for (int s = 0; s < TP_SLOTS; s++)
		if (!r->rail[s])
			report_unknown(rp, s + 1, NAME_POWER_STATE, NULL,
			    "The answer did not tell the rail of this slot.");
	if (!r->fan) {
		report_unknown(rp, 0, NAME_BOARD_FAN_LEVEL, NULL, no_fan);
		report_unknown(rp, 0, NAME_BOARD_FAN_MAX, NULL, no_fan);
	}
	tp->has_fan = r->fan;
	if (!r->rpm)
		report_unknown(rp, 0, NAME_BOARD_FAN_RPM, NULL,
		    r->fan ? "The fan of this board has no tacho." : no_fan);
	if (!r->temp)
		report_unknown(rp, 0, NAME_BOARD_TEMP, NULL,
		    "The firmware has no driver for the BMC's thermometer.");
}

static void
parse_line(struct tp *tp, struct round *r, const char *key, char *rest)
{
	struct report *rp = &tp->fast;

	if (script_board_line(rp, key, rest))
		return;
	if (strcmp(key, "rail") == 0)
		parse_rail(tp, r, rest);
	else if (strcmp(key, "net") == 0)
		parse_net(r, rest);
	else if (strcmp(key, "fan") == 0)
		parse_fan(tp, r, rest);
	else if (strcmp(key, "led") == 0)
		parse_led(r, rest);
	else if (strcmp(key, "temp") == 0) {
		r->temp = true;
		report_field(rp, 0, NAME_BOARD_TEMP, NULL, rest, 0.001,
		    "The sensor gives no reading.");
	} else if (strcmp(key, "rpm") == 0 && !r->rpm) {
		r->rpm = true;
		report_field(rp, 0, NAME_BOARD_FAN_RPM, NULL, rest, 1,
		    "The fan gives no reading.");
	}
}

void
tp_parse_round(struct tp *tp, char *text)
{
	struct round r;
	char *at = text, *line, *key, *rest;

	memset(&r, 0, sizeof r);
	while ((line = str_line(&at)) != NULL) {
		key = str_word(&line);
		rest = key != NULL && line != NULL ? str_trim(line) : NULL;
		if (rest == NULL || *rest == '\0')
			continue;
		if (!parse_once(tp, key, rest))
			parse_line(tp, &r, key, rest);
	}
	report_nets(tp, &r);
	report_led(tp, &r);
	report_absent(tp, &r);
	report_sweep(&tp->fast, gone);
}

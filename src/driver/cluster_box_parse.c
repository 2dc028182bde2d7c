#include "cluster_box.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "script.h"

/*
 * The part of each poll. Where there is no v2 the kernel's GPIO is the truth
 * about power: the vendor's nodectl prints nothing and exits with 0 whatever
 * happened, and its list keeps nodes that have been cut.
 */

struct round {
	struct netif net[8];
	size_t nets;
	bool pin[MCB_SLOTS];
	char on[MCB_SLOTS]; /* '1', '0', or '\0': not known */
	char pci[MCB_SLOTS][64]; /* the link's files, "" if it is not listed */
	bool listed[MCB_SLOTS];
	bool mem, led;
	double duty[2]; /* -1: not known */
	char trigger[24], level[8];
};

static const char gone[] = "The board does not report it any more.";

static void
board_text(struct mcb *cb, enum name_id id, const char *s, const char *why)
{
	if (*s != '\0' && strcmp(s, "-") != 0)
		drv_text(&cb->drv, 0, id, NULL, SOURCE_BOARD, s);
	else
		drv_unknown(&cb->drv, 0, id, NULL, SOURCE_BOARD, why);
}

static void
parse_release(struct mcb *cb, char *s)
{
	size_t len = strlen(s);

	if (len >= 2 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0]) {
		s[len - 1] = '\0';
		s++;
	}
	board_text(cb, NAME_BOARD_FIRMWARE, s, "It is not told.");
}

static void
parse_nodectl(struct mcb *cb, const char *word)
{
	static const char *const words[] = { [MCB_NONE] = "none",
		[MCB_VENDOR] = "vendor",
		[MCB_GO] = "go",
		[MCB_V2] = "v2",
		[MCB_HIDDEN] = "hidden" };

	/* In doubt it is the one that must never be run. */
	cb->gen = MCB_VENDOR;
	cb->sorted = true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0)
			cb->gen = (enum mcb_gen)i;
}

/* "tty 0 1 3 -": the serial ports that there are. */
static void
parse_ttys(struct mcb *cb, char *rest)
{
	static const char port_of[MCB_SLOTS] = { '1', '2', '3', '0' };
	bool there[MCB_SLOTS] = { false };
	char text[96], *w;

	while ((w = str_word(&rest)) != NULL)
		for (int n = 0; n < MCB_SLOTS; n++)
			there[n] |= w[0] == port_of[n] && w[1] == '\0';
	for (int n = 0; n < MCB_SLOTS; n++) {
		cb->port[n].there = there[n];
		if (there[n]) {
			str_format(text, sizeof text, "/dev/ttyCH343USB%c",
			    port_of[n]);
			drv_text(&cb->drv, n + 1, NAME_CONSOLE_DEVICE, NULL,
			    SOURCE_BOARD, text);
			continue;
		}
		str_format(text, sizeof text,
		    "The board has no /dev/ttyCH343USB%c: its ch343 driver "
		    "is not loaded.",
		    port_of[n]);
		drv_unknown(&cb->drv, n + 1, NAME_CONSOLE_DEVICE, NULL,
		    SOURCE_BOARD, text);
	}
}

static bool
parse_once(struct mcb *cb, const char *key, char *rest)
{
	if (strcmp(key, "model") == 0)
		board_text(cb, NAME_BOARD_MODEL, rest,
		    "The device tree has no model.");
	else if (strcmp(key, "kernel") == 0)
		board_text(cb, NAME_BOARD_KERNEL, rest, "It is not told.");
	else if (strcmp(key, "hostname") == 0) {
		str_copy(cb->hostname, sizeof cb->hostname, rest);
		board_text(cb, NAME_BOARD_HOSTNAME, rest, "It is not told.");
	} else if (strcmp(key, "release") == 0)
		parse_release(cb, rest);
	else if (strcmp(key, "uid") == 0)
		cb->is_root = strcmp(rest, "0") == 0;
	else if (strcmp(key, "have") == 0)
		cb->has_sudo |= strcmp(rest, "sudo") == 0;
	else if (strcmp(key, "nodectl") == 0)
		parse_nodectl(cb, rest);
	else if (strcmp(key, "base") == 0)
		cb->based = str_long(rest, 0, 100000, &cb->base);
	else if (strcmp(key, "tty") == 0)
		parse_ttys(cb, rest);
	else if (strcmp(key, "once") == 0)
		/* Without one of these a wrong pin would be written. */
		cb->once = cb->sorted && (cb->based || cb->gen == MCB_V2);
	else
		return false;
	return true;
}

/* --- power ---------------------------------------------------------------- */

static enum mcb_pin
pin_of(const char *direction)
{
	if (direction != NULL && strcmp(direction, "out") == 0)
		return MCB_PIN_OUT;
	return direction != NULL && strcmp(direction, "in") == 0
	    ? MCB_PIN_IN
	    : MCB_PIN_ABSENT;
}

static void
unknown_power(struct mcb *cb, int slot, enum mcb_pin en)
{
	long gpio = mcb_gpio(cb, slot, MCB_EN);
	char why[200];

	if (en == MCB_PIN_ABSENT)
		str_format(why, sizeof why,
		    "gpio%ld is not exported: as root on the board, write %ld "
		    "to /sys/class/gpio/export, and leave its direction alone.",
		    gpio, gpio);
	else if (en == MCB_PIN_IN)
		str_format(why, sizeof why,
		    "gpio%ld is an input: the board's start script has not "
		    "set it up, and doing so now may cut the node.",
		    gpio);
	else
		str_format(
		    why, sizeof why, "gpio%ld says neither 0 nor 1.", gpio);
	report_unknown(&cb->fast, slot, NAME_POWER_STATE, NULL, why);
}

/* "pin SLOT en-direction en-value power-direction reset-direction" */
static void
parse_pin(struct mcb *cb, struct round *r, char *rest)
{
	char *slot = str_word(&rest), *en = str_word(&rest);
	char *value = str_word(&rest), *power = str_word(&rest);
	char *reset = str_word(&rest);
	enum mcb_pin now[MCB_LINES] = { pin_of(en), pin_of(power),
		pin_of(reset) };
	long n;

	if (reset == NULL || !str_long(slot, 1, MCB_SLOTS, &n))
		return;
	r->pin[n - 1] = true;
	if (memcmp(cb->pin[n - 1], now, sizeof now) != 0) {
		memcpy(cb->pin[n - 1], now, sizeof now);
		if (cb->told)
			cb->drv.sink.can_changed(cb->drv.sink_arg);
	}
	if (now[MCB_EN] == MCB_PIN_OUT &&
	    (strcmp(value, "0") == 0 || strcmp(value, "1") == 0)) {
		r->on[n - 1] = value[0];
		report_text(&cb->fast, (int)n, NAME_POWER_STATE, NULL,
		    value[0] == '1' ? "on" : "off");
	} else
		unknown_power(cb, (int)n, now[MCB_EN]);
}

static void
parse_pci(struct round *r, char *rest)
{
	char *slot = str_word(&rest);
	long n;

	if (slot == NULL || !str_long(slot, 1, MCB_SLOTS, &n))
		return;
	r->listed[n - 1] = true;
	str_copy(r->pci[n - 1], sizeof r->pci[n - 1], rest != NULL ? rest : "");
}

static void
report_node(struct mcb *cb, struct round *r, int slot)
{
	struct report *rp = &cb->fast;
	const int i = slot - 1;
	const char *why = NULL;

	if (!r->pin[i])
		report_unknown(rp, slot, NAME_POWER_STATE, NULL,
		    "The answer did not tell the GPIO of this slot.");
	mcb_report_address(cb, rp, slot, NULL);
	if (r->on[i] == '1' && r->listed[i] && r->pci[i][0] != '\0') {
		mcb_report_pci(rp, slot, r->pci[i]);
		return;
	}
	if (r->on[i] == '0') {
		report_text(rp, slot, NAME_PCIE_STATE, NULL, "down");
		why = "The node is off.";
	} else if (r->on[i] == '1' && !r->listed[i]) {
		report_text_noted(rp, slot, NAME_PCIE_STATE, NULL, "down",
		    "As of the last PCI rescan, which may be older than the "
		    "node's start.");
		why = "The node was not there at the last PCI rescan.";
	} else {
		why = r->on[i] == '1'
		    ? "Power is just being switched."
		    : "The PCI list keeps nodes that are off, and whether this "
		      "one is on is not known.";
		report_unknown(rp, slot, NAME_PCIE_STATE, NULL, why);
	}
	report_unknown(rp, slot, NAME_PCIE_SPEED, NULL, why);
}

/* --- leases --------------------------------------------------------------- */

static void
parse_lease(struct mcb *cb, char *rest)
{
	char *ip = str_word(&rest), *mac = str_word(&rest);
	const char *host = str_word(&rest);
	struct mcb_lease *l = &cb->lease[cb->leases];
	char text[140];

	if (mac == NULL || cb->leases == MCB_LEASES)
		return;
	if (host == NULL || strcmp(host, "*") == 0)
		host = "-";
	if (!str_copy(l->ip, sizeof l->ip, ip) ||
	    !str_copy(l->mac, sizeof l->mac, mac))
		return;
	str_copy(l->host, sizeof l->host, host);
	cb->leases++;
	str_format(text, sizeof text, "%s %s", l->ip, l->host);
	report_text(&cb->fast, 0, NAME_BOARD_LEASE, l->mac, text);
}

void
mcb_report_address(
    struct mcb *cb, struct report *rp, int slot, const char *name)
{
	char usual[2][12];

	str_format(usual[0], sizeof usual[0], "blade%d", slot);
	str_format(usual[1], sizeof usual[1], "node%d", slot);
	for (size_t i = 0; i < cb->leases; i++) {
		const struct mcb_lease *l = &cb->lease[i];

		if (strcmp(l->host, usual[0]) != 0 &&
		    strcmp(l->host, usual[1]) != 0 &&
		    (name == NULL || strcmp(l->host, name) != 0))
			continue;
		report_text_noted(rp, slot, NAME_NODE_ADDRESS, NULL, l->ip,
		    "By the host name of the DHCP lease: no lease tells its "
		    "slot.");
		return;
	}
	report_unknown(rp, slot, NAME_NODE_ADDRESS, NULL,
	    cb->leases > 0
		? "No DHCP lease tells its slot (see board.lease): call the "
		  "nodes blade1 to blade4, or give them an in-band link."
		: "The board has given no DHCP lease.");
}

/* --- the board ------------------------------------------------------------ */

void
mcb_report_rail(struct report *rp, int on)
{
	if (on >= 0)
		report_text(rp, 0, NAME_BOARD_RAIL, NULL, on ? "on" : "off");
	else
		report_unknown(rp, 0, NAME_BOARD_RAIL, NULL,
		    "The board does not tell it (ext_en_power).");
}

/* The kernel adds up the edges of one structure and shows those of a copy of
 * it, so 0 is what it says of a fan that turns too. */
static void
report_rpm(struct report *rp, const char *chip, const char *rpm)
{
	double v;

	if (rpm == NULL || !str_double(rpm, &v))
		report_unknown(rp, 0, NAME_BOARD_FAN_N_RPM, chip,
		    "The kernel shows no tacho of this fan.");
	else if (v == 0)
		report_unknown(rp, 0, NAME_BOARD_FAN_N_RPM, chip,
		    "The kernel counts no turns, nor does it of a fan that "
		    "turns.");
	else
		report_number_noted(rp, 0, NAME_BOARD_FAN_N_RPM, chip, v,
		    "Unreliable: the kernel counts both edges and re-arms the "
		    "wrong timer.");
}

/* "pwm CHIP duty_cycle period enable rpm" */
static void
parse_pwm(struct mcb *cb, struct round *r, char *rest)
{
	char *chip = str_word(&rest), *duty = str_word(&rest);
	char *period = str_word(&rest), *enable = str_word(&rest);
	double d, p;
	long n;

	if (enable == NULL || !str_long(chip, 0, 1, &n))
		return;
	report_rpm(&cb->fast, chip, str_word(&rest));
	if (strcmp(enable, "0") == 0)
		report_unknown(&cb->fast, 0, NAME_BOARD_FAN_N_DUTY, chip,
		    "The PWM of this fan is switched off.");
	else if (str_double(duty, &d) && str_double(period, &p) && p > 0 &&
	    d >= 0 && d <= p) {
		r->duty[n] = 100 * d / p;
		report_number(
		    &cb->fast, 0, NAME_BOARD_FAN_N_DUTY, chip, r->duty[n]);
	} else
		report_unknown(&cb->fast, 0, NAME_BOARD_FAN_N_DUTY, chip,
		    "The kernel does not tell the duty of this fan.");
}

static void
report_fans(struct mcb *cb, const struct round *r)
{
	const double *d = r->duty;

	if (d[0] >= 0 && d[1] >= 0 && d[0] != d[1])
		report_number_noted(&cb->fast, 0, NAME_BOARD_FAN_DUTY, NULL,
		    d[0] < d[1] ? d[0] : d[1],
		    "The slower of two fans that differ.");
	else if (d[0] >= 0 || d[1] >= 0)
		report_number(&cb->fast, 0, NAME_BOARD_FAN_DUTY, NULL,
		    d[0] >= 0 ? d[0] : d[1]);
	else
		report_unknown(&cb->fast, 0, NAME_BOARD_FAN_DUTY, NULL,
		    "The kernel shows no PWM of a fan that is switched on.");
}

static void
parse_led(struct round *r, char *rest)
{
	char *trigger = str_word(&rest), *level = str_word(&rest);

	if (level == NULL)
		return;
	r->led = true;
	str_copy(r->trigger, sizeof r->trigger, trigger);
	str_copy(r->level, sizeof r->level, level);
}

static void
report_led(struct mcb *cb, const struct round *r)
{
	bool locates = r->led && strcmp(r->trigger, "timer") == 0;

	if (r->led != cb->has_led) {
		cb->has_led = r->led;
		if (cb->told)
			cb->drv.sink.can_changed(cb->drv.sink_arg);
	}
	if (r->led && !locates) {
		str_copy(cb->rest, sizeof cb->rest, r->trigger);
		if (!str_long(r->level, 0, 255, &cb->level))
			cb->level = 0;
	}
	if (r->led)
		report_text(&cb->fast, 0, NAME_LOCATE_STATE, NULL,
		    locates ? "on" : "off");
	else
		report_unknown(&cb->fast, 0, NAME_LOCATE_STATE, NULL,
		    "The kernel shows no LED blue:system.");
}

static int
bit_of(const char *s)
{
	return strcmp(s, "1") == 0 ? 1 : strcmp(s, "0") == 0 ? 0 : -1;
}

static void
parse_line(struct mcb *cb, struct round *r, const char *key, char *rest)
{
	struct report *rp = &cb->fast;

	if (script_board_line(rp, key, rest))
		return;
	if (strcmp(key, "pin") == 0 && cb->gen != MCB_V2)
		parse_pin(cb, r, rest);
	else if (strcmp(key, "pci") == 0)
		parse_pci(r, rest);
	else if (strcmp(key, "lease") == 0)
		parse_lease(cb, rest);
	else if (strcmp(key, "net") == 0) {
		if (r->nets < ARRAY_LEN(r->net) &&
		    netif_parse(&r->net[r->nets], rest))
			r->nets++;
	} else if (strcmp(key, "pwm") == 0)
		parse_pwm(cb, r, rest);
	else if (strcmp(key, "led") == 0)
		parse_led(r, rest);
	else if (strcmp(key, "rail") == 0 && cb->gen != MCB_V2)
		mcb_report_rail(rp, bit_of(rest));
}

static void
report_round(struct mcb *cb, struct round *r)
{
	for (size_t i = 0; i < r->nets; i++)
		netif_report_as(&cb->fast, 0, &r->net[i], NAME_BOARD_LINK_STATE,
		    NAME_BOARD_LINK_SPEED, r->net[i].name);
	for (int s = 1; s <= MCB_SLOTS && cb->gen != MCB_V2; s++)
		report_node(cb, r, s);
	report_fans(cb, r);
	report_led(cb, r);
	report_sweep(&cb->fast, gone);
}

void
mcb_parse_round(struct mcb *cb, char *text)
{
	struct round r;
	char *at = text, *line, *key, *rest;

	memset(&r, 0, sizeof r);
	r.duty[0] = r.duty[1] = -1;
	cb->leases = 0;
	while ((line = str_line(&at)) != NULL) {
		key = str_word(&line);
		rest = key != NULL && line != NULL ? str_trim(line) : NULL;
		if (rest == NULL || *rest == '\0')
			continue;
		if (!parse_once(cb, key, rest))
			parse_line(cb, &r, key, rest);
	}
	report_round(cb, &r);
}

#include "mini_cm4.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "script.h"

/*
 * What the host Pi measures: an INA226 in the board's supply (0x40), an
 * EMC2301 at the fan (0x2f), a TMP117 at each node (0x49, 0x48, 0x4b, 0x4a).
 * What the kernel's drivers scaled is taken as it is; words from the bare bus
 * come with their bytes swapped and are scaled here. They are kept between
 * the rounds in which they are read.
 */

/* As drawn, and surely not as fitted: the board draws several times what an
 * INA226 can measure with it. */
#define DRAWN_OHM 0.1
#define FULL_SCALE 255.0
/* Of the EMC2301, for a fan of two poles and the range after reset. */
#define TACH (3932160.0 * 2)

static const char no_sensor[] =
    "The host's kernel has no driver for the sensor and i2cget cannot read "
    "it: enable i2c-1, install i2c-tools, join the group i2c.";
static const char uncalibrated[] =
    "Uncalibrated: it depends on the shunt that is fitted; measure once and "
    "set shunt_ohm.";

static void
keep(char *out, size_t size, char **rest)
{
	const char *word = str_word(rest);

	str_copy(out, size, word != NULL ? word : "-");
}

static long
slot_of(char **rest)
{
	long n;
	const char *word = str_word(rest);

	return word != NULL && str_long(word, 1, MC_SLOTS, &n) ? n : 0;
}

static void
parse_tmp(struct mc_host *h, char *rest, double scale)
{
	long slot = slot_of(&rest);
	const char *word = str_word(&rest);
	double v;

	if (slot == 0 || word == NULL)
		return;
	if (str_double(word, &v))
		str_format(h->temp_mc[slot - 1], sizeof h->temp_mc[0], "%.10g",
		    v * scale);
	else
		str_copy(h->temp_mc[slot - 1], sizeof h->temp_mc[0], "-");
}

static void
parse_i2c(struct mc_host *h, char *rest)
{
	const char *key = str_word(&rest), *word = str_word(&rest);
	const struct {
		const char *key;
		char *at;
	} places[] = { { "shunt", h->i2c_shunt }, { "bus", h->i2c_bus },
		{ "duty", h->i2c_duty }, { "tach0", h->i2c_tach[0] },
		{ "tach1", h->i2c_tach[1] }, { "t1", h->i2c_temp[0] },
		{ "t2", h->i2c_temp[1] }, { "t3", h->i2c_temp[2] },
		{ "t4", h->i2c_temp[3] } };

	for (size_t i = 0; word != NULL && i < ARRAY_LEN(places); i++)
		if (strcmp(places[i].key, key) == 0)
			str_copy(places[i].at, sizeof h->i2c_shunt, word);
}

static void
board_text(struct mc *mc, enum name_id id, const char *s)
{
	if (strcmp(s, "-") != 0)
		drv_text(&mc->drv, 0, id, NULL, SOURCE_BOARD, s);
	else
		drv_unknown(&mc->drv, 0, id, NULL, SOURCE_BOARD,
		    "The host does not tell it.");
}

static bool
parse_once(struct mc *mc, const char *key, char *rest)
{
	if (strcmp(key, "model") == 0)
		board_text(mc, NAME_BOARD_MODEL, rest);
	else if (strcmp(key, "kernel") == 0)
		board_text(mc, NAME_BOARD_KERNEL, rest);
	else if (strcmp(key, "hostname") == 0)
		board_text(mc, NAME_BOARD_HOSTNAME, rest);
	else if (strcmp(key, "boot") == 0) {
		if (mc->boot[0] != '\0' && strcmp(mc->boot, rest) != 0)
			mc_forget(mc,
			    "The host was started anew, and the controller may "
			    "have been reset with it: it cannot tell.");
		str_copy(mc->boot, sizeof mc->boot, rest);
	} else if (strcmp(key, "have") == 0)
		mc->has_i2cget |= strcmp(rest, "i2cget") == 0;
	else if (strcmp(key, "once") == 0)
		mc->once = true;
	else
		return false;
	return true;
}

static void
parse_line(struct mc *mc, const char *key, char *rest)
{
	struct mc_host *h = &mc->host;

	if (script_board_line(&mc->host_report, key, rest))
		return;
	if (strcmp(key, "temp") == 0)
		report_field(&mc->host_report, 0, NAME_BOARD_TEMP, NULL, rest,
		    0.001, "The host has no thermal zone.");
	else if (strcmp(key, "pico") == 0) {
		if (mc->ports++ == 0)
			str_copy(mc->port, sizeof mc->port, rest);
	} else if (strcmp(key, "usb") == 0)
		str_copy(mc->usb_now, sizeof mc->usb_now,
		    mc->usbs++ == 0 ? rest : "");
	else if (strcmp(key, "ina") == 0) {
		keep(h->shunt_uohm, sizeof h->shunt_uohm, &rest);
		keep(h->bus_mv, sizeof h->bus_mv, &rest);
		keep(h->curr_ma, sizeof h->curr_ma, &rest);
	} else if (strcmp(key, "fan") == 0) {
		keep(h->rpm, sizeof h->rpm, &rest);
		keep(h->pwm, sizeof h->pwm, &rest);
	} else if (strcmp(key, "tmp") == 0)
		parse_tmp(h, rest, 1);
	else if (strcmp(key, "tmpraw") == 0)
		parse_tmp(h, rest, 7.8125);
	else if (strcmp(key, "i2c") == 0)
		parse_i2c(h, rest);
}

/* --- numbers ------------------------------------------------------------- */

/* "0x1a2b", of at most max; bytes of a word are swapped on this bus. */
static bool
i2c_number(const char *s, long max, long *out)
{
	char *end;
	long v;

	if (!str_starts(s, "0x") || s[2] == '\0' ||
	    s[2 + strspn(s + 2, "0123456789abcdefABCDEF")] != '\0')
		return false;
	v = strtol(s, &end, 16);
	if (v < 0 || v > max)
		return false;
	*out = max > 255 ? ((v & 0xff) << 8) | (v >> 8) : v;
	return true;
}

static bool
i2c_signed(const char *s, double *out)
{
	long v;

	if (!i2c_number(s, 0xffff, &v))
		return false;
	*out = (double)(v < 0x8000 ? v : v - 0x10000);
	return true;
}

static bool
board_volts(const struct mc_host *h, double *volts)
{
	long v;

	if (str_double(h->bus_mv, volts)) {
		*volts /= 1000;
		return true;
	}
	if (!i2c_number(h->i2c_bus, 0xffff, &v))
		return false;
	*volts = (double)v * 0.00125;
	return true;
}

/* The kernel computed with the shunt that it was told of. */
static bool
board_amps(struct mc *mc, double *amps)
{
	const struct mc_host *h = &mc->host;
	double ohm = drv_setting_number(&mc->drv, "shunt_ohm"), told;

	if (ohm <= 0)
		ohm = DRAWN_OHM;
	if (str_double(h->curr_ma, amps)) {
		*amps /= 1000;
		if (mc_is_set(mc, "shunt_ohm") &&
		    str_double(h->shunt_uohm, &told) && told > 0)
			*amps *= told / 1e6 / ohm;
		return true;
	}
	if (!i2c_signed(h->i2c_shunt, amps))
		return false;
	*amps *= 2.5e-6 / ohm;
	return true;
}

static void
report_supply(struct mc *mc)
{
	static const char odd[] = "The INA226 gives an implausible reading.";
	const char *note = mc_is_set(mc, "shunt_ohm") ? NULL : uncalibrated;
	struct report *rp = &mc->host_report;
	double volts, amps;
	bool v = board_volts(&mc->host, &volts), a = board_amps(mc, &amps);

	if (v)
		report_number(rp, 0, NAME_BOARD_VOLTS, NULL, volts);
	else
		report_unknown(rp, 0, NAME_BOARD_VOLTS, NULL, no_sensor);
	/* These two are told each round, so no sweep need see them. */
	if (!a || amps < -1 || amps > 1000) {
		drv_unknown(&mc->drv, 0, NAME_BOARD_AMPS, NULL, SOURCE_BOARD,
		    a ? odd : no_sensor);
		drv_unknown(&mc->drv, 0, NAME_BOARD_WATTS, NULL, SOURCE_BOARD,
		    a ? odd : no_sensor);
		return;
	}
	if (amps < 0) /* an offset of the sensor around nothing */
		amps = 0;
	drv_number_noted(
	    &mc->drv, 0, NAME_BOARD_AMPS, NULL, SOURCE_BOARD, amps, note);
	if (v && volts <= 500)
		drv_number_noted(&mc->drv, 0, NAME_BOARD_WATTS, NULL,
		    SOURCE_BOARD, amps * volts, note);
	else
		drv_unknown(&mc->drv, 0, NAME_BOARD_WATTS, NULL, SOURCE_BOARD,
		    "Without the voltage it cannot be computed.");
}

static void
report_fan(struct mc *mc)
{
	const struct mc_host *h = &mc->host;
	struct report *rp = &mc->host_report;
	long duty, hi, lo, count;

	if (h->pwm[0] != '\0' || h->rpm[0] != '\0') {
		report_field(rp, 0, NAME_BOARD_FAN_DUTY, NULL, h->pwm,
		    100 / FULL_SCALE, "The fan's driver does not tell.");
		report_field(rp, 0, NAME_BOARD_FAN_RPM, NULL, h->rpm, 1,
		    "The fan's driver does not tell.");
		return;
	}
	if (i2c_number(h->i2c_duty, 255, &duty))
		report_number(rp, 0, NAME_BOARD_FAN_DUTY, NULL,
		    (double)duty * 100 / FULL_SCALE);
	else
		report_unknown(rp, 0, NAME_BOARD_FAN_DUTY, NULL, no_sensor);
	if (!i2c_number(h->i2c_tach[0], 255, &hi) ||
	    !i2c_number(h->i2c_tach[1], 255, &lo)) {
		report_unknown(rp, 0, NAME_BOARD_FAN_RPM, NULL, no_sensor);
		return;
	}
	/* 13 bits; all of them when it does not turn. */
	count = hi << 5 | lo >> 3;
	if (count == 0)
		report_unknown(rp, 0, NAME_BOARD_FAN_RPM, NULL,
		    "The fan's tacho gives no reading.");
	else
		report_number(rp, 0, NAME_BOARD_FAN_RPM, NULL,
		    count >= 0x1ff0 ? 0 : TACH / (double)count);
}

static void
report_temps(struct mc *mc)
{
	const struct mc_host *h = &mc->host;
	struct report *rp = &mc->host_report;

	for (int i = 0; i < MC_SLOTS; i++) {
		double v;

		if (h->temp_mc[i][0] != '\0')
			report_field(rp, i + 1, NAME_TEMP_BOARD, NULL,
			    h->temp_mc[i], 0.001,
			    "The node's thermometer does not answer.");
		else if (!i2c_signed(h->i2c_temp[i], &v))
			report_unknown(rp, i + 1, NAME_TEMP_BOARD, NULL,
			    h->i2c_temp[i][0] != '\0'
				? "No thermometer answers there: no card in "
				  "the slot, or i2c-1 may not be read."
				: no_sensor);
		else if (v <= -0x8000)
			report_unknown(rp, i + 1, NAME_TEMP_BOARD, NULL,
			    "The thermometer has no reading yet.");
		else
			report_number(
			    rp, i + 1, NAME_TEMP_BOARD, NULL, v * 0.0078125);
	}
}

/* --- the answer ---------------------------------------------------------- */

void
mc_parse_host(struct mc *mc, char *text)
{
	struct mc_host *h = &mc->host;
	char *at = text, *line, *key, *rest;

	mc->ports = mc->usbs = 0;
	mc->usb_now[0] = '\0';
	h->shunt_uohm[0] = h->bus_mv[0] = h->curr_ma[0] = '\0';
	h->rpm[0] = h->pwm[0] = '\0';
	for (int i = 0; i < MC_SLOTS; i++)
		h->temp_mc[i][0] = '\0';
	while ((line = str_line(&at)) != NULL) {
		key = str_word(&line);
		rest = key != NULL && line != NULL ? str_trim(line) : NULL;
		if (rest != NULL && *rest != '\0' && !parse_once(mc, key, rest))
			parse_line(mc, key, rest);
	}
	/* A device number is never given twice, so another one means that the
	 * controller came anew. */
	if (mc->usb[0] != '\0' && mc->usb_now[0] != '\0' &&
	    strcmp(mc->usb, mc->usb_now) != 0)
		mc_forget(mc,
		    "The controller was reset, which switches all nodes off: "
		    "it cannot tell.");
	if (mc->usb_now[0] != '\0')
		str_copy(mc->usb, sizeof mc->usb, mc->usb_now);
	report_supply(mc);
	report_fan(mc);
	report_temps(mc);
	report_sweep(&mc->host_report, "The host does not report it any more.");
}

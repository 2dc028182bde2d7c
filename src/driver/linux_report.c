#include "linux.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What a whole round means. Which of a machine's zones is the processor's is
 * a matter of names, and they differ by kernel: cpu-thermal on a Pi,
 * soc-thermal or package-thermal on a Rockchip, x86_pkg_temp on a PC, where
 * acpitz is whatever the firmware's author thought of and comes last.
 */

/* These speak by hwmon only; the others are zones shown once more. */
static bool
own_sensor(const struct lx_zone *z)
{
	return strcmp(z->type, "coretemp") == 0 ||
	    strcmp(z->type, "k10temp") == 0 || strcmp(z->type, "zenpower") == 0;
}

static int
soc_rank(const struct lx_zone *z)
{
	static const char *const first[] = { "cpu-thermal", "cpu_thermal",
		"soc-thermal", "soc_thermal", "package-thermal", "x86_pkg_temp",
		"coretemp", "k10temp", "zenpower", "cpu0-thermal", "CPU-therm",
		"cpu-0-0-thermal", "bigcore0-thermal", "bigcore0_thermal" };

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (strcmp(z->type, first[i]) == 0)
			return (int)i + (z->hwmon && !own_sensor(z) ? 50 : 0);
	if (!z->hwmon && (strstr(z->type, "cpu") || strstr(z->type, "CPU")))
		return 100;
	if (!z->hwmon && strcmp(z->type, "acpitz") != 0)
		return 200;
	return z->hwmon ? 400 : 300;
}

/* cpu_thermal in hwmon is cpu-thermal among the zones. */
static bool
same_sensor(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		bool da = *a == '-' || *a == '_', db = *b == '-' || *b == '_';

		if (*a != *b && !(da && db))
			return false;
	}
	return *a == *b;
}

static struct lx_zone *
pick_soc(struct lx_round *r)
{
	struct lx_zone *best = NULL;

	for (size_t i = 0; i < r->zones; i++)
		if (best == NULL || soc_rank(&r->zone[i]) < soc_rank(best))
			best = &r->zone[i];
	/* A disk or a regulator alone is no processor. */
	if (best != NULL && best->hwmon && soc_rank(best) >= 400)
		best = NULL;
	return best;
}

static void
drop_doubles(struct lx_round *r)
{
	for (size_t i = 0; i < r->zones; i++)
		for (size_t k = 0; r->zone[i].hwmon && k < r->zones; k++)
			if (!r->zone[k].hwmon &&
			    same_sensor(r->zone[i].type, r->zone[k].type))
				r->zone[i].used = true;
}

void
lx_report_heat(struct lx *lx, struct lx_round *r)
{
	static const char mute[] = "The sensor gives no reading.";
	struct report *rp = &lx->report;
	struct lx_zone *soc = pick_soc(r);
	int slot = lx->drv.config.slot;

	drop_doubles(r);
	if (soc != NULL) {
		soc->used = true;
		report_field(
		    rp, slot, NAME_TEMP_SOC, NULL, soc->temp, 0.001, mute);
	} else
		report_unknown(rp, slot, NAME_TEMP_SOC, NULL,
		    "This machine shows no thermal zone or sensor, as "
		    "virtual machines do not.");
	for (size_t i = 0; i < r->zones; i++) {
		struct lx_zone *z = &r->zone[i];
		char inst[40];
		int nth = 1;

		if (z->used)
			continue;
		for (size_t k = 0; k < i; k++)
			nth += strcmp(r->zone[k].type, z->type) == 0;
		if (nth > 1)
			str_format(inst, sizeof inst, "%.24s-%d", z->type, nth);
		else
			str_copy(inst, sizeof inst, z->type);
		report_field(
		    rp, slot, NAME_TEMP_ZONE, inst, z->temp, 0.001, mute);
	}
}

static const struct netif *
primary(const struct lx *lx, const struct lx_round *r)
{
	const struct netif *best = NULL;

	for (size_t i = 0; i < r->nets; i++)
		if (strcmp(r->net[i].name, lx->route) == 0)
			return &r->net[i];
	for (size_t i = 0; i < r->nets; i++) {
		const char *state = netif_state(&r->net[i]);

		if (best == NULL && r->net[i].name[0] == 'e')
			best = &r->net[i];
		if (r->net[i].name[0] == 'e' && state != NULL &&
		    strcmp(state, "up") == 0)
			return &r->net[i];
	}
	return best != NULL ? best : r->nets > 0 ? &r->net[0] : NULL;
}

void
lx_report_net(struct lx *lx, struct lx_round *r)
{
	const struct netif *p = primary(lx, r);
	int slot = lx->drv.config.slot;

	for (size_t i = 0; i < r->nets; i++)
		netif_report_as(&lx->report, slot, &r->net[i],
		    NAME_LINK_IF_STATE, NAME_LINK_IF_SPEED, r->net[i].name);
	if (p != NULL)
		netif_report_primary(&lx->report, slot, p);
	else
		report_unknown(&lx->report, slot, NAME_LINK_STATE, NULL,
		    "The node shows no eth, en or wl interface.");
}

static void
throttle_words(char *out, size_t size, unsigned long bits)
{
	static const char *const words[] = { "under-voltage", "freq-capped",
		"throttled", "soft-temp-limit" };
	size_t len = 0;

	str_copy(out, size, "none");
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(bits >> i & 1) || len + 20 >= size)
			continue;
		str_format(
		    out + len, size - len, "%s%s", len ? ", " : "", words[i]);
		len = strlen(out);
	}
}

static bool
throttle_bits(const char *s, unsigned long *bits)
{
	char *end;

	if (!str_starts(s, "throttled=0x"))
		return false;
	*bits = strtoul(s + 12, &end, 16);
	return end > s + 12 && end - (s + 12) <= 8 && *end == '\0';
}

/* Without vcgencmd the supply monitor's alarm is all there is. */
static void
report_supply(struct lx *lx, struct lx_round *r, const char *why)
{
	int slot = lx->drv.config.slot;

	report_unknown(&lx->report, slot, NAME_HEALTH_THROTTLE, NULL, why);
	report_unknown(&lx->report, slot, NAME_HEALTH_THROTTLE_PAST, NULL, why);
	if (strcmp(r->lcrit, "0") == 0 || strcmp(r->lcrit, "1") == 0)
		report_text(&lx->report, slot, NAME_HEALTH_UNDERVOLTAGE, NULL,
		    r->lcrit[0] == '1' ? "yes" : "no");
	else
		report_unknown(
		    &lx->report, slot, NAME_HEALTH_UNDERVOLTAGE, NULL, why);
}

static void
report_throttle(struct lx *lx, struct lx_round *r, const char *why)
{
	int slot = lx->drv.config.slot;
	unsigned long bits;
	char words[80];

	if (!throttle_bits(r->throttled, &bits)) {
		report_supply(lx, r, why);
		return;
	}
	throttle_words(words, sizeof words, bits & 0xf);
	report_text(&lx->report, slot, NAME_HEALTH_THROTTLE, NULL, words);
	throttle_words(words, sizeof words, bits >> 16 & 0xf);
	report_text(&lx->report, slot, NAME_HEALTH_THROTTLE_PAST, NULL, words);
	report_text(&lx->report, slot, NAME_HEALTH_UNDERVOLTAGE, NULL,
	    bits & 1 ? "yes" : "no");
}

/* Why vcgencmd did not tell, if it did not. */
static const char *
vc_reason(struct lx *lx, const struct lx_round *r)
{
	if (!lx->is_pi)
		return "This is no Raspberry Pi: nothing tells why its clock "
		       "is held back.";
	if (!lx->has_vcgencmd)
		return "vcgencmd is not installed (Debian and Raspberry Pi OS: "
		       "raspi-utils or libraspberrypi-bin).";
	if (lx->no_vchi || strstr(r->throttled, "VCHI") != NULL ||
	    strstr(r->throttled, "ermission") != NULL ||
	    strstr(r->throttled, "/dev/vc") != NULL) {
		lx->no_vchi = true;
		return "vcgencmd may not ask the firmware: add this user to "
		       "the video group (sudo usermod -aG video USER).";
	}
	return "vcgencmd gave no answer that is understood.";
}

/* "volt=0.8563V" */
static bool
parse_volts(char *s, double *v)
{
	size_t len = strlen(s);

	if (!str_starts(s, "volt=") || s[len - 1] != 'V')
		return false;
	s[len - 1] = '\0';
	return str_double(s + 5, v);
}

/* "frequency(48)=1500398464" */
static bool
parse_clock(const char *s, double *hz)
{
	const char *eq = strchr(s, '=');

	return str_starts(s, "frequency(") && eq != NULL &&
	    str_double(eq + 1, hz);
}

static void
report_clock(struct lx *lx, struct lx_round *r)
{
	int slot = lx->drv.config.slot;
	double hz;

	if (parse_clock(r->arm, &hz))
		report_number(
		    &lx->report, slot, NAME_CLOCK_ARM, NULL, hz / 1e6);
	else
		report_field(&lx->report, slot, NAME_CLOCK_ARM, NULL,
		    r->khz[0] ? r->khz : NULL, 0.001,
		    "The kernel does not tell the clock (no cpufreq).");
}

void
lx_report_pi(struct lx *lx, struct lx_round *r)
{
	static const char no_pmic[] =
	    "Only a Pi 5 or a CM5 measures its own power.";
	struct report *rp = &lx->report;
	int slot = lx->drv.config.slot;
	const char *why = vc_reason(lx, r);
	double v;

	report_throttle(lx, r, why);
	report_clock(lx, r);
	if (parse_volts(r->core, &v))
		report_number(rp, slot, NAME_VOLTS_CORE, NULL, v);
	else
		report_unknown(rp, slot, NAME_VOLTS_CORE, NULL,
		    lx->is_pi ? why : "This node does not tell it.");
	if (r->rails > 0) {
		lx->has_pmic = true;
		report_number(rp, slot, NAME_POWER_WATTS, NULL, r->watts);
	} else
		report_unknown(rp, slot, NAME_POWER_WATTS, NULL,
		    lx->has_pmic || lx->no_vchi ? why : no_pmic);
	if (r->has_supply)
		report_number(rp, slot, NAME_VOLTS_SUPPLY, NULL, r->supply);
	else
		report_unknown(rp, slot, NAME_VOLTS_SUPPLY, NULL,
		    lx->has_pmic || lx->no_vchi ? why : no_pmic);
}

static void
report_mem(struct lx *lx, struct lx_round *r)
{
	int slot = lx->drv.config.slot;
	double total, avail;

	if (!str_double(r->mem_total, &total) || total <= 0) {
		report_unknown(&lx->report, slot, NAME_MEM_TOTAL, NULL,
		    "/proc/meminfo cannot be read.");
		report_unknown(&lx->report, slot, NAME_MEM_USED, NULL,
		    "/proc/meminfo cannot be read.");
		return;
	}
	report_number(&lx->report, slot, NAME_MEM_TOTAL, NULL, total / 1024);
	if (str_double(r->mem_free, &avail))
		report_number(&lx->report, slot, NAME_MEM_USED, NULL,
		    100 * (total - avail) / total);
	else
		report_unknown(&lx->report, slot, NAME_MEM_USED, NULL,
		    "The kernel does not tell what is available.");
}

static void
report_fan(struct lx *lx, struct lx_round *r)
{
	int slot = lx->drv.config.slot;

	report_field(&lx->report, slot, NAME_FAN_RPM, NULL,
	    r->rpm[0] ? r->rpm : NULL, 1,
	    "No fan of this node reports its speed.");
	report_field(&lx->report, slot, NAME_FAN_DUTY, NULL,
	    r->pwm[0] ? r->pwm : NULL, 100.0 / 255,
	    "No fan of this node reports its duty.");
}

static void
report_led(struct lx *lx, struct lx_round *r)
{
	int slot = lx->drv.config.slot;
	bool known = r->led[0] != '\0';

	if (known != (lx->led[0] != '\0')) {
		str_copy(lx->led, sizeof lx->led, r->led);
		lx->drv.sink.can_changed(lx->drv.sink_arg);
	}
	if (!known) {
		report_unknown(&lx->report, slot, NAME_LOCATE_STATE, NULL,
		    "The node has no activity LED that software can drive.");
		return;
	}
	if (strcmp(r->trigger, "timer") != 0)
		str_copy(lx->rest, sizeof lx->rest, r->trigger);
	report_text(&lx->report, slot, NAME_LOCATE_STATE, NULL,
	    strcmp(r->trigger, "timer") == 0 ? "on" : "off");
}

void
lx_report(struct lx *lx, struct lx_round *r)
{
	struct report *rp = &lx->report;
	int slot = lx->drv.config.slot;

	report_text(rp, slot, NAME_POWER_STATE, NULL, "on");
	report_field(rp, slot, NAME_UPTIME, NULL, r->up, 1,
	    "/proc/uptime cannot be read.");
	report_field(rp, slot, NAME_LOAD_1M, NULL, r->load, 1,
	    "/proc/loadavg cannot be read.");
	report_mem(lx, r);
	if (!lx->carried) {
		report_fan(lx, r);
		report_led(lx, r);
	}
	lx_report_heat(lx, r);
	lx_report_net(lx, r);
	lx_report_pi(lx, r);
	report_sweep(rp, "The node does not report it any more.");
}

#include "linux.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Lines of the probe into one struct, nothing judged yet: which zone is the
 * SoC's and which interface is the primary one is known only when all have
 * been seen. What does not fit is left out; a line that is torn by noise on a
 * serial console has a key of its own or none, and is ignored.
 */

static void
field(char *out, size_t size, const char *s)
{
	str_copy(out, size, s != NULL ? s : "-");
}

#define FIELD(a, s) field(a, sizeof(a), s)

/* "0-3,6" -> 5; 0 when it is no list. */
static long
count_cpus(char *list)
{
	long total = 0;

	for (char *p = list; p != NULL && *p != '\0';) {
		char *comma = strchr(p, ','), *dash;
		long a, b;

		if (comma != NULL)
			*comma++ = '\0';
		dash = strchr(p, '-');
		if (dash != NULL)
			*dash++ = '\0';
		if (!str_long(p, 0, 65535, &a))
			return 0;
		b = a;
		if (dash != NULL && !str_long(dash, a, 65535, &b))
			return 0;
		total += b - a + 1;
		p = comma;
	}
	return total;
}

/* The value of an os-release line, without its quotes. */
static char *
unquote(char *s)
{
	size_t len;

	s = str_trim(s);
	len = strlen(s);
	if (len >= 2 && (s[0] == '"' || s[0] == '\'') && s[len - 1] == s[0]) {
		s[len - 1] = '\0';
		s++;
	}
	return s;
}

static void
text_or(struct lx *lx, enum name_id id, const char *s, const char *why)
{
	struct drv *d = &lx->drv;

	if (*s != '\0' && strcmp(s, "-") != 0)
		drv_text(d, d->config.slot, id, NULL, SOURCE_NODE, s);
	else
		drv_unknown(d, d->config.slot, id, NULL, SOURCE_NODE, why);
}

static void
parse_model(struct lx *lx, char *s)
{
	lx->is_pi = str_starts(s, "Raspberry Pi");
	text_or(lx, NAME_NODE_MODEL, s, "The node does not say its model.");
}

/* SSH_CONNECTION: their address and port, ours and port. What ip(8) says of
 * the primary interface comes after it, and is better. */
static void
parse_ssh(struct lx *lx, char *rest)
{
	char *addr = NULL;

	for (int i = 0; i < 3; i++)
		addr = str_word(&rest);
	text_or(lx, NAME_NODE_ADDRESS, addr ? addr : "-",
	    "The node does not tell the address of its primary interface.");
}

static void
parse_addr(struct lx *lx, char *rest)
{
	rest[strcspn(rest, "/ ")] = '\0';
	text_or(lx, NAME_NODE_ADDRESS, rest, "It has no address.");
}

static void
parse_dmi(struct lx *lx, char *s)
{
	/* "- -": a machine without firmware tables. */
	if (str_starts(s, "- "))
		s += 2;
	if (str_ends(s, " -"))
		s[strlen(s) - 2] = '\0';
	parse_model(lx, s);
}

bool
lx_parse_once(struct lx *lx, const char *key, char *rest)
{
	struct drv *d = &lx->drv;
	long n;

	if (strcmp(key, "hostname") == 0)
		text_or(lx, NAME_NODE_HOSTNAME, rest, "It has no host name.");
	else if (strcmp(key, "kernel") == 0)
		text_or(lx, NAME_NODE_KERNEL, rest,
		    "The node does not tell its kernel.");
	else if (strcmp(key, "model") == 0)
		parse_model(lx, rest);
	else if (strcmp(key, "dmi") == 0)
		parse_dmi(lx, rest);
	else if (strcmp(key, "serial") == 0)
		text_or(lx, NAME_NODE_SERIAL, rest,
		    "The node does not tell its serial number to this user.");
	else if (strcmp(key, "os") == 0)
		text_or(lx, NAME_NODE_OS, unquote(rest),
		    "The node does not tell its distribution.");
	else if (strcmp(key, "route") == 0)
		FIELD(lx->route, rest);
	else if (strcmp(key, "ssh") == 0)
		parse_ssh(lx, rest);
	else if (strcmp(key, "addr") == 0)
		parse_addr(lx, rest);
	else if (strcmp(key, "uid") == 0)
		lx->is_root = strcmp(rest, "0") == 0;
	else if (strcmp(key, "have") == 0) {
		lx->has_vcgencmd |= strcmp(rest, "vcgencmd") == 0;
		lx->has_sudo |= strcmp(rest, "sudo") == 0;
	} else if (strcmp(key, "once") == 0)
		lx->once = true;
	else if (strcmp(key, "cpus") == 0) {
		n = count_cpus(rest);
		if (n > 0)
			drv_number(d, d->config.slot, NAME_CPU_COUNT, NULL,
			    SOURCE_NODE, (double)n);
		else
			drv_unknown(d, d->config.slot, NAME_CPU_COUNT, NULL,
			    SOURCE_NODE, "The node does not tell its cores.");
	} else
		return false;
	return true;
}

static void
parse_net(struct lx_round *r, char *rest)
{
	if (r->nets == LX_NET_MAX || !netif_parse(&r->net[r->nets], rest))
		return;
	for (size_t i = 0; i < r->nets; i++)
		if (strcmp(r->net[i].name, r->net[r->nets].name) == 0)
			return;
	r->nets++;
}

static void
parse_zone(struct lx_round *r, char *rest, bool hwmon)
{
	struct lx_zone *z = &r->zone[r->zones];
	char *temp = str_word(&rest);

	if (r->zones == LX_ZONE_MAX || temp == NULL || rest == NULL ||
	    *str_trim(rest) == '\0')
		return;
	FIELD(z->temp, temp);
	FIELD(z->type, str_trim(rest));
	z->hwmon = hwmon;
	z->used = false;
	r->zones++;
}

/* The trigger in force: the probe took it out of its brackets. */
static void
parse_led(struct lx_round *r, char *rest)
{
	char *name = str_word(&rest), *trigger = str_word(&rest);

	if (trigger == NULL)
		return;
	FIELD(r->led, name);
	FIELD(r->trigger, trigger);
}

/*
 * One line of "vcgencmd pmic_read_adc": "VDD_CORE_A current(7)=1.9842A" or
 * "VDD_CORE_V volt(15)=0.7217V". The amperes of a rail come before its volts.
 */
struct adc {
	char rail[32];
	double amps;
};

static void
parse_adc(struct lx_round *r, struct adc *adc, size_t *n, size_t max,
    const char *name, char *rest)
{
	char *eq = strchr(rest, '='), *unit;
	size_t len = strlen(name);
	bool amps;
	double v;

	if (eq == NULL || len < 3 || len >= sizeof adc->rail)
		return;
	unit = eq + 1 + strcspn(eq + 1, "AV");
	amps = *unit == 'A';
	*unit = '\0';
	if (!str_double(eq + 1, &v) || v < 0 || v > 100)
		return;
	if (amps && *n < max) {
		str_copy(adc[*n].rail, sizeof adc->rail, name);
		adc[*n].rail[len - 2] = '\0';
		adc[(*n)++].amps = v;
		return;
	}
	if (strcmp(name, "EXT5V_V") == 0) {
		r->supply = v;
		r->has_supply = true;
	}
	for (size_t i = 0; i < *n; i++)
		if (strlen(adc[i].rail) == len - 2 &&
		    strncmp(adc[i].rail, name, len - 2) == 0) {
			r->watts += v * adc[i].amps;
			r->rails++;
			adc[i].rail[0] = '\0'; /* each rail once */
			return;
		}
}

static void
parse_mem(struct lx_round *r, char *rest)
{
	char *total = str_word(&rest), *avail = str_word(&rest);

	if (avail == NULL)
		return;
	FIELD(r->mem_total, total);
	FIELD(r->mem_free, avail);
}

static void
parse_fan(struct lx_round *r, char *rest)
{
	char *rpm = str_word(&rest), *pwm = str_word(&rest);

	if (pwm == NULL || r->rpm[0] != '\0')
		return;
	FIELD(r->rpm, rpm);
	FIELD(r->pwm, pwm);
}

static bool
parse_plain(struct lx_round *r, const char *key, const char *rest)
{
	const struct {
		const char *key;
		char *out;
		size_t size;
	} plain[] = {
		{ "up", r->up, sizeof r->up },
		{ "load", r->load, sizeof r->load },
		{ "thr", r->throttled, sizeof r->throttled },
		{ "core", r->core, sizeof r->core },
		{ "arm", r->arm, sizeof r->arm },
		{ "khz", r->khz, sizeof r->khz },
		{ "lcrit", r->lcrit, sizeof r->lcrit },
	};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (strcmp(key, plain[i].key) == 0) {
			str_copy(plain[i].out, plain[i].size, rest);
			return true;
		}
	return false;
}

void
lx_parse_round(struct lx *lx, struct lx_round *r, char *text)
{
	struct adc adc[32];
	size_t adcs = 0;
	char *at = text, *line, *key, *rest;

	memset(r, 0, sizeof *r);
	while ((line = str_line(&at)) != NULL) {
		key = str_word(&line);
		if (key == NULL)
			continue;
		rest = line != NULL ? str_trim(line) : NULL;
		if (rest == NULL || *rest == '\0')
			continue;
		if (lx_parse_once(lx, key, rest) || parse_plain(r, key, rest))
			continue;
		if (strcmp(key, "mem") == 0)
			parse_mem(r, rest);
		else if (strcmp(key, "tz") == 0)
			parse_zone(r, rest, false);
		else if (strcmp(key, "hw") == 0)
			parse_zone(r, rest, true);
		else if (strcmp(key, "fan") == 0)
			parse_fan(r, rest);
		else if (strcmp(key, "net") == 0)
			parse_net(r, rest);
		else if (strcmp(key, "led") == 0)
			parse_led(r, rest);
		else if (str_starts(rest, "current(") ||
		    str_starts(rest, "volt("))
			parse_adc(r, adc, &adcs, ARRAY_LEN(adc), key, rest);
	}
}

#include "rackmux/driver/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * UniFi switches, by swctrl over SSH. Its table has one row a port:
 *
 *    1    Auto   Dot3at   32000  Class 2   On   Good   1.38   53.24   26.00
 *
 * A class holds a space ("Class 2") or not ("Unknown"), so a row is read from
 * both its ends. swctrl ends with status 0 whatever happened; what an order
 * did is read from the row afterwards.
 */

#define WORDS_MAX 16
#define BEFORE_CLASS 4 /* Port OpMode HpMode PwrLimit */
#define AFTER_CLASS 5 /* PoEPwr PwrGood Power Voltage Current */

static bool
is_off(const char *mode)
{
	return strcmp(mode, "Off") == 0 || strcmp(mode, "off") == 0 ||
	    strcmp(mode, "Shutdown") == 0 || strcmp(mode, "Disabled") == 0;
}

static double
number(const char *s)
{
	double v;

	return str_double(s, &v) ? v : NAN;
}

/* A row as it stands, cut up; false when the line is none. */
static bool
parse_row(char *line, int *port, struct outlet *o, char *class, size_t size)
{
	char *w[WORDS_MAX];
	int n = 0;
	long p;
	bool power, good;

	while (n < WORDS_MAX && (w[n] = str_word(&line)) != NULL)
		n++;
	if (n < BEFORE_CLASS + 1 + AFTER_CLASS || n == WORDS_MAX ||
	    !str_long(w[0], 1, DRIVER_SLOTS_MAX, &p))
		return false;
	class[0] = '\0';
	for (int i = BEFORE_CLASS; i < n - AFTER_CLASS; i++) {
		size_t len = strlen(class);

		str_format(
		    class + len, size - len, "%s%s", len ? " " : "", w[i]);
	}
	power = strcmp(w[n - 5], "On") == 0;
	good = strcmp(w[n - 4], "Good") == 0;
	*port = (int)p;
	*o = outlet_unknown(NULL);
	o->state = is_off(w[1]) ? OUTLET_OFF : OUTLET_ON;
	o->detection = o->state == OUTLET_OFF ? "disabled"
	    : power && good                   ? "delivering"
	    : power                           ? "fault"
					      : "searching";
	o->class = class;
	o->watts = number(w[n - 3]);
	o->volts = number(w[n - 2]);
	o->amps = number(w[n - 1]) / 1000;
	return true;
}

/* "Total Power Limit(mW): 45000" */
static void
parse_limit(struct supply *s, const char *line)
{
	static const char head[] = "Total Power Limit(mW):";
	double mw;

	if (str_starts(line, head) && str_double(line + sizeof head - 1, &mw) &&
	    mw > 0)
		report_number(&s->report, 0, NAME_FEED_LIMIT, NULL, mw / 1000);
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct supply *s = arg;
	char *copy, *at, *line, class[48], said[120];
	struct outlet o;
	int port, rows = 0;

	if (!answer_open(&s->drv, r, &copy))
		return;
	order_said(r, said, sizeof said);
	at = copy;
	while ((line = str_line(&at)) != NULL) {
		parse_limit(s, line);
		if (!parse_row(line, &port, &o, class, sizeof class))
			continue;
		supply_tell(s, port, &o);
		rows++;
	}
	free(copy);
	if (rows > 0)
		supply_fresh(s);
	else
		supply_stale(s, LINK_WHY_PROTOCOL,
		    strstr(said, "not found") != NULL
			? "this is no UniFi switch: it has no swctrl"
			: "swctrl showed no PoE ports");
}

static void
unifi_poll(struct drv *d)
{
	d->link.run(d->link.arg, "swctrl poe show 2>&1; echo; echo end",
	    POLL_TIMEOUT(d), on_answer, d);
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	char *copy = mem_strdup(r->out), *at = copy, *line, class[48];
	char said[150] = "";
	enum outlet_state seen = OUTLET_UNKNOWN;
	struct outlet row;
	int port;

	while ((line = str_line(&at)) != NULL) {
		char *first = line + strspn(line, " ");

		/* What is no part of the table is what went wrong. */
		if (said[0] == '\0' && *first >= 'a' && *first <= 'z')
			str_copy(said, sizeof said, first);
		if (parse_row(line, &port, &row, class, sizeof class) &&
		    port == o->slot)
			seen = row.state;
	}
	free(copy);
	return supply_judge(o, seen, said, text, size);
}

static void
on_command(struct supply *s, int port, struct buf *b)
{
	(void)s;
	buf_printf(b, "swctrl poe set auto id %d", port);
}

/* restart says nothing when it was done. */
static bool
refused(const struct link_result *r, char *text, size_t size)
{
	if (r->status == 0 && r->out[strspn(r->out, " \r\n")] == '\0')
		return false;
	if (r->status == 0 && strstr(r->out, "rror") == NULL &&
	    strstr(r->out, "nvalid") == NULL && strstr(r->out, "sage") == NULL)
		return false;
	order_said(r, text, size);
	return true;
}

static void
unifi_act(struct drv *d, unsigned ticket, int port, enum act act)
{
	struct supply *s = (struct supply *)d;
	char cmd[96];

	if (act == ACT_POWER_CYCLE) {
		str_format(cmd, sizeof cmd, "swctrl poe restart id %d", port);
		supply_cycle(s, ticket, port, cmd, false, refused);
		return;
	}
	str_format(cmd, sizeof cmd,
	    "swctrl poe set %s id %d; swctrl poe show id %d",
	    act == ACT_POWER_ON ? "auto" : "off", port, port);
	supply_order(s, ticket, port, act, cmd, judge);
}

static struct drv *
unifi_open(void)
{
	return supply_new(sizeof(struct supply), on_command);
}

const struct driver feed_unifi = {
	.type = "unifi",
	.title = "UniFi switch",
	.user = "admin",
	.whole_board = true,
	.open = unifi_open,
	.poll = unifi_poll,
	.close = supply_close,
	.can = supply_can,
	.match = supply_match,
	.act = unifi_act,
	.reset = supply_reset,
};

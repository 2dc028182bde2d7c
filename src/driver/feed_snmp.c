#include "rackmux/driver/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Any switch with POWER-ETHERNET-MIB (RFC 3621), by the commands of net-snmp
 * on the machine that the link leads to. A switch without that MIB answers
 * "No Such Object available on this agent at this OID", with status 0. The
 * community is a secret that ps shows while a command runs: without one in
 * the configuration net-snmp takes that of its own snmp.conf (defCommunity),
 * where nobody sees it.
 *
 * What is set stays set when the switch restarts, so a cycle must be ended by
 * somebody: see feed_cycle.c.
 */

#define MIB "1.3.6.1.2.1.105.1"
#define ADMIN 3
#define DETECTION 6
#define CLASS 10
/* An answer of more than 1,472 bytes is too big for one packet. */
#define PORTS_AT_ONCE 12

static int
group_of(const struct drv *d)
{
	int n = (int)drv_setting_number(d, "group");

	return n > 0 ? n : 1;
}

static void
tool(const struct drv *d, struct buf *b, const char *name, bool write)
{
	const char *community = drv_setting(d, "community");
	const char *version = drv_setting(d, "version");

	if (write && drv_setting(d, "write_community")[0] != '\0')
		community = drv_setting(d, "write_community");
	buf_printf(b, "%s -v%s", name,
	    strcmp(version, "1") == 0 || strcmp(version, "3") == 0 ? version
								   : "2c");
	if (community[0] != '\0') {
		buf_puts(b, " -c ");
		buf_quote(b, community);
	}
	buf_puts(b, " -On -t 1 -r 1 ");
	buf_quote(b, drv_setting(d, "host"));
}

static void
add_oid(const struct drv *d, struct buf *b, int column, int port)
{
	buf_printf(b, " " MIB ".1.1.%d.%d.%d", column, group_of(d), port);
}

/* "... = INTEGER: 1" or "INTEGER: true(1)", as the MIB is known or not. */
static bool
parse_integer(const char *s, long *v)
{
	const char *at = strstr(s, "INTEGER:"), *open;
	char digits[16];
	size_t n;

	if (at == NULL)
		at = strstr(s, "Gauge32:");
	if (at == NULL)
		return false;
	at = strchr(at, ':') + 1;
	open = strchr(at, '(');
	if (open != NULL)
		at = open + 1;
	at += strspn(at, " ");
	n = strspn(at, "0123456789");
	if (n == 0 || n >= sizeof digits)
		return false;
	memcpy(digits, at, n);
	digits[n] = '\0';
	return str_long(digits, 0, 100000000, v);
}

/* The value of one column of a port: the rest of its line in text. */
static void
column(const struct drv *d, const char *text, int id, int port, long *v,
    char *why, size_t size)
{
	char oid[64];
	const char *at, *eq;
	char rest[160];

	*v = -1;
	str_format(oid, sizeof oid, ".1.1.%d.%d.%d =", id, group_of(d), port);
	at = strstr(text, oid);
	if (at == NULL)
		return;
	eq = strchr(at, '=') + 1;
	eq += strspn(eq, " ");
	str_format(rest, sizeof rest, "%.*s", (int)strcspn(eq, "\r\n"), eq);
	if (parse_integer(rest, v))
		return;
	*v = -1;
	if (why[0] == '\0')
		str_copy(why, size,
		    str_starts(rest, "No Such")
			? "the switch has no such PoE port (RFC 3621): is it "
			  "the right port and group?"
			: rest);
}

static void
tell_port(struct supply *s, const char *text, int port)
{
	static const char *const detections[] = { NULL, "disabled", "searching",
		"delivering", "fault", "test", "fault" };
	struct outlet o = outlet_unknown(NULL);
	long admin, detection, class;
	char why[160] = "", name[24];

	column(&s->drv, text, ADMIN, port, &admin, why, sizeof why);
	column(&s->drv, text, DETECTION, port, &detection, why, sizeof why);
	column(&s->drv, text, CLASS, port, &class, why, sizeof why);
	o.state = admin == 1 ? OUTLET_ON
	    : admin == 2     ? OUTLET_OFF
			     : OUTLET_UNKNOWN;
	o.why = why[0] != '\0' ? why : "the switch did not answer for it";
	if (detection > 0 && detection < (long)ARRAY_LEN(detections))
		o.detection = detections[detection];
	/* While a port delivers nothing its class is that of nobody. */
	if (class >= 1 && class <= 9 && o.detection != NULL &&
	    strcmp(o.detection, "delivering") == 0) {
		str_format(name, sizeof name, "Class %ld", class - 1);
		o.class = name;
	}
	supply_tell(s, port, &o);
}

static void
tell_main(struct supply *s, const char *text)
{
	static const struct {
		int column;
		enum name_id id;
	} mains[] = { { 2, NAME_FEED_LIMIT }, { 4, NAME_FEED_WATTS } };
	char oid[64];

	for (size_t i = 0; i < ARRAY_LEN(mains); i++) {
		const char *at;
		char rest[80];
		long v;

		str_format(oid, sizeof oid, ".3.1.1.%d.%d =", mains[i].column,
		    group_of(&s->drv));
		at = strstr(text, oid);
		if (at == NULL)
			continue;
		str_format(
		    rest, sizeof rest, "%.*s", (int)strcspn(at, "\r\n"), at);
		if (parse_integer(rest, &v))
			report_number(
			    &s->report, 0, mains[i].id, NULL, (double)v);
	}
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct supply *s = arg;
	int ports[DRIVER_SLOTS_MAX], n;
	char *copy, said[150];

	if (!answer_open(&s->drv, r, &copy))
		return;
	if (strstr(copy, " = ") == NULL) {
		order_said(r, said, sizeof said);
		supply_stale(s, LINK_WHY_PROTOCOL,
		    strstr(said, "not found") != NULL
			? "there is no snmpget where its link leads: install "
			  "net-snmp's commands there"
			: said);
		free(copy);
		return;
	}
	n = supply_used(&s->drv, ports, DRIVER_SLOTS_MAX);
	for (int i = 0; i < n; i++)
		tell_port(s, copy, ports[i]);
	tell_main(s, copy);
	free(copy);
	supply_fresh(s);
}

/* Column by column, some ports at a time; a switch that does not answer is
 * not asked the rest. */
static void
snmp_poll(struct drv *d)
{
	static const int columns[] = { ADMIN, DETECTION, CLASS };
	int ports[DRIVER_SLOTS_MAX];
	int n = supply_used(d, ports, DRIVER_SLOTS_MAX);
	struct buf b;

	buf_init(&b, 0);
	for (int i = 0; i < n; i += PORTS_AT_ONCE) {
		tool(d, &b, i == 0 ? "{ snmpget" : " && snmpget", false);
		for (size_t c = 0; c < ARRAY_LEN(columns); c++)
			for (int k = i; k < n && k < i + PORTS_AT_ONCE; k++)
				add_oid(d, &b, columns[c], ports[k]);
		/* In version 1 one that is missing spoils the rest. */
		if (i == 0 && strcmp(drv_setting(d, "version"), "1") != 0)
			buf_printf(&b, " " MIB ".3.1.1.2.%d " MIB ".3.1.1.4.%d",
			    group_of(d), group_of(d));
	}
	buf_puts(&b, "; } 2>&1; echo; echo end");
	d->link.run(d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_answer, d);
	buf_release(&b);
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	char answer[1024], said[150] = "", why[160] = "";
	enum outlet_state seen = OUTLET_UNKNOWN;
	long v;

	if (section_find(r->out, "get", answer, sizeof answer)) {
		column(o->drv, answer, ADMIN, o->slot, &v, why, sizeof why);
		seen = v == 1 ? OUTLET_ON
		    : v == 2  ? OUTLET_OFF
			      : OUTLET_UNKNOWN;
	}
	if (section_find(r->out, "set", answer, sizeof answer) &&
	    strstr(answer, "INTEGER") == NULL) {
		const char *reason = strstr(answer, "Reason: ");
		const char *from = reason != NULL ? reason : answer;

		str_format(said, sizeof said, "%.*s",
		    (int)strcspn(from, "\r\n"), from);
	}
	return supply_judge(o, seen, said[0] != '\0' ? said : why, text, size);
}

static void
set_command(struct supply *s, int port, bool on, struct buf *b)
{
	tool(&s->drv, b, "snmpset", true);
	add_oid(&s->drv, b, ADMIN, port);
	buf_printf(b, " i %d", on ? 1 : 2);
}

static void
on_command(struct supply *s, int port, struct buf *b)
{
	set_command(s, port, true, b);
}

static bool
refused(const struct link_result *r, char *text, size_t size)
{
	if (strstr(r->out, "INTEGER") != NULL)
		return false;
	order_said(r, text, size);
	return true;
}

static void
cycle(struct supply *s, unsigned ticket, int port)
{
	struct buf cmd, off, on;

	buf_init(&cmd, 0);
	buf_init(&off, 0);
	buf_init(&on, 0);
	set_command(s, port, false, &off);
	set_command(s, port, true, &on);
	buf_puts(&off, " 2>&1");
	supply_cycle_command(&cmd, buf_str(&off), buf_str(&on));
	supply_cycle(s, ticket, port, buf_str(&cmd), false, refused);
	buf_release(&on);
	buf_release(&off);
	buf_release(&cmd);
}

static void
snmp_act(struct drv *d, unsigned ticket, int port, enum act act)
{
	struct supply *s = (struct supply *)d;
	struct buf b;

	if (act == ACT_POWER_CYCLE) {
		cycle(s, ticket, port);
		return;
	}
	buf_init(&b, 0);
	buf_puts(&b, "echo '@ set'; ");
	set_command(s, port, act == ACT_POWER_ON, &b);
	buf_puts(&b, " 2>&1; echo; echo '@ get'; ");
	tool(d, &b, "snmpget", false);
	add_oid(d, &b, ADMIN, port);
	buf_puts(&b, " 2>&1");
	supply_order(s, ticket, port, act, buf_str(&b), judge);
	buf_release(&b);
}

static struct drv *
snmp_open(void)
{
	return supply_new(sizeof(struct supply), on_command);
}

static const struct driver_setting settings[] = {
	{ "host", SETTING_TEXT, 1, 255, "",
	    "address of the switch, as the machine that the link leads to "
	    "reaches it" },
	{ "community", SETTING_TEXT, 1, 127, "",
	    "SNMP community; ps shows it there: better is defCommunity in "
	    "the snmp.conf of that machine, which holds without this key" },
	{ "write_community", SETTING_TEXT, 1, 127, "",
	    "the community that may set; that of above without this key" },
	{ "version", SETTING_TEXT, 1, 2, "2c",
	    "SNMP version: 1, 2c, or 3 with all that it needs in snmp.conf" },
	{ "group", SETTING_INT, 1, 64, "1",
	    "number of the switch in its stack" },
	{ 0 },
};

const struct driver feed_snmp = {
	.type = "snmp",
	.title = "SNMP switch",
	.whole_board = true,
	.settings = settings,
	.link = "exec:sh",
	.open = snmp_open,
	.poll = snmp_poll,
	.close = supply_close,
	.can = supply_can,
	.match = supply_match,
	.act = snmp_act,
	.reset = supply_reset,
};

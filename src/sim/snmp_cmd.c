/*
 * snmpget, snmpset and snmpwalk of net-snmp, as far as they can reach the
 * switch. Their host is a Debian without MIBs, so names are numbers that begin
 * with "iso".
 */
#include "snmp.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define POE "1.3.6.1.2.1.105.1."
#define SYS_DESCR "1.3.6.1.2.1.1.1.0"
#define ANSWER_MS 4
#define ASKED_MAX 128

struct snmp_run {
	struct proc *p;
	struct snmp *s;
	const char *tool, *version, *community, *host;
	char format[16]; /* letters of -O */
	double timeout;
	int retries;
	char *asked[ASKED_MAX]; /* what comes after the host */
	int n;
};

/* What is there of the port table: setting, detection, class. */
static const int columns[] = { 3, 6, 10 };

/* --- the agent --- */

/* "COLUMN.GROUP.PORT" of the port table, or of the main one without PORT. */
static bool
numbers(const char *s, int *v, int n)
{
	char copy[64], *at = copy, *dot;
	long x;
	int i;

	str_copy(copy, sizeof(copy), s);
	for (i = 0; i < n; i++) {
		dot = strchr(at, '.');
		if ((dot == NULL) != (i == n - 1))
			return false;
		if (dot != NULL)
			*dot = '\0';
		if (!str_long(at, 0, 100000, &x))
			return false;
		v[i] = (int)x;
		at = dot != NULL ? dot + 1 : at;
	}
	return true;
}

static int
port_value(const struct snmp *s, int column, int port)
{
	const struct ports *p = &s->ports;

	switch (column) {
	case 3:
		return ports_is_on(p, port) ? 1 : 2;
	case 6:
		return !ports_is_on(p, port)  ? 1
		    : ports_fault(p, port)    ? 4
		    : ports_delivers(p, port) ? 3
					      : 2;
	default:
		return ports_delivers(p, port) ? 5 : 1;
	}
}

static double
all_watts(const struct snmp *s)
{
	double w = 0;
	int k;

	for (k = 1; k <= s->ports.board->slots; k++)
		w += ports_watts(&s->ports, k);
	return w;
}

enum found { FOUND, NO_OBJECT, NO_INSTANCE };

/* "INTEGER: 1" */
static enum found
look_up(const struct snmp *s, const char *oid, char *out, size_t size)
{
	int v[3];
	size_t i;

	if (strcmp(oid, SYS_DESCR) == 0) {
		str_copy(out, size, "STRING: \"PoE switch\"");
		return FOUND;
	}
	if (!s->mib || !str_starts(oid, POE))
		return NO_OBJECT;
	oid += strlen(POE);
	if (str_starts(oid, "3.1.1.") && numbers(oid + 6, v, 2)) {
		if (v[0] < 2 || v[0] > 4)
			return NO_OBJECT;
		if (v[1] != 1)
			return NO_INSTANCE;
		if (v[0] == 3)
			str_copy(out, size, "INTEGER: 1");
		else
			str_format(out, size, "Gauge32: %d",
			    v[0] == 2 ? s->budget : (int)(all_watts(s) + 0.5));
		return FOUND;
	}
	if (!str_starts(oid, "1.1.") || !numbers(oid + 4, v, 3))
		return NO_OBJECT;
	for (i = 0; i < ARRAY_LEN(columns); i++)
		if (columns[i] == v[0])
			break;
	if (i == ARRAY_LEN(columns))
		return NO_OBJECT;
	if (v[1] != 1 || v[2] < 1 || v[2] > s->ports.board->slots)
		return NO_INSTANCE;
	str_format(out, size, "INTEGER: %d", port_value(s, v[0], v[2]));
	return FOUND;
}

/* --- the commands --- */

static int
usage(struct snmp_run *r, const char *why)
{
	proc_err(
	    r->p, "%s: %s\nUSAGE: %s [OPTIONS] AGENT", r->tool, why, r->tool);
	proc_err(r->p, "%s\n",
	    strcmp(r->tool, "snmpset") == 0
		? " OID TYPE VALUE [OID TYPE VALUE]..."
		: " OID [OID]...");
	return 1;
}

static void
from_conf(struct snmp_run *r, char *community, size_t size)
{
	static const char *const files[] = { "/root/.snmp/snmp.conf",
		"/home/pi/.snmp/snmp.conf", "/etc/snmp/snmp.conf" };
	struct buf b;
	const char *at;
	size_t i;

	community[0] = '\0';
	for (i = 0; i < ARRAY_LEN(files) && community[0] == '\0'; i++) {
		buf_init(&b, 0);
		if (vfs_read(proc_machine(r->p)->vfs, files[i], &b) == 0 &&
		    (at = strstr(buf_str(&b), "defCommunity ")) != NULL) {
			at += strlen("defCommunity ");
			str_format(community, size, "%.*s",
			    (int)strcspn(at, "\r\n"), at);
		}
		buf_release(&b);
	}
}

static void
option(struct snmp_run *r, char c, const char *value)
{
	if (c == 'v')
		r->version = value;
	else if (c == 'c')
		r->community = value;
	else if (c == 'O')
		str_copy(r->format, sizeof(r->format), value);
	else if (c == 't')
		r->timeout = strtod(value, NULL);
	else if (c == 'r')
		r->retries = (int)strtol(value, NULL, 10);
}

static void
parse(struct snmp_run *r, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		char *a = argv[i];

		if (a[0] == '-' && strchr("vcOtrlumMaAxXnE", a[1]) != NULL) {
			if (a[2] != '\0')
				option(r, a[1], a + 2);
			else if (i + 1 < argc)
				option(r, a[1], argv[++i]);
		} else if (a[0] == '-' && r->host == NULL) {
			continue;
		} else if (r->host == NULL) {
			r->host = a;
		} else if (r->n < ASKED_MAX) {
			r->asked[r->n++] = a;
		}
	}
}

static bool
is_switch(const struct snmp_run *r)
{
	const char *host = r->host;
	size_t len = strlen(r->s->host);

	if (str_starts(host, "udp:"))
		host += 4;
	return strncmp(host, r->s->host, len) == 0 &&
	    (host[len] == '\0' || strcmp(host + len, ":161") == 0);
}

/* 0, or the exit status: nobody answers whom it does not like. */
static int
ask(struct snmp_run *r, char *community, size_t size)
{
	if (r->host == NULL)
		return usage(r, "No hostname specified.");
	if (r->community == NULL) {
		from_conf(r, community, size);
		if (community[0] == '\0')
			return usage(r, "No community name specified.");
		r->community = community;
	}
	if (is_switch(r) && !ports_dead(&r->s->ports) && !r->s->ports.down &&
	    strcmp(r->version, "3") != 0 &&
	    (strcmp(r->community, r->s->community) == 0 ||
		strcmp(r->community, r->s->write_community) == 0)) {
		(void)proc_sleep(r->p, ANSWER_MS);
		return 0;
	}
	if (proc_sleep(r->p, proc_ms(r->timeout * (r->retries + 1.0))) == 0)
		proc_err(r->p, "Timeout: No Response from %s.\n", r->host);
	return 1;
}

static bool
has(const struct snmp_run *r, char c)
{
	return strchr(r->format, c) != NULL;
}

/* -On, -Oq, -Ov, and neither. */
static void
show(struct snmp_run *r, const char *oid, const char *value)
{
	if (has(r, 'q') && strstr(value, ": ") != NULL)
		value = strstr(value, ": ") + 2;
	if (!has(r, 'v'))
		proc_printf(r->p, "%s%s %s", has(r, 'n') ? "." : "iso",
		    has(r, 'n') ? oid : oid + 1, has(r, 'q') ? "" : "= ");
	proc_printf(r->p, "%s\n", value);
}

static const char *
plain(const char *oid)
{
	return oid[0] == '.' ? oid + 1 : oid;
}

static int
packet_error(struct snmp_run *r, const char *reason, const char *oid)
{
	proc_err(r->p, "Error in packet.\nReason: %s\nFailed object: iso%s\n\n",
	    reason, plain(oid) + 1);
	return 2;
}

static int
get(struct snmp_run *r)
{
	char value[96];
	int i;

	for (i = 0; i < r->n; i++) {
		enum found f =
		    look_up(r->s, plain(r->asked[i]), value, sizeof(value));

		if (f != FOUND && strcmp(r->version, "1") == 0)
			return packet_error(r,
			    "(noSuchName) There is no such variable name in "
			    "this MIB.",
			    r->asked[i]);
		if (f == NO_OBJECT)
			str_copy(value, sizeof(value),
			    "No Such Object available on this agent at this "
			    "OID");
		else if (f == NO_INSTANCE)
			str_copy(value, sizeof(value),
			    "No Such Instance currently exists at this OID");
		show(r, plain(r->asked[i]), value);
	}
	return 0;
}

static int
set_one(struct snmp_run *r, const char *oid, const char *type, const char *to)
{
	char value[96];
	int v[3];
	long x;

	if (strcmp(r->community, r->s->write_community) != 0)
		return packet_error(r, "noAccess", oid);
	if (look_up(r->s, oid, value, sizeof(value)) != FOUND)
		return packet_error(r, "noCreation", oid);
	if (!str_starts(oid, POE "1.1.3.") ||
	    !numbers(oid + strlen(POE "1.1."), v, 3))
		return packet_error(r, "notWritable", oid);
	if (strcmp(type, "i") != 0)
		return packet_error(r, "wrongType", oid);
	if (!str_long(to, 1, 2, &x))
		return packet_error(r, "wrongValue", oid);
	ports_set(&r->s->ports, v[2], x == 1);
	str_format(value, sizeof(value), "INTEGER: %ld", x);
	show(r, oid, value);
	return 0;
}

static int
set(struct snmp_run *r)
{
	int i, rc = 0;

	if (r->n % 3 != 0)
		return usage(r, "Needs type and value");
	for (i = 0; i + 2 < r->n && rc == 0; i += 3)
		rc = set_one(
		    r, plain(r->asked[i]), r->asked[i + 1], r->asked[i + 2]);
	return rc;
}

/* The port table and the main one, in their order. */
static int
walk(struct snmp_run *r)
{
	const char *root = r->n > 0 ? plain(r->asked[0]) : "1.3.6.1.2.1";
	char oid[64], value[96];
	int shown = 0, k, m;
	size_t i;

	for (i = 0; i < ARRAY_LEN(columns); i++)
		for (k = 1; k <= r->s->ports.board->slots; k++) {
			str_format(
			    oid, sizeof(oid), POE "1.1.%d.1.%d", columns[i], k);
			if (!str_starts(oid, root) ||
			    look_up(r->s, oid, value, sizeof(value)) != FOUND)
				continue;
			show(r, oid, value);
			shown++;
		}
	for (m = 2; m <= 4; m++) {
		str_format(oid, sizeof(oid), POE "3.1.1.%d.1", m);
		if (!str_starts(oid, root) ||
		    look_up(r->s, oid, value, sizeof(value)) != FOUND)
			continue;
		show(r, oid, value);
		shown++;
	}
	if (shown == 0)
		show(r, root,
		    "No Such Object available on this agent at this OID");
	return 0;
}

static int
run(struct proc *p, const char *tool, int argc, char **argv,
    int (*fn)(struct snmp_run *))
{
	struct snmp_run r = { .p = p,
		.s = linux_host_board(p)->state,
		.tool = tool,
		.version = "2c",
		.timeout = 1,
		.retries = 5 };
	char community[64];
	int rc;

	parse(&r, argc, argv);
	rc = ask(&r, community, sizeof(community));
	return rc != 0 ? rc : fn(&r);
}

int
cmd_snmpget(struct proc *p, int argc, char **argv)
{
	return run(p, "snmpget", argc, argv, get);
}

int
cmd_snmpset(struct proc *p, int argc, char **argv)
{
	return run(p, "snmpset", argc, argv, set);
}

int
cmd_snmpwalk(struct proc *p, int argc, char **argv)
{
	return run(p, argv[0], argc, argv, walk);
}

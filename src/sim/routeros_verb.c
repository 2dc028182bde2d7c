/*
 * What a session on the MikroTik switch can ask for: PoE, mostly. Ports are
 * ether1 and so on.
 */
#include "routeros.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define POE "interface ethernet poe"
#define VOLTS 53.1

/* --- PoE --- */

static struct ports *
ports_of(struct ros_run *r)
{
	return &((struct ros *)r->board->state)->ports;
}

/* "ether5", or its number in what print shows: 4. 0: there is none. */
static int
find_port(struct ros_run *r, const char *name)
{
	long port;

	if (str_starts(name, "ether") &&
	    str_long(name + 5, 1, r->board->slots, &port))
		return (int)port;
	if (str_long(name, 0, r->board->slots - 1, &port))
		return (int)port + 1;
	return 0;
}

static const char *
status_of(const struct ports *s, int port)
{
	if (ports_cycles(s, port))
		return "power_reset";
	if (!ports_is_on(s, port))
		return "disabled";
	if (ports_fault(s, port))
		return "short_circuit";
	return ports_delivers(s, port) ? "powered-on" : "waiting-for-load";
}

static void
monitor_one(struct ros_run *r, int port)
{
	const struct ports *s = ports_of(r);
	double w = ports_watts(s, port);

	proc_printf(r->p,
	    "               name: ether%d\r\n"
	    "            poe-out: %s\r\n"
	    "     poe-out-status: %s\r\n",
	    port, ports_is_on(s, port) ? "auto-on" : "off", status_of(s, port));
	if (w > 0)
		proc_printf(r->p,
		    "    poe-out-voltage: %.1fV\r\n"
		    "    poe-out-current: %.0fmA\r\n"
		    "      poe-out-power: %.1fW\r\n",
		    VOLTS, w / VOLTS * 1000, w);
	proc_puts(r->p, "\r\n");
}

/* Several at once stand in columns, whose empty cells are nothing. */
static void
monitor_many(struct ros_run *r, const int *port, int n)
{
	const struct ports *s = ports_of(r);
	int i;

	proc_puts(r->p, "               name:");
	for (i = 0; i < n; i++)
		proc_printf(r->p, " ether%-10d", port[i]);
	proc_puts(r->p, "\r\n            poe-out:");
	for (i = 0; i < n; i++)
		proc_printf(r->p, " %-15s",
		    ports_is_on(s, port[i]) ? "auto-on" : "off");
	proc_puts(r->p, "\r\n     poe-out-status:");
	for (i = 0; i < n; i++)
		proc_printf(r->p, " %-15s", status_of(s, port[i]));
	proc_puts(r->p, "\r\n    poe-out-voltage:");
	for (i = 0; i < n; i++)
		proc_printf(
		    r->p, " %-15s", ports_delivers(s, port[i]) ? "53.1V" : "");
	proc_puts(r->p, "\r\n      poe-out-power:");
	for (i = 0; i < n; i++) {
		char w[16] = "";

		if (ports_delivers(s, port[i]))
			str_format(
			    w, sizeof(w), "%.1fW", ports_watts(s, port[i]));
		proc_printf(r->p, " %-15s", w);
	}
	proc_puts(r->p, "\r\n\r\n");
}

/* "ether1,ether2" or "[find]"; the number of ports, -1: one is none. */
static int
find_ports(struct ros_run *r, const char *names, int *port)
{
	char name[32];
	int n = 0;

	if (str_starts(names, "[find"))
		for (; n < r->board->slots; n++)
			port[n] = n + 1;
	else
		while (*names != '\0' && n < PORTS_MAX) {
			size_t len = strcspn(names, ",");

			str_format(name, sizeof(name), "%.*s", (int)len, names);
			if ((port[n++] = find_port(r, name)) == 0)
				return -1;
			names += len + (names[len] == ',');
		}
	return n;
}

static void
monitor(struct ros_run *r, const char *s)
{
	char key[80], value[80], names[80] = "";
	int port[PORTS_MAX], n;
	bool once = false;
	char c;

	while (ros_argument(&s, key, sizeof(key), value, sizeof(value)))
		if (strcmp(key, "once") == 0)
			once = true;
		else if (names[0] == '\0')
			str_copy(names, sizeof(names),
			    strcmp(key, "numbers") == 0 ? value : key);
	n = find_ports(r, names, port);
	if (n <= 0) {
		proc_printf(r->p, "no such item\r\n");
		return;
	}
	do {
		if (n == 1)
			monitor_one(r, port[0]);
		else
			monitor_many(r, port, n);
		if (once)
			return;
		proc_puts(r->p, "-- [Q quit|D dump|C-z pause]\r\n");
	} while (proc_read_for(r->p, &c, 1, 1000) == -2);
}

static void
print(struct ros_run *r, const char *arguments)
{
	const struct ports *s = ports_of(r);
	int k;

	(void)arguments;
	proc_puts(r->p,
	    "Columns: NAME, POE-OUT, POE-PRIORITY\r\n"
	    " #  NAME     POE-OUT  POE-PRIORITY\r\n");
	for (k = 1; k <= r->board->slots; k++)
		proc_printf(r->p, "%2d  ether%-3d %-7s            10\r\n",
		    k - 1, k, ports_is_on(s, k) ? "auto-on" : "off");
}

static void
set(struct ros_run *r, const char *s)
{
	char key[80], value[80];
	int port[PORTS_MAX], n = 0, mode = -1, k;

	while (ros_argument(&s, key, sizeof(key), value, sizeof(value))) {
		if (strcmp(key, "poe-out") == 0) {
			mode = strcmp(value, "off") == 0 ? 0
			    : strcmp(value, "auto-on") == 0 ||
				strcmp(value, "forced-on") == 0
			    ? 1
			    : -1;
			if (mode < 0) {
				proc_puts(r->p,
				    "input does not match any value of "
				    "poe-out\r\n");
				return;
			}
		} else if (value[0] == '\0') {
			n = find_ports(r, key, port);
		} else {
			proc_printf(
			    r->p, "expected end of command (line 1)\r\n");
			return;
		}
	}
	if (n <= 0) {
		proc_puts(r->p, "no such item\r\n");
		return;
	}
	for (k = 0; k < n && mode >= 0; k++)
		ports_set(ports_of(r), port[k], mode);
}

static void
power_cycle(struct ros_run *r, const char *s)
{
	char key[80], value[80];
	double seconds = 5;
	int port[PORTS_MAX], n = 0, k;

	while (ros_argument(&s, key, sizeof(key), value, sizeof(value)))
		if (strcmp(key, "duration") == 0)
			seconds = strtod(value, NULL);
		else
			n = find_ports(r, key, port);
	if (n <= 0) {
		proc_puts(r->p, "no such item\r\n");
		return;
	}
	if (seconds <= 0 || seconds > 60) {
		proc_puts(r->p,
		    "value of duration out of range (00:00:00..00:01:00)\r\n");
		return;
	}
	for (k = 0; k < n; k++)
		ports_cycle(ports_of(r), port[k], (unsigned)(seconds * 1000));
}

/* --- the system --- */

static void
resource(struct ros_run *r, const char *s)
{
	long up = (long)(((int64_t)loop_now(r->board->rack->loop) -
			     r->board->booted_at) /
	    1000);

	(void)s;
	proc_printf(r->p,
	    "                   uptime: %ldw%ldd%ldh%ldm%lds\r\n"
	    "                  version: 7.11.2 (stable)\r\n"
	    "               build-time: Aug/31/2023 13:55:47\r\n"
	    "        architecture-name: arm\r\n"
	    "               board-name: CRS328-24P-4S+\r\n"
	    "                 platform: MikroTik\r\n",
	    up / 604800, up / 86400 % 7, up / 3600 % 24, up / 60 % 60, up % 60);
}

static void
identity(struct ros_run *r, const char *s)
{
	(void)s;
	proc_printf(r->p, "  name: %s\r\n", proc_machine(r->p)->hostname);
}

static void
put(struct ros_run *r, const char *s)
{
	char key[80], value[80];

	if (ros_argument(&s, key, sizeof(key), value, sizeof(value)))
		proc_printf(r->p, "%s%s%s\r\n", key,
		    value[0] != '\0' ? "=" : "", value);
}

static void
reboot(struct ros_run *r, const char *s)
{
	(void)s;
	board_reboot(r->board);
}

static void
quit(struct ros_run *r, const char *s)
{
	(void)s;
	r->quit = true;
}

const struct ros_verb ros_verbs[] = {
	{ POE, "print", print },
	{ POE, "monitor", monitor },
	{ POE, "set", set },
	{ POE, "power-cycle", power_cycle },
	{ "system resource", "print", resource },
	{ "system identity", "print", identity },
	{ "system", "reboot", reboot },
	{ "", ":put", put },
	{ NULL, "quit", quit },
	{ NULL, NULL, NULL },
};

/*
 * A PoE switch that speaks SNMP, behind a host with net-snmp's commands. It
 * knows POWER-ETHERNET-MIB (RFC 3621) for group 1, as a switch that stands
 * alone does. An agent that does not like a community says nothing at all,
 * and what is not there is no error: the commands end with status 0.
 */
#include "snmp.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

static void
snmp_read(struct sim_board *b, struct sim_keys *k)
{
	struct snmp *s = mem_alloc(sizeof(*s));

	b->state = s;
	s->ports.far = true;
	str_copy(s->host, sizeof(s->host), sim_key_text(k, "host", "10.0.0.2"));
	str_copy(s->community, sizeof(s->community),
	    sim_key_text(k, "community", "public"));
	str_copy(s->write_community, sizeof(s->write_community),
	    sim_key_text(k, "write_community", "private"));
	s->mib = sim_key_bool(k, "mib", true);
	s->conf = sim_key_bool(k, "snmp_conf", false);
	s->budget = sim_key_int(k, "budget_w", 1, 3000, 130);
}

static const struct command snmp_commands[] = {
	{ "snmpget", cmd_snmpget },
	{ "snmpset", cmd_snmpset },
	{ "snmpwalk", cmd_snmpwalk },
	{ "snmpbulkwalk", cmd_snmpwalk },
	{ NULL, NULL },
};

static void
snmp_init(struct sim_board *b)
{
	struct snmp *s = b->state;
	char line[160];

	ports_init(&s->ports, b);
	s->machine_host = linux_host_new(b, snmp_commands);
	str_format(line, sizeof(line), "mibs :\n%s%s%s",
	    s->conf ? "defVersion 2c\ndefCommunity " : "",
	    s->conf ? s->write_community : "", s->conf ? "\n" : "");
	vfs_text(b->machine.vfs, "/etc/snmp/snmp.conf", line);
}

static void
snmp_tick(struct sim_board *b, double dt)
{
	struct snmp *s = b->state;

	ports_tick(&s->ports);
	linux_host_tick(s->machine_host, dt);
}

static void
snmp_down(struct sim_board *b)
{
	linux_host_down(((struct snmp *)b->state)->machine_host);
}

/* The host's power is not the switch's: but a power cut hits both. */
static void
snmp_up(struct sim_board *b)
{
	struct snmp *s = b->state;

	linux_host_up(s->machine_host);
	ports_up(&s->ports);
}

static void
snmp_write(const struct sim_board *b, struct buf *out)
{
	const struct snmp *s = b->state;

	buf_printf(out, "host = \"%s\";", s->host);
	if (!s->conf)
		buf_printf(out,
		    " community = \"%s\"; write_community = \"%s\";",
		    s->community, s->write_community);
}

static void
snmp_release(struct sim_board *b)
{
	struct snmp *s = b->state;

	if (s != NULL)
		linux_host_free(s->machine_host);
	free(s);
}

static const char *const snmp_keys[] = { "host", "community", "write_community",
	"mib", "snmp_conf", "budget_w", NULL };

const struct personality snmp_personality = {
	.type = "snmp",
	.user = "pi",
	.feed = true,
	.reboot_ms = 20000,
	.keys = snmp_keys,
	.read = snmp_read,
	.init = snmp_init,
	.tick = snmp_tick,
	.down = snmp_down,
	.up = snmp_up,
	.node_faulted = ports_node_faulted,
	.release = snmp_release,
	.write = snmp_write,
};

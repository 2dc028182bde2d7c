/*
 * snmp - what the parts of the simulated SNMP switch share.
 */
#ifndef RM_SIM_SNMP_H
#define RM_SIM_SNMP_H

#include "linux_host.h"
#include "ports.h"

struct snmp {
	struct ports ports;	/* first */
	struct sim_node *machine_host;
	char host[64];		/* the switch's address */
	char community[64], write_community[64];
	bool mib;		/* it has the PoE MIB */
	bool conf;		/* the host's snmp.conf has the community */
	int budget;		/* W */
};

int	 cmd_snmpget(struct proc *, int argc, char **argv);
int	 cmd_snmpset(struct proc *, int argc, char **argv);
int	 cmd_snmpwalk(struct proc *, int argc, char **argv);

#endif

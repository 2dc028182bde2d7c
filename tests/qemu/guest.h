/*
 * guest - a real Linux in QEMU, without KVM, to be driven by a test.
 *
 * What it is made of comes from $RM_GUEST (fetch-guest.sh, make-initrd.sh).
 * All but the console of a node goes over socket pairs: nothing to wait for,
 * and it ends with the test, however that ends.
 */
#ifndef RM_TESTS_GUEST_H
#define RM_TESTS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "vtx.h"

#define GUEST_PORTS 2

struct guest {
	pid_t pid;
	int monitor;		/* QMP */
	int console;		/* of a host: ttyS0 */
	pid_t peers[GUEST_PORTS];
	char printed[400];	/* file: what the console printed */
	char trace[400];	/* file: what its USB adapters were asked */
	char answer[8192];	/* of the monitor */
	bool deleted;		/* it has told of a device that went */
};

/* A node that waits for guest_go(), its console by telnet on a port. A loader
 * (U-Boot) waits for commands; without, the BIOS starts the kernel. */
unsigned guest_node(struct guest *, bool loader);
bool	 guest_connected(struct guest *);	/* somebody has its console */
void	 guest_go(struct guest *);
/* A host with two USB serial adapters, NODE17A and NODE17B, at whose far end
 * sits somebody who answers in capitals. */
void	 guest_host(struct guest *);
/* Its console on a terminal. */
void	 guest_terminal(struct guest *, struct vtx *, int w, int h);
void	 guest_unplug(struct guest *, int port);
void	 guest_plug(struct guest *, int port);
/* It has ended by itself, within ms; how, as of waitpid(). */
bool	 guest_ended(struct guest *, int *status, int ms);
void	 guest_stop(struct guest *);

#endif

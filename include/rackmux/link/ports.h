/*
 * ports - the serial ports of this machine and what is likely behind each.
 */
#ifndef RM_LINK_PORTS_H
#define RM_LINK_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Strings are clean; "" when unknown. */
struct port_info {
	char path[128];		/* /dev/ttyACM0 */
	char by_id[256];	/* /dev/serial/by-id/..., the name to configure */
	char by_path[256];	/* for adapters without a serial number */
	char description[128];	/* "Turing Machines, Inc Turing Pi 2 (v2.4)" */
	char serial[64];
	unsigned vid, pid;	/* 0: not USB */
	const char *guess;	/* static; "" */
	pid_t holder;		/* a process that has it open, or 0 */
	char holder_name[32];
};

/* Where to look; NULL members (or NULL) mean the real places. */
struct ports_roots {
	const char *serial;	/* /dev/serial, with by-id and by-path */
	const char *proc;	/* /proc */
};

/* All ports, sorted by path; *out is the caller's, to free(). It reads /sys
 * and /proc at once and may take some milliseconds. */
size_t	 ports_list(struct port_info **out, const struct ports_roots *);

/* The parts of it. */
const char *ports_guess(unsigned vid, unsigned pid);
void	 ports_names(struct port_info *, const struct ports_roots *);
/* Another process that has the device open, or 0 as far as we may see; not
 * the one that plays it, if it is a pty. name (may be NULL) is its command. */
pid_t	 ports_holder(const char *path, const struct ports_roots *,
	    char *name, size_t size);

/* What is known of one device without asking it: USB identity, by-id name.
 * A path below by-id/ is that name, also while the device is not there. */
void	 ports_identity(const char *path, const struct ports_roots *,
	    struct port_info *out);
/* The last part of by_id, "" if it has none. */
const char *ports_by_id(const struct port_info *);

/* serial.c, where libserialport is: path, description, serial, vid, pid. */
size_t	 serial_ports(struct port_info **out);
bool	 serial_port(const char *real, struct port_info *out);

#endif

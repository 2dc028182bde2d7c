/*
 * url - where a board is.
 *
 *   ssh://[user@]host[:port]          also [::1]:22
 *   serial:/dev/serial/by-id/...[@115200]
 *   exec:program arg arg
 *   user@host, host                   (short for ssh, command line only)
 */
#ifndef RM_LINK_URL_H
#define RM_LINK_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_MAX 512

struct url {
	char scheme[8];
	char user[64];		/* "" if not given */
	char host[256];		/* ssh: host or alias; serial: the path */
	unsigned port;		/* ssh: 0 if not given */
	unsigned baud;		/* serial: 115200 unless given */
	char cmd[URL_MAX];	/* exec: the command line */
};

/* False, and err says what is wrong and what it should look like. */
bool	 url_parse(struct url *, const char *, bool allow_short, char *err,
	    size_t size);

#endif

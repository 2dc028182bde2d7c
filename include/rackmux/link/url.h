/*
 * url - where a board is.
 *
 *   ssh://[user@]host[:port]          also [::1]:22
 *   serial:/dev/serial/by-id/...[@115200[,8N1][,rtscts][,dtr=on][,rts=off]]
 *   exec:program arg arg
 *   tcp://host:port                   bytes as they are (a console)
 *   telnet://host[:port]              (a console)
 *   user@host, host                   (short for ssh, command line only)
 */
#ifndef RM_LINK_URL_H
#define RM_LINK_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_MAX 512

/* DTR and RTS reset boards, so they are left alone unless asked for. */
enum url_pin { PIN_LEAVE, PIN_ON, PIN_OFF };

struct url {
	char scheme[8];
	char user[64];		/* "" if not given */
	char host[256];		/* host or alias; serial: the path */
	unsigned port;		/* ssh: 0 if not given; telnet: 23 then */
	unsigned baud;		/* serial: 115200 unless given */
	unsigned bits, stops;	/* serial: 8 and 1 unless given */
	char parity;		/* serial: 'N', 'E' or 'O' */
	bool rtscts;
	enum url_pin dtr, rts;
	char cmd[URL_MAX];	/* exec: the command line */
};

/* False, and err says what is wrong and what it should look like. */
bool	 url_parse(struct url *, const char *, bool allow_short, char *err,
	    size_t size);
/* It carries bytes but no board: good for consoles only. */
bool	 url_console_only(const struct url *);

#endif

/*
 * telnet - a telnet server's side of a connection, as ser2net's: it echoes by
 * itself, suppresses go-ahead, sends eight bits, and knows BREAK.
 */
#ifndef RM_SIM_TELNET_H
#define RM_SIM_TELNET_H

#include <stddef.h>

struct telnet;

struct telnet_ops {
	void (*wire)(void *arg, const char *, size_t len);	/* to send */
	void (*data)(void *arg, const char *, size_t len);	/* came */
	void (*brk)(void *arg);
};

struct telnet	*telnet_new(const struct telnet_ops *, void *arg);
void		 telnet_end(struct telnet *);
void		 telnet_input(struct telnet *, const char *, size_t len);
void		 telnet_data(struct telnet *, const char *, size_t len);

#endif

/*
 * tcp - a TCP connection to a port of a simulated machine: what carries it (a
 * socket, a channel of an SSH session) on one side, who serves it on the
 * other. Neither is called from within a call of its own: what is sent
 * waits here until the carrier's turn.
 */
#ifndef RM_SIM_TCP_H
#define RM_SIM_TCP_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/loop.h"

struct tcp;

/* Who serves it. All but input and gone may be NULL. */
struct tcp_service {
	void (*input)(void *arg, const char *, size_t len);
	void (*eof)(void *arg);		/* the client sends no more */
	void (*room)(void *arg);	/* what was sent has left */
	void (*gone)(void *arg);	/* it is no more: free arg */
};

struct tcp {
	const struct tcp_service *service;	/* NULL: nobody any more */
	void *arg;
	struct buf out;			/* for the client */
	bool ended;			/* close it when out is empty */
	bool reset;			/* or at once */
	void (*wake)(void *carrier);	/* something of these has changed */
	void *carrier;
};

/* --- for who serves --- */
void	 tcp_send(struct tcp *, const char *, size_t len);
size_t	 tcp_waiting(const struct tcp *);	/* bytes that have not left */
void	 tcp_end(struct tcp *);
void	 tcp_reset(struct tcp *);

/* --- for who carries --- */
void	 tcp_init(struct tcp *, void (*wake)(void *carrier), void *carrier);
void	 tcp_input(struct tcp *, const char *, size_t len);
void	 tcp_eof(struct tcp *);
void	 tcp_sent(struct tcp *, size_t len);	/* of out: it has left */
bool	 tcp_over(const struct tcp *);		/* it is to be closed now */
/* The connection is gone: tells who serves it. */
void	 tcp_release(struct tcp *);

/* --- a port of this machine --- */
/* Serves a client that connects (sets service and arg); false: it is
 * reset. */
typedef bool tcp_accept_fn(void *arg, struct tcp *);
struct tcp_port;
struct tcp_port	*tcp_port_new(struct loop *, unsigned port, tcp_accept_fn *,
		    void *arg, char *err, size_t size);
void		 tcp_port_free(struct tcp_port *);
unsigned	 tcp_port_number(const struct tcp_port *);
/* Who connected is reset, and nobody listens while it is shut. */
void		 tcp_port_shut(struct tcp_port *, bool shut);

#endif

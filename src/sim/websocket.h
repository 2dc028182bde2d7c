/*
 * websocket - a WebSocket server's side, on bytes that somebody else carries,
 * after the handshake; and that handshake's one secret.
 */
#ifndef RM_SIM_WEBSOCKET_H
#define RM_SIM_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"

enum { WS_NORMAL = 1000, WS_PROTOCOL = 1002, WS_UNSUPPORTED = 1003,
	WS_ERROR = 1011 };

struct websocket;

struct websocket_ops {
	void (*wire)(void *arg, const char *, size_t len);	/* to send */
	void (*data)(void *arg, const char *, size_t len);	/* came */
	/* Both sides are done. Not from within a call of it. */
	void (*over)(void *arg);
};

struct websocket *websocket_new(struct loop *, const struct websocket_ops *,
		    void *arg);
void		 websocket_free(struct websocket *);
void		 websocket_input(struct websocket *, const char *, size_t len);
/* A binary frame. */
void		 websocket_send(struct websocket *, const char *, size_t len);
void		 websocket_close(struct websocket *, unsigned code,
		    const char *why);
/* The answer to a key (Sec-WebSocket-Accept); out holds 29 bytes. */
void		 websocket_accept(const char *key, char *out);

#endif

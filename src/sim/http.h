/*
 * http - a request as a server reads it, and the answer's first lines.
 */
#ifndef RM_SIM_HTTP_H
#define RM_SIM_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/buf.h"

#define HTTP_HEAD_MAX 16384
#define HTTP_BODY_MAX 65536

struct http_request {
	char method[8];
	char target[1024];	/* path and query */
	char key[64];		/* Sec-WebSocket-Key, "" */
	char version[8];	/* Sec-WebSocket-Version, "" */
	bool upgrade;		/* Upgrade: websocket */
	bool connection;	/* Connection: ... upgrade ... */
	bool close;		/* Connection: close, or HTTP/1.0 */
	size_t head, body;	/* bytes of each */
};

/* 1: all of it is in b; 0: more must come; -1: it is none. */
int	 http_parse(const struct buf *b, struct http_request *);
const char *http_reason(int status);

#endif

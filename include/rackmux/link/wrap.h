/*
 * wrap - protocols between a stream and the bytes of a console: telnet, TLS
 * and WebSocket, each over any stream.
 *
 * Each is opened over an opener, which opens the stream below; tls_open() and
 * its likes are openers themselves, so they nest. What `with` points to is
 * needed during the call only:
 *
 *	struct wrap_link far = { link, &tcp_request };
 *	struct wrap_tls tls = { loop, { wrap_link_open, &far }, NULL, 0 };
 *	struct wrap_websocket ws = { .loop = loop,
 *	    .below = { tls_open, &tls }, .host = "localhost",
 *	    .path = "/api/bmc/serial/ws?node=0" };
 *
 *	s = websocket_open(&ws, &sink, arg, &err);
 *
 * The stream keeps the contract of stream.h and is the caller's to free. A
 * deadline runs from the call until on_open. What is freed while it is open first says goodbye below, and for that the stream
 * below may live on, deaf, for WRAP_LINGER_MS at most; its own end, as when
 * its link is freed, ends that at once.
 */
#ifndef RM_LINK_WRAP_H
#define RM_LINK_WRAP_H

#include <stdbool.h>

#include "rackmux/base/loop.h"
#include "rackmux/link/link.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"

#define WRAP_OPEN_MS 5000
#define WRAP_LINGER_MS 500

/* NULL and *err (negative errno) when it cannot; nothing is told then. */
typedef struct stream *wrap_open_fn(const void *with,
    const struct stream_sink *, void *arg, int *err);

struct wrap_below {
	wrap_open_fn *open;
	const void *with;
};

/* A stream of a link: link_open(). */
struct wrap_link {
	struct link *link;
	const struct stream_request *request;
};
wrap_open_fn wrap_link_open;

/* Telnet (RFC 854): eight bits where the peer agrees, no local echo, the
 * size as NAWS, a break as IAC BRK. */
struct wrap_telnet {
	struct loop *loop;
	struct wrap_below below;
	int rows, cols;		/* 0: not told until stream_resize() */
};
wrap_open_fn telnet_open;	/* with: a struct wrap_telnet */

/* TLS client, 1.2 or later. The certificate is not checked: what it carries
 * runs inside a connection that is trusted, and is self-signed there. */
struct wrap_tls {
	struct loop *loop;
	struct wrap_below below;
	const char *name;	/* the name asked for (SNI); NULL: none */
	unsigned open_ms;	/* 0: WRAP_OPEN_MS */
};
wrap_open_fn tls_open;		/* with: a struct wrap_tls */

/* WebSocket client (RFC 6455): the payload of text and binary frames is the
 * stream. A refusal ends it with a sentence that has the HTTP status. */
struct wrap_websocket {
	struct loop *loop;
	struct wrap_below below;
	const char *host;	/* for the Host header, with ":port" if any */
	const char *path;	/* "/..." */
	const char *headers;	/* more of them, each ended by \r\n; or NULL */
	unsigned open_ms;	/* 0: WRAP_OPEN_MS */
	unsigned ping_ms;	/* 0: 10,000 */
};
wrap_open_fn websocket_open;	/* with: a struct wrap_websocket */

#endif

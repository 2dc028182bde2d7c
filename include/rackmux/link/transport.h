/*
 * transport - what carries a link: SSH, a serial line, a local program,
 * a TCP port.
 *
 * A transport is started once and either comes up or goes down; after down
 * it is dead and is freed, and the link makes a new one when it is time.
 * It has deadlines of its own for each phase, so it never hangs.
 */
#ifndef RM_LINK_TRANSPORT_H
#define RM_LINK_TRANSPORT_H

#include "rackmux/base/loop.h"
#include "rackmux/link/link.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/url.h"

struct transport;

/* Called by the transport. None may free it but on_down. */
struct transport_sink {
	/* A step on the way (resolving, connecting, host key, auth). */
	void (*on_state)(void *arg, enum link_state);
	void (*on_up)(void *arg);
	/* The end, once. retry says if trying again by itself makes sense;
	 * after an authentication failure or a changed host key it does not.
	 * The sink may free the transport here. */
	void (*on_down)(void *arg, enum link_why, const char *text,
	    bool retry);
	/* The operator is needed. The transport may go down with
	 * LINK_WHY_ASKING (retry false) while the operator thinks; the link
	 * reconnects with the answer. */
	void (*on_ask)(void *arg, const struct link_ask *);
};

enum stream_kind {
	STREAM_SHELL,	/* a POSIX shell reading commands, no pty */
	STREAM_EXEC,	/* cmd, no pty */
	STREAM_PTY,	/* cmd (NULL: login shell) on a pty of rows x cols */
	STREAM_TCP,	/* host:port as seen from the far side */
	STREAM_RAW,	/* the line itself, for dialogues and consoles */
};

struct stream_request {
	enum stream_kind kind;
	const char *cmd;
	const char *host;
	unsigned port;
	int rows, cols;
};

struct transport_ops {
	const char *scheme;		/* "ssh", "serial", ... */
	unsigned can;			/* LINK_CAN_* */
	bool login;			/* its shell may ask for a login first */
	/* Never NULL, and the sink is not called before it has returned: what
	 * goes wrong at once is told by on_down() from a task. The pool is
	 * that of the link (handshake slots, keys); config and url are
	 * borrowed until free. */
	struct transport *(*start)(struct loop *, struct link_pool *,
	    const struct link_config *, const struct url *,
	    const struct transport_sink *, void *arg);
	/* NULL and *err (negative errno) when it cannot. The sink's on_close
	 * is not called then. */
	struct stream *(*open)(struct transport *,
	    const struct stream_request *, const struct stream_sink *,
	    void *arg, int *err);
	/* Bytes received so far, to tell a silent peer from a slow one. */
	unsigned long long (*received)(const struct transport *);
	unsigned long long (*sent)(const struct transport *);
	/* The operator's answer to on_ask() of this transport; NULL text
	 * declines. The op may be NULL. */
	void (*answer)(struct transport *, unsigned id, const char *text);
	/* Silent: no callback comes after it. The link never calls it inside
	 * a callback of the transport or of its streams, on_down excepted.
	 * Streams still owned by others stay valid, closed, until freed. */
	void (*free)(struct transport *);
};

struct transport {
	const struct transport_ops *ops;
};

extern const struct transport_ops ssh_transport;
extern const struct transport_ops serial_transport;
extern const struct transport_ops exec_transport;
extern const struct transport_ops tcp_transport;
extern const struct transport_ops telnet_transport;

#endif

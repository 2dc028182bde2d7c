/*
 * way - how a node's serial console is reached: what a driver knows of it, or
 * the configuration says. It is opened by console/reach.h.
 */
#ifndef RM_DRIVER_WAY_H
#define RM_DRIVER_WAY_H

#include <stdbool.h>

#include "rackmux/base/buf.h"

enum way_kind {
	WAY_NONE,
	/* The link itself is the line: a serial port, a TCP port (raw or
	 * telnet), a local program. */
	WAY_LINE,
	/* A WebSocket that carries the bytes in binary frames, on a TCP port
	 * of the far side. */
	WAY_WEBSOCKET,
	WAY_TCP,		/* a TCP port of the far side, raw */
	WAY_TELNET,		/* the same, telnet (RFC 854, BREAK) */
	WAY_PTY,		/* a command on a pty: picocom, nodectl console */
	WAY_PIPE,		/* a command without one: its stdin and stdout
				 * are the line, eight bits clean */
	WAY_LOGIN,		/* a login shell on a pty */
	/* A command that prints what came, run again and again; typing by
	 * another one. */
	WAY_ASK,
};

/* Who carries it. */
enum way_by {
	WAY_BY_BOARD,		/* the board's own link */
	WAY_BY_NODE,		/* the node's own link */
	WAY_BY_OWN,		/* a link for this console alone */
};

#define WAY_CMD_MAX 2048
#define WAY_TYPE_MAX 256

struct way {
	enum way_kind kind;
	enum way_by by;
	/* PTY, PIPE: the command; a PIPE without one is the tty device at baud
	 * itself, see way_tty(). ASK: prints what came; run every ask_ms.
	 * LINE: the local program that it is, if it is one. */
	char cmd[WAY_CMD_MAX];
	/* ASK: a command whose stdin is typed at the node, eight bits clean;
	 * "": nothing can be typed. */
	char type_cmd[WAY_TYPE_MAX];
	unsigned ask_ms;
	char field[16];		/* ASK: it prints JSON, and this string of it
				 * is what came; "": all that it prints is */
	unsigned ring;		/* ASK: the bytes that are kept for us */
	bool window;		/* ASK: it prints all of them each time, not
				 * only what came since it was asked last */
	/* WEBSOCKET, TCP, TELNET: as seen from the far side. */
	char host[64];
	unsigned port;
	bool tls;		/* its certificate is not checked: it is self-
				 * signed, and what carries it is trusted */
	char path[128];
	/* LINE, PTY, PIPE: the bytes up to and with the line that contains this are
	 * the program's own and are not shown; "": none. */
	char ready[64];
	/* LINE, PTY: typed to end the program ("\001\030" for picocom); its first
	 * byte, typed twice, reaches the node once. Its words from a line that
	 * begins with bye on are not shown. */
	char quit[8];
	char bye[64];		/* several are separated by '|' */
	char brk[8];		/* LINE, PTY: typed to make it send a break */
	char said[24];		/* and the line that it then says */
	/* A line that contains this instead of ready: another program holds
	 * the line. Several are separated by '|'. */
	char held[64];
	unsigned baud;		/* of the line, 0: it has none that matters */
	/* "/dev/ttyS1" at the far side, "" unknown; BY_OWN: the URL of that
	 * link, "" when the configuration has it. */
	char device[160];
	bool sends_break;	/* a break gets through */
	bool repeats;		/* begins with what was printed before */
	bool steals;		/* other readers lose what we read */
	/* What it cannot do, a sentence for the operator, or "". */
	char limits[200];
};

void	 way_init(struct way *);
/* A word for a shell, quoted; false, and "", when it does not fit. */
bool	 way_quote(char *out, unsigned size, const char *word);
/* Equal in all that matters for where it leads. */
bool	 way_same(const struct way *, const struct way *);

/* The manners of the program that cmd runs, if it is one that is known:
 * ready, quit, bye, brk and held of picocom, nodectl, ipmitool. */
void	 way_manners(struct way *);

/*
 * A tty on the far side of a shell, with nothing there but sh, stty and dd:
 * a PIPE. Who holds it is looked for before it is opened.
 */
void	 way_tty(struct way *, const char *device, unsigned baud);
/* Its command. */
void	 way_tty_cmd(const struct way *, struct buf *out);
/* Prints "picocom (pid 123)" when a program holds the device. */
void	 way_holder_cmd(const char *device, struct buf *out);

#endif

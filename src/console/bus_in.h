/*
 * bus_in - what the files of the bus share: messages, connections, the
 * folder, the registry (hub), streams. docs/architecture.md, "Between
 * processes", is the protocol.
 */
#ifndef RM_CONSOLE_BUS_IN_H
#define RM_CONSOLE_BUS_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/loop.h"
#include "rackmux/console/bus.h"

#define BUS_MAJOR 1
#define BUS_MINOR 0
#define BUS_LINES 4096		/* in the registry */
#define BUS_WAITERS 64		/* claims a line */
#define BUS_PROCESSES 256
#define BUS_JOINERS 16		/* a line */
#define BUS_MSG 4096		/* bytes of a message */
#define BUS_LINE 512		/* of a line's name */
#define BUS_WHY 256
#define BUS_ANSWER_MS 2000	/* who takes longer does not answer */
#define BUS_VOID_MS 1500	/* a give that is read later is void */
#define BUS_GRACE_MS 300

/* --- messages (bus_msg.c) ----------------------------------------------- */

enum bus_msg_type {
	BUS_MSG_OTHER,		/* of a later minor version */
	BUS_HELLO, BUS_CLAIM, BUS_HAVE, BUS_DROP, BUS_TAKE, BUS_GAVE, BUS_KEPT,
	BUS_JOIN, BUS_PING, BUS_MINE, BUS_THEIRS, BUS_GIVE, BUS_REFUSED,
	BUS_OVER, BUS_PONG,
	BUS_MSG_TYPES
};

struct bus_msg {
	enum bus_msg_type type;
	bool fd;		/* carries a descriptor */
	bool have;
	long long id, since, until, pid;
	long long major, minor;	/* of hello */
	char version[32];
	char line[BUS_LINE];
	char who[64], user[32];
	char why[BUS_WHY];
};

/* False: it breaks the rules, and why says how. */
bool	 bus_msg_parse(struct bus_msg *, const char *, size_t len,
	    const char **why);
/* One line with its \n. */
void	 bus_msg_print(const struct bus_msg *, struct buf *out);
/* Milliseconds of CLOCK_MONOTONIC: the same in all processes. */
long long bus_clock(void);

/* --- a connection (bus_wire.c) ------------------------------------------ */

struct bus_wire;
struct bus_wire_sink {
	/* fd: ours to close, or -1. The wire may be freed in it. */
	void (*on_msg)(void *arg, const struct bus_msg *, int fd);
	/* why is a sentence; the wire is of no use any more. */
	void (*on_gone)(void *arg, const char *why);
};
/* Takes over fd, which is non-blocking. */
struct bus_wire	*bus_wire_new(struct loop *, int fd,
		    const struct bus_wire_sink *, void *arg);
void		 bus_wire_free(struct bus_wire *);
/* Takes over msg_fd (-1: none). Never blocks, never calls back. */
void		 bus_wire_send(struct bus_wire *, const struct bus_msg *,
		    int msg_fd);
/* Bytes that wait because the peer does not read. */
size_t		 bus_wire_waiting(const struct bus_wire *);

/* --- the folder (bus_dir.c) --------------------------------------------- */

struct bus_dir {
	char *path;		/* NULL: there is none */
	char sock[108];
	int fd, lock_fd, lines_fd;
	char trouble[BUS_WHY];
};

/* Where it is when nobody says; caller frees. */
char	*bus_dir_default(void);
void	 bus_dir_init(struct bus_dir *, const char *dir);
void	 bus_dir_release(struct bus_dir *);
/* Open and check it; false: trouble says why. Again and again is fine. */
bool	 bus_dir_open(struct bus_dir *);
/* A listening socket when the bus is ours to serve, else -1; trouble says so
 * when it is not just that another one does. */
int	 bus_dir_listen(struct bus_dir *);
void	 bus_dir_unlisten(struct bus_dir *);
/* The socket that we listen at is still what others find there. */
bool	 bus_dir_serves(const struct bus_dir *);
/* A connection to who serves it, or a negative errno. *pid: of the server. */
int	 bus_dir_connect(struct bus_dir *, pid_t *pid);
/* The lock of a line: 1 got, 0 another has it, -1 there are no such locks. */
int	 bus_dir_lock(struct bus_dir *, const char *line);
void	 bus_dir_unlock(struct bus_dir *, const char *line);
/* The uid and pid of a connection's peer; false: they cannot be had. */
bool	 bus_peer(int fd, uid_t *, pid_t *);

/* --- the registry (bus_hub.c) ------------------------------------------- */

struct bus_hub;
/* Takes over listen_fd (-1: none, for tests). grace: another one was there
 * before, wait for its owners. */
struct bus_hub	*bus_hub_new(struct loop *, int listen_fd, bool grace);
void		 bus_hub_free(struct bus_hub *);
/* A connection; takes over fd. */
void		 bus_hub_adopt(struct bus_hub *, int fd, pid_t);
/* Ends the program when the registry contradicts itself; for fuzzers. */
void		 bus_hub_check(const struct bus_hub *);

/* --- streams (bus_stream.c) --------------------------------------------- */

#define BUS_SNAPSHOT (4u << 20)
#define BUS_CHUNK (64u << 10)
#define BUS_TEXT 1024u
#define BUS_QUEUE (1u << 20)

/* The owner's end. */
struct bus_stream;
/* Takes over fd. on_gone: it is at its end; free it. */
struct bus_stream *bus_stream_new(struct loop *, int fd, loop_fn *on_gone,
		    void *arg);
void		 bus_stream_free(struct bus_stream *);
void		 bus_stream_snapshot(struct bus_stream *, int rows, int cols,
		    const char *, size_t len);
void		 bus_stream_bytes(struct bus_stream *, const char *, size_t);
void		 bus_stream_note(struct bus_stream *, const char *);
void		 bus_stream_size(struct bus_stream *, int rows, int cols);
/* Say why, and send what waits. True: it is sent, free it; else on_gone comes
 * when it is, or after 2 s. */
bool		 bus_stream_end(struct bus_stream *, const char *why);
size_t		 bus_stream_waiting(const struct bus_stream *);

/* The joiner's end (bus_frames.c): frames out of bytes in any pieces. */
struct bus_frames {
	struct buf in;
	size_t skip;		/* of a frame that is not for us */
	size_t given;		/* of what was given out last */
	bool begun;		/* had its snapshot */
};
void	 bus_frames_init(struct bus_frames *);
void	 bus_frames_release(struct bus_frames *);
void	 bus_frames_add(struct bus_frames *, const char *, size_t);
/* The next frame's type and content (valid until the next call); 0: more bytes
 * are needed; -1: it breaks the rules, and *why says how. */
int	 bus_frames_next(struct bus_frames *, const char **data, size_t *len,
	    const char **why);

/* --- a process's side (bus.c, bus_claim.c, bus_join.c) ------------------ */

struct bus_pending {		/* somebody waits to join */
	TAILQ_ENTRY(bus_pending) link;
	int fd;
};

struct bus_reader {
	TAILQ_ENTRY(bus_reader) link;
	struct bus *bus;
	struct bus_claim *claim;	/* NULL: it is only sent to its end */
	struct bus_stream *stream;
};

TAILQ_HEAD(bus_readers, bus_reader);

enum bus_is { BUS_IS_UNTOLD, BUS_IS_MINE, BUS_IS_THEIRS };

struct bus_claim {
	TAILQ_ENTRY(bus_claim) link;
	struct bus *bus;
	const struct bus_claim_sink *sink;
	void *arg;
	long long id, since, until;
	char line[BUS_LINE];
	enum bus_is want, told;	/* want: by the hub's last word */
	bool locked;
	bool asked;		/* the hub, in this connection */
	bool alone;		/* nobody answers: the lock decides */
	bool giving;		/* the hub waits for our word */
	bool taking;
	long long since_asked, since_take;
	struct bus_owner owner, told_owner;
	char refused[BUS_WHY];
	struct task *task;
	bool *gone;
	TAILQ_HEAD(, bus_pending) pending;
	struct bus_readers readers;
	size_t n_readers;
};

struct bus_join {
	TAILQ_ENTRY(bus_join) link;
	struct bus *bus;
	const struct bus_join_sink *sink;
	void *arg;
	long long id, since;
	char line[BUS_LINE];
	bool asked, over, told, slow;
	char why[BUS_TEXT + 1];
	int fd, far;		/* ours; the owner's, until it is sent */
	struct io *io;
	struct bus_frames frames;
	struct task *task;
	bool *gone;
};

enum bus_state {
	BUS_ALONE,		/* there is no folder */
	BUS_SEEKING,
	BUS_GREETING,		/* connected, no hello yet */
	BUS_FOREIGN,		/* the hub's version is another */
	BUS_UP
};

struct bus {
	struct loop *loop;
	struct bus_dir dir;
	char who[64], user[32];
	enum bus_state state;
	bool alone;		/* nobody answered for BUS_ANSWER_MS */
	bool was_up;
	unsigned fails;
	long long since;	/* of this state, or of looking for a hub */
	long long pinged;	/* 0: no ping is under way */
	long long ping_at;	/* the last one */
	pid_t hub_pid;
	char trouble[BUS_WHY];
	struct bus_hub *hub;
	struct bus_wire *wire;
	struct timer *seek, *watch;
	long long next_id;
	TAILQ_HEAD(, bus_claim) claims;
	TAILQ_HEAD(, bus_join) joins;
	struct bus_readers leaving;
};

void	 bus_send(struct bus *, const struct bus_msg *, int fd);
void	 bus_watch(struct bus *);	/* something waits from now on */
bool	 bus_is_silent(const struct bus *);	/* nobody can be asked */
/* A line's name as it goes over the wire. */
void	 bus_line_name(char out[BUS_LINE], const char *);
void	 bus_claim_ask(struct bus_claim *);
void	 bus_claim_told(struct bus_claim *, const struct bus_msg *, int fd);
void	 bus_claim_lost_hub(struct bus_claim *);
void	 bus_claim_detach(struct bus_claim *);	/* the bus goes */
/* Nobody answers: go by the lock. True: look again in a while. */
bool	 bus_claim_tick(struct bus_claim *, long long now);
void	 bus_join_ask(struct bus_join *);
void	 bus_join_over(struct bus_join *, const char *why);
bool	 bus_join_tick(struct bus_join *, long long now);
void	 bus_join_detach(struct bus_join *);
/* Those who read along (bus_readers.c). */
void	 bus_readers_add(struct bus_claim *, int fd);
void	 bus_readers_end(struct bus_claim *, const char *why);
void	 bus_reader_free(struct bus_reader *);

#endif

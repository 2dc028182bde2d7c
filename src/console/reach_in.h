/*
 * reach_in - what the files of reach share.
 *
 * reach.c opens and ends, reach_parts.c is what all use, reach_strip.c takes
 * off what is not the node's, reach_ask.c asks again and again, reach_uart.c
 * reads the answers, reach_held.c finds who has a line, reach_linger.c says
 * goodbye.
 */
#ifndef RM_CONSOLE_REACH_IN_H
#define RM_CONSOLE_REACH_IN_H

#include "rackmux/base/buf.h"
#include "rackmux/console/reach.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"

/* What of a link is used; tests put something else behind it. */
struct reach_via {
	unsigned (*can)(void *arg);
	enum link_state (*state)(void *arg);
	struct stream *(*open)(void *arg, const struct stream_request *,
	    const struct stream_sink *, void *stream_arg, int *err);
	unsigned (*run)(void *arg, const char *cmd, unsigned timeout_ms,
	    link_done_fn *, void *done_arg);
	unsigned (*exec)(void *arg, const char *cmd, unsigned timeout_ms,
	    link_done_fn *, void *done_arg);
	void (*cancel)(void *arg, unsigned ticket);
};

enum reach_phase { REACH_OPENING, REACH_BANNER, REACH_OPEN, REACH_OVER };

struct reach_ask;
struct reach;

/* Something that the link was asked. Its answer comes, or is dropped when the
 * reach was freed. */
struct reach_question {
	struct reach *r;	/* NULL: nobody waits for it any more */
	void (*done)(struct reach *, const struct link_result *);
	unsigned ticket;
};

struct reach {
	struct loop *loop;
	struct reach_via via;
	void *via_arg;
	struct way way;
	int rows, cols;
	struct reach_sink sink;
	void *arg;
	struct stream *stream;
	struct reach_ask *ask;
	struct task *soon;	/* begins it, and tells of its end */
	struct timer *timer;	/* of a banner or a goodbye */
	enum reach_phase phase;
	bool begun;
	bool sure;		/* the program in between is the known one */
	char marker[24];	/* a shell says it before the program does */
	struct buf head;	/* before ready */
	size_t scanned;		/* of head, in whole lines */
	struct buf hold;	/* perhaps a goodbye */
	struct buf pend;	/* the node's, not taken yet */
	bool bol;		/* what comes begins a line */
	bool brk_due;		/* the program will say that it sent one */
	char last[200];		/* line that is not the node's, clean */
	char held[200];		/* the one that says that it is held, or "" */
	struct reach_question *look;	/* who holds it */
	bool ended;		/* the rest is what is in pend */
	enum reach_end end;
	int status;
	char why[300];
	int busy;
	bool freed;
};

/* --- reach.c --- */
struct reach	*reach_open_via(struct loop *, const struct reach_via *,
		    void *via_arg, const struct way *, int rows, int cols,
		    const struct reach_sink *, void *arg);
/* --- reach_parts.c --- */
void		 reach_enter(struct reach *);
bool		 reach_leave(struct reach *);	/* false: it is gone */
/* In a process of its own where the link can do that, else in its shell. */
struct reach_question *reach_ask_link(struct reach *, const char *cmd,
		    unsigned timeout_ms,
		    void (*done)(struct reach *, const struct link_result *));
void		 reach_unask(struct reach *, struct reach_question *);
/* It is over; told from the loop, after what is pending. */
void		 reach_end(struct reach *, enum reach_end, const char *why);
/* What is pending, as far as the sink takes it. False: it is gone. */
bool		 reach_flush(struct reach *);
/* The console is open; false: it is gone. */
bool		 reach_is_open(struct reach *);

/* --- reach_strip.c --- */
/* Bytes of a program before it is ready; all are taken. */
void		 strip_head(struct reach *, const char *, size_t len);
/* Bytes of the console and, at its end, of the program. */
size_t		 strip_feed(struct reach *, const char *, size_t len);
/* The timer, in BANNER or OPEN. */
void		 strip_late(struct reach *);
/* Nothing more comes: a whole goodbye is dropped, the rest is the node's; all
 * of it, when the link was lost and the program did not end. */
void		 strip_end(struct reach *, bool lost);
/* Keep the last line of text that is not the node's. */
void		 strip_keep_last(struct reach *, const char *, size_t len);
/* One of "a|b|c" is in the line. */
bool		 strip_has(const char *line, const char *list);

/* --- reach_ask.c --- */
void		 ask_begin(struct reach *);
void		 ask_free(struct reach_ask *);
/* All was taken: it may be asked again. */
void		 ask_resume(struct reach_ask *);
int		 ask_write(struct reach *, const char *, size_t len);

/* --- reach_uart.c --- */
/* The string named field of a JSON text, as bytes; false when there is none. */
bool		 uart_field(const char *json, size_t len, const char *field,
		    struct buf *out);
/* Whether text fills a ring of so many bytes. */
bool		 uart_full(const char *text, size_t len, unsigned ring);
/* Where in now begins what seen did not have yet. lost: and something between
 * the two is missing. */
size_t		 uart_new(const struct buf *seen, const char *now, size_t len,
		    unsigned ring, bool *lost);

/* --- reach_held.c --- */
/* Find out who has the line, then end with REACH_HELD. */
void		 held_look(struct reach *);

/* --- reach_linger.c --- */
/* Type what ends the program, and free the stream when that is done. */
void		 linger(struct loop *, struct stream *, const char *quit);

#endif

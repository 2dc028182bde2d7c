/*
 * wrap_in - what the protocols of wrap.h share: a stream over a stream.
 *
 * A protocol decodes what came from below into wrap_give() and encodes what
 * its owner wrote into wrap_send(); order, limits, back-pressure, the end and
 * being freed in a callback are wrap.c's. No operation of a protocol calls
 * the owner, so none of them can be freed in the middle.
 */
#ifndef RM_LINK_WRAP_IN_H
#define RM_LINK_WRAP_IN_H

#include "rackmux/base/buf.h"
#include "rackmux/link/wrap.h"

#define WRAP_WHY 400

struct wrap;

struct wrap_ops {
	const char *late;	/* a sentence: it did not open in time */
	/* The stream below is open. */
	void (*begin)(struct wrap *);
	/* Bytes from below; all are taken, and what they carry is no more
	 * than they are, give or take a buffer. */
	void (*decode)(struct wrap *, const char *, size_t len);
	/* Bytes of the owner, after wrap_opened(); all are taken. */
	void (*encode)(struct wrap *, const char *, size_t len);
	/* The timer that wrap_timer() started (may be NULL). */
	void (*tick)(struct wrap *);
	/* Say goodbye; NULL: the end of the stream below says it. */
	void (*bye)(struct wrap *);
	/* The stream below ended before this one was open: a better sentence
	 * (may be NULL). */
	const char *cut;
	/* As in stream_ops; may be NULL. */
	int (*resize)(struct wrap *, int rows, int cols);
	int (*send_break)(struct wrap *);
	void (*free)(struct wrap *);	/* of its own parts, and itself */
};

/* The first member of a protocol's struct. */
struct wrap {
	struct stream base;
	const struct wrap_ops *ops;
	struct loop *loop;
	struct stream *below;
	struct task *task;
	struct timer *timer;
	struct buf plain;	/* decoded, not taken yet */
	struct buf early;	/* written before it was open */
	struct buf out;		/* encoded, not taken below */
	int busy, status;
	bool opened, over, told, eof, eof_sent;
	bool orphan, linger;	/* the owner freed it; it says goodbye */
	bool late;		/* the timer is that of the opening */
	bool held;		/* the owner wants no more for now */
	bool below_held;	/* below holds more for us */
	bool open_due, drain_due;
	char why[WRAP_WHY];
};

/* Start what was allocated and filled in. On an error it is freed. */
struct stream *wrap_start(struct wrap *, const struct wrap_ops *,
	    struct loop *, const struct wrap_below *, unsigned open_ms,
	    const struct stream_sink *, void *arg, int *err);
void	 wrap_give(struct wrap *, const char *, size_t len);
void	 wrap_send(struct wrap *, const char *, size_t len);
void	 wrap_opened(struct wrap *);
void	 wrap_timer(struct wrap *, uint64_t ms);
/* It is over; what was given before is still delivered. The first counts. */
void	 wrap_end(struct wrap *, int status, const char *why);

#endif

/*
 * dialogue - send and expect, with a peer that has no shell.
 *
 * One question at a time over one stream: a string is sent, lines come back
 * until the asker has seen what it waits for, or the deadline passes, or the
 * stream ends. Each question is answered exactly once, and never from within
 * dialogue_ask() itself. A peer like that often has other users, who share
 * the line: what they cause is heard too, and a verdict is only taken when
 * all that has arrived was read.
 */
#ifndef RM_DRIVER_DIALOGUE_H
#define RM_DRIVER_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"
#include "rackmux/link/stream.h"

struct dialogue;

/* Longer lines are dropped whole: no answer is that long. */
#define DIALOGUE_LINE_MAX 200
/* As much as this between question and answer is no answer any more. */
#define DIALOGUE_FLOOD (64 * 1024)

enum dialogue_verdict { DIALOGUE_WAIT, DIALOGUE_GOOD, DIALOGUE_BAD };

enum dialogue_end {
	DIALOGUE_DONE,		/* line() said good */
	DIALOGUE_REFUSED,	/* line() said bad */
	DIALOGUE_SILENT,	/* the deadline passed */
	DIALOGUE_LOST,		/* sent, then the stream ended */
	DIALOGUE_NOT_SENT,
};

struct dialogue_ask {
	const char *send;	/* copied by the stream */
	unsigned timeout_ms;
	/* A line that came, without its end. May be called again after a
	 * verdict, and the last one counts. Must not free the dialogue. */
	enum dialogue_verdict (*line)(void *arg, const char *line);
	/* The end, once; may ask the next, or free the dialogue. why is a
	 * sentence unless DIALOGUE_DONE or DIALOGUE_REFUSED. */
	void (*done)(void *arg, enum dialogue_end, const char *why);
	void *arg;
};

/* overheard (may be NULL) gets every line, asked for or not, before line()
 * does; it must not free the dialogue. loop may be NULL until the first
 * question. */
struct dialogue	*dialogue_new(struct loop *,
		    void (*overheard)(void *arg, const char *line), void *arg);
/* Silent: what is under way is forgotten. Frees the stream. */
void		 dialogue_free(struct dialogue *);
/* Open the stream with this sink and the dialogue as its argument, then hand
 * it over. */
extern const struct stream_sink dialogue_sink;
void		 dialogue_attach(struct dialogue *, struct stream *);
/* The stream is there and has not ended. */
bool		 dialogue_open(const struct dialogue *);
/* Why it ended, "" if it did not. */
const char	*dialogue_why(const struct dialogue *);
bool		 dialogue_busy(const struct dialogue *);
/* Must not be busy. */
void		 dialogue_ask(struct dialogue *, const struct dialogue_ask *);
/* Forget the question under way; its done() is not called. */
void		 dialogue_cancel(struct dialogue *);
/* The line without the echo of what was sent, if it begins with that. */
const char	*dialogue_past_echo(const char *line, const char *sent);

#endif

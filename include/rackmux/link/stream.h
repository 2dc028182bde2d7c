/*
 * stream - bytes both ways: an SSH channel, a serial line, a child process.
 *
 * Whoever opens a stream owns it and frees it with stream_free(), which is
 * fine inside any callback and stops all callbacks. A transport that goes
 * down closes its streams (on_close, once) but leaves freeing to the owner.
 */
#ifndef RM_LINK_STREAM_H
#define RM_LINK_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct stream;

struct stream_sink {
	/* Bytes that arrived. Return how many were taken: the rest is held
	 * back and offered again after stream_resume(), or once more before
	 * on_close(), unasked: what is then not taken is lost. err is true
	 * for the far side's stderr, which must always be taken whole. */
	size_t (*on_data)(void *arg, const char *, size_t len, bool err);
	/* It is over: status is the exit status of the far side's command,
	 * -1 when there is none. why is a sentence. Called at most once. */
	void (*on_close)(void *arg, int status, const char *why);
	/* Everything queued by stream_write() has left us (may be NULL). */
	void (*on_drain)(void *arg);
	/* The stream is open and writable (may be NULL; writing before is
	 * fine, it is queued). */
	void (*on_open)(void *arg);
};

/* What a kind of stream implements; the first member of its struct is a
 * struct stream. */
struct stream_ops {
	/* Takes all of it into a bounded queue, or nothing: 0 or -ENOBUFS,
	 * -EPIPE when it is closed. */
	int (*write)(struct stream *, const char *, size_t len);
	void (*resume)(struct stream *);
	void (*eof)(struct stream *);		/* no more from us */
	int (*resize)(struct stream *, int rows, int cols);
	int (*send_break)(struct stream *);	/* -ENOTSUP where it cannot */
	void (*free)(struct stream *);
};

struct stream {
	const struct stream_ops *ops;
	struct stream_sink sink;
	void *arg;
};

#define STREAM_QUEUE_MAX (256 * 1024)

int	 stream_write(struct stream *, const char *, size_t len);
void	 stream_resume(struct stream *);
void	 stream_eof(struct stream *);
int	 stream_resize(struct stream *, int rows, int cols);
int	 stream_break(struct stream *);
void	 stream_free(struct stream *);

#endif

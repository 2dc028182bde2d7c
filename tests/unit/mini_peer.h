/*
 * mini_peer - the far end of a driver's stream: what was typed is kept, and
 * what comes back is the test's to say. One at a time.
 */
#ifndef RM_TESTS_MINI_PEER_H
#define RM_TESTS_MINI_PEER_H

#include "transcript.h"

struct peer {
	struct stream base;
	struct stream_sink sink;
	void *arg;
	bool open;
	unsigned opens;
	int refuse;		/* the error of the next openings, or 0 */
	int write_err;
	enum stream_kind kind;
	char cmd[700];
	struct buf typed;	/* since the test last looked */
	struct buf all;		/* ever */
};

static struct peer peer;

static int
peer_write(struct stream *s, const char *data, size_t len)
{
	(void)s;
	if (!peer.open)
		return -EPIPE;
	if (peer.write_err != 0)
		return peer.write_err;
	buf_add(&peer.typed, data, len);
	buf_add(&peer.all, data, len);
	return 0;
}

static void
peer_nothing(struct stream *s)
{
	(void)s;
}

static void
peer_free(struct stream *s)
{
	(void)s;
	peer.open = false;
}

static const struct stream_ops peer_ops = {
	.write = peer_write,
	.resume = peer_nothing,
	.eof = peer_nothing,
	.free = peer_free,
};

static struct stream *
peer_open(struct fake *f, const struct stream_request *request,
    const struct stream_sink *sink, void *arg, int *err)
{
	(void)f;
	*err = peer.open ? -EBUSY : peer.refuse;
	if (*err != 0)
		return NULL;
	peer.base.ops = &peer_ops;
	peer.sink = *sink;
	peer.arg = arg;
	peer.open = true;
	peer.opens++;
	peer.kind = request->kind;
	str_copy(peer.cmd, sizeof peer.cmd,
	    request->cmd != NULL ? request->cmd : "");
	return &peer.base;
}

/* A driver with a clock that stands still and a far end to talk to. */
RM_UNUSED static struct fake *
peer_fake(const struct driver *driver, const char *url)
{
	struct fake *f = fake_new(driver, 0);

	memset(&peer, 0, sizeof peer);
	buf_init(&peer.typed, 0);
	buf_init(&peer.all, 0);
	f->loop = loop_new();
	loop_freeze(f->loop);
	f->open_fn = peer_open;
	f->url = url;
	return f;
}

/* After fake_free(). */
RM_UNUSED static void
peer_end(struct loop *loop)
{
	CHECK(!peer.open);
	buf_release(&peer.typed);
	buf_release(&peer.all);
	loop_free(loop);
}

RM_UNUSED static void
peer_wait(struct fake *f, unsigned ms)
{
	/* In small steps: who is woken sees the time at which it was due. */
	while (ms > 0) {
		unsigned step = ms < 50 ? ms : 50;

		f->now += step;
		f->wall += step;
		ms -= step;
		loop_advance(f->loop, step);
	}
}

RM_UNUSED static void
peer_say_len(const char *text, size_t len)
{
	if (peer.open)
		CHECK_INT(peer.sink.on_data(peer.arg, text, len, false), len);
}

RM_UNUSED static void
peer_say(const char *text)
{
	peer_say_len(text, strlen(text));
}

/* The end of the stream; its owner frees it. */
RM_UNUSED static void
peer_close(const char *why)
{
	if (peer.open)
		peer.sink.on_close(peer.arg, -1, why);
}

/* What was typed since the last look is this. */
#define TYPED(want)                                                        \
	do {                                                               \
		CHECK_STR(buf_str(&peer.typed), want);                     \
		buf_clear(&peer.typed);                                    \
	} while (0)

/* --- marks of transcripts ------------------------------------------------- */

/*
 *   ~ c2              exactly this was typed since the last such line
 *   < eEnable:2       this comes, with \r\n; several such lines are one read
 *   < 386.8\          this comes without an end of line, alone
 *   * close WHY       the stream ends
 *   * wait MS         the clock goes on
 *   * set KEY VALUE   a setting, before the first poll
 *   * url URL         of the link
 *   * refuse          the line cannot be opened from now on (or again)
 */

static struct setting peer_settings[8];
static size_t peer_n_settings;
static char peer_texts[8][2][160], peer_url[160];

static void
peer_flush(struct transcript *t, struct buf *said)
{
	(void)t;
	if (said->len > 0)
		peer_say_len(buf_str(said), said->len);
	buf_clear(said);
}

static struct buf peer_said;

static bool
peer_verb(struct transcript *t, char *line)
{
	size_t i = peer_n_settings;
	char *rest = line, *verb = str_word(&rest), *word;
	long ms;

	if (verb == NULL)
		return false;
	if (strcmp(verb, "close") == 0) {
		peer_close(rest);
	} else if (strcmp(verb, "wait") == 0 && str_long(rest, 0, 99999, &ms)) {
		peer_wait(t->f, (unsigned)ms);
	} else if (strcmp(verb, "url") == 0) {
		str_copy(peer_url, sizeof peer_url, str_trim(rest));
		t->f->url = peer_url;
	} else if (strcmp(verb, "refuse") == 0) {
		peer.refuse = peer.refuse == 0 ? -EBUSY : 0;
	} else if (strcmp(verb, "set") == 0 && i < ARRAY_LEN(peer_settings)) {
		word = str_word(&rest);
		str_copy(peer_texts[i][0], sizeof peer_texts[i][0], word);
		str_copy(peer_texts[i][1], sizeof peer_texts[i][1],
		    str_trim(rest));
		peer_settings[i] =
		    (struct setting){ peer_texts[i][0], peer_texts[i][1] };
		t->f->drv->config.settings = peer_settings;
		t->f->drv->config.n_settings = ++peer_n_settings;
	} else
		return false;
	return true;
}

static void
peer_line(struct transcript *t, char *line)
{
	char copy[256];
	size_t len;

	if (line[0] == '<' && (line[1] == ' ' || line[1] == '\0')) {
		line += line[1] == ' ' ? 2 : 1;
		len = strlen(line);
		if (len > 0 && line[len - 1] == '\\') {
			line[len - 1] = '\0';
			unescape(&peer_said, line);
			peer_flush(t, &peer_said);
		} else {
			unescape(&peer_said, line);
			buf_puts(&peer_said, "\r\n");
		}
		return;
	}
	peer_flush(t, &peer_said);
	if (line[0] == '~') {
		transcript_answer(t);
		if (strcmp(buf_str(&peer.typed), line[1] ? line + 2 : "") != 0)
			TFAIL(t, "typed \"%s\"", buf_str(&peer.typed));
		buf_clear(&peer.typed);
		return;
	}
	if (line[0] == '*') {
		transcript_answer(t);
		str_copy(copy, sizeof copy, line + 1);
		if (peer_verb(t, copy))
			return;
	}
	transcript_line(t, line);
}

RM_UNUSED static void
peer_transcript(const struct driver *driver, const char *url, const char *name)
{
	struct transcript t = { .f = peer_fake(driver, url) };
	struct loop *loop = t.f->loop;

	peer_n_settings = 0;
	buf_init(&peer_said, 0);
	transcript_play(&t, name, peer_line);
	if (peer.typed.len > 0)
		test_fail(name, 0, "typed in the end: %s",
		    buf_str(&peer.typed));
	buf_release(&peer_said);
	peer_end(loop);
}

#endif

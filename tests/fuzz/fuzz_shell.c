/*
 * The peer of a shell says anything at any moment, torn anywhere; every
 * command is answered once, and when the stream is over none is left.
 *
 * A fuzzer cannot guess random marks, so a script does: the first byte of the
 * input is the kind of line, and in the rest 0x01 stands for the mark last
 * sent, 0x02 for the acknowledgement, and 0x03 to 0x08 for what happens.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/link/shell.h"

#define RUNS_MAX 64

struct peer {
	struct stream stream;
	struct loop *loop;
	struct shell *shell;
	struct buf said; /* not delivered yet */
	char mark[40], ack[40];
	unsigned answers[RUNS_MAX], runs;
	unsigned ready, dead;
	bool wants, wants_password, full, freed, nested;
};

/* --- the stream ----------------------------------------------------------- */

static void
hear(const char *text, const char *word, char *out, size_t size, int halves)
{
	char a[16] = "", b[16] = "";
	const char *p = NULL, *q = text;

	while ((q = strstr(q, word)) != NULL)
		p = q += strlen(word);
	if (p == NULL || sscanf(p, "%15s %15s", a, b) < halves)
		return;
	a[strspn(a, "0123456789abcdef")] = '\0';
	b[strspn(b, "0123456789abcdef")] = '\0';
	str_format(out, size, "%s%s", a, halves > 1 ? b : "");
}

static int
peer_write(struct stream *s, const char *data, size_t len)
{
	struct peer *p = (struct peer *)s;
	char *text;

	CHECK(!p->freed);
	if (p->full)
		return -ENOBUFS;
	text = fuzz_text((const uint8_t *)data, len);
	hear(text, "_r ", p->mark, sizeof p->mark, 2);
	hear(text, "@", p->mark, sizeof p->mark, 2);
	hear(text, "?", p->ack, sizeof p->ack, 1);
	free(text);
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
	struct peer *p = (struct peer *)s;

	CHECK(!p->freed);
	p->freed = true;
}

static const struct stream_ops ops = {
	.write = peer_write,
	.resume = peer_nothing,
	.eof = peer_nothing,
	.free = peer_free,
};

/* --- the shell's user ----------------------------------------------------- */

static void run(struct peer *, size_t);

static void
on_ready(void *arg)
{
	((struct peer *)arg)->ready++;
}

static void
on_dead(void *arg, enum link_why why, const char *text)
{
	struct peer *p = arg;

	CHECK(why != LINK_WHY_NONE && text != NULL && *text != '\0');
	p->dead++;
	shell_free(p->shell);
	p->shell = NULL;
}

static void
on_login(void *arg, bool password)
{
	struct peer *p = arg;

	p->wants = true;
	p->wants_password = password;
}

static const struct shell_sink sink = { on_ready, on_dead, on_login };

static struct peer *now;

static void
on_done(void *arg, const struct link_result *r)
{
	unsigned *answers = arg;

	CHECK(++*answers == 1);
	CHECK(r->out != NULL && strlen(r->out) <= r->len);
	CHECK(r->out[r->len] == '\0' && r->len <= LINK_OUT_MAX);
	CHECK(r->outcome == LINK_DONE || r->why != NULL);
	CHECK(r->outcome != LINK_DONE || (r->status >= -1 && r->status < 256));
	if (now->nested)
		run(now, 3);
}

static void
run(struct peer *p, size_t len)
{
	char cmd[1024];

	if (p->runs == RUNS_MAX || p->shell == NULL || p->dead > 0)
		return;
	memset(cmd, 'x', sizeof cmd);
	cmd[len % sizeof cmd] = '\0';
	shell_define(p->shell, len % 2 ? "rm_a" : "rm_b", "echo it\n'done'");
	p->runs++;
	shell_run(
	    p->shell, p->runs, cmd, 1000, on_done, &p->answers[p->runs - 1]);
}

/* --- the script ----------------------------------------------------------- */

static void
deliver(struct peer *p)
{
	if (p->shell != NULL && p->said.len > 0)
		shell_stream_sink.on_data(
		    p->shell, buf_str(&p->said), p->said.len, false);
	buf_clear(&p->said);
	loop_turn(p->loop, 0);
}

static void
happen(struct peer *p, uint8_t c)
{
	deliver(p);
	switch (c) {
	case 3:
		break;
	case 4:
		run(p, p->runs * 37 + 1);
		break;
	case 5:
		if (p->shell != NULL && p->runs > 0)
			shell_cancel(p->shell, p->runs);
		break;
	case 6:
		loop_advance(p->loop, 400);
		break;
	case 7:
		if (p->shell != NULL && p->wants)
			shell_login(p->shell, p->wants_password ? "pw" : "me");
		p->wants = false;
		break;
	case 8:
		p->full = !p->full;
		break;
	}
	loop_turn(p->loop, 0);
}

static void
finish(struct peer *p, bool hang_up)
{
	deliver(p);
	p->nested = false;
	if (!hang_up)
		loop_advance(p->loop, 3600 * 1000);
	loop_turn(p->loop, 0);
	if (p->shell != NULL)
		shell_stream_sink.on_close(
		    p->shell, hang_up ? 3 : -1, "the peer hung up");
	CHECK(p->dead == 1 && p->shell == NULL && p->freed);
	CHECK(p->ready <= 1);
	for (unsigned i = 0; i < p->runs; i++)
		CHECK(p->answers[i] == 1);
	loop_turn(p->loop, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct loop *loop;
	struct peer p = { .ready = 0 };
	uint8_t kind = len > 0 ? data[0] : 0;

	if (loop == NULL) {
		loop = loop_new();
		loop_freeze(loop);
	}
	now = &p;
	p.loop = loop;
	p.stream.ops = &ops;
	p.nested = (kind & 2) != 0;
	buf_init(&p.said, 0);
	p.shell = shell_new(loop, (kind & 1) != 0, &sink, &p);
	run(&p, 1);
	shell_attach(p.shell, &p.stream);
	loop_turn(loop, 0);
	for (size_t i = 1; i < len; i++) {
		if (data[i] == 1)
			buf_puts(&p.said, p.mark);
		else if (data[i] == 2)
			buf_puts(&p.said, p.ack);
		else if (data[i] >= 3 && data[i] <= 8)
			happen(&p, data[i]);
		else
			buf_add(&p.said, (const char *)data + i, 1);
	}
	finish(&p, (kind & 4) != 0);
	buf_release(&p.said);
	return 0;
}

/*
 * What a telnet server says: the same bytes, torn anywhere, are the same
 * console; the answers stay bounded, and the end is told once.
 */
#include "fuzz.h"

#include "../unit/wrap_peer.h"

static struct loop *loop;

/* The console's bytes when what was said comes in such pieces. */
static void
listen_to(const uint8_t *data, size_t len, size_t piece, struct buf *got)
{
	struct under u = { .in_use = false }, *p = &u;
	struct above a = { .s = NULL };
	struct wrap_telnet way = { .loop = loop,
		.below = { under_open, &p },
		.rows = 24,
		.cols = 80 };
	size_t at, n;
	int err = 0;

	a.s = telnet_open(&way, &above_sink, &a, &err);
	CHECK(a.s != NULL);
	under_is_open(&u);
	for (at = 0; at < len; at += n) {
		n = piece < len - at ? piece : len - at;
		under_say(&u, data + at, n);
	}
	CHECK(u.waiting.len == 0);
	/* A size is ten bytes at most, a refusal three for three. */
	CHECK(u.sent.len <= 64 + 5 * len);
	if (a.closes == 0)
		CHECK(stream_write(a.s, "\r\377x", 3) == 0);
	under_close(&u, "it ended");
	CHECK(a.closes == 1 && a.opens <= 1);
	buf_add(got, buf_str(&a.got), a.got.len);
	above_release(&a);
	CHECK(!u.in_use);
	under_release(&u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, torn;
	size_t piece = len > 0 ? 1 + data[0] % 7 : 1;

	if (loop == NULL) {
		loop = loop_new();
		loop_freeze(loop);
	}
	buf_init(&whole, 0);
	buf_init(&torn, 0);
	listen_to(data, len, len > 0 ? len : 1, &whole);
	listen_to(data, len, piece, &torn);
	CHECK(whole.len == torn.len);
	CHECK(memcmp(buf_str(&whole), buf_str(&torn), whole.len) == 0);
	buf_release(&whole);
	buf_release(&torn);
	return 0;
}

/*
 * What a WebSocket server says: the same bytes, torn anywhere, are the same
 * console; what is held and answered stays bounded, the end is told once.
 *
 * The first byte of the input: odd, and a right upgrade comes before the rest,
 * since no fuzzer guesses its key; even, and the rest is the upgrade.
 */
#include "fuzz.h"

#include "../unit/wrap_peer.h"
#include "rackmux/base/hash.h"

static struct loop *loop;

static void
upgrade(struct under *u)
{
	const char *key = strstr(buf_str(&u->sent), "Sec-WebSocket-Key: ");
	unsigned char digest[HASH_SHA1_LEN];
	char text[100], accept[64], head[300];

	CHECK(key != NULL);
	str_format(text, sizeof text, "%.24s%s",
	    key + strlen("Sec-WebSocket-Key: "),
	    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	hash_sha1(text, strlen(text), digest);
	hash_base64(digest, sizeof digest, accept);
	str_format(head, sizeof head,
	    "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n",
	    accept);
	buf_clear(&u->sent);
	under_says(u, head);
}

/* True when the server did nothing wrong up to the end. */
static bool
listen_to(
    const uint8_t *data, size_t len, size_t piece, bool right, struct buf *got)
{
	struct under u = { .in_use = false }, *p = &u;
	struct above a = { .s = NULL };
	struct wrap_websocket way = { .loop = loop,
		.below = { under_open, &p },
		.host = "localhost",
		.path = "/ws" };
	size_t at, n;
	bool fine;
	int err = 0;

	a.s = websocket_open(&way, &above_sink, &a, &err);
	CHECK(a.s != NULL);
	under_is_open(&u);
	if (right) {
		upgrade(&u);
		CHECK(a.opens == 1);
	}
	for (at = 0; at < len; at += n) {
		n = piece < len - at ? piece : len - at;
		under_say(&u, data + at, n);
	}
	CHECK(u.waiting.len == 0);
	CHECK(a.got.len <= len);
	/* A pong is four bytes longer than its ping, and two at least. */
	CHECK(u.sent.len <= 512 + 4 * len);
	fine = a.closes == 0;
	if (fine)
		CHECK(stream_write(a.s, "x", 1) == 0);
	under_close(&u, "it ended");
	CHECK(a.closes == 1 && a.opens <= 1 && a.why[0] != '\0');
	fuzz_check_clean(a.why);
	buf_add(got, buf_str(&a.got), a.got.len);
	above_release(&a);
	CHECK(!u.in_use);
	under_release(&u);
	return fine;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, torn;
	bool right, fine;
	size_t shorter;

	if (len == 0)
		return 0;
	if (loop == NULL) {
		loop = loop_new();
		loop_freeze(loop);
	}
	right = data[0] & 1;
	buf_init(&whole, 0);
	buf_init(&torn, 0);
	fine = listen_to(data + 1, len - 1, len, right, &whole);
	if (!listen_to(data + 1, len - 1, 1 + (data[0] >> 1) % 7, right, &torn))
		fine = false;
	/* Before what is wrong (text that is none), one may hear more. */
	shorter = whole.len < torn.len ? whole.len : torn.len;
	CHECK(!fine || whole.len == torn.len);
	CHECK(memcmp(buf_str(&whole), buf_str(&torn), shorter) == 0);
	buf_release(&whole);
	buf_release(&torn);
	return 0;
}

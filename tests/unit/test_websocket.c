/* A WebSocket over a stream that the test holds in its hand: the upgrade, the
 * frames, and servers that do neither right. */
#include "rackmux/link/wrap.h"

#include <stdlib.h>

#include "rackmux/base/hash.h"
#include "wrap_peer.h"

enum { CONT, TEXT, BINARY, CLOSE = 8, PING, PONG };

struct fix {
	struct loop *loop;
	struct under u;
	struct above a;
};

static void
setup(struct fix *f)
{
	struct under *u = &f->u;
	struct wrap_websocket way = { .below = { under_open, &u },
		.host = "localhost",
		.path = "/api/bmc/serial/ws?node=0",
		.headers = "X-More: yes\r\n" };
	int err = 0;

	memset(f, 0, sizeof(*f));
	f->loop = loop_new();
	loop_freeze(f->loop);
	way.loop = f->loop;
	f->a.s = websocket_open(&way, &above_sink, &f->a, &err);
	CHECK(f->a.s);
}

static void
teardown(struct fix *f)
{
	above_release(&f->a);
	loop_advance(f->loop, WRAP_LINGER_MS);
	CHECK(!f->u.in_use);
	under_release(&f->u);
	loop_free(f->loop);
}

/* The answer to the key in what was sent. */
static void
accept_of(struct fix *f, char *out)
{
	const char *key = strstr(buf_str(&f->u.sent), "Sec-WebSocket-Key: ");
	unsigned char digest[HASH_SHA1_LEN];
	char text[100];

	CHECK(key);
	key += strlen("Sec-WebSocket-Key: ");
	str_format(text, sizeof(text), "%.*s%s", (int)strcspn(key, "\r"), key,
	    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	hash_sha1(text, strlen(text), digest);
	hash_base64(digest, sizeof(digest), out);
}

static void
answer(struct fix *f, char *out, size_t size)
{
	char accept[64];

	accept_of(f, accept);
	str_format(out, size,
	    "HTTP/1.1 101 Switching Protocols\r\n"
	    "connection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n"
	    "Sec-WebSocket-Accept:  %s \r\ndate: never\r\n\r\n",
	    accept);
}

/* A frame of the server; its length in bytes. */
static size_t
frame(char *out, int op, bool fin, const void *data, size_t len)
{
	size_t n = 2;

	out[0] = (char)((fin ? 0x80 : 0) | op);
	if (len < 126) {
		out[1] = (char)len;
	} else {
		CHECK(len < 65536);
		out[1] = 126;
		out[2] = (char)(len >> 8);
		out[3] = (char)len;
		n = 4;
	}
	memcpy(out + n, data, len);
	return n + len;
}

static void
say(struct fix *f, int op, bool fin, const char *text)
{
	char out[300];

	under_say(&f->u, out, frame(out, op, fin, text, strlen(text)));
}

/* The first frame that was sent, unmasked and taken off. */
static int
hear(struct fix *f, char *out, size_t size)
{
	const unsigned char *p = (const unsigned char *)f->u.sent.data;
	size_t len, i, at = 2;
	int op;

	CHECK(f->u.sent.len >= 6);
	op = p[0] & 15;
	CHECK(p[0] & 0x80);
	CHECK(p[1] & 0x80);
	len = p[1] & 0x7f;
	CHECK(len != 127);
	if (len == 126) {
		len = (size_t)p[2] << 8 | p[3];
		at = 4;
	}
	CHECK(f->u.sent.len >= at + 4 + len && len < size);
	for (i = 0; i < len; i++)
		out[i] = (char)(p[at + 4 + i] ^ p[at + i % 4]);
	out[len] = '\0';
	buf_drop(&f->u.sent, at + 4 + len);
	return op;
}

static void
upgrade(struct fix *f)
{
	char head[400];

	setup(f);
	under_is_open(&f->u);
	answer(f, head, sizeof(head));
	buf_clear(&f->u.sent);
	under_says(&f->u, head);
	CHECK_INT(f->a.opens, 1);
}

TEST(the_example_of_the_rfc)
{
	static const char text[] = "dGhlIHNhbXBsZSBub25jZQ=="
				   "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[HASH_SHA1_LEN];
	char accept[64];

	hash_sha1(text, sizeof(text) - 1, digest);
	hash_base64(digest, sizeof(digest), accept);
	CHECK_STR(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(the_request)
{
	char first[64], second[64];
	struct fix f;

	setup(&f);
	CHECK_INT(f.u.sent.len, 0);
	under_is_open(&f.u);
	CHECK(str_starts(f.u.sent.data,
	    "GET /api/bmc/serial/ws?node=0 HTTP/1.1\r\nHost: localhost\r\n"));
	CHECK(strstr(f.u.sent.data, "\r\nUpgrade: websocket\r\n"));
	CHECK(strstr(f.u.sent.data, "\r\nConnection: Upgrade\r\n"));
	CHECK(strstr(f.u.sent.data, "\r\nSec-WebSocket-Version: 13\r\n"));
	CHECK(str_ends(f.u.sent.data, "\r\nX-More: yes\r\n\r\n"));
	accept_of(&f, first);
	teardown(&f);
	setup(&f);
	under_is_open(&f.u);
	accept_of(&f, second);
	CHECK(strcmp(first, second) != 0);
	teardown(&f);
}

TEST(a_path_cannot_bring_headers)
{
	struct under u = { 0 }, *p = &u;
	struct wrap_websocket way = { .below = { under_open, &p },
		.host = "localhost",
		.path = "/x HTTP/1.1\r\nHost: y" };
	struct above a = { 0 };
	int err = 0;

	CHECK(!websocket_open(&way, &above_sink, &a, &err));
	CHECK_INT(err, -EINVAL);
	way.path = "x";
	CHECK(!websocket_open(&way, &above_sink, &a, &err));
	way.path = NULL;
	CHECK(!websocket_open(&way, &above_sink, &a, &err));
}

TEST(bytes_in_any_split)
{
	char head[400], said[1000];
	size_t len, cut, i;
	struct fix f;

	for (cut = 0; cut < 260; cut++) {
		setup(&f);
		under_is_open(&f.u);
		answer(&f, head, sizeof(head));
		len = strlen(head);
		memcpy(said, head, len);
		len += frame(said + len, BINARY, true, "a\0b", 3);
		len += frame(said + len, TEXT, false, "text", 4);
		len += frame(said + len, PING, true, "?", 1);
		len += frame(said + len, CONT, true, "more", 4);
		len += frame(said + len, BINARY, true, "", 0);
		if (cut == 0) {
			for (i = 0; i < len; i++)
				under_say(&f.u, said + i, 1);
		} else if (cut < len) {
			under_say(&f.u, said, cut);
			under_say(&f.u, said + cut, len - cut);
		} else {
			under_say(&f.u, said, len);
		}
		CHECK_INT(f.a.opens, 1);
		CHECK_INT(f.a.got.len, 11);
		CHECK(memcmp(f.a.got.data, "a\0btextmore", 11) == 0);
		CHECK_INT(f.a.closes, 0);
		teardown(&f);
	}
}

TEST(what_is_written_is_masked_and_binary)
{
	char got[70000], big[60000];
	struct fix f;

	setup(&f);
	CHECK_INT(stream_write(f.a.s, "early", 5), 0);
	under_is_open(&f.u);
	answer(&f, big, sizeof(big));
	buf_clear(&f.u.sent);
	under_says(&f.u, big);
	CHECK_INT(hear(&f, got, sizeof(got)), BINARY);
	CHECK_STR(got, "early");
	CHECK_INT(stream_write(f.a.s, "ls\r", 3), 0);
	CHECK(!memmem(f.u.sent.data, f.u.sent.len, "ls\r", 3));
	CHECK_INT(hear(&f, got, sizeof(got)), BINARY);
	CHECK_STR(got, "ls\r");
	memset(big, 'x', sizeof(big));
	CHECK_INT(stream_write(f.a.s, big, sizeof(big)), 0);
	CHECK_INT(hear(&f, got, sizeof(got)), BINARY);
	CHECK_INT(strlen(got), sizeof(big));
	under_drained(&f.u);
	CHECK_INT(f.a.drains, 1);
	CHECK_INT(stream_resize(f.a.s, 24, 80), -ENOTSUP);
	CHECK_INT(stream_break(f.a.s), -ENOTSUP);
	teardown(&f);
}

TEST(a_ping_is_answered_with_its_own_words)
{
	char got[200];
	struct fix f;

	upgrade(&f);
	say(&f, PING, true, "are you there");
	CHECK_INT(hear(&f, got, sizeof(got)), PONG);
	CHECK_STR(got, "are you there");
	CHECK_INT(f.a.got.len, 0);
	teardown(&f);
}

TEST(our_pings_find_a_dead_peer)
{
	char got[200];
	struct fix f;
	int i;

	upgrade(&f);
	for (i = 0; i < 20; i++) {
		loop_advance(f.loop, 10000);
		CHECK_INT(hear(&f, got, sizeof(got)), PING);
		CHECK_INT(f.u.sent.len, 0);
		say(&f, PONG, true, "");
	}
	CHECK_INT(f.a.closes, 0);
	loop_advance(f.loop, 31000);
	CHECK_INT(f.a.closes, 0);
	loop_advance(f.loop, 10000);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "ping"));
	teardown(&f);
}

/* It is not heard because we do not listen. */
TEST(a_held_peer_is_not_dead)
{
	char out[40000], zeros[30000] = "";
	struct fix f;

	upgrade(&f);
	f.a.limit = 10;
	under_say(&f.u, out, frame(out, BINARY, true, zeros, sizeof(zeros)));
	CHECK_INT(f.a.got.len, 10);
	CHECK(f.u.waiting.len > 10000);
	loop_advance(f.loop, 120000);
	CHECK_INT(f.a.closes, 0);
	CHECK_INT(f.a.offers, 1); /* again only when it is asked for */
	f.a.limit = 0;
	stream_resume(f.a.s);
	loop_turn(f.loop, 0);
	CHECK(f.u.resumed);
	under_offer(&f.u);
	CHECK_INT(f.a.got.len, sizeof(zeros));
	teardown(&f);
}

static void
refused(const char *head, const char *why)
{
	struct fix f;

	setup(&f);
	under_is_open(&f.u);
	under_says(&f.u, head);
	if (f.a.closes != 1 || !strstr(f.a.why, why))
		test_fail(__FILE__, __LINE__, "%s: %u, %s", head, f.a.closes,
		    f.a.why);
	CHECK_INT(f.a.opens, 0);
	CHECK_INT(f.a.got.len, 0);
	CHECK_INT(stream_write(f.a.s, "x", 1), -EPIPE);
	teardown(&f);
}

TEST(refusals_say_the_status)
{
	refused("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno",
	    "HTTP 401 Unauthorized: it wants a login");
	refused("HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404 Not Found");
	refused("HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP 400 Bad Request");
	refused("HTTP/1.1 502\r\n\r\n", "HTTP 502");
	refused("HTTP/1.0 200 OK\r\n\r\nhello", "HTTP 200 OK");
	refused("HTTP/1.1 404 \033[2J\r\n\r\n", "HTTP 404 \357\277\275[2J");
	refused("HTTP/1.1 1e1 x\r\n\r\n", "no HTTP");
	refused("SSH-2.0-OpenSSH_9.2\r\n\r\n", "no HTTP");
	refused("\r\n\r\n", "no HTTP");
	refused("HTTP/1.1 101\r\n\r\n", "not to our request");
	refused("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Accept: "
		"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
	    "not to our request");
}

TEST(a_right_answer_with_a_wrong_word)
{
	static const char *const wrong[] = { "Upgrade: h2c\r\n",
		"Connection: close\r\n",
		"Sec-WebSocket-Extensions: permessage-deflate\r\n",
		"Sec-WebSocket-Protocol: x\r\n" };
	char head[400], more[600], *end;
	struct fix f;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		setup(&f);
		under_is_open(&f.u);
		answer(&f, head, sizeof(head));
		end = strstr(head, "\r\n\r\n");
		end[2] = '\0';
		str_format(more, sizeof(more), "%s%s\r\n", head, wrong[i]);
		under_says(&f.u, more);
		CHECK_INT(f.a.opens, 0);
		CHECK_INT(f.a.closes, 1);
		teardown(&f);
	}
}

TEST(headers_without_end)
{
	char junk[1000];
	struct fix f;
	int i;

	setup(&f);
	under_is_open(&f.u);
	memset(junk, 'x', sizeof(junk));
	under_says(&f.u, "HTTP/1.1 101 x\r\n");
	for (i = 0; i < 20; i++)
		under_say(&f.u, junk, sizeof(junk));
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "no end"));
	teardown(&f);
}

TEST(a_server_that_never_answers)
{
	struct fix f;

	setup(&f);
	under_is_open(&f.u);
	under_says(&f.u, "HTTP/1.1 101");
	loop_advance(f.loop, WRAP_OPEN_MS - 1);
	CHECK_INT(f.a.closes, 0);
	loop_advance(f.loop, 1);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "did not answer"));
	teardown(&f);
}

TEST(a_connection_that_ends_before)
{
	struct fix f;

	setup(&f);
	under_is_open(&f.u);
	under_close(&f.u, "the cable is out");
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "before the WebSocket"));
	CHECK(strstr(f.a.why, "the cable is out"));
	teardown(&f);
}

TEST(frames_that_are_too_big)
{
	static const char huge[] = "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"
				   "data";
	static const char over[] = "\x82\x7f\0\0\0\0\0\x10\0\x01"
				   "data";
	char got[200];
	struct fix f;

	upgrade(&f);
	under_say(&f.u, huge, sizeof(huge) - 1);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "1 MiB"));
	CHECK_INT(f.a.got.len, 0);
	CHECK_INT(hear(&f, got, sizeof(got)), CLOSE);
	teardown(&f);
	upgrade(&f);
	under_say(&f.u, over, sizeof(over) - 1);
	CHECK_INT(f.a.closes, 1);
	teardown(&f);
}

TEST(frames_that_break_the_rules)
{
	static const char *const wrong[] = {
		"\xc2\x01x", /* a reserved bit */
		"\x83\x01x", /* an opcode that is none */
		"\x89\x7e\x01\x01", /* a ping that is too long */
		"\x09\x01x", /* one in pieces */
		"\x80\x01x", /* a piece of nothing */
		"\x81\x01\xff", /* text that is none */
	};
	struct fix f;
	size_t i;

	for (i = 0; i < ARRAY_LEN(wrong); i++) {
		upgrade(&f);
		under_say(&f.u, wrong[i], strlen(wrong[i]));
		if (f.a.closes != 1)
			test_fail(__FILE__, __LINE__, "%zu: %u", i, f.a.closes);
		CHECK(*f.a.why);
		teardown(&f);
	}
}

TEST(the_peer_closes)
{
	char got[200];
	struct fix f;

	upgrade(&f);
	say(&f, BINARY, true, "last");
	under_say(&f.u, "\x88\x0a\x03\xe9restart\033", 12);
	CHECK_STR(buf_str(&f.a.got), "last");
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "restart"));
	CHECK(strstr(f.a.why, "1001"));
	CHECK(!strchr(f.a.why, '\033'));
	CHECK_INT(hear(&f, got, sizeof(got)), CLOSE);
	teardown(&f);
	upgrade(&f);
	under_say(&f.u, "\x88\0", 2);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "closed"));
	teardown(&f);
}

TEST(freeing_says_goodbye_and_does_not_wait_for_ever)
{
	char got[200];
	struct fix f;

	upgrade(&f);
	stream_free(f.a.s);
	f.a.s = NULL;
	CHECK_INT(hear(&f, got, sizeof(got)), CLOSE);
	CHECK(f.u.in_use);
	say(&f, BINARY, true, "not heard");
	under_drained(&f.u);
	CHECK(!f.u.in_use);
	teardown(&f);
	/* A peer that takes nothing; a link that goes. */
	upgrade(&f);
	f.u.room = 1;
	stream_free(f.a.s);
	f.a.s = NULL;
	CHECK(f.u.in_use);
	loop_advance(f.loop, WRAP_LINGER_MS);
	CHECK(!f.u.in_use);
	teardown(&f);
	upgrade(&f);
	stream_free(f.a.s);
	f.a.s = NULL;
	under_close(&f.u, "gone");
	CHECK(!f.u.in_use);
	teardown(&f);
}

TEST(an_end_of_typing_is_a_close)
{
	char got[200];
	struct fix f;

	upgrade(&f);
	stream_eof(f.a.s);
	CHECK_INT(hear(&f, got, sizeof(got)), CLOSE);
	CHECK_INT(stream_write(f.a.s, "x", 1), -EPIPE);
	say(&f, BINARY, true, "rest");
	CHECK_STR(buf_str(&f.a.got), "rest");
	under_say(&f.u, "\x88\x02\x03\xe8", 4);
	CHECK_INT(f.a.closes, 1);
	CHECK_INT(f.u.sent.len, 0);
	teardown(&f);
}

TEST(freed_in_its_own_callbacks)
{
	char head[400];
	struct fix f;

	upgrade(&f);
	f.a.free_in_data = true;
	say(&f, BINARY, true, "x");
	CHECK(!f.a.s);
	teardown(&f);
	setup(&f);
	f.a.free_in_open = true;
	under_is_open(&f.u);
	answer(&f, head, sizeof(head));
	under_says(&f.u, head);
	CHECK(!f.a.s);
	teardown(&f);
}

TEST(a_flood_of_pings_is_bounded)
{
	char flood[8000];
	struct fix f;
	int i;

	upgrade(&f);
	f.u.room = 1;
	for (i = 0; i < 4000; i++)
		memcpy(flood + 2 * (size_t)i, "\x89\0", 2);
	for (i = 0; i < 200 && f.a.closes == 0; i++)
		under_say(&f.u, flood, sizeof(flood));
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "does not read"));
	teardown(&f);
}

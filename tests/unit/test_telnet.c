/* Telnet over a stream that the test holds in its hand. */
#include "rackmux/link/wrap.h"

#include "wrap_peer.h"

#define IAC "\377"
#define DONT "\376"
#define DO "\375"
#define WONT "\374"
#define WILL "\373"
#define SB "\372"
#define BRK "\363"
#define SE "\360"
#define BINARY "\0"
#define ECHO_ "\1"
#define SGA "\3"
#define NAWS "\37"
#define COM_PORT "\54"

struct fix {
	struct loop *loop;
	struct under u;
	struct above a;
};

static void
setup(struct fix *f)
{
	struct under *u = &f->u;
	struct wrap_telnet way = { .below = { under_open, &u } };
	int err = 0;

	memset(f, 0, sizeof(*f));
	f->loop = loop_new();
	loop_freeze(f->loop);
	way.loop = f->loop;
	way.rows = 24;
	way.cols = 80;
	f->a.s = telnet_open(&way, &above_sink, &f->a, &err);
	CHECK(f->a.s);
}

static void
teardown(struct fix *f)
{
	above_release(&f->a);
	under_release(&f->u);
	loop_free(f->loop);
}

static bool
sent(struct fix *f, const char *what, size_t len)
{
	return f->u.sent.len >= len &&
	    memmem(f->u.sent.data, f->u.sent.len, what, len);
}

#define SENT(f, s) sent(f, s, sizeof(s) - 1)
#define SAY(f, s) under_say(&(f)->u, s, sizeof(s) - 1)
#define IS(buf, s) \
	((buf)->len == sizeof(s) - 1 && memcmp((buf)->data, s, (buf)->len) == 0)

/* Open, and eight bits agreed both ways. */
static void
agree(struct fix *f)
{
	setup(f);
	under_is_open(&f->u);
	SAY(f, IAC DO BINARY IAC WILL BINARY IAC WILL SGA IAC WILL ECHO_);
	CHECK_INT(f->a.opens, 1);
	buf_clear(&f->u.sent);
}

TEST(it_asks_for_what_a_console_needs)
{
	struct fix f;

	setup(&f);
	CHECK_INT(f.u.sent.len, 0);
	under_is_open(&f.u);
	CHECK(SENT(&f, IAC WILL BINARY));
	CHECK(SENT(&f, IAC DO BINARY));
	CHECK(SENT(&f, IAC DO SGA));
	CHECK(SENT(&f, IAC DO ECHO_));
	CHECK(SENT(&f, IAC WILL NAWS));
	CHECK_INT(f.a.opens, 0);
	/* A peer that says nothing is open all the same. */
	loop_advance(f.loop, 1000);
	CHECK_INT(f.a.opens, 1);
	teardown(&f);
}

TEST(no_answer_loops)
{
	struct fix f;

	agree(&f);
	SAY(&f, IAC DO BINARY IAC WILL BINARY IAC WILL SGA IAC WILL ECHO_);
	CHECK_INT(f.u.sent.len, 0);
	teardown(&f);
}

TEST(what_is_not_known_is_refused)
{
	struct fix f;

	agree(&f);
	SAY(&f, IAC DO COM_PORT);
	CHECK(IS(&f.u.sent, IAC WONT COM_PORT));
	buf_clear(&f.u.sent);
	SAY(&f, IAC WILL COM_PORT);
	CHECK(IS(&f.u.sent, IAC DONT COM_PORT));
	buf_clear(&f.u.sent);
	/* We do not echo: it would come back for ever. */
	SAY(&f, IAC DO ECHO_);
	CHECK(IS(&f.u.sent, IAC WONT ECHO_));
	CHECK_INT(f.a.got.len, 0);
	teardown(&f);
}

TEST(bytes_in_any_split)
{
	static const char said[] =
	    "ab" IAC IAC "c\r\0d" IAC "\361"
	    "e" IAC SB COM_PORT "x" IAC IAC "y" IAC SE "f\r\n";
	static const char want[] = "ab" IAC "c\r\0de"
				   "f\r\n";
	struct fix f;
	size_t i;

	agree(&f);
	SAY(&f, said);
	CHECK(IS(&f.a.got, want));
	teardown(&f);
	agree(&f);
	for (i = 0; i < sizeof(said) - 1; i++)
		under_say(&f.u, said + i, 1);
	CHECK(IS(&f.a.got, want));
	teardown(&f);
}

TEST(without_binary_a_return_has_a_nul)
{
	struct fix f;

	setup(&f);
	under_is_open(&f.u);
	SAY(&f, IAC DONT BINARY IAC WONT BINARY);
	loop_advance(f.loop, 1000);
	CHECK_INT(f.a.opens, 1);
	buf_clear(&f.u.sent);
	SAY(&f, "a\r\0b\r");
	SAY(&f, "\0c\r\n");
	CHECK(IS(&f.a.got, "a\rb\rc\r\n"));
	CHECK_INT(stream_write(f.a.s, "ls\r", 3), 0);
	CHECK_INT(stream_write(f.a.s, "a\r\nb", 4), 0);
	CHECK(IS(&f.u.sent, "ls\r\0a\r\nb"));
	teardown(&f);
}

TEST(with_binary_bytes_are_bytes)
{
	struct fix f;

	agree(&f);
	CHECK_INT(stream_write(f.a.s, "ls\r" IAC "\0x", 6), 0);
	CHECK(IS(&f.u.sent, "ls\r" IAC IAC "\0x"));
	under_drained(&f.u);
	CHECK_INT(f.a.drains, 1);
	teardown(&f);
}

TEST(what_is_typed_early_waits_for_binary)
{
	struct fix f;

	setup(&f);
	CHECK_INT(stream_write(f.a.s, "\r", 1), 0);
	CHECK_INT(f.u.sent.len, 0);
	under_is_open(&f.u);
	buf_clear(&f.u.sent);
	SAY(&f, IAC DO BINARY);
	CHECK(IS(&f.u.sent, "\r"));
	teardown(&f);
}

TEST(a_break_and_a_size)
{
	struct fix f;

	agree(&f);
	CHECK_INT(stream_break(f.a.s), 0);
	CHECK(IS(&f.u.sent, IAC BRK));
	buf_clear(&f.u.sent);
	/* No size before it is asked for, then the one of the opening. */
	CHECK_INT(stream_resize(f.a.s, 30, 90), 0);
	CHECK_INT(f.u.sent.len, 0);
	SAY(&f, IAC DO NAWS);
	CHECK(IS(&f.u.sent, IAC SB NAWS "\0\132\0\36" IAC SE));
	buf_clear(&f.u.sent);
	CHECK_INT(stream_resize(f.a.s, 30, 90), 0);
	CHECK_INT(f.u.sent.len, 0);
	CHECK_INT(stream_resize(f.a.s, 255, 256), 0);
	CHECK(IS(&f.u.sent, IAC SB NAWS "\1\0\0" IAC IAC IAC SE));
	CHECK_INT(stream_resize(f.a.s, 0, 90), -EINVAL);
	teardown(&f);
}

TEST(what_is_not_taken_is_offered_again)
{
	struct fix f;
	char data[100000];

	agree(&f);
	memset(data, 'x', sizeof(data));
	f.a.limit = 1000;
	under_say(&f.u, data, sizeof(data));
	CHECK_INT(f.a.got.len, 1000);
	/* The rest is held below, but for one piece. */
	CHECK(f.u.waiting.len >= sizeof(data) - 16384);
	loop_turn(f.loop, 0);
	CHECK_INT(f.a.got.len, 1000);
	f.a.limit = 0;
	stream_resume(f.a.s);
	loop_turn(f.loop, 0);
	CHECK(f.u.resumed);
	CHECK_INT(f.a.got.len, 16384);
	under_offer(&f.u);
	CHECK_INT(f.a.got.len, sizeof(data));
	CHECK_INT(f.u.waiting.len, 0);
	teardown(&f);
}

TEST(the_end_comes_after_the_last_byte)
{
	struct fix f;

	agree(&f);
	f.a.limit = 1;
	SAY(&f, "ab");
	under_close(&f.u, "the cable is out");
	loop_turn(f.loop, 0);
	CHECK_INT(f.a.closes, 0);
	CHECK_INT(stream_write(f.a.s, "x", 1), -EPIPE);
	f.a.limit = 0;
	stream_resume(f.a.s);
	loop_turn(f.loop, 0);
	CHECK(IS(&f.a.got, "ab"));
	CHECK_INT(f.a.closes, 1);
	CHECK_STR(f.a.why, "the cable is out");
	teardown(&f);
}

TEST(the_queue_is_bounded_and_drains)
{
	struct fix f;
	char data[65536];
	int err = 0, n;

	agree(&f);
	memset(data, 'x', sizeof(data));
	f.u.room = 20000;
	for (n = 0; n < 100 && err == 0; n++)
		err = stream_write(f.a.s, data, sizeof(data));
	CHECK_INT(err, -ENOBUFS);
	CHECK_INT(f.a.drains, 0);
	for (n = 0; n < 100 && f.u.sent.len > 0; n++) {
		buf_clear(&f.u.sent);
		under_drained(&f.u);
	}
	CHECK_INT(f.a.drains, 1);
	CHECK_INT(stream_write(f.a.s, "x", 1), 0);
	teardown(&f);
}

TEST(a_peer_that_asks_and_does_not_read)
{
	struct fix f;
	char ask[3 * 5000];
	int i;

	agree(&f);
	f.u.room = 1;
	for (i = 0; i < 5000; i++)
		memcpy(ask + 3 * (size_t)i, IAC DO COM_PORT, 3);
	for (i = 0; i < 200 && f.a.closes == 0; i++)
		under_say(&f.u, ask, sizeof(ask));
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "does not read"));
	teardown(&f);
}

TEST(compression_nobody_asked_for)
{
	struct fix f;

	agree(&f);
	SAY(&f, "a" IAC SB "\126" IAC SE "bcdefghij");
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "compresses"));
	CHECK(IS(&f.a.got, "a"));
	teardown(&f);
}

TEST(freed_in_its_own_callbacks)
{
	struct fix f;

	agree(&f);
	f.a.free_in_data = true;
	SAY(&f, "abc");
	CHECK(!f.a.s);
	CHECK_INT(f.u.frees, 1);
	teardown(&f);
	setup(&f);
	f.a.free_in_open = true;
	under_is_open(&f.u);
	SAY(&f, IAC DO BINARY "data");
	CHECK_INT(f.u.frees, 1);
	CHECK_INT(f.a.got.len, 0);
	teardown(&f);
}

TEST(it_never_opens)
{
	struct fix f;

	setup(&f);
	loop_advance(f.loop, WRAP_OPEN_MS);
	CHECK_INT(f.a.closes, 1);
	CHECK(strstr(f.a.why, "in time"));
	teardown(&f);
}

TEST(what_is_below_cannot)
{
	struct under u = { .refuses = true }, *p = &u;
	struct wrap_telnet way = { .below = { under_open, &p } };
	struct above a = { 0 };
	int err = 0;

	way.loop = loop_new();
	CHECK(!telnet_open(&way, &above_sink, &a, &err));
	CHECK_INT(err, -ENOTSUP);
	loop_free(way.loop);
}

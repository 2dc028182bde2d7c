/* Links to TCP ports that are consoles, raw and telnet, on loopback. */
#include "rackmux/link/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/text.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"
#include "test.h"

struct fix {
	struct loop *loop;
	struct link_pool *pool;
	struct link *link;
	enum link_state state;
	enum link_why why;
	char text[512], end[512];
	struct stream *s;
	struct buf got;
	size_t limit;
	unsigned opens, closes, drains;
	bool leave;
	int listener, peer;
	unsigned port;
};

#define UNTIL(f, cond) \
	do { \
		time_t end_ = time(NULL) + 12; \
		while (!(cond) && time(NULL) < end_) \
			loop_turn((f)->loop, 10); \
		if (!(cond)) \
			test_fail(__FILE__, __LINE__, "never: %s (%s)", #cond, \
			    (f)->text); \
	} while (0)

static void
on_state(void *arg, struct link *l, enum link_state state, enum link_why why,
    const char *text)
{
	struct fix *f = arg;

	(void)l;
	f->state = state;
	f->why = why;
	str_copy(f->text, sizeof(f->text), text);
}

static const struct link_sink sink = { .on_state = on_state };

static size_t
on_data(void *arg, const char *data, size_t len, bool err)
{
	struct fix *f = arg;

	CHECK(!err);
	if (f->limit > 0 && len > f->limit - f->got.len)
		len = f->limit - f->got.len;
	buf_add(&f->got, data, len);
	if (f->leave) {
		stream_free(f->s);
		f->s = NULL;
	}
	return len;
}

static void
on_close(void *arg, int status, const char *why)
{
	struct fix *f = arg;

	CHECK_INT(status, -1);
	f->closes++;
	str_copy(f->end, sizeof(f->end), why);
}

static void
on_drain(void *arg)
{
	((struct fix *)arg)->drains++;
}

static void
on_open(void *arg)
{
	((struct fix *)arg)->opens++;
}

static const struct stream_sink taps = {
	.on_data = on_data,
	.on_close = on_close,
	.on_drain = on_drain,
	.on_open = on_open,
};

static void
listen_here(struct fix *f)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(f->listener >= 0);
	CHECK(bind(f->listener, (struct sockaddr *)&sa, len) == 0);
	CHECK(listen(f->listener, 4) == 0);
	CHECK(getsockname(f->listener, (struct sockaddr *)&sa, &len) == 0);
	f->port = ntohs(sa.sin_port);
}

static void
link_to(struct fix *f, const char *scheme, const char *host)
{
	struct link_config config = { .name = "console", .connect_ms = 3000 };
	char url[128], err[256] = "";

	str_format(url, sizeof(url), "%s://%s:%u", scheme, host, f->port);
	config.url = url;
	f->link = link_new(f->pool, &config, &sink, f, err, sizeof(err));
	if (!f->link)
		test_fail(__FILE__, __LINE__, "%s", err);
	link_start(f->link);
}

static bool
answered(struct fix *f)
{
	if (f->peer < 0)
		f->peer = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
	return f->peer >= 0;
}

static void
setup(struct fix *f, const char *scheme)
{
	memset(f, 0, sizeof(*f));
	f->peer = -1;
	f->loop = loop_new();
	f->pool = link_pool_new(f->loop);
	listen_here(f);
	link_to(f, scheme, "127.0.0.1");
	UNTIL(f, f->state == LINK_UP && answered(f));
}

static void
teardown(struct fix *f)
{
	stream_free(f->s);
	link_free(f->link);
	link_pool_free(f->pool);
	loop_free(f->loop);
	buf_release(&f->got);
	if (f->peer >= 0)
		close(f->peer);
	if (f->listener >= 0)
		close(f->listener);
}

static void
listen_in(struct fix *f, enum stream_kind kind)
{
	struct stream_request request = {
		.kind = kind, .rows = 24, .cols = 80
	};
	int err = 0;

	f->s = link_open(f->link, &request, &taps, f, &err);
	if (!f->s)
		test_fail(__FILE__, __LINE__, "%s", strerror(-err));
}

static void
say(struct fix *f, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(f->peer, data, len);
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else {
			CHECK(errno == EAGAIN);
			loop_turn(f->loop, 10);
		}
	}
}

/* What was sent, until it contains so many bytes. */
static void
hear(struct fix *f, struct buf *out, size_t want)
{
	time_t end = time(NULL) + 12;
	char data[4096];
	ssize_t n;

	while (out->len < want && time(NULL) < end) {
		n = read(f->peer, data, sizeof(data));
		if (n > 0)
			buf_add(out, data, (size_t)n);
		else
			loop_turn(f->loop, 10);
	}
	CHECK(out->len >= want);
}

TEST(bytes_as_they_are)
{
	struct buf out = { 0 };
	struct fix f;

	setup(&f, "tcp");
	CHECK(link_can(f.link) & LINK_CAN_STREAM);
	CHECK(!(link_can(f.link) & (LINK_CAN_RUN | LINK_CAN_BREAK)));
	/* What is said before somebody listens is not lost. */
	say(&f, "banner\r\n", 8);
	loop_turn(f.loop, 10);
	listen_in(&f, STREAM_RAW);
	UNTIL(&f, f.got.len == 8 && f.opens == 1);
	CHECK_STR(f.got.data, "banner\r\n");
	say(&f, "\377\373\1\0x", 5);
	UNTIL(&f, f.got.len == 13);
	CHECK(memcmp(f.got.data + 8, "\377\373\1\0x", 5) == 0);
	CHECK_INT(stream_write(f.s, "\377\0\r", 3), 0);
	hear(&f, &out, 3);
	CHECK(memcmp(out.data, "\377\0\r", 3) == 0);
	UNTIL(&f, f.drains > 0);
	CHECK_INT(stream_break(f.s), -ENOTSUP);
	CHECK_INT(stream_resize(f.s, 30, 90), -ENOTSUP);
	CHECK(link_bytes(f.link) >= 16);
	buf_release(&out);
	teardown(&f);
}

TEST(one_listener_at_a_time)
{
	struct stream_request raw = { .kind = STREAM_RAW };
	struct stream_request tcp = {
		.kind = STREAM_TCP, .host = "x", .port = 1
	};
	struct fix f;
	int err = 0;

	setup(&f, "tcp");
	CHECK(!link_open(f.link, &tcp, &taps, &f, &err));
	CHECK_INT(err, -ENOTSUP);
	listen_in(&f, STREAM_RAW);
	CHECK(!link_open(f.link, &raw, &taps, &f, &err));
	CHECK_INT(err, -EBUSY);
	stream_free(f.s);
	listen_in(&f, STREAM_RAW);
	CHECK_INT(f.state, LINK_UP);
	teardown(&f);
}

TEST(what_is_not_taken_waits)
{
	char data[300000];
	struct fix f;

	setup(&f, "tcp");
	memset(data, 'x', sizeof(data));
	f.limit = 1000;
	listen_in(&f, STREAM_RAW);
	say(&f, data, 50000);
	UNTIL(&f, f.got.len == 1000);
	f.limit = 0;
	stream_resume(f.s);
	say(&f, data, sizeof(data) - 50000);
	UNTIL(&f, f.got.len == sizeof(data));
	teardown(&f);
}

TEST(the_server_hangs_up_after_its_last_word)
{
	struct fix f;

	setup(&f, "tcp");
	listen_in(&f, STREAM_RAW);
	say(&f, "bye", 3);
	close(f.peer);
	f.peer = -1;
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_STR(f.got.data, "bye");
	CHECK_INT(f.closes, 1);
	CHECK(strstr(f.end, "closed the connection"));
	CHECK_INT(f.why, LINK_WHY_RESET);
	CHECK(strstr(f.text, "127.0.0.1"));
	CHECK(link_retry_ms(f.link) > 0);
	/* And comes back by itself. */
	stream_free(f.s);
	f.s = NULL;
	UNTIL(&f, f.state == LINK_UP && answered(&f));
	teardown(&f);
}

TEST(a_reset)
{
	struct linger now = { .l_onoff = 1 };
	struct fix f;

	setup(&f, "tcp");
	listen_in(&f, STREAM_RAW);
	UNTIL(&f, f.opens == 1);
	setsockopt(f.peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(f.peer);
	f.peer = -1;
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_RESET);
	CHECK_INT(f.closes, 1);
	teardown(&f);
}

TEST(nobody_listens)
{
	struct fix f = { .peer = -1 };

	f.loop = loop_new();
	f.pool = link_pool_new(f.loop);
	listen_here(&f);
	close(f.listener);
	f.listener = -1;
	link_to(&f, "tcp", "127.0.0.1");
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_REFUSED);
	CHECK(strstr(f.text, "nobody listens"));
	CHECK(!strstr(f.text, "SSH"));
	teardown(&f);
}

TEST(a_name_that_is_none)
{
	struct fix f = { .peer = -1, .listener = -1, .port = 7 };

	f.loop = loop_new();
	f.pool = link_pool_new(f.loop);
	link_to(&f, "telnet", "no-such-host.invalid");
	UNTIL(&f, f.state == LINK_LOST);
	CHECK_INT(f.why, LINK_WHY_NAME);
	teardown(&f);
}

/* A full backlog swallows what else knocks. */
TEST(no_answer_at_all)
{
	struct fix f = { .peer = -1 };
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int i, fd;

	f.loop = loop_new();
	f.pool = link_pool_new(f.loop);
	listen_here(&f);
	CHECK(listen(f.listener, 0) == 0);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons((unsigned short)f.port);
	for (i = 0; i < 8; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
			CHECK_INT(errno, EINPROGRESS);
	}
	loop_freeze(f.loop);
	link_to(&f, "tcp", "127.0.0.1");
	UNTIL(&f, (loop_advance(f.loop, 100), f.state == LINK_LOST));
	CHECK_INT(f.why, LINK_WHY_TIMEOUT);
	CHECK(strstr(f.text, "does not answer"));
	teardown(&f);
}

TEST(telnet_by_link)
{
	static const char asks[] = "\377\373\0\377\375\0\377\375\3\377\375\1"
				   "\377\373\37";
	static const char agrees[] = "\377\375\0\377\373\0\377\375\37";
	static const char size[] = "\377\372\37\0\120\0\30\377\360";
	struct buf out = { 0 };
	struct fix f;

	setup(&f, "telnet");
	CHECK(link_can(f.link) & LINK_CAN_BREAK);
	listen_in(&f, STREAM_PTY);
	hear(&f, &out, sizeof(asks) - 1);
	CHECK(memcmp(out.data, asks, sizeof(asks) - 1) == 0);
	buf_clear(&out);
	say(&f, agrees, sizeof(agrees) - 1);
	UNTIL(&f, f.opens == 1);
	hear(&f, &out, sizeof(size) - 1);
	CHECK(memcmp(out.data, size, sizeof(size) - 1) == 0);
	buf_clear(&out);
	say(&f, "a\377\377b", 4);
	UNTIL(&f, f.got.len == 3);
	CHECK_STR(f.got.data, "a\377b");
	CHECK_INT(stream_break(f.s), 0);
	hear(&f, &out, 2);
	CHECK(memcmp(out.data, "\377\363", 2) == 0);
	buf_release(&out);
	teardown(&f);
}

/* What the two agreed on is lost with the stream, so the connection goes. */
TEST(a_telnet_session_that_is_left_begins_anew)
{
	struct fix f;
	int first;

	setup(&f, "telnet");
	listen_in(&f, STREAM_RAW);
	f.leave = true;
	say(&f, "x", 1);
	UNTIL(&f, f.state == LINK_LOST);
	CHECK(!f.s);
	CHECK_INT(f.closes, 0);
	first = f.peer;
	f.peer = -1;
	UNTIL(&f, f.state == LINK_UP && answered(&f));
	listen_in(&f, STREAM_RAW);
	close(first);
	teardown(&f);
}

TEST(freed_at_any_moment)
{
	struct fix f;
	int turns, i;

	for (turns = 0; turns < 8; turns++) {
		memset(&f, 0, sizeof(f));
		f.peer = -1;
		f.loop = loop_new();
		f.pool = link_pool_new(f.loop);
		listen_here(&f);
		link_to(&f, turns % 2 ? "telnet" : "tcp", "127.0.0.1");
		for (i = 0; i < turns && f.state != LINK_UP; i++)
			loop_turn(f.loop, 5);
		if (f.state == LINK_UP)
			listen_in(&f, STREAM_RAW);
		link_free(f.link);
		f.link = NULL;
		if (f.s) {
			CHECK_INT(f.closes, 1);
			CHECK_INT(stream_write(f.s, "x", 1), -EPIPE);
		}
		teardown(&f);
	}
}

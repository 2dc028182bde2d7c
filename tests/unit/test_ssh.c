/* Streams over a real sshd. */
#include "rackmux/base/text.h"
#include "ssh_peer.h"

TEST(key_and_exec)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_EXEC, "echo out; echo err >&2; exit 7");
	UNTIL(e.closed);
	CHECK_STR(buf_str(&e.out), "out\n");
	CHECK_STR(buf_str(&e.err), "err\n");
	CHECK_INT(e.status, 7);
	CHECK(e.open);
	forget(&e);
	CHECK(p.t->ops->received(p.t) > 1000);
	CHECK(p.t->ops->sent(p.t) > 1000);
	part(&d, &p);
}

TEST(dropbear_too)
{
	struct sshd d;
	struct peer p;
	char pub[310];

	setup();
	make_key(key, "ed25519", "");
	snprintf(pub, sizeof pub, "%s.pub", key);
	dropbear_start(&d, pub);
	sshd_known(&d, known);
	bring_up(&p, d.url);
	CHECK_STR(ask_for(&p, "echo $((6*7))"), "42");
	part(&d, &p);
}

TEST(nothing_is_called_from_start_and_free_is_silent)
{
	struct sshd d;
	struct peer p;

	setup();
	serve(&d, NULL);
	dial(&p, d.url);
	CHECK_INT(p.state, 0);
	CHECK(!p.up && !p.down);
	hang_up(&p);
	/* And at some points on the way. */
	for (int turns = 1; turns < 30; turns += 3) {
		dial(&p, d.url);
		for (int i = 0; i < turns && !p.up; i++)
			loop_turn(loop, 20);
		CHECK(!p.down);
		hang_up(&p);
		CHECK(!p.down);
	}
	setdown();
	sshd_stop(&d);
}

TEST(shell_reads_commands)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_SHELL, NULL);
	CHECK_INT(stream_write(e.s, "echo $0; tty\n", 13), 0);
	CHECK_INT(stream_write(e.s, "echo end >&2\n", 13), 0);
	UNTIL(e.err.len >= 4);
	CHECK_STR(buf_str(&e.out), "sh\nnot a tty\n");
	CHECK(e.drains > 0);
	CHECK(!e.closed);
	stream_eof(e.s);
	UNTIL(e.closed);
	CHECK_INT(e.status, 0);
	CHECK_INT(stream_write(e.s, "x", 1), -EPIPE);
	forget(&e);
	part(&d, &p);
}

TEST(pty_has_a_size)
{
	struct sshd d;
	struct peer p;
	struct ear e;
	struct stream_request r = {
		.kind = STREAM_PTY, .rows = 30, .cols = 100
	};
	int err;

	meet(&d, &p);
	memset(&e, 0, sizeof e);
	e.s = p.t->ops->open(p.t, &r, &stream_sink, &e, &err);
	CHECK(e.s != NULL);
	CHECK_INT(stream_write(e.s, "stty size; echo $TERM\n", 22), 0);
	UNTIL(strstr(buf_str(&e.out), "30 100") != NULL &&
	    strstr(buf_str(&e.out), "xterm-256color") != NULL);
	CHECK_INT(stream_resize(e.s, 41, 123), 0);
	CHECK_INT(stream_write(e.s, "stty size\n", 10), 0);
	UNTIL(strstr(buf_str(&e.out), "41 123") != NULL);
	CHECK_INT(stream_break(e.s), 0);
	CHECK_INT(stream_write(e.s, "exit 3\n", 7), 0);
	UNTIL(e.closed);
	CHECK_INT(e.status, 3);
	forget(&e);
	part(&d, &p);
}

/* The size went out after the bytes that were given after it. */
TEST(a_size_that_came_before_a_line_is_there_before_it)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_PTY,
	    "exec busybox sh -c 'echo up; while read l; do stty size; done'");
	UNTIL(strstr(buf_str(&e.out), "up") != NULL);
	for (int i = 0; i < 300; i++) {
		char size[32];

		str_format(size, sizeof size, "%d %d\r\n", 41, 100 + i);
		CHECK_INT(stream_resize(e.s, 41, 100 + i), 0);
		CHECK_INT(stream_write(e.s, "\n", 1), 0);
		UNTIL(strstr(buf_str(&e.out), " ") != NULL);
		UNTIL(buf_str(&e.out)[e.out.len - 1] == '\n');
		CHECK(strstr(buf_str(&e.out), size) != NULL);
		buf_drop(&e.out, e.out.len);
	}
	forget(&e);
	part(&d, &p);
}

TEST(resize_while_it_opens_counts)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_PTY, "stty size");
	CHECK_INT(stream_resize(e.s, 50, 132), 0);
	UNTIL(e.closed);
	CHECK_STR(buf_str(&e.out), "50 132\r\n");
	forget(&e);
	part(&d, &p);
}

/* Also one that comes while the terminal is being asked for, or started. */
TEST(a_resize_at_any_moment_of_opening_counts)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	for (int turns = 0; turns < 24; turns++) {
		listen_to(
		    &e, &p, STREAM_PTY, "while read -r x; do stty size; done");
		for (int i = 0; i < turns && !e.open; i++)
			loop_turn(loop, 10);
		CHECK_INT(stream_resize(e.s, 50, 132), 0);
		CHECK_INT(stream_write(e.s, "x\n", 2), 0);
		UNTIL(strstr(buf_str(&e.out), " ") != NULL);
		UNTIL(str_ends(buf_str(&e.out), "\n"));
		CHECK(strstr(buf_str(&e.out), "50 132\r\n") != NULL);
		forget(&e);
	}
	part(&d, &p);
}

TEST(tcp_reaches_a_port)
{
	struct sshd d;
	struct peer p;
	struct ear e;
	struct stream_request r = { .kind = STREAM_TCP, .host = "127.0.0.1" };
	int err, fd;

	meet(&d, &p);
	memset(&e, 0, sizeof e);
	r.port = d.port;
	e.s = p.t->ops->open(p.t, &r, &stream_sink, &e, &err);
	UNTIL(strstr(buf_str(&e.out), "SSH-2.0-") != NULL);
	CHECK(e.open);
	forget(&e);

	/* A port that refuses is said to. */
	fd = listener(&r.port, 1);
	close(fd);
	memset(&e, 0, sizeof e);
	e.s = p.t->ops->open(p.t, &r, &stream_sink, &e, &err);
	UNTIL(e.closed);
	CHECK(!e.open);
	SAYS(e.why, "refused");
	forget(&e);

	/* A peer that ends it ends the stream. */
	fd = listener(&r.port, 1);
	memset(&e, 0, sizeof e);
	e.s = p.t->ops->open(p.t, &r, &stream_sink, &e, &err);
	{
		int conn = accept_one(fd);

		CHECK_INT(send(conn, "bye", 3, 0), 3);
		close(conn);
	}
	UNTIL(e.closed);
	CHECK_STR(buf_str(&e.out), "bye");
	forget(&e);
	close(fd);
	part(&d, &p);
}

TEST(what_cannot_be_opened)
{
	struct sshd d;
	struct peer p;
	struct ear e;
	struct stream_request r = { .kind = STREAM_RAW };
	int err;

	setup();
	serve(&d, NULL);
	dial(&p, d.url);
	r.kind = STREAM_SHELL;
	CHECK(p.t->ops->open(p.t, &r, &stream_sink, &e, &err) == NULL);
	CHECK_INT(err, -ENOTCONN);
	COMES_UP(&p);
	r.kind = STREAM_RAW;
	CHECK(p.t->ops->open(p.t, &r, &stream_sink, &e, &err) == NULL);
	CHECK_INT(err, -ENOTSUP);
	r.kind = STREAM_EXEC;
	CHECK(p.t->ops->open(p.t, &r, &stream_sink, &e, &err) == NULL);
	CHECK_INT(err, -EINVAL);
	part(&d, &p);
}

TEST(eight_channels_and_ports_besides)
{
	struct sshd d;
	struct peer p;
	struct ear e[8], more[12];
	struct stream_request r = { .kind = STREAM_EXEC, .cmd = "true" };
	int err;

	meet(&d, &p);
	for (int i = 0; i < 8; i++)
		listen_to(&e[i], &p, STREAM_EXEC, "cat");
	CHECK(p.t->ops->open(p.t, &r, &stream_sink, &e[0], &err) == NULL);
	CHECK_INT(err, -EBUSY);
	r = (struct stream_request){
		.kind = STREAM_TCP, .host = "127.0.0.1", .port = d.port
	};
	for (int i = 0; i < 12; i++) {
		memset(&more[i], 0, sizeof more[i]);
		more[i].s =
		    p.t->ops->open(p.t, &r, &stream_sink, &more[i], &err);
		CHECK(more[i].s != NULL);
	}
	for (int i = 0; i < 8; i++) {
		char text[32];

		snprintf(text, sizeof text, "board %d", i);
		CHECK_INT(stream_write(e[i].s, text, strlen(text)), 0);
		stream_eof(e[i].s);
	}
	for (int i = 0; i < 8; i++) {
		char text[32];

		snprintf(text, sizeof text, "board %d", i);
		UNTIL(e[i].closed);
		CHECK_STR(buf_str(&e[i].out), text);
		forget(&e[i]);
	}
	for (int i = 0; i < 12; i++) {
		UNTIL(more[i].out.len > 8);
		forget(&more[i]);
	}
	/* There is room again. */
	CHECK_STR(ask_for(&p, "echo room"), "room");
	part(&d, &p);
}

TEST(a_refused_channel_is_said_and_harms_nothing)
{
	struct sshd d;
	struct peer p;
	struct ear e[3];

	setup();
	serve(&d, "MaxSessions 2");
	bring_up(&p, d.url);
	for (int i = 0; i < 3; i++)
		listen_to(&e[i], &p, STREAM_EXEC, "cat");
	UNTIL(e[2].closed);
	SAYS(e[2].why, "refused another channel");
	CHECK_INT(e[2].closes, 1);
	UNTIL(e[0].open);
	CHECK(!e[0].closed);
	for (int i = 0; i < 3; i++)
		forget(&e[i]);
	part(&d, &p);
}

TEST(a_flood_waits_for_its_reader_and_others_go_on)
{
	struct sshd d;
	struct peer p;
	struct ear e, other;
	size_t size = 8 * 1024 * 1024;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_EXEC, "head -c 8388608 /dev/zero");
	e.deaf = true;
	UNTIL(p.t->ops->received(p.t) > 1024 * 1024);
	/* Another channel still answers, twice. */
	for (int i = 0; i < 2; i++) {
		listen_to(&other, &p, STREAM_EXEC, "echo here");
		UNTIL(other.closed);
		CHECK_STR(buf_str(&other.out), "here\n");
		forget(&other);
	}
	/* The window closed: nothing like the whole of it has come. */
	CHECK(p.t->ops->received(p.t) < 4 * 1024 * 1024);
	CHECK(!e.closed);
	e.deaf = false;
	stream_resume(e.s);
	UNTIL(e.closed);
	CHECK_INT(e.out.len, size);
	CHECK_INT(e.status, 0);
	forget(&e);
	part(&d, &p);
}

TEST(what_is_held_back_is_told_before_the_end)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_EXEC, "head -c 300000 /dev/zero");
	e.deaf = true;
	UNTIL(p.t->ops->received(p.t) > 302000);
	CHECK_STR(ask_for(&p, "echo here"), "here");
	CHECK(!e.closed);
	e.deaf = false;
	stream_resume(e.s);
	UNTIL(e.closed);
	CHECK_INT(e.out.len, 300000);
	forget(&e);
	part(&d, &p);
}

TEST(trap17_stderr_is_always_read)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_EXEC,
	    "echo first; head -c 5000000 /dev/zero >&2; echo last >&2");
	e.deaf = true;
	UNTIL(e.err.len == 5000005);
	e.deaf = false;
	stream_resume(e.s);
	UNTIL(e.closed);
	CHECK_STR(buf_str(&e.out), "first\n");
	forget(&e);
	part(&d, &p);
}

TEST(trap18_uploads_are_bounded_and_whole)
{
	struct sshd d;
	struct peer p;
	struct ear e;
	static char block[32768];
	size_t sent = 0, want = 6 * 1024 * 1024;
	bool refused = false;

	setup();
	serve(&d, "RekeyLimit 1M");
	bring_up(&p, d.url);
	listen_to(&e, &p, STREAM_EXEC, "cksum");
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (char)(i * 7);
	while (sent < want) {
		int rc = stream_write(e.s, block, sizeof block);

		if (rc == 0) {
			sent += sizeof block;
			continue;
		}
		CHECK_INT(rc, -ENOBUFS);
		refused = true;
		loop_turn(loop, 100);
	}
	stream_eof(e.s);
	UNTIL(e.closed);
	CHECK(refused);
	CHECK(e.drains > 0);
	SAYS(buf_str(&e.out), " 6291456");
	forget(&e);
	part(&d, &p);
}

TEST(trap19_rekeying_loses_nothing)
{
	struct sshd d;
	struct peer p;
	struct ear down, echo;
	int said = 0;

	setup();
	serve(&d, "RekeyLimit 1M 1s");
	bring_up(&p, d.url);
	listen_to(&echo, &p, STREAM_EXEC, "cat");
	listen_to(&down, &p, STREAM_EXEC, "head -c 20000000 /dev/zero");
	while (!down.closed) {
		if (said < 2000 && stream_write(echo.s, "0123456789", 10) == 0)
			said++;
		loop_turn(loop, 100);
	}
	CHECK_INT(down.out.len, 20000000);
	stream_eof(echo.s);
	UNTIL(echo.closed);
	CHECK_INT(echo.out.len, said * 10);
	forget(&down);
	forget(&echo);
	CHECK_STR(ask_for(&p, "echo still"), "still");
	part(&d, &p);
}

/* A channel, as soon as the server has room for one. */
static void
find_room(struct ear *e, struct peer *p, const char *cmd)
{
	uint64_t end = loop_now(loop) + WAIT_MS;

	for (;;) {
		listen_to(e, p, STREAM_EXEC, cmd);
		UNTIL(e->open || e->closed);
		if (e->open)
			return;
		if (loop_now(loop) > end)
			test_fail(__FILE__, __LINE__, "%s", e->why);
		forget(e);
		loop_turn(loop, 20);
	}
}

/* Freed while it opens, right after, and in the middle of both directions;
 * none may keep its place. A place is free again when the process behind it
 * has ended, which takes a moment. */
TEST(trap08_abandoned_channels_are_closed)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	setup();
	serve(&d, "MaxSessions 4");
	bring_up(&p, d.url);
	for (int i = 0; i < 48; i++) {
		if (i % 3 == 0)
			listen_to(&e, &p, STREAM_EXEC, "cat");
		else
			find_room(&e, &p, "cat; head -c 200000 /dev/zero");
		stream_write(e.s, "some input\n", 11);
		if (i % 3 == 2)
			UNTIL(e.out.len > 0);
		else
			loop_turn(loop, i % 7);
		forget(&e);
	}
	find_room(&e, &p, "echo room");
	UNTIL(e.closed);
	CHECK_STR(buf_str(&e.out), "room\n");
	forget(&e);
	part(&d, &p);
}

TEST(trap08_a_close_that_cannot_be_sent_is_sent_later)
{
	static char block[65536];
	struct sshd d;
	struct peer p;
	struct ear e[2];
	int fds[8];

	setup();
	serve(&d, "MaxSessions 2");
	bring_up(&p, d.url);
	CHECK_INT(descriptors_to(d.port, fds, 8), 2);
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 2; i++)
			find_room(&e[i], &p, "cat >/dev/null");
		sshd_pause(&d, true);
		for (int i = 0; i < 40; i++) {
			stream_write(e[i % 2].s, block, sizeof block);
			loop_turn(loop, 1);
		}
		for (int i = 0; i < 2; i++)
			forget(&e[i]);
		loop_turn(loop, 5);
		sshd_pause(&d, false);
	}
	for (int i = 0; i < 2; i++)
		find_room(&e[i], &p, "cat");
	for (int i = 0; i < 2; i++)
		forget(&e[i]);
	part(&d, &p);
}

TEST(ended_by_a_signal)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_EXEC, "kill -TERM $$");
	UNTIL(e.closed);
	CHECK_INT(e.status, -1);
	SAYS(e.why, "SIGTERM");
	forget(&e);
	part(&d, &p);
}

TEST(trap23_server_killed_in_the_middle)
{
	struct sshd d;
	struct peer p;
	struct ear a, b;

	meet(&d, &p);
	listen_to(&a, &p, STREAM_EXEC, "echo ready; cat");
	listen_to(&b, &p, STREAM_PTY, NULL);
	UNTIL(a.out.len > 0 && b.open);
	sshd_kill(&d);
	UNTIL(p.down);
	CHECK_INT(p.why, LINK_WHY_RESET);
	CHECK(p.retry);
	CHECK_INT(a.closes, 1);
	CHECK_INT(b.closes, 1);
	CHECK_INT(a.status, -1);
	CHECK(p.t->ops->received(p.t) > 1000);
	CHECK_INT(stream_write(a.s, "x", 1), -EPIPE);
	/* The streams outlive the transport. */
	hang_up(&p);
	forget(&a);
	forget(&b);
	setdown();
	sshd_stop(&d);
}

TEST(closing_tells_the_streams)
{
	struct sshd d;
	struct peer p;
	struct ear e;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_EXEC, "cat");
	UNTIL(e.open);
	hang_up(&p);
	CHECK_INT(e.closes, 1);
	CHECK(!p.down);
	forget(&e);
	setdown();
	sshd_stop(&d);
}

struct suicide {
	struct peer *p;
	struct stream *s;
	bool transport;
	unsigned n;
};

static size_t
die_on_data(void *arg, const char *data, size_t len, bool err)
{
	struct suicide *x = arg;

	(void)data;
	(void)err;
	x->n++;
	if (x->transport)
		hang_up(x->p);
	stream_free(x->s);
	x->s = NULL;
	return len;
}

static void
die_on_close(void *arg, int status, const char *why)
{
	struct suicide *x = arg;

	(void)status;
	(void)why;
	stream_free(x->s);
	x->s = NULL;
}

TEST(free_inside_any_callback)
{
	static const struct stream_sink dying = { .on_data = die_on_data,
		.on_close = die_on_close };
	struct sshd d;
	struct peer p;
	struct stream_request r = { .kind = STREAM_EXEC,
		.cmd = "echo a; echo b >&2; echo c" };
	int err;

	setup();
	serve(&d, NULL);
	for (int i = 0; i < 4; i++) {
		struct suicide x = { .p = &p, .transport = i >= 2 };

		bring_up(&p, d.url);
		x.s = p.t->ops->open(p.t, &r, &dying, &x, &err);
		UNTIL(x.s == NULL);
		if (i < 2)
			CHECK_STR(ask_for(&p, "echo on"), "on");
		hang_up(&p);
	}
	/* Inside on_down. */
	bring_up(&p, d.url);
	p.free_when_down = true;
	sshd_kill(&d);
	UNTIL(p.down);
	CHECK(p.t == NULL);
	setdown();
	sshd_stop(&d);
}

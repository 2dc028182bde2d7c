/*
 * Servers that misbehave, one test for each way in which a client that does
 * not block has been seen to hang, spin, leak or mistake one thing for
 * another.
 */
#include "ssh_peer.h"

#include <sys/resource.h>
#include <time.h>

static long long
cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Let the transport's own deadline pass. */
static void
pass(uint64_t ms)
{
	loop_freeze(loop);
	loop_advance(loop, ms);
	for (int i = 0; i < 20; i++)
		loop_turn(loop, 5);
}

TEST(trap01_nonblock_restored)
{
	struct sshd d;
	struct peer p;
	int fds[8], seen;

	meet(&d, &p);
	seen = descriptors_to(d.port, fds, 8);
	for (int i = 0; i < seen; i++) {
		CHECK((fcntl(fds[i], F_GETFL) & O_NONBLOCK) != 0);
		CHECK((fcntl(fds[i], F_GETFD) & FD_CLOEXEC) != 0);
	}
	CHECK_INT(seen, 2); /* ours, and the one of libssh */
	part(&d, &p);
}

TEST(trap01_a_stopped_peer_does_not_block_writes)
{
	struct sshd d;
	struct peer p;
	struct ear e;
	static char block[32768];
	int rc = 0, i, fds[8];

	meet(&d, &p);
	CHECK_INT(descriptors_to(d.port, fds, 8), 2);
	listen_to(&e, &p, STREAM_EXEC, "echo on; exec sleep 100");
	UNTIL(e.out.len > 0);
	sshd_pause(&d, true);
	/* Far more than the socket holds; a call that blocked would never
	 * come back. */
	for (i = 0; i < 200; i++) {
		rc = stream_write(e.s, block, sizeof block);
		loop_turn(loop, 5);
	}
	CHECK_INT(rc, -ENOBUFS);
	CHECK(!p.down);
	forget(&e);
	part(&d, &p);
}

TEST(trap02_trap03_descriptors_are_all_given_back)
{
	struct sshd d;
	struct peer p;
	unsigned port;
	int before, fd;

	meet(&d, &p);
	hang_up(&p);
	fd = listener(&port, 8);
	before = count_fds();
	for (int i = 0; i < 10; i++) {
		struct ear e;
		int conn;

		/* Up and down; freed half-way; broken by the peer. */
		bring_up(&p, d.url);
		listen_to(&e, &p, STREAM_EXEC, "cat");
		hang_up(&p);
		forget(&e);
		dial(&p, d.url);
		for (int n = 0; n < i * 3; n++)
			loop_turn(loop, 2);
		hang_up(&p);
		dial(&p, local_url(port));
		conn = accept_one(fd);
		CHECK(send(conn, "SSH-2.0-x\r\nnonsense", 19, 0) == 19);
		close(conn);
		UNTIL(p.down);
		hang_up(&p);
	}
	for (int i = 0; i < 50 && count_fds() != before; i++)
		loop_turn(loop, 20);
	CHECK_INT(count_fds(), before);
	close(fd);
	setdown();
	sshd_stop(&d);
}

TEST(trap05_a_silent_server_is_a_wedged_machine)
{
	struct peer p;
	unsigned port;
	int fd;
	long long cpu;

	setup();
	fd = listener(&port, 8);
	dial(&p, local_url(port));
	accept_one(fd);
	UNTIL(p.state == LINK_CONNECTING);
	cpu = cpu_ms();
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 30);
	CHECK(cpu_ms() - cpu < 100);
	CHECK(!p.down);
	pass(5001);
	CHECK(p.down);
	CHECK_INT(p.why, LINK_WHY_BANNER);
	CHECK(p.retry);
	SAYS(p.text, "wedged");
	hang_up(&p);
	setdown();
	close(fd);
}

TEST(trap05_a_banner_and_nothing_more)
{
	struct peer p;
	unsigned port;
	int fd, conn;

	setup();
	fd = listener(&port, 8);
	dial(&p, local_url(port));
	conn = accept_one(fd);
	CHECK(send(conn, "SSH-2.0-OpenSSH_9.9\r\n", 21, 0) == 21);
	/* It has read ours, and what we propose. */
	{
		char in[4096];
		ssize_t n = 0, got = 0;

		UNTIL(
		    (n = recv(conn, in, sizeof in, 0)) > 0 && (got += n) > 300);
	}
	loop_turn(loop, 20);
	pass(14000);
	CHECK(!p.down);
	pass(1500);
	CHECK(p.down);
	CHECK_INT(p.why, LINK_WHY_TIMEOUT);
	CHECK(p.retry);
	SAYS(p.text, "key exchange");
	hang_up(&p);
	close(conn);
	setdown();
	close(fd);
}

TEST(trap05_a_dripping_server)
{
	struct peer p;
	unsigned port;
	int fd, conn;

	setup();
	fd = listener(&port, 8);
	dial(&p, local_url(port));
	conn = accept_one(fd);
	loop_freeze(loop);
	for (int i = 0; i < 60 && !p.down; i++) {
		send(conn, "x\r\n", 3, MSG_NOSIGNAL);
		loop_turn(loop, 5);
		loop_advance(loop, 100);
	}
	CHECK(p.down);
	CHECK_INT(p.why, LINK_WHY_PROTOCOL);
	hang_up(&p);
	close(conn);
	setdown();
	close(fd);
}

TEST(trap13_garbage_without_end)
{
	static char lines[65536];
	struct peer p;
	unsigned port;
	int fd, conn;
	long long cpu = cpu_ms();
	size_t sent = 0;

	setup();
	for (size_t i = 0; i < sizeof lines; i++)
		lines[i] = i % 64 == 63 ? '\n' : 'g';
	fd = listener(&port, 8);
	dial(&p, local_url(port));
	conn = accept_one(fd);
	while (!p.down && sent < 64u * 1024 * 1024) {
		ssize_t n = send(conn, lines, sizeof lines, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		loop_turn(loop, 5);
	}
	CHECK(p.down);
	CHECK_INT(p.why, LINK_WHY_PROTOCOL);
	CHECK(cpu_ms() - cpu < 2000);
	CHECK(p.t->ops->received(p.t) < 1024 * 1024);
	hang_up(&p);
	close(conn);
	setdown();
	close(fd);
}

static void
says(const char *what, size_t len, enum link_why why)
{
	struct peer p;
	unsigned port;
	int fd, conn;

	setup();
	fd = listener(&port, 8);
	dial(&p, local_url(port));
	conn = accept_one(fd);
	CHECK(send(conn, what, len, 0) == (ssize_t)len);
	shutdown(conn, SHUT_WR);
	UNTIL(p.down);
	if (p.why != why)
		test_fail(
		    __FILE__, __LINE__, "%s: %s", link_why_name(p.why), p.text);
	CHECK(p.text[0] != '\0');
	CHECK(p.retry);
	hang_up(&p);
	close(conn);
	setdown();
	close(fd);
}

TEST(trap13_http)
{
	says("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", 40,
	    LINK_WHY_PROTOCOL);
}

TEST(trap13_old_ssh)
{
	says("SSH-1.5-old\r\n", 13, LINK_WHY_PROTOCOL);
}

TEST(trap13_zeros)
{
	static const char zeros[2000];

	says(zeros, sizeof zeros, LINK_WHY_PROTOCOL);
}

TEST(closed_without_a_word)
{
	says("", 0, LINK_WHY_RESET);
}

TEST(trap13_reset_after_accept)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct peer p;
	unsigned port;
	int fd, conn;

	setup();
	fd = listener(&port, 8);
	dial(&p, local_url(port));
	conn = accept_one(fd);
	setsockopt(conn, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(conn);
	GOES_DOWN(&p, LINK_WHY_RESET);
	CHECK(p.retry);
	hang_up(&p);
	setdown();
	close(fd);
}

TEST(refused)
{
	struct peer p;
	unsigned port;

	setup();
	close(listener(&port, 1));
	dial(&p, local_url(port));
	GOES_DOWN(&p, LINK_WHY_REFUSED);
	CHECK(p.retry);
	SAYS(p.text, "no SSH server listens");
	hang_up(&p);
	setdown();
}

TEST(a_name_that_is_none)
{
	struct peer p;

	setup();
	dial(&p, "ssh://pi@bad..name");
	GOES_DOWN(&p, LINK_WHY_NAME);
	CHECK(p.retry);
	SAYS(p.text, "bad..name");
	hang_up(&p);
	setdown();
}

TEST(no_answer_to_connect)
{
	struct peer p;
	struct sockaddr_in sa = { .sin_family = AF_INET };
	unsigned port;
	int fd, fill[4];

	setup();
	config.connect_ms = 400;
	/* A queue that is full drops what comes next. */
	fd = listener(&port, 0);
	sa.sin_port = htons((unsigned short)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 4; i++) {
		fill[i] = socket(
		    AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		connect(fill[i], (struct sockaddr *)&sa, sizeof sa);
	}
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 10);
	dial(&p, local_url(port));
	GOES_DOWN(&p, LINK_WHY_TIMEOUT);
	CHECK(p.retry);
	SAYS(p.text, "is it on");
	hang_up(&p);
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(fd);
	setdown();
}

TEST(dead_hosts_do_not_hold_up_a_live_one)
{
	struct sshd d;
	struct peer dead[40], p;
	unsigned port;
	uint64_t before;
	int fd;

	setup();
	serve(&d, NULL);
	fd = listener(&port, 64);
	for (int i = 0; i < 40; i++)
		dial(&dead[i], local_url(port));
	before = loop_now(loop);
	bring_up(&p, d.url);
	/* Two rounds of 300 ms, and what a handshake takes. */
	CHECK(loop_now(loop) - before < 3000);
	hang_up(&p);
	for (int i = 0; i < 40; i++) {
		CHECK(!dead[i].down);
		hang_up(&dead[i]);
	}
	close(fd);
	setdown();
	sshd_stop(&d);
}

static unsigned turns_taken;

static void
took_turn(void *arg)
{
	(void)arg;
	turns_taken++;
}

TEST(handshakes_are_bounded)
{
	struct pool_slot *slot[POOL_HANDSHAKES + 3];

	setup();
	turns_taken = 0;
	for (int i = 0; i < POOL_HANDSHAKES + 3; i++)
		slot[i] = pool_enter(pool, took_turn, NULL);
	CHECK_INT(turns_taken, 0);
	loop_freeze(loop);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1);
	CHECK_INT(turns_taken, POOL_HANDSHAKES);
	/* One leaves, one that waits gives up, one keeps us waiting. */
	pool_leave(slot[0]);
	pool_leave(slot[POOL_HANDSHAKES + 2]);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1);
	CHECK_INT(turns_taken, POOL_HANDSHAKES + 1);
	loop_advance(loop, 200);
	for (int i = 2; i < POOL_HANDSHAKES; i++)
		pool_touch(slot[i]);
	loop_advance(loop, POOL_PATIENCE_MS - 150);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 1);
	CHECK_INT(turns_taken, POOL_HANDSHAKES + 2);
	for (int i = 1; i < POOL_HANDSHAKES + 2; i++)
		pool_leave(slot[i]);
	setdown();
}

TEST(trap26_enough_descriptors)
{
	struct rlimit r = { .rlim_cur = 256 };

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = 256;
	CHECK(setrlimit(RLIMIT_NOFILE, &r) == 0);
	setup();
	CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0);
	CHECK(r.rlim_cur > 256 || r.rlim_cur == r.rlim_max);
	setdown();
}

TEST(trap20_sigpipe_is_ignored)
{
	struct sigaction sa;

	setup();
	CHECK(sigaction(SIGPIPE, NULL, &sa) == 0);
	CHECK(sa.sa_handler == SIG_IGN);
	setdown();
}

TEST(trap21_nothing_is_written_to_the_terminal)
{
	struct sshd d;
	struct peer p;
	char path[300], said[10];
	int fd, keep = dup(2);
	ssize_t n;

	setup();
	serve(&d, NULL);
	snprintf(path, sizeof path, "%s/stderr", test_dir());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 2);
	bring_up(&p, d.url);
	ask_for(&p, "echo x");
	hang_up(&p);
	sshd_kill(&d);
	dial(&p, d.url);
	UNTIL(p.down);
	hang_up(&p);
	dup2(keep, 2);
	n = pread(fd, said, sizeof said, 0);
	CHECK_INT(n, 0);
	close(fd);
	close(keep);
	setdown();
	sshd_stop(&d);
}

TEST(an_idle_session_costs_nothing)
{
	struct sshd d;
	struct peer p;
	struct ear e;
	long long cpu;

	meet(&d, &p);
	listen_to(&e, &p, STREAM_SHELL, NULL);
	UNTIL(e.open);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 20);
	cpu = cpu_ms();
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 50);
	CHECK(cpu_ms() - cpu < 60);
	forget(&e);
	part(&d, &p);
}

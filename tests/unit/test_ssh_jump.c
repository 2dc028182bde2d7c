/* Ways round: jump hosts and proxy programs. */
#include "ssh_peer.h"

#include <stdarg.h>

static char file[320], conf[4000];
static size_t len;

static void add(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
add(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	len += (size_t)vsnprintf(conf + len, sizeof conf - len, fmt, ap);
	va_end(ap);
	snprintf(file, sizeof file, "%s/config", test_dir());
	write_file(file, conf);
	config.ssh_config = file;
}

static void
add_host(const char *name, const struct sshd *d)
{
	add("Host %s\n HostName 127.0.0.1\n Port %u\n User %s\n"
	    " IdentityAgent none\n",
	    name, d->port, d->user);
}

/* Servers that all let our key in; only the first n are known. */
static void
serve_all(struct sshd *d, int n)
{
	char pub[310];

	make_key(key, "ed25519", "");
	snprintf(pub, sizeof pub, "%s.pub", key);
	for (int i = 0; i < n; i++) {
		sshd_start(&d[i], pub, NULL);
		sshd_known(&d[i], known);
	}
}

static int
logins(const struct sshd *d)
{
	char path[400], line[1000];
	FILE *f;
	int n = 0;

	snprintf(path, sizeof path, "%s/log", d->dir);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		n += strstr(line, "Accepted publickey") != NULL;
	if (f != NULL)
		fclose(f);
	return n;
}

TEST(through_one_jump_host)
{
	struct sshd d[2];
	struct peer p[6];

	setup();
	serve_all(d, 2);
	add_host("gate", &d[0]);
	add_host("inner", &d[1]);
	add(" ProxyJump gate\n");
	for (int i = 0; i < 6; i++)
		dial(&p[i], "ssh://inner");
	for (int i = 0; i < 6; i++) {
		COMES_UP(&p[i]);
		CHECK_STR(ask_for(&p[i], "echo inside"), "inside");
	}
	CHECK_INT(logins(&d[1]), 6);
	/* One connection to the jump host serves them all. */
	CHECK_INT(logins(&d[0]), 1);
	for (int i = 0; i < 6; i++)
		hang_up(&p[i]);
	/* And a little later, still. */
	bring_up(&p[0], "ssh://inner");
	hang_up(&p[0]);
	CHECK_INT(logins(&d[0]), 1);
	setdown();
	sshd_stop(&d[0]);
	sshd_stop(&d[1]);
}

TEST(through_two_jump_hosts)
{
	struct sshd d[3];
	struct peer p;

	setup();
	serve_all(d, 3);
	add_host("one", &d[0]);
	add_host("two", &d[1]);
	add_host("inner", &d[2]);
	add(" ProxyJump one,%s@127.0.0.1:%u\n", d[1].user, d[1].port);
	bring_up(&p, "ssh://inner");
	CHECK_STR(ask_for(&p, "echo deep"), "deep");
	for (int i = 0; i < 3; i++)
		CHECK_INT(logins(&d[i]), 1);
	hang_up(&p);
	setdown();
	for (int i = 0; i < 3; i++)
		sshd_stop(&d[i]);
}

TEST(much_data_through_a_jump_host)
{
	struct sshd d[2];
	struct peer p;
	struct ear e, up;
	static char block[32768];
	size_t sent = 0;

	setup();
	serve_all(d, 2);
	add_host("gate", &d[0]);
	add_host("inner", &d[1]);
	add(" ProxyJump gate\n");
	bring_up(&p, "ssh://inner");
	listen_to(&e, &p, STREAM_EXEC, "head -c 10000000 /dev/zero");
	e.deaf = true;
	listen_to(&up, &p, STREAM_EXEC, "wc -c");
	while (sent < 4u * 1024 * 1024) {
		if (stream_write(up.s, block, sizeof block) == 0)
			sent += sizeof block;
		else
			loop_turn(loop, 100);
	}
	stream_eof(up.s);
	UNTIL(up.closed);
	CHECK_INT(strtol(buf_str(&up.out), NULL, 10), (long)sent);
	e.deaf = false;
	stream_resume(e.s);
	UNTIL(e.closed);
	CHECK_INT(e.out.len, 10000000);
	forget(&e);
	forget(&up);
	hang_up(&p);
	setdown();
	sshd_stop(&d[0]);
	sshd_stop(&d[1]);
}

TEST(a_lost_jump_host_takes_all_with_it)
{
	struct sshd d[2];
	struct peer p[3];
	struct ear e;

	setup();
	serve_all(d, 2);
	add_host("gate", &d[0]);
	add_host("inner", &d[1]);
	add(" ProxyJump gate\n");
	for (int i = 0; i < 3; i++)
		bring_up(&p[i], "ssh://inner");
	listen_to(&e, &p[0], STREAM_EXEC, "cat");
	UNTIL(e.open);
	sshd_kill(&d[0]);
	for (int i = 0; i < 3; i++) {
		UNTIL(p[i].down);
		CHECK_INT(p[i].why, LINK_WHY_RESET);
		CHECK(p[i].retry);
		hang_up(&p[i]);
	}
	CHECK_INT(e.closes, 1);
	forget(&e);
	/* The next try says what is wrong with the way. */
	dial(&p[0], "ssh://inner");
	GOES_DOWN(&p[0], LINK_WHY_REFUSED);
	SAYS(p[0].text, "jump host: ");
	hang_up(&p[0]);
	setdown();
	sshd_stop(&d[0]);
	sshd_stop(&d[1]);
}

TEST(what_the_jump_host_cannot_reach)
{
	struct sshd d[2];
	struct peer p;
	unsigned port;

	setup();
	serve_all(d, 1);
	close(listener(&port, 1));
	add_host("gate", &d[0]);
	d[1] = d[0];
	d[1].port = port;
	add_host("inner", &d[1]);
	add(" ProxyJump gate\n");
	dial(&p, "ssh://inner");
	GOES_DOWN(&p, LINK_WHY_REFUSED);
	SAYS(p.text, "the jump host cannot reach");
	CHECK(p.retry);
	hang_up(&p);
	setdown();
	sshd_stop(&d[0]);
}

TEST(questions_of_a_jump_host_are_asked)
{
	struct sshd d[2];
	struct peer p, q;

	setup();
	serve_all(d, 2);
	CHECK_INT(unlink(known), 0);
	sshd_known(&d[1], known);
	add_host("gate", &d[0]);
	add_host("inner", &d[1]);
	add(" ProxyJump gate\n");
	config.interactive = true;
	dial(&p, "ssh://inner");
	dial(&q, "ssh://inner");
	GOES_DOWN(&p, LINK_WHY_ASKING);
	GOES_DOWN(&q, LINK_WHY_ASKING);
	CHECK_INT(p.ask.kind, ASK_HOSTKEY);
	CHECK_INT(p.ask.id, q.ask.id);
	CHECK(!p.retry);
	hang_up(&p);
	hang_up(&q);
	CHECK(pool_answer(pool, p.ask.id, "yes"));
	bring_up(&p, "ssh://inner");
	CHECK_STR(ask_for(&p, "echo in"), "in");
	hang_up(&p);
	/* Refused, it is the end. */
	config.interactive = false;
	CHECK_INT(unlink(known), 0);
	setdown();
	loop = loop_new();
	pool = link_pool_new(loop);
	dial(&p, "ssh://inner");
	GOES_DOWN(&p, LINK_WHY_HOSTKEY);
	CHECK(!p.retry);
	SAYS(p.text, "jump host: ");
	hang_up(&p);
	setdown();
	sshd_stop(&d[0]);
	sshd_stop(&d[1]);
}

TEST(jump_hosts_in_a_circle)
{
	struct sshd d[1];
	struct peer p;

	setup();
	serve_all(d, 1);
	add_host("a", &d[0]);
	add(" ProxyJump b\n");
	add_host("b", &d[0]);
	add(" ProxyJump a\n");
	dial(&p, "ssh://a");
	GOES_DOWN(&p, LINK_WHY_LOCAL);
	SAYS(p.text, "circle");
	hang_up(&p);
	setdown();
	sshd_stop(&d[0]);
}

TEST(leaving_while_the_jump_is_made)
{
	struct sshd d[2];
	struct peer p[3];

	setup();
	serve_all(d, 2);
	add_host("gate", &d[0]);
	add_host("inner", &d[1]);
	add(" ProxyJump gate\n");
	for (int i = 0; i < 12; i++) {
		for (int k = 0; k < 3; k++)
			dial(&p[k], "ssh://inner");
		for (int n = 0; n < i * 6; n++)
			loop_turn(loop, 3);
		for (int k = 0; k < 3; k++)
			hang_up(&p[k]);
		if (i % 4 == 3) {
			setdown();
			loop = loop_new();
			pool = link_pool_new(loop);
		}
	}
	setdown();
	sshd_stop(&d[0]);
	sshd_stop(&d[1]);
}

TEST(through_a_program)
{
	struct sshd d[2];
	struct peer p;

	setup();
	serve_all(d, 2);
	add_host("inner", &d[1]);
	add(" ProxyCommand ssh -F none -i %s -o BatchMode=yes "
	    "-o IdentityAgent=none -o UserKnownHostsFile=%s -p %u "
	    "-W %%h:%%p %s@127.0.0.1\n",
	    key, known, d[0].port, d[0].user);
	bring_up(&p, "ssh://inner");
	CHECK_STR(ask_for(&p, "echo round"), "round");
	CHECK_INT(logins(&d[0]), 1);
	/* The program goes, and the session with it. */
	sshd_kill(&d[0]);
	UNTIL(p.down);
	CHECK_INT(p.why, LINK_WHY_RESET);
	hang_up(&p);
	setdown();
	sshd_stop(&d[0]);
	sshd_stop(&d[1]);
}

TEST(a_program_that_fails_is_quoted)
{
	struct sshd d[1];
	struct peer p;

	setup();
	serve_all(d, 1);
	add_host("inner", &d[0]);
	add(" ProxyCommand sh -c 'echo no way to %%h >&2; exit 1'\n");
	dial(&p, "ssh://inner");
	GOES_DOWN(&p, LINK_WHY_RESET);
	SAYS(p.text, "no way to 127.0.0.1");
	CHECK(p.retry);
	hang_up(&p);
	setdown();
	sshd_stop(&d[0]);
}

TEST(trap20_a_program_that_ignores_sigterm_holds_nobody_up)
{
	struct sshd d[1];
	struct peer p;
	uint64_t before;

	setup();
	serve_all(d, 1);
	add_host("inner", &d[0]);
	add(" ProxyCommand sh -c 'trap \"\" TERM; sleep 60'\n");
	dial(&p, "ssh://inner");
	UNTIL(p.state == LINK_RESOLVING);
	for (int i = 0; i < 30; i++)
		loop_turn(loop, 10);
	before = loop_now(loop);
	hang_up(&p);
	loop_turn(loop, 0);
	CHECK(loop_now(loop) - before < 300);
	setdown();
	sshd_stop(&d[0]);
}

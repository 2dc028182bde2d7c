#include "reach_peer.h"
#include "rackmux/link/pool.h"

/* Consoles over a link that is played by the test, and over a real shell. */

static struct way
picocom(void)
{
	struct way w;

	way_init(&w);
	w.kind = WAY_PTY;
	str_copy(w.cmd, sizeof w.cmd, "exec picocom -b 115200 /dev/ttyS1");
	str_copy(w.device, sizeof w.device, "/dev/ttyS1");
	way_manners(&w);
	return w;
}

static const char greeting[] =
    "picocom v3.1\r\n\r\nport is        : /dev/ttyS1\r\n"
    "Type [C-a] [C-h] to see available commands\r\nTerminal ready\r\n";

static struct peer *
with_picocom(void)
{
	struct way w = picocom();
	struct peer *p = peer(&w);

	turn(p);
	p->s[0]->base.sink.on_open(p->s[0]->base.arg);
	CHECK_INT(p->opens, 0);
	for (const char *c = greeting; *c != '\0'; c++) {
		char one[2] = { *c, '\0' };

		CHECK_INT(p->opens, 0);
		CHECK_INT(say(p, one), 1);
	}
	CHECK_INT(p->opens, 1);
	CHECK_INT(p->s[0]->typed.len, 0);
	return p;
}

/* --- programs in between -------------------------------------------------- */

TEST(reach_strips_the_banner_and_the_goodbye)
{
	struct peer *p = with_picocom();

	CHECK_INT(p->s[0]->req.kind, STREAM_PTY);
	say(p, "\r\nlogin: ");
	CHECK_STR(buf_str(&p->got), "\r\nlogin: ");
	say(p, "x\r\nTerminating...\r\nThanks for using picocom\r\n");
	CHECK_STR(buf_str(&p->got), "\r\nlogin: x\r\n");
	ends(p, 0, "it ended");
	CHECK_STR(buf_str(&p->got), "\r\nlogin: x\r\n");
	CHECK_INT(p->closes, 1);
	CHECK_INT(p->end, REACH_ENDED);
	peer_free(p);
}

TEST(reach_gives_back_what_is_no_goodbye)
{
	struct peer *p = with_picocom();

	say(p, "Terminating...");
	CHECK_STR(buf_str(&p->got), "");
	loop_advance(p->loop, 600);
	CHECK_STR(buf_str(&p->got), "Terminating...");
	say(p, " all tasks\r\nTerm");
	CHECK_STR(buf_str(&p->got), "Terminating... all tasks\r\n");
	say(p, "inal");
	CHECK_STR(buf_str(&p->got), "Terminating... all tasks\r\nTerminal");
	say(p, "\r\nTer"); /* too short to be held back: an echo, perhaps */
	CHECK(str_ends(buf_str(&p->got), "Ter"));
	say(p, "\r\nThanks for us");
	CHECK(str_ends(buf_str(&p->got), "Ter\r\n"));
	ends(p, 0, "it ended");
	CHECK(str_ends(buf_str(&p->got), "\r\nThanks for us"));
	peer_free(p);
}

TEST(reach_types_what_programs_would_eat)
{
	struct peer *p = with_picocom();

	CHECK_INT(reach_write(p->r, "a\001b", 3), 0);
	CHECK_STR(buf_str(&p->s[0]->typed), "a\001\001b");
	buf_clear(&p->s[0]->typed);
	CHECK_INT(reach_break(p->r), 0);
	CHECK_STR(buf_str(&p->s[0]->typed), "\001\034");
	buf_clear(&p->s[0]->typed);
	reach_resize(p->r, 30, 100);
	CHECK_INT(p->s[0]->req.rows, 30);
	reach_free(p->r);
	p->r = NULL;
	CHECK_STR(buf_str(&p->s[0]->typed), "\001\030");
	CHECK(!p->s[0]->freed); /* until it has ended */
	p->s[0]->base.sink.on_close(p->s[0]->base.arg, 0, "it ended");
	CHECK(p->s[0]->freed);
	peer_free(p);
}

/* picocom says that it has sent a break, in a line of its own. */
TEST(reach_strips_what_a_break_is_confirmed_with)
{
	static const char said[] = "\r\n*** break sent ***\r\nsysrq: HELP\r\n";
	struct peer *p = with_picocom();

	CHECK_INT(reach_break(p->r), 0);
	say(p, said);
	CHECK_STR(buf_str(&p->got), "\r\nsysrq: HELP\r\n");
	buf_clear(&p->got);
	CHECK_INT(reach_break(p->r), 0);
	for (const char *c = said; *c != '\0'; c++)
		say(p, (char[2]){ *c, '\0' });
	CHECK_STR(buf_str(&p->got), "\r\nsysrq: HELP\r\n");
	buf_clear(&p->got);
	/* It comes with what is not taken at once. */
	CHECK_INT(reach_break(p->r), 0);
	p->room = 5;
	CHECK_INT(say(p, said + 2), sizeof said - 3);
	p->room = 100;
	reach_resume(p->r);
	CHECK_STR(buf_str(&p->got), "sysrq: HELP\r\n");
	buf_clear(&p->got);
	/* A node's own. */
	say(p, said);
	CHECK_STR(buf_str(&p->got), said);
	peer_free(p);
}

/* What did not say that it is picocom is not told what ends picocom. */
TEST(reach_types_nothing_at_a_stranger)
{
	struct way w = picocom();
	struct peer *p = peer(&w);

	turn(p);
	p->s[0]->base.sink.on_open(p->s[0]->base.arg);
	CHECK_INT(reach_write(p->r, "x", 1), -EPIPE);
	say(p, "login: ");
	CHECK_INT(p->opens, 0);
	loop_advance(p->loop, 6000);
	CHECK_INT(p->opens, 1);
	CHECK_STR(buf_str(&p->got), "login: ");
	CHECK_INT(reach_write(p->r, "\001", 1), 0);
	CHECK_STR(buf_str(&p->s[0]->typed), "\001");
	CHECK_INT(reach_break(p->r), -ENOTSUP);
	buf_clear(&p->s[0]->typed);
	reach_free(p->r);
	p->r = NULL;
	CHECK_INT(p->s[0]->typed.len, 0);
	peer_free(p);
}

TEST(reach_names_who_holds_it)
{
	struct way w = picocom();
	struct peer *p = peer(&w);

	turn(p);
	say(p,
	    "picocom v3.1\r\n\r\nFATAL: cannot lock /dev/ttyS1: "
	    "Resource temporarily unavailable\r\n");
	ends(p, 1, "it ended");
	CHECK_INT(p->asked, 1);
	CHECK(strstr(p->q[0].cmd, "'/dev/ttyS1'") != NULL);
	p_answer(p, LINK_DONE, 0, "minicom (pid 4711)\n");
	turn(p);
	CHECK_INT(p->end, REACH_HELD);
	CHECK_STR(p->why,
	    "/dev/ttyS1 is held by minicom (pid 4711): end that there, or wait "
	    "for it.");
	peer_free(p);

	p = peer(&w);
	turn(p);
	say(p, "FATAL: cannot lock /dev/ttyS1: Busy.\r\n");
	ends(p, 1, "it ended");
	p_answer(p, LINK_TIMED_OUT, 1, "late");
	turn(p);
	CHECK_INT(p->end, REACH_HELD);
	CHECK(str_starts(p->why,
	    "Another program has /dev/ttyS1: end "
	    "it there, or wait for it (FATAL: "));
	peer_free(p);
}

TEST(reach_says_why_a_program_did_not_run)
{
	struct way w = picocom();
	struct peer *p = peer(&w);

	turn(p);
	say(p, "sh: picocom: not found\n");
	ends(p, 127, "it ended");
	CHECK_INT(p->end, REACH_REFUSED);
	CHECK_STR(p->why, "Sh: picocom: not found.");
	peer_free(p);
	p = peer(&w);
	turn(p);
	p->state = LINK_LOST;
	ends(p, -1, "the peer went away");
	CHECK_INT(p->end, REACH_LOST);
	CHECK_STR(p->why, "The peer went away.");
	peer_free(p);
}

static uint64_t
next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

/* What a node may print that looks like the words of picocom. */
static void
likely(struct buf *b, uint64_t *seed)
{
	static const char *const words[] = { "Term", "Terminating", "\r\n",
		"Terminating...", "Thanks for using picocom", "Skipping tty",
		"\n", "\r", "x", "Terminal ready\r\n", "login: ", "Th" };

	while (b->len < 2000)
		if (next_random(seed) % 20 == 0)
			buf_add(b, "", 1);
		else
			buf_puts(
			    b, words[next_random(seed) % ARRAY_LEN(words)]);
}

/* As a stream offers it: what was not taken comes again, when it is told. */
TEST(reach_gives_all_however_it_is_cut_and_held_back)
{
	for (uint64_t run = 1; run <= 200; run++) {
		struct peer *p = with_picocom();
		struct fstream *s = p->s[0];
		uint64_t seed = run;
		size_t at = 0, n;
		bool held = false;
		struct buf b;

		buf_init(&b, 0);
		likely(&b, &seed);
		p->room = 0;
		while (at < b.len) {
			n = 1 + next_random(&seed) % 60;
			n = n < b.len - at ? n : b.len - at;
			if (!held) {
				size_t took = s->base.sink.on_data(
				    s->base.arg, b.data + at, n, false);

				CHECK(took <= n);
				at += took;
				held = took < n;
			}
			if (next_random(&seed) % 3 == 0)
				loop_advance(p->loop, next_random(&seed) % 600);
			if (next_random(&seed) % 2 == 0) {
				s->resumed = false;
				p->room = next_random(&seed) % 50;
				reach_resume(p->r);
				held = held && !s->resumed;
			}
		}
		for (int i = 0; i < 4; i++) {
			p->room = 1000000;
			reach_resume(p->r);
			loop_advance(p->loop, 1000);
		}
		CHECK_INT(p->got.len, b.len);
		CHECK(memcmp(p->got.data, b.data, b.len) == 0);
		CHECK_INT(p->closes, 0);
		buf_release(&b);
		peer_free(p);
	}
}

/* What a program says when it begins is no word on its end. */
TEST(reach_says_how_a_program_ended)
{
	struct peer *p = with_picocom();

	ends(p, 1, "the command ended with status 1");
	CHECK_INT(p->end, REACH_ENDED);
	CHECK_STR(p->why, "The command ended with status 1.");
	peer_free(p);
}

/* A node may have said it itself, and the link went then. */
TEST(reach_keeps_a_goodbye_when_the_link_is_lost)
{
	struct peer *p = with_picocom();

	say(p, "Terminating...");
	p->state = LINK_LOST;
	ends(p, -1, "the peer went away");
	CHECK_STR(buf_str(&p->got), "Terminating...");
	CHECK_INT(p->end, REACH_LOST);
	peer_free(p);
}

/* Nothing may be typed at what was flooded before it was open. */
TEST(reach_does_not_open_by_a_flood)
{
	char *noise = mem_array(70000, 1);
	struct way w;
	struct peer *p;

	memset(noise, 'x', 69999);
	way_init(&w);
	way_tty(&w, "/dev/ttyAMA1", 115200);
	p = peer(&w);
	turn(p);
	say(p, noise);
	turn(p);
	CHECK_INT(p->opens, 0);
	CHECK_INT(p->end, REACH_REFUSED);
	peer_free(p);

	w = picocom();
	p = peer(&w);
	p->can = LINK_CAN_RUN; /* by a login shell, as over exec: */
	turn(p);
	say(p, noise);
	turn(p);
	CHECK_INT(p->opens, 0);
	CHECK_INT(p->end, REACH_REFUSED);
	peer_free(p);
	free(noise);
}

/* A banner and a long boot in one piece. */
TEST(reach_loses_nothing_behind_a_banner)
{
	struct way w = picocom();
	struct peer *p = peer(&w);
	size_t len = sizeof greeting - 1;
	char *all = mem_array(len + 200001, 1);

	memcpy(all, greeting, len);
	memset(all + len, 'b', 200000);
	turn(p);
	say(p, all);
	CHECK_INT(p->got.len, 200000);
	free(all);
	peer_free(p);
}

/* --- a tty ---------------------------------------------------------------- */

TEST(reach_tty_behind_a_shell)
{
	struct way w;
	struct peer *p;

	way_init(&w);
	way_tty(&w, "/dev/ttyAMA1", 115200);
	p = peer(&w);
	turn(p);
	CHECK_INT(p->s[0]->req.kind, STREAM_EXEC);
	CHECK(strstr(p->s[0]->cmd, "'/dev/ttyAMA1' 115200") != NULL);
	say(p, "rackmux: open\nU-Boot\n");
	CHECK_STR(buf_str(&p->got), "U-Boot\n");
	CHECK_INT(reach_write(p->r, "\001\030", 2), 0);
	CHECK_INT(p->s[0]->typed.len, 2);
	CHECK_INT(reach_break(p->r), -ENOTSUP);
	peer_free(p);

	p = peer(&w);
	turn(p);
	say(p, "rackmux: held by agetty (pid 9)\n");
	ends(p, 1, "it ended");
	CHECK_INT(p->asked, 0);
	CHECK_INT(p->end, REACH_HELD);
	CHECK(str_starts(p->why, "/dev/ttyAMA1 is held by agetty (pid 9):"));
	peer_free(p);

	p = peer(&w);
	turn(p);
	p->s[0]->base.sink.on_open(p->s[0]->base.arg);
	loop_advance(p->loop, 20000);
	turn(p);
	CHECK_INT(p->end, REACH_REFUSED);
	peer_free(p);
}

/* --- links ---------------------------------------------------------------- */

TEST(reach_lines_and_logins)
{
	struct way w;
	struct peer *p;

	way_init(&w);
	w.kind = WAY_LINE;
	w.sends_break = true;
	p = peer(&w);
	turn(p);
	CHECK_INT(p->s[0]->req.kind, STREAM_PTY);
	p->s[0]->base.sink.on_open(p->s[0]->base.arg);
	CHECK_INT(p->opens, 1);
	CHECK_INT(reach_break(p->r), 0);
	CHECK_INT(p->s[0]->breaks, 1);
	CHECK_INT(p->s[0]->typed.len, 0);
	peer_free(p);
	w.kind = WAY_LOGIN;
	p = peer(&w);
	turn(p);
	CHECK_INT(p->s[0]->req.kind, STREAM_PTY);
	CHECK_STR(p->s[0]->cmd, "-");
	p->free_on_data = true;
	say(p, "motd");
	CHECK(p->r == NULL && p->s[0]->freed);
	peer_free(p);
}

static void
expect_refusal(enum way_kind kind, unsigned can, int err, enum reach_end end)
{
	struct way w = picocom();
	struct peer *p;

	w.kind = kind;
	p = peer(&w);
	p->can = can;
	p->err = err;
	turn(p);
	CHECK_INT(p->closes, 1);
	CHECK_INT(p->end, end);
	peer_free(p);
}

TEST(reach_refuses)
{
	const unsigned serial =
	    LINK_CAN_RUN | LINK_CAN_STREAM | LINK_CAN_DIALOGUE | LINK_CAN_BREAK;

	expect_refusal(WAY_NONE, 0, 0, REACH_REFUSED);
	expect_refusal(WAY_PTY, serial, 0, REACH_REFUSED);
	expect_refusal(WAY_PIPE, serial, 0, REACH_REFUSED);
	expect_refusal(WAY_PTY, LINK_CAN_EXEC, -ENOTCONN, REACH_LOST);
	expect_refusal(WAY_PTY, LINK_CAN_EXEC, -EBUSY, REACH_REFUSED);
	expect_refusal(WAY_LINE, 0, -EIO, REACH_REFUSED);
	expect_refusal(WAY_TCP, 0, -ENOTSUP, REACH_REFUSED);
}

TEST(reach_tcp_holds_back)
{
	struct way w;
	struct peer *p;

	way_init(&w);
	w.kind = WAY_TCP;
	w.port = 2001;
	str_copy(w.host, sizeof w.host, "localhost");
	p = peer(&w);
	turn(p);
	CHECK_INT(p->s[0]->req.kind, STREAM_TCP);
	CHECK_INT(p->s[0]->req.port, 2001);
	p->s[0]->base.sink.on_open(p->s[0]->base.arg);
	p->room = 3;
	CHECK_INT(say(p, "abcdef"), 3);
	CHECK_INT(say(p, "def"), 0);
	p->room = 100;
	reach_resume(p->r);
	CHECK(p->s[0]->resumed);
	CHECK_INT(say(p, "def"), 3);
	CHECK_STR(buf_str(&p->got), "abcdef");
	ends(p, -1, "it was closed");
	CHECK_INT(p->end, REACH_ENDED);
	peer_free(p);
	p = peer(&w);
	turn(p);
	ends(p, -1, "refused");
	CHECK_INT(p->end, REACH_REFUSED);
	CHECK(str_starts(p->why, "Port 2001 there does not open (refused):"));
	peer_free(p);
}

/* The end is told after the last byte, also to one who takes few. */
TEST(reach_ends_after_its_last_byte)
{
	struct peer *p = with_picocom();

	p->room = 0;
	say(p, "Thanks f");
	ends(p, 0, "it ended");
	CHECK_INT(p->closes, 0);
	p->room = 100;
	reach_resume(p->r);
	turn(p);
	CHECK_STR(buf_str(&p->got), "Thanks f");
	CHECK_INT(p->closes, 1);
	peer_free(p);
}

/* --- a real link ---------------------------------------------------------- */

struct real {
	struct loop *loop;
	struct reach *r;
	struct buf got;
	bool open, closed;
	enum reach_end end;
};

static void
real_open(void *arg)
{
	((struct real *)arg)->open = true;
}

static size_t
real_data(void *arg, const char *data, size_t len)
{
	buf_add(&((struct real *)arg)->got, data, len);
	return len;
}

static void
real_close(void *arg, enum reach_end end, const char *why)
{
	struct real *t = arg;

	(void)why;
	t->closed = true;
	t->end = end;
}

static void
no_state(void *arg, struct link *l, enum link_state s, enum link_why w,
    const char *text)
{
	(void)arg;
	(void)l;
	(void)s;
	(void)w;
	(void)text;
}

#define WAIT(loop, x) \
	do { \
		for (int i_ = 0; i_ < 2000 && !(x); i_++) \
			loop_turn(loop, 10); \
		CHECK(x); \
	} while (0)

/* A program on a pty, and one on a pipe, by a link that has neither. */
static void
try_exec(
    enum way_kind kind, const char *cmd, const char *typed, const char *want)
{
	static const struct reach_sink sink = { real_open, real_data, NULL,
		real_close };
	static const struct link_sink link_sink = { .on_state = no_state };
	const struct link_config config = { .name = "x", .url = "exec:dash" };
	struct real t = { .loop = loop_new() };
	struct link_pool *pool = link_pool_new(t.loop);
	struct link *l = link_new(pool, &config, &link_sink, NULL, NULL, 0);
	struct way w;

	way_init(&w);
	w.kind = kind;
	str_copy(w.cmd, sizeof w.cmd, cmd);
	buf_init(&t.got, 0);
	link_start(l);
	WAIT(t.loop, link_state(l) == LINK_UP);
	t.r = reach_open(t.loop, l, &w, 24, 80, &sink, &t);
	WAIT(t.loop, t.open);
	CHECK_INT(reach_write(t.r, typed, strlen(typed)), 0);
	WAIT(t.loop, strstr(buf_str(&t.got), want) != NULL);
	CHECK(strstr(buf_str(&t.got), "printf") == NULL);
	WAIT(t.loop, t.closed);
	CHECK_INT(t.end, REACH_ENDED);
	reach_free(t.r);
	link_free(l);
	link_pool_free(pool);
	buf_release(&t.got);
	loop_free(t.loop);
}

TEST(reach_over_exec)
{
	try_exec(WAY_PTY, "sh -c 'tty; read x; echo got $x'", "hi\n", "got hi");
	try_exec(WAY_PIPE, "sh -c 'head -c 3 | od -An -tx1'", "\003\r\377",
	    "03 0d ff");
}

#include "../../src/driver/dialogue.h"

#include "mini_peer.h"

/* Send and expect over a stream that the test holds in its hands. */

static struct loop *loop;
static struct dialogue *dg;
static unsigned dones, overheard;
static enum dialogue_end end;
static char why[200], seen[400];
static bool ask_again;

static void
on_overheard(void *arg, const char *line)
{
	(void)arg;
	(void)line;
	overheard++;
}

/* "yes" is good, "no" is bad; all is noted. */
static enum dialogue_verdict
on_line(void *arg, const char *line)
{
	(void)arg;
	CHECK(strlen(seen) + strlen(line) + 2 < sizeof seen);
	str_format(
	    seen + strlen(seen), sizeof seen - strlen(seen), "%s|", line);
	return strcmp(line, "yes") == 0 ? DIALOGUE_GOOD
	    : strcmp(line, "no") == 0   ? DIALOGUE_BAD
					: DIALOGUE_WAIT;
}

static void ask(const char *send);

static void
on_done(void *arg, enum dialogue_end e, const char *text)
{
	(void)arg;
	CHECK(!dialogue_busy(dg));
	dones++;
	end = e;
	str_copy(why, sizeof why, text);
	if (ask_again) {
		ask_again = false;
		ask("again");
	}
}

static void
ask(const char *send)
{
	const struct dialogue_ask question = { .send = send,
		.timeout_ms = 500,
		.line = on_line,
		.done = on_done };

	dialogue_ask(dg, &question);
}

static void
begin(void)
{
	const struct stream_request request = { .kind = STREAM_RAW };
	int err = 0;

	memset(&peer, 0, sizeof peer);
	buf_init(&peer.typed, 0);
	buf_init(&peer.all, 0);
	loop = loop_new();
	loop_freeze(loop);
	dg = dialogue_new(loop, on_overheard, NULL);
	CHECK(!dialogue_open(dg));
	dialogue_attach(
	    dg, peer_open(NULL, &request, &dialogue_sink, dg, &err));
	CHECK(dialogue_open(dg));
}

static void
finish(void)
{
	dialogue_free(dg);
	peer_end(loop);
}

TEST(dialogue_asks_and_hears)
{
	begin();
	ask("q");
	TYPED("q");
	CHECK(dialogue_busy(dg));
	CHECK_INT(dones, 0);
	peer_say("qfirst\r\nsecond\nyes\r\n");
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_DONE);
	CHECK_STR(seen, "qfirst|second|yes|");
	CHECK(!dialogue_busy(dg));
	/* Nothing more comes of it, nor of its deadline. */
	peer_say("no\r\n");
	loop_advance(loop, 1000);
	CHECK_INT(dones, 1);
	CHECK_INT(overheard, 4);
	finish();
}

TEST(dialogue_takes_torn_lines_whole)
{
	static const char said[] = "one\r\nyes\r\n";

	begin();
	ask("q");
	for (size_t i = 0; i < strlen(said); i++) {
		CHECK_INT(dones, 0);
		peer_say_len(said + i, 1);
	}
	CHECK_INT(dones, 1);
	CHECK_STR(seen, "one|yes|");
	/* An end that never comes is no line. */
	ask("q");
	peer_say("yes");
	CHECK_INT(dones, 1);
	loop_advance(loop, 500);
	CHECK_INT(dones, 2);
	CHECK_INT(end, DIALOGUE_SILENT);
	finish();
}

/* What came in the same read counts before the next is sent. */
TEST(dialogue_reads_all_before_it_judges)
{
	begin();
	ask("q");
	peer_say("yes\r\nno\r\n");
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_REFUSED);
	ask("q");
	peer_say("no\r\nyes\r\n");
	CHECK_INT(end, DIALOGUE_DONE);
	finish();
}

TEST(dialogue_has_a_deadline)
{
	begin();
	ask("q");
	loop_advance(loop, 499);
	CHECK_INT(dones, 0);
	loop_advance(loop, 1);
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_SILENT);
	CHECK(why[0] != '\0');
	/* Too late is not for the next. */
	peer_say("yes\r\n");
	CHECK_INT(dones, 1);
	finish();
}

TEST(dialogue_asks_the_next_from_the_answer)
{
	begin();
	ask_again = true;
	ask("q");
	TYPED("q");
	peer_say("yes\r\n");
	CHECK_INT(dones, 1);
	TYPED("again");
	peer_say("no\r\n");
	CHECK_INT(dones, 2);
	CHECK_INT(end, DIALOGUE_REFUSED);
	finish();
}

TEST(dialogue_survives_garbage)
{
	char noise[3000];

	begin();
	ask("q");
	memset(noise, 'x', sizeof noise);
	peer_say_len(noise, sizeof noise);
	peer_say("yes\r\n");
	CHECK_INT(dones, 0); /* the end of that line */
	peer_say_len("\0\x01\xff\x1b[2J\r\n", 9);
	peer_say("\r\r\n\n");
	CHECK_STR(seen, "??\xff?[2J|||");
	peer_say("yes\r\n");
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_DONE);
	finish();
}

/* A peer that talks for ever does not keep us. */
TEST(dialogue_is_bounded)
{
	begin();
	ask("q");
	seen[0] = '\0';
	for (int i = 0; i < 2 * DIALOGUE_FLOOD / 300 && dones == 0; i++) {
		char line[301];

		memset(line, 'x', 300);
		line[299] = '\n';
		peer_say_len(line, 300);
	}
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_SILENT);
	CHECK(strstr(why, "without end") != NULL);
	finish();
}

TEST(dialogue_tells_of_its_end_once)
{
	begin();
	ask("q");
	peer_close("unplugged");
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_LOST);
	CHECK_STR(why, "unplugged");
	CHECK(!dialogue_open(dg));
	CHECK_STR(dialogue_why(dg), "unplugged");
	/* Nothing can be sent any more; that is told from the loop. */
	ask("q");
	CHECK_INT(dones, 1);
	loop_advance(loop, 0);
	CHECK_INT(dones, 2);
	CHECK_INT(end, DIALOGUE_NOT_SENT);
	CHECK_STR(why, "unplugged");
	finish();
}

/* A helper on the far side says why in its own words. */
TEST(dialogue_quotes_the_far_side)
{
	static const char said[] = "stty: /dev/x: Permission denied\nmore\n";

	begin();
	CHECK_INT(peer.sink.on_data(peer.arg, said, strlen(said), true),
	    strlen(said));
	peer_close("exit status 1");
	CHECK_STR(dialogue_why(dg), "stty: /dev/x: Permission denied");
	finish();
}

TEST(dialogue_that_cannot_send)
{
	begin();
	peer.write_err = -ENOBUFS;
	ask("q");
	CHECK_INT(dones, 0);
	peer_say("yes\r\n"); /* somebody else's */
	CHECK_INT(dones, 0);
	loop_advance(loop, 0);
	CHECK_INT(dones, 1);
	CHECK_INT(end, DIALOGUE_NOT_SENT);
	CHECK(why[0] != '\0');
	finish();
}

TEST(dialogue_is_cancelled)
{
	begin();
	ask("q");
	dialogue_cancel(dg);
	CHECK(!dialogue_busy(dg));
	peer_say("yes\r\n");
	loop_advance(loop, 1000);
	CHECK_INT(dones, 0);
	/* Freed with a question open. */
	ask("q");
	finish();
	CHECK_INT(dones, 0);
}

TEST(dialogue_knows_an_echo)
{
	CHECK_STR(dialogue_past_echo("eEnable:1", "e"), "Enable:1");
	CHECK_STR(dialogue_past_echo("Enable:1", "e"), "Enable:1");
	CHECK_STR(dialogue_past_echo("", "e"), "");
}

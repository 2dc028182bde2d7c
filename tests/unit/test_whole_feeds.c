/*
 * Every kind of power feed, simulated, switched by the program as an operator
 * would: the node has power or not, and what is told is what is so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "simproc.h"
#include "test.h"

static const char rack[] =
    "boards = (\n"
    "  { name = \"sw\"; type = \"unifi\"; slots = 8; },\n"
    "  { name = \"mt\"; type = \"routeros\"; slots = 8; },\n"
    "  { name = \"gen\"; type = \"snmp\"; slots = 8; },\n"
    "  { name = \"own\"; type = \"snmp\"; slots = 8; snmp_conf = true; },\n"
    "  { name = \"tas\"; type = \"tasmota\"; slots = 1; },\n"
    "  { name = \"shy\"; type = \"shelly\"; slots = 2; },\n"
    "  { name = \"shy1\"; type = \"shelly\"; slots = 2; gen = 1; },\n"
    "  { name = \"rel\"; type = \"plug\"; slots = 2; },\n"
    "  { name = \"pis\"; type = \"linux\"; unit = 1; slots = 8; nodes = (\n"
    "    { slot = 1; name = \"p1\"; feed = \"sw/1\"; },\n"
    "    { slot = 2; name = \"p2\"; feed = \"mt/2\"; },\n"
    "    { slot = 3; name = \"p3\"; feed = \"gen/3\"; },\n"
    "    { slot = 4; name = \"p4\"; feed = \"own/3\"; },\n"
    "    { slot = 5; name = \"p5\"; feed = \"tas/1\"; },\n"
    "    { slot = 6; name = \"p6\"; feed = \"shy/2\"; },\n"
    "    { slot = 7; name = \"p7\"; feed = \"shy1/1\"; },\n"
    "    { slot = 8; name = \"p8\"; feed = \"rel/1\"; } ); } );\n";

#define NODES 8

static struct simproc sim;
static struct ran ran;

static int
count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static void
power(const char *word, const char *says)
{
	if (ran_words(&ran, "power", "-c", sim.config, "-y", "--stagger", "0",
		word, "pis", NULL) != 0)
		test_fail(
		    __FILE__, __LINE__, "%s: %s%s", word, ran.out, ran.err);
	CHECK_INT(count(ran.out, says), NODES);
}

/* Until all nodes are so, by their feeds: booting takes its time. */
static void
wait_feeds(const char *state)
{
	char *want = text_of("\"feed.state\":{\"value\":\"%s\"", state);
	long long end = now_in_ms() + 20000;

	do {
		CHECK(now_in_ms() < end);
		CHECK(ran_words(&ran, "status", "-c", sim.config, "--json",
			  "pis", NULL) <= 1);
	} while (count(ran.out, want) < NODES);
	free(want);
}

TEST(feeds_are_switched_and_read_back)
{
	simproc_start(&sim, rack, NULL);
	CHECK_INT(
	    ran_words(&ran, "status", "-c", sim.config, "--json", NULL), 0);
	CHECK_INT(count(ran.out, "\"kind\":\"feed\""), 8);
	CHECK_INT(count(ran.out, "\"feed\":\"rel/1\""), 1);
	power("off", "is off");
	wait_feeds("off");
	CHECK_INT(count(ran.out, "\"state\":\"off\","), NODES);
	/* A node without power is no failure. */
	CHECK_INT(ran_words(&ran, "status", "-c", sim.config, "pis", NULL), 0);
	power("on", "is on");
	wait_feeds("on");
	/* "was off, and is on again", unless no round came just then. */
	power("cycle", "is on");
	simproc_stop(&sim);
}

/* The controller of a feed alone, by its name. */
TEST(a_feed_is_asked_by_its_name)
{
	simproc_start(&sim, rack, NULL);
	CHECK_INT(
	    ran_words(&ran, "status", "-c", sim.config, "--json", "mt", NULL),
	    0);
	CHECK_INT(count(ran.out, "\n"), 1);
	CHECK(strstr(ran.out, "\"feed\":\"mt\",\"type\":\"routeros\"") != NULL);
	CHECK_INT(
	    ran_words(&ran, "power", "-c", sim.config, "-y", "off", "mt", NULL),
	    3);
	simproc_stop(&sim);
}

/* It fails with the nodes that it powers, and not with others. */
TEST(a_feed_that_fails_is_named)
{
	char *path = text_of("%s/r.cfg", test_dir());

	file_write(path,
	    "ssh: { config = \"none\"; };\n"
	    "boards = ( { name = \"b\"; type = \"linux\"; slots = 2; nodes = "
	    "( { slot = 1; name = \"one\"; feed = \"rel\"; },\n"
	    "{ slot = 2; name = \"two\"; feed = \"well\"; } ); } );\n"
	    "feeds = ( { name = \"rel\"; type = \"command\"; on = \"x\"; "
	    "off = \"y\"; link = \"exec:false\"; },\n"
	    "{ name = \"well\"; type = \"command\"; on = \"x\"; "
	    "off = \"y\"; status = \"echo is on\"; } );\n");
	CHECK_INT(ran_words(&ran, "status", "-c", path, NULL), 1);
	CHECK(strstr(ran.err, "rackmux: rel: ") != NULL);
	CHECK(strstr(ran.err, "well") == NULL);
	CHECK_INT(ran_words(&ran, "status", "-c", path, "two", NULL), 0);
	CHECK(strstr(ran.out, "two   on") != NULL);
	CHECK_INT(ran_words(&ran, "status", "-c", path, "one", NULL), 1);
	CHECK(strstr(ran.err, "rackmux: rel: ") != NULL);
	free(path);
}

static const char two_on_one[] =
    "ssh: { config = \"none\"; };\n"
    "boards = ( { name = \"b\"; type = \"linux\"; slots = 2; nodes = "
    "( { slot = 1; name = \"one\"; feed = \"rel/1\"; },\n"
    "{ slot = 2; name = \"two\"; feed = \"rel/1\"; } ); } );\n"
    "feeds = ( { name = \"rel\"; type = \"command\"; on = \"true\"; "
    "off = \"kill -INT $PPID; sleep 20\"; "
    "status = \"echo is on\"; } );\n";

/* The first order ends the program: what is under way is not known, what was
 * not begun is said, and the status is that of the signal. */
TEST(a_signal_leaves_no_node_without_an_outcome)
{
	char *path = text_of("%s/r.cfg", test_dir());

	file_write(path, two_on_one);
	CHECK_INT(ran_words(&ran, "power", "-c", path, "off", "b", "--yes",
		      "--stagger", "600000", NULL),
	    130);
	CHECK_STR(ran.out, "");
	CHECK_STR(ran.err,
	    "rackmux: b/1 (one): power.off: not known to be done: its "
	    "connection was closed before an answer came\n"
	    "rackmux: b/2 (two): power.off: not begun: it was interrupted\n");
	free(path);
}

TEST(the_question_names_who_loses_power_too)
{
	char *path = text_of("%s/r.cfg", test_dir());
	const char *argv[] = { "-c", path, "power", "off", "one", NULL };
	struct vtx x;
	int status;

	file_write(path, two_on_one);
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "b/1 (one); its port also feeds two", 15000));
	CHECK(vtx_wait_text(&x, "Type yes to go on", 15000));
	vtx_send(&x, "\x04");
	CHECK(vtx_wait_text(&x, "nothing was done", 15000));
	CHECK(vtx_wait_exit(&x, &status, 15000));
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	vtx_close(&x);
	free(path);
}

TEST(a_whole_board_is_named_as_such_before_it_is_cut)
{
	char *path = text_of("%s/r.cfg", test_dir());
	const char *argv[] = { "-c", path, "power", "off", "hat", NULL };
	struct vtx x;
	int status;

	file_write(path,
	    "boards = ( { name = \"hat\"; type = \"command\"; slots = 2; "
	    "link = \"exec:sh\"; ask = ( { run = \"echo 1 on\"; read = ( "
	    "{ value = \"power.state\"; line = \"^([0-9]) (on|off)\"; } ); "
	    "} ); acts = ( { act = \"power.off\"; each = \"board\"; "
	    "run = \"true\"; } ); } );\n");
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "hat, the whole board", 15000));
	CHECK(vtx_wait_text(&x, "1 board. Type yes to go on", 15000));
	vtx_send(&x, "yes\r");
	CHECK(vtx_wait_text(&x, "hat: power.off: done", 15000));
	CHECK(vtx_wait_exit(&x, &status, 15000));
	CHECK_INT(status, 0);
	vtx_close(&x);
	free(path);
}

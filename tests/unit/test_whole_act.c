/*
 * Actions from the command line and from the dashboard, on a simulated rack:
 * what is done is seen on the board, what cannot be done is said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simproc.h"
#include "test.h"

#define SOON 15000

static const char rack[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\"; nodes = (\n"
    "    { slot = 1; name = \"wa\"; model = \"cm4\"; inband = false; },\n"
    "    { slot = 2; name = \"wb\"; model = \"cm4\"; inband = false; }); },\n"
    "  { name = \"pis\"; type = \"linux\"; slots = 1; nodes = (\n"
    "    { slot = 1; name = \"pa\"; model = \"pi4\"; }); });\n";

static struct ran ran = { 0 };
static char config[400];

static void
begin(struct simproc *sim)
{
	simproc_start(sim, rack, NULL);
	snprintf(config, sizeof config, "%s",
	    simproc_config(sim, "act.cfg", "poll = 0.5;\n"));
}

static bool
rail_is(const char *node, const char *word)
{
	char *want = text_of("\"power.state\":{\"value\":\"%s\"", word);
	bool is;

	CHECK_INT(
	    ran_words(&ran, "-c", config, "status", node, "--json", NULL), 0);
	is = strstr(ran.out, want) != NULL;
	free(want);
	return is;
}

TEST(power_is_switched_and_each_node_has_its_line)
{
	struct simproc sim;

	begin(&sim);
	CHECK(rail_is("tp/1", "on"));
	CHECK_INT(
	    ran_words(&ran, "-c", config, "power", "off", "wa", "--yes", NULL),
	    0);
	CHECK_STR(ran.out, "tp/1 (wa): power.off: done\n");
	CHECK(rail_is("tp/1", "off"));
	CHECK(rail_is("tp/2", "on"));
	CHECK_INT(ran_words(&ran, "-c", config, "power", "on", "wa", NULL), 0);
	CHECK(rail_is("tp/1", "on"));
	simproc_stop(&sim);
}

TEST(what_a_board_cannot_do_ends_with_1_and_the_sentence)
{
	struct simproc sim;

	begin(&sim);
	CHECK_INT(ran_words(&ran, "-c", config, "power", "cycle", "pa", "--yes",
		      NULL),
	    1);
	CHECK_STR(ran.out, "");
	CHECK_STR(ran.err,
	    "rackmux: pis/1 (pa): power.cycle: Only a controller or a power "
	    "feed can cut its power; to reboot it use power reset.\n");
	CHECK_INT(
	    ran_words(&ran, "-c", config, "locate", "on", "tp/1", NULL), 1);
	CHECK(strstr(ran.err, "no LED that software can drive") != NULL);
	CHECK_INT(
	    ran_words(&ran, "-c", config, "flash", "x.img", "pa", NULL), 1);
	CHECK(strstr(ran.err, "cannot write its own disk") != NULL);
	simproc_stop(&sim);
}

TEST(some_that_cannot_do_not_keep_the_others)
{
	struct simproc sim;

	begin(&sim);
	CHECK_INT(ran_words(&ran, "-c", config, "power", "off", "wb,pa",
		      "--yes", NULL),
	    1);
	CHECK_STR(ran.out, "tp/2 (wb): power.off: done\n");
	CHECK(strstr(ran.err, "pis/1 (pa): power.off: ") != NULL);
	CHECK(rail_is("tp/2", "off"));
	simproc_stop(&sim);
}

TEST(without_a_terminal_power_is_not_cut_unasked)
{
	struct simproc sim;

	begin(&sim);
	CHECK_INT(ran_words(&ran, "-c", config, "power", "off", "wa", NULL), 2);
	CHECK(strstr(ran.err, "add --yes") != NULL);
	CHECK_INT(ran_words(&ran, "-c", config, "power", "off", "wa", "--yes",
		      "--read-only", NULL),
	    2);
	CHECK(strstr(ran.err, "read-only") != NULL);
	CHECK_INT(ran_words(&ran, "-c", config, "power", "up", "wa", NULL), 2);
	CHECK(strstr(ran.err, "on|off|cycle") != NULL);
	CHECK_INT(
	    ran_words(&ran, "-c", config, "power", "on", "nobody", NULL), 3);
	CHECK(rail_is("tp/1", "on"));
	simproc_stop(&sim);
}

TEST(a_locate_led_is_lit_and_darkened)
{
	struct simproc sim;

	begin(&sim);
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "pa", NULL), 0);
	CHECK_INT(
	    ran_words(&ran, "-c", config, "status", "pa", "--json", NULL), 0);
	CHECK(strstr(ran.out, "\"locate.state\":{\"value\":\"on\"") != NULL);
	CHECK_INT(
	    ran_words(&ran, "-c", config, "locate", "off", "pa", NULL), 0);
	CHECK_INT(
	    ran_words(&ran, "-c", config, "status", "pa", "--json", NULL), 0);
	CHECK(strstr(ran.out, "\"locate.state\":{\"value\":\"off\"") != NULL);
	/* A Turing Pi has one LED, for the board. */
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "tp", NULL), 0);
	CHECK_STR(ran.out, "tp: locate.on: done\n");
	simproc_stop(&sim);
}

/* bmcd answers 500 and tpi exits 0: that is a failure. */
TEST(an_error_with_exit_0_is_a_failure)
{
	struct simproc sim;

	begin(&sim);
	simproc_fault(&sim, "tp:apierror");
	CHECK_INT(
	    ran_words(&ran, "-c", config, "power", "off", "wa", "--yes", NULL),
	    1);
	CHECK_STR(ran.out, "");
	CHECK(strstr(ran.err, "tp/1 (wa): power.off: ") != NULL);
	simproc_fault(&sim, "clear tp:apierror");
	CHECK(rail_is("tp/1", "on"));
	simproc_stop(&sim);
}

TEST(the_dashboard_cuts_power_after_its_question_only)
{
	const char *argv[] = { "-c", config, NULL };
	struct simproc sim;
	struct vtx x;
	int status;

	begin(&sim);
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "wa", SOON));
	/* Before the first answer a slot is not known to take orders. */
	CHECK(vtx_wait_text(&x, "2 wb", SOON));
	vtx_send(&x, "p");
	CHECK(vtx_wait_text(&x, "power off     can", SOON));
	vtx_send(&x, "j\r");
	CHECK(vtx_wait_text(&x, "what runs there is lost", SOON));
	vtx_send(&x, "y");
	CHECK(vtx_wait_text(&x, "power.off: done", SOON));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	vtx_close(&x);
	CHECK(rail_is("tp/1", "off"));
	simproc_stop(&sim);
}

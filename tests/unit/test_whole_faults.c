/*
 * The dashboard on a rack in which things break: what is lost says so, and
 * names the cause as far as the evidence goes, and no further.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simproc.h"
#include "test.h"

/* Two periods of half a second are the promise; a loaded machine under the
 * sanitizers is given more. */
#define SOON 15000

static const char rack[] =
    "boards = (\n"
    "{ name = \"tp\"; type = \"turing-pi\"; unit = 4;\n"
    "  firmware = \"2.1.0\"; board = \"2.5\"; nodes = (\n"
    "  { slot = 1; name = \"na\"; model = \"cm4\"; },\n"
    "  { slot = 2; name = \"nb\"; model = \"rk1\"; }); },\n"
    "{ name = \"old\"; type = \"turing-pi\"; unit = 3;\n"
    "  firmware = \"2.0.5\"; board = \"2.4\"; nodes = (\n"
    "  { slot = 1; name = \"oa\"; model = \"cm4\"; }); },\n"
    "{ name = \"pis\"; type = \"linux\"; unit = 1; slots = 2; nodes = (\n"
    "  { slot = 1; name = \"pa\"; model = \"pi4\"; },\n"
    "  { slot = 2; name = \"pb\"; model = \"pi5\"; }); });\n";

static const char serial_rack[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\"; ssh = false;\n"
    "  serial = true; firmware = \"2.1.0\"; board = \"2.5\"; nodes = (\n"
    "  { slot = 1; name = \"na\"; model = \"cm4\"; inband = false; }); },\n"
    "{ name = \"pis\"; type = \"linux\"; slots = 1; nodes = (\n"
    "  { slot = 1; name = \"pa\"; model = \"pi4\"; }); });\n";

struct dash {
	struct simproc sim;
	struct vtx x;
};

static void
open_polled(struct dash *d, const char *text, const char *up, const char *poll)
{
	const char *argv[] = { "-c", NULL, NULL };

	simproc_start(&d->sim, text, NULL);
	argv[1] = simproc_config(&d->sim, "my.cfg", poll);
	dash_start(&d->x, 120, 36, program_env(), argv);
	CHECK(vtx_wait_text(&d->x, up, SOON));
}

static void
open_dash(struct dash *d, const char *text, const char *up)
{
	open_polled(d, text, up, "poll = 0.5;");
}

/* q ends it, and cleanly. */
static void
close_dash(struct dash *d)
{
	int status = -1;

	vtx_send(&d->x, "q");
	CHECK(vtx_wait_exit(&d->x, &status, SOON));
	CHECK_INT(status, 0);
	check_terminal_clean(&d->x);
	vtx_close(&d->x);
	simproc_stop(&d->sim);
}

static bool
lacks(struct vtx *x, const void *text)
{
	return !vtx_has(x, text);
}

static void
select_node(struct dash *d, int right, int boards)
{
	vtx_send(&d->x, "g");
	while (boards-- > 0)
		vtx_send(&d->x, "\t");
	while (right-- > 0)
		vtx_send(&d->x, "l");
}

/* The tile counts among the lost; the line below says why. */
static void
says(struct dash *d, int right, int boards, const char *words)
{
	select_node(d, right, boards);
	CHECK(vtx_wait_text(&d->x, words, SOON));
}

static void
all_back(struct dash *d, const char *gone)
{
	simproc_fault(&d->sim, "clear *");
	/* Some are in the middle of a back-off: ask now. */
	for (int i = 0; i < 40 && vtx_has(&d->x, gone); i++) {
		vtx_send(&d->x, "r");
		vtx_settle(&d->x, 300);
	}
	CHECK(vtx_wait(&d->x, lacks, gone, SOON));
	CHECK(vtx_wait_text(&d->x, "5/10 on", SOON));
}

TEST(what_is_pulled_is_lost_and_names_the_causes_that_are_left)
{
	struct dash d;

	open_dash(&d, rack, "5/10 on");
	simproc_fault(&d.sim, "pa:power");
	simproc_fault(&d.sim, "pb:drop");
	simproc_fault(&d.sim, "na:cable");
	simproc_fault(&d.sim, "oa:cable");
	simproc_fault(&d.sim, "nb:drop");
	CHECK(vtx_wait_text(&d.x, "5 lost", SOON));
	says(&d, 0, 0, "switch link down, rail on: cable, or the node is dead");
	says(&d, 0, 1, "no answer, rail on: cable, or the node is dead");
	says(&d, 0, 2, "no answer: power or cable");
	says(&d, 1, 2, "SSH refused: the node is up");
	says(&d, 1, 0, "SSH refused: the node is up");
	all_back(&d, " lost ");
	close_dash(&d);
}

TEST(what_hangs_is_told_from_what_is_off)
{
	struct dash d;

	open_dash(&d, rack, "5/10 on");
	simproc_fault(&d.sim, "pa:cable");
	simproc_fault(&d.sim, "na:stall");
	simproc_fault(&d.sim, "nb:power");
	CHECK(vtx_wait_text(&d.x, "2 lost", SOON));
	says(&d, 0, 2, "no answer: power or cable");
	says(&d, 0, 0, "its switch link is up: the node hangs");
	says(&d, 1, 0, "board says on, but the rail is off");
	all_back(&d, " lost ");
	close_dash(&d);
}

/* A new connection is what finds it: the old one goes first. */
TEST(what_accepts_and_says_nothing_hangs)
{
	struct dash d;

	open_dash(&d, rack, "5/10 on");
	simproc_fault(&d.sim, "pb:drop");
	says(&d, 1, 2, "SSH refused: the node is up");
	simproc_fault(&d.sim, "pb:banner");
	simproc_fault(&d.sim, "clear pb:drop");
	vtx_send(&d.x, "r");
	CHECK(vtx_wait_text(&d.x, "accepts TCP but says nothing", SOON));
	all_back(&d, " lost ");
	close_dash(&d);
}

TEST(a_board_without_power_is_down_and_its_nodes_with_it)
{
	struct dash d;

	open_dash(&d, rack, "5/10 on");
	simproc_fault(&d.sim, "tp:power");
	CHECK(vtx_wait_text(&d.x, "1 board down", SOON));
	CHECK(vtx_wait_text(&d.x, "power, cable or network", SOON));
	CHECK(vtx_wait_text(&d.x, "4 lost", SOON));
	close_dash(&d);
}

/* The slack is for drawing, and for a machine that has other things to do. */
TEST(silence_is_told_within_two_periods)
{
	struct dash d;
	long long at, silent, refused;

	open_polled(&d, rack, "5/10 on", "poll = 2;");
	at = now_in_ms();
	simproc_fault(&d.sim, "pb:drop");
	CHECK(vtx_wait_text(&d.x, "1 lost", SOON));
	refused = now_in_ms() - at;
	at = now_in_ms();
	simproc_fault(&d.sim, "pa:cable");
	CHECK(vtx_wait_text(&d.x, "2 lost", SOON));
	silent = now_in_ms() - at;
	if (refused > 4000 || silent > 4000 + 2000)
		test_fail(__FILE__, __LINE__,
		    "refused after %lld ms, silent "
		    "after %lld ms",
		    refused, silent);
	close_dash(&d);
}

TEST(an_unplugged_board_is_lost_at_once_and_comes_back_when_plugged)
{
	struct dash d;
	long long at;

	open_dash(&d, serial_rack, "2/5 on");
	at = now_in_ms();
	simproc_fault(&d.sim, "tp:unplug");
	CHECK(vtx_wait_text(&d.x, "1 board down", SOON));
	CHECK(vtx_wait_text(&d.x, "unplugged", SOON));
	simproc_fault(&d.sim, "tp:replug");
	CHECK(vtx_wait(&d.x, lacks, "board down", SOON));
	CHECK(vtx_wait_text(&d.x, "2/5 on", SOON));
	CHECK(now_in_ms() - at < SOON);
	close_dash(&d);
}

/*
 * A power cycle that is cut off in its middle: the switch dies with the port
 * off, and we are killed. Whoever starts us next is told, and nothing is
 * switched by itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simproc.h"
#include "test.h"

#define SOON 20000

static const char rack[] =
    "boards = ({ name = \"pis\"; type = \"linux\"; slots = 1; nodes = (\n"
    "    { slot = 1; name = \"p1\"; feed = \"sw/1\"; }); },\n"
    "  { name = \"sw\"; type = \"tasmota\"; slots = 1; });\n";

static struct ran ran = { 0 };

/* Until the plug is dead, a second after it was told to switch off. */
static void
wait_for_the_dead_plug(const char *config)
{
	long long end = now_in_ms() + SOON;

	do {
		ran_words(&ran, "-c", config, "status", "sw", NULL);
		if (strstr(ran.err, "sw: ") != NULL)
			return;
	} while (now_in_ms() < end);
	test_fail(
	    __FILE__, __LINE__, "the plug lives on: %s%s", ran.out, ran.err);
}

static bool
journal_has(const char *words)
{
	char path[512], *text;
	bool has;

	snprintf(path, sizeof path, "%s/xdg-state/rackmux/journal.jsonl",
	    test_dir());
	text = file_read(path);
	has = text != NULL && strstr(text, words) != NULL;
	free(text);
	return has;
}

TEST(an_interrupted_cycle_is_shown_after_a_restart)
{
	const char *cycle[] = { "-c", NULL, "power", "cycle", "p1", "--yes",
		NULL };
	const char *dash[] = { "-c", NULL, NULL };
	struct simproc sim;
	struct vtx x;
	int status;

	simproc_start(&sim, rack, NULL);
	cycle[1] = dash[1] = simproc_config(&sim, "cycle.cfg", "poll = 0.5;\n");
	simproc_fault(&sim, "sw:cyclecut");
	dash_start(&x, 100, 30, program_env(), cycle);
	wait_for_the_dead_plug(cycle[1]);
	CHECK(journal_has("\"phase\":\"begin\""));
	CHECK(!journal_has("\"phase\":\"end\""));
	CHECK(kill(x.pid, SIGKILL) == 0);
	CHECK(vtx_wait_exit(&x, &status, SOON));
	vtx_close(&x);
	simproc_fault(&sim, "clear sw");
	dash_start(&x, 100, 30, program_env(), dash);
	CHECK(vtx_wait_text(&x, "off since an interrupted power cycle", SOON));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	vtx_close(&x);
	/* Nothing was repeated by itself; it is over when it is on again. */
	ran_words(&ran, "-c", dash[1], "status", "p1", "--json", NULL);
	CHECK(strstr(ran.out, "\"feed.state\":{\"value\":\"off\"") != NULL);
	CHECK_INT(ran_words(&ran, "-c", dash[1], "power", "on", "p1", NULL), 0);
	dash_start(&x, 100, 30, program_env(), dash);
	CHECK(vtx_wait_text(&x, "1/1 on", SOON));
	CHECK(!vtx_has(&x, "off since an interrupted"));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	vtx_close(&x);
	simproc_stop(&sim);
}

/*
 * Every board in one rack, as its simulator misbehaves: what is shown is the
 * truth, or unknown with its reason, and a neighbour never suffers for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/json.h"
#include "simproc.h"
#include "test.h"

#define SOON 12000

static const char blades[] =
    "boards = ({ name = \"cb\"; type = \"compute-blade\"; slots = 4;\n"
    "  config_fixed = true; nodes = (\n"
    "    { slot = 1; name = \"b1\"; }, { slot = 2; name = \"b2\"; },\n"
    "    { slot = 3; name = \"b3\"; config_fixed = false; }); });\n";

static const char mini[] =
    "boards = ({ name = \"mini\"; type = \"mini-cm4\"; ssh = false;\n"
    "  serial = true; nodes = (\n"
    "    { slot = 1; name = \"m1\"; inband = false; },\n"
    "    { slot = 2; name = \"m2\"; inband = false; }); });\n";

static const char turing[] =
    "boards = ({ name = \"tp\"; type = \"turing-pi\"; nodes = (\n"
    "    { slot = 1; name = \"t1\"; model = \"cm4\"; inband = false; }); "
    "});\n";

static struct ran ran = { 0 };
static char config[400];

static void
begin(struct simproc *sim, const char *rack)
{
	simproc_start(sim, rack, NULL);
	snprintf(config, sizeof config, "%s",
	    simproc_config(sim, "boards.cfg", "poll = 2.0;\n"));
}

/* "value state why-or-note" of a name, to be searched for words. */
static const char *
value_of(const char *path, const char *name)
{
	static char text[600];
	struct json *node = ran_line(&ran, "node", "node", path), *v;
	const char *why, *note;
	char value[80] = "null";
	double number;

	snprintf(text, sizeof text, "(no such node or value)");
	v = node != NULL ? json_get(json_get(node, "values"), name) : NULL;
	if (v != NULL) {
		if (json_str(json_get(v, "value")) != NULL)
			snprintf(value, sizeof value, "\"%s\"",
			    json_str(json_get(v, "value")));
		else if (json_num(json_get(v, "value"), &number))
			snprintf(value, sizeof value, "%g", number);
		why = json_str(json_get(v, "why"));
		note = json_str(json_get(v, "note"));
		snprintf(text, sizeof text, "%s %s %s %s %s", value,
		    json_str(json_get(v, "state")),
		    json_str(json_get(v, "source")), why != NULL ? why : "",
		    note != NULL ? note : "");
	}
	json_free(node);
	return text;
}

/* Ask until the value has these words. */
static void
until(const char *path, const char *name, const char *words)
{
	long long end = now_in_ms() + SOON;

	do {
		ran_words(&ran, "-c", config, "status", path, "--json", NULL);
		if (strstr(value_of(path, name), words) != NULL)
			return;
	} while (now_in_ms() < end);
	test_fail(__FILE__, __LINE__, "%s %s is \"%s\", not \"%s\"", path, name,
	    value_of(path, name), words);
}

/* Without asking again. */
static void
has(const char *path, const char *name, const char *words)
{
	if (strstr(value_of(path, name), words) == NULL)
		test_fail(__FILE__, __LINE__, "%s %s is \"%s\", not \"%s\"",
		    path, name, value_of(path, name), words);
}

/* --- Compute Blade --- */

/* It takes 20 s for bladectl; what the kernel knows does not wait for it. */
TEST(a_hung_agent_hides_nothing_that_the_kernel_knows)
{
	struct simproc sim;

	begin(&sim, blades);
	simproc_fault(&sim, "b1:agenthung");
	until("cb/1", "agent.state", "\"hung\" known");
	has("cb/1", "power.state", "\"on\" known node");
	has("cb/1", "temp.soc", " known node");
	has("cb/1", "fan.duty", "null unknown");
	has("cb/1", "locate.state", "null unknown");
	CHECK(ran.ms < 15000);
	until("cb/2", "agent.state", "\"up\" known");
	simproc_stop(&sim);
}

TEST(a_stale_socket_is_named_with_its_remedy)
{
	struct simproc sim;

	begin(&sim, blades);
	simproc_fault(&sim, "b1:stalesocket");
	until("cb/1", "agent.state", "/tmp/compute-blade-agent.sock");
	has("cb/1", "agent.state", "\"down\"");
	has("cb/1", "temp.soc", " known node");
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "b1", NULL), 1);
	CHECK(strstr(ran.err, "compute-blade-agent.sock") != NULL);
	simproc_stop(&sim);
}

TEST(a_broken_socket_name_keeps_the_agents_values)
{
	struct simproc sim;

	begin(&sim, blades);
	until("cb/3", "agent.state", "unix:///tmp/compute-blade-agent.sock");
	has("cb/3", "agent.state", "\"up\"");
	has("cb/3", "fan.duty", " known board");
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "b3", NULL), 1);
	CHECK(strstr(ran.err, "config.yaml") != NULL);
	simproc_stop(&sim);
}

TEST(without_sudo_identify_says_so_and_the_rest_works)
{
	struct simproc sim;

	begin(&sim, blades);
	simproc_fault(&sim, "b1:nosudo");
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "b1", NULL), 1);
	CHECK(strstr(ran.err, "sudo") != NULL);
	until("cb/1", "fan.duty", " known board");
	simproc_stop(&sim);
}

TEST(identify_is_set_cleared_and_noticed_when_a_person_presses)
{
	struct simproc sim;

	begin(&sim, blades);
	until("cb/1", "locate.state", "\"off\" known");
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "b1", NULL), 0);
	until("cb/1", "locate.state", "\"on\" known");
	CHECK_INT(
	    ran_words(&ran, "-c", config, "locate", "off", "b1", NULL), 0);
	until("cb/1", "locate.state", "\"off\" known");
	simproc_fault(&sim, "b1:button");
	until("cb/1", "locate.state", "\"on\" known");
	simproc_stop(&sim);
}

TEST(an_infinite_fan_speed_is_no_reading)
{
	struct simproc sim;

	begin(&sim, blades);
	simproc_fault(&sim, "b1:faninf");
	until("cb/1", "fan.rpm", "null unknown");
	has("cb/1", "fan.duty", " known board");
	simproc_stop(&sim);
}

/* --- Turing Pi --- */

TEST(unknown_of_bmcd_is_not_off)
{
	struct simproc sim;

	begin(&sim, turing);
	simproc_fault(&sim, "t1:unknown");
	until("tp/1", "power.commanded", "null unknown");
	has("tp/1", "power.state", "\"on\" known board");
	simproc_stop(&sim);
}

/* --- Miniature CM4 --- */

TEST(a_second_user_of_the_console_switches_no_wrong_node)
{
	struct simproc sim;

	begin(&sim, mini);
	until("mini/1", "power.state", "\"on\" known");
	simproc_fault(&sim, "mini:doubled");
	/* Done, or refused: but never to the neighbour. */
	ran_words(&ran, "-c", config, "power", "off", "m1", "--yes", NULL);
	simproc_fault(&sim, "clear mini:doubled");
	until("mini/2", "power.state", "\"on\" known");
	simproc_stop(&sim);
}

TEST(torn_lines_of_the_console_are_no_values)
{
	struct simproc sim;

	begin(&sim, mini);
	until("mini/1", "power.amps", " known board");
	simproc_fault(&sim, "mini:torn");
	ran_words(&ran, "-c", config, "status", "mini/1", "--json", "--timeout",
	    "3", NULL);
	CHECK(
	    strstr(value_of("mini/1", "power.state"), "\"off\" known") == NULL);
	simproc_fault(&sim, "clear mini:torn");
	until("mini/1", "power.state", "\"on\" known");
	simproc_stop(&sim);
}

TEST(after_a_reset_of_the_controller_all_nodes_are_off)
{
	struct simproc sim;

	begin(&sim, mini);
	until("mini/1", "power.state", "\"on\" known");
	simproc_fault(&sim, "mini:rp2040reset");
	until("mini/1", "power.state", "\"off\" known");
	has("mini/1", "power.commanded", "null unknown");
	CHECK_INT(ran_words(&ran, "-c", config, "power", "on", "m1", NULL), 0);
	until("mini/1", "power.state", "\"on\" known");
	until("mini/2", "power.state", "\"off\" known");
	simproc_stop(&sim);
}

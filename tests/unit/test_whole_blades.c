/*
 * Compute Blades in trouble: each of their agent's ways to fail is named with
 * what helps, costs only what it must, and leaves the rest known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/json.h"
#include "simproc.h"
#include "test.h"

static const char rack[] =
    "boards = ({ name = \"bl\"; type = \"compute-blade\"; slots = 8;\n"
    "  config_fixed = true; nodes = (\n"
    "  { slot = 1; name = \"ok\"; model = \"cm5\"; },\n"
    "  { slot = 2; name = \"fresh\"; config_fixed = false; },\n"
    "  { slot = 3; name = \"hung\"; }, { slot = 4; name = \"stale\"; },\n"
    "  { slot = 5; name = \"down\"; }, { slot = 6; name = \"nosudo\"; },\n"
    "  { slot = 7; name = \"inf\"; },\n"
    "  { slot = 8; name = \"first\"; agent = \"0.6.5\"; }); });\n";

static const char faults[] =
    "--fault hung:agenthung --fault stale:stalesocket --fault down:agentdown "
    "--fault nosudo:nosudo --fault inf:faninf";

/* What is known of a node's value begins with '=' (any, if that is all), what
 * is unknown with '!' and words of its reason; "can" is of locate.on. */
static const struct {
	const char *node, *key, *want;
} expected[] = {
	{ "ok", "agent.state", "=up" },
	{ "ok", "agent.version", "=0.11.2" },
	{ "ok", "fan.rpm", "=" },
	{ "ok", "fan.duty", "=" },
	{ "ok", "locate.state", "=off" },
	{ "ok", "stealth.state", "=off" },
	{ "ok", "can", "=" },
	{ "fresh", "agent.state", "=up" },
	{ "fresh", "fan.rpm", "=" },
	{ "fresh", "locate.state", "=off" },
	{ "fresh", "can", "!unix:///tmp/compute-blade-agent.sock" },
	{ "hung", "agent.state", "=hung" },
	{ "hung", "fan.rpm", "!systemctl restart compute-blade-agent" },
	{ "hung", "can", "!systemctl restart compute-blade-agent" },
	{ "stale", "agent.state", "=down" },
	{ "stale", "fan.duty", "!remove /tmp/compute-blade-agent.sock" },
	{ "stale", "can", "!remove /tmp/compute-blade-agent.sock" },
	{ "down", "agent.state", "=down" },
	{ "down", "locate.state", "!systemctl start compute-blade-agent" },
	{ "nosudo", "agent.state", "=up" },
	{ "nosudo", "fan.rpm", "=" },
	{ "nosudo", "can", "!NOPASSWD" },
	{ "inf", "fan.rpm", "!+Inf" },
	{ "inf", "fan.duty", "=" },
	{ "first", "agent.state", "=up" },
	{ "first", "locate.state", "=off" },
	{ "first", "can", "=" },
};

static struct ran ran = { 0 };
static char config[400];

static void
begin(struct simproc *sim, const char *more)
{
	simproc_start(sim, rack, more);
	snprintf(config, sizeof config, "%s",
	    simproc_config(sim, "blades.cfg", "poll = 1;\n"));
}

/* The object of a node in the last run's output; the caller frees. */
static struct json *
node_of(const char *name)
{
	struct json *o = ran_line(&ran, "node", "name", name);

	if (o == NULL)
		test_fail(__FILE__, __LINE__, "no node \"%s\"", name);
	return o;
}

static const char *
text(const struct json *o, const char *key)
{
	const char *s = json_str(json_get(o, key));

	return s != NULL ? s : "";
}

static bool
value_is(const struct json *o, const char *key, const char *want)
{
	const struct json *v = json_get(json_get(o, "values"), key);

	if (want[0] == '!')
		return strcmp(text(v, "state"), "unknown") == 0 &&
		    strstr(text(v, "why"), want + 1) != NULL;
	return strcmp(text(v, "state"), "known") == 0 &&
	    (want[1] == '\0' || strcmp(text(v, "value"), want + 1) == 0);
}

static bool
can_is(const struct json *o, const char *want)
{
	const char *why = text(json_get(o, "can"), "locate.on");

	return want[0] == '!' ? strstr(why, want + 1) != NULL : why[0] == '\0';
}

static int
check_all(void)
{
	int bad = 0;

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		struct json *o = node_of(expected[i].node);
		bool good = strcmp(expected[i].key, "can") == 0
		    ? can_is(o, expected[i].want)
		    : value_is(o, expected[i].key, expected[i].want);

		if (!good)
			fprintf(stderr, "# %s: %s is not \"%s\"\n",
			    expected[i].node, expected[i].key,
			    expected[i].want);
		bad += !good;
		/* What the kernel knows does not depend on any agent. */
		if (!value_is(o, "temp.soc", "=") ||
		    !value_is(o, "load.1m", "=") ||
		    !value_is(o, "health.throttle", "=") ||
		    strcmp(text(o, "state"), "on") != 0) {
			fprintf(stderr, "# %s: the rest is not known\n",
			    expected[i].node);
			bad++;
		}
		json_free(o);
	}
	return bad;
}

TEST(each_of_the_agents_troubles_is_named_with_what_helps)
{
	struct simproc sim;

	begin(&sim, faults);
	CHECK_INT(ran_words(&ran, "-c", config, "status", "--json", NULL), 0);
	CHECK_INT(check_all(), 0);
	simproc_stop(&sim);
}

static bool
locate_is(const char *name, const char *want)
{
	struct json *o;
	bool is;

	CHECK_INT(ran_words(&ran, "-c", config, "status", "--json", NULL), 0);
	o = node_of(name);
	is = value_is(o, "locate.state", want);
	json_free(o);
	return is;
}

TEST(a_blade_is_located_by_command_and_by_its_button)
{
	struct simproc sim;

	begin(&sim, NULL);
	CHECK_INT(ran_words(&ran, "-c", config, "locate", "on", "ok", NULL), 0);
	CHECK(locate_is("ok", "=on"));
	/* Somebody stands at the rack and dismisses it, and raises another. */
	simproc_fault(&sim, "ok:button");
	simproc_fault(&sim, "inf:button");
	CHECK(locate_is("ok", "=off"));
	CHECK(locate_is("inf", "=on"));
	CHECK_INT(
	    ran_words(&ran, "-c", config, "locate", "off", "inf", NULL), 0);
	CHECK(locate_is("inf", "=off"));
	/* The first releases have another command for it. */
	CHECK_INT(
	    ran_words(&ran, "-c", config, "locate", "on", "first", NULL), 0);
	CHECK(locate_is("first", "=on"));
	CHECK_INT(
	    ran_words(&ran, "-c", config, "locate", "on", "fresh", NULL), 1);
	CHECK(strstr(ran.err, "config.yaml") != NULL);
	simproc_stop(&sim);
}

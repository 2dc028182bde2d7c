/*
 * A rack of every board: found without a configuration, shown in one grid,
 * told whole as JSON, each value with its source.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/json.h"
#include "simproc.h"
#include "test.h"

#define SOON 20000

static const char rack[] =
    "rack: { name = \"mixed\"; units = 12; };\n"
    "boards = (\n"
    "  { name = \"tp\"; type = \"turing-pi\"; unit = 12; nodes = (\n"
    "    { slot = 1; name = \"t1\"; model = \"cm4\"; }); },\n"
    "  { name = \"cb\"; type = \"compute-blade\"; unit = 11; slots = 4;\n"
    "    config_fixed = true; nodes = (\n"
    "    { slot = 1; name = \"b1\"; feed = \"poe/1\"; },\n"
    "    { slot = 2; name = \"b2\"; }); },\n"
    "  { name = \"box\"; type = \"cluster-box\"; unit = 10; nodes = (\n"
    "    { slot = 1; name = \"k1\"; }); },\n"
    "  { name = \"old\"; type = \"cluster-box\"; generation = \"v1\";\n"
    "    unit = 9; nodes = ({ slot = 1; name = \"o1\"; inband = false; }); "
    "},\n"
    "  { name = \"mini\"; type = \"mini-cm4\"; unit = 8; ssh = false;\n"
    "    serial = true; nodes = ({ slot = 1; name = \"m1\"; }); },\n"
    "  { name = \"host\"; type = \"mini-cm4\"; unit = 7; ssh = true;\n"
    "    serial = false; nodes = ({ slot = 1; name = \"h1\"; }); },\n"
    "  { name = \"pis\"; type = \"linux\"; unit = 6; slots = 2; nodes = (\n"
    "    { slot = 1; name = \"p1\"; feed = \"mt/1\"; },\n"
    "    { slot = 2; name = \"p2\"; feed = \"mt/2\"; }); },\n"
    "  { name = \"poe\"; type = \"unifi\"; slots = 4; budget_w = 60; },\n"
    "  { name = \"mt\"; type = \"routeros\"; slots = 4; });\n";

static struct ran ran = { 0 };

/* What USB would say of a line is in its name here. */
static char *
serial_target(struct simproc *sim, const char *words)
{
	char *text = file_read(sim->config), *at = text, *end, *target = NULL;

	while (target == NULL && (at = strstr(at, "\"serial:")) != NULL) {
		at++;
		end = strchr(at, '"');
		if (strstr(at, words) != NULL && strstr(at, words) < end)
			target = text_of("%.*s", (int)(end - at), at);
	}
	free(text);
	return target;
}

static void
is_found(struct simproc *sim, const char *target, const char *title)
{
	const char *argv[] = { "-c", NULL, target, NULL };
	char config[512], *text;
	struct vtx x;
	int status;

	text = text_of("ssh: { identity = \"%s.key\"; known_hosts = "
		       "\"%s.known_hosts\"; config = \"none\"; };\n"
		       "boards = ();\n",
	    sim->config, sim->config);
	snprintf(config, sizeof config, "%s/target.cfg", test_dir());
	file_write(config, text);
	free(text);
	argv[1] = config;
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, title, SOON));
	vtx_send(&x, "q");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	vtx_close(&x);
}

static void
host_is_found(
    struct simproc *sim, const char *user, const char *name, const char *title)
{
	char *target =
	    text_of("%s@127.0.0.1:%u", user, simproc_port(sim, name));

	is_found(sim, target, title);
	free(target);
}

TEST(every_board_is_found_without_a_configuration)
{
	struct simproc sim;
	char *serial;

	simproc_start(&sim, rack, NULL);
	host_is_found(&sim, "root", "tp", "Turing Pi 2");
	host_is_found(&sim, "pi", "b1", "Compute Blade");
	host_is_found(&sim, "root", "box", "Mixtile Cluster Box");
	host_is_found(&sim, "root", "old", "Mixtile Cluster Box");
	host_is_found(&sim, "pi", "host", "Miniature CM4 Cluster");
	host_is_found(&sim, "pi", "p1", "Linux");
	serial = serial_target(&sim, "Pico");
	CHECK(serial != NULL);
	is_found(&sim, serial, "Miniature CM4 Cluster");
	free(serial);
	simproc_stop(&sim);
}

static void
check_value(const char *path, const char *name, const struct json *v)
{
	static const char *const sources[] = { "board", "node", "feed",
		"commanded", "derived" };
	const char *source = json_str(json_get(v, "source"));
	const char *state = json_str(json_get(v, "state"));
	bool known = false;

	for (size_t i = 0; i < 5; i++)
		known = known ||
		    (source != NULL && strcmp(source, sources[i]) == 0);
	if (!known)
		test_fail(__FILE__, __LINE__, "%s %s: source %s", path, name,
		    source != NULL ? source : "(none)");
	if (state == NULL ||
	    (strcmp(state, "unknown") == 0 &&
		json_str(json_get(v, "why")) == NULL))
		test_fail(__FILE__, __LINE__, "%s %s: unknown without reason",
		    path, name);
}

/* Its values by the names that an operator looks for. */
static void
check_object(const struct json *j)
{
	static const char *const names[] = { "power.state", "power.commanded",
		"power.watts", "temp.soc", "temp.board", "fan.rpm",
		"link.state", "locate.state", "usb.boot", "pcie.state",
		"feed.state", "board.watts", "board.fan.duty",
		"board.generation", "agent.state", "health.throttle" };
	const char *path = json_str(json_get(j, "node"));
	const struct json *values = json_get(j, "values");

	if (path == NULL)
		path = json_str(json_get(j, "board"));
	CHECK(json_is_object(values));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct json *v = json_get(values, names[i]);

		if (v != NULL)
			check_value(path, names[i], v);
	}
}

static struct json *
line_of(const char *kind, const char *name)
{
	struct json *o = ran_line(&ran, kind, kind, name);

	if (o == NULL)
		test_fail(__FILE__, __LINE__, "no %s %s", kind, name);
	return o;
}

static void
has_value(
    const char *kind, const char *name, const char *value, const char *source)
{
	struct json *j = line_of(kind, name);
	const struct json *v = json_get(json_get(j, "values"), value);

	check_object(j);
	if (v == NULL || strcmp(json_str(json_get(v, "state")), "known") != 0 ||
	    strcmp(json_str(json_get(v, "source")), source) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s is not known by %s", name,
		    value, source);
	json_free(j);
}

TEST(a_mixed_rack_is_told_whole_each_value_with_its_source)
{
	struct simproc sim;
	const char *config;

	simproc_start(&sim, rack, NULL);
	config = simproc_config(&sim, "mixed.cfg", "poll = 2.0;\n");
	CHECK_INT(ran_words(&ran, "-c", config, "status", "--json", NULL), 0);
	has_value("node", "tp/1", "power.state", "board");
	has_value("node", "cb/1", "power.watts", "feed");
	has_value("node", "cb/1", "fan.duty", "board");
	has_value("node", "cb/2", "temp.soc", "node");
	has_value("node", "box/1", "pcie.state", "board");
	has_value("board", "box", "board.fan.duty", "board");
	has_value("node", "old/1", "power.state", "board");
	has_value("node", "mini/1", "power.state", "board");
	has_value("board", "host", "board.watts", "board");
	has_value("node", "host/1", "temp.board", "board");
	has_value("node", "pis/1", "feed.state", "feed");
	has_value("node", "pis/1", "power.watts", "feed");
	simproc_stop(&sim);
}

TEST(a_mixed_rack_stands_in_one_grid)
{
	static const int sizes[][2] = { { 120, 36 }, { 200, 60 } };
	static const char *const names[] = { "U12", "tp", "Compute Blade",
		"Mixtile Cluster Box", "Miniature CM4", "U6", "pis", "1 t1",
		"1 b1", "1 k1", "1 m1", "2 p2" };
	struct simproc sim;
	const char *argv[] = { "-c", NULL, NULL };
	struct vtx x;
	int status;

	simproc_start(&sim, rack, NULL);
	argv[1] = simproc_config(&sim, "mixed.cfg", "poll = 2.0;\n");
	for (size_t i = 0; i < 2; i++) {
		dash_start(&x, sizes[i][0], sizes[i][1], program_env(), argv);
		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			CHECK(vtx_wait_text(&x, names[k], SOON));
		vtx_send(&x, "q");
		CHECK(vtx_wait_exit(&x, &status, SOON));
		CHECK_INT(status, 0);
		vtx_close(&x);
	}
	simproc_stop(&sim);
}

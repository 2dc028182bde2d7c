/* The program as it was built, on the simulator: the whole path, and what is
 * said when something on it is wrong. */
#include "../lib/simproc.h"
#include "../lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/json.h"
#include "rackmux/base/text.h"

static struct ran ran = { 0 };
#define program_out ran.out
#define program_err ran.err
#define program_run(...) ran_words(&ran, __VA_ARGS__)

static struct simproc sim;

/* The demo's rack; the configuration that reaches it. */
static const char *
rack(void)
{
	simproc_start(&sim, NULL, NULL);
	return sim.config;
}

/* The line of --json for a board or node, parsed; the caller frees it. */
static struct json *
object(const char *kind, const char *name)
{
	char *copy = strdup(program_out), *p = copy;

	for (char *line; (line = str_line(&p)) != NULL && line[0] != '\0';) {
		struct json *j = json_parse(line, strlen(line), NULL, 0);
		const char *is;

		CHECK(j != NULL);
		is = json_str(json_get(j, kind));
		if (test_same(json_str(json_get(j, "kind")), kind) &&
		    test_same(is, name)) {
			free(copy);
			return j;
		}
		json_free(j);
	}
	test_fail(__FILE__, __LINE__, "no %s %s", kind, name);
}

static const char *
of_value(const struct json *j, const char *name, const char *key)
{
	return json_str(json_get(json_get(json_get(j, "values"), name), key));
}

TEST(every_line_is_an_object_and_says_why)
{
	const char *config = rack();
	struct json *j;
	double v;

	CHECK_INT(program_run("-c", config, "status", "--json", NULL), 0);
	CHECK_STR(program_err, "");
	j = object("board", "tp2-a");
	CHECK_STR(json_str(json_get(j, "type")), "turing-pi");
	CHECK_STR(json_str(json_get(j, "link")), "up");
	CHECK_STR(of_value(j, "board.model", "state"), "known");
	CHECK_STR(of_value(j, "board.watts", "state"), "unknown");
	CHECK(of_value(j, "board.watts", "why") != NULL);
	json_free(j);
	j = object("node", "tp2-a/1");
	CHECK_STR(json_str(json_get(j, "state")), "on");
	CHECK_STR(of_value(j, "power.state", "source"), "board");
	CHECK_STR(of_value(j, "temp.soc", "source"), "node");
	CHECK(json_num(
	    json_get(json_get(json_get(j, "values"), "temp.soc"), "value"),
	    &v));
	CHECK(v > 20 && v < 100);
	json_free(j);
	/* A board behind a serial console. */
	j = object("board", "tp2-c");
	CHECK_STR(json_str(json_get(j, "link")), "up");
	json_free(j);
	simproc_stop(&sim);
	ran_release(&ran);
}

TEST(selected_nodes_only)
{
	const char *config = rack();

	CHECK_INT(
	    program_run("-c", config, "status", "tp2-a/1-2,pi0?", NULL), 0);
	CHECK(strstr(program_out, "tp2-a/2") != NULL);
	CHECK(strstr(program_out, "pis/9") != NULL);
	CHECK(strstr(program_out, "tp2-a/3") == NULL);
	CHECK(strstr(program_out, "pis/10") == NULL);
	CHECK_INT(
	    program_run("-c", config, "status", "tp2-b+state=off", NULL), 0);
	CHECK(strstr(program_out, "tp2-b/4") != NULL);
	CHECK(strstr(program_out, "tp2-b/1") == NULL);
	CHECK_INT(program_run("-c", config, "status", "tp2-a/9", NULL), 3);
	simproc_stop(&sim);
	ran_release(&ran);
}

/* The configuration with one of its lines replaced. */
static const char *
changed(const char *config, const char *key, const char *value)
{
	static char path[512];
	char line[1024];
	FILE *in = fopen(config, "re"), *out;
	bool found = false;

	snprintf(path, sizeof path, "%s/changed.cfg", test_dir());
	out = fopen(path, "we");
	CHECK(in != NULL && out != NULL);
	while (fgets(line, sizeof line, in) != NULL) {
		const char *at = line + strspn(line, " ");

		if (!found && str_starts(at, key)) {
			found = true;
			fprintf(out, "%s = \"%s\";\n", key, value);
		} else {
			fputs(line, out);
		}
	}
	CHECK(found);
	fclose(in);
	CHECK(fclose(out) == 0);
	return path;
}

TEST(an_unknown_host_key_says_what_to_do)
{
	const char *config = changed(rack(), "known_hosts", "/nonexistent");

	CHECK_INT(program_run("-c", config, "status", "tp2-a", NULL), 1);
	CHECK(strstr(program_err, "rackmux: tp2-a: The host key of ") != NULL);
	CHECK(strstr(program_err, "is not known") != NULL);
	CHECK(strstr(program_err, "SHA256:") != NULL);
	CHECK(strstr(program_err, "ssh-keyscan") != NULL);
	simproc_stop(&sim);
	ran_release(&ran);
}

TEST(a_changed_host_key_is_a_stop_with_the_remedy)
{
	char hosts[512], old[520], line[512];
	const char *config = rack();
	FILE *in, *out;

	/* Every key becomes another valid one: a letter in the middle. */
	snprintf(old, sizeof old, "%s.known_hosts", config);
	snprintf(hosts, sizeof hosts, "%s/hosts", test_dir());
	in = fopen(old, "re");
	out = fopen(hosts, "we");
	CHECK(in != NULL && out != NULL);
	while (fgets(line, sizeof line, in) != NULL) {
		char *end = line + strcspn(line, "\n");

		CHECK(end - line > 30);
		end[-10] = end[-10] == 'A' ? 'B' : 'A';
		fputs(line, out);
	}
	fclose(in);
	CHECK(fclose(out) == 0);
	config = changed(config, "known_hosts", hosts);
	CHECK_INT(program_run("-c", config, "status", "tp2-a/1", NULL), 1);
	CHECK(strstr(program_err, "has CHANGED") != NULL);
	CHECK(strstr(program_err, "ssh-keygen -R") != NULL);
	simproc_stop(&sim);
	ran_release(&ran);
}

TEST(a_key_that_is_not_there_is_named)
{
	const char *config = changed(rack(), "identity", "/nonexistent/key");

	CHECK_INT(program_run("-c", config, "status", "pi01", NULL), 1);
	CHECK(strstr(program_err, "rackmux: pis/1 (pi01): ") != NULL);
	CHECK(strstr(program_err, "/nonexistent/key") != NULL);
	simproc_stop(&sim);
	ran_release(&ran);
}

TEST(a_node_without_power_is_off_and_no_failure)
{
	const char *config = rack();

	CHECK_INT(program_run("-c", config, "status", "lab-2", NULL), 0);
	CHECK(strstr(program_out, "off") != NULL);
	CHECK_STR(program_err, "");
	simproc_stop(&sim);
	ran_release(&ran);
}

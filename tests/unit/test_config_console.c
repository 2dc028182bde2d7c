/* What the configuration says of consoles, and each mistake in it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/app/config.h"

#include "test.h"

static struct diags diags;

/* libconfig 1.5 forgets the string that it was reading when it meets a syntax
 * error. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

static struct config *
load(const char *text)
{
	diags = (struct diags){ 0 };
	return config_load(test_write("c.cfg", text), &diags);
}

static struct config *
good(const char *text)
{
	struct config *c = load(text);

	if (diags.n > 0)
		test_fail(__FILE__, __LINE__, "line %u: %s", diags.v[0].line,
		    diags.v[0].text);
	CHECK(c != NULL);
	return c;
}

/* One mistake, on that line, in those words. */
static void
bad(const char *text, unsigned line, const char *words)
{
	struct config *c = load(text);

	CHECK(c == NULL);
	if (diags.n != 1 || diags.v[0].line != line ||
	    strstr(diags.v[0].text, words) == NULL)
		test_fail(__FILE__, __LINE__, "%zu told, line %u: %s", diags.n,
		    diags.n > 0 ? diags.v[0].line : 0,
		    diags.n > 0 ? diags.v[0].text : "");
	diags_release(&diags);
}

#define NODE(more) \
	"boards = ({ name = \"b\"; type = \"linux\"; slots = 1; nodes = (\n" \
	"  { slot = 1;\n" \
	"    " more " }); });\n"

/* A node's console, on line 3. */
static void
bad_console(const char *value, const char *words)
{
	char text[512];

	snprintf(text, sizeof text, NODE("console = \"%s\";"), value);
	bad(text, 3, words);
}

static void
good_console(const char *value)
{
	char text[512];
	struct config *c;

	snprintf(text, sizeof text, NODE("console = \"%s\";"), value);
	c = good(text);
	CHECK_STR(c->boards[0].nodes[0].o.console, value);
	config_free(c);
}

TEST(all_ways_that_there_are)
{
	struct config *c;

	good_console("none");
	good_console("serial:/dev/ttyUSB0");
	good_console("serial:/dev/ttyUSB0@1500000");
	good_console("tcp://ser2net:2001");
	good_console("telnet://[::1]:2001");
	good_console("exec:ipmitool -H x sol activate");
	good_console("ssh://root@host");
	c = good(NODE("link = \"ssh://pi@n1\"; console = \"ssh\";"));
	config_free(c);
	c = good(NODE("link = \"ssh://pi@n1\"; "
		      "console_command = \"picocom /dev/ttyS1\";"));
	CHECK_STR(
	    c->boards[0].nodes[0].o.console_command, "picocom /dev/ttyS1");
	config_free(c);
}

TEST(ways_that_there_are_not)
{
	bad_console("gopher://x", "unknown kind of link");
	bad_console("nonsense", "neither a link, nor \"ssh\", nor \"none\"");
	bad_console("ssh", "needs a link of the node");
	bad_console("tcp://h:99999", "the port must be 1 to 65535");
	bad_console("serial:/dev/x@12", "the speed must be 50 to 4000000");
	bad(NODE("link = \"ssh://x\"; console = 7;"), 3, "'console'");
	bad(NODE("link = \"ssh://x\"; console_command = \"\";"), 3,
	    "'console_command' is empty");
}

TEST(a_prefix_is_a_key_that_nobody_types)
{
	struct config *c = good("");

	CHECK_STR(c->console.prefix, "C-]");
	config_free(c);
	c = good("console = { prefix = \"F12\"; };\n");
	CHECK_STR(c->console.prefix, "F12");
	config_free(c);
	bad("console = {\n prefix = \"x\"; };\n", 2,
	    "could never be typed at a node");
	bad("console = {\n prefix = \"Hyper-7\"; };\n", 2, "names no key");
	bad("console = {\n prefix = \"\"; };\n", 2, "'prefix'");
}

TEST(alerts_have_a_name_an_expression_and_a_level)
{
	struct config *c = good("alerts = (\n"
				" { name = \"a\"; match = \"x+y\"; },\n"
				" { name = \"b\"; match = \"z\"; "
				"level = \"bad\"; });\n");

	CHECK_INT(c->n_alerts, 2);
	CHECK(!c->alerts[0].bad);
	CHECK(c->alerts[1].bad);
	CHECK_STR(c->alerts[1].o.match, "z");
	config_free(c);
	bad("alerts = (\n { name = \"a\";\n match = \"br(oken\"; });\n", 3,
	    "'match' of alert 'a' is no regular expression");
	bad("alerts = (\n { match = \"x\"; });\n", 2, "has no 'name'");
	bad("alerts = (\n { name = \"x\"; });\n", 2, "has no 'match'");
	bad("alerts = (\n { name = \"x\"; match = \"x\";\n"
	    "level = \"loud\"; });\n",
	    3, "neither \"warn\" nor \"bad\"");
	bad("alerts = (\n 7 );\n", 2, "must be a group");
}

TEST(capture_is_inherited_and_overruled)
{
	struct config *c = good(
	    "console = { capture = true; };\n"
	    "boards = ({ name = \"a\"; link = \"ssh://x\"; type = \"linux\"; slots = 2; nodes = ("
	    "{ slot = 1; }, { slot = 2; capture = false; }); },"
	    "{ name = \"b\"; link = \"ssh://y\"; type = \"linux\"; slots = 2; capture = false;"
	    "nodes = ({ slot = 1; }, { slot = 2; capture = true; }); });\n");

	CHECK(c->boards[0].o.capture);
	CHECK(c->boards[0].nodes[0].o.capture);
	CHECK(!c->boards[0].nodes[1].o.capture);
	CHECK(!c->boards[1].o.capture);
	CHECK(!c->boards[1].nodes[0].o.capture);
	CHECK(c->boards[1].nodes[1].o.capture);
	config_free(c);
}

TEST(what_is_kept_has_bounds)
{
	struct config *c = good("console = { scrollback = 500; log = false; "
				"log_dir = \"logs\"; log_size = 4096; "
				"log_files = 3; };\n");

	CHECK_INT(c->console.scrollback, 500);
	CHECK(!c->console.log);
	CHECK_INT(c->console.log_files, 3);
	/* Beside the file that says so. */
	CHECK(c->console.log_dir[0] == '/');
	config_free(c);
	bad("console = {\n scrollback = -1; };\n", 2, "'scrollback'");
	bad("console = {\n log_files = 100000; };\n", 2, "'log_files'");
	bad("console = {\n colour = 1; };\n", 2, "colour");
}

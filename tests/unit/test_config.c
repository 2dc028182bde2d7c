/* What the configuration says, and every mistake that it can hold. */
#include "../lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/cfgtree.h"
#include "rackmux/app/config.h"
#include "rackmux/app/themefile.h"
#include "rackmux/base/mem.h"

/* libconfig 1.5 forgets the string that it was reading when it meets a syntax
 * error: 64 bytes a broken file, which only the leak check minds. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

/* Tests are run from the top of the tree, or told where it is. */
static const char *
source(const char *name)
{
	static char path[512];
	const char *top = getenv("RM_TOP");

	snprintf(
	    path, sizeof path, "%s/tests/config/%s", top ? top : ".", name);
	return path;
}

/* True when some mistake stands at the line and holds the words. */
static bool
told(const struct diags *d, unsigned line, const char *words)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].line == line && strstr(d->v[i].text, words))
			return true;
	return false;
}

static void
dump(const struct diags *d)
{
	char line[1024];

	for (size_t i = 0; i < d->n; i++)
		fprintf(
		    stderr, "# %s\n", diag_format(&d->v[i], line, sizeof line));
}

#define TOLD(d, line, words) \
	do { \
		if (!told(d, line, words)) \
			dump(d); \
		CHECK(told(d, line, words)); \
	} while (0)

TEST(good_file_is_read)
{
	struct diags d = { 0 };
	struct config *c = config_load(source("good.cfg"), &d);

	if (c == NULL)
		dump(&d);
	CHECK(c != NULL);
	CHECK_INT(d.n, 0);
	CHECK_STR(c->rack.name, "homelab");
	CHECK_INT(c->rack.units, 12);
	CHECK(c->rack.power_budget_w == 180.0);
	CHECK(c->top.poll == 2.0);
	CHECK(!c->top.read_only);
	CHECK_STR(c->top.theme, "default");
	CHECK(c->thresholds.temp_hot == 75.0);
	CHECK_STR(c->ssh.config, "none");
	CHECK_STR(c->ssh.known_hosts, "/var/tmp/known");
	CHECK(strstr(c->ssh.identity, "/tests/config/keys/id") != NULL);
	CHECK_INT(c->n_boards, 2);
	CHECK_STR(c->boards[0].driver->type, "turing-pi");
	CHECK_INT(c->boards[0].n_nodes, 2);
	CHECK_STR(c->boards[0].nodes[0].o.link, "ssh://ubuntu@10.0.0.11");
	CHECK(c->boards[0].nodes[1].o.link == NULL);
	CHECK_INT(c->boards[0].slots, 4);
	CHECK_INT(c->boards[1].slots, 15);
	CHECK_INT(c->boards[1].o.height, 2);
	CHECK(c->boards[1].o.poll == 5.0);
	CHECK_INT(c->n_files, 1);
	config_free(c);
}

TEST(the_example_is_good)
{
	const char *top = getenv("RM_TOP");
	struct diags d = { 0 };
	char path[512];
	struct config *c;

	snprintf(path, sizeof path, "%s/config/rackmux.cfg", top ? top : ".");
	c = config_load(path, &d);
	dump(&d);
	CHECK(c != NULL && c->n_boards == 6 && c->n_feeds == 2);
	config_free(c);
}

TEST(ten_mistakes_are_told_in_one_run)
{
	struct diags d = { 0 };

	CHECK(config_load(source("mistakes.cfg"), &d) == NULL);
	TOLD(&d, 2, "did you mean 'power_budget_w'");
	TOLD(&d, 3, "must be a number, not a string");
	TOLD(&d, 4, "must be from 0 to 150");
	TOLD(&d, 8, "'slot' is 5");
	TOLD(&d, 9, "slot 1 stands twice");
	TOLD(&d, 10, "name 'tp2-a' stands twice: a board at line 6");
	TOLD(&d, 11, "did you mean 'turing-pi'");
	TOLD(&d, 12, "rack unit 6 is taken by board 'tp2-a' (line 6)");
	TOLD(&d, 13, "'link'");
	TOLD(&d, 14, "has no 'link'");
	CHECK_INT(d.n, 10);
	for (size_t i = 0; i < d.n; i++) {
		CHECK(strstr(d.v[i].file, "tests/config/mistakes.cfg"));
		CHECK(i == 0 || d.v[i - 1].line <= d.v[i].line);
	}
	diags_release(&d);
}

TEST(odd_mistakes_are_told_too)
{
	struct diags d = { 0 };

	CHECK(config_load(source("odd.cfg"), &d) == NULL);
	TOLD(&d, 2, "must be true or false, not a whole number");
	TOLD(&d, 3, "it belongs in rack");
	TOLD(&d, 4, "must be a list");
	TOLD(&d, 5, "'theme' is empty");
	TOLD(&d, 6, "thresholds must rise");
	TOLD(&d, 8, "may hold letters");
	TOLD(&d, 9, "a board must be a group");
	TOLD(&d, 11, "this node has no 'slot'");
	TOLD(&d, 11, "a node must be a group");
	TOLD(&d, 12, "'slot' is 3, but board 'c' has 2 slots");
	TOLD(&d, 13, "'link'");
	TOLD(&d, 14, "'slots' is 8, but a board of type 'turing-pi' has 4");
	TOLD(&d, 15, "must be from 1 to 200");
	TOLD(&d, 15, "line 14 has this serial port already");
	TOLD(&d, 17, "slot 1 has a 'link', and its board has one too");
	TOLD(&d, 18, "this board has no 'name'");
	TOLD(&d, 19, "this board has no 'type'");
	TOLD(&d, 20, "name 'c' stands twice");
	TOLD(&d, 20, "unknown board type 'cray-1': there are");
	diags_release(&d);
}

TEST(mistakes_before_a_syntax_error_are_told)
{
	struct diags d = { 0 };

	CHECK(config_load(source("cut.cfg"), &d) == NULL);
	TOLD(&d, 1, "did you mean 'name'");
	TOLD(&d, 5, "syntax error");
	CHECK_INT(d.n, 2);
	diags_release(&d);
}

TEST(unended_string_is_told_where_it_begins)
{
	struct diags d = { 0 };

	CHECK(config_load(source("unended.cfg"), &d) == NULL);
	TOLD(&d, 2, "does not end");
	CHECK_INT(d.n, 1);
	diags_release(&d);
}

TEST(included_file_is_named)
{
	struct diags d = { 0 };

	CHECK(config_load(source("includes.cfg"), &d) == NULL);
	CHECK_INT(d.n, 1);
	TOLD(&d, 2, "'slots' must be a whole number");
	CHECK(strstr(d.v[0].file, "tests/config/sub/boards.cfg"));
	diags_release(&d);
	CHECK(
	    config_load(test_write("r.cfg", "poll = 2;\n@include \"no.cfg\"\n"),
		&d) == NULL);
	TOLD(&d, 2, "cannot include \"no.cfg\": No such file");
	CHECK_INT(d.n, 1);
	diags_release(&d);
}

/* libconfig ended the program when it was told to read a folder. */
TEST(an_include_that_is_no_file_is_told)
{
	struct diags d = { 0 };

	CHECK(config_load(test_write("r.cfg",
			      "/* \n@include \"/\"\n*/\ntheme = \"x\n"
			      "@include /\n\";\n@include \"/\"\n"
			      "  @include \"/dev/zero\"\npol = 2;\n"),
		  &d) == NULL);
	TOLD(&d, 7, "cannot include \"/\": it is no file");
	TOLD(&d, 8, "cannot include \"/dev/zero\"");
	TOLD(&d, 9, "did you mean 'poll'");
	diags_release(&d);
	CHECK(config_load(test_write("r.cfg",
			      "@include \"r.cfg\"\n@include \"r.cfg\"\n"),
		  &d) == NULL);
	CHECK(d.n > 0);
	diags_release(&d);
}

TEST(doubled_key_is_told)
{
	struct diags d = { 0 };

	CHECK(config_load(
		  test_write("c.cfg", "poll = 2;\n\npoll = 3;\n"), &d) == NULL);
	TOLD(&d, 3, "stands twice in its group");
	CHECK_INT(d.n, 1);
	diags_release(&d);
}

TEST(mistakes_after_a_syntax_error_are_told)
{
	static const char text[] =
	    "poll = 1; poll = 2;\n"
	    "rack: { name = homelab; };\n"
	    "theme = ;\n"
	    "read_only = \"no\";\n"
	    "boards = (\n"
	    "  { name = \"a\"; type = \"linux\"; type = \"x\";\n"
	    "    link = \"ssh://a\"; slots = \"2\"; },\n"
	    "  { name = \"b\"; type = \"linux\";\n"
	    "    unit 3;\n"
	    "    link = \"ssh://b\"; slots = \"2\"; }\n"
	    ");\n"
	    "max_rat = 1;\n";
	struct diags d = { 0 };

	CHECK(config_load(test_write("c.cfg", text), &d) == NULL);
	TOLD(&d, 1, "stands twice");
	TOLD(&d, 2, "syntax error");
	TOLD(&d, 3, "syntax error");
	TOLD(&d, 4, "'read_only' must be true or false");
	TOLD(&d, 6, "stands twice");
	TOLD(&d, 7, "'slots' must be");
	TOLD(&d, 9, "syntax error");
	TOLD(&d, 10, "'slots' must be");
	TOLD(&d, 12, "did you mean 'max_rate'");
	CHECK_INT(d.n, 10);
	diags_release(&d);
}

/* A line with a bracket that opens cannot be left out: what follows would be
 * told wrongly. */
TEST(a_syntax_error_that_cannot_be_left_out_ends_it)
{
	struct diags d = { 0 };

	CHECK(config_load(test_write("c.cfg",
			      "poll = 2;\nboards = ( { name = ;\n"
			      "type = \"x\"; } );\npol = 2;\n"),
		  &d) == NULL);
	TOLD(&d, 2, "syntax error");
	CHECK_INT(d.n, 1);
	diags_release(&d);
}

TEST(heights_count_for_rack_units)
{
	static const char text[] =
	    "rack: { units = 6; };\n"
	    "boards = (\n"
	    " { name = \"a\"; type = \"linux\"; unit = 1; height = 3;"
	    " link = \"ssh://x@a\"; },\n"
	    " { name = \"b\"; type = \"linux\"; unit = 4;"
	    " link = \"ssh://x@b\"; },\n"
	    " { name = \"c\"; type = \"linux\"; unit = 3;"
	    " link = \"ssh://x@c\"; },\n"
	    " { name = \"d\"; type = \"linux\"; unit = 5; height = 3;"
	    " link = \"ssh://x@d\"; });\n";
	struct diags d = { 0 };

	CHECK(config_load(test_write("c.cfg", text), &d) == NULL);
	TOLD(&d, 5, "rack unit 3 is taken by board 'a'");
	TOLD(&d, 6, "rack unit 7 is above the rack, which has 6");
	CHECK_INT(d.n, 2);
	diags_release(&d);
}

TEST(one_node_board_may_share_its_name)
{
	static const char text[] =
	    "boards = ( { name = \"pi\"; type = \"linux\"; nodes = ("
	    " { slot = 1; name = \"pi\"; link = \"ssh://pi@pi\"; } ); } );\n";
	struct diags d = { 0 };
	struct config *c = config_load(test_write("c.cfg", text), &d);

	dump(&d);
	CHECK(c != NULL);
	config_free(c);
}

TEST(files_that_cannot_be_read)
{
	struct diags d = { 0 };
	char *big = mem_alloc(CFG_FILE_MAX + 10);

	CHECK(config_load("/nonexistent/x.cfg", &d) == NULL);
	TOLD(&d, 0, "No such file");
	CHECK(config_load("/", &d) == NULL);
	TOLD(&d, 0, "folder");
	CHECK(config_load("/dev/zero", &d) == NULL);
	TOLD(&d, 0, "is no file");
	memset(big, ' ', CFG_FILE_MAX + 1);
	CHECK(config_load(test_write("big.cfg", big), &d) == NULL);
	TOLD(&d, 0, "larger than 4 MB");
	CHECK_INT(d.n, 4);
	free(big);
	diags_release(&d);
}

TEST(no_configuration_says_where_it_looked)
{
	struct diags d = { 0 };
	char *path;

	setenv("XDG_CONFIG_HOME", test_dir(), 1);
	if (access("/etc/rackmux/rackmux.cfg", F_OK) == 0)
		return;
	CHECK(config_find(&d) == NULL);
	CHECK_INT(d.n, 1);
	CHECK(strstr(d.v[0].file, "/rackmux/rackmux.cfg"));
	CHECK(strstr(d.v[0].text, "/etc/rackmux/rackmux.cfg"));
	CHECK(strstr(d.v[0].text, "rackmux demo"));
	diags_release(&d);
	setenv("XDG_STATE_HOME", test_dir(), 1);
	path = config_state_dir();
	CHECK(path != NULL && access(path, W_OK) == 0);
	free(path);
}

TEST(empty_file_is_a_rack_without_boards)
{
	struct diags d = { 0 };
	struct config *c = config_load(test_write("c.cfg", ""), &d);

	CHECK(c != NULL);
	CHECK_INT(c->n_boards, 0);
	config_free(c);
}

TEST(theme_file_begins_at_the_configuration)
{
	struct diags d = { 0 };
	struct config *c =
	    config_load(test_write("c.cfg", "theme = \"./my.theme\";\n"), &d);

	CHECK(c != NULL);
	CHECK(strncmp(c->top.theme, test_dir(), strlen(test_dir())) == 0);
	config_free(c);
}

TEST(hostile_text_is_cleaned_in_messages)
{
	struct diags d = { 0 };
	char line[512];

	CHECK(config_load(test_write("c.cfg",
			      "theme = \"a\033[2Jb\";\n"
			      "boards = ( { name = \"\033]0;x\007\"; } );\n"),
		  &d) == NULL);
	CHECK(d.n >= 2);
	for (size_t i = 0; i < d.n; i++)
		CHECK(strchr(diag_format(&d.v[i], line, sizeof line), 033) ==
		    NULL);
	diags_release(&d);
}

TEST(theme_files_are_checked)
{
	struct diags d = { 0 };
	struct theme t;

	CHECK(themefile_load(
	    test_write("a.theme",
		"name = \"dusk\"; base = \"mono\";\nroles: {\n"
		" text = { fg = \"#102030\"; bg = 17; bold = true; };\n"
		" bar_dim = { fg = \"red\"; };\n};\n"),
	    &t, &d));
	CHECK_STR(t.name, "dusk");
	CHECK_INT(t.roles[ROLE_TEXT].fg, COLOUR_RGB | 0x102030);
	CHECK_INT(t.roles[ROLE_TEXT].bg, 17);
	CHECK(!themefile_load(
	    test_write("b.theme",
		"base = \"dsuk\";\nroles: {\n texd = { };\n"
		" text = { fg = \"reddish\";\n bg = 256;\n glow = true;\n"
		" bold = 1; };\n dim = 3; };\nother = 1;\n"),
	    &t, &d));
	TOLD(&d, 1, "'base'");
	TOLD(&d, 3, "unknown role 'texd'");
	TOLD(&d, 4, "no colour");
	TOLD(&d, 5, "no colour");
	TOLD(&d, 6, "unknown key 'glow'");
	TOLD(&d, 7, "'bold' must be");
	TOLD(&d, 8, "must be a group");
	TOLD(&d, 9, "'other'");
	CHECK_INT(d.n, 8);
	diags_release(&d);
	CHECK(!theme_find("no-such-theme", &t, &d));
	diags_release(&d);
	CHECK(theme_find("mono", &t, &d));
}

/* --- power feeds --- */

static const char *
written(const char *text)
{
	static char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/feeds.cfg", test_dir());
	f = fopen(path, "we");
	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	return path;
}

static const char *
feed_setting(const struct config_feed *f, const char *key)
{
	for (size_t i = 0; i < f->n_settings; i++)
		if (strcmp(f->settings[i].key, key) == 0)
			return f->settings[i].text;
	return "";
}

TEST(feeds_are_read)
{
	struct diags d = { 0 };
	struct config *c = config_load(
	    written("boards = ( { name = \"b\"; type = \"linux\"; slots = 4; "
		    "nodes = (\n"
		    "{ slot = 1; name = \"n1\"; feed = \"poe-sw/12\"; },\n"
		    "{ slot = 2; name = \"n2\"; feed = \"poe-sw/3\"; },\n"
		    "{ slot = 3; name = \"n3\"; feed = \"poe-sw/3\"; },\n"
		    "{ slot = 4; name = \"n4\"; feed = \"plug-a\"; } ); } );\n"
		    "feeds = ( { name = \"poe-sw\"; type = \"routeros\"; "
		    "link = \"ssh://sw\"; ports = 16; budget_w = 60; "
		    "interface = \"eth\"; },\n"
		    "{ name = \"plug-a\"; type = \"shelly\"; "
		    "host = \"10.0.0.9\"; gen = 1; } );\n"),
	    &d);
	char name[16];
	int port;

	dump(&d);
	CHECK(c != NULL);
	CHECK_INT(c->n_feeds, 2);
	CHECK_STR(c->feeds[0].driver->type, "routeros");
	CHECK(c->feeds[0].o.budget_w > 59);
	CHECK_STR(feed_setting(&c->feeds[0], "used"), "3,12");
	CHECK_STR(feed_setting(&c->feeds[0], "ports"), "16");
	CHECK_STR(feed_setting(&c->feeds[0], "interface"), "eth");
	CHECK_STR(feed_setting(&c->feeds[1], "used"), "1");
	CHECK_STR(feed_setting(&c->feeds[1], "gen"), "1");
	CHECK_STR(c->boards[0].nodes[0].o.feed, "poe-sw/12");
	config_drop_feed(c, 0);
	CHECK_INT(c->n_feeds, 1);
	CHECK_STR(c->feeds[0].o.name, "plug-a");
	config_free(c);
	CHECK(config_feed_ref("sw/7", name, sizeof name, &port) && port == 7);
	CHECK(config_feed_ref("plug", name, sizeof name, &port) && port == 0);
	CHECK(!config_feed_ref("sw/", name, sizeof name, &port));
	CHECK(!config_feed_ref("sw/0", name, sizeof name, &port));
	CHECK(!config_feed_ref("sw/65", name, sizeof name, &port));
	CHECK(!config_feed_ref("sw/ 1", name, sizeof name, &port));
	CHECK(!config_feed_ref("sw/1/2", name, sizeof name, &port));
	CHECK(!config_feed_ref(
	    "a-name-that-is-too-long/1", name, sizeof name, &port));
}

TEST(mistakes_of_feeds_are_told)
{
	struct diags d = { 0 };

	CHECK(
	    config_load(written("boards = ( { name = \"b\"; type = \"linux\"; "
				"slots = 9; nodes = (\n"
				"{ slot = 1; feed = \"poe-sv/1\"; },\n"
				"{ slot = 2; feed = \"poe-sw/9\"; },\n"
				"{ slot = 3; feed = \"poe-sw/x\"; },\n"
				"{ slot = 4; feed = \"poe-sw\"; },\n"
				"{ slot = 5; feed = \"elsewhere/1\"; },\n"
				"{ slot = 6; feed = 5; } ); } );\n"
				"feeds = (\n"
				"{ name = \"poe-sw\"; type = \"unifi\"; "
				"link = \"ssh://sw\"; ports = 8; },\n"
				"{ name = \"b\"; type = \"unify\"; },\n"
				"{ name = \"sw3\"; type = \"unifi\"; },\n"
				"{ name = \"sw4\"; type = \"snmp\"; "
				"comunity = \"x\"; },\n"
				"{ type = \"tasmota\"; host = \"h\"; "
				"link = \"sh\"; },\n"
				"{ name = \"c\"; type = \"command\"; "
				"on = \"x\"; interface = \"y\"; },\n"
				"{ name = \"poe-sw\"; type = \"shelly\"; "
				"host = \"h\"; gen = 9; },\n"
				"3 );\n"),
		&d) == NULL);
	TOLD(&d, 2, "there is no feed 'poe-sv': did you mean 'poe-sw'?");
	TOLD(&d, 3, "'feed' is port 9, but feed 'poe-sw' has 8 ports");
	TOLD(&d, 4, "as in \"poe-sw/5\"");
	TOLD(&d, 5, "names no port of feed 'poe-sw'");
	TOLD(&d, 6, "there is no feed 'elsewhere'");
	TOLD(&d, 7, "must be a string");
	TOLD(&d, 10, "unknown feed type 'unify': did you mean 'unifi'?");
	TOLD(&d, 10, "name 'b' stands twice: a board at line 1 has it");
	TOLD(&d, 11, "feed 'sw3' has no 'link'");
	TOLD(&d, 12, "unknown key 'comunity' in a feed");
	TOLD(&d, 12, "feed 'sw4' has no 'host'");
	TOLD(&d, 13, "this feed has no 'name'");
	TOLD(&d, 13, "'link'");
	TOLD(&d, 14, "feed 'c' has no 'off'");
	TOLD(&d, 14, "unknown key 'interface' in a feed");
	TOLD(&d, 15, "name 'poe-sw' stands twice: a feed at line 9 has it");
	TOLD(&d, 15, "must be from 1 to 4");
	TOLD(&d, 16, "a feed must be a group");
	diags_release(&d);
}

TEST(a_board_that_only_has_a_feed_is_one)
{
	struct diags d = { 0 };
	struct config *c = config_load(
	    written("boards = ( { name = \"b\"; type = \"linux\"; nodes = ("
		    " { slot = 1; feed = \"p\"; } ); } );\n"
		    "feeds = ( { name = \"p\"; type = \"tasmota\"; "
		    "host = \"h\"; } );\n"),
	    &d);

	dump(&d);
	CHECK(c != NULL);
	config_free(c);
}

/* A TCP port carries a console, and nothing else. */
TEST(links_that_are_for_consoles_only)
{
	static const char text[] =
	    "boards = (\n"
	    " { name = \"a\"; type = \"linux\"; link = \"tcp://x:2001\"; },\n"
	    " { name = \"b\"; type = \"linux\"; link = \"ssh://x\";\n"
	    "   nodes = ( { slot = 1; console = \"telnet://x:2001\"; } ); },\n"
	    " { name = \"c\"; type = \"linux\"; nodes = (\n"
	    "   { slot = 1; link = \"telnet://x\"; } ); });\n";
	struct diags d = { 0 };

	CHECK(config_load(test_write("c.cfg", text), &d) == NULL);
	TOLD(&d, 2, "tcp:// carries a console");
	TOLD(&d, 6, "telnet:// carries a console");
	CHECK_INT(d.n, 2);
	diags_release(&d);
}

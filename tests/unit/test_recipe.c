/*
 * Descriptions of boards: those that are shipped are right, every mistake of
 * one is told with its line and what would be right, and a description is
 * found where it should be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rackmux/app/config.h"
#include "rackmux/app/recipe_file.h"
#include "rackmux/base/text.h"
#include "test.h"

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static const char *
in_dir(const char *name)
{
	static char path[512];

	str_format(path, sizeof path, "%s/%s", test_dir(), name);
	return path;
}

/* A configuration of one board with these keys; the mistakes as text. */
static char *
mistakes(const char *keys)
{
	char *text = mem_printf("boards = ( { name = \"b\"; link = "
				"\"ssh://pi@b\";\n%s\n} );\n",
	    keys);
	struct diags d = { 0 };
	struct config *c;
	struct buf out;
	char line[700], *all;

	write_file(in_dir("b.cfg"), text);
	c = config_load(in_dir("b.cfg"), &d);
	buf_init(&out, 0);
	for (size_t i = 0; i < d.n; i++) {
		(void)diag_format(&d.v[i], line, sizeof line);
		buf_printf(&out, "%s\n", line + strlen(test_dir()) + 1);
	}
	CHECK((c != NULL) == (d.n == 0));
	config_free(c);
	diags_release(&d);
	free(text);
	all = mem_strdup(buf_str(&out));
	buf_release(&out);
	return all;
}

static void
wrong(const char *keys, const char *want)
{
	char *got = mistakes(keys);

	if (strstr(got, want) == NULL)
		test_fail(__FILE__, __LINE__, "%s:\n\"%s\" is not in\n%s", keys,
		    want, got);
	free(got);
}

static void
right(const char *keys)
{
	char *got = mistakes(keys);

	if (got[0] != '\0')
		test_fail(__FILE__, __LINE__, "%s:\n%s", keys, got);
	free(got);
}

#define CMD "type = \"command\"; slots = 4;\n"
#define ASK(read) CMD "ask = ( { run = \"x\"; read = ( {" read "} ); } );"

TEST(recipe_shipped_are_right)
{
	size_t n = 0;

	for (const struct recipe_builtin *b = recipe_builtins; b->name; b++) {
		struct diags d = { 0 };
		struct recipe *r = recipe_load(b->name, &d);
		char line[600];

		if (r == NULL)
			test_fail(__FILE__, __LINE__, "%s",
			    diag_format(&d.v[0], line, sizeof line));
		CHECK_STR(r->name, b->name);
		CHECK(r->title != NULL && r->id != NULL);
		recipe_unref(r);
		n++;
	}
	CHECK(n >= 4);
	right("type = \"clusterhat\";");
	right("type = \"command\"; recipe = \"turing-pi-1\";");
	right("type = \"ipmi\"; settings = { host = \"10.0.0.1\"; user = "
	      "\"a\"; password_file = \"/p\"; }; slots = 1;");
}

TEST(recipe_mistakes_of_values)
{
	right(ASK("value = \"power.state\"; line = \"^p([1-4]):(on|off)\";"));
	wrong(ASK("value = \"power.stat\"; line = \"(.)(.)\";"),
	    "b.cfg:3: there is no value 'power.stat': did you mean "
	    "'power.state'?");
	wrong(ASK("value = \"zzz\"; line = \"(.)(.)\";"), "lists them");
	wrong(ASK("value = \"power.state\"; line = \"(p\";"),
	    "b.cfg:3: 'line' is no pattern: Unmatched ( or \\(");
	wrong(ASK("value = \"power.state\"; line = \"^on$\";"),
	    "no group holds the value");
	wrong(ASK("value = \"power.state\"; line = \"^(on)$\";"),
	    "nothing says of which");
	wrong(ASK("value = \"power.state\"; line = \"(.)(.)(.)\";"),
	    "has 3 groups: say what they hold");
	wrong(ASK("value = \"power.state\"; line = \"(.)(.)\"; groups = "
		  "\"slot slto\";"),
	    "not 'slto'");
	wrong(ASK("value = \"temp.zone.*\"; line = \"(.)\"; slot = 1;"),
	    "has a '*'");
	wrong(ASK("value = \"power.state\"; line = \"(.)(.)\"; map = [ \"1\" "
		  "];"),
	    "as in \"1=on\"");
	wrong(ASK("value = \"power.state\"; lin = \"(.)(.)\";"),
	    "unknown key 'lin' in an entry of 'read': did you mean 'line'?");
	wrong(ASK("value = \"power.state\"; line = \"(.)(.)\"; missing = "
		  "\"no\";"),
	    "write a sentence");
	wrong(ASK("line = \"(.)(.)\";"), "needs a 'value'");
}

TEST(recipe_mistakes_of_commands)
{
	wrong(CMD "acts = ( { act = \"powr.off\"; run = \"x\"; } );",
	    "there is no action 'powr.off': did you mean 'power.off'?");
	wrong(CMD "acts = ( { act = \"power.on\"; } );", "either 'run'");
	wrong(CMD "acts = ( { act = \"power.on\"; run = \"x %{host}\"; } );",
	    "%{host} is no setting");
	wrong(CMD "acts = ( { act = \"power.on\"; run = \"x '%{slot}'\"; } );",
	    "stands within quotes");
	wrong(CMD "acts = ( { act = \"power.on\"; run = \"x 'y\"; } );",
	    "a quote is not closed");
	wrong(CMD "acts = ( { act = \"locate.on\"; each = \"board\"; run = \"x "
		  "%{slot}\"; } );",
	    "differs from slot to slot");
	wrong(CMD "refuse = ( { slot = 1; act = \"power.off\"; } );",
	    "needs a 'why'");
	wrong(CMD "console = ( { slot = 1; } );", "either 'device'");
	wrong("type = \"command\";", "this board is not described");
	wrong("type = \"command\"; recipe = \"clusterhta\";",
	    "b.cfg:2: there is no description 'clusterhta': there are "
	    "clusterhat, ");
	wrong("type = \"clusterhta\";",
	    "unknown board type 'clusterhta': did you mean 'clusterhat'?");
	wrong("type = \"ipmi\";", "needs a setting: settings = { host");
	wrong("type = \"ipmi\"; settings = { hots = \"a\"; };",
	    "no setting 'hots': did you mean 'host'?");
	wrong("type = \"ipmi\"; slots = 3; settings = { host = [ \"a\" ]; "
	      "user = \"u\"; password_file = \"p\"; };",
	    "has 1 of 3");
	wrong("type = \"linux\"; recipe = \"clusterhat\";",
	    "'recipe' describes a board");
	wrong("type = \"command\"; acts = ( { act = \"power.on\"; run = "
	      "\"x\"; } );",
	    "how many slots");
}

/* A value has one place. */
TEST(recipe_doubled_values)
{
#define ONE \
	"{ run = \"a\"; read = ( { value = \"power.state\"; line = " \
	"\"(.)(.)\"; } ); }"
	wrong(CMD "ask = ( " ONE ", " ONE ");",
	    "'power.state' is told by two commands");
	right(CMD "ask = ( " ONE " );");
}

/* The user's own stands in for what is shipped, and its mistakes are told at
 * its own lines; a path begins at the folder of the configuration. */
TEST(recipe_files_are_found)
{
	struct diags d = { 0 };
	struct config *c;
	const char *last;

	(void)mkdir(in_dir("xdg"), 0755);
	(void)mkdir(in_dir("xdg/rackmux"), 0755);
	(void)mkdir(in_dir("xdg/rackmux/boards"), 0755);
	CHECK(setenv("XDG_CONFIG_HOME", in_dir("xdg"), 1) == 0);
	write_file(in_dir("xdg/rackmux/boards/clusterhat.cfg"),
	    "title = \"Mine\"; slots = 2;\nacts = ( { act = \"power.on\";\n"
	    "run = \"on %{slot}\"; } );\n");
	write_file(in_dir("c.cfg"),
	    "boards = ( { name = \"b\"; type = \"clusterhat\"; link = "
	    "\"ssh://pi@b\"; refuse = ( { slot = 2; act = \"power.on\"; why = "
	    "\"It is somebody else's.\"; } ); } );\n");
	c = config_load(in_dir("c.cfg"), &d);
	CHECK(c != NULL);
	CHECK_STR(c->boards[0].recipe->title, "Mine");
	CHECK_INT(c->boards[0].slots, 2);
	CHECK_INT(c->boards[0].recipe->n_refusals, 1);
	/* Changes of it are noticed. */
	CHECK_INT(c->n_files, 2);
	last = c->files[1];
	CHECK(str_ends(last, "/boards/clusterhat.cfg"));
	config_free(c);
	write_file(in_dir("mine.cfg"), "slots = 2;\nactz = ();\n");
	wrong("type = \"command\"; recipe = \"./mine.cfg\";",
	    "mine.cfg:2: unknown key 'actz' in a board's description: did "
	    "you mean 'acts'?");
	diags_release(&d);
}

TEST(recipe_is_detected)
{
	struct recipe *r;
	int sure;

	r = recipe_detect("uname Linux 6.1 aarch64\nclusterctrl c\n", &sure);
	CHECK(r != NULL && sure > 40);
	CHECK_STR(r->name, "clusterhat");
	recipe_unref(r);
	r = recipe_detect("uname Linux 6.1\nnanoctl yes\nend\n", &sure);
	CHECK(r != NULL);
	CHECK_STR(r->name, "nanocluster");
	recipe_unref(r);
	/* A node of a ClusterHAT has the file, too. */
	CHECK(recipe_detect("clusterctrl node\n", &sure) == NULL);
	CHECK(recipe_detect("", &sure) == NULL);
	CHECK_INT(sure, 0);
}

/* What is equal keeps its link; what differs in anything does not. */
TEST(recipe_ids_tell_changes)
{
	struct diags d = { 0 };
	char *path, *ids[3];
	static const char refusing[] =
	    "slots = 2; refuse = ( { slot = 1; act = \"power.on\"; why = "
	    "\"It is mine alone.\"; } );";
	const char *const texts[] = { "slots = 2;", "slots = 2;", refusing };

	for (size_t i = 0; i < 3; i++) {
		struct cfg_tree *t = cfgtree_parse("x", texts[i], &d);
		struct recipe *r = recipe_of_board(
		    &t->root, "clusterhat", NULL, false, &path, &d);

		CHECK(r != NULL);
		ids[i] = mem_strdup(r->id);
		recipe_unref(r);
		cfgtree_free(t);
		free(path);
	}
	CHECK_STR(ids[0], ids[1]);
	CHECK(strcmp(ids[0], ids[2]) != 0);
	for (size_t i = 0; i < 3; i++)
		free(ids[i]);
}

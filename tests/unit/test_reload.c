/* A saved configuration is taken in; a broken one keeps what runs. */
#include "../lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/reload.h"
#include "rackmux/base/text.h"

static struct loop *loop;
static struct session *session;
static struct reload *reload;
static int good, bad, applied;
static char last[512];

static void
on_say(void *arg, bool is_bad, const char *text)
{
	(void)arg;
	str_copy(last, sizeof last, text);
	if (is_bad)
		bad++;
	else
		good++;
}

static void
on_applied(void *arg, const struct config *c)
{
	(void)arg;
	CHECK(c == session_config(session));
	applied++;
}

static const struct reload_sink sink = { on_say, on_applied };

static char *
path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%s", test_dir(), name);
	return path;
}

static void
save(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "we");

	CHECK(f != NULL);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
}

static void
wait_for(const int *counter, int n)
{
	while (*counter < n)
		loop_turn(loop, 1000);
}

#define HEAD "ssh: { config = \"none\"; };\nboards = (\n"
#define BOARD(name) \
	"{ name = \"" name "\"; type = \"linux\"; " \
	"link = \"ssh://x@127.0.0.1:1\"; }"

static void
start(const char *text)
{
	struct diags d = { 0 };
	struct config *c;

	CHECK(setenv("HOME", test_dir(), 1) == 0);
	save("r.cfg", text);
	c = config_load(path_of("r.cfg"), &d);
	CHECK(c != NULL);
	loop = loop_new();
	session = session_new(loop, NULL, NULL);
	session_apply(session, c, NULL);
	reload = reload_new(loop, session, &sink, NULL);
}

static void
end(void)
{
	reload_free(reload);
	session_free(session);
	loop_free(loop);
}

TEST(a_saved_change_is_taken_in)
{
	start(HEAD BOARD("a") ");\n");
	save("r.cfg", HEAD BOARD("a") ", " BOARD("b") ");\n");
	wait_for(&good, 1);
	CHECK_INT(bad, 0);
	CHECK_INT(applied, 1);
	CHECK(strstr(last, "boards: 1 added, 0 changed, 0 removed, 1 as") !=
	    NULL);
	CHECK_INT(session_model(session)->n_boards, 2);
	end();
}

TEST(a_broken_file_keeps_what_runs)
{
	struct board *a;

	start(HEAD BOARD("a") ");\n");
	a = session_model(session)->boards[0];
	save("r.cfg", "pol = 2;\nthem = \"x\";\n" HEAD BOARD("b") ");\n");
	wait_for(&bad, 1);
	CHECK_INT(good + applied, 0);
	CHECK(strstr(last, "2 mistakes: ") != NULL);
	CHECK(strstr(last, "r.cfg:1: unknown key 'pol'") != NULL);
	CHECK_INT(session_model(session)->n_boards, 1);
	CHECK(session_model(session)->boards[0] == a);
	save("r.cfg", HEAD BOARD("b") ");\n");
	wait_for(&good, 1);
	CHECK_STR(session_model(session)->boards[0]->name, "b");
	end();
}

TEST(saving_by_rename_is_seen)
{
	char from[512];

	start(HEAD BOARD("a") ");\n");
	for (int i = 1; i <= 2; i++) {
		save("new",
		    i == 1 ? HEAD BOARD("b") ");\n" : HEAD BOARD("c") ");\n");
		str_copy(from, sizeof from, path_of("new"));
		CHECK(rename(from, path_of("r.cfg")) == 0);
		wait_for(&good, i);
		CHECK_STR(session_model(session)->boards[0]->name,
		    i == 1 ? "b" : "c");
	}
	end();
}

TEST(a_file_that_goes_keeps_what_runs)
{
	start(HEAD BOARD("a") ");\n");
	CHECK(unlink(path_of("r.cfg")) == 0);
	wait_for(&bad, 1);
	CHECK_INT(session_model(session)->n_boards, 1);
	save("r.cfg", HEAD BOARD("a") ", " BOARD("b") ");\n");
	wait_for(&good, 1);
	CHECK_INT(session_model(session)->n_boards, 2);
	end();
}

TEST(an_included_file_is_watched_too)
{
	save("boards.cfg", "boards = (" BOARD("a") ");\n");
	start("ssh: { config = \"none\"; };\n@include \"boards.cfg\"\n");
	save("boards.cfg", "boards = (" BOARD("b") ");\n");
	wait_for(&good, 1);
	CHECK_STR(session_model(session)->boards[0]->name, "b");
	end();
}

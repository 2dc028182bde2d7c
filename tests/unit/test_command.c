/*
 * Boards that are described: the shipped descriptions against what their
 * boards say, and what the driver makes of hostile or broken output.
 */
#include "rackmux/app/recipe_file.h"
#include "transcript.h"

/* A description with the settings of a board, as a configuration gives it. */
static struct recipe *
described(const char *text, const char *name)
{
	struct diags d = { 0 };
	struct cfg_tree *t = cfgtree_parse("test.cfg", text, &d);
	char *path, line[600];
	struct recipe *r =
	    recipe_of_board(&t->root, name, NULL, false, &path, &d);

	for (size_t i = 0; i < d.n; i++)
		fprintf(
		    stderr, "%s\n", diag_format(&d.v[i], line, sizeof line));
	if (r == NULL)
		test_fail(__FILE__, __LINE__, "no description");
	free(path);
	cfgtree_free(t);
	return r;
}

static void
replay(const char *settings, const char *name, const char *transcript)
{
	struct recipe *r = described(settings, name);

	struct transcript t = { .f = fake_new(&driver_command, 0) };

	t.f->drv->config.recipe = r;
	transcript_play(&t, transcript, transcript_line);
	recipe_unref(r);
}

TEST(command_clusterhat)
{
	replay("", "clusterhat", "clusterhat/hat-v25");
	replay("", "clusterhat", "clusterhat/ctrl");
	replay("", "clusterhat", "clusterhat/silent");
}

TEST(command_turing_pi_1)
{
	replay("", "turing-pi-1", "turing-pi-1/masks");
}

TEST(command_nanocluster)
{
	replay("", "nanocluster", "nanocluster/commanded");
}

TEST(command_ipmi)
{
	replay("settings: { host = [ \"10.0.0.21\", \"10.0.0.22\" ]; "
	       "user = \"admin\"; password_file = \"/etc/rackmux/ipmi\"; };",
	    "ipmi", "ipmi/two");
}

TEST(command_without_a_description)
{
	transcript_run(&driver_command, 0, "command/undescribed");
}

static struct fake *
fake_of(struct recipe *r)
{
	struct fake *f = fake_new(&driver_command, 0);

	f->drv->config.recipe = r;
	return f;
}

static const char *
can(struct fake *f, int slot, int act)
{
	return driver_command.can(f->drv, slot, (enum act)act);
}

/* Whoever controls the others is not switched off; each act is possible or
 * has a sentence. */
TEST(command_refuses)
{
	static const char *const names[] = { "clusterhat", "turing-pi-1",
		"nanocluster" };
	const char *s;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct recipe *r = described("", names[i]);
		struct fake *f = fake_of(r);

		for (int slot = -1; slot <= 9; slot++)
			for (int a = 0; a < ACT_MAX; a++) {
				s = can(f, slot, a);
				if (s == NULL)
					continue;
				CHECK(strlen(s) <= 160 && str_ends(s, "."));
				CHECK(s[0] >= 'A' && s[0] <= 'Z');
			}
		s = can(f, 1, ACT_POWER_OFF);
		CHECK((s != NULL) == (i > 0));
		CHECK(can(f, 2, ACT_POWER_OFF) == NULL);
		CHECK((can(f, 3, ACT_CONSOLE) == NULL) == (i != 1));
		CHECK(can(f, 0, ACT_POWER_OFF) != NULL);
		fake_free(f);
		recipe_unref(r);
	}
}

/* --- in real shells --------------------------------------------------------- */

static void
lay_out(void)
{
	static const char *const tools[] = { "cat", "sh", "sleep", "timeout" };

	put("bin/hot",
	    "#!/bin/sh\nread x && echo stdin\necho \"t $1 $1.5\"\nexit 0\n");
	put("bin/bad", "#!/bin/sh\necho 'it broke'>&2\nexit 3\n");
	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		put_tool(tools[i]);
}

static const char by_shell[] =
    "slots = 40; settings: { odd = \"a'b $(bad) %{slot}\"; };\n"
    "ask = ( { run = \"hot %{slot}\"; each = \"slot\"; parallel = true;\n"
    "          read = ( { value = \"temp.soc\"; line = \"^t [0-9]+ "
    "(.*)$\"; } ); },\n"
    "  { run = \"bad\"; read = ( { value = \"board.temp\"; "
    "line = \"(.*)\"; } ); },\n"
    "  { run = \"printf 'o=%s' %{odd}; exit 0\"; read = ( { "
    "value = \"board.model\"; line = \"^o=(.*)$\"; } ); },\n"
    "  { run = \"echo ')\"; read = ( { value = \"board.load\"; "
    "line = \"(.*)\"; } ); },\n"
    "  { run = \"sleep 100\"; timeout = 1; read = ( { "
    "value = \"board.watts\"; line = \"(.*)\"; } ); } );\n";

/* A mistake in one command, and what is typed into a setting, harms nothing
 * else; parallel answers do not mix. */
TEST(command_runs_in_real_shells)
{
	char *text = mem_strdup(by_shell), *at = strstr(text, "echo ')");

	/* An open quote is refused when it is read; here it must not hurt. */
	memcpy(at, "echo ((", strlen("echo (("));
	lay_out();
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct recipe *r = described(text, NULL);
		struct fake *f = fake_of(r);

		driver_command.poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		IS(f, 1, "temp.soc", BOARD, "1.5");
		IS(f, 17, "temp.soc", BOARD, "17.5");
		IS(f, 40, "temp.soc", BOARD, "40.5");
		UNKNOWN(f, 0, "board.temp", BOARD, "(status 3): it broke");
		IS(f, 0, "board.model", BOARD, "a'b $(bad) %{slot}");
		UNKNOWN(f, 0, "board.load", BOARD, "failed (status ");
		UNKNOWN(f, 0, "board.watts", BOARD, "within 1 s");
		fake_free(f);
		recipe_unref(r);
	}
	free(text);
}

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

/* In both shells: what clusterctrl prints is read, what it is told it does,
 * and its errors are told in its own words. */
TEST(command_clusterhat_in_real_shells)
{
	struct recipe *r = described("", "clusterhat");

	lay_out();
	put("bin/clusterctrl",
	    "#!/bin/sh\ncase $1 in\nstatus) echo maxpi:4; "
	    "for p in 1 2 3 4; do if [ -e \"$RACKMUX_ROOT/p$p\" ]; then "
	    "echo p$p:1; else echo p$p:0; fi; done ;;\n"
	    "on) : >\"$RACKMUX_ROOT/$2\" ;;\n"
	    "*) echo \"ERROR: Valid options are p1-p4\" ;;\nesac\n");
	put("root/there", "");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_of(r);
		char path[600];

		driver_command.poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->slots, 4);
		IS(f, 3, "power.state", BOARD, "off");
		driver_command.act(f->drv, 1, 3, ACT_POWER_ON);
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_OK);
		driver_command.poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 3, "power.state", BOARD, "on");
		IS(f, 2, "power.state", BOARD, "off");
		driver_command.act(f->drv, 2, 3, ACT_LOCATE_ON);
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_FAILED);
		CHECK_STR(f->acted_text, "ERROR: Valid options are p1-p4");
		str_format(path, sizeof path, "%s/root/p3", test_dir());
		CHECK(unlink(path) == 0);
		fake_free(f);
	}
	recipe_unref(r);
}

/* --- garbage ---------------------------------------------------------------- */

static const char sample[] =
    "@rm a 0\nmaxpi:4\nhat_version:2.5\np1:1\np2:0\nu1:1\nhat_alert:1\n"
    "ctrl20:FW:1.6 ADC1:5099mV T1:36.07C FAN:00000001\n0x9e\n"
    "@rm= a 0 0\n@rm b 0\n0x86\n@rm= b 0 0\n@rm a 1\nCPU Temp,42,degrees "
    "C,ok\nSystem Power : on\n@rm= a 1 0\n@rm b 2\nFan1,3200,RPM,ok\n"
    "@rm= b 2 3\n";

static void
spoil(struct buf *b)
{
	static const char *const bits[] = { "\n@rm= a 0 0\n", "@rm a 64\n",
		"\n", "@rm z 0\n", "maxpi:64\n", "maxpi:1\n", "\xff",
		"@rm= a -1 0", "p64:1\n", "999999999999999999999", ":", "," };

	buf_clear(b);
	buf_puts(b, sample);
	for (unsigned n = roll(8); n > 0; n--) {
		const char *bit = bits[roll(ARRAY_LEN(bits))];
		size_t at = roll((unsigned)b->len);

		if (roll(3) == 0)
			memmove(b->data + at, b->data + at / 2, b->len - at);
		else
			memcpy(b->data + at, bit,
			    strlen(bit) < b->len - at ? strlen(bit)
						      : b->len - at);
	}
	buf_puts(b, "\nend\n");
}

TEST(command_survives_garbage)
{
	struct recipe *all[] = { described("", "clusterhat"),
		described("", "turing-pi-1"),
		described("settings: { host = [ \"a\", \"b\" ]; user = "
			  "\"u\"; password_file = \"p\"; };",
		    "ipmi") };
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct fake *f = fake_of(all[i]);

		f->tolerant = true;
		for (unsigned k = 1; k <= 1500; k++) {
			if (roll(50) == 0)
				driver_command.reset(f->drv);
			f->now += 31000;
			driver_command.poll(f->drv);
			spoil(&b);
			fake_answer_len(
			    f, LINK_DONE, 0, buf_str(&b), b.len, NULL);
			CHECK_INT(f->fresh + f->stale, k);
		}
		fake_free(f);
		recipe_unref(all[i]);
	}
	buf_release(&b);
}

/* --- what it is ------------------------------------------------------------- */

struct kept {
	char *text;
};

static void
keep(void *arg, const struct link_result *r)
{
	((struct kept *)arg)->text = mem_strdup(r->out);
}

/* The facts of a ClusterHAT's controller, and of one of its nodes. */
TEST(command_is_detected_by_facts)
{
	static const char *const types[] = { "TYPE=c\nCLUSTERCTRL=yes\n",
		"TYPE=node\n" };

	put_tool("tr");
	put_tool("uname");
	for (size_t i = 0; i < 4; i++) {
		struct fake *f = fake_new(&driver_skel, 0);
		struct kept k = { NULL };
		struct recipe *r;
		int sure;

		put("root/etc/default/clusterctrl", types[i % 2]);
		f->drv->link.run(
		    f->drv->link.arg, driver_facts_script, 5000, keep, &k);
		fake_shell(f, shells[i / 2]);
		r = recipe_detect(k.text, &sure);
		CHECK((r != NULL) == (i % 2 == 0));
		if (r != NULL)
			CHECK_STR(r->name, "clusterhat");
		recipe_unref(r);
		free(k.text);
		fake_free(f);
	}
}

/*
 * Consoles that are read whether or not anybody looks: the dashboard, a
 * simulated rack and what becomes of it in files, tiles and events.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simproc.h"
#include "test.h"

#define SOON 20000

static char config[400];
static const char *const argv[] = { "-c", config, NULL };

static const char two_pis[] =
    "boards = ({ name = \"pis\"; type = \"linux\"; slots = 2; nodes = ("
    "{ slot = 1; name = \"pu\"; model = \"pi4\"; console = \"usb\"; "
    "talk = 1; },"
    "{ slot = 2; name = \"pt\"; model = \"pi5\"; "
    "console = \"telnet\"; }); });\n";

static void
begin(struct simproc *sim, const char *more)
{
	simproc_start(sim, two_pis, NULL);
	snprintf(config, sizeof config, "%s",
	    simproc_config(sim, "console.cfg", more));
}

static void
end(struct simproc *sim, struct vtx *x)
{
	int status;

	CHECK_INT(kill(x->pid, SIGTERM), 0);
	CHECK(vtx_wait_exit(x, &status, SOON));
	check_terminal_clean(x);
	vtx_close(x);
	if (sim != NULL)
		simproc_stop(sim);
}

struct in_file {
	const char *name, *text;
};

static bool
file_has(struct vtx *x, const void *arg)
{
	const struct in_file *want = arg;
	char *path =
	    text_of("%s/xdg-state/rackmux/consoles/%s", test_dir(), want->name);
	char *text = file_read(path);
	bool has = text != NULL && strstr(text, want->text) != NULL;

	(void)x;
	free(path);
	free(text);
	return has;
}

static void
check_logged(struct vtx *x, const char *name, const char *text)
{
	const struct in_file want = { name, text };

	CHECK(vtx_wait(x, file_has, &want, SOON));
}

static bool
no_longer(struct vtx *x, const void *text)
{
	return !vtx_has(x, text);
}

/* --- capture -------------------------------------------------------------- */

TEST(a_captured_console_is_logged_from_the_start_though_nobody_looks)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim, "console = { capture = true; };");
	dash_start(&x, 100, 30, program_env(), argv);
	check_logged(&x, "pis/1.log", "Z [");
	simproc_fault(&sim, "pt:oom");
	check_logged(&x, "pis/2.log", "Out of memory");
	end(&sim, &x);
}

TEST(a_gap_of_a_captured_console_is_in_its_log_with_its_length)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim, "console = { capture = true; };");
	dash_start(&x, 100, 30, program_env(), argv);
	check_logged(&x, "pis/1.log", "Z [");
	simproc_fault(&sim, "pu:unplug");
	vtx_send(&x, "e");
	CHECK(vtx_wait_text(&x, "unplugged", SOON));
	simproc_fault(&sim, "pu:replug");
	check_logged(&x, "pis/1.log", "-- gap of ");
	CHECK(vtx_wait_text(&x, "A gap of ", SOON));
	end(&sim, &x);
}

/* --- what it means -------------------------------------------------------- */

TEST(a_panic_is_named_until_the_node_has_booted_again)
{
	struct simproc sim;
	struct vtx x;

	/* A boot takes its time. */
	alarm(90);
	begin(&sim, "console = { capture = true; };");
	dash_start(&x, 100, 30, program_env(), argv);
	check_logged(&x, "pis/1.log", "Z [");
	simproc_fault(&sim, "pu:panic");
	CHECK(vtx_wait_text(&x, "kernel panic: ", SOON));
	vtx_send(&x, "\r");
	CHECK(vtx_wait_text(&x, "stage", SOON));
	CHECK(vtx_wait_text(&x, "panic", SOON));
	CHECK(vtx_wait_text(&x, "kernel panic: ", SOON));
	simproc_fault(&sim, "clear pu:panic");
	CHECK(vtx_wait(&x, no_longer, "kernel panic: ", SOON));
	end(&sim, &x);
}

static void
replace_in_config(const char *old, const char *new)
{
	char *text = file_read(config), *at, *all;

	CHECK(text != NULL);
	at = strstr(text, old);
	CHECK(at != NULL);
	all =
	    text_of("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	file_write(config, all);
	free(text);
	free(all);
}

TEST(a_wrong_rate_is_told_and_the_right_one_proposed)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim, "console = { capture = true; };");
	replace_in_config("@115200", "@57600");
	dash_start(&x, 120, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "consoles 2", SOON));
	simproc_fault(&sim, "pu:panic");
	vtx_send(&x, "e");
	CHECK(vtx_wait_text(&x, "115200 baud", SOON));
	end(&sim, &x);
}

/* --- another configuration ------------------------------------------------ */

/* Two nodes whose consoles are these programs, captured or not. */
static void
configure(const char *first, const char *second, const char *more)
{
	char *text = text_of(
	    "%s\nboards = ({ name = \"b\"; type = \"linux\"; slots = 2; "
	    "nodes = ({ slot = 1; name = \"one\"; %s }%s%s%s); });\n",
	    more, first, second != NULL ? ", { slot = 2; name = \"two\"; " : "",
	    second != NULL ? second : "", second != NULL ? " }" : "");

	snprintf(config, sizeof config, "%s/re.cfg", test_dir());
	file_write(config, text);
	free(text);
}

#define SAYS(what) "console = \"exec:sh -c 'echo " what "; exec cat'\"; "

TEST(a_configuration_read_anew_changes_and_ends_consoles)
{
	struct vtx x;

	configure(SAYS("first") "capture = true;",
	    SAYS("second") "capture = false;", "");
	dash_start(&x, 100, 30, program_env(), argv);
	check_logged(&x, "b/1.log", "Z first");
	CHECK(vtx_wait_text(&x, "consoles 1", SOON));
	/* Another program, and captured from now on. */
	configure(SAYS("third") "capture = true;",
	    SAYS("second") "capture = true;", "");
	check_logged(&x, "b/1.log", "Z third");
	check_logged(&x, "b/2.log", "Z second");
	CHECK(vtx_wait_text(&x, "consoles 2", SOON));
	configure("console = \"none\"; capture = true;", NULL, "");
	CHECK(vtx_wait(&x, no_longer, "consoles", SOON));
	check_logged(&x, "b/2.log", "-- closed");
	configure(SAYS("fourth") "capture = true;", NULL, "");
	check_logged(&x, "b/1.log", "Z fourth");
	end(NULL, &x);
}

TEST(another_prefix_and_other_alerts_hold_from_the_next_reading_on)
{
	struct vtx x;

	configure("console = \"exec:sh -c 'stty -echo; exec cat'\";", NULL, "");
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "one", SOON));
	vtx_send(&x, "c");
	CHECK(vtx_wait_text(&x, "Ctrl-]", SOON));
	configure("console = \"exec:sh -c 'stty -echo; exec cat'\";", NULL,
	    "console = { prefix = \"C-a\"; };\n"
	    "alerts = ({ name = \"burnt\"; match = \"bread\"; });");
	CHECK(vtx_wait_text(&x, "Ctrl-a", SOON));
	vtx_send(&x, "bread\r\001r");
	CHECK(vtx_wait_text(&x, "burnt: bread", SOON));
	end(NULL, &x);
}

TEST(a_log_that_cannot_be_written_is_told_and_the_console_goes_on)
{
	struct vtx x;

	configure(SAYS("spoken") "capture = true;", NULL,
	    "console = { log_dir = \"/proc/none\"; };");
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "consoles 1", SOON));
	vtx_send(&x, "e");
	CHECK(vtx_wait_text(&x, "/proc/none", SOON));
	vtx_send(&x, "qc");
	CHECK(vtx_wait_text(&x, "spoken", SOON));
	end(NULL, &x);
}

/* --- many ----------------------------------------------------------------- */

static bool
all_said(struct vtx *x, const void *arg)
{
	(void)arg;
	for (int i = 1; i <= 64; i++) {
		char *name = text_of("b/%d.log", i), *word;
		struct in_file want = { name, NULL };
		bool has;

		word = text_of("Z node %d\n", i);
		want.text = word;
		has = file_has(x, &want);
		free(name);
		free(word);
		if (!has)
			return false;
	}
	return true;
}

TEST(sixty_four_consoles_are_kept_at_once)
{
	char *text = text_of("console = { capture = true; };\nboards = ({ "
			     "name = \"b\"; type = \"linux\"; slots = 64; "
			     "nodes = (");
	char *known;
	struct vtx x;

	for (int i = 1; i <= 64; i++) {
		char *more = text_of("%s%s{ slot = %d; console = \"exec:sh -c "
				     "'echo node %d; exec cat'\"; }",
		    text, i > 1 ? ", " : "", i, i);

		free(text);
		text = more;
	}
	snprintf(config, sizeof config, "%s/many.cfg", test_dir());
	file_write(config, text);
	free(text);
	known = file_read(config);
	text = text_of("%s); });\n", known);
	free(known);
	file_write(config, text);
	free(text);
	dash_start(&x, 100, 30, program_env(), argv);
	CHECK(vtx_wait_text(&x, "consoles 64", SOON));
	CHECK(vtx_wait(&x, all_said, NULL, SOON));
	end(NULL, &x);
}

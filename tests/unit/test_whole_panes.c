/*
 * Consoles in panes as an operator has them: the program on a terminal of
 * 80x24, and nodes of the simulator.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simproc.h"
#include "test.h"

#define SOON 20000
#define PREFIX "\035"

static const char rack[] =
    "rack: { name = \"lab\"; };\n"
    "boards = ({ name = \"pis\"; type = \"linux\"; slots = 3; nodes = (\n"
    "    { slot = 1; name = \"pa\"; model = \"pi4\"; },\n"
    "    { slot = 2; name = \"pt\"; model = \"pi5\";\n"
    "      console = \"telnet\"; },\n"
    "    { slot = 3; name = \"pb\"; model = \"pi4\"; }); });\n";

static char config[400];

static void
begin(struct simproc *sim)
{
	simproc_start(sim, rack, NULL);
	snprintf(config, sizeof config, "%s",
	    simproc_config(sim, "panes.cfg", "poll = 1;\n"));
}

static void
start(struct vtx *x, const char *more)
{
	const char *argv[] = { "-c", config, more, NULL };

	dash_start(x, 80, 24, program_env(), argv);
	CHECK(vtx_wait_text(x, "3/3 on", SOON));
}

static void
quit(struct vtx *x)
{
	int status;

	vtx_send(x, "q");
	CHECK(vtx_wait_exit(x, &status, SOON));
	CHECK_INT(status, 0);
	check_terminal_clean(x);
	vtx_close(x);
}

static bool
is_gone(struct vtx *x, const void *text)
{
	return !vtx_has(x, text);
}

static bool
vtx_wait_gone(struct vtx *x, const char *text)
{
	return vtx_wait(x, is_gone, text, SOON);
}

/* The shell of pa, in a pane below the rack. */
static void
open_shell(struct vtx *x)
{
	vtx_send(x, "c");
	CHECK(vtx_wait_text(x, "pi@pa:~$", SOON));
	CHECK(vtx_wait_text(x, "Ctrl-] commands", SOON));
}

TEST(c_opens_a_console_and_what_is_typed_comes_back)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim);
	start(&x, NULL);
	open_shell(&x);
	/* The rack stays in sight, and q is a letter here. */
	CHECK(vtx_has(&x, "lab") && vtx_has(&x, "pis"));
	vtx_send(&x, "echo q$((20+2))q\r");
	CHECK(vtx_wait_text(&x, "q22q", SOON));
	vtx_send(&x, PREFIX);
	CHECK(vtx_wait_text(&x, "? help  r rack  z zoom", SOON));
	vtx_send(&x, "z");
	CHECK(vtx_wait_gone(&x, "Linux"));
	CHECK(vtx_has(&x, "q22q"));
	vtx_send(&x, PREFIX "z");
	CHECK(vtx_wait_text(&x, "Linux", SOON));
	vtx_send(&x, PREFIX "?");
	CHECK(vtx_wait_text(&x, "rackmux 0", SOON));
	vtx_send(&x, "\033");
	CHECK(vtx_wait_gone(&x, "rackmux 0"));
	vtx_send(&x, PREFIX "x");
	CHECK(vtx_wait_gone(&x, "q22q"));
	quit(&x);
	simproc_stop(&sim);
}

TEST(two_consoles_and_their_layout_at_the_next_start)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim);
	start(&x, NULL);
	open_shell(&x);
	vtx_send(&x, PREFIX "|");
	CHECK(vtx_wait_text(&x, "The console of which node?", SOON));
	vtx_send(&x, "pt\r");
	CHECK(vtx_wait_gone(&x, "of which node"));
	/* What is typed before it is open is refused, and a getty that only
	 * begins may miss a key. */
	CHECK(vtx_wait_text(&x, "pis/2 pt  open", SOON));
	for (int i = 0; i < 8 && !vtx_has(&x, "pt login:"); i++) {
		vtx_send(&x, "\r");
		(void)vtx_wait_text(&x, "pt login:", 2000);
	}
	CHECK(vtx_has(&x, "pt login:"));
	CHECK(vtx_has(&x, "pi@pa:~$"));
	/* Back to the first: what is typed goes there only. */
	vtx_send(&x, PREFIX "h");
	vtx_send(&x, "echo o$((1+1))o\r");
	CHECK(vtx_wait_text(&x, "o2o", SOON));
	vtx_send(&x, PREFIX "w");
	CHECK(vtx_wait_text(&x, "Keep this layout as", SOON));
	vtx_send(&x, "pair\r");
	CHECK(vtx_wait_text(&x, "\"pair\" is kept", SOON));
	vtx_send(&x, PREFIX "r");
	CHECK(vtx_wait_text(&x, "? help", SOON));
	quit(&x);
	start(&x, NULL);
	CHECK(vtx_wait_text(&x, "pi@pa:~$", SOON));
	CHECK(vtx_wait_text(&x, "pis/2", SOON));
	quit(&x);
	simproc_stop(&sim);
}

TEST(marked_nodes_at_once_and_typed_at_as_one)
{
	struct simproc sim;
	struct vtx x;
	int ax, ay, bx, by;

	begin(&sim);
	start(&x, NULL);
	vtx_send(&x, " l c");
	CHECK(vtx_wait_text(&x, "pi@pa:~$", SOON));
	CHECK(vtx_wait_text(&x, "pi@pb:~$", SOON));
	CHECK(vtx_find(&x, "pi@pa:~$", &ax, &ay));
	CHECK(vtx_find(&x, "pi@pb:~$", &bx, &by));
	CHECK_INT(ay, by);
	vtx_send(&x, PREFIX "T");
	CHECK(vtx_wait_text(&x, "TYPED AT 2 CONSOLES", SOON));
	vtx_send(&x, "echo $((6*7))$(hostname)\r");
	CHECK(vtx_wait_text(&x, "42pa", SOON));
	CHECK(vtx_wait_text(&x, "42pb", SOON));
	vtx_send(&x, PREFIX "T");
	CHECK(vtx_wait_gone(&x, "TYPED AT"));
	vtx_send(&x, PREFIX "r");
	CHECK(vtx_wait_text(&x, "? help", SOON));
	quit(&x);
	simproc_stop(&sim);
}

TEST(a_copy_goes_to_the_clipboard_only_when_asked)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim);
	start(&x, NULL);
	open_shell(&x);
	vtx_send(&x, "echo c$((3+4))c\r");
	CHECK(vtx_wait_text(&x, "c7c", SOON));
	vtx_send(&x, PREFIX "/");
	CHECK(vtx_wait_text(&x, "search above", SOON));
	vtx_send(&x, "c7c\r");
	CHECK(vtx_wait_text(&x, "/c7c", SOON));
	vtx_send(&x, "v$y");
	CHECK(vtx_wait_text(&x, "3 bytes taken", SOON));
	CHECK(!vtx_raw_has(&x, "\033]52;"));
	vtx_send(&x, "echo '" PREFIX "]'x\r");
	CHECK(vtx_wait_text(&x, "c7cx", SOON));
	vtx_send(&x, PREFIX "/c7c\rv$Y");
	CHECK(vtx_wait_text(&x, "clipboard", SOON));
	CHECK(vtx_raw_has(&x, "\033]52;c;"));
	vtx_send(&x, PREFIX "r");
	CHECK(vtx_wait_text(&x, "? help", SOON));
	quit(&x);
	simproc_stop(&sim);
}

TEST(read_only_looks_and_does_not_type)
{
	struct simproc sim;
	struct vtx x;

	begin(&sim);
	start(&x, "--read-only");
	vtx_send(&x, "lc");
	CHECK(vtx_wait_text(&x, "pis/2", SOON));
	vtx_send(&x, "a");
	CHECK(vtx_wait_text(&x, "Nothing is typed at a node", SOON));
	vtx_send(&x, PREFIX "x");
	CHECK(vtx_wait_text(&x, "? help", SOON));
	quit(&x);
	simproc_stop(&sim);
}

TEST(one_console_on_the_whole_screen)
{
	const char *argv[] = { "console", "-c", config, "pa", NULL };
	struct simproc sim;
	struct vtx x;
	int status;

	begin(&sim);
	dash_start(&x, 80, 24, program_env(), argv);
	CHECK(vtx_wait_text(&x, "pi@pa:~$", SOON));
	CHECK(vtx_wait_text(&x, "Ctrl-] r leaves", SOON));
	vtx_send(&x, "stty size\r");
	vtx_send(&x, "echo s$((5+5))s\r");
	CHECK(vtx_wait_text(&x, "s10s", SOON));
	vtx_send(&x, PREFIX "r");
	CHECK(vtx_wait_exit(&x, &status, SOON));
	CHECK_INT(status, 0);
	check_terminal_clean(&x);
	vtx_close(&x);
	simproc_stop(&sim);
}

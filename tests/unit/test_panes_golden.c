/*
 * Goldens of panes: consoles that boot, panic, are shared and recorded, at all
 * sizes; typing at many; copy mode; one console alone.
 */
#include "golden.h"
#include "panes_fix.h"

#include "rackmux/console/chorus.h"

static struct panes *const ps = &pf.screen.panes;

static void
golden(const char *name, int w, int h)
{
	golden_check(&pf.screen, &pf.canvas, name, w, h);
}

static void
at_all_sizes(const char *name)
{
	golden(name, 40, 12);
	golden(name, 80, 24);
	golden(name, 120, 36);
	golden(name, 200, 60);
}

static void
becomes(size_t i, enum console_state st, const char *why)
{
	console_set_state(pf.consoles[i], st, why);
}

static const char boot[] =
    "U-Boot 2024.01 (Jan 08 2024 - 15:37:48 +0000)\r\n\r\n"
    "Starting kernel ...\r\n\r\n"
    "[    0.000000] Linux version 6.6.51+rpt-rpi-v8 (serge@raspberrypi)\r\n"
    "[    0.000000] Machine model: Raspberry Pi Compute Module 4\r\n"
    "[    1.203445] mmc0: SDHCI controller on fe340000.mmc\r\n";

static const char shell[] =
    "web-b login: pi\r\nPassword: \r\n"
    "\033[01;32mpi@web-b\033[00m:\033[01;34m~\033[00m$ ls\r\n"
    "\033[0;31mred.tar\033[0m  \344\270\255\346\226\207.txt  plain  "
    "\033[7mreverse\033[0m \033[38;5;208morange\033[0m "
    "\033[48;2;20;80;160mblue ground\033[0m\r\n"
    "\033[01;32mpi@web-b\033[00m:\033[01;34m~\033[00m$ ";

static const char panic[] =
    "[  812.4] Unable to handle kernel NULL pointer dereference\r\n"
    "[  812.5] Kernel panic - not syncing: Fatal exception in interrupt\r\n"
    "[  812.6] ---[ end Kernel panic - not syncing: Fatal exception ]---";

/* Three, each with something else to tell. */
static void
begin(const char *layout)
{
	char err[200];

	pbegin(fix_rack, 120, 36);
	CHECK(panes_load(ps, layout));
	pdraw();
	psay(0, boot);
	psay(1, shell);
	psay(2, panic);
	becomes(0, CONSOLE_JOINED, "pid 4711 of carla has it.");
	pf.consoles[0]->typist = mem_strdup("carla, pid 4711");
	becomes(1, CONSOLE_OPEN, "");
	becomes(2, CONSOLE_LOST, "The link to tp2-a was lost: no answer.");
	console_log_begin(pf.consoles[1]);
	CHECK(console_record(pf.consoles[1], true, err, sizeof err));
	loop_advance(pf.c.loop, 1000);
	becomes(0, CONSOLE_JOINED, "pid 4711 of carla has it.");
	becomes(1, CONSOLE_OPEN, "");
	becomes(2, CONSOLE_LOST, "The link to tp2-a was lost: no answer.");
	panes_focus(ps, ppane(1)->id);
}

#define THREE "below(rack:4,beside(tp2-a/1:1,tp2-a/2:1):5,tp2-a/3:3)"

TEST(panes)
{
	begin(THREE);
	at_all_sizes("panes");
	pend();
}

TEST(panes_in_ascii)
{
	begin(THREE);
	pf.canvas.ascii = true;
	golden("panes-ascii", 80, 24);
	pend();
}

TEST(one_zoomed)
{
	begin(THREE);
	pkeys("C-] z");
	golden("panes-zoom", 80, 24);
	golden("panes-zoom", 40, 12);
	pend();
}

TEST(what_may_follow_the_prefix)
{
	begin(THREE);
	pkeys("C-]");
	at_all_sizes("panes-lead");
	pkeys("?");
	golden("panes-help", 80, 24);
	golden("panes-help", 200, 60);
	pend();
}

TEST(copy_mode)
{
	begin(THREE);
	pkeys("C-] [ / p i Enter n v $");
	golden("panes-copy", 80, 24);
	golden("panes-copy", 40, 12);
	pkeys("Esc /");
	golden("panes-search", 80, 24);
	pend();
}

TEST(a_console_is_picked)
{
	begin(THREE);
	pkeys("C-] |");
	golden("panes-pick", 80, 24);
	pend();
}

TEST(typed_at_many_and_one_paused)
{
	uint64_t end;

	pbegin(fix_rack, 120, 36);
	end = loop_now(pf.c.loop) + 20000;
	CHECK(panes_load(ps, THREE));
	pdraw();
	popen_far(0, far_echo());
	popen_far(1, far_echo());
	popen_far(2, far_script("mute.sh", "printf R; exec cat >/dev/null"));
	panes_focus(ps, ppane(1)->id);
	pkeys("C-] T u p");
	CUNTIL(&pf.c,
	    (loop_advance(pf.c.loop, 10),
		on_screen(pf.consoles[0], "Rup") &&
		    on_screen(pf.consoles[1], "Rup") &&
		    chorus_state(ps->chorus, pf.consoles[2]) == CHORUS_SILENT));
	CHECK(loop_now(pf.c.loop) < end);
	loop_advance(pf.c.loop, end - loop_now(pf.c.loop));
	at_all_sizes("panes-many");
	pend();
}

TEST(one_console_alone)
{
	pbegin(fix_rack, 80, 24);
	panes_solo(ps, "tp2-a/1");
	becomes(0, CONSOLE_HELD,
	    "picocom (pid 812) has /dev/ttyS1 on the board: end it there, or "
	    "wait until it is done.");
	golden("solo-held", 80, 24);
	psay(0, shell);
	becomes(0, CONSOLE_OPEN, "");
	golden("solo", 80, 24);
	golden("solo", 40, 12);
	pkeys("C-]");
	golden("solo-lead", 80, 24);
	pend();
}

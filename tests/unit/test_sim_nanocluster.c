/*
 * The NanoCluster: buttons, and no way to see what became of pressing them.
 */
#include <string.h>

#include "sim_board.h"

static const char rack_text[] =
    "boards = ({ name = \"nano\"; type = \"nanocluster\";\n"
    "   nodes = ({ slot = 1; }, { slot = 2; }, { slot = 3; on = false; },\n"
    "     { slot = 4; model = \"cm4\"; },\n"
    "     { slot = 5; power_off_on_halt = true; }); },\n"
    " { name = \"lm3h\"; type = \"nanocluster\"; nanoctl = false;\n"
    "   uarts = false; nodes = ({ slot = 1; model = \"rk1\"; },\n"
    "     { slot = 2; }); });\n";

static void
begin(const char *board)
{
	sim_begin(rack_text, board);
}

/* As sim_out(), but the rack's ticks come while it runs. */
static const char *
run(const char *cmd, double seconds)
{
	static char *last;
	struct shell_args args = { cmd };
	struct sim_run r;
	struct proc *p = sim_start(m, false, proc_main_shell, &args, &r);

	sim_pass(loop, seconds);
	CHECK(r.ended);
	free(last);
	last = mem_printf("%s%s", buf_str(&r.out), buf_str(&r.err));
	proc_free(p);
	sim_run_release(&r);
	return last;
}

TEST(nano_presses_and_says_so)
{
	begin("nano");
	CHECK_STR(run("nanoctl poweron 3", 1.5),
	    "Powering on slot 3 (CM5)...\nPower on signal sent to slot 3\n"
	    "Successfully powered on slot 3\n");
	CHECK(b->nodes[2].rail);
	/* The same button: one that is on is asked to stop. */
	CHECK(strstr(run("nanoctl poweron 2", 1.5), "Successfully"));
	CHECK_INT(b->nodes[1].stage, STAGE_STOPPING);
	sim_pass(loop, 3);
	CHECK_INT(b->nodes[1].stage, STAGE_HALTED);
	(void)run("nanoctl poweron 2", 1.5);
	CHECK_INT(b->nodes[1].stage, STAGE_LOADER);
	CHECK(strstr(run("nanoctl poweron 77", 1.5),
	    "Error powering on slot 77: failed to power on: failed to "
	    "request GPIO 77"));
	CHECK(strstr(run("nanoctl poweron x", 1), "must be a number"));
	end();
}

TEST(nano_force_holds_for_eight_seconds)
{
	begin("nano");
	CHECK(strstr(run("nanoctl poweroff --force 2", 8.5),
	    "Force power off signal sent to slot 2\n"));
	CHECK_INT(b->nodes[1].stage, STAGE_HALTED);
	CHECK_INT(b->nodes[0].stage, STAGE_LOGIN);
	end();
}

TEST(nano_some_never_come_back)
{
	begin("nano");
	(void)run("nanoctl poweroff 5", 5);
	CHECK_INT(b->nodes[4].stage, STAGE_HALTED);
	(void)run("nanoctl poweron 5", 2);
	CHECK_INT(b->nodes[4].stage, STAGE_HALTED);
	end();
}

TEST(nano_line_of_a_cm4_is_its_reset)
{
	begin("nano");
	(void)run("gpioset gpiochip14 4=0", 0.2);
	sim_pass(loop, 20);
	CHECK_INT(b->nodes[3].stage, STAGE_LOADER);
	(void)run("gpioset gpiochip14 4=1", 0.2);
	sim_pass(loop, 10);
	CHECK_INT(b->nodes[3].stage, STAGE_LOGIN);
	end();
}

TEST(nano_gpioset_is_libgpiods)
{
	begin("lm3h");
	CHECK(strstr(run("gpioset gpiochip14 2=0", 0.3), "No such file"));
	CHECK(strstr(run("gpioset gpiochip2 99=0", 0.3), "Invalid argument"));
	CHECK(strstr(run("gpioset gpiochip2 2", 0.3), "invalid offset"));
	CHECK(strstr(run("nanoctl poweron 2", 0.3), "not found"));
	CHECK_STR(
	    run("gpioset gpiochip2 2=0; sleep 1; gpioset gpiochip2 2=1", 1.5),
	    "");
	CHECK_INT(b->nodes[1].stage, STAGE_STOPPING);
	CHECK_INT(vfs_stat(m->vfs, "/dev/gpiochip2", true), VFS_FILE);
	CHECK_INT(vfs_stat(m->vfs, "/dev/ttyUSB0", true), VFS_NONE);
	end();
}

TEST(nano_consoles_of_four)
{
	begin("nano");
	CHECK_INT(vfs_stat(m->vfs, "/dev/ttyUSB0", true), VFS_DEVICE);
	CHECK_INT(vfs_stat(m->vfs, "/dev/ttyUSB3", true), VFS_DEVICE);
	(void)run("nanoctl poweron 3", 1.5);
	CHECK(strstr(run("timeout 5 cat /dev/ttyUSB0", 6), "Linux version"));
	end();
}

TEST(nano_goes_with_slot_1)
{
	begin("nano");
	(void)sim_out(m, "poweroff");
	sim_pass(loop, 5);
	CHECK(b->down_until != 0);
	CHECK_INT(b->nodes[1].stage, STAGE_LOGIN);
	end();
}

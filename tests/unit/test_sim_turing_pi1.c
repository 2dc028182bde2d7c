/*
 * The Turing Pi 1: two registers, and a controller that can switch itself off.
 */
#include <string.h>

#include "sim_board.h"

static const char rack_text[] =
    "boards = ({ name = \"tp1\"; type = \"turing-pi-1\";\n"
    "   nodes = ({ slot = 1; }, { slot = 2; }, { slot = 5; },\n"
    "     { slot = 7; on = false; }); },\n"
    " { name = \"empty\"; type = \"turing-pi-1\"; nodes = ({ slot = 2; });\n"
    " });\n";

static void
begin(const char *board)
{
	sim_begin(rack_text, board);
}

TEST(tp1_registers)
{
	begin("tp1");
	CHECK_STR(sim_out(m, "i2cget -y 1 0x57 0xf2"), "0x86\n");
	CHECK_STR(sim_out(m, "i2cget -y 1 0x57 0xf8"), "0x86\n");
	/* Slot 3 is empty: commanded, but not there. */
	CHECK_STR(sim_out(m,
		      "i2cset -m 0x08 -y 1 0x57 0xf2 0xff; "
		      "i2cget -y 1 0x57 0xf2; i2cget -y 1 0x57 0xf8"),
	    "0x8e\n0x86\n");
	end();
}

TEST(tp1_masks_follow_the_table)
{
	static const char *const cmds[] = {
		"i2cset -m 0x04 -y 1 0x57 0xf2 0x00",
		"i2cset -m 0x80 -y 1 0x57 0xf2 0x00",
		"i2cset -m 0x20 -y 1 0x57 0xf2 0xff",
	};
	static const int slots[] = { 2, 5, 7 };
	size_t i;

	begin("tp1");
	for (i = 0; i < 3; i++) {
		bool before = b->nodes[slots[i] - 1].rail;

		CHECK_STR(sim_out(m, cmds[i]), "");
		CHECK_INT(b->nodes[slots[i] - 1].rail, !before);
	}
	CHECK(b->nodes[0].rail);
	CHECK_STR(sim_out(m, "i2cget -y 1 0x57 0xf8"), "0x22\n");
	end();
}

TEST(tp1_errors_are_those_of_i2c_tools)
{
	struct sim_run r;

	begin("tp1");
	sim_run(m, "i2cget -y 1 0x58 0xf2", &r);
	CHECK_INT(r.status, 2);
	CHECK_STR(buf_str(&r.err), "Error: Read failed\n");
	sim_run_release(&r);
	sim_run(m, "i2cset -y 0 0x57 0xf2 0xff", &r);
	CHECK_INT(r.status, 1);
	CHECK(strstr(buf_str(&r.err), "Could not open file `/dev/i2c-0'"));
	sim_run_release(&r);
	CHECK_INT(sim_status(m, "i2cset -y 1 0x57 0xf2"), 1);
	CHECK_INT(sim_status(m, "i2cget -y 1 0x57 pear"), 1);
	CHECK_INT(sim_status(m, "i2cset -y 1 0x57 0xf2 0x100"), 1);
	CHECK_INT(sim_status(m, "i2cset -y -m"), 1);
	end();
}

TEST(tp1_controller_cuts_itself_off)
{
	begin("tp1");
	(void)sim_out(m, "i2cset -m 0x02 -y 1 0x57 0xf2 0x00");
	sim_pass(loop, 60);
	CHECK(!b->nodes[0].rail);
	CHECK(b->down_until != 0);
	CHECK(b->nodes[1].rail);
	CHECK_INT(fault_apply(rack, "tp1", FAULT_POWER, true, 0), 0);
	sim_pass(loop, 1);
	CHECK_INT(fault_apply(rack, "tp1", FAULT_POWER, false, 0), 0);
	sim_pass(loop, 15);
	CHECK_INT(b->down_until, 0);
	CHECK(b->nodes[0].rail && b->nodes[6].rail);
	end();
}

TEST(tp1_controller_reboots_as_a_node)
{
	begin("tp1");
	(void)sim_out(m, "reboot");
	sim_pass(loop, 2);
	CHECK(b->down_until != 0);
	CHECK(b->nodes[1].rail);
	sim_pass(loop, 12);
	CHECK_INT(b->down_until, 0);
	CHECK_STR(sim_out(m, "cat /proc/device-tree/model | tr -d '\\000'"),
	    "Raspberry Pi Compute Module 3 Plus Rev 1.0");
	end();
}

TEST(tp1_without_a_module_in_slot_1_has_no_controller)
{
	begin("empty");
	CHECK(m->vfs == NULL);
	sim_pass(loop, 1);
	end();
}

/*
 * clusterctrl as it is: nothing where it is not set up, its errors on stdout.
 */
#include <string.h>

#include "sim_board.h"

static const char rack_text[] =
    "boards = ({ name = \"hat\"; type = \"clusterhat\";\n"
    "   nodes = ({ slot = 1; }, { slot = 2; on = false; }, { slot = 4; });\n"
    " }, { name = \"ctrl\"; type = \"clusterhat\"; flavour = \"ctrl\";\n"
    "   nodes = ({ slot = 3; }); },\n"
    " { name = \"old\"; type = \"clusterhat\"; old = true; },\n"
    " { name = \"plain\"; type = \"clusterhat\"; set_up = false; },\n"
    " { name = \"lost\"; type = \"clusterhat\"; found = false; });\n";

static void
begin(const char *board)
{
	sim_begin(rack_text, board);
}

TEST(hat_status)
{
	begin("hat");
	CHECK_STR(sim_out(m, "clusterctrl status"),
	    "clusterhat:1\nclusterctrl:False\nmaxpi:4\n"
	    "pirevision:0x00c03111\nthrottled:0x0\nhat_version:2.5\n"
	    "hat_version_major:2\nhat_version_minor:5\nhat_size:4\n"
	    "hat_uuid:00000000-0000-0000-0000-000000000000\n"
	    "hat_vendor:8086 Consultancy\nhat_product_id:0x0004\n"
	    "is_pi5:False\nhat_alert:0\nhat_hub:1\nhat_wp:1\nhat_led:1\n"
	    "hat_wplink:0\nhat_xra1200p:True\np1:1\np2:0\np3:0\np4:1\n");
	CHECK_STR(sim_out(m, "clusterctrl maxpi"), "4\n");
	CHECK_STR(sim_out(m, "clusterctrl getpath p1"), "p1:1-1.4.4\n");
	end();
	begin("old");
	CHECK(strstr(sim_out(m, "clusterctrl status"), "is_pi5") == NULL);
	CHECK(strstr(sim_out(m, "clusterctrl status"), "pirevision") == NULL);
	end();
}

TEST(hat_switches_in_silence)
{
	begin("hat");
	CHECK_STR(sim_out(m, "clusterctrl off p1 p4"), "");
	CHECK(!b->nodes[0].rail && !b->nodes[3].rail);
	CHECK_STR(sim_out(m, "clusterctrl on p1"), "");
	CHECK(b->nodes[0].rail && !b->nodes[3].rail);
	CHECK_STR(sim_out(m, "clusterctrl on p9"),
	    "ERROR: Valid options are p1-p4\n");
	CHECK_INT(sim_status(m, "clusterctrl on p9"), 1);
	end();
}

TEST(hat_waits_between_two)
{
	struct shell_args args = { "clusterctrl on" };
	struct sim_run r;
	struct proc *p;

	begin("hat");
	(void)sim_out(m, "clusterctrl off");
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.5);
	CHECK(b->nodes[0].rail && !b->nodes[1].rail);
	sim_pass(loop, 1);
	CHECK(b->nodes[1].rail && !b->nodes[3].rail);
	sim_pass(loop, 3);
	CHECK(r.ended && b->nodes[3].rail);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(hat_has_one_led)
{
	begin("hat");
	CHECK_STR(sim_out(m,
		      "clusterctrl alert on p3; clusterctrl status | "
		      "grep alert; clusterctrl alert off; clusterctrl "
		      "status | grep alert"),
	    "hat_alert:1\nhat_alert:0\n");
	end();
}

TEST(hat_ctrl_flavour)
{
	const char *out;

	begin("ctrl");
	out = sim_out(m, "clusterctrl status");
	CHECK(strstr(out, "clusterhat:False\nclusterctrl:1\nmaxpi:4\n"));
	CHECK(strstr(out, "\nctrl_bus:20:3:4 \nctrl20:FW:1.6 ADC1:5"));
	CHECK(strstr(out, "C FAN:00000001\np1:0\nu1:0\np2:0\nu2:0\np3:1\n"));
	CHECK(strstr(sim_out(m,
			 "clusterctrl usbboot on p2; clusterctrl "
			 "status"),
	    "u1:0\np2:0\nu2:1\n"));
	CHECK_STR(sim_out(m, "clusterctrl save 20"), "saved\n");
	end();
}

TEST(hat_not_set_up_or_not_found)
{
	begin("plain");
	CHECK_STR(sim_out(m, "clusterctrl status"), "");
	CHECK_INT(sim_status(m, "clusterctrl status"), 0);
	CHECK_STR(sim_out(m, "cat /etc/default/clusterctrl"), "TYPE=node\n");
	end();
	begin("lost");
	CHECK_STR(sim_out(m, "clusterctrl status"),
	    "ERROR: No ClusterHAT/CTRL devices found\n\n");
	CHECK_INT(sim_status(m, "clusterctrl status"), 1);
	CHECK_INT(vfs_stat(m->vfs, "/dev/i2c-1", true), VFS_NONE);
	end();
}

TEST(hat_console_is_there_while_its_node_runs)
{
	struct shell_args args = { "picocom -b 115200 /dev/ttypi1" };
	struct sim_run r;
	struct proc *p;

	begin("hat");
	p = sim_start(m, true, proc_main_shell, &args, &r);
	sim_pass(loop, 0.3);
	proc_input(p, "\r", 1);
	sim_pass(loop, 0.5);
	CHECK(strstr(buf_str(&r.out), "login:"));
	node_power(&b->nodes[0], false);
	sim_pass(loop, 0.5);
	CHECK(r.ended);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(hat_forgets_without_power)
{
	begin("hat");
	CHECK_INT(fault_apply(rack, "hat", FAULT_POWER, true, 0), 0);
	CHECK(!b->nodes[0].rail);
	CHECK_INT(fault_apply(rack, "hat", FAULT_POWER, false, 0), 0);
	sim_pass(loop, 25);
	CHECK_INT(b->down_until, 0);
	CHECK(!b->nodes[0].rail);
	(void)sim_out(m, "clusterctrl on p1");
	CHECK(b->nodes[0].rail);
	/* A reboot of the Pi leaves them alone. */
	(void)sim_out(m, "reboot");
	sim_pass(loop, 5);
	CHECK(b->down_until != 0 && b->nodes[0].rail);
	end();
}

TEST(hat_s_host_asks_for_a_password_with_its_board)
{
	begin("hat");
	CHECK_STR(sim_out(m, "sudo -n id -u"), "0\n");
	CHECK_INT(fault_apply(rack, "hat", FAULT_NOSUDO, true, 0), 0);
	CHECK_STR(
	    sim_out(m, "sudo -n id -u 2>&1"), "sudo: a password is required\n");
	end();
}

/*
 * The nodectl of the firmware of 2026.
 */
#include "rackmux/base/json.h"
#include "sim_box.h"

/* --- v2 --- */

TEST(cb_v2_switches_and_says_so)
{
	int rc;

	begin("v2");
	CHECK_STR(
	    run("nodectl poweron -n 1", 2, &rc), "node 1: already powered\n");
	CHECK_INT(rc, 0);
	CHECK_STR(run("nodectl poweroff -n 1 -n 2", 2, &rc),
	    "node 1: power off\nnode 2: power off\n");
	CHECK(!node(1)->rail && !node(2)->rail && node(3)->rail);
	CHECK_STR(run("nodectl poweron --all", 6, &rc),
	    "node 1: power on\nnode 2: power on\nnode 3: already powered\n"
	    "node 4: power on\n");
	CHECK(node(4)->rail);
	sim_pass(loop, 10);
	CHECK_STR(
	    run("nodectl reset -n 3", 2, &rc), "node 3: reset pulse sent\n");
	CHECK_INT(node(3)->stage, STAGE_LOADER);
	CHECK_STR(run("nodectl reboot -n 3 --hard", 4, &rc),
	    "node 3: power off\nnode 3: power on\n");
	end();
}

TEST(cb_v2_usage_and_its_status)
{
	int rc;

	begin("v2");
	CHECK(str_starts(run("nodectl", 1, &rc),
	    "Usage: nodectl <command> [options]\n\nCommands:\n"));
	CHECK_INT(rc, 2);
	CHECK(str_starts(run("nodectl poweron", 1, &rc),
	    "select nodes with -n N or --all\nUsage: nodectl <command>"));
	CHECK_INT(rc, 2);
	CHECK_STR(
	    run("nodectl poweron -n 5", 1, &rc), "node number must be 1-4\n");
	CHECK_INT(rc, 2);
	CHECK(str_starts(
	    run("nodectl dance", 1, &rc), "unknown command: dance\n"));
	CHECK_INT(rc, 2);
	CHECK(str_starts(run("nodectl poweron --al", 1, &rc),
	    "unknown or incomplete option: --al\n"));
	(void)run("nodectl --help", 1, &rc);
	CHECK_INT(rc, 0);
	CHECK_STR(run("nodectl console --all", 1, &rc),
	    "exactly one node must be selected with -n N\n");
	CHECK_STR(sim_out(m, "nodectl fan; nodectl fan 50; nodectl fan"),
	    "85\nfans set to 50%\n50\n");
	CHECK_STR(sim_out(m, "cat /sys/class/pwm/pwmchip1/pwm0/duty_cycle"),
	    "1000000\n");
	end();
}

TEST(cb_v2_shutdown_presses_waits_and_cuts)
{
	struct sim_run r, other;
	struct shell_args args = { "nodectl shutdown -n 1" };
	struct shell_args again = { "nodectl poweroff -n 1" };
	struct proc *p, *q;

	begin("v2");
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 1);
	CHECK_INT(node(1)->stage, STAGE_STOPPING);
	CHECK_STR(
	    buf_str(&r.out), "node 1: pressing power button for 500 ms\n");
	/* Meanwhile it is busy. */
	q = sim_start(m, false, proc_main_shell, &again, &other);
	sim_pass(loop, 0.5);
	CHECK(other.ended);
	CHECK_INT(other.status, 3);
	CHECK_STR(buf_str(&other.err), "node 1 is busy\n");
	proc_free(q);
	sim_run_release(&other);
	CHECK(str_starts(
	    sim_out(m, "cat /var/run/nodectl/node1.op"), "shutdown "));
	CHECK(strstr(
	    sim_out(m, "nodectl status -n 1 --json"), "\"busy\":\"shutdown\""));
	sim_pass(loop, 25);
	CHECK(r.ended);
	CHECK_INT(r.status, 0);
	CHECK_STR(buf_str(&r.out),
	    "node 1: pressing power button for 500 ms\n"
	    "node 1: network down, waiting 10 s grace\n"
	    "node 1: power off\n");
	CHECK(!node(1)->rail);
	CHECK(!exists("/var/run/nodectl/node1.op"));
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(cb_v2_goes_on_in_the_background)
{
	begin("v2");
	CHECK_STR(run("nodectl shutdown --bg -n 2", 1, NULL),
	    "{\"started\":\"shutdown\",\"pid\":4712,\"log\":"
	    "\"/var/log/nodectl/node2.log\"}\n");
	sim_pass(loop, 25);
	CHECK_STR(sim_out(m, "cat /var/log/nodectl/node2.log"),
	    "node 2: pressing power button for 500 ms\n"
	    "node 2: network down, waiting 10 s grace\n"
	    "node 2: power off\n");
	CHECK(!node(2)->rail);
	/* It answers before it finds the node busy. */
	fault("v2/3", FAULT_NODEBUSY, true);
	CHECK(str_starts(run("nodectl reboot --bg -n 3", 1, NULL),
	    "{\"started\":\"reboot\","));
	sim_pass(loop, 1);
	CHECK_STR(
	    sim_out(m, "cat /var/log/nodectl/node3.log"), "node 3 is busy\n");
	CHECK(strstr(sim_out(m, "nodectl status"), "flash\n"));
	/* A reboot of the box ends it. */
	(void)run("nodectl shutdown --bg -n 1; reboot", 1, NULL);
	sim_pass(loop, 60);
	CHECK(node(1)->rail);
	CHECK_STR(sim_out(m, "nodectl poweroff -n 1"), "node 1: power off\n");
	end();
}

TEST(cb_v2_without_an_address_waits_in_full)
{
	begin("v2new");
	CHECK(strstr(run("nodectl shutdown -n 1 --timeout 20", 30, NULL),
	    "node 1: shutdown timeout (20 s) reached\n"));
	CHECK(!node(1)->rail);
	CHECK(strstr(sim_out(m, "nodectl status"), " powered\n"));
	CHECK(strstr(sim_out(m, "nodectl status --json"),
	    "\"ipaddr\":null,\"check\":null,\"reachable\":null,"));
	end();
}

TEST(cb_v2_has_one_console_server_a_node)
{
	int rc;

	begin("v2");
	CHECK_STR(run("nodectl consoled -n 2", 1, &rc),
	    "node 2: console is in use by another program\n");
	CHECK_INT(rc, 1);
	end();
}

TEST(cb_v2_without_root_finds_every_node_busy)
{
	int rc;

	begin("v2user");
	CHECK_STR(run("nodectl poweroff -n 1", 1, &rc), "node 1 is busy\n");
	CHECK_INT(rc, 3);
	CHECK(strstr(
	    sim_out(m, "nodectl status -n 1 --json"), "\"pcie_link\":null,"));
	CHECK_STR(run("sudo -n nodectl poweroff -n 1", 1, &rc),
	    "node 1: power off\n");
	CHECK_INT(rc, 0);
	end();
}

TEST(cb_v2_status_is_a_table)
{
	begin("v2");
	fault("v2/2", FAULT_PCIEDEGRADED, true);
	CHECK_STR(sim_out(m, "nodectl status"),
	    "NODE NAME       POWER  PCIE      LINK          PRZ  IP          "
	    "     CHECK      STATE\n"
	    "1    blade1     on     endpoint  Gen3 x2       0    10.20.0.2   "
	    "     ok         online\n"
	    "2    beta       on     endpoint  Gen3 x1/x2!   0    10.20.0.3   "
	    "     ok         online\n"
	    "3    blade3     on     endpoint  Gen3 x2       0    10.20.0.4   "
	    "     ok         online\n"
	    "4    blade4     off    down      -             0    10.20.0.5   "
	    "     fail       off\n");
	end();
}

TEST(cb_v2_status_is_json)
{
	const char *out;
	struct json *j;
	double v;
	bool on;

	begin("v2");
	out = sim_out(m, "nodectl status --all --json");
	CHECK(str_starts(out,
	    "{\"nodes\":[{\"id\":1,\"name\":\"blade1\",\"power\":true,"
	    "\"pcie\":true,\"pcie_link\":true,\"prz\":0,\"link_gen\":3,"
	    "\"link_width\":2,\"link_max_gen\":3,\"link_max_width\":2,"
	    "\"ipaddr\":\"10.20.0.2\",\"check\":\"tcp/22\","
	    "\"reachable\":true,\"busy\":null,"
	    "\"tty\":\"/dev/ttyCH343USB1\",\"baud\":\"1500000\","
	    "\"tty_present\":true,\"console_server\":true,"
	    "\"autostart\":true},"));
	CHECK(str_ends(out,
	    "],\"chassis\":{\"ext_power\":true,\"fan_duty\":85,"
	    "\"temp_mc\":null},\"gpio_base\":496}\n"));
	j = json_parse(out, strlen(out), NULL, 0);
	CHECK_INT(json_size(json_get(j, "nodes")), 4);
	CHECK(json_bool(
	    json_get(json_at(json_get(j, "nodes"), 3), "power"), &on));
	CHECK(!on);
	json_free(j);
	out = sim_out(m, "ubus call nodectl status");
	CHECK(str_starts(out, "{\n\t\"nodes\": [\n\t\t{\n\t\t\t\"id\": 1,\n"));
	j = json_parse(out, strlen(out), NULL, 0);
	CHECK(json_num(json_get(j, "gpio_base"), &v) && v == 496);
	json_free(j);
	end();
}

TEST(cb_v2_status_waits_for_who_does_not_answer)
{
	struct sim_run r;
	struct shell_args args = { "nodectl status" };
	struct proc *p;

	begin("v2");
	node_stop(node(1), false);
	sim_pass(loop, 3);
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 1.3);
	CHECK(!r.ended);
	sim_pass(loop, 0.4);
	CHECK(r.ended);
	CHECK(strstr(buf_str(&r.out), "fail       booting\n"));
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(cb_v2_old_has_other_columns)
{
	begin("old");
	CHECK_STR(sim_out(m, "nodectl status -n 1 -n 4"),
	    "NODE NAME       POWER  PCIE  PRZ  IP               PING   STATE\n"
	    "1    blade1     on     yes   0    10.20.0.2        ok     "
	    "online\n"
	    "4    blade4     off    no    0    10.20.0.5        fail   off\n");
	CHECK_STR(sim_out(m, "nodectl status -n 1 --json"),
	    "{\"nodes\":[{\"id\":1,\"name\":\"blade1\",\"power\":true,"
	    "\"pcie\":true,\"prz\":0,\"ipaddr\":\"10.20.0.2\","
	    "\"ping\":true,\"busy\":null,\"tty\":\"/dev/ttyCH343USB1\","
	    "\"tty_present\":true,\"autostart\":true}],"
	    "\"gpio_base\":496}\n");
	CHECK_INT(sim_status(m, "nodectl fan"), 2);
	end();
}

TEST(cb_v2_flashes_over_the_network)
{
	int rc;

	begin("v2");
	CHECK(strstr(run("nodectl flash -n 4 -f /tmp/a.img -y", 3, &rc),
	    "node 4: flash FAILED\n"));
	CHECK_INT(rc, 1);
	CHECK(strstr(run("nodectl flash -n 1 -f /tmp/a.img -y", 20, &rc),
	    "node 1: flash finished\nnode 1: power cycling into the new "
	    "image\nnode 1: power off\nnode 1: power on\n"));
	CHECK_INT(rc, 0);
	CHECK_STR(run("nodectl flash -n 1", 1, &rc),
	    "flash requires -f <image file or https:// URL>\n");
	CHECK_INT(rc, 2);
	end();
}

/* --- consoles --- */

TEST(cb_v2_console_is_shared_and_kept)
{
	struct shell_args args;
	struct proc *p;

	begin("v2");
	(void)run("nodectl reboot --hard -n 1", 4, NULL);
	sim_pass(loop, 10);
	CHECK(strstr(sim_out(m, "cat /var/log/nodectl/console1.log"),
	    "Model: Mixtile Blade 3"));
	CHECK_INT(vfs_stat(m->vfs, "/var/run/nodectl/console1.sock", true),
	    VFS_SOCKET);
	CHECK(strstr(sim_out(m, "picocom /dev/ttyCH343USB1"), "cannot lock"));
	p = attach("nodectl console -n 1", &args);
	CHECK(str_starts(
	    buf_str(&heard.out), "[node 1 console - exit: Ctrl-] then q]\r\n"));
	(void)run("nodectl send -n 1 -- root me", 1, NULL);
	sim_pass(loop, 0.5);
	CHECK(strstr(buf_str(&heard.out), "root me"));
	proc_input(p, "\035q", 2);
	sim_pass(loop, 0.3);
	CHECK(heard.ended);
	CHECK(strstr(buf_str(&heard.out), "[detached]"));
	detach(p);
	fault("v2/1", FAULT_TTYBUSY, true);
	CHECK(strstr(sim_out(m, "nodectl console -n 1"), "cannot lock"));
	CHECK_INT(sim_status(m, "nodectl send -n 1 -- x"), 1);
	CHECK(strstr(sim_out(m, "nodectl status -n 1 --json"),
	    "\"console_server\":false"));
	end();
}

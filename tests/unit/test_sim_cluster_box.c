/*
 * The Cluster Box in each of its generations: what nodectl says, what it does
 * without saying, and what the pins do to the nodes.
 */
#include <string.h>

#include "rackmux/base/json.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"
#include "sim_run.h"

#define NODES \
	" nodes = ({ slot = 1; model = \"blade3\"; },\n" \
	"   { slot = 2; name = \"beta\"; }, { slot = 3; },\n" \
	"   { slot = 4; on = false; }); }"
#define BOX(name, keys) \
	"{ name = \"" name "\"; type = \"cluster-box\"; " keys NODES

static const char rack_text[] =
    "boards = (\n" BOX("v0", "generation = \"v0\";") ",\n" BOX(
	"v1", "generation = \"v1\";") ",\n" BOX("raw",
	"generation = \"v1\"; exported = false;") ",\n" BOX("user",
	"generation = \"v1\"; user = \"mixtile\";") ",\n" BOX("rawuser",
	"generation = \"v1\"; user = \"mixtile\"; exported = "
	"false;") ",\n" BOX("low",
	"generation = \"v1\"; gpio_base = 480; exported = "
	"false;") ",\n" BOX("go", "generation = \"go\";") ",\n" BOX("old",
	"generation = \"v2-old\";") ",\n" BOX("v2", "") ",\n" BOX("v2user",
	"user = \"mixtile\";") ",\n" BOX("v2new", "addresses = false;") ");\n";

static struct loop *loop;
static struct rack *rack;
static struct sim_board *b;
static struct machine *m;

static void
begin(const char *board)
{
	loop = loop_new();
	rack = sim_rack(loop, rack_text);
	b = rack_board(rack, board);
	m = &b->machine;
	sim_pass(loop, 0.2);
}

static void
end(void)
{
	rack_free(rack);
	loop_free(loop);
}

/* The answer of a command that takes a while, ticks included. */
static const char *
run(const char *cmd, double seconds, int *status)
{
	static char *last;
	struct shell_args args = { cmd };
	struct sim_run r;
	struct proc *p = sim_start(m, false, proc_main_shell, &args, &r);

	for (; seconds > 0 && !r.ended; seconds -= 0.1)
		sim_pass(loop, 0.1);
	CHECK(r.ended);
	if (status != NULL)
		*status = r.status;
	free(last);
	last = mem_printf("%s%s", buf_str(&r.out), buf_str(&r.err));
	proc_free(p);
	sim_run_release(&r);
	return last;
}

static struct sim_node *
node(int slot)
{
	return &b->nodes[slot - 1];
}

static void
fault(const char *target, enum fault_kind k, bool on)
{
	CHECK_INT(fault_apply(rack, target, k, on, 0), 0);
}

static bool
exists(const char *path)
{
	return vfs_stat(m->vfs, path, true) != VFS_NONE;
}

/* --- the vendor's --- */

static const char usage[] =
    "Usage: nodectl commands:\n"
    "   nodectl list\n"
    "   nodectl poweron (--all|-n N)\n"
    "   nodectl reboot (--all|-n N)\n"
    "   nodectl flash (--all|-n N) -f /path/firmware.img\n"
    "   nodectl console -n N\n"
    "   nodectl rescan\n\n";

TEST(cb_vendor_says_nothing_and_is_content)
{
	int rc;

	begin("v1");
	CHECK_STR(run("nodectl poweroff -n 1", 1, &rc), "");
	CHECK_INT(rc, 0);
	CHECK(!node(1)->rail && node(2)->rail);
	CHECK_STR(run("/bin/nodectl poweron -n 1", 1, &rc), "");
	CHECK(node(1)->rail);
	CHECK_INT(node(1)->stage, STAGE_LOADER);
	CHECK_STR(run("nodectl poweron", 1, &rc), usage);
	CHECK_INT(rc, 0);
	CHECK_STR(
	    run("nodectl poweron -n 9", 1, &rc), "The num must be 1 - 4.\n");
	CHECK_INT(rc, 0);
	CHECK_STR(
	    run("nodectl poweroff -n 0", 1, &rc), "The num must be 1 - 4\n");
	CHECK_STR(run("nodectl status", 1, &rc), usage);
	CHECK_INT(rc, 1);
	CHECK_STR(run("nodectl", 1, &rc), usage);
	CHECK_INT(rc, 1);
	CHECK_STR(run("nodectl flash", 1, &rc),
	    "The function is under active development, please stay "
	    "tuned.\n");
	end();
}

TEST(cb_vendor_reboot_takes_a_second)
{
	struct sim_run r;
	struct shell_args args = { "nodectl reboot --all" };
	struct proc *p;

	begin("v1");
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.8);
	CHECK(!r.ended);
	CHECK(!node(1)->rail && !node(3)->rail);
	sim_pass(loop, 0.4);
	CHECK(r.ended);
	CHECK_INT(r.status, 0);
	CHECK_STR(buf_str(&r.out), "");
	CHECK(node(1)->rail && node(4)->rail);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(cb_vendor_lists_nodes_that_are_off)
{
	static const char three[] =
	    "If no device is found, run the rescan command and then the list "
	    "command to view the device.\n"
	    "03:00.0 Network controller: Mixtile Limited Blade 3 (rev 01)\n"
	    "05:00.0 Network controller: Mixtile Limited Blade 3 (rev 01)\n"
	    "06:00.0 Network controller: Mixtile Limited Blade 3 (rev 01)\n";

	begin("v0");
	CHECK_STR(sim_out(m, "nodectl list"), three);
	CHECK_STR(sim_out(m, "nodectl poweroff --all; nodectl list"), three);
	CHECK_STR(sim_out(m, "nodectl poweron --all; nodectl list"), three);
	sim_pass(loop, 10);
	CHECK_STR(sim_out(m, "lspci | grep -c '^0[3-6]'"), "3\n");
	CHECK_STR(sim_out(m, "nodectl rescan"), "");
	CHECK_STR(sim_out(m, "lspci | grep -c '^0[3-6]'"), "4\n");
	CHECK_STR(sim_out(m, "hostname"), "MixtileClusterBox\n");
	end();
}

TEST(cb_vendor_cuts_nodes_whose_pins_are_not_exported)
{
	begin("raw");
	CHECK(node(1)->rail && !exists("/sys/class/gpio/gpio499"));
	CHECK_STR(sim_out(m, "nodectl"), usage);
	CHECK(!node(1)->rail && !node(2)->rail && !node(3)->rail);
	CHECK_STR(sim_out(m, "cat /sys/class/gpio/gpio499/value"), "0\n");
	CHECK_STR(sim_out(m, "cat /sys/class/gpio/gpio503/direction"), "in\n");
	(void)sim_out(m, "nodectl poweron --all");
	CHECK(node(1)->rail);
	(void)sim_out(m, "nodectl list");
	CHECK(node(1)->rail);
	end();
}

TEST(cb_vendor_without_root_lies_or_crashes)
{
	int rc;

	begin("user");
	CHECK_STR(sim_out(m, "id -u"), "1000\n");
	CHECK_STR(run("nodectl poweroff --all", 1, &rc), "");
	CHECK_INT(rc, 0);
	CHECK(node(1)->rail);
	CHECK(strstr(run("echo 0 >/sys/class/gpio/gpio499/value", 1, &rc),
	    "Permission denied"));
	CHECK(node(1)->rail);
	CHECK_STR(run("sudo -n /bin/nodectl poweroff -n 1", 1, &rc), "");
	CHECK(!node(1)->rail);
	CHECK_STR(
	    run("echo 0 | sudo -n tee /sys/class/gpio/gpio498/value", 1, &rc),
	    "0\n");
	CHECK(!node(2)->rail);
	end();
	begin("rawuser");
	CHECK(strstr(run("nodectl list", 1, &rc), "Segmentation fault"));
	CHECK_INT(rc, 139);
	CHECK(node(1)->rail);
	end();
	begin("low");
	CHECK(strstr(run("nodectl list", 1, &rc), "Segmentation fault"));
	CHECK_STR(sim_out(m, "cat /sys/class/gpio/gpiochip480/device/name"),
	    "pca9555\n");
	end();
}

TEST(cb_writes_can_be_lost_in_silence)
{
	int rc;

	begin("v1");
	fault("v1", FAULT_EXIT0, true);
	CHECK_STR(run("nodectl poweroff --all", 1, &rc), "");
	CHECK_INT(rc, 0);
	CHECK_STR(run("echo 0 >/sys/class/gpio/gpio499/value", 1, &rc), "");
	CHECK_INT(rc, 0);
	CHECK_STR(sim_out(m, "cat /sys/class/gpio/gpio499/value"), "1\n");
	CHECK(node(1)->rail);
	fault("v1", FAULT_EXIT0, false);
	CHECK_STR(run("nodectl poweroff --all", 1, &rc), "");
	CHECK(!node(1)->rail);
	end();
}

/* --- the pins --- */

TEST(cb_pins_follow_the_table)
{
	static const int en[] = { 499, 498, 496, 497 };
	char cmd[80];
	int k;

	begin("v1");
	CHECK_STR(sim_out(m,
		      "cat /sys/class/gpio/gpiochip496/base "
		      "/sys/class/gpio/gpiochip496/ngpio "
		      "/sys/class/gpio/gpiochip496/label"),
	    "496\n16\n0-0024\n");
	for (k = 0; k < 4; k++) {
		str_format(cmd, sizeof(cmd), "cat /sys/class/gpio/gpio%d/value",
		    en[k]);
		CHECK_STR(sim_out(m, cmd), k < 3 ? "1\n" : "0\n");
		str_format(cmd, sizeof(cmd),
		    "echo 0 >/sys/class/gpio/gpio%d/value", en[k]);
		(void)sim_out(m, cmd);
		CHECK(!node(k + 1)->rail);
		str_format(cmd, sizeof(cmd),
		    "echo 1 >/sys/class/gpio/gpio%d/value", en[k]);
		(void)sim_out(m, cmd);
		CHECK(node(k + 1)->rail);
	}
	end();
}

TEST(cb_gpio_is_as_strict_as_sysfs)
{
	int rc;

	begin("raw");
	(void)run("echo 499 >/sys/class/gpio/export", 1, &rc);
	CHECK_INT(rc, 0);
	CHECK(node(1)->rail);
	CHECK_STR(sim_out(m, "cat /sys/class/gpio/gpio499/direction"), "out\n");
	CHECK(strstr(run("echo 499 >/sys/class/gpio/export", 1, &rc), "busy"));
	CHECK(rc != 0);
	CHECK(strstr(run("echo 300 >/sys/class/gpio/export", 1, &rc),
	    "Invalid argument"));
	(void)sim_out(m, "echo high >/sys/class/gpio/gpio499/direction");
	CHECK(node(1)->rail);
	(void)sim_out(m, "echo out >/sys/class/gpio/gpio499/direction");
	CHECK(!node(1)->rail);
	(void)run("echo maybe >/sys/class/gpio/gpio499/value", 1, &rc);
	CHECK(rc != 0);
	(void)sim_out(m, "echo 503 >/sys/class/gpio/export");
	CHECK(strstr(run("echo 1 >/sys/class/gpio/gpio503/value", 1, &rc),
	    "not permitted"));
	(void)sim_out(m, "echo 499 >/sys/class/gpio/unexport");
	CHECK(!exists("/sys/class/gpio/gpio499"));
	end();
}

TEST(cb_button_presses)
{
	begin("v1");
	/* Too short, soft, forced. */
	(void)run("echo 0 >/sys/class/gpio/gpio508/value; sleep 0.1; "
		  "echo 1 >/sys/class/gpio/gpio508/value",
	    2, NULL);
	CHECK_INT(node(1)->stage, STAGE_LOGIN);
	(void)run("echo 0 >/sys/class/gpio/gpio508/value; sleep 0.5; "
		  "echo 1 >/sys/class/gpio/gpio508/value",
	    2, NULL);
	CHECK_INT(node(1)->stage, STAGE_STOPPING);
	sim_pass(loop, 3);
	CHECK_INT(node(1)->stage, STAGE_HALTED);
	CHECK(node(1)->rail);
	(void)run("echo 0 >/sys/class/gpio/gpio508/value; sleep 1; "
		  "echo 1 >/sys/class/gpio/gpio508/value",
	    2, NULL);
	CHECK_INT(node(1)->stage, STAGE_LOADER);
	(void)sim_out(m, "echo 0 >/sys/class/gpio/gpio511/value");
	sim_pass(loop, 7.5);
	CHECK_INT(node(3)->stage, STAGE_LOGIN);
	sim_pass(loop, 1);
	CHECK_INT(node(3)->stage, STAGE_HALTED);
	(void)sim_out(m, "echo 1 >/sys/class/gpio/gpio511/value");
	CHECK_INT(node(3)->stage, STAGE_HALTED);
	CHECK_INT(node(2)->stage, STAGE_LOGIN);
	end();
}

TEST(cb_reset_holds_the_node)
{
	begin("v1");
	(void)sim_out(m, "echo 0 >/sys/class/gpio/gpio505/value");
	CHECK_INT(node(2)->stage, STAGE_LOADER);
	sim_pass(loop, 20);
	CHECK_INT(node(2)->stage, STAGE_LOADER);
	(void)sim_out(m, "echo 1 >/sys/class/gpio/gpio505/value");
	sim_pass(loop, 10);
	CHECK_INT(node(2)->stage, STAGE_LOGIN);
	/* High already: nothing. */
	(void)sim_out(m,
	    "echo 1 >/sys/class/gpio/gpio505/value; "
	    "echo in >/sys/class/gpio/gpio505/direction");
	CHECK_INT(node(2)->stage, STAGE_LOGIN);
	end();
}

TEST(cb_rail_of_all)
{
	begin("v1");
	(void)sim_out(m, "echo 0 >/sys/class/gpio/ext_en_power/value");
	CHECK(!node(1)->rail && !node(2)->rail && !node(3)->rail);
	CHECK_STR(sim_out(m, "cat /sys/class/gpio/gpio499/value"), "1\n");
	(void)sim_out(m, "echo 1 >/sys/class/gpio/ext_en_power/value");
	CHECK(node(1)->rail && node(3)->rail && !node(4)->rail);
	end();
}

/* --- its start and its end --- */

TEST(cb_vendor_reboot_of_the_box_cycles_every_node)
{
	begin("v1");
	(void)sim_out(m, "reboot");
	sim_pass(loop, 2);
	CHECK(b->down_until != 0);
	CHECK(!node(1)->rail && !node(2)->rail);
	sim_pass(loop, 19);
	CHECK(!node(1)->rail);
	sim_pass(loop, 2);
	CHECK(node(1)->rail && node(4)->rail);
	CHECK_INT(b->down_until, 0);
	/* The bus was scanned while they were off. */
	CHECK(strstr(sim_out(m, "nodectl list"), "03:00.0") == NULL);
	sim_pass(loop, 10);
	CHECK(strstr(sim_out(m, "nodectl rescan; nodectl list"), "03:00.0"));
	end();
}

TEST(cb_v2_reboot_of_the_box_leaves_nodes_alone)
{
	begin("v2");
	(void)sim_out(m, "reboot");
	sim_pass(loop, 5);
	CHECK(b->down_until != 0);
	CHECK_INT(node(1)->stage, STAGE_LOGIN);
	CHECK(!node(4)->rail);
	sim_pass(loop, 20);
	CHECK_INT(node(1)->stage, STAGE_LOGIN);
	CHECK(node(4)->rail);
	CHECK(exists("/sys/class/gpio/gpio499/value"));
	CHECK_STR(sim_out(m, "nodectl list | grep -c '^0[3-6]'"), "3\n");
	sim_pass(loop, 61);
	CHECK_STR(sim_out(m, "nodectl list | grep -c '^0[3-6]'"), "4\n");
	end();
}

TEST(cb_without_power_the_pins_are_forgotten)
{
	begin("v2");
	fault("v2", FAULT_POWER, true);
	CHECK(!node(1)->rail);
	sim_pass(loop, 3);
	fault("v2", FAULT_POWER, false);
	CHECK(!node(1)->rail);
	sim_pass(loop, 20.6);
	CHECK(!node(1)->rail);
	sim_pass(loop, 2);
	CHECK(node(1)->rail && node(2)->rail && !node(3)->rail);
	sim_pass(loop, 3);
	CHECK(node(3)->rail && node(4)->rail);
	end();
}

TEST(cb_v2_hangs_when_a_link_is_cut_behind_its_back)
{
	begin("v2");
	(void)run("nodectl poweroff -n 1", 1, NULL);
	sim_pass(loop, 1);
	CHECK_INT(b->down_until, 0);
	(void)sim_out(m, "echo 0 >/sys/class/gpio/gpio498/value");
	sim_pass(loop, 100);
	CHECK(b->down_until != 0);
	CHECK_INT(node(3)->stage, STAGE_LOGIN);
	fault("v2", FAULT_POWER, true);
	sim_pass(loop, 1);
	fault("v2", FAULT_POWER, false);
	sim_pass(loop, 30);
	CHECK_INT(b->down_until, 0);
	end();
}

/* --- the rewrite in Go --- */

TEST(cb_go)
{
	int rc;

	begin("go");
	CHECK_STR(sim_out(m, "nodectl --version"), "nodectl version v0.0.2\n");
	CHECK(strstr(sim_out(m, "nodectl"), "   poweron, u"));
	CHECK_STR(run("nodectl poweroff --node 1", 1, &rc), "");
	CHECK_INT(rc, 0);
	CHECK(!node(1)->rail && node(2)->rail);
	/* Its buttons are held down too. */
	CHECK_STR(sim_out(m,
		      "cat /sys/class/gpio/gpio508/value "
		      "/sys/class/gpio/gpio504/value"),
	    "0\n0\n");
	CHECK(strstr(sim_out(m, "nodectl list"), "6:00.0 Network"));
	CHECK(
	    strstr(sim_out(m, "nodectl list --active-only"), "6:00.0") == NULL);
	CHECK_STR(run("nodectl u -n 1", 1, &rc), "");
	sim_pass(loop, 10);
	CHECK_INT(node(1)->stage, STAGE_LOGIN);
	CHECK(strstr(run("nodectl poweron -n 9", 1, &rc), "less than 4"));
	CHECK_INT(rc, 1);
	CHECK(strstr(run("nodectl flash -n 1", 1, &rc),
	    "this subcommand is not currently supported"));
	CHECK_STR(run("nodectl reboot --all", 3, &rc), "");
	CHECK(node(4)->rail);
	end();
}

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

/* --- which one it is --- */

TEST(cb_program_tells_its_generation)
{
	static const struct {
		const char *board, *found;
	} all[] = { { "v1", "Usage: nodectl commands" },
		{ "go", "active-only" }, { "v2", "Usage: nodectl <command>" },
		{ "old", "Usage: nodectl <command>" } };
	char want[64];
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++) {
		begin(all[i].board);
		str_format(want, sizeof(want), "%s\n", all[i].found);
		CHECK_STR(sim_out(m,
			      "tr -c ' -~' '\\n' </bin/nodectl | grep -m1 -o "
			      "-e 'Usage: nodectl <command>' "
			      "-e 'Usage: nodectl commands' -e active-only"),
		    want);
		CHECK_INT(sim_status(m, "grep -q -- --json /bin/nodectl") == 0,
		    i > 1);
		CHECK_INT(exists("/etc/config/nodectl"), i > 1);
		CHECK_INT(exists("/etc/mixtile-release"), i > 1);
		CHECK(node(1)->rail);
		end();
	}
}

TEST(cb_machine_is_an_openwrt)
{
	begin("v1");
	CHECK_STR(sim_out(m, "uname -m"), "mips\n");
	CHECK(strstr(sim_out(m, "cat /etc/openwrt_release"), "OpenWrt"));
	CHECK(strstr(sim_out(m, "cat /proc/cpuinfo"), "MT7620A"));
	CHECK(str_starts(sim_out(m,
			     "cat /sys/class/net/pci0/operstate "
			     "/sys/class/net/eth0/carrier"),
	    "up\n1\n"));
	CHECK_STR(sim_out(m, "wc -l </tmp/dhcp.leases"), "3\n");
	CHECK(strstr(sim_out(m, "cat /tmp/dhcp.leases"), " 10.20.0.3 beta "));
	CHECK(!exists("/sys/class/thermal/thermal_zone0/temp"));
	end();
}

TEST(cb_led_and_fans)
{
	begin("v1");
	CHECK_STR(sim_out(m,
		      "cd /sys/class/leds/blue:system; cat trigger; "
		      "echo timer >trigger; cat trigger brightness; "
		      "echo none >trigger; echo 255 >brightness; "
		      "cat trigger brightness"),
	    "none timer [default-on] netdev heartbeat\n"
	    "none [timer] default-on netdev heartbeat\n0\n"
	    "[none] timer default-on netdev heartbeat\n255\n");
	CHECK_STR(sim_out(m, "cat /sys/class/pwm/pwmchip0/pwm0/capture"),
	    "2000000 1700000 3060\n");
	CHECK(sim_status(m,
		  "echo 2000001 >/sys/class/pwm/pwmchip0/pwm0/"
		  "duty_cycle") != 0);
	end();
}

TEST(cb_pcie_is_seen_in_sysfs)
{
	begin("v1");
	fault("v1/1", FAULT_PCIEDEGRADED, true);
	CHECK_STR(sim_out(m,
		      "cd /sys/bus/pci/devices/0000:06:00.0; cat vendor "
		      "device current_link_speed current_link_width "
		      "max_link_speed max_link_width"),
	    "0x4586\n0xb6f2\n8.0 GT/s PCIe\n1\n8.0 GT/s PCIe\n2\n");
	(void)sim_out(m, "nodectl poweroff -n 1");
	CHECK_STR(sim_out(m,
		      "cd /sys/bus/pci/devices/0000:06:00.0; "
		      "cat current_link_speed current_link_width"),
	    "Unknown\n63\n");
	CHECK(!exists("/sys/bus/pci/devices/0000:04:00.0"));
	end();
}

/* --- consoles --- */

static struct sim_run heard;

static struct proc *
attach(const char *cmd, struct shell_args *args)
{
	struct proc *p;

	args->command = cmd;
	p = sim_start(m, true, proc_main_shell, args, &heard);
	sim_pass(loop, 0.3);
	return p;
}

static void
detach(struct proc *p)
{
	proc_free(p);
	sim_run_release(&heard);
}

TEST(cb_vendor_console_is_picocom)
{
	struct shell_args args;
	struct proc *p;
	const char *out;

	begin("v1");
	p = attach("nodectl console -n 1", &args);
	out = buf_str(&heard.out);
	CHECK(strstr(out,
	    "picocom v3.1\r\n\r\nport is        : "
	    "/dev/ttyCH343USB1\r\n"));
	CHECK(strstr(out, "baudrate is    : 1500000\r\n"));
	CHECK(strstr(out, "nolock is      : no\r\n"));
	CHECK(strstr(out, "Terminal ready\r\n"));
	CHECK(strstr(sim_out(m, "picocom -b 1500000 /dev/ttyCH343USB1"),
	    "FATAL: cannot lock /dev/ttyCH343USB1: Resource temporarily "
	    "unavailable"));
	proc_input(p, "\r", 1);
	sim_pass(loop, 0.5);
	CHECK(strstr(buf_str(&heard.out), "login:"));
	proc_input(p, "\001\030", 2);
	sim_pass(loop, 0.5);
	CHECK(heard.ended);
	CHECK_INT(heard.status, 0);
	CHECK(strstr(buf_str(&heard.out), "Thanks for using picocom\r\n"));
	detach(p);
	CHECK(strstr(sim_out(m, "picocom /dev/ttyCH343USB7"),
	    "FATAL: cannot open /dev/ttyCH343USB7: No such file"));
	CHECK(strstr(sim_out(m, "nodectl console -n 7"), "1 - 4\nUsage: "));
	end();
}

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

/*
 * The Cluster Box in each of its generations: what nodectl says, what it does
 * without saying, and what the pins do to the nodes.
 */
#include "sim_box.h"

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
	fault("user", FAULT_NOSUDO, true);
	CHECK_STR(run("sudo -n nodectl poweroff -n 3", 1, &rc),
	    "sudo: a password is required\n");
	CHECK_INT(rc, 1);
	CHECK(node(3)->rail);
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

/*
 * The simulated boards say what the real ones say: their files, their
 * commands' texts and exit statuses, and what power does to a node.
 */
#include <string.h>

#include "rackmux/base/text.h"
#include "sim_run.h"

static const char rack_text[] =
    "boards = ({ name = \"new\"; type = \"turing-pi\"; firmware = \"2.1.0\";\n"
    "   board = \"2.5\"; nodes = ({ slot = 1; model = \"rk1\"; },\n"
    "   { slot = 2; model = \"cm4\"; on = false; },\n"
    "   { slot = 3; model = \"cm4\"; }); },\n"
    " { name = \"old\"; type = \"turing-pi\"; firmware = \"2.0.5\";\n"
    "   board = \"2.4\"; nodes = ({ slot = 1; }, { slot = 4;\n"
    "   model = \"none\"; on = false; }); },\n"
    " { name = \"pis\"; type = \"linux\"; slots = 3;\n"
    "   nodes = ({ slot = 1; model = \"pi4\"; },\n"
    "   { slot = 2; model = \"pi5\"; },\n"
    "   { slot = 3; model = \"ubuntu\"; }); });\n";

static struct loop *loop;
static struct rack *rack;
static struct machine *m;

static void
begin(const char *board)
{
	struct sim_node *n;

	loop = loop_new();
	rack = sim_rack(loop, rack_text);
	n = rack_node(rack, board);
	m = n != NULL ? &n->machine : &rack_board(rack, board)->machine;
}

static void
end(void)
{
	rack_free(rack);
	loop_free(loop);
}

TEST(board_power_status_as_tpi_prints_it)
{
	begin("new");
	CHECK_STR(sim_out(m, "tpi power status"),
	    "node1: On\nnode2: off\nnode3: On\nnode4: off\n");
	CHECK_STR(sim_out(m, "tpi --json power status"),
	    "{\"response\":[{\"result\":[{\"node1\":\"1\",\"node2\":\"0\","
	    "\"node3\":\"1\",\"node4\":\"0\"}]}]}\n");
	CHECK_STR(
	    sim_out(m, "tpi power reset"), "`--node` argument must be set.\n");
	CHECK_INT(sim_status(m, "tpi power reset"), 1);
	CHECK_INT(sim_status(m, "tpi power status -n 9"), 2);
	CHECK_STR(sim_out(m, "tpi --version"), "tpi 1.0.6\n");
	end();
}

TEST(board_power_through_tpi_moves_the_rail)
{
	struct sim_node *n;

	begin("new");
	n = rack_node(rack, "new/2");
	CHECK_STR(sim_out(m, "cat /sys/bus/platform/devices/node2-power/state"),
	    "disabled\n");
	CHECK_STR(sim_out(m, "tpi power on -n 2"), "ok\n");
	CHECK(n->rail && n->intent);
	CHECK_INT(n->stage, STAGE_LOADER);
	CHECK_STR(sim_out(m, "cat /sys/class/net/node2/operstate"),
	    "lowerlayerdown\n");
	CHECK_STR(sim_out(m, "cat /sys/class/net/node2/speed"), "-1\n");
	sim_pass(loop, 7);
	CHECK_INT(n->stage, STAGE_LOGIN);
	CHECK_STR(sim_out(m, "cat /sys/class/net/node2/speed"), "1000\n");
	CHECK_STR(sim_out(m, "tpi power off -n 2"), "ok\n");
	CHECK(!n->rail);
	CHECK_INT(n->stage, STAGE_OFF);
	end();
}

TEST(board_reset_is_off_for_a_second)
{
	struct sim_node *n;
	struct shell_args args = { "tpi power reset -n 1" };
	struct sim_run r;
	struct proc *p;

	begin("new");
	n = rack_node(rack, "new/1");
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 0.5);
	CHECK(!n->rail && n->intent);
	sim_pass(loop, 1);
	CHECK(n->rail);
	CHECK(r.ended);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(board_info_of_each_firmware)
{
	begin("new");
	CHECK_STR(sim_out(m, "tpi info"),
	    "|---key----|-----------value------------|\n"
	    " api       : 1.1\n"
	    " build_version: 2024.05.1\n"
	    " buildroot : \"Buildroot 2024.05.1\"\n"
	    " buildtime : 2025-01-17 17:12:52-00:00\n"
	    " ip        : Unknown\n"
	    " mac       : Unknown\n"
	    " version   : 2.3.4\n"
	    "|----------|----------------------------|\n");
	CHECK_STR(sim_out(m, "cat /sys/class/thermal/cooling_device0/type"),
	    "pwm-fan\n");
	CHECK_STR(sim_out(m, "tpi cooling status"),
	    "|----Device-----|-Speed-|-Max Speed-|\n"
	    "|system fan     |      3|          6|\n");
	end();
	begin("old");
	CHECK_STR(sim_out(m, "tpi --version"), "tpi 1.0.5\n");
	CHECK(sim_status(m, "cat /sys/class/net/node1/speed") != 0);
	CHECK_STR(
	    sim_out(m, "cat /sys/class/tty/ttyS3/device/of_node/device_type"),
	    "uart3");
	CHECK(sim_status(m, "cat /sys/class/thermal/cooling_device0/type"));
	CHECK_INT(sim_status(m, "tpi cooling status"), 2);
	end();
}

TEST(board_model_ends_with_a_nul)
{
	struct sim_run r;

	begin("new");
	sim_run(m, "cat /proc/device-tree/model", &r);
	CHECK_INT(r.out.len, strlen("Turing Pi 2 (v2.5)") + 1);
	CHECK_STR(buf_str(&r.out), "Turing Pi 2 (v2.5)");
	sim_run_release(&r);
	end();
}

TEST(board_tpi_exits_0_when_bmcd_fails)
{
	begin("new");
	fault_apply(rack, "new", FAULT_APIERROR, true, 0);
	CHECK_STR(sim_out(m, "tpi power on"),
	    "Failed to set power state: Input/output error (os error 5)\n");
	CHECK_INT(sim_status(m, "tpi power on"), 0);
	CHECK(strstr(sim_out(m, "tpi power status"), "API error") != NULL);
	fault_apply(rack, "new", FAULT_APIERROR, false, 0);
	fault_apply(rack, "new", FAULT_NOBMCD, true, 0);
	CHECK(strstr(sim_out(m, "tpi power status"),
		  "Connection refused (os error 111)") != NULL);
	CHECK_INT(sim_status(m, "tpi power status"), 1);
	CHECK_INT(sim_status(m,
		      "curl -sk 'https://127.0.0.1/api/bmc?opt=get&type="
		      "power'"),
	    7);
	end();
}

TEST(board_unknown_power_breaks_the_list)
{
	begin("new");
	fault_apply(rack, "new/3", FAULT_UNKNOWN, true, 0);
	CHECK_STR(sim_out(m, "tpi power status"),
	    "node1: On\nnode2: off\n"
	    "{\"result\":[{\"node1\":\"1\",\"node2\":\"0\","
	    "\"node3\":\"Unknown\",\"node4\":\"0\"}]}\n"
	    "invalid digit found in string\n");
	CHECK_INT(sim_status(m, "tpi power status"), 0);
	end();
}

TEST(board_lie_is_the_stored_state_only)
{
	begin("new");
	fault_apply(rack, "new/1", FAULT_LIE, true, 0);
	CHECK(str_starts(sim_out(m, "tpi power status"), "node1: off\n"));
	CHECK_STR(sim_out(m, "cat /sys/bus/platform/devices/node1-power/state"),
	    "enabled\n");
	end();
}

TEST(board_curl_wants_k_and_takes_several)
{
	struct sim_run r;

	begin("new");
	CHECK_INT(sim_status(m,
		      "curl -s 'https://127.0.0.1/api/bmc?opt=get&"
		      "type=usb'"),
	    60);
	sim_run(m,
	    "curl -sk 'https://127.0.0.1/api/bmc?opt=get&type=usb' "
	    "'https://127.0.0.1/api/bmc?opt=get&type=cooling'",
	    &r);
	CHECK_STR(buf_str(&r.out),
	    "{\"response\":[{\"result\":[{\"mode\":\"Host\",\"node\":"
	    "\"Node 1\",\"route\":\"AlternativePort\",\"bus_type\":"
	    "\"Usb hub\"}]}]}"
	    "{\"response\":[{\"result\":[{\"device\":\"system fan\","
	    "\"speed\":3,\"max_speed\":6}]}]}");
	sim_run_release(&r);
	end();
	begin("old");
	CHECK_STR(sim_out(m,
		      "curl -k -sS --max-time 5 'https://127.0.0.1/api/"
		      "bmc?opt=get&type=usb'"),
	    "{\"response\":[{\"result\":[{\"mode\":\"Host\",\"node\":"
	    "\"Node 1\",\"route\":\"UsbA\"}]}]}");
	end();
}

TEST(board_uart_is_kept_by_new_and_drained_by_old_firmware)
{
	begin("new");
	sim_pass(loop, 0.5);
	CHECK(strstr(sim_out(m, "tpi uart get -n 1"), "login: ") != NULL);
	CHECK(strstr(sim_out(m, "tpi uart get -n 1"), "login: ") != NULL);
	end();
	begin("old");
	sim_pass(loop, 0.5);
	CHECK(strstr(sim_out(m, "tpi uart get -n 1"), "login: ") != NULL);
	CHECK_STR(sim_out(m, "tpi uart get -n 1"), "");
	end();
}

TEST(board_node_boots_on_its_console)
{
	const char *text;

	begin("new");
	sim_out(m, "tpi power on -n 2");
	sim_pass(loop, 7);
	text = sim_out(m, "tpi uart get -n 2");
	CHECK(strstr(text, "RPi: BOOTLOADER") != NULL);
	CHECK(strstr(text, "Linux version 6.6.51") != NULL);
	CHECK(strstr(text, "multi-user.target") != NULL);
	CHECK(strstr(text, "login: ") != NULL);
	fault_apply(rack, "new/2", FAULT_PANIC, true, 0);
	sim_pass(loop, 1);
	text = sim_out(m, "tpi uart get -n 2");
	CHECK(strstr(text, "end Kernel panic - not syncing") != NULL);
	end();
}

TEST(board_two_readers_of_a_line_share_its_bytes)
{
	struct uart_tap tap = { 0 };
	struct sim_node *n;
	size_t before;
	int i;

	begin("new");
	n = rack_node(rack, "new/1");
	sim_pass(loop, 0.5);
	before = (size_t)n->uart.ring.total;
	buf_init(&tap.got, 0);
	uart_tap_add(n, &tap);
	for (i = 0; i < 100; i++)
		uart_puts(n, "0123456789012345678901234567890123456789\r\n");
	uart_tap_remove(n, &tap);
	CHECK(tap.got.len > 1000);
	CHECK(n->uart.ring.total - before > 1000);
	CHECK_INT(tap.got.len + n->uart.ring.total - before, 4200);
	buf_release(&tap.got);
	end();
}

TEST(board_picocom_locks_and_leaves_with_its_keys)
{
	struct shell_args args = { "picocom -b 115200 /dev/ttyS1" };
	struct sim_run r;
	struct proc *p;

	begin("new");
	p = sim_start(m, true, proc_main_shell, &args, &r);
	sim_pass(loop, 0.3);
	CHECK(strstr(buf_str(&r.out), "Terminal ready") != NULL);
	CHECK_STR(sim_out(m, "picocom /dev/ttyS1"),
	    "\nFATAL: cannot lock /dev/ttyS1: Resource temporarily "
	    "unavailable\n");
	proc_input(p, "\r", 1);
	sim_pass(loop, 0.3);
	proc_input(p, "\001\030", 2);
	sim_pass(loop, 0.3);
	CHECK(r.ended);
	CHECK(strstr(buf_str(&r.out), "Thanks for using picocom") != NULL);
	CHECK(!rack_board(rack, "new")->tp.locked[0]);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(board_reboot_of_a_v24_takes_the_nodes_with_it)
{
	begin("old");
	sim_out(m, "reboot");
	sim_pass(loop, 1);
	CHECK(!rack_node(rack, "old/1")->rail);
	sim_pass(loop, 10);
	CHECK(rack_node(rack, "old/1")->rail);
	end();
	begin("new");
	sim_out(m, "reboot");
	sim_pass(loop, 1);
	CHECK(rack_node(rack, "new/1")->rail);
	end();
}

TEST(board_flash_errors_go_to_stderr_and_exit_is_0)
{
	struct sim_run r;

	begin("new");
	sim_run(m, "tpi flash -l -i /mnt/sdcard/os.img -n 4", &r);
	CHECK_INT(r.status, 0);
	CHECK_STR(buf_str(&r.err),
	    "Error occured during flashing: \"Compute module's USB interface "
	    "not found or supported\"\n");
	sim_run_release(&r);
	CHECK_STR(sim_out(m,
		      "curl -sk 'https://127.0.0.1/api/bmc?opt=get&"
		      "type=flash'"),
	    "{\"Error\":\"Compute module's USB interface not found or "
	    "supported\"}");
	end();
}

TEST(board_pi_answers_vcgencmd)
{
	begin("pis/1");
	CHECK_STR(sim_out(m, "vcgencmd get_throttled"), "throttled=0x0\n");
	CHECK(str_starts(sim_out(m, "vcgencmd measure_temp"), "temp="));
	CHECK(str_ends(sim_out(m, "vcgencmd measure_temp"), "'C\n"));
	CHECK(strstr(sim_out(m, "vcgencmd pmic_read_adc"), "error=1") != NULL);
	fault_apply(rack, "pis/1", FAULT_BROWNOUT, true, 4.6);
	sim_pass(loop, 2);
	CHECK_STR(sim_out(m, "vcgencmd get_throttled"), "throttled=0x50005\n");
	CHECK_STR(
	    sim_out(m, "cat /sys/class/hwmon/hwmon1/in0_lcrit_alarm"), "1\n");
	fault_apply(rack, "pis/1", FAULT_BROWNOUT, false, 0);
	sim_pass(loop, 2);
	CHECK_STR(sim_out(m, "vcgencmd get_throttled"), "throttled=0x50000\n");
	end();
	begin("pis/2");
	CHECK(strstr(sim_out(m, "vcgencmd pmic_read_adc"),
		  "EXT5V_V volt(24)=5.") != NULL);
	end();
	begin("pis/3");
	CHECK_INT(sim_status(m, "vcgencmd get_throttled"), 127);
	end();
}

TEST(board_pi_led_trigger_is_in_brackets)
{
	begin("pis/1");
	CHECK(strstr(sim_out(m, "cat /sys/class/leds/ACT/trigger"), "[mmc0]") !=
	    NULL);
	sim_out(m, "echo heartbeat > /sys/class/leds/ACT/trigger");
	CHECK(strstr(sim_out(m, "cat /sys/class/leds/ACT/trigger"),
		  "[heartbeat]") != NULL);
	CHECK(sim_status(m, "echo bogus > /sys/class/leds/ACT/trigger") != 0);
	end();
}

TEST(board_stores_names_that_are_posted)
{
	static const char get[] = "curl -sk 'https://127.0.0.1/api/bmc?"
				  "opt=get&type=node_info'";

	begin("new");
	CHECK(strstr(sim_out(m, get),
		  "{\"module_name\":null,\"name\":null,"
		  "\"power_on_time\":") != NULL);
	CHECK_INT(sim_status(m,
		      "curl -sk -X POST -d '{\"Node2\":{\"name\":\"db\","
		      "\"module_name\":\"CM4\"}}' 'https://127.0.0.1/api/"
		      "bmc?opt=set&type=node_info'"),
	    0);
	CHECK(strstr(sim_out(m, get),
		  "{\"module_name\":\"CM4\",\"name\":"
		  "\"db\",\"power_on_time\":null,") != NULL);
	end();
}

TEST(board_bmcd_that_dies_takes_the_nodes_with_it)
{
	struct sim_node *n;

	begin("new");
	n = rack_node(rack, "new/1");
	fault_apply(rack, "new", FAULT_BMCDOOM, true, 0);
	CHECK_INT(sim_status(m, "tpi power status"), 1);
	CHECK(n->rail);
	sim_pass(loop, 5.3);
	CHECK(!n->rail);
	CHECK_INT(n->stage, STAGE_OFF);
	sim_pass(loop, 1);
	CHECK(n->rail);
	CHECK_INT(sim_status(m, "tpi power status"), 0);
	CHECK(!rack_node(rack, "new/2")->rail);
	end();
}

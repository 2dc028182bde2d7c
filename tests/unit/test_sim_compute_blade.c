/*
 * The simulated Compute Blade says what bladectl, its agent and its metrics
 * say, release by release, and does what they do.
 */
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"
#include "sim_run.h"

#define CTL "sudo -n -H bladectl "
#define SOCKET "/tmp/compute-blade-agent.sock"

static const char rack_text[] =
    "boards = ({ name = \"bl\"; type = \"compute-blade\"; slots = 6;\n"
    "  config_fixed = true;\n"
    "  nodes = ({ slot = 1; name = \"left\"; model = \"cm5\"; },\n"
    "   { slot = 2; name = \"right\"; },\n"
    "   { slot = 3; name = \"fresh\"; config_fixed = false; },\n"
    "   { slot = 4; name = \"old\"; agent = \"0.9.1\"; },\n"
    "   { slot = 5; name = \"first\"; agent = \"0.6.5\"; },\n"
    "   { slot = 6; name = \"mixed\"; agent = \"0.9.1\";\n"
    "     bladectl = \"0.11.2\"; sudo_ctl_only = true; }); },\n"
    " { name = \"sm\"; type = \"compute-blade\"; slots = 2; fan = \"smart\";\n"
    "  agent = \"0.10.0\"; nodes = ({ slot = 1; }, { slot = 2; }); });\n";

static struct loop *loop;
static struct rack *rack;
static struct machine *m;

static void
on(const char *node)
{
	m = &rack_node(rack, node)->machine;
}

static void
begin(const char *node)
{
	loop = loop_new();
	rack = sim_rack(loop, rack_text);
	on(node);
}

static void
end(void)
{
	rack_free(rack);
	loop_free(loop);
}

static void
fault(const char *node, enum fault_kind k, bool is_on)
{
	CHECK_INT(fault_apply(rack, node, k, is_on, 0), 0);
}

/* cmd fails, and its first line on stderr is "Error: ..." with text in it. */
static void
fails(const char *cmd, const char *text)
{
	struct sim_run r;
	char *rest, *first;

	sim_run(m, cmd, &r);
	CHECK_INT(r.status, 1);
	CHECK_STR(buf_str(&r.out), "");
	rest = r.err.data;
	first = rest != NULL ? str_line(&rest) : NULL;
	CHECK(first != NULL && str_starts(first, "Error: "));
	if (first == NULL || strstr(first, text) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" is not in \"%s\"", text,
		    first != NULL ? first : "");
	sim_run_release(&r);
}

static const char *
metric(const char *name)
{
	char cmd[128];

	str_format(cmd, sizeof(cmd),
	    "curl -s http://127.0.0.1:9666/metrics | grep '^%s'", name);
	return sim_out(m, cmd);
}

static double
metric_number(const char *name)
{
	const char *line = metric(name), *space = strrchr(line, ' ');
	double value = -1;

	if (space != NULL)
		(void)str_double(space, &value);
	return value;
}

TEST(blade_prints_its_status_in_a_box)
{
	struct sim_node *n;

	begin("left");
	n = rack_node(rack, "left");
	n->temp = 48.7;
	CHECK_STR(sim_out(m, CTL "get status"),
	    "┌───────┬─────────────┬────────────────────┬─────────────┬────────"
	    "──────┬──────────┬───────────────┬──────────────┐\n"
	    "│ BLADE │ TEMPERATURE │ FAN SPEED OVERRIDE │ FAN SPEED   │ STEALTH"
	    " MODE │ IDENTIFY │ CRITICAL MODE │ POWER STATUS │\n"
	    "├───────┼─────────────┼────────────────────┼─────────────┼────────"
	    "──────┼──────────┼───────────────┼──────────────┤\n"
	    "│ left  │ 48°C        │ Not set            │ 0 RPM (54%) │ Off    "
	    "      │ Off      │ Off           │ poe+         │\n"
	    "└───────┴─────────────┴────────────────────┴─────────────┴────────"
	    "──────┴──────────┴───────────────┴──────────────┘\n");
	CHECK_STR(sim_out(m, CTL "get temp"), "48°C\n");
	CHECK_STR(sim_out(m, CTL "get rpm"), "0 RPM (54%)\n");
	CHECK_STR(sim_out(m, CTL "get power"), "poe+\n");
	CHECK_STR(sim_out(m, CTL "get critical"), "Off\n");
	CHECK_STR(sim_out(m, CTL "get identify"), " Off\n");
	CHECK_STR(sim_out(m, CTL "get stealth"), " Off\n");
	end();
}

TEST(blade_describes_its_curve_and_version)
{
	begin("left");
	CHECK_STR(sim_out(m, CTL "describe fan"),
	    "┌───────┬────────┬────────┐\n"
	    "│ BLADE │ 45 ° C │ 55 ° C │\n"
	    "├───────┼────────┼────────┤\n"
	    "│ left  │ 40%    │ 80%    │\n"
	    "└───────┴────────┴────────┘\n");
	CHECK(strstr(sim_out(m, CTL "version"),
	    "│ bladectl  │ 0.11.2  │ 1f6fecf │ 2026-03-04T14:33:04Z │\n"
	    "│ api: left │ 0.11.2  │ 1f6fecf │ 2026-03-04T14:33:04Z │\n"));
	CHECK_STR(sim_out(m, "cat /proc/device-tree/model | tr -d '\\0'"),
	    "Raspberry Pi Compute Module 5 Rev 1.0");
	/* Asking for nothing in particular is no mistake, a wrong verb is. */
	CHECK_INT(sim_status(m, CTL "get nonsense"), 0);
	fails(CTL "nonsense", "unknown command \"nonsense\"");
	fails(CTL "get temp --colour", "unknown flag: --colour");
	end();
}

TEST(blade_wants_root_and_its_home)
{
	begin("left");
	CHECK_STR(sim_out(m, "id -u; echo $HOME"), "1000\n/home/pi\n");
	CHECK_STR(
	    sim_out(m, "sudo -n -H sh -c 'id -u; echo $HOME'"), "0\n/root\n");
	fails("bladectl get temp",
	    "Config File \"config\" Not Found in "
	    "\"[/home/pi/.config/bladectl]\"");
	fails("sudo -n bladectl get temp", "/home/pi/.config/bladectl");
	vfs_text(m->vfs, "/home/pi/.config/bladectl/config.yaml",
	    "blades:\n    - name: left\n      blade:\n"
	    "        server: unix://" SOCKET "\ncurrent-blade: left\n");
	fails("bladectl get temp", "connect: permission denied");
	CHECK_INT(sim_status(m, "sudo -n bladectl get temp"), 0);
	fails(CTL "get temp --blade other", "current blade not found");
	fault("left", FAULT_NOSUDO, true);
	CHECK_INT(sim_status(m, CTL "get temp"), 1);
	CHECK_STR(
	    sim_out(m, CTL "get temp 2>&1"), "sudo: a password is required\n");
	end();
}

TEST(blade_is_delivered_with_a_server_that_is_no_address)
{
	begin("fresh");
	fails(CTL "get temp",
	    "rpc error: code = Unavailable desc = name resolver error: "
	    "produced zero addresses");
	/* Its metrics do not care. */
	CHECK(metric_number("computeblade_soc_temperature") > 20);
	CHECK_INT(sim_status(m,
		      "sudo -n sed -i 's,server: /,server: unix:///,' "
		      "/root/.config/bladectl/config.yaml && " CTL "get temp"),
	    0);
	on("left");
	fault("left", FAULT_SOCKETNAME, true);
	fails(CTL "get temp", "produced zero addresses");
	fault("left", FAULT_SOCKETNAME, false);
	CHECK_INT(sim_status(m, CTL "get temp"), 0);
	end();
}

TEST(blade_that_hangs_costs_twenty_seconds)
{
	uint64_t before;

	begin("left");
	fault("left", FAULT_AGENTHUNG, true);
	before = loop_now(loop);
	fails(CTL "get temp --timeout 3s", "error reading server preface");
	CHECK(loop_now(loop) - before >= 20000);
	before = loop_now(loop);
	CHECK_INT(sim_status(m, "timeout 5 " CTL "get temp"), 124);
	CHECK(loop_now(loop) - before < 6000);
	CHECK_INT(sim_status(m, "sudo -n -H timeout 5 bladectl get temp"), 124);
	CHECK_INT(sim_status(m, "curl -s -m 2 localhost:9666/metrics"), 28);
	CHECK_INT(sim_status(m, "wget -q -T 2 -O - localhost:9666/metrics"), 4);
	CHECK_STR(
	    sim_out(m, "systemctl is-active compute-blade-agent"), "active\n");
	CHECK_INT(
	    sim_status(m, "sudo -n systemctl restart compute-blade-agent"), 0);
	CHECK_INT(sim_status(m, CTL "get temp"), 0);
	on("old");
	fault("old", FAULT_AGENTHUNG, true);
	before = loop_now(loop);
	fails(CTL "set identify --timeout 3s", "context deadline exceeded");
	CHECK(loop_now(loop) - before < 4000);
	end();
}

TEST(blade_agent_that_is_stopped_takes_its_socket_along)
{
	begin("left");
	CHECK_INT(sim_status(m, "[ -S " SOCKET " ]"), 0);
	CHECK_STR(sim_out(m, "pidof compute-blade-agent"), "812\n");
	CHECK_INT(sim_status(m, "systemctl stop compute-blade-agent"), 1);
	fault("left", FAULT_AGENTDOWN, true);
	CHECK_STR(sim_out(m, "systemctl is-active compute-blade-agent"),
	    "inactive\n");
	CHECK_INT(
	    sim_status(m, "systemctl is-active -q compute-blade-agent"), 3);
	CHECK_INT(sim_status(m, "[ -e " SOCKET " ]"), 1);
	CHECK_INT(sim_status(m, "pidof compute-blade-agent"), 1);
	fails(CTL "get temp",
	    "dial unix " SOCKET ": connect: no such file or directory");
	CHECK_INT(sim_status(m, "curl -s http://localhost:9666/metrics"), 7);
	/* In order: the fan goes to full speed. */
	sim_pass(loop, 15);
	on("right");
	CHECK(metric_number("computeblade_fan_speed") > 5500);
	fault("left", FAULT_AGENTDOWN, false);
	on("left");
	CHECK_INT(sim_status(m, CTL "get temp"), 0);
	/* Before it has looked for the first time it says 0. */
	CHECK_INT(metric_number("computeblade_soc_temperature"), 0);
	CHECK_INT(metric_number("computeblade_fan_target_percent"), 0);
	sim_pass(loop, 6);
	CHECK(metric_number("computeblade_soc_temperature") > 20);
	end();
}

TEST(blade_agent_panics_until_the_old_socket_is_gone)
{
	begin("left");
	fault("left", FAULT_STALESOCKET, true);
	sim_pass(loop, 5);
	CHECK_STR(sim_out(m, "systemctl is-active compute-blade-agent"),
	    "activating\n");
	CHECK_INT(sim_status(m, "[ -S " SOCKET " ]"), 0);
	fails(CTL "get temp",
	    "dial unix " SOCKET ": connect: connection refused");
	CHECK(
	    strstr(sim_out(m, "journalctl -u compute-blade-agent"), "panic: "));
	CHECK_INT(sim_status(m, "sudo -n rm " SOCKET), 0);
	sim_pass(loop, 2);
	CHECK_STR(
	    sim_out(m, "systemctl is-active compute-blade-agent"), "active\n");
	CHECK(!fault_is(&rack_node(rack, "left")->faults, FAULT_STALESOCKET));
	end();
}

TEST(blade_identify_is_toggled_by_the_button)
{
	struct shell_args args = { CTL "set identify --wait" };
	struct sim_run r;
	struct proc *p;

	begin("left");
	CHECK_STR(sim_out(m, CTL "set identify"), "");
	CHECK_STR(sim_out(m, CTL "get identify"), " Active\n");
	CHECK_INT(
	    metric_number("computeblade_state_state{state=\"identify\"}"), 1);
	fault("left", FAULT_BUTTON, true);
	CHECK_STR(sim_out(m, CTL "get identify"), " Off\n");
	fault("left", FAULT_BUTTON, true);
	CHECK_STR(sim_out(m, CTL "get identify"), " Active\n");
	CHECK_INT(metric_number("computeblade_edge_button_event_count"), 2);
	CHECK_STR(metric("computeblade_agent_events_count"),
	    "computeblade_agent_events_count{type=\"edge_button\"} 2\n"
	    "computeblade_agent_events_count{type=\"identify\"} 2\n"
	    "computeblade_agent_events_count{type=\"identify_confirm\"} 1\n");
	/* Who waits is told by anybody's dismissal. */
	p = sim_start(m, false, proc_main_shell, &args, &r);
	sim_pass(loop, 30);
	CHECK(!r.ended);
	CHECK_INT(sim_status(m, CTL "unset identify"), 0);
	sim_pass(loop, 1);
	CHECK(r.ended && r.status == 0);
	proc_free(p);
	sim_run_release(&r);
	end();
}

TEST(blade_takes_any_percent_as_a_byte)
{
	begin("left");
	CHECK_STR(sim_out(m, CTL "set fan --percent 150"), "");
	CHECK_STR(sim_out(m, CTL "get fan"), "0 RPM (150%)\n");
	CHECK_INT(sim_status(m, CTL "set fan -p 300"), 0);
	CHECK_STR(sim_out(m, CTL "get fan"), "0 RPM (44%)\n");
	CHECK(strstr(sim_out(m, CTL "get status"), "│ 44%  "));
	CHECK_INT(sim_status(m, CTL "set fan --auto"), 0);
	CHECK(strstr(sim_out(m, CTL "get status"), "│ Not set "));
	fails(CTL "set fan", "you must specify either --auto or --percent");
	fails(CTL "set fan -p x", "invalid argument \"x\"");
	CHECK_INT(sim_status(m, CTL "set stealth"), 0);
	CHECK_STR(sim_out(m, CTL "get stealth"), " Active\n");
	CHECK_INT(metric_number("computeblade_stealth_mode_enabled"), 1);
	CHECK_INT(sim_status(m, CTL "set stealth -e"), 0);
	CHECK_STR(sim_out(m, CTL "get stealth"), " Off\n");
	end();
}

TEST(blade_power_is_a_metric_only_after_it_was_asked)
{
	begin("left");
	CHECK_STR(metric("computeblade_power_status"), "");
	CHECK_INT(sim_status(m, CTL "get temp"), 0);
	CHECK_STR(metric("computeblade_power_status"),
	    "computeblade_power_status{type=\"0\"} 0\n"
	    "computeblade_power_status{type=\"1\"} 1\n");
	CHECK_STR(metric("computeblade_compute_module_present"),
	    "computeblade_compute_module_present{type=\"cm5\"} 1\n");
	CHECK_INT(metric_number("computeblade_airflow_temperature"), 0);
	CHECK(metric_number("go_goroutines") > 0);
	CHECK_STR(sim_out(m, "wget -qO- http://left.local:9666/"), "");
	end();
}

TEST(blade_fan_of_a_pair_listens_to_the_left_one)
{
	double before;

	begin("right");
	before = metric_number("computeblade_fan_speed");
	CHECK(before > 2000);
	CHECK_INT(sim_status(m, CTL "set fan -p 0"), 0);
	sim_pass(loop, 15);
	CHECK(metric_number("computeblade_fan_speed") > 2000);
	on("left");
	CHECK_INT(sim_status(m, CTL "set fan -p 100"), 0);
	sim_pass(loop, 15);
	CHECK(metric_number("computeblade_fan_speed") > 5500);
	on("right");
	CHECK(metric_number("computeblade_fan_speed") > 5500);
	end();
}

TEST(blade_gets_hot_when_the_fan_of_its_pair_is_slow)
{
	struct sim_node *right;
	double fast, slow;

	begin("left");
	right = rack_node(rack, "right");
	right->swing = 0;
	CHECK_INT(sim_status(m, CTL "set fan -p 100"), 0);
	sim_pass(loop, 150);
	fast = right->temp;
	CHECK_INT(sim_status(m, CTL "set fan -p 5"), 0);
	sim_pass(loop, 150);
	slow = right->temp;
	CHECK(slow > fast + 6);
	/* Above its threshold, and yet it does nothing. */
	rack_node(rack, "left")->temp = 90;
	CHECK_STR(sim_out(m, CTL "get critical"), "Off\n");
	end();
}

TEST(blade_fan_gauge_stays_infinite_until_the_agent_restarts)
{
	begin("left");
	fault("left", FAULT_FANINF, true);
	CHECK_STR(
	    metric("computeblade_fan_speed"), "computeblade_fan_speed +Inf\n");
	fault("left", FAULT_FANINF, false);
	sim_pass(loop, 10);
	CHECK_STR(
	    metric("computeblade_fan_speed"), "computeblade_fan_speed +Inf\n");
	CHECK_INT(
	    sim_status(m, "sudo -n systemctl restart compute-blade-agent"), 0);
	sim_pass(loop, 10);
	CHECK(metric_number("computeblade_fan_speed") > 1000);
	end();
}

TEST(blade_fan_that_stands_still_leaves_its_last_reading)
{
	begin("left");
	fault("left", FAULT_FANFAIL, true);
	sim_pass(loop, 60);
	CHECK(metric_number("computeblade_fan_speed") > 30);
	CHECK(metric_number("computeblade_fan_target_percent") >= 40);
	/* A smart one never says less than its counter can. */
	on("sm/1");
	CHECK(metric_number("computeblade_airflow_temperature") > 20);
	CHECK_STR(metric("computeblade_fan_unit"),
	    "computeblade_fan_unit{type=\"smart\"} 1\n");
	fault("sm/1", FAULT_FANFAIL, true);
	sim_pass(loop, 30);
	CHECK(metric_number("computeblade_fan_speed") >= 82 &&
	    metric_number("computeblade_fan_speed") < 100);
	end();
}

TEST(blade_smart_fan_takes_the_higher_wish)
{
	begin("sm/2");
	CHECK_INT(sim_status(m, CTL "set fan -p 90"), 0);
	sim_pass(loop, 15);
	CHECK(metric_number("computeblade_fan_speed") > 5000);
	on("sm/1");
	CHECK(metric_number("computeblade_fan_speed") > 5000);
	CHECK(strstr(sim_out(m, CTL "get fan"), "5"));
	/* 0.10 has -a for all blades; 0.11.2 has -A. */
	CHECK_INT(sim_status(m, CTL "get temp -a"), 0);
	fails(CTL "get temp -A", "unknown shorthand flag: 'A' in -A");
	on("left");
	CHECK_INT(sim_status(m, CTL "get temp -A"), 0);
	fails(CTL "get temp -a", "unknown shorthand flag: 'a' in -a");
	end();
}

TEST(blade_old_releases_know_less)
{
	begin("old");
	CHECK(strstr(sim_out(m, CTL "get status"), "Usage:"));
	CHECK_INT(sim_status(m, CTL "get status"), 0);
	CHECK_INT(sim_status(m, CTL "set identify"), 0);
	CHECK(rack_node(rack, "old")->state != NULL);
	CHECK_INT(
	    metric_number("computeblade_state_state{state=\"identify\"}"), 1);
	fails(CTL "set fan", "required flag(s) \"percent\" not set");
	CHECK_INT(sim_status(m, CTL "version"), 0);
	on("mixed");
	fails(CTL "get status",
	    "code = Unimplemented desc = method GetStatus not implemented");
	CHECK_INT(sim_status(m, CTL "set fan -p 50"), 0);
	CHECK_INT(sim_status(m, "sudo -n -H timeout 5 bladectl version"), 1);
	CHECK_INT(sim_status(m, "sudo -n true"), 1);
	on("first");
	CHECK_INT(sim_status(m, "[ -S /tmp/computeblade-agent.sock ]"), 0);
	CHECK_INT(sim_status(m, "sudo -n bladectl identify"), 0);
	fails("sudo -n bladectl version", "unknown command");
	CHECK_INT(sim_status(m, "sudo -n bladectl fan set-percent 70"), 0);
	CHECK(strstr(metric("computeblade_compute_modul_present"), "cm4"));
	CHECK_INT(sim_status(m, "systemctl is-active compute-blade-agent"), 3);
	CHECK_STR(
	    sim_out(m, "systemctl is-active computeblade-agent"), "active\n");
	end();
}

TEST(blade_forgets_what_it_was_told_with_a_reboot)
{
	struct sim_node *n;

	begin("left");
	n = rack_node(rack, "left");
	CHECK_INT(sim_status(m, CTL "set fan -p 55"), 0);
	CHECK_INT(sim_status(m, CTL "set identify"), 0);
	CHECK_INT(sim_status(m, "sudo -n systemctl reboot"), 0);
	CHECK_INT(n->stage, STAGE_STOPPING);
	sim_pass(loop, 20);
	CHECK_INT(n->stage, STAGE_LOGIN);
	CHECK_STR(sim_out(m, CTL "get identify"), " Off\n");
	CHECK(strstr(sim_out(m, CTL "get status"), "Not set"));
	/* Off is off: nothing but the switch brings it back. */
	CHECK_INT(sim_status(m, "sudo -n poweroff"), 0);
	sim_pass(loop, 20);
	CHECK_INT(n->stage, STAGE_HALTED);
	CHECK(n->rail);
	end();
}

TEST(blade_mistakes_are_told)
{
	struct buf faults, err;

	loop = loop_new();
	rack = rack_new(loop, 1);
	buf_init(&faults, 0);
	buf_init(&err, 0);
	CHECK_INT(conf_read_text(rack,
		      "boards = ({ name = \"b\"; type = \"compute-blade\";\n"
		      "  agent = \"9.9\"; fan = \"fast\"; slots = 2;\n"
		      "  nodes = ({ slot = 1; colour = 3; },\n"
		      "    { slot = 2; feed = \"none/1\"; }); });",
		      "r.cfg", &faults, &err),
	    4);
	CHECK(strstr(buf_str(&err), "r.cfg:1: agent \"9.9\" is not known"));
	CHECK(strstr(buf_str(&err), "r.cfg:1: fan \"fast\" is not known"));
	CHECK(strstr(buf_str(&err), "r.cfg:3: unknown key \"colour\""));
	CHECK(strstr(
	    buf_str(&err), "r.cfg:4: no power feed has a port \"none/1\""));
	buf_release(&faults);
	buf_release(&err);
	end();
}

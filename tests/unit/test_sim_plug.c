/*
 * Feeds that a host reaches: a switch by SNMP, plugs by HTTP, a command of
 * somebody's own. Each with the bad manners that a driver has to know.
 */
#include <stdio.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "sim_board.h"

static const char rack_text[] =
    "boards = ({ name = \"snmp\"; type = \"snmp\"; slots = 4; },\n"
    " { name = \"nomib\"; type = \"snmp\"; slots = 4; mib = false;\n"
    "   snmp_conf = true; },\n"
    " { name = \"tas\"; type = \"tasmota\"; slots = 1; },\n"
    " { name = \"strip\"; type = \"tasmota\"; slots = 3; password = \"pw\";\n"
    "   firmware = 6; },\n"
    " { name = \"she1\"; type = \"shelly\"; slots = 1; gen = 1; },\n"
    " { name = \"she2\"; type = \"shelly\"; slots = 2; },\n"
    " { name = \"shut\"; type = \"shelly\"; slots = 1; password = \"pw\"; },\n"
    " { name = \"own\"; type = \"plug\"; slots = 3; },\n"
    " { name = \"pis\"; type = \"linux\"; slots = 6; nodes = (\n"
    "   { slot = 1; feed = \"snmp/1\"; }, { slot = 2; feed = \"tas/1\"; },\n"
    "   { slot = 3; feed = \"strip/2\"; }, { slot = 4; feed = \"she1/1\"; },\n"
    "   { slot = 5; feed = \"she2/2\"; }, { slot = 6; feed = \"own/3\"; }\n"
    " ); });\n";

#define MIB "1.3.6.1.2.1.105.1."

static void
begin(const char *board)
{
	sim_begin(rack_text, board);
}

static struct sim_node *
pi(int slot)
{
	return &rack_board(rack, "pis")->nodes[slot - 1];
}

/* --- SNMP --- */

#define GET "snmpget -v2c -c public 10.0.0.2 "
#define SET "snmpset -v2c -c private 10.0.0.2 "

TEST(snmp_reads_the_port_table)
{
	begin("snmp");
	CHECK_STR(sim_out(m, GET MIB "1.1.3.1.1"),
	    "iso.3.6.1.2.1.105.1.1.1.3.1.1 = INTEGER: 1\n");
	CHECK_STR(sim_out(m,
		      "snmpget -v 2c -c public -On 10.0.0.2 " MIB
		      "1.1.6.1.1 ." MIB "1.1.6.1.2"),
	    "." MIB "1.1.6.1.1 = INTEGER: 3\n." MIB "1.1.6.1.2 = INTEGER: 2\n");
	CHECK_STR(sim_out(m,
		      "snmpget -Oqv -v2c -c public 10.0.0.2 " MIB
		      "1.1.10.1.1 " MIB "3.1.1.2.1"),
	    "5\n130\n");
	CHECK(
	    strstr(sim_out(m, "snmpwalk -v2c -c public 10.0.0.2 " MIB "1.1.3"),
		"1.1.3.1.4 = INTEGER: 1\n") != NULL);
	end();
}

TEST(snmp_that_is_not_there_is_no_error)
{
	struct sim_run r;

	begin("snmp");
	sim_run(m, GET MIB "1.1.3.1.9", &r);
	CHECK_INT(r.status, 0);
	CHECK(str_ends(buf_str(&r.out),
	    " = No Such Instance currently exists at this OID\n"));
	sim_run_release(&r);
	end();
	begin("nomib");
	sim_run(m, "snmpget -v2c 10.0.0.2 " MIB "1.1.3.1.1", &r);
	CHECK_INT(r.status, 0);
	CHECK_STR(buf_str(&r.out),
	    "iso.3.6.1.2.1.105.1.1.1.3.1.1 = No Such Object available on "
	    "this agent at this OID\n");
	sim_run_release(&r);
	end();
}

TEST(snmp_does_not_answer_a_stranger)
{
	struct sim_run r;

	begin("snmp");
	sim_run(
	    m, "snmpget -v2c -c wrong -t 1 -r 1 10.0.0.2 " MIB "1.1.3.1.1", &r);
	CHECK_INT(r.status, 1);
	CHECK_STR(buf_str(&r.out), "");
	CHECK_STR(buf_str(&r.err), "Timeout: No Response from 10.0.0.2.\n");
	sim_run_release(&r);
	sim_run(m, "snmpget -v2c 10.0.0.2 " MIB "1.1.3.1.1", &r);
	CHECK_INT(r.status, 1);
	CHECK(strstr(buf_str(&r.err), "No community name") != NULL);
	sim_run_release(&r);
	sim_run(m, "snmpset -v2c -c public 10.0.0.2 " MIB "1.1.3.1.1 i 2", &r);
	CHECK_INT(r.status, 2);
	CHECK(strstr(buf_str(&r.err), "Reason: noAccess\n") != NULL);
	CHECK(pi(1)->rail);
	sim_run_release(&r);
	end();
}

TEST(snmp_switches_a_port)
{
	begin("snmp");
	CHECK_STR(sim_out(m, SET MIB "1.1.3.1.1 i 2"),
	    "iso.3.6.1.2.1.105.1.1.1.3.1.1 = INTEGER: 2\n");
	CHECK(!pi(1)->rail);
	CHECK(str_ends(sim_out(m, GET MIB "1.1.6.1.1"), "INTEGER: 1\n"));
	CHECK(str_ends(sim_out(m, SET MIB "1.1.3.1.1 i 1"), "INTEGER: 1\n"));
	CHECK(pi(1)->rail);
	CHECK_INT(sim_status(m, SET MIB "1.1.3.1.1 i 7 2>/dev/null"), 2);
	CHECK_INT(fault_apply(rack, "snmp/1", FAULT_PORTFAULT, true, 0), 0);
	CHECK(str_ends(sim_out(m, GET MIB "1.1.6.1.1"), "INTEGER: 4\n"));
	CHECK(str_ends(sim_out(m, GET MIB "1.1.3.1.1"), "INTEGER: 1\n"));
	end();
}

TEST(snmp_switch_dies_in_a_cycle)
{
	begin("snmp");
	CHECK_INT(fault_apply(rack, "snmp", FAULT_CYCLECUT, true, 0), 0);
	(void)sim_out(m, SET MIB "1.1.3.1.1 i 2");
	sim_pass(loop, 2);
	CHECK_INT(sim_status(m,
		      "snmpset -v2c -c private -r 0 10.0.0.2 " MIB
		      "1.1.3.1.1 i 1 2>/dev/null"),
	    1);
	CHECK(!b->nodes[1].rail);
	sim_pass(loop, 21);
	CHECK(str_ends(sim_out(m, GET MIB "1.1.3.1.1"), "INTEGER: 2\n"));
	CHECK(b->nodes[1].rail && !pi(1)->rail);
	end();
}

/* --- Tasmota --- */

#define CM "curl -s --max-time 3 'http://192.168.1.51/cm?cmnd="

TEST(tasmota_switches)
{
	begin("tas");
	CHECK_STR(sim_out(m, CM "Power'"), "{\"POWER\":\"ON\"}");
	CHECK_STR(sim_out(m, CM "Power%20Off'"), "{\"POWER\":\"OFF\"}");
	CHECK(!pi(2)->rail);
	CHECK_STR(sim_out(m, CM "power%20TOGGLE'"), "{\"POWER\":\"ON\"}");
	CHECK(pi(2)->rail);
	CHECK_STR(sim_out(m, CM "Nonsense'"), "{\"Command\":\"Unknown\"}");
	CHECK_INT(sim_status(m, CM "Nonsense'"), 0);
	end();
}

TEST(tasmota_measures)
{
	const char *s;
	double w;

	begin("tas");
	s = sim_out(m, CM "Status%208'");
	CHECK(str_starts(s, "{\"StatusSNS\":{\"Time\":\""));
	CHECK_INT(sscanf(strstr(s, "\"Power\":"), "\"Power\":%lf", &w), 1);
	CHECK(w > 2 && w < 12);
	(void)sim_out(m, CM "Power%20Off'");
	CHECK(strstr(sim_out(m, CM "Status%208'"), "\"Power\":0,") != NULL);
	end();
}

TEST(tasmota_works_a_backlog_through)
{
	begin("tas");
	CHECK_STR(
	    sim_out(m, CM "Backlog%20Power%20Off%3BDelay%20100%3BPower%20On'"),
	    "{}");
	CHECK_STR(sim_out(m, CM "Power'"), "{\"POWER\":\"OFF\"}");
	CHECK(!pi(2)->rail);
	sim_pass(loop, 9);
	CHECK(!pi(2)->rail);
	sim_pass(loop, 2);
	CHECK(pi(2)->rail);
	/* It dies meanwhile, and has forgotten all. */
	CHECK_INT(fault_apply(rack, "tas", FAULT_CYCLECUT, true, 0), 0);
	(void)sim_out(
	    m, CM "Backlog%20Power%20Off%3BDelay%20100%3BPower%20On'");
	sim_pass(loop, 2);
	CHECK_INT(sim_status(m, CM "Power'"), 28);
	sim_pass(loop, 40);
	CHECK_STR(sim_out(m, CM "Power'"), "{\"POWER\":\"OFF\"}");
	end();
}

TEST(tasmota_strip_counts_its_relays_and_wants_a_password)
{
	begin("strip");
	CHECK(strstr(sim_out(m, CM "Power'"), "Need user=") != NULL);
	CHECK_STR(sim_out(m, CM "Power2%20off&user=admin&password=pw'"),
	    "{\"POWER2\":\"OFF\"}");
	CHECK(!pi(3)->rail);
	CHECK_STR(sim_out(m, CM "Power0&user=admin&password=pw'"),
	    "{\"POWER1\":\"ON\",\"POWER2\":\"OFF\",\"POWER3\":\"ON\"}");
	/* The old one's way to say that all is well. */
	CHECK(strstr(sim_out(m, CM "Backlog%20Power2%20On&user=a&password=pw'"),
		  "WARNING") != NULL);
	CHECK(pi(3)->rail);
	end();
}

/* --- Shelly --- */

#define WEB "wget -q -T 3 -O - 'http://192.168.1.51"

TEST(shelly_of_the_first_generation)
{
	double w;
	const char *s;

	begin("she1");
	CHECK(str_starts(sim_out(m, WEB "/relay/0'"), "{\"ison\":true,"));
	s = sim_out(m, WEB "/status'");
	CHECK_INT(sscanf(strstr(s, "\"power\":"), "\"power\":%lf", &w), 1);
	CHECK(w > 2);
	CHECK(str_starts(
	    sim_out(m, WEB "/relay/0?turn=off'"), "{\"ison\":false,"));
	CHECK(!pi(4)->rail);
	(void)sim_out(m, WEB "/relay/0?turn=on'");
	CHECK(pi(4)->rail);
	(void)sim_out(m, WEB "/relay/0?turn=off&timer=10'");
	CHECK(!pi(4)->rail);
	sim_pass(loop, 11);
	CHECK(pi(4)->rail);
	CHECK(sim_status(m, WEB "/relay/7'") != 0);
	end();
}

TEST(shelly_of_the_second_generation)
{
	double w;
	const char *s;

	begin("she2");
	s = sim_out(m, WEB "/rpc/Switch.GetStatus?id=1'");
	CHECK(str_starts(s, "{\"id\":1, "));
	CHECK_INT(sscanf(strstr(s, "\"apower\":"), "\"apower\":%lf", &w), 1);
	CHECK(w > 2);
	CHECK_STR(sim_out(m, WEB "/rpc/Switch.Set?id=1&on=false'"),
	    "{\"was_on\":true}");
	CHECK(!pi(5)->rail);
	CHECK_STR(
	    sim_out(m, WEB "/rpc/Switch.Set?id=1&on=false&toggle_after=5'"),
	    "{\"was_on\":false}");
	sim_pass(loop, 6);
	CHECK(pi(5)->rail);
	CHECK(strstr(sim_out(m,
			 "curl -s 'http://192.168.1.51/rpc/Switch.Set?id=5"
			 "&on=true'"),
		  "\"code\":-105") != NULL);
	end();
}

TEST(shelly_with_a_password)
{
	begin("shut");
	CHECK_STR(sim_out(m,
		      "curl -s http://192.168.1.51/rpc/Switch.GetStatus"
		      "?id=0"),
	    "401 Unauthorized");
	CHECK(strstr(sim_out(m, "curl -s http://192.168.1.51/shelly"),
		  "\"auth_en\":true") != NULL);
	(void)sim_out(m, "echo 'user = \"admin:pw\"' >/root/curl.conf");
	CHECK(str_starts(sim_out(m,
			     "curl -sS -K /root/curl.conf http://"
			     "192.168.1.51/rpc/Switch.GetStatus?id=0"),
	    "{\"id\":0"));
	end();
}

/* --- a command of one's own --- */

TEST(plug_command_switches_and_says_so)
{
	begin("own");
	CHECK_STR(sim_out(m, "plug status 3"), "outlet 3 is on\n");
	CHECK_INT(sim_status(m, "plug off 3"), 0);
	CHECK(!pi(6)->rail);
	CHECK_STR(sim_out(m, "plug status 3; plug watts 3"),
	    "outlet 3 is off\n0.0 W\n");
	CHECK_INT(sim_status(m, "plug on 9 2>/dev/null"), 1);
	CHECK_INT(sim_status(m, "plug 2>/dev/null"), 2);
	end();
}

TEST(host_of_a_feed_is_a_plain_linux)
{
	begin("own");
	CHECK_STR(sim_out(m, "uname -s"), "Linux\n");
	(void)sim_out(m, "sudo reboot");
	sim_pass(loop, 1);
	CHECK(b->down_until != 0);
	CHECK(pi(6)->rail);
	sim_pass(loop, 25);
	CHECK_INT(b->down_until, 0);
	end();
}

/*
 * Switches that feed nodes over the cable: their own words, and what becomes
 * of the nodes.
 */
#include <stdio.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "sim_board.h"

static const char rack_text[] =
    "boards = ({ name = \"uni\"; type = \"unifi\"; slots = 4; },\n"
    " { name = \"uni4\"; type = \"unifi\"; slots = 2; firmware = \"4\"; },\n"
    " { name = \"ros\"; type = \"routeros\"; slots = 4; },\n"
    " { name = \"pis\"; type = \"linux\"; slots = 3; nodes = (\n"
    "   { slot = 1; model = \"pi4\"; feed = \"uni/1\"; },\n"
    "   { slot = 2; model = \"pi4\"; feed = \"ros/2\"; },\n"
    "   { slot = 3; model = \"pi4\"; feed = \"uni4/1\"; }); });\n";

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

TEST(unifi_shows_its_table)
{
	const char *s;
	char pwr[8], good[8];
	double w, v, ma;
	int n;

	begin("uni");
	s = sim_out(m, "swctrl poe show id 1");
	CHECK(str_starts(s,
	    "Total Power Limit(mW): 150000\n\n"
	    "Port  OpMode      HpMode    PwrLimit   Class   PoEPwr  PwrGood"
	    "  Power(W)  Voltage(V)  Current(mA)\n"
	    "                              (mW)\n"
	    "----  ------  ------------  --------  -------  ------  -------"
	    "  --------  ----------  -----------\n"
	    "   1    Auto        Dot3at     32000  Class 4      On     Good "));
	n = sscanf(strstr(s, "Class 4") + 7, "%7s %7s %lf %lf %lf", pwr, good,
	    &w, &v, &ma);
	CHECK_INT(n, 5);
	CHECK(w > 2 && w < 10 && ma > 30);
	CHECK(strstr(sim_out(m, "swctrl poe show id 2-4"),
		  "   4    Auto        Dot3at     32000  Unknown     Off      "
		  "Bad      0.00        0.00         0.00\n") != NULL);
	end();
	begin("uni4");
	s = sim_out(m, "swctrl poe show");
	CHECK(str_starts(s, "Total Power Limit(mW): -"));
	CHECK(strstr(s, "  -1  Class 4") != NULL);
	end();
}

TEST(unifi_switches_its_ports)
{
	begin("uni");
	CHECK_STR(sim_out(m, "swctrl poe set off id 1"), "");
	CHECK(!pi(1)->rail && pi(1)->stage == STAGE_OFF);
	CHECK(
	    strstr(sim_out(m, "swctrl poe show id 1"), "   1     Off") != NULL);
	CHECK_STR(sim_out(m, "swctrl poe set auto id 1"), "");
	CHECK(pi(1)->rail);
	CHECK_STR(sim_out(m, "swctrl poe restart id 1"), "");
	CHECK(!pi(1)->rail);
	sim_pass(loop, 4);
	CHECK(pi(1)->rail);
	/* Nothing that goes wrong shows in the status. */
	CHECK_INT(sim_status(m, "swctrl poe set off id 99"), 0);
	CHECK_INT(sim_status(m, "swctrl nonsense"), 0);
	CHECK(pi(1)->rail);
	end();
}

TEST(unifi_port_trips_or_sticks)
{
	begin("uni");
	CHECK_INT(fault_apply(rack, "uni/1", FAULT_PORTFAULT, true, 0), 0);
	CHECK(!pi(1)->rail);
	CHECK(strstr(sim_out(m, "swctrl poe show id 1"),
		  "Unknown      On      Bad") != NULL);
	(void)sim_out(m, "swctrl poe set auto id 1");
	CHECK(!pi(1)->rail);
	CHECK_INT(fault_apply(rack, "uni/1", FAULT_PORTFAULT, false, 0), 0);
	CHECK(pi(1)->rail);
	CHECK_INT(fault_apply(rack, "uni/1", FAULT_PORTSTUCK, true, 0), 0);
	CHECK_INT(sim_status(m, "swctrl poe set off id 1"), 0);
	CHECK(pi(1)->rail);
	end();
}

TEST(unifi_dies_in_a_cycle)
{
	begin("uni");
	CHECK_INT(fault_apply(rack, "uni", FAULT_CYCLECUT, true, 0), 0);
	(void)sim_out(m, "swctrl poe restart id 1");
	sim_pass(loop, 2);
	CHECK(b->down_until != 0);
	sim_pass(loop, 40);
	CHECK_INT(b->down_until, 0);
	CHECK(!pi(1)->rail && !b->nodes[0].intent && b->nodes[1].rail);
	end();
}

TEST(unifi_reboot_takes_the_power_along)
{
	begin("uni");
	(void)sim_out(m, "reboot");
	sim_pass(loop, 1);
	CHECK(!pi(1)->rail);
	sim_pass(loop, 31);
	CHECK(pi(1)->rail);
	end();
}

/* --- RouterOS --- */

static const char *
ros(const char *cmd)
{
	static char *last;
	struct shell_args args = { cmd };
	struct sim_run r;
	struct proc *p = sim_start(m, false, m->shell_main, &args, &r);

	sim_pass(loop, 0.1);
	CHECK(r.ended);
	CHECK_INT(r.status, 0);
	proc_free(p);
	free(last);
	last = mem_strdup(buf_str(&r.out));
	sim_run_release(&r);
	return last;
}

TEST(routeros_monitors_a_port)
{
	double w;
	int ma;

	begin("ros");
	CHECK_INT(sscanf(ros("/interface ethernet poe monitor ether2 once"),
		      "               name: ether2\r\n"
		      "            poe-out: auto-on\r\n"
		      "     poe-out-status: powered-on\r\n"
		      "    poe-out-voltage: 53.1V\r\n"
		      "    poe-out-current: %dmA\r\n"
		      "      poe-out-power: %lfW\r\n\r\n",
		      &ma, &w),
	    2);
	CHECK(w > 2 && ma > 30);
	CHECK_STR(ros("/interface/ethernet/poe/monitor ether1 once"),
	    "               name: ether1\r\n"
	    "            poe-out: auto-on\r\n"
	    "     poe-out-status: waiting-for-load\r\n\r\n");
	CHECK(strstr(ros("/interface ethernet poe monitor ether1,ether2 once"),
		  " waiting-for-load powered-on") != NULL);
	CHECK(strstr(ros("/interface ethernet poe print"),
		  " 1  ether2   auto-on            10\r\n") != NULL);
	end();
}

TEST(routeros_switches_its_ports)
{
	begin("ros");
	CHECK_STR(ros("/interface ethernet poe set ether2 poe-out=off"), "");
	CHECK(!pi(2)->rail);
	CHECK(strstr(ros("/interface ethernet poe monitor ether2 once"),
		  "poe-out: off\r\n     poe-out-status: disabled\r\n") != NULL);
	CHECK_STR(
	    ros("/interface ethernet poe set ether2 poe-out=auto-on"), "");
	CHECK(pi(2)->rail);
	CHECK_STR(
	    ros("/interface ethernet poe power-cycle ether2 duration=10s"), "");
	CHECK(!pi(2)->rail);
	CHECK(strstr(ros("/interface ethernet poe monitor ether2 once"),
		  "power_reset") != NULL);
	sim_pass(loop, 11);
	CHECK(pi(2)->rail);
	end();
}

TEST(routeros_complains_with_status_0)
{
	begin("ros");
	CHECK_STR(ros("/interface ethernet poe monitor ether9 once"),
	    "no such item\r\n");
	CHECK_STR(
	    ros("uname -a"), "bad command name uname (line 1 column 1)\r\n");
	CHECK_STR(ros("/interface ethernet poe set ether2 poe-out=maybe"),
	    "input does not match any value of poe-out\r\n");
	CHECK_STR(ros("/interface ethernet poe set ether2 poe-out=off; "
		      ":put done"),
	    "done\r\n");
	CHECK(!pi(2)->rail);
	end();
}

TEST(routeros_has_a_prompt_of_its_own)
{
	struct sim_run r;
	struct proc *p;

	begin("ros");
	p = sim_start(m, true, m->shell_main, NULL, &r);
	sim_pass(loop, 0.1);
	CHECK(str_ends(buf_str(&r.out), "\r[admin@MikroTik] > "));
	buf_clear(&r.out);
	proc_input(p, "/interface ethernet poe\r", 24);
	sim_pass(loop, 0.1);
	CHECK_STR(buf_str(&r.out),
	    "/interface ethernet poe\r\n"
	    "\r[admin@MikroTik] /interface/ethernet/poe> ");
	buf_clear(&r.out);
	proc_input(p, "set ether2 poe-out=off\r", 23);
	sim_pass(loop, 0.1);
	CHECK(!pi(2)->rail);
	proc_input(p, "/quit\r", 6);
	sim_pass(loop, 0.1);
	CHECK(r.ended);
	proc_free(p);
	sim_run_release(&r);
	end();
}

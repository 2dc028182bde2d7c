/* Power feeds: what each type sends, and what follows from the answers. */
#include <math.h>

#include "../../src/driver/feed.h"
#include "transcript.h"

static const struct setting ros_keys[] = { { "used", "5,6,7" } };
static const struct setting snmp_keys[] = { { "host", "sw" },
	{ "community", "pub'lic" }, { "write_community", "private" },
	{ "group", "2" }, { "used", "5,6" } };
static const struct setting tasmota_keys[] = { { "host", "10.0.0.9" } };
static const struct setting shelly2_keys[] = { { "host", "10.0.0.8" },
	{ "curl_config", "/etc/plug.conf" }, { "used", "1,2" } };
static const struct setting shelly1_keys[] = { { "host", "10.0.0.7" },
	{ "gen", "1" }, { "used", "1,2" } };

static struct fake *
fake_feed(const struct driver *d, const struct setting *keys, size_t n)
{
	struct fake *f = fake_new(d, 0);

	f->drv->config.settings = keys;
	f->drv->config.n_settings = n;
	return f;
}

static void
play(const struct driver *d, const struct setting *keys, size_t n,
    const char *name)
{
	struct transcript t = { .f = fake_feed(d, keys, n) };

	transcript_play(&t, name, transcript_line);
}

TEST(unifi_switch)
{
	play(&feed_unifi, NULL, 0, "feed/unifi");
}

TEST(routeros_switch)
{
	play(&feed_routeros, ros_keys, ARRAY_LEN(ros_keys), "feed/routeros");
}

TEST(snmp_switch)
{
	play(&feed_snmp, snmp_keys, ARRAY_LEN(snmp_keys), "feed/snmp");
}

TEST(tasmota_plug)
{
	play(&feed_tasmota, tasmota_keys, ARRAY_LEN(tasmota_keys),
	    "feed/tasmota");
}

TEST(shelly_plugs)
{
	play(&feed_shelly, shelly2_keys, ARRAY_LEN(shelly2_keys),
	    "feed/shelly2");
	play(&feed_shelly, shelly1_keys, ARRAY_LEN(shelly1_keys),
	    "feed/shelly1");
}

/* --- the table ------------------------------------------------------------ */

static void
check_sentence(const struct driver *d, const char *s)
{
	size_t len = strlen(s);

	if (len < 10 || s[len - 1] != '.' || s[0] < 'A' || s[0] > 'Z' ||
	    strchr(s, '\n') != NULL || len > 160)
		test_fail(__FILE__, __LINE__, "%s: \"%s\"", d->type, s);
}

TEST(feeds_are_whole)
{
	CHECK_INT(feed_table_len, 6);
	for (size_t i = 0; i < feed_table_len; i++) {
		const struct driver *d = feed_table[i];
		struct fake *f = fake_new(d, 0);

		CHECK(feed_find(d->type) == d);
		CHECK(d->whole_board && d->open && d->poll && d->close);
		CHECK(d->can && d->match && d->act && d->reset);
		CHECK_INT(d->match("uname Linux\n"), 0);
		for (int slot = -1; slot <= DRIVER_SLOTS_MAX + 1; slot++)
			for (int a = 0; a <= ACT_MAX; a++) {
				const char *s =
				    d->can(f->drv, slot, (enum act)a);

				if (s != NULL)
					check_sentence(d, s);
				CHECK(s != NULL || slot > 0);
				CHECK(s != NULL || slot <= DRIVER_SLOTS_MAX);
				CHECK(s != NULL || a <= ACT_POWER_CYCLE);
			}
		fake_free(f);
	}
	CHECK(feed_find("turing-pi") == NULL);
	CHECK(feed_find(NULL) == NULL);
}

/* A round ends exactly once, whatever comes back. */
TEST(feeds_end_each_round_once)
{
	static const enum link_outcome outcomes[] = { LINK_TIMED_OUT, LINK_DIED,
		LINK_NOT_SENT, LINK_CANCELLED, LINK_CANNOT, LINK_DONE };
	static const char *const answers[] = { "", "end\n", "@ end\nend\n",
		"\n\n@ \nend\n", "@ power1\n{\nend\n", "@ port1\n[[[[\nend\n",
		" 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\nend\n",
		"= INTEGER: (\nend\n", "poe-out-status:\nend\n" };

	for (size_t i = 0; i < feed_table_len; i++) {
		const struct driver *d = feed_table[i];
		struct fake *f = fake_new(d, 0);
		unsigned rounds = 0;

		f->tolerant = true;
		for (size_t k = 0; k < ARRAY_LEN(outcomes); k++)
			for (size_t a = 0; a < ARRAY_LEN(answers); a++) {
				d->poll(f->drv);
				CHECK(f->runs > 0);
				while (f->runs > 0)
					fake_answer(f, outcomes[k], 0,
					    answers[a], "why");
				rounds++;
				CHECK_INT(f->fresh + f->stale, rounds);
			}
		d->poll(f->drv);
		fake_free(f);
	}
}

/* --- the configuration's part --------------------------------------------- */

TEST(only_valid_ports_are_asked_for)
{
	static const struct setting keys[] = { { "used", "3,x,0,65,-1,7,;" },
		{ "ports", "6" } };
	struct fake *f = fake_feed(&feed_unifi, keys, 2);
	int ports[DRIVER_SLOTS_MAX];

	CHECK_INT(supply_used(f->drv, ports, DRIVER_SLOTS_MAX), 1);
	CHECK_INT(ports[0], 3);
	CHECK(feed_unifi.can(f->drv, 6, ACT_POWER_OFF) == NULL);
	CHECK(feed_unifi.can(f->drv, 7, ACT_POWER_OFF) != NULL);
	fake_free(f);
	f = fake_feed(&feed_unifi, NULL, 0);
	CHECK_INT(supply_used(f->drv, ports, DRIVER_SLOTS_MAX), 1);
	CHECK_INT(ports[0], 1);
	fake_free(f);
}

/* Without a community it is net-snmp's own, which no list of processes
 * shows. */
TEST(snmp_leaves_the_community_to_its_own_file)
{
	static const struct setting keys[] = { { "host", "sw;reboot" } };
	struct fake *f = fake_feed(&feed_snmp, keys, 1);

	feed_snmp.poll(f->drv);
	CHECK(strstr(f->run[0].cmd, " -c ") == NULL);
	CHECK(strstr(f->run[0].cmd, " 'sw;reboot' ") != NULL);
	fake_answer(f, LINK_DIED, 0, "", "gone");
	fake_free(f);
}

/* A name that lost its odd letters would be that of another port. */
TEST(a_routeros_port_name_is_taken_as_it_is_or_not_at_all)
{
	static const struct setting keys[] = { { "interface",
	    "sfp;/system reboot " } };
	struct fake *f = fake_feed(&feed_routeros, keys, 1);
	const char *why = feed_routeros.can(f->drv, 1, ACT_POWER_OFF);

	CHECK(why != NULL && strstr(why, "interface") != NULL);
	feed_routeros.poll(f->drv);
	CHECK_INT(f->runs, 0);
	CHECK_INT(f->stale, 1);
	CHECK(strstr(f->stale_why, "interface") != NULL);
	fake_free(f);
}

TEST(many_snmp_ports_are_asked_in_packets)
{
	static const struct setting keys[] = { { "host", "sw" },
		{ "used", "1,2,3,4,5,6,7,8,9,10,11,12,13" } };
	struct fake *f = fake_feed(&feed_snmp, keys, 2);
	const char *second;

	feed_snmp.poll(f->drv);
	second = strstr(f->run[0].cmd, "&& snmpget ");
	CHECK(second != NULL && strstr(second, ".3.1.13 ") != NULL);
	CHECK(strstr(second, ".3.1.12") == NULL);
	fake_answer(f, LINK_DIED, 0, "", "gone");
	fake_free(f);
}

/* --- a cycle --------------------------------------------------------------- */

/* Where no process of its own can be had the shell takes it, and a cycle is
 * told once, also when the answer to it comes last. */
TEST(a_cycle_is_told_once)
{
	struct fake *f = fake_feed(&feed_unifi, NULL, 0);
	const char *on = " 1 Auto Dot3at 32000 Class 2 On Good 1 53 26\nend\n";
	const char *off = " 1 Off Dot3at 32000 Unknown Off Bad 0 0 0\nend\n";
	struct fake_run held;

	feed_unifi.act(f->drv, 9, 1, ACT_POWER_CYCLE);
	CHECK_INT(f->runs, 1);
	fake_answer(f, LINK_CANNOT, 0, "", "no processes here");
	CHECK_INT(f->runs, 1);
	CHECK_STR(f->run[0].cmd, "swctrl poe restart id 1");
	held = f->run[0];
	f->runs = 0;
	feed_unifi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, off, NULL);
	CHECK_INT(f->acted, 0);
	feed_unifi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, on, NULL);
	CHECK_INT(f->acted, 1);
	CHECK_INT(f->outcome, ACT_OK);
	CHECK_INT(f->ticket, 9);
	f->run[f->runs++] = held;
	fake_answer(f, LINK_DONE, 0, "", NULL);
	CHECK_INT(f->acted, 1);
	/* What was lost on the way may have run: the next rounds tell. */
	feed_unifi.act(f->drv, 10, 1, ACT_POWER_CYCLE);
	fake_answer(f, LINK_DIED, 0, "", "lost");
	CHECK_INT(f->acted, 1);
	f->now += 40000;
	feed_unifi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, off, NULL);
	CHECK_INT(f->acted, 2);
	CHECK_INT(f->outcome, ACT_FAILED);
	/* Closed in the middle: nothing comes any more. */
	feed_unifi.act(f->drv, 11, 1, ACT_POWER_CYCLE);
	CHECK_INT(f->acted, 2);
	fake_free(f);
}

/* Nobody answers any more: the operator is told, and not forever later. */
TEST(a_cycle_without_an_answer_is_uncertain)
{
	struct fake *f = fake_feed(&feed_unifi, NULL, 0);

	f->loop = loop_new();
	loop_freeze(f->loop);
	feed_unifi.act(f->drv, 9, 1, ACT_POWER_CYCLE);
	fake_answer(f, LINK_DIED, 0, "", "lost");
	loop_advance(f->loop, 20000);
	f->now += 20000;
	CHECK_INT(f->acted, 0);
	f->now += 20000;
	loop_advance(f->loop, 20000);
	CHECK_INT(f->acted, 1);
	CHECK_INT(f->outcome, ACT_UNCERTAIN);
	struct loop *loop = f->loop;
	fake_free(f);
	loop_free(loop);
}

/* Off was told, and the end of the cycle switched the port on. */
TEST(no_off_is_taken_while_a_cycle_is_to_switch_on)
{
	struct fake *f = fake_feed(&feed_unifi, NULL, 0);
	const char *on = " 1 Auto Dot3at 32000 Class 2 On Good 1 53 26\nend\n";
	const char *off = " 1 Off Dot3at 32000 Unknown Off Bad 0 0 0\nend\n";
	const char *why;

	feed_unifi.act(f->drv, 9, 1, ACT_POWER_CYCLE);
	fake_answer(f, LINK_DONE, 0, "", NULL);
	why = feed_unifi.can(f->drv, 1, ACT_POWER_OFF);
	CHECK(why != NULL && strstr(why, "under way") != NULL);
	CHECK(feed_unifi.can(f->drv, 1, ACT_POWER_CYCLE) != NULL);
	CHECK(feed_unifi.can(f->drv, 1, ACT_POWER_ON) == NULL);
	CHECK(feed_unifi.can(f->drv, 2, ACT_POWER_OFF) == NULL);
	feed_unifi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, off, NULL);
	feed_unifi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, on, NULL);
	CHECK_INT(f->acted, 1);
	CHECK(feed_unifi.can(f->drv, 1, ACT_POWER_OFF) == NULL);
	fake_free(f);
}

/* A port that was told to be off after its cycle had begun stays off. */
TEST(a_cycle_does_not_undo_a_later_order)
{
	struct fake *f = fake_feed(&feed_unifi, NULL, 0);
	const char *off = " 1 Off Dot3at 32000 Unknown Off Bad 0 0 0\nend\n";

	feed_unifi.act(f->drv, 9, 1, ACT_POWER_CYCLE);
	fake_answer(f, LINK_DONE, 0, "", NULL);
	feed_unifi.act(f->drv, 10, 1, ACT_POWER_OFF);
	fake_answer(f, LINK_DONE, 0, off, NULL);
	CHECK_INT(f->ticket, 10);
	CHECK_INT(f->outcome, ACT_OK);
	f->now += 13000;
	feed_unifi.poll(f->drv);
	fake_answer(f, LINK_DONE, 0, off, NULL);
	CHECK_INT(f->fresh, 1);
	CHECK_INT(f->runs, 0);
	fake_free(f);
}

/* What all relays of a plug draw is not what one of them draws. */
TEST(tasmota_does_not_give_a_sum_to_each_relay)
{
	static const struct setting keys[] = { { "host", "plug" },
		{ "used", "1,2" }, { "ports", "2" } };
	struct fake *f = fake_feed(&feed_tasmota, keys, ARRAY_LEN(keys));

	feed_tasmota.poll(f->drv);
	fake_answer(f, LINK_DONE, 0,
	    "@ power1\n{\"POWER1\":\"ON\"}\n@ power2\n"
	    "{\"POWER2\":\"ON\"}\n@ energy\n{\"StatusSNS\":{\"ENERGY\":"
	    "{\"Power\":40,\"Voltage\":230,\"Current\":0.2}}}\n"
	    "@ end\nend\n",
	    NULL);
	CHECK_INT(f->fresh, 1);
	for (int port = 1; port <= 2; port++) {
		IS(f, port, "power.state", FEED, "on");
		CHECK(fake_find(f, port, "power.volts", SOURCE_FEED) != NULL);
		CHECK(fake_find(f, port, "power.watts", SOURCE_FEED) == NULL);
		CHECK(fake_find(f, port, "power.amps", SOURCE_FEED) == NULL);
	}
	fake_free(f);
}

/* --- in real shells --------------------------------------------------------- */

static const struct setting relay_keys[] = {
	{ "on", "echo is-on >\"$RACKMUX_ROOT/relay%d\"" },
	{ "off", "echo is-off >\"$RACKMUX_ROOT/relay%d\"" },
	{ "status", "cat \"$RACKMUX_ROOT/relay%d\"; exit 3" },
	{ "status_on", "is-on" }, { "status_off", "is-off" },
	{ "watts", "echo 'draws 12.5 W, 100%%'" }, { "used", "2,3" }
};

TEST(commands_of_the_operator)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f =
		    fake_feed(&feed_command, relay_keys, ARRAY_LEN(relay_keys));

		put_tool("cat");
		put("root/relay2", "is-on\n");
		put("root/relay3", "is-off\n");
		feed_command.poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		IS(f, 2, "power.state", FEED, "on");
		IS(f, 2, "power.watts", FEED, "12.5");
		IS(f, 3, "power.state", FEED, "off");
		feed_command.act(f->drv, 1, 2, ACT_POWER_OFF);
		fake_shell(f, shells[i]);
		CHECK_STR(f->acted_text, "port 2 is off");
		CHECK_INT(f->outcome, ACT_OK);
		put("root/relay3", "is-on is-off\n");
		feed_command.poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 2, "power.state", FEED, "off");
		UNKNOWN(f, 3, "power.state", FEED, "both");
		fake_free(f);
	}
}

/* "Permission denied" holds an "on", "sh: 1: not found" a number. */
TEST(a_command_that_fails_is_no_status)
{
	static const struct setting keys[] = {
		{ "status", "echo 'Permission denied' >&2; exit 1" },
		{ "watts", "echo 'sh: 1: not found' >&2; exit 127" }
	};

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_feed(&feed_command, keys, 2);

		feed_command.poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		UNKNOWN(f, 1, "power.state", FEED, "neither");
		CHECK(fake_find(f, 1, "power.watts", SOURCE_FEED) == NULL);
		fake_free(f);
	}
}

/* What fails is said, and what cannot be asked is not made up. */
TEST(commands_without_a_status)
{
	static const struct setting keys[] = { { "on", "true" },
		{ "off", "echo no relay there; exit 1" } };

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_feed(&feed_command, keys, 2);

		put_tool("sleep");
		put_tool("true");
		feed_command.poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK_INT(f->fresh, 1);
		UNKNOWN(f, 1, "power.state", FEED, "status command");
		feed_command.act(f->drv, 1, 1, ACT_POWER_ON);
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_OK);
		CHECK(strstr(f->acted_text, "nothing shows") != NULL);
		feed_command.act(f->drv, 2, 1, ACT_POWER_OFF);
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_FAILED);
		CHECK(strstr(f->acted_text, "no relay there") != NULL);
		fake_free(f);
	}
}

/* By curl where there is one, else by wget. */
TEST(plugs_are_asked_by_what_there_is)
{
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_feed(&feed_shelly, shelly2_keys, 1);

		put("bin/wget", "#!/bin/sh\necho \"{\\\"output\\\":false}\"\n");
		feed_shelly.poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 1, "power.state", FEED, "off");
		put("bin/curl",
		    "#!/bin/sh\necho \"{\\\"output\\\":true,"
		    "\\\"apower\\\":5}\"\n");
		feed_shelly.poll(f->drv);
		fake_shell(f, shells[i]);
		IS(f, 1, "power.state", FEED, "on");
		IS(f, 1, "power.watts", FEED, "5.0");
		put("bin/curl",
		    "#!/bin/sh\necho 'curl: (7) Failed to connect' >&2\n"
		    "exit 7\n");
		feed_shelly.poll(f->drv);
		fake_shell(f, shells[i]);
		CHECK(strstr(f->stale_why, "Failed to connect") != NULL);
		fake_free(f);
		char path[600];
		str_format(path, sizeof path, "%s/bin/curl", test_dir());
		CHECK(unlink(path) == 0);
	}
}

#include "driver_fake.h"

/* --- what cannot be said in a transcript: notes and sentences ------------- */

#define ONCE "uid 1000\nhave sudo\nonce yes\nend\n"
#define WELL \
	"computeblade_state_state{state=\"identify\"} 0\n" \
	"computeblade_fan_unit{type=\"standard\"} 1\n" \
	"computeblade_fan_target_percent 54\n" \
	"computeblade_power_status{type=\"1\"} 1\n" \
	"asked curl 0\nasked sock yes\nend\n"
#define HELP "@ help 0\nmode timed\n  describe  a\n  set  b\n  unset  c\n"

static struct fake *
blade(int slot, const char *agent, const char *ctl)
{
	struct fake *f = fake_new(&driver_compute_blade, slot);

	f->drv->driver->poll(f->drv);
	fake_answer(f, LINK_DONE, 0, ONCE, NULL);
	fake_answer(f, LINK_DONE, 0, agent, NULL);
	fake_answer(f, LINK_DONE, 0, ctl, NULL);
	CHECK_INT(f->fresh, 1);
	CHECK_INT(f->runs, 0);
	return f;
}

static void
note_has(struct fake *f, const char *name, const char *words)
{
	struct fake_value *v = fake_find(f, 1, name, SOURCE_BOARD);

	if (v == NULL)
		v = fake_find(f, 2, name, SOURCE_BOARD);
	CHECK(v != NULL && v->known);
	if (words == NULL ? v->note[0] != '\0' : !strstr(v->note, words))
		test_fail(__FILE__, __LINE__, "%s: \"%s\" lacks \"%s\"", name,
		    v->note, words ? words : "nothing");
}

TEST(compute_blade_notes)
{
	struct fake *f = blade(1, WELL, HELP "@ end 0\nend\n");

	note_has(f, "power.source", "contradict");
	note_has(f, "fan.duty", "not a measurement");
	note_has(f, "fan.pair", "both blades");
	note_has(f, "agent.state", NULL);
	fake_free(f);
	f = blade(2, WELL, HELP "@ end 0\nend\n");
	note_has(f, "fan.duty", "without effect");
	IS(f, 2, "fan.pair", BOARD, "1-2");
	fake_free(f);
}

#define RPC "Error: rpc error: code = Unavailable desc = "
#define DIAL RPC "connection error: desc = \"transport: Error while dialing: "
#define SOCK DIAL "dial unix /tmp/compute-blade-agent.sock: connect: "
#define USAGE "\nUsage:\n  bladectl set identify [flags]\n"

/* What bladectl or sudo says, its exit status, and what it must come to. */
static const struct {
	const char *said;
	int status;
	const char *remedy;
	bool uncertain, only_told;
} causes[] = {
	{ RPC "name resolver error: produced zero addresses" USAGE, 1,
	    "set server: unix:///tmp/compute-blade-agent.sock.", false, false },
	{ SOCK "no such file or directory\"" USAGE, 1, "restart it", false,
	    false },
	{ SOCK "connection refused\"" USAGE, 1, "restart it", false, false },
	{ SOCK "permission denied\"" USAGE, 1, "Only root", false, false },
	{ "Error: Config File \"config\" Not Found in "
	  "\"[/root/.config/bladectl]\"" USAGE,
	    1, "finds no configuration", false, false },
	{ "Error: current blade not found in configuration" USAGE, 1,
	    "current-blade", false, false },
	{ DIAL "dial tcp 127.0.0.1:8082: connect: connection refused\"" USAGE,
	    1, "Nobody listens", false, false },
	{ RPC "connection error: desc = \"error reading server preface: read "
	      "tcp\"" USAGE,
	    1, "hangs", true, false },
	{ "", 124, "hangs", true, false },
	{ RPC "connection error: desc = \"transport: authentication handshake "
	      "failed: tls: x509: certificate has expired\"" USAGE,
	    1, "good for a year", false, false },
	{ "Error: rpc error: code = Unimplemented desc = method GetStatus not "
	  "implemented" USAGE,
	    1, "older than bladectl", false, true },
	{ "Error: rpc error: code = Unknown desc = the moon is full" USAGE, 1,
	    "the moon is full", false, true },
	{ "Error: unknown command \"set\" for \"bladectl\"" USAGE, 1,
	    "knows no command", false, false },
	{ "sudo: a password is required\n", 1, "NOPASSWD", false, false },
	{ "sudo: a terminal is required to read the password\n", 1, "NOPASSWD",
	    false, false },
	{ "pi is not in the sudoers file.\n", 1, "log in as root", false,
	    false },
	{ "Sorry, user pi is not allowed to execute 'x' as root on b.\n", 1,
	    "log in as root", false, false },
	{ "sudo: bladectl: command not found\n", 1, "secure_path", false,
	    false },
	{ "sh: 1: sudo: not found\n", 127, "install sudo", false, false },
	{ "sh: 1: bladectl: not found\n", 127, "install compute-blade-agent",
	    false, false },
};

static void
check_cause(const char *what, const char *text, const char *remedy)
{
	if (text == NULL || strstr(text, remedy) == NULL)
		test_fail(__FILE__, __LINE__, "%s: \"%s\" lacks \"%s\"", what,
		    text ? text : "(possible)", remedy);
	if (text != NULL && strlen(text) > 160)
		test_fail(__FILE__, __LINE__, "long: %s", text);
}

/* Seen before anybody acts: beside the agent's state, and in can(). */
TEST(compute_blade_trouble_is_seen_without_acting)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		struct buf ctl;
		struct fake *f;

		buf_init(&ctl, 0);
		buf_printf(&ctl, "%s@ get %d\n%s\n@ end 0\nend\n", HELP,
		    causes[i].status, causes[i].said);
		f = blade(1, WELL, buf_str(&ctl));
		IS(f, 1, "agent.state", BOARD, "up");
		IS(f, 1, "fan.duty", BOARD, "54");
		note_has(f, "agent.state", causes[i].remedy);
		for (int a = ACT_LOCATE_ON; a <= ACT_LOCATE_OFF; a++) {
			const char *s =
			    f->drv->driver->can(f->drv, 1, (enum act)a);

			if (causes[i].only_told)
				CHECK(s == NULL);
			else
				check_cause("can", s, causes[i].remedy);
		}
		CHECK(f->drv->driver->can(f->drv, 1, ACT_POWER_RESET) == NULL);
		fake_free(f);
		buf_release(&ctl);
	}
}

TEST(compute_blade_orders_name_the_cause)
{
	for (size_t i = 0; i < ARRAY_LEN(causes); i++) {
		struct fake *f = blade(1, WELL, HELP "@ end 0\nend\n");
		const char *remedy = causes[i].remedy;

		/* Whether it ran is only known when all is asked again. */
		if (strcmp(remedy, "restart it") == 0)
			remedy = "compute-blade-agent";
		CHECK(f->drv->driver->can(f->drv, 1, ACT_LOCATE_ON) == NULL);
		f->drv->driver->act(f->drv, 9, 1, ACT_LOCATE_ON);
		fake_answer(
		    f, LINK_DONE, causes[i].status, causes[i].said, NULL);
		CHECK_INT(f->acted, 1);
		CHECK_INT(f->outcome,
		    causes[i].uncertain ? ACT_UNCERTAIN : ACT_FAILED);
		if (strstr(f->acted_text, remedy) == NULL)
			test_fail(__FILE__, __LINE__, "%s: %s", causes[i].said,
			    f->acted_text);
		/* bladectl is looked at again, but not at once. */
		for (int k = 0; k < 2; k++) {
			f->now += 3000;
			f->drv->driver->poll(f->drv);
			fake_answer(f, LINK_DONE, 0, "end\n", NULL);
			fake_answer(f, LINK_DONE, 0, WELL, NULL);
			CHECK_INT(f->runs, k);
		}
		fake_free(f);
	}
}

/* Help with an exit status of 0 is no success, and nothing is guessed of an
 * order that was lost on its way. */
TEST(compute_blade_orders_are_not_taken_for_done)
{
	struct fake *f = blade(1, WELL, HELP "@ end 0\nend\n");

	f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_OFF);
	fake_answer(f, LINK_DONE, 0, "Configure a blade\n" USAGE, NULL);
	CHECK_INT(f->outcome, ACT_FAILED);
	CHECK(strstr(f->acted_text, "knows no command") != NULL);
	f->drv->driver->act(f->drv, 2, 1, ACT_LOCATE_OFF);
	fake_answer(f, LINK_TIMED_OUT, 0, "", "no end of it");
	CHECK_INT(f->outcome, ACT_UNCERTAIN);
	f->drv->driver->act(f->drv, 3, 1, ACT_POWER_SOFT);
	CHECK_STR(f->run[0].cmd, "sudo -n systemctl poweroff");
	fake_answer(f, LINK_DONE, 0, "", NULL);
	CHECK_INT(f->outcome, ACT_OK);
	CHECK(strstr(f->acted_text, "until its PoE port") != NULL);
	f->drv->driver->act(f->drv, 4, 1, ACT_POWER_RESET);
	CHECK_STR(f->run[0].cmd, "sudo -n systemctl reboot");
	fake_answer(f, LINK_DIED, 0, "", "gone");
	CHECK_INT(f->outcome, ACT_OK);
	f->drv->driver->act(f->drv, 5, 1, ACT_POWER_RESET);
	fake_answer(f, LINK_DONE, 1, "sudo: a password is required\n", NULL);
	CHECK_INT(f->outcome, ACT_FAILED);
	CHECK(strstr(f->acted_text, "run systemctl") != NULL);
	fake_free(f);
}

/* What hangs ends before a peer would pass for silent. */
TEST(compute_blade_limit_follows_the_poll)
{
	static const struct {
		unsigned poll_ms;
		const char *cmd;
	} limits[] = {
		{ 200, "rm_blade 0.1" },
		{ 500, "rm_blade 0.4" },
		{ 1000, "rm_blade 0.8" },
		{ 2000, "rm_blade 1" },
		{ 5000, "rm_blade 2.5" },
		{ 60000, "rm_blade 5" },
	};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct fake *f = fake_new(&driver_compute_blade, 1);

		f->drv->config.poll_ms = limits[i].poll_ms;
		f->drv->driver->poll(f->drv);
		fake_answer(f, LINK_DONE, 0, ONCE, NULL);
		CHECK_INT(f->runs, 1);
		CHECK_STR(f->run[0].cmd, limits[i].cmd);
		fake_free(f);
	}
}

static const char *
can(struct fake *f, enum act act)
{
	const char *s = f->drv->driver->can(f->drv, 1, act);

	return s != NULL ? s : "";
}

TEST(compute_blade_cannot)
{
	struct fake *f = blade(1, WELL, HELP "@ end 0\nend\n");

	CHECK(strstr(can(f, ACT_POWER_ON), "give its node a feed") != NULL);
	CHECK(strstr(can(f, ACT_POWER_OFF), "give its node a feed") != NULL);
	CHECK(strstr(can(f, ACT_POWER_CYCLE), "give its node a feed") != NULL);
	CHECK(strstr(can(f, ACT_CONSOLE), "no console server") != NULL);
	CHECK(strstr(can(f, ACT_FLASH), "rpiboot") != NULL);
	CHECK(strstr(can(f, ACT_USB_BOOT), "nRPIBOOT") != NULL);
	CHECK(f->drv->driver->can(f->drv, 2, ACT_LOCATE_ON) != NULL);
	fake_free(f);
	f = blade(1, "asked curl 7\nasked sock yes\nend\n",
	    HELP "@ get 1\n" SOCK "connection refused\"\n@ end 0\nend\n");
	CHECK(strstr(can(f, ACT_LOCATE_ON), "remove /tmp/") != NULL);
	note_has(f, "agent.state", "remove /tmp/compute-blade-agent.sock");
	fake_free(f);
	f = blade(1, "asked curl 7\nasked sock yes\nend\n",
	    "installed computeblade-agent\n" HELP "@ end 0\nend\n");
	CHECK(strstr(can(f, ACT_LOCATE_ON), "/tmp/computeblade-agent.sock"));
	fake_free(f);
	f = blade(1, "asked curl 7\nend\n", "@ end 0\nend\n");
	CHECK(strstr(can(f, ACT_LOCATE_ON), "install compute") != NULL);
	CHECK_STR(can(f, ACT_POWER_SOFT), "");
	fake_free(f);
}

/* --- the scripts, on a machine laid out in a folder ------------------------ */

static void
machine(void)
{
	static const char *const names[] = { "tr", "uname", "id", "sh", "cat",
		"timeout", "grep", "env" };
	char silent[600];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put_tool(names[i]);
	put("root/proc/uptime", "4000.25 3900.00\n");
	put("root/proc/device-tree/model",
	    "Raspberry Pi Compute Module 4 Rev 1.1");
	put("root/sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
	put("root/sys/class/thermal/thermal_zone0/temp", "48687\n");
	put("root/sys/class/leds/ACT/trigger", "none [mmc0] timer\n");
	put("root/tmp/compute-blade-agent.sock", "");
	put("root/etc/compute-blade-agent/config.yaml", "");
	put("root/metrics",
	    "# HELP computeblade_fan_speed Fan speed in RPM\n"
	    "# TYPE computeblade_fan_speed gauge\n"
	    "computeblade_fan_speed 3120.4\n"
	    "computeblade_fan_target_percent 54\n"
	    "computeblade_fan_unit{type=\"standard\"} 1\n"
	    "computeblade_compute_module_present{type=\"cm4\"} 1\n"
	    "computeblade_led_color_change_event_count 27\n"
	    "computeblade_agent_events_count{type=\"identify\"} 2\n"
	    "computeblade_airflow_temperature 0\n"
	    "computeblade_state_state{state=\"identify\"} 0\n"
	    "computeblade_soc_temperature 48.6\n"
	    "go_goroutines 12\nprocess_cpu_seconds_total 12.5\n");
	put("bin/id", "#!/bin/sh\necho 1000\n");
	/* Who reads it waits until he is ended. */
	str_format(silent, sizeof silent, "%s/root/silent", test_dir());
	CHECK_INT(mkfifo(silent, 0600), 0);
}

/* Each call, and what of the environment matters, goes to a file. */
#define CALLED "echo \"$0 $*\" >>\"$RACKMUX_ROOT/called\"\n"

static void
bladectl(void)
{
	put("bin/bladectl",
	    "#!/bin/sh\n" CALLED "case \"$*\" in\n"
	    "--help) echo 'Available Commands:'\n"
	    "echo '  describe    Describe'\n"
	    "echo '  get         Get'\n"
	    "echo '  remove      Remove'\n"
	    "echo '  set         Set' ;;\n"
	    "version) echo '| bladectl       | 0.11.2  | 1f6fecf |' ;;\n"
	    "'get identify') [ -z \"$BROKEN\" ] || exit 1\n"
	    "echo ' Off' ;;\n"
	    "'set identify' | 'remove identify')\n"
	    "echo \"$*\" >>\"$RACKMUX_ROOT/done\" ;;\n"
	    "*) exit 1 ;;\n"
	    "esac\n");
}

static void
sudo(const char *policy)
{
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b,
	    "#!/bin/sh\n" CALLED
	    "[ \"$1 $2\" = '-n -H' ] || exit 3\nshift 2\n");
	buf_puts(&b, policy);
	buf_puts(&b, "HOME=/root exec \"$@\"\n");
	put("bin/sudo", buf_str(&b));
	buf_release(&b);
}

static const char *
curl(const char *body)
{
	static char text[1024];

	str_format(text, sizeof text, "#!/bin/sh\n" CALLED "%s", body);
	return text;
}

#define CURL_OK \
	"[ \"$1 $2 $3\" = '-s --max-time 1' ] || exit 2\n" \
	"[ \"$4\" = http://127.0.0.1:9666/metrics ] || exit 2\n" \
	"[ -z \"$http_proxy$all_proxy\" ] || exit 5\n" \
	"cat \"$RACKMUX_ROOT/metrics\"\n"

static char *
file(const char *name)
{
	char path[600], *text = mem_alloc(65536);
	FILE *fp;
	size_t n;

	str_format(path, sizeof path, "%s/root/%s", test_dir(), name);
	fp = fopen(path, "r");
	if (fp == NULL)
		return text;
	n = fread(text, 1, 65535, fp);
	text[n] = '\0';
	fclose(fp);
	(void)unlink(path);
	return text;
}

static struct fake *
round_of(const char *shell)
{
	struct fake *f = fake_new(&driver_compute_blade, 1);

	f->drv->driver->poll(f->drv);
	while (f->runs > 0)
		fake_shell(f, shell);
	CHECK_INT(f->fresh, 1);
	return f;
}

TEST(compute_blade_scripts_on_a_blade)
{
	machine();
	bladectl();
	sudo("");
	put("bin/curl", curl(CURL_OK));
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = round_of(shells[i]);
		char *text;

		IS(f, 1, "temp.soc", NODE, "48.7");
		IS(f, 1, "agent.state", BOARD, "up");
		note_has(f, "agent.state", NULL);
		IS(f, 1, "fan.rpm", BOARD, "3120");
		IS(f, 1, "fan.duty", BOARD, "54");
		IS(f, 1, "node.module", BOARD, "cm4");
		IS(f, 1, "locate.state", BOARD, "off");
		IS(f, 1, "agent.version", BOARD, "0.11.2");
		CHECK(fake_find(f, 1, "locate.state", SOURCE_NODE) == NULL);
		free(file("called"));
		f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_ON);
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_OK);
		f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_OFF);
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_OK);
		text = file("done");
		CHECK_STR(text, "set identify\nremove identify\n");
		free(text);
		text = file("called");
		CHECK(strstr(text, "--wait") == NULL);
		CHECK(strstr(text, " -A") == NULL);
		CHECK(strstr(text, " -a") == NULL);
		free(text);
		/* A poll starts curl and grep, and neither sudo nor bladectl. */
		f->drv->driver->poll(f->drv);
		while (f->runs > 0)
			fake_shell(f, shells[i]);
		text = file("called");
		CHECK(strstr(text, "curl -s") != NULL);
		CHECK(strchr(text, '\n') == strrchr(text, '\n'));
		free(text);
		fake_free(f);
	}
}

/* Only what matters goes over the wire. */
TEST(compute_blade_metrics_are_filtered_on_the_blade)
{
	machine();
	put("bin/curl", curl(CURL_OK));
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = fake_new(&driver_compute_blade, 1);

		f->drv->driver->poll(f->drv);
		fake_shell(f, shells[i]);
		buf_puts(&f->defined,
		    "export http_proxy=http://x\nrm_filtered() {\nrm_blade 1 >\"$R/out\"\n"
		    "printf 'end\\n'\n}\n");
		free(f->run[0].cmd);
		f->run[0].cmd = mem_strdup("R=$RACKMUX_ROOT; rm_filtered");
		fake_shell(f, shells[i]);
		{
			char *text = file("out");

			CHECK(str_starts(text, "computeblade_fan_speed 31"));
			CHECK(strstr(text, "computeblade_airflow") != NULL);
			CHECK(strstr(text, "led_color") == NULL);
			CHECK(strstr(text, "agent_events") == NULL);
			CHECK(strstr(text, "go_") == NULL);
			CHECK(strstr(text, "# ") == NULL);
			CHECK(str_ends(
			    text, "asked curl 0\nasked sock yes\nend\n"));
			free(text);
		}
		while (f->runs > 0)
			fake_shell(f, shells[i]);
		fake_free(f);
	}
}

/* By wget, by bash, by nothing; what refuses, and what hangs. */
TEST(compute_blade_asks_with_what_there_is)
{
	static const struct {
		const char *tool, *body, *state, *why;
	} with[] = {
		{ "curl", "exit 7\n", "down", "keeps it from starting" },
		{ "curl", "exit 28\n", "hung", "hangs" },
		{ "curl", "echo hello\n", NULL, "no agent of a blade" },
		{ "curl", "exit 52\n", NULL, "no agent of a blade" },
		{ "wget", "cat \"$RACKMUX_ROOT/metrics\"\n", "up", "" },
		{ "wget", "exit 4\n", "down", "" },
		{ "wget", "exit 1\n", "down", "" },
		{ "wget", "exit 8\n", NULL, "no agent of a blade" },
		{ "wget", "exec cat \"$RACKMUX_ROOT/silent\"\n", "hung", "" },
		{ "bash", "cat \"$RACKMUX_ROOT/metrics\"\n", "up", "" },
		{ "bash", "exit 7\n", "down", "" },
		{ "none", "", NULL, "install curl" },
	};

	machine();
	for (size_t k = 0; k < ARRAY_LEN(with); k++)
		for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
			char path[32], gone[600];
			struct fake *f;

			str_format(path, sizeof path, "bin/%s", with[k].tool);
			put(path, curl(with[k].body));
			f = round_of(shells[i]);
			if (with[k].state != NULL)
				IS(f, 1, "agent.state", BOARD, with[k].state);
			else
				UNKNOWN(
				    f, 1, "agent.state", BOARD, with[k].why);
			if (with[k].state != NULL && with[k].why[0] != '\0')
				note_has(f, "agent.state", with[k].why);
			IS(f, 1, "temp.soc", NODE, "48.7");
			fake_free(f);
			str_format(
			    gone, sizeof gone, "%s/%s", test_dir(), path);
			CHECK_INT(unlink(gone), 0);
		}
}

/* The real bash's /dev/tcp, against a port where nobody is. */
TEST(compute_blade_asks_with_a_real_bash)
{
	struct fake *f;

	machine();
	put_tool("bash");
	f = round_of("dash");
	CHECK(fake_find(f, 1, "agent.state", SOURCE_BOARD) != NULL);
	IS(f, 1, "temp.soc", NODE, "48.7");
	fake_free(f);
}

static const char only_bladectl[] =
    "[ \"$1\" = bladectl ] ||\n"
    "{ echo \"Sorry, user pi is not allowed to execute '$*' as root.\"\n"
    "exit 1; } >&2\n";

TEST(compute_blade_and_what_sudo_allows)
{
	static const char password[] =
	    "echo 'sudo: a password is required' >&2\nexit 1\n";

	machine();
	bladectl();
	put("bin/curl", curl(CURL_OK));
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f;

		sudo(only_bladectl);
		f = round_of(shells[i]);
		CHECK_STR(can(f, ACT_LOCATE_ON), "");
		f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_ON);
		CHECK_STR(
		    f->run[0].cmd, "sudo -n -H bladectl set identify 2>&1");
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_OK);
		fake_free(f);
		sudo(password);
		f = round_of(shells[i]);
		check_cause("can", can(f, ACT_LOCATE_ON), "NOPASSWD");
		IS(f, 1, "agent.version", BOARD, "0.11.2");
		IS(f, 1, "agent.state", BOARD, "up");
		note_has(f, "agent.state", "NOPASSWD");
		fake_free(f);
	}
}

TEST(compute_blade_as_root_has_roots_home)
{
	machine();
	put("bin/id", "#!/bin/sh\necho 0\n");
	put("bin/curl", curl(CURL_OK));
	put("bin/bladectl",
	    "#!/bin/sh\n[ \"$HOME\" = /root ] || exit 9\n"
	    "case $1 in --help) echo '  set  S'; echo '  unset U' ;; esac\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = round_of(shells[i]);

		f->drv->driver->act(f->drv, 1, 1, ACT_LOCATE_OFF);
		CHECK_STR(f->run[0].cmd,
		    "HOME=/root timeout 5 bladectl unset identify 2>&1");
		fake_shell(f, shells[i]);
		CHECK_INT(f->outcome, ACT_OK);
		fake_free(f);
	}
}

/* A bladectl that hangs is ended; without timeout(1) there is no limit. */
TEST(compute_blade_ends_a_bladectl_that_hangs)
{
	machine();
	sudo("");
	put("bin/curl", curl(CURL_OK));
	put("bin/bladectl",
	    "#!/bin/sh\ncase $1 in\n--help) echo '  describe  D'\n"
	    "echo '  set  S' ;;\n*) exec cat \"$RACKMUX_ROOT/silent\" ;;\nesac\n");
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		struct fake *f = round_of(shells[i]);

		IS(f, 1, "agent.state", BOARD, "up");
		check_cause("can", can(f, ACT_LOCATE_ON), "hangs");
		fake_free(f);
	}
}

/* The link died while the first round waited for bladectl, and the round was
 * told as whole. */
TEST(compute_blade_round_is_not_whole_when_the_link_dies)
{
	struct fake *f = fake_new(&driver_compute_blade, 1);

	f->drv->driver->poll(f->drv);
	fake_answer(f, LINK_DONE, 0, ONCE, NULL);
	fake_answer(f, LINK_DONE, 0, WELL, NULL);
	CHECK_INT(f->fresh, 0);
	fake_answer(f, LINK_DIED, 0, "", "reset");
	CHECK_INT(f->fresh, 0);
	CHECK_INT(f->stale, 1);
	fake_free(f);
}

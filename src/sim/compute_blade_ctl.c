/*
 * bladectl: its generations differ in commands and in how they find the
 * agent. All that goes wrong ends in exit status 1, with the message before
 * and after a page of usage.
 */
#include "compute_blade_ctl.h"

#include <string.h>

#include "proc_in.h"
#include "rackmux/base/text.h"

#define START_MS 30 /* to load a Go program on such a board */

static int
help(struct ctl *c, const char *what)
{
	static const char *const commands[] = {
		[CTL_FIRST] =
		    "  completion  Generate the autocompletion script\n"
		    "  fan         Fan-related commands\n"
		    "  help        Help about any command\n"
		    "  identify    Identify the blade\n",
		[CTL_VERBS] =
		    "  completion  Generate the autocompletion script\n"
		    "  get         Display compute-blade related information\n"
		    "  help        Help about any command\n"
		    "  set         Configure compute-blade\n"
		    "  unset       Unset (remove) a configuration\n"
		    "  version     Shows version information\n",
		[CTL_STATUS] =
		    "  completion  Generate the autocompletion script\n"
		    "  describe    Display details about a resource\n"
		    "  get         Display compute-blade related information\n"
		    "  help        Help about any command\n"
		    "  monitor     Render a live view of the blade\n"
		    "  remove      Remove a configuration\n"
		    "  set         Configure compute-blade\n"
		    "  version     Shows version information\n",
	};

	proc_printf(c->p,
	    "bladectl interacts with the compute-blade-agent\n\nUsage:\n"
	    "  bladectl%s [command]\n\nAvailable Commands:\n%s\nFlags:\n"
	    "  -h, --help   help for bladectl\n\nUse \"bladectl [command] "
	    "--help\" for more information about a command.\n",
	    what, commands[c->blade->ctl->ctl]);
	return 0;
}

/* --- what it says --- */

static int
ask_status(struct ctl *c)
{
	int rc = ctl_reach(c);

	if (rc != 0)
		return rc;
	if (!c->blade->agent->get_status)
		return ctl_fail(c,
		    "rpc error: code = Unimplemented desc = method GetStatus "
		    "not implemented");
	c->blade->asked = true;
	return 0;
}

static const char *
active(bool on)
{
	return on ? "Active" : "Off";
}

static const char *
power(const struct blade *blade)
{
	return blade->poe_plus ? "poe+" : "poeOrUsbC";
}

/* Colours only where somebody looks; the limits are its own. */
static void
say(struct ctl *c, const char *text, bool warning, bool critical)
{
	const char *term = proc_env(c->p, "TERM");

	if (proc_tty(c->p) == NULL || !proc_out_is_far(c->p) ||
	    (term != NULL && strcmp(term, "dumb") == 0))
		proc_printf(c->p, "%s\n", text);
	else
		proc_printf(c->p, "\033[38;5;%dm%s\033[0m\n",
		    critical      ? 160
			: warning ? 173
				  : 36,
		    text);
}

static void
fan_text(const struct blade *blade, char *out, size_t size)
{
	str_format(
	    out, size, "%d RPM (%d%%)", agent_rpm(blade), agent_percent(blade));
}

static void
get_status(struct ctl *c)
{
	struct blade *blade = c->blade;
	char temp[16], over[16] = "Not set", fan[32];
	const char *const cells[16] = { "BLADE", "TEMPERATURE",
		"FAN SPEED OVERRIDE", "FAN SPEED", "STEALTH MODE", "IDENTIFY",
		"CRITICAL MODE", "POWER STATUS", blade->n->hostname, temp, over,
		fan, active(blade->stealth), active(blade->identify),
		active(false), power(blade) };

	str_format(temp, sizeof(temp), "%d°C", (int)blade->n->temp);
	if (blade->override >= 0)
		str_format(over, sizeof(over), "%d%%", blade->override);
	fan_text(blade, fan, sizeof(fan));
	blade_table(c->p, cells, 8, 2);
}

static bool
is_one_of(const char *word, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

static const char *const fan_names[] = { "fan", "fan_speed", "rpm", NULL };
static const char *const temp_names[] = { "temp", "temperature", NULL };
static const char *const power_names[] = { "power_status", "powerstatus",
	"power", NULL };
static const char *const get_names[] = { "status", "fan", "fan_speed", "rpm",
	"temp", "temperature", "power_status", "powerstatus", "power",
	"identify", "stealth", "critical", NULL };

static int
do_get(struct ctl *c)
{
	struct blade *blade = c->blade;
	const char *what = c->n_words > 1 ? c->words[1] : "";
	char text[32];
	int rc;

	if (blade->ctl->ctl != CTL_STATUS || !is_one_of(what, get_names))
		return help(c, " get");
	if ((rc = ask_status(c)) != 0)
		return rc;
	if (strcmp(what, "status") == 0) {
		get_status(c);
	} else if (is_one_of(what, temp_names)) {
		str_format(text, sizeof(text), "%d°C", (int)blade->n->temp);
		say(c, text, blade->n->temp >= 50, blade->n->temp >= 60);
	} else if (is_one_of(what, fan_names)) {
		fan_text(blade, text, sizeof(text));
		say(c, text, agent_rpm(blade) > 5250, agent_rpm(blade) > 6000);
	} else if (is_one_of(what, power_names)) {
		proc_printf(c->p, "%s\n", power(blade));
	} else if (strcmp(what, "critical") == 0) {
		proc_puts(c->p, "Off\n");
	} else {
		/* It renders an empty prefix, and a space. */
		proc_printf(c->p, " %s\n",
		    active(strcmp(what, "stealth") == 0 ? blade->stealth
							: blade->identify));
	}
	return 0;
}

static int
do_describe(struct ctl *c)
{
	const char *const cells[6] = { "BLADE", "45 ° C", "55 ° C",
		c->blade->n->hostname, "40%", "80%" };
	int rc;

	if (c->n_words < 2 || !is_one_of(c->words[1], fan_names))
		return help(c, " describe");
	if ((rc = ask_status(c)) != 0)
		return rc;
	blade_table(c->p, cells, 3, 2);
	return 0;
}

static int
do_version(struct ctl *c)
{
	const struct blade_release *ctl = c->blade->ctl,
				   *agent = c->blade->agent;
	char mine[4][40], its[4][40];
	const char *const cells[12] = { "COMPONENT", "VERSION", "COMMIT",
		"BUILD TIME", mine[0], mine[1], mine[2], mine[3], its[0],
		its[1], its[2], its[3] };
	size_t rows = 2;

	c->no_usage = true;
	if (ctl->version_asks && ask_status(c) == 0)
		rows = 3;
	str_copy(mine[0], sizeof(mine[0]), "bladectl");
	str_copy(mine[1], sizeof(mine[1]), ctl->version);
	str_copy(mine[2], sizeof(mine[2]), ctl->commit);
	str_copy(mine[3], sizeof(mine[3]), ctl->built);
	str_format(its[0], sizeof(its[0]), "api: %s", c->blade->n->hostname);
	str_copy(its[1], sizeof(its[1]), agent->version);
	str_copy(its[2], sizeof(its[2]), agent->commit);
	str_copy(its[3], sizeof(its[3]), agent->built);
	blade_table(c->p, cells, 4, rows);
	return 0;
}

/* --- what it does --- */

static int
set_identify(struct ctl *c, bool on)
{
	int rc = ctl_reach(c);

	if (rc != 0)
		return rc;
	agent_identify(c->blade, on && !c->confirm);
	while (
	    on && c->wait && c->blade->identify && c->blade->state == AGENT_UP)
		if (proc_sleep(c->p, 100) != 0)
			return 1;
	return 0;
}

static int
set_percent(struct ctl *c, const char *text)
{
	char why[160];
	long percent;
	int rc;

	if (!str_long(text, -2147483647L, 2147483647L, &percent)) {
		str_format(why, sizeof(why),
		    "invalid argument \"%s\" for \"-p, --percent\" flag: "
		    "strconv.ParseInt: parsing \"%s\": invalid syntax",
		    text, text);
		return ctl_fail(c, why);
	}
	/* It is sent as a byte, unchecked. */
	if ((rc = ctl_reach(c)) == 0)
		agent_set_fan(c->blade, (int)(percent & 0xff));
	return rc;
}

static int
set_fan(struct ctl *c)
{
	int rc;

	if (c->percent != NULL)
		return set_percent(c, c->percent);
	if (c->blade->ctl->ctl == CTL_VERBS)
		return ctl_fail(c, "required flag(s) \"percent\" not set");
	if (!c->automatic)
		return ctl_fail(
		    c, "you must specify either --auto or --percent");
	if ((rc = ctl_reach(c)) == 0)
		agent_set_fan(c->blade, -1);
	return rc;
}

static int
set_stealth(struct ctl *c, bool on)
{
	int rc = ctl_reach(c);

	if (rc == 0)
		c->blade->stealth = on;
	return rc;
}

static int
do_set(struct ctl *c)
{
	const char *what = c->n_words > 1 ? c->words[1] : "";
	bool all = c->blade->ctl->ctl == CTL_STATUS;

	if (strcmp(what, "identify") == 0)
		return set_identify(c, true);
	if (is_one_of(what, fan_names))
		return set_fan(c);
	if (all && strcmp(what, "stealth") == 0)
		return set_stealth(c, !c->disable);
	return help(c, " set");
}

static int
do_remove(struct ctl *c)
{
	const char *what = c->n_words > 1 ? c->words[1] : "";
	bool all = c->blade->ctl->ctl == CTL_STATUS;
	int rc;

	if (strcmp(what, "identify") == 0)
		return set_identify(c, false);
	if (all && strcmp(what, "stealth") == 0)
		return set_stealth(c, false);
	if (!all || !is_one_of(what, fan_names))
		return help(c, " remove");
	if ((rc = ctl_reach(c)) == 0)
		agent_set_fan(c->blade, -1);
	return rc;
}

/* --- the command line --- */

static bool
long_flag(struct ctl *c, const char *a, const char *next, int *taken)
{
	static const char *const with_value[] = { "--percent", "--blade",
		"--timeout", "--addr", NULL };
	const char **const values[] = { &c->percent, &c->name, &c->timeout,
		NULL };
	size_t i;

	for (i = 0; with_value[i] != NULL; i++) {
		size_t len = strlen(with_value[i]);

		if (!str_starts(a, with_value[i]) ||
		    (a[len] != '\0' && a[len] != '='))
			continue;
		*taken = a[len] == '\0';
		if (values[i] != NULL)
			*values[i] = *taken ? next : a + len + 1;
		return !*taken || next != NULL;
	}
	c->confirm = c->confirm || strcmp(a, "--confirm") == 0;
	c->wait = c->wait || strcmp(a, "--wait") == 0;
	c->automatic = c->automatic || strcmp(a, "--auto") == 0;
	c->disable = c->disable || strcmp(a, "--disable") == 0;
	c->all = c->all || strcmp(a, "--all") == 0;
	c->help = c->help || strcmp(a, "--help") == 0;
	return strcmp(a, "--confirm") == 0 || strcmp(a, "--wait") == 0 ||
	    strcmp(a, "--disable") == 0 || strcmp(a, "--help") == 0 ||
	    (c->blade->ctl->ctl == CTL_STATUS &&
		(strcmp(a, "--auto") == 0 || strcmp(a, "--all") == 0));
}

static bool
short_flag(struct ctl *c, const char *a, const char *next, int *taken)
{
	char all = c->blade->ctl->all;
	bool fan = c->n_words > 1 && strcmp(c->words[0], "set") == 0 &&
	    is_one_of(c->words[1], fan_names);

	if (a[1] == 'p') {
		*taken = a[2] == '\0';
		c->percent = *taken ? next : a + 2 + (a[2] == '=');
		return c->percent != NULL;
	}
	for (a++; *a != '\0'; a++) {
		if (*a == 'a' && fan && c->blade->ctl->ctl == CTL_STATUS)
			c->automatic = true;
		else if (*a == all)
			c->all = true;
		else if (*a == 'c')
			c->confirm = true;
		else if (*a == 'w')
			c->wait = true;
		else if (*a == 'e')
			c->disable = true;
		else if (*a == 'h')
			c->help = true;
		else
			return false;
	}
	return true;
}

static int
bad_flag(struct ctl *c, const char *a)
{
	char why[96];

	if (a[1] == '-')
		str_format(why, sizeof(why), "unknown flag: %.64s", a);
	else
		str_format(why, sizeof(why),
		    "unknown shorthand flag: '%c' in %.64s", a[1], a);
	return ctl_fail(c, why);
}

static int
parse(struct ctl *c, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *a = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		int taken = 0;
		bool ok = true;

		if (a[0] == '-' && a[1] == '-')
			ok = long_flag(c, a, next, &taken);
		else if (a[0] == '-' && a[1] != '\0')
			ok = short_flag(c, a, next, &taken);
		else if (c->n_words < WORDS)
			c->words[c->n_words++] = a;
		if (!ok)
			return bad_flag(c, a);
		i += taken;
	}
	return 0;
}

static int
unknown_command(struct ctl *c)
{
	char when[32], why[128];

	str_format(why, sizeof(why),
	    "unknown command \"%.64s\" for \"bladectl\"", c->words[0]);
	ctl_time(c->p, when, sizeof(when));
	proc_err(c->p, "Error: %s\nRun 'bladectl --help' for usage.\n%s %s\n",
	    why, when, why);
	return 1;
}

static int
first_generation(struct ctl *c)
{
	if (strcmp(c->words[0], "identify") == 0)
		return set_identify(c, true);
	if (strcmp(c->words[0], "fan") != 0)
		return unknown_command(c);
	if (c->n_words > 2 && strcmp(c->words[1], "set-percent") == 0)
		return set_percent(c, c->words[2]);
	return help(c, " fan");
}

static int
dispatch(struct ctl *c)
{
	static const char *const removes[] = { "remove", "rm", "delete", "del",
		"unset", NULL };
	bool all = c->blade->ctl->ctl == CTL_STATUS;

	if (c->n_words == 0 || c->help || strcmp(c->words[0], "help") == 0)
		return help(c, "");
	if (c->blade->ctl->ctl == CTL_FIRST)
		return first_generation(c);
	if (strcmp(c->words[0], "get") == 0)
		return do_get(c);
	if (strcmp(c->words[0], "set") == 0)
		return do_set(c);
	if (is_one_of(c->words[0], removes))
		return do_remove(c);
	if (strcmp(c->words[0], "version") == 0)
		return do_version(c);
	if (all && strcmp(c->words[0], "describe") == 0)
		return do_describe(c);
	if (all && strcmp(c->words[0], "monitor") == 0)
		return ctl_fail(c,
		    "failed to initialize termui: open /dev/tty: no such "
		    "device or address");
	return unknown_command(c);
}

int
cmd_bladectl(struct proc *p, int argc, char **argv)
{
	struct ctl c = { .p = p, .blade = blade_of(proc_machine(p)->board) };
	int rc;

	if (proc_sleep(p, START_MS) != 0)
		return 1;
	if ((rc = parse(&c, argc, argv)) != 0)
		return rc;
	return dispatch(&c);
}

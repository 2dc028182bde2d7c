#include "rackmux/driver/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Whatever switches power by a command: a relay on a GPIO, uhubctl, another
 * vendor's tool. The commands are the operator's own words and go to the
 * shell as they are; %d stands for the port, which is a checked number.
 * Without a status command nothing is known but what was ordered last.
 */

static void
add_command(struct buf *b, const char *tmpl, int port)
{
	for (const char *s = tmpl; *s != '\0'; s++) {
		if (s[0] == '%' && s[1] == 'd') {
			buf_printf(b, "%d", port);
			s++;
		} else if (s[0] == '%' && s[1] == '%') {
			buf_puts(b, "%");
			s++;
		} else {
			buf_add(b, s, 1);
		}
	}
}

static const char *
setting(const struct supply *s, const char *key)
{
	return drv_setting(&s->drv, key);
}

static bool
has(const char *text, const char *pattern)
{
	return pattern[0] != '\0' && strstr(text, pattern) != NULL;
}

static enum outlet_state
state_of(const struct supply *s, const char *text, const char **why)
{
	bool on = has(text, setting(s, "status_on"));
	bool off = has(text, setting(s, "status_off"));

	*why = on ? "the status holds both status_on and status_off"
		  : "the status holds neither status_on nor status_off";
	if (on && !off)
		return OUTLET_ON;
	if (off && !on)
		return OUTLET_OFF;
	return OUTLET_UNKNOWN;
}

/* The first number of what the watts command said. */
static double
first_number(const char *s)
{
	char digits[32];
	size_t n;
	double v;

	s += strcspn(s, "0123456789");
	n = strspn(s, "0123456789.");
	if (n == 0 || n >= sizeof digits)
		return NAN;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return str_double(digits, &v) ? v : NAN;
}

static void
tell(struct supply *s, const char *text, int port)
{
	struct outlet o = outlet_unknown(NULL);
	char name[24], said[2048];
	const char *why;

	str_format(name, sizeof name, "status%d", port);
	if (setting(s, "status")[0] == '\0') {
		o.why = "this feed cannot be asked: give it a status command";
	} else {
		(void)section_find(text, name, said, sizeof said);
		o.state = state_of(s, said, &why);
		o.why = why;
	}
	str_format(name, sizeof name, "watts%d", port);
	if (section_find(text, name, said, sizeof said))
		o.watts = first_number(said);
	supply_tell(s, port, &o);
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct supply *s = arg;
	int ports[DRIVER_SLOTS_MAX], n;
	char *copy;

	if (!answer_open(&s->drv, r, &copy))
		return;
	n = supply_used(&s->drv, ports, DRIVER_SLOTS_MAX);
	for (int i = 0; i < n; i++)
		tell(s, copy, ports[i]);
	free(copy);
	supply_fresh(s);
}

/* In a subshell each, so that no command of the operator ends ours. Of what
 * went wrong nothing is an answer: "Permission denied" holds an "on", and
 * "sh: 1: not found" a number. */
static void
ask(const struct supply *s, struct buf *b, const char *key, int port)
{
	if (setting(s, key)[0] == '\0')
		return;
	buf_printf(b, "echo '@ %s%d'; (", key, port);
	add_command(b, setting(s, key), port);
	buf_puts(b, "\n) 2>/dev/null; echo; ");
}

static void
command_poll(struct drv *d)
{
	struct supply *s = (struct supply *)d;
	int ports[DRIVER_SLOTS_MAX];
	int n = supply_used(d, ports, DRIVER_SLOTS_MAX);
	struct buf b;

	buf_init(&b, 0);
	for (int i = 0; i < n; i++) {
		ask(s, &b, "status", ports[i]);
		ask(s, &b, "watts", ports[i]);
	}
	buf_puts(&b, "echo '@ end'; echo end");
	d->link.run(d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_answer, s);
	buf_release(&b);
}

/* With a status command that is the evidence, without one the exit status. */
static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	struct supply *s = (struct supply *)o->drv;
	char name[24], said[1024];
	const char *why;
	enum outlet_state seen;

	(void)section_find(r->out, "set", said, sizeof said);
	str_trim(said);
	str_format(name, sizeof name, "status%d", o->slot);
	if (setting(s, "status")[0] != '\0') {
		char status[1024];

		(void)section_find(r->out, name, status, sizeof status);
		seen = state_of(s, status, &why);
		return supply_judge(o, seen, said, text, size);
	}
	if (strstr(r->out, "\n@ well") != NULL) {
		str_format(text, size,
		    "the command for port %d ended well; nothing shows what "
		    "came of it",
		    o->slot);
		return ACT_OK;
	}
	return supply_judge(o, OUTLET_UNKNOWN,
	    said[0] != '\0' ? said : "the command failed", text, size);
}

static void
on_command(struct supply *s, int port, struct buf *b)
{
	add_command(b, setting(s, "on"), port);
}

static bool
refused(const struct link_result *r, char *text, size_t size)
{
	if (strstr(r->out, "@ well") != NULL)
		return false;
	order_said(r, text, size);
	return true;
}

/* Without a status nothing would show the end of a cycle: the command's own
 * end has to do. */
static void
blind_cycle(struct supply *s, unsigned ticket, int port, const char *cmd)
{
	struct buf b;

	buf_init(&b, 0);
	buf_printf(&b, "echo '@ set'; echo; %s", cmd);
	supply_order(s, ticket, port, ACT_POWER_CYCLE, buf_str(&b), judge);
	buf_release(&b);
}

static void
cycle(struct supply *s, unsigned ticket, int port)
{
	struct buf cmd, off, on;
	bool own = setting(s, "cycle")[0] != '\0';

	buf_init(&cmd, 0);
	buf_init(&off, 0);
	buf_init(&on, 0);
	buf_puts(&off, "(");
	add_command(&off, setting(s, own ? "cycle" : "off"), port);
	buf_puts(&off, "\n) 2>&1 && echo '@ well'");
	add_command(&on, setting(s, "on"), port);
	if (own)
		buf_puts(&cmd, buf_str(&off));
	else
		supply_cycle_command(&cmd, buf_str(&off), buf_str(&on));
	if (setting(s, "status")[0] == '\0')
		blind_cycle(s, ticket, port, buf_str(&cmd));
	else
		supply_cycle(s, ticket, port, buf_str(&cmd), false, refused);
	buf_release(&on);
	buf_release(&off);
	buf_release(&cmd);
}

static void
command_act(struct drv *d, unsigned ticket, int port, enum act act)
{
	struct supply *s = (struct supply *)d;
	struct buf b;

	if (act == ACT_POWER_CYCLE) {
		cycle(s, ticket, port);
		return;
	}
	buf_init(&b, 0);
	buf_puts(&b, "echo '@ set'; if (");
	add_command(&b, setting(s, act == ACT_POWER_ON ? "on" : "off"), port);
	buf_puts(&b, "\n) 2>&1; then echo; echo '@ well'; fi; echo; ");
	ask(s, &b, "status", port);
	buf_puts(&b, "echo '@ end'");
	supply_order(s, ticket, port, act, buf_str(&b), judge);
	buf_release(&b);
}

static const char *
command_can(struct drv *d, int slot, enum act act)
{
	const char *why = supply_can(d, slot, act);
	bool on = drv_setting(d, "on")[0] != '\0';
	bool off = drv_setting(d, "off")[0] != '\0';

	if (why != NULL)
		return why;
	if (act == ACT_POWER_CYCLE && drv_setting(d, "cycle")[0] != '\0')
		return NULL;
	if (!on && act != ACT_POWER_OFF)
		return "This feed cannot switch on: give it an 'on' command "
		       "in the configuration.";
	if (!off && act != ACT_POWER_ON)
		return "This feed cannot switch off: give it an 'off' command "
		       "in the configuration.";
	return NULL;
}

static struct drv *
command_open(void)
{
	return supply_new(sizeof(struct supply), on_command);
}

static const struct driver_setting settings[] = {
	{ "on", SETTING_TEXT, 1, 1023, "",
	    "command that switches a port on; %d stands for the port" },
	{ "off", SETTING_TEXT, 1, 1023, "",
	    "command that switches a port off" },
	{ "cycle", SETTING_TEXT, 1, 1023, "",
	    "command that switches a port off and on again by itself; without "
	    "it that is off, five seconds, on" },
	{ "status", SETTING_TEXT, 1, 1023, "",
	    "command that shows whether a port is on" },
	{ "status_on", SETTING_TEXT, 1, 255, "on",
	    "what the status of a port that is on holds" },
	{ "status_off", SETTING_TEXT, 1, 255, "off",
	    "what the status of a port that is off holds" },
	{ "watts", SETTING_TEXT, 1, 1023, "",
	    "command whose first number is what a port draws, in watts" },
	{ 0 },
};

const struct driver feed_command = {
	.type = "command",
	.title = "Commands",
	.whole_board = true,
	.settings = settings,
	.link = "exec:sh",
	.open = command_open,
	.poll = command_poll,
	.close = supply_close,
	.can = command_can,
	.match = supply_match,
	.act = command_act,
	.reset = supply_reset,
};

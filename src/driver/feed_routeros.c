#include "rackmux/driver/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * MikroTik RouterOS has a command line of its own, so each command is a
 * process of its own and nothing is ever typed into a shell. It ends with
 * status 0 after any mistake, and says nothing when all went well. Each port
 * is asked alone: what several ports answer at once is a table whose empty
 * cells cannot be told apart.
 */

#define POE "/interface ethernet poe "

struct ros {
	struct supply supply; /* first */
	struct question *questions;
};

struct question {
	struct ros *ros;
	struct question *next;
	int port;
};

static const char *
interface(const struct drv *d)
{
	return drv_setting(d, "interface");
}

/* The name of a port; only what a RouterOS name may hold, so that nothing of
 * the configuration ends the command. */
static void
add_port(const struct drv *d, struct buf *b, int port)
{
	buf_printf(b, "%s%d", interface(d), port);
}

/* It stands in commands of a language that has no quotes for it. */
static bool
interface_ok(const struct drv *d)
{
	const char *s = interface(d);

	return s[strspn(s,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789._-")] == '\0';
}

static const char bad_interface[] =
    "The key interface of this feed may hold letters, digits, '.', '_' and "
    "'-' only: it is the name of the ports without their number.";

static const char *
ros_can(struct drv *d, int slot, enum act act)
{
	return interface_ok(d) ? supply_can(d, slot, act) : bad_interface;
}

/* The value of "   key: value" among the lines, into out. */
static bool
field(const char *text, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);

	for (const char *p = text; p != NULL && *p != '\0';) {
		const char *end = p + strcspn(p, "\r\n");
		const char *at = p + strspn(p, " ");

		if (strncmp(at, key, len) == 0 && at[len] == ':') {
			at += len + 1;
			at += strspn(at, " ");
			while (end > at && end[-1] == ' ')
				end--;
			str_format(out, size, "%.*s", (int)(end - at), at);
			return true;
		}
		p = end + strspn(end, "\r\n");
	}
	return false;
}

/* "52.8V", "154mA", "8.1W": the number, whatever its unit. */
static double
quantity(const char *text, const char *key, const char *unit, double scale)
{
	char s[48];
	double v;

	if (!field(text, key, s, sizeof s))
		return NAN;
	if (str_ends(s, unit))
		s[strlen(s) - strlen(unit)] = '\0';
	return str_double(s, &v) ? v * scale : NAN;
}

static const char *
detection(const char *status)
{
	static const struct {
		const char *status, *word;
	} words[] = { { "powered-on", "delivering" },
		{ "forced-on", "delivering" },
		{ "current-too-low", "delivering" },
		{ "waiting-for-load", "searching" }, { "off", "disabled" },
		{ "disabled", "disabled" }, { "power_reset", "disabled" },
		{ "power-reset", "disabled" }, { "controller_init", "test" },
		{ "controller-init", "test" }, { "controller_upgrade", "test" },
		{ "controller-upgrade", "test" } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i].status, status) == 0)
			return words[i].word;
	return "fault";
}

/* During a power cycle the setting says on, and the port is off. */
static enum outlet_state
state_of(const char *text, const char *status)
{
	char mode[48];

	if (strcmp(detection(status), "disabled") == 0)
		return OUTLET_OFF;
	if (field(text, "poe-out", mode, sizeof mode) &&
	    strcmp(mode, "off") == 0)
		return OUTLET_OFF;
	return OUTLET_ON;
}

/* False: it is no answer of monitor, and said is the first words of it. */
static bool
parse(const char *text, struct outlet *o, char *said, size_t size)
{
	const char *first = text + strspn(text, " \r\n");
	char status[48];

	str_format(said, size, "%.*s", (int)strcspn(first, "\r\n"), first);
	*o = outlet_unknown(said);
	if (!field(text, "poe-out-status", status, sizeof status)) {
		if (said[0] == '\0')
			str_copy(said, size, "the switch said nothing of it");
		return false;
	}
	o->state = state_of(text, status);
	o->detection = detection(status);
	o->volts = quantity(text, "poe-out-voltage", "V", 1);
	o->amps = quantity(text, "poe-out-current", "mA", 0.001);
	o->watts = quantity(text, "poe-out-power", "W", 1);
	return true;
}

static void
end_round(struct supply *s, const struct link_result *r)
{
	if (!s->failed)
		supply_fresh(s);
	else if (r->outcome != LINK_DONE)
		drv_stale(&s->drv, r);
	else
		supply_stale(s, LINK_WHY_PROTOCOL,
		    "no port was answered for: is this RouterOS, and has it "
		    "PoE ports?");
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct question *q = arg, **at = &q->ros->questions;
	struct supply *s = &q->ros->supply;
	int port = q->port;
	struct outlet o;
	char said[150];

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	free(q);
	if (r->outcome != LINK_DONE) {
		s->failed = true;
	} else if (!parse(r->out, &o, said, sizeof said)) {
		supply_tell(s, port, &o);
	} else {
		supply_tell(s, port, &o);
		s->told = true;
	}
	if (--s->open > 0)
		return;
	if (!s->told)
		s->failed = true;
	end_round(s, r);
}

static void
ros_poll(struct drv *d)
{
	struct ros *ros = (struct ros *)d;
	int ports[DRIVER_SLOTS_MAX];
	int n = supply_used(d, ports, DRIVER_SLOTS_MAX);
	struct buf b;

	if (!interface_ok(d)) {
		supply_stale(&ros->supply, LINK_WHY_LOCAL, bad_interface);
		return;
	}
	ros->supply.open = (unsigned)n;
	ros->supply.failed = ros->supply.told = false;
	buf_init(&b, 0);
	for (int i = 0; i < n; i++) {
		struct question *q = mem_alloc(sizeof *q);

		q->ros = ros;
		q->port = ports[i];
		q->next = ros->questions;
		ros->questions = q;
		buf_clear(&b);
		buf_puts(&b, POE "monitor ");
		add_port(d, &b, ports[i]);
		buf_puts(&b, " once");
		d->link.exec(
		    d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_answer, q);
	}
	buf_release(&b);
}

static void
ros_close(struct drv *d)
{
	struct ros *ros = (struct ros *)d;

	while (ros->questions != NULL) {
		struct question *q = ros->questions;

		ros->questions = q->next;
		free(q);
	}
	supply_close(d);
}

/* What RouterOS says is a complaint: it is silent when all is well. */
static bool
refused(const struct link_result *r, char *text, size_t size)
{
	if (r->out[strspn(r->out, " \r\n")] == '\0')
		return false;
	order_said(r, text, size);
	return true;
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	enum outlet_state seen = OUTLET_UNKNOWN;
	struct outlet port;
	char said[150];

	if (parse(r->out, &port, said, sizeof said)) {
		seen = port.state;
		said[0] = '\0';
	}
	return supply_judge(o, seen, said, text, size);
}

static void
set_command(struct supply *s, int port, const char *mode, struct buf *b)
{
	buf_puts(b, POE "set ");
	add_port(&s->drv, b, port);
	buf_printf(b, " poe-out=%s", mode);
}

static void
on_command(struct supply *s, int port, struct buf *b)
{
	set_command(s, port, "auto-on", b);
}

static void
ros_act(struct drv *d, unsigned ticket, int port, enum act act)
{
	struct supply *s = (struct supply *)d;
	struct buf b;

	buf_init(&b, 0);
	if (act == ACT_POWER_CYCLE) {
		buf_puts(&b, POE "power-cycle ");
		add_port(d, &b, port);
		buf_printf(&b, " duration=%ds", SUPPLY_HOLD_S);
		supply_cycle(s, ticket, port, buf_str(&b), false, refused);
	} else {
		set_command(
		    s, port, act == ACT_POWER_ON ? "auto-on" : "off", &b);
		buf_puts(&b, "; " POE "monitor ");
		add_port(d, &b, port);
		buf_puts(&b, " once");
		supply_order(s, ticket, port, act, buf_str(&b), judge);
	}
	buf_release(&b);
}

static struct drv *
ros_open(void)
{
	return supply_new(sizeof(struct ros), on_command);
}

static const struct driver_setting settings[] = {
	{ "interface", SETTING_TEXT, 1, 31, "ether",
	    "name of its ports without their number: port 5 is ether5" },
	{ 0 },
};

const struct driver feed_routeros = {
	.type = "routeros",
	.title = "RouterOS switch",
	.user = "admin",
	.whole_board = true,
	.no_shell_serial = true,
	.no_shell_ssh = true,
	.settings = settings,
	.open = ros_open,
	.poll = ros_poll,
	.close = ros_close,
	.can = ros_can,
	.match = supply_match,
	.act = ros_act,
	.reset = supply_reset,
};

#include "cluster_box.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * "nodectl status --json" of v2, which is one line. Any field may be null,
 * and an older v2 has fewer of them (ping instead of check and reachable, no
 * link, no chassis); so a field that is not there is not known, and no field
 * says what release it is.
 */

struct slow {
	struct mcb *cb;
	bool got; /* a status was understood */
	long rc; /* of nodectl, -1: it was not said */
	char said[120]; /* the first line that was no JSON */
	bool node[MCB_SLOTS];
};

static const char gone[] = "The board does not report it any more.";
static const char untold[] = "nodectl does not tell it.";

/* 1, 0, or -1: null, or none of both. */
static int
truth(const struct json *o, const char *key)
{
	bool b;

	return json_bool(json_get(o, key), &b) ? b : -1;
}

static int
small(const struct json *o, const char *key)
{
	double v;

	return json_num(json_get(o, key), &v) && v >= 1 && v <= 32 ? (int)v : 0;
}

/* A bare word, in letters and digits, or NULL. */
static const char *
word_of(const struct json *v, char *out, size_t size)
{
	const char *s = json_str(v);
	size_t len = s != NULL ? strlen(s) : 0;

	if (len == 0 || len >= size ||
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") != len)
		return NULL;
	str_copy(out, size, s);
	return out;
}

static void
report_power(struct report *rp, int slot, int power)
{
	if (power >= 0)
		report_text(
		    rp, slot, NAME_POWER_STATE, NULL, power ? "on" : "off");
	else
		report_unknown(rp, slot, NAME_POWER_STATE, NULL,
		    "nodectl itself does not know it: the board's GPIO "
		    "expander does not answer.");
}

static void
report_pcie(struct report *rp, int slot, const struct json *o, int power)
{
	int endpoint = truth(o, "pcie"), link = truth(o, "pcie_link");

	if (power == 0) {
		report_text(rp, slot, NAME_PCIE_STATE, NULL, "down");
		report_unknown(
		    rp, slot, NAME_PCIE_SPEED, NULL, "The node is off.");
		return;
	}
	if (link >= 0)
		report_text_noted(rp, slot, NAME_PCIE_STATE, NULL,
		    link ? "up" : "down",
		    link && endpoint == 0
			? "The link is up, but the node is not enumerated: "
			  "it is still booting, or a PCI rescan is due."
			: NULL);
	else if (endpoint >= 0)
		report_text_noted(rp, slot, NAME_PCIE_STATE, NULL,
		    endpoint ? "up" : "down", "As of the last PCI rescan.");
	else
		report_unknown(rp, slot, NAME_PCIE_STATE, NULL, untold);
	if (link == 0)
		report_unknown(
		    rp, slot, NAME_PCIE_SPEED, NULL, "The link is down.");
	else
		mcb_report_speed(rp, slot, small(o, "link_gen"),
		    small(o, "link_width"), small(o, "link_max_gen"),
		    small(o, "link_max_width"));
}

static void
report_check(
    struct report *rp, int slot, const struct json *o, int power, bool has_ip)
{
	const char *by = json_str(json_get(o, "check"));
	int ok = truth(o, "reachable");
	char note[64];

	if (json_get(o, "reachable") == NULL)
		ok = truth(o, "ping");
	if (ok >= 0) {
		str_format(note, sizeof note, "The board tries %.20s.",
		    by != NULL ? by : "a ping");
		report_text_noted(
		    rp, slot, NAME_NODE_CHECK, NULL, ok ? "ok" : "fail", note);
	} else if (power == 0)
		report_unknown(
		    rp, slot, NAME_NODE_CHECK, NULL, "The node is off.");
	else
		report_unknown(rp, slot, NAME_NODE_CHECK, NULL,
		    has_ip ? untold
			   : "The board does not know the node's address: "
			     "set ipaddr in its /etc/config/nodectl.");
}

static void
report_job(struct mcb *cb, int slot, const struct json *o)
{
	struct report *rp = &cb->slow;
	char *job = cb->job[slot - 1], word[sizeof cb->job[0]];

	job[0] = '\0';
	if (word_of(json_get(o, "busy"), word, sizeof word) != NULL) {
		str_copy(job, sizeof cb->job[0], word);
		report_text(rp, slot, NAME_NODE_JOB, NULL, job);
	} else if (json_str(json_get(o, "busy")) != NULL) {
		str_copy(job, sizeof cb->job[0], "busy");
		report_text(rp, slot, NAME_NODE_JOB, NULL, job);
	} else if (!cb->is_root && !cb->has_sudo)
		report_unknown(rp, slot, NAME_NODE_JOB, NULL,
		    "Only root sees what the board is doing to a node.");
	else if (json_get(o, "busy") != NULL)
		report_text(rp, slot, NAME_NODE_JOB, NULL, "none");
	else
		report_unknown(rp, slot, NAME_NODE_JOB, NULL, untold);
}

/* What a console is opened by. */
static void
keep_port(struct mcb *cb, int slot, const struct json *o)
{
	struct mcb_port *p = &cb->port[slot - 1], was = *p;
	const char *tty = json_str(json_get(o, "tty"));
	const char *baud = json_str(json_get(o, "baud"));
	int served = truth(o, "console_server");

	if (tty != NULL && str_starts(tty, "/dev/"))
		str_copy(p->tty, sizeof p->tty, tty);
	if (baud != NULL)
		str_copy(p->baud, sizeof p->baud, baud);
	if (truth(o, "tty_present") >= 0)
		p->there = truth(o, "tty_present") == 1;
	p->served = served > 0 ? 1 : served == 0 ? -1 : 0;
	if (memcmp(&was, p, sizeof was) != 0)
		cb->drv.sink.can_changed(cb->drv.sink_arg);
}

static void
report_console(struct report *rp, int slot, const struct json *o)
{
	const char *tty = json_str(json_get(o, "tty"));
	const char *baud = json_str(json_get(o, "baud"));
	char text[120];
	double v;

	if (tty == NULL)
		return; /* what was found in /dev stands */
	if (truth(o, "tty_present") == 0) {
		str_format(text, sizeof text,
		    "%.40s, which nodectl is set to, is not there.", tty);
		report_unknown(rp, slot, NAME_CONSOLE_DEVICE, NULL, text);
		return;
	}
	if (baud != NULL && str_double(baud, &v) && v != 1500000) {
		str_format(text, sizeof text, "At %.10s baud.", baud);
		report_text_noted(
		    rp, slot, NAME_CONSOLE_DEVICE, NULL, tty, text);
	} else
		report_text(rp, slot, NAME_CONSOLE_DEVICE, NULL, tty);
}

static void
report_node(struct slow *s, const struct json *o)
{
	struct mcb *cb = s->cb;
	struct report *rp = &cb->slow;
	const char *name = json_str(json_get(o, "name"));
	const char *ip = json_str(json_get(o, "ipaddr"));
	int power = truth(o, "power"), slot;
	double id;

	if (!json_num(json_get(o, "id"), &id) || id < 1 || id > MCB_SLOTS)
		return;
	slot = (int)id;
	if (id != slot || s->node[slot - 1])
		return;
	s->node[slot - 1] = true;
	report_power(rp, slot, power);
	report_pcie(rp, slot, o, power);
	if (name != NULL && *name != '\0')
		report_text(rp, slot, NAME_NODE_NAME, NULL, name);
	else
		report_unknown(rp, slot, NAME_NODE_NAME, NULL, untold);
	if (ip != NULL && *ip != '\0')
		report_text(rp, slot, NAME_NODE_ADDRESS, NULL, ip);
	else
		mcb_report_address(cb, rp, slot, name);
	report_check(rp, slot, o, power, ip != NULL);
	report_job(cb, slot, o);
	keep_port(cb, slot, o);
	report_console(rp, slot, o);
}

static void
report_chassis(struct mcb *cb, const struct json *o)
{
	double t;

	mcb_report_rail(&cb->slow, truth(o, "ext_power"));
	if (json_num(json_get(o, "temp_mc"), &t))
		report_number(&cb->slow, 0, NAME_BOARD_TEMP, NULL, t / 1000);
	else
		report_unknown(&cb->slow, 0, NAME_BOARD_TEMP, NULL,
		    "The Cluster Box has no temperature sensor.");
}

/* False when it is no status. */
static bool
parse_status(struct slow *s, const char *line)
{
	struct json *j = json_parse(line, strlen(line), NULL, 0);
	const struct json *nodes = json_get(j, "nodes");
	bool ok = json_is_array(nodes);

	for (size_t i = 0; ok && i < json_size(nodes) && i < 16; i++)
		report_node(s, json_at(nodes, i));
	if (ok)
		report_chassis(s->cb, json_get(j, "chassis"));
	json_free(j);
	return ok;
}

static void
parse_line(struct slow *s, char *line)
{
	if (str_starts(line, "rc ")) {
		if (!str_long(line + 3, 0, 255, &s->rc))
			s->rc = -1;
	} else if (*line == '{' && !s->got && parse_status(s, line))
		s->got = true;
	else if (*line != '\0' && strcmp(line, "end") != 0 &&
	    s->said[0] == '\0')
		str_format(s->said, sizeof s->said, "%.100s", line);
}

static void
unknown_node(struct mcb *cb, int slot, const char *why)
{
	static const enum name_id ids[] = { NAME_POWER_STATE, NAME_PCIE_STATE,
		NAME_PCIE_SPEED, NAME_NODE_NAME, NAME_NODE_CHECK,
		NAME_NODE_JOB };

	cb->job[slot - 1][0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		report_unknown(&cb->slow, slot, ids[i], NULL, why);
	mcb_report_address(cb, &cb->slow, slot, NULL);
}

void
mcb_slow_unknown(struct mcb *cb, const char *why)
{
	for (int n = 1; n <= MCB_SLOTS; n++)
		unknown_node(cb, n, why);
	report_unknown(&cb->slow, 0, NAME_BOARD_RAIL, NULL, why);
	report_sweep(&cb->slow, why);
}

static void
reason(const struct slow *s, char *why, size_t size)
{
	if (s->rc == 124 || s->rc == 143)
		str_format(why, size,
		    "nodectl status did not end within %u seconds.",
		    s->cb->limit);
	else if (s->rc == 3)
		str_copy(why, size, "nodectl is busy with another command.");
	else if (s->said[0] == '{')
		str_copy(why, size, "nodectl's status was torn, or no JSON.");
	else if (s->said[0] != '\0')
		str_format(why, size, "nodectl status says: %s", s->said);
	else
		str_copy(why, size, "nodectl status said nothing.");
}

void
mcb_parse_slow(struct mcb *cb, char *text)
{
	struct slow s = { .cb = cb, .rc = -1 };
	char *at = text, *line, why[160];

	while ((line = str_line(&at)) != NULL)
		parse_line(&s, line);
	if (!s.got) {
		reason(&s, why, sizeof why);
		mcb_slow_unknown(cb, why);
		return;
	}
	for (int n = 1; n <= MCB_SLOTS; n++)
		if (!s.node[n - 1])
			unknown_node(cb, n,
			    "nodectl's status does not tell of this slot.");
	report_sweep(&cb->slow, gone);
}

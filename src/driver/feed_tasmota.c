#include "rackmux/driver/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Plugs with Tasmota. A plug of one relay calls it POWER, one of several
 * POWER1 and so on. A cycle is a Backlog, which the plug works through by
 * itself: its Delay counts tenths of a second.
 */

#define BODY_MAX 4096

static bool
one_relay(const struct drv *d, int port)
{
	return port == 1 && drv_setting_number(d, "ports") < 2;
}

/* "Power" or "Power3": with one relay both are the same to the plug. */
static void
relay(const struct drv *d, int port, char *out, size_t size)
{
	if (one_relay(d, port))
		str_copy(out, size, "Power");
	else
		str_format(out, size, "Power%d", port);
}

static void
request(const struct supply *s, struct buf *b, int port, const char *value)
{
	char path[96], name[16];

	relay(&s->drv, port, name, sizeof name);
	str_format(path, sizeof path, "/cm?cmnd=%s%s", name, value);
	plug_request(s, b, path);
}

static enum outlet_state
state_of(const struct json *j, int port)
{
	char key[16];
	const char *v;

	str_format(key, sizeof key, "POWER%d", port);
	v = json_str(json_get(j, key));
	if (v == NULL && port == 1)
		v = json_str(json_get(j, "POWER"));
	if (v == NULL)
		return OUTLET_UNKNOWN;
	return strcmp(v, "ON") == 0 ? OUTLET_ON
	    : strcmp(v, "OFF") == 0 ? OUTLET_OFF
				    : OUTLET_UNKNOWN;
}

/* One number for each relay, or one for all of them. What they draw together
 * is not what one of several draws. */
static double
energy(const struct json *e, const char *key, int port, bool shared)
{
	const struct json *j = json_get(e, key);
	double v;

	if (json_is_array(j))
		j = json_at(j, (size_t)port - 1);
	else if (!shared)
		return NAN;
	return json_num(j, &v) ? v : NAN;
}

static void
tell(struct supply *s, const char *text, int port)
{
	struct outlet o = outlet_unknown(NULL);
	char body[BODY_MAX], said[160], name[16];
	bool alone = one_relay(&s->drv, port);
	struct json *j;

	str_format(name, sizeof name, "power%d", port);
	(void)section_find(text, name, body, sizeof body);
	j = json_parse(body, strlen(body), NULL, 0);
	o.state = state_of(j, port);
	json_free(j);
	if (o.state == OUTLET_UNKNOWN)
		plug_said(body, said, sizeof said);
	else
		s->told = true;
	o.why = said;
	if (section_find(text, "energy", body, sizeof body)) {
		struct json *e;

		j = json_parse(body, strlen(body), NULL, 0);
		e = json_get(json_get(j, "StatusSNS"), "ENERGY");
		o.watts = energy(e, "Power", port, alone);
		o.volts = energy(e, "Voltage", port, true);
		o.amps = energy(e, "Current", port, alone);
		json_free(j);
	}
	supply_tell(s, port, &o);
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct supply *s = arg;
	int ports[DRIVER_SLOTS_MAX], n;
	char *copy, body[BODY_MAX], said[160], name[16];

	if (!answer_open(&s->drv, r, &copy))
		return;
	n = supply_used(&s->drv, ports, DRIVER_SLOTS_MAX);
	s->told = false;
	for (int i = 0; i < n; i++)
		tell(s, copy, ports[i]);
	str_format(name, sizeof name, "power%d", ports[0]);
	(void)section_find(copy, name, body, sizeof body);
	free(copy);
	if (s->told) {
		supply_fresh(s);
		return;
	}
	plug_said(body, said, sizeof said);
	supply_stale(s, LINK_WHY_PROTOCOL, said);
}

/* A plug that does not answer once is not asked the rest. */
static void
tasmota_poll(struct drv *d)
{
	struct supply *s = (struct supply *)d;
	int ports[DRIVER_SLOTS_MAX];
	int n = supply_used(d, ports, DRIVER_SLOTS_MAX);
	struct buf b;

	plug_define(s);
	buf_init(&b, 0);
	buf_puts(&b, "{ ");
	for (int i = 0; i < n; i++) {
		buf_printf(&b, "echo '@ power%d'; ", ports[i]);
		request(s, &b, ports[i], "");
		buf_puts(&b, " && echo && ");
	}
	buf_puts(&b, "echo '@ energy' && ");
	plug_request(s, &b, "/cm?cmnd=Status%208");
	buf_puts(&b, "; } 2>&1; echo; echo '@ end'; echo end");
	d->link.run(d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_answer, s);
	buf_release(&b);
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	char body[BODY_MAX], said[160] = "";
	enum outlet_state seen;
	struct json *j;

	(void)section_find(r->out, "get", body, sizeof body);
	j = json_parse(body, strlen(body), NULL, 0);
	seen = state_of(j, o->slot);
	json_free(j);
	if (seen == OUTLET_UNKNOWN) {
		if (!section_find(r->out, "get", body, sizeof body))
			(void)section_find(r->out, "set", body, sizeof body);
		plug_said(body, said, sizeof said);
	}
	return supply_judge(o, seen, said, text, size);
}

static void
on_command(struct supply *s, int port, struct buf *b)
{
	plug_define(s);
	request(s, b, port, "%20On");
}

/* Another warning is no refusal: "Enable weblog 2 if response expected" is
 * what a Backlog answers. */
static bool
refused(const struct link_result *r, char *text, size_t size)
{
	struct json *j = json_parse(r->out, r->len, NULL, 0);
	const char *word = json_str(json_get(j, "Command"));
	const char *warning = json_str(json_get(j, "WARNING"));
	bool bad = !json_is_object(j) ||
	    (warning != NULL && strstr(warning, "Need user") != NULL) ||
	    (word != NULL &&
		(strcmp(word, "Unknown") == 0 || strcmp(word, "Error") == 0));

	json_free(j);
	if (bad)
		plug_said(r->out, text, size);
	return bad;
}

static void
cycle(struct supply *s, unsigned ticket, int port)
{
	char name[16], path[160];
	struct buf b;

	relay(&s->drv, port, name, sizeof name);
	str_format(path, sizeof path,
	    "/cm?cmnd=Backlog%%20%s%%20Off%%3BDelay%%20%d%%3B%s%%20On", name,
	    SUPPLY_HOLD_S * 10, name);
	buf_init(&b, 0);
	plug_request(s, &b, path);
	buf_puts(&b, " 2>&1");
	supply_cycle(s, ticket, port, buf_str(&b), true, refused);
	buf_release(&b);
}

static void
tasmota_act(struct drv *d, unsigned ticket, int port, enum act act)
{
	struct supply *s = (struct supply *)d;
	struct buf b;

	plug_define(s);
	if (act == ACT_POWER_CYCLE) {
		cycle(s, ticket, port);
		return;
	}
	buf_init(&b, 0);
	buf_puts(&b, "{ echo '@ set'; ");
	request(s, &b, port, act == ACT_POWER_ON ? "%20On" : "%20Off");
	buf_puts(&b, " && echo && echo '@ get' && ");
	request(s, &b, port, "");
	buf_puts(&b, "; } 2>&1");
	supply_order(s, ticket, port, act, buf_str(&b), judge);
	buf_release(&b);
}

static struct drv *
tasmota_open(void)
{
	return supply_new(sizeof(struct supply), on_command);
}

static const struct driver_setting settings[] = {
	PLUG_SETTINGS,
	{ 0 },
};

const struct driver feed_tasmota = {
	.type = "tasmota",
	.title = "Tasmota plug",
	.whole_board = true,
	.settings = settings,
	.link = "exec:sh",
	.open = tasmota_open,
	.poll = tasmota_poll,
	.close = supply_close,
	.can = supply_can,
	.match = supply_match,
	.act = tasmota_act,
	.reset = supply_reset,
};

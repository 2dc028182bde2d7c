#include "rackmux/driver/drivers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed.h"
#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Shelly plugs: the first generation (/relay/0) and those since (/rpc/...).
 * Both count their relays from 0, and both can be told to go off and come
 * back by themselves.
 */

#define BODY_MAX 8192

static bool
first_generation(const struct drv *d)
{
	return drv_setting_number(d, "gen") < 2;
}

static void
ask_path(const struct drv *d, int port, char *out, size_t size)
{
	if (first_generation(d))
		str_copy(out, size, "/status");
	else
		str_format(out, size, "/rpc/Switch.GetStatus?id=%d", port - 1);
}

/* hold: seconds after which it comes back by itself, or 0. */
static void
set_path(
    const struct drv *d, int port, bool on, int hold, char *out, size_t size)
{
	char back[32] = "";

	if (first_generation(d)) {
		if (hold > 0)
			str_format(back, sizeof back, "&timer=%d", hold);
		str_format(out, size, "/relay/%d?turn=%s%s", port - 1,
		    on ? "on" : "off", back);
		return;
	}
	if (hold > 0)
		str_format(back, sizeof back, "&toggle_after=%d", hold);
	str_format(out, size, "/rpc/Switch.Set?id=%d&on=%s%s", port - 1,
	    on ? "true" : "false", back);
}

static double
number(const struct json *j, const char *key)
{
	double v;

	return json_num(json_get(j, key), &v) ? v : NAN;
}

/* Of /status, /relay/N or Switch.GetStatus, whichever it is. */
static bool
parse(const char *body, int port, struct outlet *o)
{
	struct json *all = json_parse(body, strlen(body), NULL, 0);
	struct json *relay = json_at(json_get(all, "relays"), (size_t)port - 1);
	bool on, known;

	*o = outlet_unknown(NULL);
	if (relay == NULL)
		relay = all;
	known = json_bool(json_get(relay, "ison"), &on) ||
	    json_bool(json_get(relay, "output"), &on);
	if (known) {
		o->state = on ? OUTLET_ON : OUTLET_OFF;
		o->watts = number(relay, "apower");
		o->volts = number(relay, "voltage");
		o->amps = number(relay, "current");
		if (!isfinite(o->watts))
			o->watts = number(
			    json_at(json_get(all, "meters"), (size_t)port - 1),
			    "power");
	}
	json_free(all);
	return known;
}

static void
tell(struct supply *s, const char *body, int port)
{
	struct outlet o;
	char said[160];

	if (parse(body, port, &o)) {
		s->told = true;
	} else {
		plug_said(body, said, sizeof said);
		o.why = said;
	}
	supply_tell(s, port, &o);
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct supply *s = arg;
	int ports[DRIVER_SLOTS_MAX], n;
	bool one = first_generation(&s->drv);
	char *copy, body[BODY_MAX], said[160], name[16];

	if (!answer_open(&s->drv, r, &copy))
		return;
	n = supply_used(&s->drv, ports, DRIVER_SLOTS_MAX);
	s->told = false;
	for (int i = n; i-- > 0;) {
		str_format(
		    name, sizeof name, "port%d", one ? ports[0] : ports[i]);
		(void)section_find(copy, name, body, sizeof body);
		tell(s, body, ports[i]);
	}
	free(copy);
	if (s->told) {
		supply_fresh(s);
		return;
	}
	plug_said(body, said, sizeof said);
	supply_stale(s, LINK_WHY_PROTOCOL, said);
}

static void
ask(struct supply *s, struct buf *b, int port)
{
	char path[96];

	ask_path(&s->drv, port, path, sizeof path);
	plug_request(s, b, path);
}

/* The first generation tells of all its relays at once. */
static void
shelly_poll(struct drv *d)
{
	struct supply *s = (struct supply *)d;
	int ports[DRIVER_SLOTS_MAX];
	int n = supply_used(d, ports, DRIVER_SLOTS_MAX);
	struct buf b;

	plug_define(s);
	if (first_generation(d))
		n = 1;
	buf_init(&b, 0);
	buf_puts(&b, "{ ");
	for (int i = 0; i < n; i++) {
		buf_printf(&b, "%secho '@ port%d'; ",
		    i > 0 ? " && echo && " : "", ports[i]);
		ask(s, &b, ports[i]);
	}
	buf_puts(&b, "; } 2>&1; echo; echo '@ end'; echo end");
	d->link.run(d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_answer, s);
	buf_release(&b);
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	char body[BODY_MAX], said[160] = "";
	struct outlet seen;

	(void)section_find(r->out, "get", body, sizeof body);
	if (!parse(body, o->slot, &seen)) {
		if (!section_find(r->out, "get", body, sizeof body))
			(void)section_find(r->out, "set", body, sizeof body);
		plug_said(body, said, sizeof said);
	}
	return supply_judge(o, seen.state, said, text, size);
}

static void
set(struct supply *s, struct buf *b, int port, bool on, int hold)
{
	char path[96];

	plug_define(s);
	set_path(&s->drv, port, on, hold, path, sizeof path);
	plug_request(s, b, path);
}

static void
on_command(struct supply *s, int port, struct buf *b)
{
	set(s, b, port, true, 0);
}

/* Gen 2 answers an error with a code, Gen 1 with plain words. */
static bool
refused(const struct link_result *r, char *text, size_t size)
{
	struct json *j = json_parse(r->out, r->len, NULL, 0);
	bool bad = !json_is_object(j) || json_get(j, "code") != NULL;

	json_free(j);
	if (bad)
		plug_said(r->out, text, size);
	return bad;
}

static void
shelly_act(struct drv *d, unsigned ticket, int port, enum act act)
{
	struct supply *s = (struct supply *)d;
	struct buf b;

	buf_init(&b, 0);
	if (act == ACT_POWER_CYCLE) {
		set(s, &b, port, false, SUPPLY_HOLD_S);
		buf_puts(&b, " 2>&1");
		supply_cycle(s, ticket, port, buf_str(&b), true, refused);
	} else {
		buf_puts(&b, "{ echo '@ set'; ");
		set(s, &b, port, act == ACT_POWER_ON, 0);
		buf_puts(&b, " && echo && echo '@ get' && ");
		ask(s, &b, port);
		buf_puts(&b, "; } 2>&1");
		supply_order(s, ticket, port, act, buf_str(&b), judge);
	}
	buf_release(&b);
}

static struct drv *
shelly_open(void)
{
	return supply_new(sizeof(struct supply), on_command);
}

static const struct driver_setting settings[] = {
	PLUG_SETTINGS,
	{ "gen", SETTING_INT, 1, 4, "2",
	    "generation of the plug: 1, or 2 for all since" },
	{ 0 },
};

const struct driver feed_shelly = {
	.type = "shelly",
	.title = "Shelly plug",
	.whole_board = true,
	.settings = settings,
	.link = "exec:sh",
	.open = shelly_open,
	.poll = shelly_poll,
	.close = supply_close,
	.can = supply_can,
	.match = supply_match,
	.act = shelly_act,
	.reset = supply_reset,
};

/*
 * Shelly plugs of both worlds: the first generation's /relay/0 and /status,
 * and the RPC of those since. Relays count from 0.
 */
#include <stdlib.h>
#include <string.h>

#include "plug.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

/* --- the first generation --- */

static void
relay(const struct plug *s, int port, struct buf *out)
{
	bool timer = s->ports.set_at[port - 1] != 0;

	buf_printf(out,
	    "{\"ison\":%s,\"has_timer\":%s,\"timer_started\":0,"
	    "\"timer_duration\":%d,\"timer_remaining\":%d,\"overpower\":%s,"
	    "\"source\":\"http\"}",
	    ports_is_on(&s->ports, port) ? "true" : "false",
	    timer ? "true" : "false", timer ? 10 : 0, timer ? 5 : 0,
	    ports_fault(&s->ports, port) ? "true" : "false");
}

static void
status1(const struct plug *s, struct buf *out)
{
	int k, slots = s->ports.board->slots;

	buf_puts(out,
	    "{\"wifi_sta\":{\"connected\":true,\"ssid\":\"rack\",\"ip\":"
	    "\"192.168.1.51\",\"rssi\":-58},\"time\":\"12:34\",\"relays\":[");
	for (k = 1; k <= slots; k++) {
		buf_puts(out, k > 1 ? "," : "");
		relay(s, k, out);
	}
	buf_puts(out, "],\"meters\":[");
	for (k = 1; k <= slots && s->meter; k++)
		buf_printf(out,
		    "%s{\"power\":%.2f,\"overpower\":0.00,\"is_valid\":true,"
		    "\"timestamp\":1700000000,\"counters\":[%.3f,0,0],"
		    "\"total\":%.0f}",
		    k > 1 ? "," : "", ports_watts(&s->ports, k),
		    ports_watts(&s->ports, k), s->total * 60000);
	buf_puts(out,
	    "],\"temperature\":31.2,\"overtemperature\":false,\"uptime\":"
	    "273845}");
}

/* on and off, by query; after seconds the other one. */
static void
turn(struct plug *s, int port, bool on, const char *seconds)
{
	double after = strtod(seconds, NULL);

	ports_set(&s->ports, port, on);
	if (!on && after > 0 && after < 86400)
		ports_on_after(&s->ports, port, (unsigned)(after * 1000));
}

static int
http1(struct plug *s, const char *path, struct buf *body)
{
	char what[16], timer[16], id[16];
	long k;

	if (strcmp(path, "/status") == 0) {
		status1(s, body);
		return 200;
	}
	if (strcmp(path, "/shelly") == 0) {
		buf_printf(body,
		    "{\"type\":\"SHPLG-S\",\"mac\":\"4022D8801234\",\"auth\":"
		    "%s,\"fw\":\"20230913-113610/v1.14.0-gcb84623\","
		    "\"num_outputs\":%d,\"num_meters\":%d}",
		    s->password[0] != '\0' ? "true" : "false",
		    s->ports.board->slots, s->ports.board->slots);
		return 200;
	}
	str_format(id, sizeof(id), "%.*s",
	    (int)strcspn(path + (str_starts(path, "/relay/") ? 7 : 0), "?"),
	    path + (str_starts(path, "/relay/") ? 7 : 0));
	if (!str_starts(path, "/relay/") ||
	    !str_long(id, 0, s->ports.board->slots - 1, &k)) {
		buf_puts(body, "Not Found");
		return 404;
	}
	(void)plug_query(path, "timer", timer, sizeof(timer));
	if (plug_query(path, "turn", what, sizeof(what))) {
		bool on = strcmp(what, "on") == 0;

		if (strcmp(what, "toggle") == 0)
			on = !ports_is_on(&s->ports, (int)k + 1);
		else if (!on && strcmp(what, "off") != 0) {
			buf_puts(body, "Bad turn!");
			return 400;
		}
		turn(s, (int)k + 1, on, timer);
	}
	relay(s, (int)k + 1, body);
	return 200;
}

/* --- those since --- */

static int
rpc_error(struct buf *body, int http, int code, const char *message)
{
	buf_printf(body, "{\"code\":%d,\"message\":\"%s\"}", code, message);
	return http;
}

static void
status2(const struct plug *s, int port, struct buf *out)
{
	double w = ports_watts(&s->ports, port);

	buf_printf(out, "{\"id\":%d, \"source\":\"HTTP_in\", \"output\":%s",
	    port - 1, ports_is_on(&s->ports, port) ? "true" : "false");
	if (s->meter)
		buf_printf(out,
		    ", \"apower\":%.1f, \"voltage\":%.1f, \"current\":%.3f, "
		    "\"aenergy\":{\"total\":%.3f,\"by_minute\":[%.3f,0.000,"
		    "0.000],\"minute_ts\":1700000040}",
		    w, PLUG_VOLTS, w * 1.4 / PLUG_VOLTS, s->total * 1000,
		    w * 16.7);
	if (ports_fault(&s->ports, port))
		buf_puts(out, ", \"errors\":[\"overpower\"]");
	buf_puts(out, ", \"temperature\":{\"tC\":35.3, \"tF\":95.6}}");
}

static int
rpc_switch(
    struct plug *s, const char *method, const char *path, struct buf *body)
{
	char id[16], on[16], after[16];
	bool was;
	long k;

	if (!plug_query(path, "id", id, sizeof(id)))
		return rpc_error(
		    body, 500, -103, "Missing required argument 'id'!");
	if (!str_long(id, 0, s->ports.board->slots - 1, &k))
		return rpc_error(
		    body, 500, -105, "Argument 'id', value not found!");
	if (strcmp(method, "GetStatus") == 0) {
		status2(s, (int)k + 1, body);
		return 200;
	}
	was = ports_is_on(&s->ports, (int)k + 1);
	(void)plug_query(path, "toggle_after", after, sizeof(after));
	if (strcmp(method, "Toggle") == 0) {
		turn(s, (int)k + 1, !was, "");
	} else if (strcmp(method, "Set") != 0) {
		return rpc_error(body, 404, 404, "No handler for Switch");
	} else {
		if (!plug_query(path, "on", on, sizeof(on)))
			return rpc_error(
			    body, 500, -103, "Missing required argument 'on'!");
		turn(s, (int)k + 1, strcmp(on, "true") == 0, after);
	}
	buf_printf(body, "{\"was_on\":%s}", was ? "true" : "false");
	return 200;
}

static int
http2(struct plug *s, const char *path, struct buf *body)
{
	char method[32];

	if (strcmp(path, "/shelly") == 0) {
		buf_printf(body,
		    "{\"name\":null,\"id\":\"shellyplusplugs-e465b8a1b2c4\","
		    "\"mac\":\"E465B8A1B2C4\",\"slot\":0,\"model\":"
		    "\"SNPL-00112EU\",\"gen\":2,\"fw_id\":"
		    "\"20231219-133922/1.1.0-g34b5d4f\",\"ver\":\"1.1.0\","
		    "\"app\":\"PlusPlugS\",\"auth_en\":%s}",
		    s->password[0] != '\0' ? "true" : "false");
		return 200;
	}
	if (!str_starts(path, "/rpc/Switch."))
		return rpc_error(body, 404, 404, "No handler");
	str_format(method, sizeof(method), "%.*s", (int)strcspn(path + 12, "?"),
	    path + 12);
	return rpc_switch(s, method, path, body);
}

static bool
admitted(const struct plug *s, const struct http_ask *ask)
{
	const char *colon = ask->user != NULL ? strchr(ask->user, ':') : NULL;

	return s->password[0] == '\0' ||
	    (str_starts(ask->user != NULL ? ask->user : "", "admin:") &&
		strcmp(colon + 1, s->password) == 0);
}

static int
shelly_http(struct proc *p, const struct http_ask *ask, struct buf *body)
{
	struct plug *s = plug_of(p);
	int rc = plug_reach(p, ask);

	if (rc != 0)
		return rc;
	if (strcmp(ask->path, "/shelly") != 0 && !admitted(s, ask)) {
		buf_puts(body, "401 Unauthorized");
		return 401;
	}
	return s->gen == 1 ? http1(s, ask->path, body)
			   : http2(s, ask->path, body);
}

/* --- the personality --- */

static void
shelly_read(struct sim_board *b, struct sim_keys *k)
{
	plug_read(b, k);
	((struct plug *)b->state)->gen = sim_key_int(k, "gen", 1, 2, 2);
}

static void
shelly_init(struct sim_board *b)
{
	plug_init(b, plug_web_commands, shelly_http);
}

static void
shelly_write(const struct sim_board *b, struct buf *out)
{
	const struct plug *s = b->state;

	buf_printf(out, "host = \"%s\"; gen = %d;", s->host, s->gen);
}

static const char *const shelly_keys[] = { "host", "password", "meter", "gen",
	NULL };

const struct personality shelly_personality = {
	.type = "shelly",
	.user = "pi",
	.feed = true,
	.reboot_ms = 20000,
	.keys = shelly_keys,
	.read = shelly_read,
	.init = shelly_init,
	.tick = plug_tick,
	.down = plug_down,
	.up = plug_up,
	.node_faulted = ports_node_faulted,
	.release = plug_release,
	.write = shelly_write,
};

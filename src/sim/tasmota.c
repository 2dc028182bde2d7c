/*
 * A plug, or a strip of them, with Tasmota: every command is a GET of
 * /cm?cmnd=..., answered with JSON and status 200 even when the command is
 * not known. One relay is POWER, several are POWER1 and so on.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "plug.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"

#define STEPS_MAX 30 /* of a backlog */

static void
relay_name(const struct plug *s, int port, char *out, size_t size)
{
	if (s->ports.board->slots == 1)
		str_copy(out, size, "POWER");
	else
		str_format(out, size, "POWER%d", port);
}

static void
when(const struct plug *s, char *out, size_t size)
{
	time_t t = (time_t)(loop_wall(s->ports.board->rack->loop) / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	if (strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		out[0] = '\0';
}

/* {"POWER":"ON"} */
static void
tell(const struct plug *s, int from, int to, struct buf *out)
{
	char name[16];
	int k;

	buf_puts(out, "{");
	for (k = from; k <= to; k++) {
		relay_name(s, k, name, sizeof(name));
		buf_printf(out, "%s\"%s\":\"%s\"", k > from ? "," : "", name,
		    ports_is_on(&s->ports, k) ? "ON" : "OFF");
	}
	buf_puts(out, "}");
}

static void
power(struct plug *s, const char *index, const char *value, struct buf *out)
{
	int slots = s->ports.board->slots, from = 1, to = 1, k;
	long n;

	if (*index != '\0') {
		if (!str_long(index, 0, slots, &n)) {
			buf_puts(out, "{\"Command\":\"Error\"}");
			return;
		}
		from = n == 0 ? 1 : (int)n;
		to = n == 0 ? slots : (int)n;
	}
	for (k = from; k <= to; k++) {
		bool on = ports_is_on(&s->ports, k);

		if (strcasecmp(value, "on") == 0 || strcmp(value, "1") == 0)
			ports_set(&s->ports, k, true);
		else if (strcasecmp(value, "off") == 0 ||
		    strcmp(value, "0") == 0)
			ports_set(&s->ports, k, false);
		else if (strcasecmp(value, "toggle") == 0 ||
		    strcmp(value, "2") == 0)
			ports_set(&s->ports, k, !on);
	}
	tell(s, from, to, out);
}

static void
energy(const struct plug *s, struct buf *out)
{
	double w = plug_watts(s);
	char time[32];

	when(s, time, sizeof(time));
	buf_printf(out, "{\"StatusSNS\":{\"Time\":\"%s\"", time);
	if (s->meter)
		buf_printf(out,
		    ",\"ENERGY\":{\"TotalStartTime\":\"2024-01-07T10:11:12\","
		    "\"Total\":%.3f,\"Yesterday\":%.3f,\"Today\":%.3f,"
		    "\"Power\":%.0f,\"ApparentPower\":%.0f,"
		    "\"ReactivePower\":%.0f,\"Factor\":%.2f,\"Voltage\":%.0f,"
		    "\"Current\":%.3f}",
		    s->total, w * 0.024, w * 0.011, w, w * 1.4, w * 0.9,
		    w > 0 ? 0.71 : 0.0, PLUG_VOLTS, w * 1.4 / PLUG_VOLTS);
	buf_puts(out, "}}");
}

static void
status(const struct plug *s, const char *what, struct buf *out)
{
	char time[32];

	if (strcmp(what, "8") == 0 || strcmp(what, "10") == 0) {
		energy(s, out);
	} else if (strcmp(what, "11") == 0) {
		struct buf relays;

		buf_init(&relays, 0);
		tell(s, 1, s->ports.board->slots, &relays);
		when(s, time, sizeof(time));
		buf_printf(out,
		    "{\"StatusSTS\":{\"Time\":\"%s\",\"Uptime\":"
		    "\"3T04:05:06\",%s}",
		    time, buf_str(&relays) + 1);
		buf_release(&relays);
	} else {
		buf_printf(out,
		    "{\"Status\":{\"Module\":0,\"DeviceName\":\"Tasmota\","
		    "\"Topic\":\"tasmota_51A2B3\",\"Power\":\"%d\","
		    "\"PowerOnState\":3}}",
		    ports_is_on(&s->ports, 1));
	}
}

/* The words of one command; the verb is known without regard to case. */
static void
run_one(struct plug *s, char *text, struct buf *out)
{
	char *rest = text, *verb = str_word(&rest), *value = str_word(&rest);

	if (verb == NULL)
		buf_puts(out, "{\"Command\":\"Unknown\"}");
	else if (strncasecmp(verb, "power", 5) == 0 &&
	    (verb[5] == '\0' || strchr("0123456789", verb[5]) != NULL))
		power(s, verb + 5, value != NULL ? value : "", out);
	else if (strcasecmp(verb, "status") == 0)
		status(s, value != NULL ? value : "", out);
	else
		buf_puts(out, "{\"Command\":\"Unknown\"}");
}

/* "Power Off; Delay 100; Power On": of what it is used for, that off comes
 * before on, with a delay between them, for one relay. */
static void
backlog(struct plug *s, char *text, struct buf *out)
{
	struct buf ignored;
	unsigned delay = 0;
	char *step = text, *end;
	int steps = 0;
	long n;

	buf_init(&ignored, 0);
	for (; step != NULL && steps < STEPS_MAX; step = end, steps++) {
		char *words = step, *verb, *value;

		end = strchr(step, ';');
		if (end != NULL)
			*end++ = '\0';
		if (delay == 0 &&
		    strncasecmp(str_trim(step), "delay", 5) != 0) {
			run_one(s, step, &ignored);
			continue;
		}
		verb = str_word(&words);
		value = str_word(&words);
		if (verb != NULL && strcasecmp(verb, "delay") == 0) {
			if (value != NULL && str_long(value, 2, 3600, &n))
				delay = (unsigned)n * 100;
		} else if (verb != NULL && value != NULL &&
		    strncasecmp(verb, "power", 5) == 0 &&
		    strcasecmp(value, "on") == 0) {
			if (!str_long(verb + 5, 1, s->ports.board->slots, &n))
				n = 1;
			ports_on_after(&s->ports, (int)n, delay);
		}
	}
	buf_release(&ignored);
	buf_puts(out,
	    s->gen < 9
		? "{\"WARNING\":\"Enable weblog 2 if response expected\"}"
		: "{}");
}

static int
tasmota_http(struct proc *p, const struct http_ask *ask, struct buf *body)
{
	struct plug *s = plug_of(p);
	char cmnd[256], password[64];
	int rc = plug_reach(p, ask);

	if (rc != 0)
		return rc;
	if (!str_starts(ask->path, "/cm"))
		return 404;
	(void)plug_query(ask->path, "password", password, sizeof(password));
	if (s->password[0] != '\0' && strcmp(password, s->password) != 0) {
		buf_puts(body,
		    "{\"WARNING\":\"Need user=<username>&password=<password>"
		    "\"}");
		return 200;
	}
	if (!plug_query(ask->path, "cmnd", cmnd, sizeof(cmnd)))
		buf_puts(body, "{\"WARNING\":\"Enter command cmnd=\"}");
	else if (strncasecmp(cmnd, "backlog", 7) == 0)
		backlog(s, cmnd + 7 + strspn(cmnd + 7, "012"), body);
	else
		run_one(s, cmnd, body);
	return 200;
}

static void
tasmota_read(struct sim_board *b, struct sim_keys *k)
{
	plug_read(b, k);
	((struct plug *)b->state)->gen = sim_key_int(k, "firmware", 6, 14, 13);
}

static void
tasmota_init(struct sim_board *b)
{
	plug_init(b, plug_web_commands, tasmota_http);
}

static void
tasmota_write(const struct sim_board *b, struct buf *out)
{
	const struct plug *s = b->state;

	buf_printf(out, "host = \"%s\";", s->host);
}

static const char *const tasmota_keys[] = { "host", "password", "meter",
	"firmware", NULL };

const struct personality tasmota_personality = {
	.type = "tasmota",
	.user = "pi",
	.feed = true,
	.reboot_ms = 20000,
	.keys = tasmota_keys,
	.read = tasmota_read,
	.init = tasmota_init,
	.tick = plug_tick,
	.down = plug_down,
	.up = plug_up,
	.node_faulted = ports_node_faulted,
	.release = plug_release,
	.write = tasmota_write,
};

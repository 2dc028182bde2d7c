#include "turing_pi.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/json.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * The slow part: files that hardly change, and bmcd's own answers. An error of
 * bmcd's comes in the envelope of an answer, with a message where the result
 * belongs, and its tools exit with 0 all the same; so the shape of the result
 * is what tells. A body is what stands before its "@@ CODE" line; the order is
 * the script's.
 */

/* In the order in which the script asks. */
enum ask {
	ASK_POWER,
	ASK_USB,
	ASK_ABOUT,
	ASK_INFO,
	ASK_NODES,
	ASK_COOLING,
	ASK_MAX
};

struct slow {
	struct tp *tp;
	long curl; /* exit status, -1: curl was not used */
	bool sd_by_df; /* df told of the SD card, which bmcd would too */
	bool got[ASK_MAX];
	char why[ASK_MAX][160]; /* of what was not got */
};

static const char asked_never[] = "bmcd was not asked: the image has neither "
				  "curl nor tpi.";

/* The result of an answer; NULL and why when it is an error or no answer. */
static struct json *
result_of(struct json *j, char *why, size_t size)
{
	struct json *first = json_at(json_get(j, "response"), 0);
	struct json *result = json_get(first, "result");
	const char *message = json_str(result);

	if (message != NULL && str_starts(message, "Invalid `type`")) {
		str_copy(why, size,
		    "bmcd of this firmware does not have it: update the BMC "
		    "to 2.1.");
		return NULL;
	}
	if (message != NULL) {
		str_format(why, size, "bmcd says: %s", message);
		return NULL;
	}
	if (result == NULL && first != NULL)
		result = first; /* firmware 1.x has no "result" */
	if (json_is_array(result) && json_size(result) == 0)
		result = NULL;
	if (result == NULL)
		str_copy(why, size, "bmcd's answer was none to what was asked");
	return result;
}

static void
parse_power(struct slow *s, const struct json *result)
{
	const struct json *o =
	    json_is_array(result) ? json_at(result, 0) : result;

	for (int n = 1; n <= TP_SLOTS; n++) {
		char key[8];
		struct json *v;
		const char *word;
		double num = -1;

		str_format(key, sizeof key, "node%d", n);
		v = json_get(o, key);
		word = json_str(v);
		if (word != NULL && !str_double(word, &num))
			num = -1;
		if (word == NULL && !json_num(v, &num))
			num = -1;
		if (num < 0 || num > 1)
			report_unknown(&s->tp->intent, n, NAME_POWER_COMMANDED,
			    NULL,
			    word != NULL && strcmp(word, "Unknown") == 0
				? "bmcd itself says Unknown."
				: "bmcd's answer does not tell it.");
		else
			report_text(&s->tp->intent, n, NAME_POWER_COMMANDED,
			    NULL, num > 0.5 ? "on" : "off");
	}
	s->got[ASK_POWER] = true;
}

static const char *
usb_word(const char *said)
{
	static const char *const words[][2] = { { "Host", "host" },
		{ "Device", "device" }, { "Flash", "flash" }, { "Bmc", "bmc" },
		{ "UsbA", "usb-a" },
		{ "AlternativePort", "alternative-port" } };

	for (size_t i = 0; said != NULL && i < ARRAY_LEN(words); i++)
		if (strcmp(said, words[i][0]) == 0)
			return words[i][1];
	return NULL;
}

static void
usb_report(struct slow *s, int slot, enum name_id id, const char *said)
{
	if (usb_word(said) != NULL)
		report_text(&s->tp->slow, slot, id, NULL, usb_word(said));
	else
		report_unknown(&s->tp->slow, slot, id, NULL,
		    "bmcd's answer does not tell it.");
}

static void
parse_usb(struct slow *s, const struct json *result)
{
	const struct json *o =
	    json_is_array(result) ? json_at(result, 0) : result;
	const char *node = json_str(json_get(o, "node"));
	const char *mode = json_str(json_get(o, "mode"));
	char why[80];
	long n = 0;

	if (node == NULL || !str_starts(node, "Node ") ||
	    !str_long(node + 5, 1, TP_SLOTS, &n))
		n = 0;
	usb_report(s, 0, NAME_BOARD_USB_MODE, mode);
	usb_report(s, 0, NAME_BOARD_USB_ROUTE, json_str(json_get(o, "route")));
	if (n > 0)
		report_number(
		    &s->tp->slow, 0, NAME_BOARD_USB_NODE, NULL, (double)n);
	else
		report_unknown(&s->tp->slow, 0, NAME_BOARD_USB_NODE, NULL,
		    "bmcd's answer does not tell it.");
	str_format(why, sizeof why,
	    n > 0 ? "The board's USB is switched to slot %ld."
		  : "bmcd does not tell where the board's USB is switched.",
	    n);
	for (int slot = 1; slot <= TP_SLOTS; slot++)
		if (slot == n)
			usb_report(s, slot, NAME_USB_MODE, mode);
		else
			report_unknown(
			    &s->tp->slow, slot, NAME_USB_MODE, NULL, why);
	s->got[ASK_USB] = true;
}

/* Buildroot names its own release in os-release ("2024.05.1"), which up to
 * firmware 2.1 is not the firmware's; then bmcd's release tells the line. */
static void
report_firmware(struct tp *tp)
{
	static const char *const known[][2] = { { "2.3.4", "2.1" },
		{ "2.0.5", "2.0.5" }, { "2.0.4", "2.0.4" },
		{ "2.3.2", "2.1 (factory, 2024)" } };
	const char *v = tp->firmware;
	bool buildroot = strlen(v) >= 7 && str_starts(v, "20") && v[4] == '.';

	if (*v != '\0' && !buildroot) {
		report_text(&tp->slow, 0, NAME_BOARD_FIRMWARE, NULL, v);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(tp->bmcd, known[i][0]) == 0) {
			report_text(&tp->slow, 0, NAME_BOARD_FIRMWARE, NULL,
			    known[i][1]);
			return;
		}
	report_unknown(&tp->slow, 0, NAME_BOARD_FIRMWARE, NULL,
	    "This firmware does not tell its release; see board.daemon.");
}

static void
parse_about(struct slow *s, const struct json *result)
{
	const struct json *o =
	    json_is_array(result) ? json_at(result, 0) : result;
	const char *own = json_str(json_get(o, "bmcd_version"));
	const char *version = json_str(json_get(o, "version"));
	char text[48];

	/* From bmcd 2.3.5 on, version is the firmware's. */
	if (own != NULL && version != NULL)
		str_copy(s->tp->firmware, sizeof s->tp->firmware, version);
	if (own == NULL)
		own = version;
	if (own != NULL) {
		str_copy(s->tp->bmcd, sizeof s->tp->bmcd, own);
		str_format(text, sizeof text, "bmcd %.40s", own);
		report_text(&s->tp->slow, 0, NAME_BOARD_DAEMON, NULL, text);
	} else
		report_unknown(&s->tp->slow, 0, NAME_BOARD_DAEMON, NULL,
		    "bmcd's answer does not tell it.");
	s->got[ASK_ABOUT] = true;
}

static void
storage(struct slow *s, const struct json *list)
{
	for (size_t i = 0; i < json_size(list) && i < 8; i++) {
		const struct json *o = json_at(list, i);
		const char *name = json_str(json_get(o, "name"));
		const char *as = NULL;
		double total, free_bytes;

		if (name != NULL && strcmp(name, "BMC") == 0)
			as = "bmc";
		else if (name != NULL && strcmp(name, "SD card") == 0)
			as = s->sd_by_df ? NULL : "sd";
		if (as == NULL ||
		    !json_num(json_get(o, "total_bytes"), &total) ||
		    !json_num(json_get(o, "bytes_free"), &free_bytes))
			continue;
		report_number(
		    &s->tp->slow, 0, NAME_BOARD_DISK_TOTAL, as, total / 1e6);
		report_number(&s->tp->slow, 0, NAME_BOARD_DISK_FREE, as,
		    free_bytes / 1e6);
	}
}

static void
parse_info(struct slow *s, const struct json *result)
{
	const struct json *ips = json_get(result, "ip");
	const char *best = NULL;

	for (size_t i = 0; i < json_size(ips) && i < 32; i++) {
		const struct json *o = json_at(ips, i);
		const char *dev = json_str(json_get(o, "device"));
		const char *ip = json_str(json_get(o, "ip"));

		/* The bridge is the board's own address from 2.1 on. */
		if (dev == NULL || ip == NULL || strcmp(dev, "lo") == 0 ||
		    strcmp(ip, "Unknown") == 0 || strchr(ip, '.') == NULL)
			continue;
		if (best == NULL || strcmp(dev, "br0") == 0)
			best = ip;
	}
	if (best != NULL)
		report_text(&s->tp->slow, 0, NAME_BOARD_ADDRESS, NULL, best);
	else
		report_unknown(&s->tp->slow, 0, NAME_BOARD_ADDRESS, NULL,
		    "bmcd does not know the board's address.");
	storage(s, json_get(result, "storage"));
	s->got[ASK_INFO] = true;
}

static void
named(struct slow *s, int slot, enum name_id id, const struct json *v)
{
	const char *text = json_str(v);

	if (text != NULL && *text != '\0')
		report_text(&s->tp->slow, slot, id, NULL, text);
	else
		report_unknown(&s->tp->slow, slot, id, NULL,
		    "Nothing is stored for this slot on the board.");
}

static void
parse_nodes(struct slow *s, const struct json *result)
{
	double t;

	if (!json_is_array(result))
		return;
	for (int n = 0; n < TP_SLOTS; n++) {
		const struct json *o = json_at(result, (size_t)n);

		named(s, n + 1, NAME_NODE_NAME, json_get(o, "name"));
		named(s, n + 1, NAME_NODE_MODULE, json_get(o, "module_name"));
	}
	/* It counts back from a clock that starts in 1970: what is longer
	 * than ten years is that clock's doing. */
	if (json_num(json_get(json_at(result, 0), "power_on_time"), &t) &&
	    t >= 0 && t < 10.0 * 365 * 86400)
		report_number(&s->tp->slow, 1, NAME_POWER_ON_TIME, NULL, t);
	else
		report_unknown(&s->tp->slow, 1, NAME_POWER_ON_TIME, NULL,
		    "bmcd has not switched the node on, or had no clock.");
	s->got[ASK_NODES] = true;
}

/* Where the kernel shows no fan, bmcd may know one. */
static void
parse_cooling(struct slow *s, const struct json *result)
{
	const struct json *o = json_at(result, 0);
	double speed, max;

	if (s->tp->has_fan || !json_num(json_get(o, "speed"), &speed) ||
	    !json_num(json_get(o, "max_speed"), &max))
		return;
	report_number(&s->tp->slow, 0, NAME_BOARD_FAN_LEVEL, NULL, speed);
	report_number(&s->tp->slow, 0, NAME_BOARD_FAN_MAX, NULL, max);
}

static void
parse_body(struct slow *s, enum ask ask, const char *body, size_t len)
{
	static void (*const parsers[ASK_MAX])(
	    struct slow *, const struct json *) = { [ASK_POWER] = parse_power,
		[ASK_USB] = parse_usb,
		[ASK_ABOUT] = parse_about,
		[ASK_INFO] = parse_info,
		[ASK_NODES] = parse_nodes,
		[ASK_COOLING] = parse_cooling };
	struct json *j = json_parse(body, len, NULL, 0), *result = NULL;

	if (j == NULL && strspn(body, "\r\n ") < len)
		str_format(s->why[ask], sizeof s->why[ask],
		    "bmcd did not answer in JSON: %.*s",
		    (int)strcspn(body, "\r\n"), body);
	if (j != NULL)
		result = result_of(j, s->why[ask], sizeof s->why[ask]);
	if (result != NULL)
		parsers[ask](s, result);
	json_free(j);
}

static void
parse_date(struct tp *tp, const char *rest)
{
	double sent = (double)tp->slow_wall / 1000;
	double now = (double)tp->drv.link.wall(tp->drv.link.arg) / 1000;
	double said, skew = 0;

	/* A clock that is off by thousands of years is no clock. */
	if (!str_double(rest, &said) || !(said >= 0 && said < 1e12))
		return;
	/* It was read in between, and has whole seconds. */
	if (said > now)
		skew = said - now;
	else if (said + 1 < sent)
		skew = said + 1 - sent;
	report_number(&tp->slow, 0, NAME_BOARD_CLOCK_SKEW, NULL,
	    (double)(long long)(skew < 0 ? skew - 0.5 : skew + 0.5));
}

static void
parse_ubi(struct tp *tp, char *rest)
{
	char *avail = str_word(&rest), *total = str_word(&rest);
	char *bad = str_word(&rest), *reserve = str_word(&rest);
	static const char why[] = "The kernel shows no UBI device.";
	double a, t;

	if (reserve == NULL)
		return;
	report_field(&tp->slow, 0, NAME_BOARD_FLASH_BAD, NULL, bad, 1, why);
	report_field(
	    &tp->slow, 0, NAME_BOARD_FLASH_RESERVE, NULL, reserve, 1, why);
	if (str_double(avail, &a) && str_double(total, &t) && t > 0)
		report_number(
		    &tp->slow, 0, NAME_BOARD_FLASH_FREE, NULL, 100 * a / t);
	else
		report_unknown(&tp->slow, 0, NAME_BOARD_FLASH_FREE, NULL, why);
}

static void
parse_df(struct slow *s, char *rest)
{
	char *total = str_word(&rest), *avail = str_word(&rest);
	double t, a;

	/* The heading has words here. */
	if (avail == NULL || !str_double(total, &t) || !str_double(avail, &a))
		return;
	s->sd_by_df = true;
	report_number(
	    &s->tp->slow, 0, NAME_BOARD_DISK_TOTAL, "sd", t * 1024 / 1e6);
	report_number(
	    &s->tp->slow, 0, NAME_BOARD_DISK_FREE, "sd", a * 1024 / 1e6);
}

static bool
parse_plain(struct slow *s, char *line)
{
	char *key, *rest;

	if (!str_starts(line, "date ") && !str_starts(line, "ubi ") &&
	    !str_starts(line, "df ") && !str_starts(line, "curl "))
		return false;
	key = str_word(&line);
	rest = line != NULL ? str_trim(line) : NULL;
	if (rest == NULL)
		return true;
	if (strcmp(key, "date") == 0)
		parse_date(s->tp, rest);
	else if (strcmp(key, "ubi") == 0)
		parse_ubi(s->tp, rest);
	else if (strcmp(key, "df") == 0)
		parse_df(s, rest);
	else if (!str_long(rest, 0, 255, &s->curl))
		s->curl = 0;
	return true;
}

#define CURL_REFUSED 7 /* nobody listens */

static const char *
curl_reason(long status)
{
	switch (status) {
	case CURL_REFUSED:
		return "bmcd is not running (connection refused).";
	case 28:
	case 124: /* timeout(1) of coreutils, and busybox's */
	case 143:
		return "bmcd does not answer (timeout).";
	case 35:
	case 60:
		return "bmcd's TLS failed.";
	default:
		return NULL;
	}
}

static void
missing(struct slow *s, enum ask ask, int slot, enum name_id id)
{
	struct report *rp = ask == ASK_POWER ? &s->tp->intent : &s->tp->slow;

	if (!s->got[ask])
		report_unknown(rp, slot, id, NULL, s->why[ask]);
}

static void
report_missing(struct slow *s)
{
	for (int n = 1; n <= TP_SLOTS; n++) {
		missing(s, ASK_POWER, n, NAME_POWER_COMMANDED);
		missing(s, ASK_USB, n, NAME_USB_MODE);
		missing(s, ASK_NODES, n, NAME_NODE_NAME);
		missing(s, ASK_NODES, n, NAME_NODE_MODULE);
		if (n > 1)
			report_unknown(&s->tp->slow, n, NAME_POWER_ON_TIME,
			    NULL, "bmcd keeps this right for slot 1 only.");
		else
			missing(s, ASK_NODES, n, NAME_POWER_ON_TIME);
	}
	missing(s, ASK_USB, 0, NAME_BOARD_USB_NODE);
	missing(s, ASK_USB, 0, NAME_BOARD_USB_MODE);
	missing(s, ASK_USB, 0, NAME_BOARD_USB_ROUTE);
	missing(s, ASK_ABOUT, 0, NAME_BOARD_DAEMON);
	missing(s, ASK_INFO, 0, NAME_BOARD_ADDRESS);
}

/* why: for all that was not got and has no reason of its own. */
static void
finish(struct slow *s, const char *why)
{
	for (size_t i = 0; i < ASK_MAX; i++)
		if (s->why[i][0] == '\0')
			str_copy(s->why[i], sizeof s->why[i], why);
	report_missing(s);
	report_firmware(s->tp);
	report_sweep(&s->tp->intent, "bmcd does not tell it any more.");
	report_sweep(&s->tp->slow, "The board does not report it any more.");
}

void
tp_parse_slow(struct tp *tp, char *text)
{
	struct slow s = { .tp = tp, .curl = -1 };
	char *at = text, *line;
	unsigned ask = ASK_POWER;
	const char *why;
	struct buf body;

	buf_init(&body, 64 * 1024);
	while ((line = str_line(&at)) != NULL) {
		if (parse_plain(&s, line))
			continue;
		if (!str_starts(line, "@@ ")) {
			buf_puts(&body, line);
			buf_puts(&body, "\n");
			continue;
		}
		if (ask < ASK_MAX)
			parse_body(
			    &s, (enum ask)ask++, buf_str(&body), body.len);
		buf_clear(&body);
	}
	buf_release(&body);
	if (tp->bmcd_down != (s.curl == CURL_REFUSED)) {
		tp->bmcd_down = !tp->bmcd_down;
		tp->drv.sink.can_changed(tp->drv.sink_arg);
	}
	why = curl_reason(s.curl);
	if (why == NULL)
		why = tp->has_curl || tp->has_tpi ? "bmcd did not answer this."
						  : asked_never;
	finish(&s, why);
}

void
tp_slow_unknown(struct tp *tp, const char *why)
{
	struct slow s = { .tp = tp, .curl = -1 };

	finish(&s, why);
}

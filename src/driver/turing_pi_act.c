#include "turing_pi.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Orders. bmcd answers an error with the same envelope as a success, and tpi
 * exits with 0 after both; so an order was carried out when the answer holds
 * "result":"ok", and not before. bmcd trusts loopback, so no password is
 * needed and none is known here.
 */

#define ACT_TIMEOUT 12000

struct tp_act {
	struct tp *tp;
	unsigned ticket;
	bool led;
	struct tp_act *next;
};

void
tp_acts_drop(struct tp *tp)
{
	while (tp->acts != NULL) {
		struct tp_act *a = tp->acts;

		tp->acts = a->next;
		free(a);
	}
}

/* bmcd's message, or what was said at all. */
static void
failure(const char *out, char *text, size_t size)
{
	const char *p = strstr(out, "\"result\":\"");
	size_t len;

	p = p != NULL ? p + 10 : out + strspn(out, "\r\n ");
	len = strcspn(p, "\"\r\n");
	if (len == 0)
		str_copy(text, size, "bmcd did not answer");
	else
		str_format(text, size, "%.*s", (int)(len < 150 ? len : 150), p);
}

static void
on_acted(void *arg, const struct link_result *r)
{
	struct tp_act *a = arg, **at = &a->tp->acts;
	struct tp *tp = a->tp;
	struct drv *d = &tp->drv;
	unsigned ticket = a->ticket;
	bool led = a->led;
	const char *out = r->out ? r->out : "";
	char text[160];

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	free(a);
	tp->slow_now = true;
	if (r->outcome == LINK_NOT_SENT || r->outcome == LINK_CANNOT)
		d->sink.acted(d->sink_arg, ticket, ACT_FAILED, r->why);
	else if (r->outcome != LINK_DONE)
		d->sink.acted(d->sink_arg, ticket, ACT_UNCERTAIN,
		    r->why ? r->why : "no answer");
	else if (led ? r->status == 0 : strstr(out, "acted ok") != NULL)
		d->sink.acted(d->sink_arg, ticket, ACT_OK, "done");
	else {
		failure(out, text, sizeof text);
		d->sink.acted(d->sink_arg, ticket, ACT_FAILED, text);
	}
}

/* One request to bmcd, by curl or by tpi; the shell variable o collects what
 * was said, and the next step is only taken after an ok. */
static void
request(struct buf *b, const struct tp *tp, const char *query, const char *tpi)
{
	if (tp->has_curl || !tp->has_tpi)
		buf_printf(b,
		    "o=$(curl -sSk --max-time 8 "
		    "'https://127.0.0.1/api/bmc?opt=set&%s' 2>&1); ",
		    query);
	else
		buf_printf(b, "o=$(tpi --json %s 2>&1); ", tpi);
	buf_puts(b, "printf '%s\\n' \"$o\"; ");
}

static void
power(struct buf *b, const struct tp *tp, int slot, bool on)
{
	char query[40], tpi[40];

	str_format(query, sizeof query, "type=power&node%d=%d", slot, on);
	str_format(tpi, sizeof tpi, "power %s -n %d", on ? "on" : "off", slot);
	request(b, tp, query, tpi);
}

static void
check(struct buf *b, const char *then)
{
	buf_printf(b, "case $o in *'\"result\":\"ok\"'*) %s ;; esac", then);
}

static void
cycle(struct buf *b, const struct tp *tp, int slot)
{
	struct buf on;

	buf_init(&on, 0);
	buf_puts(&on, "sleep 1; ");
	power(&on, tp, slot, true);
	check(&on, "printf 'acted ok\\n'");
	power(b, tp, slot, false);
	check(b, buf_str(&on));
	buf_release(&on);
}

static void
command(struct buf *b, const struct tp *tp, int slot, enum act act)
{
	char query[40], tpi[40];

	switch (act) {
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
		power(b, tp, slot, act == ACT_POWER_ON);
		check(b, "printf 'acted ok\\n'");
		break;
	case ACT_POWER_RESET:
		str_format(query, sizeof query, "type=reset&node=%d", slot - 1);
		str_format(tpi, sizeof tpi, "power reset -n %d", slot);
		request(b, tp, query, tpi);
		check(b, "printf 'acted ok\\n'");
		break;
	case ACT_POWER_CYCLE:
		cycle(b, tp, slot);
		break;
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		buf_printf(b, "echo %d %s\"${RACKMUX_ROOT-}\"/sys/class/leds/",
		    act == ACT_LOCATE_ON,
		    tp->is_root ? ">" : "| sudo -n tee >/dev/null ");
		buf_quote(b, tp->led);
		buf_puts(b, "/brightness");
		break;
	default:
		break;
	}
}

void
tp_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	struct tp *tp = (struct tp *)d;
	struct tp_act *a = mem_alloc(sizeof *a);
	struct buf b;

	a->tp = tp;
	a->ticket = ticket;
	a->led = act == ACT_LOCATE_ON || act == ACT_LOCATE_OFF;
	a->next = tp->acts;
	tp->acts = a;
	buf_init(&b, 0);
	command(&b, tp, slot, act);
	d->link.run(d->link.arg, buf_str(&b), ACT_TIMEOUT, on_acted, a);
	buf_release(&b);
}

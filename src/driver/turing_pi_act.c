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

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	bool led = o->act == ACT_LOCATE_ON || o->act == ACT_LOCATE_OFF;

	if (led ? r->status == 0 : strstr(r->out, "acted ok") != NULL)
		return ACT_OK;
	failure(r->out, text, size);
	return ACT_FAILED;
}

/* bmcd is asked again soon, whatever came of it. */
static void
after(struct order *o, enum act_outcome outcome)
{
	(void)outcome;
	((struct tp *)o->drv)->slow_now = true;
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
	const struct order order = { .ticket = ticket,
		.slot = slot,
		.act = act,
		.judge = judge,
		.after = after };
	struct buf b;

	buf_init(&b, 0);
	command(&b, tp, slot, act);
	drv_order(d, &order, buf_str(&b), ACT_TIMEOUT);
	buf_release(&b);
}

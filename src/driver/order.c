#include "rackmux/driver/driver.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * What all drivers do with an action: send it once, and tell one outcome.
 * Whether a command that was lost with its link ran is not known, and is
 * never guessed; only where the order itself ends the connection (a reboot)
 * is the end taken for the answer.
 */

#define SAID_MAX 150

void
order_said(const struct link_result *r, char *text, size_t size)
{
	const char *p = r->out != NULL ? r->out : "";
	size_t len;

	p += strspn(p, "\r\n\t ");
	len = strcspn(p, "\r\n");
	if (len == 0)
		str_copy(text, size, "the command failed");
	else
		text_clean(text, size, p, len < SAID_MAX ? len : SAID_MAX);
}

static enum act_outcome
judge(struct order *o, const struct link_result *r, char *text, size_t size)
{
	const char *why = r->why != NULL ? r->why : "no answer";

	switch (r->outcome) {
	case LINK_NOT_SENT:
	case LINK_CANNOT:
		str_copy(text, size, why);
		return ACT_FAILED;
	case LINK_DIED:
		if (o->ends_link) {
			str_copy(text, size, "accepted: the connection ended");
			return ACT_OK;
		}
		str_copy(text, size, why);
		return ACT_UNCERTAIN;
	case LINK_TIMED_OUT:
	case LINK_CANCELLED:
		str_copy(text, size, why);
		return ACT_UNCERTAIN;
	case LINK_DONE:
		break;
	}
	str_copy(text, size, "done");
	if (o->judge != NULL)
		return o->judge(o, r, text, size);
	if (r->status == 0)
		return ACT_OK;
	order_said(r, text, size);
	return ACT_FAILED;
}

static void
on_done(void *arg, const struct link_result *r)
{
	struct order *o = arg, **at = &o->drv->orders;
	struct drv *d = o->drv;
	unsigned ticket = o->ticket;
	enum act_outcome outcome;
	char text[SAID_MAX + 50];

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	outcome = judge(o, r, text, sizeof text);
	if (o->after != NULL)
		o->after(o, outcome);
	free(o);
	d->sink.acted(d->sink_arg, ticket, outcome, text);
}

void
drv_order(struct drv *d, const struct order *tmpl, const char *cmd,
    unsigned timeout_ms)
{
	struct order *o = mem_alloc(sizeof *o);

	*o = *tmpl;
	o->drv = d;
	o->next = d->orders;
	d->orders = o;
	if (d->driver->no_shell_ssh || tmpl->apart)
		d->link.exec(d->link.arg, cmd, timeout_ms, on_done, o);
	else
		d->link.run(d->link.arg, cmd, timeout_ms, on_done, o);
}

void
drv_orders_drop(struct drv *d)
{
	while (d->orders != NULL) {
		struct order *o = d->orders;

		d->orders = o->next;
		free(o);
	}
}

#include <string.h>

#include "rackmux/base/text.h"
#include "reach_in.h"

/*
 * Who has the line. A tty that we open ourselves says it with the pid; a
 * program that only says that it cannot is asked for by the device.
 */

#define LOOK_MS 8000

static void
tell(struct reach *r, const char *who)
{
	char text[260];
	const char *device = r->way.device[0] ? r->way.device : "the line";

	if (*who != '\0')
		str_format(text, sizeof text,
		    "%.100s is held by %.100s: end that there, or wait for it.",
		    device, who);
	else
		str_format(text, sizeof text,
		    "Another program has %.60s: end it there, or wait for it "
		    "(%.120s)",
		    device, r->held);
	reach_end(r, REACH_HELD, text);
}

static void
on_found(struct reach *r, const struct link_result *res)
{
	char who[120] = "";
	size_t len = res->out != NULL ? strcspn(res->out, "\r\n") : 0;

	r->look = NULL;
	if (res->outcome == LINK_DONE)
		text_clean(who, sizeof who, res->out,
		    len < sizeof who ? len : sizeof who - 1);
	tell(r, strstr(who, "(pid ") != NULL ? who : "");
}

void
held_look(struct reach *r)
{
	const char *said = strstr(r->held, r->way.held);
	unsigned can = r->via.can(r->via_arg);
	struct buf cmd;

	if (r->look != NULL)
		return;
	if (said != NULL && strstr(said, "(pid ") != NULL) {
		tell(r, said + strlen(r->way.held));
		return;
	}
	if (r->way.device[0] == '\0' || r->way.by == WAY_BY_OWN ||
	    (can & (LINK_CAN_EXEC | LINK_CAN_RUN)) == 0) {
		tell(r, "");
		return;
	}
	buf_init(&cmd, 0);
	way_holder_cmd(r->way.device, &cmd);
	r->look = reach_ask_link(r, buf_str(&cmd), LOOK_MS, on_found);
	buf_release(&cmd);
}

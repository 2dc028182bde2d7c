#include "mini_cm4.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Orders. The controller has one selected channel for all users of its port,
 * so each letter that does something is sent only after "cN" was answered
 * with the right number, and counts only when its own answer names that
 * number too. A step that went otherwise ends the order: nothing is ever sent
 * twice, because what was lost may have been done.
 *
 * An order rests between cutting power and giving it back, and the line is
 * free for others then; orders for one node never overtake each other.
 */

#define REST_MS 2000

static void
order_over(struct mc_order *o, enum act_outcome outcome, const char *text)
{
	struct mc *mc = o->mc;
	struct drv *d = &mc->drv;
	struct mc_order **at = &mc->orders;
	unsigned ticket = o->ticket;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	timer_free(o->pause);
	free(o);
	mc_report_power(mc);
	d->sink.acted(d->sink_arg, ticket, outcome, text);
}

/* Nothing of this step was done; earlier ones may have been. */
static void
not_done(struct mc_order *o, const char *why)
{
	char text[300];

	if (!o->begun) {
		str_format(text, sizeof text, "%s; nothing was switched", why);
		order_over(o, ACT_FAILED, text);
		return;
	}
	str_format(text, sizeof text,
	    "%s; it was begun, but not ended: look at the node's power", why);
	order_over(o, ACT_FAILED, text);
}

/* The letter was sent: it may have been done. */
static void
uncertain(struct mc_order *o, const char *why)
{
	struct mc_node *n = &o->mc->node[o->slot - 1];
	char text[300];

	if (*o->steps == 'e' || *o->steps == 'd') {
		n->power = MC_UNTOLD;
		n->untold = "An order was sent and not answered, and the "
			    "controller cannot tell what it did.";
	} else if (*o->steps == 'u' || *o->steps == 'U')
		n->usb = MC_UNTOLD;
	str_format(text, sizeof text, "%s after %c was sent: it may be done",
	    why, *o->steps);
	order_over(o, ACT_UNCERTAIN, text);
}

/* --- selecting ----------------------------------------------------------- */

/* "Switched to channel 2", perhaps behind somebody's echo. */
static int
switched_to(const char *line)
{
	static const char words[] = "Switched to channel ";
	const char *p = strstr(line, words);

	if (p == NULL)
		return -1;
	p += strlen(words);
	return *p >= '0' && *p <= '9' && p[1] == '\0' ? *p - '0' : 10;
}

static enum dialogue_verdict
verdict(const struct mc_order *o)
{
	if (o->echo < 0)
		return DIALOGUE_WAIT;
	return o->echo == o->slot - 1 ? DIALOGUE_GOOD : DIALOGUE_BAD;
}

static enum dialogue_verdict
select_line(void *arg, const char *line)
{
	struct mc_order *o = arg;
	int channel = switched_to(line);
	char eaten[40];

	if (channel >= 0)
		o->echo = channel;
	/* Somebody's `c` took ours for its number, or his number came between
	 * our two letters. */
	str_format(
	    eaten, sizeof eaten, "Unrecognised command: %d", o->slot - 1);
	if (strcmp(line, "Unknown input channel") == 0 ||
	    strcmp(line, eaten) == 0)
		return DIALOGUE_BAD;
	return verdict(o);
}

static enum dialogue_verdict
letter_line(void *arg, const char *line)
{
	struct mc_order *o = arg;
	char letter;
	int channel;

	if (o->echo < 0 && mc_reply(line, &letter, &channel) &&
	    letter == *o->steps)
		o->echo = channel;
	return verdict(o);
}

static void
rested(void *arg)
{
	struct mc_order *o = arg;

	o->resting = false;
	if (dialogue_open(o->mc->dialogue))
		mc_next(o->mc);
	else
		not_done(o, "the line to the controller was lost");
}

static void
rest(struct mc_order *o, unsigned ms)
{
	struct driver_link *l = &o->mc->drv.link;

	o->resting = true;
	if (o->pause == NULL)
		o->pause = timer_new(l->loop(l->arg), rested, o);
	timer_start(o->pause, ms);
}

static void
step_done(struct mc_order *o)
{
	o->begun = true;
	o->typed = false;
	o->steps++;
	if (*o->steps == '\0') {
		order_over(o, ACT_OK, "done");
	} else if (*o->steps == ' ') {
		o->steps++;
		rest(o, REST_MS);
	}
}

static void
letter_done(void *arg, enum dialogue_end end, const char *why)
{
	struct mc_order *o = arg;
	struct mc *mc = o->mc;
	char text[200];

	switch (end) {
	case DIALOGUE_DONE:
		step_done(o);
		break;
	case DIALOGUE_REFUSED:
		str_format(text, sizeof text,
		    "the controller did it to node %d, because another "
		    "program at its port selected that meanwhile",
		    o->echo + 1);
		order_over(o, ACT_FAILED, text);
		break;
	case DIALOGUE_SILENT:
		uncertain(o, why);
		break;
	case DIALOGUE_LOST:
	case DIALOGUE_NOT_SENT:
		o->typed = end == DIALOGUE_LOST;
		mc_lost(mc, why);
		return;
	}
	mc_next(mc);
}

static void
select_done(void *arg, enum dialogue_end end, const char *why)
{
	struct mc_order *o = arg;
	struct mc *mc = o->mc;
	const char send[2] = { *o->steps, '\0' };
	const struct dialogue_ask question = {
		.send = send,
		.timeout_ms = mc_patience(o->mc),
		.line = letter_line,
		.done = letter_done,
		.arg = o,
	};
	char text[160];

	if (end == DIALOGUE_DONE) {
		o->echo = -1;
		o->typed = true;
		dialogue_ask(mc->dialogue, &question);
		return;
	}
	if (end == DIALOGUE_LOST || end == DIALOGUE_NOT_SENT) {
		mc_lost(mc, why);
		return;
	}
	if (end == DIALOGUE_REFUSED && o->echo >= 0) {
		str_format(text, sizeof text,
		    "another program at the controller's port selected node "
		    "%d at the same time",
		    o->echo + 1);
		why = text;
	} else if (end == DIALOGUE_REFUSED)
		why = "the controller did not take the node's number: another "
		      "program is at its port";
	else if (end == DIALOGUE_SILENT)
		why = "the controller did not confirm which node is selected";
	not_done(o, why);
	mc_next(mc);
}

void
mc_order_step(struct mc_order *o)
{
	char send[8];
	const struct dialogue_ask question = {
		.send = send,
		.timeout_ms = mc_patience(o->mc),
		.line = select_line,
		.done = select_done,
		.arg = o,
	};

	str_format(send, sizeof send, "c%d", o->slot - 1);
	o->echo = -1;
	dialogue_ask(o->mc->dialogue, &question);
}

/* --- the queue ----------------------------------------------------------- */

struct mc_order *
mc_order_ready(struct mc *mc)
{
	bool taken[MC_SLOTS + 1] = { false };

	for (struct mc_order *o = mc->orders; o != NULL; o = o->next) {
		if (!o->resting && !taken[o->slot])
			return o;
		taken[o->slot] = true;
	}
	return NULL;
}

void
mc_orders_lost(struct mc *mc, const char *why)
{
	while (mc->orders != NULL) {
		struct mc_order *o = mc->orders;

		if (o->typed)
			uncertain(o, why);
		else
			not_done(o, why);
	}
}

void
mc_orders_forget(struct mc *mc)
{
	while (mc->orders != NULL) {
		struct mc_order *o = mc->orders;

		mc->orders = o->next;
		timer_free(o->pause);
		free(o);
	}
}

static const char *
steps_of(const struct mc_node *n, enum act act)
{
	bool usb = n->usb == MC_TOLD_ON;

	switch (act) {
	case ACT_POWER_ON:
		return usb ? "ue" : "e";
	case ACT_POWER_OFF:
		return "d";
	case ACT_POWER_CYCLE:
		return usb ? "ud e" : "d e";
	case ACT_POWER_RESET:
		return "r";
	case ACT_USB_BOOT:
		return "Ud e";
	default:
		return NULL;
	}
}

void
mc_act(struct drv *d, unsigned ticket, int slot, enum act act)
{
	struct mc *mc = (struct mc *)d;
	const char *steps = steps_of(&mc->node[slot - 1], act);
	struct mc_order *o = mem_alloc(sizeof *o), **at = &mc->orders;

	o->mc = mc;
	o->ticket = ticket;
	o->slot = slot;
	o->steps = steps;
	while (*at != NULL)
		at = &(*at)->next;
	*at = o;
	if (dialogue_open(mc->dialogue))
		mc_next(mc);
	else
		rest(o, 0); /* it is answered, but not from here */
}

/* --- what cannot be done -------------------------------------------------- */

static const char *
node_cannot(const struct mc *mc, int slot, enum act act)
{
	switch (act) {
	case ACT_POWER_SOFT:
		return "The controller can only cut power: give the node an "
		       "in-band link, and it can be shut down.";
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return "No LED of a node hangs on the controller: give the "
		       "node an in-band link, and its ACT LED can blink.";
	case ACT_CONSOLE:
		return mc_console_cannot(mc, slot);
	case ACT_FLASH:
		return "Set the node to USB boot, then run rpiboot on the "
		       "host Pi with -p HUB.PORT; the port is the slot "
		       "plus one.";
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
	case ACT_POWER_RESET:
	case ACT_USB_BOOT:
		break;
	case ACT_MAX:
		return "There is no such action.";
	}
	if (mc->known)
		return NULL;
	if (mc->port_why[0] != '\0')
		return "Its controller is not known yet, so nothing is typed: "
		       "the reason stands beside power.commanded.";
	return "The controller has not answered yet: wait for its first "
	       "answer, or look at its USB cable.";
}

const char *
mc_cannot(struct mc *mc, int slot, enum act act)
{
	if (slot < 0 || slot > MC_SLOTS)
		return "A Miniature CM4 Cluster has four slots.";
	if (slot > 0)
		return node_cannot(mc, slot, act);
	switch (act) {
	case ACT_LOCATE_ON:
	case ACT_LOCATE_OFF:
		return "The board has no LED that software can drive: locate "
		       "a node that has an in-band link.";
	case ACT_POWER_ON:
	case ACT_POWER_OFF:
	case ACT_POWER_CYCLE:
	case ACT_POWER_RESET:
	case ACT_POWER_SOFT:
		return "Power is switched node by node: select its nodes.";
	default:
		return "This is done to a node: select one.";
	}
}

#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * A power cycle leaves a node without power for seconds, in which a link or
 * this program may end. So whoever is sure to be there switches on again: the
 * feed itself where it has such a command, else a process at the far side
 * that no hang-up ends. Nothing waits for it: the rounds go on meanwhile, show
 * the port as off, and it is done when one shows it on again. A port that
 * stays off is switched on once more before the operator is told.
 *
 * An outcome is decided in the middle of a round and told at its end, since
 * who hears it may do anything, also close the driver.
 */

#define SEND_MS 15000
#define HELP_MS 12000 /* after this the port is told to be on once more */
#define LATE_MS 30000

struct cycle {
	struct supply *supply;
	struct cycle *next;
	unsigned ticket;
	int port;
	uint64_t since;
	supply_refused_fn *refused;
	char *cmd; /* until it was sent in a way that the link can do */
	bool answered; /* the link holds it no more */
	bool seen_off, helped, decided, told;
	bool overtaken; /* by a later order: it is not helped any more */
	enum act_outcome outcome;
	char text[200];
};

static uint64_t
now(const struct supply *s)
{
	return s->drv.link.now(s->drv.link.arg);
}

static void
cycle_free(struct cycle *c)
{
	struct cycle **at = &c->supply->cycles;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c->cmd);
	free(c);
}

static void
decide(struct cycle *c, enum act_outcome outcome, const char *text)
{
	if (c->decided)
		return;
	c->decided = true;
	c->outcome = outcome;
	str_copy(c->text, sizeof c->text, text);
}

bool
supply_cycles_running(const struct supply *s, int port)
{
	for (const struct cycle *c = s->cycles; c != NULL; c = c->next)
		if (c->port == port && !c->decided)
			return true;
	return false;
}

static void
too_late(struct cycle *c)
{
	char text[160];

	str_format(text, sizeof text,
	    c->seen_off ? "port %d went off and was not seen on again: "
			  "switch it on"
			: "port %d was told, but no answer showed what came "
			  "of it",
	    c->port);
	decide(c, c->seen_off ? ACT_FAILED : ACT_UNCERTAIN, text);
}

void
supply_cycles_tell(struct supply *s)
{
	struct cycle *c = s->cycles;
	enum act_outcome outcome;
	unsigned ticket;
	char text[200];

	while (c != NULL && (!c->decided || c->told))
		c = c->next;
	if (c == NULL)
		return;
	c->told = true;
	ticket = c->ticket;
	outcome = c->outcome;
	str_copy(text, sizeof text, c->text);
	if (c->answered)
		cycle_free(c);
	if (s->timer != NULL)
		timer_start(s->timer, 0); /* for the next one */
	s->drv.sink.acted(s->drv.sink_arg, ticket, outcome, text);
}

static void
on_timer(void *arg)
{
	struct supply *s = arg;
	uint64_t least = 0;

	for (struct cycle *c = s->cycles; c != NULL; c = c->next) {
		uint64_t at = c->since + LATE_MS;

		if (at <= now(s))
			too_late(c);
		else if (!c->decided && (least == 0 || at < least))
			least = at;
	}
	if (least > 0)
		timer_start(s->timer, least - now(s));
	supply_cycles_tell(s);
}

static void
on_sent(void *arg, const struct link_result *r)
{
	struct cycle *c = arg;
	struct supply *s = c->supply;
	char text[200] = "";

	if (r->outcome == LINK_CANNOT && c->cmd != NULL &&
	    !s->drv.driver->no_shell_ssh) {
		char *cmd = c->cmd;

		c->cmd = NULL;
		s->drv.link.run(s->drv.link.arg, cmd, SEND_MS, on_sent, c);
		free(cmd);
		return;
	}
	c->answered = true;
	if (r->outcome == LINK_NOT_SENT || r->outcome == LINK_CANNOT)
		decide(c, ACT_FAILED, r->why != NULL ? r->why : "not sent");
	else if (r->outcome == LINK_DONE && c->refused(r, text, sizeof text))
		decide(c, ACT_FAILED, text);
	/* What was lost on the way may have run: the rounds will tell. */
	if (c->told)
		cycle_free(c);
	else
		supply_cycles_tell(s);
}

void
supply_cycle(struct supply *s, unsigned ticket, int port, const char *cmd,
    bool quick, supply_refused_fn *refused)
{
	struct loop *loop = s->drv.link.loop(s->drv.link.arg);
	struct cycle *c = mem_alloc(sizeof *c);

	c->supply = s;
	c->ticket = ticket;
	c->port = port;
	c->since = now(s);
	c->refused = refused;
	c->cmd = quick ? NULL : mem_strdup(cmd);
	c->next = s->cycles;
	s->cycles = c;
	if (s->timer == NULL && loop != NULL)
		s->timer = timer_new(loop, on_timer, s);
	if (s->timer != NULL)
		timer_start(s->timer, LATE_MS);
	/* A process of its own, where there can be one: the shell stays free
	 * for the rounds. */
	if (quick)
		s->drv.link.run(s->drv.link.arg, cmd, SEND_MS, on_sent, c);
	else
		s->drv.link.exec(s->drv.link.arg, cmd, SEND_MS, on_sent, c);
}

static void
ignore(void *arg, const struct link_result *r)
{
	(void)arg;
	(void)r;
}

static void
help(struct supply *s, struct cycle *c)
{
	struct buf b;

	c->helped = true;
	buf_init(&b, 0);
	s->on(s, c->port, &b);
	if (s->drv.driver->no_shell_ssh)
		s->drv.link.exec(
		    s->drv.link.arg, buf_str(&b), SEND_MS, ignore, NULL);
	else
		s->drv.link.run(
		    s->drv.link.arg, buf_str(&b), SEND_MS, ignore, NULL);
	buf_release(&b);
}

static void
look(struct supply *s, struct cycle *c, const struct outlet *o)
{
	uint64_t ms = now(s) - c->since;
	bool dark = o->state == OUTLET_OFF ||
	    (o->detection != NULL && strcmp(o->detection, "delivering") != 0);
	char text[120];

	if (dark)
		c->seen_off = true;
	if (o->state == OUTLET_OFF && ms >= LATE_MS)
		too_late(c);
	else if (o->state == OUTLET_OFF && ms >= HELP_MS && !c->helped &&
	    !c->overtaken)
		help(s, c);
	if (dark && (o->state == OUTLET_OFF || ms < LATE_MS))
		return;
	if (!c->seen_off && ms <= SUPPLY_HOLD_S * 1000 + 1000)
		return;
	str_format(text, sizeof text, "port %d %s", c->port,
	    dark              ? "is on, but finds nothing to feed"
		: c->seen_off ? "was off, and is on again"
			      : "took the order, and is on");
	decide(c, ACT_OK, text);
}

/* A port that is set on and delivers nothing is in its cycle, or has nobody
 * to feed: time tells. */
void
supply_cycle_seen(struct supply *s, int port, const struct outlet *o)
{
	for (struct cycle *c = s->cycles; c != NULL; c = c->next)
		if (c->port == port && !c->decided &&
		    o->state != OUTLET_UNKNOWN)
			look(s, c, o);
}

void
supply_cycles_overtaken(struct supply *s, int port)
{
	for (struct cycle *c = s->cycles; c != NULL; c = c->next)
		c->overtaken |= c->port == port;
}

void
supply_cycles_drop(struct supply *s)
{
	while (s->cycles != NULL)
		cycle_free(s->cycles);
	if (s->timer != NULL)
		timer_free(s->timer);
	s->timer = NULL;
}

/* Two subshells: the inner one is nobody's job, so that a login shell does
 * not speak of it, and outlives the shell that began it. */
void
supply_cycle_command(struct buf *b, const char *off, const char *on)
{
	buf_printf(b,
	    "%s; ( ( trap '' HUP; sleep %d; %s ) </dev/null >/dev/null 2>&1 "
	    "& )",
	    off, SUPPLY_HOLD_S, on);
}

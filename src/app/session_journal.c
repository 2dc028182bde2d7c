#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rackmux/app/journal.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "wire.h"

/*
 * An action is written down before it is sent and after it ended. A power
 * cycle whose end nobody saw may have left its node without power, perhaps in
 * another room: the node says so while it is off. Nothing is repeated.
 */

#define INTERRUPTED_MAX 64

struct deed {
	struct session *session;
	char id[JOURNAL_ID];
	char node[96];
	enum act act;
	int64_t at;
	intake_acted_fn *fn;
	void *arg;
};

struct interruption {
	struct journal_open_cycle cycle;
	bool told;
};

struct chronicle {
	struct journal *journal;
	struct interruption v[INTERRUPTED_MAX];
	size_t n;
};

/* "21:04", with its day when that was another one. */
static void
clock_of(int64_t at, int64_t now, char *out, size_t size)
{
	time_t t = (time_t)(at / 1000), today = (time_t)(now / 1000);
	struct tm a, b;

	if (localtime_r(&t, &a) == NULL || localtime_r(&today, &b) == NULL) {
		str_copy(out, size, "?");
		return;
	}
	if (a.tm_yday == b.tm_yday && a.tm_year == b.tm_year)
		(void)strftime(out, size, "%H:%M", &a);
	else
		(void)strftime(out, size, "%Y-%m-%d %H:%M", &a);
}

static void
mark(struct session *s, struct node *n, const struct journal_open_cycle *c)
{
	char when[32], who[48];

	clock_of(c->at, loop_wall(s->loop), when, sizeof when);
	text_clean(who, sizeof who, c->who, strlen(c->who));
	str_format(n->interrupted, sizeof n->interrupted,
	    "off since an interrupted power cycle at %s by %s: power on", when,
	    who);
	n->interrupted_over = false;
}

void
session_mark_interrupted(struct session *s)
{
	struct chronicle *ch = s->chronicle;
	char when[32];

	for (size_t i = 0; ch != NULL && i < ch->n; i++) {
		const struct journal_open_cycle *c = &ch->v[i].cycle;
		struct node *n = model_find_node(s->model, c->node);

		if (n == NULL || n->interrupted_over)
			continue;
		if (n->interrupted[0] == '\0')
			mark(s, n, c);
		if (ch->v[i].told)
			continue;
		ch->v[i].told = true;
		clock_of(c->at, loop_wall(s->loop), when, sizeof when);
		model_event(s->model, EVENT_WARN, n->board, n,
		    "a power cycle of it at %s was interrupted", when);
	}
}

void
session_journal(struct session *s, const char *dir, const char *config)
{
	struct chronicle *ch = mem_alloc(sizeof *ch);
	struct journal_open_cycle *v = mem_array(INTERRUPTED_MAX, sizeof *v);
	size_t n = journal_interrupted(
	    dir, config, loop_wall(s->loop), v, INTERRUPTED_MAX);

	for (size_t i = 0; i < n && i < INTERRUPTED_MAX; i++)
		ch->v[ch->n++].cycle = v[i];
	free(v);
	ch->journal = journal_open(dir, config);
	s->chronicle = ch;
	session_mark_interrupted(s);
}

/* Those that are over, by what was seen or by an action that ended. */
static void
forget(struct session *s, const char *node, const char *why)
{
	struct chronicle *ch = s->chronicle;

	for (size_t i = ch->n; i-- > 0;) {
		struct interruption *x = &ch->v[i];

		if (strcmp(x->cycle.node, node) != 0)
			continue;
		if (why != NULL)
			journal_end(ch->journal, loop_wall(s->loop),
			    x->cycle.id, node, ACT_POWER_CYCLE, ACT_OK, why);
		memmove(x, x + 1, (ch->n - i - 1) * sizeof *x);
		ch->n--;
	}
}

/* Boards that are about to go are asked while they are still there. */
void
session_journal_seen(struct session *s)
{
	struct chronicle *ch = s->chronicle;

	for (size_t i = ch != NULL ? ch->n : 0; i-- > 0;) {
		char node[96];
		const struct node *n;

		str_copy(node, sizeof node, ch->v[i].cycle.node);
		n = model_find_node(s->model, node);
		if (n != NULL && n->interrupted_over)
			forget(s, node, "it was seen on again");
	}
}

void
session_journal_free(struct session *s)
{
	if (s->chronicle == NULL)
		return;
	journal_close(s->chronicle->journal);
	free(s->chronicle);
	s->chronicle = NULL;
}

/* The end of an action that others may wait for: it may have left its node
 * off, or it settles what an older one left. */
static void
settle(struct deed *d, enum act_outcome outcome)
{
	struct session *s = d->session;
	struct chronicle *ch = s->chronicle;
	struct node *n = model_find_node(s->model, d->node);
	struct journal_open_cycle c = { .at = d->at };

	if (d->act > ACT_POWER_SOFT ||
	    (outcome == ACT_FAILED && d->act != ACT_POWER_CYCLE))
		return;
	forget(s, d->node, NULL);
	if (n != NULL)
		n->interrupted[0] = '\0';
	if (outcome != ACT_UNCERTAIN || d->act != ACT_POWER_CYCLE)
		return;
	str_copy(c.id, sizeof c.id, d->id);
	str_copy(c.node, sizeof c.node, d->node);
	journal_who(ch->journal, c.who, sizeof c.who);
	if (ch->n < INTERRUPTED_MAX)
		ch->v[ch->n++] = (struct interruption){ c, true };
	if (n != NULL)
		mark(s, n, &c);
}

static void
on_acted(void *arg, enum act_outcome outcome, const char *text)
{
	struct deed *d = arg;
	struct session *s = d->session;

	if (s->chronicle != NULL) {
		journal_end(s->chronicle->journal, loop_wall(s->loop), d->id,
		    d->node, d->act, outcome, text);
		settle(d, outcome);
	}
	if (d->fn != NULL)
		d->fn(d->arg, outcome, text);
	free(d);
}

void
session_do(struct session *s, struct intake *in, int slot, const char *node,
    enum act act, intake_acted_fn *fn, void *arg)
{
	struct deed *d = mem_alloc(sizeof *d);

	d->session = s;
	d->act = act;
	d->fn = fn;
	d->arg = arg;
	d->at = loop_wall(s->loop);
	str_copy(d->node, sizeof d->node, node);
	journal_begin(s->chronicle != NULL ? s->chronicle->journal : NULL,
	    d->at, node, act, d->id);
	intake_act(in, slot, act, on_acted, d);
}

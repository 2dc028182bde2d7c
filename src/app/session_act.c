#include "rackmux/app/session.h"
#include "wire.h"

/*
 * Who carries an action out. The board comes first: it can do more, and does
 * it also when the node hangs.
 */

static struct intake *
find_intake(struct session *s, const struct board *b, int slot)
{
	for (size_t i = 0; i < s->n_rigs; i++)
		for (size_t k = 0; k < s->rigs[i]->n_wires; k++) {
			struct wire *w = s->rigs[i]->wires[k];

			if (s->rigs[i]->board == b && w->slot == slot &&
			    w->intake != NULL)
				return w->intake;
		}
	return NULL;
}

static struct intake *
find_feed(struct session *s, const struct feed *f)
{
	for (size_t i = 0; f != NULL && i < s->n_rigs; i++)
		if (s->rigs[i]->feed == f && s->rigs[i]->n_wires > 0)
			return s->rigs[i]->wires[0]->intake;
	return NULL;
}

/* False when this one cannot; *why is the first reason so far. */
static bool
try(struct intake *in, int slot, enum act act, intake_acted_fn *fn, void *arg,
    const char **why)
{
	const char *no;

	if (in == NULL)
		return false;
	no = inst_can(intake_inst(in), slot, act);
	if (no == NULL) {
		intake_act(in, slot, act, fn, arg);
		return true;
	}
	if (*why == NULL)
		*why = no;
	return false;
}

static const char *
reason(const char *why)
{
	return why != NULL ? why
			   : "It has no link that could do it: give it "
			     "one in the configuration.";
}

const char *
session_act(struct session *s, const struct node *n, enum act act,
    intake_acted_fn *fn, void *arg)
{
	const char *why = NULL;

	if (try(find_intake(s, n->board, 0), n->slot, act, fn, arg, &why) ||
	    try(find_feed(s, n->feed), n->feed_port, act, fn, arg, &why) ||
	    try(find_intake(s, n->board, n->slot), n->slot, act, fn, arg, &why))
		return NULL;
	if (node_cannot(n, act) != NULL)
		return node_cannot(n, act);
	return reason(why);
}

const char *
session_act_board(struct session *s, const struct board *b, enum act act,
    intake_acted_fn *fn, void *arg)
{
	const char *why = NULL;

	if (try(find_intake(s, b, 0), 0, act, fn, arg, &why))
		return NULL;
	return reason(why);
}

#include "rackmux/app/session.h"
#include "wire.h"

/*
 * Who carries an action out. The board comes first: it can do more, and does
 * it also when the node hangs. A power feed comes next, since it does so too.
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

struct wish {
	struct session *session;
	const char *node; /* or board, as it is written down */
	enum act act;
	intake_acted_fn *fn;
	void *arg;
	const char *why; /* the first reason why not, so far */
};

/* False when this one cannot. */
static bool
try(struct wish *w, struct intake *in, int slot)
{
	const char *no;

	if (in == NULL)
		return false;
	no = inst_can(intake_inst(in), slot, w->act);
	if (no == NULL) {
		session_do(
		    w->session, in, slot, w->node, w->act, w->fn, w->arg);
		return true;
	}
	if (w->why == NULL)
		w->why = no;
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
	char path[96];
	struct wish w = { s, node_path(n, path, sizeof path), act, fn, arg,
		NULL };

	if (act == ACT_POWER_ON || act == ACT_POWER_CYCLE ||
	    act == ACT_POWER_RESET)
		session_console_arm(s, n);
	if (try(&w, find_intake(s, n->board, 0), n->slot) ||
	    try(&w, find_feed(s, n->feed), n->feed_port) ||
	    try(&w, find_intake(s, n->board, n->slot), n->slot))
		return NULL;
	return w.why != NULL && node_cannot(n, act) != NULL
	    ? node_cannot(n, act)
	    : reason(w.why);
}

const char *
session_act_board(struct session *s, const struct board *b, enum act act,
    intake_acted_fn *fn, void *arg)
{
	struct wish w = { s, b->name, act, fn, arg, NULL };

	return try(&w, find_intake(s, b, 0), 0) ? NULL : reason(w.why);
}

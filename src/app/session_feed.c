#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"
#include "wire.h"

/*
 * Power feeds come after the boards: a node that was made anew hangs on its
 * port again, and a feed that did not change keeps its link.
 */

struct rig *
session_find_feed(struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_rigs; i++)
		if (s->rigs[i]->feed != NULL &&
		    strcmp(s->rigs[i]->feed->name, name) == 0)
			return s->rigs[i];
	return NULL;
}

static bool
is_wanted(const struct feed *f, const struct config *c)
{
	for (size_t i = 0; i < c->n_feeds; i++)
		if (strcmp(c->feeds[i].o.name, f->name) == 0 &&
		    strcmp(c->feeds[i].driver->type, f->type) == 0)
			return true;
	return false;
}

void
session_drop_feeds(
    struct session *s, const struct config *c, struct session_change *change)
{
	for (size_t i = s->n_rigs; i-- > 0;) {
		struct rig *rig = s->rigs[i];

		if (rig->feed != NULL && !is_wanted(rig->feed, c)) {
			session_drop_rig(s, rig);
			change->feeds++;
		}
	}
}

static void
apply_feed(struct session *s, const struct config_feed *cf,
    struct session_change *change)
{
	struct rig *rig = session_find_feed(s, cf->o.name);
	struct plan plan;
	bool differs;

	if (rig == NULL) {
		rig = session_add_rig(s, NULL, NULL);
		rig->feed = model_add_feed(
		    s->model, cf->o.name, cf->driver, cf->o.budget_w);
	}
	differs = rig->feed->budget_w < cf->o.budget_w ||
	    rig->feed->budget_w > cf->o.budget_w;
	rig->feed->budget_w = cf->o.budget_w;
	plan_feed(s->config, cf, &plan);
	if (session_rewire(s, rig, &plan, 1) || differs)
		change->feeds++;
	plan_release(&plan, 1);
}

static void
plug_in(struct session *s, const struct config_board *cb)
{
	struct board *b = model_find_board(s->model, cb->o.name);
	char name[80];
	int port;

	for (size_t i = 0; b != NULL && i < cb->n_nodes; i++) {
		const struct opts_node *o = &cb->nodes[i].o;
		struct rig *rig = NULL;

		if (o->slot < 1 || o->slot > b->slots)
			continue;
		if (o->feed != NULL &&
		    config_feed_ref(o->feed, name, sizeof name, &port))
			rig = session_find_feed(s, name);
		node_set_feed(b->nodes[o->slot - 1],
		    rig != NULL ? rig->feed : NULL, rig != NULL ? port : 0);
	}
}

void
session_apply_feeds(struct session *s, struct session_change *change)
{
	const struct config *c = s->config;

	for (size_t i = 0; i < c->n_feeds; i++)
		apply_feed(s, &c->feeds[i], change);
	for (size_t i = 0; i < c->n_boards; i++)
		plug_in(s, &c->boards[i]);
	for (size_t i = 0; i < s->n_rigs; i++)
		if (s->rigs[i]->feed != NULL && s->rigs[i]->n_wires > 0 &&
		    s->rigs[i]->wires[0]->intake != NULL)
			intake_ask_can(s->rigs[i]->wires[0]->intake);
}

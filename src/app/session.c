#include "rackmux/app/session.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/recipe.h"
#include "rackmux/model/feed.h"
#include "wire.h"

/*
 * A new configuration is compared with what stands, board by board and then
 * link by link: what did not change is not touched, so that a saved comment
 * does not cost 250 connections.
 */

struct session *
session_new(struct loop *loop, const struct session_sink *sink, void *arg)
{
	struct session *s = mem_alloc(sizeof *s);

	s->loop = loop;
	s->sink = sink;
	s->sink_arg = arg;
	s->pool = link_pool_new(loop);
	s->model = model_new(loop);
	str_copy(s->model->rack, sizeof s->model->rack, "rack");
	return s;
}

static void
rig_free(struct session *s, struct rig *rig)
{
	if (rig->board != NULL)
		session_console_no_board(s, rig->board);
	for (size_t i = 0; i < rig->n_wires; i++)
		wire_free(rig->wires[i]);
	free(rig->wires);
	if (rig->feed != NULL)
		model_remove_feed(s->model, rig->feed);
	else
		model_remove_board(s->model, rig->board);
	free(rig->key);
	free(rig);
}

void
session_free(struct session *s)
{
	if (s == NULL)
		return;
	s->news = NULL;
	session_consoles_free(s);
	session_journal_seen(s);
	for (size_t i = 0; i < s->n_rigs; i++)
		rig_free(s, s->rigs[i]);
	free(s->rigs);
	link_pool_free(s->pool);
	session_journal_free(s);
	model_free(s->model);
	config_free(s->config);
	free(s);
}

struct model *
session_model(struct session *s)
{
	return s->model;
}

const struct config *
session_config(const struct session *s)
{
	return s->config;
}

void
session_on_news(struct session *s, loop_fn *fn, void *arg)
{
	s->news = fn;
	s->news_arg = arg;
}

struct rig *
session_add_rig(struct session *s, struct board *b, char *key)
{
	struct rig *rig = mem_alloc(sizeof *rig);

	rig->board = b;
	rig->key = key;
	s->rigs = mem_grow(s->rigs, s->n_rigs + 1, sizeof(*s->rigs));
	s->rigs[s->n_rigs++] = rig;
	return rig;
}

static void
set_model(struct model *m, const struct config *c)
{
	str_copy(m->rack, sizeof m->rack, c->rack.name);
	m->units = c->rack.units;
	m->power_budget_w = c->rack.power_budget_w;
	m->poll_ms = (unsigned)(c->top.poll * 1000 + 0.5);
	m->thresholds = (struct thresholds){ c->thresholds.temp_warm,
		c->thresholds.temp_hot, c->thresholds.temp_critical };
	model_changed(m);
}

const char *
rig_name(const struct rig *rig)
{
	return rig->feed != NULL ? rig->feed->name : rig->board->name;
}

static struct rig *
find_rig(struct session *s, const char *name)
{
	for (size_t i = 0; i < s->n_rigs; i++)
		if (!s->rigs[i]->target && s->rigs[i]->board != NULL &&
		    strcmp(s->rigs[i]->board->name, name) == 0)
			return s->rigs[i];
	return NULL;
}

void
session_drop_rig(struct session *s, struct rig *rig)
{
	for (size_t i = 0; i < s->n_rigs; i++)
		if (s->rigs[i] == rig) {
			memmove(&s->rigs[i], &s->rigs[i + 1],
			    (s->n_rigs - i - 1) * sizeof *s->rigs);
			s->n_rigs--;
			break;
		}
	rig_free(s, rig);
}

void
session_describe(struct board *b, const struct recipe *r)
{
	if (r->name != NULL)
		str_copy(b->type, sizeof b->type, r->name);
	str_copy(b->title, sizeof b->title, r->title);
}

struct board *
session_make_board(struct model *m, const struct config_board *cb)
{
	int slots = cb->slots;
	struct board *b;

	if (slots == 0 && !cb->driver->whole_board && cb->o.link != NULL)
		slots = 1;
	for (size_t i = 0; i < cb->n_nodes; i++)
		if (cb->nodes[i].o.slot > slots)
			slots = cb->nodes[i].o.slot;
	b = model_add_board(
	    m, cb->o.name, cb->driver, cb->o.unit, cb->o.height, slots);
	if (cb->recipe != NULL)
		session_describe(b, cb->recipe);
	for (size_t i = 0; i < cb->n_nodes; i++) {
		const struct opts_node *o = &cb->nodes[i].o;
		struct node *n = b->nodes[o->slot - 1];

		n->configured = true;
		if (o->name != NULL)
			str_copy(n->name, sizeof n->name, o->name);
	}
	return b;
}

/* Make the wires of a rig match the plan; true when one differed. */
bool
session_rewire(
    struct session *s, struct rig *rig, const struct plan *plans, size_t n)
{
	bool differs = false;
	size_t keep = 0;

	for (size_t i = 0; i < rig->n_wires; i++) {
		struct wire *w = rig->wires[i];

		w->seen = false;
		for (size_t k = 0; k < n && !w->seen; k++)
			w->seen = strcmp(w->key, plans[k].key) == 0;
	}
	for (size_t i = 0; i < rig->n_wires; i++) {
		if (rig->wires[i]->seen) {
			rig->wires[keep++] = rig->wires[i];
		} else {
			wire_free(rig->wires[i]);
			differs = true;
		}
	}
	rig->n_wires = keep;
	for (size_t k = 0; k < n; k++) {
		bool there = false;

		for (size_t i = 0; i < keep && !there; i++)
			there = strcmp(rig->wires[i]->key, plans[k].key) == 0;
		if (!there) {
			(void)wire_new(rig, s, &plans[k]);
			differs = true;
		}
	}
	return differs;
}

static void
apply_board(struct session *s, const struct config_board *cb,
    struct session_change *change)
{
	struct plan plans[PLANS_MAX];
	struct rig *rig = find_rig(s, cb->o.name);
	char *key = plan_rig_key(s->config, cb);
	size_t n = plan_board(s->config, cb, plans);
	bool had = rig != NULL, anew;

	anew = had && strcmp(rig->key, key) != 0;
	if (anew)
		session_drop_rig(s, rig);
	if (!had || anew)
		rig = session_add_rig(s, session_make_board(s->model, cb), key);
	else
		free(key);
	anew = session_rewire(s, rig, plans, n) || anew;
	plan_release(plans, n);
	if (!had)
		change->added++;
	else if (anew)
		change->changed++;
	else
		change->kept++;
}

static void
drop_unseen(struct session *s, struct session_change *change)
{
	for (size_t i = s->n_rigs; i-- > 0;)
		if (!s->rigs[i]->seen && !s->rigs[i]->target &&
		    s->rigs[i]->board != NULL) {
			session_drop_rig(s, s->rigs[i]);
			change->removed++;
		}
}

/* Those that went first, so that a board that was renamed or moved does not
 * meet itself. */
void
session_apply(
    struct session *s, struct config *c, struct session_change *change)
{
	struct session_change none;

	if (change == NULL)
		change = &none;
	*change = (struct session_change){ 0 };
	for (size_t i = 0; i < s->n_rigs; i++)
		s->rigs[i]->seen = false;
	for (size_t i = 0; i < c->n_boards; i++) {
		struct rig *rig = find_rig(s, c->boards[i].o.name);

		if (rig != NULL)
			rig->seen = true;
	}
	session_journal_seen(s);
	drop_unseen(s, change);
	session_drop_feeds(s, c, change);
	config_free(s->config);
	s->config = c;
	set_model(s->model, c);
	for (size_t i = 0; i < c->n_boards; i++)
		apply_board(s, &c->boards[i], change);
	session_apply_feeds(s, change);
	session_mark_interrupted(s);
	session_console_config(s);
	session_console_sync(s);
}

/* Also what powers it. */
static bool
concerns(const struct rig *rig, const struct board *board)
{
	if (board == NULL || rig->board == board)
		return true;
	for (int i = 0; rig->feed != NULL && i < board->slots; i++)
		if (board->nodes[i]->feed == rig->feed)
			return true;
	return false;
}

void
session_refresh(struct session *s, const struct board *board)
{
	for (size_t i = 0; i < s->n_rigs; i++)
		for (size_t k = 0; k < s->rigs[i]->n_wires; k++)
			if (concerns(s->rigs[i], board))
				wire_refresh(s->rigs[i]->wires[k]);
}

bool
session_settled(const struct session *s)
{
	for (size_t i = 0; i < s->n_rigs; i++)
		for (size_t k = 0; k < s->rigs[i]->n_wires; k++)
			if (!wire_settled(s->rigs[i]->wires[k]))
				return false;
	return true;
}

size_t
session_failures(
    const struct session *s, struct session_failure *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_rigs; i++) {
		const struct rig *rig = s->rigs[i];

		for (size_t k = 0; k < rig->n_wires; k++) {
			const char *why = wire_failure(rig->wires[k]);

			if (why == NULL)
				continue;
			if (n < max)
				out[n] = (struct session_failure){ rig->board,
					rig->feed, rig->wires[k]->slot, why };
			n++;
		}
	}
	return n;
}

size_t
session_links(const struct session *s, unsigned long long *bytes)
{
	size_t n = 0;

	*bytes = 0;
	for (size_t i = 0; i < s->n_rigs; i++)
		for (size_t k = 0; k < s->rigs[i]->n_wires; k++)
			if (s->rigs[i]->wires[k]->link != NULL) {
				n++;
				*bytes +=
				    link_bytes(s->rigs[i]->wires[k]->link);
			}
	return n;
}

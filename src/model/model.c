#include "rackmux/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "origin.h"
#include "rackmux/model/feed.h"
#include "told.h"
#include "values.h"

/*
 * Boards and nodes, who they are and which origins feed them. Judging what
 * the values mean is judge.c's, telling what changed is told.c's.
 */

struct model *
model_new(struct loop *loop)
{
	struct model *m = mem_alloc(sizeof *m);

	m->loop = loop;
	m->poll_ms = 2000;
	m->thresholds = (struct thresholds){ 65, 75, 80 };
	return m;
}

static void
node_free(struct node *n)
{
	node_set_feed(n, NULL, 0);
	values_forget(&n->values, NULL);
	origin_free(n->heard);
	free(n);
}

static void
board_free(struct board *b)
{
	for (int i = 0; i < b->slots; i++) {
		origin_free(b->nodes[i]->inband);
		node_free(b->nodes[i]);
	}
	values_forget(&b->values, NULL);
	origin_free(b->origin);
	free(b->nodes);
	free(b);
}

void
model_free(struct model *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_boards; i++)
		board_free(m->boards[i]);
	free(m->boards);
	m->n_boards = 0;
	while (m->n_feeds > 0)
		model_remove_feed(m, m->feeds[0]);
	free(m->feeds);
	free(m->events);
	free(m);
}

void
model_on_change(struct model *m, loop_fn *fn, void *arg)
{
	m->on_change = fn;
	m->on_change_arg = arg;
}

void
model_changed(struct model *m)
{
	if (m->on_change != NULL)
		m->on_change(m->on_change_arg);
}

/* Boards stand as in the rack, the highest unit first; those without a unit
 * follow in the order in which they came. */
static size_t
rack_place(const struct model *m, int unit)
{
	size_t i = 0;

	if (unit == 0)
		return m->n_boards;
	while (i < m->n_boards && m->boards[i]->unit >= unit)
		i++;
	return i;
}

struct board *
model_add_board(struct model *m, const char *name, const struct driver *driver,
    int unit, int height, int slots)
{
	struct board *b = mem_alloc(sizeof *b);
	size_t at = rack_place(m, unit);

	b->model = m;
	b->serial = ++m->last_serial;
	text_clean(b->name, sizeof b->name, name, strlen(name));
	str_copy(b->type, sizeof b->type, driver ? driver->type : "");
	str_copy(b->title, sizeof b->title, driver ? driver->title : "");
	b->unit = unit;
	b->height = height > 0 ? height : 1;
	board_set_slots(b, slots);
	m->boards = mem_grow(m->boards, m->n_boards + 1, sizeof(*m->boards));
	memmove(&m->boards[at + 1], &m->boards[at],
	    (m->n_boards - at) * sizeof(*m->boards));
	m->boards[at] = b;
	m->n_boards++;
	model_changed(m);
	return b;
}

void
model_remove_board(struct model *m, struct board *b)
{
	for (size_t i = 0; i < m->n_boards; i++) {
		if (m->boards[i] != b)
			continue;
		memmove(&m->boards[i], &m->boards[i + 1],
		    (m->n_boards - i - 1) * sizeof(*m->boards));
		m->n_boards--;
		board_free(b);
		model_changed(m);
		return;
	}
}

struct board *
model_find_board(const struct model *m, const char *name)
{
	for (size_t i = 0; i < m->n_boards; i++)
		if (strcmp(m->boards[i]->name, name) == 0)
			return m->boards[i];
	return NULL;
}

static struct node *
find_by_path(const struct model *m, const char *path, const char *slash)
{
	char name[64];
	struct board *b;
	long slot;

	if ((size_t)(slash - path) >= sizeof name ||
	    !str_long(slash + 1, 1, DRIVER_SLOTS_MAX, &slot))
		return NULL;
	memcpy(name, path, (size_t)(slash - path));
	name[slash - path] = '\0';
	b = model_find_board(m, name);
	return b != NULL && slot <= b->slots ? b->nodes[slot - 1] : NULL;
}

struct node *
model_find_node(const struct model *m, const char *s)
{
	const char *slash = strchr(s, '/');

	if (slash != NULL)
		return find_by_path(m, s, slash);
	for (size_t i = 0; i < m->n_boards; i++)
		for (int k = 0; k < m->boards[i]->slots; k++)
			if (strcmp(m->boards[i]->nodes[k]->name, s) == 0)
				return m->boards[i]->nodes[k];
	return NULL;
}

void
board_set_slots(struct board *b, int n)
{
	int have = b->slots;

	n = n < 0 ? 0 : n > DRIVER_SLOTS_MAX ? DRIVER_SLOTS_MAX : n;
	while (have > n && !b->nodes[have - 1]->configured)
		node_free(b->nodes[--have]);
	if (n > have) {
		b->nodes = mem_grow(b->nodes, (size_t)n, sizeof(*b->nodes));
		for (; have < n; have++) {
			b->nodes[have] = mem_alloc(sizeof **b->nodes);
			b->nodes[have]->board = b;
			b->nodes[have]->slot = have + 1;
		}
	}
	b->slots = have;
}

struct origin *
board_add_origin(
    struct board *b, int slot, const struct driver *driver, const char *url)
{
	struct origin *o;

	if (slot > b->slots)
		board_set_slots(b, slot);
	if (slot < 0 || slot > b->slots)
		return NULL;
	o = origin_new(b->model->loop, slot, driver, url);
	if (slot == 0) {
		board_remove_origin(b, b->origin);
		b->origin = o;
	} else {
		board_remove_origin(b, b->nodes[slot - 1]->inband);
		b->nodes[slot - 1]->inband = o;
	}
	return o;
}

void
board_remove_origin(struct board *b, struct origin *o)
{
	if (o == NULL)
		return;
	values_forget(&b->values, o);
	for (int i = 0; i < b->slots; i++) {
		values_forget(&b->nodes[i]->values, o);
		if (b->nodes[i]->inband == o)
			b->nodes[i]->inband = NULL;
	}
	if (b->origin == o)
		b->origin = NULL;
	origin_free(o);
	model_changed(b->model);
}

void
origin_set_link(struct board *b, struct origin *o, enum link_state state,
    enum link_why why, const char *text)
{
	enum link_state old = o->link;
	enum link_why old_why = o->why;

	origin_take_link(b->model->loop, o, state, why, text);
	told_link(b, o, old, old_why);
	model_changed(b->model);
}

void
origin_set(struct board *b, struct origin *o, int slot, const struct reading *r)
{
	struct values *vs;

	/* An instance that feeds one node has no say about its siblings. */
	if (o->slot > 0)
		slot = slot > 0 ? o->slot : 0;
	if (slot > b->slots && slot <= DRIVER_SLOTS_MAX)
		board_set_slots(b, slot);
	if (slot < 0 || slot > b->slots)
		return;
	vs = slot == 0 ? &b->values : &b->nodes[slot - 1]->values;
	if (values_set(vs, o, r, loop_now(b->model->loop)))
		model_changed(b->model);
}

static void
count_period(struct origin *o, uint64_t now)
{
	uint64_t period = now - o->fresh_at;

	if (o->fresh_at == 0 || o->stale || o->since > o->fresh_at)
		return;
	o->periods++;
	o->period_sum += period;
	if (period > o->period_max)
		o->period_max = period;
}

void
origin_fresh(struct board *b, struct origin *o)
{
	uint64_t now = loop_now(b->model->loop);

	count_period(o, now);
	o->fresh_at = now;
	o->stale = false;
	o->stale_why[0] = '\0';
	told_values(b, o);
	model_changed(b->model);
}

void
origin_stale(struct board *b, struct origin *o, const char *why)
{
	origin_take_stale(o, why);
	told_values(b, o);
	model_changed(b->model);
}

void
origin_cannot(
    struct board *b, struct origin *o, int slot, enum act act, const char *why)
{
	origin_take_cannot(o, slot, act, why);
	model_changed(b->model);
}

const char *
node_path(const struct node *n, char *out, size_t size)
{
	str_format(out, size, "%s/%d", n->board->name, n->slot);
	return out;
}

const struct value *
node_value(const struct node *n, enum name_id id, const char *instance)
{
	return values_best(&n->values, id, instance);
}

const struct value *
board_value(const struct board *b, enum name_id id, const char *instance)
{
	return values_best(&b->values, id, instance);
}

const struct value **
node_values(const struct node *n, size_t *count)
{
	return values_best_all(&n->values, count);
}

const struct value **
board_values(const struct board *b, size_t *count)
{
	return values_best_all(&b->values, count);
}

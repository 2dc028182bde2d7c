#include "rackmux/model/feed.h"

#include <stdlib.h>
#include <string.h>

#include "origin.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "told.h"
#include "values.h"

/*
 * Several nodes may hang on one port (a feed that powers two, a plug for a
 * whole board). Each shows what the port says, with a note on numbers that
 * are of all of them; sums count a port once.
 */

struct feed *
model_add_feed(struct model *m, const char *name, const struct driver *driver,
    double budget_w)
{
	struct feed *f = mem_alloc(sizeof *f);

	f->model = m;
	text_clean(f->name, sizeof f->name, name, strlen(name));
	str_copy(f->type, sizeof f->type, driver ? driver->type : "");
	str_copy(f->title, sizeof f->title, driver ? driver->title : "");
	f->budget_w = budget_w;
	m->feeds = mem_grow(m->feeds, m->n_feeds + 1, sizeof *m->feeds);
	m->feeds[m->n_feeds++] = f;
	model_changed(m);
	return f;
}

void
model_remove_feed(struct model *m, struct feed *f)
{
	size_t i = 0;

	while (i < m->n_feeds && m->feeds[i] != f)
		i++;
	if (i == m->n_feeds)
		return;
	memmove(&m->feeds[i], &m->feeds[i + 1],
	    (m->n_feeds - i - 1) * sizeof *m->feeds);
	m->n_feeds--;
	while (f->n_fed > 0)
		node_set_feed(f->fed[0], NULL, 0);
	feed_remove_origin(f);
	for (int p = 0; p < f->ports; p++)
		values_forget(&f->port[p], NULL);
	values_forget(&f->values, NULL);
	free(f->port);
	free(f->fed);
	free(f);
	model_changed(m);
}

struct origin *
feed_add_origin(struct feed *f, const struct driver *driver, const char *url)
{
	feed_remove_origin(f);
	f->origin = origin_new(f->model->loop, 0, driver, url);
	return f->origin;
}

void
feed_remove_origin(struct feed *f)
{
	struct origin *o = f->origin;

	if (o == NULL)
		return;
	f->origin = NULL;
	for (size_t i = 0; i < f->n_fed; i++)
		values_forget(&f->fed[i]->values, o);
	for (int p = 0; p < f->ports; p++)
		values_forget(&f->port[p], o);
	values_forget(&f->values, o);
	origin_free(o);
	model_changed(f->model);
}

/* --- which nodes hang on it --------------------------------------------- */

static void
unplug(struct node *n)
{
	struct feed *f = n->feed;

	for (size_t i = 0; i < f->n_fed; i++)
		if (f->fed[i] == n) {
			memmove(&f->fed[i], &f->fed[i + 1],
			    (f->n_fed - i - 1) * sizeof *f->fed);
			f->n_fed--;
			break;
		}
	if (f->origin != NULL)
		values_forget(&n->values, f->origin);
	n->feed = NULL;
	n->feed_port = 0;
	n->feed_ref[0] = '\0';
}

static bool
is_shared(const struct feed *f, int port)
{
	int n = 0;

	for (size_t i = 0; i < f->n_fed; i++)
		n += f->fed[i]->feed_port == port;
	return n > 1;
}

/* A number of the port is that of all that hang on it. */
static bool
land(struct node *n, const struct reading *r, uint64_t now)
{
	struct reading mine = *r;

	if (r->known && r->why == NULL && is_shared(n->feed, n->feed_port) &&
	    (r->id == NAME_POWER_WATTS || r->id == NAME_POWER_AMPS))
		mine.why = "of all nodes on this port together";
	return values_set(&n->values, n->feed->origin, &mine, now);
}

/* What the port said before the node came. */
static void
land_all(struct node *n)
{
	const struct feed *f = n->feed;
	const struct values *vs;

	if (f->origin == NULL || n->feed_port > f->ports)
		return;
	vs = &f->port[n->feed_port - 1];
	for (size_t i = 0; i < vs->n; i++) {
		const struct value *v = &vs->v[i];
		const struct reading r = { .id = v->id,
			.instance = v->instance,
			.source = v->source,
			.known = v->known,
			.number = v->number,
			.text = v->text,
			.why = v->why };

		(void)land(n, &r, v->at);
	}
}

/* Who else hangs on the port has changed. */
static void
land_on(struct feed *f, int port)
{
	for (size_t i = 0; i < f->n_fed; i++)
		if (f->fed[i]->feed_port == port)
			land_all(f->fed[i]);
}

void
node_set_feed(struct node *n, struct feed *f, int port)
{
	char ref[sizeof n->feed_ref] = "";
	struct feed *old = n->feed;
	int old_port = n->feed_port;

	if (f != NULL && port > 0)
		str_format(ref, sizeof ref, "%s/%d", f->name, port);
	else if (f != NULL)
		str_copy(ref, sizeof ref, f->name);
	if (old == f && strcmp(n->feed_ref, ref) == 0)
		return;
	if (old != NULL) {
		unplug(n);
		land_on(old, old_port);
	}
	if (f == NULL)
		return;
	n->feed = f;
	n->feed_port = port > 0 ? port : 1;
	str_copy(n->feed_ref, sizeof n->feed_ref, ref);
	f->fed = mem_grow(f->fed, f->n_fed + 1, sizeof *f->fed);
	f->fed[f->n_fed++] = n;
	land_on(f, n->feed_port);
	model_changed(f->model);
}

size_t
feed_others(const struct node *n, char *out, size_t size)
{
	size_t others = 0;
	char path[96];

	str_copy(out, size, "");
	for (size_t i = 0; n->feed != NULL && i < n->feed->n_fed; i++) {
		const struct node *o = n->feed->fed[i];
		size_t len = strlen(out);

		if (o == n || o->feed_port != n->feed_port)
			continue;
		str_format(out + len, size - len, "%s%s",
		    others++ > 0 ? ", " : "",
		    o->name[0] != '\0' ? o->name
				       : node_path(o, path, sizeof path));
	}
	return others;
}

/* --- filled by intake --------------------------------------------------- */

void
feed_set_ports(struct feed *f, int n)
{
	if (n > DRIVER_SLOTS_MAX)
		n = DRIVER_SLOTS_MAX;
	if (n <= f->ports)
		return;
	f->port = mem_grow(f->port, (size_t)n, sizeof *f->port);
	memset(&f->port[f->ports], 0, (size_t)(n - f->ports) * sizeof *f->port);
	f->ports = n;
}

static void
tell_nodes(struct feed *f)
{
	for (size_t i = 0; i < f->n_fed; i++)
		told_node(f->fed[i]);
}

void
feed_set_link(
    struct feed *f, enum link_state state, enum link_why why, const char *text)
{
	struct origin *o = f->origin;
	enum link_state old = o->link;
	enum link_why old_why = o->why;

	origin_take_link(f->model->loop, o, state, why, text);
	told_origin_link(f->model, f->name, o, old, old_why);
	if (state == LINK_LOST || state == LINK_DOWN)
		tell_nodes(f);
	model_changed(f->model);
}

void
feed_set(struct feed *f, int port, const struct reading *r)
{
	uint64_t now = loop_now(f->model->loop);
	bool changed;

	if (port < 0 || port > DRIVER_SLOTS_MAX)
		return;
	feed_set_ports(f, port);
	changed = values_set(
	    port == 0 ? &f->values : &f->port[port - 1], f->origin, r, now);
	for (size_t i = 0; port > 0 && i < f->n_fed; i++)
		if (f->fed[i]->feed_port == port)
			changed = land(f->fed[i], r, now) || changed;
	if (changed)
		model_changed(f->model);
}

static void
tell_budget(struct feed *f)
{
	double watts, budget = feed_budget(f);
	int ports;
	bool over = model_feed_totals(f, &watts, &ports) && budget > 0 &&
	    watts > budget;

	if (over && !f->told_over)
		model_event_of(f->model, EVENT_WARN, f->name,
		    "draws %.1f W, more than its budget of %.1f W", watts,
		    budget);
	else if (!over && f->told_over)
		model_event_of(f->model, EVENT_GOOD, f->name,
		    "is within its budget again");
	f->told_over = over;
}

void
feed_fresh(struct feed *f)
{
	uint64_t now = loop_now(f->model->loop);

	origin_take_fresh(f->model->loop, f->origin);
	for (size_t i = 0; i < f->n_fed; i++) {
		const struct reading r = { .id = NAME_FEED_PORT,
			.source = SOURCE_FEED,
			.known = true,
			.text = f->fed[i]->feed_ref };

		(void)land(f->fed[i], &r, now);
	}
	tell_nodes(f);
	tell_budget(f);
	model_changed(f->model);
}

void
feed_stale(struct feed *f, const char *why)
{
	bool was = f->origin->stale;

	origin_take_stale(f->origin, why);
	if (!was && f->origin->link == LINK_UP)
		model_event_of(
		    f->model, EVENT_BAD, f->name, "%s", f->origin->stale_why);
	tell_nodes(f);
	model_changed(f->model);
}

void
feed_cannot(struct feed *f, int port, enum act act, const char *why)
{
	origin_take_cannot(f->origin, port, act, why);
	model_changed(f->model);
}

/* --- read --------------------------------------------------------------- */

const struct value *
feed_port_value(const struct feed *f, int port, enum name_id id)
{
	if (port < 1 || port > f->ports)
		return NULL;
	return values_best(&f->port[port - 1], id, NULL);
}

const struct value *
feed_value(const struct feed *f, enum name_id id)
{
	return values_best(&f->values, id, NULL);
}

const struct value **
feed_values(const struct feed *f, int port, size_t *n)
{
	static const struct values none;

	if (port < 0 || port > f->ports)
		return values_best_all(&none, n);
	return values_best_all(port == 0 ? &f->values : &f->port[port - 1], n);
}

static bool
known_number(const struct value *v, double *out)
{
	return value_state(v) == VALUE_KNOWN && value_number(v, out);
}

bool
model_feed_totals(const struct feed *f, double *watts, int *known_ports)
{
	double w;

	*watts = 0;
	*known_ports = 0;
	for (int p = 1; p <= f->ports; p++)
		if (known_number(feed_port_value(f, p, NAME_POWER_WATTS), &w)) {
			*watts += w;
			++*known_ports;
		}
	if (*known_ports > 0)
		return true;
	return known_number(feed_value(f, NAME_FEED_WATTS), watts);
}

double
feed_budget(const struct feed *f)
{
	double limit;

	if (f->budget_w > 0)
		return f->budget_w;
	return known_number(feed_value(f, NAME_FEED_LIMIT), &limit) ? limit : 0;
}

bool
feed_trouble(const struct feed *f, char *out, size_t size)
{
	double watts, budget = feed_budget(f);
	int ports;

	if (f->origin == NULL)
		return false;
	if (origin_link_trouble(f->origin, "the feed", out, size))
		return true;
	if (f->origin->stale) {
		str_copy(out, size, f->origin->stale_why);
		return true;
	}
	if (!model_feed_totals(f, &watts, &ports) || budget <= 0 ||
	    watts <= budget)
		return false;
	str_format(out, size, "draws %.1f W, more than its budget of %.1f W",
	    watts, budget);
	return true;
}

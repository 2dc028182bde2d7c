#include "rackmux/app/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"
#include "rackmux/link/url.h"

/*
 * What keys say together: doubled names, two boards in one rack unit, slots
 * that a board has not got, links that cannot be read. Each mistake is told
 * at the line of the later of the two keys, and names the line of the other.
 */

/* The line of a key if it is there, else of its group. */
const struct cfg_node *
config_at(const struct cfg_node *group, const char *key)
{
	const struct cfg_node *n = cfg_get(group, key);

	return n != NULL ? n : group;
}

void
config_unknown_type(const struct cfg_node *at, const char *what,
    const char *type, const struct driver *const *table, size_t len,
    struct diags *d)
{
	const char *types[64], *near;
	struct buf list;
	size_t n = 0;

	buf_init(&list, 1024);
	for (; n < len && n < ARRAY_LEN(types); n++) {
		types[n] = table[n]->type;
		buf_printf(&list, "%s%s", n > 0 ? ", " : "", types[n]);
	}
	near = diag_nearest(type, types, n);
	if (near != NULL)
		diags_add(d, at->file, at->line,
		    "unknown %s type '%s': did you mean '%s'?", what, type,
		    near);
	else
		diags_add(d, at->file, at->line,
		    "unknown %s type '%s': there are %s", what, type,
		    buf_str(&list));
	buf_release(&list);
}

static void
check_type(struct config_board *b, bool partial, struct diags *d)
{
	const struct cfg_node *at = config_at(b->at, "type");
	const char *near;

	if (b->o.type == NULL) {
		if (!partial && cfg_get(b->at, "type") == NULL)
			diags_add(
			    d, at->file, at->line, "this board has no 'type'");
		return;
	}
	b->driver = b->described ? &driver_command : driver_find(b->o.type);
	near = b->driver == NULL ? config_nearest_recipe(b->o.type) : NULL;
	if (near != NULL)
		diags_add(d, at->file, at->line,
		    "unknown board type '%s': did you mean '%s'?", b->o.type,
		    near);
	else if (b->driver == NULL)
		config_unknown_type(
		    at, "board", b->o.type, driver_table, driver_table_len, d);
}

void
config_check_link(
    const struct cfg_node *group, const char *link, struct diags *d)
{
	const struct cfg_node *at = config_at(group, "link");
	char err[256];
	struct url u;

	if (link == NULL)
		return;
	if (!url_parse(&u, link, false, err, sizeof err))
		diags_add(d, at->file, at->line, "'link': %s", err);
	else if (url_console_only(&u))
		diags_add(d, at->file, at->line,
		    "'link': %s:// carries a console, but nothing that could "
		    "be asked; write ssh://user@host, serial:/dev/... or "
		    "exec:program here, and this one as 'console'",
		    u.scheme);
}

static void
check_has_link(struct config_board *b, bool partial, struct diags *d)
{
	bool any = b->o.link != NULL || cfg_get(b->at, "link") != NULL ||
	    (b->described && b->recipe == NULL);

	for (size_t i = 0; i < b->n_nodes; i++)
		any = any || cfg_get(b->nodes[i].at, "link") != NULL ||
		    cfg_get(b->nodes[i].at, "feed") != NULL ||
		    cfg_get(b->nodes[i].at, "console") != NULL;
	if (!any && !partial)
		diags_add(d, b->at->file, b->at->line,
		    "board '%s' has no 'link', and no node of it has one",
		    b->o.name != NULL ? b->o.name : "?");
}

/* How many slots there may be, and how many there are for sure. */
static int
slot_limit(struct config_board *b, struct diags *d)
{
	const struct cfg_node *at = config_at(b->at, "slots");
	int have =
	    b->driver != NULL && b->driver->whole_board ? b->driver->slots : 0;

	if (have > 0 && b->o.slots > have) {
		diags_add(d, at->file, at->line,
		    "'slots' is %d, but a board of type '%s' has %d",
		    b->o.slots, b->o.type, have);
		b->o.slots = have;
	}
	b->slots = b->o.slots > 0 ? b->o.slots : have;
	return b->slots > 0 ? b->slots : DRIVER_SLOTS_MAX;
}

static void
check_slots(struct config_board *b, bool partial, struct diags *d)
{
	unsigned lines[DRIVER_SLOTS_MAX + 1] = { 0 };
	int limit = slot_limit(b, d);

	for (size_t i = 0; i < b->n_nodes; i++) {
		const struct config_node *n = &b->nodes[i];
		const struct cfg_node *at = config_at(n->at, "slot");

		if (n->o.slot == 0) {
			if (!partial && cfg_get(n->at, "slot") == NULL)
				diags_add(d, at->file, at->line,
				    "this node has no 'slot'");
		} else if (n->o.slot > limit) {
			diags_add(d, at->file, at->line,
			    "'slot' is %d, but board '%s' has %d slots",
			    n->o.slot, b->o.name ? b->o.name : "?", limit);
		} else if (lines[n->o.slot] > 0) {
			diags_add(d, at->file, at->line,
			    "slot %d stands twice: it is at line %u already",
			    n->o.slot, lines[n->o.slot]);
		} else {
			lines[n->o.slot] = at->line;
		}
		if (b->driver != NULL && !b->driver->whole_board &&
		    b->o.link != NULL && n->o.slot == 1 && n->o.link != NULL)
			diags_add(d, at->file, at->line,
			    "slot 1 has a 'link', and its board has one too; "
			    "a board of type '%s' is reached by its nodes",
			    b->o.type);
	}
}

static void
check_unit(const struct config *c, size_t i, struct diags *d)
{
	const struct config_board *b = &c->boards[i];
	const struct cfg_node *at = config_at(b->at, "unit");
	int height = b->o.height > 0 ? b->o.height : 1;
	int top = b->o.unit + height - 1;

	if (b->o.unit == 0)
		return;
	if (c->rack.units > 0 && top > c->rack.units)
		diags_add(d, at->file, at->line,
		    "rack unit %d is above the rack, which has %d", top,
		    c->rack.units);
	for (size_t k = 0; k < i; k++) {
		const struct config_board *o = &c->boards[k];
		int o_top = o->o.unit + (o->o.height > 0 ? o->o.height : 1) - 1;
		int low = b->o.unit > o->o.unit ? b->o.unit : o->o.unit;

		if (o->o.unit == 0 || b->o.unit > o_top || o->o.unit > top)
			continue;
		diags_add(d, at->file, at->line,
		    "rack unit %d is taken by board '%s' (line %u) already",
		    low, o->o.name != NULL ? o->o.name : "?", o->at->line);
		return;
	}
}

struct named {
	const char *name;
	const char *what; /* "board", "node" or "feed" */
	const struct cfg_node *at;
	size_t board, order;
};

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int names = strcmp(x->name, y->name);

	return names != 0 ? names
			  : (x->order > y->order) - (x->order < y->order);
}

static void
add_name(struct named *v, size_t *n, const char *name, const char *what,
    const struct cfg_node *at, size_t board)
{
	if (name == NULL)
		return;
	v[*n] = (struct named){ name, what, config_at(at, "name"), board, *n };
	(*n)++;
}

/* Names of boards, nodes and feeds share one space, because a selector does
 * not say which it means; a board of one node may share its name with it. */
static void
check_names(const struct config *c, struct diags *d)
{
	struct named *v;
	size_t n = c->n_boards + c->n_feeds, used = 0;

	for (size_t i = 0; i < c->n_boards; i++)
		n += c->boards[i].n_nodes;
	v = mem_array(n + 1, sizeof *v);
	for (size_t i = 0; i < c->n_boards; i++) {
		const struct config_board *b = &c->boards[i];

		add_name(v, &used, b->o.name, "board", b->at, i);
		for (size_t k = 0; k < b->n_nodes; k++)
			add_name(v, &used, b->nodes[k].o.name, "node",
			    b->nodes[k].at, i);
	}
	for (size_t i = 0; i < c->n_feeds; i++)
		add_name(v, &used, c->feeds[i].o.name, "feed", c->feeds[i].at,
		    c->n_boards + i);
	qsort(v, used, sizeof *v, by_name);
	for (size_t i = 1; i < used; i++) {
		const struct named *a = &v[i - 1], *b = &v[i];

		if (strcmp(a->name, b->name) != 0 ||
		    (a->what != b->what && a->board == b->board &&
			c->boards[a->board].n_nodes == 1))
			continue;
		diags_add(d, b->at->file, b->at->line,
		    "name '%s' stands twice: a %s at line %u has it already",
		    b->name, a->what, a->at->line);
	}
	free(v);
}

/* A serial port serves one board. */
static void
check_ports(const struct config *c, struct diags *d)
{
	struct named *v = mem_array(c->n_boards + 1, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < c->n_boards; i++) {
		const struct config_board *b = &c->boards[i];

		if (b->o.link != NULL && str_starts(b->o.link, "serial:")) {
			v[n] = (struct named){ b->o.link, "board",
				config_at(b->at, "link"), i, n };
			n++;
		}
	}
	qsort(v, n, sizeof *v, by_name);
	for (size_t i = 1; i < n; i++)
		if (strcmp(v[i - 1].name, v[i].name) == 0)
			diags_add(d, v[i].at->file, v[i].at->line,
			    "the board at line %u has this serial port already",
			    v[i - 1].at->line);
	free(v);
}

void
config_check(struct config *c, bool partial, struct diags *d)
{
	for (size_t i = 0; i < c->n_boards; i++) {
		struct config_board *b = &c->boards[i];

		if (!partial && cfg_get(b->at, "name") == NULL)
			diags_add(d, b->at->file, b->at->line,
			    "this board has no 'name'");
		check_type(b, partial, d);
		config_check_link(b->at, b->o.link, d);
		for (size_t k = 0; k < b->n_nodes; k++)
			config_check_link(
			    b->nodes[k].at, b->nodes[k].o.link, d);
		check_has_link(b, partial, d);
		check_slots(b, partial, d);
		check_unit(c, i, d);
	}
	config_check_feeds(c, partial, d);
	check_names(c, d);
	check_ports(c, d);
}

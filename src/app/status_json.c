#include "rackmux/app/status.h"

#include <math.h>
#include <stdlib.h>

#include "rackmux/base/text.h"

/*
 * Programs read this: keys are those of names.def, what is not known is null
 * with the reason beside it, and a number is rounded to the decimals that it
 * is measured with, so that 48.2 does not read 48.200000000000003.
 */

static void
set_number(struct json *j, const char *key, double number, int decimals)
{
	double scale = pow(10, decimals);

	if (!isfinite(number))
		json_set_null(j, key);
	else if (decimals == 0 && fabs(number) < 9e15)
		json_set_int(j, key, llround(number));
	else
		json_set_num(j, key, round(number * scale) / scale);
}

static struct json *
value_json(const struct model *m, const struct value *v)
{
	const struct name *name = &name_table[v->id];
	enum value_state state = value_state(v);
	struct json *j = json_new_object();

	if (state == VALUE_UNKNOWN || !v->known)
		json_set_null(j, "value");
	else if (name->type == NAME_NUMBER)
		set_number(j, "value", v->number, name->decimals);
	else
		json_set_str(j, "value", v->text);
	json_set_str(j, "unit", name->unit);
	json_set_int(j, "age_ms", (long long)value_age_ms(m, v));
	json_set_str(j, "source", source_name(v->source));
	json_set_str(j, "state", value_state_name(state));
	json_set_str(j, "why", value_why(v));
	if (value_note(v) != NULL)
		json_set_str(j, "note", value_note(v));
	return j;
}

static struct json *
values_json(const struct model *m, const struct value **v, size_t n)
{
	struct json *j = json_new_object();
	char full[128];

	for (size_t i = 0; i < n; i++)
		json_set(j,
		    name_full(v[i]->id, v[i]->instance, full, sizeof full),
		    value_json(m, v[i]));
	free(v);
	return j;
}

static const char *
origin_why(const struct origin *o)
{
	if (o == NULL)
		return NULL;
	if (o->link != LINK_UP && o->why_text[0] != '\0')
		return o->why_text;
	return o->stale && o->stale_why[0] != '\0' ? o->stale_why : NULL;
}

struct json *
status_json_board(const struct board *b)
{
	struct json *j = json_new_object();
	const struct value **v;
	size_t n;

	json_set_str(j, "kind", "board");
	json_set_str(j, "board", b->name);
	json_set_str(j, "type", b->type[0] != '\0' ? b->type : NULL);
	json_set_str(
	    j, "link", b->origin ? link_state_name(b->origin->link) : NULL);
	json_set_str(j, "why", origin_why(b->origin));
	v = board_values(b, &n);
	json_set(j, "values", values_json(b->model, v, n));
	return j;
}

struct json *
status_json_node(const struct node *node)
{
	struct json *j = json_new_object(), *can;
	const struct value **v;
	char path[96];
	size_t n;

	json_set_str(j, "kind", "node");
	json_set_str(j, "node", node_path(node, path, sizeof path));
	json_set_str(j, "name", node->name[0] != '\0' ? node->name : NULL);
	json_set_str(j, "board", node->board->name);
	json_set_str(
	    j, "type", node->board->type[0] != '\0' ? node->board->type : NULL);
	json_set_int(j, "slot", node->slot);
	json_set_str(j, "state", node_state_name(node_state(node)));
	if (node->feed != NULL)
		json_set_str(j, "feed", node->feed_ref);
	v = node_values(node, &n);
	json_set(j, "values", values_json(node->board->model, v, n));
	can = json_new_object();
	for (int a = 0; a < ACT_MAX; a++) {
		const char *why = node_cannot(node, (enum act)a);

		if (why == NULL)
			json_set_bool(can, act_name((enum act)a), true);
		else
			json_set_str(can, act_name((enum act)a), why);
	}
	json_set(j, "can", can);
	return j;
}

/* What a port says, and which nodes hang on it. */
static struct json *
port_json(const struct feed *f, int port)
{
	struct json *j = json_new_object(), *nodes = json_new_array();
	const struct value **v;
	char path[96];
	size_t n;

	json_set_int(j, "port", port);
	for (size_t i = 0; i < f->n_fed; i++)
		if (f->fed[i]->feed_port == port)
			json_add_str(
			    nodes, node_path(f->fed[i], path, sizeof path));
	json_set(j, "nodes", nodes);
	v = feed_values(f, port, &n);
	json_set(j, "values", values_json(f->model, v, n));
	return j;
}

struct json *
status_json_feed(const struct feed *f)
{
	struct json *j = json_new_object(), *ports = json_new_array();
	const struct value **v;
	double watts, budget = feed_budget(f);
	int known;
	size_t n;

	json_set_str(j, "kind", "feed");
	json_set_str(j, "feed", f->name);
	json_set_str(j, "type", f->type);
	json_set_str(
	    j, "link", f->origin ? link_state_name(f->origin->link) : NULL);
	json_set_str(j, "why", origin_why(f->origin));
	if (model_feed_totals(f, &watts, &known))
		set_number(j, "watts", watts, 1);
	else
		json_set_null(j, "watts");
	if (budget > 0)
		set_number(j, "budget_w", budget, 1);
	else
		json_set_null(j, "budget_w");
	v = feed_values(f, 0, &n);
	json_set(j, "values", values_json(f->model, v, n));
	for (int p = 1; p <= f->ports; p++)
		json_add(ports, port_json(f, p));
	json_set(j, "ports", ports);
	return j;
}

static void
print(FILE *f, struct json *j)
{
	char *text = json_text(j);

	fprintf(f, "%s\n", text);
	free(text);
	json_free(j);
}

void
status_json(FILE *f, const struct model *m, const struct selector *sel)
{
	for (size_t i = 0; i < m->n_feeds; i++)
		if (selector_feed(sel, m->feeds[i]))
			print(f, status_json_feed(m->feeds[i]));
	for (size_t i = 0; i < m->n_boards; i++) {
		const struct board *b = m->boards[i];

		if (!selector_board(sel, b))
			continue;
		print(f, status_json_board(b));
		for (int k = 0; k < b->slots; k++)
			if (selector_node(sel, b->nodes[k]))
				print(f, status_json_node(b->nodes[k]));
	}
}

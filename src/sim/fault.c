/*
 * Faults are a bit and an argument on a board or node; board_refresh() turns
 * them into what the outside sees. Only those that are an event, not a state,
 * have code of their own here.
 */
#include "rackmux/sim/fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/pty.h"
#include "rackmux/sim/rack.h"
#include "rackmux/sim/sshd.h"

#include "nodeboot.h"

enum scope { SCOPE_SSH, SCOPE_NODE, SCOPE_BOARD, SCOPE_ANY };

static const struct row {
	const char *name, *arg, *meaning;
	enum scope scope;
	double dflt;
} rows[] = {
#define FAULT(id, n, s, a, d, m) \
	{ .name = (n), \
		.arg = (a), \
		.meaning = (m), \
		.scope = SCOPE_##s, \
		.dflt = (d) },
#include "rackmux/sim/faults.def"
#undef FAULT
};

const char *
fault_name(enum fault_kind k)
{
	return rows[k].name;
}

const char *
fault_arg_name(enum fault_kind k)
{
	return rows[k].arg;
}

const char *
fault_meaning(enum fault_kind k)
{
	return rows[k].meaning;
}

/* --- parsing --- */

static bool
bad(char *err, size_t size, const char *what, const char *text)
{
	str_format(err, size, "%s: \"%s\"", what, text);
	return false;
}

static bool
parse_kind(const char *text, enum fault_kind *k)
{
	int i;

	for (i = 0; i < FAULT_COUNT; i++)
		if (strcmp(rows[i].name, text) == 0) {
			*k = (enum fault_kind)i;
			return true;
		}
	return false;
}

/* @SECONDS or @SECONDS+DURATION, at is after the @ */
static bool
parse_when(char *at, struct fault_spec *f)
{
	char *plus = strchr(at, '+');

	if (plus != NULL) {
		*plus = '\0';
		if (!str_double(plus + 1, &f->duration) || f->duration < 0)
			return false;
	}
	return (*at == '\0' && plus != NULL) ||
	    (str_double(at, &f->at) && f->at >= 0);
}

static bool
parse_rest(char *rest, struct fault_spec *f, char *err, size_t size)
{
	char *at = strchr(rest, '@'), *eq;

	if (at != NULL) {
		*at = '\0';
		if (!parse_when(at + 1, f))
			return bad(
			    err, size, "that is no time in seconds", at + 1);
	}
	eq = strchr(rest, '=');
	if (eq != NULL)
		*eq = '\0';
	if (!parse_kind(rest, &f->kind))
		return bad(err, size,
		    "no such fault (--list-faults has them all)", rest);
	f->arg = rows[f->kind].dflt;
	if (eq == NULL)
		return true;
	if (rows[f->kind].arg[0] == '\0')
		return bad(err, size, "this fault takes no argument", rest);
	if (!str_double(eq + 1, &f->arg))
		return bad(err, size, "that is no number", eq + 1);
	/* A stall for some seconds is a stall with a duration. */
	if (f->kind == FAULT_STALL && f->arg > 0 && f->duration <= 0)
		f->duration = f->arg;
	return true;
}

bool
fault_parse(const char *text, struct fault_spec *f, char *err, size_t size)
{
	char copy[192], *p = copy, *colon;

	memset(f, 0, sizeof(*f));
	f->kind = FAULT_COUNT;
	if (!str_copy(copy, sizeof(copy), text))
		return bad(err, size, "too long for a fault", text);
	p = str_trim(copy);
	if (str_starts(p, "clear ") || strcmp(p, "clear") == 0) {
		f->clear = true;
		p = str_trim(p + 5);
	}
	colon = strchr(p, ':');
	if (colon != NULL)
		*colon = '\0';
	if (*p == '\0' || !str_copy(f->target, sizeof(f->target), p))
		return bad(err, size, "a fault is TARGET:KIND", text);
	if (colon != NULL)
		return parse_rest(colon + 1, f, err, size);
	return f->clear || bad(err, size, "a fault is TARGET:KIND", text);
}

/* --- applying --- */

static void
set_bit(struct faults *f, enum fault_kind k, bool on, double arg)
{
	if (on)
		f->on |= UINT64_C(1) << k;
	else
		fault_end(f, k);
	f->arg[k] = (float)arg;
}

static void
on_node(struct sim_node *n, enum fault_kind k, bool on, double arg)
{
	bool was = fault_is(&n->faults, k);

	set_bit(&n->faults, k, on, arg);
	if (k == FAULT_PANIC && on)
		node_panic(n);
	else if (k == FAULT_PANIC && was && n->stage == STAGE_PANIC)
		nodeboot_stage(n, STAGE_LOADER);
	else if (k == FAULT_POWER && on)
		node_set_rail(n, false);
	else if (k == FAULT_POWER && was)
		node_set_rail(n, n->intent);
	else if (k == FAULT_HOSTKEY && n->endpoint != NULL)
		(void)endpoint_change_key(n->endpoint, on);
	if (on || was)
		node_console_fault(n, k, on);
	if (n->board->kind->node_faulted != NULL && (on || was))
		n->board->kind->node_faulted(n, k, on);
	node_refresh(n);
}

static void
on_board(struct sim_board *b, enum fault_kind k, bool on, double arg)
{
	bool was = fault_is(&b->faults, k);

	set_bit(&b->faults, k, on, arg);
	if (k == FAULT_UNPLUG || k == FAULT_REPLUG) {
		if (k == FAULT_REPLUG && b->pty != NULL)
			(void)pty_plug(b->pty, false);
		set_bit(&b->faults, FAULT_REPLUG, false, 0);
		if (k == FAULT_REPLUG)
			set_bit(&b->faults, FAULT_UNPLUG, false, 0);
	} else if (k == FAULT_POWER && on != was) {
		board_power_fault(b, on);
	} else if (k == FAULT_HOSTKEY && b->endpoint != NULL) {
		(void)endpoint_change_key(b->endpoint, on);
	}
	if (b->kind->faulted != NULL && (on || was))
		b->kind->faulted(b, k, on);
	board_refresh(b);
}

static void
apply_to_board(struct sim_board *b, enum fault_kind k, bool on, double arg)
{
	enum scope s = rows[k].scope;
	bool shelf = b->machine.vfs == NULL;
	int i;

	if (s != SCOPE_NODE && !(s == SCOPE_SSH && shelf))
		on_board(b, k, on, arg);
	if (s == SCOPE_NODE || (shelf && s != SCOPE_BOARD))
		for (i = 0; i < b->slots; i++)
			on_node(&b->nodes[i], k, on, arg);
}

static void
apply_to_node(struct sim_node *n, enum fault_kind k, bool on, double arg)
{
	if (rows[k].scope == SCOPE_BOARD ||
	    ((k == FAULT_UNPLUG || k == FAULT_REPLUG) &&
		n->uart.adapter == NULL))
		on_board(n->board, k, on, arg);
	else
		on_node(n, k, on, arg);
}

int
fault_apply(
    struct rack *r, const char *target, enum fault_kind k, bool on, double arg)
{
	struct sim_board *b = rack_board(r, target);
	struct sim_node *n;
	size_t i;
	int s;

	if (strcmp(target, "*") == 0) {
		for (i = 0; i < r->n_boards; i++) {
			b = r->boards[i];
			apply_to_board(b, k, on, arg);
			for (s = 0; s < b->slots; s++)
				if (rows[k].scope == SCOPE_SSH ||
				    rows[k].scope == SCOPE_ANY)
					on_node(&b->nodes[s], k, on, arg);
		}
		return 0;
	}
	if (b != NULL) {
		apply_to_board(b, k, on, arg);
		return 0;
	}
	if ((n = rack_node(r, target)) == NULL)
		return -ENOENT;
	apply_to_node(n, k, on, arg);
	return 0;
}

/* --- the plan --- */

_Static_assert(FAULT_COUNT <= 64, "a bit a kind");

struct planned {
	struct planned *next;
	struct fault_plan *plan;
	struct timer *timer;
	struct fault_spec spec;
	bool begun;
};

struct fault_plan {
	struct rack *rack;
	struct planned *list;
};

static void
planned_free(struct planned *p)
{
	timer_free(p->timer);
	free(p);
}

static void
planned_drop(struct planned *p)
{
	struct planned **at = &p->plan->list;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	planned_free(p);
}

static void
apply(struct rack *r, const struct fault_spec *f, bool on)
{
	int k;

	if (f->kind != FAULT_COUNT) {
		(void)fault_apply(r, f->target, f->kind, on, f->arg);
		return;
	}
	for (k = 0; k < FAULT_COUNT; k++)
		if (k != FAULT_REPLUG)
			(void)fault_apply(
			    r, f->target, (enum fault_kind)k, false, 0);
}

static void
on_time(void *arg)
{
	struct planned *p = arg;

	if (p->begun) {
		apply(p->plan->rack, &p->spec, false);
		planned_drop(p);
		return;
	}
	apply(p->plan->rack, &p->spec, !p->spec.clear);
	if (p->spec.duration <= 0 || p->spec.clear) {
		planned_drop(p);
		return;
	}
	p->begun = true;
	timer_start(p->timer, (uint64_t)(p->spec.duration * 1000));
}

struct fault_plan *
fault_plan_new(struct rack *r)
{
	struct fault_plan *plan = mem_alloc(sizeof(*plan));

	plan->rack = r;
	return plan;
}

void
fault_plan_clear(struct fault_plan *plan)
{
	struct planned *p;

	while ((p = plan->list) != NULL) {
		plan->list = p->next;
		planned_free(p);
	}
}

void
fault_plan_free(struct fault_plan *plan)
{
	if (plan == NULL)
		return;
	fault_plan_clear(plan);
	free(plan);
}

int
fault_plan_add(
    struct fault_plan *plan, const struct fault_spec *f, char *err, size_t size)
{
	struct planned *p;

	if (strcmp(f->target, "*") != 0 &&
	    rack_board(plan->rack, f->target) == NULL &&
	    rack_node(plan->rack, f->target) == NULL) {
		str_format(err, size, "no board or node \"%s\"", f->target);
		return -ENOENT;
	}
	p = mem_alloc(sizeof(*p));
	p->plan = plan;
	p->spec = *f;
	p->timer = timer_new(plan->rack->loop, on_time, p);
	p->next = plan->list;
	plan->list = p;
	if (f->at > 0)
		timer_start(p->timer, (uint64_t)(f->at * 1000));
	else
		on_time(p);
	return 0;
}

int
fault_plan_line(
    struct fault_plan *plan, const char *line, char *err, size_t size)
{
	struct fault_spec f;

	while (*line == ' ' || *line == '\t')
		line++;
	if (*line == '\0' || *line == '#' || *line == '\n')
		return 0;
	if (!fault_parse(line, &f, err, size))
		return -EINVAL;
	return fault_plan_add(plan, &f, err, size);
}

int
fault_plan_file(
    struct fault_plan *plan, const char *path, char *err, size_t size)
{
	FILE *file = fopen(path, "re");
	char line[256], why[160];
	int n = 0, rc = 0;

	if (file == NULL) {
		str_format(err, size, "%s: %s", path, strerror(errno));
		return -errno;
	}
	while (rc == 0 && fgets(line, sizeof(line), file) != NULL) {
		n++;
		rc = fault_plan_line(plan, line, why, sizeof(why));
		if (rc != 0)
			str_format(err, size, "%s:%d: %s", path, n, why);
	}
	fclose(file);
	return rc;
}

/*
 * fault - what is made to go wrong, when, and for how long.
 *
 * TARGET:KIND[=ARG][@SECONDS[+DURATION]], TARGET a board, a node ("tp2-a/1"
 * or its own name) or *. "clear TARGET[:KIND]" ends faults.
 */
#ifndef RM_SIM_FAULT_H
#define RM_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_kind {
#define FAULT(id, name, scope, arg, dflt, meaning) FAULT_##id,
#include "rackmux/sim/faults.def"
#undef FAULT
	FAULT_COUNT
};

/* The faults that a board or node has now. */
struct faults {
	uint64_t on;			/* bit per kind */
	float arg[FAULT_COUNT];
};

static inline bool
fault_is(const struct faults *f, enum fault_kind k)
{
	return f->on >> k & 1;
}

/* For kinds that are an event, not a state: it is over at once. */
static inline void
fault_end(struct faults *f, enum fault_kind k)
{
	f->on &= ~(UINT64_C(1) << k);
}

struct rack;
struct fault_plan;

struct fault_spec {
	char target[64];
	enum fault_kind kind;
	bool clear;		/* end it; kind FAULT_COUNT: all of them */
	double arg;
	double at, duration;	/* seconds; duration 0: until cleared */
};

/* False, with a sentence in err, when the text is no fault. */
bool	 fault_parse(const char *, struct fault_spec *, char *err,
	    size_t size);
const char *fault_name(enum fault_kind);
const char *fault_arg_name(enum fault_kind);	/* "" if it has none */
const char *fault_meaning(enum fault_kind);

/* Faults to come. The rack is borrowed. */
struct fault_plan *fault_plan_new(struct rack *);
void	 fault_plan_free(struct fault_plan *);
/* Schedule one, counted from now. 0, or -ENOENT with err: no such target. */
int	 fault_plan_add(struct fault_plan *, const struct fault_spec *,
	    char *err, size_t size);
/* One line of a scenario or of the control socket. */
int	 fault_plan_line(struct fault_plan *, const char *, char *err,
	    size_t size);
/* A file of lines; err names file and line. */
int	 fault_plan_file(struct fault_plan *, const char *path, char *err,
	    size_t size);
/* Forget what is to come. */
void	 fault_plan_clear(struct fault_plan *);
/* At once: start or end a fault on a target. -ENOENT: no such target. */
int	 fault_apply(struct rack *, const char *target, enum fault_kind,
	    bool on, double arg);

#endif

/*
 * model - the rack as it stands: rack > board > node > value.
 *
 * The only truth of the program. Drivers fill it through intake (a driver
 * sink, see model/intake.h), views and the command line read it. It never
 * calls out except for one change hook. Time comes from its loop, so that
 * tests can freeze it.
 *
 * Ownership: the model owns boards, nodes, values and all text in them.
 * Pointers to boards and nodes hold until they are removed; pointers to
 * values until the next change. Names are cleaned text.
 */
#ifndef RM_MODEL_MODEL_H
#define RM_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/loop.h"
#include "rackmux/driver/driver.h"
#include "rackmux/model/history.h"

enum value_state { VALUE_UNKNOWN, VALUE_KNOWN, VALUE_STALE };
const char *value_state_name(enum value_state);

/* One origin is one driver instance: a board's controller, a node's in-band
 * link. All values that came from it go stale together. */
struct origin {
	int slot;		/* 0: the whole board */
	const struct driver *driver;
	enum link_state link;
	enum link_why why;
	char why_text[512];	/* of the link; cleaned */
	char url[128];
	uint64_t since;		/* loop ms of the last change of link */
	uint64_t fresh_at;	/* loop ms of the last whole round; 0: never */
	/* From one whole round to the next, while none failed between. */
	unsigned periods;
	uint64_t period_sum, period_max;	/* ms */
	bool stale;		/* the last round failed, or is overdue */
	char stale_why[160];
	unsigned rtt_us;
	uint64_t retry_at;	/* loop ms of the next try, 0: none */
	/* Why a slot cannot do something, NULL: it can; [0, cannot_slots]. */
	char *(*cannot)[ACT_MAX];
	int cannot_slots;	/* -1: not known yet */
	bool was_up;		/* the link came up at least once */
};

/* One reading of a name by one origin. */
struct value {
	enum name_id id;
	char *instance;		/* or NULL */
	struct origin *origin;
	enum source source;
	bool known;
	double number;
	char *text;
	char *why;		/* why unknown; known: a note on it, or NULL */
	uint64_t at;		/* loop ms when last confirmed */
	uint64_t changed;	/* loop ms when it last became different */
	struct history *history;	/* or NULL */
};

struct values {
	struct value *v;	/* sorted by id, instance, origin */
	size_t n, cap;
};

enum node_state {
	NODE_UNKNOWN, NODE_ON, NODE_OFF, NODE_STALE, NODE_LOST
};
const char *node_state_name(enum node_state);

enum heat { HEAT_NONE, HEAT_COOL, HEAT_WARM, HEAT_HOT, HEAT_CRITICAL };

struct board;
struct feed;	/* model/feed.h */

struct node {
	struct board *board;
	int slot;		/* from 1 */
	char name[64];		/* as configured, else "" */
	struct origin *inband;	/* the node's own link, or NULL */
	bool configured;	/* stands in the configuration */
	struct values values;
	struct feed *feed;	/* what powers it, or NULL */
	int feed_port;		/* from 1 */
	char feed_ref[80];	/* "poe-sw/5", or "plug-a"; "" */
	/* A power cycle of it began and was never seen to end: what to say of
	 * that while it is off, or "". */
	char interrupted[160];
	bool interrupted_over;	/* it was seen on again since */
	/* What its console tells, and whether it has one: model/heard.c. */
	struct origin *heard;	/* or NULL */
	bool has_console;
	char no_console[192];	/* why not, beyond what drivers say; or "" */
	char alarm[192];	/* of a pattern on its console, or "" */
	bool alarm_bad;
	uint64_t alarm_at;	/* loop ms */
	bool marked;
	/* What the last event said, so that only a change is news. */
	enum node_state told_state;
	enum heat told_heat;
	bool told;
	bool told_locate, told_lit;
	uint64_t lost_at;	/* loop ms when it was lost, 0: it is not */
};

struct board {
	struct model *model;
	unsigned long serial;	/* no board after it has the same */
	char name[64];
	char type[32];
	char title[48];		/* "Turing Pi 2" */
	int unit, height;	/* rack unit (1 at the bottom, 0: none), >= 1 */
	int slots;
	struct node **nodes;	/* [slots]; index = slot - 1; never NULL */
	struct origin *origin;	/* the controller's, or NULL (plain nodes) */
	struct values values;
};

struct thresholds {
	double temp_warm, temp_hot, temp_critical;	/* degC: 65 75 80 */
};

enum event_kind {
	EVENT_INFO, EVENT_GOOD, EVENT_WARN, EVENT_BAD
};
struct event {
	int64_t wall;		/* ms since 1970 */
	enum event_kind kind;
	char where[96];		/* "tp2-a/3", "tp2-a" or "" */
	char text[192];
};
#define EVENTS_MAX 1000

struct model {
	struct loop *loop;
	char rack[64];
	int units;		/* 0: as many as needed */
	double power_budget_w;	/* 0: none */
	unsigned poll_ms;
	struct thresholds thresholds;
	struct board **boards;	/* in rack order: highest unit first */
	size_t n_boards;
	unsigned long last_serial;
	struct feed **feeds;
	size_t n_feeds;
	struct event *events;	/* ring; see model_event_at */
	size_t n_events, first_event;
	unsigned long long events_total;
	loop_fn *on_change;	/* something differs; called often, be quick */
	void *on_change_arg;
};

struct model	*model_new(struct loop *);
void		 model_free(struct model *);
void		 model_on_change(struct model *, loop_fn *, void *arg);
void		 model_changed(struct model *);

struct board	*model_add_board(struct model *, const char *name,
		    const struct driver *, int unit, int height, int slots);
void		 model_remove_board(struct model *, struct board *);
struct board	*model_find_board(const struct model *, const char *name);
/* "tp2-a/3" or a node's own name; NULL if there is none. */
struct node	*model_find_node(const struct model *, const char *);
/* Grow or shrink to n slots; configured nodes are never dropped. */
void		 board_set_slots(struct board *, int n);
struct origin	*board_add_origin(struct board *, int slot,
		    const struct driver *, const char *url);
/* All values of it go too. */
void		 board_remove_origin(struct board *, struct origin *);

/* --- filled by intake --- */
void	 origin_set_link(struct board *, struct origin *, enum link_state,
	    enum link_why, const char *text);
void	 origin_set(struct board *, struct origin *, int slot,
	    const struct reading *);
void	 origin_fresh(struct board *, struct origin *);
void	 origin_stale(struct board *, struct origin *, const char *why);
/* why is NULL when the slot can; copied. */
void	 origin_cannot(struct board *, struct origin *, int slot, enum act,
	    const char *why);

/* --- filled by its console (model/heard.c) --- */
/* It can be read, or no more, and why. */
void	 node_hears(struct node *, bool up, const char *why);
/* The console of a node as it stands. stage NULL: nothing told; silence_s < 0:
 * it has said nothing yet. Text is cleaned. */
void	 node_heard(struct node *, const char *stage, double stage_s,
	    double silence_s, const char *last);
/* A pattern matched; or, with NULL, what it told of is over. */
void	 node_alarm(struct node *, bool bad, const char *name,
	    const char *line);
/* It starts, as its console tells. */
bool	 node_booting(const struct node *);
#define NODE_ALARM_MS 600000	/* for so long it counts as trouble */

/* --- read --- */
/* The best reading of a name: known before stale before unknown, then the
 * source that the name prefers. NULL: nobody ever said anything of it. */
const struct value *node_value(const struct node *, enum name_id,
	    const char *instance);
const struct value *board_value(const struct board *, enum name_id,
	    const char *instance);
/* The best readings of all names, one each, in the order of names.def. n is
 * set; caller frees the array only. */
const struct value **node_values(const struct node *, size_t *n);
const struct value **board_values(const struct board *, size_t *n);
enum value_state value_state(const struct value *);	/* NULL: unknown */
/* A sentence why it is stale or unknown, or NULL when it is known. */
const char *value_why(const struct value *);
/* What is to be said of a value that is or was known ("Uncalibrated: ..."),
 * or NULL. */
const char *value_note(const struct value *);
uint64_t value_age_ms(const struct model *, const struct value *);
/* As a person reads it, with unit: "48.2 °C", "12 d", "1 Gbit/s", "-". */
const char *value_format(const struct value *, char *out, size_t size);
bool	 value_is(const struct value *, const char *word);	/* known and so */
bool	 value_number(const struct value *, double *);	/* known or stale */

/* --- judged (model/judge.c) --- */
enum node_state node_state(const struct node *);
enum heat node_heat(const struct node *);
bool	 node_throttled(const struct node *);	/* it says so, now */
/* What is wrong with it and what the evidence is, one sentence; false when
 * nothing is. Never a guess: where evidence does not tell causes apart it
 * names those that are left ("power or cable"). */
bool	 node_trouble(const struct node *, char *out, size_t size);
bool	 board_trouble(const struct board *, char *out, size_t size);
/* NULL when some origin of it can; else the sentence why not. */
const char *node_cannot(const struct node *, enum act);
/* Which one would do it: its board's, else its feed's, else its own; NULL:
 * none can. */
struct origin *node_route(const struct node *, enum act);
/* The same of the board as a whole (its own LED, ...). */
const char *board_cannot(const struct board *, enum act);
/* Why this release does nobody that favour, whatever the board can; NULL: it
 * does. */
const char *act_unbuilt(enum act);

struct totals {
	int nodes, on, off, lost, stale, unknown, hot, throttled;
	/* What could be measured: the sum over watts_nodes nodes that are
	 * on, and the boards that measure themselves. 0 nodes: not known. */
	int watts_nodes;
	double watts;
	int boards, boards_up;
};
void	 model_totals(const struct model *, struct totals *);

/* --- events --- */
void	 model_event(struct model *, enum event_kind, const struct board *,
	    const struct node *, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
/* Of something that is neither: where is its name. */
void	 model_event_of(struct model *, enum event_kind, const char *where,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* 0 is the newest. */
const struct event *model_event_at(const struct model *, size_t);

/* node's full name, "tp2-a/3", into out; returns out. */
const char *node_path(const struct node *, char *out, size_t size);

#endif

/*
 * recipe - a board as it is described in a configuration: which commands ask
 * it, which lines of their output are which values, which commands act on it.
 *
 * A plain description without behaviour; command.c does what it says. Its
 * text is trusted, since an operator wrote it; what is put in for a
 * placeholder, and what a command prints, is not.
 */
#ifndef RM_DRIVER_RECIPE_H
#define RM_DRIVER_RECIPE_H

#include <regex.h>

#include "rackmux/base/buf.h"
#include "rackmux/driver/driver.h"

#define RECIPE_ASKS_MAX 16	/* commands of a round */
#define RECIPE_READS_MAX 64	/* values of a command */
#define RECIPE_FIELDS_MAX 12	/* groups of a pattern, or columns */
#define RECIPE_SETTINGS_MAX 24
#define RECIPE_PATTERN_MAX 250
#define RECIPE_COMMAND_MAX 900

/* A POSIX extended regular expression, compiled once. */
struct pattern {
	bool set;
	regex_t re;
};
/* False when it is none; err says why. */
bool	 pattern_set(struct pattern *, const char *text, char *err,
	    size_t size);
/* False too for a pattern that is not set. */
bool	 pattern_finds(const struct pattern *, const char *line);

/* What a group of the pattern, or a column, holds. */
enum recipe_field { FIELD_SKIP, FIELD_SLOT, FIELD_INSTANCE, FIELD_VALUE };

struct recipe_map { char *from, *to; };

struct recipe_read {
	bool is_slots;		/* not a value: how many slots there are */
	enum name_id id;
	char instance[32];	/* for names with '*', or "" */
	enum source source;	/* SOURCE_BOARD or SOURCE_COMMANDED */
	struct pattern line;	/* which lines; not set: all (columns) */
	bool columns;		/* fields are columns, else groups */
	char separator;		/* of columns; ' ': any white space */
	enum recipe_field field[RECIPE_FIELDS_MAX];
	size_t n_fields;
	int slot;		/* where no field tells it: 0, the board */
	char *is;		/* the value when a line is there, or NULL */
	struct recipe_map *map;
	size_t n_map;
	unsigned bits[DRIVER_SLOTS_MAX];	/* one mask a slot */
	size_t n_bits;
	double scale, offset;
	char *missing;		/* why it is unknown when no line tells it */
};

struct recipe_ask {
	char *name;		/* for reasons */
	char *run;
	bool per_slot;
	bool parallel;		/* all slots at the same time */
	bool once;
	unsigned every_ms;	/* 0: each round */
	unsigned timeout_s;	/* ended after this by timeout(1); 0: never */
	struct pattern fail;	/* a line of this kind: it failed */
	char *empty;		/* what it means when nothing is printed */
	struct recipe_read *read;
	size_t n_reads;
};

struct recipe_act {
	char *run;		/* NULL: see why */
	char *why;		/* why it cannot be done; NULL: not described */
	struct pattern ok, fail;	/* lines that say so; not set: status */
	unsigned timeout_ms;
};

struct recipe_refusal {
	int slot;		/* 0: the board itself */
	enum act act;
	char *why;
};

struct recipe_console {
	int slot;		/* 0: every slot */
	char *device, *run;	/* one of them */
	int speed;
};

/* Why a value can never be known on this board. */
struct recipe_unknown {
	enum name_id id;
	char *why;
};

struct recipe_setting {
	char *key;
	char **value;		/* one, or one a slot */
	size_t n;
	bool per_slot;
};

struct recipe {
	unsigned refs;
	char *name;		/* as it is asked for: "clusterhat" */
	char *title;
	char *id;		/* differs when anything of it differs */
	char *link;		/* where the configuration does not say, or NULL */
	double poll;		/* seconds, the same; 0: that of all */
	int slots;		/* 0: learnt, or told by the configuration */
	struct recipe_setting setting[RECIPE_SETTINGS_MAX];
	size_t n_settings;
	struct recipe_ask ask[RECIPE_ASKS_MAX];
	size_t n_asks;
	struct recipe_act slot_act[ACT_MAX], board_act[ACT_MAX];
	struct recipe_refusal *refusal;
	size_t n_refusals;
	struct recipe_console *console;
	size_t n_consoles;
	struct recipe_unknown *unknown;
	size_t n_unknown;
	struct pattern detect;	/* a line of the facts */
	int sure;		/* 1 to 100, as driver.match() */
};

struct recipe	*recipe_new(void);	/* with one reference */
struct recipe	*recipe_ref(const struct recipe *);	/* NULL gives NULL */
void		 recipe_unref(const struct recipe *);

/* One value for all slots, or (per_slot) one a slot, from 1. Replaces; false
 * when there are too many. */
bool	 recipe_set(struct recipe *, const char *key, const char *const *value,
	    size_t n, bool per_slot);
const struct recipe_setting *recipe_setting(const struct recipe *,
	    const char *key);

/* Put %{slot} and %{KEY} into a template. quote: as words of a shell. */
void	 recipe_expand(const struct recipe *, const char *tmpl, int slot,
	    bool quote, struct buf *out);
/* NULL when a command can be expanded, else what is wrong with it; a
 * placeholder is quoted already, so it must not stand within quotes. */
const char *recipe_check(const struct recipe *, const char *tmpl,
	    bool per_slot, bool quote, char *err, size_t size);

/* Whether a line tells of which slot it is. */
bool	 recipe_read_varies(const struct recipe_read *);
/* Whether an ask tells this value of the slot (0: the board itself), from
 * this source. */
bool	 recipe_tells(const struct recipe *, enum name_id, enum source,
	    int slot);
/* The sentence of the description why it is unknown, or NULL. */
const char *recipe_why_unknown(const struct recipe *, enum name_id);
/* The act of a slot or (0) of the board; NULL, and why, when it cannot. The
 * sentence is the recipe's, or a constant. */
const struct recipe_act *recipe_act(const struct recipe *, int slot, enum act,
	    const char **why);
/* The console of a slot, or NULL. */
const struct recipe_console *recipe_console(const struct recipe *, int slot);
/* How sure it is that the facts are those of such a board; 0: they are not. */
int	 recipe_match(const struct recipe *, const char *facts);

#endif

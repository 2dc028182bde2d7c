/*
 * driver - a board family: command output into named values, named actions
 * into commands.
 *
 * A driver never blocks, prints, sleeps, exits, or sees model or screen. All
 * that it can do is run commands on its link (struct driver_link) and call
 * its sink. One instance is driver + link + scope: a whole board with its
 * nodes, or one node (scope slot > 0).
 */
#ifndef RM_DRIVER_DRIVER_H
#define RM_DRIVER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/driver/names.h"
#include "rackmux/driver/way.h"
#include "rackmux/link/link.h"
#include "rackmux/link/stream.h"
#include "rackmux/link/transport.h"

#define DRIVER_SLOTS_MAX 64

enum source {
	SOURCE_BOARD, SOURCE_NODE, SOURCE_FEED, SOURCE_COMMANDED,
	SOURCE_DERIVED
};
const char *source_name(enum source);

/* One thing learnt. slot 0 is the board itself. Text is copied. */
struct reading {
	enum name_id id;
	const char *instance;	/* for names with '*', else NULL */
	enum source source;
	bool known;
	double number;		/* NUMBER */
	const char *text;	/* WORD, TEXT: hostile; the sink cleans it */
	/* Not known: a sentence that says why; copied. Known: what is to be
	 * said of the value ("Uncalibrated: ..."), or NULL. */
	const char *why;
};

enum act_outcome { ACT_OK, ACT_FAILED, ACT_UNCERTAIN };

struct driver_sink {
	void (*set)(void *arg, int slot, const struct reading *);
	/* The round that poll() began is over; exactly one of the two. */
	void (*fresh)(void *arg);
	void (*stale)(void *arg, enum link_why, const char *why);
	/* An action is over; exactly once a ticket. */
	void (*acted)(void *arg, unsigned ticket, enum act_outcome,
	    const char *text);
	/* Slots that the board has; call it when it becomes known. */
	void (*slots)(void *arg, int n);
	/* can() answers differently from now on. */
	void (*can_changed)(void *arg);
};

/* The link as a driver sees it; tests put a transcript behind it. */
struct driver_link {
	void *arg;
	void (*define)(void *arg, const char *name, const char *body);
	void (*run)(void *arg, const char *cmd, unsigned timeout_ms,
	    link_done_fn *, void *done_arg);
	/* In a process of its own, for peers whose shell is no POSIX shell. */
	void (*exec)(void *arg, const char *cmd, unsigned timeout_ms,
	    link_done_fn *, void *done_arg);
	/* Bytes both ways; as link_open(). The driver owns the stream and
	 * frees it in close() at the latest. */
	struct stream *(*open)(void *arg, const struct stream_request *,
	    const struct stream_sink *, void *stream_arg, int *err);
	const char *(*url)(void *arg);	/* of the link */
	struct loop *(*loop)(void *arg);	/* for timers of a dialogue */
	uint64_t (*now)(void *arg);	/* ms, the loop's clock */
	int64_t (*wall)(void *arg);	/* ms since 1970 */
};

struct recipe;

/* A key of the configuration that only this driver knows. */
enum setting_type { SETTING_TEXT, SETTING_NUMBER, SETTING_INT, SETTING_BOOL };
struct driver_setting {
	const char *key;	/* NULL ends a table */
	enum setting_type type;
	double min, max;	/* of numbers; of the length of a text */
	const char *standard;	/* the default, "" if there is none */
	const char *meaning;
};
/* What the configuration says of one of them; checked. */
struct setting {
	const char *key;
	const char *text;	/* numbers and booleans as text too */
};

struct driver_config {
	int slot;		/* 0: the whole board; else this node only */
	unsigned poll_ms;
	const struct setting *settings;
	size_t n_settings;
	const struct recipe *recipe;	/* of a board described in the
					 * configuration, else NULL */
};

enum act {
	ACT_POWER_ON, ACT_POWER_OFF, ACT_POWER_CYCLE, ACT_POWER_RESET,
	ACT_POWER_SOFT, ACT_LOCATE_ON, ACT_LOCATE_OFF, ACT_CONSOLE, ACT_FLASH,
	ACT_USB_BOOT, ACT_MAX
};
const char *act_name(enum act);		/* "power.on", "locate.on", ... */

struct order;	/* an action under way */

struct drv;	/* an instance; each driver's own struct begins with this */
struct drv {
	const struct driver *driver;
	struct order *orders;
	struct driver_config config;
	struct driver_link link;
	struct driver_sink sink;
	void *sink_arg;
};

struct driver {
	const char *type;	/* "turing-pi", as in the configuration */
	const char *title;	/* "Turing Pi 2" */
	const char *user;	/* user name of a board as it is delivered, or NULL */
	int slots;		/* of a board; 0: depends, or one node */
	bool whole_board;	/* false: one instance for each node */
	bool no_shell_serial;	/* on a serial line it has no shell */
	bool no_shell_ssh;	/* over SSH neither: commands by exec only */
	/* --- keys of its own in a board's group, or NULL --- */
	const struct driver_setting *settings;
	const char *link;	/* of a feed: where its commands run when the
				 * configuration does not say */
	/* --- required --- */
	struct drv *(*open)(void);
	/* Begin one round. Never called while one is under way. */
	void (*poll)(struct drv *);
	/* No callback may come after this; commands under way are ignored. */
	void (*close)(struct drv *);
	/* NULL when the slot can do it, else a sentence: why not, and what
	 * the operator can do instead. slot 0: the board. */
	const char *(*can)(struct drv *, int slot, enum act);
	/* How sure we are that the peer is ours, 0 (no) to 100, from the
	 * answer of driver_facts_script (lines "key value"). */
	int (*match)(const char *facts);
	/* --- optional --- */
	/* The same from what USB says of a serial port of this machine; by_id
	 * is its name below /dev/serial/by-id, "" if it has none. */
	int (*match_usb)(unsigned vid, unsigned pid, const char *by_id);
	void (*act)(struct drv *, unsigned ticket, int slot, enum act);
	/* The link came up again: what was learnt about the far side may no
	 * longer hold (another firmware, another board). */
	void (*reset)(struct drv *);
	/* How the slot's console is reached, as far as is known by now; called
	 * only when can() says that there is one. False: not known yet. Tell
	 * can_changed() when it differs. */
	bool (*console)(struct drv *, int slot, struct way *);
};

/* The table, by hand; a test checks that it is whole. */
extern const struct driver *const driver_table[];
extern const size_t driver_table_len;
const struct driver *driver_find(const char *type);	/* NULL: unknown */

/* Power feeds are drivers too, whose slots are ports or plugs; they have a
 * table of their own, and names of types that no board has. The settings
 * "used" ("1,5") and "ports" come from the configuration as a whole. */
extern const struct driver *const feed_table[];
extern const size_t feed_table_len;
const struct driver *feed_find(const char *type);	/* NULL: unknown */

/* Detection: run this, give the output to driver_detect(). */
extern const char driver_facts_script[];
const struct driver *driver_detect(const char *facts);
/* From what USB says of a serial port: see match_usb. NULL: no board that is
 * known by that alone. */
const struct driver *driver_detect_usb(unsigned vid, unsigned pid,
	    const char *by_id);

/* For drivers. The text of number() and the like need not outlive the call. */
void	 drv_number(struct drv *, int slot, enum name_id, const char *instance,
	    enum source, double);
void	 drv_text(struct drv *, int slot, enum name_id, const char *instance,
	    enum source, const char *);
void	 drv_unknown(struct drv *, int slot, enum name_id,
	    const char *instance, enum source, const char *why);
/* Known, with something to be said of it. */
void	 drv_number_noted(struct drv *, int slot, enum name_id,
	    const char *instance, enum source, double, const char *note);
void	 drv_text_noted(struct drv *, int slot, enum name_id,
	    const char *instance, enum source, const char *, const char *note);
/* What a board can never tell of its slots, 1 to slots; source board. */
struct drv_missing {
	enum name_id id;
	const char *why;
};
void	 drv_slots_missing(struct drv *, int slots, const struct drv_missing *,
	    size_t n);
void	 drv_fresh(struct drv *);
void	 drv_stale(struct drv *, const struct link_result *);

/* What the configuration says, else the default; "" when there is none. */
const char *drv_setting(const struct drv *, const char *key);
double	 drv_setting_number(const struct drv *, const char *key);
bool	 drv_setting_bool(const struct drv *, const char *key);

/*
 * Actions. drv_order() runs cmd and tells the sink its outcome exactly once.
 * What was not sent has failed, what was lost on the way is uncertain; only
 * an answer (LINK_DONE) is judged: by judge, or, when that is NULL, by the
 * exit status. judge may write a sentence into text ("done" stands there).
 * after, if there is one, is called just before the sink hears.
 */
struct order {
	struct drv *drv;
	unsigned ticket;
	int slot;
	enum act act;
	bool ends_link;		/* what was asked for ends the connection */
	bool apart;		/* by exec: it may take longer than a poll */
	enum act_outcome (*judge)(struct order *, const struct link_result *,
	    char *text, size_t size);
	void (*after)(struct order *, enum act_outcome);
	struct order *next;
};
/* tmpl is copied; of it ticket, slot, act and what follows them count. */
void	 drv_order(struct drv *, const struct order *tmpl, const char *cmd,
	    unsigned timeout_ms);
/* The first words of what was said, clean, or "the command failed". */
void	 order_said(const struct link_result *, char *text, size_t size);
/* In close(): forget what is under way. */
void	 drv_orders_drop(struct drv *);

#endif

/*
 * feed - what the drivers of power feeds share: ports, what one says of a
 * port, and a power cycle that is judged by what the feed shows afterwards.
 */
#ifndef RM_DRIVER_FEED_H
#define RM_DRIVER_FEED_H

#include "report.h"
#include "rackmux/base/buf.h"

#define SUPPLY_HOLD_S 5		/* how long a cycle leaves a port off */

/* A supply is an instance of a feed's driver. */
struct cycle;
struct supply {
	struct drv drv;	/* first */
	struct report report;
	bool defined;	/* the link knows our functions */
	int ports;	/* the highest that was seen */
	unsigned open;	/* questions of this round without an answer yet */
	bool failed;	/* one of them had none */
	bool told;	/* some port was answered for */
	struct cycle *cycles;
	struct timer *timer;
	/* The command that switches a port on, for a cycle that left it off. */
	void (*on)(struct supply *, int port, struct buf *);
};

enum outlet_state { OUTLET_UNKNOWN, OUTLET_OFF, OUTLET_ON };

/* What a feed says of one port; text is borrowed. */
struct outlet {
	enum outlet_state state;	/* as it is set */
	const char *why;		/* why that is not known */
	/* What a PoE port sees: "delivering", "searching", "disabled",
	 * "fault", "test"; NULL: a plug, or it is not told. */
	const char *detection;
	const char *class;		/* or NULL */
	double watts, volts, amps;	/* NAN: not told */
};
/* Nothing known but the reason. */
struct outlet outlet_unknown(const char *why);

struct drv *supply_new(size_t size,
	    void (*on)(struct supply *, int port, struct buf *));
void	 supply_close(struct drv *);
void	 supply_reset(struct drv *);
int	 supply_match(const char *facts);	/* feeds are not looked for */
/* NULL for on, off and cycle of a port, else a sentence. */
const char *supply_can(struct drv *, int slot, enum act);

/* The ports that somebody hangs on, at least one. */
int	 supply_used(const struct drv *, int *ports, int max);
void	 supply_tell(struct supply *, int port, const struct outlet *);
/* The round went well. */
void	 supply_fresh(struct supply *);
void	 supply_stale(struct supply *, enum link_why, const char *why);

/* Switch a port on or off with a command that also reads back what came of
 * it; judge ends in supply_judge(), where said is what else was said. */
void	 supply_order(struct supply *, unsigned ticket, int port, enum act,
	    const char *cmd, enum act_outcome (*judge)(struct order *,
	    const struct link_result *, char *text, size_t size));
enum act_outcome supply_judge(const struct order *, enum outlet_state seen,
	    const char *said, char *text, size_t size);

/* --- feed_cycle.c --- */
/* A power cycle that the feed, or a process at the far side, ends by itself.
 * What came back is a refusal when refused says so (text gets the reason). quick: its
 * command ends at once and may run in the shell. */
typedef bool supply_refused_fn(const struct link_result *, char *text,
	    size_t size);
void	 supply_cycle(struct supply *, unsigned ticket, int port,
	    const char *cmd, bool quick, supply_refused_fn *refused);
/* What a round says of the port, for a cycle that waits for it. */
void	 supply_cycle_seen(struct supply *, int port, const struct outlet *);
/* Tells one outcome that was decided: nothing may come after it. */
void	 supply_cycles_tell(struct supply *);
/* A later order for the port: no cycle before it may switch on any more. */
void	 supply_cycles_overtaken(struct supply *, int port);
/* One is under way: the port will be switched on again. */
bool	 supply_cycles_running(const struct supply *, int port);
void	 supply_cycles_drop(struct supply *);
/* off now, on later: also when the link, or we, are gone by then. */
void	 supply_cycle_command(struct buf *, const char *off, const char *on);

/* --- answers --- */
/* Answers of several commands in one: a line "@ NAME" stands before each.
 * The text of one of them into out (size bytes); false when it is not there. */
bool	 section_find(const char *text, const char *name, char *out,
	    size_t size);

/* --- plugs that speak HTTP --- */
#define PLUG_SETTINGS \
	{ "host", SETTING_TEXT, 1, 255, "", \
	    "address of the plug, as the machine that the link leads to " \
	    "reaches it" }, \
	{ "curl_config", SETTING_TEXT, 1, 255, "", \
	    "file on that machine with options of curl (its -K), for a plug " \
	    "with a password: it stays out of this file and of ps" }
/* Define rm_http on the link: one request, its answer on stdout. */
void	 plug_define(struct supply *);
/* "rm_http 'http://HOST/PATH'"; the path is ours, the host is quoted. */
void	 plug_request(const struct supply *, struct buf *, const char *path);
/* What there is to say about an answer that holds no value. */
void	 plug_said(const char *answer, char *out, size_t size);

#endif

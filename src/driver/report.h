/*
 * report - readings on their way up, and the answers that they come from.
 *
 * A report checks each number against what its unit can be, and remembers
 * what it told, so that a value which is not there any more (an interface
 * unplugged, a fan that stopped reporting) becomes unknown with a reason
 * instead of standing on the screen for ever.
 */
#ifndef RM_DRIVER_REPORT_H
#define RM_DRIVER_REPORT_H

#include "rackmux/driver/driver.h"

/* Longer than the two periods after which inst declares the peer lost: that
 * is the better judge, and the sooner one. */
#define POLL_TIMEOUT(d) (3 * ((d)->config.poll_ms ? (d)->config.poll_ms : 2000))

struct seen {
	enum name_id id;
	int slot;
	bool now;
	char instance[32];
};

struct report {
	struct drv *drv;
	enum source source;
	struct seen *seen;
	size_t n, cap, next;	/* next: probes tell in the same order */
};

void	 report_init(struct report *, struct drv *, enum source);
void	 report_release(struct report *);
/* Forget what was told: the link came up again. */
void	 report_clear(struct report *);
/* instance may hold anything; it is made into a legal one. */
void	 report_number(struct report *, int slot, enum name_id,
	    const char *instance, double);
void	 report_text(struct report *, int slot, enum name_id,
	    const char *instance, const char *);
/* With something to be said of it; note may be NULL. */
void	 report_number_noted(struct report *, int slot, enum name_id,
	    const char *instance, double, const char *note);
void	 report_text_noted(struct report *, int slot, enum name_id,
	    const char *instance, const char *, const char *note);
void	 report_unknown(struct report *, int slot, enum name_id,
	    const char *instance, const char *why);
/* The number in s, or unknown; "-" is what a probe prints for a file that
 * could not be read. scale multiplies. */
void	 report_field(struct report *, int slot, enum name_id,
	    const char *instance, const char *s, double scale,
	    const char *why_missing);
/* The round is over: all that was told before and not this time is unknown. */
void	 report_sweep(struct report *, const char *why);

/* The output of a probe as lines; false (and the round is told stale) when it
 * did not run, was cut, or has no line "end", as a torn answer has none.
 * The copy is given back in *copy and freed by the caller. */
bool	 answer_open(struct drv *, const struct link_result *, char **copy);
/* The same without telling anyone; why is a sentence. */
bool	 answer_whole(const struct link_result *, char **copy,
	    const char **why);

/* The rest of the line that begins with key and a space, or NULL. For facts;
 * the value ends at its line's end, which is not cut: use fact_is(). */
const char *fact_find(const char *facts, const char *key);
bool	 fact_is(const char *facts, const char *key, const char *start);

#endif

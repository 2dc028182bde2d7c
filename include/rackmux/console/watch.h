/*
 * watch - what a console's stream means: how far the node has booted, the
 * last line, for how long it is silent, what is alarming in it, and whether
 * it is speech at all or noise from a wrong baud rate.
 *
 * It sees the same bytes as the terminal, and keeps no more than a line. It is
 * cwatch in code, since base/watch.h watches files.
 */
#ifndef RM_CONSOLE_WATCH_H
#define RM_CONSOLE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stage {
#define STAGE(id, name, meaning) STAGE_##id,
#include "rackmux/console/stages.def"
#undef STAGE
	STAGE_COUNT
};
const char *stage_name(enum stage);	/* "kernel"; STAGE_UNKNOWN: "unknown" */
const char *stage_meaning(enum stage);

enum alert_level { ALERT_WARN, ALERT_BAD };

/* A pattern that raises an alert: a POSIX extended regular expression that is
 * looked for in each line. need is a literal that every match contains, so
 * that most lines cost one search and no regular expression; NULL: found out
 * from the expression, or none. */
struct alert_pattern {
	const char *name;	/* "kernel panic" */
	enum alert_level level;
	const char *need;
	const char *match;
};
struct alerts;
/* The patterns that are built in and those of the configuration, compiled once
 * for all consoles. NULL and err when one is no expression (index in *bad). */
struct alerts	*alerts_new(const struct alert_pattern *more, size_t n,
		    size_t *bad, char *err, size_t size);
void		 alerts_free(struct alerts *);
/* The built-in ones, for documents. */
const struct alert_pattern *alerts_builtin(size_t *n);

struct watch_sink {
	/* The stage changed. */
	void (*on_stage)(void *arg, enum stage from, enum stage to);
	/* A pattern matched; line is clean text. Not more than once in
	 * ALERT_QUIET_MS for the same pattern. */
	void (*on_alert)(void *arg, const struct alert_pattern *,
	    const char *line);
	/* What comes is noise; baud is a rate at which it would likely be
	 * speech, 0: cannot be told. why is a sentence. noise false: it is
	 * over. Any may be NULL. */
	void (*on_noise)(void *arg, bool noise, unsigned baud,
	    const char *why);
};
#define ALERT_QUIET_MS 30000
#define WATCH_LINE_MAX 512

struct cwatch;

/* alerts is borrowed (may be NULL). baud: of the line, 0: it has none. */
struct cwatch	*cwatch_new(const struct alerts *, unsigned baud,
		    const struct watch_sink *, void *arg);
void		 cwatch_free(struct cwatch *);
void		 cwatch_baud(struct cwatch *, unsigned baud);
/* Other patterns from now on. Not from within a callback. */
void		 cwatch_alerts(struct cwatch *, const struct alerts *);
/* now: loop ms. Any bytes, in any pieces; cheap: this runs for every byte of
 * every console. */
void		 cwatch_feed(struct cwatch *, const char *, size_t len,
		    uint64_t now);
/* Bytes were lost, or the line was away: half a line is no line. */
void		 cwatch_gap(struct cwatch *);
/* The node was switched off or on by us or the board says so. */
void		 cwatch_power(struct cwatch *, bool on, uint64_t now);
/* Let what waits for silence (a prompt without a newline) be seen; call it
 * once a second or so. */
void		 cwatch_tick(struct cwatch *, uint64_t now);

enum stage	 cwatch_stage(const struct cwatch *);
uint64_t	 cwatch_stage_since(const struct cwatch *);	/* loop ms */
/* The last line with something to read, clean; "" when there is none yet. */
const char	*cwatch_last(const struct cwatch *);
/* Loop ms of the last byte; 0: none yet. */
uint64_t	 cwatch_heard(const struct cwatch *);

#endif

/*
 * console_in - what the files that make up a console share.
 *
 * Two rules keep it simple. What the owner of the set is told (events,
 * stages, alerts, wants) waits in a queue and is told by the set's task, so
 * that who is told may free anything. And nothing is opened, claimed or closed
 * for good in a call: a console is put on the list of those that are due
 * (console_due()), and the same task moves it on (console_step()).
 */
#ifndef RM_CONSOLE_CONSOLE_IN_H
#define RM_CONSOLE_CONSOLE_IN_H

#include <sys/queue.h>

#include "rackmux/console/bus.h"
#include "rackmux/console/console.h"
#include "rackmux/console/logfile.h"
#include "rackmux/console/reach.h"
#include "rackmux/console/record.h"
#include "rackmux/link/backoff.h"

#define CONSOLE_ROWS 24
#define CONSOLE_COLS 80
#define CONSOLE_TURN_MAX 16384	/* bytes of one console in one turn */
#define CONSOLE_JOIN_RETRY_MS 1000

struct news;
TAILQ_HEAD(news_list, news);
TAILQ_HEAD(console_list, console);
TAILQ_HEAD(viewer_list, console_viewer);

/* Where the rest waits of what was offered and not taken. */
enum hold { HOLD_NONE, HOLD_TURN, HOLD_REST, HOLD_VIEWER };

struct console_viewer {
	TAILQ_ENTRY(console_viewer) next;
	struct console *console;
	struct console_viewer_sink sink;
	void *arg;
	bool gone;		/* to be freed once nobody walks the list */
	bool full;		/* see console_hold() */
};

struct console {
	struct consoles *set;
	unsigned long long serial;
	char *name, *title, *line, *why;
	void *user;
	bool capture, log_open, record_start, record_kept;
	int busy;		/* in callbacks of its viewers */
	bool doomed;

	enum console_state state;
	struct link *link;
	enum link_state link_state;
	char *link_text;
	struct way *way;
	char *no_way;
	bool due, wanted_told;
	TAILQ_ENTRY(console) due_next;

	struct reach *reach;
	bool open;		/* reach has said so */
	bool trouble_told;	/* since it was open last */
	struct backoff backoff;
	struct timer *retry;
	uint64_t retry_at;
	unsigned held_tries;	/* since it was open last */
	uint64_t replay_until;	/* what comes may be of before */

	/* whose the line is */
	struct bus_claim *claim;
	struct bus_join *join;
	bool mine;
	bool theirs;
	char *typist;		/* while joined */
	struct bus_owner owner;

	/* what came */
	struct vt *vt;
	struct cwatch *watch;
	int rows, cols;
	unsigned long long bytes, lost;
	unsigned gaps;
	bool in_gap;
	uint64_t gap_since;
	char *gap_why;
	bool gap_quiet;		/* nobody looked: no news */
	bool replaying;		/* old text: no news either */
	struct logfile *logfile;
	char *log_path;
	bool log_trouble;
	struct record *record;

	/* how much is taken at once; console_flow.c */
	enum hold hold;
	bool unfinished;	/* held, and not asked for again */
	TAILQ_ENTRY(console) hold_next;
	unsigned turn;
	size_t turn_taken;
	unsigned rest_ms;
	uint64_t rest_until;

	/* who looks and types */
	struct viewer_list viewers;
	struct console_viewer *focus;
	uint64_t typed_at;
	size_t typed;		/* bytes within moments */
	uint64_t answered_at;
	unsigned answers;

	/* armed for a power-on */
	struct timer *arm;
	bool armed, armed_power, armed_byte;
	int power, power_seen;	/* -1 unknown; seen: watch was told */
};

struct consoles {
	struct loop *loop;
	struct consoles_config config;
	struct consoles_sink sink;
	void *arg;
	struct bus *bus;
	struct console **all;
	size_t n, cap;
	unsigned generation;
	unsigned long long made;
	struct task *task;
	struct timer *tick, *rest;
	struct console_list due, held, resting;
	size_t held_n;
	struct news_list news;
	unsigned news_n;
	unsigned turn;
	bool turn_due;
	int busy;
	bool freed;
};

/* consoles.c */
void	 consoles_reap(struct consoles *);	/* freed, and nobody is in it */

/* console.c */
void	 console_due(struct console *);
void	 console_step(struct console *);
void	 console_set_state(struct console *, enum console_state,
	    const char *why);
void	 console_enter(struct console *);
/* False when it was freed meanwhile. */
bool	 console_leave(struct console *);
bool	 console_wanted(const struct console *);
void	 console_changed(struct console *);
void	 console_retry_in(struct console *, uint64_t ms);
void	 console_retry_never(struct console *);
struct vt *console_vt_make(struct console *);

/* console_line.c: the way, opened */
void	 console_open_way(struct console *);
void	 console_close_way(struct console *);

/* console_flow.c */
size_t	 console_take(struct console *, size_t len);
void	 console_flow_go(struct console *);	/* somebody waits for it */
void	 console_flow_forget(struct console *);
void	 consoles_flow_turn(struct consoles *);
void	 consoles_flow_rest(void *set);

/* console_data.c */
/* Bytes for all who keep or look. False when it was freed meanwhile. */
bool	 console_ingest(struct console *, const char *, size_t len);
/* A line of ours between them. */
bool	 console_mark(struct console *, const char *text);

/* console_gap.c */
void	 console_gap_begin(struct console *, const char *why);
/* It was noticed so much later. */
void	 console_gap_earlier(struct console *, uint64_t ms);
bool	 console_gap_end(struct console *);
bool	 console_gap_bytes(struct console *, unsigned long long bytes);

/* console_type.c */
void	 console_answer(struct console *);
void	 console_typed_lost(struct console *);

/* console_bus.c */
void	 console_claim(struct console *);
void	 console_unclaim(struct console *);
void	 console_join(struct console *);
void	 console_unjoin(struct console *);

/* console_files.c */
void	 console_log_begin(struct console *);
void	 console_log_end(struct console *);
void	 console_log_note(struct console *, const char *text);
void	 console_record_begin(struct console *);
void	 console_record_end(struct console *);
void	 console_record_check(struct console *);

/* console_news.c */
void	 console_event(struct console *, int level, const char *fmt, ...)
	    RM_PRINTF(3, 4);
void	 console_news_stage(struct console *, enum stage from, enum stage to);
void	 console_news_alert(struct console *, const struct alert_pattern *,
	    const char *line);
void	 console_news_want(struct console *, bool wanted);
void	 console_news_forget(struct console *);
/* Tell what waits; false when the set was freed in it. */
bool	 consoles_tell(struct consoles *);

#endif

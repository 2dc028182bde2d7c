/*
 * console - a node's serial console: attached, kept, logged, watched.
 *
 * A console is wanted while somebody looks at it or it is captured; it is then
 * kept open: opened by its way (driver/way.h) over a link, opened again when
 * that comes back, and every gap marked with its length. What it printed is
 * kept in a terminal (vt.h), so that whoever looks sees the current screen at
 * once.
 *
 * Ownership: a set owns its consoles; links are borrowed (consoles_no_link()
 * before one is freed). Callbacks come from the loop, never from within a
 * call, but on_change, which only says that something visible differs.
 */
#ifndef RM_CONSOLE_CONSOLE_H
#define RM_CONSOLE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rackmux/base/loop.h"
#include "rackmux/console/vt.h"
#include "rackmux/console/watch.h"
#include "rackmux/driver/way.h"
#include "rackmux/link/link.h"

struct bus;
struct console;
struct consoles;

enum console_state {
	CONSOLE_IDLE,		/* nobody wants it */
	CONSOLE_NO_WAY,		/* there is none; see console_why() */
	CONSOLE_WAITING,	/* its link is not up; console_why() */
	CONSOLE_OPENING,
	CONSOLE_OPEN,
	CONSOLE_HELD,		/* another program has the line */
	CONSOLE_JOINED,		/* another rackmux has it: we read along */
	CONSOLE_LOST,		/* will try again: console_retry_ms() */
};
const char *console_state_name(enum console_state);

struct consoles_config {
	unsigned scrollback;		/* lines */
	const char *log_dir;		/* NULL: none are written */
	unsigned long long log_size;
	unsigned log_files;
	const struct alerts *alerts;	/* borrowed; may be NULL */
};

struct consoles_sink {
	/* Something of it differs that may be shown: bytes, state. Called
	 * often and from within calls: be quick. */
	void (*on_change)(void *arg, struct console *);
	void (*on_stage)(void *arg, struct console *, enum stage from,
	    enum stage to);
	/* Name and level of the pattern, for the call. */
	void (*on_alert)(void *arg, struct console *,
	    const struct alert_pattern *, const char *line);
	/* A sentence for the events: state changes, gaps, noise, trouble with
	 * a log. level 0 news, 1 warning, 2 bad. */
	void (*on_event)(void *arg, struct console *, int level,
	    const char *text);
	/* The line is not wanted or wanted: its own link may be started or
	 * stopped (WAY_BY_OWN). May be NULL. */
	void (*on_want)(void *arg, struct console *, bool wanted);
};

struct consoles	*consoles_new(struct loop *, const struct consoles_config *,
		    const struct consoles_sink *, void *arg);
void		 consoles_free(struct consoles *);
/* Share with other processes; NULL: with nobody. Borrowed. */
void		 consoles_set_bus(struct consoles *, struct bus *);
/* Other patterns from now on, borrowed; not from within a callback. */
void		 consoles_set_alerts(struct consoles *, const struct alerts *);
size_t		 consoles_count(const struct consoles *);
struct console	*consoles_at(const struct consoles *, size_t);
struct console	*consoles_find(const struct consoles *, const char *name);
/* Differs whenever a console was made or freed. */
unsigned	 consoles_generation(const struct consoles *);

/* name: "tp2-a/1", unique, names the log file too. title: as shown. user is
 * the caller's, e.g. which node it is. line: what names the physical line on
 * this machine and user, equal in all processes ("ssh://root@bmc /dev/ttyS1").
 */
struct console_new {
	const char *name, *title, *line;
	bool capture;		/* keep it open always, and log it */
	bool log;		/* log it while it is open */
	bool record;		/* record it from the start */
	void *user;
};
struct console	*console_new(struct consoles *, const struct console_new *);
/* Its viewers go with it, without a word: see consoles_generation(). */
void		 console_free(struct console *);
/* Of no other console of the set, ever: one that was made after another was
 * freed may have its address. */
unsigned long long console_serial(const struct console *);
const char	*console_name(const struct console *);
const char	*console_title(const struct console *);
void		*console_user(const struct console *);
void		 console_set_capture(struct console *, bool);

/* How it is reached from now on; link may be down. why (a sentence) when way
 * is NULL. The same way again changes nothing. */
void		 console_route(struct console *, struct link *,
		    const struct way *, const char *why);
/* Must be told of every change of that link's state. */
void		 console_link_state(struct console *, enum link_state,
		    const char *text);
/* The link is about to go: let go of it in all consoles. */
void		 consoles_no_link(struct consoles *, const struct link *);
/* The node's rail, as far as it is known. */
void		 console_power(struct console *, bool on);
/* Open it now although nobody looks, until there was power and a first byte or
 * ms have passed: called before a node is switched on, so that its first byte
 * is kept. */
void		 console_arm(struct console *, unsigned ms);

/* --- who looks ---------------------------------------------------------- */

struct console_viewer;
struct console_viewer_sink {
	/* Raw bytes as they came, before the terminal (for `rackmux console`
	 * and for others who join); may be NULL. */
	void (*on_bytes)(void *arg, const char *, size_t len);
	/* Something between: a gap, as a sentence. May be NULL. */
	void (*on_note)(void *arg, const char *text);
};
/* Wanted from now on. sink may be NULL. */
struct console_viewer *console_look(struct console *,
		    const struct console_viewer_sink *, void *arg);
void		 console_unlook(struct console_viewer *);
/* It cannot take more for now: nothing is read from the line until it can, so
 * that nothing is lost; other viewers wait too. */
void		 console_hold(struct console_viewer *, bool);
/* The pane that shows it is rows x cols now; the last one to say so wins. */
void		 console_resize(struct console *, int rows, int cols);
/* This viewer is interactive and focused (or none is: NULL): only then are the
 * node's questions answered. */
void		 console_focus(struct console *, struct console_viewer *);

/* --- typing ------------------------------------------------------------- */

/* Exactly as given. 0, or a negative errno, and console_why_not() says why:
 * -ENOTCONN not open, -EROFS joined or read-only, -ENOBUFS too much, -ENOTSUP.
 */
int		 console_type(struct console *, const char *, size_t len);
/* What a program asked to be told of, and nobody typed (the terminal has the
 * focus): sent only where and when a question would be answered. */
void		 console_report(struct console *, const char *, size_t len);
int		 console_break(struct console *);
const char	*console_why_not(const struct console *, int err);
/* Take the line over from another rackmux. */
void		 console_take_over(struct console *);

/* --- what is known of it ------------------------------------------------ */

enum console_state console_state(const struct console *);
const char	*console_why(const struct console *);	/* a sentence or "" */
uint64_t	 console_retry_ms(const struct console *);
/* Never NULL while somebody looks at it. */
struct vt	*console_vt(const struct console *);
const struct cwatch *console_watch(const struct console *);
const struct way *console_way(const struct console *);	/* NULL: none */
bool		 console_captured(const struct console *);
bool		 console_logging(const struct console *);	/* and it works */
const char	*console_log_path(const struct console *);	/* "" if none */
/* Who types, if it is not us: "carla, pid 4711"; "" */
const char	*console_typist(const struct console *);
unsigned long long console_bytes(const struct console *);	/* received */
/* Bytes so far that could not be had, and gaps. */
unsigned long long console_lost(const struct console *, unsigned *gaps);

/* Start or stop a recording; err says why not. path "": a new file in the log
 * folder named after node and time. */
bool		 console_record(struct console *, bool on, char *err,
		    size_t size);
bool		 console_recording(const struct console *);

#endif

/*
 * chorus - typing at many consoles at once, with their echoes compared.
 *
 * What is typed goes to every member that is not paused. A member whose echo
 * differs from the others' is paused and flagged; and one that does not echo
 * where others do (a password prompt, a dead line) gets nothing more until the
 * operator confirms. Echoes are compared as text on its way to the screen, a
 * short time after typing; what nodes print by themselves does not count.
 */
#ifndef RM_CONSOLE_CHORUS_H
#define RM_CONSOLE_CHORUS_H

#include <stdbool.h>
#include <stddef.h>

#include "rackmux/base/loop.h"
#include "rackmux/console/console.h"

struct chorus;

enum chorus_state {
	CHORUS_OUT,		/* no member */
	CHORUS_SINGS,		/* gets what is typed */
	CHORUS_DIFFERS,		/* paused: its echo differs */
	CHORUS_SILENT,		/* paused: it does not echo, others do */
	CHORUS_GONE,		/* paused: it could not be typed at */
};

struct chorus_sink {
	/* A member's state changed; why is a sentence. */
	void (*on_state)(void *arg, struct console *, enum chorus_state,
	    const char *why);
};

struct chorus	*chorus_new(struct loop *, const struct chorus_sink *,
		    void *arg);
void		 chorus_free(struct chorus *);
void		 chorus_add(struct chorus *, struct console *);
void		 chorus_remove(struct chorus *, struct console *);
size_t		 chorus_count(const struct chorus *);
struct console	*chorus_at(const struct chorus *, size_t);
enum chorus_state chorus_state(const struct chorus *, const struct console *);
/* Whether so much more may wait to be typed. */
bool		 chorus_room(const struct chorus *, size_t len);
/* Returns how many got it. */
size_t		 chorus_type(struct chorus *, const char *, size_t len);
/* The operator has looked: the member (NULL: all) sings again, also where it
 * does not echo, until its next newline is answered with an echo. */
void		 chorus_confirm(struct chorus *, struct console *);
/* Forget members that are not in the set any more, before anything else is
 * done with it: they were freed. */
void		 chorus_drop_gone(struct chorus *, const struct consoles *);

#endif

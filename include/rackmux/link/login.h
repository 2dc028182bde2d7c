/*
 * login - from whatever a serial console shows to a shell that is ours.
 *
 * Nothing is typed but one carriage return, after 300 ms of silence, until
 * the peer has shown a prompt of its own. A shell's prompt is believed only
 * after the shell has put together a word that we typed in two halves. Then
 * the login shell is replaced by a small loop (login_loop) that reads frames
 * without echo, line editing or history; it ends when told to, and says
 * "rackmux> " to an empty line, so that one left behind by a program that
 * was killed is recognised, by a person and by us.
 */
#ifndef RM_LINK_LOGIN_H
#define RM_LINK_LOGIN_H

#include "rackmux/link/link.h"

struct login;

/* Exactly one of ready and failed is called, once; the login may be freed in
 * any of these. */
struct login_sink {
	void (*type)(void *arg, const char *, size_t len);
	void (*want)(void *arg, bool password);
	void (*ready)(void *arg);
	void (*failed)(void *arg, enum link_why, const char *text);
};

#define LOGIN_QUIET_MS 300
#define LOGIN_SETTLE_MS 100
#define LOGIN_PATIENCE_MS 10000

struct login	*login_new(struct loop *, const struct login_sink *,
		    void *arg);
void		 login_free(struct login *);
void		 login_feed(struct login *, const char *, size_t len);
/* What was wanted; NULL: there is none. Copied, wiped. */
void		 login_answer(struct login *, const char *);

/* True if the visible text ends in a getty's question. */
bool		 login_asks_user(const char *line);

#endif

/*
 * Passwords and keyboard-interactive.
 *
 * A password comes from memory, from the operator's command, or from the
 * operator, who is asked while there is no connection. Prompts can only be
 * asked for while there is one. A lone hidden prompt is a password in all but
 * name, and is answered with one.
 */
#include "ssh_auth_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/passcmd.h"

#define KBDINT_ROUNDS 8

bool
auth_password_possible(const struct auth *a)
{
	enum pool_reply r =
	    pool_reply(a->o.pool, ASK_PASSWORD, a->subject, NULL);

	if (r == POOL_GIVEN)
		return true;
	return r != POOL_DECLINED &&
	    (a->o.password_cmd != NULL || (a->o.interactive && !a->declined));
}

static void
on_secret(void *arg, const char *text, const char *why)
{
	struct auth *a = arg;

	if (text != NULL)
		pool_give(a->o.pool, ASK_PASSWORD, a->subject, text);
	else
		buf_printf(&a->notes, " There was no password: %s.", why);
	passcmd_free(a->secret);
	a->secret = NULL;
	auth_wake(a);
}

/* True when there is a password; else *result says what to do. */
static bool
password(struct auth *a, const char **text, enum auth_result *result)
{
	char title[400];
	enum pool_reply r =
	    pool_reply(a->o.pool, ASK_PASSWORD, a->subject, text);

	if (r == POOL_GIVEN)
		return true;
	*result = AUTH_BUSY;
	if (a->secret != NULL)
		return false;
	if (a->o.password_cmd != NULL && !a->used_password) {
		a->used_password = true;
		a->secret = passcmd_start(
		    pool_loop(a->o.pool), a->o.password_cmd, on_secret, a);
		return false;
	}
	if (r == POOL_DECLINED || !a->o.interactive) {
		if (r == POOL_DECLINED)
			buf_puts(&a->notes, " The password was not given.");
		a->password_over = true;
		a->phase = DO_PICK;
		return false;
	}
	str_format(title, sizeof title, "Password of %s", a->subject);
	*result = auth_ask(a, ASK_PASSWORD, a->subject, title,
	    a->refused_once ? "The server did not accept it. Try again."
			    : "It is kept in memory until the program ends.",
	    false);
	return false;
}

bool
auth_password_step(struct auth *a, struct sess *s, enum auth_result *result)
{
	const char *text;
	enum ssh_rc rc;

	if (a->phase == DO_PASSWORD && !password(a, &text, result))
		return a->phase != DO_PICK;
	if (a->phase == DO_PASSWORD) {
		auth_note_tried(a, "password", "");
		mem_wipe_str(&a->typed);
		a->typed = mem_strdup(text);
		a->phase = DO_PASSWORD_WAIT;
	}
	rc = sess_auth_password(s, a->typed);
	if (rc != RC_AGAIN)
		mem_wipe_str(&a->typed);
	if (rc == RC_DENIED) {
		a->refused_once = true;
		pool_forget(a->o.pool, ASK_PASSWORD, a->subject);
	}
	if (rc == RC_DENIED && !a->o.interactive)
		a->password_over = true;
	return auth_settled(a, s, rc, result);
}

/* --- keyboard-interactive ----------------------------------------------- */

static void
on_answered(void *arg)
{
	struct auth *a = arg;

	pool_wait_free(a->answered);
	a->answered = NULL;
	auth_wake(a);
}

static void
ask_prompt(struct auth *a, struct sess *s)
{
	char *intro = mem_strdup(sess_kbdint_intro(s));
	struct link_ask q = { .kind = ASK_PROMPT };
	char title[400];

	q.text = sess_kbdint_prompt(s, a->prompt, &q.echo);
	str_format(title, sizeof title, "%s asks%s%s", a->subject,
	    intro[0] != '\0' ? ": " : "", intro);
	q.title = title;
	free(a->prompt_subject);
	a->prompt_subject =
	    mem_printf("%s %p %u", a->subject, (void *)a, a->prompts++);
	q.id = pool_ask(a->o.pool, ASK_PROMPT, a->prompt_subject);
	a->answered = pool_wait(a->o.pool, q.id, on_answered, a);
	a->phase = DO_KBDINT_WAIT;
	free(intro);
	a->sink.on_ask(a->arg, &q);
}

/* A single hidden prompt is a password in all but name. */
static bool
like_password(struct sess *s)
{
	bool echo = true;

	if (sess_kbdint_count(s) != 1)
		return false;
	sess_kbdint_prompt(s, 0, &echo);
	return !echo;
}

static bool
known_password(struct auth *a)
{
	return pool_reply(a->o.pool, ASK_PASSWORD, a->subject, NULL) ==
	    POOL_GIVEN;
}

/* False: a prompt is open, or a password is being fetched. */
static bool
answer_prompts(struct auth *a, struct sess *s, enum auth_result *result)
{
	const char *text = NULL;

	*result = AUTH_BUSY;
	if (like_password(s) &&
	    (known_password(a) ||
		(a->o.password_cmd != NULL && !a->used_password) ||
		a->secret != NULL)) {
		if (!password(a, &text, result))
			return false;
		sess_kbdint_answer(s, 0, text);
		return true;
	}
	if (a->prompt >= sess_kbdint_count(s))
		return true;
	if (!a->o.interactive) {
		a->kbdint_over = true;
		a->phase = DO_PICK;
		return false;
	}
	ask_prompt(a, s);
	return false;
}

static bool
kbdint_done(
    struct auth *a, struct sess *s, enum ssh_rc rc, enum auth_result *result)
{
	if (rc == RC_OK && a->typed != NULL)
		pool_give(a->o.pool, ASK_PASSWORD, a->subject, a->typed);
	if (rc != RC_AGAIN)
		mem_wipe_str(&a->typed);
	if (rc == RC_DENIED && !a->prompted) {
		/* It is offered, but there is nothing behind it. */
		a->kbdint_over = true;
		a->phase = DO_PICK;
		return false;
	}
	if (rc == RC_DENIED) {
		auth_note_tried(a, "keyboard-interactive", "");
		a->prompted = false;
		a->kbdint_over = !a->o.interactive;
		pool_forget(a->o.pool, ASK_PASSWORD, a->subject);
	}
	return auth_settled(a, s, rc, result);
}

bool
auth_kbdint_step(struct auth *a, struct sess *s, enum auth_result *result)
{
	for (;;) {
		enum ssh_rc rc = sess_auth_kbdint(s);

		if (rc != RC_INFO)
			return kbdint_done(a, s, rc, result);
		a->prompt = 0;
		a->prompted = true;
		if (++a->rounds > KBDINT_ROUNDS) {
			buf_puts(&a->notes, " The server asks without end.");
			*result = auth_failed(a);
			return true;
		}
		if (!answer_prompts(a, s, result)) {
			if (a->phase == DO_KBDINT)
				a->phase = DO_KBDINT_WAIT;
			return a->phase != DO_PICK;
		}
	}
}

/* The operator answered a prompt, or a password came. */
bool
auth_kbdint_resume(struct auth *a, struct sess *s, enum auth_result *result)
{
	const char *text = NULL;
	enum pool_reply r = POOL_UNASKED;
	bool echo = true;

	*result = AUTH_BUSY;
	if (a->prompt_subject != NULL)
		r = pool_reply(a->o.pool, ASK_PROMPT, a->prompt_subject, &text);
	if (r == POOL_PENDING || a->secret != NULL)
		return true;
	if (r == POOL_DECLINED) {
		buf_puts(&a->notes, " The prompt was not answered.");
		*result = auth_failed(a);
		return true;
	}
	if (r == POOL_GIVEN) {
		sess_kbdint_prompt(s, a->prompt, &echo);
		sess_kbdint_answer(s, a->prompt, text);
		if (like_password(s)) {
			mem_wipe_str(&a->typed);
			a->typed = mem_strdup(text);
		}
		a->prompt++;
		pool_forget(a->o.pool, ASK_PROMPT, a->prompt_subject);
		free(a->prompt_subject);
		a->prompt_subject = NULL;
		if (a->prompt < sess_kbdint_count(s)) {
			ask_prompt(a, s);
			return true;
		}
	} else if (!answer_prompts(a, s, result)) {
		return a->phase != DO_PICK;
	}
	a->phase = DO_KBDINT;
	return false;
}

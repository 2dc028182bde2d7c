/*
 * Authentication as ssh does it: keys first, those of the agent before those
 * of files, then keyboard-interactive, then a password.
 *
 * An agent may hold eight keys and a server end the connection at the sixth
 * wrong one, so the keys that the configuration names come first and two
 * kinds of attempts share five tries. A key with a passphrase is only asked
 * for when the server has said that it wants it, and then the connection is
 * given up meanwhile: servers do not wait while a person looks for a note.
 */
#include "ssh_auth.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/passcmd.h"

#include "ssh_auth_in.h"

struct auth *
auth_new(const struct auth_options *o, const struct auth_sink *sink, void *arg)
{
	struct auth *a = mem_alloc(sizeof *a);

	a->o = *o;
	a->sink = *sink;
	a->arg = arg;
	a->subject = mem_printf(
	    "%s@%s:%u", o->conf->user, o->conf->hostname, o->conf->port);
	buf_init(&a->tried, 512);
	buf_init(&a->notes, 512);
	return a;
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < a->n_files; i++) {
		keys_cancel(a->files[i].wait);
		free(a->files[i].path);
	}
	agent_cancel(a->agent_wait);
	agent_filter_free(a->filter);
	for (size_t i = 0; i < a->n_ids; i++) {
		free(a->ids[i].base64);
		free(a->ids[i].comment);
	}
	keys_cancel(a->unlock);
	passcmd_free(a->secret);
	pool_wait_free(a->answered);
	auth_agent_release(a);
	mem_wipe_str(&a->typed);
	free(a->prompt_subject);
	free(a->subject);
	buf_release(&a->tried);
	buf_release(&a->notes);
	free(a);
}

void
auth_wake(struct auth *a)
{
	a->sink.wake(a->arg);
}

/* --- what happened ------------------------------------------------------ */

void
auth_note_tried(struct auth *a, const char *kind, const char *what)
{
	char clean[200];

	text_clean(clean, sizeof clean, what, strlen(what));
	buf_printf(&a->tried, "%s%s%s%s", a->tried.len > 0 ? ", " : "", kind,
	    clean[0] != '\0' ? " " : "", clean);
}

static void
methods_text(unsigned methods, char *out, size_t size)
{
	str_format(out, size, "%s%s%s%s%s",
	    methods & METHOD_KEY ? "publickey" : "",
	    methods & METHOD_KEY && methods & ~(unsigned)METHOD_KEY ? ", " : "",
	    methods & METHOD_KBDINT ? "keyboard-interactive" : "",
	    methods & METHOD_KBDINT && methods & METHOD_PASSWORD ? ", " : "",
	    methods & METHOD_PASSWORD ? "password" : "");
	if (out[0] == '\0')
		str_copy(out, size, "nothing that can be given here");
}

enum auth_result
auth_failed(struct auth *a)
{
	char methods[100];
	bool key = (a->methods & METHOD_KEY) != 0;
	bool word = (a->methods & (METHOD_KBDINT | METHOD_PASSWORD)) != 0;

	methods_text(a->methods, methods, sizeof methods);
	str_format(a->result, sizeof a->result,
	    "%s was refused. Tried: %s. The server takes: %s.%s%s%s%s",
	    a->subject, a->tried.len > 0 ? buf_str(&a->tried) : "nothing",
	    methods, buf_str(&a->notes),
	    key && a->next < a->n_creds && a->attempts >= AUTH_ATTEMPTS - 1
		? " More keys were there than a server lets try: name the right "
		  "one with identity."
		: "",
	    key ? " Put a key there (ssh-copy-id), or name one with "
		  "identity."
		: "",
	    word && !a->o.interactive && a->o.password_cmd == NULL
		? " A password can be given by password_command."
		: "");
	a->phase = DO_OVER;
	return AUTH_FAILED;
}

static enum auth_result
broke(struct auth *a, struct sess *s)
{
	buf_printf(&a->notes, " %s.", sess_error(s));
	return auth_failed(a);
}

bool
auth_ended(struct auth *a, struct sess *s)
{
	const char *error = sess_error(s);

	/* A server says why it will have no more of us; a line that broke
	 * says nothing. */
	if (a->attempts == 0 || strstr(error, "DISCONNECT") == NULL)
		return false;
	broke(a, s);
	return true;
}

const char *
auth_text(struct auth *a)
{
	return a->result;
}

enum auth_result
auth_ask(struct auth *a, enum link_ask_kind kind, const char *subject,
    const char *title, const char *text, bool echo)
{
	struct link_ask q = { .kind = kind,
		.title = title,
		.text = text,
		.echo = echo,
		.id = pool_ask(a->o.pool, kind, subject) };

	str_copy(a->result, sizeof a->result, title);
	a->sink.on_ask(a->arg, &q);
	return AUTH_ASKING;
}

/* The answer to an attempt that is complete, or goes on elsewhere. */
bool
auth_settled(
    struct auth *a, struct sess *s, enum ssh_rc rc, enum auth_result *result)
{
	switch (rc) {
	case RC_AGAIN:
		*result = AUTH_AGAIN;
		return true;
	case RC_OK:
		a->phase = DO_OVER;
		*result = AUTH_OK;
		return true;
	case RC_PARTIAL:
		/* One down; what the server wants next may be the same
		 * method with other means. */
		a->attempts = 0;
		a->kbdint_over = a->password_over = false;
		break;
	case RC_ERROR:
		if (sess_dead(s)) {
			*result = broke(a, s);
			return true;
		}
		a->attempts++;
		break;
	default:
		a->attempts++;
	}
	a->methods = sess_methods(s);
	a->phase = DO_PICK;
	return false;
}

/* --- choosing ----------------------------------------------------------- */

/* libssh lists the agent's keys, and leaks a list, each time it is asked; so
 * it is shown all that come next at once. */
static void
pick_agent(struct auth *a, unsigned room)
{
	a->n_shown = 0;
	a->next--;
	while (a->next < a->n_creds && a->n_shown < room &&
	    a->creds[a->next].id != NULL) {
		const struct agent_id *id = a->creds[a->next++].id;

		auth_note_tried(a, "agent key", id->comment);
		a->shown[a->n_shown++] = id;
	}
	a->phase = DO_AGENT;
}

static bool
pick_key(struct auth *a)
{
	unsigned max = AUTH_ATTEMPTS;

	if ((a->methods & (METHOD_PASSWORD | METHOD_KBDINT)) != 0 &&
	    auth_password_possible(a))
		max--;
	if ((a->methods & METHOD_KEY) == 0 || a->attempts >= max)
		return false;
	while (a->next < a->n_creds) {
		const struct auth_cred *c = &a->creds[a->next++];

		a->cred = c;
		if (c->id != NULL) {
			pick_agent(a, max - a->attempts);
			return true;
		}
		if (c->file->key->secret == NULL &&
		    (c->file->key->state != KEY_ENCRYPTED ||
			c->file->key->public == NULL)) {
			buf_printf(&a->notes, " %s is no key.", c->file->path);
			continue;
		}
		auth_note_tried(a, "key", c->file->path);
		a->phase = c->file->key->secret != NULL ? DO_SIGN : DO_OFFER;
		return true;
	}
	return false;
}

static bool
pick_method(struct auth *a, const char *name)
{
	if (strcmp(name, "publickey") == 0)
		return pick_key(a);
	if (a->attempts >= AUTH_ATTEMPTS || !auth_password_possible(a))
		return false;
	if (strcmp(name, "keyboard-interactive") == 0 && !a->kbdint_over &&
	    (a->methods & METHOD_KBDINT) != 0) {
		a->phase = DO_KBDINT;
		return true;
	}
	if (strcmp(name, "password") == 0 && !a->password_over &&
	    (a->methods & METHOD_PASSWORD) != 0) {
		a->phase = DO_PASSWORD;
		return true;
	}
	return false;
}

static bool
pick(struct auth *a)
{
	const char *p = a->o.conf->preferred;
	char name[40];

	if (p == NULL)
		p = "publickey,keyboard-interactive,password";
	while (*p != '\0') {
		size_t n = strcspn(p, ",");

		if (n < sizeof name) {
			memcpy(name, p, n);
			name[n] = '\0';
			if (pick_method(a, name))
				return true;
		}
		p += n + (p[n] == ',');
	}
	return false;
}

/* --- the machine -------------------------------------------------------- */

static bool
step_none(struct auth *a, struct sess *s, enum auth_result *result)
{
	enum ssh_rc rc = sess_auth_none(s);

	if (auth_settled(a, s, rc, result))
		return true;
	a->attempts = 0;
	auth_order_creds(a);
	return false;
}

static bool
step_offer(struct auth *a, struct sess *s, enum auth_result *result)
{
	enum ssh_rc rc = sess_auth_offer(s, a->cred->file->key->public);

	if (rc == RC_OK) {
		a->phase = DO_UNLOCK;
		return false;
	}
	return auth_settled(a, s, rc, result);
}

/* True: *result is what to return; false: go on. */
static bool
step(struct auth *a, struct sess *s, enum auth_result *result)
{
	switch (a->phase) {
	case DO_NONE:
		return step_none(a, s, result);
	case DO_PICK:
		if (pick(a))
			return false;
		*result = auth_failed(a);
		return true;
	case DO_OFFER:
		return step_offer(a, s, result);
	case DO_UNLOCK:
		*result = auth_unlock(a);
		return *result != AUTH_BUSY || a->phase == DO_UNLOCKING;
	case DO_SIGN:
		return auth_settled(
		    a, s, sess_auth_key(s, a->cred->file->key->secret), result);
	case DO_AGENT:
		*result = auth_agent_step(a, s);
		return a->phase == DO_AGENT_WORK;
	case DO_AGENT_WORK:
		return auth_agent_done(a, s, result);
	case DO_KBDINT:
		return auth_kbdint_step(a, s, result);
	case DO_KBDINT_WAIT:
		return auth_kbdint_resume(a, s, result);
	case DO_PASSWORD:
	case DO_PASSWORD_WAIT:
		return auth_password_step(a, s, result);
	case DO_UNLOCKING:
		*result = AUTH_BUSY;
		return true;
	case DO_OVER:
	default:
		*result = AUTH_FAILED;
		return true;
	}
}

enum auth_result
auth_step(struct auth *a, struct sess *s)
{
	enum auth_result result = AUTH_BUSY;

	while (!step(a, s, &result))
		;
	return result;
}

bool
auth_patient(const struct auth *a)
{
	return a->phase == DO_KBDINT_WAIT || a->secret != NULL;
}

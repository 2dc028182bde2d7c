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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/passcmd.h"

#include "ssh_agent.h"
#include "ssh_keys.h"

#define ATTEMPTS 5
#define FILES_MAX (SSHCONFIG_FILES + 1)
#define CREDS_MAX 64
#define KBDINT_ROUNDS 8

enum phase {
	NONE,
	PICK,
	OFFER,
	UNLOCK,
	UNLOCKING,
	SIGN,
	AGENT,
	AGENT_WORK,
	KBDINT,
	KBDINT_WAIT,
	PASSWORD,
	PASSWORD_WAIT,
	OVER,
};

struct file {
	struct auth *auth;
	struct key_wait *wait;
	const struct keyfile *key;
	char *path;
	bool named; /* by the configuration of the link */
};

struct cred {
	const struct file *file; /* NULL: the agent's */
	const struct agent_id *id;
};

struct auth {
	struct auth_options o;
	struct auth_sink sink;
	void *arg;
	enum phase phase;
	char *subject; /* user@host:port */

	struct file files[FILES_MAX];
	size_t n_files, waiting;
	struct agent_wait *agent_wait;
	struct agent_id ids[CREDS_MAX];
	size_t n_ids;
	struct cred creds[CREDS_MAX];
	size_t n_creds, next;
	const struct cred *cred;
	struct key_wait *unlock;
	struct agent_filter *filter;
	const struct agent_id *shown[ATTEMPTS];
	unsigned n_shown;

	struct passcmd *secret; /* a password being fetched */
	bool kbdint_over, password_over, used_password, refused_once;
	bool declined; /* the operator: not one more question */
	bool prompted; /* by this round of keyboard-interactive */
	unsigned rounds, prompts;
	int prompt; /* being asked */
	char *prompt_subject;
	char *typed; /* the last hidden answer */
	struct pool_wait *answered;

	struct sess *held; /* by the thread */
	struct agent_job *job;

	unsigned methods, attempts;
	char result[1024];
	struct buf tried, notes;
};

struct agent_job {
	struct auth *auth;
	struct work *work;
	struct sess *sess;
	enum ssh_rc rc;
	bool ours; /* the session is to be freed */
};

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

static void
wipe(char **text)
{
	if (*text != NULL)
		mem_wipe(*text, strlen(*text));
	free(*text);
	*text = NULL;
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
	if (a->held != NULL)
		work_abandon(a->job->work);
	else
		free(a->job);
	wipe(&a->typed);
	free(a->prompt_subject);
	free(a->subject);
	buf_release(&a->tried);
	buf_release(&a->notes);
	free(a);
}

static void
wake(struct auth *a)
{
	a->sink.wake(a->arg);
}

/* --- what there is to show ---------------------------------------------- */

static void
on_key(void *arg, const struct keyfile *key)
{
	struct file *f = arg;

	f->wait = NULL;
	f->key = key;
	f->auth->waiting--;
	wake(f->auth);
}

static void
add_file(struct auth *a, const char *path, bool named)
{
	struct file *f = &a->files[a->n_files];

	for (size_t i = 0; i < a->n_files; i++)
		if (strcmp(a->files[i].path, path) == 0)
			return;
	if (a->n_files == FILES_MAX)
		return;
	a->n_files++;
	a->waiting++;
	f->auth = a;
	f->path = mem_strdup(path);
	f->named = named;
	f->wait = keys_get(a->o.pool, path, NULL, on_key, f);
}

static void
on_agent(void *arg, const struct agent_id *ids, size_t n, const char *why)
{
	struct auth *a = arg;

	a->agent_wait = NULL;
	a->waiting--;
	if (why != NULL)
		buf_printf(&a->notes, " The agent was not used: %s.", why);
	for (size_t i = 0; i < n && i < CREDS_MAX; i++) {
		a->ids[i].base64 = mem_strdup(ids[i].base64);
		a->ids[i].comment = mem_strdup(ids[i].comment);
		a->n_ids = i + 1;
	}
	wake(a);
}

void
auth_prepare(struct auth *a)
{
	char *path;

	if (a->o.identity != NULL) {
		path = sshconfig_expand(
		    a->o.conf, a->o.identity, a->o.conf->hostname);
		add_file(a, path, true);
		free(path);
	}
	for (size_t i = 0; i < a->o.conf->n_identity; i++)
		add_file(a, a->o.conf->identity[i], false);
	if (a->o.conf->agent != NULL && a->o.conf->agent[0] != '\0') {
		a->waiting++;
		a->agent_wait =
		    agent_list(a->o.pool, a->o.conf->agent, on_agent, a);
	}
}

bool
auth_ready(const struct auth *a)
{
	return a->waiting == 0;
}

static const struct agent_id *
agent_has(const struct auth *a, const struct file *f)
{
	if (f->key == NULL || f->key->public == NULL)
		return NULL;
	for (size_t i = 0; i < a->n_ids; i++)
		if (strcmp(a->ids[i].base64, key_base64(f->key->public)) == 0)
			return &a->ids[i];
	return NULL;
}

static void
add_cred(struct auth *a, const struct file *f, const struct agent_id *id)
{
	for (size_t i = 0; i < a->n_creds; i++)
		if (id != NULL && a->creds[i].id == id)
			return;
	if (a->n_creds < CREDS_MAX)
		a->creds[a->n_creds++] = (struct cred){ f, id };
}

/* Named key, agent's keys that files name, the agent's others, files. */
static void
order_creds(struct auth *a)
{
	a->n_creds = a->next = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < a->n_files; i++) {
			const struct file *f = &a->files[i];
			const struct agent_id *id = agent_has(a, f);

			if (f->named != (pass == 0))
				continue;
			if (id != NULL)
				add_cred(a, f, id);
			else if (f->named && f->key->state != KEY_MISSING)
				add_cred(a, f, NULL);
			else if (f->named)
				buf_printf(&a->notes,
				    " The key file %s is not there.", f->path);
		}
	for (size_t i = 0; i < a->n_ids && !a->o.conf->identities_only; i++)
		add_cred(a, NULL, &a->ids[i]);
	for (size_t i = 0; i < a->n_files; i++) {
		const struct file *f = &a->files[i];

		if (!f->named && f->key->state != KEY_MISSING &&
		    agent_has(a, f) == NULL)
			add_cred(a, f, NULL);
	}
}

/* --- what happened ------------------------------------------------------ */

static void
note_tried(struct auth *a, const char *kind, const char *what)
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

static enum auth_result
failed(struct auth *a)
{
	char methods[100];
	bool key = (a->methods & METHOD_KEY) != 0;
	bool word = (a->methods & (METHOD_KBDINT | METHOD_PASSWORD)) != 0;

	methods_text(a->methods, methods, sizeof methods);
	str_format(a->result, sizeof a->result,
	    "%s was refused. Tried: %s. The server takes: %s.%s%s%s%s",
	    a->subject, a->tried.len > 0 ? buf_str(&a->tried) : "nothing",
	    methods, buf_str(&a->notes),
	    key && a->next < a->n_creds && a->attempts >= ATTEMPTS - 1
		? " More keys were there than a server lets try: name the right "
		  "one with identity."
		: "",
	    key ? " Put a key there (ssh-copy-id), or name one with "
		  "identity."
		: "",
	    word && !a->o.interactive && a->o.password_cmd == NULL
		? " A password can be given by password_command."
		: "");
	a->phase = OVER;
	return AUTH_FAILED;
}

static enum auth_result
broke(struct auth *a, struct sess *s)
{
	buf_printf(&a->notes, " %s.", sess_error(s));
	return failed(a);
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

static enum auth_result
ask(struct auth *a, enum link_ask_kind kind, const char *subject,
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
static bool
settled(
    struct auth *a, struct sess *s, enum ssh_rc rc, enum auth_result *result)
{
	switch (rc) {
	case RC_AGAIN:
		*result = AUTH_AGAIN;
		return true;
	case RC_OK:
		a->phase = OVER;
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
	a->phase = PICK;
	return false;
}

/* --- choosing ----------------------------------------------------------- */

static bool
password_possible(const struct auth *a)
{
	enum pool_reply r =
	    pool_reply(a->o.pool, ASK_PASSWORD, a->subject, NULL);

	if (r == POOL_GIVEN)
		return true;
	return r != POOL_DECLINED &&
	    (a->o.password_cmd != NULL || (a->o.interactive && !a->declined));
}

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

		note_tried(a, "agent key", id->comment);
		a->shown[a->n_shown++] = id;
	}
	a->phase = AGENT;
}

static bool
pick_key(struct auth *a)
{
	unsigned max = ATTEMPTS;

	if ((a->methods & (METHOD_PASSWORD | METHOD_KBDINT)) != 0 &&
	    password_possible(a))
		max--;
	if ((a->methods & METHOD_KEY) == 0 || a->attempts >= max)
		return false;
	while (a->next < a->n_creds) {
		const struct cred *c = &a->creds[a->next++];

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
		note_tried(a, "key", c->file->path);
		a->phase = c->file->key->secret != NULL ? SIGN : OFFER;
		return true;
	}
	return false;
}

static bool
pick_method(struct auth *a, const char *name)
{
	if (strcmp(name, "publickey") == 0)
		return pick_key(a);
	if (a->attempts >= ATTEMPTS || !password_possible(a))
		return false;
	if (strcmp(name, "keyboard-interactive") == 0 && !a->kbdint_over &&
	    (a->methods & METHOD_KBDINT) != 0) {
		a->phase = KBDINT;
		return true;
	}
	if (strcmp(name, "password") == 0 && !a->password_over &&
	    (a->methods & METHOD_PASSWORD) != 0) {
		a->phase = PASSWORD;
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

/* --- keys --------------------------------------------------------------- */

static void
on_unlocked(void *arg, const struct keyfile *key)
{
	struct auth *a = arg;

	a->unlock = NULL;
	pool_forget(a->o.pool, ASK_PASSPHRASE, key->path);
	a->refused_once = key->secret == NULL;
	a->phase = key->secret != NULL ? SIGN : UNLOCK;
	wake(a);
}

/* The server wants this key, and it has a passphrase. */
static enum auth_result
unlock(struct auth *a)
{
	const struct keyfile *key = a->cred->file->key;
	const char *text = NULL;
	enum pool_reply r;
	char title[400];

	if (key->secret != NULL) {
		a->phase = SIGN;
		return AUTH_BUSY;
	}
	r = pool_reply(a->o.pool, ASK_PASSPHRASE, key->path, &text);
	if (r == POOL_GIVEN) {
		a->phase = UNLOCKING;
		a->unlock =
		    keys_get(a->o.pool, key->path, text, on_unlocked, a);
		return AUTH_BUSY;
	}
	if (r == POOL_DECLINED)
		a->declined = true;
	if (a->declined || !a->o.interactive) {
		buf_printf(&a->notes, " %s %s", key->path,
		    a->declined
			? "needs its passphrase, which was not given."
			: "needs a passphrase, and nobody can be asked: load it "
			  "into an ssh-agent.");
		a->phase = PICK;
		return AUTH_BUSY;
	}
	str_format(title, sizeof title, "Passphrase of the key %s", key->path);
	return ask(a, ASK_PASSPHRASE, key->path, title,
	    a->refused_once ? "That was not it. Nothing was sent to anyone."
			    : "It is kept in memory until the program ends.",
	    false);
}

static void
job_run(void *arg)
{
	struct agent_job *job = arg;

	job->rc = sess_auth_agent(job->sess);
}

static void
job_free(void *arg)
{
	struct agent_job *job = arg;

	if (job->ours)
		sess_free(job->sess);
	free(job);
}

static void
job_done(void *arg)
{
	struct agent_job *job = arg;
	struct auth *a = job->auth;

	a->held = NULL;
	wake(a);
}

/* libssh waits for the agent within the call, so a thread makes it. */
static enum auth_result
agent_step(struct auth *a, struct sess *s)
{
	int fd;

	if (a->filter == NULL) {
		a->filter = agent_filter_new(a->o.pool, a->o.conf->agent, &fd);
		if (a->filter == NULL) {
			a->phase = PICK;
			return AUTH_BUSY;
		}
		sess_set_agent(s, fd);
	}
	agent_filter_show(a->filter, a->shown, a->n_shown);
	a->job = mem_alloc(sizeof *a->job);
	a->job->auth = a;
	a->job->sess = a->held = s;
	a->phase = AGENT_WORK;
	a->job->work = work_start(
	    pool_loop(a->o.pool), job_run, job_done, job_free, a->job);
	return AUTH_BUSY;
}

bool
auth_holds(const struct auth *a)
{
	return a->held != NULL;
}

void
auth_bequeath(struct auth *a, struct sess *s)
{
	if (a->held == s)
		a->job->ours = true;
}

/* --- passwords ---------------------------------------------------------- */

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
	wake(a);
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
		a->phase = PICK;
		return false;
	}
	str_format(title, sizeof title, "Password of %s", a->subject);
	*result = ask(a, ASK_PASSWORD, a->subject, title,
	    a->refused_once ? "The server did not accept it. Try again."
			    : "It is kept in memory until the program ends.",
	    false);
	return false;
}

static bool
password_step(struct auth *a, struct sess *s, enum auth_result *result)
{
	const char *text;
	enum ssh_rc rc;

	if (a->phase == PASSWORD && !password(a, &text, result))
		return a->phase != PICK;
	if (a->phase == PASSWORD) {
		note_tried(a, "password", "");
		wipe(&a->typed);
		a->typed = mem_strdup(text);
		a->phase = PASSWORD_WAIT;
	}
	rc = sess_auth_password(s, a->typed);
	if (rc != RC_AGAIN)
		wipe(&a->typed);
	if (rc == RC_DENIED) {
		a->refused_once = true;
		pool_forget(a->o.pool, ASK_PASSWORD, a->subject);
	}
	if (rc == RC_DENIED && !a->o.interactive)
		a->password_over = true;
	return settled(a, s, rc, result);
}

/* --- keyboard-interactive ----------------------------------------------- */

static void
on_answered(void *arg)
{
	struct auth *a = arg;

	pool_wait_free(a->answered);
	a->answered = NULL;
	wake(a);
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
	a->phase = KBDINT_WAIT;
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
		a->phase = PICK;
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
		wipe(&a->typed);
	if (rc == RC_DENIED && !a->prompted) {
		/* It is offered, but there is nothing behind it. */
		a->kbdint_over = true;
		a->phase = PICK;
		return false;
	}
	if (rc == RC_DENIED) {
		note_tried(a, "keyboard-interactive", "");
		a->prompted = false;
		a->kbdint_over = !a->o.interactive;
		pool_forget(a->o.pool, ASK_PASSWORD, a->subject);
	}
	return settled(a, s, rc, result);
}

static bool
kbdint_step(struct auth *a, struct sess *s, enum auth_result *result)
{
	for (;;) {
		enum ssh_rc rc = sess_auth_kbdint(s);

		if (rc != RC_INFO)
			return kbdint_done(a, s, rc, result);
		a->prompt = 0;
		a->prompted = true;
		if (++a->rounds > KBDINT_ROUNDS) {
			buf_puts(&a->notes, " The server asks without end.");
			*result = failed(a);
			return true;
		}
		if (!answer_prompts(a, s, result)) {
			if (a->phase == KBDINT)
				a->phase = KBDINT_WAIT;
			return a->phase != PICK;
		}
	}
}

/* The operator answered a prompt, or a password came. */
static bool
kbdint_resume(struct auth *a, struct sess *s, enum auth_result *result)
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
		*result = failed(a);
		return true;
	}
	if (r == POOL_GIVEN) {
		sess_kbdint_prompt(s, a->prompt, &echo);
		sess_kbdint_answer(s, a->prompt, text);
		if (like_password(s)) {
			wipe(&a->typed);
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
		return a->phase != PICK;
	}
	a->phase = KBDINT;
	return false;
}

/* --- the machine -------------------------------------------------------- */

static bool
step_none(struct auth *a, struct sess *s, enum auth_result *result)
{
	enum ssh_rc rc = sess_auth_none(s);

	if (settled(a, s, rc, result))
		return true;
	a->attempts = 0;
	order_creds(a);
	return false;
}

static bool
step_offer(struct auth *a, struct sess *s, enum auth_result *result)
{
	enum ssh_rc rc = sess_auth_offer(s, a->cred->file->key->public);

	if (rc == RC_OK) {
		a->phase = UNLOCK;
		return false;
	}
	return settled(a, s, rc, result);
}

static bool
step_agent(struct auth *a, struct sess *s, enum auth_result *result)
{
	enum ssh_rc rc;

	*result = AUTH_BUSY;
	if (a->held != NULL)
		return true;
	rc = a->job->rc;
	free(a->job);
	a->job = NULL;
	if (rc == RC_AGAIN)
		a->phase = AGENT;
	else
		a->attempts += a->n_shown - 1;
	return settled(a, s, rc, result);
}

/* True: *result is what to return; false: go on. */
static bool
step(struct auth *a, struct sess *s, enum auth_result *result)
{
	switch (a->phase) {
	case NONE:
		return step_none(a, s, result);
	case PICK:
		if (pick(a))
			return false;
		*result = failed(a);
		return true;
	case OFFER:
		return step_offer(a, s, result);
	case UNLOCK:
		*result = unlock(a);
		return *result != AUTH_BUSY || a->phase == UNLOCKING;
	case SIGN:
		return settled(
		    a, s, sess_auth_key(s, a->cred->file->key->secret), result);
	case AGENT:
		*result = agent_step(a, s);
		return a->phase == AGENT_WORK;
	case AGENT_WORK:
		return step_agent(a, s, result);
	case KBDINT:
		return kbdint_step(a, s, result);
	case KBDINT_WAIT:
		return kbdint_resume(a, s, result);
	case PASSWORD:
	case PASSWORD_WAIT:
		return password_step(a, s, result);
	case UNLOCKING:
		*result = AUTH_BUSY;
		return true;
	case OVER:
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
	return a->phase == KBDINT_WAIT || a->secret != NULL;
}

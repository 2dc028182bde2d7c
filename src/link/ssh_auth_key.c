/*
 * Keys with a passphrase, and the agent.
 *
 * The operator is asked for a passphrase when the server has said that it
 * wants that key. libssh waits for the agent within its call, so a thread
 * makes it, while the session is left alone here.
 */
#include "ssh_auth_in.h"

#include <stdlib.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

struct agent_job {
	struct auth *auth;
	struct work *work;
	struct sess *sess;
	enum ssh_rc rc;
	bool ours; /* the session is to be freed */
};

static void
on_unlocked(void *arg, const struct keyfile *key)
{
	struct auth *a = arg;

	a->unlock = NULL;
	pool_forget(a->o.pool, ASK_PASSPHRASE, key->path);
	a->refused_once = key->secret == NULL;
	a->phase = key->secret != NULL ? DO_SIGN : DO_UNLOCK;
	auth_wake(a);
}

/* The server wants this key, and it has a passphrase. */
enum auth_result
auth_unlock(struct auth *a)
{
	const struct keyfile *key = a->cred->file->key;
	const char *text = NULL;
	enum pool_reply r;
	char title[400];

	if (key->secret != NULL) {
		a->phase = DO_SIGN;
		return AUTH_BUSY;
	}
	r = pool_reply(a->o.pool, ASK_PASSPHRASE, key->path, &text);
	if (r == POOL_GIVEN) {
		a->phase = DO_UNLOCKING;
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
		a->phase = DO_PICK;
		return AUTH_BUSY;
	}
	str_format(title, sizeof title, "Passphrase of the key %s", key->path);
	return auth_ask(a, ASK_PASSPHRASE, key->path, title,
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
	auth_wake(a);
}

/* libssh waits for the agent within the call, so a thread makes it. */
enum auth_result
auth_agent_step(struct auth *a, struct sess *s)
{
	int fd;

	if (a->filter == NULL) {
		a->filter = agent_filter_new(a->o.pool, a->o.conf->agent, &fd);
		if (a->filter == NULL) {
			a->phase = DO_PICK;
			return AUTH_BUSY;
		}
		sess_set_agent(s, fd);
	}
	agent_filter_show(a->filter, a->shown, a->n_shown);
	a->job = mem_alloc(sizeof *a->job);
	a->job->auth = a;
	a->job->sess = a->held = s;
	a->phase = DO_AGENT_WORK;
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

bool
auth_agent_done(struct auth *a, struct sess *s, enum auth_result *result)
{
	enum ssh_rc rc;

	*result = AUTH_BUSY;
	if (a->held != NULL)
		return true;
	rc = a->job->rc;
	free(a->job);
	a->job = NULL;
	if (rc == RC_AGAIN)
		a->phase = DO_AGENT;
	else
		a->attempts += a->n_shown - 1;
	return auth_settled(a, s, rc, result);
}

void
auth_agent_release(struct auth *a)
{
	if (a->held != NULL)
		work_abandon(a->job->work);
	else
		free(a->job);
}

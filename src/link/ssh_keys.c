/*
 * Key files in memory. Keys without a passphrase are loaded whole, of others
 * first the public half, which is all that is needed to ask a server if it
 * wants that key; the operator is asked only then.
 */
#include "ssh_keys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/mem.h"

struct entry {
	struct entry *next;
	struct keyfile file;
	struct timespec mtime;
	off_t size;
	bool known, loading, old;
};

struct keys {
	struct link_pool *pool;
	struct entry *entries;
	struct key_wait *waits;
	struct job *jobs;
};

struct key_wait {
	struct key_wait *next;
	struct keys *keys;
	struct entry *entry;
	struct task *task;
	struct job *job; /* NULL: of somebody else, or none */
	key_fn *fn;
	void *arg;
};

struct job {
	struct job *next;
	struct keys *keys;
	struct entry *entry;
	struct key_wait *wait; /* NULL: shared by all of the entry */
	struct work *work;
	char *path, *passphrase;
	struct key *secret, *public;
	enum key_state state;
};

/* On a worker thread: touches the job only. */
static void
job_run(void *arg)
{
	struct job *job = arg;

	job->secret = key_load(job->path, job->passphrase, &job->state);
	job->public = key_load_public(job->path);
}

static void
job_free(void *arg)
{
	struct job *job = arg;

	key_free(job->secret);
	key_free(job->public);
	free(job->path);
	mem_wipe_str(&job->passphrase);
	free(job);
}

static void
job_forget(struct job *job)
{
	struct job **p;

	for (p = &job->keys->jobs; *p != NULL; p = &(*p)->next)
		if (*p == job) {
			*p = job->next;
			break;
		}
}

static void
job_done(void *arg)
{
	struct job *job = arg;
	struct entry *e = job->entry;
	struct key_wait *w;

	job_forget(job);
	if (job->wait == NULL) {
		e->loading = false;
		e->known = true;
	}
	if (e->file.secret == NULL) {
		e->file.secret = job->secret;
		if (job->secret != NULL || job->wait == NULL)
			e->file.state = job->state;
		job->secret = NULL;
	}
	if (e->file.public == NULL) {
		e->file.public = job->public;
		job->public = NULL;
	}
	for (w = job->keys->waits; w != NULL; w = w->next)
		if (w == job->wait ||
		    (job->wait == NULL && w->entry == e && w->job == NULL))
			task_post(w->task);
	if (job->wait != NULL)
		job->wait->job = NULL;
	job_free(job);
}

static struct job *
job_start(struct keys *keys, struct entry *e, struct key_wait *w,
    const char *passphrase)
{
	struct job *job = mem_alloc(sizeof *job);

	job->keys = keys;
	job->entry = e;
	job->wait = w;
	job->path = mem_strdup(e->file.path);
	job->passphrase = mem_strdup(passphrase);
	job->next = keys->jobs;
	keys->jobs = job;
	job->work =
	    work_start(pool_loop(keys->pool), job_run, job_done, job_free, job);
	return job;
}

static void *
keys_make(struct link_pool *pool)
{
	struct keys *keys = mem_alloc(sizeof *keys);

	keys->pool = pool;
	return keys;
}

static void
keys_drop(void *arg)
{
	struct keys *keys = arg;
	struct entry *e;
	struct job *job;

	while (keys->waits != NULL)
		keys_cancel(keys->waits);
	while ((job = keys->jobs) != NULL) {
		job_forget(job);
		work_abandon(job->work);
	}
	while ((e = keys->entries) != NULL) {
		keys->entries = e->next;
		key_free(e->file.secret);
		key_free(e->file.public);
		free(e->file.path);
		free(e);
	}
	free(keys);
}

/* An agent may hold the secret half of a key that is here as PATH.pub. */
static bool
public_there(const char *path)
{
	char *pub = mem_printf("%s.pub", path);
	bool there = access(pub, R_OK) == 0;

	free(pub);
	return there;
}

static struct keys *
keys_of(struct link_pool *pool)
{
	return pool_share(pool, "keys", keys_make, keys_drop);
}

void
keys_init(struct link_pool *pool)
{
	(void)keys_of(pool);
}

static struct entry *
entry_get(struct keys *keys, const char *path)
{
	struct entry *e;
	struct stat st;

	if (stat(path, &st) < 0)
		memset(&st, 0, sizeof st);
	for (e = keys->entries; e != NULL; e = e->next) {
		if (e->old || strcmp(e->file.path, path) != 0)
			continue;
		if (e->size == st.st_size &&
		    e->mtime.tv_sec == st.st_mtim.tv_sec &&
		    e->mtime.tv_nsec == st.st_mtim.tv_nsec)
			return e;
		e->old = true;
	}
	e = mem_alloc(sizeof *e);
	e->file.path = mem_strdup(path);
	e->size = st.st_size;
	e->mtime = st.st_mtim;
	e->file.state = KEY_MISSING;
	e->known = st.st_size == 0 && !public_there(path);
	e->next = keys->entries;
	keys->entries = e;
	return e;
}

static void
answer(void *arg)
{
	struct key_wait *w = arg;
	key_fn *fn = w->fn;
	void *fn_arg = w->arg;
	const struct keyfile *file = &w->entry->file;

	keys_cancel(w);
	fn(fn_arg, file);
}

struct key_wait *
keys_get(struct link_pool *pool, const char *path, const char *passphrase,
    key_fn *fn, void *arg)
{
	struct keys *keys = keys_of(pool);
	struct key_wait *w = mem_alloc(sizeof *w);
	struct entry *e = entry_get(keys, path);

	w->keys = keys;
	w->entry = e;
	w->fn = fn;
	w->arg = arg;
	w->task = task_new(pool_loop(pool), answer, w);
	w->next = keys->waits;
	keys->waits = w;
	if (passphrase != NULL && e->file.secret == NULL) {
		w->job = job_start(keys, e, w, passphrase);
	} else if (e->known || e->file.secret != NULL) {
		task_post(w->task);
	} else if (!e->loading) {
		e->loading = true;
		job_start(keys, e, NULL, NULL);
	}
	return w;
}

void
keys_cancel(struct key_wait *w)
{
	struct key_wait **p;

	if (w == NULL)
		return;
	for (p = &w->keys->waits; *p != NULL; p = &(*p)->next)
		if (*p == w) {
			*p = w->next;
			break;
		}
	if (w->job != NULL) {
		job_forget(w->job);
		work_abandon(w->job->work);
	}
	task_free(w->task);
	free(w);
}

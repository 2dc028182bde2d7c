/*
 * What there is to show a server: key files, and what the agent holds. Looked
 * for before the connection is made, while no server's patience runs.
 */
#include "ssh_auth_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"

static void
on_key(void *arg, const struct keyfile *key)
{
	struct auth_file *f = arg;

	f->wait = NULL;
	f->key = key;
	f->auth->waiting--;
	auth_wake(f->auth);
}

static void
add_file(struct auth *a, const char *path, bool named)
{
	struct auth_file *f = &a->files[a->n_files];

	for (size_t i = 0; i < a->n_files; i++)
		if (strcmp(a->files[i].path, path) == 0)
			return;
	if (a->n_files == AUTH_FILES)
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
	for (size_t i = 0; i < n && i < AUTH_CREDS; i++) {
		a->ids[i].base64 = mem_strdup(ids[i].base64);
		a->ids[i].comment = mem_strdup(ids[i].comment);
		a->n_ids = i + 1;
	}
	auth_wake(a);
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
agent_has(const struct auth *a, const struct auth_file *f)
{
	if (f->key == NULL || f->key->public == NULL)
		return NULL;
	for (size_t i = 0; i < a->n_ids; i++)
		if (strcmp(a->ids[i].base64, key_base64(f->key->public)) == 0)
			return &a->ids[i];
	return NULL;
}

static void
add_cred(struct auth *a, const struct auth_file *f, const struct agent_id *id)
{
	for (size_t i = 0; i < a->n_creds; i++)
		if (id != NULL && a->creds[i].id == id)
			return;
	if (a->n_creds < AUTH_CREDS)
		a->creds[a->n_creds++] = (struct auth_cred){ f, id };
}

/* Named key, agent's keys that files name, the agent's others, files. */
void
auth_order_creds(struct auth *a)
{
	a->n_creds = a->next = 0;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < a->n_files; i++) {
			const struct auth_file *f = &a->files[i];
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
		const struct auth_file *f = &a->files[i];

		if (!f->named && f->key->state != KEY_MISSING &&
		    agent_has(a, f) == NULL)
			add_cred(a, f, NULL);
	}
}

/*
 * An endpoint is one machine's port: who it lets in, and what is wrong with
 * it. It knows no SSH.
 */
#include "sshd_in.h"

#include <errno.h>
#include <stdlib.h>

#include "rackmux/base/text.h"

#include "listen.h"

#define FLOOD_MS 50

static void
on_connection(void *arg, int fd)
{
	struct endpoint *e = arg;

	session_new(e, e->other_key != NULL ? e->other_key : e->key, fd);
}

static void
on_flood(void *arg)
{
	struct endpoint *e = arg;
	size_t len = (size_t)e->trouble.flood_kbps * 1024 * FLOOD_MS / 1000;
	struct session *s;

	for (s = e->sessions; s != NULL; s = session_next(s))
		session_flood(s, len);
	if (e->trouble.flood_kbps > 0)
		timer_start(e->flood, FLOOD_MS);
}

struct endpoint *
endpoint_new(
    struct sshd *d, const struct endpoint_options *o, char *err, size_t size)
{
	struct endpoint *e = mem_alloc(sizeof(*e));
	struct host_key **key = &d->keys[d->n_endpoints % KEYS_MAX];

	e->sshd = d;
	e->o = *o;
	if (*key == NULL)
		*key = host_key_new();
	if (*key == NULL) {
		str_copy(err, size, "cannot make a host key");
		free(e);
		return NULL;
	}
	e->listener = listen_new(d->loop, o->port, on_connection, e, err, size);
	if (e->listener == NULL) {
		free(e);
		return NULL;
	}
	d->n_endpoints++;
	e->key = host_key_use(*key);
	e->flood = timer_new(d->loop, on_flood, e);
	return e;
}

void
endpoint_free(struct endpoint *e)
{
	if (e == NULL)
		return;
	while (e->sessions != NULL)
		session_free(e->sessions, false);
	timer_free(e->flood);
	listen_free(e->listener);
	host_key_drop(e->key);
	host_key_drop(e->other_key);
	free(e);
}

unsigned
endpoint_port(const struct endpoint *e)
{
	return listen_port(e->listener);
}

const char *
endpoint_key(const struct endpoint *e)
{
	return host_key_text(e->key);
}

size_t
endpoint_sessions(const struct endpoint *e)
{
	return e->n_sessions;
}

void
endpoint_reset(struct endpoint *e)
{
	while (e->sessions != NULL)
		session_free(e->sessions, true);
}

void
endpoint_close(struct endpoint *e)
{
	while (e->sessions != NULL)
		session_free(e->sessions, false);
}

void
endpoint_set(struct endpoint *e, enum endpoint_mode mode)
{
	struct session *s;

	if (e->mode == mode)
		return;
	e->mode = mode;
	if (mode == ENDPOINT_REFUSED)
		endpoint_reset(e);
	if (mode == ENDPOINT_REFUSED)
		listen_set(e->listener, LISTEN_REFUSED);
	else if (mode == ENDPOINT_DARK)
		listen_set(e->listener, LISTEN_DARK);
	else
		listen_set(e->listener, LISTEN_OPEN);
	for (s = e->sessions; s != NULL; s = session_next(s))
		session_wake(s, mode == ENDPOINT_UP);
}

int
endpoint_change_key(struct endpoint *e, bool changed)
{
	if (changed == (e->other_key != NULL))
		return 0;
	if (!changed) {
		host_key_drop(e->other_key);
		e->other_key = NULL;
		return 0;
	}
	e->other_key = host_key_new();
	return e->other_key != NULL ? 0 : -EIO;
}

void
endpoint_trouble(struct endpoint *e, const struct endpoint_trouble *t)
{
	e->trouble = *t;
	if (t->flood_kbps > 0)
		timer_start(e->flood, FLOOD_MS);
	else
		timer_stop(e->flood);
}

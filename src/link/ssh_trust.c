/*
 * Host keys: known, unknown, changed, revoked, and what to tell the operator.
 *
 * A changed key is never accepted, whatever ssh's configuration says: a board
 * that was flashed anew and somebody in between look the same from here.
 */
#include "ssh_trust.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

static void *
index_make(struct link_pool *pool)
{
	(void)pool;
	return hostkeys_new();
}

static void
index_drop(void *arg)
{
	hostkeys_free(arg);
}

static struct hostkeys *
index_of(const struct trust *t)
{
	return pool_share(t->pool, "hostkeys", index_make, index_drop);
}

/* The operator's files first, then the machine's. */
static size_t
files_of(const struct trust *t, const char **files)
{
	size_t n = 0;

	if (t->known_hosts != NULL) {
		files[n++] = t->known_hosts;
		return n;
	}
	for (size_t i = 0; i < t->conf->n_user_hosts && n < HOSTKEYS_FILES / 2;
	     i++)
		files[n++] = t->conf->user_hosts[i];
	for (size_t i = 0; i < t->conf->n_global_hosts && n < HOSTKEYS_FILES;
	     i++)
		files[n++] = t->conf->global_hosts[i];
	return n;
}

static void
name_of(const struct trust *t, char *out, size_t size)
{
	if (t->conf->alias != NULL)
		hostkeys_name(out, size, t->conf->alias, 22);
	else
		hostkeys_name(out, size, t->conf->hostname, t->conf->port);
}

void
trust_order(const struct trust *t, char *out, size_t size)
{
	const char *files[HOSTKEYS_FILES];
	size_t n = files_of(t, files);
	char name[320];

	name_of(t, name, sizeof name);
	hostkeys_order(index_of(t), files, n, name, out, size);
}

static enum trust_verdict
changed(struct trust *t, const char *name, const struct hostkey *key,
    const struct hostkey_found *found)
{
	str_format(t->text, sizeof t->text,
	    "The host key of %s has CHANGED.\n"
	    "known: %s %s (%s:%u)\n"
	    "sent:  %s %s\n"
	    "Either the board was installed anew, or somebody is in between. "
	    "Find out which; only then: ssh-keygen -R '%s' -f '%s'",
	    name, found->key.type, found->key.print, found->file, found->line,
	    key->type, key->print, name, found->file);
	return TRUST_NO;
}

static enum trust_verdict
revoked(struct trust *t, const char *name, const struct hostkey *key,
    const struct hostkey_found *found)
{
	str_format(t->text, sizeof t->text,
	    "%s shows a host key that is marked @revoked (%s:%u): %s %s. "
	    "Give the board a new host key.",
	    name, found->file, found->line, key->type, key->print);
	return TRUST_NO;
}

static bool
says_yes(const char *text, const struct hostkey *key)
{
	return strcasecmp(text, "yes") == 0 || strcasecmp(text, "y") == 0 ||
	    strcmp(text, key->print) == 0;
}

/* The file that an accepted key goes to; NULL: none. */
static const char *
home_of(const struct trust *t)
{
	if (t->known_hosts != NULL)
		return t->known_hosts;
	return t->conf->n_user_hosts > 0 ? t->conf->user_hosts[0] : NULL;
}

/* What cannot be written is believed as long as the program runs. */
static bool
remember(struct trust *t, const char *name, const struct hostkey *key)
{
	const char *file = home_of(t);
	int rc;

	if (file == NULL)
		return false;
	rc = hostkeys_add(file, name, key, t->conf->hash);
	if (rc < 0)
		log_warn("%s: %s", file, strerror(-rc));
	return rc == 0;
}

static enum trust_verdict
ask(struct trust *t, const char *name, const struct hostkey *key,
    const char *subject)
{
	const char *file = home_of(t);

	t->title = mem_printf("Unknown host key of %s", name);
	t->question = mem_printf("%s has shown a host key that is not known "
				 "here.\n%s %s\nCompare it with what the "
				 "board's own console says. \"yes\" trusts it "
				 "from now on%s%s.",
	    name, key->type, key->print,
	    file != NULL ? ", and adds it to " : "", file != NULL ? file : "");
	t->ask = (struct link_ask){ .kind = ASK_HOSTKEY,
		.title = t->title,
		.text = t->question,
		.echo = true,
		.id = pool_ask(t->pool, ASK_HOSTKEY, subject) };
	str_copy(t->text, sizeof t->text, t->title);
	return TRUST_ASK;
}

static enum trust_verdict
unknown(struct trust *t, const char *name, const struct hostkey *key,
    bool authority)
{
	char *subject = mem_printf("%s %s %s", name, key->type, key->base64);
	const char *text = NULL;
	enum pool_reply reply =
	    pool_reply(t->pool, ASK_HOSTKEY, subject, &text);
	enum trust_verdict v = TRUST_NO;

	if (reply == POOL_GIVEN && says_yes(text, key)) {
		if (remember(t, name, key))
			pool_forget(t->pool, ASK_HOSTKEY, subject);
		v = TRUST_YES;
	} else if (reply == POOL_GIVEN || reply == POOL_DECLINED) {
		if (reply == POOL_GIVEN)
			pool_forget(t->pool, ASK_HOSTKEY, subject);
		str_format(t->text, sizeof t->text,
		    "The host key of %s (%s %s) was not accepted.", name,
		    key->type, key->print);
	} else if (t->conf->strict == STRICT_NEW ||
	    t->conf->strict == STRICT_NO) {
		remember(t, name, key);
		v = TRUST_YES;
	} else if (t->conf->strict == STRICT_ASK && t->interactive) {
		v = ask(t, name, key, subject);
	} else {
		str_format(t->text, sizeof t->text,
		    "The host key of %s is not known: %s %s. Connect once by "
		    "hand (ssh), or with the dashboard, or add it with "
		    "ssh-keyscan -p %u %s after comparing fingerprints.%s",
		    name, key->type, key->print, t->conf->port,
		    t->conf->hostname,
		    authority ? " (Host certificates are not supported; there "
				"is a @cert-authority for it.)"
			      : "");
	}
	free(subject);
	return v;
}

enum trust_verdict
trust_check(struct trust *t, const struct hostkey *key)
{
	const char *files[HOSTKEYS_FILES];
	size_t n = files_of(t, files);
	struct hostkey_found found, plain;
	char name[320], host[256];

	name_of(t, name, sizeof name);
	switch (hostkeys_check(index_of(t), files, n, name, key, &found)) {
	case HOSTKEY_OK:
		return TRUST_YES;
	case HOSTKEY_CHANGED:
		return changed(t, name, key, &found);
	case HOSTKEY_REVOKED:
		return revoked(t, name, key, &found);
	case HOSTKEY_UNKNOWN:
	default:
		break;
	}
	/* As ssh does: a key known without its port will do. */
	hostkeys_name(host, sizeof host, t->conf->hostname, 22);
	if (t->conf->alias == NULL && t->conf->port != 22)
		switch (
		    hostkeys_check(index_of(t), files, n, host, key, &plain)) {
		case HOSTKEY_OK:
			return TRUST_YES;
		case HOSTKEY_REVOKED:
			return revoked(t, name, key, &plain);
		default:
			break;
		}
	return unknown(t, name, key, found.authority);
}

void
trust_release(struct trust *t)
{
	free(t->title);
	free(t->question);
	t->title = t->question = NULL;
}

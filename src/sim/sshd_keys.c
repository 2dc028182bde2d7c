/*
 * Keys of the simulated machines: each SSH server has one that libssh's
 * ssh_bind carries, and all let the same client key in.
 */
#include <errno.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rackmux/base/log.h"
#include "rackmux/base/text.h"

#include "sshd_in.h"

struct host_key {
	ssh_bind bind;
	char *text;
	unsigned users;
};

void
host_key_drop(struct host_key *k)
{
	if (k == NULL || --k->users > 0)
		return;
	ssh_bind_free(k->bind);
	free(k->text);
	free(k);
}

struct host_key *
host_key_new(void)
{
	struct host_key *k = mem_alloc(sizeof(*k));
	ssh_key key = NULL;
	char *b64 = NULL;
	bool no = false;

	k->users = 1;
	k->bind = ssh_bind_new();
	if (k->bind == NULL ||
	    ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK ||
	    ssh_pki_export_pubkey_base64(key, &b64) != SSH_OK) {
		ssh_key_free(key);
		host_key_drop(k);
		return NULL;
	}
	k->text = mem_printf("ssh-ed25519 %s", b64);
	ssh_string_free_char(b64);
	ssh_bind_options_set(k->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
	ssh_bind_options_set(k->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key);
	return k;
}

struct host_key *
host_key_use(struct host_key *k)
{
	k->users++;
	return k;
}

const char *
host_key_text(const struct host_key *k)
{
	return k->text;
}

static void
no_log(int priority, const char *function, const char *text, void *arg)
{
	(void)arg;
	if (priority <= SSH_LOG_WARN)
		log_debug("libssh: %s: %s", function, text);
}

struct sshd *
sshd_new(struct loop *loop, char *err, size_t size)
{
	struct sshd *d;

	ssh_set_log_callback(no_log);
	if (ssh_init() != SSH_OK) {
		str_copy(err, size, "libssh does not start");
		return NULL;
	}
	d = mem_alloc(sizeof(*d));
	d->loop = loop;
	if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &d->client) != SSH_OK) {
		str_copy(err, size, "cannot make a client key");
		free(d);
		return NULL;
	}
	return d;
}

void
sshd_free(struct sshd *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < KEYS_MAX; i++)
		host_key_drop(d->keys[i]);
	ssh_key_free(d->client);
	free(d);
	ssh_finalize();
}

int
sshd_write_key(struct sshd *d, const char *path, char *err, size_t size)
{
	char *public = mem_printf("%s.pub", path);
	mode_t old = umask(077);
	int rc;

	(void)unlink(path);
	rc = ssh_pki_export_privkey_file(d->client, NULL, NULL, NULL, path);
	if (rc == SSH_OK)
		rc = ssh_pki_export_pubkey_file(d->client, public);
	(void)umask(old);
	free(public);
	if (rc == SSH_OK && chmod(path, 0600) == 0)
		return 0;
	str_format(err, size, "%s: cannot write the key", path);
	return -EIO;
}

struct ssh_bind_struct *
host_key_bind(struct host_key *k)
{
	return k->bind;
}

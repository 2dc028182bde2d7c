/*
 * The only file that sees libssh (0.10.6), and where its traps are kept.
 *
 * libssh gets a duplicate of our descriptor, because it closes its own when it
 * likes and the number is then used again; it clears O_NONBLOCK while it
 * connects, so that is set again; it must not read anybody's configuration,
 * known_hosts or log to stderr. Any call may handle packets of all channels
 * of its session, so callbacks only copy and flag. A channel whose close
 * could not be sent yet must be closed again until it was, or the server
 * counts it as open for ever.
 */
#include "ssh_lib.h"

#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define PUMPS 16
#define WRITE_MAX 32768u
#define CONNECTING_PUMPS 4

struct sess {
	ssh_session ssh;
	ssh_event event;
	struct ssh_counter_struct count;
	struct chan *chans;
	char error[256];
	char text[1024];
};

struct chan {
	struct chan *next;
	struct sess *sess; /* NULL: the session is over */
	ssh_channel ch;
	struct ssh_channel_callbacks_struct cb;
	chan_data_fn *data;
	void *arg;
	bool eof, closed, freed, opening, opened, forward;
	int status;
	char signal[32];
};

struct key {
	ssh_key key;
	char *base64;
};

static void
to_log(int priority, const char *function, const char *text, void *arg)
{
	(void)priority;
	(void)function;
	(void)arg;
	log_debug("libssh: %s", text);
}

void
ssh_lib_init(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	ssh_set_log_callback(to_log);
	ssh_set_log_level(SSH_LOG_NOLOG);
	ssh_init();
}

static enum ssh_rc
rc_of(int rc)
{
	return rc == SSH_OK ? RC_OK : rc == SSH_AGAIN ? RC_AGAIN : RC_ERROR;
}

static enum ssh_rc
rc_of_auth(int rc)
{
	switch (rc) {
	case SSH_AUTH_SUCCESS:
		return RC_OK;
	case SSH_AUTH_AGAIN:
		return RC_AGAIN;
	case SSH_AUTH_DENIED:
		return RC_DENIED;
	case SSH_AUTH_PARTIAL:
		return RC_PARTIAL;
	case SSH_AUTH_INFO:
		return RC_INFO;
	default:
		return RC_ERROR;
	}
}

/* --- sessions ----------------------------------------------------------- */

/* A name is needed, but not used: the connection is made, and host keys are
 * looked up elsewhere. libssh refuses names with an underscore. */
static bool
set_options(struct sess *s, const struct sess_options *o, int fd)
{
	unsigned port = o->port;
	bool no = false;

	return ssh_options_set(s->ssh, SSH_OPTIONS_PROCESS_CONFIG, &no) == 0 &&
	    ssh_options_set(s->ssh, SSH_OPTIONS_HOST, "board") == 0 &&
	    ssh_options_set(s->ssh, SSH_OPTIONS_PORT, &port) == 0 &&
	    ssh_options_set(s->ssh, SSH_OPTIONS_USER, o->user) == 0 &&
	    ssh_options_set(s->ssh, SSH_OPTIONS_KNOWNHOSTS, "/dev/null") == 0 &&
	    ssh_options_set(
		s->ssh, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") == 0 &&
	    ssh_options_set(s->ssh, SSH_OPTIONS_HOSTKEYS, o->hostkeys) == 0 &&
	    ssh_options_set(s->ssh, SSH_OPTIONS_FD, &fd) == 0;
}

struct sess *
sess_new(const struct sess_options *o)
{
	struct sess *s = mem_alloc(sizeof *s);
	int fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);

	s->ssh = ssh_new();
	if (fd < 0 || s->ssh == NULL || !set_options(s, o, fd)) {
		if (fd >= 0)
			close(fd);
		ssh_free(s->ssh);
		free(s);
		return NULL;
	}
	ssh_set_blocking(s->ssh, 0);
	ssh_set_counters(s->ssh, &s->count, NULL);
	return s;
}

static void
chans_orphan(struct sess *s)
{
	struct chan *c;

	while ((c = s->chans) != NULL) {
		s->chans = c->next;
		c->sess = NULL;
		c->ch = NULL;
		c->closed = true;
		if (c->freed)
			free(c);
	}
}

void
sess_free(struct sess *s)
{
	int fd;

	if (s == NULL)
		return;
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		c->data = NULL;
	if (s->event != NULL) {
		ssh_event_remove_session(s->event, s->ssh);
		ssh_event_free(s->event);
	}
	/* ssh_disconnect() does not close a descriptor that was given to it,
	 * ssh_free() does, unless it was disconnected before. */
	fd = ssh_get_fd(s->ssh);
	ssh_disconnect(s->ssh);
	ssh_free(s->ssh);
	if (fd >= 0)
		close(fd);
	chans_orphan(s);
	mem_wipe(s, sizeof *s);
	free(s);
}

bool
sess_dead(const struct sess *s)
{
	return ssh_get_fd(s->ssh) < 0 || !ssh_is_connected(s->ssh) ||
	    (ssh_get_status(s->ssh) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0;
}

bool
sess_wants_write(struct sess *s)
{
	return (ssh_get_poll_flags(s->ssh) & SSH_WRITE_PENDING) != 0;
}

const char *
sess_error(struct sess *s)
{
	const char *text = ssh_get_error(s->ssh);

	if (text == NULL)
		text = "";
	return text_clean(s->error, sizeof s->error, text, strlen(text));
}

unsigned long long
sess_in(const struct sess *s)
{
	return s->count.in_bytes;
}

unsigned long long
sess_out(const struct sess *s)
{
	return s->count.out_bytes;
}

bool
sess_has_banner(struct sess *s)
{
	return ssh_get_serverbanner(s->ssh) != NULL;
}

enum ssh_rc
sess_connect(struct sess *s)
{
	int rc = SSH_AGAIN, fd;

	/* Each call reads at most 4 kB. */
	for (int i = 0; i < CONNECTING_PUMPS && rc == SSH_AGAIN; i++) {
		rc = ssh_connect(s->ssh);
		fd = ssh_get_fd(s->ssh);
		if (fd >= 0)
			fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
	}
	return rc_of(rc);
}

bool
sess_hostkey(struct sess *s, struct hostkey *out)
{
	ssh_key key = NULL;
	char *base64 = NULL;
	bool ok;

	memset(out, 0, sizeof *out);
	if (ssh_get_server_publickey(s->ssh, &key) != SSH_OK)
		return false;
	ok = ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK &&
	    str_copy(out->base64, sizeof out->base64, base64) &&
	    hostkeys_print(out->print, sizeof out->print, base64);
	if (ssh_key_type(key) == SSH_KEYTYPE_ECDSA_P256 ||
	    ssh_key_type(key) == SSH_KEYTYPE_ECDSA_P384 ||
	    ssh_key_type(key) == SSH_KEYTYPE_ECDSA_P521)
		str_copy(
		    out->type, sizeof out->type, ssh_pki_key_ecdsa_name(key));
	else
		str_copy(out->type, sizeof out->type,
		    ssh_key_type_to_char(ssh_key_type(key)));
	ssh_string_free_char(base64);
	ssh_key_free(key);
	return ok;
}

/* --- authentication ----------------------------------------------------- */

enum ssh_rc
sess_auth_none(struct sess *s)
{
	return rc_of_auth(ssh_userauth_none(s->ssh, NULL));
}

unsigned
sess_methods(struct sess *s)
{
	int list = ssh_userauth_list(s->ssh, NULL);
	unsigned out = 0;

	if (list & (int)SSH_AUTH_METHOD_PUBLICKEY)
		out |= METHOD_KEY;
	if (list & (int)SSH_AUTH_METHOD_INTERACTIVE)
		out |= METHOD_KBDINT;
	if (list & (int)SSH_AUTH_METHOD_PASSWORD)
		out |= METHOD_PASSWORD;
	return out;
}

enum ssh_rc
sess_auth_offer(struct sess *s, struct key *key)
{
	return rc_of_auth(ssh_userauth_try_publickey(s->ssh, NULL, key->key));
}

enum ssh_rc
sess_auth_key(struct sess *s, struct key *key)
{
	return rc_of_auth(ssh_userauth_publickey(s->ssh, NULL, key->key));
}

enum ssh_rc
sess_auth_password(struct sess *s, const char *password)
{
	return rc_of_auth(ssh_userauth_password(s->ssh, NULL, password));
}

enum ssh_rc
sess_auth_kbdint(struct sess *s)
{
	return rc_of_auth(ssh_userauth_kbdint(s->ssh, NULL, NULL));
}

int
sess_kbdint_count(struct sess *s)
{
	return ssh_userauth_kbdint_getnprompts(s->ssh);
}

const char *
sess_kbdint_prompt(struct sess *s, int i, bool *echo)
{
	char e = 0;
	const char *text =
	    ssh_userauth_kbdint_getprompt(s->ssh, (unsigned)i, &e);

	*echo = e != 0;
	if (text == NULL)
		text = "";
	return text_clean(s->text, sizeof s->text, text, strlen(text));
}

const char *
sess_kbdint_intro(struct sess *s)
{
	const char *text = ssh_userauth_kbdint_getinstruction(s->ssh);

	if (text == NULL || text[0] == '\0')
		text = ssh_userauth_kbdint_getname(s->ssh);
	if (text == NULL)
		text = "";
	return text_clean(s->text, sizeof s->text, text, strlen(text));
}

void
sess_kbdint_answer(struct sess *s, int i, const char *text)
{
	ssh_userauth_kbdint_setanswer(s->ssh, (unsigned)i, text);
}

void
sess_set_agent(struct sess *s, int fd)
{
	if (ssh_set_agent_socket(s->ssh, fd) != SSH_OK)
		close(fd);
}

enum ssh_rc
sess_auth_agent(struct sess *s)
{
	return rc_of_auth(ssh_userauth_agent(s->ssh, NULL));
}

bool
sess_begin(struct sess *s)
{
	s->event = ssh_event_new();
	if (s->event == NULL)
		return false;
	if (ssh_event_add_session(s->event, s->ssh) == SSH_OK)
		return true;
	ssh_event_free(s->event);
	s->event = NULL;
	return false;
}

static enum ssh_rc
open_again(struct chan *c)
{
	int rc = c->forward
	    ? ssh_channel_open_forward(c->ch, "", 0, "127.0.0.1", 0)
	    : ssh_channel_open_session(c->ch);

	c->opening = rc == SSH_AGAIN;
	c->opened = rc == SSH_OK;
	return rc_of(rc);
}

/* A channel that the peer has not confirmed yet has no number to close. */
static bool
closed_now(struct chan *c)
{
	if (c->opening && open_again(c) == RC_AGAIN)
		return false;
	if (c->opened && ssh_channel_close(c->ch) == SSH_AGAIN)
		return false;
	ssh_remove_channel_callbacks(c->ch, &c->cb);
	ssh_channel_free(c->ch);
	return true;
}

static void
retry_closes(struct sess *s)
{
	struct chan **p = &s->chans, *c;

	while ((c = *p) != NULL) {
		if (!c->freed || !closed_now(c)) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		free(c);
	}
}

enum ssh_rc
sess_pump(struct sess *s, bool *more)
{
	int rc = SSH_AGAIN, i;

	for (i = 0; i < PUMPS; i++) {
		rc = ssh_event_dopoll(s->event, 0);
		if (rc != SSH_OK)
			break;
	}
	*more = rc == SSH_OK;
	if (rc == SSH_ERROR)
		return RC_ERROR;
	retry_closes(s);
	return i == 0 ? RC_AGAIN : RC_OK;
}

/* --- keys --------------------------------------------------------------- */

static int
note_encrypted(
    const char *prompt, char *buf, size_t len, int echo, int verify, void *arg)
{
	(void)prompt;
	(void)buf;
	(void)len;
	(void)echo;
	(void)verify;
	*(bool *)arg = true;
	return -1;
}

static struct key *
key_wrap(ssh_key k)
{
	struct key *key = mem_alloc(sizeof *key);
	char *base64 = NULL;

	key->key = k;
	if (ssh_pki_export_pubkey_base64(k, &base64) == SSH_OK)
		key->base64 = mem_strdup(base64);
	ssh_string_free_char(base64);
	return key;
}

struct key *
key_load(const char *path, const char *passphrase, enum key_state *state)
{
	ssh_key k = NULL;
	bool encrypted = false;
	int rc = ssh_pki_import_privkey_file(
	    path, passphrase, note_encrypted, &encrypted, &k);

	if (rc == SSH_OK && k != NULL) {
		*state = KEY_OK;
		return key_wrap(k);
	}
	if (encrypted)
		*state = KEY_ENCRYPTED;
	else
		*state = access(path, R_OK) < 0 ? KEY_MISSING : KEY_BAD;
	return NULL;
}

struct key *
key_load_public(const char *path)
{
	ssh_key k = NULL;
	char *pub = mem_printf("%s.pub", path);
	int rc = ssh_pki_import_pubkey_file(pub, &k);

	free(pub);
	if (rc != SSH_OK)
		rc = ssh_pki_import_pubkey_file(path, &k);
	return rc == SSH_OK && k != NULL ? key_wrap(k) : NULL;
}

void
key_free(struct key *key)
{
	if (key == NULL)
		return;
	ssh_key_free(key->key);
	free(key->base64);
	free(key);
}

const char *
key_base64(const struct key *key)
{
	return key->base64 != NULL ? key->base64 : "";
}

/* --- channels: inside libssh, copy and flag only ------------------------ */

static int
on_data(ssh_session ssh, ssh_channel ch, void *data, uint32_t len,
    int is_stderr, void *arg)
{
	struct chan *c = arg;

	(void)ssh;
	(void)ch;
	if (c->data == NULL)
		return (int)len;
	return (int)c->data(c->arg, data, len, is_stderr != 0);
}

static void
on_eof(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct chan *)arg)->eof = true;
}

static void
on_close(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct chan *)arg)->closed = true;
}

static void
on_status(ssh_session ssh, ssh_channel ch, int status, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct chan *)arg)->status = status;
}

static void
on_signal(ssh_session ssh, ssh_channel ch, const char *name, int core,
    const char *text, const char *lang, void *arg)
{
	struct chan *c = arg;

	(void)ssh;
	(void)ch;
	(void)core;
	(void)text;
	(void)lang;
	if (name != NULL)
		text_clean(c->signal, sizeof c->signal, name, strlen(name));
}

struct chan *
chan_new(struct sess *s, chan_data_fn *data, void *arg)
{
	ssh_channel ch = ssh_channel_new(s->ssh);
	struct chan *c;

	if (ch == NULL)
		return NULL;
	c = mem_alloc(sizeof *c);
	c->ch = ch;
	c->sess = s;
	c->data = data;
	c->arg = arg;
	c->status = -1;
	c->cb.userdata = c;
	c->cb.channel_data_function = on_data;
	c->cb.channel_eof_function = on_eof;
	c->cb.channel_close_function = on_close;
	c->cb.channel_exit_status_function = on_status;
	c->cb.channel_exit_signal_function = on_signal;
	ssh_callbacks_init(&c->cb);
	ssh_set_channel_callbacks(ch, &c->cb);
	c->next = s->chans;
	s->chans = c;
	return c;
}

void
chan_free(struct chan *c)
{
	if (c == NULL)
		return;
	c->data = NULL;
	c->freed = true;
	if (c->sess == NULL)
		free(c);
	else
		retry_closes(c->sess);
}

enum ssh_rc
chan_open(struct chan *c)
{
	return open_again(c);
}

enum ssh_rc
chan_open_tcp(struct chan *c, const char *host, unsigned port)
{
	int rc =
	    ssh_channel_open_forward(c->ch, host, (int)port, "127.0.0.1", 0);

	c->forward = true;
	c->opening = rc == SSH_AGAIN;
	c->opened = rc == SSH_OK;
	return rc_of(rc);
}

enum ssh_rc
chan_pty(struct chan *c, int rows, int cols)
{
	return rc_of(
	    ssh_channel_request_pty_size(c->ch, "xterm-256color", cols, rows));
}

enum ssh_rc
chan_shell(struct chan *c)
{
	return rc_of(ssh_channel_request_shell(c->ch));
}

enum ssh_rc
chan_exec(struct chan *c, const char *cmd)
{
	return rc_of(ssh_channel_request_exec(c->ch, cmd));
}

long
chan_write(struct chan *c, const char *data, size_t len)
{
	uint32_t window = ssh_channel_window_size(c->ch);
	uint32_t n = len < WRITE_MAX ? (uint32_t)len : WRITE_MAX;
	int rc;

	if (window == 0 || sess_wants_write(c->sess))
		return 0;
	rc = ssh_channel_write(c->ch, data, n < window ? n : window);
	return rc == SSH_AGAIN ? 0 : rc < 0 ? -1 : rc;
}

long
chan_read(struct chan *c, char *out, size_t size, bool err)
{
	int n;

	if (c->ch == NULL)
		return 0;
	n = ssh_channel_read_nonblocking(c->ch, out, (uint32_t)size, err);
	return n > 0 ? n : 0;
}

enum ssh_rc
chan_eof(struct chan *c)
{
	return rc_of(ssh_channel_send_eof(c->ch));
}

bool
chan_resize(struct chan *c, int rows, int cols)
{
	return ssh_channel_change_pty_size(c->ch, cols, rows) == SSH_OK;
}

bool
chan_break(struct chan *c)
{
	return ssh_channel_request_send_break(c->ch, 500) == SSH_OK;
}

bool
chan_at_eof(const struct chan *c)
{
	return c->eof || c->closed;
}

bool
chan_closed(const struct chan *c)
{
	return c->closed;
}

int
chan_status(const struct chan *c)
{
	return c->status;
}

const char *
chan_signal(const struct chan *c)
{
	return c->signal;
}

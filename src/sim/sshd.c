/*
 * libssh's server side, all sessions in one process. Each session has an
 * ssh_event of its own, polled with timeout 0 when the loop saw its socket
 * ready: one event for all costs O(n) a wake-up. libssh owns one descriptor
 * of the connection, we watch a duplicate, because libssh closes its own
 * whenever it sees fit and the number is then reused. Its callbacks only
 * copy and flag; whatever frees, writes or closes happens after it has
 * returned. What a program prints goes through a queue of ours, so libssh
 * never runs on a coroutine's small stack. A channel may carry a connection
 * to a port of the machine (direct-tcpip) instead of a program.
 */
#include "rackmux/sim/sshd.h"

#include <errno.h>
#include <fcntl.h>
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/log.h"
#include "rackmux/base/text.h"

#include "listen.h"
#include "rackmux/sim/tcp.h"
#include "sshd_in.h"

#define CHUNK_MAX 32768
#define AUTH_TRIES 6
#define POLLS_MAX 16

struct channel {
	struct channel *next;
	struct session *session;
	ssh_channel ch;
	struct ssh_channel_callbacks_struct cb;
	struct proc *proc;
	struct shell_args args;
	char *command;
	struct outq q;
	struct tcp tcp; /* instead of all these */
	int status;
	bool forwards, pty, started, ended, finished, gone;
};

struct session {
	struct session *next;
	struct endpoint *endpoint;
	ssh_session ses;
	ssh_event event;
	struct ssh_server_callbacks_struct cb;
	struct io *io;
	struct task *task;
	struct timer *timer;
	struct channel *channels;
	int fd, tries;
	bool keyed, authed, closing, mute, first_done;
};

/* --- channels --- */

static void
chan_free(struct channel *c)
{
	struct proc *p = c->proc;

	c->proc = NULL;
	proc_free(p);
	if (c->forwards)
		tcp_release(&c->tcp);
	ssh_remove_channel_callbacks(c->ch, &c->cb);
	ssh_channel_free(c->ch);
	outq_release(&c->q);
	free(c->command);
	free(c);
}

static size_t
chan_write(void *arg, const char *text, size_t len, bool err)
{
	struct channel *c = arg;

	len = outq_add(&c->q, c->session->endpoint, text, len, err);
	task_post(c->session->task);
	return len;
}

static void
chan_ended(void *arg, int status)
{
	struct channel *c = arg;

	c->ended = true;
	c->status = status;
	task_post(c->session->task);
}

static void
chan_finish(struct channel *c)
{
	if (!c->finished) {
		c->finished = true;
		ssh_channel_request_send_exit_status(c->ch, c->status);
		ssh_channel_send_eof(c->ch);
	}
	ssh_channel_close(c->ch);
}

/* Send what the peer's window and the socket take. */
static bool
chan_send(struct channel *c, struct buf *b, bool err)
{
	uint32_t n;
	int sent;

	while (b->len > 0) {
		if (ssh_get_poll_flags(c->session->ses) & SSH_WRITE_PENDING)
			return false;
		n = ssh_channel_window_size(c->ch);
		if (n == 0)
			return false;
		if (n > b->len)
			n = (uint32_t)b->len;
		if (n > CHUNK_MAX)
			n = CHUNK_MAX;
		sent = err ? ssh_channel_write_stderr(c->ch, b->data, n)
			   : ssh_channel_write(c->ch, b->data, n);
		if (sent <= 0)
			return false;
		buf_drop(b, (size_t)sent);
	}
	buf_release(b); /* an idle channel holds no memory */
	buf_init(b, 0);
	return true;
}

static void
chan_flush(struct channel *c)
{
	uint64_t now = loop_now(c->session->endpoint->sshd->loop);
	bool done;

	if (c->gone || c->finished)
		return;
	if (c->q.hold_until > now) {
		timer_start(c->session->timer, c->q.hold_until - now);
		return;
	}
	done = chan_send(c, &c->q.err, true);
	done = chan_send(c, &c->q.out, false) && done;
	if (done && c->ended)
		chan_finish(c);
	else if (c->q.full && outq_has_room(&c->q) && c->proc != NULL) {
		c->q.full = false;
		proc_writable(c->proc);
	}
}

/* The same for a forwarded connection. */
static void
chan_forward(struct channel *c)
{
	struct tcp *t = &c->tcp;
	uint32_t n, room;
	int sent = 1;

	while (t->out.len > 0 && sent > 0 && !c->gone && !c->finished) {
		room = ssh_channel_window_size(c->ch);
		n = t->out.len < room ? (uint32_t)t->out.len : room;
		if (n == 0 ||
		    (ssh_get_poll_flags(c->session->ses) & SSH_WRITE_PENDING))
			return;
		if (n > CHUNK_MAX)
			n = CHUNK_MAX;
		sent = ssh_channel_write(c->ch, t->out.data, n);
		if (sent > 0)
			tcp_sent(t, (size_t)sent);
	}
	if (tcp_over(t) && !c->finished && !c->gone) {
		c->finished = true;
		if (!t->reset)
			ssh_channel_send_eof(c->ch);
		ssh_channel_close(c->ch);
	}
}

static int
on_data(ssh_session ses, ssh_channel ch, void *data, uint32_t len, int err,
    void *arg)
{
	struct channel *c = arg;

	(void)ses;
	(void)ch;
	if (c->forwards && !err)
		tcp_input(&c->tcp, data, len);
	else if (c->proc != NULL && !err && !c->ended)
		proc_input(c->proc, data, len);
	return (int)len;
}

static void
on_eof(ssh_session ses, ssh_channel ch, void *arg)
{
	struct channel *c = arg;

	(void)ses;
	(void)ch;
	if (c->forwards)
		tcp_eof(&c->tcp);
	else if (c->proc != NULL && !c->ended)
		proc_input_eof(c->proc);
}

static void
on_close(ssh_session ses, ssh_channel ch, void *arg)
{
	struct channel *c = arg;

	(void)ses;
	(void)ch;
	c->gone = true;
	task_post(c->session->task);
}

static void
on_signal(ssh_session ses, ssh_channel ch, const char *name, void *arg)
{
	struct channel *c = arg;

	(void)ses;
	(void)ch;
	if (c->proc == NULL || c->ended)
		return;
	if (strcmp(name, "INT") == 0 && c->pty)
		proc_input(c->proc, "\003", 1);
	else
		proc_hangup(c->proc);
}

static int
on_pty(ssh_session ses, ssh_channel ch, const char *term, int w, int h, int pw,
    int ph, void *arg)
{
	struct channel *c = arg;

	(void)ses;
	(void)ch;
	(void)term;
	(void)w;
	(void)h;
	(void)pw;
	(void)ph;
	c->pty = true;
	return 0;
}

static int
on_resize(
    ssh_session ses, ssh_channel ch, int w, int h, int pw, int ph, void *arg)
{
	return on_pty(ses, ch, NULL, w, h, pw, ph, arg);
}

static int
chan_start(struct channel *c, const char *command)
{
	static const struct proc_io io = {
		.write = chan_write,
		.ended = chan_ended,
	};

	struct machine *m = c->session->endpoint->o.machine;

	if (c->started)
		return 1;
	c->started = true;
	c->command = mem_strdup(command);
	c->args.command = c->command;
	c->proc = proc_new(m, c->pty, &io, c,
	    m->shell_main != NULL ? m->shell_main : proc_main_shell, &c->args);
	return 0;
}

static int
on_exec(ssh_session ses, ssh_channel ch, const char *command, void *arg)
{
	(void)ses;
	(void)ch;
	return chan_start(arg, command);
}

static int
on_shell(ssh_session ses, ssh_channel ch, void *arg)
{
	(void)ses;
	(void)ch;
	return chan_start(arg, NULL);
}

static int
on_env(ssh_session ses, ssh_channel ch, const char *name, const char *value,
    void *arg)
{
	(void)ses;
	(void)ch;
	(void)name;
	(void)value;
	(void)arg;
	return 1; /* refused, as sshd does without AcceptEnv */
}

static struct channel *
chan_new(struct session *s, ssh_channel ch)
{
	struct channel *c;

	c = mem_alloc(sizeof(*c));
	c->session = s;
	c->ch = ch;
	c->cb.userdata = c;
	c->cb.channel_data_function = on_data;
	c->cb.channel_eof_function = on_eof;
	c->cb.channel_close_function = on_close;
	c->cb.channel_signal_function = on_signal;
	c->cb.channel_pty_request_function = on_pty;
	c->cb.channel_pty_window_change_function = on_resize;
	c->cb.channel_exec_request_function = on_exec;
	c->cb.channel_shell_request_function = on_shell;
	c->cb.channel_env_request_function = on_env;
	ssh_callbacks_init(&c->cb);
	ssh_set_channel_callbacks(ch, &c->cb);
	c->next = s->channels;
	s->channels = c;
	return c;
}

static ssh_channel
on_open(ssh_session ses, void *arg)
{
	struct session *s = arg;
	ssh_channel ch = s->authed ? ssh_channel_new(ses) : NULL;

	if (ch != NULL)
		(void)chan_new(s, ch);
	return ch;
}

static void
on_tcp_wake(void *arg)
{
	task_post(((struct channel *)arg)->session->task);
}

/* A connection from the machine itself, to itself: 0, or 1 when nobody
 * listens there, which libssh tells as a refusal. */
static int
on_forward(struct session *s, ssh_message msg)
{
	struct machine *m = s->endpoint->o.machine;
	const char *host = ssh_message_channel_request_open_destination(msg);
	int port = ssh_message_channel_request_open_destination_port(msg);
	struct channel *c;
	ssh_channel ch;

	if (!s->authed || host == NULL || !machine_is_host(m, host) ||
	    m->tcp == NULL || !m->tcp(m, (unsigned)port, NULL))
		return 1;
	ch = ssh_message_channel_request_open_reply_accept(msg);
	if (ch == NULL)
		return 0;
	c = chan_new(s, ch);
	c->forwards = true;
	tcp_init(&c->tcp, on_tcp_wake, c);
	if (!m->tcp(m, (unsigned)port, &c->tcp))
		tcp_reset(&c->tcp);
	return 0;
}

/* --- authentication --- */

static unsigned
methods(const struct session *s)
{
	const struct endpoint_options *o = &s->endpoint->o;

	if (o->two_step)
		return s->first_done ? SSH_AUTH_METHOD_PASSWORD
				     : SSH_AUTH_METHOD_PUBLICKEY;
	return SSH_AUTH_METHOD_PUBLICKEY |
	    (o->kbdint ? SSH_AUTH_METHOD_INTERACTIVE
		       : SSH_AUTH_METHOD_PASSWORD);
}

static int
refuse(struct session *s)
{
	if (++s->tries >= AUTH_TRIES)
		s->closing = true;
	ssh_set_auth_methods(s->ses, (int)methods(s));
	return SSH_AUTH_DENIED;
}

static bool
user_ok(const struct session *s, const char *user)
{
	return user != NULL &&
	    (strcmp(user, s->endpoint->o.machine->user) == 0 ||
		strcmp(user, "root") == 0);
}

static bool
password_ok(const struct session *s, const char *user, const char *password)
{
	return user_ok(s, user) && password != NULL &&
	    !s->endpoint->trouble.refuse_auth &&
	    strcmp(password, s->endpoint->o.machine->password) == 0;
}

static int
on_none(ssh_session ses, const char *user, void *arg)
{
	struct session *s = arg;

	(void)user;
	ssh_set_auth_methods(ses, (int)methods(s));
	return SSH_AUTH_DENIED;
}

static int
on_password(ssh_session ses, const char *user, const char *password, void *arg)
{
	struct session *s = arg;

	(void)ses;
	if (!(methods(s) & (unsigned)SSH_AUTH_METHOD_PASSWORD) ||
	    !password_ok(s, user, password))
		return refuse(s);
	s->authed = true;
	return SSH_AUTH_SUCCESS;
}

static int
on_pubkey(ssh_session ses, const char *user, struct ssh_key_struct *key,
    char state, void *arg)
{
	struct session *s = arg;

	if (!user_ok(s, user) || s->endpoint->trouble.refuse_auth ||
	    !(methods(s) & (unsigned)SSH_AUTH_METHOD_PUBLICKEY) ||
	    ssh_key_cmp(key, s->endpoint->sshd->client, SSH_KEY_CMP_PUBLIC))
		return refuse(s);
	if (state == SSH_PUBLICKEY_STATE_NONE)
		return SSH_AUTH_SUCCESS;
	if (state != SSH_PUBLICKEY_STATE_VALID)
		return refuse(s);
	if (s->endpoint->o.two_step) {
		s->first_done = true;
		ssh_set_auth_methods(ses, (int)methods(s));
		return SSH_AUTH_PARTIAL;
	}
	s->authed = true;
	return SSH_AUTH_SUCCESS;
}

static int
on_interactive(struct session *s, ssh_message msg)
{
	const char *prompts[] = { "Password: " };
	const char *answer;
	char echo[] = { 0 };

	if (!(methods(s) & (unsigned)SSH_AUTH_METHOD_INTERACTIVE))
		return 1;
	if (!ssh_message_auth_kbdint_is_response(msg)) {
		ssh_message_auth_interactive_request(
		    msg, "", "", 1, prompts, echo);
		return 0;
	}
	answer = ssh_userauth_kbdint_getnanswers(s->ses) == 1
	    ? ssh_userauth_kbdint_getanswer(s->ses, 0)
	    : NULL;
	if (password_ok(s, s->endpoint->o.machine->user, answer)) {
		s->authed = true;
		ssh_message_auth_reply_success(msg, 0);
		return 0;
	}
	refuse(s);
	return 1;
}

/* What no callback took: keyboard-interactive, and requests to refuse. */
static int
on_message(ssh_session ses, ssh_message msg, void *arg)
{
	struct session *s = arg;

	(void)ses;
	if (ssh_message_type(msg) == SSH_REQUEST_AUTH &&
	    ssh_message_subtype(msg) == SSH_AUTH_METHOD_INTERACTIVE)
		return on_interactive(s, msg);
	if (ssh_message_type(msg) == SSH_REQUEST_CHANNEL_OPEN &&
	    ssh_message_subtype(msg) == SSH_CHANNEL_DIRECT_TCPIP)
		return on_forward(s, msg);
	if (ssh_message_type(msg) == SSH_REQUEST_AUTH)
		ssh_message_auth_set_methods(msg, (int)methods(s));
	return 1;
}

/* --- sessions --- */

/* A machine that is reset says no farewell: take libssh's descriptor away
 * from under it. */
static void
cut_off(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && null >= 0)
		(void)dup3(null, fd, O_CLOEXEC);
	if (null >= 0)
		close(null);
}

void
session_free(struct session *s, bool reset)
{
	struct endpoint *e = s->endpoint;
	struct session **at = &e->sessions;
	struct channel *c;
	int fd;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	e->n_sessions--;
	io_free(s->io);
	task_free(s->task);
	timer_free(s->timer);
	fd = ssh_get_fd(s->ses);
	if (reset)
		cut_off(fd);
	while ((c = s->channels) != NULL) {
		s->channels = c->next;
		chan_free(c);
	}
	if (s->event != NULL) {
		ssh_event_remove_session(s->event, s->ses);
		ssh_event_free(s->event);
	}
	fd = ssh_get_fd(s->ses);
	ssh_disconnect(s->ses);
	ssh_free(s->ses);
	if (fd >= 0)
		close(fd);
	if (reset)
		listen_reset(s->fd);
	else
		close(s->fd);
	free(s);
}

static bool
session_dead(const struct session *s)
{
	return ssh_get_fd(s->ses) < 0 || !ssh_is_connected(s->ses) ||
	    (ssh_get_status(s->ses) & (SSH_CLOSED | SSH_CLOSED_ERROR));
}

static bool
session_quiet(const struct session *s)
{
	return s->mute || s->endpoint->mode == ENDPOINT_DARK ||
	    s->endpoint->mode == ENDPOINT_STALLED;
}

static void
reap_channels(struct session *s)
{
	struct channel **at = &s->channels, *c;

	while ((c = *at) != NULL) {
		if (c->gone) {
			*at = c->next;
			chan_free(c);
			continue;
		}
		if (c->ended && c->proc != NULL) {
			struct proc *p = c->proc;

			c->proc = NULL;
			proc_free(p);
		}
		if (c->forwards)
			chan_forward(c);
		else
			chan_flush(c);
		at = &c->next;
	}
}

/* False when the session is over. */
static bool
session_pump(struct session *s)
{
	int i, rc = SSH_OK;

	if (!s->keyed) {
		rc = ssh_handle_key_exchange(s->ses);
		if (rc == SSH_AGAIN)
			return !session_dead(s);
		if (rc != SSH_OK)
			return false;
		s->keyed = true;
		s->event = ssh_event_new();
		if (s->event == NULL ||
		    ssh_event_add_session(s->event, s->ses) != SSH_OK)
			return false;
	}
	for (i = 0; i < POLLS_MAX && rc == SSH_OK; i++)
		rc = ssh_event_dopoll(s->event, 0);
	return rc != SSH_ERROR && !session_dead(s);
}

static void
session_step(struct session *s)
{
	int events = IO_READ;

	if (session_quiet(s)) {
		io_want(s->io, 0);
		return;
	}
	if (!session_pump(s)) {
		session_free(s, false);
		return;
	}
	reap_channels(s);
	if (session_dead(s) || s->closing) {
		session_free(s, false);
		return;
	}
	if (ssh_get_poll_flags(s->ses) & SSH_WRITE_PENDING)
		events |= IO_WRITE;
	io_want(s->io, events);
}

static void
on_io(void *arg, int events)
{
	struct session *s = arg;

	if ((events & IO_HUP) && session_quiet(s)) {
		session_free(s, true);
		return;
	}
	if (events & IO_HUP) {
		if (session_pump(s))
			session_free(s, false);
		else
			session_free(s, true);
		return;
	}
	session_step(s);
}

static void
on_task(void *arg)
{
	session_step(arg);
}

static void
session_callbacks(struct session *s)
{
	s->cb.userdata = s;
	s->cb.auth_none_function = on_none;
	s->cb.auth_password_function = on_password;
	s->cb.auth_pubkey_function = on_pubkey;
	s->cb.channel_open_request_session_function = on_open;
	ssh_callbacks_init(&s->cb);
	ssh_set_server_callbacks(s->ses, &s->cb);
	ssh_set_message_callback(s->ses, on_message, s);
	ssh_set_auth_methods(s->ses, (int)methods(s));
}

void
session_new(struct endpoint *e, struct host_key *k, int fd)
{
	struct session *s;
	ssh_session ses = ssh_new();
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (ses == NULL || own < 0 ||
	    ssh_bind_accept_fd(host_key_bind(k), ses, fd) != SSH_OK) {
		log_warn("sim: cannot take a connection: %s", strerror(errno));
		ssh_free(ses);
		close(fd);
		if (own >= 0)
			close(own);
		return;
	}
	ssh_set_blocking(ses, 0);
	s = mem_alloc(sizeof(*s));
	s->endpoint = e;
	s->ses = ses;
	s->fd = own;
	s->mute = e->mode == ENDPOINT_NO_BANNER;
	s->task = task_new(e->sshd->loop, on_task, s);
	s->timer = timer_new(e->sshd->loop, on_task, s);
	s->io = io_new(e->sshd->loop, own, on_io, s);
	s->next = e->sessions;
	e->sessions = s;
	e->n_sessions++;
	session_callbacks(s);
	session_step(s);
}

struct session *
session_next(struct session *s)
{
	return s->next;
}

void
session_wake(struct session *s, bool unmute)
{
	if (unmute)
		s->mute = false;
	task_post(s->task);
}

void
session_flood(struct session *s, size_t len)
{
	struct channel *c;

	for (c = s->channels; c != NULL; c = c->next)
		if (c->started && !c->ended)
			outq_flood(&c->q, len);
	task_post(s->task);
}

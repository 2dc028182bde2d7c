/*
 * The SSH transport: from a URL to a session with streams.
 *
 * Each phase has a deadline of its own, because libssh has none that work
 * when it does not block. The descriptor's events only ask for a step; steps
 * run as tasks, within the loop's budget, so 256 handshakes leave the screen
 * alive. After each step the session is asked if it is dead: libssh says
 * "again" for ever on one that has ended.
 */
#include "rackmux/link/transport.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/link/hostkeys.h"
#include "rackmux/link/pool.h"
#include "rackmux/link/sshconfig.h"

#include "ssh_agent.h"
#include "ssh_auth.h"
#include "ssh_hop.h"
#include "ssh_keys.h"
#include "ssh_lib.h"
#include "ssh_route.h"
#include "ssh_stream.h"
#include "ssh_trust.h"

#define CONNECT_MS 5000
#define BANNER_MS 5000
#define HANDSHAKE_MS 15000
#define OPERATOR_MS 100000 /* OpenSSH ends a login after 120 s */
#define GARBAGE_MAX (64 * 1024)

enum phase { WAITING, CONFIG, KEYS, ROUTE, WIRE, BANNER, KEX, AUTH, UP, DOWN };

struct ssh {
	struct transport t;
	struct loop *loop;
	struct link_pool *pool;
	struct transport_sink sink;
	void *arg;

	struct link_config config;
	char *name, *user, *identity, *password_cmd, *known_hosts, *file;
	struct url url;
	char *via;
	unsigned depth;

	enum phase phase;
	struct task *task;
	struct timer *deadline;
	struct pool_slot *slot;
	struct sshconfig_wait *conf_wait;
	struct sshconfig conf;
	struct route *route;
	int fd;
	struct io *io;
	struct sess *sess;
	struct auth *auth;
	struct ssh_streams streams;
	unsigned long long in, out; /* of the session that was */
	bool hup, patient, asked;
	unsigned busy;
	bool freed;
};

/* --- the end ------------------------------------------------------------ */

static void
tear_down(struct ssh *t, const char *why)
{
	timer_stop(t->deadline);
	task_cancel(t->task);
	pool_leave(t->slot);
	t->slot = NULL;
	sshconfig_cancel(t->conf_wait);
	t->conf_wait = NULL;
	io_free(t->io);
	t->io = NULL;
	if (t->sess != NULL) {
		t->in = sess_in(t->sess);
		t->out = sess_out(t->sess);
	}
	if (t->auth != NULL && auth_holds(t->auth))
		auth_bequeath(t->auth, t->sess);
	else
		sess_free(t->sess);
	t->sess = NULL;
	auth_free(t->auth);
	t->auth = NULL;
	route_free(t->route);
	t->route = NULL;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	t->phase = DOWN;
	ssh_streams_end(&t->streams, why);
}

static void
destroy(struct ssh *t)
{
	timer_free(t->deadline);
	task_free(t->task);
	sshconfig_release(&t->conf);
	free(t->name);
	free(t->user);
	free(t->identity);
	free(t->password_cmd);
	free(t->known_hosts);
	free(t->file);
	free(t->via);
	free(t);
}

/* Every way in from the loop goes through these two, so that a sink may free
 * the transport in the middle of one. */
static void
enter(struct ssh *t)
{
	t->busy++;
}

static void
leave(struct ssh *t)
{
	if (--t->busy == 0 && t->freed)
		destroy(t);
}

static void
down(struct ssh *t, enum link_why why, const char *text, bool retry)
{
	char *copy;

	if (t->phase == DOWN)
		return;
	copy = mem_strdup(text);
	log_info("%s: %s: %s", t->name, link_why_name(why), copy);
	tear_down(t, copy);
	if (!t->freed)
		t->sink.on_down(t->arg, why, copy, retry);
	free(copy);
}

static void
ssh_free_transport(struct transport *base)
{
	struct ssh *t = (struct ssh *)base;

	if (t->freed)
		return;
	t->freed = true;
	enter(t);
	if (t->phase != DOWN)
		tear_down(t, "the connection was closed");
	leave(t);
}

static void
wake(void *arg)
{
	struct ssh *t = arg;

	if (t->phase != DOWN)
		task_post(t->task);
}

static void
state(struct ssh *t, enum link_state s)
{
	t->sink.on_state(t->arg, s);
}

static void
on_ask(void *arg, const struct link_ask *ask)
{
	struct ssh *t = arg;

	t->asked = true;
	t->sink.on_ask(t->arg, ask);
}

/* --- deadlines ---------------------------------------------------------- */

static void
on_deadline(void *arg)
{
	struct ssh *t = arg;
	char text[400];

	enter(t);
	if (t->phase == BANNER && !route_direct(t->route)) {
		str_format(text, sizeof text,
		    "%s: nothing comes through the proxy or jump host",
		    t->conf.hostname);
		down(t, LINK_WHY_TIMEOUT, text, true);
	} else if (t->phase == BANNER && sess_in(t->sess) == 0) {
		str_format(text, sizeof text,
		    "%s accepts the connection, but no SSH server talks: the "
		    "machine may be wedged",
		    t->conf.hostname);
		down(t, LINK_WHY_BANNER, text, true);
	} else if (t->phase == BANNER) {
		str_format(text, sizeof text, "%s talks, but not SSH",
		    t->conf.hostname);
		down(t, LINK_WHY_PROTOCOL, text, true);
	} else {
		str_format(text, sizeof text, "%s: %s took too long",
		    t->conf.hostname,
		    t->phase == AUTH ? "logging in" : "the key exchange");
		down(t, LINK_WHY_TIMEOUT, text, true);
	}
	leave(t);
}

/* --- the handshake ------------------------------------------------------ */

static bool
no_common(const char *error)
{
	return strstr(error, "no match for method") != NULL;
}

/* The session ended, or never became one. */
static void
broke(struct ssh *t)
{
	const char *error = sess_error(t->sess);
	const char *said = route_said(t->route);
	unsigned long long in = sess_in(t->sess);
	enum link_why why = LINK_WHY_RESET;
	char text[800];

	if (t->phase == BANNER && in > 0)
		why = LINK_WHY_PROTOCOL;
	if (no_common(error))
		why = LINK_WHY_PROTOCOL;
	if (t->phase == BANNER && in == 0)
		error = "it said nothing before it ended the connection";
	if (error[0] == '\0')
		error = why == LINK_WHY_PROTOCOL ? "what it says is not SSH"
						 : "the connection was closed";
	str_format(text, sizeof text, "%s: %s%s%s%s", t->conf.hostname, error,
	    no_common(error) ? " (post-quantum key exchange is not available)"
			     : "",
	    said[0] != '\0' ? "; the proxy said: " : "", said);
	down(t, why, text, why != LINK_WHY_PROTOCOL || !no_common(error));
}

static void
check_host(struct ssh *t)
{
	struct trust trust = { .pool = t->pool,
		.conf = &t->conf,
		.known_hosts = t->known_hosts,
		.interactive = t->config.interactive };
	struct hostkey key;

	if (!sess_hostkey(t->sess, &key)) {
		down(t, LINK_WHY_PROTOCOL, "the server showed no host key",
		    true);
		return;
	}
	switch (trust_check(&trust, &key)) {
	case TRUST_YES:
		t->phase = AUTH;
		state(t, LINK_AUTH);
		break;
	case TRUST_ASK:
		state(t, LINK_HOSTKEY);
		if (t->phase != DOWN)
			on_ask(t, &trust.ask);
		down(t, LINK_WHY_ASKING, trust.text, false);
		break;
	case TRUST_NO:
	default:
		down(t, LINK_WHY_HOSTKEY, trust.text, false);
	}
	trust_release(&trust);
}

static void
step_kex(struct ssh *t)
{
	enum ssh_rc rc = sess_connect(t->sess);

	if (rc == RC_ERROR || sess_dead(t->sess)) {
		broke(t);
		return;
	}
	if (t->phase == BANNER && sess_has_banner(t->sess)) {
		t->phase = KEX;
		timer_start(t->deadline, HANDSHAKE_MS);
	}
	if (t->phase == BANNER && sess_in(t->sess) > GARBAGE_MAX) {
		char text[400];

		str_format(text, sizeof text,
		    "%s talks without end, but not SSH", t->conf.hostname);
		down(t, LINK_WHY_PROTOCOL, text, true);
		return;
	}
	if (rc == RC_OK)
		check_host(t);
}

static void
come_up(struct ssh *t)
{
	timer_stop(t->deadline);
	pool_leave(t->slot);
	t->slot = NULL;
	auth_free(t->auth);
	t->auth = NULL;
	if (!sess_begin(t->sess)) {
		broke(t);
		return;
	}
	t->phase = UP;
	t->streams.sess = t->sess;
	t->sink.on_up(t->arg);
	wake(t);
}

static void
step_auth(struct ssh *t)
{
	enum auth_result result = auth_step(t->auth, t->sess);
	bool patient;

	if (t->phase == DOWN)
		return;
	switch (result) {
	case AUTH_OK:
		come_up(t);
		return;
	case AUTH_ASKING:
		down(t, LINK_WHY_ASKING, auth_text(t->auth), false);
		return;
	case AUTH_FAILED:
		down(t, LINK_WHY_AUTH, auth_text(t->auth), false);
		return;
	default:
		break;
	}
	patient = auth_patient(t->auth);
	if (patient != t->patient)
		timer_start(t->deadline, patient ? OPERATOR_MS : HANDSHAKE_MS);
	t->patient = patient;
	if (auth_holds(t->auth) || !sess_dead(t->sess))
		return;
	if (auth_ended(t->auth, t->sess))
		down(t, LINK_WHY_AUTH, auth_text(t->auth), false);
	else
		broke(t);
}

static void
step_up(struct ssh *t)
{
	bool more = false;
	enum ssh_rc rc = sess_pump(t->sess, &more);

	if (rc != RC_ERROR)
		ssh_streams_step(&t->streams);
	if (t->phase == DOWN)
		return;
	if (rc == RC_ERROR || sess_dead(t->sess)) {
		broke(t);
		return;
	}
	if (more)
		wake(t);
}

/* A hang-up is shown once only, and may come before what was said last. */
static void
after_hup(struct ssh *t, unsigned long long before)
{
	if (sess_in(t->sess) != before)
		wake(t);
	else
		broke(t);
}

static bool begin_session(struct ssh *);

static void
on_step(void *arg)
{
	struct ssh *t = arg;
	unsigned long long before;

	if (t->phase == WIRE && !begin_session(t))
		return;
	if (t->phase < BANNER || t->phase == DOWN)
		return;
	if (t->phase == AUTH && auth_holds(t->auth))
		return;
	enter(t);
	pool_touch(t->slot);
	before = sess_in(t->sess);
	if (t->phase == BANNER || t->phase == KEX)
		step_kex(t);
	if (t->phase == AUTH)
		step_auth(t);
	else if (t->phase == UP)
		step_up(t);
	if (t->phase != DOWN && t->phase == AUTH && auth_holds(t->auth))
		;
	else if (t->phase != DOWN && t->io == NULL)
		after_hup(t, before);
	else if (t->phase != DOWN)
		io_want(t->io,
		    IO_READ | (sess_wants_write(t->sess) ? IO_WRITE : 0));
	leave(t);
}

static void
on_io(void *arg, int events)
{
	struct ssh *t = arg;

	if ((events & IO_HUP) != 0) {
		io_free(t->io);
		t->io = NULL;
	} else {
		io_want(t->io, 0);
	}
	task_post(t->task);
}

/* --- the way there ------------------------------------------------------ */

static void
on_resolved(void *arg)
{
	state(arg, LINK_CONNECTING);
}

static void
on_fail(void *arg, enum link_why why, const char *text, bool retry)
{
	struct ssh *t = arg;

	enter(t);
	down(t, why, text, retry);
	leave(t);
}

/* False when it went down instead. */
static bool
begin_session(struct ssh *t)
{
	char order[400];
	struct sess_options o = { .fd = t->fd,
		.port = t->conf.port,
		.user = t->conf.user,
		.hostkeys = order };
	struct trust trust = {
		.pool = t->pool, .conf = &t->conf, .known_hosts = t->known_hosts
	};

	enter(t);
	trust_order(&trust, order, sizeof order);
	t->sess = sess_new(&o);
	if (t->sess == NULL) {
		down(t, LINK_WHY_LOCAL,
		    "no session could be made (descriptors, memory, or a "
		    "name that is none)",
		    true);
		leave(t);
		return false;
	}
	t->phase = BANNER;
	t->io = io_new(t->loop, t->fd, on_io, t);
	/* A proxy program may have a handshake of its own to do. */
	timer_start(
	    t->deadline, route_direct(t->route) ? BANNER_MS : HANDSHAKE_MS);
	leave(t);
	return true;
}

/* Many connect in one turn: what follows waits for its share of the budget. */
static void
on_fd(void *arg, int fd)
{
	struct ssh *t = arg;

	t->fd = fd;
	t->phase = WIRE;
	task_post(t->task);
}

static const struct route_sink route_sink = { on_resolved, on_fd, on_fail,
	on_ask };

static void
start_route(struct ssh *t)
{
	struct route_request r = { .pool = t->pool,
		.conf = &t->conf,
		.config = &t->config,
		.host = t->url.host,
		.via = t->via,
		.depth = t->depth };

	r.connect_ms = t->config.connect_ms != 0 ? t->config.connect_ms
	    : t->conf.connect_ms != 0            ? t->conf.connect_ms
						 : CONNECT_MS;
	t->phase = ROUTE;
	t->route = route_start(&r, &route_sink, t);
}

static void
on_auth_wake(void *arg)
{
	struct ssh *t = arg;

	if (t->phase == KEYS && auth_ready(t->auth))
		start_route(t);
	else
		wake(t);
}

static const struct auth_sink auth_sink = { on_auth_wake, on_ask };

static void
on_config(void *arg, const struct sshconfig *conf, const char *why)
{
	struct ssh *t = arg;
	struct auth_options o = { .pool = t->pool,
		.conf = &t->conf,
		.identity = t->identity,
		.password_cmd = t->password_cmd,
		.interactive = t->config.interactive };

	enter(t);
	t->conf_wait = NULL;
	if (conf == NULL) {
		down(t, LINK_WHY_LOCAL, why, false);
		leave(t);
		return;
	}
	sshconfig_copy(&t->conf, conf);
	t->phase = KEYS;
	t->auth = auth_new(&o, &auth_sink, t);
	auth_prepare(t->auth);
	if (auth_ready(t->auth))
		start_route(t);
	leave(t);
}

static void *
configs_make(struct link_pool *pool)
{
	return sshconfigs_new(pool_loop(pool));
}

static void
configs_drop(void *arg)
{
	sshconfigs_free(arg);
}

static void
on_turn(void *arg)
{
	struct ssh *t = arg;
	struct sshconfigs *all =
	    pool_share(t->pool, "sshconfig", configs_make, configs_drop);
	struct sshconfig_query q = {
		.host = t->url.host, .port = t->url.port, .file = t->file
	};

	q.user = t->url.user[0] != '\0' ? t->url.user : t->user;
	enter(t);
	t->phase = CONFIG;
	state(t, LINK_RESOLVING);
	if (t->phase == CONFIG)
		t->conf_wait = sshconfig_get(all, &q, on_config, t);
	leave(t);
}

/* --- what a link calls -------------------------------------------------- */

struct transport *
ssh_hop_start(struct link_pool *pool, const struct link_config *config,
    const struct url *url, const char *via, unsigned depth,
    const struct transport_sink *sink, void *arg)
{
	struct ssh *t = mem_alloc(sizeof *t);

	ssh_lib_init();
	keys_init(pool);
	agents_init(pool);
	t->t.ops = &ssh_transport;
	t->loop = pool_loop(pool);
	t->pool = pool;
	t->sink = *sink;
	t->arg = arg;
	t->config = *config;
	t->config.name = t->name =
	    mem_strdup(config->name != NULL ? config->name : url->host);
	t->config.url = NULL;
	t->config.user = t->user = mem_strdup(config->user);
	t->config.identity = t->identity = mem_strdup(config->identity);
	t->config.password_cmd = t->password_cmd =
	    mem_strdup(config->password_cmd);
	t->config.known_hosts = t->known_hosts =
	    mem_strdup(config->known_hosts);
	t->config.ssh_config = t->file = mem_strdup(config->ssh_config);
	t->url = *url;
	t->via = mem_strdup(via);
	t->depth = depth;
	t->fd = -1;
	t->task = task_new(t->loop, on_step, t);
	t->deadline = timer_new(t->loop, on_deadline, t);
	t->streams.wake = wake;
	t->streams.arg = t;
	t->slot = pool_enter(pool, on_turn, t);
	return &t->t;
}

static struct transport *
ssh_start(struct loop *loop, struct link_pool *pool,
    const struct link_config *config, const struct url *url,
    const struct transport_sink *sink, void *arg)
{
	(void)loop;
	return ssh_hop_start(pool, config, url, NULL, 0, sink, arg);
}

static struct stream *
ssh_open(struct transport *base, const struct stream_request *r,
    const struct stream_sink *sink, void *arg, int *err)
{
	struct ssh *t = (struct ssh *)base;

	return ssh_stream_open(&t->streams, r, sink, arg, err);
}

static unsigned long long
ssh_received(const struct transport *base)
{
	const struct ssh *t = (const struct ssh *)base;

	return t->sess != NULL ? sess_in(t->sess) : t->in;
}

static unsigned long long
ssh_sent(const struct transport *base)
{
	const struct ssh *t = (const struct ssh *)base;

	return t->sess != NULL ? sess_out(t->sess) : t->out;
}

static void
ssh_answer(struct transport *base, unsigned id, const char *text)
{
	pool_answer(((struct ssh *)base)->pool, id, text);
}

const struct transport_ops ssh_transport = {
	.scheme = "ssh",
	.can =
	    LINK_CAN_RUN | LINK_CAN_EXEC | LINK_CAN_STREAM | LINK_CAN_CONNECT,
	.start = ssh_start,
	.open = ssh_open,
	.received = ssh_received,
	.sent = ssh_sent,
	.answer = ssh_answer,
	.free = ssh_free_transport,
};

/*
 * The one shell of a connection. On a serial line it is what makes the link
 * up, and it may want a password: from the pool, where it stays known, from
 * a command, or from the operator, in this order.
 */
#include "link_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

#define NO_SHELL_MS 30000 /* before a shell is tried again */

void
link_close_shell(struct link *l)
{
	struct shell *s = l->shell;

	l->shell = NULL;
	shell_free(s);
}

static void
on_ready(void *arg)
{
	struct link *l = arg;
	struct conn *c = l->conn;

	conn_enter(c);
	task_post(l->post);
	if (!l->up)
		link_is_up(l);
	conn_leave(c);
}

static void
password_subject(const struct link *l, char *out, size_t size)
{
	str_format(out, size, "%s at %s",
	    l->config.user ? l->config.user : "root", l->config.url);
}

static void
on_dead(void *arg, enum link_why why, const char *text)
{
	struct link *l = arg;
	struct conn *c = l->conn;
	char subject[URL_MAX + 80], copy[sizeof(l->no_shell_why)];

	conn_enter(c);
	str_copy(copy, sizeof(copy), text);
	runs_shell_lost(l, copy);
	link_close_shell(l);
	task_post(l->post);
	if (why == LINK_WHY_AUTH) {
		password_subject(l, subject, sizeof(subject));
		pool_forget(l->pool, ASK_PASSWORD, subject);
	}
	if (l->ops->login && why != LINK_WHY_TIMEOUT) {
		/* Told soon: if it is the transport that ends, it knows
		 * better why. */
		l->shell_lost = true;
		l->shell_why = why;
		str_copy(l->no_shell_why, sizeof(l->no_shell_why), copy);
	} else if (why == LINK_WHY_SHELL) {
		str_copy(l->no_shell_why, sizeof(l->no_shell_why), copy);
		l->no_shell_until = loop_now(l->loop) + NO_SHELL_MS;
	}
	conn_leave(c);
}

static void
on_password(void *arg, const char *password, const char *why)
{
	struct link *l = arg;
	struct conn *c = l->conn;

	conn_enter(c);
	if (password)
		shell_login(l->shell, password);
	else
		link_fail(l, LINK_WHY_AUTH, why, false);
	conn_leave(c);
}

static void
ask_password(struct link *l, const char *subject)
{
	char title[160];
	struct link_ask ask = {
		.kind = ASK_PASSWORD,
		.title = title,
		.text = "The login on this line wants a password.",
	};

	ask.id = l->password_id = pool_ask(l->pool, ASK_PASSWORD, subject);
	str_format(title, sizeof(title), "Password of %s on %s",
	    l->config.user ? l->config.user : "root", l->config.name);
	link_raise_ask(l, &ask);
}

void
link_give_password(struct link *l)
{
	char subject[URL_MAX + 80], *copy;
	const char *text = NULL;

	password_subject(l, subject, sizeof(subject));
	switch (pool_reply(l->pool, ASK_PASSWORD, subject, &text)) {
	case POOL_GIVEN:
		copy = mem_strdup(text);
		shell_login(l->shell, copy);
		mem_wipe_str(&copy);
		return;
	case POOL_DECLINED:
		shell_login(l->shell, NULL);
		return;
	case POOL_UNASKED:
	case POOL_PENDING:
		break;
	}
	if (l->config.password_cmd) {
		passcmd_free(l->passcmd);
		l->passcmd = passcmd_start(
		    l->loop, l->config.password_cmd, on_password, l);
	} else if (l->config.interactive) {
		ask_password(l, subject);
	} else {
		shell_login(l->shell, NULL);
	}
}

static void
on_login(void *arg, bool password)
{
	struct link *l = arg;
	struct conn *c = l->conn;

	conn_enter(c);
	link_enter(l);
	if (!l->up && !link_set_state(l, LINK_AUTH, LINK_WHY_NONE, ""))
		;
	else if (!l->shell)
		;
	else if (password)
		link_give_password(l);
	else
		shell_login(l->shell, l->config.user ? l->config.user : "root");
	link_leave(l);
	conn_leave(c);
}

static const struct shell_sink shell_sink = {
	.on_ready = on_ready,
	.on_dead = on_dead,
	.on_login = on_login,
};

bool
link_open_shell(struct link *l)
{
	struct stream_request request = { .kind = STREAM_SHELL };
	struct stream *stream;
	const struct def *d;
	int err = 0;

	l->shell = shell_new(l->loop, l->ops->login, &shell_sink, l);
	stream = l->conn->t->ops->open(
	    l->conn->t, &request, &shell_stream_sink, l->shell, &err);
	if (!stream) {
		link_close_shell(l);
		str_format(l->no_shell_why, sizeof(l->no_shell_why),
		    "cannot open a shell: %s", strerror(-err));
		return false;
	}
	for (d = l->defs; d; d = d->next)
		shell_define(l->shell, d->name, d->body);
	shell_attach(l->shell, stream);
	silence_begin(l);
	return true;
}

#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/buf.h"
#include "rackmux/base/mem.h"
#include "rackmux/driver/recipe.h"

/*
 * What each link of a board is given: its own key, else that of its board,
 * else that of the ssh group. The user of a board is not that of its nodes
 * (root on the controller, ubuntu on a node), so it does not pass on.
 *
 * Everything that a link depends on is also written into one text. A reload
 * compares those texts, so no field can be forgotten in a comparison.
 */

static const char *
first(const char *a, const char *b, const char *c)
{
	return a != NULL ? a : b != NULL ? b : c;
}

unsigned
plan_poll_ms(const struct config *c, const struct config_board *b)
{
	double s = b->o.poll > 0 ? b->o.poll : c->top.poll;

	return (unsigned)(s * 1000 + 0.5);
}

static void
add(struct buf *key, const char *s)
{
	buf_printf(key, "|%s", s != NULL ? s : "");
}

static void
finish(struct plan *p)
{
	struct buf key;

	buf_init(&key, 0);
	buf_printf(&key, "%d|%u|%s", p->slot, p->poll_ms,
	    p->driver != NULL ? p->driver->type : "");
	add(&key, p->url);
	add(&key, p->user);
	add(&key, p->identity);
	add(&key, p->known_hosts);
	add(&key, p->ssh_config);
	add(&key, p->password_cmd);
	add(&key, p->recipe != NULL ? p->recipe->id : NULL);
	for (size_t i = 0; i < p->n_settings; i++) {
		add(&key, p->settings[i].key);
		add(&key, p->settings[i].text);
	}
	p->key = mem_strdup(buf_str(&key));
	buf_release(&key);
}

static void
plan_controller(
    const struct config *c, const struct config_board *b, struct plan *p)
{
	p->slot = b->driver->whole_board ? 0 : 1;
	p->driver = b->driver;
	p->url = b->o.link;
	p->user = first(b->o.user, c->ssh.user, b->driver->user);
	p->identity = first(b->o.identity, c->ssh.identity, NULL);
	p->known_hosts = first(b->o.known_hosts, c->ssh.known_hosts, NULL);
	p->password_cmd =
	    first(b->o.password_command, c->ssh.password_command, NULL);
}

static void
plan_node(const struct config *c, const struct config_board *b,
    const struct opts_node *n, struct plan *p)
{
	p->slot = n->slot;
	p->driver = b->driver->whole_board ? driver_find("linux") : b->driver;
	p->url = n->link;
	p->user = first(n->user, c->ssh.user, p->driver->user);
	p->identity = first(n->identity, b->o.identity, c->ssh.identity);
	p->known_hosts =
	    first(n->known_hosts, b->o.known_hosts, c->ssh.known_hosts);
	p->password_cmd = first(n->password_command, b->o.password_command,
	    c->ssh.password_command);
}

size_t
plan_board(
    const struct config *c, const struct config_board *b, struct plan *out)
{
	size_t n = 0;

	memset(out, 0, PLANS_MAX * sizeof *out);
	if (b->o.link != NULL)
		plan_controller(c, b, &out[n++]);
	for (size_t i = 0; i < b->n_nodes && n < PLANS_MAX; i++)
		if (b->nodes[i].o.link != NULL)
			plan_node(c, b, &b->nodes[i].o, &out[n++]);
	for (size_t i = 0; i < n; i++) {
		out[i].ssh_config = c->ssh.config;
		if (out[i].driver == b->driver) {
			out[i].recipe = b->recipe;
			out[i].settings = b->settings;
			out[i].n_settings = b->n_settings;
		}
		out[i].poll_ms = plan_poll_ms(c, b);
		finish(&out[i]);
	}
	return n;
}

void
plan_feed(const struct config *c, const struct config_feed *f, struct plan *p)
{
	double s = f->o.poll > 0 ? f->o.poll : c->top.poll;

	memset(p, 0, sizeof *p);
	p->driver = f->driver;
	p->url = first(f->o.link, f->driver->link, NULL);
	p->user = first(f->o.user, c->ssh.user, f->driver->user);
	p->identity = first(f->o.identity, c->ssh.identity, NULL);
	p->known_hosts = first(f->o.known_hosts, c->ssh.known_hosts, NULL);
	p->password_cmd =
	    first(f->o.password_command, c->ssh.password_command, NULL);
	p->ssh_config = c->ssh.config;
	p->settings = f->settings;
	p->n_settings = f->n_settings;
	p->poll_ms = (unsigned)(s * 1000 + 0.5);
	finish(p);
}

void
plan_release(struct plan *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(p[i].key);
}

/* What the board itself depends on: if this differs it is made anew. */
char *
plan_rig_key(const struct config *c, const struct config_board *b)
{
	struct buf key;
	char *text;

	buf_init(&key, 0);
	buf_printf(&key, "%s|%s|%d|%d|%d|%u", b->o.name, b->o.type, b->o.unit,
	    b->o.height, b->slots, plan_poll_ms(c, b));
	for (size_t i = 0; i < b->n_nodes; i++)
		buf_printf(&key, "|%d=%s", b->nodes[i].o.slot,
		    b->nodes[i].o.name != NULL ? b->nodes[i].o.name : "");
	text = mem_strdup(buf_str(&key));
	buf_release(&key);
	return text;
}

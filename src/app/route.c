#include <string.h>
#include <unistd.h>

#include "rackmux/base/text.h"
#include "rackmux/link/url.h"

#include "attach.h"

/*
 * By which way a node's console is reached: what the configuration says of
 * it, else what the board's driver knows, else what the node's own does.
 */

const struct config_board *
route_config(const struct session *s, const struct rig *rig, size_t *at)
{
	size_t n = s->config != NULL ? s->config->n_boards : 0;

	for (size_t k = 0; k < n && !rig->target; k++) {
		size_t i = (*at + k) % n;

		if (strcmp(s->config->boards[i].o.name, rig->board->name) ==
		    0) {
			*at = i + 1;
			return &s->config->boards[i];
		}
	}
	return NULL;
}

static const struct opts_node *
node_options(const struct config_board *cb, int slot)
{
	for (size_t i = 0; cb != NULL && i < cb->n_nodes; i++)
		if (cb->nodes[i].o.slot == slot)
			return &cb->nodes[i].o;
	return NULL;
}

static struct wire *
wire_of(const struct rig *rig, int slot)
{
	for (size_t i = 0; i < rig->n_wires; i++)
		if (rig->wires[i]->slot == slot)
			return rig->wires[i];
	return NULL;
}

static struct link *
link_of(const struct wire *w)
{
	return w != NULL ? w->link : NULL;
}

/* Each process opens a login shell of its own; all else is one line that all
 * processes of the user share. The same program for two nodes is two lines. */
static void
name_line(struct route *r, const struct node *n)
{
	const char *url = r->way.by == WAY_BY_OWN ? r->url
	    : r->link != NULL                     ? link_url(r->link)
						  : "";

	if (r->way.kind == WAY_LOGIN)
		str_format(r->line, sizeof r->line, "%s #%d login %ld", url,
		    n->slot, (long)getpid());
	else if (str_starts(url, "exec:"))
		str_format(r->line, sizeof r->line, "%s %s/%d", url,
		    n->board->name, n->slot);
	else if (r->way.by == WAY_BY_OWN)
		str_format(r->line, sizeof r->line, "%s %s", url, r->way.cmd);
	else
		str_format(r->line, sizeof r->line, "%s #%d", url, n->slot);
}

static void
command_way(struct route *r, const struct opts_node *o)
{
	if (o->console_command == NULL)
		return;
	r->way.kind = WAY_PTY;
	str_copy(r->way.cmd, sizeof r->way.cmd, o->console_command);
	way_manners(&r->way);
}

/* What the configuration knows of the link serves the console's too. */
static void
own(struct session *s, const struct config_board *cb, const struct opts_node *o,
    struct route *r, const char *url)
{
	const struct opts_ssh *ssh = &s->config->ssh;

	str_copy(r->url, sizeof r->url, url);
	r->way.by = WAY_BY_OWN;
	r->own = (struct link_config){ .url = r->url,
		.identity = o != NULL && o->identity ? o->identity
		    : cb->o.identity                 ? cb->o.identity
						     : ssh->identity,
		.known_hosts = o != NULL && o->known_hosts ? o->known_hosts
		    : cb->o.known_hosts                    ? cb->o.known_hosts
							   : ssh->known_hosts,
		.password_cmd = o != NULL && o->password_command
		    ? o->password_command
		    : cb->o.password_command ? cb->o.password_command
					     : ssh->password_command,
		.user = o != NULL && o->user ? o->user : ssh->user,
		.ssh_config = ssh->config };
}

static void
own_way(struct route *r)
{
	struct url url;
	char err[128];

	r->way.kind = WAY_LINE;
	if (!url_parse(&url, r->url, false, err, sizeof err))
		return;
	r->way.baud = url.baud;
	if (strcmp(url.scheme, "ssh") == 0)
		r->way.kind = WAY_LOGIN;
	if (strcmp(url.scheme, "serial") == 0) {
		str_copy(r->way.device, sizeof r->way.device, url.host);
		r->way.sends_break = true;
	} else {
		r->way.baud = 0;
		r->way.sends_break = strcmp(url.scheme, "telnet") == 0;
	}
	if (strcmp(url.scheme, "exec") == 0) {
		str_copy(r->way.cmd, sizeof r->way.cmd, url.cmd);
		way_manners(&r->way);
	}
}

static void
by_config(struct session *s, const struct config_board *cb, struct rig *rig,
    const struct node *n, const struct opts_node *o, struct route *r)
{
	const char *where = o->console;

	r->configured = true;
	if (where != NULL && strcmp(where, "none") == 0) {
		r->why = "The configuration says that it has none.";
		return;
	}
	r->found = true;
	if (where == NULL) {
		r->way.by = WAY_BY_BOARD;
		r->link = link_of(wire_of(rig, 0));
		if (r->link == NULL) {
			r->way.by = WAY_BY_NODE;
			r->link = link_of(wire_of(rig, n->slot));
		}
	} else if (strcmp(where, "ssh") == 0) {
		r->way.kind = WAY_LOGIN;
		r->way.by = WAY_BY_NODE;
		r->link = link_of(wire_of(rig, n->slot));
	} else {
		own(s, cb, o, r, where);
		own_way(r);
	}
	command_way(r, o);
}

/* The board's own word comes first, also while it has not spoken or does not
 * yet know by which way: a node must not change from one console to another
 * while its board connects. */
static bool
board_has_yet_to_say(const struct wire *w, int slot)
{
	const struct origin *o;
	struct inst *in;
	struct way way;

	if (w == NULL || w->intake == NULL)
		return w != NULL && w->link != NULL;
	o = intake_origin(w->intake);
	in = intake_inst(w->intake);
	return o->cannot_slots < slot ||
	    (inst_can(in, slot, ACT_CONSOLE) == NULL &&
		!inst_console(in, slot, &way));
}

static void
by_driver(struct session *s, const struct config_board *cb, struct rig *rig,
    const struct node *n, const struct opts_node *o, struct route *r)
{
	struct wire *wires[] = { wire_of(rig, 0), wire_of(rig, n->slot) };

	if (board_has_yet_to_say(wires[0], n->slot)) {
		r->why = "Its board is not connected yet.";
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(wires) && !r->found; i++) {
		struct wire *w = wires[i];

		if (w == NULL || w->intake == NULL)
			continue;
		r->found =
		    inst_console(intake_inst(w->intake), n->slot, &r->way);
		if (!r->found)
			continue;
		r->link = r->way.by == WAY_BY_NODE
		    ? link_of(wire_of(rig, n->slot))
		    : w->link;
		if (r->way.by == WAY_BY_OWN && cb != NULL)
			own(s, cb, o, r, r->way.device);
		else if (r->way.by == WAY_BY_OWN)
			r->found = false;
	}
	if (!r->found)
		r->why = node_cannot(n, ACT_CONSOLE);
}

void
route_find(struct session *s, const struct config_board *cb, struct rig *rig,
    const struct node *n, struct route *r)
{
	const struct opts_node *o = node_options(cb, n->slot);

	memset(r, 0, sizeof *r);
	way_init(&r->way);
	r->log = s->config == NULL || s->config->console.log;
	r->capture = o != NULL ? o->capture : cb != NULL && cb->o.capture;
	if (o != NULL && (o->console != NULL || o->console_command != NULL))
		by_config(s, cb, rig, n, o, r);
	else
		by_driver(s, cb, rig, n, o, r);
	if (r->found)
		name_line(r, n);
	else if (r->why == NULL)
		r->why = "Its console is not known yet.";
}

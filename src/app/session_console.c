#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/bus.h"
#include "rackmux/console/console.h"
#include "rackmux/link/url.h"
#include "wire.h"

#include "attach.h"

/*
 * Consoles follow their nodes: which there are, by which way and link each is
 * reached, and what it tells goes into the model. What is known of that changes
 * with every round of a driver, so it is looked at again once a second, and
 * soon after a link has changed.
 */

enum { SYNC_MS = 1000, SOON_MS = 50, SILENCE_STEP_S = 1 };

struct attachments {
	struct session *session;
	struct consoles *set;
	struct alerts *alerts;
	struct timer *sync;
	struct attached **v;
	size_t n;
	size_t found; /* find() looks behind it first */
};

/* --- what the consoles say ---------------------------------------------- */

static struct node *
node_of(const struct attached *a)
{
	return a->slot <= a->board->slots ? a->board->nodes[a->slot - 1] : NULL;
}

static void
on_change(void *arg, struct console *c)
{
	struct session *s = ((struct attachments *)arg)->session;

	if (s->sink != NULL && s->sink->console_changed != NULL)
		s->sink->console_changed(s->sink_arg, c);
}

static bool
up_and_well(enum stage st)
{
	return st == STAGE_LOGIN || st == STAGE_SHELL || st == STAGE_KERNEL;
}

static void
on_stage(void *arg, struct console *c, enum stage from, enum stage to)
{
	struct attached *a = console_user(c);
	struct node *n = node_of(a);

	(void)arg;
	(void)from;
	if (n == NULL)
		return;
	if (up_and_well(to))
		node_alarm(n, false, NULL, NULL);
	if (to == STAGE_RESCUE || to == STAGE_MASKROM)
		node_alarm(n, true, stage_name(to), stage_meaning(to));
	if (to == STAGE_LOGIN && from == STAGE_INIT)
		model_event(n->board->model, EVENT_GOOD, n->board, n,
		    "booted: a login prompt waits on its console");
	attached_tell(a, n);
}

static void
on_alert(void *arg, struct console *c, const struct alert_pattern *p,
    const char *line)
{
	struct node *n = node_of(console_user(c));

	(void)arg;
	if (n == NULL)
		return;
	node_alarm(n, p->level == ALERT_BAD, p->name, line);
	model_event(n->board->model,
	    p->level == ALERT_BAD ? EVENT_BAD : EVENT_WARN, n->board, n,
	    "%s: %s", p->name, line);
}

static void
on_event(void *arg, struct console *c, int level, const char *text)
{
	static const enum event_kind kinds[] = { EVENT_INFO, EVENT_WARN,
		EVENT_BAD };
	struct node *n = node_of(console_user(c));

	(void)arg;
	if (n != NULL)
		model_event(n->board->model,
		    kinds[level < 0     ? 0
			    : level > 2 ? 2
					: level],
		    n->board, n, "console: %s", text);
}

static void
on_want(void *arg, struct console *c, bool wanted)
{
	struct attached *a = console_user(c);

	(void)arg;
	a->wanted = wanted;
	if (a->own == NULL)
		return;
	if (wanted)
		link_start(a->own);
	else
		link_stop(a->own);
}

static const struct consoles_sink consoles_sink = { on_change, on_stage,
	on_alert, on_event, on_want };

/* --- a link of its own -------------------------------------------------- */

static void
own_state(void *arg, struct link *link, enum link_state state,
    enum link_why why, const char *text)
{
	struct attached *a = arg;
	struct node *n = node_of(a);

	(void)why;
	if (a->own != link)
		return;
	/* Nobody else tells of this link. */
	if (a->own_up && state == LINK_LOST && n != NULL)
		model_event(n->board->model, EVENT_WARN, n->board, n,
		    "console: %s", text);
	a->own_up = state == LINK_UP || (a->own_up && state != LINK_LOST);
	console_link_state(a->console, state, text);
}

static void
own_ask(void *arg, struct link *link, const struct link_ask *ask)
{
	session_asked(((struct attached *)arg)->session, link, ask);
}

static void
own_ask_over(void *arg, struct link *link, unsigned id)
{
	session_ask_over(((struct attached *)arg)->session, link, id);
}

static const struct link_sink own_sink = { own_state, own_ask, own_ask_over };

static void
drop_own(struct attached *a)
{
	struct link *link = a->own;

	a->own = NULL;
	free(a->own_url);
	a->own_url = NULL;
	if (link == NULL)
		return;
	consoles_no_link(a->session->attachments->set, link);
	link_free(link);
}

static struct link *
own_link(struct attached *a, const struct route *r)
{
	struct link_config config = r->own;
	char name[128], err[256];

	bool again = a->own_url != NULL && strcmp(a->own_url, r->own.url) == 0;

	if (a->own != NULL && again)
		return a->own;
	drop_own(a);
	str_format(name, sizeof name, "%s console", console_name(a->console));
	config.name = name;
	config.no_shell = true;
	config.interactive =
	    a->session->sink != NULL && a->session->sink->ask != NULL;
	a->own =
	    link_new(a->session->pool, &config, &own_sink, a, err, sizeof err);
	a->own_url = mem_strdup(r->own.url);
	if (a->own == NULL && !again)
		model_event(a->board->model, EVENT_BAD, a->board, node_of(a),
		    "console: %s", err);
	if (a->own != NULL && a->wanted)
		link_start(a->own);
	return a->own;
}

/* --- which there are ---------------------------------------------------- */

static struct attached *
find(struct attachments *at, const struct board *b, int slot)
{
	for (size_t k = 0; k < at->n; k++) {
		size_t i = (at->found + 1 + k) % at->n;

		if (at->v[i]->board == b && at->v[i]->slot == slot) {
			at->found = i;
			return at->v[i];
		}
	}
	return NULL;
}

static void
detach(struct attachments *at, size_t i)
{
	struct attached *a = at->v[i];

	at->v[i] = at->v[--at->n];
	drop_own(a);
	console_free(a->console);
	free(a->line);
	free(a);
}

static void
titled(const struct node *n, char *out, size_t size)
{
	char path[96], name[64];

	node_path(n, path, sizeof path);
	str_copy(name, sizeof name, n->name);
	str_format(out, size, "%s%s%s", path, name[0] != '\0' ? " " : "", name);
}

static struct attached *
attach(struct attachments *at, struct node *n, const struct route *r)
{
	struct attached *a = mem_alloc(sizeof *a);
	char path[96], title[192];
	const struct console_new what = { .name = path,
		.title = title,
		.line = r->line,
		.capture = r->capture,
		.log = r->log,
		.user = a };

	a->session = at->session;
	a->board = n->board;
	a->slot = n->slot;
	a->line = mem_strdup(r->line);
	node_path(n, path, sizeof path);
	titled(n, title, sizeof title);
	a->console = console_new(at->set, &what);
	at->v = mem_grow(at->v, at->n + 1, sizeof(*at->v));
	at->v[at->n++] = a;
	return a;
}

static void
follow(struct attached *a, const struct route *r)
{
	struct link *link = r->link;
	const struct way *way = r->found ? &r->way : NULL;

	if (r->found && r->way.by == WAY_BY_OWN)
		link = own_link(a, r);
	console_set_capture(a->console, r->capture);
	console_route(a->console, link, link != NULL ? way : NULL, r->why);
	if (link != NULL && link != a->told)
		console_link_state(
		    a->console, link_state(link), link_why_text(link));
	a->told = link;
}

static void
sync_node(struct session *s, const struct config_board *cb, struct rig *rig,
    struct node *n)
{
	struct attachments *at = s->attachments;
	struct attached *a = NULL;
	struct route r;

	route_find(s, cb, rig, n, &r);
	n->has_console = r.found;
	str_copy(n->no_console, sizeof n->no_console,
	    r.configured && !r.found ? r.why : "");
	if (at == NULL)
		return;
	a = find(at, n->board, n->slot);
	/* Another line is another console: what the old one printed is not
	 * the new one's. */
	if (a != NULL && r.found && strcmp(a->line, r.line) != 0) {
		size_t i = 0;

		while (at->v[i] != a)
			i++;
		detach(at, i);
		a = NULL;
	}
	if (a == NULL && !r.found)
		return;
	if (a == NULL)
		a = attach(at, n, &r);
	follow(a, &r);
	attached_power(a, n);
	attached_tell(a, n);
}

static void
drop_gone(struct attachments *at)
{
	for (size_t i = at->n; i-- > 0;)
		if (node_of(at->v[i]) == NULL)
			detach(at, i);
}

void
session_console_sync(struct session *s)
{
	size_t at = 0;

	if (s->attachments != NULL)
		drop_gone(s->attachments);
	for (size_t i = 0; i < s->n_rigs; i++) {
		struct rig *rig = s->rigs[i];
		const struct config_board *cb =
		    rig->board != NULL ? route_config(s, rig, &at) : NULL;

		for (int k = 0; rig->board != NULL && k < rig->board->slots;
		     k++)
			sync_node(s, cb, rig, rig->board->nodes[k]);
	}
}

static void
sync_due(void *arg)
{
	struct attachments *at = arg;

	session_console_sync(at->session);
	timer_start(at->sync, SYNC_MS);
}

void
session_console_link(struct session *s, struct link *link,
    enum link_state state, const char *text)
{
	struct attachments *at = s->attachments;

	if (at == NULL)
		return;
	for (size_t i = 0; i < at->n; i++)
		if (at->v[i]->told == link)
			console_link_state(at->v[i]->console, state, text);
	if (state == LINK_UP)
		timer_start(at->sync, SOON_MS);
}

void
session_console_no_link(struct session *s, const struct link *link)
{
	struct attachments *at = s->attachments;

	if (at == NULL)
		return;
	consoles_no_link(at->set, link);
	for (size_t i = 0; i < at->n; i++)
		if (at->v[i]->told == link)
			at->v[i]->told = NULL;
}

void
session_console_no_board(struct session *s, const struct board *b)
{
	struct attachments *at = s->attachments;

	for (size_t i = at != NULL ? at->n : 0; i-- > 0;)
		if (at->v[i]->board == b)
			detach(at, i);
}

/* --- life --------------------------------------------------------------- */

struct consoles *
session_consoles(struct session *s)
{
	return s->attachments != NULL ? s->attachments->set : NULL;
}

static struct alerts *
compile_alerts(const struct config *c)
{
	struct alert_pattern *more = mem_array(c->n_alerts + 1, sizeof *more);
	struct alerts *alerts;
	char err[160];
	size_t bad;

	for (size_t i = 0; i < c->n_alerts; i++)
		more[i] = (struct alert_pattern){ .name = c->alerts[i].o.name,
			.level = c->alerts[i].bad ? ALERT_BAD : ALERT_WARN,
			.match = c->alerts[i].o.match };
	/* config_console.c has tried each. */
	alerts = alerts_new(more, c->n_alerts, &bad, err, sizeof err);
	free(more);
	return alerts;
}

static char *
log_folder(const struct config *c, const char *dir)
{
	if (c->console.log_dir != NULL)
		return mem_strdup(c->console.log_dir);
	return dir != NULL ? mem_printf("%s/consoles", dir) : NULL;
}

void
session_console_config(struct session *s)
{
	struct attachments *at = s->attachments;
	struct alerts *old;

	if (at == NULL)
		return;
	old = at->alerts;
	at->alerts = compile_alerts(s->config);
	consoles_set_alerts(at->set, at->alerts);
	alerts_free(old);
}

void
session_open_consoles(
    struct session *s, const struct config *c, const char *dir, struct bus *bus)
{
	struct attachments *at = mem_alloc(sizeof *at);
	struct config *standard = c == NULL ? config_new() : NULL;
	struct consoles_config config = { 0 };
	char *folder;

	c = c != NULL ? c : standard;
	folder = log_folder(c, dir);
	at->session = s;
	at->alerts = compile_alerts(c);
	config.scrollback = (unsigned)c->console.scrollback;
	config.log_dir = folder;
	config.log_size = (unsigned long long)c->console.log_size;
	config.log_files = (unsigned)c->console.log_files;
	config.alerts = at->alerts;
	at->set = consoles_new(s->loop, &config, &consoles_sink, at);
	consoles_set_bus(at->set, bus);
	at->sync = timer_new(s->loop, sync_due, at);
	timer_start(at->sync, SYNC_MS);
	s->attachments = at;
	free(folder);
	config_free(standard);
}

/* Long enough for a board to do it and a node to speak. */
enum { ARM_MS = 60000 };

void
session_console_arm(struct session *s, const struct node *n)
{
	struct attached *a = s->attachments != NULL
	    ? find(s->attachments, n->board, n->slot)
	    : NULL;
	const struct way *way = a != NULL ? console_way(a->console) : NULL;

	if (way != NULL && way->kind != WAY_LOGIN)
		console_arm(a->console, ARM_MS);
}

void
session_consoles_free(struct session *s)
{
	struct attachments *at = s->attachments;

	if (at == NULL)
		return;
	while (at->n > 0)
		detach(at, at->n - 1);
	s->attachments = NULL;
	timer_free(at->sync);
	consoles_free(at->set);
	alerts_free(at->alerts);
	free(at->v);
	free(at);
}

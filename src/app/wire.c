#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"

/*
 * A wire holds a link and its intake together: it passes what the link says
 * of itself on to the model, and what the link asks to the session's sink.
 * The link is started last, when everything that it may call stands.
 */

#define SILENT_MIN_MS 1000
#define SILENT_MAX_MS 60000

void
wire_news(struct wire *w)
{
	if (w->session->news != NULL)
		w->session->news(w->session->news_arg);
}

static void
on_state(void *arg, struct link *link, enum link_state state, enum link_why why,
    const char *text)
{
	struct wire *w = arg;

	if (state == LINK_LOST)
		w->losses++;
	if (state == LINK_LOST || state == LINK_DOWN)
		w->ticket = 0;
	if (w->intake != NULL) {
		intake_link_state(w->intake, state, why, text);
	} else if (w->unknown != NULL) {
		uint64_t retry = link_retry_ms(link);

		w->unknown->retry_at =
		    retry > 0 ? loop_now(w->session->loop) + retry : 0;
		origin_set_link(w->rig->board, w->unknown, state, why, text);
		if (state == LINK_UP)
			detect_start(w);
	}
	if (w->link != NULL)
		session_console_link(w->session, link, state, text);
	wire_news(w);
}

void
session_asked(struct session *s, struct link *link, const struct link_ask *ask)
{
	if (s->sink != NULL && s->sink->ask != NULL)
		s->sink->ask(s->sink_arg, link, ask);
	else
		link_answer(link, ask->id, NULL);
}

void
session_ask_over(struct session *s, struct link *link, unsigned id)
{
	if (s->sink != NULL && s->sink->ask_over != NULL)
		s->sink->ask_over(s->sink_arg, link, id);
}

static void
on_ask(void *arg, struct link *link, const struct link_ask *ask)
{
	session_asked(((struct wire *)arg)->session, link, ask);
}

static void
on_ask_over(void *arg, struct link *link, unsigned id)
{
	session_ask_over(((struct wire *)arg)->session, link, id);
}

static const struct link_sink wire_sink = { on_state, on_ask, on_ask_over };

void
wire_feed(struct wire *w, const struct driver *driver,
    const struct driver_config *config)
{
	w->slot = config->slot;
	if (w->rig->feed != NULL)
		w->intake = intake_new_feed(
		    w->rig->feed, driver, config, w->link, link_url(w->link));
	else
		w->intake = intake_new(
		    w->rig->board, driver, config, w->link, link_url(w->link));
}

static bool
has_no_shell(const struct plan *p)
{
	if (p->driver == NULL)
		return false;
	return str_starts(p->url, "serial:") ? p->driver->no_shell_serial
					     : p->driver->no_shell_ssh;
}

static struct link *
make_link(struct wire *w, const struct plan *p)
{
	struct link_config config = {
		.name = rig_name(w->rig),
		.url = p->url,
		.user = p->user,
		.identity = p->identity,
		.password_cmd = p->password_cmd,
		.known_hosts = p->known_hosts,
		.ssh_config = p->ssh_config,
		.interactive =
		    w->session->sink != NULL && w->session->sink->ask != NULL,
		.no_shell = has_no_shell(p),
		.silent_ms = p->poll_ms > SILENT_MAX_MS / 2 ? SILENT_MAX_MS
							    : 2 * p->poll_ms,
	};
	char path[96], err[256];
	struct link *link;

	if (config.silent_ms < SILENT_MIN_MS)
		config.silent_ms = SILENT_MIN_MS;
	if (p->slot > 0) {
		str_format(
		    path, sizeof path, "%s/%d", w->rig->board->name, p->slot);
		config.name = path;
	}
	link =
	    link_new(w->session->pool, &config, &wire_sink, w, err, sizeof err);
	if (link == NULL)
		model_event_of(
		    w->session->model, EVENT_BAD, rig_name(w->rig), "%s", err);
	return link;
}

struct wire *
wire_new(struct rig *rig, struct session *s, const struct plan *p)
{
	struct wire *w = mem_alloc(sizeof *w);
	const struct driver_config config = { .slot = p->slot,
		.poll_ms = p->poll_ms,
		.settings = p->settings,
		.n_settings = p->n_settings,
		.recipe = p->recipe };

	w->session = s;
	w->rig = rig;
	w->slot = p->slot;
	w->poll_ms = p->poll_ms;
	w->key = mem_strdup(p->key);
	w->link = make_link(w, p);
	rig->wires =
	    mem_grow(rig->wires, rig->n_wires + 1, sizeof(*rig->wires));
	rig->wires[rig->n_wires++] = w;
	if (w->link == NULL)
		return w;
	if (p->driver != NULL)
		wire_feed(w, p->driver, &config);
	else
		w->unknown = board_add_origin(rig->board, 0, NULL, p->url);
	link_start(w->link);
	return w;
}

void
wire_free(struct wire *w)
{
	struct link *link;

	if (w == NULL)
		return;
	/* The intake first: what the link answers on its end is then ours,
	 * and is not taken for news of the board. */
	intake_free(w->intake);
	w->intake = NULL;
	if (w->unknown != NULL)
		board_remove_origin(w->rig->board, w->unknown);
	w->unknown = NULL;
	w->hopeless = true;
	link = w->link;
	w->link = NULL;
	if (link != NULL)
		session_console_no_link(w->session, link);
	link_free(link);
	free(w->key);
	free(w);
}

void
wire_refresh(struct wire *w)
{
	if (w->link == NULL)
		return;
	switch (link_state(w->link)) {
	case LINK_UP:
		if (w->intake != NULL)
			inst_poll_now(intake_inst(w->intake));
		break;
	case LINK_LOST:
	case LINK_DOWN:
		link_start(w->link);
		break;
	default:
		break;
	}
}

static const struct origin *
origin_of(const struct wire *w)
{
	return w->intake != NULL ? intake_origin(w->intake) : w->unknown;
}

/* A peer that closed the connection may only have been busy: one more try
 * before it counts. */
static bool
worth_a_retry(enum link_why why)
{
	return why == LINK_WHY_RESET || why == LINK_WHY_BANNER ||
	    why == LINK_WHY_SILENT;
}

static bool
has_spoken(const struct origin *o)
{
	return o != NULL && o->fresh_at > 0;
}

/* Its board or its feed says that the node is off: it will not answer. */
static bool
is_off(const struct wire *w)
{
	const struct board *b = w->rig->board;
	const struct node *n;

	if (b == NULL || w->slot < 1 || w->slot > b->slots)
		return false;
	n = b->nodes[w->slot - 1];
	return (has_spoken(b->origin) ||
		   (n->feed != NULL && has_spoken(n->feed->origin))) &&
	    node_state(n) == NODE_OFF;
}

bool
wire_settled(const struct wire *w)
{
	const struct origin *o = origin_of(w);

	if (is_off(w))
		return true;
	if (w->link == NULL || o == NULL || w->hopeless || o->fresh_at > 0)
		return true;
	/* The link to the asker is well; what it asks does not answer. */
	if (w->rig->feed != NULL && o->link == LINK_UP && o->stale)
		return true;
	switch (link_state(w->link)) {
	case LINK_LOST:
		return w->losses > 1 || !worth_a_retry(link_why(w->link));
	case LINK_DOWN:
		return link_why(w->link) != LINK_WHY_NONE;
	case LINK_HOSTKEY:
	case LINK_AUTH:
		return false;
	default:
		/* It tries again: what it failed of still stands. */
		return w->losses > 1 ||
		    (w->losses > 0 && !worth_a_retry(o->why));
	}
}

const char *
wire_failure(const struct wire *w)
{
	const struct origin *o = origin_of(w);

	if (w->link == NULL || o == NULL)
		return "its link cannot be read";
	if (link_state(w->link) == LINK_UP) {
		if (o->stale)
			return o->stale_why;
		return o->fresh_at > 0 ? NULL : "no answer yet";
	}
	if (link_why_text(w->link)[0] != '\0')
		return link_why_text(w->link);
	if (o->why_text[0] != '\0')
		return o->why_text;
	return link_state_name(link_state(w->link));
}

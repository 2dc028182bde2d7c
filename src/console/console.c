/*
 * A console's life. console_step() looks at what is wanted and what is there
 * and does the next thing: claim the line, have the link started, open the
 * way, read along with another process, or let all of it go.
 *
 * The line is claimed before its link is asked for: a serial port that another
 * rackmux has open would only be found busy, while its stream can be joined.
 */
#include "console_in.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

const char *
console_state_name(enum console_state state)
{
	static const char *const names[] = { "idle", "no way", "waiting",
		"opening", "open", "held", "joined", "lost" };

	return (size_t)state < ARRAY_LEN(names) ? names[state] : "?";
}

/* --- being in callbacks -------------------------------------------------- */

static void
sweep(struct console *c)
{
	struct console_viewer *v, *next;

	for (v = TAILQ_FIRST(&c->viewers); v; v = next) {
		next = TAILQ_NEXT(v, next);
		if (!v->gone)
			continue;
		TAILQ_REMOVE(&c->viewers, v, next);
		free(v);
	}
}

static void
destroy(struct console *c)
{
	free(c->name);
	free(c->title);
	free(c->line);
	free(c->why);
	free(c->link_text);
	free(c->no_way);
	free(c->gap_why);
	free(c->log_path);
	free(c->typist);
	free(c->way);
	free(c);
}

void
console_enter(struct console *c)
{
	c->busy++;
	c->set->busy++;
}

bool
console_leave(struct console *c)
{
	struct consoles *s = c->set;
	bool doomed = c->doomed;

	if (--c->busy == 0) {
		sweep(c);
		if (doomed)
			destroy(c);
	}
	s->busy--;
	if (s->busy == 0 && s->freed)
		consoles_reap(s);
	return !doomed;
}

/* --- states -------------------------------------------------------------- */

void
console_changed(struct console *c)
{
	struct consoles *s = c->set;

	if (s->sink.on_change)
		s->sink.on_change(s->arg, c);
}

void
console_set_state(struct console *c, enum console_state state, const char *why)
{
	if (state == c->state && strcmp(why, console_why(c)) == 0)
		return;
	c->state = state;
	free(c->why);
	c->why = *why ? mem_strdup(why) : NULL;
	console_changed(c);
}

void
console_due(struct console *c)
{
	struct consoles *s = c->set;

	if (c->due || c->doomed)
		return;
	c->due = true;
	TAILQ_INSERT_TAIL(&s->due, c, due_next);
	task_post(s->task);
}

bool
console_wanted(const struct console *c)
{
	const struct console_viewer *v;

	TAILQ_FOREACH(v, &c->viewers, next)
	if (!v->gone)
		return true;
	return c->capture || c->armed || c->record_kept;
}

static void
tell_want(struct console *c, bool wanted)
{
	if (c->wanted_told == wanted)
		return;
	c->wanted_told = wanted;
	console_news_want(c, wanted);
}

void
console_retry_in(struct console *c, uint64_t ms)
{
	c->retry_at = loop_now(c->set->loop) + ms;
	timer_start(c->retry, ms);
}

void
console_retry_never(struct console *c)
{
	timer_stop(c->retry);
	c->retry_at = 0;
}

static void
on_retry(void *arg)
{
	struct console *c = arg;

	c->retry_at = 0;
	console_due(c);
}

static void
let_go(struct console *c)
{
	if (c->open || c->join) {
		console_gap_begin(c, "nobody read it");
		c->gap_quiet = true;
	}
	console_retry_never(c);
	console_close_way(c);
	console_unjoin(c);
	console_unclaim(c);
	console_log_end(c);
}

static void
wait_for_link(struct console *c)
{
	const char *text = c->link_text ? c->link_text : "";
	char why[300];

	if (!c->link) {
		console_set_state(c, CONSOLE_WAITING, "Its link is not there.");
		return;
	}
	str_format(why, sizeof(why), "Its link is %s%s%s%s",
	    link_state_name(c->link_state), *text ? ": " : "", text,
	    *text && strchr(".?!", text[strlen(text) - 1]) ? "" : ".");
	console_set_state(c, CONSOLE_WAITING, why);
}

/* The line is another's. */
static void
read_along(struct console *c)
{
	tell_want(c, false);
	if (c->theirs && !c->join && !timer_active(c->retry))
		console_join(c);
	else if (!c->theirs)
		console_set_state(
		    c, CONSOLE_OPENING, "Asking whose the line is.");
}

void
console_step(struct console *c)
{
	if (!console_wanted(c)) {
		let_go(c);
		console_set_state(c, CONSOLE_IDLE, "");
		tell_want(c, false);
		return;
	}
	if (!c->way) {
		let_go(c);
		console_set_state(c, CONSOLE_NO_WAY,
		    c->no_way ? c->no_way : "No way to it is known yet.");
		tell_want(c, false);
		return;
	}
	if (c->set->bus && !c->claim)
		console_claim(c);
	if (c->claim && !c->mine) {
		if (!c->reach || c->theirs)
			read_along(c);
		return;
	}
	tell_want(c, true);
	if (c->reach)
		return;
	if (!c->link || c->link_state != LINK_UP)
		wait_for_link(c);
	else if (!timer_active(c->retry))
		console_open_way(c);
}

/* --- how it is reached ---------------------------------------------------- */

static void
set_text(char **to, const char *text)
{
	char *copy = mem_strdup(text ? text : "");

	free(*to);
	*to = copy;
}

static void
on_route_change(struct console *c)
{
	if (c->open)
		console_gap_begin(c, "the way to it changed");
	console_close_way(c);
	console_retry_never(c);
	backoff_reset(&c->backoff);
}

void
console_route(struct console *c, struct link *link, const struct way *way,
    const char *why)
{
	bool same;

	if (way && way->kind == WAY_NONE)
		way = NULL;
	same = link == c->link && !way == !c->way &&
	    (!way || way_same(way, c->way));
	if (!same)
		on_route_change(c);
	set_text(&c->no_way, why);
	c->link = way ? link : NULL;
	c->link_state = c->link ? link_state(c->link) : LINK_DOWN;
	if (!same)
		set_text(&c->link_text, c->link ? link_why_text(c->link) : "");
	if (!way) {
		free(c->way);
		c->way = NULL;
	} else {
		if (!c->way)
			c->way = mem_alloc(sizeof(*c->way));
		*c->way = *way;
		/* It forgets the line that is under way, a prompt perhaps. */
		if (!same)
			cwatch_baud(c->watch, way->baud);
	}
	console_due(c);
}

void
console_link_state(struct console *c, enum link_state state, const char *text)
{
	if (state == LINK_UP && c->link_state != LINK_UP &&
	    c->state != CONSOLE_HELD && !c->join) {
		console_retry_never(c);
		backoff_reset(&c->backoff);
	}
	c->link_state = state;
	set_text(&c->link_text, text);
	console_due(c);
}

static void
on_armed_long(void *arg)
{
	struct console *c = arg;

	c->armed = false;
	console_due(c);
}

void
console_arm(struct console *c, unsigned ms)
{
	c->armed = true;
	c->armed_power = c->armed_byte = false;
	timer_start(c->arm, ms);
	console_flow_go(c);
	console_due(c);
}

void
console_power(struct console *c, bool on)
{
	if (on && c->power != 1)
		c->armed_power = true;
	c->power = on;
	cwatch_power(c->watch, on, loop_now(c->set->loop));
	console_changed(c);
}

/* --- making and freeing --------------------------------------------------- */

static void
on_stage(void *arg, enum stage from, enum stage to)
{
	struct console *c = arg;

	console_news_stage(c, from, to);
}

static void
on_alert(void *arg, const struct alert_pattern *pattern, const char *line)
{
	struct console *c = arg;

	if (!c->replaying)
		console_news_alert(c, pattern, line);
}

static void
on_noise(void *arg, bool noise, unsigned baud, const char *why)
{
	struct console *c = arg;

	(void)baud;
	if (noise)
		console_event(c, 1, "%s", why ? why : "What it says is noise.");
	else
		console_event(c, 0, "What it says is speech again.");
}

static const struct watch_sink watch_sink = {
	.on_stage = on_stage,
	.on_alert = on_alert,
	.on_noise = on_noise,
};

static void
add(struct consoles *s, struct console *c)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 16;
		s->all = mem_grow(s->all, s->cap, sizeof(*s->all));
	}
	s->all[s->n++] = c;
	s->generation++;
}

struct console *
console_new(struct consoles *s, const struct console_new *n)
{
	struct console *c = mem_alloc(sizeof(*c));

	c->set = s;
	c->serial = ++s->made;
	c->name = mem_strdup(n->name);
	c->title = mem_strdup(n->title ? n->title : n->name);
	c->line = mem_strdup(n->line ? n->line : n->name);
	c->user = n->user;
	c->capture = n->capture;
	c->log_open = n->log;
	c->record_start = n->record;
	c->power = -1;
	c->rows = CONSOLE_ROWS;
	c->cols = CONSOLE_COLS;
	TAILQ_INIT(&c->viewers);
	backoff_init(&c->backoff, 0);
	c->retry = timer_new(s->loop, on_retry, c);
	c->arm = timer_new(s->loop, on_armed_long, c);
	c->watch = cwatch_new(s->config.alerts, 0, &watch_sink, c);
	add(s, c);
	console_due(c);
	return c;
}

static void
remove_from(struct consoles *s, const struct console *c)
{
	size_t i;

	for (i = s->n; i-- > 0 && s->all[i] != c;)
		;
	s->n--;
	s->generation++;
	memmove(&s->all[i], &s->all[i + 1], (s->n - i) * sizeof(*s->all));
}

static void
drop_viewers(struct console *c)
{
	struct console_viewer *v;

	TAILQ_FOREACH(v, &c->viewers, next)
	v->gone = true;
	c->focus = NULL;
}

void
console_free(struct console *c)
{
	if (!c || c->doomed)
		return;
	console_enter(c);
	c->doomed = true;
	drop_viewers(c);
	console_close_way(c);
	console_unjoin(c);
	console_unclaim(c);
	console_log_end(c);
	console_record_end(c);
	console_flow_forget(c);
	console_news_forget(c);
	if (c->due)
		TAILQ_REMOVE(&c->set->due, c, due_next);
	remove_from(c->set, c);
	timer_free(c->retry);
	timer_free(c->arm);
	vt_free(c->vt);
	cwatch_free(c->watch);
	c->vt = NULL;
	c->watch = NULL;
	console_leave(c);
}

void
console_set_capture(struct console *c, bool capture)
{
	if (c->capture == capture)
		return;
	c->capture = capture;
	if (!capture && !c->log_open)
		console_log_end(c);
	else if (c->open)
		console_log_begin(c);
	console_due(c);
}

/* --- what is known of it -------------------------------------------------- */

unsigned long long
console_serial(const struct console *c)
{
	return c->serial;
}

const char *
console_name(const struct console *c)
{
	return c->name;
}

const char *
console_title(const struct console *c)
{
	return c->title;
}

void *
console_user(const struct console *c)
{
	return c->user;
}

enum console_state
console_state(const struct console *c)
{
	return c->state;
}

const char *
console_why(const struct console *c)
{
	return c->why ? c->why : "";
}

uint64_t
console_retry_ms(const struct console *c)
{
	uint64_t now = loop_now(c->set->loop);

	return c->retry_at > now ? c->retry_at - now : 0;
}

struct vt *
console_vt_make(struct console *c)
{
	if (!c->vt)
		c->vt = vt_new(c->rows, c->cols, c->set->config.scrollback);
	return c->vt;
}

const struct cwatch *
console_watch(const struct console *c)
{
	return c->watch;
}

const struct way *
console_way(const struct console *c)
{
	return c->way;
}

bool
console_captured(const struct console *c)
{
	return c->capture;
}

unsigned long long
console_bytes(const struct console *c)
{
	return c->bytes;
}

unsigned long long
console_lost(const struct console *c, unsigned *gaps)
{
	if (gaps)
		*gaps = c->gaps;
	return c->lost;
}

/*
 * What the owner of the set is told waits here for the set's task. So a
 * callback finds nothing half done, and may free its console or all of them.
 */
#include "console_in.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

/* A rack that lost its switch says one thing a console; more than this is a
 * storm, of which the first ones tell enough. */
#define NEWS_MAX 8192

enum news_kind { NEWS_EVENT, NEWS_STAGE, NEWS_ALERT, NEWS_WANT };

struct news {
	TAILQ_ENTRY(news) next;
	struct console *console;
	enum news_kind kind;
	int level;
	enum stage from, to;
	struct alert_pattern pattern; /* may go before it is told: ours */
	char *pattern_name;
	bool wanted;
	char text[];
};

static struct news *
add(struct console *c, enum news_kind kind, const char *text)
{
	struct consoles *s = c->set;
	size_t len = strlen(text);
	struct news *n;

	if (s->news_n >= NEWS_MAX && kind != NEWS_WANT)
		return NULL;
	n = mem_alloc(sizeof(*n) + len + 1);
	n->console = c;
	n->kind = kind;
	memcpy(n->text, text, len + 1);
	TAILQ_INSERT_TAIL(&s->news, n, next);
	s->news_n++;
	task_post(s->task);
	return n;
}

void
console_event(struct console *c, int level, const char *fmt, ...)
{
	struct news *n;
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = mem_vprintf(fmt, ap);
	va_end(ap);
	n = add(c, NEWS_EVENT, text);
	if (n)
		n->level = level;
	free(text);
}

void
console_news_stage(struct console *c, enum stage from, enum stage to)
{
	struct news *n = add(c, NEWS_STAGE, "");

	if (n) {
		n->from = from;
		n->to = to;
	}
}

void
console_news_alert(
    struct console *c, const struct alert_pattern *pattern, const char *line)
{
	struct news *n = add(c, NEWS_ALERT, line);

	if (!n)
		return;
	n->pattern_name = mem_strdup(pattern->name);
	n->pattern = (struct alert_pattern){ .name = n->pattern_name,
		.level = pattern->level };
}

void
console_news_want(struct console *c, bool wanted)
{
	struct news *n = add(c, NEWS_WANT, "");

	n->wanted = wanted;
}

static void
news_free(struct news *n)
{
	free(n->pattern_name);
	free(n);
}

void
console_news_forget(struct console *c)
{
	struct consoles *s = c->set;
	struct news *n, *next;

	for (n = TAILQ_FIRST(&s->news); n; n = next) {
		next = TAILQ_NEXT(n, next);
		if (n->console != c)
			continue;
		TAILQ_REMOVE(&s->news, n, next);
		s->news_n--;
		news_free(n);
	}
}

static void
tell(struct consoles *s, const struct news *n)
{
	const struct consoles_sink *sink = &s->sink;

	switch (n->kind) {
	case NEWS_EVENT:
		if (sink->on_event)
			sink->on_event(s->arg, n->console, n->level, n->text);
		break;
	case NEWS_STAGE:
		if (sink->on_stage)
			sink->on_stage(s->arg, n->console, n->from, n->to);
		break;
	case NEWS_ALERT:
		if (sink->on_alert)
			sink->on_alert(
			    s->arg, n->console, &n->pattern, n->text);
		break;
	case NEWS_WANT:
	default:
		if (sink->on_want)
			sink->on_want(s->arg, n->console, n->wanted);
		break;
	}
}

bool
consoles_tell(struct consoles *s)
{
	struct news *n;

	while (!s->freed && (n = TAILQ_FIRST(&s->news))) {
		TAILQ_REMOVE(&s->news, n, next);
		s->news_n--;
		tell(s, n);
		news_free(n);
	}
	return !s->freed;
}

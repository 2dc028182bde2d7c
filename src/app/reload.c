#include "rackmux/app/reload.h"

#include <stdlib.h>

#include "rackmux/base/log.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/base/watch.h"

/*
 * An editor saves in several steps (truncate and write, or write and
 * rename), so that the file is read a moment after the last change. A broken
 * file keeps what runs: nobody wants to lose a rack to a semicolon.
 */

#define SETTLE_MS 150

struct reload {
	struct loop *loop;
	struct session *session;
	const struct reload_sink *sink;
	void *arg;
	struct watch **watches;
	size_t n;
	struct timer *timer;
};

static void
on_change(void *arg)
{
	struct reload *r = arg;

	timer_start(r->timer, SETTLE_MS);
}

static void
drop_watches(struct reload *r)
{
	for (size_t i = 0; i < r->n; i++)
		watch_free(r->watches[i]);
	free(r->watches);
	r->watches = NULL;
	r->n = 0;
}

static void
watch_files(struct reload *r)
{
	const struct config *c = session_config(r->session);

	drop_watches(r);
	r->watches = mem_array(c->n_files + 1, sizeof(*r->watches));
	for (size_t i = 0; i < c->n_files; i++)
		r->watches[r->n++] =
		    watch_new(r->loop, c->files[i], on_change, r);
}

static void
say_broken(struct reload *r, const struct diags *d)
{
	char first[400], text[512];

	diag_format(&d->v[0], first, sizeof first);
	if (d->n > 1)
		str_format(text, sizeof text,
		    "configuration not taken, %zu mistakes: %s", d->n, first);
	else
		str_format(
		    text, sizeof text, "configuration not taken: %s", first);
	log_warn("%s", text);
	r->sink->say(r->arg, true, text);
}

static void
say_taken(struct reload *r, const struct session_change *change)
{
	char text[160];

	if (change->added + change->changed + change->removed + change->feeds ==
	    0)
		str_format(text, sizeof text,
		    "configuration read again: all boards as before");
	else
		str_format(text, sizeof text,
		    "configuration taken; boards: %zu added, %zu changed, %zu "
		    "removed, %zu as before%s",
		    change->added, change->changed, change->removed,
		    change->kept,
		    change->feeds > 0 ? "; power feeds changed too" : "");
	log_info("%s", text);
	r->sink->say(r->arg, false, text);
}

static void
read_again(void *arg)
{
	struct reload *r = arg;
	struct session_change change;
	struct diags d = { 0 };
	struct config *c = config_load(session_config(r->session)->path, &d);

	if (c == NULL) {
		say_broken(r, &d);
	} else {
		session_apply(r->session, c, &change);
		watch_files(r);
		if (r->sink->applied != NULL)
			r->sink->applied(r->arg, c);
		say_taken(r, &change);
	}
	diags_release(&d);
}

struct reload *
reload_new(struct loop *loop, struct session *s, const struct reload_sink *sink,
    void *arg)
{
	struct reload *r = mem_alloc(sizeof *r);

	r->loop = loop;
	r->session = s;
	r->sink = sink;
	r->arg = arg;
	r->timer = timer_new(loop, read_again, r);
	watch_files(r);
	return r;
}

void
reload_free(struct reload *r)
{
	if (r == NULL)
		return;
	drop_watches(r);
	timer_free(r->timer);
	free(r);
}

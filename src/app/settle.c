#include "settle.h"

#include <stdlib.h>

#include "rackmux/base/mem.h"

/*
 * News comes from within links, which must not be freed under them; so it
 * only posts a task, and what is done about it is done there.
 */
struct settle {
	struct session *session;
	struct timer *timer;
	struct task *task;
	loop_fn *fn;
	void *arg;
	bool over, late;
};

static void
look(void *arg)
{
	struct settle *w = arg;

	if (w->over || (!w->late && !session_settled(w->session)))
		return;
	w->over = true;
	timer_stop(w->timer);
	w->fn(w->arg);
}

static void
on_news(void *arg)
{
	task_post(((struct settle *)arg)->task);
}

static void
on_late(void *arg)
{
	struct settle *w = arg;

	w->late = true;
	look(w);
}

struct settle *
settle_new(struct loop *loop, struct session *s, double seconds, loop_fn *fn,
    void *arg)
{
	struct settle *w = mem_alloc(sizeof *w);

	w->session = s;
	w->fn = fn;
	w->arg = arg;
	w->timer = timer_new(loop, on_late, w);
	w->task = task_new(loop, look, w);
	session_on_news(s, on_news, w);
	model_on_change(session_model(s), on_news, w);
	timer_start(w->timer, (uint64_t)(seconds * 1000));
	task_post(w->task);
	return w;
}

void
settle_free(struct settle *w)
{
	if (w == NULL)
		return;
	session_on_news(w->session, NULL, NULL);
	model_on_change(session_model(w->session), NULL, NULL);
	task_free(w->task);
	timer_free(w->timer);
	free(w);
}

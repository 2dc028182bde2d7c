#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "rackmux/app/app.h"
#include "rackmux/app/status.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"

/*
 * Everything connects at once; the table is printed when each board has had
 * a whole round or has failed for good, or when the time is up. What has not
 * answered by then is shown as what it is and counted as failed. A node that
 * its board reports as off does not fail for being silent.
 */

#define TIMEOUT_S 15
#define FAILURES_MAX 8192

struct status {
	const struct cli *cli;
	struct loop *loop;
	struct session *session;
	struct selector *selector;
	struct timer *timer;
	struct task *look;
	uint64_t started;
	bool printed;
	int result;
};

static bool
excused(const struct session_failure *f)
{
	const struct board *b = f->board;

	return f->slot > 0 && f->slot <= b->slots && b->origin != NULL &&
	    node_state(b->nodes[f->slot - 1]) == NODE_OFF;
}

static bool
meant(const struct status *st, const struct session_failure *f)
{
	if (f->slot > 0 && f->slot <= f->board->slots)
		return selector_node(
		    st->selector, f->board->nodes[f->slot - 1]);
	return selector_board(st->selector, f->board);
}

static void
tell_one(const struct session_failure *f)
{
	char path[96];
	const struct node *n;

	if (f->slot == 0 || f->slot > f->board->slots) {
		fprintf(stderr, "rackmux: %s: %s\n", f->board->name, f->why);
		return;
	}
	n = f->board->nodes[f->slot - 1];
	node_path(n, path, sizeof path);
	if (n->name[0] != '\0')
		fprintf(
		    stderr, "rackmux: %s (%s): %s\n", path, n->name, f->why);
	else
		fprintf(stderr, "rackmux: %s: %s\n", path, f->why);
}

static bool
tell_failures(const struct status *st)
{
	struct session_failure *v = mem_array(FAILURES_MAX, sizeof *v);
	size_t n = session_failures(st->session, v, FAILURES_MAX);
	bool any = false;

	for (size_t i = 0; i < n && i < FAILURES_MAX; i++) {
		if (excused(&v[i]) || !meant(st, &v[i]))
			continue;
		any = true;
		tell_one(&v[i]);
	}
	free(v);
	return any;
}

static void
tell_timing(const struct status *st)
{
	struct rusage use;
	unsigned long long bytes;
	size_t links = session_links(st->session, &bytes);

	getrusage(RUSAGE_SELF, &use);
	fprintf(stderr,
	    "rackmux: %zu boards, %zu links: full after %llu ms, %lld ms of "
	    "CPU, %llu bytes, %ld kB resident\n",
	    session_model(st->session)->n_boards, links,
	    (unsigned long long)(loop_now(st->loop) - st->started),
	    (long long)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 +
		(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000,
	    bytes, use.ru_maxrss);
}

static void
tell_no_match(const struct cli *cli)
{
	fprintf(stderr, "rackmux: nothing matches '%s'\n",
	    cli->n_args > 0 ? cli->args[0] : "*");
}

static void
print_once(struct status *st)
{
	const struct model *m = session_model(st->session);
	bool utf8 = !st->cli->given[CLIOPT_ASCII] &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	if (st->cli->given[CLIOPT_TIMING] && !st->printed)
		tell_timing(st);
	if (selector_count(st->selector, m) == 0) {
		tell_no_match(st->cli);
		st->result = EXIT_NO_MATCH;
	} else {
		if (st->cli->given[CLIOPT_JSON])
			status_json(stdout, m, st->selector);
		else
			status_text(stdout, m, st->selector, utf8);
		fflush(stdout);
		st->result =
		    tell_failures(st) ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
	}
	st->printed = true;
	if (!st->cli->given[CLIOPT_WATCH] || ferror(stdout)) {
		loop_stop(st->loop);
		return;
	}
	if (!st->cli->given[CLIOPT_JSON])
		putchar('\n');
	timer_start(
	    st->timer, (uint64_t)(st->cli->number[CLIOPT_WATCH] * 1000));
}

static void
on_timer(void *arg)
{
	print_once(arg);
}

/* Runs as a task: news comes from within links, which must not be freed
 * under them. */
static void
look(void *arg)
{
	struct status *st = arg;

	if (!st->printed && session_settled(st->session)) {
		timer_stop(st->timer);
		print_once(st);
	}
}

static void
on_news(void *arg)
{
	task_post(((struct status *)arg)->look);
}

static void
run(struct status *st, struct config *config)
{
	struct app_signals *signals = app_signals_new(st->loop);
	double timeout = st->cli->given[CLIOPT_TIMEOUT]
	    ? st->cli->number[CLIOPT_TIMEOUT]
	    : TIMEOUT_S;

	st->started = loop_now(st->loop);
	st->session = session_new(st->loop, NULL, NULL);
	st->timer = timer_new(st->loop, on_timer, st);
	st->look = task_new(st->loop, look, st);
	session_on_news(st->session, on_news, st);
	model_on_change(session_model(st->session), on_news, st);
	timer_start(st->timer, (uint64_t)(timeout * 1000));
	session_apply(st->session, config, NULL);
	task_post(st->look);
	loop_run(st->loop);
	if (app_signals_caught(signals) != 0 && !st->printed)
		st->result = 128 + app_signals_caught(signals);
	app_write_stats(st->cli, st->loop, st->session, st->started);
	model_on_change(session_model(st->session), NULL, NULL);
	session_free(st->session);
	task_free(st->look);
	timer_free(st->timer);
	app_signals_free(signals);
}

/* Boards that the selector does not mean are not even connected to, as far as
 * that can be told without asking them. */
static bool
keep_selected(struct config *c, const struct selector *sel, struct loop *loop)
{
	struct model *m;
	struct board *b;

	if (sel == NULL || !selector_is_static(sel))
		return true;
	m = model_new(loop);
	for (size_t i = c->n_boards; i-- > 0;) {
		b = session_make_board(m, &c->boards[i]);
		if (!selector_board(sel, b))
			config_drop_board(c, i);
		model_remove_board(m, b);
	}
	model_free(m);
	return c->n_boards > 0;
}

int
app_status(const struct cli *cli, struct loop *loop, struct config *config)
{
	struct status st = { .cli = cli, .loop = loop };
	char err[256];

	if (cli->n_args > 0) {
		st.selector = selector_parse(cli->args[0], err, sizeof err);
		if (st.selector == NULL) {
			fprintf(stderr, "rackmux: %s\n", err);
			config_free(config);
			return EXIT_USAGE;
		}
	}
	if (keep_selected(config, st.selector, loop)) {
		run(&st, config);
	} else {
		tell_no_match(cli);
		config_free(config);
		st.result = EXIT_NO_MATCH;
	}
	selector_free(st.selector);
	return st.result;
}

int
cmd_status(const struct cli *cli)
{
	struct config *config = app_config(cli);
	struct loop *loop;
	int status;

	if (config == NULL)
		return EXIT_USAGE;
	loop = loop_new();
	status = app_status(cli, loop, config);
	loop_free(loop);
	return status;
}

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
#include "settle.h"

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
	struct timer *again;
	struct settle *settle;
	uint64_t started;
	bool printed;
	int result;
};

static bool
excused(const struct session_failure *f)
{
	const struct board *b = f->board;
	const struct node *n;

	if (f->slot < 1 || f->slot > b->slots)
		return false;
	n = b->nodes[f->slot - 1];
	return (b->origin != NULL || n->feed != NULL) &&
	    node_state(n) == NODE_OFF;
}

/* A feed is meant with the nodes that hang on it. */
static bool
feed_meant(const struct selector *sel, const struct feed *f)
{
	for (size_t i = 0; i < f->n_fed; i++)
		if (selector_node(sel, f->fed[i]))
			return true;
	return selector_feed(sel, f);
}

static bool
meant(const struct status *st, const struct session_failure *f)
{
	if (f->feed != NULL)
		return feed_meant(st->selector, f->feed);
	if (f->slot > 0 && f->slot <= f->board->slots)
		return selector_node(
		    st->selector, f->board->nodes[f->slot - 1]);
	return selector_board(st->selector, f->board);
}

static void
tell_one(const struct session_failure *f)
{
	char label[192];

	if (f->feed != NULL)
		str_copy(label, sizeof label, f->feed->name);
	else if (f->slot == 0 || f->slot > f->board->slots)
		str_copy(label, sizeof label, f->board->name);
	else
		app_node_label(
		    f->board->nodes[f->slot - 1], label, sizeof label);
	fprintf(stderr, "rackmux: %s: %s\n", label, f->why);
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
print_once(struct status *st)
{
	const struct model *m = session_model(st->session);
	bool utf8 = !st->cli->given[CLIOPT_ASCII] &&
	    strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	if (st->cli->given[CLIOPT_TIMING] && !st->printed)
		tell_timing(st);
	if (selector_count(st->selector, m) == 0) {
		app_no_match(st->cli->n_args > 0 ? st->cli->args[0] : "*");
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
	    st->again, (uint64_t)(st->cli->number[CLIOPT_WATCH] * 1000));
}

static void
on_time(void *arg)
{
	print_once(arg);
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
	st->again = timer_new(st->loop, on_time, st);
	st->settle = settle_new(st->loop, st->session, timeout, on_time, st);
	app_journal(st->session, config);
	session_apply(st->session, config, NULL);
	loop_run(st->loop);
	if (app_signals_caught(signals) != 0 && !st->printed)
		st->result = 128 + app_signals_caught(signals);
	app_write_stats(st->cli, st->loop, st->session, st->started);
	settle_free(st->settle);
	session_free(st->session);
	timer_free(st->again);
	app_signals_free(signals);
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
	if (app_keep_selected(config, st.selector, loop)) {
		run(&st, config);
	} else {
		app_no_match(cli->args[0]);
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

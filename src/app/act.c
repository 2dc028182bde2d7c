#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/app.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/model/feed.h"
#include "settle.h"

/*
 * Actions from the command line. Each node has exactly one outcome: one line,
 * on stdout when it was done and on stderr when it was not. What a board
 * cannot do is said in the words that the dashboard shows for it.
 */

#define TIMEOUT_S 15
#define STAGGER_MS 1000

struct target {
	struct board *board;
	struct node *node; /* NULL: the board as a whole */
	struct run *run;
	char label[192]; /* outlives both: an outcome may come last of all */
};

struct run {
	const struct cli *cli;
	struct loop *loop;
	struct session *session;
	struct settle *settle;
	struct timer *pace;
	struct io *asking;
	struct selector *selector;
	const char *selector_text;
	enum act act;
	struct target *targets;
	size_t n, next, open;
	int result;
};

static const struct {
	enum command command;
	const char *word;
	enum act act;
	bool cuts;
} words[] = {
	{ COMMAND_POWER, "on", ACT_POWER_ON, false },
	{ COMMAND_POWER, "off", ACT_POWER_OFF, true },
	{ COMMAND_POWER, "cycle", ACT_POWER_CYCLE, true },
	{ COMMAND_POWER, "reset", ACT_POWER_RESET, true },
	{ COMMAND_POWER, "soft", ACT_POWER_SOFT, true },
	{ COMMAND_LOCATE, "on", ACT_LOCATE_ON, false },
	{ COMMAND_LOCATE, "off", ACT_LOCATE_OFF, false },
	{ COMMAND_FLASH, NULL, ACT_FLASH, false },
};

static struct target
target_of(struct run *r, struct board *b, struct node *n)
{
	struct target t = { .board = b, .node = n, .run = r };

	if (n != NULL)
		app_node_label(n, t.label, sizeof t.label);
	else
		str_copy(t.label, sizeof t.label, b->name);
	return t;
}

static void
tell(struct run *r, const struct target *t, enum act_outcome outcome,
    const char *text)
{
	FILE *f = outcome == ACT_OK ? stdout : stderr;

	fprintf(f, "%s%s: %s: %s%s\n",
	    outcome == ACT_OK ? "" : "rackmux: ", t->label, act_name(r->act),
	    outcome == ACT_UNCERTAIN ? "not known to be done: " : "", text);
	if (outcome != ACT_OK)
		r->result = EXIT_SOME_FAILED;
}

static void
on_acted(void *arg, enum act_outcome outcome, const char *text)
{
	struct target *t = arg;
	struct run *r = t->run;

	tell(r, t, outcome, text);
	if (--r->open == 0)
		loop_stop(r->loop);
}

/* One after the other: boards brown out when all nodes start at once. */
static void
on_pace(void *arg)
{
	struct run *r = arg;
	bool paced = r->act == ACT_POWER_ON || r->act == ACT_POWER_CYCLE;
	double ms = r->cli->given[CLIOPT_STAGGER]
	    ? r->cli->number[CLIOPT_STAGGER]
	    : paced ? STAGGER_MS
		    : 0;
	struct target *t = &r->targets[r->next++];
	const char *why;

	if (r->next < r->n)
		timer_start(r->pace, (uint64_t)ms);
	why = t->node != NULL
	    ? session_act(r->session, t->node, r->act, on_acted, t)
	    : session_act_board(r->session, t->board, r->act, on_acted, t);
	if (why != NULL)
		on_acted(t, ACT_FAILED, why);
}

static bool
cuts(enum act act)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].act == act)
			return words[i].cuts;
	return false;
}

static void
add(struct run *r, struct board *b, struct node *n)
{
	r->targets = mem_grow(r->targets, r->n + 1, sizeof *r->targets);
	r->targets[r->n++] = target_of(r, b, n);
}

static void
consider(struct run *r, struct node *n)
{
	const char *why = node_cannot(n, r->act);
	struct target t;

	if (why == NULL)
		why = act_unbuilt(r->act);
	if (why == NULL) {
		add(r, n->board, n);
		return;
	}
	t = target_of(r, n->board, n);
	tell(r, &t, ACT_FAILED, why);
}

/* Named by its own name, a board may mean itself: one LED for all slots. */
static bool
means_board(const struct run *r, const struct board *b)
{
	return strcmp(r->selector_text, b->name) == 0 &&
	    board_cannot(b, r->act) == NULL;
}

/* Those that can become targets; those that cannot have their answer. */
static bool
gather(struct run *r)
{
	const struct model *m = session_model(r->session);
	bool any = false;

	for (size_t i = 0; i < m->n_boards; i++) {
		struct board *b = m->boards[i];

		if (means_board(r, b)) {
			add(r, b, NULL);
			any = true;
			continue;
		}
		for (int k = 0; k < b->slots; k++)
			if (selector_node(r->selector, b->nodes[k])) {
				consider(r, b->nodes[k]);
				any = true;
			}
	}
	return any;
}

static void
begin(struct run *r)
{
	r->open = r->n;
	if (r->n == 0)
		loop_stop(r->loop);
	else
		on_pace(r);
}

/* A terminal gives whole lines; its end counts as no. */
static void
on_answer(void *arg, int events)
{
	struct run *r = arg;
	char answer[16];
	ssize_t n = read(0, answer, sizeof answer);

	(void)events;
	io_free(r->asking);
	r->asking = NULL;
	if (n != 4 || memcmp(answer, "yes\n", 4) != 0) {
		fprintf(stderr, "rackmux: nothing was done\n");
		r->result = EXIT_SOME_FAILED;
		r->n = 0;
	}
	begin(r);
}

/* Also who else loses power with it. */
static void
name_target(const struct run *r, const struct target *t)
{
	const struct node *n = t->node;
	char others[160];

	fprintf(stderr, "  %s", t->label);
	if (n == NULL)
		fprintf(stderr, ", the whole board");
	else if (n->feed != NULL && node_route(n, r->act) == n->feed->origin &&
	    feed_others(n, others, sizeof others) > 0)
		fprintf(stderr, "; its port also feeds %s", others);
	fprintf(stderr, "\n");
}

/* The links stay alive while the operator thinks. */
static void
ask(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		name_target(r, &r->targets[i]);
	fprintf(stderr, "%s: %zu %s%s. Type yes to go on: ", act_name(r->act),
	    r->n, r->targets[0].node == NULL ? "board" : "node",
	    r->n == 1 ? "" : "s");
	r->asking = io_new(r->loop, 0, on_answer, r);
	io_want(r->asking, IO_READ);
}

static void
on_settled(void *arg)
{
	struct run *r = arg;

	if (!gather(r)) {
		app_no_match(r->selector_text);
		r->result = EXIT_NO_MATCH;
	}
	if (r->n > 0 && cuts(r->act) && !r->cli->given[CLIOPT_YES])
		ask(r);
	else
		begin(r);
}

/* Ended by a signal: what was not begun has an outcome too. */
static void
tell_unbegun(struct run *r)
{
	if (r->next == 0)
		fprintf(stderr, "rackmux: nothing was done\n");
	for (size_t i = r->next; r->next > 0 && i < r->n; i++)
		tell(r, &r->targets[i], ACT_FAILED,
		    "not begun: it was interrupted");
}

static int
run(struct run *r, struct config *config)
{
	struct app_signals *signals = app_signals_new(r->loop);
	double timeout = r->cli->given[CLIOPT_TIMEOUT]
	    ? r->cli->number[CLIOPT_TIMEOUT]
	    : TIMEOUT_S;

	r->session = session_new(r->loop, NULL, NULL);
	r->pace = timer_new(r->loop, on_pace, r);
	r->settle = settle_new(r->loop, r->session, timeout, on_settled, r);
	app_journal(r->session, config);
	session_apply(r->session, config, NULL);
	loop_run(r->loop);
	io_free(r->asking);
	settle_free(r->settle);
	session_free(r->session); /* what is under way is told now */
	timer_free(r->pace);
	if (app_signals_caught(signals) != 0) {
		tell_unbegun(r);
		r->result = 128 + app_signals_caught(signals);
	}
	app_signals_free(signals);
	return r->result;
}

static bool
find_word(struct run *r)
{
	const struct cli *c = r->cli;
	const size_t wants = 2;

	for (size_t i = 0; i < ARRAY_LEN(words) && c->n_args == wants; i++)
		if (words[i].command == c->command &&
		    (words[i].word == NULL ||
			strcmp(words[i].word, c->args[0]) == 0)) {
			r->act = words[i].act;
			r->selector_text = c->args[wants - 1];
			return true;
		}
	fprintf(stderr, "rackmux: usage: rackmux %s\n",
	    c->command == COMMAND_POWER
		? "power on|off|cycle|reset|soft SELECTOR"
		: c->command == COMMAND_LOCATE ? "locate on|off SELECTOR"
					       : "flash IMAGE SELECTOR");
	return false;
}

static bool
allowed(const struct run *r, const struct config *c)
{
	if (r->cli->given[CLIOPT_READ_ONLY] || c->top.read_only) {
		fprintf(stderr,
		    "rackmux: %s: read-only: nothing was done; leave "
		    "--read-only and read_only out to change boards\n",
		    act_name(r->act));
		return false;
	}
	if (cuts(r->act) && !r->cli->given[CLIOPT_YES] && !isatty(0)) {
		fprintf(stderr,
		    "rackmux: %s interrupts what runs: without a terminal to "
		    "ask at, add --yes\n",
		    act_name(r->act));
		return false;
	}
	return true;
}

int
cmd_act(const struct cli *cli)
{
	struct run r = { .cli = cli };
	struct config *config;
	char err[256];

	if (!find_word(&r))
		return EXIT_USAGE;
	r.selector = selector_parse(r.selector_text, err, sizeof err);
	if (r.selector == NULL) {
		fprintf(stderr, "rackmux: %s\n", err);
		return EXIT_USAGE;
	}
	config = app_config(cli);
	if (config == NULL || !allowed(&r, config)) {
		config_free(config);
		selector_free(r.selector);
		return EXIT_USAGE;
	}
	r.loop = loop_new();
	if (app_keep_selected(config, r.selector, r.loop)) {
		(void)run(&r, config);
	} else {
		app_no_match(r.selector_text);
		config_free(config);
		r.result = EXIT_NO_MATCH;
	}
	loop_free(r.loop);
	selector_free(r.selector);
	free(r.targets);
	return r.result;
}

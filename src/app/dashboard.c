#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rackmux/app/app.h"
#include "rackmux/app/reload.h"
#include "rackmux/app/themefile.h"
#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/console/bus.h"
#include "rackmux/ui/ui.h"

#include "console_cmd.h"
#include "layouts.h"

/*
 * The session below, the screen above, and what goes between them: questions
 * of links and their answers, refreshes, reloads. Everything that can be
 * wrong is told before the screen opens; after that nothing is printed.
 */

struct open_ask {
	unsigned id;
	struct link *link;
};

struct dashboard {
	const struct cli *cli;
	struct loop *loop;
	struct session *session;
	struct ui *ui;
	struct bus *bus;
	struct layouts *layouts;
	const char *solo; /* the console that is all there is, or NULL */
	struct reload *reload;
	struct theme theme;
	struct open_ask *asks;
	size_t n_asks;
};

/* An action under way, by whose outcome it is freed. */
struct ordered {
	struct dashboard *dashboard;
	enum act act;
	char label[160];
};

bool
app_terminal(void)
{
	const char *which = !isatty(0) ? "stdin" : !isatty(1) ? "stdout" : NULL;

	if (which == NULL)
		return true;
	fprintf(stderr,
	    "rackmux: the dashboard needs a terminal, and %s is none; "
	    "`rackmux status` prints the same without one\n",
	    which);
	return false;
}

/* --- questions ---------------------------------------------------------- */

static void
on_ask(void *arg, struct link *link, const struct link_ask *ask)
{
	struct dashboard *d = arg;

	if (d->ui == NULL) {
		link_answer(link, ask->id, NULL);
		return;
	}
	d->asks = mem_grow(d->asks, d->n_asks + 1, sizeof *d->asks);
	d->asks[d->n_asks++] = (struct open_ask){ ask->id, link };
	ui_ask(d->ui, link_name(link), ask);
}

static struct link *
take_ask(struct dashboard *d, unsigned id)
{
	for (size_t i = 0; i < d->n_asks; i++)
		if (d->asks[i].id == id) {
			struct link *link = d->asks[i].link;

			d->asks[i] = d->asks[--d->n_asks];
			return link;
		}
	return NULL;
}

static void
on_ask_over(void *arg, struct link *link, unsigned id)
{
	struct dashboard *d = arg;

	(void)link;
	(void)take_ask(d, id);
	if (d->ui != NULL)
		ui_ask_over(d->ui, id);
}

static void
on_answer(void *arg, unsigned id, const char *answer)
{
	struct link *link = take_ask(arg, id);

	if (link != NULL)
		link_answer(link, id, answer);
}

static void
on_console(void *arg, struct console *c)
{
	struct dashboard *d = arg;

	if (d->ui != NULL)
		ui_console_changed(d->ui, c);
}

static const struct session_sink sink = { on_ask, on_ask_over, on_console };

/* --- what the operator does --------------------------------------------- */

static void
on_quit(void *arg)
{
	struct dashboard *d = arg;

	loop_stop(d->loop);
}

static void
on_action(void *arg, enum action action, struct board *board, struct node *node)
{
	struct dashboard *d = arg;

	(void)node;
	if (action == ACTION_REFRESH)
		session_refresh(d->session, board);
}

static void
on_acted(void *arg, enum act_outcome outcome, const char *text)
{
	static const enum event_kind kinds[] = { [ACT_OK] = EVENT_GOOD,
		[ACT_FAILED] = EVENT_BAD,
		[ACT_UNCERTAIN] = EVENT_WARN };
	struct ordered *o = arg;
	char line[320];

	str_format(line, sizeof line, "%s: %s: %s%s", o->label,
	    act_name(o->act),
	    outcome == ACT_UNCERTAIN ? "not known to be done: " : "", text);
	if (o->dashboard->ui != NULL)
		ui_message(o->dashboard->ui, kinds[outcome], line);
	free(o);
}

static void
on_act(void *arg, struct node *n, enum act act)
{
	struct dashboard *d = arg;
	struct ordered *o = mem_alloc(sizeof *o);
	const char *why;

	o->dashboard = d;
	o->act = act;
	app_node_label(n, o->label, sizeof o->label);
	why = session_act(d->session, n, act, on_acted, o);
	if (why != NULL)
		on_acted(o, ACT_FAILED, why);
}

/* --- layouts ------------------------------------------------------------- */

static bool
save_layout(
    void *arg, const char *name, const char *text, char *err, size_t size)
{
	struct dashboard *d = arg;

	return layouts_save(d->layouts, name, text, err, size);
}

static const char *
load_layout(void *arg, const char *name)
{
	struct dashboard *d = arg;

	return layouts_text(d->layouts, name);
}

static const char *
layout_name(void *arg, size_t i)
{
	struct dashboard *d = arg;

	return layouts_name(d->layouts, i);
}

static void
open_layouts(struct dashboard *d, const struct config *c)
{
	char *dir = config_state_dir();
	char *path = c != NULL ? realpath(c->path, NULL) : NULL;

	d->layouts = layouts_open(dir, path);
	free(path);
	free(dir);
}

/* The layout that was in use when the last run ended. */
static void
restore_layout(struct dashboard *d)
{
	const char *last = layouts_last(d->layouts);

	if (last != NULL)
		panes_open_layout(ui_panes(d->ui), last);
}

static void
open_consoles(struct dashboard *d, const struct config *c)
{
	char *dir = config_state_dir();

	d->bus =
	    bus_new(d->loop, NULL, d->solo != NULL ? d->solo : "dashboard");
	session_open_consoles(d->session, c, dir, d->bus);
	free(dir);
}

/* --- reload ------------------------------------------------------------- */

static void
on_say(void *arg, bool bad, const char *text)
{
	struct dashboard *d = arg;

	ui_message(d->ui, bad ? EVENT_BAD : EVENT_GOOD, text);
	model_event(session_model(d->session), bad ? EVENT_BAD : EVENT_INFO,
	    NULL, NULL, "%s", text);
}

static void
on_applied(void *arg, const struct config *c)
{
	struct dashboard *d = arg;
	struct diags diags = { 0 };
	struct theme theme;
	char text[512];

	if (key_parse(c->console.prefix, &ui_panes(d->ui)->prefix))
		ui_dirty(d->ui);
	if (d->cli->text[CLIOPT_THEME] != NULL)
		return;
	if (theme_find(c->top.theme, &theme, &diags)) {
		d->theme = theme;
		ui_set_theme(d->ui, &d->theme);
	} else {
		diag_format(&diags.v[0], text, sizeof text);
		on_say(d, true, text);
	}
	diags_release(&diags);
}

static const struct reload_sink reload_sink = { on_say, on_applied };

/* --- start and end ------------------------------------------------------ */

static bool
find_theme(struct dashboard *d, const struct config *c)
{
	const char *name = d->cli->text[CLIOPT_THEME];
	struct diags diags = { 0 };
	bool good;

	if (name == NULL)
		name = c != NULL ? c->top.theme : "default";
	good = theme_find(name, &d->theme, &diags);
	if (!good) {
		fprintf(stderr, "rackmux: the theme cannot be used:\n");
		print_diags(stderr, &diags);
	}
	diags_release(&diags);
	return good;
}

static bool
open_screen(struct dashboard *d, const struct config *c)
{
	const struct cli *cli = d->cli;
	struct ui_options o = {
		.loop = d->loop,
		.model = session_model(d->session),
		.theme = &d->theme,
		.ascii = cli->given[CLIOPT_ASCII],
		.read_only = cli->given[CLIOPT_READ_ONLY] ||
		    (c != NULL && c->top.read_only),
		.on_quit = on_quit,
		.on_action = on_action,
		.on_act = on_act,
		.on_answer = on_answer,
		.save_layout = save_layout,
		.load_layout = load_layout,
		.layout_name = layout_name,
		.arg = d,
	};
	char err[256];

	if (cli->given[CLIOPT_MAX_RATE])
		o.max_rate = (unsigned)cli->number[CLIOPT_MAX_RATE];
	else if (c != NULL)
		o.max_rate = (unsigned)c->top.max_rate;
	d->ui = ui_new(&o, err, sizeof err);
	if (d->ui == NULL) {
		fprintf(stderr, "rackmux: %s\n", err);
		return false;
	}
	if (c != NULL)
		(void)key_parse(c->console.prefix, &ui_panes(d->ui)->prefix);
	ui_consoles(d->ui, session_consoles(d->session));
	if (d->solo != NULL)
		panes_solo(ui_panes(d->ui), d->solo);
	else
		restore_layout(d);
	return true;
}

static bool
add_targets(struct dashboard *d)
{
	char err[256];

	for (size_t i = 0; i < d->cli->n_args; i++)
		if (!session_target(
			d->session, d->cli->args[i], err, sizeof err)) {
			fprintf(stderr, "rackmux: %s\n", err);
			return false;
		}
	return true;
}

/* c is taken over; NULL: targets only. */
static int
run(const struct cli *cli, struct loop *loop, struct config *c,
    const char *solo)
{
	struct dashboard d = { .cli = cli, .loop = loop, .solo = solo };
	struct app_signals *signals = app_signals_new(loop);
	uint64_t started = loop_now(loop);
	bool themed = find_theme(&d, c);
	int status = EXIT_USAGE;

	d.session = session_new(loop, &sink, &d);
	app_journal(d.session, c);
	open_consoles(&d, c);
	open_layouts(&d, c);
	/* First of all: a target keeps to the ssh group, and to names that
	 * no board has. */
	if (themed && c != NULL)
		session_apply(d.session, c, NULL);
	else
		config_free(c);
	if (themed && (solo != NULL || add_targets(&d)) && open_screen(&d, c)) {
		if (c != NULL && solo == NULL)
			d.reload =
			    reload_new(loop, d.session, &reload_sink, &d);
		loop_run(loop);
		status = app_signals_caught(signals) == 0
		    ? EXIT_ALL_DONE
		    : 128 + app_signals_caught(signals);
		app_write_stats(cli, loop, d.session, started);
	}
	reload_free(d.reload);
	if (d.ui != NULL && solo == NULL)
		(void)layouts_set_last(d.layouts, ui_panes(d.ui)->layout);
	ui_free(d.ui);
	d.ui = NULL;
	session_free(d.session);
	bus_free(d.bus);
	layouts_free(d.layouts);
	app_signals_free(signals);
	free(d.asks);
	return status;
}

int
app_dashboard(const struct cli *cli, struct loop *loop, const char *path)
{
	struct diags diags = { 0 };
	struct config *c = config_load(path, &diags);

	if (c == NULL)
		print_diags(stderr, &diags);
	diags_release(&diags);
	return c != NULL ? run(cli, loop, c, NULL) : EXIT_USAGE;
}

int
app_console_screen(const struct cli *cli, struct loop *loop, struct config *c,
    const char *name)
{
	return run(cli, loop, c, name);
}

int
cmd_dashboard(const struct cli *cli)
{
	struct config *c = NULL;
	struct loop *loop;
	int status;

	if (!app_terminal())
		return EXIT_USAGE;
	/* Boards named on the command line need no configuration. */
	if (cli->n_args == 0 || cli->text[CLIOPT_CONFIG] != NULL) {
		c = app_config(cli);
		if (c == NULL)
			return EXIT_USAGE;
	}
	loop = loop_new();
	status = run(cli, loop, c, NULL);
	loop_free(loop);
	return status;
}

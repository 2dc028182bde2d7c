#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/driver/drivers.h"

/*
 * A board that is described by a recipe. Each of its commands becomes a shell
 * function (rm_ask_a, rm_ask_b, ...), sent once, that runs it in a subshell
 * (a mistake in it hurts nothing else) between two marks, the second with its
 * exit status. A round is one line: the functions that are due.
 *
 * Slots that are asked in parallel (servers, one of which may be dead) form a
 * pipeline in which each runs its command first and then passes on what comes
 * from its left, so that their answers do not mix and no file is needed.
 */

#define PIPELINE_MAX 16

const char cmd_using_body[] =
    "if [ -w \"$1\" ] || ! command -v sudo >/dev/null 2>&1; then "
    "shift; \"$@\"; else shift; sudo -n \"$@\"; fi";

const char cmd_preamble[] =
    "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; "
    "export PATH LC_ALL; ";

/* $1: which, $2: slot, $3: the command. */
static const char run_body[] =
    "o=$( { PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C;"
    " export PATH LC_ALL\n"
    "eval \"$3\"; } </dev/null 2>&1)\n"
    "s=$?\n"
    "[ -z \"${4-}\" ] || cat\n"
    "printf '@rm %s %s\\n%s\\n@rm= %s %s %s\\n' \"$1\" \"$2\" \"$o\""
    " \"$1\" \"$2\" \"$s\"";

static struct drv *
cmd_open(void)
{
	struct cmd *c = mem_alloc(sizeof *c);

	return &c->drv;
}

static void
place_init(struct cmd *c, struct cmd_place *p)
{
	report_init(&p->board, &c->drv, SOURCE_BOARD);
	report_init(&p->commanded, &c->drv, SOURCE_COMMANDED);
}

static void
place_release(struct cmd_place *p)
{
	report_release(&p->board);
	report_release(&p->commanded);
}

static void
cmd_close(struct drv *d)
{
	struct cmd *c = (struct cmd *)d;

	drv_orders_drop(d);
	for (size_t i = 0; i < RECIPE_ASKS_MAX; i++) {
		for (size_t k = 0; k < c->ask[i].places; k++)
			place_release(&c->ask[i].place[k]);
		free(c->ask[i].place);
	}
	free(c);
}

static void
cmd_reset(struct drv *d)
{
	struct cmd *c = (struct cmd *)d;

	c->told = false;
	for (size_t i = 0; i < RECIPE_ASKS_MAX; i++) {
		struct cmd_ask *a = &c->ask[i];

		a->asked_at = 0;
		for (size_t k = 0; k < a->places; k++) {
			report_clear(&a->place[k].board);
			report_clear(&a->place[k].commanded);
			a->place[k].done = false;
		}
	}
}

static void
make_places(struct cmd *c)
{
	for (size_t i = 0; i < c->recipe->n_asks; i++) {
		struct cmd_ask *a = &c->ask[i];
		size_t n =
		    c->recipe->ask[i].per_slot ? (size_t)c->slots + 1 : 1;

		if (n <= a->places)
			continue;
		a->place = mem_grow(a->place, n, sizeof *a->place);
		memset(a->place + a->places, 0,
		    (n - a->places) * sizeof *a->place);
		for (; a->places < n; a->places++)
			place_init(c, &a->place[a->places]);
	}
}

void
cmd_set_slots(struct cmd *c, int n)
{
	if (n < 1 || n > DRIVER_SLOTS_MAX || n == c->slots)
		return;
	c->slots = n;
	c->defined = c->told = false; /* the functions go over the slots */
	make_places(c);
	c->drv.sink.slots(c->drv.sink_arg, n);
}

/* --- what is sent ---------------------------------------------------------- */

static void
add_run(struct cmd *c, struct buf *b, size_t i, int slot, bool piped)
{
	const struct recipe_ask *a = &c->recipe->ask[i];
	struct buf cmd, limited;

	buf_init(&cmd, 0);
	buf_init(&limited, 0);
	recipe_expand(c->recipe, a->run, slot, true, &cmd);
	if (a->timeout_s > 0) {
		struct buf whole;

		buf_init(&whole, 0);
		buf_printf(&whole, "using() { %s; }; %s", cmd_using_body,
		    buf_str(&cmd));
		buf_printf(&limited, "timeout %u sh -c ", a->timeout_s);
		buf_quote(&limited, buf_str(&whole));
		buf_release(&whole);
	} else
		buf_puts(&limited, buf_str(&cmd));
	buf_printf(b, "rm_cmd %c %d ", (char)('a' + (int)i), slot);
	buf_quote(b, buf_str(&limited));
	buf_puts(b, piped ? " |" : "");
	buf_release(&cmd);
	buf_release(&limited);
}

/* A further argument tells rm_cmd that somebody stands to its left. */
static void
ask_body(struct cmd *c, struct buf *b, size_t i)
{
	const struct recipe_ask *a = &c->recipe->ask[i];

	if (!a->per_slot) {
		add_run(c, b, i, 0, false);
		return;
	}
	for (int s = 1; s <= c->slots; s++) {
		bool left = a->parallel && (s - 1) % PIPELINE_MAX != 0;
		bool right =
		    a->parallel && s % PIPELINE_MAX != 0 && s < c->slots;

		add_run(c, b, i, s, false);
		buf_printf(b, "%s%s\n", left ? " left" : "", right ? " |" : "");
	}
	buf_puts(b, ":");
}

static void
define(struct cmd *c)
{
	struct drv *d = &c->drv;
	char name[] = "rm_ask_a";
	struct buf b;

	d->link.define(d->link.arg, "using", cmd_using_body);
	d->link.define(d->link.arg, "rm_cmd", run_body);
	buf_init(&b, 0);
	for (size_t i = 0; c->recipe != NULL && i < c->recipe->n_asks; i++) {
		buf_clear(&b);
		ask_body(c, &b, i);
		name[sizeof name - 2] = (char)('a' + (int)i);
		d->link.define(d->link.arg, name, buf_str(&b));
	}
	buf_release(&b);
	c->defined = true;
}

static bool
is_due(struct cmd *c, size_t i, uint64_t now)
{
	const struct recipe_ask *a = &c->recipe->ask[i];
	const struct cmd_ask *state = &c->ask[i];

	if (a->per_slot && c->slots == 0)
		return false;
	for (size_t k = a->per_slot ? 1 : 0; a->once && k < state->places; k++)
		if (!state->place[k].done)
			return true;
	if (a->once)
		return false;
	return c->again || state->asked_at == 0 || a->every_ms == 0 ||
	    now - state->asked_at >= a->every_ms;
}

static void
on_answer(void *arg, const struct link_result *r)
{
	struct cmd *c = arg;
	struct drv *d = &c->drv;
	char *copy;

	if (!answer_open(d, r, &copy)) {
		for (size_t i = 0; i < RECIPE_ASKS_MAX; i++)
			if (c->ask[i].sent)
				c->ask[i].asked_at = 0;
		return;
	}
	if (c->recipe != NULL) {
		cmd_parse(c, copy);
		cmd_tell_memory(c);
	}
	free(copy);
	if (!c->told && c->recipe != NULL) {
		c->told = true;
		cmd_tell_cannot(c);
		d->sink.can_changed(d->sink_arg);
	}
	drv_fresh(d);
}

/* The first round of a connection learns how many slots there are. */
static void
begin(struct cmd *c)
{
	c->recipe = c->drv.config.recipe;
	if (c->recipe == NULL || c->slots > 0)
		return;
	if (c->recipe->slots > 0)
		cmd_set_slots(c, c->recipe->slots);
	else
		make_places(c);
}

static void
cmd_poll(struct drv *d)
{
	struct cmd *c = (struct cmd *)d;
	uint64_t now = d->link.now(d->link.arg);
	struct buf b;

	begin(c);
	if (!c->defined)
		define(c);
	buf_init(&b, 0);
	for (size_t i = 0; c->recipe != NULL && i < c->recipe->n_asks; i++) {
		c->ask[i].sent = is_due(c, i, now);
		if (!c->ask[i].sent)
			continue;
		c->ask[i].asked_at = now > 0 ? now : 1;
		buf_printf(&b, "rm_ask_%c; ", (char)('a' + (int)i));
	}
	c->again = false;
	buf_puts(&b, "echo end");
	d->link.run(d->link.arg, buf_str(&b), POLL_TIMEOUT(d), on_answer, c);
	buf_release(&b);
}

/* Described boards are found by their recipes (see recipe_match()). */
static int
cmd_match(const char *facts)
{
	(void)facts;
	return 0;
}

const struct driver driver_command = {
	.type = "command",
	.title = "described board",
	.whole_board = true,
	.open = cmd_open,
	.poll = cmd_poll,
	.close = cmd_close,
	.can = cmd_can,
	.match = cmd_match,
	.act = command_act,
	.reset = cmd_reset,
	.console = cmd_console,
};

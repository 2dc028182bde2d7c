#include "rackmux/ui/ui.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/mem.h"
#include "rackmux/base/text.h"
#include "rackmux/ui/input.h"
#include "rackmux/ui/term.h"

/*
 * One place draws: the end of a turn. The first change after quiet is drawn
 * in the turn in which it came; what follows waits for the frame's time to
 * be over, and for the terminal to have taken the last frame.
 */

enum { FRAME_MS = 50, TICK_MS = 1000, BUSY_MS = 20 };

struct ui {
	struct loop *loop;
	struct ui_options options;
	struct theme theme;
	struct tty *tty;
	struct terminal *term;
	struct input *input;
	struct screen screen;
	struct canvas canvas;
	struct timer *frame, *tick;
	struct sig *winch, *tstp, *cont;
	bool dirty;
	uint64_t drawn_at; /* loop ms of the last whole frame; 0: never */
	uint64_t frame_at; /* loop ms for which frame was started last */
};

void
ui_dirty(struct ui *ui)
{
	ui->dirty = true;
	/* Outside a turn nobody would come by. */
	if (!timer_active(ui->frame))
		timer_start(ui->frame, 0);
}

static void
changed(void *arg)
{
	struct ui *ui = arg;

	ui->dirty = true;
}

/* Whole, or only what consoles printed since. */
static void
draw(struct ui *ui, bool whole)
{
	uint64_t now = loop_now(ui->loop);
	int w, h;

	if (term_size(ui->term, &w, &h) || w != ui->canvas.w ||
	    h != ui->canvas.h || screen_all_due(&ui->screen, &ui->canvas))
		whole = true;
	if (whole) {
		if (w != ui->canvas.w || h != ui->canvas.h)
			canvas_resize(&ui->canvas, w, h);
		screen_draw(&ui->screen, &ui->canvas);
		ui->drawn_at = now;
		ui->dirty = false;
	} else if (!screen_draw_panes(&ui->screen, &ui->canvas, now))
		return;
	panes_cost(
	    &ui->screen.panes, term_draw(ui->term, &ui->canvas, &ui->theme));
}

/* Milliseconds until there is something to draw, 0: now. */
static uint64_t
wait_for(const struct ui *ui, uint64_t now, bool *whole)
{
	uint64_t panes = screen_panes_due(&ui->screen, now), at = UINT64_MAX;

	*whole = false;
	if (ui->dirty)
		at = ui->drawn_at != 0 && now < ui->drawn_at + FRAME_MS
		    ? ui->drawn_at + FRAME_MS
		    : now;
	*whole = at <= now;
	if (panes < at)
		at = panes;
	return at == UINT64_MAX ? UINT64_MAX : at > now ? at - now : 0;
}

static void
turn_end(void *arg)
{
	struct ui *ui = arg;
	uint64_t now = loop_now(ui->loop), wait;
	bool whole;

	wait = wait_for(ui, now, &whole);
	if (wait == UINT64_MAX)
		return;
	/* Its queue tells us when it has emptied; what waits in the kernel
	 * does not. */
	if (wait == 0 && tty_pending(ui->tty) > 0)
		wait = BUSY_MS;
	if (wait == 0) {
		draw(ui, whole);
		wait = wait_for(ui, now, &whole);
	}
	if (wait == UINT64_MAX)
		return;
	wait = wait > 0 ? wait : 1;
	/* A pane that rests long does not make the others wait for it. */
	if (!timer_active(ui->frame) || now + wait < ui->frame_at) {
		timer_start(ui->frame, wait);
		ui->frame_at = now + wait;
	}
}

/* Ends a turn, which draws; so does the queue that has emptied. */
static void
frame_due(void *arg)
{
	(void)arg;
}

/* Clock and ages. Nothing is sent where nothing reads differently. */
static void
tick(void *arg)
{
	struct ui *ui = arg;
	uint64_t past = (uint64_t)(loop_wall(ui->loop) % TICK_MS);

	ui->dirty = true;
	timer_start(ui->tick, TICK_MS - past + 5);
}

/* --- input -------------------------------------------------------------- */

static void
on_key(void *arg, struct key k)
{
	struct ui *ui = arg;

	uint64_t message = ui->screen.message_until;
	bool types = screen_types(&ui->screen, k);

	screen_key(&ui->screen, k);
	/* What is typed at a node changes nothing here but its echo. */
	if (!types || ui->screen.message_until != message)
		ui->dirty = true;
}

static void
on_mouse(void *arg, const struct mouse *m)
{
	struct ui *ui = arg;

	ui->dirty = true;
	screen_mouse(&ui->screen, m);
}

static void
on_paste(void *arg, const char *text, size_t len)
{
	struct ui *ui = arg;

	ui->dirty = true;
	screen_paste(&ui->screen, text, len);
}

static void
on_focus(void *arg, bool in)
{
	struct ui *ui = arg;

	panes_terminal_focus(&ui->screen.panes, in);
}

static const struct input_sink input_sink = { on_key, on_mouse, on_paste,
	on_focus };

static void
on_read(void *arg, const char *bytes, size_t len)
{
	struct ui *ui = arg;

	if (len > 0)
		input_feed(ui->input, bytes, len);
	else if (ui->options.on_quit != NULL)
		ui->options.on_quit(ui->options.arg);
}

/* --- what the screen asks of us ----------------------------------------- */

static void
suspend(struct ui *ui)
{
	term_leave(ui->term);
	if (!tty_stop_process())
		screen_message(&ui->screen, EVENT_WARN,
		    "There is no shell to go back to.");
	term_enter(ui->term);
	ui_dirty(ui);
}

static void
on_action(void *arg, enum action a, struct board *b, struct node *n)
{
	struct ui *ui = arg;

	switch (a) {
	case ACTION_QUIT:
		if (ui->options.on_quit != NULL)
			ui->options.on_quit(ui->options.arg);
		break;
	case ACTION_SUSPEND:
		suspend(ui);
		break;
	case ACTION_REDRAW:
		term_repaint(ui->term);
		break;
	default:
		if (ui->options.on_action != NULL)
			ui->options.on_action(ui->options.arg, a, b, n);
	}
}

static void
on_answer(void *arg, unsigned id, const char *answer)
{
	struct ui *ui = arg;

	if (ui->options.on_answer != NULL)
		ui->options.on_answer(ui->options.arg, id, answer);
}

static void
on_act(void *arg, struct node *n, enum act act)
{
	struct ui *ui = arg;

	if (ui->options.on_act != NULL)
		ui->options.on_act(ui->options.arg, n, act);
}

static bool
save_layout(
    void *arg, const char *name, const char *text, char *err, size_t size)
{
	struct ui *ui = arg;

	if (ui->options.save_layout != NULL)
		return ui->options.save_layout(
		    ui->options.arg, name, text, err, size);
	str_copy(err, size, "there is nowhere to keep it");
	return false;
}

static const char *
load_layout(void *arg, const char *name)
{
	struct ui *ui = arg;

	return ui->options.load_layout != NULL
	    ? ui->options.load_layout(ui->options.arg, name)
	    : NULL;
}

static const char *
layout_name(void *arg, size_t i)
{
	struct ui *ui = arg;

	return ui->options.layout_name != NULL
	    ? ui->options.layout_name(ui->options.arg, i)
	    : NULL;
}

static bool
on_clip(void *arg, const char *text, size_t len)
{
	struct ui *ui = arg;

	return term_clip(ui->term, text, len);
}

static const struct screen_host screen_host = {
	.on_action = on_action,
	.on_answer = on_answer,
	.on_act = on_act,
	.save_layout = save_layout,
	.load_layout = load_layout,
	.layout_name = layout_name,
	.on_clip = on_clip,
};

static void
on_signal(void *arg, int signum)
{
	struct ui *ui = arg;

	if (signum == SIGTSTP)
		suspend(ui);
	else if (signum == SIGCONT) {
		/* Perhaps somebody stopped us behind our back. */
		tty_raw(ui->tty);
		term_repaint(ui->term);
	}
	ui->dirty = true;
}

/* --- life --------------------------------------------------------------- */

static void
hook_up(struct ui *ui)
{
	ui->frame = timer_new(ui->loop, frame_due, ui);
	ui->tick = timer_new(ui->loop, tick, ui);
	ui->winch = sig_new(ui->loop, SIGWINCH, on_signal, ui);
	ui->tstp = sig_new(ui->loop, SIGTSTP, on_signal, ui);
	ui->cont = sig_new(ui->loop, SIGCONT, on_signal, ui);
	loop_at_turn_end(ui->loop, turn_end, ui);
	model_on_change(ui->options.model, changed, ui);
	tty_on_drain(ui->tty, frame_due, ui);
	tty_on_read(ui->tty, on_read, ui);
	tick(ui);
	ui_dirty(ui);
}

struct ui *
ui_new(const struct ui_options *o, char *err, size_t size)
{
	const struct theme *theme =
	    o->theme != NULL ? o->theme : theme_builtin("default");
	const char *type = getenv("TERM");
	struct tty *tty = tty_new(o->loop, 0, 1, err, size);
	struct terminal *term;
	struct ui *ui;

	if (tty == NULL)
		return NULL;
	term = term_new(tty, type, err, size);
	if (term == NULL) {
		tty_free(tty);
		return NULL;
	}
	ui = mem_alloc(sizeof *ui);
	ui->loop = o->loop;
	ui->options = *o;
	ui->theme = *theme;
	ui->tty = tty;
	ui->term = term;
	tty_limit(tty, o->max_rate);
	ui->input = input_new(o->loop, type, &input_sink, ui);
	canvas_init(&ui->canvas);
	ui->canvas.ascii = o->ascii || term_ascii(term);
	screen_init(&ui->screen, o->model);
	ui->screen.host = &screen_host;
	ui->screen.arg = ui;
	ui->screen.read_only = o->read_only;
	hook_up(ui);
	return ui;
}

void
ui_free(struct ui *ui)
{
	if (ui == NULL)
		return;
	loop_at_turn_end(ui->loop, NULL, NULL);
	model_on_change(ui->options.model, NULL, NULL);
	sig_free(ui->winch);
	sig_free(ui->tstp);
	sig_free(ui->cont);
	timer_free(ui->frame);
	timer_free(ui->tick);
	input_free(ui->input);
	term_free(ui->term);
	tty_free(ui->tty);
	screen_release(&ui->screen);
	canvas_release(&ui->canvas);
	free(ui);
}

void
ui_consoles(struct ui *ui, struct consoles *set)
{
	panes_set(&ui->screen.panes, set);
	ui_dirty(ui);
}

void
ui_console_changed(struct ui *ui, const struct console *c)
{
	/* Outside a turn nobody would come by. */
	if (panes_changed(&ui->screen.panes, c) && !timer_active(ui->frame))
		timer_start(ui->frame, 0);
}

struct panes *
ui_panes(struct ui *ui)
{
	return &ui->screen.panes;
}

void
ui_ask(struct ui *ui, const char *name, const struct link_ask *q)
{
	screen_ask(&ui->screen, name, q);
	ui_dirty(ui);
}

void
ui_ask_over(struct ui *ui, unsigned id)
{
	screen_ask_over(&ui->screen, id);
	ui_dirty(ui);
}

void
ui_message(struct ui *ui, enum event_kind kind, const char *text)
{
	screen_message(&ui->screen, kind, text);
	ui_dirty(ui);
}

void
ui_set_theme(struct ui *ui, const struct theme *theme)
{
	ui->theme = *theme;
	term_repaint(ui->term);
	ui_dirty(ui);
}

unsigned long long
ui_bytes(const struct ui *ui)
{
	return tty_bytes(ui->tty);
}

size_t
ui_pending(const struct ui *ui)
{
	return tty_pending(ui->tty);
}

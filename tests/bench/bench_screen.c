/*
 * bench_screen - what the dashboard sends to a terminal.
 *
 * 64 nodes on eight boards, of which each second a tenth change temperature
 * and load. Runs the real screen on its own terminal (start it under ptyrun)
 * until SIGTERM.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/signal.h>

#include "rackmux/base/mem.h"
#include "rackmux/ui/ui.h"

#define BOARDS 8
#define SLOTS 8

struct bench {
	struct loop *loop;
	struct model *model;
	struct ui *ui;
	struct timer *timer;
	struct board *boards[BOARDS];
	unsigned next;
};

static const struct driver type = { .type = "linux", .title = "Linux" };

static void
set(struct bench *b, unsigned i, double temp)
{
	struct board *board = b->boards[i / SLOTS];
	int slot = (int)(i % SLOTS) + 1;
	struct reading t = { .id = NAME_TEMP_SOC,
		.source = SOURCE_BOARD,
		.known = true,
		.number = temp };
	struct reading l = { .id = NAME_LOAD_1M,
		.source = SOURCE_BOARD,
		.known = true,
		.number = (temp - 40) / 10 };
	struct reading p = { .id = NAME_POWER_STATE,
		.source = SOURCE_BOARD,
		.known = true,
		.text = "on" };

	origin_set(board, board->origin, slot, &t);
	origin_set(board, board->origin, slot, &l);
	origin_set(board, board->origin, slot, &p);
}

static void
tick(void *arg)
{
	struct bench *b = arg;

	for (int k = 0; k < BOARDS * SLOTS / 10; k++) {
		b->next = (b->next * 5 + 7) % (BOARDS * SLOTS);
		set(b, b->next,
		    44 + (double)((b->next + loop_now(b->loop) / 1000) % 12));
	}
	for (int i = 0; i < BOARDS; i++)
		origin_fresh(b->boards[i], b->boards[i]->origin);
	timer_start(b->timer, 1000);
}

static void
on_term(void *arg, int signum)
{
	(void)signum;
	loop_stop(((struct bench *)arg)->loop);
}

int
main(void)
{
	struct bench b = { .loop = loop_new() };
	struct ui_options o = { .loop = b.loop, .max_rate = 0 };
	char err[200], name[16];
	struct sig *sig;

	b.model = o.model = model_new(b.loop);
	for (int i = 0; i < BOARDS; i++) {
		snprintf(name, sizeof name, "board-%d", i);
		b.boards[i] =
		    model_add_board(b.model, name, &type, BOARDS - i, 1, SLOTS);
		board_add_origin(b.boards[i], 0, &type, "ssh://bench");
		origin_set_link(b.boards[i], b.boards[i]->origin, LINK_UP,
		    LINK_WHY_NONE, "");
	}
	for (unsigned i = 0; i < BOARDS * SLOTS; i++)
		set(&b, i, 44 + (double)(i % 12));
	b.ui = ui_new(&o, err, sizeof err);
	if (b.ui == NULL) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	b.timer = timer_new(b.loop, tick, &b);
	tick(&b);
	sig = sig_new(b.loop, SIGTERM, on_term, &b);
	loop_run(b.loop);
	sig_free(sig);
	timer_free(b.timer);
	ui_free(b.ui);
	model_free(b.model);
	loop_free(b.loop);
	return 0;
}

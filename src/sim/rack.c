/*
 * One timer moves the whole rack: every tick those that boot, every tenth
 * tick the physics of all. 512 nodes cost some microseconds so, where a timer
 * each would cost 512 wake-ups.
 */
#include "rackmux/sim/rack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/adapter.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/pty.h"
#include "rackmux/sim/sshd.h"
#include "rackmux/sim/talk.h"

#define PHYSICS_EVERY 10

/* splitmix64 */
uint64_t
rack_random(struct rack *r)
{
	uint64_t z = (r->rng += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double
rack_uniform(struct rack *r)
{
	return (double)(rack_random(r) >> 11) / 9007199254740992.0;
}

static void
on_tick(void *arg)
{
	struct rack *r = arg;
	uint64_t now = loop_now(r->loop);
	double dt = (double)(now - r->ticked) / 1000;
	bool physics = ++r->ticks % PHYSICS_EVERY == 0;
	size_t i;
	int k;

	r->ticked = now;
	for (i = 0; i < r->n_boards; i++) {
		struct sim_board *b = r->boards[i];

		board_tick(b, dt);
		for (k = 0; k < b->slots; k++) {
			node_tick(&b->nodes[k], dt);
			if (physics)
				node_physics(&b->nodes[k], dt * PHYSICS_EVERY);
		}
	}
	timer_start(r->tick, RACK_TICK_MS);
}

/* A proc may have asked for it, which must not end sessions itself. */
static void
on_refresh(void *arg)
{
	struct rack *r = arg;
	size_t i;
	int k;

	for (i = 0; i < r->n_boards; i++)
		for (k = 0; k < r->boards[i]->slots; k++)
			if (r->boards[i]->nodes[k].dirty)
				node_refresh(&r->boards[i]->nodes[k]);
}

struct rack *
rack_new(struct loop *loop, uint64_t seed)
{
	struct rack *r = mem_alloc(sizeof(*r));

	r->loop = loop;
	r->rng = seed;
	r->ticked = r->born = loop_now(loop);
	r->tick = timer_new(loop, on_tick, r);
	r->refresh = task_new(loop, on_refresh, r);
	str_copy(r->name, sizeof(r->name), "rack");
	return r;
}

/* What runs unwinds, and may yet switch any node of any board. */
static void
board_end(struct sim_board *b)
{
	int k;

	endpoint_free(b->endpoint);
	b->endpoint = NULL;
	pty_free(b->pty);
	b->pty = NULL;
	machine_end_jobs(&b->machine);
	for (k = 0; k < b->slots; k++) {
		endpoint_free(b->nodes[k].endpoint);
		b->nodes[k].endpoint = NULL;
		machine_end_jobs(&b->nodes[k].machine);
	}
}

static void
board_free(struct sim_board *b)
{
	int k;

	for (k = 0; k < b->slots; k++)
		nodeboot_release(&b->nodes[k]);
	for (k = 0; k < b->slots; k++)
		machine_release(&b->nodes[k].machine);
	machine_release(&b->machine);
	if (b->kind->release != NULL)
		b->kind->release(b);
	free(b->nodes);
	free(b);
}

void
rack_free(struct rack *r)
{
	size_t i;

	if (r == NULL)
		return;
	timer_free(r->tick);
	for (i = 0; i < r->n_boards; i++)
		board_end(r->boards[i]);
	for (i = 0; i < r->n_boards; i++)
		board_free(r->boards[i]);
	/* What unwinds may still have asked for it. */
	task_free(r->refresh);
	free(r->boards);
	free(r);
}

struct sim_board *
rack_add(
    struct rack *r, const char *name, const struct personality *kind, int slots)
{
	struct sim_board *b = mem_alloc(sizeof(*b));
	int k;

	b->rack = r;
	b->kind = kind;
	b->slots = slots;
	b->ssh = !kind->shelf && kind->serial_main == NULL;
	b->serial = kind->serial_main != NULL;
	str_copy(b->name, sizeof(b->name), name);
	b->nodes = mem_array((size_t)slots, sizeof(*b->nodes));
	for (k = 0; k < slots; k++) {
		b->nodes[k].board = b;
		b->nodes[k].slot = k + 1;
		b->nodes[k].has_uart = kind->uarts;
		b->nodes[k].intent = kind->feed;
		b->nodes[k].uart.pattern_rate = -1;
	}
	r->boards = mem_grow(r->boards, r->n_boards + 1, sizeof(*r->boards));
	r->boards[r->n_boards++] = b;
	return b;
}

struct sim_board *
rack_board(const struct rack *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_boards; i++)
		if (strcmp(r->boards[i]->name, name) == 0)
			return r->boards[i];
	return NULL;
}

static struct sim_node *
node_by_name(const struct rack *r, const char *name)
{
	size_t i;
	int k;

	for (i = 0; i < r->n_boards; i++)
		for (k = 0; k < r->boards[i]->slots; k++)
			if (strcmp(r->boards[i]->nodes[k].name, name) == 0)
				return &r->boards[i]->nodes[k];
	return NULL;
}

struct sim_node *
rack_node(const struct rack *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct sim_board *b;
	char board[64];
	long slot;
	int k;

	if (*path == '\0')
		return NULL;
	if (slash == NULL)
		return node_by_name(r, path);
	if ((size_t)(slash - path) >= sizeof(board))
		return NULL;
	memcpy(board, path, (size_t)(slash - path));
	board[slash - path] = '\0';
	if ((b = rack_board(r, board)) == NULL)
		return NULL;
	if (str_long(slash + 1, 1, b->slots, &slot))
		return &b->nodes[slot - 1];
	for (k = 0; k < b->slots; k++)
		if (strcmp(b->nodes[k].name, slash + 1) == 0)
			return &b->nodes[k];
	return NULL;
}

/* Its serial line, before it stands; and what that says by itself, after. */
static void
prepare_line(struct sim_node *n)
{
	if (n->uart.outside == ADAPTER_NONE || n->model == NULL)
		return;
	n->has_uart = true;
	if (!n->board->kind->uarts)
		n->uart.unkept = true;
}

static void
start_line(struct sim_node *n)
{
	if (n->model == NULL || !n->has_uart)
		return;
	if (n->uart.pattern_rate >= 0)
		talk_pattern(
		    n, (unsigned)n->uart.pattern_rate, n->uart.pattern_bytes);
	else if (n->uart.talk_seconds > 0)
		talk_start(
		    n, n->uart.talk_seconds, rack_random(n->board->rack));
}

static int
open_adapter(struct sim_node *n, char *err, size_t size)
{
	if (n->uart.outside == ADAPTER_NONE || n->model == NULL)
		return 0;
	n->uart.adapter = adapter_new(n, (enum adapter_kind)n->uart.outside,
	    n->uart.outside_port, err, size);
	return n->uart.adapter != NULL ? 0 : -EIO;
}

static int
listen_node(struct sim_node *n, struct sshd *sshd, char *err, size_t size)
{
	struct endpoint_options o = {
		.machine = &n->machine,
		.port = n->port,
		.kbdint = n->kbdint,
		.two_step = n->two_step,
	};

	if (n->model == NULL || !n->inband)
		return 0;
	n->endpoint = endpoint_new(sshd, &o, err, size);
	return n->endpoint != NULL ? 0 : -EIO;
}

static int
open_console(struct sim_board *b, char *err, size_t size)
{
	char *id = NULL, *link = NULL;

	if (b->kind->by_id != NULL && b->rack->dev_dir != NULL) {
		id = b->kind->by_id(b);
		link = mem_printf("%s/by-id/%s", b->rack->dev_dir, id);
	}
	b->pty = pty_new(
	    b->rack->loop, &b->machine, b->kind->serial_main, link, err, size);
	free(id);
	free(link);
	return b->pty != NULL ? 0 : -EIO;
}

static int
listen_board(struct sim_board *b, struct sshd *sshd, char *err, size_t size)
{
	struct endpoint_options o = {
		.machine = &b->machine,
		.port = b->port,
		.kbdint = b->kbdint,
		.two_step = b->two_step,
	};
	int k, rc;

	if (b->machine.vfs != NULL && b->ssh) {
		b->endpoint = endpoint_new(sshd, &o, err, size);
		if (b->endpoint == NULL)
			return -EIO;
	}
	if (b->machine.vfs != NULL && b->serial &&
	    (rc = open_console(b, err, size)) != 0)
		return rc;
	for (k = 0; k < b->slots; k++)
		if ((rc = listen_node(&b->nodes[k], sshd, err, size)) != 0 ||
		    (rc = open_adapter(&b->nodes[k], err, size)) != 0)
			return rc;
	return 0;
}

static int
start_boards(struct rack *r, bool feeds, char *err, size_t size)
{
	size_t i;
	int k, rc;

	for (i = 0; i < r->n_boards; i++) {
		struct sim_board *b = r->boards[i];

		if (b->kind->feed != feeds)
			continue;
		if (b->kind->init != NULL)
			b->kind->init(b);
		for (k = 0; k < b->slots; k++) {
			prepare_line(&b->nodes[k]);
			node_init(&b->nodes[k]);
			if (b->kind->node_init != NULL)
				b->kind->node_init(&b->nodes[k]);
			start_line(&b->nodes[k]);
		}
		if (r->sshd != NULL &&
		    (rc = listen_board(b, r->sshd, err, size)) != 0)
			return rc;
		board_refresh(b);
	}
	return 0;
}

int
rack_start(struct rack *r, struct sshd *sshd, char *err, size_t size)
{
	int rc;

	r->sshd = sshd;
	/* Feeds first: whether a node is on depends on its port. */
	if ((rc = start_boards(r, true, err, size)) != 0 ||
	    (rc = start_boards(r, false, err, size)) != 0)
		return rc;
	r->ticked = loop_now(r->loop);
	timer_start(r->tick, RACK_TICK_MS);
	return 0;
}

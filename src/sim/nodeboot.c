/*
 * A node from power-on to its login prompt, as its serial line tells it.
 */
#include "nodeboot.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/adapter.h"

#include "nodeboot_text.h"

#define BACKLOG_MAX 32768 /* what prints waits beyond that */
#define DRAIN_MS 2

static const unsigned stage_ms[] = {
	[STAGE_LOADER] = 1000,
	[STAGE_KERNEL] = 3000,
	[STAGE_INIT] = 2000,
	[STAGE_STOPPING] = 1500,
};

/* --- getty --- */

/* As a tty whose line is slower than its writer. */
static size_t
getty_write(void *arg, const char *p, size_t len, bool err)
{
	struct sim_node *n = arg;

	(void)err;
	if (n->stage != STAGE_LOGIN && n->stage != STAGE_RESCUE)
		return len;
	if (uart_backlog(n) > BACKLOG_MAX) {
		n->uart.full = true;
		timer_start(n->uart.drain, DRAIN_MS);
		return 0;
	}
	uart_print(n, p, len);
	return len;
}

static void
on_drain(void *arg)
{
	struct sim_node *n = arg;

	if (uart_backlog(n) > BACKLOG_MAX) {
		timer_start(n->uart.drain, DRAIN_MS);
		return;
	}
	n->uart.full = false;
	if (n->uart.getty != NULL)
		proc_writable(n->uart.getty);
}

static void
getty_ended(void *arg, int status)
{
	struct sim_node *n = arg;

	(void)status;
	/* The emergency shell was left: it boots on. */
	if (n->stage == STAGE_RESCUE)
		nodeboot_stage(n, STAGE_LOGIN);
}

static void
getty_start(struct sim_node *n, proc_main *main_fn)
{
	static const struct proc_io io = {
		.write = getty_write,
		.ended = getty_ended,
	};

	if (n->has_uart && !talk_is_pattern(n))
		n->uart.getty =
		    proc_new(&n->machine, true, &io, n, main_fn, NULL);
}

/* Only marked: the caller may itself be a proc. */
static void
getty_stop(struct sim_node *n)
{
	size_t i;

	for (i = 0; n->uart.getty != NULL && i < ARRAY_LEN(n->uart.dying); i++)
		if (n->uart.dying[i] == NULL) {
			n->uart.dying[i] = n->uart.getty;
			n->uart.getty = NULL;
		}
}

static void
getty_reap(struct sim_node *n)
{
	struct proc *p;
	size_t i;

	for (i = 0; i < ARRAY_LEN(n->uart.dying); i++) {
		p = n->uart.dying[i];
		n->uart.dying[i] = NULL;
		proc_free(p);
	}
}

/* --- stages --- */

/* Say what the line says until now in this stage. */
static void
say(struct sim_node *n, const struct boot_line *lines, uint64_t in_stage)
{
	struct buf b;

	if (lines == NULL || !n->has_uart)
		return;
	buf_init(&b, 0);
	while (lines[n->uart.boot_line].text != NULL &&
	    lines[n->uart.boot_line].ms <= in_stage) {
		boot_expand(n, lines[n->uart.boot_line++].text, &b);
		buf_puts(&b, "\r\n");
	}
	uart_print(n, buf_str(&b), b.len);
	buf_release(&b);
}

void
nodeboot_init(struct sim_node *n)
{
	if (n->has_uart) {
		ring_init(&n->uart.ring, UART_RING);
		n->uart.drain = timer_new(n->board->rack->loop, on_drain, n);
		buf_init(&n->uart.typed, 256);
	}
	n->stage = n->model != NULL && n->rail ? STAGE_LOGIN : STAGE_OFF;
	n->stage_at = loop_now(n->board->rack->loop);
	if (n->stage == STAGE_LOGIN)
		getty_start(n, proc_main_login);
}

void
nodeboot_release(struct sim_node *n)
{
	struct proc *p = n->uart.getty;

	n->uart.getty = NULL;
	n->stage = STAGE_OFF;
	proc_free(p);
	getty_reap(n);
	talk_release(n);
	adapter_free(n->uart.adapter);
	n->uart.adapter = NULL;
	timer_free(n->uart.drain);
	uart_tap_remove(n, &n->uart.thief);
	buf_release(&n->uart.thief.got);
	if (n->has_uart) {
		ring_release(&n->uart.ring);
		buf_release(&n->uart.typed);
	}
}

void
nodeboot_stage(struct sim_node *n, enum stage stage)
{
	uint64_t now = loop_now(n->board->rack->loop);

	n->stage = stage;
	n->stage_at = now;
	n->uart.boot_line = 0;
	n->dirty = true;
	getty_stop(n);
	switch (stage) {
	case STAGE_KERNEL:
		n->booted_at = (int64_t)now;
		n->throttled = 0;
		break;
	case STAGE_LOGIN:
		getty_start(n, proc_main_login);
		break;
	case STAGE_RESCUE:
		say(n, boot_text(n, stage), 0);
		getty_start(n, proc_main_rescue);
		break;
	case STAGE_OFF:
	case STAGE_LOADER:
		n->uart.sysrq_until = 0;
		n->load[0] = n->load[1] = n->load[2] = 0;
		machine_kill_jobs(&n->machine);
		break;
	default:
		break;
	}
}

static void
flood(struct sim_node *n, double dt)
{
	static const char line[] =
	    "[  123.456789] usb 1-1: device descriptor read/64, error -71"
	    "\r\n";

	n->uart.flood_debt += dt * 1024 * (double)n->faults.arg[FAULT_FLOOD];
	while (n->uart.flood_debt > (double)sizeof(line)) {
		uart_puts(n, line);
		n->uart.flood_debt -= (double)sizeof(line);
	}
}

static void
next_stage(struct sim_node *n, uint64_t in_stage)
{
	switch (n->stage) {
	case STAGE_LOADER:
		nodeboot_stage(n,
		    fault_is(&n->faults, FAULT_MASKROM) ? STAGE_MASKROM
							: STAGE_KERNEL);
		break;
	case STAGE_KERNEL:
		nodeboot_stage(n, STAGE_INIT);
		break;
	case STAGE_INIT:
		nodeboot_stage(n,
		    fault_is(&n->faults, FAULT_RESCUE) ? STAGE_RESCUE
						       : STAGE_LOGIN);
		break;
	case STAGE_STOPPING:
		n->uart.boot_line = 0;
		say(n, boot_farewell(n->stop_reboots), in_stage);
		nodeboot_stage(
		    n, n->stop_reboots ? STAGE_LOADER : STAGE_HALTED);
		break;
	default:
		break;
	}
}

void
nodeboot_tick(struct sim_node *n, double dt)
{
	uint64_t in_stage = loop_now(n->board->rack->loop) - n->stage_at;

	getty_reap(n);
	if (n->has_uart && fault_is(&n->faults, FAULT_FLOOD) &&
	    n->stage >= STAGE_KERNEL && n->stage <= STAGE_STOPPING)
		flood(n, dt);
	if (n->uart.talk != NULL)
		talk_tick(n);
	if (n->stage == STAGE_OFF || n->stage == STAGE_LOGIN ||
	    n->stage == STAGE_HALTED || n->stage == STAGE_RESCUE ||
	    n->stage == STAGE_PROMPT)
		return;
	say(n, boot_text(n, n->stage), in_stage);
	if (n->stage <= STAGE_STOPPING && in_stage >= stage_ms[n->stage])
		next_stage(n, in_stage);
}

void
node_typed(struct sim_node *n, const char *p, size_t len)
{
	if (n->stage == STAGE_LOGIN && talk_is_pattern(n))
		talk_typed(n);
	else if (n->uart.getty != NULL &&
	    (n->stage == STAGE_LOGIN || n->stage == STAGE_RESCUE))
		proc_input(n->uart.getty, p, len);
	else if (n->stage == STAGE_LOADER && boot_has_prompt(n) &&
	    memchr(p, 0x03, len) != NULL)
		uboot_prompt(n);
	else if (n->stage == STAGE_PROMPT)
		uboot_typed(n, p, len);
}

/*
 * A node from power-on to its login prompt, as its serial line tells it, and
 * that line itself. bmcd reads it all the time; any other reader takes bytes
 * away from it, as two readers of one tty do: each byte reaches one of them.
 */
#include "rackmux/sim/rack.h"

#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#include "nodeboot_text.h"

static const unsigned stage_ms[] = {
	[STAGE_LOADER] = 1000,
	[STAGE_KERNEL] = 3000,
	[STAGE_INIT] = 2000,
	[STAGE_STOPPING] = 1500,
	[STAGE_PANIC] = 0,
};

/* --- the line --- */

static void
keep(struct sim_node *n, const char *p, size_t len)
{
	struct uart_watch *w, *next;

	ring_add(&n->uart.ring, p, len);
	for (w = n->uart.watches; w != NULL; w = next) {
		next = w->next;
		w->got(w->arg, p, len);
	}
}

static void
deliver(struct sim_node *n, const char *p, size_t len)
{
	struct uart_tap *tap;
	size_t kept = n->uart.unkept ? 0 : 1, readers = kept, k, run;

	for (tap = n->uart.taps; tap != NULL; tap = tap->next)
		readers++;
	while (len > 0 && readers > 0) {
		run = 1 + (size_t)(rack_random(n->board->rack) % 16);
		if (run > len || readers == 1)
			run = len;
		k = (size_t)(rack_random(n->board->rack) % readers);
		for (tap = n->uart.taps; tap != NULL && k > kept; k--)
			tap = tap->next;
		if (k < kept)
			keep(n, p, run);
		else if (tap != NULL)
			buf_add(&tap->got, p, run);
		p += run;
		len -= run;
	}
	for (tap = n->uart.taps; tap != NULL; tap = tap->next)
		if (tap->wake != NULL && tap->got.len > 0)
			tap->wake(tap->arg);
}

/* What a receiver at another speed makes of it: fewer, other bytes. */
static void
deliver_noise(struct sim_node *n, const char *p, size_t len)
{
	char c;
	size_t i;

	for (i = 0; i < len; i += 3) {
		c = (char)((unsigned char)p[i] * 7 | 0x80);
		deliver(n, &c, 1);
	}
}

void
uart_print(struct sim_node *n, const char *p, size_t len)
{
	if (!n->has_uart || fault_is(&n->faults, FAULT_SILENT) || len == 0)
		return;
	if (fault_is(&n->faults, FAULT_WRONGSPEED))
		deliver_noise(n, p, len);
	else
		deliver(n, p, len);
}

void
uart_puts(struct sim_node *n, const char *s)
{
	uart_print(n, s, strlen(s));
}

void
uart_type(struct sim_node *n, const char *p, size_t len)
{
	if (n->uart.getty != NULL && n->stage == STAGE_LOGIN &&
	    !fault_is(&n->faults, FAULT_WRONGSPEED))
		proc_input(n->uart.getty, p, len);
}

void
uart_tap_add(struct sim_node *n, struct uart_tap *t)
{
	t->next = n->uart.taps;
	n->uart.taps = t;
}

void
uart_tap_remove(struct sim_node *n, struct uart_tap *t)
{
	struct uart_tap **at = &n->uart.taps;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at == t)
		*at = t->next;
}

void
uart_watch_add(struct sim_node *n, struct uart_watch *w)
{
	w->next = n->uart.watches;
	n->uart.watches = w;
}

void
uart_watch_remove(struct sim_node *n, struct uart_watch *w)
{
	struct uart_watch **at = &n->uart.watches;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

/* --- getty --- */

static size_t
getty_write(void *arg, const char *p, size_t len, bool err)
{
	struct sim_node *n = arg;

	(void)err;
	if (n->stage == STAGE_LOGIN)
		uart_print(n, p, len);
	return len;
}

static void
getty_ended(void *arg, int status)
{
	(void)arg;
	(void)status;
}

static void
getty_start(struct sim_node *n)
{
	static const struct proc_io io = {
		.write = getty_write,
		.ended = getty_ended,
	};

	n->uart.getty =
	    proc_new(&n->machine, true, &io, n, proc_main_login, NULL);
}

/* Only marked: the caller may itself be a proc. */
static void
getty_stop(struct sim_node *n)
{
	if (n->uart.getty == NULL)
		return;
	if (n->uart.dying == NULL)
		n->uart.dying = n->uart.getty;
	n->uart.getty = NULL;
}

/* --- stages --- */

void
nodeboot_init(struct sim_node *n)
{
	if (n->has_uart)
		ring_init(&n->uart.ring, UART_RING);
	n->stage = n->model != NULL && n->rail ? STAGE_LOGIN : STAGE_OFF;
	n->stage_at = loop_now(n->board->rack->loop);
	if (n->stage == STAGE_LOGIN && n->has_uart)
		getty_start(n);
}

void
nodeboot_release(struct sim_node *n)
{
	proc_free(n->uart.dying);
	proc_free(n->uart.getty);
	n->uart.dying = n->uart.getty = NULL;
	if (n->has_uart)
		ring_release(&n->uart.ring);
}

void
nodeboot_stage(struct sim_node *n, enum stage stage)
{
	uint64_t now = loop_now(n->board->rack->loop);

	n->stage = stage;
	n->stage_at = now;
	n->uart.boot_line = 0;
	n->dirty = true;
	switch (stage) {
	case STAGE_KERNEL:
		n->booted_at = (int64_t)now;
		n->throttled = 0;
		break;
	case STAGE_LOGIN:
		if (n->has_uart)
			getty_start(n);
		return;
	case STAGE_OFF:
	case STAGE_LOADER:
		n->load[0] = n->load[1] = n->load[2] = 0;
		machine_kill_jobs(&n->machine);
		break;
	default:
		break;
	}
	getty_stop(n);
}

/* Say what the line says until now in this stage. */
static void
say(struct sim_node *n, uint64_t in_stage)
{
	const struct boot_line *lines = boot_text(n->model->id, n->stage);

	if (lines == NULL || !n->has_uart)
		return;
	while (lines[n->uart.boot_line].text != NULL &&
	    lines[n->uart.boot_line].ms <= in_stage) {
		const char *text = lines[n->uart.boot_line++].text;

		if (text[0] == '@') /* the model's own words */
			uart_puts(n, n->model->model);
		else
			uart_puts(n, text);
		uart_puts(n, "\r\n");
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
next_stage(struct sim_node *n)
{
	switch (n->stage) {
	case STAGE_LOADER:
		nodeboot_stage(n, STAGE_KERNEL);
		break;
	case STAGE_KERNEL:
		nodeboot_stage(n, STAGE_INIT);
		break;
	case STAGE_INIT:
		nodeboot_stage(n, STAGE_LOGIN);
		break;
	case STAGE_STOPPING:
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

	if (n->uart.dying != NULL) {
		struct proc *p = n->uart.dying;

		n->uart.dying = NULL;
		proc_free(p);
	}
	if (n->has_uart && fault_is(&n->faults, FAULT_FLOOD) &&
	    n->stage >= STAGE_KERNEL && n->stage <= STAGE_STOPPING)
		flood(n, dt);
	if (n->stage == STAGE_OFF || n->stage == STAGE_LOGIN ||
	    n->stage == STAGE_HALTED)
		return;
	say(n, in_stage);
	if (n->stage != STAGE_PANIC && in_stage >= stage_ms[n->stage])
		next_stage(n);
}

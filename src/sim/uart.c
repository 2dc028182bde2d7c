/*
 * A node's serial line. Its board's daemon reads it all the time; any other
 * reader of the same tty takes bytes away from it: each byte reaches one of
 * them. A receiver on the wire itself (an adapter on the node's pins) hears
 * everything and takes nothing.
 */
#include "rackmux/sim/rack.h"

#include <string.h>

#include "rackmux/base/text.h"

#include "nodeboot.h"
#include "uart_noise.h"

#define SYSRQ_MS 5000

static void
tell(struct uart_watch *w, const char *p, size_t len)
{
	struct uart_watch *next;

	for (; w != NULL; w = next) {
		next = w->next;
		w->got(w->arg, p, len);
	}
}

static void
keep(struct sim_node *n, const char *p, size_t len)
{
	ring_add(&n->uart.ring, p, len);
	tell(n->uart.watches, p, len);
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

unsigned
uart_baud(const struct sim_node *n)
{
	unsigned baud = n->uart.baud != 0 ? n->uart.baud : 115200;

	if (!fault_is(&n->faults, FAULT_WRONGSPEED))
		return baud;
	return baud == 115200 ? 1500000 : 115200;
}

/* What its board makes of it, whose speed is that of a node in order. */
static void
deliver_noise(struct sim_node *n, const char *p, size_t len)
{
	struct buf b;

	buf_init(&b, 0);
	uart_noise(p, len, uart_baud(n),
	    n->uart.baud != 0 ? n->uart.baud : 115200, &b);
	deliver(n, buf_str(&b), b.len);
	buf_release(&b);
}

void
uart_print(struct sim_node *n, const char *p, size_t len)
{
	struct buf hurt;

	if (!n->has_uart || fault_is(&n->faults, FAULT_SILENT) || len == 0)
		return;
	buf_init(&hurt, 0);
	if (fault_is(&n->faults, FAULT_GARBAGE) &&
	    rack_uniform(n->board->rack) * 100 <
		(double)n->faults.arg[FAULT_GARBAGE]) {
		uart_hurt(p, len, rack_random(n->board->rack), &hurt);
		p = buf_str(&hurt);
		len = hurt.len;
	}
	tell(n->uart.wires, p, len);
	if (fault_is(&n->faults, FAULT_WRONGSPEED))
		deliver_noise(n, p, len);
	else
		deliver(n, p, len);
	buf_release(&hurt);
}

void
uart_puts(struct sim_node *n, const char *s)
{
	uart_print(n, s, strlen(s));
}

void
uart_type(struct sim_node *n, const char *p, size_t len)
{
	uint64_t now = loop_now(n->board->rack->loop);

	if (fault_is(&n->faults, FAULT_WRONGSPEED) || len == 0)
		return;
	if (n->uart.sysrq_until > now) {
		n->uart.sysrq_until = 0;
		node_sysrq(n, p[0]);
		p++;
		len--;
	}
	if (len > 0)
		node_typed(n, p, len);
}

void
uart_break(struct sim_node *n)
{
	if (n->stage >= STAGE_KERNEL && n->stage != STAGE_HALTED &&
	    !fault_is(&n->faults, FAULT_WRONGSPEED))
		n->uart.sysrq_until = loop_now(n->board->rack->loop) + SYSRQ_MS;
}

/* --- who listens --- */

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

static void
watch_add(struct uart_watch **list, struct uart_watch *w)
{
	w->next = *list;
	*list = w;
}

static void
watch_remove(struct uart_watch **at, struct uart_watch *w)
{
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
}

void
uart_watch_add(struct sim_node *n, struct uart_watch *w)
{
	watch_add(&n->uart.watches, w);
}

void
uart_watch_remove(struct sim_node *n, struct uart_watch *w)
{
	watch_remove(&n->uart.watches, w);
}

void
uart_wire_add(struct sim_node *n, struct uart_watch *w)
{
	watch_add(&n->uart.wires, w);
}

void
uart_wire_remove(struct sim_node *n, struct uart_watch *w)
{
	watch_remove(&n->uart.wires, w);
}

static size_t
most(const struct uart_watch *w)
{
	size_t max = 0, n;

	for (; w != NULL; w = w->next) {
		n = w->backlog != NULL ? w->backlog(w->arg) : 0;
		if (n > max)
			max = n;
	}
	return max;
}

size_t
uart_backlog(const struct sim_node *n)
{
	const struct uart_tap *t;
	size_t max = most(n->uart.watches), more = most(n->uart.wires);

	if (more > max)
		max = more;
	for (t = n->uart.taps; t != NULL; t = t->next) {
		more =
		    t->got.len + (t->backlog != NULL ? t->backlog(t->arg) : 0);
		if (more > max)
			max = more;
	}
	return max;
}

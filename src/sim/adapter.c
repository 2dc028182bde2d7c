#include "rackmux/sim/adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"
#include "rackmux/sim/pty.h"
#include "rackmux/sim/tcp.h"
#include "telnet.h"
#include "uart_noise.h"

/*
 * As ser2net, a port serves several at once; what one of them does not take
 * is dropped, because a serial line does not wait.
 */

#define WAITING_MAX (1024 * 1024)

struct client {
	struct client *next;
	struct adapter *adapter;
	struct tcp *tcp;
	struct telnet *telnet; /* NULL: raw */
};

struct adapter {
	struct sim_node *n;
	enum adapter_kind kind;
	struct uart_watch wire;
	struct pty *pty;
	struct tcp_port *port;
	struct client *clients;
};

enum adapter_kind
adapter_kind(const char *name)
{
	static const char *const names[] = {
		[ADAPTER_USB] = "usb",
		[ADAPTER_TCP] = "tcp",
		[ADAPTER_TELNET] = "telnet",
	};
	size_t i;

	for (i = ADAPTER_USB; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum adapter_kind)i;
	return ADAPTER_NONE;
}

/* --- TCP --- */

static void
on_client_wire(void *arg, const char *p, size_t len)
{
	tcp_send(((struct client *)arg)->tcp, p, len);
}

static void
on_client_data(void *arg, const char *p, size_t len)
{
	uart_type(((struct client *)arg)->adapter->n, p, len);
}

static void
on_client_break(void *arg)
{
	uart_break(((struct client *)arg)->adapter->n);
}

static void
on_client_input(void *arg, const char *p, size_t len)
{
	struct client *c = arg;

	if (c->telnet != NULL)
		telnet_input(c->telnet, p, len);
	else
		on_client_data(c, p, len);
}

static void
on_client_gone(void *arg)
{
	struct client *c = arg, **at = &c->adapter->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	telnet_end(c->telnet);
	free(c);
}

static bool
on_client(void *arg, struct tcp *t)
{
	static const struct tcp_service service = {
		.input = on_client_input,
		.gone = on_client_gone,
	};
	static const struct telnet_ops ops = {
		.wire = on_client_wire,
		.data = on_client_data,
		.brk = on_client_break,
	};
	static const char in_use[] = "Port already in use\r\n";
	struct adapter *a = arg;
	struct client *c = mem_alloc(sizeof(*c));

	c->adapter = a;
	c->tcp = t;
	c->next = a->clients;
	a->clients = c;
	t->service = &service;
	t->arg = c;
	if (a->kind == ADAPTER_TELNET)
		c->telnet = telnet_new(&ops, c);
	if (fault_is(&a->n->faults, FAULT_TTYBUSY)) {
		tcp_send(t, in_use, sizeof(in_use) - 1);
		tcp_end(t);
	}
	return true;
}

static void
tell_clients(struct adapter *a, const char *p, size_t len)
{
	struct client *c;

	for (c = a->clients; c != NULL; c = c->next) {
		if (tcp_waiting(c->tcp) > WAITING_MAX)
			continue;
		if (c->telnet != NULL)
			telnet_data(c->telnet, p, len);
		else
			tcp_send(c->tcp, p, len);
	}
}

/* --- USB --- */

static void
on_pty_typed(void *arg, const char *p, size_t len)
{
	struct adapter *a = arg;
	unsigned mine = pty_speed(a->pty), its = uart_baud(a->n);
	struct buf b;

	if (mine == its) {
		uart_type(a->n, p, len);
		return;
	}
	buf_init(&b, 0);
	uart_noise(p, len, mine != 0 ? mine : 1, its, &b);
	uart_type(a->n, buf_str(&b), b.len);
	buf_release(&b);
}

static void
tell_pty(struct adapter *a, const char *p, size_t len)
{
	unsigned mine = pty_speed(a->pty), its = uart_baud(a->n);
	struct buf b;

	if (mine == its || mine == 0) {
		pty_print(a->pty, p, len);
		return;
	}
	buf_init(&b, 0);
	uart_noise(p, len, its, mine, &b);
	pty_print(a->pty, buf_str(&b), b.len);
	buf_release(&b);
}

/* --- both --- */

static void
on_wire(void *arg, const char *p, size_t len)
{
	struct adapter *a = arg;

	if (a->pty != NULL)
		tell_pty(a, p, len);
	else
		tell_clients(a, p, len);
}

static size_t
on_backlog(void *arg)
{
	struct adapter *a = arg;
	struct client *c;
	size_t max = 0;

	if (a->pty != NULL)
		return pty_backlog(a->pty);
	for (c = a->clients; c != NULL; c = c->next)
		if (tcp_waiting(c->tcp) > max)
			max = tcp_waiting(c->tcp);
	return max;
}

static char *
link_path(const struct sim_node *n)
{
	const char *dir = n->board->rack->dev_dir;

	if (dir == NULL)
		return NULL;
	return mem_printf("%s/by-id/usb-FTDI_FT232R_USB_UART_%s-if00-port0",
	    dir, n->hostname);
}

static bool
open_line(struct adapter *a, unsigned port, char *err, size_t size)
{
	struct loop *loop = a->n->board->rack->loop;
	char *link;

	if (a->kind != ADAPTER_USB) {
		a->port = tcp_port_new(loop, port, on_client, a, err, size);
		return a->port != NULL;
	}
	link = link_path(a->n);
	a->pty = pty_new_line(loop, on_pty_typed, a, link, err, size);
	free(link);
	return a->pty != NULL;
}

struct adapter *
adapter_new(struct sim_node *n, enum adapter_kind kind, unsigned port,
    char *err, size_t size)
{
	struct adapter *a = mem_alloc(sizeof(*a));

	a->n = n;
	a->kind = kind;
	if (!open_line(a, port, err, size)) {
		free(a);
		return NULL;
	}
	a->wire.got = on_wire;
	a->wire.backlog = on_backlog;
	a->wire.arg = a;
	uart_wire_add(n, &a->wire);
	return a;
}

void
adapter_free(struct adapter *a)
{
	if (a == NULL)
		return;
	uart_wire_remove(a->n, &a->wire);
	pty_free(a->pty);
	tcp_port_free(a->port);
	free(a);
}

void
adapter_plug(struct adapter *a, bool in)
{
	if (a->pty != NULL)
		(void)pty_plug(a->pty, in);
	else
		tcp_port_shut(a->port, !in);
}

void
adapter_hold(struct adapter *a, bool on)
{
	if (a->pty != NULL)
		pty_hold(a->pty, on);
}

void
adapter_url(const struct adapter *a, struct buf *out)
{
	if (a->pty != NULL)
		buf_printf(out, "serial:%s@%u",
		    pty_link(a->pty) != NULL ? pty_link(a->pty)
					     : pty_path(a->pty),
		    a->n->uart.baud != 0 ? a->n->uart.baud : 115200);
	else
		buf_printf(out, "%s://127.0.0.1:%u",
		    a->kind == ADAPTER_TELNET ? "telnet" : "tcp",
		    tcp_port_number(a->port));
}

#include "uart_device.h"

#include <stdlib.h>

#include "rackmux/sim/device.h"

struct uart_device {
	struct sim_node *n;
	struct device *device;
	struct uart_tap tap;
};

static void
on_typed(void *arg, const char *s, size_t len)
{
	uart_type(((struct uart_device *)arg)->n, s, len);
}

static void
on_tap(void *arg)
{
	struct uart_device *u = arg;

	device_say(u->device, u->tap.got.data, u->tap.got.len);
	buf_clear(&u->tap.got);
}

static size_t
on_backlog(void *arg)
{
	return device_backlog(((struct uart_device *)arg)->device);
}

static void
on_break(void *arg)
{
	uart_break(((struct uart_device *)arg)->n);
}

static void
on_reads(void *arg, bool on)
{
	struct uart_device *u = arg;

	uart_tap_remove(u->n, &u->tap);
	buf_clear(&u->tap.got);
	if (on)
		uart_tap_add(u->n, &u->tap);
}

static struct uart_device *
make(struct sim_node *n, const char *path, const struct device_ops *ops)
{
	struct uart_device *u = mem_alloc(sizeof(*u));

	u->n = n;
	u->device = device_new(n->board->rack->loop, ops, u);
	vfs_device(n->board->machine.vfs, path, u->device);
	buf_init(&u->tap.got, 0);
	u->tap.wake = on_tap;
	u->tap.backlog = on_backlog;
	u->tap.arg = u;
	return u;
}

struct uart_device *
uart_device_new(struct sim_node *n, const char *path)
{
	static const struct device_ops ops = {
		.typed = on_typed,
		.brk = on_break,
	};
	struct uart_device *u = make(n, path, &ops);

	n->uart.unkept = true;
	uart_tap_add(n, &u->tap);
	return u;
}

struct uart_device *
uart_device_shared(struct sim_node *n, const char *path)
{
	static const struct device_ops ops = {
		.typed = on_typed,
		.brk = on_break,
		.reads = on_reads,
	};
	struct uart_device *u = make(n, path, &ops);

	(void)device_set(u->device, "115200");
	(void)device_set(u->device, "raw");
	(void)device_set(u->device, "-echo");
	return u;
}

void
uart_device_free(struct uart_device *u)
{
	if (u == NULL)
		return;
	uart_tap_remove(u->n, &u->tap);
	buf_release(&u->tap.got);
	device_free(u->device);
	free(u);
}

void
uart_device_plug(struct uart_device *u, bool in)
{
	device_plug(u->device, in);
}

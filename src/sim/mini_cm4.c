/*
 * The Miniature CM4 Cluster: four CM4s, switched by an RP2040 that is reached
 * by its USB console, plugged into this machine, or into a host Raspberry Pi
 * that has the board's I2C and UARTs too. The console is gone while the
 * RP2040 starts anew, and for good when it was opened at 1200 baud: that is
 * its boot loader then, until a reset.
 */
#include "mini_cm4.h"

#include <stdlib.h>
#include <string.h>

#include "linux_host.h"
#include "picocom.h"
#include "uart_device.h"
#include "rackmux/base/text.h"
#include "rackmux/sim/personality.h"
#include "rackmux/sim/pty.h"

#define ENUMERATE_MS 1200

static void
mini_read(struct sim_board *b, struct sim_keys *k)
{
	struct mini *m = mem_alloc(sizeof(*m));
	const char *firmware = sim_key_text(k, "firmware", "source");

	b->state = m;
	m->board = b;
	m->old = strcmp(firmware, "2021") == 0;
	if (!m->old && strcmp(firmware, "source") != 0)
		sim_key_mistake(k,
		    "firmware \"%s\" is not known: 2021 or source", firmware);
	m->hwmon = sim_key_bool(k, "hwmon", false);
	m->shunt_mohm = sim_key_int(k, "shunt_mohm", 1, 100, 10);
}

/* --- the RP2040's USB --- */

static void
console_gone(struct mini *m)
{
	m->board->no_console = true;
	if (m->acm != NULL)
		device_plug(m->acm, false);
}

static void
console_back(struct mini *m)
{
	m->usb_back = 0;
	m->board->no_console = false;
	if (m->acm != NULL && !fault_is(&m->board->faults, FAULT_UNPLUG))
		device_plug(m->acm, true);
}

static void
restart(struct mini *m)
{
	pico_reset(m);
	m->bootsel = false;
	m->usb_back = loop_now(m->board->rack->loop) + ENUMERATE_MS;
	console_gone(m);
}

static void
enter_bootsel(struct mini *m)
{
	m->touched = false;
	pico_reset(m);
	m->bootsel = true;
	console_gone(m);
	mini_usb_refresh(m);
	board_refresh(m->board);
}

static void
on_acm(void *arg, const char *s, size_t len)
{
	pico_type(arg, s, len);
}

static void
on_acm_speed(void *arg, unsigned baud)
{
	struct mini *m = arg;

	/* Not at once: it is asked from within a command. */
	m->touched = m->touched || baud == 1200;
}

static void
mini_tick(struct sim_board *b, double dt)
{
	struct mini *m = b->state;

	if (b->pty != NULL && pty_speed(b->pty) == 1200)
		m->touched = true;
	if (m->touched && !m->bootsel && m->usb_back == 0)
		enter_bootsel(m);
	m->touched = false;
	if (m->usb_back != 0 && loop_now(b->rack->loop) >= m->usb_back &&
	    !fault_is(&b->faults, FAULT_POWER)) {
		console_back(m);
		mini_usb_refresh(m);
		board_refresh(b);
	}
	pico_tick(m);
	if (m->host != NULL) {
		linux_host_tick(m->host, dt);
		if (b->rack->ticks % 10 == 0)
			mini_usb_refresh(m);
	}
}

/* --- the machine --- */

static const struct command host_commands[] = {
	{ "i2cget", cmd_i2cget },
	{ "i2cset", cmd_i2cset },
	{ "i2cdetect", cmd_i2cdetect },
	{ "picocom", cmd_device_picocom },
	{ NULL, NULL },
};

static void
host_init(struct mini *m)
{
	static const struct device_ops acm = {
		.typed = on_acm,
		.speed = on_acm_speed,
	};
	static const struct device_ops uart = { .typed = on_acm };
	struct loop *loop = m->board->rack->loop;

	m->host = linux_host_new(m->board, host_commands);
	m->acm = device_new(loop, &acm, m);
	m->uart = device_new(loop, &uart, m);
	vfs_device(m->board->machine.vfs, "/dev/ttyAMA5", m->uart);
	mini_usb_init(m);
	mini_i2c_init(m);
}

static void
mini_init(struct sim_board *b)
{
	struct mini *m = b->state;

	str_format(m->serial, sizeof(m->serial), "E6605481DB%06X",
	    (unsigned)(rack_random(b->rack) & 0xffffff));
	pico_init(m);
	m->fan = 120;
	m->ina_config = 0x4127;
	if (b->ssh) {
		host_init(m);
		return;
	}
	b->machine.loop = b->rack->loop;
	b->machine.vfs = vfs_new();
	b->machine.board = &b->nodes[0];
	b->machine.hostname = b->name;
}

/* --- the lines of the nodes, on the host's pins --- */

/* Node 3 is on uart4, node 4 on uart3. */
static const char *const line_names[MINI_SLOTS] = { "/dev/ttyAMA0",
	"/dev/ttyAMA2", "/dev/ttyAMA4", "/dev/ttyAMA3" };

static void
mini_node_init(struct sim_node *n)
{
	struct mini *m = n->board->state;
	int k = n->slot - 1;

	if (m->host == NULL) {
		n->uart.unkept = true;
		return;
	}
	m->lines[k] = uart_device_new(n, line_names[k]);
	if (k == 0)
		vfs_link(n->board->machine.vfs, "/dev/serial0", "ttyAMA0");
}

/* --- what happens to it --- */

static void
mini_down(struct sim_board *b)
{
	struct mini *m = b->state;

	if (m->host != NULL)
		linux_host_down(m->host);
}

static void
mini_up(struct sim_board *b)
{
	struct mini *m = b->state;

	if (m->host != NULL)
		linux_host_up(m->host);
	board_apply_rails(b);
}

static void
mini_faulted(struct sim_board *b, enum fault_kind k, bool on)
{
	struct mini *m = b->state;
	bool out = fault_is(&b->faults, FAULT_UNPLUG) || b->no_console;

	if (k == FAULT_POWER) {
		restart(m);
	} else if (k == FAULT_RP2040RESET && on) {
		fault_end(&b->faults, k);
		restart(m);
	} else if ((k == FAULT_UNPLUG || k == FAULT_REPLUG) && m->acm != NULL) {
		/* As another device: the old one is still held open. */
		if (k == FAULT_REPLUG)
			m->acm_index ^= 1;
		device_plug(m->acm, false);
		if (!out)
			device_plug(m->acm, true);
	} else {
		return;
	}
	mini_usb_refresh(m);
}

static double
mini_cooling(const struct sim_node *n)
{
	const struct mini *m = n->board->state;

	return m->fan / 255.0 * 10;
}

static char *
mini_by_id(const struct sim_board *b)
{
	const struct mini *m = b->state;

	return mem_printf("usb-Raspberry_Pi_Pico_%s-if00", m->serial);
}

/* The shunt is drawn as a tenth of an ohm, and is not; which UART is a node's
 * cannot be guessed. A pty without a name below by-id/ tells nothing of
 * itself. */
static void
mini_write(const struct sim_board *b, struct buf *out)
{
	const struct mini *m = b->state;

	int k;

	if (m->host != NULL) {
		buf_printf(
		    out, "shunt_ohm = %.3f;", (double)m->shunt_mohm / 1000);
		for (k = 0; k < MINI_SLOTS; k++)
			buf_printf(out, "\n    console_%d = \"%s\";", k + 1,
			    line_names[k]);
	} else if (b->pty != NULL && pty_link(b->pty) == NULL)
		buf_puts(out, "identified = true;");
}

static void
mini_release(struct sim_board *b)
{
	struct mini *m = b->state;
	int k;

	if (m == NULL)
		return;
	pico_release(m);
	device_free(m->acm);
	device_free(m->uart);
	for (k = 0; k < MINI_SLOTS; k++)
		uart_device_free(m->lines[k]);
	linux_host_free(m->host);
	free(m);
}

static const char *const mini_keys[] = { "firmware", "hwmon", "shunt_mohm",
	NULL };

const struct personality mini_cm4_personality = {
	.type = "mini-cm4",
	.slots = MINI_SLOTS,
	.model = "cm4",
	.user = "pi",
	.uarts = true,
	.reboot_ms = 20000,
	.keys = mini_keys,
	.read = mini_read,
	.init = mini_init,
	.node_init = mini_node_init,
	.tick = mini_tick,
	.down = mini_down,
	.up = mini_up,
	.cooling = mini_cooling,
	.faulted = mini_faulted,
	.release = mini_release,
	.by_id = mini_by_id,
	.serial_main = pico_main,
	.write = mini_write,
};

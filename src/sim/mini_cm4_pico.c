/*
 * adc_console, the RP2040's program: single characters, acted on at once,
 * each echoed first. There is no banner, no prompt, and nothing tells what is
 * switched on. USB and UART are one stdio: all users share the channel and
 * hear everything.
 */
#include "mini_cm4.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rackmux/base/text.h"

#define FIFO 256
#define RUN_LOW_MS 100
#define SAMPLE_MS 8
#define SUPPLY_VOLTS 12.0

/* --- output --- */

/* To all that listen, with the SDK's CR before each LF. */
static void
emit(struct mini *m, const char *s, size_t len)
{
	struct buf b;
	size_t i;

	buf_init(&b, 0);
	for (i = 0; i < len; i++) {
		if (s[i] == '\n')
			buf_puts(&b, "\r");
		buf_add(&b, s + i, 1);
	}
	if (m->console != NULL)
		proc_send(m->console, buf_str(&b), b.len);
	if (m->acm != NULL)
		device_say(m->acm, buf_str(&b), b.len);
	if (m->uart != NULL)
		device_say(m->uart, buf_str(&b), b.len);
	buf_release(&b);
}

/* A torn line lacks its end, and the next one follows at once. */
static void
say(struct mini *m, const char *s)
{
	size_t len = strlen(s);
	struct rack *r = m->board->rack;

	if (len > 3 && fault_is(&m->board->faults, FAULT_TORN) &&
	    rack_uniform(r) * 100 < (double)m->board->faults.arg[FAULT_TORN])
		len = 1 + (size_t)(rack_random(r) % (len - 1));
	emit(m, s, len);
}

RM_PRINTF(2, 3)
static void
sayf(struct mini *m, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = mem_vprintf(fmt, ap);
	va_end(ap);
	say(m, s);
	free(s);
}

static void
help(struct mini *m)
{
	say(m, "\nCommands:\n");
	say(m,
	    m->old ? "c0, ...\t: Select ADC channel n\n"
		   : "c0, ...\t: Select CM4 channel n\n");
	say(m, "s\t: Sample once\n");
	if (m->old) {
		say(m, "S\t: Sample many\n");
		say(m, "w\t: Wiggle pins\n");
		return;
	}
	say(m, "r\t: Reset CM4\n");
	say(m, "U\t: Assert USB Boot\n");
	say(m, "u\t: Deassert USB Boot\n");
	say(m, "e\t: Enable power\n");
	say(m, "d\t: Disable power\n");
	say(m, "a\t: Sample all CM4 current measurements\n");
}

/* --- measuring --- */

/* What the sense line shows, in the firmware's mA. */
static double
milliamps(struct mini *m, int k)
{
	const struct sim_node *n = &m->board->nodes[k];
	double noise = rack_uniform(m->board->rack) - 0.5;
	double ma = node_watts(n) / SUPPLY_VOLTS * 1000;

	return fmax(0, ma > 0 ? ma * (1 + 0.04 * noise) : m->offset[k]);
}

static unsigned
sample(struct mini *m, int k)
{
	double raw = milliamps(m, k) / 1000 / 3.3 * 4096;

	return raw > 4095 ? 4095 : (unsigned)raw;
}

static void
once(struct mini *m)
{
	unsigned raw = sample(m, m->channel);

	sayf(m, "\n0x%03x -> %f V\n", raw, raw * 3.3 / 4096);
}

static void
currents(struct mini *m)
{
	const float scale = 3.3f / (1 << 12) * 1000.0f;
	float ma[MINI_SLOTS];
	int k;

	for (k = 0; k < MINI_SLOTS; k++)
		ma[k] = roundf((float)milliamps(m, k) / scale * 1000) / 1000 *
		    scale;
	sayf(m, "\n%f mA,%f mA,%f mA,%f mA\n", (double)ma[0], (double)ma[1],
	    (double)ma[2], (double)ma[3]);
}

static void
capture(struct mini *m)
{
	int i;

	say(m, "\nStarting capture\n");
	say(m, "Done\n");
	for (i = 0; i < 1000; i++)
		sayf(m, "%03x\n", sample(m, m->channel));
}

/* --- commands --- */

static void
start(struct mini *m, char what, unsigned ms)
{
	m->doing = what;
	timer_start(m->busy, ms);
}

static struct sim_node *
chosen(struct mini *m)
{
	return &m->board->nodes[m->channel];
}

/* A node that starts looks at nRPIBOOT once. */
static void
begins(struct mini *m)
{
	m->usb_boot[m->channel] = m->boot[m->channel];
}

static void
reset_begins(struct mini *m)
{
	struct sim_node *n = chosen(m);

	if (n->rail && n->model != NULL) {
		begins(m);
		nodeboot_stage(n, STAGE_LOADER);
	}
	start(m, 'r', RUN_LOW_MS);
}

static void
pick(struct mini *m, char c)
{
	struct rack *r = m->board->rack;

	m->picking = false;
	sayf(m, "%c\n", c);
	if (c < '0' || c > '3') {
		say(m, "Unknown input channel\n");
		help(m);
		return;
	}
	m->channel = c - '0';
	sayf(m, "Switched to channel %c\n", c);
	/* Somebody else on the line is quicker than whoever chose. */
	if (fault_is(&m->board->faults, FAULT_DOUBLED) &&
	    rack_uniform(r) < 0.3) {
		m->channel = (int)(rack_random(r) % MINI_SLOTS);
		sayf(
		    m, "c%d\nSwitched to channel %d\n", m->channel, m->channel);
	}
}

static void
command(struct mini *m, char c)
{
	emit(m, &c, 1);
	switch (c) {
	case 'c':
		m->picking = true;
		break;
	case 'e':
		if (!chosen(m)->rail)
			begins(m);
		node_power(chosen(m), true);
		sayf(m, "Enable:%d\n", m->channel);
		break;
	case 'd':
		node_power(chosen(m), false);
		sayf(m, "Disable:%d\n", m->channel);
		break;
	case 'r':
		reset_begins(m);
		break;
	case 'U':
	case 'u':
		m->boot[m->channel] = c == 'U';
		sayf(m, "USB boot %s:%d\n", c == 'U' ? "assert" : "deassert",
		    m->channel);
		break;
	case 's':
		once(m);
		break;
	case 'a':
		start(m, 'a', SAMPLE_MS);
		break;
	case 'S':
		capture(m);
		break;
	case 'h':
		help(m);
		break;
	case '\r':
	case '\n':
		break;
	default:
		sayf(m, "\nUnrecognised command: %c\n", c);
		help(m);
	}
}

static void
run(struct mini *m)
{
	while (m->doing == '\0' && m->in.len > 0) {
		char c = m->in.data[0];

		buf_drop(&m->in, 1);
		if (m->picking)
			pick(m, c);
		else
			command(m, c);
	}
}

static void
on_busy(void *arg)
{
	struct mini *m = arg;
	char what = m->doing;

	m->doing = '\0';
	if (what == 'a')
		currents(m);
	else
		sayf(m, "Reseting:%d\n", m->channel);
	run(m);
}

void
pico_type(struct mini *m, const char *s, size_t len)
{
	if (m->bootsel || m->usb_back != 0)
		return;
	buf_add(&m->in, s, len);
	run(m);
}

int
pico_main(struct proc *p, void *unused)
{
	struct mini *m = mini_of(p);
	char text[256];
	ssize_t n;

	(void)unused;
	proc_raw(p, true);
	m->console = p;
	while ((n = proc_read(p, text, sizeof(text))) > 0)
		pico_type(m, text, (size_t)n);
	/* Whoever came after it has the line by now. */
	if (m->console == p)
		m->console = NULL;
	return 0;
}

void
pico_reset(struct mini *m)
{
	int k;

	m->channel = 0;
	m->picking = false;
	m->doing = '\0';
	timer_stop(m->busy);
	buf_clear(&m->in);
	for (k = 0; k < MINI_SLOTS; k++) {
		m->boot[k] = m->usb_boot[k] = false;
		node_power(&m->board->nodes[k], false);
	}
}

/* Another user: looks around, and never knows that somebody counts on the
 * channel. */
static void
other_user(struct mini *m)
{
	struct rack *r = m->board->rack;
	char text[4];

	if (rack_uniform(r) > 0.25)
		return;
	if (rack_uniform(r) < 0.5)
		str_format(text, sizeof(text), "c%d",
		    (int)(rack_random(r) % MINI_SLOTS));
	else
		str_copy(text, sizeof(text), rack_uniform(r) < 0.5 ? "a" : "s");
	pico_type(m, text, strlen(text));
}

void
pico_tick(struct mini *m)
{
	uint64_t now = loop_now(m->board->rack->loop);
	int k;

	if (fault_is(&m->board->faults, FAULT_DOUBLED))
		other_user(m);
	/* The boot ROM waits for rpiboot, for ever. */
	for (k = 0; k < MINI_SLOTS; k++)
		if (m->usb_boot[k] && m->board->nodes[k].stage == STAGE_LOADER)
			m->board->nodes[k].stage_at = now;
}

void
pico_init(struct mini *m)
{
	struct loop *loop = m->board->rack->loop;
	int k;

	buf_init(&m->in, FIFO);
	m->busy = timer_new(loop, on_busy, m);
	for (k = 0; k < MINI_SLOTS; k++)
		m->offset[k] = rack_uniform(m->board->rack) < 0.5
		    ? 0
		    : rack_uniform(m->board->rack) * 11;
}

void
pico_release(struct mini *m)
{
	timer_free(m->busy);
	buf_release(&m->in);
}
